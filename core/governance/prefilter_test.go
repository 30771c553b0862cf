package governance

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/packet"
)

// unfiltered is the policy with every rule run by CEL.
func (p *Policy) unfiltered() *Policy {
	bare := *p
	bare.seats = nil
	for _, s := range p.seats {
		seat := seat{name: s.name}
		for _, r := range s.rules {
			plain := *r
			plain.filter = unknownTest
			seat.rules = append(seat.rules, &plain)
		}
		bare.seats = append(bare.seats, seat)
	}
	return &bare
}

var (
	someTexts   = []string{`"a"`, `"b"`, `"drones"`, `""`, "primitive", "vertical", "actor", "origin", "destination.key", "destination.operation", "word"}
	someNumbers = []string{
		"entropy", "size(payload)", "payload.size()", "payload.x", "payload.y", "size(payload.x)", "payload.y.size()",
		"0", "1", "2", "-1", "0.5", "0.6", "1.0", "9007199254740993", "9007199254740992.0", "9223372036854775807", "limit", "ratio",
	}
	someTypes = []string{"bool", "int", "double", "string", "list", "map", "bytes", "null_type"}
	someSets  = []string{`["a", "drones"]`, `[]`, "words", "table", `["a", word]`, `[primitive, "b"]`}
	oddRules  = []string{
		"1 / 0 == 1", "payload.x", `payload.x == "a"`, `payload.x == payload.y`, `lower(payload.x) == "a"`, "payload.x.z == 1",
		`payload.exists(k, k == "x")`, `[1, 2].all(payload, payload > 0)`, `["a"].exists(primitive, primitive == "a")`,
		"has(payload.x.z)", "trusted ? has(payload.x) : payload.y > 1", "payload.?x.orValue(0) == 1", `payload.x in ["a"]`, "dyn(entropy) > 1",
		`"x" in payload`, "(has(payload.x) ? entropy : 2.0) > 1.0", "mixed[0] == 1", `primitive in mixed`,
	}
)

func drawRule(t *rapid.T, depth int) string {
	pick := func(list []string) string { return rapid.SampledFrom(list).Draw(t, "part") }
	field := func() string { return "payload." + pick([]string{"x", "y", "z"}) }
	most := 12
	if depth <= 0 {
		most = 8
	}
	switch rapid.IntRange(0, most).Draw(t, "shape") {
	case 0:
		return pick(someTexts) + pick([]string{" == ", " != ", " < "}) + pick(someTexts)
	case 1:
		return pick(someTexts) + " in " + pick(someSets)
	case 2, 3:
		return pick(someNumbers) + pick([]string{" < ", " <= ", " > ", " >= ", " == ", " != "}) + pick(someNumbers)
	case 4:
		return "has(" + field() + ")"
	case 5:
		return "type(" + field() + ")" + pick([]string{" == ", " != "}) + pick(someTypes)
	case 6:
		return pick([]string{"trusted", "trust_required", "true", "false", "yes"})
	case 7, 8:
		return pick(oddRules)
	case 9:
		return "!(" + drawRule(t, depth-1) + ")"
	case 10, 11:
		return "(" + drawRule(t, depth-1) + " && " + drawRule(t, depth-1) + ")"
	}
	return "(" + drawRule(t, depth-1) + " || " + drawRule(t, depth-1) + ")"
}

func drawAction(t *rapid.T) Action {
	word := rapid.SampledFrom([]string{"a", "b", "drones", "", "x"})
	value := rapid.SampledFrom([]string{
		"null", "true", "false", "0", "1", "2", "-1", "0.5", "0.6", "1.0", "2.0", "9007199254740993", "9007199254740992.0",
		"9223372036854775807", "9223372036854775808", "123456789012345678901234567890", "-0.0", `"a"`, `"A"`, `""`, "[]", "[1]", `[1,"a"]`,
		"{}", `{"z":1}`,
	})
	members := make([]packet.Member, rapid.IntRange(0, 4).Draw(t, "members"))
	for i := range members {
		key := rapid.SampledFrom([]string{"x", "y", "z", "primitive"}).Draw(t, "key")
		members[i] = packet.Member{Key: key, Value: packet.MustValue(value.Draw(t, "value"))}
	}
	return Action{
		Primitive: word.Draw(t, "primitive"), Vertical: word.Draw(t, "vertical"), Actor: word.Draw(t, "actor"),
		Origin: word.Draw(t, "origin"), Key: word.Draw(t, "key"), Operation: word.Draw(t, "operation"),
		Vouched: rapid.Bool().Draw(t, "vouched"),
		Entropy: rapid.SampledFrom([]float64{0, 0.5, 0.6, math.Nextafter(0.6, 0), 1, math.NaN(), math.Inf(1)}).Draw(t, "entropy"),
		Payload: packet.ObjectOf(members...),
	}
}

// Whatever the filter skips, CEL would have found false.
func TestTheFilterNeverChangesAVerdict(t *testing.T) {
	skipped, run := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		if rapid.Bool().Draw(t, "list") {
			text.WriteString("trusted: [a]\n")
		}
		text.WriteString("let: {word: a, words: [a, b], table: {a: 1, drones: 2}, limit: 1, ratio: 0.6, yes: true, mixed: [1, a]}\nguardians:\n")
		n := rapid.IntRange(1, 4).Draw(t, "rules")
		for i := range n {
			when := drawRule(t, 3)
			if _, err := ParsePolicy("one", []byte("let: {word: a, words: [a, b], table: {a: 1, drones: 2}, limit: 1, ratio: 0.6, yes: true, mixed: [1, a]}\nguardians: [{name: g, rules: [{name: r, status: blocked, when: '"+when+"'}]}]")); err != nil {
				when = "false" // types that do not go together
			}
			fmt.Fprintf(&text, "  - {name: g%d, rules: [{name: r, status: blocked, when: '%s'}]}\n", i, when)
		}
		p, err := ParsePolicy("p", []byte(text.String()))
		if err != nil {
			t.Fatal(err)
		}
		plain := p.unfiltered()
		for range 10 {
			a := drawAction(t)
			got, gotErr := p.Judge(context.Background(), a)
			want, wantErr := plain.Judge(context.Background(), a)
			if !reflect.DeepEqual(got, want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Fatalf("%s\n%+v\nfiltered: %+v, %v\nCEL: %+v, %v", text.String(), a, got, gotErr, want, wantErr)
			}
			for _, s := range p.seats {
				if s.rules[0].filter.judge(&subject{action: &a, trusted: p.Trusts(a), trustRequired: len(p.trusted) > 0}) == no {
					skipped++
				} else {
					run++
				}
			}
		}
	})
	if skipped < run/10 {
		t.Errorf("the filter skipped %d of %d", skipped, skipped+run)
	}
}

func TestTheFilterDecidesOnWhatMostPacketsAre(t *testing.T) {
	for _, ref := range []string{DefaultPolicy, S2Policy} {
		p, err := LoadPolicy(ref)
		if err != nil {
			t.Fatal(err)
		}
		for _, payload := range []string{
			`{"primitive":"matrix.route","source":"a","destination":"b"}`,
			`{"primitive":"resource.allocate","resource_id":"r","amount":10}`,
			`{"primitive":"signal.broadcast","recipients":["a"]}`,
		} {
			a, err := ActionOf(packet.Packet{Contents: packet.MustValue(payload)}, "queue:lab", "rpush")
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range p.seats {
				for _, r := range s.rules {
					if r.filter.judge(&subject{action: &a}) != no {
						t.Errorf("%s: %s has to be run on %s", ref, r.title(), payload)
					}
				}
			}
		}
	}
}

func TestAnApprovalCostsOneAllocation(t *testing.T) {
	p, err := LoadPolicy(DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	a := Action{Primitive: "matrix.route", Vertical: "lab", Payload: packet.MustValue(`{"source":"a","destination":"b"}`)}
	if n := testing.AllocsPerRun(100, func() {
		if v, err := p.Judge(context.Background(), a); err != nil || v.Status != Approved {
			t.Fatal(v, err)
		}
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
