package governance

import (
	"fmt"
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
