package cli_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
)

// swarm puts a little of everything on a server.
func (s server) swarm(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	s.dispatch("--key", "queue:council", "--contents", `{"primitive": "matrix.route", "source": "a", "destination": "b"}`).ends(t, 0)
	s.HSet(ctx, "agents:haiku_1", "agent_id", "haiku_1", "role", "haiku_worker", "parent_id", "none")
	s.SAdd(ctx, "swarm:sessions", "haiku_1", "gone_1")
	s.HSet(ctx, "agents:gone_1", "agent_id", "gone_1", "role", "haiku_worker", "parent_id", "haiku_1")
	s.Set(ctx, "agents:haiku_1:heartbeat", time.Now().Unix(), 300*time.Second)
	s.RPush(ctx, "carcel:dead_letters", `{"tracking_id": "x", "reason": "no pid", "decision": "blocked", "timestamp": "2026-01-02T03:04:05Z", "contents": {"primitive": "process.kill"}}`)
	s.Set(ctx, "queue:wrong", "text", 0)
}

func TestStatusIsOneDocument(t *testing.T) {
	s := start(t)
	s.swarm(t)
	o := run("status", "--redis", s.url).ends(t, 0).says(t, 0)
	var status struct {
		Server struct{ Version, Role string }
		Queues []struct {
			Key, Type, State string
			Depth            int
		}
		Agents []struct {
			ID    string `json:"agent_id"`
			State string
		}
		Tasks  map[string]int
		Carcel struct {
			Length int
			Newest []map[string]any
		}
		Ledger struct{ Length int }
		Faults []struct{ Kind, Key string }
	}
	if err := json.Unmarshal([]byte(o.out), &status); err != nil || strings.Count(o.out, "\n") != 1 {
		t.Fatalf("%v: %s", err, o.out)
	}
	switch {
	case status.Server.Version == "" || status.Server.Role != "master":
		t.Errorf("the server is %+v", status.Server)
	case len(status.Queues) != 2 || status.Queues[0].Key != "queue:wrong" || status.Queues[1].Key != "queue:council" || status.Queues[1].Depth != 1:
		t.Errorf("the queues are %+v", status.Queues)
	case len(status.Agents) != 2 || status.Agents[0].ID != "haiku_1" || status.Agents[1].State != "silent":
		t.Errorf("the agents are %+v", status.Agents)
	case status.Carcel.Length != 1 || status.Carcel.Newest[0]["reason"] != "no pid":
		t.Errorf("the carcel is %+v", status.Carcel)
	case status.Ledger.Length != 3: // two keys were made first
		t.Errorf("the ledger has %d records", status.Ledger.Length)
	case len(status.Faults) == 0:
		t.Error("the wrong type is no fault")
	}
}

func TestAnEmptyServersStatusHasEmptyLists(t *testing.T) {
	o := run("status", "--redis", start(t).url).ends(t, 0)
	for _, part := range []string{`"queues":[]`, `"agents":[]`, `"faults":[]`, `"newest":[]`} {
		if !strings.Contains(o.out, part) {
			t.Errorf("%s is not in %s", part, o.out)
		}
	}
}

func TestStatusForPeopleAndForPrometheus(t *testing.T) {
	s := start(t)
	s.swarm(t)
	table := run("status", "--redis", s.url, "-o", "table").ends(t, 0)
	for _, line := range []string{"queue:council +1 ", "haiku_1 +haiku_worker +", "  gone_1 ", "carcel +1 +held", "ledger +3 +records"} {
		if !regexp.MustCompile(`(?m)^` + line).MatchString(table.out) {
			t.Errorf("no line %q in\n%s", line, table.out)
		}
	}
	metric := regexp.MustCompile(`^(# (HELP|TYPE) ifpacket_\w+ .+|ifpacket_\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? [0-9.e+-]+|ifpacket_\w+\{.*le="\+Inf"\} \d+)$`)
	prometheus := run("status", "--redis", s.url, "-o", "prometheus").ends(t, 0)
	for line := range strings.Lines(prometheus.out) {
		if !metric.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("Prometheus cannot read %q", line)
		}
	}
	for _, want := range []string{`ifpacket_queue_depth{class="queue",queue="queue:council"} 1`, "ifpacket_redis_up 1", `ifpacket_agents{state="silent"} 1`, "ifpacket_carcel_length 1"} {
		if !strings.Contains(prometheus.out, want+"\n") {
			t.Errorf("no %q in\n%s", want, prometheus.out)
		}
	}
}

func TestLookingChangesNothing(t *testing.T) {
	s := start(t)
	s.swarm(t)
	ctx := context.Background()
	config, keys := s.ConfigGet(ctx, "*").String(), s.DBSize(ctx).Val()
	for _, args := range [][]string{{"status"}, {"doctor"}, {"collect", "--key", "queue:council", "--op", "lrange"}} {
		run(append(args, "--redis", s.url)...).ends(t, 0)
	}
	if s.ConfigGet(ctx, "*").String() != config || s.DBSize(ctx).Val() != keys {
		t.Error("looking changed the server")
	}
}

func TestTheDoctorFindsAHealthyServerHealthy(t *testing.T) {
	s := start(t, "--maxmemory-policy", "noeviction")
	o := run("doctor", "--redis", s.url, "-o", "table").ends(t, 0).says(t, 0)
	for _, word := range []string{"✓ reachable", "✓ version", "✓ role"} {
		if !strings.Contains(o.out, word) {
			t.Errorf("no %q in\n%s", word, o.out)
		}
	}
	var findings []map[string]any
	if err := json.Unmarshal([]byte(run("doctor", "--redis", s.url).ends(t, 0).out), &findings); err != nil || len(findings) < 5 {
		t.Errorf("%d findings, %v", len(findings), err)
	}
}

func TestTheDoctorSaysWhatIsBrokenAndHowToMendIt(t *testing.T) {
	evicting := start(t, "--maxmemory-policy", "allkeys-lru", "--maxmemory", "100mb")
	o := run("doctor", "--redis", evicting.url, "-o", "table").ends(t, 1)
	if !strings.Contains(o.out, "✕ eviction") || !strings.Contains(o.out, "CONFIG SET maxmemory-policy noeviction") {
		t.Errorf("of eviction it says\n%s", o.out)
	}
	host, port, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(evicting.url, "redis://"), "/0"), ":")
	o = run("doctor", "--redis", start(t, "--replicaof", host+" "+port).url, "-o", "table").ends(t, 1)
	if !strings.Contains(o.out, "✕ role") || !strings.Contains(o.out, "connect to the master") {
		t.Errorf("of a replica it says\n%s", o.out)
	}
	o = run("doctor", "--redis", nobody(t), "-o", "table").ends(t, 1)
	if !strings.Contains(o.out, "✕ reachable") || !strings.Contains(o.out, "connection refused") {
		t.Errorf("of nobody it says\n%s", o.out)
	}
	hidden := start(t, "--rename-command", "CONFIG", "")
	o = run("doctor", "--redis", hidden.url, "-o", "table").ends(t, 0)
	if !strings.Contains(o.out, "hides CONFIG") {
		t.Errorf("of a hidden CONFIG it says\n%s", o.out)
	}
}
