package dispatch_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// dispatchEveryWay sends a packet by each operation, one to the carcel, and a
// batch, and returns the errors.
func (h *house) dispatchEveryWay() map[string]error {
	h.t.Helper()
	ways := map[string]error{}
	for _, op := range dispatch.Operations {
		_, ways[string(op)] = h.sender.Dispatch(ctx, parcel(1), dispatch.Destination{Key: "plain:" + string(op), Operation: op})
	}
	blocked := openUnder(h.t, h.url, judge(func(governance.Action) (governance.Verdict, error) {
		return governance.Verdict{Status: governance.Blocked, Reason: "no"}, nil
	}))
	_, ways["carcel"] = blocked.sender.Dispatch(ctx, parcel(1), dispatch.Destination{Key: "queue:q"})
	q := h.sender.Queue()
	for n := range 3 {
		h.add(q, parcel(n), "queue:batch", dispatch.RPush)
		h.add(q, parcel(n), "context:batch", dispatch.Set)
	}
	outcomes, err := q.Flush(ctx)
	if err != nil || len(outcomes) != 6 || q.Len() != 0 {
		h.t.Errorf("flush: %d outcomes, %d left, %v", len(outcomes), q.Len(), err)
	}
	for i, o := range outcomes {
		ways[fmt.Sprint("batch ", i)] = o.Err
	}
	return ways
}

func TestARefusedWriteLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		args []string
		harm func(h *house)
		want error
	}{
		{"a full server", nil, func(h *house) { h.raw.ConfigSet(ctx, "maxmemory", "1") }, store.ErrOutOfMemory},
		{"a replica", []string{"--replicaof", "127.0.0.1", "1"}, nil, store.ErrReadOnly},
		{"a master without replicas", []string{"--min-replicas-to-write", "1"}, nil, store.ErrReadOnly},
		{"a user without the ledger", nil, func(h *house) {
			h.raw.Do(ctx, "ACL", "SETUSER", "default", "resetkeys", "~queue:*", "~plain:*", "~context:*", "~guardian:*", "~ifp:*", "~carcel:*")
		}, store.ErrAuth},
		{"a user without the ledger's command", nil, func(h *house) { h.raw.Do(ctx, "ACL", "SETUSER", "default", "-xadd") }, store.ErrAuth},
		{"a user without the mark's command", nil, func(h *house) { h.raw.Do(ctx, "ACL", "SETUSER", "default", "-set") }, store.ErrAuth},
		{"a user who cannot give keys a life", nil, func(h *house) { h.raw.Do(ctx, "ACL", "SETUSER", "default", "-expire") }, store.ErrAuth},
		{"a user without scripts", nil, func(h *house) { h.raw.Do(ctx, "ACL", "SETUSER", "default", "-@scripting") }, store.ErrAuth},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := testredis.Start(t, c.args...)
			h := open(t, server.URL())
			if c.harm != nil {
				c.harm(h)
			}
			for way, err := range h.dispatchEveryWay() {
				if !errors.Is(err, c.want) || strings.ContainsAny(err.Error(), "\n\r") {
					t.Errorf("%s: error = %v, want %v", way, err, c.want)
				}
			}
			if n := h.raw.DBSize(ctx).Val(); n != 0 {
				t.Errorf("%d keys were written: %v", n, h.keys())
			}
		})
	}
}

func TestAFullServerCanStillBeEmptied(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	q := h.sender.Queue()
	for n := range 100 {
		h.add(q, parcel(n), "queue:q", dispatch.RPush)
	}
	flush(t, q, 100)
	h.raw.ConfigSet(ctx, "maxmemory", "1")
	for _, op := range []dispatch.Reading{dispatch.LPop, dispatch.RPop} {
		if found := h.collect(dispatch.Request{Key: "queue:q", Op: op, Count: 50}); len(found.Items) != 50 {
			t.Errorf("%s: %d taken", op, len(found.Items))
		}
	}
	if n := len(h.ledger()); n != 3 {
		t.Errorf("the ledger has %d records", n)
	}
}

func TestReadOnlyModeDispatchesNothingAndTakesNothing(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	h.dispatch(parcel(1), "queue:q", "")
	before := fmt.Sprint(h.keys(), h.all("queue:q"))
	s, err := store.Open(h.url, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	collector := dispatch.NewCollector(s)
	if _, err := collector.Collect(ctx, dispatch.Request{Key: "queue:q", Op: dispatch.LPop}); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("taken: %v", err)
	}
	if found, err := collector.Collect(ctx, dispatch.Request{Key: "queue:q", Op: dispatch.LRange, Stop: -1}); err != nil || len(found.Items) != 1 {
		t.Errorf("a look: %+v, %v", found, err)
	}
	ro := &house{t: t, url: h.url, store: s, raw: h.raw, sender: dispatch.New(s, governance.Fixed(governance.Unanimous{}), packet.DefaultRegistry())}
	for _, op := range dispatch.Operations {
		if _, err := ro.sender.Dispatch(ctx, parcel(1), dispatch.Destination{Key: "plain:" + string(op), Operation: op}); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("%s: %v", op, err)
		}
	}
	q := ro.sender.Queue()
	ro.add(q, parcel(1), "queue:q", dispatch.RPush)
	ro.add(q, parcel(1), "plain", dispatch.SAdd)
	outcomes, err := q.Flush(ctx)
	if err != nil || len(outcomes) != 2 {
		t.Fatalf("flush: %v, %v", outcomes, err)
	}
	for _, o := range outcomes {
		if !errors.Is(o.Err, store.ErrReadOnly) {
			t.Errorf("batch: %v", o.Err)
		}
	}
	if after := fmt.Sprint(h.keys(), h.all("queue:q")); after != before {
		t.Errorf("was %s, is %s", before, after)
	}
}
