package views

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// beatWidth is the width of a heartbeat's bar.
const beatWidth = 8

// agentRow is an agent, or a line that stands for several that are well.
type agentRow struct {
	watch.Agent
	more int
}

// AgentTree shows the agents below their parents, those in need first. With
// Fold, workers that are well beyond the first few share a line.
type AgentTree struct {
	*list[agentRow]
	Fold   bool
	folded map[string]bool // parents whose workers are hidden by hand
}

// NewAgentTree makes the pane.
func NewAgentTree(s *Shared) *AgentTree {
	p := &AgentTree{list: newList[agentRow](s, "Agents", keymap.Agents), folded: map[string]bool{}}
	p.empty = "no agent has registered"
	p.rows.key = func(a *agentRow) string { return a.ID }
	p.rows.text = func(a *agentRow) string { return a.ID + " " + a.Role + " " + a.State.String() }
	p.rows.draw = p.row
	p.table.SetColumns(
		widget.Column{Title: "agent", Width: 24, Flex: 1, Middle: true},
		widget.Column{Title: "beat", Width: beatWidth, Drop: 2},
		widget.Column{Title: "age", Width: 6, Right: true, Gap: 1},
		widget.Column{Title: "state", Width: 17, Drop: 1},
	)
	return p
}

// Refresh takes the newest picture.
func (p *AgentTree) Refresh() tea.Cmd {
	silent, late, live := AgentCounts(p.Snap)
	p.rule.Note = widget.Commas(len(p.Snap.Agents))
	p.rule.Badges = badges(p.Theme,
		badge{themes.GlyphSilent, themes.Fg, silent, "silent"},
		badge{themes.GlyphLate, themes.Muted, late, "late"},
		badge{themes.GlyphLive, themes.Muted, live, "live"})
	p.set(p.visible())
	return nil
}

// AgentCounts counts the agents by their state.
func AgentCounts(s *watch.Snapshot) (silent, late, live int) {
	for i := range s.Agents {
		switch s.Agents[i].State {
		case watch.Silent:
			silent++
		case watch.Late:
			late++
		default:
			live++
		}
	}
	return silent, late, live
}

// keptLive is how many workers that are well stand under each parent before
// the rest is folded into a line.
const keptLive = 3

// visible are the rows that are not folded away.
func (p *AgentTree) visible() []agentRow {
	all := p.Snap.Agents
	out := make([]agentRow, 0, len(all))
	live, more := map[string]int{}, map[string]int{}
	var open []agentRow // lines that stand for the rest, due when their parent's last worker is done
	flush := func(level int) {
		for n := len(open) - 1; n >= 0 && open[n].Level >= level; n-- {
			out = append(out, open[n])
			open = open[:n]
		}
	}
	hideBelow := len(all) // levels deeper than this are folded away by hand
	for i := range all {
		a := &all[i]
		if a.Level > hideBelow {
			continue
		}
		flush(a.Level)
		hideBelow = len(all)
		if p.folded[a.ID] {
			hideBelow = a.Level
		}
		row := agentRow{Agent: *a}
		hidden := false
		if p.Fold && p.query.Value() == "" && a.Level > 0 && a.State == watch.Alive {
			live[a.Parent]++
			leaf := i+1 == len(all) || all[i+1].Level <= a.Level
			hidden = leaf && live[a.Parent] > keptLive
		}
		if hidden {
			more[a.Parent]++
		}
		if a.Last && more[a.Parent] > 0 {
			row.Last = false
			open = append(open, p.rest(*a, more[a.Parent]))
		}
		if !hidden {
			out = append(out, row)
		}
	}
	flush(0)
	return out
}

// rest is the line that stands for more live workers of a's parent.
func (p *AgentTree) rest(a watch.Agent, n int) agentRow {
	return agentRow{Agent: watch.Agent{ID: "more " + a.Parent, Parent: a.Parent, Level: a.Level, Last: true, State: watch.Alive}, more: n}
}

// Do opens an agent, or folds and unfolds its workers.
func (p *AgentTree) Do(id string) (tea.Cmd, bool) {
	a := p.selected()
	if a == nil {
		return p.list.Do(id)
	}
	switch id {
	case "list.open":
		if a.more > 0 {
			return send(Go{"screen.agents", a.Parent}), true
		}
		return send(Go{"screen.agents", a.ID}), true
	case "list.copy":
		return send(Copy{"the agent's id", a.ID}), true
	case "agents.fold":
		p.folded[a.ID] = true
		return p.Refresh(), true
	case "agents.unfold":
		delete(p.folded, a.ID)
		return p.Refresh(), true
	}
	return p.list.Do(id)
}

func agentLook(s watch.AgentState) look {
	switch s {
	case watch.Silent:
		return look{themes.GlyphSilent, themes.Bad, true}
	case watch.Late:
		return look{themes.GlyphLate, themes.Warn, false}
	}
	return look{themes.GlyphLive, themes.Muted, false}
}

func (p *AgentTree) row(a *agentRow, r *widget.Row) {
	l := agentLook(a.State)
	name := widget.T(themes.Fg, a.ID)
	if l.bold {
		name.Attr = themes.AttrBold
	}
	var lead []widget.Span // what stands before the name: branches, then the glyph
	switch {
	case a.Level == 0:
		r.Glyph(l.glyph)
	case a.Level == 1:
		r.Lead(p.branch(a))
	default:
		lead = append(lead, widget.T(themes.Border, strings.Repeat("  ", a.Level-2)), p.branch(a))
	}
	if a.more > 0 {
		r.Cell(append(lead, widget.T(themes.Faint, "… "+strconv.Itoa(a.more)+" more live"))...)
		return
	}
	if a.Level > 0 {
		lead = append(lead, widget.State(p.Theme, l.glyph), widget.T(themes.Fg, " "))
	}
	r.Cell(append(lead, name)...)
	filled, track := widget.HeartbeatBar(p.Theme, p.Now.Sub(a.Beat), a.BeatTTL, beatWidth)
	if a.State == watch.Silent {
		filled, track = widget.ProgressBar(p.Theme, 1, beatWidth, themes.Bad)
	}
	r.Cell(filled, track)
	word := widget.T(themes.Muted, age(p.Now, a.Beat))
	if a.State != watch.Alive {
		word.Role = l.word
	}
	r.Cell(word)
	r.Cell(doing(a.Agent, l)...)
}

// branch ties a worker to its parent.
func (p *AgentTree) branch(a *agentRow) widget.Span {
	glyph := themes.GlyphTee
	if a.Last {
		glyph = themes.GlyphCorner
	}
	return widget.T(themes.Border, p.Theme.Glyph(glyph)+" ")
}

// shortTask is a task's id as people read it to each other: task_1f3a.
func shortTask(id string) string {
	if head, hex, found := strings.Cut(id, "_"); found && len(hex) > 4 {
		return head + "_" + hex[:4]
	}
	return id
}

// doing is an agent's state and its work in a few words.
func doing(a watch.Agent, l look) []widget.Span {
	var state widget.Span
	switch {
	case a.State != watch.Alive:
		state = widget.T(l.word, a.State.String())
	case len(a.Claims) > 0:
		state = widget.T(themes.Muted, "busy")
	default:
		return []widget.Span{widget.T(themes.Faint, "idle")}
	}
	switch n := len(a.Claims); {
	case n == 1:
		return []widget.Span{state, widget.T(themes.Faint, " "+shortTask(a.Claims[0]))}
	case n > 1:
		return []widget.Span{state, widget.T(themes.Faint, " "+strconv.Itoa(n)+" tasks")}
	}
	return []widget.Span{state}
}
