package keyring

import (
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/infrafabric/ifpacket/core/packet"
)

// exactJSON reads JSON that every reader sees alike: no duplicate keys,
// nothing behind the value.
func exactJSON(raw []byte) (packet.Value, error) {
	v, faults, err := packet.ParseValue(raw)
	if err != nil {
		return v, fmt.Errorf("it is not JSON: %w", err)
	}
	if len(faults) > 0 {
		return v, fmt.Errorf("its JSON is not exact: %s", faults[0])
	}
	return v, nil
}

// fields takes an object apart that has certain fields and no others. The
// first thing that does not fit stays in err.
type fields struct {
	object packet.Value
	err    error
}

func fieldsOf(v packet.Value, names ...string) *fields {
	f := &fields{object: v}
	if v.Kind() != packet.Object {
		f.wrong("it is not an object")
		return f
	}
	for _, m := range v.Members() {
		if !slices.Contains(names, m.Key) {
			f.wrong("the field %s is unknown; a newer ifpacket may have written it", quote(m.Key))
		}
	}
	return f
}

func (f *fields) wrong(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

func (f *fields) get(name string) packet.Value {
	v, there := f.object.Get(name)
	if !there {
		f.wrong("the field %s is missing", name)
	}
	return v
}

func (f *fields) text(name string) string {
	s, is := f.get(name).Text()
	if !is {
		f.wrong("%s is no text", name)
	}
	return s
}

func (f *fields) position(name string) int64 {
	n, is := f.get(name).Int()
	if !is {
		f.wrong("%s is no integer", name)
	}
	return n
}

func (f *fields) base64(name string) []byte {
	text := f.text(name)
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	// The decoder skips line breaks; then two texts would be the same key.
	if err != nil || base64.StdEncoding.EncodeToString(raw) != text {
		f.wrong("%s is no base64", name)
	}
	return raw
}

func (f *fields) array(name string) []packet.Member {
	v := f.get(name)
	if v.Kind() != packet.Array {
		f.wrong("%s is no list", name)
	}
	return v.Members()
}

func (f *fields) texts(name string) []string {
	list := f.array(name)
	out := make([]string, 0, len(list))
	for _, m := range list {
		s, is := m.Value.Text()
		if !is {
			f.wrong("%s holds what is no text", name)
		}
		out = append(out, s)
	}
	return out
}
