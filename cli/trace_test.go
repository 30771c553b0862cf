package cli_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func (s server) trace(args ...string) outcome {
	return run(append([]string{"trace", "--redis", s.url}, args...)...)
}

func TestAPacketIsTracedFromItsBirthToItsEnd(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	id := s.sent(t)
	s.ledger("checkpoint").ends(t, 0)
	says := func(o outcome, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(o.out, w) {
				t.Errorf("it does not say %q:\n%s", w, o.out)
			}
		}
	}
	o := s.trace(id, "-o", "table").ends(t, 0)
	says(o, "TRACEABILITY", "GOVERNANCE", "DELIVERY", "CONCLUSION", "verified", "seal 1", "[ledger record 3]", "it is in queue:a", "leaf 2 of 3")
	report := s.trace(id).ends(t, 0).object(t)
	for _, part := range []string{"tracking_id", "citation", "packet", "verdict", "lineage", "seals", "decision", "ledger", "proof", "places", "not_found"} {
		if report[part] == nil {
			t.Errorf("the report has no %s", part)
		}
	}
	citation, _ := report["citation"].(string)
	// Somebody edits it where it lies.
	raw := s.LIndex(context.Background(), "queue:a", 0).Val()
	s.LSet(context.Background(), "queue:a", 0, strings.Replace(raw, `"source": "a"`, `"source": "x"`, 1))
	says(s.trace(id, "-o", "table").ends(t, 4), "tampered", `source: "a" → "x"`)
	s.LSet(context.Background(), "queue:a", 0, raw)
	// It is taken as it should be, and its citation still finds it.
	s.collect("--key", "queue:a", "--op", "lpop").ends(t, 0)
	says(s.trace(citation, "-o", "table").ends(t, 0), id, "collected", "nothing left to verify", "approved")
	// Another one is taken away by hand.
	id = s.sent(t)
	s.Del(context.Background(), "queue:a")
	says(s.trace(id, "-o", "table").ends(t, 4), "missing")
	s.trace("550e8400-e29b-41d4-a716-446655440000").fails(t, 5, "no such packet")
	s.trace().fails(t, 2, "tracking id")
}

func TestTheEvidenceOnAPacketGoesIntoAFileThatChecksItself(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	id := s.sent(t)
	dir := t.TempDir()
	zipped := filepath.Join(dir, "evidence.zip")
	s.trace(id, "--bundle", zipped).ends(t, 0).says(t, 1, "the bundle lacks something", "ledger checkpoint", "not under a checkpoint yet")
	s.ledger("checkpoint").ends(t, 0)
	if o := s.trace(id, "--bundle", zipped).ends(t, 0).says(t, 0).object(t); o["tracking_id"] != id {
		t.Errorf("%v", o)
	}
	if out, err := exec.Command("python3", "-m", "zipfile", "-e", zipped, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command("python3", filepath.Join(dir, "check.py")).CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	s.trace(id, "--bundle", "").fails(t, 2, "--bundle needs")
	s.trace(id, "--bundle", dir).fails(t, 1, "nothing was written")
	s.trace("550e8400-e29b-41d4-a716-446655440000", "--bundle", zipped).fails(t, 5, "no such packet")
}
