package packet

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// FromGo turns a Go value into a Value: nil, bool, strings, all integers and
// floats, json.Number, *big.Int, Value, []any, map[string]any (its keys
// sorted), and anything else the way encoding/json sees it. NaN, infinities
// and what encoding/json refuses are errors, as is nesting beyond MaxDepth.
func FromGo(x any) (Value, error) { return fromGo(x, 1) }

func fromGo(x any, depth int) (Value, error) {
	if depth > MaxDepth {
		return Value{}, errors.New("value " + tooDeep)
	}
	switch x := x.(type) {
	case nil:
		return Value{}, nil
	case Value:
		return x, nil
	case bool:
		return BoolOf(x), nil
	case string:
		text, _ := toText(x)
		return StringOf(text), nil
	case int:
		return IntOf(int64(x)), nil
	case int64:
		return IntOf(x), nil
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return Value{}, fmt.Errorf("%v is not a JSON number", x)
		}
		return FloatOf(x), nil
	case json.Number:
		return fromNumber(string(x))
	case *big.Int:
		return fromNumber(x.String())
	case []any:
		return fromSlice(x, depth)
	case map[string]any:
		return fromMap(x, depth)
	}
	return fromJSON(x)
}

func fromSlice(x []any, depth int) (Value, error) {
	list := make([]Member, len(x))
	for i, e := range x {
		v, err := fromGo(e, depth+1)
		if err != nil {
			return Value{}, err
		}
		list[i].Value = v
	}
	return Value{kind: Array, list: list}, nil
}

func fromMap(x map[string]any, depth int) (Value, error) {
	list := make([]Member, 0, len(x))
	for key, e := range x {
		v, err := fromGo(e, depth+1)
		if err != nil {
			return Value{}, err
		}
		key, _ = toText(key)
		list = append(list, Member{key, v})
	}
	slices.SortFunc(list, func(a, b Member) int { return strings.Compare(a.Key, b.Key) })
	return Value{kind: Object, list: list}, nil
}

func fromNumber(lexeme string) (Value, error) {
	v, found, err := ParseValue([]byte(lexeme))
	if err != nil || len(found) > 0 || (v.kind != Int && v.kind != BigInt && v.kind != Float) {
		return Value{}, fmt.Errorf("%s is not a JSON number", quoteShort(lexeme))
	}
	return v, nil
}

func fromJSON(x any) (Value, error) {
	raw, err := json.Marshal(x)
	if err != nil {
		return Value{}, fmt.Errorf("value of type %T: %w", x, err)
	}
	v, _, err := ParseValue(raw)
	if err != nil {
		return Value{}, fmt.Errorf("value of type %T: %w", x, err)
	}
	return v, nil
}

// ToGo turns v into what Go's JSON libraries work on: nil, bool, string,
// json.Number, []any, map[string]any (the last of duplicate keys); NaN and
// infinities are float64, Bytes and Ext []byte.
func (v Value) ToGo() any {
	switch v.kind {
	case Bool:
		return v.num == 1
	case Int:
		return json.Number(strconv.FormatInt(int64(v.num), 10))
	case BigInt:
		return json.Number(v.text)
	case Float:
		return v.floatToGo()
	case String:
		return v.text
	case Array:
		list := make([]any, len(v.list))
		for i := range v.list {
			list[i] = v.list[i].Value.ToGo()
		}
		return list
	case Object:
		object := make(map[string]any, len(v.list))
		for i := range v.list {
			object[v.list[i].Key] = v.list[i].Value.ToGo()
		}
		return object
	case Bytes, Ext:
		return []byte(v.text)
	}
	return nil
}

// floatToGo keeps the lexeme unless its exponent is one that rational
// arithmetic would choke on (1e-999999999, which a float64 holds as 0).
func (v Value) floatToGo() any {
	f := math.Float64frombits(v.num)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return f
	}
	if at := strings.IndexAny(v.text, "eE"); v.text != "" && len(v.text)-at <= len("e+1234") {
		return json.Number(v.text)
	} else if v.text != "" && at < 0 {
		return json.Number(v.text)
	}
	return json.Number(AppendFloat(nil, f))
}
