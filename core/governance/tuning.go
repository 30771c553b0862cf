package governance

import (
	"context"
	"fmt"
	"math"
	"slices"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Threshold is a number in a rule that something of the action is compared
// with.
type Threshold struct {
	Guardian string
	Rule     string
	Subject  string  // CEL: what is compared, such as entropy or size(payload.recipients)
	Operator string  // >, >=, < or <=, with the subject on the left
	Value    float64 // as the policy has it; of a rate, how many are allowed
	Whole    bool    // a whole number
	Rate     bool    // it is a rate's limit

	subject celast.Expr
	number  int64 // id of the number's expression
}

// Proposal is another value for a threshold, and what it would have done to
// the cases on which the rule fired. Nothing is changed by it.
type Proposal struct {
	Threshold Threshold
	Value     float64 // proposed
	Now       int     // how many of these cases the policy holds as it is
	Would     int     // how many it would hold with the other value
	Of        int     // how many cases the rule fired on
}

// quantiles of the observed values that are proposed.
var quantiles = []float64{0.25, 0.5, 0.75, 0.9}

// Thresholds are the numbers that a rule compares with, its policy's constants
// among them. The error says that there is no such rule.
func (p *Policy) Thresholds(guardian, name string) ([]Threshold, error) {
	r, checked, err := p.tunable(guardian, name)
	if err != nil {
		return nil, err
	}
	var found []Threshold
	celast.PreOrderVisit(checked.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if t, ok := thresholdOf(checked, e); ok {
			t.Guardian, t.Rule = r.guardian, r.Name
			found = append(found, t)
		}
	}))
	return found, nil
}

// tunable finds a rule and its checked expression, without the rate.
func (p *Policy) tunable(guardian, name string) (*rule, *celast.AST, error) {
	for _, s := range p.seats {
		for _, r := range s.rules {
			if r.guardian == guardian && r.Name == name {
				checked, _, err := p.check(r)
				return r, checked, err
			}
		}
	}
	return nil, nil, fmt.Errorf("policy %s has no rule %s of a guardian %s", p.revision, name, guardian)
}

// check compiles a rule again: a policy keeps the programs alone.
func (p *Policy) check(r *rule) (*celast.AST, *cel.Env, error) {
	env, err := policyEnv(p.constants)
	if err != nil {
		return nil, nil, err
	}
	checked, issues := env.Compile(r.when.text)
	if issues != nil && issues.Err() != nil {
		return nil, nil, r.failed(issues.Err())
	}
	return celast.Copy(checked.NativeRep()), env, nil
}

// mirrored are the comparisons with their sides exchanged.
var mirrored = map[string]string{
	operators.Greater: operators.Less, operators.GreaterEquals: operators.LessEquals,
	operators.Less: operators.Greater, operators.LessEquals: operators.GreaterEquals,
}

var comparisonSigns = map[string]string{
	operators.Greater: ">", operators.GreaterEquals: ">=", operators.Less: "<", operators.LessEquals: "<=",
}

func thresholdOf(checked *celast.AST, e celast.Expr) (Threshold, bool) {
	if e.Kind() != celast.CallKind {
		return Threshold{}, false
	}
	op := e.AsCall().FunctionName()
	if _, compares := comparisonSigns[op]; !compares {
		return Threshold{}, false
	}
	subject, limit := e.AsCall().Args()[0], e.AsCall().Args()[1]
	value, whole, ok := constantNumber(checked, limit)
	if !ok {
		subject, limit, op = limit, subject, mirrored[op]
		if value, whole, ok = constantNumber(checked, limit); !ok {
			return Threshold{}, false
		}
	}
	if _, _, both := constantNumber(checked, subject); both || inLoop(checked, subject) {
		return Threshold{}, false
	}
	text, err := cel.ExprToString(subject, checked.SourceInfo())
	if err != nil {
		return Threshold{}, false
	}
	t := Threshold{
		Subject: text, Operator: comparisonSigns[op], Value: value, Whole: whole,
		Rate: text == varRate, subject: subject, number: limit.ID(),
	}
	if t.Rate && op == operators.GreaterEquals {
		t.Value--
	}
	return t, true
}

// constantNumber reads a literal, or a constant of the policy.
func constantNumber(checked *celast.AST, e celast.Expr) (value float64, whole, ok bool) {
	v, ok := filterMaker{checked}.constant(e)
	if !ok {
		return 0, false, false
	}
	switch v := v.(type) {
	case types.Int:
		return float64(v), true, true
	case types.Double:
		return float64(v), false, true
	}
	return 0, false, false
}

// inLoop reports whether an expression names something that is no variable of
// rules: the variable of a loop, whose value is not that of the action.
func inLoop(checked *celast.AST, e celast.Expr) bool {
	found := false
	celast.PreOrderVisit(e, celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() != celast.IdentKind || slices.Contains(ruleVariables, e.AsIdent()) {
			return
		}
		if r := checked.ReferenceMap()[e.ID()]; r == nil || r.Value == nil {
			found = true
		}
	}))
	return found
}

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
// are rounded to three digits, down, so that what was seen is still met.
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
		} else if v != 0 && !math.IsInf(v, 0) {
			unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-2)
			v = math.Floor(v/unit+1e-9) * unit
		}
		if v != present && !slices.Contains(values, v) && !math.IsNaN(v) && !math.IsInf(v, 0) {
			values = append(values, v)
		}
	}
	return values
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
