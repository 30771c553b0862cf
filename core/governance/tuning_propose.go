package governance

import (
	"context"
	"math"
	"slices"
	"strconv"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// quantiles of the observed values that are proposed.
var quantiles = []float64{0.25, 0.5, 0.75, 0.9}

// Propose tells, for each threshold of a rule and some other values of it, how
// many of the cases on which the rule fired the whole policy would still hold.
// The values are quantiles of what the cases had.
func Propose(ctx context.Context, p *Policy, guardian, name string, cases []Case) ([]Proposal, error) {
	r, checked, err := p.tunable(guardian, name)
	if err != nil {
		return nil, err
	}
	if r.rate != nil {
		return proposeRates(ctx, p, r, cases)
	}
	thresholds, err := p.Thresholds(guardian, name)
	if err != nil {
		return nil, err
	}
	fired, now, err := p.firedOn(ctx, r, cases)
	if err != nil || len(fired) == 0 {
		return nil, err
	}
	var proposals []Proposal
	for _, t := range thresholds {
		values, err := p.proposedValues(ctx, r, checked, t, cases, fired)
		if err != nil {
			return nil, err
		}
		for _, value := range values {
			other, err := p.withThreshold(r, t, value)
			if err != nil {
				return nil, err
			}
			would, err := heldOf(ctx, other, cases, fired)
			if err != nil {
				return nil, err
			}
			proposals = append(proposals, Proposal{Threshold: t, Value: value, Now: now, Would: would, Of: len(fired)})
		}
	}
	return proposals, nil
}

// firedOn are the indexes of the cases on which a rule fires now, and how many
// of these the policy holds.
func (p *Policy) firedOn(ctx context.Context, r *rule, cases []Case) (fired []int, now int, err error) {
	verdicts, err := replay(ctx, p, cases)
	for i, v := range verdicts {
		if !v.named(r) {
			continue
		}
		fired = append(fired, i)
		if v.Status != Approved {
			now++
		}
	}
	return fired, now, err
}

// named reports whether a rule is among the findings.
func (v Verdict) named(r *rule) bool {
	return slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Guardian == r.guardian && f.Rule == r.Name })
}

// heldOf is how many of some cases rules hold. All are judged, since they count
// towards each other's rates.
func heldOf(ctx context.Context, rules Rules, cases []Case, those []int) (int, error) {
	verdicts, err := replay(ctx, rules, cases)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, i := range those {
		if verdicts[i].Status != Approved {
			n++
		}
	}
	return n, nil
}

// proposedValues are quantiles of what the cases had where the rule looks.
func (p *Policy) proposedValues(ctx context.Context, r *rule, checked *celast.AST, t Threshold, cases []Case, those []int) ([]float64, error) {
	_, env, err := p.check(r)
	if err != nil {
		return nil, err
	}
	look, err := plan(env, part(checked, t.subject))
	if err != nil {
		return nil, r.failed(err)
	}
	var seen []float64
	for _, i := range those {
		a := cases[i].Action
		h := newHearing(ctx, &subject{action: &a, trusted: p.Trusts(a), trustRequired: len(p.trusted) > 0})
		v, err := look.eval(h)
		h.close()
		if err != nil {
			continue // another part of the rule fired
		}
		switch v := v.(type) {
		case types.Int:
			seen = append(seen, float64(v))
		case types.Double:
			seen = append(seen, float64(v))
		}
	}
	return quantilesOf(seen, t.Whole, t.Value), nil
}

// quantilesOf are distinct values, in order, without the present one. Doubles
// have three digits.
func quantilesOf(seen []float64, whole bool, present float64) []float64 {
	if len(seen) == 0 {
		return nil
	}
	slices.Sort(seen)
	var values []float64
	for _, q := range quantiles {
		v := seen[int(q*float64(len(seen)-1)+0.5)]
		if whole {
			v = math.Floor(v)
		} else {
			v = threeDigits(v)
		}
		if v != present && !slices.Contains(values, v) && !math.IsNaN(v) && !math.IsInf(v, 0) {
			values = append(values, v)
		}
	}
	return values
}

// threeDigits rounds down to three digits.
func threeDigits(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-2)
	short := strconv.FormatFloat(math.Floor(v/unit+1e-9)*unit, 'g', 6, 64) // without the noise of the arithmetic
	v, _ = strconv.ParseFloat(short, 64)
	return v
}

// withThreshold is the policy with another number in one rule. It is for
// trying out alone: its revision is that of the policy it came from.
func (p *Policy) withThreshold(r *rule, t Threshold, value float64) (*Policy, error) {
	checked, env, err := p.check(r)
	if err != nil {
		return nil, err
	}
	celast.PreOrderVisit(checked.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if e.ID() != t.number {
			return
		}
		literal := celast.NewExprFactory().NewLiteral(e.ID(), types.Double(value))
		if t.Whole {
			literal = celast.NewExprFactory().NewLiteral(e.ID(), types.Int(int64(value)))
		}
		e.SetKindCase(literal)
	}))
	delete(checked.ReferenceMap(), t.number)
	other := *r
	if other.program, err = plan(env, checked); err != nil {
		return nil, r.failed(err)
	}
	other.filter = prefilter(checked, checked.Expr())
	changed := *p
	changed.seats = slices.Clone(p.seats)
	for i := range changed.seats {
		rules := slices.Clone(changed.seats[i].rules)
		for j := range rules {
			if rules[j] == r {
				rules[j] = &other
			}
		}
		changed.seats[i].rules = rules
	}
	return &changed, nil
}
