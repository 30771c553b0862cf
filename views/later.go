package views

import (
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/governance"
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

// NewLineage tells where the evidence is kept.
func NewLineage(s *Shared) *Plain {
	return &Plain{Shared: s, title: "Lineage", note: func(*Shared) string { return "" }, lines: func(s *Shared) []fact {
		return []fact{
			textFact("ledger", widget.Commas(int(s.Snap.Ledger))+" decisions recorded"),
			textFact("chains", "schema 1.1 carries a linked lineage: the Queues screen shows it"),
			{"verdicts", []widget.Span{widget.T(themes.Muted, "chains are not verified here yet")}},
		}
	}}
}

// NewCouncil tells which council sits and what it has held.
func NewCouncil(s *Shared) *Plain {
	return &Plain{Shared: s, title: "Council", note: func(s *Shared) string { return s.Engine.Policy() }, lines: func(s *Shared) []fact {
		sits := "a council judges every packet that this console dispatches"
		if s.Engine.Policy() == (governance.Unanimous{}).Revision() {
			sits = "no guardian sits: every valid packet is approved, and recorded so"
		}
		count := s.Snap.Carcel.Count
		lines := []fact{textFact("policy", s.Engine.Policy()), textFact("council", sits), {}}
		label := "held"
		for _, status := range []governance.Status{governance.CoSign, governance.Review, governance.Blocked, governance.Failed} {
			l := statusLook(status)
			glyph := widget.State(s.Theme, l.glyph)
			if count(status) == 0 {
				glyph.Role = themes.Faint
			}
			lines = append(lines, fact{label, append([]widget.Span{glyph, widget.T(themes.Fg, " "+widget.PadLeft(widget.Count(int64(count(status))), 5))},
				widget.T(themes.Muted, "  "+status.Title()))})
			label = ""
		}
		if n := len(s.Snap.Carcel.Entries()); int64(n) < s.Snap.Carcel.Length {
			lines = append(lines, fact{"", []widget.Span{widget.T(themes.Faint, "among the newest "+widget.Commas(n)+" of "+widget.Commas(int(s.Snap.Carcel.Length)))}})
		}
		return lines
	}}
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
