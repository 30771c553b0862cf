package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const (
	kill     = `{"primitive": "process.kill", "vertical": "lab", "pid": 1, "reason": "x", "actor": "worker_1"}`
	tooMuch  = `{"primitive": "resource.allocate", "vertical": "lab", "resource_id": "r", "amount": 20000}`
	entropic = `{"primitive": "matrix.route", "vertical": "lab", "source": "a", "destination": "b", "entropy": 0.7, "actor": "worker_1"}`
)

// hold dispatches contents that the default policy does not approve, and
// returns the tracking id.
func (s server) hold(t *testing.T, contents string) string {
	t.Helper()
	o := s.dispatch("--key", "queue:q", "--origin", "worker_1", "--contents", contents).ends(t, 3).says(t, 0).object(t)
	if o["status"] != "carcel" {
		t.Fatalf("%v", o)
	}
	return fmt.Sprint(o["tracking_id"])
}

// carcel runs a carcel command.
func (s server) carcel(args ...string) outcome {
	return run(append([]string{"--redis", s.url, "carcel"}, args...)...)
}

// operators makes keys of two people.
func (s server) operators(t *testing.T) {
	t.Helper()
	for _, name := range []string{"ann", "bob"} {
		if o := run("--redis", s.url, "keys", "new", "--role", "operator", "--name", name); o.code != 0 {
			t.Fatalf("%+v", o)
		}
	}
}

func TestTwoOperatorsReleaseAPacketFromTheShell(t *testing.T) {
	s := start(t)
	id := s.hold(t, kill)
	s.carcel("approve", id).fails(t, 1, "ifpacket keys new --role operator")
	s.operators(t)
	s.carcel("approve", id).fails(t, 2, "--as")
	first := s.carcel("approve", id, "--as", "ann", "--why", "seen").ends(t, 0).object(t)
	if first["status"] != "approved" || fmt.Sprint(first["approvals"], "/", first["required"]) != "1/2" {
		t.Errorf("%v", first)
	}
	s.carcel("approve", id, "--as", "ann").fails(t, 3, "approved already")
	if text := s.carcel("show", id, "-o", "table").ends(t, 0).out; !strings.Contains(text, "1 of 2") || !strings.Contains(text, "contrarian") {
		t.Errorf("%s", text)
	}
	second := s.carcel("approve", id, "--as", "bob").ends(t, 0).object(t)
	if second["status"] != "released" || second["key"] != "queue:q" {
		t.Errorf("%v", second)
	}
	if n := s.LLen(context.Background(), "queue:q").Val(); n != 1 {
		t.Errorf("the queue holds %d", n)
	}
	s.carcel("approve", id, "--as", "bob").fails(t, 5, id)
	s.carcel("show", id).fails(t, 5, id)
}

func TestAnAppealPutsABlockedPacketBeforeAnotherPerson(t *testing.T) {
	s := start(t)
	s.operators(t)
	id := s.hold(t, tooMuch)
	s.carcel("approve", id, "--as", "ann").fails(t, 3, "does not wait", "appeal")
	s.carcel("appeal", id, "--as", "ann").fails(t, 2, "--why")
	s.carcel("appeal", id, "--as", "ann", "--why", "the year's stock").ends(t, 0)
	s.carcel("approve", id, "--as", "ann").fails(t, 3, "appealed")
	if o := s.carcel("deny", id, "--as", "bob", "--why", "no").ends(t, 0).object(t); o["status"] != "denied" {
		t.Errorf("%v", o)
	}
	list := s.list(t)
	if len(list) != 1 || list[0]["decision"] != "blocked" || list[0]["reason"] != "Denied by bob: no" {
		t.Errorf("%v", list)
	}
}

// list is what carcel list prints.
func (s server) list(t *testing.T, args ...string) (entries []map[string]any) {
	t.Helper()
	o := s.carcel(append([]string{"list", "-o", "json"}, args...)...).ends(t, 0)
	if err := json.Unmarshal([]byte(o.out), &entries); err != nil {
		t.Fatalf("%v: %s", err, o.out)
	}
	return entries
}

func TestTheListIsFilteredAndCounted(t *testing.T) {
	s := start(t)
	if got := s.carcel("list", "-o", "json").ends(t, 0).out; got != "[]\n" {
		t.Errorf("an empty carcel prints %q", got)
	}
	first, second := s.hold(t, kill), s.hold(t, tooMuch)
	s.RPush(context.Background(), "carcel:dead_letters",
		`{"tracking_id": "py-1", "reason": "Queue full", "decision": "blocked", "timestamp": "2025-12-02T14:35:18", "contents": {"primitive": "x", "vertical": "Drones"}, "origin": "py"}`,
		"no \x1b[31mJSON")
	for args, want := range map[string]string{
		"":                       first + " " + second + " py-1 ",
		"--reason Two-person":    first,
		"--guardian OPERATIONAL": second,
		"--vertical drones":      "py-1",
		"--origin py":            "py-1",
		"--older 1h":             "py-1",
		"--older 2d":             "py-1",
		"--match stock":          "",
		"--match queue":          first + " " + second + " py-1",
		"--decision co-sign":     first,
		"--limit 1":              first,
	} {
		var ids []string
		for _, e := range s.list(t, strings.Fields(args)...) {
			ids = append(ids, fmt.Sprint(e["tracking_id"]))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
	s.carcel("list", "--older", "soon").fails(t, 2, "--older")
	s.carcel("list", "--limit", "-1").fails(t, 2, "--limit")
	if text := s.carcel("list", "-o", "table").ends(t, 0).out; strings.Contains(text, "\x1b") || !strings.Contains(text, "co-sign 0/2") {
		t.Errorf("%q", text)
	}
	stats := s.carcel("stats", "-o", "json").ends(t, 0).object(t)
	if stats["total"] != 4.0 || stats["waiting"] != 1.0 {
		t.Errorf("%v", stats)
	}
	s.carcel("stats", "-o", "table").ends(t, 0)
}

func TestDiscardingManyWantsTheirNumber(t *testing.T) {
	s := start(t)
	id := s.hold(t, kill)
	for range 3 {
		s.hold(t, tooMuch)
	}
	s.carcel("discard").fails(t, 2, "ids or a filter")
	s.carcel("discard", "--guardian", "operational").fails(t, 2, "3 entries", "--yes 3")
	s.carcel("discard", "--guardian", "operational", "--yes", "2").fails(t, 2, "nothing was done")
	if n := len(s.list(t)); n != 4 {
		t.Fatalf("%d are left", n)
	}
	s.carcel("discard", "--guardian", "operational", "--yes", "3", "--why", "test").ends(t, 0)
	s.carcel("discard", id).ends(t, 0)
	if n := s.LLen(context.Background(), "carcel:dead_letters").Val(); n != 0 {
		t.Errorf("%d slots are left", n)
	}
	s.carcel("discard", id).fails(t, 5, id)
	if o := s.carcel("bin", "-o", "json").ends(t, 0); !strings.Contains(o.out, id) {
		t.Errorf("the bin lists %s", o.out)
	}
	s.carcel("restore", id).ends(t, 0)
	s.carcel("restore", id).fails(t, 5, id)
	if list := s.list(t); len(list) != 1 || list[0]["tracking_id"] != id {
		t.Errorf("%v", list)
	}
}

func TestAReplayFromTheShell(t *testing.T) {
	s := start(t)
	for range 3 {
		s.hold(t, tooMuch)
	}
	lenient := file(t, "name: lenient\nguardians: [{name: g, rules: [{name: r, when: \"primitive == 'process.kill'\", status: blocked}]}]\n")
	killer := s.hold(t, kill)
	s.carcel("replay").fails(t, 2, "--dry-run")
	dry := s.carcel("replay", "--dry-run", "-o", "json").ends(t, 3).object(t)
	if dry["chosen"] != 4.0 || dry["release"] != 0.0 || dry["hold"] != 4.0 {
		t.Errorf("%v", dry)
	}
	s.carcel("replay", "--guardian", "operational", "--policy", lenient).fails(t, 2, "--yes 3")
	done := s.carcel("replay", "--guardian", "operational", "--policy", lenient, "--yes", "3", "--rate", "0", "-o", "json").ends(t, 0).object(t)
	if done["released"] != 3.0 || done["state"] != "done" {
		t.Errorf("%v", done)
	}
	if n := s.LLen(context.Background(), "queue:q").Val(); n != 3 {
		t.Errorf("the queue holds %d", n)
	}
	s.carcel("replay", killer, "--policy", lenient).ends(t, 3)
	edited := s.carcel("replay", killer, "--edit", file(t, `{"primitive": "matrix.route", "source": "a", "destination": "b"}`), "--to", "queue:other", "-o", "json").ends(t, 0)
	if !strings.Contains(edited.err, `primitive: "process.kill" → "matrix.route"`) || s.LLen(context.Background(), "queue:other").Val() != 1 {
		t.Errorf("%+v", edited)
	}
	s.carcel("replay", killer).fails(t, 5, killer)
	s.carcel("replay", "--resume", "nobody").fails(t, 5, "no run nobody")
	s.carcel("replay", "--match", "nothing like it").ends(t, 5)
	var runs []map[string]any
	if err := json.Unmarshal([]byte(s.carcel("runs", "-o", "json").ends(t, 0).out), &runs); err != nil || len(runs) != 3 {
		t.Errorf("%v: %v", err, runs)
	}
}

func TestTheCarcelOfAReadOnlyConsoleIsOnlyRead(t *testing.T) {
	s := start(t)
	s.operators(t)
	id := s.hold(t, kill)
	before := s.Keys(context.Background(), "*").Val()
	for _, args := range [][]string{
		{"approve", id, "--as", "ann"}, {"deny", id, "--as", "ann"}, {"discard", id}, {"replay", id, "--to", "queue:x", "--edit", file(t, `{"n": 1}`)},
	} {
		o := s.carcel(append(args, "--read-only")...)
		if o.code != 1 || !strings.Contains(o.err, "read-only") {
			t.Errorf("%v: %+v", args, o)
		}
	}
	s.carcel("list", "--read-only").ends(t, 0)
	s.carcel("show", id, "--read-only").ends(t, 0)
	if after := s.Keys(context.Background(), "*").Val(); len(after) != len(before) || len(s.list(t)) != 1 {
		t.Errorf("keys before %v, after %v", before, after)
	}
}

func TestAnEntropyThatIsNoneIsRefusedAndNothingIsWritten(t *testing.T) {
	s := start(t)
	for _, entropy := range []string{`"high"`, `1.5`, `-0.1`, `true`, `[]`, `1e400`} {
		o := s.dispatch("--key", "queue:q", "--contents", `{"primitive": "x", "entropy": `+entropy+`}`)
		if o.code != 2 || o.out != "" {
			t.Errorf("%s: %+v", entropy, o)
		}
	}
	s.dispatch("--key", "queue:q", "--contents", `{"primitive": "x", "entropy": NaN}`).fails(t, 2)
	if n := s.DBSize(context.Background()).Val(); n != 0 {
		t.Errorf("%d keys were written", n)
	}
	id := s.hold(t, entropic)
	if e := s.list(t); e[0]["tracking_id"] != id || e[0]["reason"] != "Human review required (entropy: 0.70)" {
		t.Errorf("%v", e)
	}
}

func TestADispatchWithoutAKeyFollowsTheRoutes(t *testing.T) {
	s := start(t)
	o := s.dispatch("--contents", `{"primitive": "matrix.route", "vertical": "lab", "source": "a", "destination": "b"}`).ends(t, 0).object(t)
	if key := fmt.Sprint(o["key"]); key == "" || s.LLen(context.Background(), key).Val() != 1 {
		t.Errorf("%v", o)
	}
	lost := s.dispatch("--contents", `{"primitive": "odd.one", "vertical": "lab"}`).ends(t, 3).object(t)
	if lost["reason"] != "no route for odd.one/lab" || len(s.list(t)) != 1 {
		t.Errorf("%v", lost)
	}
}

func TestAKeyOfAnotherTypeIsNamedWithWhatToDo(t *testing.T) {
	s := start(t)
	s.operators(t)
	for key, args := range map[string][]string{
		"carcel:dead_letters": {"list"}, "carcel:runs": {"runs"}, "carcel:bins": {"bin"},
	} {
		want := map[string]string{"carcel:dead_letters": "list", "carcel:runs": "zset", "carcel:bins": "zset"}[key]
		s.Set(context.Background(), key, "x", 0)
		s.carcel(args...).fails(t, 1, key, "expected "+want+", found string", "rename or delete")
		s.Del(context.Background(), key)
	}
	id := s.hold(t, kill)
	s.carcel("deny", id, "--as", "ann", "--why", strings.Repeat("é", 1001)).fails(t, 2, "1001 characters", "at most 1000")
	for _, rate := range []string{"NaN", "Inf", "-1"} {
		s.carcel("replay", id, "--rate", rate).fails(t, 2, "rate")
	}
	if list := s.list(t); len(list) != 1 || list[0]["decision"] != "requires_co_signature" {
		t.Errorf("%v", list)
	}
}
