package console

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	uv "github.com/charmbracelet/ultraviolet"
)

// See waits until every text stands on the screen, each within one line.
func (c *Console) See(texts ...string) *Console {
	c.t.Helper()
	c.Until(fmt.Sprintf("%q is on the screen", texts), func() bool {
		screen := c.Screen()
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
	return c
}

// SeeAny waits until at least one of the texts stands on the screen.
func (c *Console) SeeAny(texts ...string) *Console {
	c.t.Helper()
	c.Until(fmt.Sprintf("one of %q is on the screen", texts), func() bool {
		screen := c.Screen()
		for _, text := range texts {
			if strings.Contains(screen, text) {
				return true
			}
		}
		return false
	})
	return c
}

// Gone waits until none of the texts is on the screen.
func (c *Console) Gone(texts ...string) *Console {
	c.t.Helper()
	c.Until(fmt.Sprintf("%q is gone from the screen", texts), func() bool {
		screen := c.Screen()
		for _, text := range texts {
			if strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
	return c
}

// SeeLine waits until line n, counted from 0, or from −1 at the foot, holds
// every text.
func (c *Console) SeeLine(n int, texts ...string) *Console {
	c.t.Helper()
	c.Until(fmt.Sprintf("line %d holds %q", n, texts), func() bool {
		line := c.Line(n)
		for _, text := range texts {
			if !strings.Contains(line, text) {
				return false
			}
		}
		return true
	})
	return c
}

// Until waits until something holds, looking again whenever there is output.
func (c *Console) Until(what string, holds func() bool) {
	c.t.Helper()
	deadline := time.NewTimer(c.patience)
	defer deadline.Stop()
	for !holds() {
		select {
		case <-c.changed:
		case <-time.After(50 * time.Millisecond): // not all that is asked for is output
		case <-c.closed:
			if holds() {
				return
			}
			c.fail("the console ended before %s", what)
		case <-deadline.C:
			c.fail("waited %s in vain until %s", c.patience, what)
		}
	}
}

// fail ends the test with the screen as it stands.
func (c *Console) fail(format string, args ...any) {
	c.t.Helper()
	c.told = true
	c.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), c.picture())
}

// Screen is the text on the screen, a line each, without colours.
func (c *Console) Screen() string { return c.screen() }

func (c *session) screen() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := make([]string, c.emu.Height())
	for y := range lines {
		lines[y] = c.line(y)
	}
	return strings.Join(lines, "\n")
}

func (c *session) line(y int) string {
	var b strings.Builder
	for x := 0; x < c.emu.Width(); x++ {
		switch cell := c.emu.CellAt(x, y); {
		case cell == nil, cell.Content == "" && cell.Width > 0:
			b.WriteByte(' ')
		default:
			b.WriteString(cell.Content)
		}
	}
	return strings.TrimRightFunc(b.String(), unicode.IsSpace)
}

// Line is one line of the screen; negative ones count from the foot.
func (c *Console) Line(n int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n < 0 {
		n += c.emu.Height()
	}
	return c.line(n)
}

// Lines are those that hold a text.
func (c *Console) Lines(text string) (found []string) {
	for line := range strings.Lines(c.Screen()) {
		if strings.Contains(line, text) {
			found = append(found, strings.TrimRight(line, "\n"))
		}
	}
	return found
}

// Cell is what stands in one cell, with its colours.
func (c *Console) Cell(x, y int) uv.Cell {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cell := c.emu.CellAt(x, y); cell != nil {
		return *cell
	}
	return uv.EmptyCell
}

// Find is where a text begins, the first from the top; it fails the test when
// it is nowhere.
func (c *Console) Find(text string) (x, y int) {
	c.t.Helper()
	c.mu.Lock()
	for y := range c.emu.Height() {
		if x, ok := c.findIn(y, text); ok {
			c.mu.Unlock()
			return x, y
		}
	}
	c.mu.Unlock()
	c.fail("%q is not on the screen", text)
	return 0, 0
}

// findIn goes by cells, since a line's bytes are not its cells.
func (c *session) findIn(y int, text string) (int, bool) {
	for x := range c.emu.Width() {
		rest := text
		for i := x; rest != "" && i < c.emu.Width(); i++ {
			content := " "
			if cell := c.emu.CellAt(i, y); cell != nil {
				content = cell.Content
			}
			after, found := strings.CutPrefix(rest, content)
			if !found {
				break
			}
			rest = after
		}
		if rest == "" {
			return x, true
		}
	}
	return 0, false
}

// picture is the screen in a frame.
func (c *session) picture() string {
	var b strings.Builder
	for i, line := range strings.Split(c.screen(), "\n") {
		fmt.Fprintf(&b, "%3d│%s\n", i, line)
	}
	return b.String()
}
