package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// verify runs verify on the server.
func (s server) verify(stdin string, args ...string) outcome {
	return feed(stdin, append([]string{"verify", "--redis", s.url}, args...)...)
}

// verdicts are the lines of verify.
func verdicts(t *testing.T, o outcome) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(o.out) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, v)
	}
	return list
}

func TestWhatWasDispatchedIsVerifiedWhereverItIs(t *testing.T) {
	onMachine(t, t.TempDir())
	s, ctx := start(t), context.Background()
	first := s.dispatch("--key", "queue:a", "--contents", `{"n": 1}`).ends(t, 0)
	if !strings.Contains(first.made, "made root key") {
		t.Errorf("nothing tells that keys were made: %q", first.made)
	}
	if second := s.dispatch("--key", "queue:a", "--format", "msgpack", "--contents", `{"n": 2}`).ends(t, 0); second.made != "" {
		t.Errorf("keys were made again: %q", second.made)
	}
	o := s.verify("", "--key", "queue:a").ends(t, 0).says(t, 0)
	for _, v := range verdicts(t, o) {
		for part, want := range map[string]string{
			"schema": "valid", "paper_digest": "both", "links": "intact", "seals": "valid", "contents": "match",
			"destination": "here", "logged": "not checked", "fresh": "latest", "overall": "verified",
		} {
			if v[part] != want {
				t.Errorf("%s is %v", part, v[part])
			}
		}
		if reasons, ok := v["reasons"].([]any); !ok || len(reasons) > 0 {
			t.Errorf("reasons are %v", v["reasons"])
		}
	}
	if n := s.length("queue:a"); len(verdicts(t, o)) != 2 || n != 2 {
		t.Errorf("%d are in the queue, of 2, and there are verdicts\n%s", n, o.out)
	}
	raw := s.LRange(ctx, "queue:a", 0, -1).Val()
	binary := filepath.Join(t.TempDir(), "packet")
	if err := os.WriteFile(binary, []byte(raw[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	s.verify("", binary).ends(t, 0)
	for _, text := range []string{raw[0], raw[0] + "\n" + raw[0] + "\n", strings.ReplaceAll(raw[0], `, "contents"`, ",\n\"contents\""), "[" + raw[0] + ", " + raw[0] + "]"} {
		if v := verdicts(t, s.verify(text, "-").ends(t, 0)); len(v) == 0 || v[0]["destination"] != "not known" || v[0]["overall"] != "verified" {
			t.Errorf("%v", v)
		}
	}
	s.RPush(ctx, "queue:b", raw[0])
	if v := verdicts(t, s.verify("", "--key", "queue:b").ends(t, 4)); v[0]["destination"] != "moved" || v[0]["overall"] != "incomplete" {
		t.Errorf("%v", v)
	}
}

func TestVerifyEndsWithTheWorst(t *testing.T) {
	s := start(t)
	s.dispatch("--key", "queue:a", "--contents", `{"n": 1}`).ends(t, 0)
	sealed := s.LIndex(context.Background(), "queue:a", 0).Val()
	edited := strings.Replace(sealed, `{"n": 1}`, `{"n": 2}`, 1)
	foreign := `{"origin": "w", "contents": {"n": 1}, "schema_version": "1.0", "ttl_seconds": 60, "tracking_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "dispatched_at": "2025-12-02T14:35:18", "chain_of_custody": null}`
	if v := verdicts(t, s.verify(foreign, "-").ends(t, 0)); v[0]["overall"] != "unauthenticated" || v[0]["seals"] != "absent" {
		t.Errorf("%v", v)
	}
	s.verify(foreign, "-", "--require-seal").ends(t, 4)
	s.verify(foreign+"\n"+sealed+"\n"+edited, "-").ends(t, 4)
	s.verify(sealed+"\n{}\n", "-").ends(t, 2).says(t, 1, "line 2", "not a packet")
	s.verify(edited+"\n{}\n", "-").ends(t, 4).says(t, 1, "line 2")
	s.verify("", "-").ends(t, 5)
	s.verify("", "--key", "queue:none").ends(t, 5)
	s.verify("").fails(t, 2, "verify needs a file")
	s.verify("", "-", "--key", "queue:a").fails(t, 2, "verify needs a file")
	s.verify("", "a", "b").fails(t, 2, "one file")
	s.verify("", "/nowhere/p").fails(t, 1, "no such file")
	table := s.verify(edited, "-", "-o", "table").ends(t, 4)
	if !strings.Contains(table.out, "tampered") || !strings.Contains(table.out, "the contents are not those") {
		t.Error(table.out)
	}
}

func TestAHeldPacketIsVerifiedInTheCarcelAndAfterItsRelease(t *testing.T) {
	onMachine(t, t.TempDir())
	s := start(t)
	s.dispatch("--key", "queue:a", "--origin", "w1", "--contents", `{"primitive": "process.kill", "pid": 1, "reason": "stuck"}`).ends(t, 3)
	if v := verdicts(t, s.verify("", "--key", "carcel:dead_letters").ends(t, 0)); len(v) != 1 || v[0]["overall"] != "verified" || v[0]["destination"] != "here" {
		t.Fatalf("held: %v", v)
	}
	id := verdicts(t, s.verify("", "--key", "carcel:dead_letters"))[0]["tracking_id"].(string)
	for _, name := range []string{"ann", "bob"} {
		s.keys("new", "--role", "operator", "--name", name).ends(t, 0)
		run("carcel", "approve", id, "--redis", s.url, "--as", name, "--why", "stuck indeed").ends(t, 0)
	}
	v := verdicts(t, s.verify("", "--key", "queue:a").ends(t, 0))
	if len(v) != 1 || v[0]["overall"] != "verified" {
		t.Fatalf("released: %v", v)
	}
	packet := s.LIndex(context.Background(), "queue:a", 0).Val()
	if strings.Count(packet, `"contents_sha256"`) != 2 || !strings.Contains(packet, "action:release|") {
		t.Errorf("it has not the seals of two custodians: %s", packet)
	}
}

func TestWithoutTheServerThePinnedKeyringDoes(t *testing.T) {
	onMachine(t, t.TempDir())
	s := start(t)
	s.dispatch("--key", "queue:a", "--contents", `{"n": 1}`).ends(t, 0)
	sealed := s.LIndex(context.Background(), "queue:a", 0).Val()
	s.verify(sealed, "-").ends(t, 0)
	_ = s.ShutdownNoSave(context.Background()).Err()
	s.verify(sealed, "-").ends(t, 0).says(t, 1, "does not answer", "version 2 of the keyring")
	onMachine(t, t.TempDir())
	s.verify(sealed, "-").ends(t, 5)
}

func TestOnAnotherMachineSealsReadKeyUnknownUntilTheirKeyIsTrusted(t *testing.T) {
	root, other := t.TempDir(), t.TempDir()
	s := start(t)
	onMachine(t, root)
	s.dispatch("--key", "queue:a", "--contents", `{"n": 1}`).ends(t, 0)
	onMachine(t, other)
	s.dispatch("--key", "queue:b", "--contents", `{"n": 2}`).ends(t, 0).says(t, 1, "is not trusted yet", "ifpacket keys trust")
	v := verdicts(t, s.verify("", "--key", "queue:b").ends(t, 4))
	if v[0]["seals"] != "key unknown" || v[0]["overall"] != "incomplete" {
		t.Fatalf("%v", v)
	}
	onMachine(t, root)
	for _, k := range listed(t, s.keys("list", "-o", "json").ends(t, 0)) {
		if k["state"] == "requested" {
			s.keys("trust", k["key_id"].(string)).ends(t, 0)
		}
	}
	if v := verdicts(t, s.verify("", "--key", "queue:b").ends(t, 0)); v[0]["overall"] != "verified" {
		t.Errorf("%v", v)
	}
}

func TestAPolicyMayMakeAMissingSealAFailure(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	s.RPush(context.Background(), "queue:py", strings.TrimSuffix(strings.SplitAfter(python(t, writer, ""), "\n")[0], "\n"))
	s.verify("", "--key", "queue:py").ends(t, 0)
	strict := file(t, "require_seal: true\nguardians: [{name: g, rules: [{name: r, when: entropy > 0.5, status: blocked}]}]\n")
	if o := s.verify("", "--key", "queue:py", "--policy", strict).ends(t, 4).object(t); o["overall"] != "unauthenticated" {
		t.Errorf("%v", o)
	}
}
