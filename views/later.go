package views

import (
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Plain is a screen of a few true sentences: what stands today of a part that
// has no screen of its own yet.
type Plain struct {
	*Shared
	title         string
	note          func(*Shared) string
	lines         func(*Shared) []fact
	width, height int
}

// NewVoices says that the readings are not there yet.
func NewVoices(s *Shared) *Plain {
	return &Plain{Shared: s, title: "Voices", note: func(*Shared) string { return "" }, lines: func(*Shared) []fact {
		return []fact{{"readings", []widget.Span{widget.T(themes.Muted, "the four readings of the evidence are not built yet")}}}
	}}
}

// SetSize gives the screen exactly width by height cells.
func (p *Plain) SetSize(width, height int) { p.width, p.height = width, height }

// Refresh has nothing to do: the screen is drawn from the newest picture.
func (p *Plain) Refresh() tea.Cmd { return nil }

// Do knows no bindings.
func (p *Plain) Do(string) (tea.Cmd, bool) { return nil, false }

// Update wants no messages.
func (p *Plain) Update(tea.Msg) tea.Cmd { return nil }

// Typing is never so.
func (p *Plain) Typing() bool { return false }

// Scopes are none.
func (p *Plain) Scopes() []keymap.Scope { return nil }

// State: there is only one pane here.
func (p *Plain) State(id string) keymap.State { return alone(id) }

// View draws title and sentences.
func (p *Plain) View(focused bool) string {
	rule := widget.Rule{Title: p.title, Note: p.note(p.Shared), Focused: focused}
	parts := append([]string{rule.View(p.Theme, p.width-1), widget.Gap(p.width - 1)}, facts(p.Theme, p.width-1, p.lines(p.Shared))...)
	return widget.Fit(widget.Stack(parts...), p.width, p.height)
}
