package packet

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

func TestAnotherImplementationReadsOurMessagePack(t *testing.T) {
	p := typical(t)
	raw, err := AppendMsgpack([]byte("kept"), p)
	if err != nil || !bytes.HasPrefix(raw, []byte("kept")) {
		t.Fatal(err)
	}
	var got map[string]any
	if err := msgpack.Unmarshal(raw[4:], &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"origin": "haiku_worker_b3f8c2", "schema_version": "1.0", "ttl_seconds": uint16(3600),
		"tracking_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "dispatched_at": "2025-12-02T14:35:18.000123",
		"chain_of_custody": nil,
		"contents": map[string]any{
			"primitive": "matrix.route", "vertical": "drones", "entropy": 0.25,
			"payload": map[string]any{"from": "n1", "to": "n2"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
}

func TestMessagePackComesBackAsItWent(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	sent := 0
	for range 5000 {
		p := typical(t)
		p.Contents = MustValue(`{"x": ` + randomJSON(r, 5) + `}`)
		raw, err := AppendMsgpack(nil, p)
		if err != nil {
			continue // lone surrogates and great integers cannot go
		}
		sent++
		reading, err := Read(raw)
		if err != nil || len(reading.Faults) > 0 || reading.Format != Msgpack {
			t.Fatalf("%v %s", err, faultTexts(reading.Faults))
		}
		again, err := AppendMsgpack(nil, reading.Packet)
		if err != nil || !bytes.Equal(raw, again) {
			t.Fatalf("%x\n%x %v", raw, again, err)
		}
		var theirs map[string]any
		if err := msgpack.Unmarshal(raw, &theirs); err != nil {
			t.Fatal(err)
		}
		v, err := FromGo(theirs["contents"])
		if err != nil {
			t.Fatal(err)
		}
		ours, _ := FromGo(reading.Packet.Contents.ToGo())
		if a, b := string(AppendValueJSON(nil, v)), string(AppendValueJSON(nil, plainFloats(ours))); a != b {
			t.Fatalf("the other reader sees %s, ours %s", a, b)
		}
	}
	if sent < 1000 {
		t.Errorf("only %d packets could go", sent)
	}
}

// plainFloats drops the lexemes, which MessagePack does not carry.
func plainFloats(v Value) Value {
	if f, ok := v.Float(); ok && v.kind == Float {
		return FloatOf(f)
	}
	list := make([]Member, len(v.list))
	for i, m := range v.list {
		list[i] = Member{m.Key, plainFloats(m.Value)}
	}
	v.list = list
	return v
}

func TestWeReadWhatAnotherImplementationWrites(t *testing.T) {
	for want, x := range map[string]any{
		"[1.5, 255, -129, 65536, 18446744073709551615, -9223372036854775808]": []any{
			float32(1.5), uint8(255), int16(-129), uint32(65536), uint64(math.MaxUint64), int64(math.MinInt64)},
		`["` + strings.Repeat("x", 40) + `", true, null]`: []any{strings.Repeat("x", 40), true, nil},
		`{"k": [[], {}]}`: map[string]any{"k": []any{[]any{}, map[string]any{}}},
	} {
		raw, err := msgpack.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		v, found, err := parseMsgpack(raw)
		if got := string(AppendValueJSON(nil, v)); err != nil || got != want || len(found) > 0 {
			t.Errorf("got %s %v %s, want %s", got, err, faultTexts(found), want)
		}
	}
}

func TestIntegersTakeTheirSmallestForm(t *testing.T) {
	for n, want := range map[int64]string{
		0: "\x00", 127: "\x7f", 128: "\xcc\x80", 255: "\xcc\xff", 256: "\xcd\x01\x00", 65535: "\xcd\xff\xff",
		65536: "\xce\x00\x01\x00\x00", 1 << 32: "\xcf\x00\x00\x00\x01\x00\x00\x00\x00", -1: "\xff", -32: "\xe0",
		-33: "\xd0\xdf", -128: "\xd0\x80", -129: "\xd1\xff\x7f", -32769: "\xd2\xff\xff\x7f\xff",
		math.MinInt64: "\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
	} {
		if got := string(appendPackInt(nil, n)); got != want {
			t.Errorf("%d is written %x, want %x", n, got, want)
		}
	}
}

func TestLongTextsAndListsTakeTheirWiderForms(t *testing.T) {
	for _, n := range []int{0, 15, 16, 31, 32, 255, 256, 65535, 65536} {
		list := make([]Value, n)
		v := ArrayOf(StringOf(strings.Repeat("x", n)), ArrayOf(list...))
		raw, err := appendPackValue(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		var theirs []any
		if err := msgpack.Unmarshal(raw, &theirs); err != nil || len(theirs[0].(string)) != n || len(theirs[1].([]any)) != n {
			t.Errorf("%d: %v", n, err)
		}
		ours, _, err := parseMsgpack(raw)
		if err != nil || !reflect.DeepEqual(plainFloats(ours), plainFloats(v)) {
			t.Errorf("%d: came back different, %v", n, err)
		}
	}
}

func TestWhatMessagePackCannotHoldIsRefusedByItsPath(t *testing.T) {
	for want, contents := range map[string]Value{
		"contents.a.b: an integer beyond 64 bits":                        MustValue(`{"a": {"b": 18446744073709551616}}`),
		"contents.a[1]: an integer beyond 64 bits":                       MustValue(`{"a": [1, -9223372036854775809]}`),
		"contents.s: text with lone surrogates or invalid UTF-8":         MustValue(`{"s": "\ud800"}`),
		`contents["\ud800"]: text with lone surrogates or invalid UTF-8`: MustValue(`{"\ud800": 1}`),
		"contents.x: a number that is not finite":                        ObjectOf(Member{"x", FloatOf(math.NaN())}),
		"contents.y: a binary value":                                     ObjectOf(Member{"y", Value{kind: Bytes, text: "b"}}),
		"contents.z: a binary value":                                     ObjectOf(Member{"z", Value{kind: Ext}}),
	} {
		raw, err := AppendMsgpack([]byte("kept"), with(func(p *Packet) { p.Contents = contents }))
		var refused *EncodeError
		if !errors.As(err, &refused) || err.Error() != want+" cannot be written as MessagePack" || string(raw) != "kept" {
			t.Errorf("got %v %q, want %s", err, raw, want)
		}
	}
	_, err := Encode(with(func(p *Packet) { p.Origin = "\xff" }), Msgpack)
	if err == nil || !strings.HasPrefix(err.Error(), "origin: text") {
		t.Error(err)
	}
	_, err = Encode(with(func(p *Packet) { p.ChainOfCustody = MustValue(`{"n": [123456789012345678901234567890]}`) }), Msgpack)
	if err == nil || !strings.HasPrefix(err.Error(), "chain_of_custody.n[0]: an integer") {
		t.Error(err)
	}
}

func TestMessagePackThatIsCutOrForgedIsRefused(t *testing.T) {
	raw, _ := Encode(typical(t), Msgpack)
	for i := range raw {
		if _, err := Read(raw[:i]); !errors.Is(err, ErrNotPacket) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	for _, forged := range []string{
		"\xdf\xff\xff\xff\xff", "\xdd\xff\xff\xff\xff", "\xdb\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff", "\xc9\xff\xff\xff\xff\x00",
		"\xc1", "\x81\xc1", "\x81\x90\xc0", "\x81\xa8contents\x81\x81\xc0\xc0\xc0", strings.Repeat("\x91", 600), strings.Repeat("\x81", 600),
	} {
		if _, err := Read([]byte(forged)); !errors.Is(err, ErrNotPacket) {
			t.Errorf("%.12x: %v", forged, err)
		}
	}
}

func TestEveryHeadOfMessagePackIsReadOrRefused(t *testing.T) {
	for head := range 256 {
		raw := append([]byte{0x82, 0xa8}, "contents"...)
		raw = append(append(raw, 0x80, 0xa1, 'x', byte(head)), bytes.Repeat([]byte{0}, 64)...)
		if _, err := Read(raw); (err != nil) != (head == 0xc1) {
			t.Errorf("%#x: %v", head, err)
		}
	}
}

func TestTheEncoderGivesItsOwnBytes(t *testing.T) {
	e := NewEncoder()
	defer e.Release()
	for range 3 {
		raw, err := e.Encode(typical(t), JSON)
		if err != nil || string(raw) != aPacket {
			t.Fatalf("%s %v", raw, err)
		}
	}
	for _, name := range []string{"json", "msgpack"} {
		if f, err := ParseFormat(name); err != nil || f.String() != name {
			t.Errorf("%s: %v %v", name, f, err)
		}
	}
	if _, err := ParseFormat("yaml"); err == nil {
		t.Error("yaml is no format of ours")
	}
}

func TestEncodingMessagePackAllocatesNothing(t *testing.T) {
	p := typical(t)
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { buf, _ = AppendMsgpack(buf[:0], p) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
