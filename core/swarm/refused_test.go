package swarm_test

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// acts are all that write, on a swarm that arrange made.
var acts = map[string]func(s *swarm.Coordinator) error{
	"register": func(s *swarm.Coordinator) error {
		_, err := s.Register(ctx, swarm.Agent{ID: "a", Role: "r", Parent: "p"})
		return err
	},
	"retire":    func(s *swarm.Coordinator) error { return s.Retire(ctx, "a", "") },
	"heartbeat": func(s *swarm.Coordinator) error { return s.Heartbeat(ctx, "a", 0) },
	"renew": func(s *swarm.Coordinator) error {
		_, err := s.Renew(ctx, "a", 0, 0, []swarm.Lease{lease("held", "a", 1)})
		return err
	},
	"post": func(s *swarm.Coordinator) error {
		_, err := s.PostMany(ctx, []swarm.Task{{ID: "new", Queue: "fresh"}, {ID: "new2", Queue: "q"}})
		return err
	},
	"claim":    func(s *swarm.Coordinator) error { _, err := s.ClaimMany(ctx, "q", "a", 2, 0); return err },
	"complete": func(s *swarm.Coordinator) error { return s.Complete(ctx, lease("held", "a", 1), "{}", time.Hour) },
	"hand back": func(s *swarm.Coordinator) error {
		l := lease("held", "a", 1)
		l.Queue = "q"
		return s.HandBack(ctx, l)
	},
	"fail": func(s *swarm.Coordinator) error {
		_, err := s.Fail(ctx, lease("held", "a", 1), "x", swarm.Retry{})
		return err
	},
	"bury": func(s *swarm.Coordinator) error {
		_, err := s.Fail(ctx, lease("held", "a", 1), "x", swarm.Retry{Attempts: 1})
		return err
	},
	"requeue":   func(s *swarm.Coordinator) error { _, err := s.Requeue(ctx, "lost"); return err },
	"take back": func(s *swarm.Coordinator) error { _, err := s.TakeBack(ctx, "held", "a"); return err },
	"send":      func(s *swarm.Coordinator) error { _, err := s.Send(ctx, "a", "b", "{}"); return err },
	"receive":   func(s *swarm.Coordinator) error { _, err := s.Receive(ctx, "a"); return err },
	"context": func(s *swarm.Coordinator) error {
		_, err := s.PutContext(ctx, "a", strings.NewReader("x"), "")
		return err
	},
}

// arrange makes a swarm in which every act has something to do.
func arrange(t testing.TB, s *swarm.Coordinator, c *redis.Client) {
	t.Helper()
	c.FlushDB(ctx)
	for _, id := range []string{"p", "a"} {
		if _, err := s.Register(ctx, swarm.Agent{ID: id, Role: "r", Parent: map[string]string{"a": "p"}[id]}); err != nil {
			t.Fatal(err)
		}
	}
	for i, id := range []string{"held", "lost", "rests", "w1", "w2"} {
		post(t, s, swarm.Task{ID: id, Queue: "q", Priority: 9 - i})
	}
	claim(t, s, "q", "a", 0)
	c.ZRem(ctx, "tasks:queue:q", "lost", "rests")
	c.ZAdd(ctx, "ifp:delayed:q", redis.Z{Score: 9e12, Member: "rests"})
	c.RPush(ctx, "messages:a", "{}")
	c.HSet(ctx, "agents:a:context", "version", "v", "content", "old")
}

// dump is all that Redis holds.
func dump(t testing.TB, c *redis.Client) string {
	t.Helper()
	keys := c.Keys(ctx, "*").Val()
	sort.Strings(keys)
	var out strings.Builder
	for _, key := range keys {
		switch kind := c.Type(ctx, key).Val(); kind {
		case "hash":
			fmt.Fprintln(&out, key, c.HGetAll(ctx, key).Val())
		case "zset":
			fmt.Fprintln(&out, key, c.ZRangeWithScores(ctx, key, 0, -1).Val())
		case "set":
			members := c.SMembers(ctx, key).Val()
			sort.Strings(members)
			fmt.Fprintln(&out, key, members)
		case "list":
			fmt.Fprintln(&out, key, c.LRange(ctx, key, 0, -1).Val())
		case "string":
			fmt.Fprintln(&out, key, c.Get(ctx, key).Val())
		default:
			fmt.Fprintln(&out, key, kind, c.XLen(ctx, key).Val())
		}
	}
	return out.String()
}

func TestEveryActDoesAllOrNothingWhateverItsKeysHold(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		for name, act := range acts {
			arrange(t, s, c)
			if err := act(s); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			arrange(t, s, c)
			keys := append(c.Keys(ctx, "*").Val(),
				"tasks:meta:new", "tasks:queue:fresh", "tasks:completed:held", "messages:b", "carcel:dead_letters", "ttt:ledger:main")
			for _, key := range keys {
				arrange(t, s, c)
				c.Del(ctx, key)
				wrong := func() { c.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"wrong", "type"}}) }
				if strings.HasPrefix(key, "ttt:") {
					wrong = func() { c.RPush(ctx, key, "wrong") }
				}
				wrong()
				before := dump(t, c)
				err := act(s)
				if err == nil {
					continue // the act has nothing to do with that key
				}
				if !errors.Is(err, store.ErrWrongType) && !errors.Is(err, swarm.ErrNoTask) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s with %s: %v", name, key, err)
				}
				if after := dump(t, c); after != before {
					t.Errorf("%s with %s changed\n%s\ninto\n%s", name, key, before, after)
				}
			}
		}
	})
}

func TestAUserWhoMayNotRunAllOfAnActDoesNoneOfIt(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	root, c := open(t, server.URL())
	url := strings.Replace(server.URL(), "redis://", "redis://far:pw@", 1)
	commands := []string{"hset", "hget", "hdel", "hincrby", "zadd", "zrem", "zrange", "zscore", "set", "del", "expire", "persist", "sadd", "srem", "rpush", "xadd", "rename", "ltrim", "exists", "publish"}
	refused := 0
	for _, command := range commands {
		for name, act := range acts {
			arrange(t, root, c)
			c.Do(ctx, "ACL", "SETUSER", "far", "reset", "on", ">pw", "~*", "&*", "+@all", "-"+command)
			far, err := store.Open(url, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			before := dump(t, c)
			err = act(swarm.New(far))
			if err != nil {
				refused++
				if !errors.Is(err, store.ErrAuth) {
					t.Errorf("%s without %s: %v", name, command, err)
				}
				if after := dump(t, c); after != before {
					t.Errorf("%s without %s changed\n%s\ninto\n%s", name, command, before, after)
				}
			}
			_ = far.Close()
		}
	}
	if refused < 30 {
		t.Errorf("only %d acts were refused", refused)
	}
}

// A worker whose connection breaks anywhere in its cycle repeats what it did
// not hear the answer of: no task is lost, and none is completed twice.
func TestAWorkerWhoseAnswersAreLostDoesNoTaskTwice(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	direct, c := open(t, server.URL())
	proxy := testredis.NewProxy(t, server.Addr())
	proxy.CutAtRandom(0.05, 7)
	far, _ := open(t, proxy.URL())
	const tasks = 200
	until := func(do func() error) error {
		for {
			if err := do(); !errors.Is(err, store.ErrUnreachable) {
				return err
			}
		}
	}
	for i := range tasks {
		id := fmt.Sprint("t", i)
		err := until(func() error { _, err := far.Post(ctx, swarm.Task{ID: id, Queue: "q"}); return err })
		if err != nil && !errors.Is(err, swarm.ErrTaskID) { // the first try landed
			t.Fatal(err)
		}
	}
	completed := 0
	deadline, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for deadline.Err() == nil && c.ZCard(ctx, "tasks:queue:q").Val()+c.ZCard(ctx, "ifp:leased:q").Val() > 0 {
		l, err := far.Claim(ctx, "q", "a", 100*time.Millisecond) // one whose answer is lost comes back
		if err != nil {
			continue
		}
		switch err := until(func() error { return far.Complete(ctx, l, "{}", 0) }); {
		case err == nil:
			completed++
		case !errors.Is(err, swarm.ErrNotHolder) && !errors.Is(err, swarm.ErrDone):
			t.Error(err)
		}
	}
	if n := len(everything(t, direct.CompletedTasks)); n != tasks || completed != tasks || proxy.Cuts() < 10 {
		t.Errorf("%d of %d done, %d counted, %d cuts", n, tasks, completed, proxy.Cuts())
	}
}

func TestAPostWhoseAnswerWasLostCanBeRepeated(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	proxy := testredis.NewProxy(t, server.Addr())
	far, _ := open(t, proxy.URL())
	post(t, far, swarm.Task{ID: "first", Queue: "q"}) // so that the script is known
	proxy.LoseReplies(1, "evalsha")
	tasks := []swarm.Task{{Queue: "q"}, {Queue: "q"}}
	posted, err := far.PostMany(ctx, tasks)
	if !errors.Is(err, store.ErrUnreachable) || len(posted) != 2 || posted[0].ID == "" || proxy.Cuts() != 1 {
		t.Fatalf("%+v, %v", posted, err)
	}
	for i := range tasks {
		tasks[i].ID = posted[i].ID
	}
	again, err := far.PostMany(ctx, tasks)
	if err != nil || !errors.Is(again[0].Err, swarm.ErrTaskID) || !errors.Is(again[1].Err, swarm.ErrTaskID) {
		t.Errorf("%+v, %v", again, err)
	}
	if n := testredis.Connect(t, server.URL()).ZCard(ctx, "tasks:queue:q").Val(); n != 3 {
		t.Errorf("%d tasks", n)
	}
}

// Redis is killed and comes back while workers work: nothing that was answered
// is lost, and nobody completes over another.
func TestARedisThatIsRestartedInTheMiddleLosesNoTask(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	s, _ := open(t, server.URL())
	const tasks = 300
	list := make([]swarm.Task, tasks)
	for i := range list {
		list[i] = swarm.Task{ID: fmt.Sprint("t", i), Queue: "q"}
	}
	if _, err := s.PostMany(ctx, list); err != nil {
		t.Fatal(err)
	}
	deadline, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var mu sync.Mutex
	completed := map[string]int{}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(completed) }
	var workers sync.WaitGroup
	for n := range 4 {
		workers.Go(func() {
			for deadline.Err() == nil && count() < tasks {
				l, err := s.Claim(ctx, "q", fmt.Sprint("a", n), 200*time.Millisecond)
				if err != nil {
					pauseFor(10 * time.Millisecond)
					continue
				}
				for err = s.Complete(ctx, l, "{}", 0); errors.Is(err, store.ErrUnreachable) || errors.Is(err, store.ErrLoading); {
					pauseFor(10 * time.Millisecond)
					err = s.Complete(ctx, l, "{}", 0)
				}
				if err == nil {
					mu.Lock()
					completed[l.ID]++
					mu.Unlock()
				} else if !errors.Is(err, swarm.ErrNotHolder) && !errors.Is(err, swarm.ErrDone) {
					t.Error(err)
				}
			}
		})
	}
	for _, at := range []int{30, 120} {
		testredis.Eventually(t, "progress", func() bool { return count() >= at })
		server.Kill()
		server.Up()
	}
	workers.Wait()
	twice := 0
	for _, n := range completed {
		if n > 1 {
			twice++
		}
	}
	if len(completed) != tasks || twice > 0 {
		t.Errorf("%d of %d completed, %d twice", len(completed), tasks, twice)
	}
}

// pauseFor lets a server come back before it is asked again.
func pauseFor(d time.Duration) { <-time.After(d) }
