package demo

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, o Options) *World {
	t.Helper()
	w, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// visit opens an engine on the world, as a console does, and watches.
func visit(t *testing.T, w *World) *engine.Engine {
	t.Helper()
	e, err := engine.Open(engine.Config{URL: w.URL(), Council: w.Council()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- e.Watcher().Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; _ = e.Close() })
	return e
}

func eventually(t *testing.T, e *engine.Engine, what string, holds func(*watch.Snapshot) bool) {
	t.Helper()
	testredis.Eventually(t, what, func() bool { return holds(e.Watcher().Snapshot()) })
}

func TestTheFirstFrameIsAlive(t *testing.T) {
	begin := time.Now()
	w := start(t, Options{Seed: 1})
	e := visit(t, w)
	eventually(t, e, "the link is live", func(s *watch.Snapshot) bool { return s.Link.State == watch.Live })
	if took := time.Since(begin); took > 3*time.Second { // a second, and room for a busy machine
		t.Errorf("it took %v", took)
	}
	s := e.Watcher().Snapshot()
	if len(s.Agents) < 17 || len(s.Queues) < 10 || s.Carcel.Length < 6 || s.Tasks.Claimed < 10 || s.Tasks.Waiting < 20 || s.Contexts < 4 {
		t.Errorf("agents %d, queues %d, carcel %d, tasks %+v, contexts %d", len(s.Agents), len(s.Queues), s.Carcel.Length, s.Tasks, s.Contexts)
	}
	if waiting, _ := s.Carcel.Waiting(); waiting == 0 {
		t.Error("nothing waits for a person")
	}
	levels := map[int]int{}
	for _, a := range s.Agents {
		levels[a.Level]++
	}
	if levels[0] != 3 || levels[1] != 14 {
		t.Errorf("the tree has levels %v", levels)
	}
	eventually(t, e, "dispatches go on", func(s *watch.Snapshot) bool {
		for _, ev := range s.Activity {
			if ev.What == "dispatched" && ev.At.After(begin.Add(time.Second)) {
				return true
			}
		}
		return false
	})
	if n := w.failed.Load(); n > 0 {
		t.Errorf("%d acts failed, the last: %v", n, *w.last.Load())
	}
}

func TestAVisitorCanTakePart(t *testing.T) {
	w := start(t, Options{Seed: 2})
	e := visit(t, w)
	r, err := e.Dispatch(t.Context(), packet.New("visitor", packet.MustValue(`{"primitive": "context.share", "hello": "swarm"}`)), dispatch.Destination{Key: "queue:visitors"})
	if err != nil || r.Status != dispatch.Dispatched {
		t.Fatalf("%+v, %v", r, err)
	}
	eventually(t, e, "the visitor's queue shows", func(s *watch.Snapshot) bool {
		for _, q := range s.Queues {
			if q.Key == "queue:visitors" && q.Depth == 1 {
				return true
			}
		}
		return false
	})
	r, err = e.Dispatch(t.Context(), packet.New("visitor", packet.MustValue(`{"primitive": "process.kill", "pid": 1, "reason": "a test"}`)), dispatch.Destination{Key: "queue:visitors"})
	if err != nil || r.Status != dispatch.InCarcel {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestAWipedWorldComesBackToLife(t *testing.T) {
	w := start(t, Options{Seed: 3, Speed: 20})
	e := visit(t, w)
	client := testredis.Connect(t, w.URL())
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, e, "the agents are back", func(s *watch.Snapshot) bool { return len(s.Agents) >= 15 && len(s.Queues) >= 5 })
}

func TestManyHoursInAHurry(t *testing.T) {
	w := start(t, Options{Seed: 4, Speed: 40})
	e := visit(t, w)
	saw := map[string]bool{}
	eventually(t, e, "retired scouts, tasks done, a silent agent", func(s *watch.Snapshot) bool {
		saw["done"] = saw["done"] || s.Tasks.Completed > 20
		for _, a := range s.Agents {
			saw["silent"] = saw["silent"] || a.State == watch.Silent
			saw["scout"] = saw["scout"] || strings.HasPrefix(a.ID, "haiku_scout_")
		}
		return saw["done"] && saw["silent"] && saw["scout"]
	})
	if n := w.failed.Load(); n > 0 {
		t.Errorf("%d acts failed, the last: %v", n, *w.last.Load())
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	w, err := Start(t.Context(), Options{Seed: 5, Speed: 50})
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSuffix(strings.TrimPrefix(w.URL(), "redis://"), "/0")
	w.Close()
	w.Close()
	if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
		_ = c.Close()
		t.Error("its Redis still listens")
	}
}

func TestTheSwarmStandsStillWhenItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w, err := Start(ctx, Options{Seed: 6, Speed: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cancel()
	w.running.Wait()
	if err := w.engine.Ping(t.Context()); err != nil {
		t.Errorf("its Redis is gone before Close: %v", err)
	}
}

func TestAContextThatHasEndedStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w, err := Start(ctx, Options{}); err == nil {
		w.Close()
		t.Error("it started")
	}
}
