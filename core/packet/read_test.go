package packet

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

func TestAPacketWithoutFaultIsReadWhole(t *testing.T) {
	p := typical(t)
	for _, f := range []Format{JSON, Msgpack} {
		raw, err := Encode(p, f)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Read(raw)
		if err != nil || len(r.Faults) > 0 || r.Format != f || len(r.Extra) > 0 {
			t.Fatalf("%v: %v %s", f, err, faultTexts(r.Faults))
		}
		if got := string(AppendJSON(nil, r.Packet)); got != aPacket {
			t.Errorf("%v: %s", f, got)
		}
	}
	at, err := p.Time()
	if err != nil || at.Year() != 2025 || at.Nanosecond() != 123000 {
		t.Errorf("dispatched at %v, %v", at, err)
	}
}

func TestNamesOfOlderWritersAreReadAndTold(t *testing.T) {
	r, err := Read([]byte(`{"source_agent": "w1", "content": {"a": 1}, "schema_version": "1.1", "ttl_seconds": 5,
		"payload_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "timestamp": "2025-12-02T14:35:18",
		"ttt_headers": {"traceable_id": "t", "transparent_lineage": [], "trustworthy_signature": ""}}`))
	want := `source_agent: "w1", expected the name origin
content: {"a": 1}, expected the name contents
payload_id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", expected the name tracking_id
timestamp: "2025-12-02T14:35:18", expected the name dispatched_at
ttt_headers: {"traceable_id": "t", "transparent_lineage": [], "trustworth…, expected the name chain_of_custody`
	if got := faultTexts(r.Faults); err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	p := r.Packet
	if p.Origin != "w1" || p.Contents.Len() != 1 || p.TrackingID == "" || p.DispatchedAt == "" || p.ChainOfCustody.Len() != 3 {
		t.Errorf("%+v", p)
	}
}

func TestTheCurrentNameWinsOverAnOlderOne(t *testing.T) {
	for _, text := range []string{`{"contents": {}, "payload_id": "old", "tracking_id": "new"}`, `{"contents": {}, "tracking_id": "new", "payload_id": "old"}`} {
		r, err := Read([]byte(text))
		if err != nil || r.Packet.TrackingID != "new" {
			t.Errorf("%s: %q %v", text, r.Packet.TrackingID, err)
		}
	}
}

func TestEveryDeviationIsTold(t *testing.T) {
	r, err := Read([]byte(`{"origin": 7, "contents": "x", "schema_version": 1.0, "ttl_seconds": 3600.0,
		"tracking_id": "6F9619FF-8b86-4d01-b42d-00cf4fc964ff", "extra": {"k": "v"}, "dispatched_at": "yesterday",
		"chain_of_custody": []} trailing`))
	want := `text: "trailing" after the value, expected nothing more
extra: {"k": "v"}, expected no such field in a packet
origin: 7, expected 1 to 255 characters
schema_version: 1.0, expected "1.0" or "1.1"
ttl_seconds: 3600.0, expected an integer from 1 to 86400
contents: "x", expected an object
tracking_id: "6F9619FF-8b86-4d01-b42d-00cf4fc964ff", expected a lower-case UUIDv4 of 36 characters
dispatched_at: "yesterday", expected an ISO 8601 time such as 2025-12-02T14:35:18
chain_of_custody: [], expected an object with traceable_id, transparent_lineage and trustworthy_signature`
	if got := faultTexts(r.Faults); err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if len(r.Extra) != 1 || r.Extra[0].Key != "extra" {
		t.Errorf("extra: %v", r.Extra)
	}
	_, err = Decode([]byte(`{"contents": {}}`))
	want = `invalid packet: origin: missing, expected 1 to 255 characters; schema_version: missing, expected "1.0" or "1.1"; ` +
		`tracking_id: missing, expected a lower-case UUIDv4 of 36 characters; ` +
		`dispatched_at: missing, expected an ISO 8601 time such as 2025-12-02T14:35:18; ` +
		`ttl_seconds: missing, expected an integer from 1 to 86400`
	if !errors.Is(err, ErrInvalid) || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestNoTypeIsCoerced(t *testing.T) {
	for _, ttl := range []string{"true", "3600.0", `"3600"`, "0", "-1", "86401", "null", "1e3", "99999999999999999999999", "[60]"} {
		text := strings.Replace(aPacket, `"ttl_seconds": 3600`, `"ttl_seconds": `+ttl, 1)
		r, err := Read([]byte(text))
		if err != nil || len(r.Faults) != 1 || r.Faults[0].Field != "ttl_seconds" || r.Faults[0].Value != ttl {
			t.Errorf("%s: %v %s", ttl, err, faultTexts(r.Faults))
		}
	}
	r, _ := Read([]byte(strings.Replace(aPacket, `3600`, `99999999999999999999999`, 1)))
	if r.Packet.TTLSeconds != math.MaxInt64 {
		t.Errorf("ttl %d", r.Packet.TTLSeconds)
	}
}

func TestSchema10NeedsNoTTLAndNoChain(t *testing.T) {
	text := strings.Replace(aPacket, `"ttl_seconds": 3600, `, "", 1)
	text = strings.Replace(text, `, "chain_of_custody": null`, "", 1)
	p, err := Decode([]byte(text))
	if err != nil || p.TTLSeconds != DefaultTTL {
		t.Errorf("%v %d", err, p.TTLSeconds)
	}
}

func TestDuplicateKeysAndTrailingBytesAreNoStrictPacket(t *testing.T) {
	for _, text := range []string{
		aPacket + "x", aPacket + aPacket,
		strings.Replace(aPacket, `"ttl_seconds": 3600`, `"ttl_seconds": 3600, "ttl_seconds": 3600`, 1),
		strings.Replace(aPacket, `"from": "n1"`, `"from": "n1", "from": "n1"`, 1),
		strings.Replace(aPacket, `0.25`, `NaN`, 1),
		strings.Replace(aPacket, `"n1"`, `"\ud800"`, 1),
	} {
		_, err := Decode([]byte(text))
		var invalid *ValidationError
		if !errors.As(err, &invalid) || len(invalid.Faults) != 1 {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := Decode([]byte("  " + aPacket + "\n")); err != nil {
		t.Error(err)
	}
}

func TestBinaryHeadersAreReadAsTextWithAFault(t *testing.T) {
	raw, err := msgpack.Marshal(map[string]any{
		"origin": []byte("w1"), "contents": map[string]any{"blob": []byte{0, 1}, "when": msgpack.RawMessage{0xd4, 5, 9}},
		"schema_version": "1.0", "tracking_id": []byte("6f9619ff-8b86-4d01-b42d-00cf4fc964ff"), "dispatched_at": "2025-12-02T14:35:18",
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(raw)
	if err != nil || r.Packet.Origin != "w1" || r.Packet.TrackingID != "6f9619ff-8b86-4d01-b42d-00cf4fc964ff" {
		t.Fatalf("%v %+v", err, r.Packet)
	}
	got := faultTexts(r.Faults)
	for _, want := range []string{
		`origin: binary b'w1', expected a JSON value`, `contents.blob: binary b'\x00\x01', expected a JSON value`,
		`contents.when: ext 5 b'\t', expected a JSON value`, `tracking_id: binary b'6f9619ff`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in\n%s", want, got)
		}
	}
	if len(r.Faults) != 4 {
		t.Errorf("%d faults:\n%s", len(r.Faults), got)
	}
	if blob, _ := r.Packet.Contents.Get("blob"); blob.Kind() != Bytes {
		t.Errorf("blob is of kind %v", blob.Kind())
	}
}

func TestMessagePackKeysThatAreNoTextAreReadAndTold(t *testing.T) {
	raw := "\x83\xa8contents\x82\x01\xa1a\xc4\x01k\xc0\xa1\xff\x01\xc0\x02"
	r, err := Read([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(AppendValueJSON(nil, r.Packet.Contents)); got != `{"1": "a", "k": null}` {
		t.Error(got)
	}
	if len(r.Extra) != 2 || r.Extra[0].Key != "\ufffd" || r.Extra[1].Key != "null" {
		t.Errorf("%v", r.Extra)
	}
}

func TestWhatIsNoPacketIsSaidSo(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "not a packet: no JSON: line 1, column 1: expected a value",
		"agent_1":          "not a packet: no JSON: line 1, column 1: expected a value",
		"[]":               "not a packet: a list, not a map",
		"\x93\x01\x02\x03": "not a packet: a list, not a map",
		"\xff":             "not a packet: a number, not a map",
		"\x81\xa1":         "not a packet: no MessagePack: byte 1: the MessagePack value ends early",
		`"x"`:              "not a packet: a string, not a map",
		"null":             "not a packet: null, not a map",
		`{"a": 1}`:         "not a packet: neither contents nor tracking_id is there",
	} {
		_, err := Read([]byte(text))
		if !errors.Is(err, ErrNotPacket) || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		var typed *NotPacketError
		if !errors.As(err, &typed) {
			t.Errorf("%q: %T", text, err)
		}
		if _, err := Decode([]byte(text)); !errors.Is(err, ErrNotPacket) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAValueIsReadAsAPacketToo(t *testing.T) {
	r, err := FromValue(typical(t).Value())
	if err != nil || len(r.Faults) > 0 || string(AppendJSON(nil, r.Packet)) != aPacket {
		t.Errorf("%v %s", err, faultTexts(r.Faults))
	}
	r, _ = FromValue(MustValue(`{"contents": {}}`).With("contents", ObjectOf(Member{"a", NullValue}, Member{"a", FloatOf(math.Inf(1))})))
	if got := faultTexts(r.Faults); !strings.Contains(got, "contents.a: a duplicate key") || !strings.Contains(got, "contents.a: Infinity") {
		t.Error(got)
	}
}
