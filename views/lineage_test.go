package views

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/themes"
)

// archive answers as the engine does, with what a test puts into it.
type archive struct {
	reports map[string]lineage.Report
	asked   []string
	why     string
	err     error
}

func (a *archive) Trace(_ context.Context, asked string, _ int) (lineage.Report, error) {
	a.asked = append(a.asked, asked)
	return a.reports[asked], a.err
}

func (a *archive) SaveReport(r lineage.Report) (string, error) {
	return "/exports/" + r.TrackingID + ".json", a.err
}

func (a *archive) AcceptLedger(_ context.Context, why string) (ledger.Accepted, error) {
	a.why = why
	return ledger.Accepted{Position: 8}, a.err
}

// arrival is the nth packet of a feed.
func arrival(n int, o seal.Overall) lineage.Row {
	return lineage.Row{Seq: uint64(n), At: noon.Add(time.Duration(n) * time.Second), TrackingID: fmt.Sprintf("id-%d", n), Key: "queue:matrix",
		Primitive: fmt.Sprintf("prim.%d", n), Origin: "haiku_41fe", Verdict: seal.Verdict{Overall: o, Links: "intact", Seals: seal.SealsValid}, Fate: lineage.Here}
}

func evidenceScreen(t testing.TB, w, h int, rows ...lineage.Row) (*Lineage, *archive) {
	s := plainStage(t)
	a := &archive{reports: map[string]lineage.Report{}}
	s.Evidence = a
	s.Snap.Queues = []watch.Queue{queueOf("queue:matrix", 3)}
	l := NewLineage(s)
	feed(l, 1, rows...)
	l.SetSize(w, h)
	l.Refresh()
	return l, a
}

func feed(l *Lineage, version uint64, rows ...lineage.Row) {
	l.Lineage = &lineage.Picture{Version: version, Rows: rows}
	l.Refresh()
}

// shownIDs are the packets of the list from the top.
func shownIDs(l *Lineage) string {
	var out []string
	for _, i := range l.packets.rows.shown {
		out = append(out, strings.TrimPrefix(l.packets.rows.items[i].TrackingID, "id-"))
	}
	return strings.Join(out, " ")
}

func TestWhatNeedsSomebodyStandsFirstThenTheNewest(t *testing.T) {
	missing := lineage.Row{TrackingID: "id-9", Key: "queue:gone", Fate: lineage.Missing}
	taken := lineage.Row{TrackingID: "id-8", Key: "queue:py", Fate: lineage.Taken}
	unlogged := arrival(2, seal.Unauthenticated)
	unlogged.Fate = lineage.Unlogged
	l, _ := evidenceScreen(t, 160, 30, arrival(1, seal.Tampered), arrival(2, seal.Unauthenticated), arrival(3, seal.Verified), arrival(4, seal.Incomplete), arrival(5, seal.Verified))
	l.Lineage = &lineage.Picture{Version: 2, Rows: l.Lineage.Rows, Census: lineage.Census{Suspects: []lineage.Row{missing, unlogged, taken}}}
	l.Refresh()
	if got := shownIDs(l); got != "4 2 1 9 5 3 8" {
		t.Errorf("the order is %s", got)
	}
	view := plain(l.View(true))
	for _, want := range []string{"▲ incomplete", "◌ unlogged", "✕ tampered", "✕ missing", "▲ taken", "✓ verified"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is not told:\n%s", want, view)
		}
	}
}

func TestALackingSealSpeaksUpWhereThePolicyAsksForOne(t *testing.T) {
	lax, strict := arrival(1, ""), arrival(2, "")
	lax.Verdict = seal.Verify(packet.Reading{}, seal.Context{})
	strict.Verdict = seal.Verify(packet.Reading{}, seal.Context{RequireSeal: true})
	l, _ := evidenceScreen(t, 200, 30, strict, lax, arrival(3, seal.Verified))
	if got := shownIDs(l); got != "2 3 1" {
		t.Errorf("the order is %s", got)
	}
	if a, b := rowLook(&lax), rowLook(&strict); a.word != themes.Info || b.word != themes.Warn || a.text != b.text {
		t.Errorf("%+v, %+v", a, b)
	}
	if view := plain(l.View(true)); !strings.Contains(view, "seal asked for") || !strings.Contains(view, "the policy asks for one") {
		t.Errorf("it is not told:\n%s", view)
	}
}

func TestTheSelectionFollowsThePacketAndRestsAtTheTopUntilMoved(t *testing.T) {
	l, _ := evidenceScreen(t, 160, 30, arrival(1, seal.Verified), arrival(2, seal.Verified))
	feed(l, 2, arrival(1, seal.Verified), arrival(2, seal.Verified), arrival(3, seal.Verified))
	if got := barred(l.View(true)); !strings.Contains(got, "prim.3") {
		t.Errorf("the bar does not stay at the top: %s", got)
	}
	do(t, l, "list.down")
	feed(l, 3, arrival(1, seal.Verified), arrival(2, seal.Verified), arrival(3, seal.Verified), arrival(4, seal.Tampered), arrival(5, seal.Verified))
	if got := barred(l.View(true)); !strings.Contains(got, "prim.2") {
		t.Errorf("the bar left its packet: %s", got)
	}
	if view := plain(l.View(true)); !strings.Contains(view, "2 new") {
		t.Errorf("what came meanwhile is not told:\n%s", view)
	}
	do(t, l, "list.home")
	if view := plain(l.View(true)); !strings.Contains(barred(view), "prim.4") || strings.Contains(view, " new") {
		t.Errorf("home does not go back to the top:\n%s", view)
	}
}

func TestNothingIsMadeAnewWhileThePictureIsTheSame(t *testing.T) {
	l, _ := evidenceScreen(t, 160, 30, arrival(1, seal.Verified))
	before := &l.packets.items[0]
	l.Lineage = &lineage.Picture{Version: 1, Rows: []lineage.Row{arrival(7, seal.Verified)}}
	l.Refresh()
	if &l.packets.items[0] != before || !strings.Contains(plain(l.View(true)), "prim.1") {
		t.Error("the rows were made anew although the version is the same")
	}
	if n := testing.AllocsPerRun(100, func() { l.packets.Refresh() }); n > 0 {
		t.Errorf("a refresh without news costs %v allocations", n)
	}
}

func TestFGoesRoundTheVerdictsAndEscShowsAll(t *testing.T) {
	l, _ := evidenceScreen(t, 160, 30, arrival(1, seal.Tampered), arrival(2, seal.Unauthenticated), arrival(3, seal.Verified))
	for _, want := range []string{"1", "3", "2", "1 3 2"} {
		do(t, l, "lineage.filter")
		if got := shownIDs(l); got != want {
			t.Errorf("shown is %s, not %s", got, want)
		}
	}
	do(t, l, "lineage.filter", "lineage.filter")
	if view := plain(l.View(true)); !strings.Contains(view, "1 of 3, verified") {
		t.Errorf("the title does not tell the filter:\n%s", view)
	}
	do(t, l, "list.back")
	if got := shownIDs(l); got != "1 3 2" {
		t.Errorf("esc leaves %s", got)
	}
	if _, done := l.Do("list.back"); done {
		t.Error("esc is taken although nothing is to be closed")
	}
	do(t, l, "lineage.filter", "lineage.filter") // only verified ones
	l.Select("id-2")
	if !strings.Contains(barred(l.View(true)), "prim.2") {
		t.Error("what a filter hides cannot be selected from elsewhere")
	}
}

func TestThatNothingIsBadIsSaidInWords(t *testing.T) {
	l, _ := evidenceScreen(t, 160, 30, arrival(1, seal.Verified))
	do(t, l, "lineage.filter")
	if view := plain(l.View(true)); !strings.Contains(view, "nothing needs anybody") {
		t.Errorf("of nothing bad is said\n%s", view)
	}
}

func TestWordsFilterByTheVerdictToo(t *testing.T) {
	l, _ := evidenceScreen(t, 160, 30, arrival(1, seal.Tampered), arrival(2, seal.Unauthenticated), arrival(3, seal.Verified))
	for words, want := range map[string]string{"tampered": "1", "no seal": "2", "PRIM.3 matrix": "3", "unauthenticated": "2"} {
		do(t, l, "list.filter")
		typed(l, words)
		if got := shownIDs(l); got != want {
			t.Errorf("/%s shows %s", words, got)
		}
		l.Update(key(tea.KeyEnter))
		do(t, l, "list.back")
	}
}

func TestAPacketIsReadOnceTheSelectionHasSettled(t *testing.T) {
	l, a := evidenceScreen(t, 160, 40, arrival(1, seal.Verified), arrival(2, seal.Verified))
	if view := plain(l.View(true)); !strings.Contains(view, "Ledger ─") || len(a.asked) > 0 {
		t.Errorf("a packet is read although nobody selected it:\n%s", view)
	}
	a.reports["id-1"] = lineage.Report{TrackingID: "id-1", Fate: lineage.Collected, Why: "haiku took it", Citation: "if://citation/1"}
	do(t, l, "list.down")
	cmd := l.detail.ask(l.detail.asked)
	if view := plain(l.View(true)); !strings.Contains(view, "being read") || !strings.Contains(view, "Unmodified since it was sealed") {
		t.Errorf("until it is read stands\n%s", view)
	}
	l.Update(cmd())
	if view := plain(l.View(true)); !strings.Contains(view, "haiku took it") || !strings.Contains(view, "✓ collected") {
		t.Errorf("read it is\n%s", view)
	}
	a.err = errors.New("Redis is busy")
	l.Now = l.Now.Add(time.Minute)
	do(t, l, "list.up")
	l.Update(l.detail.ask("id-2")())
	if view := plain(l.View(true)); !strings.Contains(view, "Redis is busy") {
		t.Errorf("a failure is not told:\n%s", view)
	}
	l.Update(askTraceMsg{"id-1", l.detail.number - 1})
	if n := len(a.asked); n != 2 {
		t.Errorf("%d were asked for", n)
	}
}

func TestWhatIsBadIsShownWithoutAnybodySelectingIt(t *testing.T) {
	l, _ := evidenceScreen(t, 160, 40, arrival(1, seal.Tampered), arrival(2, seal.Verified))
	if l.detail.asked != "id-1" || !strings.Contains(plain(l.View(true)), "prim.1 ─") {
		t.Errorf("shown is\n%s", plain(l.View(true)))
	}
	l.Ledger = &ledger.State{Looked: noon, Position: 3, Trouble: &ledger.Refused{Kind: ledger.ErrShrunk, Why: "its last record is 2"}}
	l.Refresh()
	if view := plain(l.View(true)); !strings.Contains(view, "✕ refused") || !strings.Contains(view, "ifpacket ledger accept --why TEXT") || !strings.Contains(view, "its last record is 2.") {
		t.Errorf("a refused ledger does not come first:\n%s", view)
	}
}

func TestWhoReadsAPacketKeepsItWhateverArrives(t *testing.T) {
	l, _ := evidenceScreen(t, 80, 30, arrival(1, seal.Verified), arrival(2, seal.Verified))
	do(t, l, "list.open")
	for i := range 3 {
		feed(l, uint64(i+2), arrival(10+i, seal.Tampered)) // and what is read has left the feed
		if view := plain(l.View(true)); !strings.Contains(view, "prim.2") {
			t.Fatalf("the detail shows\n%s", view)
		}
	}
	do(t, l, "list.back")
	if view := plain(l.View(true)); !strings.Contains(view, "Lineage  1") {
		t.Errorf("back is\n%s", view)
	}
}

func TestAnyPacketCanBeTracedByItsName(t *testing.T) {
	l, a := evidenceScreen(t, 160, 40, arrival(1, seal.Verified))
	ask := told[Ask](t, first1(l.Do("lineage.trace")))
	value := func(text string) func(string) string { return func(string) string { return text } }
	if ask.Check(value(" ")) == nil || ask.Check(value("x")) != nil {
		t.Error("an empty name is traced, or a good one is not")
	}
	a.reports["if://citation/7"] = lineage.Report{TrackingID: "id-7", Fate: lineage.Expired, Why: "at noon", Lacks: []string{"its contents"}}
	msg := told[traceMsg](t, ask.Filled(value(" if://citation/7 ")))
	l.Update(msg)
	view := plain(l.View(true))
	if !l.inside || !strings.Contains(view, "id-7") || !strings.Contains(view, "its contents") {
		t.Errorf("traced is\n%s", view)
	}
	if got := told[exportedMsg](t, first1(l.Do("lineage.export"))); got.path != "/exports/id-7.json" {
		t.Errorf("written to %s", got.path)
	}
	do(t, l, "list.back")
	if strings.Contains(plain(l.View(true)), "id-7") || l.detail.traced != "" {
		t.Error("esc does not go back to the list's packet")
	}
}

func first1(cmd tea.Cmd, _ bool) tea.Cmd { return cmd }

func TestOGoesToWhereThePacketIs(t *testing.T) {
	l, _ := evidenceScreen(t, 160, 40, arrival(1, seal.Verified))
	if s := l.State("lineage.go"); s.Enabled {
		t.Error("one can go to where nothing is")
	}
	do(t, l, "list.up")
	if got := told[Go](t, first1(l.Do("lineage.go"))); got != (Go{"screen.queues", "queue:matrix"}) {
		t.Errorf("%+v", got)
	}
	l.Snap.Carcel.Table = carcel.NewTable(&carcel.Entry{SHA: "sha", TrackingID: "id-1"})
	l.Update(traceMsg{"id-1", lineage.Report{TrackingID: "id-1", Fate: lineage.Held, Places: []lineage.Place{{Key: "carcel:dead_letters", Held: true}}}, nil})
	if got := told[Go](t, first1(l.Do("lineage.go"))); got != (Go{"screen.carcel", "sha"}) {
		t.Errorf("%+v", got)
	}
	l.Update(traceMsg{"id-1", lineage.Report{TrackingID: "id-1", Fate: lineage.Collected}, nil})
	if s := l.State("lineage.go"); s.Reason != "it is nowhere: collected" {
		t.Errorf("%+v", s)
	}
}

func TestARefusedLedgerIsAcceptedOnlyWithAReason(t *testing.T) {
	l, a := evidenceScreen(t, 160, 40)
	if s := l.State("lineage.accept"); s.Enabled || !s.Moot {
		t.Error("a ledger in order can be accepted")
	}
	l.Ledger = &ledger.State{Looked: noon, Trouble: &ledger.Refused{Kind: ledger.ErrForked, Why: "record 8 is not the one that was sealed"}, Seen: &ledger.Checkpoint{Size: 12, At: noon}}
	if s := l.State("lineage.accept"); !s.Enabled {
		t.Errorf("%+v", s)
	}
	ask := told[Ask](t, first1(l.Do("lineage.accept")))
	value := func(text string) func(string) string { return func(string) string { return text } }
	if ask.Check(value("")) == nil {
		t.Error("no reason is asked for")
	}
	if got := told[Toast](t, l.Update(told[acceptedMsg](t, ask.Filled(value("restored from a backup"))))); a.why != "restored from a backup" || !strings.Contains(got.Text, "accepted") {
		t.Errorf("%q, %+v", a.why, got)
	}
}

func TestAnAcceptanceThatDidNotHelpIsNoSuccess(t *testing.T) {
	l, _ := evidenceScreen(t, 160, 40)
	still := &ledger.State{Trouble: &ledger.Refused{Kind: ledger.ErrUnsigned, Why: "the key is not valid yet"}}
	if got := told[Toast](t, l.Update(acceptedMsg{ledger.Accepted{Position: 1, State: still}, nil})); !strings.Contains(got.Text, "refused still: checkpoint not signed") {
		t.Errorf("%+v", got)
	}
}

func TestAnEmptyFeedSaysWhatWouldBeHere(t *testing.T) {
	for _, w := range []int{80, 160} {
		l, _ := evidenceScreen(t, w, 30)
		l.Lineage = nil
		l.Refresh()
		if view := plain(l.View(true)); !strings.Contains(view, "no packet has arrived") || !strings.Contains(view, "t traces") {
			t.Errorf("at %d\n%s", w, view)
		}
	}
}

func TestTheCensusIsQuietWhenAllIsWell(t *testing.T) {
	l, _ := evidenceScreen(t, 160, 30, arrival(1, seal.Verified))
	census := func(version uint64, fates map[lineage.Fate]int) string {
		l.Lineage = &lineage.Picture{Version: version, Rows: l.Lineage.Rows, Census: lineage.Census{At: noon, From: 1, Fates: fates}}
		l.Refresh()
		return plain(l.View(true))
	}
	if view := census(2, map[lineage.Fate]int{lineage.Here: 1204}); !strings.Contains(view, "here 1,204 · collected 0 · missing 0 · unlogged 0") {
		t.Errorf("well it is\n%s", view)
	}
	if view := census(3, map[lineage.Fate]int{lineage.Missing: 1, lineage.Taken: 2}); !strings.Contains(view, "▲ taken without record 2 · ✕ missing 1") {
		t.Errorf("with one missing it is\n%s", view)
	}
}

func TestALongChainShowsItsEndsAndWhatIsBroken(t *testing.T) {
	l, _ := evidenceScreen(t, 160, 2000, arrival(1, seal.Tampered))
	r := lineage.Report{TrackingID: "id-1", Found: true, Order: "oldest first"}
	for i := range 5000 {
		state := lineage.LinkOK
		if i == 2500 {
			state = lineage.LinkBroken
		}
		r.Chain = append(r.Chain, lineage.Step{Number: i + 1, Entry: custody.Entry{Kind: "action", Name: "release"}, State: state})
	}
	l.Update(traceMsg{"id-1", r, nil})
	view := plain(l.View(true))
	for _, want := range []string{"5,000 entries", "2,380 entries between", "2,501", "broken here", "2,459 entries between", "└ ✓"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is not told", want)
		}
	}
	if len(l.detail.drawn.lines) > 220 {
		t.Errorf("it takes %d lines", len(l.detail.drawn.lines))
	}
}

// anyReport is a report on any packet at all.
func anyReport(t *rapid.T) lineage.Report {
	text := func() string { return hostile.Draw(t, "text") }
	number := func() int { return rapid.IntRange(-5, 1<<40).Draw(t, "number") }
	r := lineage.Report{Asked: text(), TrackingID: text(), Citation: text(), At: noon, Fate: lineage.Fate(text()), Why: text(), Found: rapid.Bool().Draw(t, "found"), Bytes: number(),
		Order: text(), Unproven: text(), Lacks: []string{text(), text()},
		Packet:  packet.Packet{Origin: text(), SchemaVersion: text(), DispatchedAt: text(), TTLSeconds: int64(number() % 99999), Contents: packet.ObjectOf(packet.Member{Key: "primitive", Value: packet.StringOf(text())})},
		Verdict: seal.Verdict{Overall: rapid.SampledFrom([]seal.Overall{"", seal.Verified, seal.Unauthenticated, seal.Incomplete, seal.Tampered, "\x1b[31m"}).Draw(t, "overall"), Links: text(), Seals: seal.SealsState(text()), Contents: text(), Logged: text(), Reasons: []string{text()}}}
	for i := range rapid.IntRange(0, 4).Draw(t, "many") {
		r.Places = append(r.Places, lineage.Place{Key: text(), Type: text(), Slot: int64(number()), Field: text(), Held: rapid.Bool().Draw(t, "held")})
		r.Chain = append(r.Chain, lineage.Step{Number: i + 1, Entry: custody.Entry{Raw: text(), Kind: text(), Name: text(), At: noon, Fields: []custody.Field{{Key: text(), Value: text()}}}, State: lineage.LinkState(rapid.SampledFrom([]string{"ok", "none", "broken", "after"}).Draw(t, "state"))})
		r.Seals = append(r.Seals, lineage.Sealed{Seal: seal.Seal{KeyID: text(), Upto: i + 1, Size: number(), Index: number(), At: noon}, Name: text(), Person: text()})
		r.Records = append(r.Records, ledger.Record{Position: int64(number()), Fields: []ledger.Field{{Name: "event", Value: text()}, {Name: "actor", Value: text()}, {Name: "key", Value: text()}}})
	}
	if rapid.Bool().Draw(t, "edit") {
		r.Edit = &lineage.Edit{Sealed: text(), Present: text(), Known: text(), Changes: []carcel.Change{{Path: text(), From: text(), To: text()}}}
		r.Decision = &governance.Recorded{Status: governance.Status(text()), Reason: text(), Policy: text(), Guardians: []governance.Finding{{Guardian: text(), Rule: text()}},
			Approvals: []governance.Approval{{Name: text(), KeyID: text(), Why: text()}}, Outcome: &governance.Outcome{State: text(), By: text(), Why: text()}}
		r.Proof = &ledger.Proof{Checkpoint: ledger.Checkpoint{Name: text(), KeyID: text()}}
	}
	return r
}

func TestAnyEvidenceIsDrawnExactly(t *testing.T) {
	s := plainStage(t)
	s.Evidence = &archive{}
	version := uint64(0)
	rapid.Check(t, func(t *rapid.T) {
		text := func() string { return hostile.Draw(t, "text") }
		w, h := rapid.IntRange(80, 210).Draw(t, "width"), rapid.IntRange(17, 60).Draw(t, "height")
		pic := &lineage.Picture{}
		version++
		pic.Version = version
		for i := range rapid.IntRange(0, 5).Draw(t, "rows") {
			pic.Rows = append(pic.Rows, lineage.Row{Seq: uint64(i), TrackingID: text(), Key: text(), Origin: text(), Primitive: text(), Vertical: text(), Schema: text(),
				Verdict: seal.Verdict{Overall: seal.Overall(rapid.SampledFrom([]string{"verified", "tampered", "incomplete", "unauthenticated", "\x1b["}).Draw(t, "overall")), Links: text(), Logged: text(), Reasons: []string{text()}}})
		}
		pic.Counts = lineage.Counts{Verified: rapid.IntRange(0, 1<<40).Draw(t, "n"), Unauthenticated: rapid.IntRange(0, 1<<40).Draw(t, "n"), Skipped: 3}
		pic.Census = lineage.Census{At: noon, From: 7, Left: 3, Fates: map[lineage.Fate]int{lineage.Missing: rapid.IntRange(0, 1<<40).Draw(t, "n")}, Suspects: []lineage.Row{{TrackingID: text(), Key: text(), Fate: lineage.Missing}}}
		s.Lineage = pic
		s.Ledger = rapid.SampledFrom([]*ledger.State{nil, {}, {Looked: noon, Position: 5, Trouble: fmt.Errorf("%w: %s", ledger.ErrForked, "\x1b[2J")}, {Looked: noon, Position: 9, First: 3, Checkpoint: &ledger.Checkpoint{Name: text(), KeyID: text()}}}).Draw(t, "ledger")
		l := NewLineage(s)
		l.SetSize(w, h)
		l.Refresh()
		exact(t, "the list", l.View(true), w, h)
		for _, id := range []string{"list.down", "list.open", "list.pagedown", "list.end", "lineage.filter", "pane.zoom", "list.back", "list.filter", "list.back", "lineage.filter"} {
			l.Do(id)
			if l.detail.asked != "" {
				l.Update(traceMsg{l.detail.asked, anyReport(t), nil})
			}
			exact(t, "lineage after "+id, l.View(true), w, h)
		}
	})
}
