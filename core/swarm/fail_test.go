package swarm_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func long() bool { return os.Getenv("IFPACKET_LONG") != "" }

func TestATaskThatFailsRestsLongerEachTimeAndThenEndsInTheCarcel(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		id := post(t, s, swarm.Task{Queue: "q", Data: `{"n": 1}`, PostedBy: "p"})
		retry := swarm.Retry{Base: 40 * time.Millisecond}
		rests := []time.Duration{40 * time.Millisecond, 80 * time.Millisecond}
		l := claim(t, s, "q", "a", 0)
		for n, most := range rests {
			if l.Attempts != n {
				t.Errorf("claim %d knows of %d failures", n, l.Attempts)
			}
			before := c.Time(ctx).Val()
			f, err := s.Fail(ctx, l, "broke", retry)
			rest := f.Due.Sub(before)
			if err != nil || f.Dead || f.Attempts != n+1 || rest < most/2-time.Millisecond || rest > most+time.Second {
				t.Fatalf("failure %d rests %v: %+v, %v", n+1, rest, f, err)
			}
			state, err := s.TaskByID(ctx, id)
			if err != nil || state.State != swarm.Resting && state.State != swarm.Waiting || state.Attempts != n+1 || state.LastError != "broke" {
				t.Errorf("state %+v, %v", state, err)
			}
			if err := s.Complete(ctx, l, "{}", 0); !errors.Is(err, swarm.ErrNotHolder) {
				t.Errorf("what failed is completed: %v", err)
			}
			l = eventuallyClaim(t, s, "q", "a", 0)
			if now := c.Time(ctx).Val(); now.Before(f.Due) {
				t.Errorf("claimed %v before it was due", f.Due.Sub(now))
			}
		}
		f, err := s.Fail(ctx, l, "broke for good", retry)
		if err != nil || !f.Dead || f.Attempts != 3 {
			t.Fatalf("%+v, %v", f, err)
		}
		entry := fields(t, c.LIndex(ctx, "carcel:dead_letters", 0).Val())
		if entry["tracking_id"] != id || entry["decision"] != "error" || entry["attempts"] != 3.0 || entry["queue"] != "q" || entry["contents"].(map[string]any)["n"] != 1.0 {
			t.Errorf("entry %v", entry)
		}
		record := c.XRange(ctx, "ttt:ledger:main", "-", "+").Val()
		if len(record) != 1 || record[0].Values["event"] != "held" || record[0].Values["tracking_id"] != id || record[0].Values["actor"] != "a" || record[0].ID != "1-0" {
			t.Errorf("ledger %v", record)
		}
		if keys := c.Keys(ctx, "*").Val(); len(keys) != 2 {
			t.Errorf("left: %v", keys)
		}
		if _, err := s.Fail(ctx, l, "again", retry); !errors.Is(err, swarm.ErrUnknownTask) {
			t.Errorf("fail what is gone: %v", err)
		}
	})
}

func TestWhereTheLedgerTakesNoRecordNoTaskEnds(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		for _, key := range []string{"ttt:ledger:main", "carcel:dead_letters"} {
			c.FlushDB(ctx)
			id := post(t, s, swarm.Task{Queue: "q"})
			l := claim(t, s, "q", "a", 0)
			c.Set(ctx, key, "wrong", 0)
			if _, err := s.Fail(ctx, l, "x", swarm.Retry{Attempts: 1}); !errors.Is(err, store.ErrWrongType) {
				t.Errorf("%s: %v", key, err)
			}
			if c.Exists(ctx, "tasks:meta:"+id, "tasks:claimed:"+id).Val() != 2 {
				t.Errorf("%s: the task was touched", key)
			}
		}
	})
}

func TestATaskIsRequeuedFromWhereverItWaitsButNotFromUnderSomebody(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		id := post(t, s, swarm.Task{Queue: "q", Priority: 2})
		if _, err := s.Requeue(ctx, id); !errors.Is(err, swarm.ErrWaits) {
			t.Errorf("one that waits: %v", err)
		}
		l := claim(t, s, "q", "a", 0)
		if _, err := s.Requeue(ctx, id); !errors.Is(err, swarm.ErrClaimed) || !strings.Contains(err.Error(), "a holds it") {
			t.Errorf("one that is claimed: %v", err)
		}
		if _, err := s.Fail(ctx, l, "x", swarm.Retry{Base: time.Hour, Most: time.Hour}); err != nil {
			t.Fatal(err)
		}
		if delayed, total, err := s.DelayedTasks(ctx, "q", 0, 10); err != nil || total != 1 || delayed[0].ID != id || time.Until(delayed[0].Due) < 20*time.Minute {
			t.Errorf("delayed %+v, %v", delayed, err)
		}
		if _, err := s.Claim(ctx, "q", "a", 0); !errors.Is(err, swarm.ErrNoTask) {
			t.Errorf("claimed while it rests: %v", err)
		}
		if task, err := s.Requeue(ctx, id); err != nil || task.Queue != "q" || c.ZScore(ctx, "tasks:queue:q", id).Val() != -2 || c.Exists(ctx, "ifp:delayed:q").Val() != 0 {
			t.Errorf("one that rests: %v", err)
		}
		c.ZRem(ctx, "tasks:queue:q", id)
		if _, err := s.Requeue(ctx, id); err != nil {
			t.Errorf("one that is lost: %v", err)
		}
		l = claim(t, s, "q", "a", 0)
		if l.Attempts != 0 {
			t.Errorf("its failures are remembered: %d", l.Attempts)
		}
		if err := s.Complete(ctx, l, "{}", 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Requeue(ctx, id); !errors.Is(err, swarm.ErrDone) {
			t.Errorf("one that is done: %v", err)
		}
		if _, err := s.Requeue(ctx, "nobody"); !errors.Is(err, swarm.ErrUnknownTask) {
			t.Errorf("none: %v", err)
		}
	})
}

func TestATaskIsTakenBackFromWhoeverHoldsItAndNobodyElse(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		post(t, s, swarm.Task{ID: "t", Queue: "q"})
		post(t, s, swarm.Task{ID: "u", Queue: "q"})
		for range 2 {
			claim(t, s, "q", "hangs", time.Minute)
		}
		held, err := s.LeasesOf(ctx, "hangs")
		if err != nil || len(held) != 2 || held[0].Token != 1 || held[0].Queue != "q" {
			t.Fatalf("%+v, %v", held, err)
		}
		if renewed, err := s.Renew(ctx, "hangs", 0, time.Hour, held); !errors.Is(err, swarm.ErrNoAgent) {
			t.Errorf("an agent that is not registered: %+v, %v", renewed, err)
		}
		if _, err := s.Extend(ctx, held[0], time.Hour); err != nil {
			t.Errorf("what was found is extended: %v", err)
		}
		if _, err := s.TakeBack(ctx, "t", "other"); !errors.Is(err, swarm.ErrClaimed) {
			t.Errorf("from another: %v", err)
		}
		if _, err := s.TakeBack(ctx, "t", "hangs"); err != nil {
			t.Fatal(err)
		}
		if err := s.Complete(ctx, lease("t", "hangs", 1), "{}", 0); !errors.Is(err, swarm.ErrNotHolder) {
			t.Errorf("it completes what was taken from it: %v", err)
		}
		if l := claim(t, s, "q", "next", 0); l.ID != "t" || l.Token <= 1 || l.Attempts != 0 {
			t.Errorf("%+v", l)
		}
		// A bare claim, with the entry left in the queue, is taken back as well.
		c.Set(ctx, "tasks:claimed:u", `{"agent_id": "py", "claimed_at": "x"}`, time.Minute)
		c.ZAdd(ctx, "tasks:queue:q", redis.Z{Member: "u"})
		if _, err := s.TakeBack(ctx, "u", "py"); err != nil || c.Exists(ctx, "tasks:claimed:u").Val() != 0 || c.ZCard(ctx, "tasks:queue:q").Val() != 1 {
			t.Errorf("from Python: %v", err)
		}
	})
}

func TestTasksAreListedByTheirState(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		for i := range 5 {
			post(t, s, swarm.Task{ID: string(rune('a' + i)), Queue: "q", Priority: i})
		}
		if err := s.Complete(ctx, claim(t, s, "q", "w", 0), `{"r": 1}`, 0); err != nil { // e
			t.Fatal(err)
		}
		claim(t, s, "q", "w", time.Minute)                                                       // d
		c.Set(ctx, "tasks:claimed:c", `{"agent_id": "py", "claimed_at": "then"}`, 2*time.Minute) // c, by bare commands
		c.ZRem(ctx, "tasks:queue:q", "c", "b")                                                   // and b is lost
		c.ZAdd(ctx, "tasks:queue:other", redis.Z{Member: "z"})

		waiting, total, err := s.WaitingTasks(ctx, "q", 0, 10)
		if err != nil || total != 1 || len(waiting) != 1 || waiting[0].ID != "a" || waiting[0].State != swarm.Waiting {
			t.Errorf("waiting %+v, %v", waiting, err)
		}
		claimed := everything(t, s.ClaimedTasks)
		if len(claimed) != 2 || claimed["d"].Agent != "w" || claimed["d"].Token != 1 || claimed["d"].Left < 50*time.Second ||
			claimed["c"].Agent != "py" || claimed["c"].Claimed != "then" || claimed["c"].Token != 0 || claimed["c"].Left < 100*time.Second {
			t.Errorf("claimed %+v", claimed)
		}
		if done := everything(t, s.CompletedTasks); len(done) != 1 || done["e"].Result != `{"r": 1}` || done["e"].Agent != "w" || done["e"].CompletedAt == "" {
			t.Errorf("completed %+v", done)
		}
		if lost := everything(t, s.LostTasks); len(lost) != 1 || lost["b"].Queue != "q" {
			t.Errorf("lost %+v", lost)
		}
		queues, err := s.TaskQueues(ctx)
		if err != nil || len(queues) != 2 {
			t.Errorf("queues %v, %v", queues, err)
		}
	})
}

func everything(t testing.TB, read func(c context.Context, cursor uint64, n int64) ([]swarm.TaskState, uint64, error)) map[string]swarm.TaskState {
	t.Helper()
	all := map[string]swarm.TaskState{}
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		list, next, err := read(ctx, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range list {
			all[task.ID] = task
		}
		cursor = next
	}
	return all
}

func TestAWaiterWakesForATaskAndOnceASecondWithoutOne(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		w := s.Waiter("q[1]", "r")
		defer w.Close()
		testredis.Eventually(t, "it listens", func() bool { return c.PubSubNumPat(ctx).Val() >= 2 })
		began := time.Now()
		if err := w.Wait(ctx); err != nil || time.Since(began) > 900*time.Millisecond {
			t.Errorf("what was said before it listened is looked for after %v: %v", time.Since(began), err)
		}
		post(t, s, swarm.Task{Queue: "other"})
		began = time.Now()
		if err := w.Wait(ctx); err != nil || time.Since(began) < 900*time.Millisecond {
			t.Errorf("woken after %v by nothing: %v", time.Since(began), err)
		}
		fast := 0
		for range 5 {
			began := time.Now()
			go func() { _, _ = s.Post(ctx, swarm.Task{Queue: "q[1]"}) }()
			if err := w.Wait(ctx); err != nil {
				t.Fatal(err)
			}
			if time.Since(began) < 900*time.Millisecond {
				fast++
			}
		}
		if fast < 4 {
			t.Errorf("woken by %d of 5 tasks", fast)
		}
		cut, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if err := w.Wait(cut); err == nil {
			t.Error("it outlasts its context")
		}
	})
}

func TestWhateverOthersWroteIntoATaskItGoesItsWay(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		for _, junk := range []string{"", "x", "nan", "-inf", "inf", "-3", "1.5", "99999999999999999999", "{}", "\x00"} {
			c.FlushDB(ctx)
			id := post(t, s, swarm.Task{Queue: "q"})
			other := post(t, s, swarm.Task{Queue: "q"})
			c.HSet(ctx, "tasks:meta:"+id, "token", junk, "attempts", junk, "priority", junk, "last_error", junk)
			leases, err := s.ClaimMany(ctx, "q", "a", 2, 50*time.Millisecond)
			if err != nil || len(leases) != 2 {
				t.Fatalf("%q: %+v, %v", junk, leases, err)
			}
			testredis.Eventually(t, "the leases run out", func() bool { return c.Exists(ctx, "tasks:claimed:"+id, "tasks:claimed:"+other).Val() == 0 })
			l := eventuallyClaim(t, s, "q", "b", time.Minute)
			if l.ID != id {
				l = claim(t, s, "q", "b", time.Minute)
			}
			if _, err := s.Fail(ctx, l, "x", swarm.Retry{Attempts: 1 << 20, Base: time.Millisecond}); err != nil {
				t.Errorf("%q: fail: %v", junk, err)
			}
			l = eventuallyClaim(t, s, "q", "c", time.Minute)
			if l.ID != id {
				l = eventuallyClaim(t, s, "q", "c", time.Minute)
			}
			if err := s.HandBack(ctx, l); err != nil {
				t.Errorf("%q: hand back: %v", junk, err)
			}
			if again := eventuallyClaim(t, s, "q", "d", time.Minute); again.ID == id {
				if err := s.Complete(ctx, again, "{}", 0); err != nil || again.Token <= l.Token {
					t.Errorf("%q: complete %+v: %v", junk, again, err)
				}
			}
		}
	})
}
