package widget

import (
	"strings"

	"github.com/infrafabric/ifpacket/themes"
)

// Rule is the head of a pane: a title, what it counts, a rule, and badges at
// the right. Focus shows in colour and in weight.
type Rule struct {
	Title   string
	Note    string // a count or a name, behind the title
	Badges  [][]Span
	Focused bool
}

// View draws the rule in exactly width cells. Too narrow, it loses its last
// badges first, then the note, then the end of the title.
func (r Rule) View(t *themes.Theme, width int) string {
	var head, tail Line
	role, glyph, line := fg, themes.GlyphRule, border
	if r.Focused {
		role, glyph, line = accent, themes.GlyphRuleFocus, accent
	}
	head.Space(ColMark).Add(B(role, r.Title))
	if r.Note != "" {
		note := measure(T(muted, r.Note))
		if head.Width()+2+note.w+2 <= width {
			head.Space(2)
			head.parts, head.w = append(head.parts, note), head.w+note.w
		}
	}
	for _, badge := range r.Badges {
		var one Line
		one.Add(badge...)
		if one.w == 0 || head.w+1+3+1+tail.w+2+one.w > width {
			continue
		}
		if tail.w > 0 {
			tail.Space(2)
		}
		tail.parts, tail.w = append(tail.parts, one.parts...), tail.w+one.w
	}
	var b strings.Builder
	room := width - tail.w
	if tail.w > 0 {
		room--
	}
	if head.w+1 >= room {
		drawParts(&b, t, themes.Bg, head.parts, width-tail.w, false)
	} else {
		drawParts(&b, t, themes.Bg, head.parts, head.w+1, false)
		t.Style(line).WriteTo(&b, strings.Repeat(t.Glyph(glyph), room-head.w-1))
		if tail.w > 0 {
			b.WriteByte(' ')
		}
	}
	drawParts(&b, t, themes.Bg, tail.parts, tail.w, false)
	return b.String()
}
