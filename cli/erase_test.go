package cli_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func (s server) erase(args ...string) outcome {
	return run(append([]string{"erase", "--redis", s.url}, args...)...)
}

func TestAPacketIsErasedToldOfAndStillProved(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	id := s.sent(t)
	s.erase(id).fails(t, 2, "--why")
	s.erase("--why", "x").fails(t, 2, "tracking id")
	s.erase("queue:a", "--why", "x").fails(t, 2, "not a tracking id")
	s.erase("550e8400-e29b-41d4-a716-446655440000", "--why", "x").fails(t, 5, "no such packet")
	s.erase(id, "--why", "x", "--read-only").fails(t, 1, "read only")
	s.erase(id, "--why", strings.Repeat("x", 1001)).fails(t, 2, "too long")
	if n := s.length("queue:a"); n != 1 {
		t.Fatalf("a refused erasure left %d packets", n)
	}
	o := s.erase(strings.ToUpper(id), "--why", "request 4711", "-o", "table").ends(t, 0)
	for _, words := range []string{"removed      queue:a, slot 0", "removed      guardian:decision:" + id, "stays        ", "not reached  evidence bundles"} {
		if !strings.Contains(o.out, words) {
			t.Errorf("it does not say %q:\n%s", words, o.out)
		}
	}
	if n := s.Exists(context.Background(), "queue:a").Val(); n != 0 {
		t.Error("the packet is still in its queue")
	}
	if o := s.erase(id, "--why", "once more").ends(t, 0).object(t); len(o["removed"].([]any)) != 0 {
		t.Errorf("%v", o)
	}
	s.ledger("checkpoint").ends(t, 0)
	dir := t.TempDir()
	zipped := filepath.Join(dir, "evidence.zip")
	if o := s.trace(id, "--bundle", zipped, "-o", "table").ends(t, 0); !strings.Contains(o.out, "fate              erased") || !strings.Contains(o.out, "its contents were removed") {
		t.Errorf("%s", o.out)
	}
	if out, err := exec.Command("python3", "-m", "zipfile", "-e", zipped, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command("python3", filepath.Join(dir, "check.py")).CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	s.ledger("verify").ends(t, 0)
}
