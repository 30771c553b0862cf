package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestATaskComesBackFromWhereverItEnded(t *testing.T) {
	ctx := context.Background()
	server := testredis.Start(t)
	e, c := open(t, server.URL()), server.Client()
	s := e.Swarm()
	// The default policy wants a route's source and destination named.
	held, err := s.Post(ctx, swarm.Task{Queue: "q", Data: `{"primitive": "matrix.route"}`, PostedBy: "p"})
	if err != nil || !held.Held || c.ZCard(ctx, "tasks:queue:q").Val() != 0 {
		t.Fatalf("%+v, %v", held, err)
	}
	p, err := s.Post(ctx, swarm.Task{Queue: "q", Data: `{"n": 1}`, PostedBy: "p"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		l, err := s.Claim(ctx, "q", "a", time.Minute)
		if err != nil || l.ID != p.ID || l.Data != `{"n": 1}` {
			t.Fatalf("%+v, %v", l, err)
		}
		if f, err := s.Fail(ctx, l, "broke", swarm.Retry{Attempts: 1}); err != nil || !f.Dead {
			t.Fatalf("%+v, %v", f, err)
		}
		if err := e.RequeueTask(ctx, p.ID, "ann", "mended"); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.RequeueTask(ctx, p.ID, "ann", ""); !errors.Is(err, swarm.ErrWaits) {
		t.Errorf("one that waits: %v", err)
	}
	if err := e.RequeueTask(ctx, "nobody", "ann", ""); !errors.Is(err, swarm.ErrUnknownTask) {
		t.Errorf("none: %v", err)
	}
	if err := e.RequeueTask(ctx, held.TrackingID, "ann", ""); !errors.Is(err, engine.ErrStays) {
		t.Errorf("one that the policy blocks: %v", err)
	}
}

func TestTheReconcilerAccusesNobodyOfATaskThatWasDone(t *testing.T) {
	ctx := context.Background()
	server := testredis.Start(t)
	e := ungoverned(t, server.URL())
	s := e.Swarm()
	for _, data := range []string{`{"primitive": "matrix.route"}`, `{"primitive": "matrix.route", "n": 1}`, `{}`} {
		if _, err := s.Post(ctx, swarm.Task{Queue: "q", Data: data, PostedBy: "p"}); err != nil {
			t.Fatal(err)
		}
	}
	l, err := s.Claim(ctx, "q", "a", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Complete(ctx, l, "{}", time.Minute); err != nil {
		t.Fatal(err)
	}
	if l, err = s.Claim(ctx, "q", "a", time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Fail(ctx, l, "x", swarm.Retry{Attempts: 1}); err != nil {
		t.Fatal(err)
	}
	census, err := e.Census(ctx)
	if err != nil || len(census.Suspects) != 0 || census.From != 1 {
		t.Errorf("%+v, %v", census, err)
	}
}
