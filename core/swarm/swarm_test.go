package swarm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) {
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

func open(t testing.TB, url string) (*swarm.Coordinator, *redis.Client) {
	t.Helper()
	s, err := store.Open(url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return swarm.New(s), testredis.Connect(t, url)
}

// listen collects what is said on the swarm's channels until asked for it.
func listen(t testing.TB, c *redis.Client) (heard func(n int) []string) {
	t.Helper()
	sub := c.PSubscribe(ctx, "channel:*")
	t.Cleanup(func() { _ = sub.Close() })
	if _, err := sub.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	return func(n int) (out []string) {
		t.Helper()
		for range n {
			wait, cancel := context.WithTimeout(ctx, 10*time.Second)
			m, err := sub.ReceiveMessage(wait)
			cancel()
			if err != nil {
				t.Fatalf("after %v: %v", out, err)
			}
			out = append(out, m.Channel+" "+m.Payload)
		}
		return out
	}
}

// lease is what somebody knows of a claim of his.
func lease(task, agent string, token int64) swarm.Lease {
	return swarm.Lease{Task: swarm.Task{ID: task}, Agent: agent, Token: token}
}

func fields(t testing.TB, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return out
}

// event splits what was heard into its channel and its message.
func event(t testing.TB, heard string) (channel string, message map[string]any) {
	t.Helper()
	channel, text, _ := strings.Cut(heard, " ")
	return channel, fields(t, text)
}

func TestAnAgentRegistersLivesAndLeaves(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		heard := listen(t, c)
		parent, err := s.Register(ctx, swarm.Agent{Role: "sonnet_coordinator"})
		if err != nil || !regexp.MustCompile(`^sonnet_coordinator_[0-9a-f]{8}$`).MatchString(parent) {
			t.Fatalf("id %q, %v", parent, err)
		}
		id, err := s.Register(ctx, swarm.Agent{Role: "haiku_worker", Parent: parent, Capacity: 8000, Metadata: map[string]any{"model": "m", "n": 1}, BeatTTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		info := c.HGetAll(ctx, "agents:"+id).Val()
		registered, timeErr := time.Parse(time.RFC3339, info["registered_at"])
		if info["agent_id"] != id || info["role"] != "haiku_worker" || info["parent_id"] != parent || info["context_capacity"] != "8000" ||
			fields(t, info["metadata"])["model"] != "m" || timeErr != nil || time.Since(registered) > time.Minute || len(info) != 6 {
			t.Errorf("agent = %v", info)
		}
		if alone := c.HGetAll(ctx, "agents:"+parent).Val(); alone["parent_id"] != "none" || alone["metadata"] != "{}" {
			t.Errorf("parent = %v", alone)
		}
		beat, err := strconv.ParseFloat(c.Get(ctx, "agents:"+id+":heartbeat").Val(), 64)
		if err != nil || time.Since(time.UnixMicro(int64(beat*1e6))).Abs() > time.Minute {
			t.Errorf("heartbeat = %v, %v", beat, err)
		}
		if ttl := c.TTL(ctx, "agents:"+id+":heartbeat").Val(); ttl < 50*time.Second || ttl > time.Minute {
			t.Errorf("the heartbeat lasts %v", ttl)
		}
		if ttl := c.TTL(ctx, "agents:"+parent+":heartbeat").Val(); ttl < 290*time.Second || ttl > 300*time.Second {
			t.Errorf("a preset heartbeat lasts %v", ttl)
		}
		if !c.SIsMember(ctx, "swarm:sessions", id).Val() || !c.SIsMember(ctx, "swarm:subagents:"+parent, id).Val() {
			t.Error("it stands in no set")
		}
		channel, m := event(t, heard(2)[1])
		if channel != "channel:broadcast" || m["type"] != "agent_registered" || m["agent_id"] != id || m["role"] != "haiku_worker" || m["parent_id"] != parent || m["timestamp"] == nil {
			t.Errorf("%s: %v", channel, m)
		}

		c.Del(ctx, "agents:"+id+":heartbeat")
		if err := s.Heartbeat(ctx, id, 0); err != nil || c.TTL(ctx, "agents:"+id+":heartbeat").Val() < 290*time.Second {
			t.Errorf("heartbeat: %v, lasts %v", err, c.TTL(ctx, "agents:"+id+":heartbeat").Val())
		}
		if again, err := s.Register(ctx, swarm.Agent{ID: id, Role: "other"}); err != nil || again != id || c.HGet(ctx, "agents:"+id, "role").Val() != "other" {
			t.Errorf("registered again: %s, %v", again, err)
		}
		if err := s.Retire(ctx, id, parent); err != nil {
			t.Fatal(err)
		}
		if n := c.Exists(ctx, "agents:"+id, "agents:"+id+":heartbeat", "swarm:subagents:"+parent).Val(); n != 0 || c.SIsMember(ctx, "swarm:sessions", id).Val() {
			t.Errorf("%d of its keys are left", n)
		}
		if err := s.Heartbeat(ctx, id, 0); !errors.Is(err, swarm.ErrNoAgent) {
			t.Errorf("a heartbeat of one who left: %v", err)
		}
		if c.Exists(ctx, "agents:"+id+":heartbeat").Val() != 0 {
			t.Error("it was written")
		}
		if err := s.Retire(ctx, "nobody", ""); err != nil {
			t.Errorf("retiring nobody: %v", err)
		}
	})
}

func TestATaskGoesItsWay(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		heard := listen(t, c)
		posted, err := s.Post(ctx, swarm.Task{Queue: "q", Type: "scan", Data: `{"x": 1}`, PostedBy: "p", Priority: 5})
		id := posted.ID
		if err != nil || !regexp.MustCompile(`^task_[0-9a-f]{12}$`).MatchString(id) {
			t.Fatalf("id %q, %v", id, err)
		}
		meta := c.HGetAll(ctx, "tasks:meta:"+id).Val()
		if _, err := time.Parse(time.RFC3339, meta["posted_at"]); err != nil || meta["task_id"] != id || meta["queue"] != "q" || meta["type"] != "scan" ||
			meta["data"] != `{"x": 1}` || meta["posted_by"] != "p" || meta["priority"] != "5" || len(meta) != 7 {
			t.Errorf("meta = %v, %v", meta, err)
		}
		if score := c.ZScore(ctx, "tasks:queue:q", id).Val(); score != -5 {
			t.Errorf("score = %v", score)
		}
		task, err := s.Claim(ctx, "q", "a", 0)
		want := swarm.Task{ID: id, Queue: "q", Type: "scan", Data: `{"x": 1}`, PostedBy: "p", PostedAt: meta["posted_at"], Priority: 5}
		if err != nil || task.Task != want || task.Agent != "a" || task.Token != 1 || task.Span != time.Minute || task.Attempts != 0 {
			t.Errorf("claimed %+v, %v", task, err)
		}
		claim := fields(t, c.Get(ctx, "tasks:claimed:"+id).Val())
		if ttl := c.TTL(ctx, "tasks:claimed:"+id).Val(); claim["agent_id"] != "a" || claim["claimed_at"] == nil || claim["token"] != 1.0 ||
			claim["lease_until"] != float64(task.Until.UnixMilli()) || len(claim) != 4 || ttl < 50*time.Second || ttl > time.Minute {
			t.Errorf("claim = %v, lasts %v", claim, ttl)
		}
		if _, err := s.Claim(ctx, "q", "b", 0); !errors.Is(err, swarm.ErrNoTask) {
			t.Errorf("claimed twice: %v", err)
		}
		if err := s.Complete(ctx, lease(id, "b", 0), "{}", 0); !errors.Is(err, swarm.ErrNotHolder) || c.Exists(ctx, "tasks:completed:"+id).Val() != 0 {
			t.Errorf("completed by another: %v", err)
		}
		if err := s.Complete(ctx, task, "nonsense", 0); err == nil || c.Exists(ctx, "tasks:completed:"+id).Val() != 0 {
			t.Errorf("completed with nonsense: %v", err)
		}
		if err := s.Complete(ctx, task, `{"ok": true}`, 0); err != nil {
			t.Fatal(err)
		}
		done := c.HGetAll(ctx, "tasks:completed:"+id).Val()
		if done["task_id"] != id || done["completed_by"] != "a" || done["result"] != `{"ok": true}` || done["completed_at"] == "" || done["token"] != "1" || len(done) != 5 {
			t.Errorf("completed = %v", done)
		}
		if c.Exists(ctx, "tasks:claimed:"+id).Val() != 0 || c.Exists(ctx, "tasks:meta:"+id).Val() != 1 || c.TTL(ctx, "tasks:completed:"+id).Val() != -1 {
			t.Error("the claim stays, or the records do not")
		}
		if err := s.Complete(ctx, task, "{}", 0); err != nil || c.HGet(ctx, "tasks:completed:"+id, "result").Val() != `{"ok": true}` {
			t.Errorf("completed again, as after a lost answer: %v", err)
		}
		if err := s.Complete(ctx, lease(id, "a", 0), "{}", 0); !errors.Is(err, swarm.ErrDone) {
			t.Errorf("completed twice: %v", err)
		}
		said := heard(2)
		if channel, m := event(t, said[0]); channel != "channel:queue:q" || m["type"] != "task_posted" || m["task_id"] != id || m["task_type"] != "scan" || m["priority"] != 5.0 {
			t.Errorf("%s", said[0])
		}
		if channel, m := event(t, said[1]); channel != "channel:agent:a" || m["type"] != "task_completed" || m["task_id"] != id || m["completed_by"] != "a" {
			t.Errorf("%s", said[1])
		}
		second, err := s.Post(ctx, swarm.Task{Queue: "q"})
		short := second.ID
		if err != nil {
			t.Fatal(err)
		}
		if score := c.ZScore(ctx, "tasks:queue:q", short).String(); !strings.HasSuffix(score, ": 0") {
			t.Errorf("the score of no priority: %s", score)
		}
		if _, err := s.Claim(ctx, "q", "a", 1500*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if err := s.Complete(ctx, lease(short, "a", 0), "", time.Hour); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"tasks:completed:" + short, "tasks:meta:" + short} {
			if ttl := c.TTL(ctx, key).Val(); ttl < 59*time.Minute {
				t.Errorf("%s lasts %v", key, ttl)
			}
		}
	})
}

func TestTheMostUrgentTaskGoesFirst(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		for _, priority := range []int{0, 7, -3, 100, 7, 2} {
			if _, err := s.Post(ctx, swarm.Task{Queue: "q", Priority: priority}); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []int{100, 7, 7, 2, 0, -3} {
			if task, err := s.Claim(ctx, "q", "a", 0); err != nil || task.Priority != want {
				t.Errorf("claimed priority %d, want %d: %v", task.Priority, want, err)
			}
		}
	})
}

func TestATaskIDThatIsTakenIsRefused(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		if _, err := s.Post(ctx, swarm.Task{ID: "task_1", Queue: "q", Data: `"first"`}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Post(ctx, swarm.Task{ID: "task_1", Queue: "r", Data: `"second"`}); !errors.Is(err, swarm.ErrTaskID) {
			t.Errorf("error = %v", err)
		}
		if c.HGet(ctx, "tasks:meta:task_1", "data").Val() != `"first"` || c.Exists(ctx, "tasks:queue:r").Val() != 0 {
			t.Error("the first task was touched")
		}
	})
}

func TestWhatMakesNoSenseIsRefusedBeforeRedisIsAsked(t *testing.T) {
	t.Parallel()
	s, _ := open(t, "redis://127.0.0.1:1")
	_, noRole := s.Register(ctx, swarm.Agent{})
	_, noJSON := s.Register(ctx, swarm.Agent{Role: "r", Metadata: map[string]any{"f": func() {}}})
	_, noQueue := s.Post(ctx, swarm.Task{})
	_, noData := s.Post(ctx, swarm.Task{Queue: "q", Data: "{"})
	_, noContent := s.Send(ctx, "a", "b", "hello")
	for what, err := range map[string]error{"no role": noRole, "no JSON": noJSON, "no queue": noQueue, "no data": noData, "no content": noContent} {
		if err == nil || errors.Is(err, store.ErrUnreachable) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.Heartbeat(ctx, "a", 0); !errors.Is(err, store.ErrUnreachable) {
		t.Errorf("no server: %v", err)
	}
}

func TestMessagesArriveInOrderOnce(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		heard := listen(t, c)
		var ids []string
		for n := range 3 {
			id, err := s.Send(ctx, "a", "b", fmt.Sprintf(`{"n": %d, "html": "<&>"}`, n))
			if err != nil || !regexp.MustCompile(`^msg_[0-9a-f]{8}$`).MatchString(id) {
				t.Fatalf("id %q, %v", id, err)
			}
			ids = append(ids, id)
		}
		raw := fields(t, c.LIndex(ctx, "messages:b", 0).Val())
		if raw["message_id"] != ids[0] || raw["from"] != "a" || raw["to"] != "b" || raw["timestamp"] == nil || len(raw) != 5 || fields(t, raw["content"].(string))["html"] != "<&>" {
			t.Errorf("message = %v", raw)
		}
		if channel, m := event(t, heard(3)[2]); channel != "channel:agent:b" || m["type"] != "new_message" || m["message_id"] != ids[2] || m["from"] != "a" {
			t.Errorf("%s: %v", channel, m)
		}
		for n, id := range ids {
			m, err := s.Receive(ctx, "b")
			if err != nil || m.ID != id || m.From != "a" || m.To != "b" || m.Content != fmt.Sprintf(`{"n": %d, "html": "<&>"}`, n) {
				t.Errorf("received %+v, %v", m, err)
			}
		}
		if _, err := s.Receive(ctx, "b"); !errors.Is(err, swarm.ErrNoMessage) {
			t.Errorf("an empty inbox: %v", err)
		}
		c.RPush(ctx, "messages:b", "no JSON\nat all")
		if m, err := s.Receive(ctx, "b"); err == nil || m.Content != "no JSON\nat all" || strings.Contains(err.Error(), "\n") {
			t.Errorf("no message: %+v, %v", m, err)
		}
	})
}

func TestAKeyOfAWrongTypeStopsAnActAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		acts := map[string]struct {
			keys []string
			do   func() error
		}{
			"register": {[]string{"agents:a", "agents:a:heartbeat", "swarm:sessions", "swarm:subagents:p"}, func() error {
				_, err := s.Register(ctx, swarm.Agent{ID: "a", Role: "r", Parent: "p"})
				return err
			}},
			"heartbeat": {[]string{"agents:a:heartbeat", "agents:a"}, func() error { return s.Heartbeat(ctx, "a", 0) }},
			"retire":    {[]string{"agents:a", "agents:a:heartbeat", "swarm:sessions", "swarm:subagents:p"}, func() error { return s.Retire(ctx, "a", "p") }},
			"post": {[]string{"tasks:queue:q", "tasks:meta:t"}, func() error {
				_, err := s.Post(ctx, swarm.Task{ID: "t", Queue: "q"})
				return err
			}},
			"claim": {[]string{"tasks:queue:q"}, func() error { _, err := s.Claim(ctx, "q", "a", 0); return err }},
			"complete": {[]string{"tasks:claimed:t", "tasks:completed:t", "tasks:meta:t"}, func() error {
				return s.Complete(ctx, lease("t", "a", 0), "", 0)
			}},
			"send":    {[]string{"messages:b"}, func() error { _, err := s.Send(ctx, "a", "b", "{}"); return err }},
			"receive": {[]string{"messages:b"}, func() error { _, err := s.Receive(ctx, "b"); return err }},
		}
		for name, act := range acts {
			for _, key := range act.keys {
				c.FlushDB(ctx)
				c.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"wrong", "type"}})
				err := act.do()
				var e *store.Error
				if !errors.Is(err, store.ErrWrongType) || !errors.As(err, &e) || e.Key != key || e.Found != "stream" || e.Expected == "" {
					t.Errorf("%s with %s: %v", name, key, err)
				}
				if keys := c.Keys(ctx, "*").Val(); len(keys) != 1 {
					t.Errorf("%s with %s wrote %v", name, key, keys)
				}
			}
		}
		c.FlushDB(ctx)
		if _, err := s.Post(ctx, swarm.Task{ID: "t", Queue: "q"}); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"tasks:claimed:t", "tasks:meta:t"} {
			c.Del(ctx, "tasks:claimed:t", "tasks:meta:t")
			c.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"wrong", "type"}})
			if _, err := s.Claim(ctx, "q", "a", 0); !errors.Is(err, store.ErrWrongType) || c.ZCard(ctx, "tasks:queue:q").Val() != 1 {
				t.Errorf("claim with %s: %v", key, err)
			}
		}
	})
}

func TestManyClaimersNeverGetTheSameTask(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		tasks, claimers := 5000, 64
		if strings.HasSuffix(t.Name(), "embedded") {
			tasks = 500 // it is slow under -race
		}
		pipe := c.Pipeline()
		for i := range tasks {
			id := fmt.Sprint("task_", i)
			pipe.HSet(ctx, "tasks:meta:"+id, "task_id", id, "queue", "q")
			pipe.ZAdd(ctx, "tasks:queue:q", redis.Z{Score: float64(-i % 10), Member: id})
		}
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		claimed := map[string]int{}
		var done sync.WaitGroup
		for n := range claimers {
			done.Go(func() {
				for {
					id := ""
					var err error
					if n%4 == 0 {
						id, err = claimBare(c, "q", fmt.Sprint("agent_", n))
					} else {
						var task swarm.Lease
						task, err = s.Claim(ctx, "q", fmt.Sprint("agent_", n), time.Minute)
						id = task.ID
					}
					if errors.Is(err, swarm.ErrNoTask) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					claimed[id]++
					mu.Unlock()
				}
			})
		}
		done.Wait()
		for i := range tasks {
			if n := claimed[fmt.Sprint("task_", i)]; n != 1 {
				t.Errorf("task %d was claimed %d times", i, n)
			}
		}
		if left := c.ZCard(ctx, "tasks:queue:q").Val(); left != 0 || len(claimed) != tasks {
			t.Errorf("%d tasks claimed, %d left", len(claimed), left)
		}
	})
}

// claimBare claims as Python coordinators do: the head of the queue, SET NX
// EX, ZREM, each a call of its own.
func claimBare(c *redis.Client, queue, agent string) (string, error) {
	for {
		head, err := c.ZRange(ctx, "tasks:queue:"+queue, 0, 0).Result()
		if err != nil {
			return "", err
		}
		if len(head) == 0 {
			return "", swarm.ErrNoTask
		}
		won, err := c.SetNX(ctx, "tasks:claimed:"+head[0], `{"agent_id": "`+agent+`", "claimed_at": "x"}`, time.Minute).Result()
		if err != nil {
			return "", err
		}
		if won {
			return head[0], c.ZRem(ctx, "tasks:queue:"+queue, head[0]).Err()
		}
	}
}

func TestClaimsOfOthersAreUnderstood(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		var ids []string
		for n := range 5 {
			posted, err := s.Post(ctx, swarm.Task{Queue: "q", Priority: 10 - n})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, posted.ID)
		}
		// Somebody claimed the first two and fell over before taking them out.
		for _, id := range ids[:2] {
			c.Set(ctx, "tasks:claimed:"+id, `{"agent_id": "fallen", "claimed_at": "x"}`, time.Minute)
		}
		task, err := s.Claim(ctx, "q", "a", 0)
		if err != nil || task.ID != ids[2] {
			t.Errorf("claimed %s, want %s: %v", task.ID, ids[2], err)
		}
		if left := c.ZRange(ctx, "tasks:queue:q", 0, -1).Val(); !slices.Equal(left, []string{ids[0], ids[1], ids[3], ids[4]}) {
			t.Errorf("in the queue: %v", left)
		}
		// A claim that Python wrote can be completed by whom it names.
		if err := s.Complete(ctx, lease(ids[0], "fallen", 0), "", 0); err != nil {
			t.Errorf("complete: %v", err)
		}
		for _, claim := range []string{"", "nonsense", `"fallen"`, "[]", "null", `{"agent_id": null}`, `{"agent_id": ["a"]}`} {
			c.Set(ctx, "tasks:claimed:"+ids[1], claim, time.Minute)
			if err := s.Complete(ctx, lease(ids[1], "a", 0), "", 0); !errors.Is(err, swarm.ErrNotHolder) {
				t.Errorf("a claim of %q was completed: %v", claim, err)
			}
		}
		// A claim that ran out is held by nobody, and the task can be had again.
		c.Del(ctx, "tasks:claimed:"+ids[1])
		if err := s.Complete(ctx, lease(ids[1], "a", 0), "", 0); !errors.Is(err, swarm.ErrNotHolder) {
			t.Errorf("a claim that ran out: %v", err)
		}
		// The first task is done, and leaves the queue without being claimed.
		if again, err := s.Claim(ctx, "q", "a", 0); err != nil || again.ID != ids[1] {
			t.Errorf("claimed %+v, %v", again, err)
		}
		if left := c.ZRange(ctx, "tasks:queue:q", 0, -1).Val(); !slices.Equal(left, ids[3:]) {
			t.Errorf("in the queue: %v", left)
		}
		// A task without a record is handed over by its name.
		c.ZAdd(ctx, "tasks:queue:bare", redis.Z{Member: "task_bare"})
		if bare, err := s.Claim(ctx, "bare", "a", 0); err != nil || bare.ID != "task_bare" {
			t.Errorf("claimed %+v, %v", bare, err)
		}
	})
}

func TestWhoMayNotPublishStillDoesTheWork(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Client().Do(ctx, "ACL", "SETUSER", "w", "on", ">pw", "~*", "resetchannels", "+@all")
	s, c := open(t, strings.Replace(server.URL(), "redis://", "redis://w:pw@", 1))
	_ = c
	if _, err := s.Register(ctx, swarm.Agent{ID: "a", Role: "r"}); err != nil {
		t.Errorf("register: %v", err)
	}
	if _, err := s.Post(ctx, swarm.Task{ID: "t", Queue: "q"}); err != nil {
		t.Errorf("post: %v", err)
	}
	if _, err := s.Claim(ctx, "q", "a", 0); err != nil {
		t.Errorf("claim: %v", err)
	}
	if err := s.Complete(ctx, lease("t", "a", 0), "", 0); err != nil {
		t.Errorf("complete: %v", err)
	}
	if _, err := s.Send(ctx, "a", "b", "{}"); err != nil {
		t.Errorf("send: %v", err)
	}
}
