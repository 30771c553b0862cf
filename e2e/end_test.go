package e2e

import (
	"strings"
	"syscall"
	"testing"

	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

const terminate = syscall.SIGTERM

func TestQLeavesAndGivesTheTerminalBack(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live").Press("q").Ends(0)
}

func TestSIGTERMLeavesCleanly(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live").Signal(syscall.SIGTERM).Ends(0)
}

func TestCtrlCLeavesFromADialog(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live").Press(":").See("Command")
	c.Quit()
}

func TestAPipeIsToldWhatItNeeds(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--demo"}} {
		out := console.Run(t, args...)
		if out.Code != 2 || out.Stdout != "" || strings.Count(out.Stderr, "\n") != 1 || !strings.Contains(out.Stderr, "needs a terminal") {
			t.Errorf("%q gives %+v", args, out)
		}
	}
}

func TestErrorsAtATerminalAreOneLine(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--theme", "nope")
	c.See("ifpacket: --theme", "nope").Ends(2)
	if strings.Contains(string(c.Output()), "\x1b[?1049h") {
		t.Error("the screen was taken before the theme was looked at")
	}
}

func TestWatchTellsChangesUntilSIGINT(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	client := server.Client()
	c := console.Start(t, "watch", "--redis", server.URL(), "-o", "json")
	c.Until("a push is told", func() bool { // the first picture is no change: push until it stands
		client.RPush(t.Context(), "queue:w", "x")
		return strings.Contains(c.Screen(), `"kind":"queue","subject":"queue:w"`)
	})
	c.Signal(syscall.SIGINT).Ends(0)
}
