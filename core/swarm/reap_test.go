package swarm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func kinds(list []swarm.Repair) (out []string) {
	for _, r := range list {
		out = append(out, string(r.Kind)+" "+r.Subject)
	}
	slices.Sort(out)
	return out
}

// breakThings makes every fault once that a swarm can have.
func breakThings(t testing.TB, s *swarm.Coordinator, c *redis.Client) {
	t.Helper()
	register(t, s, "root", "well")
	for _, pair := range [][2]string{{"mute", "root"}, {"mute_child", "mute"}, {"live_child", "mute"}, {"stray", "root"}} {
		if _, err := s.Register(ctx, swarm.Agent{ID: pair[0], Role: "r", Parent: pair[1]}); err != nil {
			t.Fatal(err)
		}
	}
	c.HSet(ctx, "agents:stray", "parent_id", "gone")
	c.SRem(ctx, "swarm:subagents:root", "stray")
	c.SAdd(ctx, "swarm:subagents:gone2", "well")
	c.Del(ctx, "agents:mute:heartbeat", "agents:mute_child:heartbeat")
	c.SAdd(ctx, "swarm:sessions", "ghost", `{"tracking_id": "a packet"}`)
	c.RPush(ctx, "messages:nobody", "{}")
	c.HSet(ctx, "agents:nobody:context", "version", "x", "content", "y")
	c.HSet(ctx, "agents:well:context", "version", "x", "chunks", "3", "size_bytes", "9")
	c.Set(ctx, "agents:well:context:chunk:1", "x", 0)

	for _, id := range []string{"lost", "left", "done", "tomb", "resting", "fine", "python"} {
		post(t, s, swarm.Task{ID: id, Queue: "q_" + id, Priority: 4})
	}
	c.ZRem(ctx, "tasks:queue:q_lost", "lost")
	c.Set(ctx, "tasks:claimed:left", `{"agent_id": "py", "claimed_at": "x"}`, time.Minute)
	c.HSet(ctx, "tasks:completed:done", "task_id", "done", "completed_by", "py", "completed_at", "x", "result", "{}")
	l := claim(t, s, "q_tomb", "w", 0)
	if err := s.Complete(ctx, l, "{}", 0); err != nil {
		t.Fatal(err)
	}
	c.Del(ctx, "tasks:completed:tomb") // its result went first
	if _, err := s.Fail(ctx, claim(t, s, "q_resting", "w", 0), "x", swarm.Retry{Base: time.Hour, Most: time.Hour}); err != nil {
		t.Fatal(err)
	}
	c.ZRem(ctx, "tasks:queue:q_python", "python")
	c.HSet(ctx, "tasks:completed:python", "task_id", "python", "completed_by", "py", "completed_at", "then", "result", "{}")
}

var broken = []string{
	"agent orphaned live_child", "agent orphaned mute_child", "agent orphaned stray", "agent orphaned well", "agent silent ghost", "agent silent mute", "agent silent mute_child",
	"claim left in queue left", "context without agent nobody", "inbox without agent nobody", "result left in queue done", "task lost lost",
}

func mended(t testing.TB, c *redis.Client) {
	t.Helper()
	if c.ZScore(ctx, "tasks:queue:q_lost", "lost").Val() != -4 || c.ZCard(ctx, "tasks:queue:q_left").Val() != 0 || c.ZCard(ctx, "tasks:queue:q_done").Val() != 0 || c.Exists(ctx, "tasks:claimed:left").Val() != 1 {
		t.Error("tasks are not where they belong")
	}
	for _, queue := range []string{"q_tomb", "q_resting", "q_python"} {
		if c.ZCard(ctx, "tasks:queue:"+queue).Val() != 0 {
			t.Errorf("%s: what is done, or rests, is back", queue)
		}
	}
	if c.Exists(ctx, "agents:mute", "agents:mute_child").Val() != 0 || c.Exists(ctx, "agents:live_child", "agents:root", "agents:stray", "agents:well").Val() != 4 {
		t.Error("the wrong agents are gone")
	}
	for _, id := range []string{"live_child", "stray", "well"} {
		if parent := c.HGet(ctx, "agents:"+id, "parent_id").Val(); parent != "none" {
			t.Errorf("%s is below %s", id, parent)
		}
	}
	for _, key := range []string{"messages:nobody", "agents:nobody:context"} {
		if ttl := c.TTL(ctx, key).Val(); ttl < 23*time.Hour || ttl > 24*time.Hour {
			t.Errorf("%s lasts %v", key, ttl)
		}
	}
	if sessions := c.SMembers(ctx, "swarm:sessions").Val(); len(sessions) != 5 || c.Exists(ctx, "swarm:subagents:mute", "swarm:subagents:gone2").Val() != 0 {
		t.Errorf("sessions %v", sessions)
	}
}

func TestAReaperMendsEveryFaultOnceAndTellsOfEach(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		breakThings(t, s, c)
		sub := c.Subscribe(ctx, "channel:repairs")
		defer func() { _ = sub.Close() }()
		if _, err := sub.Receive(ctx); err != nil {
			t.Fatal(err)
		}
		out, err := s.Reap(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := kinds(out.Repairs)
		// mute_child was retired before it could be an orphan.
		want := slices.DeleteFunc(slices.Clone(broken), func(s string) bool { return s == "agent orphaned mute_child" })
		got = slices.DeleteFunc(got, func(s string) bool { return s == "agent orphaned mute_child" })
		if !slices.Equal(got, want) {
			t.Errorf("mended\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if seen := kinds(out.Seen); !slices.Equal(seen, []string{"context cut short well"}) {
			t.Errorf("only seen: %v", seen)
		}
		mended(t, c)
		for range out.Repairs {
			m, err := sub.ReceiveMessage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var told map[string]string
			if err := json.Unmarshal([]byte(m.Payload), &told); err != nil || told["type"] != "repaired" || told["fault"] == "" || told["subject"] == "" || told["did"] == "" || told["timestamp"] == "" {
				t.Errorf("told %s", m.Payload)
			}
		}
		again, err := s.Reap(ctx)
		if err != nil || len(again.Repairs) != 0 {
			t.Errorf("mended twice: %v, %v", kinds(again.Repairs), err)
		}
		// Python's completion is known to the task now, and outlives its result.
		c.Del(ctx, "tasks:completed:python")
		if again, err := s.Reap(ctx); err != nil || len(again.Repairs) != 0 {
			t.Errorf("what Python completed is done again: %v, %v", kinds(again.Repairs), err)
		}
		if _, err := s.Register(ctx, swarm.Agent{ID: "nobody", Role: "r"}); err != nil || c.TTL(ctx, "messages:nobody").Val() != -1 || c.TTL(ctx, "agents:nobody:context").Val() != -1 {
			t.Errorf("who came back loses its messages: %v", err)
		}
	})
}

func TestInTheBackgroundAReaperActsOnlyOnTheSecondSight(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		breakThings(t, s, c)
		background, stop := context.WithCancel(ctx)
		var mu sync.Mutex
		var passes []swarm.Reaped
		var done sync.WaitGroup
		done.Go(func() {
			s.ReapOnSecondSight(background, 20*time.Millisecond, func(r swarm.Reaped, err error) {
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				passes = append(passes, r)
			})
		})
		testredis.Eventually(t, "two passes", func() bool { mu.Lock(); defer mu.Unlock(); return len(passes) >= 3 })
		stop()
		done.Wait()
		if len(passes[0].Repairs) != 0 || len(passes[0].Seen) < len(broken) {
			t.Errorf("at first sight: %v, seen %v", kinds(passes[0].Repairs), kinds(passes[0].Seen))
		}
		if len(passes[1].Repairs) < 10 {
			t.Errorf("at second sight: %v", kinds(passes[1].Repairs))
		}
		mended(t, c)
	})
}

func TestAReaperLeavesAloneWhatAnActIsUnderWayWith(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s, c := open(t, server.URL())
	const tasks = 2000
	reaping, stop := context.WithCancel(ctx)
	var repairs []swarm.Repair
	var background sync.WaitGroup
	background.Go(func() {
		s.ReapOnSecondSight(reaping, time.Millisecond, func(r swarm.Reaped, err error) {
			if err != nil {
				t.Error(err)
			}
			repairs = append(repairs, r.Repairs...)
		})
	})
	var mu sync.Mutex
	counts := map[string]int{}
	var work sync.WaitGroup
	work.Go(func() {
		for i := range tasks {
			post(t, s, swarm.Task{ID: fmt.Sprint("t", i), Queue: "q"})
		}
	})
	for n := range 6 {
		work.Go(func() {
			agent := fmt.Sprint("a", n)
			for {
				mu.Lock()
				all := len(counts) == tasks
				mu.Unlock()
				if all {
					return
				}
				id := ""
				if n%2 == 0 {
					l, err := s.Claim(ctx, "q", agent, time.Minute)
					if err != nil {
						continue
					}
					id = l.ID
					if err := s.Complete(ctx, l, "{}", 0); err != nil {
						t.Error(err)
					}
				} else {
					// By bare commands, and with a look whether it was still there:
					// else what was completed between the first two is done again.
					head := c.ZRange(ctx, "tasks:queue:q", 0, 0).Val()
					if len(head) == 0 || !c.SetNX(ctx, "tasks:claimed:"+head[0], `{"agent_id": "py", "claimed_at": "x"}`, time.Minute).Val() {
						continue
					}
					if id = head[0]; c.ZRem(ctx, "tasks:queue:q", id).Val() == 0 {
						c.Del(ctx, "tasks:claimed:"+id)
						continue
					}
					c.HSet(ctx, "tasks:completed:"+id, "task_id", id, "completed_by", agent, "completed_at", "x", "result", "{}")
					c.Del(ctx, "tasks:claimed:"+id)
				}
				mu.Lock()
				counts[id]++
				mu.Unlock()
			}
		})
	}
	work.Wait()
	stop()
	background.Wait()
	twice := 0
	for _, n := range counts {
		if n > 1 {
			twice++
		}
	}
	if twice > 0 || len(counts) != tasks {
		t.Errorf("%d tasks done, %d of them twice; repairs: %v", len(counts), twice, kinds(repairs))
	}
}

func TestOfVeryManyTasksTheBackgroundLooksAtSomeAfterOthers(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s, c := open(t, server.URL())
	for lot := range 45 {
		pipe := c.Pipeline()
		for i := range 1000 {
			pipe.HSet(ctx, fmt.Sprintf("tasks:meta:t%d_%d", lot, i), "queue", "q", "completed_at", "x")
		}
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 50 {
		c.HSet(ctx, fmt.Sprint("tasks:meta:lost", i), "queue", "q")
	}
	background, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	passes := 0
	done.Go(func() {
		s.ReapOnSecondSight(background, time.Millisecond, func(_ swarm.Reaped, err error) {
			passes++
			if err != nil {
				t.Error(err)
			}
		})
	})
	testredis.Eventually(t, "all are back", func() bool { return c.ZCard(ctx, "tasks:queue:q").Val() == 50 })
	stop()
	done.Wait()
	if passes < 3 {
		t.Errorf("in %d passes", passes)
	}
}
