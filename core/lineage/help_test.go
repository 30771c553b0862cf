package lineage_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/lineage"
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

// rules hold the primitive "one" until a person approves, and block "later"
// until lenient. All else is approved.
type rules struct {
	governance.Unanimous
	lenient atomic.Bool
}

func (r *rules) InForce() governance.Rules { return r }
func (r *rules) Revision() string          { return "test@1" }

func (r *rules) Judge(_ context.Context, a governance.Action) (governance.Verdict, error) {
	status := governance.Approved
	switch {
	case a.Primitive == "one":
		status = governance.Review
	case a.Primitive == "later" && !r.lenient.Load():
		status = governance.Blocked
	default:
		return governance.Verdict{Status: status, Reason: "fine"}, nil
	}
	return governance.Verdict{Status: status, Reason: "because", Findings: []governance.Finding{{Guardian: "tester", Rule: a.Primitive, Status: status}}}, nil
}

// house is one Redis, and an engine on it.
type house struct {
	*engine.Engine
	t     testing.TB
	url   string
	rules *rules
	ann   keyring.Signer
	raw   *redis.Client // for arranging, attacking and inspecting
}

// quick makes a watcher do in milliseconds what it does in seconds.
var quick = watch.Options{Flush: 5 * time.Millisecond, Beat: 20 * time.Millisecond, Poll: 50 * time.Millisecond, Backoff: 50 * time.Millisecond}

func open(t testing.TB) *house {
	t.Helper()
	return openAt(t, testredis.Start(t).URL(), engine.Config{})
}

func openAt(t testing.TB, url string, c engine.Config) *house {
	t.Helper()
	h := &house{t: t, url: url, rules: &rules{}, raw: testredis.Connect(t, url)}
	c.URL, c.Council, c.Name = url, h.rules, "tester"
	if c.Watch == (watch.Options{}) {
		c.Watch = quick
	}
	var err error
	if h.Engine, err = engine.Open(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	if _, err := h.Keyring().New(ctx, keyring.NewKey{Role: keyring.Operator, Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	if h.ann, err = h.Keyring().Signer(ctx, keyring.Operator, "ann"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Keyring().Ensure(ctx, keyring.NewKey{Role: keyring.Log, Name: "log"}); err != nil {
		t.Fatal(err)
	}
	return h
}

// parcel is a packet with a primitive.
func parcel(primitive string) packet.Packet {
	return packet.New("tester", packet.MustValue(fmt.Sprintf(`{"primitive": %q, "vertical": "lab", "n": 1}`, primitive)))
}

// send dispatches a packet to a key and returns its id.
func (h *house) send(primitive, key string) string {
	h.t.Helper()
	return h.sendPacket(parcel(primitive), key)
}

func (h *house) sendPacket(p packet.Packet, key string) string {
	h.t.Helper()
	if _, err := h.Dispatch(ctx, p, dispatch.Destination{Key: key}); err != nil {
		h.t.Fatal(err)
	}
	return p.TrackingID
}

// sendBatch dispatches n packets in one batch.
func (h *house) sendBatch(n int, key string) (ids []string) {
	h.t.Helper()
	q := h.Queue()
	for range n {
		p := parcel("work")
		ids = append(ids, p.TrackingID)
		if err := q.Add(ctx, p, dispatch.Destination{Key: key}); err != nil {
			h.t.Fatal(err)
		}
	}
	if _, err := q.Flush(ctx); err != nil {
		h.t.Fatal(err)
	}
	return ids
}

// pushed is a packet as a Python program pushes it, known to no ledger.
func (h *house) pushed(key string) string {
	h.t.Helper()
	id := packet.NewTrackingID()
	h.push(key, fmt.Sprintf(`{"origin": "py", "contents": {"primitive": "work"}, "schema_version": "1.0", "ttl_seconds": 3600, "tracking_id": %q, "dispatched_at": "2025-12-02T14:35:18.000123", "chain_of_custody": null}`, id))
	return id
}

func (h *house) push(key, value string) {
	h.t.Helper()
	if err := h.raw.RPush(ctx, key, value).Err(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) collect(key string, op dispatch.Reading) dispatch.Collected {
	h.t.Helper()
	found, err := h.Collect(ctx, dispatch.Request{Key: key, Op: op, Actor: "taker"})
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

// seal puts a checkpoint over the ledger.
func (h *house) seal() {
	h.t.Helper()
	s, err := h.Ledger().Seal(ctx)
	if err != nil || s.Trouble != nil {
		h.t.Fatal(err, s)
	}
}

// at is a value of a list.
func (h *house) at(key string, slot int64) string {
	h.t.Helper()
	raw, err := h.raw.LIndex(ctx, key, slot).Result()
	if err != nil {
		h.t.Fatal(key, err)
	}
	return raw
}

// alter writes the packet in a slot anew, altered.
func (h *house) alter(key string, slot int64, alter func(p *packet.Packet)) {
	h.t.Helper()
	r, err := packet.Read([]byte(h.at(key, slot)))
	if err != nil {
		h.t.Fatal(err)
	}
	alter(&r.Packet)
	h.raw.LSet(ctx, key, slot, packet.AppendJSON(nil, r.Packet))
}

// stripped is a packet without its seals.
func stripped(p *packet.Packet) {
	var rest []packet.Member
	for _, m := range p.ChainOfCustody.Members() {
		if m.Key != "seals" {
			rest = append(rest, m)
		}
	}
	p.ChainOfCustody = packet.ObjectOf(rest...)
}

// verify is the verdict on what stands in a slot.
func (h *house) verify(key string, slot int64) seal.Verdict {
	h.t.Helper()
	v, err := h.Verifier(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	verdict, err := v.VerifyRaw([]byte(h.at(key, slot)), key)
	if err != nil {
		h.t.Fatal(err)
	}
	return verdict
}

func (h *house) trace(asked string) lineage.Report {
	h.t.Helper()
	r, err := h.Trace(ctx, asked, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

type testContext = context.Context

// runs runs something until stop is called, and waits until it is ready.
func (h *house) runs(run func(context.Context) error, ready func() bool) (stop func()) {
	h.t.Helper()
	c, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- run(c) }()
	testredis.Eventually(h.t, "it runs", ready)
	return func() {
		cancel()
		if err := <-done; err != context.Canceled {
			h.t.Errorf("it ended with %v", err)
		}
	}
}
