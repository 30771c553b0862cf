package views

import (
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// scroll is how far a detail is scrolled: the first of its lines in sight.
type scroll struct{ top int }

// do moves by a key, and tells whether it is one that scrolls. Where the end
// is shows when the lines are drawn.
func (s *scroll) do(id string, room int) bool {
	page := max(room-1, 1)
	step, known := map[string]int{"list.up": -1, "list.down": 1, "list.pageup": -page, "list.pagedown": page,
		"list.home": -s.top, "list.end": 1 << 30}[id]
	if known {
		s.top = max(s.top+step, 0)
	}
	return known
}

// window is the part of n lines that is in sight, and the badge that tells
// which, where it is not all.
func (s *scroll) window(n, room int) (from, to int, badge [][]widget.Span) {
	s.top = min(s.top, max(n-room, 0))
	if n > room {
		badge = [][]widget.Span{{widget.T(themes.Faint, widget.Range(s.top, s.top+room, n))}}
	}
	return s.top, min(s.top+room, n), badge
}
