package widget

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/themes"
)

// Input is one line of text being edited. Editing is that of bubbles'
// textinput (words, paste, home and end); drawing is the console's own.
type Input struct{ model textinput.Model }

// NewInput is an input with a value, not focused.
func NewInput(value string) Input {
	m := textinput.New()
	m.Prompt = ""
	m.SetVirtualCursor(false) // nothing blinks
	m.SetValue(value)
	m.CursorEnd()
	return Input{m}
}

// Update edits; keys that the input does not know change nothing. The command
// reads the clipboard (ctrl+v) and is nil otherwise.
func (in *Input) Update(msg tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	in.model, cmd = in.model.Update(msg)
	return cmd
}

// Focus makes the input take keys.
func (in *Input) Focus() { in.model.Focus() }

// Blur makes it take none.
func (in *Input) Blur() { in.model.Blur() }

// Focused says whether it takes keys.
func (in *Input) Focused() bool { return in.model.Focused() }

// Value is the text.
func (in *Input) Value() string { return in.model.Value() }

// SetValue replaces the text and puts the cursor at its end.
func (in *Input) SetValue(s string) {
	in.model.SetValue(s)
	in.model.CursorEnd()
}

// spans gives the text with a block cursor, scrolled so that the cursor is in
// the width.
func (in *Input) spans(text Span, width int) []Span {
	value := []rune(in.model.Value())
	if !in.Focused() {
		text.Text = string(value)
		return []Span{text}
	}
	pos := min(max(in.model.Position(), 0), len(value))
	return withCursor(text, value, pos, width)
}

// withCursor splits a text at its cursor and scrolls it into width cells.
func withCursor(text Span, value []rune, pos, width int) []Span {
	before, at, after := text, text, text
	before.Text = string(value[:pos])
	at = Span{Text: " ", Role: accent, Attr: themes.AttrReverse}
	after.Text = ""
	if pos < len(value) {
		at.Text = string(value[pos])
		after.Text = string(value[pos+1:])
	}
	room := width - measure(at).w
	if w := measure(before).w; w > room {
		// Keep some of what follows in sight too, so that typing in the middle
		// of a long value shows both sides.
		keep := min(room/4, measure(after).w)
		before.Text = strings.Join(texts(skipCells([]Span{before}, w-max(room-keep, 0))), "")
	}
	return []Span{before, at, after}
}

func texts(spans []Span) []string {
	out := make([]string, len(spans))
	for i, s := range spans {
		out[i] = s.Text
	}
	return out
}

// View draws the input in exactly width cells on a background.
func (in *Input) View(t *themes.Theme, bg, role themes.Role, width int) string {
	return Text(t, bg, width, in.spans(T(role, ""), width)...)
}

// Filter is the line below a title that narrows a list: "/ age<6h  1,211 of
// 1,340".
type Filter struct{ Input }

// NewFilter is an empty filter.
func NewFilter() Filter { return Filter{NewInput("")} }

// Shown says whether the filter takes a line: it is being typed, or holds
// something.
func (f *Filter) Shown() bool { return f.Focused() || f.Value() != "" }

// View draws the line in exactly width cells.
func (f *Filter) View(t *themes.Theme, width, shown, total int) string {
	var l Line
	l.Space(ColGlyph).Add(T(accent, "/")).Space(1)
	count := "   " + Commas(shown) + " of " + Commas(total)
	l.Add(f.spans(T(fg, ""), max(width-l.Width()-Width(count), 1))...)
	return l.Add(T(muted, count)).Render(t, themes.Bg, width)
}
