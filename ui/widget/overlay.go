package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/themes"
)

// Overlay lays a box over a page with its upper left corner at x, y. Only the
// lines below the box are touched. Do it before [themes.Theme.Page].
func Overlay(page, box string, x, y int) string {
	lines := strings.Split(page, "\n")
	for i, over := range strings.Split(box, "\n") {
		r := y + i
		if r < 0 || r >= len(lines) {
			continue
		}
		w := Width(over)
		left := PadRight(ansi.Truncate(lines[r], x, ""), x)
		right := ansi.TruncateLeft(lines[r], x+w, "")
		if rest := Width(lines[r]) - x - w; Width(right) > rest {
			// A wide character astride the edge leaves a blank.
			right = " " + ansi.TruncateLeft(lines[r], x+w+1, "")
		}
		lines[r] = left + "\x1b[m" + over + "\x1b[m" + right
	}
	return strings.Join(lines, "\n")
}

// Place lays a box over a page of width by height, centred and a little above
// the middle.
func Place(page, box string, width, height int) string {
	first, _, _ := strings.Cut(box, "\n")
	x := max((width-Width(first))/2, 0)
	y := max((height-strings.Count(box, "\n")-1)*2/5, 0)
	return Overlay(page, box, x, y)
}

// Box frames lines, each drawn on surface, with a title in its upper edge. It
// is width cells wide and two lines taller than its content.
func Box(t *themes.Theme, title string, width int, lines []Line) string {
	h, v, corners := "─", "│", [4]string{"╭", "╮", "╰", "╯"}
	if t.IsASCII() {
		h, v, corners = "-", "|", [4]string{"+", "+", "+", "+"}
	}
	if width < 4 {
		return ""
	}
	edge := t.On(themes.Surface, accent)
	title = Cut(Sanitize(title), width-6)
	var b strings.Builder
	top := width - 5 - Width(title)
	if title == "" {
		edge.WriteTo(&b, corners[0]+strings.Repeat(h, width-2)+corners[1])
	} else {
		edge.WriteTo(&b, corners[0]+h)
		edge.Bold().WriteTo(&b, " "+title+" ")
		edge.WriteTo(&b, strings.Repeat(h, top)+corners[1])
	}
	for i := range lines {
		b.WriteByte('\n')
		edge.WriteTo(&b, v)
		bg := themes.Surface
		if lines[i].bg != themes.Bg {
			bg = lines[i].bg
		}
		drawParts(&b, t, bg, lines[i].parts, width-2, false)
		edge.WriteTo(&b, v)
	}
	b.WriteByte('\n')
	edge.WriteTo(&b, corners[2]+strings.Repeat(h, width-2)+corners[3])
	return b.String()
}

// TooSmall is the only thing on a screen that is too small: "80x24 needed,
// 72x20 here", centred.
func TooSmall(t *themes.Theme, width, height, needW, needH int) string {
	text := itoa(needW) + "x" + itoa(needH) + " needed, " + itoa(width) + "x" + itoa(height) + " here"
	text = Cut(text, width)
	line := blanks((width-Width(text))/2) + t.Style(fg).Render(text)
	return Fit(strings.Repeat("\n", max(height-1, 0)/2)+line, width, height)
}

// Empty fills a pane that has nothing to show: what would be here, and how to
// begin.
func Empty(t *themes.Theme, width, height int, what string, how ...Span) string {
	var l Line
	view := l.Space(ColGlyph).Add(T(muted, what)).Render(t, themes.Bg, width)
	if len(how) > 0 {
		view += "\n" + l.Reset().Space(ColGlyph).Add(how...).Render(t, themes.Bg, width)
	}
	return Fit(view, width, height)
}
