package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/ui"
)

// fallOver names the variable that makes this test's own binary a console with
// a council that panics: the same ui.Run, the same model and screens.
const fallOver = "IFPACKET_TEST_PANIC"

// falling is a council whose name cannot be told once a packet for queue:boom
// was judged. The composer asks for it at that very key; the header, when it
// is drawn next.
type falling struct {
	governance.Unanimous
	spared int64         // how many may ask before it falls over
	left   *atomic.Int64 // of them; negative before the packet
}

func (f falling) Revision() string {
	if f.left.Load() >= 0 && f.left.Add(-1) < 0 {
		f.left.Store(0)
		panic("the council fell over")
	}
	return f.Unanimous.Revision()
}

func (f falling) Judge(ctx context.Context, a governance.Action) (governance.Verdict, error) {
	if a.Key == "queue:boom" {
		f.left.Store(f.spared)
	}
	return f.Unanimous.Judge(ctx, a)
}

// fallingConsole is the main function of that console.
func fallingConsole(where string) int {
	spared := map[string]int64{"at a key": 0, "while drawing": 1}[where]
	var left atomic.Int64
	left.Store(-1)
	e, err := engine.Open(engine.Config{URL: os.Getenv("IFPACKET_REDIS"), Council: governance.Fixed(falling{governance.Unanimous{}, spared, &left})})
	if err == nil {
		_, err = ui.Run(context.Background(), ui.Options{
			Engine: e, Keys: keymap.Default(), Theme: "dark", Input: os.Stdin, Output: os.Stdout, Environ: os.Environ(),
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ifpacket: "+err.Error())
		return 1
	}
	return 0
}

func TestAPanicGivesTheTerminalBack(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := testredis.Start(t)
	for where, trace := range map[string]string{"at a key": "Compose).Update", "while drawing": "model).View"} {
		t.Run(where, func(t *testing.T) {
			c := console.Setup{Program: self, Env: []string{fallOver + "=" + where, "IFPACKET_REDIS=" + server.URL()}}.Start(t)
			compose(c.See("● live"), "queue:boo").Type("m")
			c.Ends(1)
			for _, text := range []string{"the council fell over", trace, "ifpacket: the console ended"} {
				if !strings.Contains(string(c.Output()), text) {
					t.Errorf("%q is not told\n%s", text, c.Screen())
				}
			}
		})
	}
}
