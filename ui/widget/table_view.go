package widget

import (
	"strings"

	"github.com/infrafabric/ifpacket/themes"
)

// Row receives one row of a table. It is reused: keep no reference to it.
type Row struct {
	// Theme for glyphs; Selected says whether the row is the selected one.
	Theme    *themes.Theme
	Selected bool

	widths []int
	lead   part
	parts  []part
	cells  []int // end of each cell in parts
}

// Glyph puts a state's glyph before the row.
func (r *Row) Glyph(g themes.Glyph) { r.Lead(State(r.Theme, g)) }

// Lead puts any sign before the row: a tree line, a number. It has two cells.
func (r *Row) Lead(s Span) { r.lead = measure(s) }

// Cell fills the next column. Text that does not fit is cut.
func (r *Row) Cell(spans ...Span) {
	for _, s := range spans {
		if s.Text != "" {
			r.parts = append(r.parts, measure(s))
		}
	}
	r.cells = append(r.cells, len(r.parts))
}

// Width is the width of a column at this size, for graphs in cells; 0 when
// the column is not shown.
func (r *Row) Width(col int) int {
	if col < 0 || col >= len(r.widths) {
		return 0
	}
	return max(r.widths[col], 0)
}

func (r *Row) reset(t *themes.Theme, widths []int, selected bool) {
	r.Theme, r.Selected, r.widths = t, selected, widths
	r.lead, r.parts, r.cells = part{}, r.parts[:0], r.cells[:0]
}

func (r *Row) cell(i int) []part {
	if i >= len(r.cells) {
		return nil
	}
	from := 0
	if i > 0 {
		from = r.cells[i-1]
	}
	return r.parts[from:r.cells[i]]
}

// View draws the table, exactly as large as SetSize said.
func (t *Table) View(th *themes.Theme) string {
	if t.width == 0 || t.height == 0 {
		return ""
	}
	var b strings.Builder
	b.Grow(t.height * (t.width + 160))
	widths := t.layout()
	lines := 0
	line := func() {
		if lines > 0 {
			b.WriteByte('\n')
		}
		lines++
	}
	body := t.body()
	if body < t.height {
		line()
		t.heads(&b, th, widths)
	}
	page := t.Page()
	for i := t.top; i < min(t.top+page, t.Len()) && lines < t.height; i++ {
		line()
		t.row(&b, th, widths, i)
	}
	footed := t.footed(body)
	for lines < t.height {
		last := lines == t.height-1
		line()
		if last && footed {
			b.WriteString(t.foot(th))
		} else {
			b.WriteString(blanks(t.width))
		}
	}
	return b.String()
}

// row writes one row: bar, mark, glyph, cells, all on one background.
func (t *Table) row(b *strings.Builder, th *themes.Theme, widths []int, i int) {
	bg := t.background(i)
	r := &t.drawn
	r.reset(th, widths, i == t.sel)
	t.rows.Row(i, r)

	left := t.width
	put := func(parts []part, w int, right bool) {
		w = min(w, left)
		drawParts(b, th, bg, parts, w, right)
		left -= max(w, 0)
	}
	var one [1]part
	sign := func(s Span, w int) {
		one[0] = part{s, 1}
		put(one[:], w, false)
	}
	switch bg {
	case themes.Select:
		sign(T(accent, th.Glyph(themes.GlyphBar)), 1)
	case themes.Surface:
		sign(T(faint, th.Glyph(themes.GlyphBar)), 1)
	default:
		put(nil, 1, false)
	}
	if len(t.marks) > 0 && t.Marked(t.rows.Key(i)) {
		sign(T(accent, th.Glyph(themes.GlyphMark)), 2)
	} else {
		put(nil, 2, false)
	}
	one[0] = r.lead
	put(one[:], 2, false)
	first := true
	for c, col := range t.columns {
		w := widths[c]
		if w < 0 {
			continue
		}
		put(nil, col.gap(first), false)
		first = false
		parts := r.cell(c)
		if col.Middle && len(parts) == 1 && parts[0].w > w {
			one[0] = parts[0]
			one[0].Text = CutMiddle(parts[0].Text, min(w, left))
			one[0].w = Width(one[0].Text)
			parts = one[:]
		}
		put(parts, w, col.Right)
	}
	put(nil, left, false)
}

// heads writes the column heads. A right-aligned head that is wider than its
// column grows to the left, into what the head before leaves free.
func (t *Table) heads(b *strings.Builder, th *themes.Theme, widths []int) {
	a := newAxis(t.width)
	at, first := ColText, true
	for c, col := range t.columns {
		w := widths[c]
		if w < 0 {
			continue
		}
		at += col.gap(first)
		first = false
		title := Sanitize(col.Title)
		room := min(w, t.width-at)
		switch {
		case title == "" || room <= 0:
		case col.Right:
			start := max(at+room-Width(title), 0)
			placed := a.put
			if Width(title) > room {
				placed = a.putApart
			}
			if !placed(start, T(faint, title)) {
				a.put(at, T(faint, PadLeft(title, room)))
			}
		default:
			a.put(at, T(faint, Cut(title, room)))
		}
		at += w
	}
	b.WriteString(a.render(th))
}

// foot is "1–21 of 1,211", what is new, and what the view added.
func (t *Table) foot(th *themes.Theme) string {
	var l Line
	if n := max(t.Len(), t.Total); n > t.body() {
		from := t.Offset + t.top
		l.Add(T(faint, Range(from, min(from+t.Page(), n), n)))
	}
	if t.newRows > 0 {
		l.Space(2).Add(T(accent, Commas(t.newRows)+" new"))
	}
	if len(t.extra) > 0 {
		if l.Width() > 0 {
			l.Space(5)
		}
		l.Add(t.extra...)
	}
	var b strings.Builder
	indent := min(ColGlyph, t.width)
	b.WriteString(blanks(indent))
	drawParts(&b, th, themes.Bg, l.parts, t.width-indent, t.FootRight)
	return b.String()
}

// Range is "1–21 of 1,211" for rows from (counted from 0) to before to.
func Range(from, to, of int) string {
	return Commas(min(from+1, of)) + "–" + Commas(min(to, of)) + " of " + Commas(of)
}
