package views

import (
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// sheet is a detail of facts alone, which scrolls when it is too long.
type sheet struct {
	*Shared
	rule          widget.Rule
	lines         []fact
	of            string // what it tells about: another begins at its top
	top           int
	width, height int
	none          string // what to say when nothing is selected
	scopes        []keymap.Scope
}

// SetSize gives the sheet exactly width by height cells.
func (s *sheet) SetSize(width, height int) { s.width, s.height = width, height }

// put shows the facts about something.
func (s *sheet) put(of string, lines []fact) {
	if s.of != of {
		s.of, s.top = of, 0
	}
	s.lines = lines
}

// room is how many facts are in sight.
func (s *sheet) room() int { return max(s.height-2, 1) }

// Do scrolls.
func (s *sheet) Do(id string) (tea.Cmd, bool) {
	by, scrolls := map[string]int{
		"list.up": -1, "list.down": 1, "list.pageup": -s.room(), "list.pagedown": s.room(),
		"list.home": -len(s.lines), "list.end": len(s.lines),
	}[id]
	s.top = min(max(s.top+by, 0), max(len(s.lines)-s.room(), 0))
	return nil, scrolls
}

// State: a sheet scrolls, and there is nothing below it.
func (s *sheet) State(id string) keymap.State {
	switch id {
	case "list.open":
		return keymap.Off("it is open")
	case "list.filter":
		return keymap.Off("a detail has no filter")
	}
	return keymap.On
}

// View draws title and facts.
func (s *sheet) View(focused bool) string {
	s.rule.Focused = focused
	title := s.rule.View(s.Theme, s.width)
	if len(s.lines) == 0 {
		return widget.Stack(title, widget.Empty(s.Theme, s.width, s.height-1, s.none))
	}
	s.top = min(s.top, max(len(s.lines)-s.room(), 0))
	end := min(s.top+s.room(), len(s.lines))
	parts := append([]string{title, widget.Gap(s.width)}, facts(s.Theme, s.width, s.lines[s.top:end])...)
	if more := len(s.lines) - end; more > 0 { // the last line in sight gives way
		parts[len(parts)-1] = widget.Text(s.Theme, themes.Bg, s.width,
			widget.T(themes.Faint, widget.Gap(colLabel)+"↓ "+widget.Commas(more+1)+" more lines"))
	}
	return widget.Fit(widget.Stack(parts...), s.width, s.height)
}
