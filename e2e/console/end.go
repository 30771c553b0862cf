package console

import (
	"bytes"
	"os"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// Quit leaves with ctrl+c, which works wherever one is, and checks that the
// console ended well and gave the terminal back as it was.
func (c *Console) Quit() {
	c.t.Helper()
	c.Press("ctrl+c")
	c.Ends(0)
}

// Signal sends the process a signal.
func (c *Console) Signal(s os.Signal) *Console {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// Ends waits for the end of the process and checks its exit code, and that the
// terminal is as it was.
func (c *Console) Ends(code int) *Console {
	c.t.Helper()
	select {
	case <-c.ended:
		<-c.closed
	case <-time.After(c.patience):
		c.fail("waited %s in vain for the end", c.patience)
	}
	if got := c.cmd.ProcessState.ExitCode(); got != code {
		signal := c.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal()
		c.t.Errorf("exit code %d (signal %d), not %d", got, signal, code)
	}
	c.restored()
	return c
}

// restored checks what the console has to give back.
func (c *Console) restored() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.emu.IsAltScreen() {
		c.t.Error("the alternate screen was not left")
	}
	if shown, said := c.modes[ansi.ModeTextCursorEnable]; said && !shown {
		c.t.Error("the cursor stays hidden")
	}
	for name, mode := range map[string]ansi.Mode{
		"mouse": ansi.ModeMouseNormal, "mouse drag": ansi.ModeMouseButtonEvent, "mouse move": ansi.ModeMouseAnyEvent,
		"mouse SGR": ansi.ModeMouseExtSgr, "focus": ansi.ModeFocusEvent, "bracketed paste": ansi.ModeBracketedPaste,
		"synchronized output": ansi.ModeSynchronizedOutput,
	} {
		if c.modes[mode] {
			c.t.Errorf("the mode %q stays on", name)
		}
	}
	out := c.raw.Bytes()
	if set, reset := bytes.LastIndex(out, []byte("\x1b]11;#")), bytes.LastIndex(out, []byte("\x1b]111")); set > reset {
		c.t.Error("the terminal keeps the console's background colour")
	}
	if push, pop := bytes.Count(out, []byte("\x1b[>1u")), bytes.Count(out, []byte("\x1b[<1u")); push > pop {
		c.t.Error("the keyboard stays in the console's mode")
	}
	if now, err := c.settings(); err != nil {
		c.t.Error(err)
	} else if now.Lflag != c.cooked.Lflag || now.Iflag != c.cooked.Iflag || now.Oflag != c.cooked.Oflag {
		c.t.Errorf("the terminal is not cooked again: lflag %#x, was %#x; iflag %#x, was %#x", now.Lflag, c.cooked.Lflag, now.Iflag, c.cooked.Iflag)
	}
}

// Dead reports whether the process is gone.
func (c *Console) Dead() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}
