package watch_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) {
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

// quick makes a watcher do in milliseconds what it does in seconds.
var quick = watch.Options{Flush: 5 * time.Millisecond, Beat: 20 * time.Millisecond, Poll: 50 * time.Millisecond, Backoff: 50 * time.Millisecond}

// eye is a watcher that runs until the test ends.
type eye struct {
	*watch.Watcher
	t testing.TB
}

func follow(t testing.TB, url string, o watch.Options) *eye {
	return followAs(t, url, o, store.Options{})
}

func followAs(t testing.TB, url string, o watch.Options, so store.Options) *eye {
	t.Helper()
	s, err := store.Open(url, so)
	if err != nil {
		t.Fatal(err)
	}
	w := watch.New(s, o)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != context.Canceled {
			t.Errorf("Run ended with %v", err)
		}
		_ = s.Close()
	})
	return &eye{w, t}
}

// until waits for a picture of which something holds.
func (e *eye) until(what string, holds func(s *watch.Snapshot) bool) *watch.Snapshot {
	e.t.Helper()
	var s *watch.Snapshot
	testredis.Eventually(e.t, what, func() bool {
		s = e.Snapshot()
		return holds(s)
	})
	return s
}

func (e *eye) untilState(state watch.LinkState) *watch.Snapshot {
	e.t.Helper()
	return e.until("the link is "+state.String(), func(s *watch.Snapshot) bool { return s.Link.State == state })
}

// watching follows a server of its own and waits until it is live.
func watching(t testing.TB, o watch.Options) (*eye, *redis.Client, *testredis.Server) {
	t.Helper()
	server := testredis.Start(t)
	e := follow(t, server.URL(), o)
	e.untilState(watch.Live)
	return e, server.Client(), server
}

func queue(s *watch.Snapshot, key string) (q watch.Queue) {
	for _, q := range s.Queues {
		if q.Key == key {
			return q
		}
	}
	return watch.Queue{Depth: -1}
}

func agent(s *watch.Snapshot, id string) (a watch.Agent, there bool) {
	for _, a := range s.Agents {
		if a.ID == id {
			return a, true
		}
	}
	return a, false
}

func fault(s *watch.Snapshot, kind watch.FaultKind, key string) bool {
	for _, f := range s.Faults {
		if f.Kind == kind && f.Key == key {
			return true
		}
	}
	return false
}

func said(s *watch.Snapshot, what string) (e watch.Event, there bool) {
	for _, e := range s.Activity {
		if e.What == what {
			return e, true
		}
	}
	return e, false
}

func packed(n int) string {
	p := packet.New("tester", packet.MustValue(fmt.Sprintf(`{"primitive": "matrix.route", "n": %d}`, n)))
	p.SchemaVersion = packet.Schema10
	return string(packet.AppendJSON(nil, p))
}

func beat(at time.Time) string { return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000) }
