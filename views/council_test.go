package views

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/watch"
)

// chamber is a council by a policy whose file can be in trouble.
type chamber struct {
	governance.Council
	trouble error
	told    func(governance.Change)
}

func (c *chamber) Trouble() error { return c.trouble }
func (c *chamber) OnChange(f func(governance.Change)) func() {
	c.told = f
	return func() { c.told = nil }
}

// chambered is a Council screen on the s2 policy.
func chambered(t testing.TB) (*Council, *chamber) {
	t.Helper()
	p, err := governance.LoadPolicy("s2")
	if err != nil {
		t.Fatal(err)
	}
	sits := &chamber{Council: governance.Fixed(p)}
	s := stage(t, engine.Config{Council: sits})
	s.Snap.Ledger = 7
	c := NewCouncil(s)
	c.SetSize(160, 40)
	return c, sits
}

// counts is what Redis would say of the rules.
func counts() engine.Fired {
	tally := func(name string, hour, day int64, share float64) engine.Tally {
		t := engine.Tally{Name: name, Hour: hour, Day: day, Share: share}
		t.Hours[23] = float64(hour)
		t.Hours[12] = float64(day - hour)
		return t
	}
	return engine.Fired{
		At: noon, HourSince: noon.Add(-50 * time.Minute), DaySince: noon.Add(-24*time.Hour + 10*time.Minute),
		Rules:   []engine.Tally{tally("civic/high-entropy", 12, 212, 0.62), tally("technical/empty-payload", 0, 40, 0.2), tally("civic/retired", 0, 3, 0.01)},
		NoRoute: []engine.Tally{tally("lab.measure/drones", 4, 5, 0.02)},
		Errors:  tally("error", 1, 1, 0.004),
	}
}

func (c *Council) count(f engine.Fired) { c.Update(firedMsg{c.rules.number, f, nil}) }

func (c *Council) seen() string { return plain(c.View(true)) }

func (c *Council) names() (out []string) {
	for i := range c.rules.rows.items {
		out = append(out, c.rules.rows.items[i].key())
	}
	return out
}

func wants(t *testing.T, view string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(view, text) {
			t.Errorf("%q is missing:\n%s", text, view)
		}
	}
}

func TestTheCountsAreReadOnEnteringAndAsTheLedgerMoves(t *testing.T) {
	c, _ := chambered(t)
	if c.Refresh() == nil {
		t.Fatal("nothing is asked on entering")
	}
	if c.Refresh() != nil {
		t.Error("it is asked again before the answer")
	}
	wants(t, c.seen(), "being read")
	c.count(counts())
	asked := func(after time.Duration, change func(*watch.Snapshot)) bool {
		next := *c.Snap
		change(&next)
		c.Snap, c.Now = &next, c.rules.asked.Add(after)
		cmd := c.rules.Refresh()
		c.count(counts())
		return cmd != nil
	}
	for _, step := range []struct {
		what   string
		after  time.Duration
		change func(*watch.Snapshot)
		want   bool
	}{
		{"the ledger moved just now", 5 * time.Second, func(s *watch.Snapshot) { s.Ledger++ }, false},
		{"it moved a while ago", 10 * time.Second, func(*watch.Snapshot) {}, true},
		{"nothing moved", 50 * time.Second, func(*watch.Snapshot) {}, false},
		{"the hour goes on", time.Minute, func(*watch.Snapshot) {}, true},
		{"another link", time.Second, func(s *watch.Snapshot) { s.Link.Since = noon.Add(time.Hour) }, true},
		{"away", time.Hour, func(s *watch.Snapshot) { s.Link.State = watch.Away }, false},
	} {
		if got := asked(step.after, step.change); got != step.want {
			t.Errorf("%s: asked is %v", step.what, got)
		}
	}
	if s := c.State("council.read"); s.Enabled || c.State("council.whatif").Enabled {
		t.Errorf("away, %+v", s)
	}
}

func TestAnOldAnswerAndAFailureLeaveTheLastCounts(t *testing.T) {
	c, _ := chambered(t)
	c.Refresh()
	c.count(counts())
	do(t, c, "council.read")
	c.Update(firedMsg{c.rules.number - 1, engine.Fired{}, nil})
	c.Update(firedMsg{number: c.rules.number, err: errors.New("it broke")})
	wants(t, c.seen(), "212", "not read again: it broke")
}

func TestRulesStandInThePolicysOrderThenWhatIsInNone(t *testing.T) {
	c, _ := chambered(t)
	c.Refresh()
	if c.rules.rows.items[0].tally.Day != 0 || strings.Contains(c.seen(), "share  ·") {
		t.Error("before the answer there are counts")
	}
	c.count(counts())
	names := c.names()
	want := []string{"civic/critical-entropy", "civic/high-entropy", "contrarian/two-person"}
	if fmt.Sprint(names[:3]) != fmt.Sprint(want) || fmt.Sprint(names[13:16]) != "[1/civic/retired 2/council/could not judge 3/no route/lab.measure in drones]" || len(names) != 23 {
		t.Errorf("%q", names)
	}
	wants(t, c.seen(), "high-entropy", "62 %", "gone", "could not judge", "lab.measure in drones", "queue:{vertical}",
		"! 1 not judged", "! 1 without a route", "hour since "+minute(counts().HourSince))
	do(t, c, "council.sort")
	if names = c.names(); names[0] != "civic/high-entropy" || names[1] != "technical/empty-payload" {
		t.Errorf("sorted: %q", names)
	}
	wants(t, c.seen(), "most fired first")
	do(t, c, "council.sort")
	if names = c.names(); names[0] != "civic/critical-entropy" {
		t.Errorf("unsorted: %q", names)
	}
}

func TestTheSelectedRuleIsToldAtLength(t *testing.T) {
	c, _ := chambered(t)
	c.Refresh()
	c.count(counts())
	c.Select("civic/high-entropy")
	cmd := c.Refresh()
	if cmd == nil {
		t.Fatal("no other threshold is tried")
	}
	if c.Refresh() != nil {
		t.Error("it is tried again meanwhile")
	}
	wants(t, c.seen(), "entropy >= 0.6", "Human review required (entropy: {entropy})", "1 operator, not the actor", "s2.yaml:32",
		"last hour", "since "+minute(counts().HourSince), "62 %  of all held or blocked", "others are being tried")
	proposal := func(value float64, would int) governance.Proposal {
		return governance.Proposal{Threshold: governance.Threshold{Subject: "entropy", Operator: ">=", Value: 0.6}, Value: value, Now: 212, Would: would, Of: 212}
	}
	c.Update(tuneMsg{"civic/high-entropy", tuning{engine.Tuning{Policy: c.Engine.Policy(), Proposals: []governance.Proposal{proposal(0.7, 122), proposal(0.75, 60)}}, 1000, noon, nil}})
	wants(t, c.seen(), "0.60  holds         212", "0.70  would hold    122", "0.75  would hold     60", "Proposed from the last 1,000 decisions", "nothing is applied by itself")
	if c.Refresh() != nil {
		t.Error("the same is tried at once again")
	}
	c.Select("civic/critical-entropy")
	if c.Refresh() != nil {
		t.Error("a rule that did not fire is tuned")
	}
	c.Select("technical/empty-payload")
	if c.Refresh() == nil {
		t.Error("another rule is not tuned")
	}
	c.Update(tuneMsg{"technical/empty-payload", tuning{at: noon, err: errors.New("no record")}})
	c.Select("3/no route/lab.measure in drones")
	c.Refresh()
	said := ""
	for _, f := range c.side.sheet.lines[:3] {
		for _, span := range f.value {
			said += span.Text + " "
		}
	}
	wants(t, said, "Each of these asks for a new route")
}

func TestABadPolicyFileIsToldLoudlyAndTheOldRulesStay(t *testing.T) {
	c, sits := chambered(t)
	sits.trouble = fmt.Errorf("%w; %s stays in force", errors.Join(
		errors.New("grid.yaml:12:9: rule civic/x: it names limit, which is not known"), errors.New("grid.yaml:40:3: a"), errors.New("grid.yaml:41:3: b")), c.Engine.Policy())
	for _, size := range [][2]int{{160, 40}, {79, 20}} {
		c.SetSize(size[0], size[1])
		c.Refresh()
		view := c.seen()
		wants(t, view, "! newest file not in force", "grid.yaml:12:9: rule civic/x", "grid.yaml:40:3: a", "and 1 more; the rules below stay in force", "critical-entropy")
		if strings.Contains(view, "41:3") || strings.Contains(view, "stays in force") {
			t.Errorf("too much is told:\n%s", view)
		}
	}
	sits.trouble = nil
	sits.told(governance.Change{File: "grid.yaml", Before: "a@1", Now: "a@2"})
	c.Refresh()
	if view := c.seen(); strings.Contains(view, "not in force") || time.Since(*c.rules.since.Load()) > time.Minute {
		t.Errorf("it is mended:\n%s", view)
	}
	if err := c.Close(); err != nil || sits.told != nil {
		t.Error("it listens on")
	}
}

func TestACouncilOfNoneSaysSo(t *testing.T) {
	c := NewCouncil(stage(t, engine.Config{Council: governance.Fixed(governance.Unanimous{})}))
	c.SetSize(140, 30)
	c.Refresh()
	wants(t, c.seen(), "Council  none", "no guardian sits", "--policy default", "no rule is selected")
	if s := c.State("council.sort"); s.Enabled {
		t.Error("nothing can be sorted")
	}
}

func typedPolicy(c *Council, ref string) tea.Cmd {
	c.side.whatIf.form.Field("policy").Input.SetValue(ref)
	return c.Update(key(tea.KeyEnter))
}

func TestAnotherPolicyIsTried(t *testing.T) {
	c, _ := chambered(t)
	c.Refresh()
	c.count(counts())
	do(t, c, "council.whatif")
	if !c.Typing() || c.side.whatIf.form.Value("policy") != "default" {
		t.Fatal("no policy is asked for")
	}
	wants(t, c.seen(), "What if", "enter tries it", "nothing is changed by that")
	if cmd := typedPolicy(c, "  "); cmd != nil {
		t.Error("no policy is tried")
	}
	if typedPolicy(c, "default") == nil || c.Typing() {
		t.Fatal("it is not tried")
	}
	if s := c.State("council.whatif"); s.Enabled {
		t.Error("two are tried at once")
	}
	wants(t, c.seen(), "being tried on the last 1,000 decisions")
	flip := governance.Flip{From: governance.Review, To: governance.Approved, Reason: "it is fine", Case: governance.Case{
		TrackingID: "id-1", Action: governance.Action{Primitive: "matrix.route", Vertical: "lab"}, Rule: "civic/high-entropy", At: noon.Add(-time.Minute)}}
	trial := engine.Trial{Policy: "cand@1", Flips: governance.Flips{Judged: 40, Same: 39, Flips: []governance.Flip{flip}, Masked: 2,
		Turns: map[governance.Turn]int{{From: governance.Review, To: governance.Approved}: 1}}}
	trial.Past.Skipped.Batch = 2048
	c.Update(trialMsg{c.side.whatIf.number - 1, engine.Trial{Policy: "old@1"}, nil})
	c.Update(trialMsg{c.side.whatIf.number, trial, nil})
	wants(t, c.seen(), "cand@1", "1 of the last 40 decisions would flip", "1  review → approved", "2,048  not judged: sent in batches",
		"Would flip  1", "matrix.route", "1m 00", "civic/high-entropy → no rule", "it is fine")
	cmd, _ := c.Do("list.copy")
	if copied := told[Copy](t, cmd); copied.Text != "id-1" {
		t.Errorf("%+v", copied)
	}
	do(t, c, "list.filter")
	typed(c, "nobody")
	wants(t, c.seen(), "0 of 1", "nothing matches")
	do(t, c, "list.back", "list.back")
	if c.side.trying || c.inside {
		t.Error("it stays")
	}
}

func TestAPolicyThatCannotBeTriedSaysWhy(t *testing.T) {
	c, _ := chambered(t)
	c.Refresh()
	do(t, c, "council.whatif")
	cmd := typedPolicy(c, "nowhere.yaml")
	c.Update(told[trialMsg](t, cmd))
	wants(t, c.seen(), "! not tried", "nowhere.yaml", "no such file")
	do(t, c, "council.whatif")
	if c.side.whatIf.form.Value("policy") != "nowhere.yaml" {
		t.Error("what was typed is gone")
	}
	do(t, c, "list.back")
	if c.side.trying {
		t.Error("esc does not leave")
	}
}

func TestAnyCountsAreDrawnExactly(t *testing.T) {
	c, sits := chambered(t)
	rapid.Check(t, func(t *rapid.T) {
		text := func() string { return hostile.Draw(t, "text") }
		w, h := rapid.IntRange(80, 200).Draw(t, "width"), rapid.IntRange(17, 60).Draw(t, "height")
		sits.trouble = nil
		if rapid.Bool().Draw(t, "trouble") {
			sits.trouble = errors.New(text() + "\n" + text())
		}
		c.SetSize(w, h)
		c.Refresh()
		f := counts()
		f.NoRoute = append(f.NoRoute, engine.Tally{Name: text() + "/" + text(), Day: 3})
		f.Rules = append(f.Rules, engine.Tally{Name: text(), Hour: 1 << 40, Day: 1 << 60, Share: 1})
		c.count(f)
		c.side.whatIf.number++
		flip := governance.Flip{To: governance.Status(text()), Reason: text(), Case: governance.Case{TrackingID: text(), Action: governance.Action{Primitive: text(), Vertical: text()}}}
		for _, id := range []string{"council.sort", "list.end", "list.open", "list.pagedown", "council.whatif"} {
			c.Do(id)
			exact(t, id, c.View(true), w, h)
		}
		c.Update(tea.PasteMsg{Content: text()})
		exact(t, "typing", c.View(true), w, h)
		c.Update(trialMsg{c.side.whatIf.number, engine.Trial{Policy: text(), Flips: governance.Flips{Flips: []governance.Flip{flip}}}, nil})
		exact(t, "flips", c.View(true), w, h)
		c.Update(trialMsg{number: c.side.whatIf.number, err: errors.New(text())})
		c.Do("pane.zoom")
		exact(t, "zoomed", c.View(true), w, h)
		c.Do("list.back")
		c.Do("list.back")
		exact(t, "left", c.View(true), w, h)
	})
}
