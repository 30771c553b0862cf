package views

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Agents is the screen of all agents with the life of the selected one.
type Agents struct {
	split
	tree *AgentTree
}

// NewAgents makes the screen.
func NewAgents(s *Shared) *Agents {
	a := &Agents{tree: NewAgentTree(s)}
	a.split = split{Shared: s, list: a.tree, side: newAgentDetail(s, a.tree), share: 55}
	return a
}

// Select puts the bar on an agent.
func (a *Agents) Select(id string) { a.tree.reveal(id) }

// Do folds and copies from the detail too.
func (a *Agents) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "agents.fold", "agents.unfold", "list.copy":
		cmd, done := a.tree.Do(id)
		return tea.Batch(cmd, a.side.Refresh()), done
	}
	return a.split.Do(id)
}

// State asks the tree for what it does from the detail too.
func (a *Agents) State(id string) keymap.State {
	switch id {
	case "agents.fold", "agents.unfold", "list.copy":
		return a.tree.State(id)
	}
	return a.split.State(id)
}

type agentDetail struct {
	document
	tree *AgentTree
}

func newAgentDetail(s *Shared, tree *AgentTree) *agentDetail {
	return &agentDetail{document{
		Shared: s, none: "no agent is selected", scopes: []keymap.Scope{keymap.Agents, keymap.List},
	}, tree}
}

// Refresh shows the selected agent.
func (d *agentDetail) Refresh() tea.Cmd {
	sel := d.tree.selected()
	d.shown = sel != nil
	d.rule.Title, d.rule.Note, d.rule.Badges = "Agent", "", nil
	if sel == nil {
		return nil
	}
	a := *sel.Agent
	l := agentLook(a.State)
	d.rule.Title, d.rule.Note = a.ID, a.Role
	d.rule.Badges = [][]widget.Span{widget.Badge(d.Theme, l.glyph, l.word, a.State.String())}

	d.lines = []fact{
		{"heartbeat", d.beat(a, l)},
		textFact("parent", orNone(a.Parent)),
		{"workers", d.workers(a.ID)},
	}
	if a.Orphan {
		d.lines[1].value = append(d.lines[1].value, widget.T(themes.Warn, "   not registered"))
	}
	if !a.Registered.IsZero() {
		d.lines = append(d.lines, fact{"registered", []widget.Span{
			widget.T(themes.Fg, age(d.Now, a.Registered)+" ago"), widget.T(themes.Muted, "   "+a.Registered.Format("2006-01-02 15:04:05")),
		}})
	}
	d.lines = append(d.lines,
		textFact("inbox", widget.Commas(int(a.Inbox))+" messages wait"),
		textFact("context", widget.Size(a.Context)),
	)
	if a.Capacity > 0 {
		d.lines = append(d.lines, textFact("capacity", widget.Commas(int(a.Capacity))))
	}
	d.lines = append(d.lines, fact{})
	for i, task := range a.Claims {
		label := ""
		if i == 0 {
			label = "works on"
		}
		d.lines = append(d.lines, textFact(label, task))
	}
	if len(a.Claims) == 0 {
		d.lines = append(d.lines, fact{"works on", []widget.Span{widget.T(themes.Muted, "nothing")}})
	}
	for _, f := range d.Snap.Faults {
		if keyspace.AgentOf(f.Key) == a.ID {
			d.lines = append(d.lines, fact{"fault", []widget.Span{
				widget.State(d.Theme, themes.GlyphError), widget.T(themes.Warn, " "+string(f.Kind)+": "+f.Detail),
			}})
		}
	}
	return nil
}

func (d *agentDetail) beat(a watch.Agent, l look) []widget.Span {
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
	var counts [3]int
	for i := range d.Snap.Agents {
		if d.Snap.Agents[i].Parent == id {
			counts[d.Snap.Agents[i].State]++
		}
	}
	var out []widget.Span
	for _, s := range []watch.AgentState{watch.Silent, watch.Late, watch.Alive} {
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
