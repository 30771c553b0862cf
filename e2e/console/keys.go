package console

import (
	"fmt"
	"strings"
)

// keys are what a terminal of the xterm kind sends, but for "esc": there it is
// what newer terminals send once a program has asked for it, since the bare
// escape character with a key behind it is that key with alt.
var keys = map[string]string{
	"enter": "\r", "alt+enter": "\x1b\r", "esc": "\x1b[27u", "old esc": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z",
	"ctrl+enter": "\x1b[13;5u",
	"space":      " ", "backspace": "\x7f", "delete": "\x1b[3~",
	"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
	"home": "\x1b[H", "end": "\x1b[F", "pgup": "\x1b[5~", "pgdown": "\x1b[6~",
	"f1": "\x1bOP", "f5": "\x1b[15~",
}

// Press presses keys by the names that the keymap uses: "2", "G", "enter",
// "ctrl+t". After "old esc" wait for what it does before the next key.
func (c *Console) Press(names ...string) *Console {
	c.t.Helper()
	for _, name := range names {
		text, known := keys[name]
		letter, ctrl := strings.CutPrefix(name, "ctrl+")
		switch {
		case known:
		case ctrl && len(letter) == 1:
			text = string(letter[0] & 0x1f)
		case len([]rune(name)) == 1:
			text = name
		default:
			c.t.Fatalf("no key is called %q", name)
		}
		c.Type(text)
	}
	return c
}

// Type types a text.
func (c *Console) Type(text string) *Console {
	c.t.Helper()
	if _, err := c.tty.WriteString(text); err != nil {
		c.fail("typing %q: %v", text, err)
	}
	return c
}

// Paste pastes a text, as a terminal with bracketed paste does.
func (c *Console) Paste(text string) *Console {
	c.t.Helper()
	return c.Type("\x1b[200~" + text + "\x1b[201~")
}

// Click presses and releases the left mouse button on a cell.
func (c *Console) Click(x, y int) *Console {
	c.t.Helper()
	return c.Type(fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x+1, y+1, x+1, y+1))
}

// Replace empties the field that has the focus and types a text into it.
func (c *Console) Replace(text string) *Console {
	c.t.Helper()
	return c.Press("end", "ctrl+u").Type(text)
}
