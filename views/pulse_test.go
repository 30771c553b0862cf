package views

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/watch"
)

func pulse(t testing.TB, w, h int) *Pulse {
	s := plainStage(t)
	s.Snap = household()
	s.Snap.Queues = numbered(30)
	var held []*carcel.Entry
	var rows []lineage.Row
	for i := range 7 {
		held = append(held, &carcel.Entry{SHA: strings.Repeat(string(rune('a'+i)), 64), TrackingID: string(rune('a' + i)), Primitive: fmt.Sprintf("prim.%d", i), Decision: governance.Blocked})
		rows = append(rows, lineage.Row{Seq: uint64(i + 1), At: noon, TrackingID: fmt.Sprintf("id-%d", i), Verdict: seal.Verdict{Overall: seal.Verified}})
	}
	s.Snap.Carcel.Table = carcel.NewTable(held...)
	s.Lineage = &lineage.Picture{Version: 1, Rows: rows}
	p := NewPulse(s)
	p.SetSize(w, h)
	p.Refresh()
	return p
}

// focused is the title of the pane whose rule is heavy.
func focusedTitle(t testing.TB, p *Pulse) string {
	t.Helper()
	found := ""
	for line := range strings.SplitSeq(plain(p.View(true)), "\n") {
		for _, title := range []string{"Queues", "Agents", "Carcel", "Lineage"} {
			at := strings.Index(line, title)
			if at < 0 {
				continue
			}
			rest := line[at:]
			if next := strings.Index(rest, "  Agents"); next > 0 {
				rest = rest[:next]
			}
			if next := strings.Index(rest, "  Lineage"); next > 0 {
				rest = rest[:next]
			}
			if strings.Contains(rest, "━━") && !strings.Contains(rest, "idle") {
				if found != "" {
					t.Fatalf("%s and %s both have the focus", found, title)
				}
				found = title
			}
		}
	}
	return found
}

func TestTabGoesRoundThePanesAsTheyStand(t *testing.T) {
	for _, c := range []struct {
		width int
		order string
	}{{160, "Carcel Lineage Queues Agents Carcel"}, {80, "Carcel Queues Agents Lineage Carcel"}} {
		p := pulse(t, c.width, 30)
		order := strings.Fields(c.order)
		for i, want := range order {
			if got := focusedTitle(t, p); got != want {
				t.Errorf("at %d the focus is on %s, not on %s", c.width, got, want)
			}
			if i+1 < len(order) {
				do(t, p, "pane.next")
			}
		}
		for i := len(order) - 1; i >= 0; i-- {
			if got := focusedTitle(t, p); got != order[i] {
				t.Errorf("backwards at %d the focus is on %s, not on %s", c.width, got, order[i])
			}
			do(t, p, "pane.previous")
		}
	}
}

func TestTheFocusIsKeptOnResize(t *testing.T) {
	p := pulse(t, 160, 30)
	for range 4 {
		do(t, p, "pane.next")
		want := p.focused()
		for _, w := range []int{80, 160, 109, 110, 200} {
			p.SetSize(w, 30)
			if p.focused() != want {
				t.Fatalf("the focus moved at width %d", w)
			}
		}
	}
}

func TestZoomGivesAPaneTheScreenAndBack(t *testing.T) {
	for _, w := range []int{80, 160} {
		p := pulse(t, w, 20)
		for range 4 {
			do(t, p, "pane.next")
			before, title := plain(p.View(true)), focusedTitle(t, p)
			do(t, p, "pane.zoom")
			view := plain(p.View(true))
			for _, other := range []string{"Queues  ", "Agents  ", "Carcel  ", "Lineage  ", "Throughput"} {
				if strings.Contains(view, other) != strings.HasPrefix(other, title) {
					t.Errorf("zoomed to %s at %d:\n%s", title, w, view)
				}
			}
			if title == "Queues" && !strings.Contains(view, "1–17 of 30") || !strings.Contains(view, map[string]string{"Queues": "depth", "Agents": "beat", "Carcel": "decision", "Lineage": "evidence"}[title]) {
				t.Errorf("zoomed to %s at %d it has no heads or no foot:\n%s", title, w, view)
			}
			p.SetSize(w+1, 21)
			p.SetSize(w, 20)
			do(t, p, "pane.zoom")
			if plain(p.View(true)) != before {
				t.Errorf("at %d %s comes back from the zoom as\n%s\nnot\n%s", w, title, plain(p.View(true)), before)
			}
		}
	}
}

func TestTabWhileZoomedZoomsTheNextPane(t *testing.T) {
	p := pulse(t, 160, 30)
	do(t, p, "pane.zoom", "pane.next")
	if view := plain(p.View(true)); !strings.Contains(view, "Lineage") || strings.Contains(view, "Carcel") {
		t.Errorf("zoomed is\n%s", view)
	}
}

// TestAClickFocusesAndSelectsWhatIsThere clicks every row that is drawn.
func TestAClickFocusesAndSelectsWhatIsThere(t *testing.T) {
	for _, w := range []int{80, 100, 110, 160} {
		p := pulse(t, w, 34)
		texts := map[string]Pane{"queue:03": p.queues, "worker_2 ": p.agents, "boss": p.agents, "prim.3": p.carcel}
		for text, pane := range texts {
			view := strings.Split(plain(p.View(true)), "\n")
			for y, line := range view {
				x := strings.Index(line, text)
				if x < 0 {
					continue
				}
				p.Update(tea.MouseClickMsg{X: len([]rune(line[:x])), Y: y})
				if p.focused() != pane || !strings.Contains(barredLine(p.View(true), text), "▌") {
					t.Errorf("at %d a click on %s selects\n%s", w, text, plain(p.View(true)))
				}
			}
		}
	}
}

func barredLine(view, text string) string {
	for line := range strings.SplitSeq(plain(view), "\n") {
		if strings.Contains(line, text) && strings.Contains(line, "▌") {
			return line
		}
	}
	return ""
}

// TestAClickAnywhereIsHarmless clicks every cell, heads and gaps too.
func TestAClickAnywhereIsHarmless(t *testing.T) {
	for _, w := range []int{80, 120} {
		p := pulse(t, w, 24)
		for y := -1; y < 26; y++ {
			for x := 0; x < w; x += 3 {
				p.Update(tea.MouseClickMsg{X: x, Y: y})
			}
		}
		do(t, p, "pane.zoom")
		for y := range 24 {
			p.Update(tea.MouseClickMsg{X: 5, Y: y})
		}
	}
}

func TestAFilterIsNoLongerTypedWhereTheFocusLeft(t *testing.T) {
	p := pulse(t, 160, 30)
	do(t, p, "list.filter")
	typed(p, "p")
	do(t, p, "pane.next")
	typed(p, "xyz")
	if p.Typing() || p.carcel.Typing() || p.carcel.query.Value() != "p" {
		t.Errorf("the carcel still types %q", p.carcel.query.Value())
	}
	do(t, p, "list.filter")
	p.Update(tea.MouseClickMsg{X: 5, Y: 5})
	if p.Typing() || p.lineage.Typing() {
		t.Error("a click elsewhere leaves the filter typing")
	}
	if _, done := p.Do("list.back"); done {
		t.Error("esc clears a filter of a pane that has not the focus")
	}
}

func TestOnANarrowScreenTheCarcelTakesNoMoreThanItHas(t *testing.T) {
	p := pulse(t, 80, 20)
	rows := func() int { return p.carcel.height - 1 }
	if rows() != 5 {
		t.Errorf("7 entries take %d rows", rows())
	}
	for n, want := range map[int]int{0: 1, 1: 1, 3: 3, 5: 5} {
		next := *p.Snap
		next.Carcel.Table = carcel.NewTable(p.Snap.Carcel.Entries()[:n]...)
		whole := p.Snap
		p.Snap = &next
		p.Refresh()
		if rows() != want {
			t.Errorf("%d entries take %d rows", n, rows())
		}
		p.Snap = whole
	}
}

func TestSecondsThatAreNotKnownStayBlankInTheGraph(t *testing.T) {
	s := plainStage(t)
	p := NewThroughput(s)
	t0 := noon.Add(-watch.ThroughputSpan * time.Second)
	seconds := make([]float64, watch.ThroughputSpan)
	for i := range seconds {
		seconds[i] = 5
		if i >= 100 && i < 200 {
			seconds[i] = math.NaN()
		}
		if i >= 300 && i < 400 {
			seconds[i] = 0
		}
	}
	s.Snap.Throughput = watch.Throughput{From: t0, Dispatched: seconds}
	for _, n := range []int{6, 60, 600, 1200} {
		for i, v := range p.samples(n) {
			second := float64(i) * watch.ThroughputSpan / float64(n)
			switch {
			case second >= 100 && second+600/float64(n) <= 199:
				if v == v {
					t.Errorf("of %d cells, %d is %v and nothing is known of it", n, i, v)
				}
			case second >= 300 && second+600/float64(n) <= 400:
				if v != 0 {
					t.Errorf("of %d cells, %d is %v, not 0", n, i, v)
				}
			case second < 99 || second > 401:
				if v != 5 {
					t.Errorf("of %d cells, %d is %v, not 5", n, i, v)
				}
			}
		}
	}
	// A gap between the last known second and now grows while Redis is away.
	s.Snap.Link.State, s.Now = watch.Away, noon.Add(time.Minute)
	if cells := p.samples(60); cells[59] == cells[59] || cells[53] != 5 {
		t.Errorf("the end is %v", cells[50:])
	}
}
