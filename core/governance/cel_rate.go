package governance

import (
	"math"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// conjuncts are the parts of a && b && c.
func conjuncts(e celast.Expr) []celast.Expr {
	if e.Kind() != celast.CallKind || e.AsCall().FunctionName() != operators.LogicalAnd {
		return []celast.Expr{e}
	}
	var parts []celast.Expr
	for _, arg := range e.AsCall().Args() {
		parts = append(parts, conjuncts(arg)...)
	}
	return parts
}

// names reports whether an expression uses a variable of that name.
func names(e celast.Expr, variable string) bool {
	found := false
	celast.PreOrderVisit(e, celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() == celast.IdentKind && e.AsIdent() == variable {
			found = true
		}
	}))
	return found
}

// rateParts is a rule on rate taken apart: when guard holds, an action past
// the limit fires.
type rateParts struct {
	guard celast.Expr // nil: always
	limit celast.Expr
	from  int64 // what the limit's value must be raised by to give how many are allowed
}

// splitRate takes a rule apart into guard and limit. Only one conjunct may
// name rate, as rate > LIMIT or rate >= LIMIT: the count is known to Redis
// alone, so the rule must be one that a script can finish.
func splitRate(e celast.Expr) (parts rateParts, ok bool) {
	fac := celast.NewExprFactory()
	for _, c := range conjuncts(e) {
		if !names(c, varRate) {
			if parts.guard != nil {
				parts.guard = fac.NewCall(e.ID(), operators.LogicalAnd, parts.guard, c)
			} else {
				parts.guard = c
			}
			continue
		}
		if parts.limit != nil || c.Kind() != celast.CallKind {
			return parts, false
		}
		call := c.AsCall()
		switch call.FunctionName() {
		case operators.Greater:
		case operators.GreaterEquals:
			parts.from = -1
		default:
			return parts, false
		}
		left, right := call.Args()[0], call.Args()[1]
		if left.Kind() != celast.IdentKind || names(right, varRate) {
			return parts, false
		}
		parts.limit = right
	}
	return parts, parts.limit != nil
}

// part is an expression of a checked rule as one of its own.
func part(whole *celast.AST, e celast.Expr) *celast.AST {
	return celast.NewCheckedAST(celast.NewAST(e, whole.SourceInfo()), whole.TypeMap(), whole.ReferenceMap())
}

// rateRule is what remains of rate > LIMIT.
type rateRule struct {
	limit program
	from  int64
}

// allowed is how many actions the rule lets through in its window.
func (r *rateRule) allowed(h *hearing) (int, error) {
	v, err := r.limit.eval(h)
	if err != nil {
		return 0, err
	}
	n, ok := v.(types.Int)
	if !ok {
		return 0, errNoLimit
	}
	return int(min(max(int64(n)+r.from, 0), math.MaxInt32)), nil
}
