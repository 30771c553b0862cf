package custody

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/infrafabric/ifpacket/core/packet"
)

func TestTheCanonicalFormIsPythons(t *testing.T) {
	for text, want := range map[string]string{
		`{"b": 1, "a": [1.0, -0, -0.0, 1e16, 1E-5, 0.0001]}`: `{"a":[1.0,0,-0.0,1e+16,1e-05,0.0001],"b":1}`,
		`{"n": 9007199254740993, "m": 9007199254740992}`:     `{"m":9007199254740992,"n":9007199254740993}`,
		`{"\uffff": 1, "\ud83d\ude00": 2, "\ud800": 3}`:      `{"\ud800":3,"\uffff":1,"\ud83d\ude00":2}`,
		`"\u007f<é>"`:                     `"\u007f<\u00e9>"`,
		`1.10`:                            `1.1`,
		`[[], {}, null]`:                  `[[],{},null]`,
		`-123456789012345678901234567890`: `-123456789012345678901234567890`,
	} {
		got, err := Canonical(packet.MustValue(text))
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestTheCanonicalFormOfRandomDocumentsIsPythons(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	var inputs, ours []string
	for len(inputs) < 6000 {
		text := randomJSON(r, 5)
		v, found, err := packet.ParseValue([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if len(found) > 0 {
			continue // a duplicate key: there is no one form
		}
		raw, err := Canonical(v)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		inputs, ours = append(inputs, text), append(ours, string(raw))
	}
	theirs := python(t, `
for line in lines:
    put(json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"), allow_nan=False))
`, inputs)
	for i := range ours {
		if ours[i] != theirs[i] {
			t.Fatalf("of      %s\nours    %s\nPython's %s", inputs[i], ours[i], theirs[i])
		}
	}
}

func TestManyKeysAreSortedToo(t *testing.T) {
	v := packet.ObjectOf()
	for i := range 200 {
		v = v.With(string(rune('a'+i*7919%26))+string(rune('!'+i*31%90))+string(rune(0x100+i)), packet.IntOf(int64(i)))
	}
	raw, err := Canonical(v)
	theirs := python(t, `put(json.dumps(json.loads(lines[0]), sort_keys=True, separators=(",", ":")))`,
		[]string{string(packet.AppendValueJSON(nil, v))})
	if err != nil || string(raw) != theirs[0] {
		t.Errorf("%v\n%s\n%s", err, raw, theirs[0])
	}
}

func TestWhatHasNoCanonicalFormIsRefused(t *testing.T) {
	reading, err := packet.Read([]byte("\x81\xa8contents\x81\xa1k\xc4\x01x"))
	if err != nil {
		t.Fatal(err)
	}
	twice, _, _ := packet.ParseValue([]byte(`{"a": 1, "b": 2, "a": 1}`))
	for name, v := range map[string]packet.Value{
		"NaN":           packet.FloatOf(math.NaN()),
		"Infinity":      packet.ArrayOf(packet.FloatOf(math.Inf(-1))),
		"duplicate key": twice,
		"binary":        reading.Packet.Contents,
		"no text":       packet.StringOf("a\xff"),
		"no key":        packet.ObjectOf(packet.Member{Key: "\xff"}),
	} {
		if _, err := Canonical(v); !errors.Is(err, ErrNotCanonical) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := ContentsSHA256(v); !errors.Is(err, ErrNotCanonical) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnEditedNumberChangesTheContentsDigest(t *testing.T) {
	seen := map[string]string{}
	for _, text := range []string{`{"n": 9007199254740993}`, `{"n": 9007199254740992}`, `{"n": 9007199254740992.0}`, `{"n": 1}`, `{"n": 1.0}`, `{"n": "1"}`, `{"n": true}`} {
		digest, err := ContentsSHA256(packet.MustValue(text))
		if err != nil || seen[digest] != "" || len(digest) != 64 {
			t.Errorf("%s has the digest of %s, %v", text, seen[digest], err)
		}
		seen[digest] = text
	}
	a, _ := ContentsSHA256(packet.MustValue(`{"x": 1.0, "y": 2}`))
	b, _ := ContentsSHA256(packet.MustValue(`{"y": 2, "x": 1.00}`))
	if a != b {
		t.Error("the order of keys and the spelling of a float must not count")
	}
}
