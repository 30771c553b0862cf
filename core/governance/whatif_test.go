package governance_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/governance"
)

var noon = time.Date(2025, 12, 2, 12, 0, 0, 0, time.UTC)

func decided(id string, status governance.Status, at time.Duration, a governance.Action) governance.Case {
	return governance.Case{TrackingID: id, Action: a, Status: status, At: noon.Add(at)}
}

func TestWhatIfTellsWhichDecisionsWouldFlip(t *testing.T) {
	p := parse(t, `guardians:
  - name: g
    rules:
      - {name: kill, when: 'primitive == "kill"', status: blocked, reason: no killing}
      - {name: broken, when: 'primitive == "odd" && payload.n > 1', status: blocked}
`)
	masked := decided("4", governance.Approved, 3, act("x", "lab", "{}"))
	masked.Masked = true
	flips, err := governance.WhatIf(t.Context(), p, []governance.Case{
		decided("1", governance.Approved, 0, act("kill", "lab", "{}")),
		decided("2", governance.Blocked, 1, act("kill", "lab", "{}")),
		decided("3", governance.Review, 2, act("x", "lab", "{}")),
		masked,
		decided("5", governance.Approved, 4, act("odd", "lab", "{}")),
		decided("6", governance.Approved, 5, act("kill", "lab", "{}")),
	})
	if err != nil || flips.Judged != 5 || flips.Same != 2 || len(flips.Flips) != 3 || len(flips.Failures) != 1 || flips.Masked != 1 {
		t.Fatalf("%+v, %v", flips, err)
	}
	first := flips.Flips[0]
	if first.Case.TrackingID != "1" || first.From != governance.Approved || first.To != governance.Blocked || first.Reason != "no killing" || first.Rule != "g/kill" {
		t.Errorf("%+v", first)
	}
	if flips.Turns[governance.Turn{From: governance.Approved, To: governance.Blocked}] != 2 || flips.Turns[governance.Turn{From: governance.Review, To: governance.Approved}] != 1 || len(flips.Turns) != 2 {
		t.Errorf("%+v", flips.Turns)
	}
	if flips.Failures[0].Case.TrackingID != "5" || flips.Failures[0].To != governance.Failed {
		t.Errorf("%+v", flips.Failures)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := governance.WhatIf(ctx, p, []governance.Case{{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestWhatIfCountsRatesOverTheCasesWhateverTheirOrder(t *testing.T) {
	p := parse(t, oneRule("rate > 2"))
	seconds := []int{0, 10, 20, 59, 61, 200}
	// 0 and 10 count; 20 and 59 are past the limit; by 61 the first has left.
	want := []governance.Status{"approved", "approved", "blocked", "blocked", "approved", "approved"}
	cases := make([]governance.Case, len(seconds))
	for i, s := range seconds {
		cases[len(cases)-1-i] = decided(fmt.Sprint(s), want[i], time.Duration(s)*time.Second, act("x", "lab", "{}"))
	}
	cases = append(cases, decided("other", governance.Approved, time.Second, act("x", "elsewhere", "{}")))
	flips, err := governance.WhatIf(t.Context(), p, cases)
	if err != nil || flips.Same != len(cases) {
		t.Errorf("%+v, %v", flips, err)
	}
}

func TestThresholdsOfARuleAreFound(t *testing.T) {
	p := parse(t, `let: {most: 1000, ratio: 0.25}
guardians:
  - name: g
    rules:
      - {name: entropy, when: entropy >= 0.6 && !trusted, status: blocked}
      - {name: let, when: "type(payload.list) == list && size(payload.list) > most || ratio > entropy", status: blocked}
      - {name: loop, when: "payload.list.exists(n, n > 5) && 1 < 2", status: blocked}
      - {name: none, when: "trusted", status: blocked}
      - {name: rate, when: "rate >= 5", status: blocked}
`)
	for rule, want := range map[string]string{
		"entropy": "entropy >= 0.6 false;", "let": "size(payload.list) > 1000 true;entropy < 0.25 false;", "loop": "", "none": "", "rate": "rate >= 4 true;",
	} {
		thresholds, err := p.Thresholds("g", rule)
		got := ""
		for _, th := range thresholds {
			got += fmt.Sprint(th.Subject, " ", th.Operator, " ", th.Value, " ", th.Whole, ";")
		}
		if err != nil || got != want {
			t.Errorf("%s: %s, not %s, %v", rule, got, want, err)
		}
	}
	if _, err := p.Thresholds("g", "nobody"); err == nil {
		t.Error("a rule that is not there has thresholds")
	}
}

func TestOtherThresholdsAreProposedFromWhatWasSeen(t *testing.T) {
	p := load(t, "s2")
	var cases []governance.Case
	for i := range 101 {
		a := act("context.share", "lab", `{"n":1}`)
		a.Entropy = float64(i) / 100
		cases = append(cases, decided(fmt.Sprint(i), governance.Approved, 0, a))
	}
	proposals, err := governance.Propose(t.Context(), p, "civic", "high-entropy", cases)
	if err != nil || len(proposals) == 0 {
		t.Fatal(proposals, err)
	}
	for _, o := range proposals {
		// The rule fires from 0.60 to 0.79; above, critical-entropy is first.
		want := 80 - int(o.Value*100+0.5)
		if o.Of != 20 || o.Now != 20 || o.Would != want || o.Threshold.Value != 0.6 || o.Value <= 0.6 || o.Value >= 0.8 {
			t.Errorf("%+v, want %d", o, want)
		}
	}
	// What another guardian holds stays held.
	for i := range cases {
		cases[i].Action.Payload = act("", "", "{}").Payload
	}
	proposals, err = governance.Propose(t.Context(), p, "civic", "high-entropy", cases)
	if err != nil || len(proposals) == 0 || proposals[0].Would != 20 {
		t.Errorf("%+v, %v", proposals, err)
	}
	if proposals, err := governance.Propose(t.Context(), p, "civic", "high-entropy", nil); err != nil || len(proposals) != 0 {
		t.Errorf("without cases: %+v, %v", proposals, err)
	}
	if _, err := governance.Propose(t.Context(), p, "civic", "nobody", nil); err == nil {
		t.Error("a rule that is not there has proposals")
	}
}

func TestThresholdsOutOfConstantsAreProposedToo(t *testing.T) {
	p := load(t, "default")
	var cases []governance.Case
	for i := 1; i <= 10; i++ {
		cases = append(cases, decided(fmt.Sprint(i), governance.Blocked, 0, act("resource.allocate", "lab", fmt.Sprintf(`{"resource_id":"r","amount":%d}`, i*5000))))
	}
	proposals, err := governance.Propose(t.Context(), p, "operational", "allocate-amount", cases)
	if err != nil || len(proposals) < 2 {
		t.Fatal(proposals, err)
	}
	for _, o := range proposals {
		want := 10 - int(o.Value)/5000 // those above
		if o.Threshold.Subject != "payload.amount" || o.Threshold.Value != 10000 || o.Of != 8 || o.Now != 8 || o.Would != want {
			t.Errorf("%+v, want %d", o, want)
		}
	}
}

func TestOtherRatesAreTriedOnTheTimesOfTheCases(t *testing.T) {
	p := load(t, "s2")
	var cases []governance.Case
	for i := range 18 { // within a minute, where ten may
		cases = append(cases, decided(fmt.Sprint(i), governance.Approved, time.Duration(i)*time.Second, act("context.share", "energy", `{"n":1}`)))
	}
	proposals, err := governance.Propose(t.Context(), p, "operational", "vertical-rate", cases)
	if err != nil || len(proposals) != 3 {
		t.Fatal(proposals, err)
	}
	for i, want := range []struct {
		value float64
		would int
	}{{15, 3}, {20, 0}, {30, 0}} {
		o := proposals[i]
		if o.Value != want.value || o.Would != want.would || o.Of != 8 || o.Now != 8 || !o.Threshold.Rate || o.Threshold.Value != 10 || o.Threshold.Subject != "rate of energy" {
			t.Errorf("%+v, want %+v", o, want)
		}
	}
}
