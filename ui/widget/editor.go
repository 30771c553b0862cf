package widget

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/themes"
)

// Editor edits a document of several lines, coloured as JSON, with line
// numbers. Editing is that of bubbles' textarea (words, selection, paste);
// drawing is the console's own, and lines are not wrapped but scrolled.
type Editor struct {
	model         textarea.Model
	width, height int
	top, left     int // first line and first cell in sight
}

// NewEditor is an editor with a text and the cursor at its end, not focused.
func NewEditor(text string) *Editor {
	m := textarea.New()
	m.Prompt, m.ShowLineNumbers = "", false
	m.CharLimit, m.MaxHeight, m.MaxWidth = 0, 0, 0
	m.SetVirtualCursor(false) // nothing blinks
	m.SetStyles(textarea.Styles{})
	e := &Editor{model: m}
	e.SetValue(text)
	return e
}

// SetSize gives the editor exactly width by height cells, the blank line at
// its top included.
func (e *Editor) SetSize(width, height int) {
	e.width, e.height = max(width, 0), max(height, 0)
	e.model.SetHeight(max(e.rows(), 1))
	e.follow()
}

// Focus makes the editor take keys; Blur makes it take none.
func (e *Editor) Focus() { e.model.Focus() }

// Blur makes the editor take no keys.
func (e *Editor) Blur() { e.model.Blur() }

// Focused says whether it takes keys.
func (e *Editor) Focused() bool { return e.model.Focused() }

// Value is the text.
func (e *Editor) Value() string { return e.model.Value() }

// SetValue replaces the text.
func (e *Editor) SetValue(s string) {
	e.widen(len(s))
	e.model.SetValue(s)
	e.top, e.left = 0, 0
	e.follow()
}

// Update edits. The command uses the clipboard (ctrl+v, copy) and is nil
// otherwise.
func (e *Editor) Update(msg tea.Msg) tea.Cmd {
	more := 64
	if p, ok := msg.(tea.PasteMsg); ok {
		more += len(p.Content)
	}
	e.widen(more)
	var cmd tea.Cmd
	e.model, cmd = e.model.Update(msg)
	e.follow()
	return cmd
}

// widen makes the textarea wider than its longest line, so that it never
// wraps and up and down go by lines.
func (e *Editor) widen(more int) {
	longest := 0
	for line := range strings.SplitSeq(e.model.Value(), "\n") {
		longest = max(longest, len(line))
	}
	// Coarse steps, since the textarea wraps everything anew when its width
	// changes; narrow, since it pads every line to it.
	const step = 64
	if w := (longest+more)/step*step + step; w > e.model.Width() || w < e.model.Width()/4 {
		e.model.SetWidth(w)
	}
}

// Position is where the cursor is, both from 1.
func (e *Editor) Position() (line, column int) {
	return e.model.Line() + 1, e.model.Column() + 1
}

// PositionText is "line 8, column 41".
func (e *Editor) PositionText() string {
	line, column := e.Position()
	return fmt.Sprintf("line %d, column %d", line, column)
}

// rows is the number of text lines in sight.
func (e *Editor) rows() int { return e.height - 1 }

// numberWidth is the width of the line numbers.
func (e *Editor) numberWidth() int {
	return max(2, len(itoa(e.model.LineCount())))
}

// textWidth is what the geometry leaves: bar column, bar, two blanks, number,
// two blanks.
func (e *Editor) textWidth() int { return e.width - 6 - e.numberWidth() }

// follow scrolls so that the cursor is in sight.
func (e *Editor) follow() {
	rows := max(e.rows(), 1)
	line := e.model.Line()
	e.top = min(max(e.top, line-rows+1), line)
	e.top = max(min(e.top, e.model.LineCount()-rows), 0)
	w := max(e.textWidth(), 1)
	cell := Width(Sanitize(head(e.line(line), e.model.Column())))
	if cell < w {
		e.left = 0
	}
	if cell < e.left {
		e.left = cell
	}
	if cell >= e.left+w {
		e.left = cell - w + 1
	}
}

func (e *Editor) line(n int) string {
	for line := range strings.SplitSeq(e.model.Value(), "\n") {
		if n == 0 {
			return line
		}
		n--
	}
	return ""
}

// head is the first n runes of s.
func head(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// View draws the editor, exactly as large as SetSize said.
func (e *Editor) View(t *themes.Theme) string {
	if e.width == 0 || e.height == 0 {
		return ""
	}
	var b strings.Builder
	e.draw(&b, t, -1, "")
	lines := strings.Split(e.model.Value(), "\n")
	for r := range e.rows() {
		b.WriteByte('\n')
		if i := e.top + r; i < len(lines) {
			e.draw(&b, t, i, lines[i])
		} else {
			e.draw(&b, t, -1, "")
		}
	}
	return b.String()
}

// draw writes line n; −1 is a blank line.
func (e *Editor) draw(b *strings.Builder, t *themes.Theme, n int, line string) {
	drawParts(b, t, themes.Bg, nil, min(1, e.width), false)
	var l Line
	if n < 0 {
		drawParts(b, t, themes.Surface, nil, e.width-1, false)
		return
	}
	bg, current := themes.Surface, n == e.model.Line() && e.Focused()
	number := T(faint, PadLeft(itoa(n+1), e.numberWidth()))
	if current {
		bg = themes.Select
		l.Add(T(accent, t.Glyph(themes.GlyphBar)))
	} else {
		l.Space(1)
	}
	l.Space(1).Add(number).Space(2)
	spans := JSONSpans(clip(line, e.left+e.width))
	if start, end, ok := e.selected(n, utf8.RuneCountInString(line)); ok {
		spans = restyle(spans, start, end, func(s *Span) { s.Attr |= themes.AttrReverse })
	}
	if current {
		col := e.model.Column()
		if col >= utf8.RuneCountInString(line) {
			spans = append(spans, T(fg, " "))
		}
		spans = restyle(spans, col, col+1, func(s *Span) { s.Role, s.Attr = accent, themes.AttrReverse })
	}
	l.Add(skipCells(spans, e.left)...)
	drawParts(b, t, bg, l.parts, e.width-1, false)
}

// selected is the part of line n that is selected, in runes.
func (e *Editor) selected(n, length int) (from, to int, ok bool) {
	start, end, ok := e.model.Selection()
	if !ok || n < start.Row || n > end.Row {
		return 0, 0, false
	}
	from, to = 0, length
	if n == start.Row {
		from = start.Col
	}
	if n == end.Row {
		to = min(end.Col, length)
	}
	return from, to, from < to
}

// restyle changes the spans that cover the runes from to before to.
func restyle(spans []Span, from, to int, change func(*Span)) []Span {
	out := make([]Span, 0, len(spans)+2)
	at := 0
	for _, s := range spans {
		n := utf8.RuneCountInString(s.Text)
		a, z := min(max(from-at, 0), n), min(max(to-at, 0), n)
		runes := []rune(s.Text)
		for i, piece := range [][]rune{runes[:a], runes[a:z], runes[max(z, a):]} {
			if len(piece) == 0 {
				continue
			}
			p := s
			p.Text = string(piece)
			if i == 1 {
				change(&p)
			}
			out = append(out, p)
		}
		at += n
	}
	return out
}
