package widget

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/themes"
)

// Field is one line of a form: a label, an input on surface, a note at its
// right, or what is wrong with it.
type Field struct {
	ID, Label string
	// Note says something about the value or offers choices; Problem replaces
	// it and marks the value as wrong.
	Note, Problem string
	Input         Input
	Width         int // of the text, in a dialog; 0 is all there is room for
}

// Form is a list of fields of which one may have the focus.
type Form struct {
	fields        []*Field
	focus         int
	focused       bool
	width         int
	labelW, textW int
}

// NewForm makes a form of fields; Input of each may be the zero value.
func NewForm(fields ...Field) *Form {
	f := &Form{labelW: 12, textW: 28}
	for i := range fields {
		if fields[i].Input.model.KeyMap.Paste.Keys() == nil {
			fields[i].Input = NewInput(fields[i].Input.Value())
		}
		f.fields = append(f.fields, &fields[i])
		f.labelW = max(f.labelW, Width(fields[i].Label))
	}
	return f
}

// SetWidth gives the form's lines exactly width cells.
func (f *Form) SetWidth(width int) {
	f.width = width
	room := width - ColGlyph - f.labelW - 2 - 2
	f.textW = min(max(room*4/10, 28), max(room, 1))
}

// Height is the number of lines.
func (f *Form) Height() int { return len(f.fields) }

// SetFocused gives the form the focus or takes it.
func (f *Form) SetFocused(on bool) {
	f.focused = on
	f.Focus(f.focus)
}

// Focus puts the focus on field i.
func (f *Form) Focus(i int) {
	if len(f.fields) == 0 {
		return
	}
	f.focus = min(max(i, 0), len(f.fields)-1)
	for j, fd := range f.fields {
		if f.focused && j == f.focus {
			fd.Input.Focus()
		} else {
			fd.Input.Blur()
		}
	}
}

// Next moves the focus by n fields and says whether there was one; at either
// end it stays, and the view moves on to what comes after the form.
func (f *Form) Next(n int) bool {
	to := f.focus + n
	if to < 0 || to >= len(f.fields) {
		return false
	}
	f.Focus(to)
	return true
}

// Current is the field with the focus; nil in an empty form.
func (f *Form) Current() *Field {
	if len(f.fields) == 0 {
		return nil
	}
	return f.fields[f.focus]
}

// Field finds a field by its ID; nil when there is none. Notes and problems
// are set on it directly.
func (f *Form) Field(id string) *Field {
	for _, fd := range f.fields {
		if fd.ID == id {
			return fd
		}
	}
	return nil
}

// Value is the text of a field, "" when there is none with that ID.
func (f *Form) Value(id string) string {
	if fd := f.Field(id); fd != nil {
		return fd.Input.Value()
	}
	return ""
}

// Update gives a key or a paste to the focused field.
func (f *Form) Update(msg tea.Msg) tea.Cmd {
	if fd := f.Current(); fd != nil && f.focused {
		return fd.Input.Update(msg)
	}
	return nil
}

// View draws a line for each field, exactly as wide as SetWidth said.
func (f *Form) View(t *themes.Theme) string {
	var b strings.Builder
	for i, fd := range f.fields {
		if i > 0 {
			b.WriteByte('\n')
		}
		f.field(&b, t, fd, f.focused && i == f.focus)
	}
	return b.String()
}

func (f *Form) field(b *strings.Builder, t *themes.Theme, fd *Field, focused bool) {
	var l Line
	left := f.width
	put := func(bg themes.Role, w int) {
		w = min(w, left)
		drawParts(b, t, bg, l.parts, w, false)
		left -= max(w, 0)
		l.Reset()
	}
	labelRole, bg := faint, themes.Surface
	if focused {
		labelRole, bg = fg, themes.Select
	}
	l.Space(ColGlyph).Add(T(labelRole, fd.Label))
	put(themes.Bg, ColGlyph+f.labelW+2)
	if focused {
		l.Add(T(accent, t.Glyph(themes.GlyphBar)))
	} else {
		l.Space(1)
	}
	value := T(fg, "")
	if fd.Problem != "" {
		value = Span{Role: themes.Bad, Attr: themes.AttrUnderline}
	}
	l.Add(fd.Input.spans(value, f.textW)...)
	put(bg, f.textW+1)
	put(bg, 1)
	l.Space(2)
	if fd.Problem != "" {
		l.Add(T(themes.Bad, t.Glyph(themes.GlyphBlocked)+" "+fd.Problem))
	} else {
		l.Add(T(faint, fd.Note))
	}
	put(themes.Bg, left)
}
