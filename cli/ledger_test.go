package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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

// prover checks a proof as somebody does who has neither Redis nor this
// program: it hashes the record, follows the path, and compares with the root
// that the checkpoint's note tells. Signatures need more than the standard
// library has.
const prover = `
import base64, hashlib, json, sys
p = json.load(sys.stdin)
def raw(v): return base64.b64decode(v["base64"]) if isinstance(v, dict) else v.encode()
def netstring(b): return str(len(b)).encode() + b":" + b + b","
text = b"if.packet/record/v1\n" + str(p["record"]["position"]).encode() + b"\n"
for name, value in p["record"]["fields"]:
    text += netstring(raw(name)) + netstring(raw(value))
at = hashlib.sha256(b"\0" + text).digest()
assert at == base64.b64decode(p["leaf_hash"]), "leaf"
origin, size, root = p["checkpoint"]["note"].split("\n")[:3]
index, last = p["index"], int(size) - 1
for step in p["path"]:
    step = base64.b64decode(step)
    if index % 2 == 1 or index == last:
        at = hashlib.sha256(b"\1" + step + at).digest()
        while index % 2 == 0 and index > 0:
            index, last = index // 2, last // 2
    else:
        at = hashlib.sha256(b"\1" + at + step).digest()
    index, last = index // 2, last // 2
print(last == 0 and at == base64.b64decode(root))
`

func TestPythonFollowsAProofToTheRoot(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	for range 6 {
		s.sent(t)
	}
	s.dispatch("--batch", file(t, "{\"contents\": {\"n\": 4}}\n{\"contents\": {\"n\": 5}}\n"), "--key", "queue:a").ends(t, 0)
	s.ledger("checkpoint").ends(t, 0)
	for position := range 9 {
		o := s.ledger("prove", string(rune('1'+position))).ends(t, 0)
		if got := python(t, prover, o.out); got != "True\n" {
			t.Errorf("record %d: %s%s", position+1, got, o.out)
		}
		if got := python(t, prover, strings.Replace(o.out, `"index":`, `"index":1`, 1)); got != "False\n" {
			t.Errorf("record %d at another index: %s", position+1, got)
		}
	}
}

func TestTheLedgersCommandsTellUserErrorsApart(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	s.sent(t)
	s.ledger("checkpoint").ends(t, 0)
	for _, nowhere := range []string{"0", "99", "99999999999999999999"} {
		s.ledger("prove", nowhere).fails(t, 5, "no such record")
	}
	s.ledger("prove", "--", "-5").fails(t, 5, "no such record")
	s.ledger("prove", "no\n\x1b]0;x\a").fails(t, 5, "no such record")
	s.ledger("accept", "--why", " ").fails(t, 2, "--why")
	s.verify("", "--key", "ttt:ledger:main").fails(t, 2, "ledger verify")
	s.collect("--key", "ttt:ledger:main", "--op", "lrange").fails(t, 1, "name another key")
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	s.ledger("export", pipe).fails(t, 1, "nothing was written")
	if info, err := os.Stat(pipe); err != nil || info.Mode().IsRegular() {
		t.Error("a pipe, as /dev/null is a device, was replaced by a file: ", err)
	}
	s.ledger("export", t.TempDir()).fails(t, 1, "nothing was written")
	s.ledger("verify", t.TempDir()).fails(t, 1, "folder")
}

// Whoever writes to Redis must not reach the terminal of who looks.
func TestWhatRedisHoldsIsShownAndNeverObeyed(t *testing.T) {
	s, ctx := start(t), context.Background()
	onMachine(t, t.TempDir())
	s.sent(t)
	id := "550e8400-e29b-41d4-a716-446655440000"
	for _, field := range []string{"event", "actor", "key", "operation"} {
		fields := []any{"XADD", "ttt:ledger:main", "4-0", "event", "dispatched", "tracking_id", id}
		fields = append(fields, field, "\x1b]0;x\a\u009b31m\n"+field+"\xff")
		if field == "event" {
			fields = append(fields[:3], fields[5:]...)
		}
		s.ledger("checkpoint").ends(t, 0)
		if err := s.Do(ctx, fields...).Err(); err != nil {
			t.Fatal(err)
		}
		s.ledger("checkpoint").ends(t, 0)
		note := s.Get(ctx, "ttt:ledger:main:checkpoint").Val()
		s.Set(ctx, "ttt:ledger:main:checkpoint", note+"— \u009b31mEvil AAAAAAAA\n", 0)
		for _, o := range []outcome{
			s.trace(id, "-o", "table"), s.ledger("prove", id, "-o", "table"), s.ledger("checkpoint", "-o", "table"), s.ledger("verify", "-o", "table"),
			s.trace("no\n\x1b]0;x\a\u009b31m"), s.verify("", "/no\x1b]0;x\a\u009b31m"), s.ledger("verify", "/no\x1b]0;x\a\u009b31m"),
		} {
			if strings.ContainsFunc(o.out+o.err, func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 }) || strings.Contains(o.out, field+"\xff") {
				t.Errorf("%s: %q %q", field, o.out, o.err)
			}
		}
		onMachine(t, t.TempDir())
		s.FlushAll(ctx)
		s.sent(t)
	}
}

func TestARefusedKeyringFailsTheLedgersVerificationToo(t *testing.T) {
	s, ctx := start(t), context.Background()
	onMachine(t, t.TempDir())
	s.sent(t)
	s.ledger("checkpoint").ends(t, 0)
	old := s.Get(ctx, "ttt:keyring").Val()
	run("keys", "new", "--redis", s.url, "--role", "operator", "--name", "ann").ends(t, 0)
	s.Set(ctx, "ttt:keyring", old, 0)
	s.ledger("verify").fails(t, 4, "keys restore")
	s.verify("", "--key", "queue:a").fails(t, 4, "keys restore")
}
