package packet

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

func seeds(f *testing.F) {
	r := rand.New(rand.NewPCG(13, 14))
	add := func(p Packet) {
		f.Add(AppendJSON(nil, p))
		if raw, err := AppendMsgpack(nil, p); err == nil {
			f.Add(raw)
		}
	}
	p := typical(f)
	add(p)
	for range 20 {
		p.Contents = MustValue(`{"x": ` + randomJSON(r, 3) + `}`)
		add(p)
	}
	for _, text := range []string{
		`{"payload_id": 1, "content": NaN, "timestamp": null}`, `{"contents": {"a": 1e999, "a": -0}} x`,
		"\xef\xbb\xbf{\"contents\": \"\xed\xa0\x80\"}", "\x82\xa8contents\x82\xc4\x01k\xd4\x05\x01\x91\xc0\xca\x7f\xc0\x00\x00\x00\xc0",
		"\x81\xabtracking_id\xc4\x02\xff\xfe", `[]`, ``, "\xdf\xff\xff\xff\xff",
	} {
		f.Add([]byte(text))
	}
}

// stable reports what changes when a packet is written and read again.
func stable(t *testing.T, r Reading) {
	first := AppendJSON(nil, r.Packet)
	again, err := Read(first)
	if err != nil {
		t.Fatalf("%s: %v", first, err)
	}
	if second := AppendJSON(nil, again.Packet); !bytes.Equal(first, second) {
		t.Fatalf("first  %s\nsecond %s", first, second)
	}
	packed, err := AppendMsgpack(nil, r.Packet)
	if err != nil {
		return
	}
	again, err = Read(packed)
	if err != nil || again.Format != Msgpack {
		t.Fatalf("%x: %v", packed, err)
	}
	if twice, err := AppendMsgpack(nil, again.Packet); err != nil || !bytes.Equal(packed, twice) {
		t.Fatalf("first  %x\nsecond %x %v", packed, twice, err)
	}
}

func FuzzRead(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := Read(raw)
		if err != nil {
			if !errors.Is(err, ErrNotPacket) {
				t.Fatal(err)
			}
			return
		}
		stable(t, r)
		for _, fault := range r.Faults {
			if fault.Field == "" || fault.Value == "" || fault.Expected == "" {
				t.Fatalf("%+v", fault)
			}
		}
		valid := DefaultRegistry().Validate(r.Packet)
		if len(r.Faults) == 0 && valid != nil {
			t.Fatalf("no fault was found, but %v", valid)
		}
	})
}

func FuzzParseValue(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, _, err := ParseValue(raw)
		if err != nil {
			return
		}
		first := AppendValueJSON(nil, v)
		again, _, err := ParseValue(first)
		if err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		if second := AppendValueJSON(nil, again); !bytes.Equal(first, second) {
			t.Fatalf("first  %s\nsecond %s", first, second)
		}
		pretty, _, err := ParseValue(AppendIndentedJSON(nil, v, "\t"))
		if err != nil || !bytes.Equal(first, AppendValueJSON(nil, pretty)) {
			t.Fatalf("%s: %v", first, err)
		}
		v.ToGo()
	})
}

func FuzzReadMsgpack(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, _, err := parseMsgpack(raw)
		if err != nil {
			return
		}
		first, err := appendPackValue(nil, v)
		if err != nil {
			return
		}
		again, _, err := parseMsgpack(first)
		if err != nil {
			t.Fatalf("%x: %v", first, err)
		}
		if second, err := appendPackValue(nil, again); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("first  %x\nsecond %x %v", first, second, err)
		}
	})
}
