package governance_test

import (
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

func TestWhatIsMaskedIsReplacedAndNamed(t *testing.T) {
	for _, c := range []struct{ masks, payload, masked, paths string }{
		{"payload.key", `{"key":1,"other":2}`, `{"key":"[masked]","other":2}`, "payload.key"},
		{"payload.key", `{"a":{"key":1}}`, `{"a":{"key":1}}`, ""},
		{"payload.key", `{"KEY":1}`, `{"KEY":"[masked]"}`, "payload.KEY"},
		{"payload.a.b", `{"a":{"b":{"c":1},"d":2}}`, `{"a":{"b":"[masked]","d":2}}`, "payload.a.b"},
		{"payload.a.b", `{"a":[{"b":1},{"b":2},3]}`, `{"a":[{"b":"[masked]"},{"b":"[masked]"},3]}`, "payload.a.b"},
		{"payload.*.b", `{"a":{"b":1},"b":2,"c":{"d":{"b":3}}}`, `{"a":{"b":"[masked]"},"b":2,"c":{"d":{"b":3}}}`, "payload.a.b"},
		{"payload.**.b", `{"a":{"b":1},"b":2,"c":{"d":[[{"b":3}]]}}`, `{"a":{"b":"[masked]"},"b":"[masked]","c":{"d":[[{"b":"[masked]"}]]}}`, "payload.a.b payload.b payload.c.d.b"},
		{"payload.**.a.b", `{"a":{"a":{"b":1}}}`, `{"a":{"a":{"b":"[masked]"}}}`, "payload.a.a.b"},
		{"payload.*", `{"a":1,"b":[]}`, `{"a":"[masked]","b":"[masked]"}`, "payload.a payload.b"},
		{"payload.key", `{"key":1,"key":2}`, `{"key":"[masked]","key":"[masked]"}`, "payload.key"},
		{"payload.key", `{}`, `{}`, ""},
		{"payload.a.b", `{"a":"b"}`, `{"a":"b"}`, ""},
	} {
		p := parse(t, "mask: ["+c.masks+"]\n"+oneRule("false"))
		payload, _, err := packet.ParseValue([]byte(c.payload))
		if err != nil {
			t.Fatal(err)
		}
		got, paths := p.Mask(payload)
		if text := compact(got); text != c.masked || strings.Join(paths, " ") != c.paths {
			t.Errorf("%s of %s: %s, %v", c.masks, c.payload, text, paths)
		}
		if text := compact(payload); text != c.payload {
			t.Errorf("the payload itself became %s", text)
		}
	}
}

func TestContentsWithoutSecretsCostNothing(t *testing.T) {
	p := load(t, "default")
	payload := typicalPayload()
	if n := testing.AllocsPerRun(100, func() { p.Mask(payload) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func compact(v packet.Value) string {
	return strings.ReplaceAll(string(packet.AppendValueJSON(nil, v)), " ", "")
}

func BenchmarkMask(b *testing.B) {
	p, err := governance.LoadPolicy("default")
	if err != nil {
		b.Fatal(err)
	}
	payload := typicalPayload()
	b.ReportAllocs()
	for b.Loop() {
		p.Mask(payload)
	}
}
