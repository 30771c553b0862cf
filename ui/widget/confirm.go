package widget

import (
	"time"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
)

// Haste is how long after opening a dialog swallows keys: they were meant for
// what was there before.
const Haste = 400 * time.Millisecond

// typedAbove is the number of items from which one types the count.
const typedAbove = 20

// Answer is what became of a dialog.
type Answer uint8

// Answers of a dialog.
const (
	Waiting Answer = iota
	Confirmed
	Cancelled
)

// Confirm asks before an act that changes something.
type Confirm struct {
	Title string
	Body  [][]Span // lines
	Verb  string   // what will be done, for the hint: "replay"

	key    string
	count  int
	typed  string
	opened time.Time
}

// NewConfirm asks for an act on count items. The key that says yes is y, or
// enter where y asked; above 20 items one types the count and then enter.
func NewConfirm(title, verb string, count int, askedWith string, now time.Time, body ...[]Span) *Confirm {
	c := &Confirm{Title: title, Verb: verb, Body: body, key: "y", count: count, opened: now}
	if askedWith == "y" || count > typedAbove {
		c.key = "enter"
	}
	return c
}

// Key is the key that says yes.
func (c *Confirm) Key() string { return c.key }

// Press gives the dialog a key, as Bubble Tea spells it, with the time.
func (c *Confirm) Press(m *keymap.Map, key string, now time.Time) Answer {
	if now.Sub(c.opened) < Haste {
		return Waiting
	}
	if b, ok := m.Match([]keymap.Scope{keymap.Dialog}, key); ok && b.ID == "dialog.cancel" {
		return Cancelled
	}
	must := c.count > typedAbove
	switch {
	case key == c.key && (!must || c.typed == itoa(c.count)):
		return Confirmed
	case must && key == "backspace" && c.typed != "":
		c.typed = c.typed[:len(c.typed)-1]
	case must && len(key) == 1 && key[0] >= '0' && key[0] <= '9' && len(c.typed) < 9:
		c.typed += key
	case !must && key == "n":
		return Cancelled
	}
	return Waiting
}

// View draws the box, at most width cells wide.
func (c *Confirm) View(t *themes.Theme, width int) string {
	width = min(width, 72)
	lines := make([]Line, 1, len(c.Body)+4)
	for _, body := range c.Body {
		var l Line
		l.Space(2).Add(body...)
		lines = append(lines, l)
	}
	lines = append(lines, Line{})
	var ask Line
	ask.Space(2)
	if c.count > typedAbove {
		ask.Add(T(muted, "type "), B(fg, itoa(c.count)), T(muted, " to "+c.Verb+"  "),
			T(fg, c.typed), Span{Text: " ", Role: accent, Attr: themes.AttrReverse}, T(muted, "   "))
	}
	ask.Add(T(accent, c.key), T(muted, " "+c.Verb+"   "), T(accent, "esc"), T(muted, " cancel"))
	lines = append(lines, ask)
	return Box(t, c.Title, width, lines)
}
