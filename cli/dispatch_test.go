package cli_test

import (
	"context"
	"strings"
	"testing"
)

const someID = "550e8400-e29b-41d4-a716-446655440000"

func TestEachOperationWritesItsTypeAndIsCollectedAgain(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name, key    string
		dispatch     []string
		operation    string
		redisType    string
		collect      []string
		wrapsInField bool
	}{
		{"queues are appended to", "queue:a", nil, "rpush", "list", []string{"--op", "lindex"}, false},
		{"messages are appended to", "messages:m", nil, "rpush", "list", []string{"--op", "lrange"}, false},
		{"a context is set", "context:c", nil, "set", "string", []string{"--op", "get"}, false},
		{"agents are a hash", "agents:metadata", nil, "hset", "hash", []string{"--op", "hget", "--field", someID}, true},
		{"a swarm is a set", "swarm:s", nil, "sadd", "set", []string{"--op", "smembers"}, false},
		{"lpush", "queue:l", []string{"--op", "lpush"}, "lpush", "list", []string{"--op", "lpop"}, false},
		{"another key with an operation", "mine:own", []string{"--op", "set"}, "set", "string", []string{"--op", "get"}, false},
		{"MessagePack", "queue:packed", []string{"--format", "msgpack"}, "rpush", "list", []string{"--op", "rpop"}, false},
		{"schema 1.0", "queue:old", []string{"--schema", "1.0"}, "rpush", "list", []string{"--op", "lindex"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"--key", c.key, "--origin", "lena@ops", "--ttl", "120", "--contents", `{"primitive": "matrix.route", "source": "a", "destination": "b", "n": 9007199254740993}`}, c.dispatch...)
			if c.key == "agents:metadata" {
				args = append(args, "--tracking-id", someID)
			}
			r := s.dispatch(args...).ends(t, 0).says(t, 0).object(t)
			for field, want := range map[string]any{"status": "dispatched", "decision": "approved", "key": c.key, "operation": c.operation, "ttl_seconds": 120.0} {
				if r[field] != want {
					t.Errorf("the receipt's %s is %v, not %v", field, r[field], want)
				}
			}
			if got := s.Type(context.Background(), c.key).Val(); got != c.redisType {
				t.Errorf("the key is a %s, not a %s", got, c.redisType)
			}
			if ttl := s.TTL(context.Background(), c.key).Val().Seconds(); ttl < 110 || ttl > 120 {
				t.Errorf("the key lives %v s", ttl)
			}
			found := s.collect(append([]string{"--key", c.key}, c.collect...)...).ends(t, 0).says(t, 0)
			packet := found.object(t)
			if c.wrapsInField {
				if packet["field"] != someID {
					t.Errorf("the field is %v", packet["field"])
				}
				packet = packet["packet"].(map[string]any)
			}
			if packet["tracking_id"] != r["tracking_id"] || packet["origin"] != "lena@ops" || !strings.Contains(found.out, `9007199254740993`) {
				t.Errorf("collected %s", found.out)
			}
		})
	}
}

func TestReceiptsHaveExactlyTheDocumentedFields(t *testing.T) {
	s := start(t)
	o := s.dispatch("--key", "queue:a", "--contents", `{"n": 1}`).ends(t, 0)
	order := []string{"tracking_id", "status", "decision", "reason", "key", "operation", "ttl_seconds", "decision_id"}
	if r := o.object(t); len(r) != len(order) {
		t.Errorf("the receipt is %s", o.out)
	}
	at := 0
	for _, field := range order {
		i := strings.Index(o.out, `"`+field+`":`)
		if i < at {
			t.Errorf("%s is not in its place: %s", field, o.out)
		}
		at = i
	}
	if o := s.dispatch("--key", "queue:a", "--contents", `{"n": 1}`, "-o", "table").ends(t, 0); !strings.Contains(o.out, "dispatched  rpush queue:a") {
		t.Errorf("as a table: %s", o.out)
	}
}

func TestContentsComeFromTheCommandLineAFileOrStdin(t *testing.T) {
	s := start(t)
	s.dispatch("--key", "queue:a", "--contents", `{"from": "here"}`).ends(t, 0)
	s.dispatch("--key", "queue:a", "--contents", "@"+file(t, `{"from": "a file"}`)).ends(t, 0)
	feed(`{"from": "stdin"}`, "dispatch", "--redis", s.url, "--key", "queue:a", "--contents", "-").ends(t, 0)
	var from []string
	for _, p := range s.collect("--key", "queue:a", "--op", "lrange").ends(t, 0).objects(t) {
		from = append(from, p["contents"].(map[string]any)["from"].(string))
	}
	if strings.Join(from, ", ") != "here, a file, stdin" {
		t.Errorf("contents came from %q", from)
	}
}

func TestTheSameTrackingIDLandsOnce(t *testing.T) {
	s := start(t)
	args := []string{"--key", "queue:a", "--contents", `{"a": 1}`, "--tracking-id", someID}
	first, second := s.dispatch(args...).ends(t, 0).object(t), s.dispatch(args...).ends(t, 0).object(t)
	if second["repeated"] != true || second["decision_id"] != first["decision_id"] {
		t.Errorf("receipts %v and %v", first, second)
	}
	delete(second, "repeated")
	for field := range first {
		if first[field] != second[field] {
			t.Errorf("%s was %v and is %v", field, first[field], second[field])
		}
	}
	if s.length("queue:a") != 1 {
		t.Errorf("%d packets landed", s.length("queue:a"))
	}
	s.dispatch("--key", "queue:a", "--contents", `{"a": 2}`, "--tracking-id", someID).fails(t, 2, "tracking id")
	s.dispatch("--key", "queue:b", "--contents", `{"a": 1}`, "--tracking-id", someID).fails(t, 2, "tracking id")
}

func TestWhatIsNotValidIsRefusedInOneLineAndNothingIsWritten(t *testing.T) {
	s := start(t)
	good := []string{"--key", "queue:a", "--contents", `{"n": 1}`}
	for _, c := range []struct {
		name  string
		args  []string
		words []string
	}{
		{"no contents", []string{"--key", "queue:a"}, []string{"--contents"}},
		{"contents that are no JSON", []string{"--key", "queue:a", "--contents", "{nope"}, []string{"--contents", "JSON", "column"}},
		{"contents that are no object", []string{"--key", "queue:a", "--contents", "[1]"}, []string{"contents", "expected an object"}},
		{"contents with a key twice", []string{"--key", "queue:a", "--contents", `{"a": 1, "a": 2}`}, []string{"contents", "a"}},
		{"trailing bytes", []string{"--key", "queue:a", "--contents", `{} {}`}, []string{"after the value"}},
		{"control characters", []string{"--key", "queue:a", "--contents", "{\"\x1b[31m\": \x1b}"}, []string{"JSON"}},
		{"origin empty", []string{"--key", "queue:a", "--origin", "", "--contents", `{"n": 1}`}, []string{"--origin is empty"}},
		{"tracking id empty", append(good, "--tracking-id", ""), []string{"--tracking-id is empty"}},
		{"ttl 0", append(good, "--ttl", "0"), []string{"ttl_seconds: 0, expected an integer from 1 to 86400"}},
		{"ttl beyond a day", append(good, "--ttl", "86401"), []string{"ttl_seconds"}},
		{"ttl abc", append(good, "--ttl", "abc"), []string{"--ttl", "abc"}},
		{"schema 2.0", append(good, "--schema", "2.0"), []string{"schema_version", "2.0"}},
		{"an id that is none", append(good, "--tracking-id", "42"), []string{"tracking_id", "UUIDv4"}},
		{"an id in capitals", append(good, "--tracking-id", strings.ToUpper(someID)), []string{"tracking_id"}},
		{"format xml", append(good, "--format", "xml"), []string{"--format", "xml"}},
		{"operation pop", append(good, "--op", "pop"), []string{"pop", "known are set, lpush, rpush, hset, sadd"}},
		{"a key of no class without an operation", []string{"--key", "mine:own", "--contents", `{"n": 1}`}, []string{"name the operation"}},
		{"an origin of 256 characters", append(good, "--origin", strings.Repeat("x", 256)), []string{"origin", "1 to 255"}},
		{"several faults at once", append(good, "--ttl", "0", "--schema", "9", "--tracking-id", "x"), []string{"ttl_seconds", "schema_version", "tracking_id"}},
		{"an output that is not possible", append(good, "-o", "yaml"), []string{"-o yaml", "json, table"}},
		{"an argument", append(good, "more"), []string{"no arguments", "more"}},
		{"a batch with contents", append(good, "--batch", "-"), []string{"--batch"}},
	} {
		t.Run(c.name, func(t *testing.T) { s.dispatch(c.args...).fails(t, 2, c.words...) })
	}
	for _, key := range []string{
		"carcel:dead_letters", "guardian:decision:" + someID, "ttt:ledger:main", "ttt:x", "ifp:batch:x", "agents:a:heartbeat", "agents:a:context",
		"tasks:meta:t", "tasks:queue:q", "tasks:claimed:t", "tasks:completed:t",
	} {
		t.Run("the engine's own "+key, func(t *testing.T) {
			s.dispatch("--key", key, "--op", "set", "--contents", `{"n": 1}`).fails(t, 2, key, "belongs to the engine")
		})
	}
	if n := s.DBSize(context.Background()).Val(); n != 0 {
		t.Errorf("%d keys were written", n)
	}
}

func TestAKeyOfAnotherTypeIsLeftAsItIs(t *testing.T) {
	s := start(t)
	ctx := context.Background()
	s.Set(ctx, "queue:text", "precious", 0)
	s.RPush(ctx, "mine:list", "precious")
	s.dispatch("--key", "queue:text", "--contents", `{"n": 1}`).fails(t, 1, "queue:text", "wrong type: expected list, found string")
	s.dispatch("--key", "mine:list", "--op", "set", "--contents", `{"n": 1}`).fails(t, 1, "mine:list", "expected string, found list")
	s.dispatch("--key", "queue:new", "--op", "set", "--contents", `{"n": 1}`).fails(t, 1, "queue:new", "wrong type")
	if s.Get(ctx, "queue:text").Val() != "precious" || s.length("mine:list") != 1 || s.DBSize(ctx).Val() != 4 { // and keyring and ledger
		t.Error("something was written")
	}
}

func TestWhenRedisIsAwayTheErrorSaysWhatToDo(t *testing.T) {
	url := nobody(t)
	addr := strings.TrimSuffix(strings.TrimPrefix(url, "redis://"), "/0")
	run("dispatch", "--redis", url, "--key", "queue:a", "--contents", `{"n": 1}`).fails(t, 1, addr, "does not answer", "connection refused", "nothing was sent")
	run("dispatch", "--redis", url, "--schema", "1.0", "--key", "queue:a", "--contents", `{"n": 1}`).fails(t, 1, addr, "does not answer", "lands once")
	run("collect", "--redis", url, "--key", "queue:a", "--op", "lpop").fails(t, 1, addr, "does not answer")
	for _, command := range []string{"status", "watch"} {
		run(command, "--redis", url).fails(t, 1, addr, "does not answer")
	}
	run("status", "--redis", "unix:///nowhere/redis.sock").fails(t, 1, "no such socket")
}

func TestAURLThatCannotBeUsedIsRefusedWithoutItsPassword(t *testing.T) {
	for _, url := range []string{
		"nope", "http://user:hunter2@h/", "redis://user:hunter2@host:port/0", "redis://:hunter2@host:99999/0", "redis://:hunter2@h:6379/x",
		"redis://:hunter2%zz@h:6379/0", "redis+sentinel://:hunter2@h:26379", "redis+cluster://:hunter2@h/0", "redis://:hunter2@[::1/0",
	} {
		for _, command := range [][]string{{"status"}, {"dispatch", "--key", "queue:a", "--contents", `{"n": 1}`}} {
			o := run(append(command, "--redis", url)...).fails(t, 2, "URL")
			if strings.Contains(o.err, "hunter2") {
				t.Errorf("%s: the password is told: %s", url, o.err)
			}
		}
	}
	o := run("status", "--redis", strings.Replace(nobody(t), "redis://", "redis://:hunter2@", 1)).fails(t, 1)
	if strings.Contains(o.err, "hunter2") {
		t.Errorf("the password is told: %s", o.err)
	}
}

func TestAWrongPasswordAndAForbiddenCommandAreToldApart(t *testing.T) {
	s := start(t)
	ctx := context.Background()
	for _, command := range []string{"ACL SETUSER reader on >r ~* &* +@read +@connection", "CONFIG SET requirepass right"} {
		var args []any
		for _, word := range strings.Fields(command) {
			args = append(args, word)
		}
		if err := s.Do(ctx, args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	authed := strings.Replace(s.url, "redis://", "redis://:right@", 1)
	run("dispatch", "--redis", s.url, "--key", "queue:a", "--contents", `{"n": 1}`).fails(t, 1, "not allowed", "password")
	run("dispatch", "--redis", strings.Replace(s.url, "redis://", "redis://:wrong@", 1), "--key", "queue:a", "--contents", `{"n": 1}`).fails(t, 1, "not allowed")
	run("dispatch", "--redis", strings.Replace(s.url, "redis://", "redis://reader:r@", 1), "--key", "queue:a", "--contents", `{"n": 1}`).fails(t, 1, "not allowed", "ACL")
	run("dispatch", "--redis", authed, "--key", "queue:a", "--contents", `{"n": 1}`).ends(t, 0)
}

func TestAFullOrReadOnlyServerIsSaid(t *testing.T) {
	full := start(t)
	full.ConfigSet(context.Background(), "maxmemory", "1")
	full.dispatch("--key", "queue:a", "--contents", `{"n": 1}`).fails(t, 1, "out of memory")

	s := start(t)
	s.dispatch("--key", "queue:a", "--contents", `{"n": 1}`, "--read-only").fails(t, 1, "read-only")
	s.dispatch("--key", "queue:a", "--contents", `{"n": 1}`).ends(t, 0)
	s.collect("--key", "queue:a", "--op", "lpop", "--read-only").fails(t, 1, "read-only")
	s.collect("--key", "queue:a", "--op", "lindex", "--read-only").ends(t, 0)
	if s.length("queue:a") != 1 {
		t.Error("something was taken")
	}
	host, port, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(s.url, "redis://"), "/0"), ":")
	start(t, "--replicaof", host+" "+port).dispatch("--key", "queue:a", "--contents", `{"n": 1}`).fails(t, 1, "replica")
}

func TestWhatTheCouncilHoldsEndsWith3(t *testing.T) {
	held := run("--demo", "dispatch", "--key", "queue:a", "--contents", `{"primitive": "packet.purge", "key": "queue:archive", "reason": "old"}`).ends(t, 3).says(t, 0).object(t)
	if held["status"] != "carcel" || held["decision"] != "requires_co_signature" || held["reason"] == "" {
		t.Errorf("the receipt is %v", held)
	}
	run("--demo", "dispatch", "--key", "queue:a", "--contents", `{"primitive": "matrix.route", "source": "a", "destination": "b"}`).ends(t, 0)
}
