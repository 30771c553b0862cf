package governance

import (
	"math"

	"github.com/infrafabric/ifpacket/core/packet"
)

// subject is an action with what the policy knows of its actor.
type subject struct {
	action        *Action
	trusted       bool
	trustRequired bool
}

// truth is what can be told of a rule without running it.
type truth int8

const (
	unknown truth = iota
	no
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// test is the part of a rule that can be decided without CEL. Most rules do
// not fire on most actions, and saying so takes nanoseconds where running the
// rule takes a microsecond. It answers no only where CEL, which takes the
// false of a && b over an error in the other side, would give false; a rule
// that is not refused here is run, and CEL alone says what fires.
type test struct {
	op    testOp
	known truth  // opKnown
	kids  []test // opAnd, opOr, opNot

	text, other textOperand         // opSame, opIn
	set         map[string]struct{} // opIn

	key  string      // opHas, opIs: a field of the payload
	kind packet.Kind // opIs

	left, right numberOperand // comparisons of numbers
}

type testOp uint8

const (
	opKnown testOp = iota
	opAnd
	opOr
	opNot
	opTrusted
	opTrustRequired
	opSame // of two texts
	opIn
	opHas
	opIs
	opLess
	opLessEqual
	opEqual
)

func (t *test) judge(s *subject) truth {
	switch t.op {
	case opKnown:
		return t.known
	case opAnd:
		return t.all(s, no)
	case opOr:
		return t.all(s, yes)
	case opNot:
		return t.kids[0].judge(s).not()
	case opTrusted:
		return truthOf(s.trusted)
	case opTrustRequired:
		return truthOf(s.trustRequired)
	case opSame:
		return truthOf(t.text.of(s) == t.other.of(s))
	case opIn:
		_, in := t.set[t.text.of(s)]
		return truthOf(in)
	case opHas:
		_, there := s.action.Payload.Get(t.key)
		return truthOf(there)
	case opIs:
		v, there := s.action.Payload.Get(t.key)
		if !there {
			return unknown
		}
		return truthOf(sameType(v.Kind(), t.kind))
	}
	return t.compare(s)
}

// all is && when final is no, || when it is yes.
func (t *test) all(s *subject, final truth) truth {
	result := final.not()
	for i := range t.kids {
		switch t.kids[i].judge(s) {
		case final:
			return final
		case unknown:
			result = unknown
		}
	}
	return result
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

func (t *test) compare(s *subject) truth {
	a, ok := t.left.of(s)
	b, ok2 := t.right.of(s)
	if !ok || !ok2 {
		return unknown
	}
	if a.whole && b.whole {
		return t.holds(a.i < b.i, a.i == b.i)
	}
	x, ok := a.float()
	y, ok2 := b.float()
	if !ok || !ok2 {
		return unknown
	}
	return t.holds(x < y, x == y)
}

func (t *test) holds(less, equal bool) truth {
	switch t.op {
	case opLess:
		return truthOf(less)
	case opLessEqual:
		return truthOf(less || equal)
	}
	return truthOf(equal)
}

// sameType reports whether two kinds are one type to CEL.
func sameType(a, b packet.Kind) bool {
	norm := func(k packet.Kind) packet.Kind {
		switch k {
		case packet.BigInt:
			return packet.Float
		case packet.Ext:
			return packet.Bytes
		}
		return k
	}
	return norm(a) == norm(b)
}

// textOperand is a text variable, or a constant.
type textOperand struct {
	variable textVariable
	constant string
}

type textVariable uint8

const (
	textConstant textVariable = iota
	textPrimitive
	textVertical
	textActor
	textOrigin
	textKey
	textOperation
)

func (o *textOperand) of(s *subject) string {
	switch o.variable {
	case textPrimitive:
		return s.action.Primitive
	case textVertical:
		return s.action.Vertical
	case textActor:
		return s.action.Actor
	case textOrigin:
		return s.action.Origin
	case textKey:
		return s.action.Key
	case textOperation:
		return s.action.Operation
	}
	return o.constant
}

// number is an int or a double, as CEL tells them apart.
type number struct {
	whole bool
	i     int64
	f     float64
}

// float is the number as a double, and whether it is that number exactly.
func (n number) float() (float64, bool) {
	if !n.whole {
		return n.f, !math.IsNaN(n.f)
	}
	return float64(n.i), n.i >= -1<<53 && n.i <= 1<<53
}

// numberOperand is where a comparison takes a number from.
type numberOperand struct {
	from     numberSource
	key      string
	constant number
}

type numberSource uint8

const (
	numberConstant  numberSource = iota
	numberEntropy                // entropy
	numberSize                   // size(payload)
	numberField                  // payload.key, when it is a number
	numberFieldSize              // size(payload.key), when it is an array or object
)

func (o *numberOperand) of(s *subject) (n number, ok bool) {
	switch o.from {
	case numberConstant:
		return o.constant, true
	case numberEntropy:
		return number{f: s.action.Entropy}, true
	case numberSize:
		return number{whole: true, i: int64(s.action.Payload.Len())}, true
	}
	v, there := s.action.Payload.Get(o.key)
	if !there {
		return n, false
	}
	if o.from == numberFieldSize {
		return number{whole: true, i: int64(v.Len())}, v.Kind() == packet.Array || v.Kind() == packet.Object
	}
	if i, whole := v.Int(); whole {
		return number{whole: true, i: i}, true
	}
	f, ok := v.Float()
	return number{f: f}, ok
}
