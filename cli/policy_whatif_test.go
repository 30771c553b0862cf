package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
)

const crossing = `{"primitive": "matrix.route", "vertical": "lab", "target_vertical": "mill", "source": "a", "destination": "b"}`

func TestWhatIfTellsWhatWouldFlip(t *testing.T) {
	s := start(t)
	s.dispatch("--policy", "default", "--key", "queue:lab", "--contents", crossing).ends(t, 3)
	s.dispatch("--policy", "default", "--key", "queue:lab", "--contents", `{"primitive": "process.kill", "pid": 1, "reason": "stuck", "token": "x"}`).ends(t, 3)
	s.dispatch("--policy", "default", "--contents", `{"primitive": "lab.measure"}`).ends(t, 3)

	o := run("policy", "whatif", "s2", "--redis", s.url).ends(t, 0).says(t, 0)
	var doc struct {
		Policy          string
		Judged, Same    int
		Masked, Failed  int
		Short           bool
		Skipped         map[string]int
		Flips, Failures []map[string]string
		Counts          []struct {
			From, To string
			Count    int
		}
	}
	if err := json.Unmarshal([]byte(o.out), &doc); err != nil || strings.Count(o.out, "\n") != 1 {
		t.Fatalf("%v: %s", err, o.out)
	}
	switch {
	case !strings.HasPrefix(doc.Policy, "s2@"), doc.Judged != 2, doc.Same != 1, doc.Masked != 1, doc.Failed != 0, doc.Short, doc.Failures == nil:
		t.Errorf("%s", o.out)
	case len(doc.Skipped) != 4 || doc.Skipped["no_route"] != 1 || doc.Skipped["batch"] != 0:
		t.Errorf("skipped: %v", doc.Skipped)
	case len(doc.Counts) != 1 || doc.Counts[0].From != "requires_human_review" || doc.Counts[0].To != "approved" || doc.Counts[0].Count != 1:
		t.Errorf("counts: %+v", doc.Counts)
	case len(doc.Flips) != 1:
		t.Fatalf("flips: %v", doc.Flips)
	}
	flip := doc.Flips[0]
	if flip["tracking_id"] == "" || flip["primitive"] != "matrix.route" || flip["vertical"] != "lab" || flip["from"] != "requires_human_review" ||
		flip["to"] != "approved" || flip["from_rule"] != "civic/cross-domain" || flip["reason"] == "" || flip["at"] == "" {
		t.Errorf("%v", flip)
	}

	table := run("policy", "whatif", "s2", "--redis", s.url, "-o", "table").ends(t, 0).out
	for _, line := range []string{"would decide 1 of 2 decisions otherwise", "1  review → approved", "1  judged without their masked fields",
		"1  not judged: no route fitted them", flip["tracking_id"] + "  matrix.route"} {
		if !strings.Contains(table, line) {
			t.Errorf("no %q in\n%s", line, table)
		}
	}
	if last := run("policy", "whatif", "s2", "--last", "1", "--redis", s.url).ends(t, 0).out; !strings.Contains(last, `"judged":1,`) {
		t.Errorf("the last one: %s", last)
	}
}

func TestWhatIfOfNothing(t *testing.T) {
	o := run("policy", "whatif", "s2", "--redis", start(t).url).ends(t, 0)
	for _, part := range []string{`"judged":0`, `"flips":[]`, `"counts":[]`, `"failures":[]`} {
		if !strings.Contains(o.out, part) {
			t.Errorf("no %s in %s", part, o.out)
		}
	}
}

func TestWhatIfRefusesWhatItCannotTry(t *testing.T) {
	s := start(t)
	run("policy", "whatif", file(t, "guardians: 7"), "--redis", s.url).fails(t, 2, "guardians")
	run("policy", "whatif", "--redis", s.url).fails(t, 2, "needs one policy")
	run("policy", "whatif", "s2", "--last", "0", "--redis", s.url).fails(t, 2, "--last")
	run("policy", "whatif", "s2", "--redis", nobody(t)).fails(t, 1, "connection refused")
}
