package ui

import (
	"errors"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
	"github.com/infrafabric/ifpacket/views"
)

// The least terminal that the console can be drawn in.
const (
	minWidth  = 80
	minHeight = 24
	roomyFrom = 30 // the height from which blank lines set the frame off
)

// screen is one of the nine.
type screen struct {
	id, title string
	pane      views.Pane
}

// model is the root of the console.
type model struct {
	options Options
	shared  *views.Shared
	theme   *themes.Theme // as chosen; shared.Theme is faint while Redis is away
	screens []screen
	active  int

	picture func() *watch.Snapshot // the newest
	lineage func() *lineage.Picture
	ledger  func() *ledger.State
	clock   func() time.Time

	overlay  overlay
	pressed  string    // the last key
	keyAt    time.Time // when it came, until it is drawn; zero where nothing is measured
	toasts   widget.Toasts
	mouseOff bool
	leaveFor Switch

	width, height int
	ticking       bool
	attention     int // which matter 0 goes to next
	told          told
	sealing       sealing
}

func newModel(o Options) (*model, error) {
	theme, err := loadTheme(o.Theme, o.Environ, true)
	if err != nil {
		return nil, err
	}
	m := &model{options: o, theme: theme, picture: o.Engine.Watcher().Snapshot, clock: time.Now}
	m.lineage, m.ledger = o.Engine.Feed().Picture, o.Engine.Ledger().State
	s := &views.Shared{Engine: o.Engine, Theme: theme, Keys: o.Keys, As: o.As, Snap: m.picture(), Now: m.clock(), Evidence: o.Engine, Voices: o.Engine, Measured: o.Engine.Performance}
	m.shared = s
	m.screens = []screen{
		{"screen.pulse", "Pulse", views.NewPulse(s)},
		{"screen.queues", "Queues", views.NewQueues(s)},
		{"screen.agents", "Agents", views.NewAgents(s)},
		{"screen.carcel", "Carcel", views.NewCarcel(s)},
		{"screen.lineage", "Lineage", views.NewLineage(s)},
		{"screen.compose", "Compose", views.NewCompose(s, o.StateDir)},
		{"screen.council", "Council", views.NewCouncil(s)},
		{"screen.voices", "Voices", views.NewVoices(s)},
		{"screen.activity", "Activity", views.NewActivity(s)},
	}
	return m, nil
}

// Init asks the terminal whether it is dark, where no theme was named.
func (m *model) Init() tea.Cmd {
	if m.options.Theme == "" && !noColor(m.options.Environ) {
		return tea.RequestBackgroundColor
	}
	return nil
}

// tick redraws while ages move without news: Redis is away, or a toast stands.
type tick struct{}

// Update takes a message: of the terminal, of the watcher, or an answer.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.shared.Now = m.clock()
	cmd := m.handle(msg)
	return m, tea.Batch(cmd, m.keepTime())
}

func (m *model) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return m.layout()
	case tea.BackgroundColorMsg:
		if theme, err := loadTheme(m.options.Theme, m.options.Environ, msg.IsDark()); err == nil {
			m.setTheme(theme)
		}
		return nil
	case wake:
		return m.refresh()
	case tick:
		m.ticking = false
		return m.refresh()
	case tea.KeyPressMsg:
		if m.options.Drawn != nil {
			m.keyAt = time.Now()
		}
		return m.press(msg)
	case tea.MouseMsg:
		return m.mouse(msg)
	case tea.PasteMsg:
		if m.overlay != nil {
			return m.overlay.update(m, msg)
		}
		return m.pane().Update(msg)
	case views.Go:
		return m.goTo(msg)
	case views.GoAndDo:
		return m.goAndDo(msg)
	case views.Toast:
		m.toasts.Show(widget.Toast(msg), m.shared.Now)
		return nil
	case views.Ask:
		m.overlay = newAsk(msg, m.pressed, m.shared.Now)
		return nil
	case views.Pick:
		m.overlay = newPick(msg, m.shared.Now)
		return nil
	case views.Copy:
		return m.copy(msg)
	}
	return m.broadcast(msg)
}

// broadcast gives an answer to every screen: the one that asked knows it.
func (m *model) broadcast(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, s := range m.screens {
		cmds = append(cmds, s.pane.Update(msg))
	}
	return tea.Batch(cmds...)
}

// close lets every screen keep what is not kept yet.
func (m *model) close() error {
	var errs []error
	for _, s := range m.screens {
		if c, ok := s.pane.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

func (m *model) pane() views.Pane { return m.screens[m.active].pane }

// refresh takes the newest picture to the screen in sight.
func (m *model) refresh() tea.Cmd {
	m.shared.Snap, m.shared.Lineage, m.shared.Ledger = m.picture(), m.lineage(), m.ledger()
	m.sealing.note(m.shared.Ledger, m.shared.Now)
	m.applyTheme()
	if m.width == 0 {
		return nil
	}
	return m.pane().Refresh()
}

// applyTheme makes everything faint while Redis is away.
func (m *model) applyTheme() {
	m.shared.Theme = m.theme
	if m.shared.Away() && !m.shared.Snap.Taken.IsZero() {
		m.shared.Theme = m.theme.Away()
	}
}

func (m *model) setTheme(t *themes.Theme) {
	m.theme = t
	m.applyTheme()
}

// layout gives every screen its size.
func (m *model) layout() tea.Cmd {
	for _, s := range m.screens {
		s.pane.SetSize(m.width, m.bodyHeight())
	}
	return m.refresh()
}

// roomy terminals have blank lines around the attention line and the footer.
func (m *model) roomy() bool { return m.height >= roomyFrom }

func (m *model) bodyHeight() int {
	if m.roomy() {
		return max(m.height-7, 1) // two of head, blank, attention, blank; blank, footer
	}
	return max(m.height-4, 1)
}

// goTo shows a screen and selects something on it.
func (m *model) goTo(g views.Go) tea.Cmd {
	for i, s := range m.screens {
		if s.id != g.Screen {
			continue
		}
		m.active = i
		cmd := s.pane.Refresh()
		if g.Select != "" {
			if p, ok := s.pane.(interface{ Select(string) }); ok {
				p.Select(g.Select)
			}
			cmd = tea.Batch(cmd, s.pane.Refresh())
		}
		return cmd
	}
	return nil
}

// goAndDo goes somewhere and carries out a binding there, unless the row that
// it is for is not the selected one.
func (m *model) goAndDo(g views.GoAndDo) tea.Cmd {
	cmd := m.goTo(g.Go)
	if p, ok := m.pane().(interface{ Chosen(string) bool }); g.Select != "" && (!ok || !p.Chosen(g.Select)) {
		return tea.Batch(cmd, m.say(themes.GlyphCalm, "it is not here any more, or others are marked: nothing was done"))
	}
	act, _ := m.do(g.Do)
	return tea.Batch(cmd, act)
}

// askVoices has what is selected read by the four voices.
func (m *model) askVoices() tea.Cmd {
	on := voices.Swarm
	if p, ok := m.pane().(interface{ Subject() voices.Subject }); ok {
		on = p.Subject()
	}
	return m.goTo(views.Go{Screen: "screen.voices", Select: on.String()})
}

// keepTime keeps one timer running while something on the screen ages that no
// news will redraw; a live picture is renewed every second by the watcher.
func (m *model) keepTime() tea.Cmd {
	link := m.shared.Snap.Link.State
	toast := m.toasts.Spans(m.theme, m.shared.Now) != nil
	if m.ticking || link != watch.Away && link != watch.Connecting && !toast {
		return nil
	}
	m.ticking = true
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return tick{} })
}

// scopes are those in force, narrowest first.
func (m *model) scopes() []keymap.Scope {
	return append(append([]keymap.Scope(nil), m.pane().Scopes()...), keymap.Global)
}

// keys is the map in force: while text is typed, without the keys that type.
func (m *model) keys() *keymap.Map {
	if m.pane().Typing() {
		return m.shared.Keys.Typing()
	}
	return m.shared.Keys
}

// state says whether a binding is possible now.
func (m *model) state(id string) keymap.State {
	away := m.shared.Away() || m.shared.Snap.Link.State == watch.Connecting
	switch id {
	case "retry":
		if !away {
			return keymap.Off("Redis answers")
		}
	case "profile":
		if len(m.options.Profiles) == 0 {
			return keymap.Off("the configuration names no other profile")
		}
	case "demo":
		if m.options.Name == "demo" {
			return keymap.Off("this is the demo")
		}
	}
	return m.pane().State(id)
}
