package widget

import (
	"time"

	tea "charm.land/bubbletea/v2"

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
	Verb  string   // what will be done, for the hint: "replay"; "" is only to be read
	// Check says what is wrong with the fields, by ID; nil when all is well.
	Check func(value func(id string) string) map[string]string

	key    string
	count  int
	typed  string
	opened time.Time
	fields []*Field
	focus  int // on a field; len(fields) is the count
}

// NewConfirm asks for an act on count items. The key that says yes is y, or
// enter where y asked; above 20 items one types the count and then enter.
func NewConfirm(title, verb string, count int, askedWith string, now time.Time, body ...[]Span) *Confirm {
	c := &Confirm{Title: title, Verb: verb, Body: body, key: "y", count: count, opened: now}
	if askedWith == "y" || c.must() {
		c.key = "enter"
	}
	return c
}

// must reports whether the count is to be typed.
func (c *Confirm) must() bool { return c.count > typedAbove }

// counted reports whether it is, where it is to be.
func (c *Confirm) counted() bool { return !c.must() || c.typed == itoa(c.count) }

// Key is the key that says yes.
func (c *Confirm) Key() string { return c.key }

// Update gives the dialog a key or a paste, with the time.
func (c *Confirm) Update(m *keymap.Map, msg tea.Msg, now time.Time) Answer {
	if now.Sub(c.opened) < Haste {
		return Waiting
	}
	key, isKey := msg.(tea.KeyPressMsg)
	if len(c.fields) == 0 {
		if isKey {
			return c.Press(m, key.String(), now)
		}
		return Waiting
	}
	if isKey {
		return c.pressForm(m, key, now)
	}
	c.enter(msg)
	return Waiting
}

// Press gives a dialog without fields a key, as Bubble Tea spells it, with the
// time.
func (c *Confirm) Press(m *keymap.Map, key string, now time.Time) Answer {
	if now.Sub(c.opened) < Haste {
		return Waiting
	}
	if b, ok := m.Match([]keymap.Scope{keymap.Dialog}, key); ok && b.ID == "dialog.cancel" {
		return Cancelled
	}
	switch {
	case c.Verb == "":
	case key == c.key && c.counted():
		return Confirmed
	case c.must():
		c.digit(key)
	case key == "n":
		return Cancelled
	}
	return Waiting
}

// digit types the count.
func (c *Confirm) digit(key string) {
	switch {
	case key == "backspace" && c.typed != "":
		c.typed = c.typed[:len(c.typed)-1]
	case len(key) == 1 && key[0] >= '0' && key[0] <= '9' && len(c.typed) < 9:
		c.typed += key
	}
}

// View draws the box, at most width cells wide.
func (c *Confirm) View(t *themes.Theme, width int) string {
	width = min(width, 72)
	lines := make([]Line, 1, len(c.Body)+len(c.fields)+6)
	for _, body := range c.Body {
		var l Line
		l.Space(2).Add(body...)
		lines = append(lines, l)
	}
	lines = append(lines, Line{})
	if len(c.fields) > 0 {
		for i := range c.fields {
			lines = append(lines, c.fieldLine(t, i, width))
		}
		lines = append(lines, Line{})
	}
	var ask Line
	ask.Space(2)
	if c.must() {
		ask.Add(T(muted, "type "), B(fg, itoa(c.count)), T(muted, " to "+c.Verb+"  "), T(fg, c.typed))
		cursor := Span{Text: " ", Role: accent, Attr: themes.AttrReverse}
		if c.focus < len(c.fields) {
			cursor = T(fg, " ")
		}
		ask.Add(cursor, T(muted, "   "))
	}
	if c.Verb != "" {
		ask.Add(T(accent, c.key), T(muted, " "+c.Verb+"   "))
	}
	ask.Add(T(accent, "esc"), T(muted, map[bool]string{true: " cancel", false: " close"}[c.Verb != ""]))
	return Box(t, c.Title, width, append(lines, ask))
}
