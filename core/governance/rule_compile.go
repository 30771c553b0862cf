package governance

import (
	"context"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/infrafabric/ifpacket/core/packet"
)

// compile makes every rule ready.
func (p *Policy) compile(src source, faults *policyFaults) {
	env, err := policyEnv(p.constants)
	if err != nil {
		faults.add(place{1, 1}, "the rules cannot be set up: %v", err)
		return
	}
	for _, seat := range p.seats {
		for _, r := range seat.rules {
			r.compile(env, src, faults)
		}
	}
	if !faults.found() {
		p.tryOut(faults)
	}
}

// tryOut runs each rule once, to find those that cannot be afforded. What else
// keeps a rule from a value depends on the action, and is told when judging.
func (p *Policy) tryOut(faults *policyFaults) {
	a := Action{Primitive: "unknown", Vertical: "general", Payload: packet.ObjectOf()}
	for _, seat := range p.seats {
		for _, r := range seat.rules {
			if r.always {
				continue
			}
			h := newHearing(context.Background(), &subject{action: &a, trustRequired: len(p.trusted) > 0})
			_, _, err := r.program.ContextEval(h.ctx, h)
			h.close()
			if costly(err) {
				faults.addTo(r.title(), r.when.place, "it costs more than the limit of %d; loop over less", ruleCost)
			}
		}
	}
}

func (r *rule) compile(env *cel.Env, src source, faults *policyFaults) {
	checked, issues := env.Compile(r.when.text)
	if issues != nil && issues.Err() != nil {
		first := issues.Errors()[0]
		at := src.within(r.when, runeOffset(r.when.text, first.Location.Line(), first.Location.Column()))
		faults.addTo(r.title(), at, "%s", celFault(first.Message))
		return
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		faults.addTo(r.title(), r.when.place, "when gives %s, not true or false; compare it with something", t)
		return
	}
	if why := r.plan(env, checked); why != "" {
		faults.addTo(r.title(), r.when.place, "%s", why)
	}
}

// plan makes the programs and the filter of a checked rule; it returns why it
// could not.
func (r *rule) plan(env *cel.Env, checked *cel.Ast) string {
	whole := checked.NativeRep()
	condition := whole.Expr()
	var err error
	if names(condition, varRate) {
		parts, ok := splitRate(condition)
		switch {
		case !ok:
			return "rate may stand in a rule once, as a condition of its own joined with &&: rate > LIMIT or rate >= LIMIT"
		case r.Advisory || r.Status == Approved:
			return "a rule on rate must hold what is past it; leave advisory away"
		case !whole.GetType(parts.limit.ID()).IsExactType(cel.IntType):
			return "the limit of rate must be a whole number; write int(…) around it if it is one"
		}
		r.Rated, r.rate = true, &rateRule{from: parts.from}
		if r.rate.limit, err = plan(env, part(whole, parts.limit)); err != nil {
			return err.Error()
		}
		condition = parts.guard
	}
	r.filter = prefilter(whole, condition)
	if condition == nil {
		r.always = true
		return ""
	}
	if r.program, err = plan(env, part(whole, condition)); err != nil {
		return err.Error()
	}
	return ""
}

// runeOffset turns CEL's line (from 1) and column (from 0, in runes) into an
// offset in runes.
func runeOffset(text string, line, column int) int {
	offset := 0
	for i, l := range strings.Split(text, "\n") {
		if i+1 >= line {
			break
		}
		offset += len([]rune(l)) + 1
	}
	return offset + column
}

// celFault words the commonest of CEL's complaints so that they say what to do.
func celFault(message string) string {
	if name, ok := strings.CutPrefix(message, "undeclared reference to '"); ok {
		name, _, _ = strings.Cut(name, "'")
		return "it names " + name + ", which is not known; rules see " + strings.Join(ruleVariables, ", ") + " and what let defines"
	}
	if what, ok := strings.CutPrefix(message, "Syntax error: "); ok {
		return "syntax: " + what
	}
	return message
}
