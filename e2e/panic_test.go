package e2e

import (
	"context"
	"fmt"
	"os"
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

// falling is a council whose name cannot be told: from the beginning, or once
// a packet for queue:boom was judged. The header asks for it while drawing,
// the composer at each key.
type falling struct {
	governance.Council
	now *atomic.Bool
}

func (f falling) Revision() string {
	if f.now.Load() {
		panic("the council fell over")
	}
	return f.Council.Revision()
}

func (f falling) Judge(ctx context.Context, a governance.Action) (governance.Verdict, error) {
	if a.Key == "queue:boom" {
		f.now.Store(true)
	}
	return f.Council.Judge(ctx, a)
}

// fallingConsole is the main function of that console.
func fallingConsole(where string) int {
	var now atomic.Bool
	now.Store(where == "drawing")
	e, err := engine.Open(engine.Config{URL: os.Getenv("IFPACKET_REDIS"), Council: falling{governance.Unanimous{}, &now}})
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
	start := func(where string) *console.Console {
		return console.Setup{Program: self, Env: []string{fallOver + "=" + where, "IFPACKET_REDIS=" + server.URL()}}.Start(t)
	}
	t.Run("while drawing", func(t *testing.T) {
		c := start("drawing")
		c.Ends(1).See("the council fell over")
	})
	t.Run("at a key", func(t *testing.T) {
		c := start("a key")
		compose(c.See("● live"), "queue:boo").Type("m")
		c.Ends(1).See("the council fell over")
	})
}
