package packet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestAPacketIsWrittenByteForByteAsPythonWritesIt(t *testing.T) {
	p := typical(t)
	if got := string(AppendJSON(nil, p)); got != aPacket {
		t.Errorf("got  %s\nwant %s", got, aPacket)
	}
	if got := string(AppendValueJSON(nil, p.Value())); got != aPacket {
		t.Errorf("as a value: %s", got)
	}
}

func TestTextIsEscapedAsJsonDumpsDoes(t *testing.T) {
	for text, want := range map[string]string{
		"<a href='x'>&amp;</a>/":   `"<a href='x'>&amp;</a>/"`,
		"\x7f\x1f\x00":             `"\u007f\u001f\u0000"`,
		"\n\r\t\f\b\"\\":           `"\n\r\t\f\b\"\\"`,
		"é\u2028\ufeff":            `"\u00e9\u2028\ufeff"`,
		"😀":                        `"\ud83d\ude00"`,
		"\xed\xa0\xbd":             `"\ud83d"`,
		"\xed\xb8\x80\xed\xa0\xbd": `"\ude00\ud83d"`,
		"a\xffb\xed":               `"a\ufffdb\ufffd"`,
	} {
		if got := string(AppendString(nil, text)); got != want {
			t.Errorf("%q is written %s, want %s", text, got, want)
		}
	}
}

func TestWhatOnlyMessagePackHoldsIsWrittenAsPythonsStr(t *testing.T) {
	for want, v := range map[string]Value{
		`"b'a\\x00\\n\\\\'"`: {kind: Bytes, text: "a\x00\n\\"},
		`"b\"it's\""`:        {kind: Bytes, text: "it's"},
		`"b'\\'\"'"`:         {kind: Bytes, text: `'"`},
		`[-1, "b'\\xff'"]`:   {kind: Ext, num: math.MaxUint64, text: "\xff"},
		`NaN`:                FloatOf(math.NaN()),
		`-Infinity`:          FloatOf(math.Inf(-1)),
	} {
		if got := string(AppendValueJSON(nil, v)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestIndentedJSONPutsOneMemberOnALine(t *testing.T) {
	v := MustValue(`{"a": [1, {"b": "é"}], "c": {}, "d": []}`)
	want := "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"\\u00e9\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}"
	if got := string(AppendIndentedJSON(nil, v, "  ")); got != want {
		t.Errorf("got %s", got)
	}
	lines := python(t, `put(json.dumps(json.dumps(json.loads(lines[0]), indent=2)))`, []string{string(AppendValueJSON(nil, v))})
	text, _ := MustValue(lines[0]).Text()
	if text != want {
		t.Errorf("Python writes %s", text)
	}
}

func TestFloatsAreWrittenInPythonsRepr(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := []float64{
		0, math.Copysign(0, -1), 1, -1, 0.1, 1e15, 1e16, 9999999999999998, 123456789012345680, 1e-4, 0.00012, 1e-5,
		9.999999999999999e-05, 5e-324, math.MaxFloat64, 1.5e300, 2.5e-10, 1e22, 1e23, 100, 3600,
	}
	for len(values) < 5000 {
		if f := math.Float64frombits(r.Uint64()); f-f == 0 {
			values = append(values, f, r.NormFloat64()*math.Pow(10, float64(r.IntN(40)-20)))
		}
	}
	var ours, bits []string
	for _, f := range values {
		ours = append(ours, string(AppendFloat(nil, f)))
		bits = append(bits, fmt.Sprintf("%016x", math.Float64bits(f)))
	}
	theirs := python(t, `
import struct
for line in lines:
    put(json.dumps(struct.unpack(">d", bytes.fromhex(line))[0]))
`, bits)
	for i := range ours {
		if ours[i] != theirs[i] {
			t.Fatalf("%s is written %s, Python writes %s", bits[i], ours[i], theirs[i])
		}
	}
}

func TestWhatPythonWroteIsWrittenBackTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	inputs := make([]string, 6000)
	for i := range inputs {
		inputs[i] = randomJSON(r, 5)
	}
	for i, text := range python(t, `for line in lines: put(json.dumps(json.loads(line)))`, inputs) {
		v, found, err := ParseValue([]byte(text))
		if err != nil || len(found) > 0 {
			t.Fatalf("%s: %v %s", text, err, faultTexts(found))
		}
		if got := string(AppendValueJSON(nil, v)); got != text {
			t.Fatalf("read %s\nwrote %s\nfrom %s", text, got, inputs[i])
		}
	}
}

func TestPythonReadsWhatWeRewroteAsWhatItReadBefore(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var lines []string
	for len(lines) < 10000 {
		text := randomJSON(r, 5)
		v, found, err := ParseValue([]byte(text))
		if err != nil || len(found) > 0 {
			t.Fatalf("%s: %v %s", text, err, faultTexts(found))
		}
		lines = append(lines, text, string(AppendValueJSON(nil, v)))
	}
	answers := python(t, `
for a, b in zip(lines[::2], lines[1::2]):
    x, y = json.loads(a), json.loads(b)
    put("same" if json.dumps(x) == json.dumps(y) and b.isascii() else a + " became " + b)
`, lines)
	for _, answer := range answers {
		if answer != "same" {
			t.Fatal(answer)
		}
	}
}

func TestPythonReadsOurPackets(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var lines []string
	for range 500 {
		v := MustValue(`{"x": ` + randomJSON(r, 4) + `}`)
		lines = append(lines, string(AppendJSON(nil, New("wörker\n", v))))
	}
	answers := python(t, `
for line in lines:
    d = json.loads(line)
    ok = list(d) == ["origin","contents","schema_version","ttl_seconds","tracking_id","dispatched_at","chain_of_custody"]
    put(str(ok and d["origin"] == "wörker\n" and d["chain_of_custody"] is None))
`, lines)
	if got := strings.Join(answers, ""); got != strings.Repeat("True", len(lines)) {
		t.Fatal(got)
	}
}
