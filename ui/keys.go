package ui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/atotto/clipboard"

	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
	"github.com/infrafabric/ifpacket/views"
)

// press takes a key: to the overlay, else to a binding, else to the field
// that has the focus.
func (m *model) press(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	m.pressed = key
	if key == "ctrl+c" { // the way out, whatever is open
		return tea.Quit
	}
	if m.tooSmall() {
		if key == "q" {
			return tea.Quit
		}
		return nil
	}
	if m.overlay != nil {
		return m.overlay.update(m, msg)
	}
	match := m.shared.Keys.Match
	if m.pane().Typing() {
		if key == "enter" { // it ends what is typed, and opens nothing
			return m.pane().Update(msg)
		}
		match = m.shared.Keys.MatchTyping
	}
	b, ok := match(m.scopes(), key)
	if !ok {
		return m.pane().Update(msg)
	}
	if cmd, done := m.do(b.ID); done {
		return cmd
	}
	return m.pane().Update(msg)
}

// do carries out a binding, here or on the screen in sight.
func (m *model) do(id string) (tea.Cmd, bool) {
	if s := m.state(id); !s.Enabled {
		return m.say(themes.GlyphCalm, s.Reason), true
	}
	if cmd, done := m.pane().Do(id); done {
		return cmd, true
	}
	switch id {
	case "quit":
		return tea.Quit, true
	case "help":
		m.overlay = newHelp(m)
	case "palette":
		m.overlay = newPalette(m)
	case "attention.next":
		return m.nextMatter(), true
	case "voices.ask":
		return m.askVoices(), true
	case "performance":
		return m.goTo(views.Go{Screen: "screen.activity", Select: views.PerformancePane}), true
	case "theme.next":
		return m.nextTheme(), true
	case "mouse.toggle":
		m.mouseOff = !m.mouseOff
		return m.say(themes.GlyphCalm, map[bool]string{true: "mouse off: the terminal selects text", false: "mouse on"}[m.mouseOff]), true
	case "retry":
		m.options.Engine.Watcher().Retry()
	case "demo":
		m.leaveFor = Switch{Demo: true}
		return tea.Quit, true
	case "profile":
		return m.pickProfile(), true
	default:
		for _, s := range m.screens {
			if s.id == id {
				return m.goTo(views.Go{Screen: id}), true
			}
		}
		return nil, false
	}
	return nil, true
}

func (m *model) say(g themes.Glyph, text string) tea.Cmd {
	m.toasts.Show(widget.Toast{Glyph: g, Text: text}, m.shared.Now)
	return nil
}

func (m *model) nextTheme() tea.Cmd {
	names := themes.Names()
	next := names[0]
	for i, n := range names {
		if n == m.theme.Name() {
			next = names[(i+1)%len(names)]
		}
	}
	theme, err := themes.Load(next)
	if err != nil {
		return m.say(themes.GlyphError, err.Error())
	}
	m.setTheme(theme)
	return m.say(themes.GlyphCalm, "theme "+next)
}

func (m *model) pickProfile() tea.Cmd {
	names := m.options.Profiles
	choices := make([]widget.Choice, len(names))
	for i, n := range names {
		choices[i] = widget.Choice{Title: n}
	}
	m.overlay = newPick(views.Pick{Title: "Profile", Choices: choices, Chosen: func(i int) tea.Cmd {
		m.leaveFor = Switch{Profile: names[i]}
		return tea.Quit
	}}, m.shared.Now)
	return nil
}

// copy puts text on the clipboard: through the terminal, which works over SSH
// too, and through the system where there is one.
func (m *model) copy(c views.Copy) tea.Cmd {
	m.toasts.Show(widget.Toast{Glyph: themes.GlyphOK, Text: "copied " + c.What}, m.shared.Now)
	return tea.Batch(tea.SetClipboard(c.Text), func() tea.Msg {
		_ = clipboard.WriteAll(c.Text) // where there is none, the terminal has it
		return nil
	})
}

// mouse takes a click on a tab or a row, and the wheel.
func (m *model) mouse(msg tea.MouseMsg) tea.Cmd {
	if m.tooSmall() || m.overlay != nil {
		return nil
	}
	at := msg.Mouse()
	top := m.height - m.bodyHeight() - 1
	if m.roomy() {
		top--
	}
	switch msg.(type) {
	case tea.MouseClickMsg:
		if at.Y == 1 {
			if i, ok := m.tabAt(at.X); ok {
				return m.goTo(views.Go{Screen: m.screens[i].id})
			}
			return nil
		}
		if at.Y >= top && at.Y < top+m.bodyHeight() {
			at.Y -= top
			return m.pane().Update(tea.MouseClickMsg(at))
		}
	case tea.MouseWheelMsg:
		id := map[tea.MouseButton]string{tea.MouseWheelUp: "list.up", tea.MouseWheelDown: "list.down"}[at.Button]
		if id != "" && !m.pane().Typing() {
			cmd, _ := m.pane().Do(id)
			return cmd
		}
	}
	return nil
}
