package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) {
	if os.Getenv(workerAt) != "" {
		workForEver()
	}
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

// yard is a Redis with a swarm.
type yard struct {
	t   testing.TB
	url string
	*swarm.Coordinator
	raw *redis.Client
}

func open(t testing.TB, url string) *yard {
	t.Helper()
	s, err := store.Open(url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &yard{t, url, swarm.New(s), testredis.Connect(t, url)}
}

// posts posts n tasks and gives their ids.
func (y *yard) posts(queue string, n int) (ids []string) {
	y.t.Helper()
	tasks := make([]swarm.Task, n)
	for i := range tasks {
		tasks[i] = swarm.Task{Queue: queue, Type: "test", Data: fmt.Sprintf(`{"n": %d}`, i), PostedBy: "tester"}
	}
	for len(tasks) > 0 {
		lot := tasks[:min(len(tasks), swarm.MaxPost)]
		tasks = tasks[len(lot):]
		posted, err := y.PostMany(ctx, lot)
		if err != nil {
			y.t.Fatal(err)
		}
		for _, p := range posted {
			if p.Err != nil {
				y.t.Fatal(p.Err)
			}
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// works runs a worker until stop is called, which gives what Run returned.
func (y *yard) works(h Handler, o Options) (stop func() error) {
	y.t.Helper()
	if o.Agent.Role == "" {
		o.Agent.Role = "tester"
	}
	if o.Queues == nil {
		o.Queues = []string{"q"}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- New(y.Coordinator, h, o).Run(ctx) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-ended })
		return err
	}
	y.t.Cleanup(func() { _ = stop() })
	return stop
}

func (y *yard) result(id string) string {
	return y.raw.HGet(ctx, keyspace.TaskCompleted(id), "result").Val()
}

func (y *yard) doneAll(ids []string) bool {
	for _, id := range ids {
		if y.result(id) == "" {
			return false
		}
	}
	return true
}

func TestAWorkerDoesWhatIsPostedAndLeavesTheSwarm(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		y := open(t, url)
		before := y.posts("q", 5)
		stop := y.works(Func(func(_ context.Context, j Job) (string, error) {
			return fmt.Sprintf(`{"by": %q, "was": %s}`, j.Agent, j.Data), nil
		}), Options{Parallel: 3, Agent: swarm.Agent{ID: "tester_1", Role: "tester"}})
		testredis.Eventually(t, "what waited is done", func() bool { return y.doneAll(before) })
		if got := y.result(before[2]); got != `{"by": "tester_1", "was": {"n": 2}}` {
			t.Error(got)
		}
		begin := time.Now()
		later := y.posts("q", 1)
		testredis.Eventually(t, "what comes is done", func() bool { return y.doneAll(later) })
		if took := time.Since(begin); took > 800*time.Millisecond {
			t.Errorf("it woke after %s: by a poll, and not by the word", took)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if y.raw.Exists(ctx, keyspace.Agent("tester_1"), keyspace.Heartbeat("tester_1")).Val() != 0 {
			t.Error("it is still registered")
		}
	})
}

func TestAFailedTaskIsTriedAgainAndThenHeld(t *testing.T) {
	y := open(t, testredis.Start(t).URL())
	var tries atomic.Int32
	y.works(Func(func(_ context.Context, j Job) (string, error) {
		tries.Add(1)
		if j.Attempt == 2 {
			panic("oops")
		}
		return "", errors.New("no such thing")
	}), Options{Retry: swarm.Retry{Attempts: 3, Base: 10 * time.Millisecond}})
	y.posts("q", 1)
	testredis.Eventually(t, "it is in the carcel", func() bool { return y.raw.LLen(ctx, keyspace.Main.DeadLetters()).Val() == 1 })
	if n := tries.Load(); n != 3 {
		t.Errorf("tried %d times", n)
	}
}

func TestALongTaskKeepsItsLease(t *testing.T) {
	y := open(t, testredis.Start(t).URL())
	var runs atomic.Int32
	slow := Func(func(ctx context.Context, _ Job) (string, error) {
		runs.Add(1)
		return "", waitFor(ctx, 2500*time.Millisecond)
	})
	for range 2 { // the second one waits for the lease to end
		y.works(slow, Options{Lease: time.Second})
	}
	ids := y.posts("q", 1)
	testredis.Eventually(t, "it is done", func() bool { return y.doneAll(ids) })
	if runs.Load() != 1 {
		t.Errorf("it was done %d times", runs.Load())
	}
}

func waitFor(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

func TestAWorkerWhoseLeaseWasTakenStopsAndDoesNotCompleteOverTheNewOwner(t *testing.T) {
	y := open(t, testredis.Start(t).URL())
	lost := make(chan error, 1)
	y.works(Func(func(ctx context.Context, j Job) (string, error) {
		// Somebody clears the claim away, and another one claims.
		y.raw.Del(ctx, keyspace.TaskClaimed(j.ID))
		y.raw.ZAdd(ctx, keyspace.TaskQueue("q"), redis.Z{Member: j.ID})
		if _, err := y.Claim(ctx, "q", "thief", time.Minute); err != nil {
			return "", err
		}
		<-ctx.Done()
		lost <- context.Cause(ctx)
		return `{"mine": true}`, nil
	}), Options{Lease: 600 * time.Millisecond})
	id := y.posts("q", 1)[0]
	if err := <-lost; !errors.Is(err, ErrLeaseLost) {
		t.Fatal(err)
	}
	if y.result(id) != "" {
		t.Error("it completed over the new owner")
	}
}

func TestAWorkerThatIsToldToStopFinishesOrHandsBack(t *testing.T) {
	y := open(t, testredis.Start(t).URL())
	begun := make(chan struct{}, 2)
	stop := y.works(Func(func(ctx context.Context, j Job) (string, error) {
		begun <- struct{}{}
		if j.Type == "quick" {
			return "", waitFor(context.WithoutCancel(ctx), 100*time.Millisecond)
		}
		return "", waitFor(ctx, time.Hour)
	}), Options{Parallel: 2, Grace: 300 * time.Millisecond})
	quick, err := y.Post(ctx, swarm.Task{Queue: "q", Type: "quick"})
	if err != nil {
		t.Fatal(err)
	}
	slow, err := y.Post(ctx, swarm.Task{Queue: "q", Type: "slow"})
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	<-begun
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if y.result(quick.ID) == "" {
		t.Error("the quick one was not finished")
	}
	l, err := y.Claim(ctx, "q", "other", time.Minute)
	if err != nil || l.ID != slow.ID || l.Attempts != 0 {
		t.Error("the slow one was not handed back: ", l, err)
	}
}

func TestAWorkerOutlivesItsRedis(t *testing.T) {
	server := testredis.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	y := open(t, server.URL())
	y.works(Func(func(ctx context.Context, _ Job) (string, error) { return "", waitFor(ctx, 5*time.Millisecond) }), Options{Parallel: 4, Lease: 3 * time.Second})
	ids := y.posts("q", 200)
	testredis.Eventually(t, "some are done", func() bool { return y.doneAll(ids[:20]) })
	server.Kill()
	server.Up()
	testredis.Eventually(t, "all are done", func() bool { return y.doneAll(ids) })
}

const workerAt = "IFPACKET_TEST_WORKER"

// workForEver is another process, which works until it is killed.
func workForEver() {
	url, dir, _ := strings.Cut(os.Getenv(workerAt), " ")
	s, err := store.Open(url, store.Options{})
	if err != nil {
		panic(err)
	}
	h := Func(func(_ context.Context, j Job) (string, error) {
		f, err := os.OpenFile(filepath.Join(dir, j.ID), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return "", err
		}
		_, err = f.WriteString("x")
		return strconv.Quote(j.ID), errors.Join(err, f.Close())
	})
	_ = New(swarm.New(s), h, Options{
		Agent: swarm.Agent{Role: "victim", BeatTTL: 2 * time.Second}, Queues: []string{"q"}, Parallel: 4, Lease: time.Second,
	}).Run(ctx)
}

func TestATaskThatKillsItsWorkersEndsInTheCarcel(t *testing.T) {
	y := open(t, testredis.Start(t).URL())
	y.posts("q", 1)
	for range 2 { // somebody takes it and is never heard of again
		testredis.Eventually(t, "it can be claimed", func() bool {
			_, err := y.Claim(ctx, "q", "victim", 20*time.Millisecond)
			return err == nil
		})
	}
	var runs atomic.Int32
	y.works(Func(func(context.Context, Job) (string, error) { runs.Add(1); return "", nil }), Options{Retry: swarm.Retry{Attempts: 2}})
	testredis.Eventually(t, "it is in the carcel", func() bool { return y.raw.LLen(ctx, keyspace.Main.DeadLetters()).Val() == 1 })
	if runs.Load() > 0 {
		t.Error("it was tried again")
	}
}
