package views

import (
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// detail is the side that shows the selected row of a list at length.
type detail interface {
	Pane
	// Leave is called when the side closes.
	Leave()
}

// split is a screen of a list and, beside it, the detail of what is selected.
// On a narrow screen the detail takes the place of the list once it is opened.
type split struct {
	*Shared
	list          Pane
	side          detail
	share         int  // the list's part of the width, in percent
	below         int  // the side's height where it is below the list; 0 is beside it
	inside        bool // the focus is in the detail
	zoomed        bool
	width, height int
	listW, sideW  int
	listH, sideH  int
}

func (s *split) wide() bool { return s.width >= WideFrom && !s.zoomed }

// SetSize gives the screen exactly width by height cells.
func (s *split) SetSize(width, height int) {
	s.width, s.height = width, height
	s.listW, s.sideW, s.listH, s.sideH = width-1, width-1, height, height
	switch {
	case s.wide() && s.below > 0:
		s.listH, s.sideH = max(height-s.below-1, 1), s.below
	case s.wide():
		s.listW, s.sideW = widget.Split(width, Gutter, s.share)
	}
	s.list.SetSize(s.listW, s.listH)
	s.side.SetSize(s.sideW, s.sideH)
}

// Refresh takes the newest picture, the detail after the list.
func (s *split) Refresh() tea.Cmd { return tea.Batch(s.list.Refresh(), s.side.Refresh()) }

func (s *split) focused() Pane {
	if s.inside {
		return s.side
	}
	return s.list
}

// turn gives the focus to the detail, or takes it back.
func (s *split) turn(inside bool) {
	if typing, ok := s.focused().(interface{ blur() }); ok && inside != s.inside {
		typing.blur()
	}
	s.inside = inside
}

// Do moves the focus between list and detail, or hands on.
func (s *split) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "pane.next", "pane.previous":
		s.turn(!s.inside)
		return s.side.Refresh(), true
	case "pane.zoom":
		s.zoomed = !s.zoomed
		s.SetSize(s.width, s.height)
		return s.Refresh(), true
	case "list.open":
		if !s.inside {
			s.turn(true)
			return s.side.Refresh(), true
		}
	case "list.back":
		if cmd, done := s.focused().Do(id); done {
			return cmd, true
		}
		if s.inside {
			s.turn(false)
			s.side.Leave()
			return nil, true
		}
		return nil, false
	}
	cmd, done := s.focused().Do(id)
	if done && !s.inside {
		return tea.Batch(cmd, s.side.Refresh()), true
	}
	return cmd, done
}

// Update goes to the side that has the focus, answers of commands to both.
func (s *split) Update(msg tea.Msg) tea.Cmd {
	if click, ok := msg.(tea.MouseClickMsg); ok {
		top := 0
		if s.wide() && s.below > 0 {
			if s.turn(click.Y > s.listH); s.inside {
				top = s.listH + 1
			}
		} else if s.wide() {
			s.turn(click.X > s.listW)
		}
		if pane, ok := s.focused().(clickable); ok {
			pane.click(click.Y - top)
		}
		return s.side.Refresh()
	}
	if _, key := msg.(tea.KeyPressMsg); key {
		cmd := s.focused().Update(msg)
		if !s.inside {
			cmd = tea.Batch(cmd, s.side.Refresh())
		}
		return cmd
	}
	return tea.Batch(s.list.Update(msg), s.side.Update(msg))
}

// Typing asks the side that has the focus.
func (s *split) Typing() bool { return s.focused().Typing() }

// Scopes are those of the side that has the focus.
func (s *split) Scopes() []keymap.Scope { return s.focused().Scopes() }

// State asks the side that has the focus.
func (s *split) State(id string) keymap.State { return s.focused().State(id) }

// View draws both sides, or the one that has the focus.
func (s *split) View(bool) string {
	if !s.wide() {
		return margin(s.focused().View(true))
	}
	if s.below > 0 {
		return margin(widget.Stack(s.list.View(!s.inside), widget.Gap(s.sideW), s.side.View(s.inside)))
	}
	return margin(widget.Columns(Gutter,
		widget.Block{View: s.list.View(!s.inside), Width: s.listW},
		widget.Block{View: s.side.View(s.inside), Width: s.sideW}))
}
