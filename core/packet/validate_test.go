package packet

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
)

const aChain = `{"traceable_id": "if://citation/x", "transparent_lineage": ["source:w1"], "trustworthy_signature": "00"}`

func TestSoundPacketsAreValid(t *testing.T) {
	for name, p := range map[string]Packet{
		"1.0":               with(func(p *Packet) {}),
		"1.0 with a chain":  with(func(p *Packet) { p.ChainOfCustody = MustValue(`{"note": "any object"}`) }),
		"1.1":               with(func(p *Packet) { p.SchemaVersion, p.ChainOfCustody = "1.1", MustValue(aChain) }),
		"least ttl":         with(func(p *Packet) { p.TTLSeconds = 1 }),
		"greatest ttl":      with(func(p *Packet) { p.TTLSeconds = 86400 }),
		"255 characters":    with(func(p *Packet) { p.Origin = strings.Repeat("é", 255) }),
		"empty contents":    with(func(p *Packet) { p.Contents = ObjectOf() }),
		"greatest integers": with(func(p *Packet) { p.Contents = MustValue(`{"n": 123456789012345678901234567890}`) }),
		"with a zone":       with(func(p *Packet) { p.DispatchedAt = "2025-12-02T14:35:18+01:00" }),
		"fresh":             func() Packet { p := New("w1", ObjectOf()); p.SchemaVersion = Schema10; return p }(),
		"many different keys": with(func(p *Packet) {
			for i := range 100 {
				p.Contents = p.Contents.With(strings.Repeat("k", i+1), IntOf(1))
			}
		}),
	} {
		if err := DefaultRegistry().Validate(p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEachBrokenConstraintIsNamed(t *testing.T) {
	for want, change := range map[string]func(p *Packet){
		`origin: "", expected 1 to 255 characters`:                                func(p *Packet) { p.Origin = "" },
		`origin: "` + strings.Repeat("é", 29) + "…, expected 1 to 255 characters": func(p *Packet) { p.Origin = strings.Repeat("é", 256) },
		`origin: "\ud800", expected text without lone surrogates`:                 func(p *Packet) { p.Origin = "\xed\xa0\x80" },
		`contents: null, expected an object`:                                      func(p *Packet) { p.Contents = NullValue },
		`contents: [1], expected an object`:                                       func(p *Packet) { p.Contents = MustValue("[1]") },
		`contents.a[0]: NaN, expected a finite number`:                            func(p *Packet) { p.Contents = object("a", ArrayOf(FloatOf(math.NaN()))) },
		`contents.a: binary b'x', expected a JSON value`:                          func(p *Packet) { p.Contents = object("a", Value{kind: Bytes, text: "x"}) },
		`contents.a: "\udc00", expected text without lone surrogates`:             func(p *Packet) { p.Contents = MustValue(`{"a": "\udc00"}`) },
		`contents: the key "\udc00", expected text without lone surrogates`:       func(p *Packet) { p.Contents = MustValue(`{"\udc00": 1}`) },
		`contents.a: a duplicate key, expected each key once`: func(p *Packet) {
			p.Contents = ObjectOf(Member{"a", NullValue}, Member{"a", NullValue})
		},
		`contents: a value nested deeper than 512 levels, expected at most 512 levels`: func(p *Packet) { p.Contents = object("a", deep(511)) },
		`schema_version: "1.2", expected "1.0" or "1.1"`:                               func(p *Packet) { p.SchemaVersion = "1.2" },
		`ttl_seconds: 0, expected an integer from 1 to 86400`:                          func(p *Packet) { p.TTLSeconds = 0 },
		`ttl_seconds: 86401, expected an integer from 1 to 86400`:                      func(p *Packet) { p.TTLSeconds = 86401 },
		`dispatched_at: "2025-02-30T00:00:00", expected an ISO 8601 time such as 2025-12-02T14:35:18`: func(p *Packet) {
			p.DispatchedAt = "2025-02-30T00:00:00"
		},
		`chain_of_custody: null, expected an object with traceable_id, transparent_lineage and trustworthy_signature`: func(p *Packet) {
			p.SchemaVersion = "1.1"
		},
		`chain_of_custody: "x", expected an object with traceable_id, transparent_lineage and trustworthy_signature`: func(p *Packet) {
			p.ChainOfCustody = StringOf("x")
		},
		`chain_of_custody.trustworthy_signature: missing, expected a string`: func(p *Packet) {
			p.SchemaVersion, p.ChainOfCustody = "1.1", MustValue(`{"traceable_id": "", "transparent_lineage": []}`)
		},
		`chain_of_custody.transparent_lineage[1]: 7, expected a string`: func(p *Packet) {
			p.SchemaVersion, p.ChainOfCustody = "1.1", MustValue(aChain).With("transparent_lineage", MustValue(`["a", 7]`))
		},
		`chain_of_custody.transparent_lineage: "a", expected an array of strings`: func(p *Packet) {
			p.SchemaVersion, p.ChainOfCustody = "1.1", MustValue(aChain).With("transparent_lineage", StringOf("a"))
		},
	} {
		err := DefaultRegistry().Validate(with(change))
		if !errors.Is(err, ErrInvalid) || err.Error() != "invalid packet: "+want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func object(key string, v Value) Value { return ObjectOf(Member{key, v}) }

func deep(levels int) Value {
	v := ArrayOf()
	for range levels - 1 {
		v = ArrayOf(v)
	}
	return v
}

func TestNestingIsValidAsDeepAsItCanBeReadBack(t *testing.T) {
	p := with(func(p *Packet) { p.Contents = object("a", deep(510)) })
	if err := DefaultRegistry().Validate(p); err != nil {
		t.Error(err)
	}
	if _, err := Decode(AppendJSON(nil, p)); err != nil {
		t.Error(err)
	}
}

func TestTrackingIDsAreLowerCaseUUIDv4(t *testing.T) {
	for range 100 {
		if id := NewTrackingID(); !ValidTrackingID(id) {
			t.Fatal(id)
		}
	}
	for _, id := range []string{
		"", "6f9619ff8b864d01b42d00cf4fc964ff", "6F9619ff-8b86-4d01-b42d-00cf4fc964ff", "6f9619ff-8b86-1d01-b42d-00cf4fc964ff",
		"6f9619ff-8b86-4d01-c42d-00cf4fc964ff", "6f9619ff-8b86-4d01-b42d-00cf4fc964f", "{6f9619ff-8b86-4d01-b42d-00cf4fc964f}",
		"6f9619ff-8b86-4d01-b42d-00cf4fc964fg", "6f9619ff-8b86-4d01-b42d-00cf4fc964-f",
	} {
		if ValidTrackingID(id) {
			t.Errorf("%q passed", id)
		}
	}
}

func TestAllFaultsComeAtOnceOnOneLine(t *testing.T) {
	err := DefaultRegistry().Validate(Packet{Origin: "a\nb\x1b[31m\u202e", SchemaVersion: "2\n", Contents: StringOf("\x1b]0;x\a")})
	var invalid *ValidationError
	if !errors.As(err, &invalid) || len(invalid.Faults) != 5 {
		t.Fatal(err)
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\x1b\a") {
		t.Errorf("%q", text)
	}
	raw, _ := json.Marshal(invalid.Faults[0])
	if string(raw) != `{"field":"contents","value":"\"\\u001b]0;x\\u0007\"","expected":"an object"}` {
		t.Errorf("%s", raw)
	}
}

const routeSchema = `{
	"type": "object",
	"required": ["from", "to"],
	"additionalProperties": false,
	"properties": {
		"primitive": {"type": "string"},
		"from": {"type": "string", "minLength": 2},
		"to": {"enum": ["n1", "n2"]},
		"hops": {"type": "array", "items": {"type": "integer", "minimum": 1}},
		"when": {"type": "string", "format": "date-time"},
		"id": {"pattern": "^[a-z]+$"}
	}
}`

func TestContentsAreHeldAgainstTheSchemaOfTheirPrimitive(t *testing.T) {
	r := NewRegistry()
	if err := r.RegisterContents("IF.Matrix.Route", []byte(routeSchema)); err != nil {
		t.Fatal(err)
	}
	for contents, want := range map[string]string{
		`{"primitive": "matrix.route", "from": "n1", "to": "n2", "hops": [1, 2]}`: "",
		`{"primitive": "if.matrix.route", "from": "n1"}`:                          "contents.to: missing, expected a value",
		`{"primitive": "process.kill", "anything": 1}`:                            "",
		`{"primitive": "matrix.route", "from": "n", "to": "n3", "hops": [1, 0, 1.5], "odd key": {}, "when": "now", "id": "A"}`: `contents.from: "n", expected at least 2 characters
contents.hops[1]: 0, expected at least 1
contents.hops[2]: 1.5, expected integer
contents.id: "A", expected text that matches ^[a-z]+$
contents.to: "n3", expected one of "n1", "n2"
contents.when: "now", expected the format date-time
contents["odd key"]: {}, expected no such member`,
		`{"primitive": "matrix.route", "from": "n1", "to": "n2", "hops": [1e-999999999]}`: "contents.hops[0]: 1e-999999999, expected at least 1",
	} {
		err := r.Validate(with(func(p *Packet) { p.Contents = MustValue(contents) }))
		var invalid *ValidationError
		var got string
		if errors.As(err, &invalid) {
			got = sortedTexts(invalid.Faults)
		}
		if strings.Contains(contents, "999999999") {
			if !strings.Contains(got, "contents.hops[0]: 1e-999999999") {
				t.Errorf("%s\n%s", contents, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", contents, got, want)
		}
	}
}

func TestABadSchemaIsRefusedWithAReason(t *testing.T) {
	r := NewRegistry()
	for schema, want := range map[string]string{
		`{`:                                "line 1, column 2",
		`{"type": "strnig"}`:               "schema for x",
		`{"$ref": "file:///etc/hostname"}`: "not followed",
		`{"a": 1, "a": 2}`:                 "duplicate",
	} {
		err := r.RegisterContents("x", []byte(schema))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", schema, err)
		}
	}
	if err := r.RegisterContents("", []byte(`{}`)); err == nil {
		t.Error("a schema needs a primitive")
	}
	if got := strings.Join(r.Versions(), " "); got != "1.0 1.1" {
		t.Error(got)
	}
}

func TestSchemasCanBeRegisteredWhileOthersValidate(t *testing.T) {
	r := NewRegistry()
	p := with(func(p *Packet) { p.Contents = MustValue(`{"primitive": "a", "n": 1}`) })
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				_ = r.Validate(p)
			}
		})
		group.Go(func() {
			for range 5 {
				if err := r.RegisterContents("a", []byte(`{"properties": {"n": {"type": "string"}}}`)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := r.Validate(p); err == nil || err.Error() != "invalid packet: contents.n: 1, expected string" {
		t.Error(err)
	}
}

func sortedTexts(found []Fault) string {
	texts := strings.Split(faultTexts(found), "\n")
	for i := range texts {
		for j := i; j > 0 && texts[j] < texts[j-1]; j-- {
			texts[j], texts[j-1] = texts[j-1], texts[j]
		}
	}
	return strings.Join(texts, "\n")
}
