package widget

import (
	"strings"
	"unicode/utf8"

	"github.com/infrafabric/ifpacket/themes"
)

// Span is a piece of text with its meaning.
type Span struct {
	Text string
	Role themes.Role
	Attr themes.Attr
	live bool // drawn in the live theme even on a picture that is away
}

// T is text in a role.
func T(role themes.Role, text string) Span { return Span{Text: text, Role: role} }

// B is bold text in a role.
func B(role themes.Role, text string) Span {
	return Span{Text: text, Role: role, Attr: themes.AttrBold}
}

// State is the glyph of a state in its colour.
func State(t *themes.Theme, g themes.Glyph) Span { return T(g.Role(), t.Glyph(g)) }

// Badge is a state glyph with a count and a word, for titles: "■ 1 stuck".
// Role is that of the words: Fg where somebody must look, else Muted.
func Badge(t *themes.Theme, g themes.Glyph, role themes.Role, words string) []Span {
	return []Span{State(t, g), T(role, " "+words)}
}

// part is a span ready to draw: sanitised and measured.
type part struct {
	Span
	w int
}

func measure(s Span) part {
	s.Text = Sanitize(shorten(s.Text))
	return part{s, Width(s.Text)}
}

// No line shows more than so many bytes of a text, of which the end matters
// only to identities.
const (
	mostHead = 2048
	mostTail = 256
)

// shorten leaves the middle out of texts that no line has room for, so that
// drawing one does not take as long as reading it all.
func shorten(s string) string {
	if len(s) <= mostHead+mostTail {
		return s
	}
	head, tail := mostHead, len(s)-mostTail
	for head > 0 && !utf8.RuneStart(s[head]) && mostHead-head < utf8.UTFMax {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + "…" + s[tail:]
}

// Line puts one line together from spans and columns. The zero Line is empty
// and ready.
type Line struct {
	parts []part
	w     int
	bg    themes.Role // inside a box, where it differs from the box's own
}

// Add appends spans.
func (l *Line) Add(spans ...Span) *Line {
	for _, s := range spans {
		if s.Text == "" {
			continue
		}
		p := measure(s)
		l.parts = append(l.parts, p)
		l.w += p.w
	}
	return l
}

// Space appends n blanks.
func (l *Line) Space(n int) *Line {
	if n > 0 {
		l.parts = append(l.parts, part{T(themes.Fg, blanks(n)), n})
		l.w += n
	}
	return l
}

// To appends blanks up to a column, counted from the line's first cell; at
// least one where the text is there already, so that words never touch.
func (l *Line) To(col int) *Line {
	if l.w >= col && l.w > 0 {
		return l.Space(1)
	}
	return l.Space(col - l.w)
}

// Width is the number of cells so far.
func (l *Line) Width() int { return l.w }

// Reset empties the line and keeps its memory.
func (l *Line) Reset() *Line {
	l.parts, l.w = l.parts[:0], 0
	return l
}

// Render draws the line on a background, exactly width cells: filled with
// blanks, or cut with an ellipsis.
func (l *Line) Render(t *themes.Theme, bg themes.Role, width int) string {
	var b strings.Builder
	drawParts(&b, t, bg, l.parts, width, false)
	return b.String()
}

// Text draws spans as one line of exactly width cells on a background.
func Text(t *themes.Theme, bg themes.Role, width int, spans ...Span) string {
	var l Line
	return l.Add(spans...).Render(t, bg, width)
}

// Spread draws left, centre and right parts on one line of exactly width
// cells. When there is no room the centre goes first, then the left is cut.
func Spread(t *themes.Theme, bg themes.Role, width int, left, centre, right []Span) string {
	var l, c, r Line
	l.Add(left...)
	c.Add(centre...)
	r.Add(right...)
	room := width - r.w
	if room < 0 {
		return r.Render(t, bg, width)
	}
	var b strings.Builder
	mid := (width - c.w) / 2
	switch {
	case c.w > 0 && mid >= l.w+2 && mid+c.w+2 <= room:
	case c.w > 0 && l.w+3+c.w+2 <= room:
		mid = l.w + 3 // not in the middle, but there
	default:
		c.Reset()
	}
	if c.w > 0 {
		drawParts(&b, t, bg, l.parts, mid, false)
		drawParts(&b, t, bg, c.parts, room-mid, false)
	} else {
		drawParts(&b, t, bg, l.parts, room, false)
	}
	drawParts(&b, t, bg, r.parts, r.w, false)
	return b.String()
}

// drawParts writes parts in exactly width cells on bg. Text that is too long
// ends in an ellipsis; right pushes short text to the right edge.
func drawParts(b *strings.Builder, t *themes.Theme, bg themes.Role, parts []part, width int, right bool) {
	if width <= 0 {
		return
	}
	total := 0
	for _, p := range parts {
		total += p.w
	}
	if right {
		fill(b, t, bg, width-total)
	}
	left := width
	for i, p := range parts {
		if t.IsASCII() && !plainASCII(p.Text) {
			p.Text = asciiSigns.Replace(p.Text)
		}
		style := t.On(bg, p.Role).With(p.Attr)
		if p.w < left || p.w == left && onlyEmpty(parts[i+1:]) {
			style.WriteTo(b, p.Text)
			left -= p.w
			continue
		}
		text := Cut(p.Text, left-1)
		text = strings.TrimSuffix(text, "…")
		used := Width(text)
		style.WriteTo(b, text+t.Glyph(themes.GlyphEllipsis))
		left -= used + 1
		break
	}
	if !right || total > width {
		fill(b, t, bg, left)
	}
}

// asciiSigns are the signs of numbers, ranges, keys and trees, which are part
// of texts and not glyphs of the theme; each stays one cell.
var asciiSigns = strings.NewReplacer("·", ".", "−", "-", "–", "-", "…", "~", "↑", "^", "↓", "v", "←", "<", "→", ">", "├", "|", "└", "`")

func onlyEmpty(parts []part) bool {
	for _, p := range parts {
		if p.w > 0 {
			return false
		}
	}
	return true
}

// fill writes n blanks on a background.
func fill(b *strings.Builder, t *themes.Theme, bg themes.Role, n int) {
	if n <= 0 {
		return
	}
	if bg == themes.Bg {
		b.WriteString(blanks(n))
		return
	}
	t.On(bg, themes.Fg).WriteTo(b, blanks(n))
}
