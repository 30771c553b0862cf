package views

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/watch"
)

func queueList(t testing.TB, n int) (*QueueList, *Shared) {
	s := plainStage(t)
	s.Snap = picture(numbered(n)...)
	p := NewQueueList(s)
	p.SetSize(90, 12)
	p.Refresh()
	p.View(true)
	return p, s
}

func TestTheFirstRowStaysSelectedUntilSomebodyMoves(t *testing.T) {
	p, s := queueList(t, 5)
	worse := append([]watch.Queue{queueOf("queue:stuck", 9)}, numbered(5)...)
	s.Snap = picture(worse...)
	p.Refresh()
	if got := p.selected().Key; got != "queue:stuck" {
		t.Errorf("selected is %s, not what needs a person", got)
	}
	do(t, p, "list.down", "list.up")
	s.Snap = picture(numbered(5)...)
	p.Refresh()
	s.Snap = picture(append([]watch.Queue{queueOf("queue:new", 9)}, numbered(5)...)...)
	p.Refresh()
	if got := p.selected().Key; got != "queue:00" {
		t.Errorf("selected is %s after somebody moved", got)
	}
}

// TestTheSelectionFollowsIdentity shuffles, adds and removes rows: as long as
// the selected one is there, it stays selected.
func TestTheSelectionFollowsIdentity(t *testing.T) {
	p, s := queueList(t, 8)
	rapid.Check(t, func(t *rapid.T) {
		all := numbered(rapid.IntRange(1, 30).Draw(t, "queues"))
		s.Snap = picture(all...)
		p.Refresh()
		for range rapid.IntRange(1, 10).Draw(t, "moves") {
			p.Do(rapid.SampledFrom([]string{"list.up", "list.down", "list.pagedown", "list.end", "list.home"}).Draw(t, "move"))
		}
		want := p.selected().Key
		for range 5 {
			next := rapid.Permutation(all).Draw(t, "order")
			next = next[:rapid.IntRange(1, len(next)).Draw(t, "left")]
			s.Snap = picture(next...)
			p.Refresh()
			there := false
			for _, q := range next {
				there = there || q.Key == want
			}
			got := p.selected().Key
			if there && got != want {
				t.Fatalf("selected is %s, not %s", got, want)
			}
			want = got
			if !strings.Contains(barred(p.View(true)), strings.TrimPrefix(got, "queue:")) {
				t.Fatalf("the bar is on %q, not on %s", barred(p.View(true)), got)
			}
		}
	})
}

func TestAFilterNarrowsAndEscClears(t *testing.T) {
	p, s := queueList(t, 20)
	do(t, p, "list.filter")
	typed(p, "QUEUE 1")
	if !p.Typing() || len(p.rows.shown) != 11 || !strings.Contains(plain(p.View(true)), "11 of 20") {
		t.Errorf("shown are %d of the 11 with a 1:\n%s", len(p.rows.shown), plain(p.View(true)))
	}
	typed(p, "x")
	if view := plain(p.View(true)); !strings.Contains(view, "nothing matches the filter") || !strings.Contains(view, "esc clears it") {
		t.Errorf("nothing matches:\n%s", view)
	}
	p.Update(key(tea.KeyBackspace))
	p.Update(key(tea.KeyEnter))
	if p.Typing() || len(p.rows.shown) != 11 {
		t.Error("enter does not keep the filter")
	}
	s.Snap = picture(numbered(12)...)
	p.Refresh()
	if len(p.rows.shown) != 3 {
		t.Errorf("a new picture is not filtered: %d", len(p.rows.shown))
	}
	do(t, p, "list.back")
	if len(p.rows.shown) != 12 || p.query.Shown() {
		t.Error("esc does not clear the filter")
	}
	if _, done := p.Do("list.back"); done {
		t.Error("esc is taken although there is nothing to clear")
	}
}

func TestWhatIsChosenFromElsewhereIsShownDespiteAFilter(t *testing.T) {
	s := plainStage(t)
	s.Snap = picture(numbered(5)...)
	q := NewQueues(s)
	q.SetSize(120, 30)
	q.Refresh()
	do(t, q, "list.filter")
	typed(q, "00")
	q.Select("queue:99") // is not there: nothing changes
	if !q.queues.query.Shown() {
		t.Error("a key that is not there clears the filter")
	}
	q.Select("queue:03")
	if got := q.queues.selected(); got == nil || got.Key != "queue:03" {
		t.Errorf("selected is %v", got)
	}
}

func TestCarcelEntriesThatWaitComeFirst(t *testing.T) {
	s := plainStage(t)
	held := func(id string, status governance.Status, age int) *carcel.Entry {
		return &carcel.Entry{SHA: id, TrackingID: id, Decision: status, At: noon.Add(-time.Duration(age) * time.Second)}
	}
	s.Snap = picture()
	s.Snap.Carcel = watch.Carcel{Length: 5, Table: carcel.NewTable(
		held("a", governance.Blocked, 1), held("b", governance.Review, 2), held("c", "", 3), held("d", governance.CoSign, 4), held("e", governance.Review, 5))}
	p := NewCarcelList(s)
	p.SetSize(90, 12)
	p.Refresh()
	got := ""
	for i := range p.rows.shown {
		got += (*p.rows.at(i)).TrackingID
	}
	if got != "debac" {
		t.Errorf("the order is %s: what waits comes first, of that the oldest", got)
	}
	if s.Snap.Carcel.Entries()[0].TrackingID != "a" {
		t.Error("the snapshot, which is shared, was sorted")
	}
	view := plain(p.View(true))
	for _, want := range []string{"Carcel  5", "◈ 1 co-sign  ◇ 2 review", "unknown"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is missing:\n%s", want, view)
		}
	}
}

func TestActivityFollowsAtItsEndAndElseCountsWhatIsNew(t *testing.T) {
	s := plainStage(t)
	events := func(n int) {
		s.Snap = picture()
		for i := range n {
			s.Snap.Activity = append(s.Snap.Activity, watch.Event{Seq: uint64(i + 1), At: noon, What: "dispatched", Where: "queue:a", Count: 1})
		}
	}
	events(20)
	p := NewActivityList(s)
	p.SetSize(80, 10)
	p.Refresh()
	events(30)
	p.Refresh()
	if p.selected().Seq != 30 {
		t.Errorf("it does not follow: %d", p.selected().Seq)
	}
	do(t, p, "list.up", "list.up")
	events(42)
	p.Refresh()
	if p.selected().Seq != 28 || !strings.Contains(plain(p.View(true)), "12 new") {
		t.Errorf("selected is %d:\n%s", p.selected().Seq, plain(p.View(true)))
	}
	do(t, p, "activity.follow")
	if p.selected().Seq != 42 || strings.Contains(plain(p.View(true)), "new ") {
		t.Error("f does not go to the end")
	}
	do(t, p, "activity.follow")
	events(43)
	p.Refresh()
	if p.selected().Seq != 42 || p.table.NewRows() != 1 {
		t.Errorf("f does not stop: selected %d, new %d", p.selected().Seq, p.table.NewRows())
	}
}
