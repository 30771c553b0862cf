package carcel_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// began begins a run of all entries.
func (h *house) began(s carcel.Spec) carcel.Run {
	h.t.Helper()
	h.rules.lenient.Store(true)
	plan, err := h.held.Plan(ctx, s)
	if err != nil {
		h.t.Fatal(err)
	}
	run, err := h.held.Begin(ctx, plan)
	if err != nil {
		h.t.Fatal(err)
	}
	return run
}

// putBack is a consumer that cannot stomach what it gets, and whose clock is
// hours behind, until it is told to stop.
func (h *house) putBack() (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			raw, err := h.raw.LPop(ctx, "queue:q").Result()
			if err != nil {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			p, _ := packet.Decode([]byte(raw))
			h.raw.RPush(ctx, "carcel:dead_letters", fmt.Sprintf(
				`{"tracking_id": %q, "reason": "no such pid", "decision": "blocked", "timestamp": "2025-01-01T00:00:00", "contents": {"primitive": "never"}}`, p.TrackingID))
		}
	})
	return func() { close(done); wg.Wait() }
}

func TestASlowRunNoticesInTimeThatPacketsComeBack(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	h := open(t, server.URL())
	h.hold(45)
	run := h.began(carcel.Spec{Rate: 12})
	stop := h.putBack()
	done, err := h.held.Work(ctx, run.ID, nil)
	stop()
	if err != nil || done.State != carcel.RunPaused || done.Released > 30 {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestARunThatWaitsForItsRateIsKeptAndCanBeCalledOff(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	h := open(t, server.URL())
	h.hold(3)
	run := h.began(carcel.Spec{Rate: 0.1})
	over := make(chan carcel.Run, 1)
	go func() {
		done, err := h.held.Work(ctx, run.ID, nil)
		if err != nil {
			t.Error(err)
		}
		over <- done
	}()
	time.Sleep(2500 * time.Millisecond)
	until, _ := h.raw.HGet(ctx, keyspace.Main.Run(run.ID), "owner_until").Int64()
	if left := until - h.raw.Time(ctx).Val().UnixMilli(); left < 3000 {
		t.Errorf("the run is kept for %d ms only", left)
	}
	if err := h.held.Cancel(ctx, run.ID, "enough"); err != nil {
		t.Fatal(err)
	}
	select {
	case done := <-over:
		if done.State != carcel.RunCancelled || done.Released != 1 {
			t.Errorf("%+v", done)
		}
	case <-time.After(3 * time.Second):
		t.Fatal("a cancelled run waits on for its rate")
	}
}

func TestAPolicyThatChangesWhileARunWaitsIsTheOneThatJudges(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.hold(2)
		run := h.began(carcel.Spec{Rate: 2})
		go func() {
			for h.raw.LLen(ctx, "queue:q").Val() == 0 {
				time.Sleep(5 * time.Millisecond)
			}
			time.Sleep(100 * time.Millisecond)
			h.rules.lenient.Store(false)
		}()
		done, err := h.held.Work(ctx, run.ID, nil)
		if err != nil || done.Released != 1 || done.Held != 1 {
			t.Errorf("%+v, %v", done, err)
		}
	})
}
