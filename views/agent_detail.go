package views

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Agents is the screen of all agents with the life of the selected one.
type Agents struct {
	split
	tree   *AgentTree
	detail *agentDetail
}

// NewAgents makes the screen.
func NewAgents(s *Shared) *Agents {
	a := &Agents{tree: NewAgentTree(s)}
	a.tree.long = true
	a.tree.table.SetColumns(
		widget.Column{Title: "agent", Width: 20, Flex: 1, Middle: true},
		widget.Column{Title: "beat", Width: beatWidth, Drop: 2},
		widget.Column{Title: "age", Width: 6, Right: true, Gap: 1},
		widget.Column{Title: "state", Width: 18, Flex: 1, Drop: 1},
		widget.Column{Title: "done/m", Width: 6, Right: true, Gap: 1, Drop: 3},
		widget.Column{Title: "msgs", Width: 5, Right: true, Gap: 1, Drop: 4},
		widget.Column{Title: "context", Width: 7, Right: true, Gap: 1, Drop: 5},
	)
	a.detail = newAgentDetail(s, a.tree)
	a.split = split{Shared: s, list: a.tree, side: a.detail, share: 55}
	return a
}

// Select puts the bar on an agent.
func (a *Agents) Select(id string) { a.tree.reveal(id) }

// Do acts on the selected agent, from the detail too, or hands on.
func (a *Agents) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "agents.fold", "agents.unfold", "list.copy":
		cmd, done := a.tree.Do(id)
		return tea.Batch(cmd, a.side.Refresh()), done
	case "agents.message":
		return a.message(), true
	case "agents.requeue":
		return a.requeue(), true
	case "agents.reap":
		return a.reap(), true
	case "agents.context":
		if a.detail.reader != nil {
			a.detail.reader = nil
			return nil, true
		}
		cmd := a.detail.openContext()
		a.turn(true)
		return cmd, true
	}
	return a.split.Do(id)
}

// Update takes keys, and the outcome of what was done.
func (a *Agents) Update(msg tea.Msg) tea.Cmd {
	if m, ok := msg.(agentActed); ok {
		a.detail.stale()
		return tea.Batch(send(m.toast), a.detail.Refresh())
	}
	return a.split.Update(msg)
}

// State says whether an act is possible now.
func (a *Agents) State(id string) keymap.State {
	switch id {
	case "agents.fold", "agents.unfold", "list.copy":
		return a.tree.State(id)
	case "agents.message", "agents.requeue", "agents.reap", "agents.context":
		return a.allows(id)
	}
	return a.split.State(id)
}

// agentDetail is the selected agent at length: what the picture has of it, and
// what was read of it besides.
type agentDetail struct {
	*Shared
	tree     *AgentTree
	id       string     // of the agent that is shown, "" for none
	read     *agentRead // what was read of it; nil while nothing is
	question string     // what read answers
	pending  bool       // an answer is on its way
	number   int        // of the question, so that only the last one counts
	reader   *contextReader
	rule     widget.Rule
	scroll
	width, height int
}

func newAgentDetail(s *Shared, tree *AgentTree) *agentDetail {
	return &agentDetail{Shared: s, tree: tree}
}

// SetSize gives the detail exactly width by height cells.
func (d *agentDetail) SetSize(width, height int) {
	d.width, d.height = width, height
	if d.reader != nil {
		d.reader.setWidth(width)
	}
}

// agent is the one that is shown; nil when none is.
func (d *agentDetail) agent() *watch.Agent {
	if sel := d.tree.selected(); sel != nil && sel.more == 0 {
		return sel.Agent
	}
	return nil
}

// Refresh shows the selected agent.
func (d *agentDetail) Refresh() tea.Cmd {
	a := d.agent()
	if a == nil {
		d.id, d.read, d.reader = "", nil, nil
		return nil
	}
	if a.ID != d.id {
		d.id, d.read, d.question, d.pending, d.top, d.reader = a.ID, nil, "", false, 0, nil
		d.number++
	}
	return d.ask(a)
}

// Leave keeps the place and closes the context.
func (d *agentDetail) Leave() { d.reader = nil }

// Typing is never so.
func (d *agentDetail) Typing() bool { return false }

// Scopes are those of the agents and of a list, for scrolling.
func (d *agentDetail) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Agents, keymap.List} }

// State: a detail scrolls, and there is nothing below it.
func (d *agentDetail) State(id string) keymap.State {
	switch id {
	case "list.open":
		return keymap.Off("it is open")
	case "list.filter":
		return keymap.Off("a detail has no filter")
	}
	return keymap.On
}

func (d *agentDetail) room() int { return max(d.height-2, 1) }

// Do scrolls, here or through the context.
func (d *agentDetail) Do(id string) (tea.Cmd, bool) {
	if d.reader != nil {
		if id == "list.back" {
			d.reader = nil
			return nil, true
		}
		return d.reader.do(d, id)
	}
	return nil, d.do(id, d.room())
}

// View draws title and sections, or the context.
func (d *agentDetail) View(focused bool) string {
	d.rule = widget.Rule{Title: "Agent", Focused: focused}
	a := d.agent()
	if a == nil {
		return widget.Stack(d.rule.View(d.Theme, d.width), widget.Empty(d.Theme, d.width, d.height-1, "no agent is selected"))
	}
	if d.reader != nil {
		return d.reader.view(d, focused)
	}
	l := agentLook(a.State)
	d.rule.Title, d.rule.Note = a.ID, a.Role
	lines := d.page(a).lines
	from, to, badge := d.window(len(lines), d.room())
	d.rule.Badges = append(d.rule.Badges, badge...)
	d.rule.Badges = append(d.rule.Badges, widget.Badge(d.Theme, l.glyph, l.word, a.State.String()))
	parts := []string{d.rule.View(d.Theme, d.width), widget.Gap(d.width)}
	for i := from; i < to; i++ {
		parts = append(parts, lines[i].Render(d.Theme, themes.Bg, d.width))
	}
	return widget.Fit(widget.Stack(parts...), d.width, d.height)
}

func (d *agentDetail) beat(a *watch.Agent, l look) []widget.Span {
	if a.Beat.IsZero() {
		return []widget.Span{widget.T(themes.Bad, "never seen")}
	}
	if a.State == watch.Silent {
		return []widget.Span{widget.T(themes.Bad, beatAge(d.Now, a.Beat)+" ago"), widget.T(themes.Muted, "   its key has ended")}
	}
	role := themes.Fg
	if a.State == watch.Late {
		role = l.word
	}
	filled, track := widget.HeartbeatBar(d.Theme, d.Now.Sub(a.Beat), a.BeatTTL, 16)
	return []widget.Span{
		widget.T(role, widget.PadLeft(beatAge(d.Now, a.Beat), widget.AgeWidth)+" ago "), filled, track,
		widget.T(themes.Muted, " of "+widget.AgeWhole(a.BeatTTL)),
	}
}

// workers counts those below an agent, by their state.
func (d *agentDetail) workers(id string) []widget.Span {
	var counts [watch.Alive + 1]int
	for i := range d.Snap.Agents {
		if d.Snap.Agents[i].Parent == id {
			counts[d.Snap.Agents[i].State]++
		}
	}
	var out []widget.Span
	for s := watch.Silent; s <= watch.Alive; s++ {
		if counts[s] == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, widget.T(themes.Muted, "   "))
		}
		out = append(out, widget.Badge(d.Theme, agentLook(s).glyph, themes.Fg, strconv.Itoa(counts[s])+" "+s.String())...)
	}
	if out == nil {
		return []widget.Span{widget.T(themes.Muted, "none")}
	}
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
