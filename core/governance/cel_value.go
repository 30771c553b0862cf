package governance

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/infrafabric/ifpacket/core/packet"
)

// celValue is a packet's value as rules see it, without copying it: objects
// and arrays are looked into when a rule does. Integers beyond int64 are
// doubles, MessagePack's binary kinds bytes.
func celValue(v packet.Value) ref.Val {
	switch v.Kind() {
	case packet.Bool:
		b, _ := v.Bool()
		return types.Bool(b)
	case packet.Int:
		i, _ := v.Int()
		return types.Int(i)
	case packet.BigInt, packet.Float:
		f, _ := v.Float()
		return types.Double(f)
	case packet.String:
		s, _ := v.Text()
		return types.String(s)
	case packet.Array:
		return &celList{v}
	case packet.Object:
		return &celMap{v}
	case packet.Bytes, packet.Ext:
		raw, _ := v.Raw()
		return types.Bytes(raw)
	}
	return types.NullValue
}

// celType is the type that the checker gives a constant.
func celType(v packet.Value) *types.Type {
	switch v.Kind() {
	case packet.Bool:
		return types.BoolType
	case packet.Int:
		return types.IntType
	case packet.BigInt, packet.Float:
		return types.DoubleType
	case packet.String:
		return types.StringType
	case packet.Array:
		return types.NewListType(commonType(v))
	case packet.Object:
		return types.NewMapType(types.StringType, commonType(v))
	}
	return types.NullType
}

// commonType is the type of all entries, dyn when they differ.
func commonType(v packet.Value) *types.Type {
	var common *types.Type
	for _, m := range v.Members() {
		t := celType(m.Value)
		if common != nil && !common.IsExactType(t) {
			return types.DynType
		}
		common = t
	}
	if common == nil {
		return types.DynType
	}
	return common
}

// celMap is an object. A key that a foreign writer repeated has its last
// value, as Python reads it.
type celMap struct{ value packet.Value }

var (
	_ traits.Mapper = (*celMap)(nil)
	_ traits.Lister = (*celList)(nil)
)

func (m *celMap) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		if types.IsUnknownOrError(key) {
			return key, false
		}
		return nil, false
	}
	v, there := m.value.Get(string(name))
	if !there {
		return nil, false
	}
	return celValue(v), true
}

func (m *celMap) Get(key ref.Val) ref.Val {
	v, found := m.Find(key)
	if !found {
		return types.ValOrErr(v, "no such key: %v", key)
	}
	return v
}

func (m *celMap) Contains(key ref.Val) ref.Val {
	v, found := m.Find(key)
	if v != nil && types.IsUnknownOrError(v) {
		return v
	}
	return types.Bool(found)
}

func (m *celMap) Size() ref.Val     { return types.Int(m.value.Len()) }
func (m *celMap) IsZeroValue() bool { return m.value.Len() == 0 }
func (m *celMap) Type() ref.Type    { return types.MapType }
func (m *celMap) Value() any        { return m.value }
func (m *celMap) String() string    { return string(packet.AppendValueJSON(nil, m.value)) }

func (m *celMap) Iterator() traits.Iterator {
	return &celIterator{members: m.value.Members(), keys: true}
}

func (m *celMap) Equal(other ref.Val) ref.Val {
	o, ok := other.(traits.Mapper)
	if !ok || o.Size() != m.Size() {
		return types.False
	}
	for _, member := range m.value.Members() {
		theirs, found := o.Find(types.String(member.Key))
		if !found || types.Equal(m.Get(types.String(member.Key)), theirs) != types.True {
			return types.False
		}
	}
	return types.True
}

func (m *celMap) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.MapType:
		return m
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("type conversion error from 'map' to '%s'", t)
}

func (m *celMap) ConvertToNative(t reflect.Type) (any, error) { return convertToNative(m, m.value, t) }

// celList is an array.
type celList struct{ value packet.Value }

func (l *celList) Get(index ref.Val) ref.Val {
	i, err := types.GetOrError(index)
	if err != nil {
		return types.ValOrErr(index, "%v", err)
	}
	if i < 0 || i >= l.value.Len() {
		return types.NewErr("index out of bounds: %d", i)
	}
	return celValue(l.value.Members()[i].Value)
}

func (l *celList) Contains(x ref.Val) ref.Val {
	if types.IsUnknownOrError(x) {
		return x
	}
	for _, m := range l.value.Members() {
		if types.Equal(celValue(m.Value), x) == types.True {
			return types.True
		}
	}
	return types.False
}

func (l *celList) Add(other ref.Val) ref.Val {
	o, ok := other.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	joined := make([]ref.Val, 0, l.value.Len())
	for _, list := range []traits.Lister{l, o} {
		for it := list.Iterator(); it.HasNext() == types.True; {
			joined = append(joined, it.Next())
		}
	}
	return types.DefaultTypeAdapter.NativeToValue(joined)
}

func (l *celList) Size() ref.Val     { return types.Int(l.value.Len()) }
func (l *celList) IsZeroValue() bool { return l.value.Len() == 0 }
func (l *celList) Type() ref.Type    { return types.ListType }
func (l *celList) Value() any        { return l.value }
func (l *celList) String() string    { return string(packet.AppendValueJSON(nil, l.value)) }

func (l *celList) Iterator() traits.Iterator { return &celIterator{members: l.value.Members()} }

func (l *celList) Equal(other ref.Val) ref.Val {
	o, ok := other.(traits.Lister)
	if !ok || o.Size() != l.Size() {
		return types.False
	}
	for i, m := range l.value.Members() {
		if types.Equal(celValue(m.Value), o.Get(types.Int(i))) != types.True {
			return types.False
		}
	}
	return types.True
}

func (l *celList) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.ListType:
		return l
	case types.TypeType:
		return types.ListType
	}
	return types.NewErr("type conversion error from 'list' to '%s'", t)
}

func (l *celList) ConvertToNative(t reflect.Type) (any, error) { return convertToNative(l, l.value, t) }

// convertToNative serves what asks for any Go value; rules never do.
func convertToNative(self ref.Val, v packet.Value, t reflect.Type) (any, error) {
	if reflect.TypeOf(self).AssignableTo(t) {
		return self, nil
	}
	native := v.ToGo()
	if native != nil && reflect.TypeOf(native).AssignableTo(t) {
		return native, nil
	}
	return nil, fmt.Errorf("a packet's value is not converted to %s", t)
}

// celIterator goes over the keys of an object or the entries of an array.
type celIterator struct {
	members []packet.Member
	keys    bool
	at      int
}

func (it *celIterator) HasNext() ref.Val { return types.Bool(it.at < len(it.members)) }

func (it *celIterator) Next() ref.Val {
	if it.at >= len(it.members) {
		return nil
	}
	m := it.members[it.at]
	it.at++
	if it.keys {
		return types.String(m.Key)
	}
	return celValue(m.Value)
}

func (it *celIterator) Type() ref.Type        { return types.IteratorType }
func (it *celIterator) Value() any            { return nil }
func (it *celIterator) Equal(ref.Val) ref.Val { return types.False }
func (it *celIterator) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("an iterator is no %s", t)
}
func (it *celIterator) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("type conversion error from 'iterator' to '%s'", t)
}
