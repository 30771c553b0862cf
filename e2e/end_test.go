package e2e

import (
	"os"
	"os/signal"
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

func TestOutputIntoAPipeIsToldToo(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"{ ifpacket --demo; echo code $? >&2; } | cat", "echo | { ifpacket; echo code $?; }"} {
		c := console.Setup{Program: "sh"}.Start(t, "-c", line)
		c.Ends(0).See("ifpacket: the console needs a terminal at both ends", "code 2")
	}
}

func TestAClosedTerminalEndsTheConsoleAndKeepsTheDraft(t *testing.T) {
	t.Parallel()
	heard := make(chan os.Signal, 1) // under nohup the console would be born deaf to it
	signal.Notify(heard, syscall.SIGHUP)
	defer signal.Stop(heard)
	home := t.TempDir()
	c := console.Setup{Home: home}.Start(t, "--demo")
	compose(c.See("● live"), "queue:hung").Signal(syscall.SIGHUP).Ends(0)
	again := console.Setup{Home: home}.Start(t, "--demo")
	again.See("● live").Press("6").See("queue:hung")
	again.Quit()
}

func TestWaitingForLinesEndsOnSIGINT(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	for _, args := range [][]string{{"--batch", "-"}, {"--contents", "-"}} {
		cmd, out, errOut := console.Command(t, append([]string{"dispatch", "--redis", server.URL(), "--key", "queue:a"}, args...)...)
		cmd.Stdin = nil
		lines, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		// More than a pipe holds: once it is written, the command reads.
		if _, err := lines.Write([]byte(strings.Repeat(" ", 256<<10))); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
		if cmd.ProcessState.ExitCode() != 1 || out.Len() > 0 || !strings.Contains(errOut.String(), "interrupted") {
			t.Errorf("%q ends with %d, %q", args, cmd.ProcessState.ExitCode(), errOut)
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

func TestWatchOutlivesTheServer(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	client := server.Client()
	c := console.Start(t, "watch", "--redis", server.URL(), "-o", "table")
	pushed := func(key string) func() bool {
		return func() bool {
			client.RPush(t.Context(), key, "x")
			return strings.Contains(c.Screen(), key)
		}
	}
	c.Until("a push is told", pushed("queue:before"))
	server.Kill()
	c.See("away connection refused")
	server.Up()
	c.See("live")
	c.Until("a push is told again", pushed("queue:after"))
	c.Signal(syscall.SIGTERM).Ends(0)
}
