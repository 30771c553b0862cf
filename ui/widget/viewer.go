package widget

import (
	"fmt"
	"strings"

	"github.com/infrafabric/ifpacket/themes"
)

// scroller is a window over lines.
type scroller struct {
	top, left     int
	width, height int
	lines         int
}

// SetSize gives the viewer exactly width by height cells.
func (s *scroller) SetSize(width, height int) {
	s.width, s.height = max(width, 0), max(height, 0)
	s.ScrollBy(0)
}

// ScrollBy moves the window by n lines.
func (s *scroller) ScrollBy(n int) {
	s.top = min(max(s.top+n, 0), max(s.lines-s.height, 0))
}

// ScrollSideways moves the window by n cells.
func (s *scroller) ScrollSideways(n int) { s.left = max(s.left+n, 0) }

// Do performs a list binding of the keymap by its ID as scrolling, and says
// whether it was one.
func (s *scroller) Do(id string) bool {
	switch id {
	case "list.up":
		s.ScrollBy(-1)
	case "list.down":
		s.ScrollBy(1)
	case "list.pageup":
		s.ScrollBy(-max(s.height-1, 1))
	case "list.pagedown":
		s.ScrollBy(max(s.height-1, 1))
	case "list.home":
		s.ScrollBy(-s.lines)
		s.left = 0
	case "list.end":
		s.ScrollBy(s.lines)
	default:
		return false
	}
	return true
}

// Position is "1–21 of 300" when not all lines are in sight, else empty.
func (s *scroller) Position() string {
	if s.lines <= s.height {
		return ""
	}
	return Range(s.top, s.top+s.height, s.lines)
}

// Lines is the number of lines there are.
func (s *scroller) Lines() int { return s.lines }

// view draws the window; line gives the spans of one line.
func (s *scroller) view(t *themes.Theme, bg themes.Role, line func(i int) []Span) string {
	var b strings.Builder
	var l Line
	for r := range s.height {
		if r > 0 {
			b.WriteByte('\n')
		}
		l.Reset()
		if i := s.top + r; i < s.lines {
			l.Add(skipCells(line(i), s.left)...)
		}
		drawParts(&b, t, bg, l.parts, s.width, false)
	}
	return b.String()
}

// JSONView shows a pretty-printed document, coloured and harmless. Only the
// lines in sight are looked at.
type JSONView struct {
	scroller
	text []string
}

// SetText shows a document, as [PrettyJSON] gives it, from its beginning.
func (v *JSONView) SetText(pretty string) {
	v.text = strings.Split(pretty, "\n")
	v.lines, v.top, v.left = len(v.text), 0, 0
}

// View draws the lines in sight, exactly as large as SetSize said.
func (v *JSONView) View(t *themes.Theme) string {
	return v.view(t, themes.Bg, func(i int) []Span {
		return JSONSpans(clip(v.text[i], v.left+v.width))
	})
}

// HexView shows bytes: offset, hexadecimal, and what of it is ASCII.
type HexView struct {
	scroller
	data []byte
}

// SetData shows bytes from their beginning.
func (v *HexView) SetData(data []byte) {
	v.data, v.top, v.left = data, 0, 0
	v.SetSize(v.width, v.height)
}

// perLine is sixteen bytes, or eight where they do not fit.
func (v *HexView) perLine() int {
	if v.width >= 8+2+16*3+1+1+16 {
		return 16
	}
	return 8
}

// SetSize gives the view exactly width by height cells.
func (v *HexView) SetSize(width, height int) {
	v.width = width
	n := v.perLine()
	v.lines = (len(v.data) + n - 1) / n
	v.scroller.SetSize(width, height)
}

// View draws the lines in sight, exactly as large as SetSize said.
func (v *HexView) View(t *themes.Theme) string {
	return v.view(t, themes.Bg, v.Line)
}

// Line is one line of the view, for those who draw it among others.
func (v *HexView) Line(i int) []Span {
	n := v.perLine()
	row := v.data[i*n : min((i+1)*n, len(v.data))]
	var hex, text strings.Builder
	for j := range n {
		if j == n/2 {
			hex.WriteByte(' ')
		}
		if j >= len(row) {
			hex.WriteString("   ")
			continue
		}
		fmt.Fprintf(&hex, "%02x ", row[j])
		if row[j] >= 0x20 && row[j] <= 0x7e {
			text.WriteByte(row[j])
		} else {
			text.WriteByte('.')
		}
	}
	return []Span{T(faint, fmt.Sprintf("%08x  ", i*n)), T(fg, hex.String()), T(muted, " "+text.String())}
}
