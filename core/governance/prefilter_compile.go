package governance

import (
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/infrafabric/ifpacket/core/packet"
)

// prefilter makes the test of a checked expression; nil is always true.
// Whatever it does not know is unknown, which means: run the rule.
func prefilter(checked *celast.AST, e celast.Expr) test {
	if e == nil {
		return test{op: opKnown, known: yes}
	}
	return filterMaker{checked}.test(e)
}

type filterMaker struct{ checked *celast.AST }

var unknownTest = test{op: opKnown, known: unknown}

func (m filterMaker) test(e celast.Expr) test {
	if v, ok := m.constant(e); ok {
		if b, ok := v.(types.Bool); ok {
			return test{op: opKnown, known: truthOf(bool(b))}
		}
		return unknownTest
	}
	switch e.Kind() {
	case celast.IdentKind:
		switch e.AsIdent() {
		case varTrusted:
			return test{op: opTrusted}
		case varTrustRequired:
			return test{op: opTrustRequired}
		}
	case celast.SelectKind:
		if key, ok := payloadField(e); ok && e.AsSelect().IsTestOnly() {
			return test{op: opHas, key: key}
		}
	case celast.CallKind:
		return m.call(e.AsCall())
	}
	return unknownTest
}

func (m filterMaker) call(c celast.CallExpr) test {
	args := c.Args()
	switch c.FunctionName() {
	case operators.LogicalAnd:
		return test{op: opAnd, kids: m.tests(args)}
	case operators.LogicalOr:
		return test{op: opOr, kids: m.tests(args)}
	case operators.LogicalNot:
		return not(m.test(args[0]))
	case operators.Equals:
		return m.same(args[0], args[1])
	case operators.NotEquals:
		return not(m.same(args[0], args[1]))
	case operators.In:
		return m.in(args[0], args[1])
	case operators.Less:
		return m.compare(opLess, args[0], args[1])
	case operators.LessEquals:
		return m.compare(opLessEqual, args[0], args[1])
	case operators.Greater:
		return m.compare(opLess, args[1], args[0])
	case operators.GreaterEquals:
		return m.compare(opLessEqual, args[1], args[0])
	}
	return unknownTest
}

func (m filterMaker) tests(args []celast.Expr) []test {
	kids := make([]test, len(args))
	for i, arg := range args {
		kids[i] = m.test(arg)
	}
	return kids
}

func not(t test) test {
	if t.op == opKnown {
		return test{op: opKnown, known: t.known.not()}
	}
	return test{op: opNot, kids: []test{t}}
}

func (m filterMaker) same(a, b celast.Expr) test {
	if t, ok := m.is(a, b); ok {
		return t
	}
	if t, ok := m.is(b, a); ok {
		return t
	}
	x, ok := m.textOperand(a)
	y, ok2 := m.textOperand(b)
	if ok && ok2 {
		return test{op: opSame, text: x, other: y}
	}
	return m.compare(opEqual, a, b)
}

// is reads type(payload.x) == list.
func (m filterMaker) is(a, b celast.Expr) (test, bool) {
	if a.Kind() != celast.CallKind || a.AsCall().FunctionName() != "type" || len(a.AsCall().Args()) != 1 || b.Kind() != celast.IdentKind {
		return test{}, false
	}
	key, ok := payloadField(a.AsCall().Args()[0])
	if !ok || a.AsCall().Args()[0].AsSelect().IsTestOnly() {
		return test{}, false
	}
	kind, ok := map[string]packet.Kind{
		"bool": packet.Bool, "int": packet.Int, "double": packet.Float, "string": packet.String,
		"list": packet.Array, "map": packet.Object, "bytes": packet.Bytes, "null_type": packet.Null,
	}[b.AsIdent()]
	return test{op: opIs, key: key, kind: kind}, ok
}

func (m filterMaker) in(a, b celast.Expr) test {
	text, ok := m.textOperand(a)
	list, ok2 := m.constant(b)
	if !ok || !ok2 {
		return unknownTest
	}
	set := map[string]struct{}{}
	switch list := list.(type) {
	case *celList:
		for _, member := range list.value.Members() {
			s, isText := member.Value.Text()
			if !isText {
				return unknownTest
			}
			set[s] = struct{}{}
		}
	case *celMap:
		for _, member := range list.value.Members() {
			set[member.Key] = struct{}{}
		}
	default:
		return unknownTest
	}
	return test{op: opIn, text: text, set: set}
}

func (m filterMaker) compare(op testOp, a, b celast.Expr) test {
	x, ok := m.numberOperand(a)
	y, ok2 := m.numberOperand(b)
	if !ok || !ok2 {
		return unknownTest
	}
	return test{op: op, left: x, right: y}
}

func (m filterMaker) textOperand(e celast.Expr) (textOperand, bool) {
	if v, ok := m.constant(e); ok {
		s, isText := v.(types.String)
		return textOperand{constant: string(s)}, isText
	}
	if e.Kind() != celast.IdentKind {
		return textOperand{}, false
	}
	variable, ok := map[string]textVariable{
		varPrimitive: textPrimitive, varVertical: textVertical, varActor: textActor,
		varOrigin: textOrigin, varKey: textKey, varOperation: textOperation,
	}[e.AsIdent()]
	return textOperand{variable: variable}, ok
}

func (m filterMaker) numberOperand(e celast.Expr) (numberOperand, bool) {
	if v, ok := m.constant(e); ok {
		switch v := v.(type) {
		case types.Int:
			return numberOperand{constant: number{whole: true, i: int64(v)}}, true
		case types.Double:
			return numberOperand{constant: number{f: float64(v)}}, true
		}
		return numberOperand{}, false
	}
	if key, ok := payloadField(e); ok {
		return numberOperand{from: numberField, key: key}, !e.AsSelect().IsTestOnly()
	}
	switch e.Kind() {
	case celast.IdentKind:
		return numberOperand{from: numberEntropy}, e.AsIdent() == varEntropy
	case celast.CallKind:
		if e.AsCall().FunctionName() == "size" {
			return sizeOperand(e.AsCall())
		}
	}
	return numberOperand{}, false
}

// sizeOperand reads size(payload), size(payload.x), and the same with a dot.
func sizeOperand(c celast.CallExpr) (numberOperand, bool) {
	var of celast.Expr
	switch {
	case c.IsMemberFunction() && len(c.Args()) == 0:
		of = c.Target()
	case !c.IsMemberFunction() && len(c.Args()) == 1:
		of = c.Args()[0]
	default:
		return numberOperand{}, false
	}
	if of.Kind() == celast.IdentKind && of.AsIdent() == varPayload {
		return numberOperand{from: numberSize}, true
	}
	key, ok := payloadField(of)
	return numberOperand{from: numberFieldSize, key: key}, ok && !of.AsSelect().IsTestOnly()
}

// payloadField reads payload.x and has(payload.x).
func payloadField(e celast.Expr) (key string, ok bool) {
	if e.Kind() != celast.SelectKind {
		return "", false
	}
	sel := e.AsSelect()
	of := sel.Operand()
	return sel.FieldName(), of.Kind() == celast.IdentKind && of.AsIdent() == varPayload
}

// constant reads literals, the policy's constants, and lists of literals.
func (m filterMaker) constant(e celast.Expr) (ref.Val, bool) {
	switch e.Kind() {
	case celast.LiteralKind:
		return e.AsLiteral(), true
	case celast.IdentKind:
		if r := m.checked.ReferenceMap()[e.ID()]; r != nil && r.Value != nil {
			return r.Value, true
		}
	case celast.ListKind:
		return m.constantList(e.AsList())
	}
	return nil, false
}

// constantList reads lists of texts; others are left to CEL.
func (m filterMaker) constantList(l celast.ListExpr) (ref.Val, bool) {
	if len(l.OptionalIndices()) > 0 {
		return nil, false
	}
	values := make([]packet.Value, 0, l.Size())
	for _, e := range l.Elements() {
		v, ok := m.constant(e)
		s, isText := v.(types.String)
		if !ok || !isText {
			return nil, false
		}
		values = append(values, packet.StringOf(string(s)))
	}
	return &celList{packet.ArrayOf(values...)}, true
}
