package watch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// furnish writes a small swarm as other programs would.
func furnish(c *redis.Client) {
	now := time.Now()
	c.RPush(ctx, "queue:a", packed(1), packed(2))
	c.Expire(ctx, "queue:a", time.Hour)
	c.RPush(ctx, "messages:w1", `{"message_id":"msg_1","from":"p","to":"w1","timestamp":"2025-12-02T14:35:18","content":"{}"}`)
	c.Set(ctx, "context:c", packed(3), 0)
	c.HSet(ctx, "agents:metadata", "id", packed(4))
	for id, parent := range map[string]string{"p": "none", "w1": "p"} {
		c.HSet(ctx, "agents:"+id, "agent_id", id, "role", "worker", "parent_id", parent, "registered_at", "2025-12-02T14:35:18", "context_capacity", "8000", "metadata", "{}")
		c.SAdd(ctx, "swarm:sessions", id)
	}
	c.SAdd(ctx, "swarm:subagents:p", "w1")
	c.Set(ctx, "agents:p:heartbeat", beat(now), 300*time.Second)
	c.Set(ctx, "agents:w1:hb", beat(now.Add(-200*time.Second)), 100*time.Second)
	c.HSet(ctx, "agents:w1:context", "version", "v", "size_bytes", "1234", "updated_at", "x", "content", "text")
	c.HSet(ctx, "tasks:meta:task_1", "task_id", "task_1", "queue", "q", "type", "t", "data", "{}", "priority", "5")
	c.ZAdd(ctx, "tasks:queue:q", redis.Z{Score: -5, Member: "task_1"})
	c.HSet(ctx, "tasks:meta:task_2", "task_id", "task_2", "queue", "q")
	c.Set(ctx, "tasks:claimed:task_2", `{"agent_id":"w1","claimed_at":"x"}`, time.Minute)
	c.HSet(ctx, "tasks:meta:task_3", "task_id", "task_3", "queue", "q")
	c.HSet(ctx, "tasks:completed:task_3", "task_id", "task_3")
	c.RPush(ctx, "carcel:dead_letters",
		`{"tracking_id":"t1","reason":"too wild","decision":"requires_human_review","timestamp":"2025-12-02T14:35:18Z","contents":{"primitive":"process.kill","vertical":"lab"},"origin":"w1","key":"queue:a","operation":"rpush"}`,
		`garbage`)
	c.RPush(ctx, "carcel:expired", packed(5), packed(6))
	c.XAdd(ctx, &redis.XAddArgs{Stream: "ttt:ledger:main", ID: "1-0", Values: []any{
		"event", "dispatched", "tracking_id", "t1", "key", "queue:a", "actor", "w1", "policy", "none", "ts", now.UnixMilli()}})
	c.XAdd(ctx, &redis.XAddArgs{Stream: "ttt:ledger:main", ID: "2-0", Values: []any{
		"event", "dispatched", "ids", strings.Repeat("x", 16*40), "count", "40", "key", "queue:a", "ts", now.UnixMilli()}})
	c.XAdd(ctx, &redis.XAddArgs{Stream: "ttt:ledger:main", ID: "3-0", Values: []any{
		"event", "held", "tracking_id", "t1", "key", "queue:a", "ts", now.UnixMilli()}})
	c.Set(ctx, "somebody:elses", "key", 0)
	c.Set(ctx, "agents:w1:public_key", "x", 0)
}

// wantFurnished checks that a picture shows all that furnish wrote.
func wantFurnished(t *testing.T, s *watch.Snapshot) {
	t.Helper()
	q := queue(s, "queue:a")
	if q.Depth != 2 || q.Type != "list" || q.Class != keyspace.PacketQueue || time.Until(q.Expires).Round(time.Minute) != time.Hour || time.Since(q.Oldest) > time.Minute || len(q.Faults) > 0 {
		t.Errorf("queue:a = %+v", q)
	}
	if q := queue(s, "messages:w1"); q.Depth != 1 || q.Oldest.Year() != 2025 {
		t.Errorf("messages:w1 = %+v", q)
	}
	if q := queue(s, "tasks:queue:q"); q.Depth != 1 || q.Class != keyspace.TaskWaiting {
		t.Errorf("tasks:queue:q = %+v", q)
	}
	if len(s.Queues) != 3 {
		t.Errorf("queues = %+v", s.Queues)
	}
	p, _ := agent(s, "p")
	if p.Role != "worker" || p.Parent != "" || p.Level != 0 || p.State != watch.Alive || !p.Session || p.BeatTTL != 300*time.Second || p.Capacity != 8000 || p.Orphan || p.Registered.Year() != 2025 {
		t.Errorf("p = %+v", p)
	}
	w, _ := agent(s, "w1")
	if w.Parent != "p" || w.Level != 1 || !w.Last || w.State != watch.Late || w.BeatTTL != 300*time.Second || w.Inbox != 1 || w.Context != 1234 || fmt.Sprint(w.Claims) != "[task_2]" {
		t.Errorf("w1 = %+v", w)
	}
	if len(s.Agents) != 2 {
		t.Errorf("agents = %+v", s.Agents)
	}
	if want := (watch.Tasks{Waiting: 1, Claimed: 1, Completed: 1}); s.Tasks != want {
		t.Errorf("tasks = %+v", s.Tasks)
	}
	c := s.Carcel
	if c.Length != 2 || len(c.Entries()) != 2 || c.Expired != 2 {
		t.Fatalf("carcel = %+v", c)
	}
	if h := c.Entries()[0]; h.SHA != carcel.SHA("garbage") || len(h.Faults) == 0 || c.Table.Position(h) != 1 {
		t.Errorf("newest = %+v", h)
	}
	want := carcel.Entry{TrackingID: "t1", Actor: "w1", Primitive: "process.kill", Vertical: "lab", Decision: governance.Review, Reason: "too wild", Origin: "w1", Key: "queue:a", Operation: "rpush"}
	h := *c.Entries()[1]
	if h.At.Year() != 2025 || h.SHA == "" {
		t.Errorf("held = %+v", h)
	}
	if h.At, h.SHA, h.Size, h.Faults = want.At, "", 0, nil; fmt.Sprint(h) != fmt.Sprint(want) {
		t.Errorf("held = %+v", h)
	}
	if n, _ := c.Waiting(); n != 1 {
		t.Errorf("%d wait", n)
	}
	if s.Contexts != 1 || s.Ledger != 3 || len(s.Faults) != 0 || s.Hidden != 0 {
		t.Errorf("%d contexts, ledger %d, faults %v, %d hidden", s.Contexts, s.Ledger, s.Faults, s.Hidden)
	}
	if e, there := said(s, "held"); !there || e.Kind != watch.Decision || e.Subject != "t1" || e.Where != "queue:a" {
		t.Errorf("activity = %+v", s.Activity)
	}
	batch := false
	for _, e := range s.Activity {
		batch = batch || e.What == "dispatched" && e.Count == 40
	}
	if !batch {
		t.Errorf("the batch is not in the activity: %+v", s.Activity)
	}
	if s.Server.Version == "" || s.Server.Role != "master" || s.Server.UsedMemory == 0 || s.Taken.IsZero() {
		t.Errorf("server = %+v", s.Server)
	}
}

func TestThePictureIsWholeAtTheStart(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		furnish(testredis.Connect(t, url))
		e := follow(t, url, quick)
		wantFurnished(t, e.untilState(watch.Live))
		s := e.until("the ledger's past is in the throughput", func(s *watch.Snapshot) bool {
			sum := 0.0
			for _, v := range s.Throughput.Dispatched {
				if v == v {
					sum += v
				}
			}
			return sum == 41
		})
		if len(s.Throughput.Marks) != 1 || s.Throughput.Marks[0].Kind != "held" {
			t.Errorf("marks = %+v", s.Throughput.Marks)
		}
	})
}

func TestOneLookSeesTheSameAndWritesNothing(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	furnish(c)
	for _, readOnly := range []bool{false, true} {
		s, err := store.Open(server.URL(), store.Options{ReadOnly: readOnly})
		if err != nil {
			t.Fatal(err)
		}
		picture, err := watch.New(s, watch.Options{}).Look(ctx)
		if err != nil {
			t.Fatal(err)
		}
		wantFurnished(t, picture)
		_ = s.Close()
	}
	if flags := c.ConfigGet(ctx, "notify-keyspace-events").Val()["notify-keyspace-events"]; flags != "" {
		t.Errorf("a look set the flags to %q", flags)
	}
}

func TestEachKindOfChangeIsSeen(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		e, c := follow(t, url, quick), testredis.Connect(t, url)
		e.untilState(watch.Live)
		steps := []struct {
			what string
			do   func()
			seen func(s *watch.Snapshot) bool
		}{
			{"a push", func() { c.RPush(ctx, "queue:a", packed(1)) }, func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 1 }},
			{"a second push", func() { c.LPush(ctx, "queue:a", packed(2)) }, func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 2 }},
			{"a TTL", func() { c.Expire(ctx, "queue:a", time.Hour) }, func(s *watch.Snapshot) bool { return !queue(s, "queue:a").Expires.IsZero() }},
			{"a TTL taken away", func() { c.Persist(ctx, "queue:a") }, func(s *watch.Snapshot) bool { return queue(s, "queue:a").Expires.IsZero() }},
			{"a pop", func() { c.LPop(ctx, "queue:a") }, func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 1 }},
			{"a trim to nothing", func() { c.LTrim(ctx, "queue:a", 5, 5) }, func(s *watch.Snapshot) bool {
				q := queue(s, "queue:a")
				return q.Depth == 0 && q.State == watch.Empty && q.Type == ""
			}},
			{"a push after that", func() { c.RPush(ctx, "queue:a", packed(1)) }, func(s *watch.Snapshot) bool {
				return queue(s, "queue:a").Depth == 1 && queue(s, "queue:a").Type == "list"
			}},
			{"a rename", func() { c.Rename(ctx, "queue:a", "queue:b") }, func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 0 && queue(s, "queue:b").Depth == 1 }},
			{"a copy", func() { c.Copy(ctx, "queue:b", "queue:c", 0, false) }, func(s *watch.Snapshot) bool { return queue(s, "queue:c").Depth == 1 }},
			{"a deletion", func() { c.Del(ctx, "queue:b") }, func(s *watch.Snapshot) bool { return queue(s, "queue:b").Depth == 0 }},
			{"an expiry", func() { c.PExpire(ctx, "queue:c", time.Millisecond) }, func(s *watch.Snapshot) bool { return queue(s, "queue:c").Depth == 0 }},
			{"a message", func() { c.RPush(ctx, "messages:x", `{}`) }, func(s *watch.Snapshot) bool { return queue(s, "messages:x").Depth == 1 }},
			{"a context", func() { c.Set(ctx, "context:c", packed(1), 0) }, func(s *watch.Snapshot) bool { return s.Contexts == 1 }},
			{"a context less", func() { c.Del(ctx, "context:c") }, func(s *watch.Snapshot) bool { return s.Contexts == 0 }},
			{"an agent", func() { c.HSet(ctx, "agents:x", "role", "r", "parent_id", "none") }, func(s *watch.Snapshot) bool {
				a, there := agent(s, "x")
				return there && a.Role == "r" && a.State == watch.Silent && a.Inbox == 1
			}},
			{"a heartbeat", func() { c.Set(ctx, "agents:x:heartbeat", beat(time.Now()), time.Minute) }, func(s *watch.Snapshot) bool {
				a, _ := agent(s, "x")
				return a.State == watch.Alive && a.BeatTTL == time.Minute
			}},
			{"a heartbeat without end", func() { c.Set(ctx, "agents:x:heartbeat", beat(time.Now()), 0) }, func(s *watch.Snapshot) bool {
				a, _ := agent(s, "x")
				return a.State == watch.Alive && a.BeatTTL == 300*time.Second
			}},
			{"the paper's heartbeat beside it", func() { c.Set(ctx, "agents:x:hb", beat(time.Now()), time.Minute) }, func(s *watch.Snapshot) bool {
				a, _ := agent(s, "x")
				return a.State == watch.Alive && a.BeatTTL == time.Minute
			}},
			{"one heartbeat of two less", func() { c.Del(ctx, "agents:x:hb"); c.RPush(ctx, "queue:sign", "1") }, func(s *watch.Snapshot) bool {
				a, _ := agent(s, "x")
				return a.State == watch.Alive && queue(s, "queue:sign").Depth == 1
			}},
			{"no heartbeat", func() { c.Del(ctx, "agents:x:heartbeat") }, func(s *watch.Snapshot) bool {
				a, _ := agent(s, "x")
				return a.State == watch.Silent && !a.Beat.IsZero()
			}},
			{"a session", func() { c.SAdd(ctx, "swarm:sessions", "x", "y") }, func(s *watch.Snapshot) bool {
				a, _ := agent(s, "y")
				return a.Session
			}},
			{"a sub-agent", func() { c.SAdd(ctx, "swarm:subagents:x", "y") }, func(s *watch.Snapshot) bool {
				a, _ := agent(s, "y")
				return a.Parent == "x" && a.Level == 1
			}},
			{"a context of an agent", func() { c.HSet(ctx, "agents:x:context", "size_bytes", "77") }, func(s *watch.Snapshot) bool {
				a, _ := agent(s, "x")
				return a.Context == 77
			}},
			{"a task", func() { c.HSet(ctx, "tasks:meta:t", "queue", "q"); c.ZAdd(ctx, "tasks:queue:q", redis.Z{Member: "t"}) }, func(s *watch.Snapshot) bool {
				return s.Tasks.Waiting == 1 && queue(s, "tasks:queue:q").Depth == 1
			}},
			{"a claim", func() {
				c.Set(ctx, "tasks:claimed:t", `{"agent_id": "x"}`, time.Minute)
				c.ZRem(ctx, "tasks:queue:q", "t")
			}, func(s *watch.Snapshot) bool {
				a, _ := agent(s, "x")
				return s.Tasks.Waiting == 0 && s.Tasks.Claimed == 1 && fmt.Sprint(a.Claims) == "[t]"
			}},
			{"a completion", func() { c.HSet(ctx, "tasks:completed:t", "task_id", "t"); c.Del(ctx, "tasks:claimed:t") }, func(s *watch.Snapshot) bool {
				a, _ := agent(s, "x")
				return s.Tasks.Claimed == 0 && s.Tasks.Completed == 1 && len(a.Claims) == 0
			}},
			{"a rejection", func() { c.RPush(ctx, "carcel:dead_letters", `{"decision":"blocked"}`) }, func(s *watch.Snapshot) bool {
				return s.Carcel.Length == 1 && s.Carcel.Entries()[0].Decision == governance.Blocked
			}},
			{"the carcel emptied", func() { c.Del(ctx, "carcel:dead_letters") }, func(s *watch.Snapshot) bool { return s.Carcel.Length == 0 && len(s.Carcel.Entries()) == 0 }},
			{"an expired packet", func() { c.RPush(ctx, "carcel:expired", "x") }, func(s *watch.Snapshot) bool { return s.Carcel.Expired == 1 }},
			{"a message on a channel", func() { c.Publish(ctx, "channel:queue:q", `{"type":"task_posted","task_id":"t"}`) }, func(s *watch.Snapshot) bool {
				e, there := said(s, "task_posted")
				return there && e.Kind == watch.Message && e.Subject == "t" && e.Where == "channel:queue:q"
			}},
			{"nonsense on a channel", func() { c.Publish(ctx, "channel:x", "\x1b[2J") }, func(s *watch.Snapshot) bool {
				e, there := said(s, "message")
				return there && e.Detail == "\x1b[2J"
			}},
			{"a note of the console", func() { e.Note("theme", "dark", "") }, func(s *watch.Snapshot) bool {
				_, there := said(s, "theme")
				return there
			}},
			{"an agent gone", func() { c.Del(ctx, "agents:x", "agents:x:context", "swarm:sessions", "swarm:subagents:x") }, func(s *watch.Snapshot) bool { return len(s.Agents) == 0 }},
		}
		for _, step := range steps {
			step.do()
			e.until(step.what+" is seen", step.seen)
		}
		if s := e.Snapshot(); s.EventRate < 0 || s.Link.State != watch.Live {
			t.Errorf("rate %v, link %+v", s.EventRate, s.Link)
		}
	})
}

func TestABurstOfChangesEndsInTheRightPicture(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		e, c := follow(t, url, watch.Options{}), testredis.Connect(t, url)
		e.untilState(watch.Live)
		const changes, keys = 50_000, 200
		depth := make([]int64, keys)
		pipe := c.Pipeline()
		for i := range changes {
			k := i * 7919 % keys
			key := fmt.Sprint("queue:", k)
			switch {
			case i%11 == 0 && depth[k] > 0:
				pipe.LPop(ctx, key)
				depth[k]--
			case i%997 == 0:
				pipe.Del(ctx, key)
				depth[k] = 0
			default:
				pipe.RPush(ctx, key, "x")
				depth[k]++
			}
			if i%1000 == 999 {
				if _, err := pipe.Exec(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		end := time.Now()
		e.until("all depths are right", func(s *watch.Snapshot) bool {
			for k, want := range depth {
				if got := queue(s, fmt.Sprint("queue:", k)).Depth; got != want && !(want == 0 && got == -1) {
					return false
				}
			}
			return true
		})
		t.Logf("right %v after the last change", time.Since(end).Round(time.Millisecond))
	})
}

func TestMoreDirtyKeysThanAreKeptLeadToAFullRead(t *testing.T) {
	t.Parallel()
	e, c, _ := watching(t, watch.Options{Flush: 300 * time.Millisecond})
	const keys = 60_000
	pipe := c.Pipeline()
	for i := range keys {
		pipe.Set(ctx, fmt.Sprint("context:", i), "x", 0)
		if i%5000 == 4999 {
			if _, err := pipe.Exec(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	e.until("all contexts are counted", func(s *watch.Snapshot) bool { return s.Contexts == keys })
}

func TestATypeThatChangesUnderAKnownKeyIsSeen(t *testing.T) {
	t.Parallel()
	e, c, _ := watching(t, quick)
	writes := map[string]func(key string){
		"list":   func(key string) { c.RPush(ctx, key, "a", "b") },
		"string": func(key string) { c.Set(ctx, key, "a", 0) },
		"hash":   func(key string) { c.HSet(ctx, key, "a", "b") },
		"set":    func(key string) { c.SAdd(ctx, key, "a", "b") },
		"zset":   func(key string) { c.ZAdd(ctx, key, redis.Z{Member: "a"}, redis.Z{Member: "b"}) },
	}
	keys := []string{"queue:a", "messages:a", "tasks:queue:a", "context:a", "agents:a", "agents:a:heartbeat", "agents:a:context",
		"agents:metadata", "swarm:sessions", "swarm:subagents:a", "tasks:meta:a", "tasks:claimed:a", "tasks:completed:a", "carcel:dead_letters", "carcel:expired"}
	for _, order := range [][]string{{"string", "list", "hash", "set", "zset"}, {"zset", "set", "hash", "list", "string"}, {"list", "zset", "list"}} {
		for _, kind := range order {
			for _, key := range keys {
				pipe := c.TxPipeline()
				pipe.Del(ctx, key)
				_, _ = pipe.Exec(ctx)
				writes[kind](key)
			}
			s := e.until(kind+" is what all keys hold", func(s *watch.Snapshot) bool {
				for _, key := range keys {
					right := keyspace.Classify(key).RedisType() == kind
					if fault(s, watch.TypeWrong, key) == right {
						return false
					}
				}
				return true
			})
			for _, key := range []string{"queue:a", "messages:a", "tasks:queue:a"} {
				q := queue(s, key)
				right := q.Class.RedisType() == kind
				if right == (q.State == watch.WrongType) || right && q.Depth != 2 || q.Type != kind {
					t.Errorf("%s as %s: %+v", key, kind, q)
				}
			}
		}
	}
	c.Set(ctx, "queue:a", "over a list", 0) // SET replaces whatever is there
	e.until("a list overwritten is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:a").Type == "string" })
}

func TestHostileValuesBreakNothing(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	values := []string{
		"", "\x00", "\xff\xfe\xfd", "\x1b]0;owned\x07\x1b[2J", strings.Repeat("x", 1<<20), "{", "[", "null", "1e999", `{"a":`, `{"timestamp": 7}`,
		`{"agent_id": 7}`, `{"agent_id": ["x"]}`, strings.Repeat("[", 100_000), `{"contents": {"primitive": {"a": 1}}, "timestamp": [], "decision": null}`,
		"\x81\xa1a", "\xdf\xff\xff\xff\xff", "\xc1", "99999999999999999999", "-1", "NaN", "inf", "1e308", "none",
	}
	write := func(round int) {
		for i, v := range values {
			name := fmt.Sprint(i)
			if i < 3 {
				name = string(rune(i)) + "\x1b[31m" + strings.Repeat(":", i)
			}
			c.RPush(ctx, "queue:"+name, v, v)
			c.RPush(ctx, "messages:"+name, v)
			c.Set(ctx, "context:"+name, v, 0)
			c.HSet(ctx, "agents:"+name, "role", v, "parent_id", v, "registered_at", v, "context_capacity", v)
			c.Set(ctx, "agents:"+name+":heartbeat", v, time.Duration(i)*time.Minute)
			c.HSet(ctx, "agents:"+name+":context", "size_bytes", v, "chunks", v)
			c.SAdd(ctx, "swarm:sessions", v)
			c.SAdd(ctx, "swarm:subagents:"+name, v, name)
			c.HSet(ctx, "tasks:meta:"+name, "queue", v)
			c.ZAdd(ctx, "tasks:queue:"+name, redis.Z{Score: float64(i), Member: v})
			c.Set(ctx, "tasks:claimed:"+name, v, 0)
			c.HSet(ctx, "tasks:completed:"+name, "result", v)
			c.RPush(ctx, "carcel:dead_letters", v)
			c.XAdd(ctx, &redis.XAddArgs{Stream: "ttt:ledger:main", ID: fmt.Sprintf("%d-0", round*1000+i+1), Values: []any{"event", v, "ts", v, "count", v, "tracking_id", v}})
			c.Publish(ctx, "channel:"+name, v)
			c.Set(ctx, v, v, 0)
			c.Set(ctx, "queue:"+strings.Repeat("k", 5000), "a name too long", 0)
		}
	}
	write(0)
	e := follow(t, server.URL(), watch.Options{Flush: 5 * time.Millisecond, Resync: 300 * time.Millisecond})
	e.untilState(watch.Live)
	write(1)
	s := e.until("all queues are there", func(s *watch.Snapshot) bool {
		for i := 3; i < len(values); i++ {
			if queue(s, fmt.Sprint("queue:", i)).Depth != 4 || queue(s, fmt.Sprint("messages:", i)).Depth != 2 {
				return false
			}
		}
		return s.Carcel.Length == int64(2*len(values)) && s.Contexts == len(values)
	})
	if s.Hidden != 1 {
		t.Errorf("%d keys hidden", s.Hidden)
	}
	taken := s.Taken
	e.until("it goes on", func(s *watch.Snapshot) bool {
		return s.Link.State == watch.Live && s.Taken.After(taken) && s.Ledger > 1000
	})
	if _, there := said(e.Snapshot(), "away"); there {
		t.Errorf("the link was lost: %+v", e.Snapshot().Activity)
	}
}

func TestEveryFaultOfASwarmIsSeenAndGoesWhenItIsMended(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		c := testredis.Connect(t, url)
		e := follow(t, url, watch.Options{Flush: 5 * time.Millisecond, Beat: 20 * time.Millisecond, Resync: 50 * time.Millisecond})
		e.untilState(watch.Live)
		full := make([]any, 25)
		for i := range full {
			full[i] = packed(i)
		}
		alive := func(id string) { c.Set(ctx, "agents:"+id+":heartbeat", beat(time.Now()), time.Minute) }
		cases := []struct {
			name string
			kind watch.FaultKind
			key  string
			harm func()
			mend func()
		}{
			{"a claim ran out and the task is lost", watch.TaskLost, "tasks:meta:t1",
				func() { c.HSet(ctx, "tasks:meta:t1", "queue", "q") },
				func() { c.ZAdd(ctx, "tasks:queue:q", redis.Z{Member: "t1"}) }},
			{"a lost task removed", watch.TaskLost, "tasks:meta:t2",
				func() { c.Del(ctx, "tasks:meta:t1", "tasks:queue:q"); c.HSet(ctx, "tasks:meta:t2", "queue", "q") },
				func() { c.Del(ctx, "tasks:meta:t2") }},
			{"a claim was made and the queue entry left", watch.ClaimInQueue, "tasks:claimed:t3",
				func() {
					c.HSet(ctx, "tasks:meta:t3", "queue", "q")
					c.ZAdd(ctx, "tasks:queue:q", redis.Z{Member: "t3"})
					c.Set(ctx, "tasks:claimed:t3", `{"agent_id":"a"}`, 0)
				},
				func() { c.ZRem(ctx, "tasks:queue:q", "t3") }},
			{"an agent fell silent", watch.AgentSilent, "agents:a",
				func() { c.SAdd(ctx, "swarm:sessions", "a") },
				func() { alive("a") }},
			{"the parent of a sub-agent is gone", watch.AgentOrphaned, "agents:b",
				func() { c.HSet(ctx, "agents:b", "role", "r", "parent_id", "gone") },
				func() { c.HSet(ctx, "agents:gone", "role", "r") }},
			{"the parent of a mere name is gone", watch.AgentOrphaned, "agents:d",
				func() { c.SAdd(ctx, "swarm:subagents:parent", "d") },
				func() { alive("parent") }},
			{"messages wait for nobody", watch.NoSuchAgent, "messages:e",
				func() { c.RPush(ctx, "messages:e", "{}") },
				func() { alive("e") }},
			{"messages wait for one who left", watch.NoSuchAgent, "messages:f",
				func() { c.RPush(ctx, "messages:f", "{}"); alive("f"); c.Del(ctx, "agents:f:heartbeat") },
				func() { c.Del(ctx, "messages:f") }},
			{"a context of nobody", watch.NoSuchAgent, "agents:g:context",
				func() { c.HSet(ctx, "agents:g:context", "size_bytes", "5") },
				func() { c.SAdd(ctx, "swarm:sessions", "g") }},
			{"a context is cut short", watch.ContextCut, "agents:a:context",
				func() {
					c.HSet(ctx, "agents:a:context", "size_bytes", "5", "chunks", "3")
					c.Set(ctx, "agents:a:context:chunk:0", "x", 0)
					c.Set(ctx, "agents:a:context:chunk:2", "x", 0)
				},
				func() { c.Set(ctx, "agents:a:context:chunk:1", "x", 0) }},
			{"a wrong type under a known name", watch.TypeWrong, "queue:w",
				func() { c.Set(ctx, "queue:w", "x", 0) },
				func() { c.Del(ctx, "queue:w") }},
			{"a value in a queue is no packet", watch.NoPacket, "queue:n",
				func() { c.RPush(ctx, "queue:n", "x", packed(1)) },
				func() { c.LPop(ctx, "queue:n") }},
			{"a shared context is no packet", watch.NoPacket, "context:n",
				func() { c.Set(ctx, "context:n", "x", 0) },
				func() { c.Set(ctx, "context:n", packed(1), 0) }},
			{"a whole queue is about to expire", watch.QueueExpires, "queue:x",
				func() { c.RPush(ctx, "queue:x", full...); c.Expire(ctx, "queue:x", time.Minute) },
				func() { c.Persist(ctx, "queue:x") }},
		}
		for _, f := range cases {
			f.harm()
			e.until(f.name, func(s *watch.Snapshot) bool { return fault(s, f.kind, f.key) })
			f.mend()
			e.until("mended: "+f.name, func(s *watch.Snapshot) bool { return !fault(s, f.kind, f.key) })
		}
	})
}

func TestAnOrdinaryClaimIsNoFault(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	e := follow(t, server.URL(), watch.Options{Flush: 5 * time.Millisecond, Resync: 100 * time.Millisecond})
	e.untilState(watch.Live)
	for i := range 200 {
		id := fmt.Sprint("t", i)
		c.HSet(ctx, "tasks:meta:"+id, "queue", "q")
		c.ZAdd(ctx, "tasks:queue:q", redis.Z{Member: id})
		c.SetNX(ctx, "tasks:claimed:"+id, `{"agent_id":"a"}`, time.Minute)
		c.ZRem(ctx, "tasks:queue:q", id)
		c.HSet(ctx, "tasks:completed:"+id, "task_id", id)
		c.Del(ctx, "tasks:claimed:"+id)
		for _, f := range e.Snapshot().Faults {
			if f.Kind == watch.TaskLost || f.Kind == watch.ClaimInQueue {
				t.Fatalf("slandered: %+v", f)
			}
		}
	}
}

func TestASnapshotNeverChanges(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	furnish(c)
	e := follow(t, server.URL(), watch.Options{Flush: time.Millisecond, Beat: 10 * time.Millisecond, Resync: 20 * time.Millisecond})
	e.untilState(watch.Live)
	stop := make(chan struct{})
	done := make(chan int)
	for range 3 {
		go func() { // under -race a write to what was handed out is an error
			seen := 0
			for {
				select {
				case <-stop:
					done <- seen
					return
				default:
				}
				s := e.Snapshot()
				before := fmt.Sprintf("%+v", *s)
				if after := fmt.Sprintf("%+v", *s); before != after {
					t.Error("a snapshot changed")
				}
				seen++
			}
		}()
	}
	for i := range 300 {
		c.RPush(ctx, fmt.Sprint("queue:", i%20), packed(i))
		c.RPush(ctx, "carcel:dead_letters", `{"decision":"blocked","tracking_id":"x"}`)
		c.SAdd(ctx, "swarm:sessions", fmt.Sprint("a", i%30))
		c.Set(ctx, fmt.Sprint("tasks:claimed:t", i%9), `{"agent_id":"p"}`, time.Minute)
		c.XAdd(ctx, &redis.XAddArgs{Stream: "ttt:ledger:main", ID: fmt.Sprintf("%d-0", i+4), Values: []any{"event", "blocked", "ts", time.Now().UnixMilli()}})
		c.Publish(ctx, "channel:x", "hello")
	}
	e.until("all of it is seen", func(s *watch.Snapshot) bool { return s.Carcel.Length == 302 && s.Ledger == 303 })
	close(stop)
	for range 3 {
		if seen := <-done; seen < 2 {
			t.Errorf("a reader saw %d snapshots", seen)
		}
	}
}

func TestVersionsRiseOnlyWithTheirPart(t *testing.T) {
	t.Parallel()
	e, c, _ := watching(t, quick)
	c.RPush(ctx, "queue:a", packed(1))
	first := e.until("the queue is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 1 })
	c.RPush(ctx, "carcel:dead_letters", "{}")
	second := e.until("the rejection is seen", func(s *watch.Snapshot) bool { return s.Carcel.Length == 1 })
	if second.Version.Carcel <= first.Version.Carcel || second.Version.All <= first.Version.All {
		t.Errorf("versions %+v, then %+v", first.Version, second.Version)
	}
	if second.Version.Activity != first.Version.Activity && len(second.Activity) == len(first.Activity) {
		t.Errorf("the activity's version rose for nothing")
	}
}
