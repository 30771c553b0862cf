package views

import (
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// WideFrom is the width from which screens have two columns.
const WideFrom = 110

// Gutter is the space between two columns.
const Gutter = 1

// Pulse shows all live panes at once.
type Pulse struct {
	*Shared
	queues     *QueueList
	agents     *AgentTree
	carcel     *CarcelList
	lineage    *LineageList
	throughput *Throughput

	focus         int
	zoomed        bool
	width, height int
}

// NewPulse makes the screen.
func NewPulse(s *Shared) *Pulse {
	p := &Pulse{
		Shared: s, queues: NewQueueList(s), agents: NewAgentTree(s), carcel: NewCarcelList(s),
		lineage: newLineageDigest(s), throughput: NewThroughput(s),
	}
	p.agents.Fold = true
	return p
}

// panes are those that take the focus, in the order of tab: as they stand on
// the screen.
func (p *Pulse) panes() []Pane {
	if p.wide() {
		return []Pane{p.queues, p.agents, p.carcel, p.lineage}
	}
	return []Pane{p.carcel, p.queues, p.agents, p.lineage}
}

func (p *Pulse) wide() bool { return p.width >= WideFrom }

func (p *Pulse) focused() Pane { return p.panes()[p.focus] }

// SetSize gives the screen exactly width by height cells.
func (p *Pulse) SetSize(width, height int) {
	before := p.focused()
	p.width, p.height = width, height
	for i, pane := range p.panes() { // the order changes with the width
		if pane == before {
			p.focus = i
		}
	}
	narrow := !p.wide() && !p.zoomed
	p.queues.bare, p.agents.bare, p.carcel.bare, p.lineage.bare = narrow, narrow, narrow, narrow
	for _, l := range []*widget.Table{&p.queues.table, &p.agents.table, &p.carcel.table, &p.lineage.table} {
		l.Footless = narrow
	}
	if p.zoomed {
		p.focused().SetSize(width-1, height)
		return
	}
	if p.wide() {
		p.layoutWide()
	} else {
		p.layoutNarrow()
	}
}

// layoutWide has two rows of two panes, and the throughput below.
func (p *Pulse) layoutWide() {
	left, right := widget.Split(p.width, Gutter, 53)
	graph := min(max(p.height/4, 4), 10)
	rest := p.height - graph - 2 // two blank lines between the three
	top := (rest + 1) / 2
	p.queues.SetSize(left, top)
	p.agents.SetSize(right, top)
	p.carcel.SetSize(left, rest-top)
	p.lineage.SetSize(right, rest-top)
	p.throughput.SetSize(p.width-1, graph)
}

// layoutNarrow has one column: what waits for a person first. The carcel
// takes no more than it has, the lineage no more than what is bad in it.
func (p *Pulse) layoutNarrow() {
	w := p.width - 1
	rest := p.height - 1 // the throughput is one line
	carcel := 1 + min(max(len(p.Snap.Carcel.Entries()), 1), 5)
	lineage := 1 + min(max(p.lineage.bad, 1), 2)
	rest -= carcel + lineage
	queues := (rest + 1) / 2
	p.carcel.SetSize(w, carcel)
	p.queues.SetSize(w, queues)
	p.agents.SetSize(w, rest-queues)
	p.lineage.SetSize(w, lineage)
	p.throughput.SetSize(w, 1)
}

// Refresh takes the newest picture.
func (p *Pulse) Refresh() tea.Cmd {
	for _, pane := range p.panes() {
		pane.Refresh()
	}
	if !p.wide() && p.height > 0 && !p.zoomed {
		p.layoutNarrow()
	}
	return nil
}

// Do moves the focus, zooms, or hands on to the pane that has the focus.
func (p *Pulse) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "pane.next", "pane.previous":
		step := 1
		if id == "pane.previous" {
			step = len(p.panes()) - 1
		}
		p.turn((p.focus + step) % len(p.panes()))
	case "pane.zoom":
		p.zoomed = !p.zoomed
	default:
		return p.focused().Do(id)
	}
	p.SetSize(p.width, p.height)
	return p.Refresh(), true
}

// turn gives the focus to another pane.
func (p *Pulse) turn(to int) {
	if typing, ok := p.focused().(interface{ blur() }); ok && to != p.focus {
		typing.blur()
	}
	p.focus = to
}

// Update goes to the pane that has the focus.
func (p *Pulse) Update(msg tea.Msg) tea.Cmd {
	if click, ok := msg.(tea.MouseClickMsg); ok {
		p.click(click.X, click.Y)
		return nil
	}
	return p.focused().Update(msg)
}

// clickable is a pane that selects what is under the mouse.
type clickable interface{ click(y int) }

// click gives the focus to the pane under the mouse and selects its row.
func (p *Pulse) click(x, y int) {
	switch {
	case p.zoomed:
	case p.wide():
		at := 0
		if y > p.queues.height {
			at, y = 2, y-p.queues.height-1
		}
		if at == 2 && y >= p.carcel.height {
			return // the throughput
		}
		if x > p.queues.width {
			at++
		}
		p.turn(at)
	default:
		at := -1
		for i, h := range []int{p.carcel.height, p.queues.height, p.agents.height, p.lineage.height} {
			if y < h {
				at = i
				break
			}
			y -= h
		}
		if at < 0 {
			return
		}
		p.turn(at)
	}
	if pane, ok := p.focused().(clickable); ok {
		pane.click(y)
	}
}

// Typing reports whether a filter is being typed.
func (p *Pulse) Typing() bool { return p.focused().Typing() }

// Scopes are those of the pane that has the focus.
func (p *Pulse) Scopes() []keymap.Scope { return p.focused().Scopes() }

// State asks the pane that has the focus.
func (p *Pulse) State(id string) keymap.State { return p.focused().State(id) }

// View draws the panes.
func (p *Pulse) View(bool) string {
	if p.zoomed {
		return margin(p.focused().View(true))
	}
	on := p.focused()
	draw := func(pane Pane) string { return pane.View(pane == on) }
	if !p.wide() {
		return margin(widget.Stack(draw(p.carcel), draw(p.queues), draw(p.agents), draw(p.lineage), p.throughput.View(false)))
	}
	pair := func(a, b Pane, wa, wb int) string {
		return widget.Columns(Gutter, widget.Block{View: draw(a), Width: wa}, widget.Block{View: draw(b), Width: wb})
	}
	return margin(widget.Stack(
		pair(p.queues, p.agents, p.queues.width, p.agents.width),
		widget.Gap(p.width-1),
		pair(p.carcel, p.lineage, p.carcel.width, p.lineage.width),
		widget.Gap(p.width-1),
		p.throughput.View(false),
	))
}
