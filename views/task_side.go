package views

import (
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/keymap"
)

// insideSide is what is inside the selected queue: values, or the tasks of a
// queue of tasks.
type insideSide struct {
	values *queueDetail
	tasks  *taskDetail
}

func (s *insideSide) shown() detail {
	if s.tasks.mine() {
		return s.tasks
	}
	return s.values
}

// SetSize gives both their size: either may be shown next.
func (s *insideSide) SetSize(width, height int) {
	s.values.SetSize(width, height)
	s.tasks.SetSize(width, height)
}

// Refresh asks for the one that is shown.
func (s *insideSide) Refresh() tea.Cmd { return s.shown().Refresh() }

// Do hands on to the one that is shown.
func (s *insideSide) Do(id string) (tea.Cmd, bool) { return s.shown().Do(id) }

// Update gives keys to the one that is shown, answers to both.
func (s *insideSide) Update(msg tea.Msg) tea.Cmd {
	switch msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg:
		return s.shown().Update(msg)
	}
	return tea.Batch(s.values.Update(msg), s.tasks.Update(msg))
}

// View draws the one that is shown.
func (s *insideSide) View(focused bool) string { return s.shown().View(focused) }

// Scopes are those of the one that is shown.
func (s *insideSide) Scopes() []keymap.Scope { return s.shown().Scopes() }

// Typing asks the one that is shown.
func (s *insideSide) Typing() bool { return s.shown().Typing() }

// State asks the one that is shown.
func (s *insideSide) State(id string) keymap.State { return s.shown().State(id) }

// Leave leaves both.
func (s *insideSide) Leave() {
	s.values.Leave()
	s.tasks.Leave()
}

func (s *insideSide) click(y int) {
	if s.tasks.mine() {
		s.tasks.click(y)
		return
	}
	s.values.click(y)
}

func (s *insideSide) blur() {
	s.values.blur()
	s.tasks.blur()
}
