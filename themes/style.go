package themes

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
)

// sgr is what goes before and after a text of one style.
type sgr struct{ pre, post string }

// Style draws text in one role on one background. It is a small value that
// can be copied and compared; making one costs nothing.
type Style struct {
	t    *Theme
	bg   Role
	role Role
	attr Attr
}

// On is the same style on another background (Bg, Surface or Select).
func (s Style) On(background Role) Style {
	if background < numBackgrounds {
		s.bg = background
	}
	return s
}

// Bold is the same style in bold.
func (s Style) Bold() Style { return s.With(AttrBold) }

// Underline is the same style underlined.
func (s Style) Underline() Style { return s.With(AttrUnderline) }

// Reverse is the same style with foreground and background exchanged: a
// block cursor.
func (s Style) Reverse() Style { return s.With(AttrReverse) }

// With adds attributes.
func (s Style) With(a Attr) Style {
	s.attr |= a & (numAttrs - 1)
	return s
}

// Render puts text between the style's sequences. Text must be one line. An
// empty text stays empty.
func (s Style) Render(text string) string {
	if text == "" || s.t == nil {
		return text
	}
	q := s.t.seq(s)
	return q.pre + text + q.post
}

// WriteTo appends the rendered text to b, for rows put together of many parts.
func (s Style) WriteTo(b *strings.Builder, text string) {
	if text == "" {
		return
	}
	if s.t == nil {
		b.WriteString(text)
		return
	}
	q := s.t.seq(s)
	b.WriteString(q.pre)
	b.WriteString(text)
	b.WriteString(q.post)
}

// Pre and Post are the sequences themselves, for callers that write several
// pieces of the same style in a row.
func (s Style) Pre() string { return s.t.seq(s).pre }

// Post ends what Pre began: it returns to fg on the page's background.
func (s Style) Post() string { return s.t.seq(s).post }

// Lip is the style for lipgloss, for dialogs and other chrome. It costs far
// more to draw than Render.
func (s Style) Lip() lipgloss.Style {
	l := lipgloss.NewStyle()
	if s.t == nil {
		return l
	}
	fg, bg, attr := s.t.resolve(s)
	if c := fg.color(); c != nil {
		l = l.Foreground(c)
	}
	if c := bg.color(); c != nil {
		l = l.Background(c)
	}
	return l.Bold(attr&AttrBold != 0).Underline(attr&AttrUnderline != 0).Reverse(attr&AttrReverse != 0)
}

// resolve decides colours and attributes of a style: the one place where
// roles and backgrounds meet.
func (t *Theme) resolve(s Style) (fg, bg paint, attr Attr) {
	role := s.role
	if role < numBackgrounds {
		role = Fg
	}
	if role == Faint && s.bg == Select {
		role = Muted // faint is too weak there: 4.0 in the dark theme
	}
	fg, bg = t.paints[role], t.paints[s.bg]
	attr = fg.attr | bg.attr | s.attr
	if t.away && role != Accent {
		attr &^= AttrBold // nothing shouts in an old picture but the focus
	}
	if bg.attr&AttrReverse != 0 && s.attr&AttrReverse != 0 {
		attr &^= AttrReverse // a cursor on a reversed row stands out by not being so
	}
	return fg, bg, attr
}

// build writes every sequence of the theme.
func (t *Theme) build() {
	t.base = wrap("0", t.paints[Fg].fg(), t.paints[Bg].bg())
	t.plain = t.base == "\x1b[0m"
	if t.plain {
		t.base = "\x1b[m"
	}
	for bg := range Role(numBackgrounds) {
		for role := range numRoles {
			for attr := range Attr(numAttrs) {
				s := Style{t, bg, role, attr}
				t.table[bg][role][attr] = t.compose(s)
			}
		}
	}
}

func (t *Theme) compose(s Style) sgr {
	fg, bg, attr := t.resolve(s)
	var on, off []string
	for _, a := range []struct {
		bit     Attr
		on, off string
	}{{AttrBold, "1", "22"}, {AttrUnderline, "4", "24"}, {AttrReverse, "7", "27"}} {
		if attr&a.bit != 0 {
			on, off = append(on, a.on), append(off, a.off)
		}
	}
	on = append(on, fg.fg())
	if s.bg != Bg && bg.bg() != "" {
		// Another background: end with the whole base, so the page comes back.
		return sgr{wrap(append(on, bg.bg())...), t.base}
	}
	// On the page only what was changed is undone; the background stays, which
	// keeps rows short. Page has set it at the start of the line.
	if fg.fg() != "" {
		back := t.paints[Fg].fg()
		if back == "" {
			back = "39"
		}
		off = append(off, back)
	}
	return sgr{wrap(on...), wrap(off...)}
}

func (t *Theme) seq(s Style) *sgr { return &t.table[s.bg][s.role][s.attr] }

// Color is the colour of a role; nil where it is the terminal's own.
func (t *Theme) Color(r Role) color.Color { return t.paints[r].color() }
