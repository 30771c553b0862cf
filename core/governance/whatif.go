package governance

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Case is an action that was decided before.
type Case struct {
	TrackingID string
	Action     Action
	Status     Status // what was decided
	Rule       string // "guardian/rule" that decided it; "" when none did
	At         time.Time
	Masked     bool // the record lacks masked fields, so a rule on them may judge otherwise
}

// Flip is a case that other rules would decide otherwise.
type Flip struct {
	Case   Case
	From   Status
	To     Status
	Reason string // of the other rules
	Rule   string // "guardian/rule" that would decide it; "" when none would
}

// Turn is a change of status.
type Turn struct{ From, To Status }

// Flips is what other rules would have changed.
type Flips struct {
	Judged   int // cases that the rules judged, failures not counted
	Same     int // cases that would stay as they were
	Flips    []Flip
	Turns    map[Turn]int
	Failures []Flip // cases on which the rules failed: they would be held, with this reason
	Masked   int    // cases judged without their masked fields
}

// WhatIf judges cases by other rules and tells which would flip. Rates are
// counted over the cases themselves, by their times, as the store would: so in
// the first minute of the cases fewer are past a rate than were in truth. The
// order of the flips is that of the cases. It ends early only with ctx, whose
// error it then returns.
func WhatIf(ctx context.Context, candidate Rules, cases []Case) (Flips, error) {
	flips := Flips{Turns: map[Turn]int{}}
	verdicts, err := replay(ctx, candidate, cases)
	if err != nil {
		return flips, err
	}
	for i, c := range cases {
		v := verdicts[i]
		flip := Flip{Case: c, From: c.Status, To: v.Status, Reason: v.Reason, Rule: v.decidingRule()}
		if c.Masked {
			flips.Masked++
		}
		if v.Status == Failed {
			flips.Failures = append(flips.Failures, flip)
			continue
		}
		flips.Judged++
		if v.Status == c.Status {
			flips.Same++
			continue
		}
		flips.Flips = append(flips.Flips, flip)
		flips.Turns[Turn{c.Status, v.Status}]++
	}
	return flips, nil
}

func (v Verdict) decidingRule() string {
	f := v.Deciding()
	if f.Guardian == "" {
		return ""
	}
	return f.Guardian + "/" + f.Rule
}

// replay judges cases in the order of their times, with their rates.
func replay(ctx context.Context, rules Rules, cases []Case) ([]Verdict, error) {
	verdicts := make([]Verdict, len(cases))
	counts := rateCounts{}
	for _, i := range byTime(cases) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v := Ask(ctx, rules, cases[i].Action)
		if r := v.Rate; r != nil && !cases[i].At.IsZero() && !counts.take(r.Vertical, cases[i].At, r.Window, r.Limit) {
			v = r.Over
		}
		verdicts[i] = v
	}
	return verdicts, nil
}

// byTime are the indexes of the cases, oldest first.
func byTime(cases []Case) []int {
	order := make([]int, len(cases))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(cases[a].At.Compare(cases[b].At), a-b) })
	return order
}

// rateCounts are the times of the actions that count, by vertical.
type rateCounts map[string][]time.Time

// take counts an action, unless as many as the limit came within the window
// before it.
func (c rateCounts) take(vertical string, at time.Time, window time.Duration, limit int) bool {
	times := c[vertical]
	for len(times) > 0 && at.Sub(times[0]) >= window {
		times = times[1:]
	}
	ok := len(times) < limit
	if ok {
		times = append(times, at)
	}
	c[vertical] = times
	return ok
}
