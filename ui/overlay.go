package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/ui/widget"
	"github.com/infrafabric/ifpacket/views"
)

// overlay is what stands over the screen and takes every key while it does.
type overlay interface {
	update(m *model, msg tea.Msg) tea.Cmd
	// draw lays the overlay over a page.
	draw(m *model, page string) string
}

// ask is a dialog before an act that changes something.
type ask struct {
	dialog *widget.Confirm
	of     views.Ask
}

// newAsk opens the dialog; it wants another key than the one pressed last.
func newAsk(a views.Ask, pressed string, now time.Time) *ask {
	dialog := widget.NewConfirm(a.Title, a.Verb, max(a.Count, 1), pressed, now, a.Body...)
	if len(a.Fields) > 0 {
		dialog.Check = a.Check
		dialog.Fill(a.Fields...)
	}
	return &ask{dialog, a}
}

func (a *ask) update(m *model, msg tea.Msg) tea.Cmd {
	switch a.dialog.Update(m.shared.Keys, msg, m.shared.Now) {
	case widget.Confirmed:
		m.overlay = nil
		if a.of.Filled != nil {
			return a.of.Filled(a.dialog.Value)
		}
		return a.of.Yes
	case widget.Cancelled:
		m.overlay = nil
	}
	return nil
}

func (a *ask) draw(m *model, page string) string {
	return widget.Place(page, a.dialog.View(m.theme, min(m.width-4, 72)), m.width, m.height)
}

// pick is a list to choose from.
type pick struct {
	picker *widget.Picker
	of     views.Pick
}

func newPick(p views.Pick, now time.Time) *pick {
	for i := range p.Choices { // the picker gives back what was chosen, by its number
		p.Choices[i].ID = itoa(i)
	}
	return &pick{widget.NewPicker(p.Title, p.Choices, now), p}
}

func (p *pick) update(m *model, msg tea.Msg) tea.Cmd {
	answer, cmd := p.picker.Update(m.shared.Keys, msg, m.shared.Now)
	switch answer {
	case widget.Confirmed:
		m.overlay = nil
		if c, ok := p.picker.Selected(); ok {
			return tea.Batch(cmd, p.of.Chosen(atoi(c.ID)))
		}
	case widget.Cancelled:
		m.overlay = nil
	}
	return cmd
}

func (p *pick) draw(m *model, page string) string {
	return widget.Place(page, p.picker.View(m.theme, min(m.width-4, 72), m.height-6), m.width, m.height)
}

// newPalette offers every action that has a place here, and every screen.
func newPalette(m *model) *pick {
	var ids []string
	var choices []widget.Choice
	for _, scope := range m.scopes() {
		for _, b := range m.shared.Keys.Bindings() {
			if b.Scope != scope || scope == keymap.List || b.ID == "palette" {
				continue
			}
			choice := widget.Choice{Title: b.Help, Detail: b.Description, Key: b.KeyLabel()}
			if s := m.state(b.ID); !s.Enabled {
				choice.Reason = s.Reason
			}
			ids, choices = append(ids, b.ID), append(choices, choice)
		}
	}
	return newPick(views.Pick{Title: "Command", Choices: choices, Chosen: func(i int) tea.Cmd {
		cmd, _ := m.do(ids[i])
		return cmd
	}}, m.shared.Now)
}

// help lists every key that works on the screen in sight, as it is now: while
// text is typed, not those that type.
type help struct{ list *widget.Help }

func newHelp(m *model) *help {
	return &help{widget.NewHelp(m.keys().Help(m.scopes(), m.state))}
}

func (h *help) update(m *model, msg tea.Msg) tea.Cmd {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	b, ok := m.shared.Keys.Match([]keymap.Scope{keymap.List, keymap.Global}, key.String())
	switch {
	case !ok:
	case b.ID == "help" || b.ID == "list.back" || b.ID == "quit":
		m.overlay = nil
	default:
		h.list.Do(b.ID)
	}
	return nil
}

// draw puts the help in the place of the screen, between head and foot.
func (h *help) draw(m *model, page string) string {
	top := 2
	height := m.height - top - 1
	rule := widget.Rule{Title: "Help", Note: m.screens[m.active].title, Focused: true,
		Badges: [][]widget.Span{{widget.T(accent, "esc"), widget.T(muted, " closes")}}}
	h.list.SetSize(m.width-1, height-2)
	view := widget.Stack(rule.View(m.theme, m.width-1), widget.Gap(m.width-1), h.list.View(m.theme))
	return widget.Overlay(page, widget.Fit(view, m.width, height), 0, top)
}
