package widget

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
)

// Fill puts fields into the dialog. Enter then says yes when all is right,
// and else goes to what is not. The first empty field has the focus, or the
// count where that is to be typed.
func (c *Confirm) Fill(fields ...Field) *Confirm {
	c.key = "enter"
	for i := range fields {
		if fields[i].Input.model.KeyMap.Paste.Keys() == nil {
			fields[i].Input = NewInput("")
		}
		c.fields = append(c.fields, &fields[i])
	}
	to := 0
	if c.must() {
		to = len(c.fields)
	}
	for i := len(c.fields) - 1; i >= 0; i-- {
		if c.fields[i].Input.Value() == "" {
			to = i
		}
	}
	c.focusOn(to)
	return c
}

// Value is the text of a field.
func (c *Confirm) Value(id string) string {
	for _, f := range c.fields {
		if f.ID == id {
			return f.Input.Value()
		}
	}
	return ""
}

func (c *Confirm) focusOn(i int) {
	c.focus = i
	for j, f := range c.fields {
		if j == i {
			f.Input.Focus()
		} else {
			f.Input.Blur()
		}
	}
}

// pressForm gives a key to a dialog with fields.
func (c *Confirm) pressForm(m *keymap.Map, key tea.KeyPressMsg, _ time.Time) Answer {
	if b, ok := m.MatchTyping([]keymap.Scope{keymap.Dialog}, key.String()); ok {
		stops := len(c.fields)
		if c.must() {
			stops++
		}
		switch b.ID {
		case "dialog.cancel":
			return Cancelled
		case "dialog.next":
			c.focusOn((c.focus + 1) % stops)
		case "dialog.previous":
			c.focusOn((c.focus + stops - 1) % stops)
		}
		return Waiting
	}
	if key.String() == c.key {
		return c.finish()
	}
	c.enter(key)
	return Waiting
}

// enter types into what has the focus.
func (c *Confirm) enter(msg tea.Msg) {
	if c.focus < len(c.fields) {
		c.fields[c.focus].Input.Update(msg)
		c.check()
		return
	}
	if key, ok := msg.(tea.KeyPressMsg); ok {
		c.digit(key.String())
	}
}

// check says what is wrong beside the fields, and tells the first that is.
func (c *Confirm) check() (wrong int, ok bool) {
	var problems map[string]string
	if c.Check != nil {
		problems = c.Check(c.Value)
	}
	ok = true
	for i, f := range c.fields {
		f.Problem = problems[f.ID]
		if f.Problem != "" && ok {
			wrong, ok = i, false
		}
	}
	return wrong, ok
}

// finish says yes, or goes to what is not right yet.
func (c *Confirm) finish() Answer {
	wrong, ok := c.check()
	switch {
	case !ok:
		c.focusOn(wrong)
	case !c.counted():
		c.focusOn(len(c.fields))
	default:
		return Confirmed
	}
	return Waiting
}

// fieldLine is a label, what is typed, and a note or what is wrong.
func (c *Confirm) fieldLine(t *themes.Theme, i, width int) Line {
	f := c.fields[i]
	labels, texts := 6, 0
	for _, o := range c.fields {
		labels = max(labels, Width(o.Label))
		texts = max(texts, o.Width)
	}
	room := max(width-2-2-labels-2-2, 8)
	if texts == 0 {
		texts = room
	}
	note := T(faint, f.Note)
	if f.Problem != "" {
		note = T(themes.Bad, f.Problem)
	}
	if w := Width(Sanitize(note.Text)); w > 0 {
		room = max(room-w-2, 8)
	}
	texts = min(texts, room)
	var l Line
	role := faint
	if i == c.focus {
		role, l.bg = fg, themes.Select
	}
	l.Space(2).Add(T(role, f.Label)).To(2 + labels + 2)
	at := l.Width()
	l.Add(f.Input.spans(T(fg, ""), texts)...).To(at + texts)
	if note.Text != "" {
		l.Space(2).Add(note)
	}
	return l
}
