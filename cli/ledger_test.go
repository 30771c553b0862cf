package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func (s server) ledger(args ...string) outcome {
	return run(append([]string{"ledger", "--redis", s.url}, args...)...)
}

// sent dispatches a packet and gives its tracking id.
func (s server) sent(t *testing.T) string {
	t.Helper()
	o := s.dispatch("--key", "queue:a", "--contents", `{"primitive": "matrix.route", "source": "a", "destination": "b"}`).ends(t, 0)
	id, _ := o.object(t)["tracking_id"].(string)
	return id
}

func TestALedgerIsSealedProvedExportedAndTrimmed(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	s.ledger("verify").ends(t, 5)
	s.ledger("checkpoint").ends(t, 5)
	id := s.sent(t)
	if o := s.ledger("verify").ends(t, 0).object(t); o["result"] != "unsealed" || o["unsealed"] != float64(3) {
		t.Errorf("%v", o)
	}
	s.ledger("prove", id).fails(t, 1, "ledger checkpoint")
	c := s.ledger("checkpoint").ends(t, 0).object(t)
	if key, _ := c["verifier_key"].(string); !strings.HasPrefix(key, "if.packet/ledger/main/") {
		t.Errorf("%v", c)
	}
	s.ledger("prove", id).ends(t, 0)
	s.ledger("prove", "3").ends(t, 0)
	s.ledger("prove", "550e8400-e29b-41d4-a716-446655440000").fails(t, 5, "no such record")
	s.ledger("prove").fails(t, 2, "tracking id")
	s.ledger("trim").fails(t, 2, "--keep")
	for range 5 {
		s.sent(t)
	}
	s.ledger("checkpoint").ends(t, 0)
	file, _ := s.ledger("export").ends(t, 0).object(t)["file"].(string)
	s.ledger("verify", file).ends(t, 0)
	trimmed, _ := s.ledger("trim", "--keep", "2").ends(t, 0).object(t)["file"].(string)
	s.ledger("verify", trimmed, file).ends(t, 0)
	s.ledger("trim", "--keep", "2").ends(t, 5)
	if o := s.ledger("verify").ends(t, 0).object(t); o["trimmed"] != float64(6) || o["hashed_again"] != float64(2) {
		t.Errorf("%v", o)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	forged := filepath.Join(t.TempDir(), "forged")
	if err := os.WriteFile(forged, []byte(strings.Replace(string(text), "queue:a", "queue:b", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.ledger("verify", file, forged).ends(t, 4)
	s.ledger("accept", "--why", "x").fails(t, 5, "nothing to accept")
	s.ledger("accept").fails(t, 2, "--why")
	if o := s.ledger("export", "-").ends(t, 0); !strings.Contains(o.out, "if.packet/segment/v1") {
		t.Error(o.out)
	}
}

func TestAServerThatLostItsLedgerIsRefusedUntilAPersonAccepts(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	s.sent(t)
	s.ledger("checkpoint").ends(t, 0)
	s.FlushAll(context.Background())
	contents := []string{"--key", "queue:a", "--contents", `{"primitive": "matrix.route", "source": "a", "destination": "b"}`}
	s.dispatch(contents...).fails(t, 1, "shrunk", "ledger accept --why")
	s.dispatch(append(contents, "--schema", "1.0")...).fails(t, 1, "shrunk")
	if n := s.DBSize(context.Background()).Val(); n != 0 {
		t.Errorf("a refused dispatch wrote %d keys", n)
	}
	s.ledger("verify").ends(t, 4)
	if o := run("doctor", "--redis", s.url, "-o", "json"); o.code != 1 || !strings.Contains(o.out, "shrunk") {
		t.Error(o.out)
	}
	var status struct {
		Ledger struct{ State, Trouble string }
	}
	if err := json.Unmarshal([]byte(run("status", "--redis", s.url, "-o", "json").ends(t, 0).out), &status); err != nil || status.Ledger.State != "refused" {
		t.Error(status, err)
	}
	if o := s.ledger("accept", "--why", "flushed by hand").ends(t, 0).object(t); o["break_position"] != float64(1) {
		t.Errorf("%v", o)
	}
	s.dispatch(contents...).ends(t, 0)
	s.ledger("verify").ends(t, 0)
}

func TestAnEphemeralProfileForgetsByItself(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	config := file(t, "profile: dev\nprofiles:\n  dev: {redis: \""+s.url+"\", ledger: ephemeral}\n")
	send := func() outcome {
		return run("dispatch", "--config", config, "--key", "queue:a", "--contents", `{"primitive": "matrix.route", "source": "a", "destination": "b"}`)
	}
	send().ends(t, 0)
	run("ledger", "checkpoint", "--config", config).ends(t, 0)
	s.FlushAll(context.Background())
	send().ends(t, 0)
	run("ledger", "checkpoint", "--config", config).ends(t, 0)
	if o := run("ledger", "prove", "1", "--config", config).ends(t, 0); !strings.Contains(o.out, "ephemeral") {
		t.Error(o.out)
	}
	bad := file(t, "profiles:\n  dev: {redis: \""+s.url+"\", ledger: gone}\n")
	run("status", "--config", bad).fails(t, 2, "ephemeral")
}
