package carcel_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

var ctx = context.Background()

// TestMain keeps the model's courses few, unless it is a long run.
func TestMain(m *testing.M) {
	if os.Getenv("IFPACKET_LONG") == "" {
		_ = flag.Set("rapid.checks", "40")
	}
	goleak.VerifyTestMain(m)
}

// rules judge by the primitive's name: "two" wants two persons, "one" one
// person, "brief" one person soon, "never" is blocked, "later" is blocked until
// lenient, "rated" may go limit times a minute, "both" is blocked by one guardian
// while another wants two persons. All else is approved.
type rules struct {
	governance.Unanimous
	lenient atomic.Bool
	limit   int
}

func (r *rules) InForce() governance.Rules { return r }

func (r *rules) Revision() string {
	if r.lenient.Load() {
		return "test@lenient"
	}
	return "test@strict"
}

func (r *rules) Judge(_ context.Context, a governance.Action) (governance.Verdict, error) {
	say := func(s governance.Status) (governance.Verdict, error) {
		return governance.Verdict{Status: s, Reason: a.Primitive + " is " + string(s), Findings: []governance.Finding{
			{Guardian: "tester", Rule: a.Primitive, Status: s, Reason: a.Primitive + " is " + string(s)},
		}}, nil
	}
	switch a.Primitive {
	case "two":
		return say(governance.CoSign)
	case "one":
		return say(governance.Review)
	case "brief":
		v, err := say(governance.Review)
		v.Quorum.Within = briefly
		return v, err
	case "never":
		return say(governance.Blocked)
	case "both":
		v, err := say(governance.Blocked)
		v.Findings = append(v.Findings, governance.Finding{Guardian: "second", Rule: "two persons", Status: governance.CoSign, Reason: "two persons"})
		return v, err
	case "later":
		if !r.lenient.Load() {
			return say(governance.Blocked)
		}
	case "rated":
		over, _ := say(governance.Blocked)
		v, err := say(governance.Approved)
		v.Findings = nil
		v.Rate = &governance.Rate{Vertical: a.Vertical, Limit: r.limit, Window: time.Minute, Over: over}
		return v, err
	}
	return governance.Verdict{Status: governance.Approved, Reason: "fine"}, nil
}

const briefly = 15 * time.Millisecond

// house is one Redis with everything that acts on its carcel.
type house struct {
	t      testing.TB
	url    string
	store  *store.Store
	rules  *rules
	sender *dispatch.Dispatcher
	ring   *keyring.Keyring
	held   *carcel.Carcel
	raw    *redis.Client // for arranging and inspecting
	people map[string]keyring.Signer
}

func open(t testing.TB, url string) *house {
	t.Helper()
	s, err := store.Open(url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &house{t: t, url: url, store: s, rules: &rules{limit: 3}, raw: testredis.Connect(t, url)}
	h.ring = keyring.Open(s, keyring.InMemory(), url)
	h.sender = dispatch.New(s, h.rules, packet.DefaultRegistry())
	h.held = carcel.New(s, h.rules, packet.DefaultRegistry(), h.ring)
	h.hire()
	return h
}

// hire makes three operators: ann, who acts as worker_ann too, bob with two
// keys, and cy.
func (h *house) hire() {
	h.t.Helper()
	h.people = map[string]keyring.Signer{}
	for _, k := range []keyring.NewKey{
		{Role: keyring.Operator, Name: "ann", Actors: []string{"ann", "worker_ann"}},
		{Role: keyring.Operator, Name: "bob"},
		{Role: keyring.Operator, Name: "bob2", Person: "bob"},
		{Role: keyring.Operator, Name: "cy"},
		{Role: keyring.Seal, Name: "sealer"},
	} {
		if _, err := h.ring.New(ctx, k); err != nil {
			h.t.Fatal(err)
		}
		signer, err := h.ring.Signer(ctx, k.Role, k.Name)
		if err != nil {
			h.t.Fatal(err)
		}
		h.people[k.Name] = signer
	}
}

// wipe empties Redis, ledger and keyring aside.
func (h *house) wipe() {
	for _, key := range h.raw.Keys(ctx, "*").Val() {
		if !strings.HasPrefix(key, "ttt:") {
			h.raw.Del(ctx, key)
		}
	}
}

// send dispatches a packet with a primitive to queue:q and returns its id.
func (h *house) send(primitive, actor string) string {
	h.t.Helper()
	p := packet.New("tester", packet.MustValue(fmt.Sprintf(`{"primitive": %q, "vertical": "lab", "actor": %q}`, primitive, actor)))
	if _, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"}); err != nil {
		h.t.Fatal(err)
	}
	return p.TrackingID
}

// queued are the tracking ids in a queue.
func (h *house) queued(key string) (ids []string) {
	h.t.Helper()
	for _, raw := range h.raw.LRange(ctx, key, 0, -1).Val() {
		p, err := packet.Decode([]byte(raw))
		if err != nil {
			h.t.Fatalf("%s holds no packet: %v: %s", key, err, raw)
		}
		ids = append(ids, p.TrackingID)
	}
	return ids
}

// inCarcel are the entries in the list.
func (h *house) inCarcel() (entries []carcel.Held) {
	for _, raw := range h.raw.LRange(ctx, keyspace.Main.DeadLetters(), 0, -1).Val() {
		if !carcel.Gone(raw) {
			entries = append(entries, carcel.Parse(raw))
		}
	}
	return entries
}

// replay runs a replay to its end.
func (h *house) replay(s carcel.Spec) carcel.Run {
	h.t.Helper()
	plan, err := h.held.Plan(ctx, s)
	if err != nil {
		h.t.Fatal(err)
	}
	run, err := h.held.Begin(ctx, plan)
	if err != nil {
		h.t.Fatal(err)
	}
	if run, err = h.held.Work(ctx, run.ID, nil); err != nil {
		h.t.Fatal(err)
	}
	return run
}

// record reads a decision record.
func (h *house) record(id string) governance.Recorded {
	h.t.Helper()
	rec, err := governance.ParseRecorded([]byte(h.raw.Get(ctx, keyspace.Main.Decision(id)).Val()))
	if err != nil {
		h.t.Fatal(err)
	}
	return rec
}

// events are those of the ledger that name a packet, oldest first.
func (h *house) events(id string) (events []string) {
	for _, m := range h.raw.XRange(ctx, keyspace.Main.Ledger(), "-", "+").Val() {
		if m.Values["tracking_id"] == id {
			events = append(events, fmt.Sprint(m.Values["event"]))
		}
	}
	return events
}
