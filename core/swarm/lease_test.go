package swarm_test

import (
	"errors"
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

// post posts a task and returns its id.
func post(t testing.TB, s *swarm.Coordinator, task swarm.Task) string {
	t.Helper()
	p, err := s.Post(ctx, task)
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

func claim(t testing.TB, s *swarm.Coordinator, queue, agent string, lease time.Duration) swarm.Lease {
	t.Helper()
	l, err := s.Claim(ctx, queue, agent, lease)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// eventuallyClaim claims as soon as there is something to claim.
func eventuallyClaim(t testing.TB, s *swarm.Coordinator, queue, agent string, lease time.Duration) (l swarm.Lease) {
	t.Helper()
	testredis.Eventually(t, "a task", func() bool {
		var err error
		l, err = s.Claim(ctx, queue, agent, lease)
		return err == nil
	})
	return l
}

func TestALeaseThatRanOutGoesToTheNextAndItsHolderCanDoNothingMore(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		id := post(t, s, swarm.Task{Queue: "q", Priority: 3})
		slow := claim(t, s, "q", "slow", 100*time.Millisecond)
		began := time.Now()
		next := eventuallyClaim(t, s, "q", "next", time.Minute)
		if took := time.Since(began); next.ID != id || next.Token <= slow.Token || next.Priority != 3 || next.Attempts != 1 || took > 2100*time.Millisecond {
			t.Errorf("after %v: %+v behind %+v", took, next, slow)
		}
		if err := s.Complete(ctx, slow, `{"by": "slow"}`, 0); !errors.Is(err, swarm.ErrNotHolder) {
			t.Errorf("complete: %v", err)
		}
		if _, err := s.Extend(ctx, slow, time.Minute); !errors.Is(err, swarm.ErrNotHolder) {
			t.Errorf("extend: %v", err)
		}
		if _, err := s.Fail(ctx, slow, "late", swarm.Retry{}); !errors.Is(err, swarm.ErrNotHolder) {
			t.Errorf("fail: %v", err)
		}
		if err := s.HandBack(ctx, slow); !errors.Is(err, swarm.ErrNotHolder) {
			t.Errorf("hand back: %v", err)
		}
		// Nor may one who has the same name and an older token.
		if err := s.Complete(ctx, lease(id, "next", slow.Token), "{}", 0); !errors.Is(err, swarm.ErrNotHolder) {
			t.Errorf("complete with an old token: %v", err)
		}
		if err := s.Complete(ctx, next, `{"by": "next"}`, 0); err != nil {
			t.Error(err)
		}
		if err := s.Complete(ctx, slow, `{"by": "slow"}`, 0); !errors.Is(err, swarm.ErrDone) {
			t.Errorf("complete what is done: %v", err)
		}
		if got := c.HGet(ctx, "tasks:completed:"+id, "result").Val(); got != `{"by": "next"}` {
			t.Errorf("the result is %s", got)
		}
		if keys := c.Keys(ctx, "ifp:*").Val(); len(keys) != 0 {
			t.Errorf("left: %v", keys)
		}
	})
}

func TestWorkThatIsLateCountsWhenNobodyElseWasGivenIt(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		id := post(t, s, swarm.Task{Queue: "q"})
		late := claim(t, s, "q", "late", 50*time.Millisecond)
		testredis.Eventually(t, "the lease runs out", func() bool { return c.Exists(ctx, "tasks:claimed:"+id).Val() == 0 })
		if _, err := s.Reap(ctx); err != nil { // it is back in the queue
			t.Fatal(err)
		}
		if c.ZCard(ctx, "tasks:queue:q").Val() != 1 {
			t.Fatal("it is not back")
		}
		if err := s.Complete(ctx, lease(id, "late", 0), "{}", 0); !errors.Is(err, swarm.ErrNotHolder) {
			t.Errorf("without a token nobody can tell: %v", err)
		}
		if err := s.Complete(ctx, lease(id, "other", late.Token+7), "{}", 0); !errors.Is(err, swarm.ErrNotHolder) {
			t.Errorf("with a token that was never given: %v", err)
		}
		if err := s.Complete(ctx, late, "{}", 0); err != nil {
			t.Error(err)
		}
		if _, err := s.Claim(ctx, "q", "next", 0); !errors.Is(err, swarm.ErrNoTask) {
			t.Errorf("it is done twice: %v", err)
		}
	})
}

func TestALeaseIsExtendedByItsHolderAndByHeartbeats(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		if _, err := s.Register(ctx, swarm.Agent{ID: "a", Role: "r"}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			post(t, s, swarm.Task{Queue: "q"})
		}
		before0 := c.Time(ctx).Val()
		leases, err := s.ClaimMany(ctx, "q", "a", 10, 5*time.Second)
		if err != nil || len(leases) != 3 {
			t.Fatal(leases, err)
		}
		// By Redis' clock alone: those of the machines may differ by hours.
		if until := leases[0].Until; until.Before(before0.Add(5*time.Second-time.Millisecond)) || until.After(c.Time(ctx).Val().Add(5*time.Second)) {
			t.Errorf("claimed at %v until %v", before0, until)
		}
		before := fields(t, c.Get(ctx, "tasks:claimed:"+leases[0].ID).Val())
		l, err := s.Extend(ctx, leases[0], time.Minute)
		after := fields(t, c.Get(ctx, "tasks:claimed:"+l.ID).Val())
		if err != nil || l.Until.Sub(leases[0].Until) < 50*time.Second || l.Token != leases[0].Token || c.PTTL(ctx, "tasks:claimed:"+l.ID).Val() < 50*time.Second {
			t.Errorf("%+v, %v", l, err)
		}
		if after["lease_until"] != float64(l.Until.UnixMilli()) || after["claimed_at"] != before["claimed_at"] || after["token"] != before["token"] || len(after) != 4 {
			t.Errorf("claim: %v", after)
		}
		// One of the three goes to another meanwhile.
		c.Set(ctx, "tasks:claimed:"+leases[1].ID, `{"agent_id": "thief", "claimed_at": "x"}`, time.Minute)
		held, err := s.Renew(ctx, "a", time.Minute, 2*time.Minute, leases)
		if err != nil || len(held) != 2 || held[0].ID != leases[0].ID || held[1].ID != leases[2].ID || held[0].Span != 2*time.Minute {
			t.Errorf("held %+v, %v", held, err)
		}
		if c.PTTL(ctx, "tasks:claimed:"+leases[2].ID).Val() < 100*time.Second || c.TTL(ctx, "agents:a:heartbeat").Val() > time.Minute {
			t.Error("the lease or the heartbeat is not as it was asked for")
		}
		if _, err := s.Renew(ctx, "nobody", 0, 0, nil); !errors.Is(err, swarm.ErrNoAgent) {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestATaskThatKillsItsWorkersEndsInTheCarcelAllTheSame(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		id := post(t, s, swarm.Task{Queue: "q"})
		retry := swarm.Retry{Attempts: 3}
		var l swarm.Lease
		for n := range retry.Attempts + 1 {
			l = eventuallyClaim(t, s, "q", "a", 30*time.Millisecond)
			if l.Attempts != n {
				t.Fatalf("claim %d knows of %d failures", n, l.Attempts)
			}
		}
		if f, err := s.Fail(ctx, l, "it was never heard of again", retry); err != nil || !f.Dead || c.Exists(ctx, "tasks:meta:"+id).Val() != 0 {
			t.Errorf("%+v, %v", f, err)
		}
	})
}

func TestATaskHandedBackIsClaimedAtOnce(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		post(t, s, swarm.Task{Queue: "q"})
		first := claim(t, s, "q", "a", 0)
		if err := s.HandBack(ctx, first); err != nil {
			t.Fatal(err)
		}
		second := claim(t, s, "q", "b", 0)
		if second.ID != first.ID || second.Token <= first.Token || second.Attempts != 0 {
			t.Errorf("%+v", second)
		}
		if err := s.Complete(ctx, first, "{}", 0); !errors.Is(err, swarm.ErrNotHolder) {
			t.Errorf("who handed it back completes it: %v", err)
		}
	})
}

func TestManyTasksArePostedClaimedAndCompletedAtOnce(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		tasks := make([]swarm.Task, 300)
		for i := range tasks {
			tasks[i] = swarm.Task{Queue: fmt.Sprint("q", i%2), Priority: i % 7, Type: "t"}
		}
		tasks[7].ID, tasks[9].ID = "twice", "twice"
		heard := listen(t, c)
		posted, err := s.PostMany(ctx, tasks)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range posted {
			if bad := errors.Is(p.Err, swarm.ErrTaskID); bad != (i == 9) || p.Err != nil && !bad {
				t.Errorf("task %d: %+v", i, p)
			}
		}
		if said := heard(299); !strings.Contains(said[298], posted[299].ID) {
			t.Errorf("heard last: %s", said[298])
		}
		if _, err := s.PostMany(ctx, make([]swarm.Task, 1001)); err == nil {
			t.Error("too many were taken")
		}
		var seen []string
		for {
			leases, err := s.ClaimMany(ctx, "q1", "a", 40, time.Minute)
			if errors.Is(err, swarm.ErrNoTask) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.IsSortedFunc(leases, func(a, b swarm.Lease) int { return b.Priority - a.Priority }) {
				t.Error("not the most urgent first")
			}
			results := make([]string, len(leases))
			for i, l := range leases {
				seen = append(seen, l.ID)
				results[i] = fmt.Sprintf(`{"n": %d}`, i)
			}
			leases[0].Token += 5
			outcomes, err := s.CompleteMany(ctx, "a", leases, results, time.Minute)
			if err != nil || len(outcomes) != len(leases) || !errors.Is(outcomes[0], swarm.ErrNotHolder) {
				t.Fatal(outcomes, err)
			}
			for _, err := range outcomes[1:] {
				if err != nil {
					t.Error(err)
				}
			}
		}
		slices.Sort(seen)
		if n := len(seen); n != 149 || len(slices.Compact(seen)) != n {
			t.Errorf("claimed %d", n)
		}
	})
}

func TestAPythonClaimLeftInTheQueueIsPassedHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		pipe := c.Pipeline()
		for i := range 300 {
			id := fmt.Sprint("stuck_", i)
			pipe.HSet(ctx, "tasks:meta:"+id, "task_id", id, "queue", "q")
			pipe.ZAdd(ctx, "tasks:queue:q", redis.Z{Score: -9, Member: id})
			pipe.Set(ctx, "tasks:claimed:"+id, `{"agent_id": "py", "claimed_at": "x"}`, time.Minute)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
		id := post(t, s, swarm.Task{Queue: "q"})
		if l := claim(t, s, "q", "a", 0); l.ID != id {
			t.Errorf("claimed %s", l.ID)
		}
	})
}

// TestNoneIsClaimedTwice is the promise of claims at full length; with
// IFPACKET_LONG it is a million tasks.
func TestNoneIsClaimedTwice(t *testing.T) {
	tasks := 20_000
	if long() {
		tasks = 1_000_000
	}
	server := testredis.Start(t)
	s, c := open(t, server.URL())
	for left := tasks; left > 0; left -= 1000 {
		lot := make([]swarm.Task, min(1000, left))
		for i := range lot {
			lot[i] = swarm.Task{Queue: "q", Priority: i % 5}
		}
		if _, err := s.PostMany(ctx, lot); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	claimed := make(map[string]int, tasks)
	var done sync.WaitGroup
	for n := range 64 {
		done.Go(func() {
			agent := fmt.Sprint("agent_", n)
			for {
				leases, err := s.ClaimMany(ctx, "q", agent, 1+n%8*5, time.Hour)
				if errors.Is(err, swarm.ErrNoTask) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, l := range leases {
					claimed[l.ID]++
				}
				mu.Unlock()
			}
		})
	}
	done.Wait()
	twice := 0
	for _, n := range claimed {
		if n > 1 {
			twice++
		}
	}
	if len(claimed) != tasks || twice > 0 || c.ZCard(ctx, "tasks:queue:q").Val() != 0 {
		t.Errorf("%d of %d tasks claimed, %d twice", len(claimed), tasks, twice)
	}
}
