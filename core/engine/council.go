package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/infrafabric/ifpacket/core/governance"
)

// Sitting is the council as it sits now.
type Sitting struct {
	Revision string             // of the rules in force
	Policy   *governance.Policy // in force; nil where the rules come from no policy
	Embedded bool               // the policy came with the program, so it has no file
	// Trouble is why the newest state of the policy's file is not in force, so
	// that an older one is; nil when all is well. It tells each fault on a line
	// of its own, with its place.
	Trouble error
}

// Sitting tells which rules are in force, without asking Redis.
func (e *Engine) Sitting() Sitting {
	rules := e.Council().InForce()
	s := Sitting{Revision: rules.Revision()}
	s.Policy, _ = rules.(*governance.Policy)
	if s.Policy != nil {
		switch name := s.Policy.Name(); name {
		case governance.DefaultPolicy, governance.S2Policy:
			shipped, err := governance.LoadPolicy(name)
			s.Embedded = err == nil && shipped == s.Policy
		}
	}
	if file, ok := e.Council().(interface{ Trouble() error }); ok {
		s.Trouble = file.Trouble()
	}
	return s
}

// OnPolicy has f called after each change of the policy's file, be it in force
// now or not, from a goroutine of the council's own. The function returned ends
// that. A council that never changes never calls.
func (e *Engine) OnPolicy(f func(governance.Change)) (cancel func()) {
	if c, ok := e.Council().(interface {
		OnChange(func(governance.Change)) func()
	}); ok {
		return c.OnChange(f)
	}
	return func() {}
}

// Trial is what other rules would have made of the last decisions.
type Trial struct {
	Policy string // the revision that was tried
	governance.Flips
	Past Past // what it was tried on
}

// Turned is how many decisions would turn from one status to another.
type Turned struct {
	governance.Turn
	Count int
}

// MostTurned are the changes of status, the most frequent first.
func (t Trial) MostTurned() []Turned {
	turned := make([]Turned, 0, len(t.Turns))
	for turn, n := range t.Turns {
		turned = append(turned, Turned{turn, n})
	}
	slices.SortFunc(turned, func(a, b Turned) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return turned
}

// WhatIf judges the last decisions by other rules. Nothing is changed by it.
func (e *Engine) WhatIf(ctx context.Context, candidate governance.Rules, last int) (Trial, error) {
	past, err := e.Decisions(ctx, last)
	if err != nil {
		return Trial{}, err
	}
	flips, err := governance.WhatIf(ctx, candidate, past.Cases)
	return Trial{candidate.Revision(), flips, past}, err
}

// Tuning is what other thresholds of one rule would have done.
type Tuning struct {
	Guardian, Rule string
	Policy         string // the revision that has the rule
	Proposals      []governance.Proposal
	Past           Past // what they were tried on
}

// Tune tries other thresholds of a rule of the policy in force on the last
// decisions. Nothing is changed by it. Where no policy is in force there is
// nothing to propose.
func (e *Engine) Tune(ctx context.Context, guardian, rule string, last int) (Tuning, error) {
	t := Tuning{Guardian: guardian, Rule: rule, Policy: e.Policy()}
	p := e.Sitting().Policy
	if p == nil {
		return t, nil
	}
	t.Policy = p.Revision()
	var err error
	if t.Past, err = e.Decisions(ctx, last); err != nil {
		return t, err
	}
	t.Proposals, err = governance.Propose(ctx, p, guardian, rule, t.Past.Cases)
	return t, err
}

func ruleName(f governance.Finding) string {
	if f.Guardian == "" {
		return ""
	}
	return f.Guardian + "/" + f.Rule
}

func decidedAt(r governance.Recorded) time.Time {
	at, _ := time.Parse(time.RFC3339, r.DecidedAt)
	return at
}
