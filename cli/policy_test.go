package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
)

const goodPolicy = `name: mine
trusted: [ann]
guardians:
  - name: g
    rules:
      - {name: kill, when: 'primitive == "process.kill"', status: requires_co_signature, reason: no killing}
      - {name: stranger, when: '!trusted', status: requires_human_review}
tests:
  - {name: a kill is held, action: {primitive: process.kill, actor: ann}, expect: requires_co_signature}
`

func TestPolicyCheckTellsWhatAGoodPolicyHolds(t *testing.T) {
	path := file(t, goodPolicy)
	got := run("policy", "check", path).ends(t, 0).says(t, 0).object(t)
	if got["name"] != "mine" || !strings.HasPrefix(got["policy"].(string), "mine@") || got["guardians"] != 1.0 || got["rules"] != 2.0 || got["tests"] != 1.0 || got["trusted"] != 1.0 {
		t.Errorf("%v", got)
	}
	o := run("policy", "check", path, "-o", "table").ends(t, 0)
	if !strings.Contains(o.out, "mine@") || !strings.Contains(o.out, "2 rules") {
		t.Error(o.out)
	}
	for _, name := range []string{"default", "s2"} {
		if got := run("policy", "check", name).ends(t, 0).object(t); got["name"] != name {
			t.Errorf("%v", got)
		}
	}
}

func TestPolicyCheckTellsFaultsWithTheirPlaceAndEndsWith2(t *testing.T) {
	path := file(t, strings.ReplaceAll(goodPolicy, "!trusted", "!trused"))
	run("policy", "check", path).fails(t, 2, path+":7:34: ", "rule g/stranger", "trused")
	run("policy", "check", file(t, "")).fails(t, 2, "empty")
	two := strings.ReplaceAll(strings.ReplaceAll(goodPolicy, "!trusted", "!trused"), "primitive ==", "primitve ==")
	run("policy", "check", file(t, two)).ends(t, 2).says(t, 2, ":6:", ":7:")
	run("policy", "check", file(t, strings.ReplaceAll(goodPolicy, "expect: requires_co_signature", "expect: blocked"))).
		fails(t, 2, "a kill is held", "expected blocked", "got requires_co_signature")
	run("policy", "check", file(t, "\"\\e[2J\": 1\n")).ends(t, 2).says(t, 2, "known are")
	run("policy", "check", filepath.Join(t.TempDir(), "none.yaml")).fails(t, 1, "no such file", "none.yaml")
}

func TestPolicyTestGivesALineForEachTest(t *testing.T) {
	good := run("policy", "test", file(t, goodPolicy)).ends(t, 0).says(t, 0).object(t)
	if good["test"] != "a kill is held" || good["passed"] != true || good["status"] != "requires_co_signature" {
		t.Errorf("%v", good)
	}
	bad := file(t, goodPolicy+"  - {name: all go, action: {primitive: x, actor: bob}, expect: approved}\n")
	lines := run("policy", "test", bad).ends(t, 2).says(t, 1, "1 of 2 tests").objects(t)
	if len(lines) != 2 || lines[0]["passed"] != true || lines[1]["passed"] != false || !strings.Contains(lines[1]["fault"].(string), "expected approved") {
		t.Errorf("%v", lines)
	}
	if o := run("policy", "test", bad, "-o", "table").ends(t, 2); !strings.Contains(o.out, "✓ a kill is held") || !strings.Contains(o.out, "✕ all go") {
		t.Error(o.out)
	}
	run("policy", "test", file(t, "guardians: []\n")).fails(t, 2, "no guardians")
}

func TestPolicyEvalJudgesALineAtATime(t *testing.T) {
	o := feed(`{"primitive": "IF.Process.Kill", "vertical": "LAB", "entropy": 0.9, "actor": "a", "payload": {"pid": 1, "reason": "x"}}

{"primitive": "context.share", "payload": {"n": 1}}
{}
{"vertical": "energy", "payload": {"n": 1}}
`, "policy", "eval", "--policy", "s2").ends(t, 0).says(t, 0)
	lines := o.objects(t)
	if len(lines) != 4 {
		t.Fatalf("%d lines: %s", len(lines), o.out)
	}
	for i, want := range []struct{ status, reason string }{
		{"requires_co_signature", "Two-person rule required for process.kill"},
		{"approved", "Action context.share approved (no guardian triggers)"},
		{"blocked", "Empty payload"},
		{"approved", "Action unknown approved (no guardian triggers)"},
	} {
		if lines[i]["status"] != want.status || lines[i]["reason"] != want.reason || !strings.HasPrefix(lines[i]["policy"].(string), "s2@") {
			t.Errorf("line %d: %v", i+1, lines[i])
		}
	}
	guardians := lines[0]["guardians"].([]any)
	first := guardians[0].(map[string]any)
	if len(guardians) != 2 || first["name"] != "civic" || first["rule"] == "" || first["status"] != "requires_human_review" || first["advisory"] != false {
		t.Errorf("%v", guardians)
	}
	if actions := lines[0]["required_actions"].([]any); len(actions) != 1 || actions[0] != "two different persons sign, neither being the actor" {
		t.Errorf("%v", actions)
	}
	if lines[0]["quorum"].(map[string]any)["approvals"] != 2.0 || lines[1]["quorum"] != nil {
		t.Errorf("%v", lines)
	}
}

func TestPolicyEvalJudgesTheOthersWhenALineIsBad(t *testing.T) {
	in := "{\"entropy\": \"high\"}\n{\"payload\": {\"n\": 1}}\nnonsense\n{\"entropy\": NaN}\n{\"entropy\": 1.5}\n{\"entropy\": true}\n[1]\n{\"payload\": 3}\n{\"payload\": {\"n\": 1}}"
	o := feed(in, "policy", "eval").ends(t, 2).says(t, 7, "line 1: ", "line 3: not JSON", "line 4: ", "line 5: ", "line 6: ", "line 7: ", "line 8: ", "entropy")
	if lines := o.objects(t); len(lines) != 2 || lines[0]["status"] != "approved" {
		t.Errorf("%v", lines)
	}
}

func TestPolicyEvalFailsWhereTheCouncilDoes(t *testing.T) {
	path := file(t, `guardians: [{name: g, rules: [{name: r, when: payload.n > 1, status: blocked}]}]`)
	o := feed("{\"payload\": {\"n\": 1}}\n{\"payload\": {}}\n", "policy", "eval", "--policy", path).ends(t, 1)
	lines := o.objects(t)
	if len(lines) != 2 || lines[0]["status"] != "approved" || lines[1]["status"] != "error" || !strings.Contains(lines[1]["reason"].(string), "guardian g, rule r") {
		t.Errorf("%v", lines)
	}
}

func TestPolicyEvalTakesAListedActorAsVouchedFor(t *testing.T) {
	lines := feed("{\"actor\": \"ann\"}\n{\"actor\": \"bob\"}\n", "policy", "eval", "--policy", file(t, goodPolicy)).ends(t, 0).objects(t)
	if lines[0]["status"] != "approved" || lines[1]["status"] != "requires_human_review" {
		t.Errorf("%v", lines)
	}
}

func TestPolicyEvalReadsAFileToo(t *testing.T) {
	actions := file(t, `{"payload": {"n": 1}}`)
	run("policy", "eval", actions).ends(t, 0).object(t)
	run("policy", "eval", actions+".none").fails(t, 1, "no such file")
	run("policy", "eval", actions, actions).fails(t, 2, "one file")
	run("policy", "eval", "-o", "yaml").fails(t, 2, "-o yaml")
	run("policy", "eval", "--policy", file(t, "x")).fails(t, 2, "must be a mapping")
}

func TestPolicyNeedsToKnowWhatToDo(t *testing.T) {
	run("policy").fails(t, 2, "check, test or eval")
	run("policy", "frobnicate").fails(t, 2, "frobnicate")
	run("policy", "check").fails(t, 2, "needs one policy")
}
