package governance_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(t testing.TB, text string) *governance.Policy {
	t.Helper()
	p, err := governance.ParsePolicy("p.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func load(t testing.TB, ref string) *governance.Policy {
	t.Helper()
	p, err := governance.LoadPolicy(ref)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// oneRule is a policy of one rule that blocks.
func oneRule(when string) string {
	return "guardians:\n  - name: g\n    rules:\n      - name: r\n        when: " + when + "\n        status: blocked\n"
}

func act(primitive, vertical, payload string) governance.Action {
	return governance.Action{Primitive: primitive, Vertical: vertical, Payload: packet.MustValue(payload)}
}

func judge(t testing.TB, r governance.Rules, a governance.Action) governance.Verdict {
	t.Helper()
	v, err := r.Judge(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheSmallestPolicyIsNamedAfterItsFileAndItsText(t *testing.T) {
	text := `guardians: [{name: g, rules: [{name: r, when: 'primitive == "x"', status: blocked}]}]`
	p, err := governance.ParsePolicy("some/folder/mine.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name() != "mine" || len(p.Revision()) != len("mine@")+12 || p.Tests() != 0 {
		t.Errorf("name %s, revision %s, %d tests", p.Name(), p.Revision(), p.Tests())
	}
	again, _ := governance.ParsePolicy("mine.yaml", []byte(text+"\n"))
	if again.Revision() == p.Revision() {
		t.Error("another text has the same revision")
	}
	if v := judge(t, p, act("x", "general", "{}")); v.Status != governance.Blocked || v.Reason != "x is blocked" {
		t.Errorf("%+v", v)
	}
	if v := judge(t, p, act("y", "general", "{}")); v.Status != governance.Approved || v.Reason != "Action y approved (no guardian triggers)" {
		t.Errorf("%+v", v)
	}
}

func TestAPolicyTellsWhatItHolds(t *testing.T) {
	p := parse(t, `name: mine
about: what it is for
trusted: [ann, bob]
let: {limit: 3}
guardians:
  - name: g
    rules:
      - {name: a, when: entropy > 0.5, status: requires_human_review, reason: "see {actor}", requires: {approvals: 3, roles: [safety]}}
      - {name: b, when: size(payload) > limit, status: approved, advisory: true}
      - {name: c, when: rate > 5, status: blocked}
routes: [{primitive: "x.*", key: "queue:{vertical}"}]
mask: [payload.key]
tests: [{name: t, action: {}, expect: approved}]
`)
	g := p.Guardians()
	if p.Name() != "mine" || p.About() != "what it is for" || strings.Join(p.Trusted(), " ") != "ann bob" || p.Tests() != 1 ||
		len(g) != 1 || g[0].Name != "g" || len(g[0].Rules) != 3 || len(p.Routes()) != 1 || strings.Join(p.Masks(), " ") != "payload.key" {
		t.Fatalf("%+v", p)
	}
	a, b, c := g[0].Rules[0], g[0].Rules[1], g[0].Rules[2]
	if a.Name != "a" || a.When != "entropy > 0.5" || a.Status != governance.Review || a.Reason != "see {actor}" || a.Line != 8 ||
		a.Quorum.Approvals != 3 || a.Quorum.Roles[0] != "safety" || !b.Advisory || b.Line != 9 || !c.Rated {
		t.Errorf("%+v\n%+v\n%+v", a, b, c)
	}
}

func TestTheFirstRuleThatFiresIsWhatAGuardianSaysAndTheWorstOfAllWins(t *testing.T) {
	p := parse(t, `guardians:
  - name: one
    rules:
      - {name: a, when: payload.a, status: requires_human_review, reason: first}
      - {name: b, when: "true", status: blocked, reason: second}
  - name: two
    rules: [{name: c, when: payload.c, status: requires_co_signature, reason: third}]
  - name: three
    rules: [{name: d, when: payload.d, status: requires_co_signature, reason: fourth, requires: {approvals: 3, roles: [safety]}}]
  - name: four
    rules: [{name: e, when: payload.e, status: blocked, reason: fifth, advisory: true}]
`)
	for _, c := range []struct{ payload, status, reason, fired, required string }{
		{`{"a":false,"c":false,"d":false,"e":false}`, "blocked", "second", "one/b", "an appeal with a reason puts it before a person"},
		{`{"a":true,"c":false,"d":false,"e":true}`, "requires_human_review", "first", "one/a four/e", "one person signs who is not the actor"},
		{`{"a":true,"c":true,"d":false,"e":false}`, "requires_co_signature", "third", "one/a two/c", "two different persons sign, neither being the actor"},
		{`{"a":true,"c":true,"d":true,"e":true}`, "requires_co_signature", "third", "one/a two/c three/d four/e", "3 different persons (safety) sign, none being the actor"},
	} {
		v := judge(t, p, act("x", "general", c.payload))
		var fired []string
		for _, f := range v.Findings {
			fired = append(fired, f.Guardian+"/"+f.Rule)
		}
		if string(v.Status) != c.status || v.Reason != c.reason || strings.Join(fired, " ") != c.fired || strings.Join(v.Required, ";") != c.required {
			t.Errorf("%s: %s, %s, %v, %v", c.payload, v.Status, v.Reason, fired, v.Required)
		}
	}
	advised := parse(t, `guardians: [{name: g, rules: [{name: r, when: "true", status: blocked, advisory: true}]}]`)
	if v := judge(t, advised, act("x", "general", "{}")); v.Status != governance.Approved || v.Reason != "Approved with recommendations: 1 advisory notes" || v.Required != nil {
		t.Errorf("advice alone: %+v", v)
	}
}

func TestTheMostDemandingQuorumHolds(t *testing.T) {
	p := parse(t, `guardians:
  - {name: a, rules: [{name: r, when: "true", status: requires_human_review, requires: {approvals: 9}}]}
  - {name: b, rules: [{name: r, when: "true", status: requires_co_signature, requires: {within: 8h}}]}
  - {name: c, rules: [{name: r, when: "true", status: requires_co_signature, requires: {approvals: 2, roles: [safety]}}]}
  - {name: d, rules: [{name: r, when: "true", status: requires_co_signature, requires: {within: 30m}}]}
`)
	q := judge(t, p, act("x", "general", "{}")).Quorum
	if q.Approvals != 2 || len(q.Roles) != 1 || q.Roles[0] != "safety" || q.Within != 30*time.Minute {
		t.Errorf("%+v", q)
	}
}

func TestARuleThatCannotBeFinishedFailsTheVerdict(t *testing.T) {
	for when, word := range map[string]string{
		`payload.missing == 1`: "missing",
		`payload.n > "x"`:      "overload",
		`payload.n`:            "true or false",
		`payload.list.all(a, payload.list.all(b, payload.list.all(c, a + b + c >= 0)))`: "costs more than the limit",
	} {
		p := parse(t, oneRule("'"+when+"'"))
		list := strings.Repeat("1,", 400) + "1"
		v := governance.Ask(t.Context(), p, act("x", "general", `{"n": 5, "list": [`+list+`]}`))
		if v.Status != governance.Failed || !strings.Contains(v.Reason, word) || !strings.Contains(v.Reason, "guardian g, rule r") {
			t.Errorf("%s: %+v", when, v)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := parse(t, oneRule(`payload.list.exists(a, a == 2)`))
	list := strings.Repeat("1,", 4000) + "1"
	if v := governance.Ask(ctx, p, act("x", "general", `{"list": [`+list+`]}`)); v.Status != governance.Failed {
		t.Errorf("after the caller gave up: %+v", v)
	}
	if v := governance.Ask(t.Context(), p, governance.Action{Payload: packet.MustValue(`[1]`)}); v.Status != governance.Failed {
		t.Errorf("a payload that is no object: %+v", v)
	}
}

func TestRulesSeeEveryPartOfAnActionAndEveryKindOfValue(t *testing.T) {
	a := governance.Action{
		Primitive: "p.q", Vertical: "lab", Entropy: 0.5, Actor: "ann", Vouched: true, Origin: "o", Key: "queue:k", Operation: "rpush",
		Payload: packet.MustValue(`{"nil": null, "bool": true, "int": 3, "big": 123456789012345678901234567890, "float": 2.0,
			"text": "ÉÄ", "list": [1, "a", {"x": 2}], "object": {"a": {"b": 7}}}`),
	}
	a.Payload = a.Payload.With("bytes", packet.Value{})
	for _, when := range []string{
		`primitive == "p.q" && vertical == "lab" && entropy == 0.5 && actor == "ann" && origin == "o"`,
		`destination.key == "queue:k" && destination.operation == "rpush"`,
		`trusted && trust_required`,
		`has(payload.nil) && payload.nil == null && type(payload.nil) == null_type && !has(payload.nothing)`,
		`payload.bool && payload.int == 3 && type(payload.int) == int`,
		`type(payload.big) == double && payload.big > 1e29 && type(payload.float) == double && payload.float == 2`,
		`payload.int > 2.5 && payload.float >= 2`,
		`lower(payload.text) == "éä" && payload.text.size() == 2`,
		`type(payload.list) == list && size(payload.list) == 3 && payload.list[2].x == 2 && "a" in payload.list`,
		`payload.list == [1, "a", {"x": 2}] && payload.list + [4] != payload.list`,
		`type(payload.object) == map && payload.object.a.b == 7 && payload.object == {"a": {"b": 7}}`,
		`payload.?nothing.?more.orValue(9) == 9 && payload.object.?a.?b.orValue(0) == 7`,
		`payload.exists(k, k == "text") && payload.object.all(k, k == "a")`,
		`vertical in words && words.size() == 2 && table[vertical] == 4 && deep.a.b[1] == 2.5 && yes`,
		`"a-b".split("-")[1] == "b" && actor.startsWith("a")`,
	} {
		p := parse(t, "trusted: [ann]\nlet: {words: [lab, x], table: {lab: 4, y: 5}, deep: {a: {b: [1, 2.5]}}, yes: true}\n"+oneRule("|-\n          "+when))
		if v := judge(t, p, a); v.Status != governance.Blocked {
			t.Errorf("%s does not hold", when)
		}
	}
}

func TestATrustedActorIsOneThatIsListedAndVouchedFor(t *testing.T) {
	p := parse(t, "trusted: [ann]\n"+oneRule("'!trusted'"))
	for _, c := range []struct {
		actor   string
		vouched bool
		status  governance.Status
	}{{"ann", true, governance.Approved}, {"ann", false, governance.Blocked}, {"bob", true, governance.Blocked}} {
		if v := judge(t, p, governance.Action{Actor: c.actor, Vouched: c.vouched}); v.Status != c.status {
			t.Errorf("%+v: %s", c, v.Status)
		}
	}
}

func TestReasonsAreFilledIn(t *testing.T) {
	p := parse(t, `guardians: [{name: g, rules: [{name: r, when: "true", status: blocked,
  reason: "{primitive} {vertical} {entropy} {actor} {origin} {destination.key} {destination.operation} {{x}} {payload.n} {payload.a.b} {payload.none} {payload.list} {payload.long}"}]}]`)
	v := judge(t, p, governance.Action{
		Primitive: "p", Vertical: "v", Entropy: 0.666, Actor: "a", Origin: "o", Key: "k", Operation: "set",
		Payload: packet.MustValue(`{"n": 1.50, "a": {"b": "t"}, "list": [1, 2], "long": "` + strings.Repeat("é", 500) + `"}`),
	})
	want := "p v 0.67 a o k set {x} 1.50 t nothing a list of 2 " + strings.Repeat("é", 119) + "…"
	if v.Reason != want {
		t.Errorf("%s", v.Reason)
	}
}

func TestPoliciesAreLoadedByNameOrFromAFile(t *testing.T) {
	for _, ref := range []string{"", "default", "s2"} {
		p := load(t, ref)
		if ref != "" && p.Name() != ref || p.Tests() < 10 || len(p.Guardians()) != 5 || len(p.Trusted()) != 0 {
			t.Errorf("%q: %+v", ref, p.Name())
		}
	}
	path := filepath.Join(t.TempDir(), "own.yaml")
	text, err := governance.ShippedPolicy("s2")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if p := load(t, path); p.Revision() != load(t, "s2").Revision() || p.File() != path {
		t.Errorf("%s of %s", p.Revision(), p.File())
	}
	if _, err := governance.LoadPolicy(path + "x"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := governance.LoadPolicy(filepath.Dir(path)); err == nil || errors.Is(err, governance.ErrPolicy) {
		t.Errorf("a folder: %v", err)
	}
}

func TestAnActionWrittenDownIsReadAsThatOfAPacket(t *testing.T) {
	a, err := governance.DescribedAction(packet.MustValue(`{"primitive": "IF.Process.Kill", "vertical": "LAB", "entropy": 1, "actor": "Ann", "payload": {"pid": 1}, "id": 7}`))
	if err != nil || a.Primitive != "process.kill" || a.Vertical != "lab" || a.Entropy != 1 || a.Actor != "Ann" || a.Payload.Len() != 1 || !a.Vouched {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = governance.DescribedAction(packet.MustValue(`{}`))
	if err != nil || a.Primitive != "unknown" || a.Vertical != "general" || a.Entropy != 0 || a.Actor != "" || a.Payload.Kind() != packet.Object || a.Payload.Len() != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	for text, field := range map[string]string{
		`{"entropy": "high"}`: "entropy", `{"entropy": 1.5}`: "entropy", `{"entropy": true}`: "entropy", `{"entropy": -0.1}`: "entropy",
		`{"primitive": 1}`: "primitive", `{"vertical": []}`: "vertical", `{"actor": {}}`: "actor", `{"payload": [1]}`: "payload",
		`[]`: "the action", `{"vouched": 1}`: "vouched", `{"origin": 1}`: "origin",
	} {
		_, err := governance.DescribedAction(packet.MustValue(text))
		var invalid *packet.ValidationError
		if !errors.As(err, &invalid) || invalid.Faults[0].Field != field {
			t.Errorf("%s: %v", text, err)
		}
	}
}
