package views

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/watch"
)

// tree draws any tree of agents, ordered as the watcher orders them.
func tree(t *rapid.T) []watch.Agent {
	var all []watch.Agent
	var grow func(parent string, level int)
	grow = func(parent string, level int) {
		n := rapid.IntRange(0, []int{4, 9, 7, 3}[level]).Draw(t, "workers")
		states := make([]watch.AgentState, n)
		for i := range states {
			states[i] = rapid.SampledFrom([]watch.AgentState{watch.Alive, watch.Alive, watch.Alive, watch.Alive, watch.Late, watch.Silent}).Draw(t, "state")
		}
		if level > 0 {
			slices.Sort(states) // those in need first
		}
		for i, state := range states {
			id := fmt.Sprintf("%s/%d", parent, i)
			all = append(all, watch.Agent{ID: id, Parent: parent, Level: level, Last: i == n-1, State: state, Beat: noon, BeatTTL: time.Minute})
			if level < 3 && rapid.Bool().Draw(t, "leads") {
				grow(id, level+1)
			}
		}
	}
	grow("", 0)
	return all
}

// folding is the model: what must be seen of one parent's workers.
func folding(all []watch.Agent, parent string) (shown []string, more int) {
	live := 0
	for _, a := range all {
		if a.Parent != parent {
			continue
		}
		leaf := !slices.ContainsFunc(all, func(b watch.Agent) bool { return b.Parent == a.ID })
		if a.State == watch.Alive && a.Level > 0 {
			if live++; leaf && live > keptLive {
				more++
				continue
			}
		}
		shown = append(shown, a.ID)
	}
	return shown, more
}

func TestFoldingHidesOnlyLiveLeavesAndCountsThem(t *testing.T) {
	s := plainStage(t)
	p := NewAgentTree(s)
	p.Fold = true
	p.SetSize(80, 400)
	rapid.Check(t, func(t *rapid.T) {
		s.Snap = picture()
		s.Snap.Agents = tree(t)
		p.Refresh()
		rows := p.visible()
		parents := map[string]bool{"": true}
		for _, a := range s.Snap.Agents {
			parents[a.ID] = true
			if a.State != watch.Alive && !slices.ContainsFunc(rows, func(r agentRow) bool { return r.ID == a.ID }) {
				t.Fatalf("%s is %s and hidden", a.ID, a.State)
			}
		}
		for parent := range parents {
			shown, more := folding(s.Snap.Agents, parent)
			var got []string
			line := -1
			for i, r := range rows {
				switch {
				case r.Parent != parent:
				case r.more > 0:
					if line >= 0 || r.more != more {
						t.Fatalf("below %q %d more are told, not %d", parent, r.more, more)
					}
					line = i
				default:
					got = append(got, r.ID)
					if line >= 0 {
						t.Fatalf("%s stands behind the rest of its family", r.ID)
					}
				}
			}
			if !slices.Equal(got, shown) || (line >= 0) != (more > 0) {
				t.Fatalf("below %q stand %v and %d more, not %v", parent, got, more, shown)
			}
			if line < 0 {
				continue
			}
			// The line ends the family: what follows belongs to somebody above.
			if line+1 < len(rows) && rows[line+1].Level >= rows[line].Level {
				t.Fatalf("%s follows the rest of %q", rows[line+1].ID, parent)
			}
			if !rows[line].last {
				t.Fatal("the line has no corner")
			}
		}
		view := plain(p.View(true))
		for _, r := range rows {
			want := r.ID
			if r.more > 0 {
				want = fmt.Sprintf("… %d more live", r.more)
			}
			if !strings.Contains(view, want) {
				t.Fatalf("%q is not drawn:\n%s", want, view)
			}
		}
	})
}

func TestOnlyOneWorkerOfAFamilyHasTheCorner(t *testing.T) {
	s := plainStage(t)
	p := NewAgentTree(s)
	p.Fold = true
	rapid.Check(t, func(t *rapid.T) {
		s.Snap = picture()
		s.Snap.Agents = tree(t)
		p.Refresh()
		corners := map[string]int{}
		families := map[string]bool{}
		for _, r := range p.visible() {
			families[r.Parent] = true
			if r.last {
				corners[r.Parent]++
			}
		}
		for parent := range families {
			if corners[parent] != 1 {
				t.Fatalf("%q has %d corners", parent, corners[parent])
			}
		}
	})
}

// household is a coordinator with ten workers, of which the first is silent.
func household() *watch.Snapshot {
	s := picture()
	add := func(id, parent string, level int, state watch.AgentState) {
		s.Agents = append(s.Agents, watch.Agent{ID: id, Parent: parent, Level: level, State: state, Beat: noon, BeatTTL: time.Minute})
	}
	add("boss", "", 0, watch.Alive)
	for i := range 10 {
		state := watch.Alive
		if i == 0 {
			state = watch.Silent
		}
		add(fmt.Sprintf("worker_%d", i), "boss", 1, state)
	}
	s.Agents[10].Last = true
	add("other", "", 0, watch.Alive)
	s.Agents[11].Last = true
	return s
}

func agentScreen(t *testing.T) *Agents {
	s := plainStage(t)
	s.Snap = household()
	a := NewAgents(s)
	a.SetSize(120, 30)
	a.Refresh()
	return a
}

func TestWorkersAreFoldedByHandAndFoundAgain(t *testing.T) {
	a := agentScreen(t)
	do(t, a, "agents.fold")
	if view := plain(a.View(true)); strings.Contains(view, "worker_3") || !strings.Contains(view, "other") {
		t.Fatalf("not folded:\n%s", view)
	}
	do(t, a, "agents.unfold")
	if view := plain(a.View(true)); !strings.Contains(view, "worker_3") {
		t.Fatalf("not unfolded:\n%s", view)
	}
	do(t, a, "agents.fold")
	a.Select("worker_7")
	if got := a.tree.selected().ID; got != "worker_7" {
		t.Errorf("what is folded away cannot be selected: %s", got)
	}
	if a.State("agents.fold").Enabled {
		t.Error("a worker without workers can be folded")
	}
	a.Select("nobody")
	if got := a.tree.selected().ID; got != "worker_7" {
		t.Errorf("an agent that is not there moved the bar to %s", got)
	}
}

func TestAFilterFindsWhatIsFolded(t *testing.T) {
	a := agentScreen(t)
	do(t, a, "agents.fold", "list.filter")
	typed(a, "worker_9")
	if view := plain(a.View(true)); !strings.Contains(view, "1 of 12") {
		t.Errorf("folded workers are not found:\n%s", view)
	}
	do(t, a, "list.back")
	if got := len(a.tree.rows.shown); got != 2 {
		t.Errorf("%d rows after the filter, not 2", got)
	}
	p := NewAgentTree(a.Shared)
	p.Fold = true
	p.SetSize(80, 20)
	p.Refresh()
	do(t, p, "list.filter")
	typed(p, "worker_9")
	if len(p.rows.shown) != 1 {
		t.Errorf("what Pulse folds is not found: %d", len(p.rows.shown))
	}
	p.Update(key(tea.KeyEnter))
	do(t, p, "list.back")
	if view := plain(p.View(true)); !strings.Contains(view, "… 6 more live") {
		t.Errorf("not folded again:\n%s", view)
	}
}

func TestTheLineOfTheRestOpensTheirParent(t *testing.T) {
	s := plainStage(t)
	s.Snap = household()
	p := NewPulse(s)
	p.SetSize(160, 50)
	p.Refresh()
	p.agents.table.Select("more\x00boss")
	cmd, _ := p.agents.Do("list.open")
	if got := told[Go](t, cmd); got != (Go{"screen.agents", "boss"}) {
		t.Errorf("it goes to %+v", got)
	}
}

func TestADeepTreeKeepsItsNames(t *testing.T) {
	s := plainStage(t)
	s.Snap = picture()
	parent := ""
	for i := range 60 {
		id := fmt.Sprintf("haiku_worker_of_a_long_name_%04d", i)
		s.Snap.Agents = append(s.Snap.Agents, watch.Agent{ID: id, Parent: parent, Level: i, Last: true, State: watch.Alive, Beat: noon, BeatTTL: time.Minute})
		parent = id
	}
	p := NewAgentTree(s)
	for _, w := range []int{50, 79, 120} {
		p.SetSize(w, 70)
		p.Refresh()
		view := plain(p.View(true))
		for i := range 60 {
			if end := fmt.Sprintf("%04d", i); !strings.Contains(view, end) {
				t.Fatalf("at %d the end of the name …%s is lost:\n%s", w, end, view)
			}
		}
	}
}

func TestTheDetailOfAnAgentTellsWhatIsKnown(t *testing.T) {
	a := agentScreen(t)
	a.Snap.Agents[1].Claims = []string{"task_a", "task_b"}
	for _, id := range a.Snap.Agents[1].Claims {
		a.Snap.Agents[1].Holds = append(a.Snap.Agents[1].Holds, watch.Claim{Task: id, Since: noon, Until: noon.Add(time.Minute)})
	}
	a.Snap.Faults = []watch.Fault{{Kind: watch.AgentSilent, Key: "agents:worker_0", Detail: "no heartbeat"}}
	view := plain(a.View(true))
	for _, want := range []string{"○ 1 silent", "● 9 live", "holds none"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is missing:\n%s", want, view)
		}
	}
	do(t, a, "list.down", "list.open")
	view = plain(a.View(true))
	for _, want := range []string{"task_a", "task_b", "agent silent: no heartbeat", "its key has ended", "boss"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is missing:\n%s", want, view)
		}
	}
}
