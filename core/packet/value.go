package packet

import (
	"math"
	"strconv"
)

// Kind says what a Value holds.
type Kind uint8

// The kinds of JSON, with numbers split by how exactly they are held. Bytes
// and Ext exist only in MessagePack written by others: they are read and
// shown, never dispatched.
const (
	Null   Kind = iota
	Bool        // num is 0 or 1
	Int         // num is the int64, in two's complement
	BigInt      // text is the decimal lexeme: an integer outside int64
	Float       // num is math.Float64bits, text the lexeme it was read from, or ""
	String      // text, in WTF-8: UTF-8 in which lone surrogates keep their code point
	Array       // list, with empty keys
	Object      // list, in the order of the text; duplicate keys are kept
	Bytes       // text holds the raw bytes (MessagePack bin)
	Ext         // text holds the raw payload, num the type (MessagePack ext)
)

// Value is one JSON value held exactly: integers of any size keep every
// digit, floats keep the text they were written in, objects keep their order.
// The zero Value is null. A Value is immutable once built.
type Value struct {
	kind Kind
	num  uint64
	text string
	list []Member
}

// Member is one entry of an object, or of an array when Key is empty.
type Member struct {
	Key   string
	Value Value
}

// NullValue is JSON's null, which is also the zero Value.
var NullValue = Value{}

// StringOf makes a string value.
func StringOf(s string) Value { return Value{kind: String, text: s} }

// IntOf makes an integer value.
func IntOf(n int64) Value { return Value{kind: Int, num: uint64(n)} }

// FloatOf makes a floating point value; NaN and infinities are kept, and
// reported by validation.
func FloatOf(f float64) Value { return Value{kind: Float, num: math.Float64bits(f)} }

// BoolOf makes true or false.
func BoolOf(b bool) Value {
	if b {
		return Value{kind: Bool, num: 1}
	}
	return Value{kind: Bool}
}

// ArrayOf makes an array of the values given.
func ArrayOf(values ...Value) Value {
	list := make([]Member, len(values))
	for i, v := range values {
		list[i].Value = v
	}
	return Value{kind: Array, list: list}
}

// ObjectOf makes an object whose members keep the order given.
func ObjectOf(members ...Member) Value { return Value{kind: Object, list: members} }

// Kind says what v holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether v is null, which an unset Value is too.
func (v Value) IsNull() bool { return v.kind == Null }

// Bool returns v's truth value, and whether v is a bool.
func (v Value) Bool() (value, ok bool) { return v.num == 1, v.kind == Bool }

// Int returns v as an int64, and whether v is an integer that fits.
func (v Value) Int() (int64, bool) { return int64(v.num), v.kind == Int }

// Float returns v as the nearest float64, and whether v is a number.
func (v Value) Float() (float64, bool) {
	switch v.kind {
	case Int:
		return float64(int64(v.num)), true
	case BigInt:
		f, err := strconv.ParseFloat(v.text, 64)
		return f, err == nil
	case Float:
		return math.Float64frombits(v.num), true
	}
	return 0, false
}

// Text returns the string that v holds, and whether v is a string.
func (v Value) Text() (string, bool) { return v.text, v.kind == String }

// Raw returns the bytes of a Bytes or Ext value.
func (v Value) Raw() (string, bool) { return v.text, v.kind == Bytes || v.kind == Ext }

// Members returns the entries of an array or object in order. The slice is
// v's own: do not change it.
func (v Value) Members() []Member { return v.list }

// Len is the number of entries of an array or object.
func (v Value) Len() int { return len(v.list) }

// Get returns the member of an object by key, the last one when a foreign
// writer repeated it (as Python reads it), and whether it is there.
func (v Value) Get(key string) (Value, bool) {
	if v.kind != Object {
		return Value{}, false
	}
	for i := len(v.list) - 1; i >= 0; i-- {
		if v.list[i].Key == key {
			return v.list[i].Value, true
		}
	}
	return Value{}, false
}

// With returns a copy of the object v with key set: in its place when it is
// there, else at the end.
func (v Value) With(key string, value Value) Value {
	list := make([]Member, len(v.list), len(v.list)+1)
	copy(list, v.list)
	for i := range list {
		if list[i].Key == key {
			list[i].Value = value
			return Value{kind: Object, list: list}
		}
	}
	return Value{kind: Object, list: append(list, Member{key, value})}
}
