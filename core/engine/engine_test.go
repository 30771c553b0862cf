package engine_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, url string) *engine.Engine {
	t.Helper()
	e, err := engine.Open(engine.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// ungoverned is an engine whose council approves everything.
func ungoverned(t *testing.T, url string) *engine.Engine {
	t.Helper()
	e, err := engine.Open(engine.Config{URL: url, Council: governance.Fixed(governance.Unanimous{})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestAPacketTravelsFromDispatchToCollect(t *testing.T) {
	ctx := context.Background()
	e := open(t, testredis.Start(t).URL())
	logistics := e.Logistics()

	sent := packet.New("worker_1", packet.MustValue(`{"primitive": "matrix.route", "source": "a", "destination": "b", "n": 9007199254740993}`))
	receipt, err := logistics.Dispatch(sent).To(ctx, "queue:council")
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Status != dispatch.Dispatched || receipt.Operation != dispatch.RPush || receipt.TrackingID != sent.TrackingID {
		t.Errorf("receipt = %+v", receipt)
	}
	found, err := logistics.Collect("queue:council").Take(ctx, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Items) != 1 || found.Items[0].Invalid != nil || len(found.Items[0].Faults) > 0 {
		t.Fatalf("collected %+v", found)
	}
	if n, _ := found.Items[0].Packet.Contents.Get("n"); n.Kind() != packet.Int {
		t.Errorf("the number lost its exact value: %v", n)
	}
}

func TestTheWatcherShowsWhatIsPushedFromOutside(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	server := testredis.Start(t)
	e := open(t, server.URL())
	done := make(chan error)
	go func() { done <- e.Watcher().Run(ctx) }()
	defer func() { cancel(); <-done }()
	testredis.Eventually(t, "the link is live", func() bool { return e.Watcher().Snapshot().Link.State == watch.Live })

	client := server.Client()
	client.RPush(ctx, "queue:outside", `{"no":"packet"}`)
	testredis.Eventually(t, "the queue is seen", func() bool {
		q := e.Watcher().Snapshot().Queues
		return len(q) == 1 && q[0].Key == "queue:outside" && q[0].Depth == 1
	})
	id, err := e.Swarm().Register(ctx, swarm.Agent{Role: "haiku_worker"})
	if err != nil {
		t.Fatal(err)
	}
	testredis.Eventually(t, "the agent lives", func() bool {
		a := e.Watcher().Snapshot().Agents
		return len(a) == 1 && a[0].ID == id && a[0].State == watch.Alive && a[0].BeatTTL == swarm.HeartbeatTTL
	})
	client.Del(ctx, keyspace.Heartbeat(id))
	testredis.Eventually(t, "the agent is silent", func() bool {
		a := e.Watcher().Snapshot().Agents
		return len(a) == 1 && a[0].State == watch.Silent
	})

	server.Kill()
	testredis.Eventually(t, "the link is away", func() bool { return e.Watcher().Snapshot().Link.State == watch.Away })
	server.Up()
	e.Watcher().Retry()
	testredis.Eventually(t, "the link is live again", func() bool { return e.Watcher().Snapshot().Link.State == watch.Live })
	_, err = e.Logistics().Dispatch(packet.New("w", packet.MustValue(`{"primitive":"matrix.route","source":"a","destination":"b"}`))).To(ctx, "queue:b")
	if err != nil {
		t.Fatal(err)
	}
	testredis.Eventually(t, "the dispatch is in the activity", func() bool {
		for _, ev := range e.Watcher().Snapshot().Activity {
			if ev.What == "dispatched" && ev.Where == "queue:b" && time.Since(ev.At) < time.Minute {
				return true
			}
		}
		return false
	})
}
