package carcel_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// through is the same house seen through a proxy.
func (h *house) through(p *testredis.Proxy) *carcel.Carcel {
	s, err := store.Open(p.URL(), store.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = s.Close() })
	return carcel.New(s, h.rules, packet.DefaultRegistry(), h.ring)
}

func TestAnActWhoseReplyIsLostHappensOnceAndIsTold(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	h := open(t, server.URL())
	proxy := testredis.NewProxy(t, server.Addr())
	far := h.through(proxy)
	id := h.send("two", "worker_1")
	for i, name := range []string{"ann", "bob"} {
		proxy.LoseReplies(1, "evalsha")
		done, err := far.Approve(ctx, id, h.people[name], "")
		if err != nil || done.Approvals != i+1 {
			t.Fatalf("%s: %+v, %v", name, done, err)
		}
	}
	if got := h.queued("queue:q"); len(got) != 1 {
		t.Errorf("the queue holds %v", got)
	}
	if got := strings.Join(h.events(id), " "); got != "held approved approved released" {
		t.Errorf("the ledger tells %s", got)
	}
	h.raw.RPush(ctx, "carcel:dead_letters", "no JSON")
	proxy.LoseReplies(1, "evalsha")
	if _, err := far.Discard(ctx, h.inCarcel()[0].ID(), "ann", ""); err != nil {
		t.Error(err)
	}
	if bin, err := h.held.Bin(ctx); err != nil || len(bin) != 1 {
		t.Errorf("%v, %v", bin, err)
	}
}

func TestARunOverAConnectionThatKeepsBreakingReleasesEachPacketOnce(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	h := open(t, server.URL())
	proxy := testredis.NewProxy(t, server.Addr())
	ids := h.hold(150)
	h.rules.lenient.Store(true)
	plan, err := h.held.Plan(ctx, carcel.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := h.held.Begin(ctx, plan)
	if err != nil {
		t.Fatal(err)
	}
	proxy.CutAtRandom(0.02, 7)
	far := h.through(proxy)
	testredis.Eventually(t, "the run is through", func() bool {
		done, err := far.Work(ctx, run.ID, nil)
		if err != nil && !errors.Is(err, store.ErrUnreachable) && !errors.As(err, new(*carcel.ErrOwned)) {
			t.Fatal(err)
		}
		return err == nil && done.State == carcel.RunDone || errors.As(err, new(*carcel.ErrEnded))
	})
	got := h.queued("queue:q")
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("the queue holds %d packets, want %d", len(got), len(ids))
	}
	if done, err := h.held.Run(ctx, run.ID); err != nil || done.Released != 150 {
		t.Errorf("%+v, %v", done, err)
	}
	if proxy.Cuts() == 0 {
		t.Error("the connection never broke")
	}
}
