package views

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// prison is a carcel screen with entries, newest first.
func prison(t testing.TB, entries ...*carcel.Entry) *Carcel {
	t.Helper()
	c := NewCarcel(plainStage(t))
	c.SetSize(140, 35)
	show(c, entries...)
	return c
}

func show(c *Carcel, entries ...*carcel.Entry) {
	c.Snap = &watch.Snapshot{Taken: noon, Link: c.Snap.Link, Carcel: watch.Carcel{Length: int64(len(entries)), Table: carcel.NewTable(entries...)}}
	c.Refresh()
}

// inmate is the nth entry in a version of its text.
func inmate(n, version int, status governance.Status) *carcel.Entry {
	return &carcel.Entry{
		SHA: fmt.Sprintf("%032x%032x", n, version), TrackingID: fmt.Sprint("id-", n), Primitive: fmt.Sprint("prim.", n), Vertical: "drones",
		Decision: status, Reason: "Rate limit of 5 a minute", Guardian: "operational", Origin: "haiku_41fe", At: noon.Add(-time.Duration(n) * time.Minute),
	}
}

func ids(entries []*carcel.Entry) (out []string) {
	for _, e := range entries {
		out = append(out, e.TrackingID)
	}
	slices.Sort(out)
	return out
}

func TestMarksAndSelectionFollowAnEntryThatIsApproved(t *testing.T) {
	c := prison(t, inmate(1, 0, governance.Blocked), inmate(2, 0, governance.CoSign), inmate(3, 0, governance.Blocked))
	do(t, c, "list.mark", "list.mark") // the one that waits stands first
	if got := c.chosen(); fmt.Sprint(ids(got)) != "[id-1 id-2]" {
		t.Fatalf("marked are %v", ids(got))
	}
	do(t, c, "list.home")
	approved := inmate(2, 1, governance.CoSign)
	approved.Given = 1
	show(c, inmate(4, 0, governance.CoSign), inmate(1, 0, governance.Blocked), approved, inmate(3, 0, governance.Blocked))
	if got := *c.held.selected(); got != approved {
		t.Errorf("selected is %s", got.TrackingID)
	}
	if got := ids(c.chosen()); fmt.Sprint(got) != "[id-1 id-2]" {
		t.Errorf("marked are %v", got)
	}
	show(c, inmate(1, 0, governance.Blocked), inmate(3, 0, governance.Blocked))
	if got := ids(c.chosen()); fmt.Sprint(got) != "[id-1]" {
		t.Errorf("marked are %v after one was released", got)
	}
	if !strings.Contains(plain(c.View(true)), "• 1 marked") {
		t.Errorf("the title does not tell the marks:\n%s", plain(c.View(true)))
	}
	show(c)
	if len(c.chosen()) != 0 || c.State("carcel.discard").Enabled {
		t.Error("something is chosen of nothing")
	}
}

// TestMarksAreExactlyTheEntriesThatWereMarked alters, adds and removes
// entries at random, two to a tracking id.
func TestMarksAreExactlyTheEntriesThatWereMarked(t *testing.T) {
	c := prison(t)
	rapid.Check(t, func(rt *rapid.T) {
		type one struct{ n, version int }
		var all []one
		for n := range rapid.IntRange(1, 12).Draw(rt, "entries") {
			all = append(all, one{n, 0})
		}
		marked := map[int]bool{}
		entries := func() (out []*carcel.Entry) {
			for _, o := range all {
				e := inmate(o.n, o.version, governance.Blocked)
				e.TrackingID = fmt.Sprint("id-", o.n/2)
				out = append(out, e)
			}
			return out
		}
		c.held.table.ClearMarks()
		show(c, entries()...)
		for range rapid.IntRange(0, 6).Draw(rt, "marks") {
			if e := c.held.selected(); e != nil {
				var n int
				_, _ = fmt.Sscanf((*e).SHA[:32], "%x", &n)
				marked[n] = !marked[n]
			}
			c.Do("list.mark")
			c.Do(rapid.SampledFrom([]string{"list.up", "list.down", "list.home"}).Draw(rt, "move"))
		}
		for range 4 {
			i := rapid.IntRange(0, max(len(all)-1, 0)).Draw(rt, "which")
			switch {
			case len(all) == 0:
			case rapid.Bool().Draw(rt, "altered"):
				all[i].version++
			default:
				// Another with the same id may not change in the same moment.
				delete(marked, all[i].n)
				all = slices.Delete(all, i, i+1)
			}
			show(c, entries()...)
		}
		want, got := []int{}, []int{}
		for n, on := range marked {
			if on {
				want = append(want, n)
			}
		}
		if len(want) > 0 {
			for _, e := range c.chosen() {
				var n int
				_, _ = fmt.Sscanf(e.SHA[:32], "%x", &n)
				got = append(got, n)
			}
		} else if c.held.table.MarkCount() != 0 {
			rt.Fatalf("marks are left: %v", c.held.table.Marks())
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			rt.Fatalf("marked are %v, not %v", got, want)
		}
	})
}

func TestARangeAndAllCanBeMarked(t *testing.T) {
	var all []*carcel.Entry
	for n := range 30 {
		all = append(all, inmate(n, 0, governance.Blocked))
	}
	c := prison(t, all...)
	do(t, c, "list.down", "list.mark", "list.down", "list.down", "carcel.range")
	if got := ids(c.chosen()); len(got) != 4 {
		t.Errorf("the range is %v", got)
	}
	do(t, c, "list.back")
	if c.held.table.MarkCount() != 0 {
		t.Error("esc does not clear the marks")
	}
	do(t, c, "list.filter")
	typed(c, "prim.1")
	c.Update(key('\r'))
	do(t, c, "carcel.all")
	if got := ids(c.chosen()); len(got) != 11 {
		t.Errorf("all that the filter shows are %v", got)
	}
	do(t, c, "list.back")
	if c.held.query.Shown() || c.held.table.MarkCount() != 11 {
		t.Error("esc takes filter and marks at once")
	}
	do(t, c, "list.filter")
	typed(c, "prim.1")
	c.Update(key('\r'))
	do(t, c, "carcel.all")
	if c.held.table.MarkCount() != 0 {
		t.Error("all again does not take the marks away")
	}
}

func TestFilterTerms(t *testing.T) {
	e := inmate(90, 0, governance.Blocked) // held for 90 minutes
	e.Rule, e.Key, e.TrackingID = "vertical-rate", "queue:drones", "ABC-90"
	for query, want := range map[string]bool{
		"": true, "drones": true, "DRONES rate": true, "drones nothing": false, "abc-9": true,
		"reason~rate": true, "reason:RATE": true, "reason=rate": false, `reason~"limit of"`: true, `"limit of 5" drones`: true, `"of limit"`: false,
		"guardian=operational": true, "guardian=oper": false, "guardian:oper": true, "rule:rate": true, "vertical=drones": true,
		"primitive~prim.9": true, "decision=blocked": true, "decision:co-sign": false, "key=queue:drones": true, "origin:haiku": true, "id:abc": true,
		"queue:drones": true, "age<2h": true, "age>1h": true, "age<1h": false, "age>2h": false, "age<1d": true, "age<90s": false,
		"age<": true, "reason=": true, "age<x": true,
	} {
		q := parseHeld(query)
		pass := q.pass(noon)
		if got := pass == nil || pass(&e); got != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	undated := &carcel.Entry{}
	q := parseHeld("age<2h")
	if q.pass(noon)(&undated) {
		t.Error("an entry without a time is younger than two hours")
	}
}

// TestTheEnginesFilterTakesTheSameEntries: what a replay is told must be what
// the operator saw.
func TestTheEnginesFilterTakesTheSameEntries(t *testing.T) {
	for query, can := range map[string]bool{
		"": true, "rate": true, "reason~rate guardian=operational": true, "age>1h vertical=drones": true, "origin=haiku_41fe": true, "decision=blocked": true,
		"a b": false, "age<1h": false, "rule=x": false, "guardian:oper": false, "co-sign": false, "reason=rate": false,
	} {
		q := parseHeld(query)
		f, ok := q.engineFilter()
		if ok != can {
			t.Errorf("%s: %v", query, ok)
			continue
		}
		for n := range 200 {
			e := inmate(n, 0, []governance.Status{governance.Blocked, governance.CoSign}[n%2])
			if n%3 == 0 {
				e.Guardian, e.Vertical, e.Reason = "civic", "energy", "too much"
			}
			pass := q.pass(noon)
			if ok && f.Takes(e, noon) != (pass == nil || pass(&e)) {
				t.Errorf("%s: the engine says otherwise of %+v", query, e)
			}
		}
	}
}

func TestTypingOnNarrowsToTheSameRows(t *testing.T) {
	c := prison(t, manyHeld(500)...)
	do(t, c, "list.filter")
	for _, text := range []string{"m", "matrix", "matrix d", "matrix drones", "matrix drones age<5", "matrix drones age<5m", "matrix"} {
		c.held.query.SetValue(text)
		c.held.refilter()
		narrowed := slices.Clone(c.held.rows.shown)
		q := parseHeld(text)
		c.held.rows.sift(q.pass(noon), false)
		if !slices.Equal(narrowed, c.held.rows.shown) {
			t.Errorf("%s: %d rows, not %d", text, len(narrowed), len(c.held.rows.shown))
		}
	}
}

func TestReadingIsToldWhileItLasts(t *testing.T) {
	c := prison(t, inmate(1, 0, governance.Blocked))
	table := *c.Snap.Carcel.Table
	table.Read, table.Length, table.Whole = 48_000, 100_000, false
	c.Snap.Carcel.Table = &table
	c.Refresh()
	if view := plain(c.View(true)); !strings.Contains(view, "Carcel  48,000 of 100,000 read") {
		t.Errorf("not told:\n%s", view)
	}
}

func TestActsSayWhyTheyAreNotPossible(t *testing.T) {
	c := prison(t, inmate(1, 0, governance.Blocked), inmate(2, 0, governance.CoSign))
	off := func(id, want string) {
		t.Helper()
		if s := c.State(id); s.Enabled || !strings.Contains(s.Reason, want) {
			t.Errorf("%s is %+v, not %q", id, s, want)
		}
	}
	off("carcel.appeal", "waits for a person already")
	off("carcel.pause", "no replay is under way")
	sha := (*c.held.selected()).SHA
	c.Update(caseMsg{heldCase{sha: sha, you: standing{why: noKey}}})
	off("carcel.sign", "ifpacket keys new --role operator --name NAME")
	off("carcel.deny", "ifpacket keys new")
	c.Update(caseMsg{heldCase{sha: sha, you: standing{name: "lena", why: "you have signed already"}}})
	off("carcel.sign", "you have signed already")
	if !c.State("carcel.deny").Enabled {
		t.Error("who has signed cannot deny")
	}
	do(t, c, "list.down")
	off("carcel.sign", "waits for nobody: it is blocked")
	do(t, c, "list.mark")
	off("carcel.sign", "nothing that is marked waits")
	c.Snap.Link.State = watch.Away
	off("carcel.discard", "while Redis is away")
	only := NewCarcel(stage(t, engine.Config{ReadOnly: true}))
	only.SetSize(140, 35)
	show(only, inmate(1, 0, governance.Blocked))
	if s := only.State("carcel.edit"); s.Enabled || s.Reason != "read only" {
		t.Errorf("read only, editing is %+v", s)
	}
}

func TestDiscardingManyWantsTheirCount(t *testing.T) {
	c := prison(t, manyHeld(30)...)
	do(t, c, "carcel.all")
	cmd, _ := c.Do("carcel.discard")
	ask := told[Ask](t, cmd)
	if ask.Count != 30 || ask.Title != "Discard 30 entries" {
		t.Errorf("asked is %+v", ask)
	}
	do(t, c, "list.open") // in the detail an act is about what it shows
	cmd, _ = c.Do("carcel.discard")
	if ask := told[Ask](t, cmd); ask.Count != 1 {
		t.Errorf("in the detail %d would be discarded", ask.Count)
	}
}

func TestDenyingAndAppealingWantAWord(t *testing.T) {
	c := prison(t, inmate(1, 0, governance.CoSign))
	for _, id := range []string{"carcel.deny", "carcel.appeal"} {
		cmd, _ := c.Do(id)
		ask := told[Ask](t, cmd)
		if len(ask.Fields) != 1 || ask.Check(func(string) string { return " " })["why"] == "" || ask.Check(func(string) string { return "no" }) != nil {
			t.Errorf("%s: %+v", id, ask)
		}
	}
}

func planOf(n int, fate carcel.Fate, reason string) carcel.Plan {
	p := carcel.Plan{Policy: "default@0123456789ab"}
	for i := range n {
		p.Entries = append(p.Entries, carcel.Planned{Entry: inmate(i, 0, governance.Blocked), Fate: fate, Reason: reason, Key: "queue:drones"})
	}
	return p
}

func TestAReplayIsAskedForWithItsDryRun(t *testing.T) {
	c := prison(t, inmate(1, 0, governance.Blocked))
	plan := planOf(24, carcel.WouldRelease, "")
	plan.Entries[3].Fate, plan.Entries[3].Reason = carcel.WouldSkip, "replay_count at its cap of 3"
	ask := told[Ask](t, c.Update(planMsg{plan: plan}))
	text := ""
	for _, l := range ask.Body {
		text += widget.Text(c.Theme, 0, 80, l...) + "\n"
	}
	for _, want := range []string{"23   to queue:drones", "1   replay_count at its cap of 3", "default@0123"} {
		if !strings.Contains(plain(text), want) {
			t.Errorf("%q is missing:\n%s", want, plain(text))
		}
	}
	if ask.Count != 24 || len(ask.Fields) != 2 || ask.Fields[0].Input.Value() != "50" || ask.Fields[1].Input.Value() != "5" {
		t.Errorf("asked is %+v", ask)
	}
	if wrong := ask.Check(func(string) string { return "-1" }); wrong["rate"] == "" || wrong["canary"] == "" {
		t.Errorf("wrong is %v", wrong)
	}
	if ask := told[Ask](t, c.Update(planMsg{plan: planOf(2, carcel.WouldHold, "no")})); ask.Verb != "" {
		t.Error("a replay that would release nothing can be confirmed")
	}
	if ask := told[Ask](t, c.Update(planMsg{plan: planOf(2, carcel.WouldFail, carcel.ErrNoTarget.Error())})); ask.Fields[0].ID != "key" {
		t.Errorf("where to is not asked: %+v", ask)
	}
	if toast := told[Toast](t, c.Update(planMsg{})); !strings.Contains(toast.Text, "not in the carcel any more") {
		t.Errorf("of nothing is said %q", toast.Text)
	}
}

func TestARunThatWasInterruptedIsOffered(t *testing.T) {
	c := prison(t, manyHeld(60)...)
	run := carcel.Run{ID: "7f3c01aa", State: carcel.RunRunning, Total: 1204, Released: 398, Skipped: 11, Held: 3, Spec: carcel.Spec{
		Filter: carcel.Filter{Reason: "rate", Guardian: "operational"}, Rate: 40, Canary: 5}}
	c.Update(runsMsg{runs: []carcel.Run{run}})
	view := plain(c.View(true))
	for _, want := range []string{"Replay  run 7f3c01aa", "▶ running  40/s", "34 %   412 / 1,204", "5 / 5   released, none came back", "pauses by itself at 5", "filter reason~rate guardian=operational"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is missing:\n%s", want, view)
		}
	}
	run.Idle = true
	c.Update(runsMsg{runs: []carcel.Run{run}})
	if view := plain(c.View(true)); !strings.Contains(view, "▲ interrupted") || !strings.Contains(view, "interrupted at 412 of 1,204: p resumes") {
		t.Errorf("it is not offered:\n%s", view)
	}
	cmd, _ := c.Do("carcel.pause")
	if ask := told[Ask](t, cmd); ask.Verb != "carry on" || ask.Count != 792 {
		t.Errorf("asked is %+v", ask)
	}
	c.SetSize(80, 20)
	if lines := strings.Split(plain(c.View(true)), "\n"); len(lines) != 20 || !strings.Contains(lines[18], "interrupted") {
		t.Errorf("narrow it is\n%s", strings.Join(lines, "\n"))
	}
	run.State, run.Updated = carcel.RunDone, noon.Add(-2*time.Minute).Format(time.RFC3339)
	c.Update(runsMsg{runs: []carcel.Run{run}})
	if strings.Contains(plain(c.View(true)), "Replay") {
		t.Error("a run that ended long ago is still there")
	}
}
