package governance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/interpreter"

	"github.com/infrafabric/ifpacket/core/packet"
)

const (
	// ruleCost is the most that one evaluation of one rule may cost, in CEL's
	// own unit: a loop of this length takes some milliseconds.
	ruleCost = 100_000
	// judgeTime is how long one verdict may take. What is past it fails.
	judgeTime = 250 * time.Millisecond
	// checkEvery is how many steps of a loop go by between looks at the clock.
	checkEvery = 64
)

// What rules see. The constants of the policy come beside them.
const (
	varPrimitive     = "primitive"
	varVertical      = "vertical"
	varEntropy       = "entropy"
	varActor         = "actor"
	varPayload       = "payload"
	varOrigin        = "origin"
	varKey           = "destination.key"
	varOperation     = "destination.operation"
	varTrusted       = "trusted"
	varTrustRequired = "trust_required"
	varRate          = "rate"
)

var ruleVariables = []string{
	varPrimitive, varVertical, varEntropy, varActor, varPayload, varOrigin,
	varKey, varOperation, varTrusted, varTrustRequired, varRate,
}

// baseEnv is what all policies share.
var baseEnv = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable(varPrimitive, cel.StringType),
		cel.Variable(varVertical, cel.StringType),
		cel.Variable(varEntropy, cel.DoubleType),
		cel.Variable(varActor, cel.StringType),
		cel.Variable(varPayload, cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable(varOrigin, cel.StringType),
		cel.Variable(varKey, cel.StringType),
		cel.Variable(varOperation, cel.StringType),
		cel.Variable(varTrusted, cel.BoolType),
		cel.Variable(varTrustRequired, cel.BoolType),
		cel.Variable(varRate, cel.IntType),
		cel.Function("lower", cel.Overload("lower_string", []*cel.Type{cel.StringType}, cel.StringType,
			cel.UnaryBinding(func(s ref.Val) ref.Val { return types.String(strings.ToLower(string(s.(types.String)))) }))),
		cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true),
		cel.EnableMacroCallTracking(),
		ext.Strings(),
	)
})

// policyEnv is the environment of one policy: with its constants.
func policyEnv(constants []packet.Member) (*cel.Env, error) {
	base, err := baseEnv()
	if err != nil {
		return nil, err
	}
	options := make([]cel.EnvOption, len(constants))
	for i, c := range constants {
		options[i] = cel.Constant(c.Key, celType(c.Value), celValue(c.Value))
	}
	return base.Extend(options...)
}

// program is a compiled expression.
type program struct{ cel.Program }

func plan(env *cel.Env, checked *celast.AST) (program, error) {
	p, err := env.PlanProgram(checked, cel.CostLimit(ruleCost), cel.InterruptCheckFrequency(checkEvery), cel.EvalOptions(cel.OptOptimize))
	return program{p}, err
}

// hearing is what the rules that have to be run see of one action. It is made
// when the first of them is.
type hearing struct {
	action        Action
	trusted       bool
	trustRequired bool
	payload       celMap
	ctx           context.Context
	cancel        context.CancelFunc
}

// newHearing copies the subject, which therefore costs no allocation where no
// rule has to be run.
func newHearing(ctx context.Context, s *subject) *hearing {
	h := &hearing{
		trusted: s.trusted, trustRequired: s.trustRequired,
		action: *s.action, payload: celMap{s.action.Payload},
	}
	h.ctx, h.cancel = context.WithTimeout(ctx, judgeTime)
	return h
}

// close frees the clock; a nil hearing has none.
func (h *hearing) close() {
	if h != nil {
		h.cancel()
	}
}

// Parent is part of cel.Activation; there is none.
func (h *hearing) Parent() cel.Activation { return nil }

// ResolveName gives a rule its variables.
func (h *hearing) ResolveName(name string) (any, bool) {
	switch name {
	case varPrimitive:
		return types.String(h.action.Primitive), true
	case varVertical:
		return types.String(h.action.Vertical), true
	case varEntropy:
		return types.Double(h.action.Entropy), true
	case varActor:
		return types.String(h.action.Actor), true
	case varPayload:
		return &h.payload, true
	case varOrigin:
		return types.String(h.action.Origin), true
	case varKey:
		return types.String(h.action.Key), true
	case varOperation:
		return types.String(h.action.Operation), true
	case varTrusted:
		return types.Bool(h.trusted), true
	case varTrustRequired:
		return types.Bool(h.trustRequired), true
	}
	return nil, false
}

// eval runs a program. Whatever keeps it from a value is an error.
func (p program) eval(h *hearing) (ref.Val, error) {
	v, _, err := p.ContextEval(h.ctx, h)
	if err == nil {
		return v, nil
	}
	switch {
	case costly(err):
		return nil, fmt.Errorf("it costs more than the limit of %d; loop over less", ruleCost)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("it took longer than %v", judgeTime)
	}
	return nil, errors.New(oneLine(err.Error()))
}

func (p program) evalBool(h *hearing) (bool, error) {
	v, err := p.eval(h)
	if err != nil {
		return false, err
	}
	b, ok := v.(types.Bool)
	if !ok {
		return false, fmt.Errorf("it gave %s, not true or false", v.Type().TypeName())
	}
	return bool(b), nil
}

// costly reports whether an evaluation ended for its cost.
func costly(err error) bool {
	var cancelled interpreter.EvalCancelledError
	return errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded
}
