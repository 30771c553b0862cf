package views

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// beatWidth is the width of a heartbeat's bar, nameRoom what branches leave of
// the column at the least.
const (
	beatWidth = 8
	nameRoom  = 16
)

// agentRow is an agent, or a line that stands for several that are well.
type agentRow struct {
	*watch.Agent
	last    bool // nothing follows it below its parent
	workers bool // some stand below it
	more    int
}

// AgentTree shows the agents below their parents, those in need first. With
// Fold, workers that are well beyond the first few share a line.
type AgentTree struct {
	*list[agentRow]
	Fold   bool
	long   bool            // the Agents screen: more columns than on Pulse
	folded map[string]bool // parents whose workers are hidden by hand
	seen   seen[watch.Agent]
}

// NewAgentTree makes the pane.
func NewAgentTree(s *Shared) *AgentTree {
	p := &AgentTree{list: newList[agentRow](s, "Agents", keymap.Agents), folded: map[string]bool{}}
	p.empty = "no agent has registered"
	p.rows.key = func(a *agentRow) string { return a.ID }
	p.rows.text = func(a *agentRow) string { return a.ID + " " + a.Role + " " + a.State.String() }
	p.rows.draw = p.row
	p.renew = p.visible
	p.table.SetColumns(
		widget.Column{Title: "agent", Width: 22, Flex: 1, Middle: true},
		widget.Column{Title: "beat", Width: beatWidth, Drop: 2},
		widget.Column{Title: "age", Width: 6, Right: true, Gap: 1},
		widget.Column{Title: "state", Width: 11, Flex: 3, Drop: 1},
	)
	return p
}

// Refresh takes the newest picture.
func (p *AgentTree) Refresh() tea.Cmd {
	if !p.seen.news(p.Snap.Agents, p.Theme) {
		return nil
	}
	silent, idle, late, live := AgentCounts(p.Snap)
	p.rule.Note = widget.Commas(len(p.Snap.Agents))
	p.rule.Badges = badges(p.Theme,
		badge{themes.GlyphSilent, themes.Fg, silent, "silent"},
		badge{themes.GlyphLate, themes.Fg, idle, "no progress"},
		badge{themes.GlyphLate, themes.Muted, late, "late"},
		badge{themes.GlyphLive, themes.Muted, live, "live"})
	p.refilter()
	return nil
}

// AgentCounts counts the agents by their state.
func AgentCounts(s *watch.Snapshot) (silent, idle, late, live int) {
	for i := range s.Agents {
		switch s.Agents[i].State {
		case watch.Silent:
			silent++
		case watch.NoProgress:
			idle++
		case watch.Late:
			late++
		default:
			live++
		}
	}
	return silent, idle, late, live
}

// keptLive is how many workers that are well stand under each parent before
// the rest is folded into a line.
const keptLive = 3

// family counts the workers of one parent while the tree is walked.
type family struct{ live, more int }

// visible are the rows that are not folded away. A filter looks at all of
// them, folded or not.
func (p *AgentTree) visible() []agentRow {
	all := p.Snap.Agents
	out := make([]agentRow, 0, min(len(all), cap(p.rows.items)+64))
	searching := p.query.Value() != ""
	families := []family{{}} // by level; one begins anew below each parent
	var open []agentRow      // lines that stand for the rest, due when their parent's last worker is done
	flush := func(level int) {
		for n := len(open) - 1; n >= 0 && open[n].Level >= level; n-- {
			out = append(out, open[n])
			open = open[:n]
		}
	}
	hideBelow := math.MaxInt // levels deeper than this are folded away by hand
	for i := range all {
		a := &all[i]
		if a.Level > hideBelow {
			continue
		}
		flush(a.Level)
		hideBelow = math.MaxInt
		if len(p.folded) > 0 && p.folded[a.ID] && !searching {
			hideBelow = a.Level
		}
		for len(families) < a.Level+2 {
			families = append(families, family{})
		}
		families[a.Level+1] = family{}
		mine := &families[a.Level]
		workers := i+1 < len(all) && all[i+1].Level > a.Level
		row, hidden := agentRow{a, a.Last, workers, 0}, false
		if p.Fold && !searching && a.Level > 0 && a.State == watch.Alive {
			mine.live++
			hidden = !workers && mine.live > keptLive
		}
		if hidden {
			mine.more++
		}
		if a.Last && mine.more > 0 {
			row.last = false
			open = append(open, p.rest(a, mine.more))
		}
		if !hidden {
			out = append(out, row)
		}
	}
	flush(0)
	return out
}

// rest is the line that stands for n more live workers of a's parent.
func (p *AgentTree) rest(a *watch.Agent, n int) agentRow {
	return agentRow{&watch.Agent{ID: "more\x00" + a.Parent, Parent: a.Parent, Level: a.Level, State: watch.Alive}, true, false, n}
}

// reveal selects an agent, also one that is folded away or filtered out.
func (p *AgentTree) reveal(id string) {
	p.choose(id)
	if _, key, ok := p.table.Selected(); ok && key == id {
		return
	}
	level := -1
	for i := range slices.Backward(p.Snap.Agents) { // parents stand before their workers
		switch a := &p.Snap.Agents[i]; {
		case a.ID == id:
			level = a.Level
		case a.Level < level:
			level = a.Level
			delete(p.folded, a.ID)
		}
	}
	p.unfilter()
	p.table.Select(id)
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
		p.refilter()
		return nil, true
	case "agents.unfold":
		delete(p.folded, a.ID)
		p.refilter()
		return nil, true
	}
	return p.list.Do(id)
}

// State: only what has workers can be folded; acts are the Agents screen's.
func (p *AgentTree) State(id string) keymap.State {
	switch id {
	case "agents.context", "agents.message", "agents.requeue", "agents.reap":
		return keymap.Moot("open the agent first")
	}
	if id == "agents.fold" || id == "agents.unfold" {
		switch a := p.selected(); {
		case a == nil:
			return keymap.Off("no agent is selected")
		case !a.workers:
			return keymap.Off("it has no workers")
		}
	}
	return p.list.State(id)
}

func agentLook(s watch.AgentState) look {
	switch s {
	case watch.Silent:
		return look{themes.GlyphSilent, themes.Bad, true}
	case watch.NoProgress:
		return look{themes.GlyphLate, themes.Warn, true}
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
		// However deep it stands, its name has room.
		deep := min(2*(a.Level-2), max(r.Width(0)-nameRoom, 0))
		lead = append(lead, widget.T(themes.Border, strings.Repeat(" ", deep)), p.branch(a))
	}
	if a.more > 0 {
		r.Cell(append(lead, widget.T(themes.Faint, "… "+strconv.Itoa(a.more)+" more live"))...)
		return
	}
	if a.Level > 0 {
		lead = append(lead, widget.State(p.Theme, l.glyph), widget.T(themes.Fg, " "))
		used := 0
		for _, s := range lead {
			used += widget.Width(s.Text)
		}
		name.Text = widget.CutMiddle(widget.Sanitize(name.Text), r.Width(0)-used)
	}
	r.Cell(append(lead, name)...)
	filled, track := widget.HeartbeatBar(p.Theme, p.Now.Sub(a.Beat), a.BeatTTL, beatWidth)
	if a.State == watch.Silent {
		filled, track = widget.ProgressBar(p.Theme, 1, beatWidth, themes.Bad)
	}
	r.Cell(filled, track)
	word := widget.T(themes.Muted, beatAge(p.Now, a.Beat))
	if a.State == watch.Silent || a.State == watch.Late {
		word.Role = l.word
	}
	r.Cell(word)
	r.Cell(p.doing(a.Agent, l)...)
	if p.long {
		r.Cell(perMinute(a.Agent))
		r.Cell(quiet(widget.Count(a.Inbox)))
		r.Cell(quiet(widget.Size(a.Context)))
	}
}

// perMinute is an agent's rate; blank where it is not known.
func perMinute(a *watch.Agent) widget.Span {
	switch {
	case math.IsNaN(a.Rate):
		return widget.T(themes.Faint, "")
	case a.Rate < 0.05:
		return widget.T(themes.Faint, widget.Zero)
	case a.Rate < 9.95:
		return widget.T(themes.Muted, strconv.FormatFloat(a.Rate, 'f', 1, 64))
	}
	return widget.T(themes.Muted, widget.Count(int64(a.Rate+0.5)))
}

// quiet is a number that says nothing of trouble.
func quiet(n string) widget.Span {
	if n == widget.Zero || n == "0" {
		return widget.T(themes.Faint, widget.Zero)
	}
	return widget.T(themes.Muted, n)
}

// beatAge is the age of a heartbeat: its tenths say nothing.
func beatAge(now, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return widget.AgeWhole(now.Sub(at))
}

// branch ties a worker to its parent.
func (p *AgentTree) branch(a *agentRow) widget.Span {
	glyph := themes.GlyphTee
	if a.last {
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
func (p *AgentTree) doing(a *watch.Agent, l look) []widget.Span {
	var state widget.Span
	switch {
	case a.State == watch.NoProgress:
		state = widget.T(l.word, a.State.String())
		return []widget.Span{state, widget.T(l.word, " "+beatAge(p.Now, a.Idle))}
	case a.State != watch.Alive:
		state = widget.T(l.word, a.State.String())
	case len(a.Claims) > 0:
		state = widget.T(themes.Muted, "busy")
	default:
		return []widget.Span{widget.T(themes.Faint, "idle")}
	}
	out := []widget.Span{state}
	switch n := len(a.Claims); {
	case n == 1:
		out = append(out, widget.T(themes.Faint, " "+shortTask(a.Claims[0])))
	case n > 1:
		out = append(out, widget.T(themes.Faint, " "+strconv.Itoa(n)+" tasks"))
	}
	if a.Stalled > 0 { // it works, but one of its tasks stands still
		out = append(out, widget.T(themes.Fg, " "), widget.State(p.Theme, themes.GlyphLate))
	}
	return out
}
