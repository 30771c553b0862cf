package dispatch_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) {
	store.QuietLibrary()
	_ = flag.Set("rapid.checks", "25") // -rapid.checks=1000 makes a long run
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

// house is one Redis with everything that sends to it and takes from it.
type house struct {
	t         testing.TB
	url       string
	store     *store.Store
	sender    *dispatch.Dispatcher
	collector *dispatch.Collector
	raw       *redis.Client // for arranging and inspecting
}

func open(t testing.TB, url string) *house {
	return openUnder(t, url, governance.Fixed(governance.Unanimous{}))
}

// openUnder opens a house that a council watches over.
func openUnder(t testing.TB, url string, c governance.Council) *house {
	t.Helper()
	s, err := store.Open(url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &house{
		t: t, url: url, store: s,
		sender:    dispatch.New(s, c, packet.DefaultRegistry()),
		collector: dispatch.NewCollector(s),
		raw:       testredis.Connect(t, url),
	}
}

// through is the same house seen through a proxy.
func (h *house) through(p *testredis.Proxy) *house {
	far := open(h.t, p.URL())
	far.raw = h.raw
	return far
}

func (h *house) dispatch(p packet.Packet, key string, op dispatch.Operation) dispatch.Receipt {
	h.t.Helper()
	receipt, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: key, Operation: op})
	if err != nil {
		h.t.Fatalf("dispatch to %s: %v", key, err)
	}
	return receipt
}

func (h *house) collect(r dispatch.Request) dispatch.Collected {
	h.t.Helper()
	found, err := h.collector.Collect(ctx, r)
	if err != nil {
		h.t.Fatalf("collect %s %s: %v", r.Op, r.Key, err)
	}
	return found
}

// add puts a packet into a queue and fails the test when it is refused.
func (h *house) add(q *dispatch.Queue, p packet.Packet, key string, op dispatch.Operation) {
	h.t.Helper()
	if err := q.Add(ctx, p, dispatch.Destination{Key: key, Operation: op}); err != nil {
		h.t.Fatal(err)
	}
}

// ledger returns all records.
func (h *house) ledger() []redis.XMessage {
	h.t.Helper()
	records, err := h.raw.XRange(ctx, "ttt:ledger:main", "-", "+").Result()
	if err != nil {
		h.t.Fatal(err)
	}
	return records
}

func (h *house) decision(id string) map[string]any {
	h.t.Helper()
	return h.object(h.raw.Get(ctx, "guardian:decision:"+id).Val())
}

func (h *house) object(raw string) map[string]any {
	h.t.Helper()
	v, faults, err := packet.ParseValue([]byte(raw))
	if err != nil || len(faults) > 0 {
		h.t.Fatalf("no sound JSON: %q: %v %v", raw, err, faults)
	}
	return v.ToGo().(map[string]any)
}

func (h *house) keys() []string {
	h.t.Helper()
	keys := h.raw.Keys(ctx, "*").Val()
	slices.Sort(keys)
	return keys
}

// make gives a key some value of a Redis type.
func (h *house) make(key, kind string) {
	h.t.Helper()
	var err error
	switch kind {
	case "none":
	case "string":
		err = h.raw.Set(ctx, key, "v", 0).Err()
	case "list":
		err = h.raw.RPush(ctx, key, "v").Err()
	case "hash":
		err = h.raw.HSet(ctx, key, "f", "v").Err()
	case "set":
		err = h.raw.SAdd(ctx, key, "v").Err()
	case "zset":
		err = h.raw.ZAdd(ctx, key, redis.Z{Score: 1, Member: "v"}).Err()
	case "stream":
		err = h.raw.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"f", "v"}}).Err()
	default:
		h.t.Fatalf("no such type %s", kind)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// all is a key's whole value as text, whatever its type.
func (h *house) all(key string) string {
	switch kind := h.raw.Type(ctx, key).Val(); kind {
	case "string":
		return h.raw.Get(ctx, key).Val()
	case "list":
		return fmt.Sprint(h.raw.LRange(ctx, key, 0, -1).Val())
	case "hash":
		return fmt.Sprint(h.raw.HGetAll(ctx, key).Val())
	case "set":
		members := h.raw.SMembers(ctx, key).Val()
		slices.Sort(members)
		return fmt.Sprint(members)
	case "zset":
		return fmt.Sprint(h.raw.ZRangeWithScores(ctx, key, 0, -1).Val())
	case "stream":
		return fmt.Sprint(h.raw.XRange(ctx, key, "-", "+").Val())
	default:
		return kind
	}
}

var types = []string{"string", "list", "hash", "set", "zset", "stream"}

// parcel is a small valid packet of schema 1.0 whose contents hold a number.
func parcel(n int) packet.Packet {
	p := packet.New("tester", packet.MustValue(fmt.Sprintf(`{"primitive": "matrix.route", "n": %d}`, n)))
	p.SchemaVersion = packet.Schema10
	return p
}

func number(p packet.Packet) int64 {
	v, _ := p.Contents.Get("n")
	n, _ := v.Int()
	return n
}

// aged is a packet that was dispatched some time ago.
func aged(n int, age time.Duration, ttl int64) packet.Packet {
	p := parcel(n)
	p.DispatchedAt = packet.FormatTime(time.Now().Add(-age))
	p.TTLSeconds = ttl
	return p
}

func encode(t testing.TB, p packet.Packet, f packet.Format) string {
	t.Helper()
	raw, err := packet.Encode(p, f)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// wantWrongType checks the error and its fields.
func wantWrongType(t *testing.T, err error, key, expected, found string) {
	t.Helper()
	var e *store.Error
	if !errors.Is(err, store.ErrWrongType) || !errors.As(err, &e) {
		t.Fatalf("error = %v, want a wrong type", err)
	}
	if e.Key != key || e.Expected != expected || e.Found != found {
		t.Errorf("error names key %q, expected %q, found %q; want %q, %q, %q", e.Key, e.Expected, e.Found, key, expected, found)
	}
}

// judge is a council that answers as a test says.
type judge func(a governance.Action) (governance.Verdict, error)

func (judge) Revision() string { return "test@1" }

func (j judge) InForce() governance.Rules { return j }

// Route knows the way of matrix.route alone.
func (judge) Route(primitive, vertical string) (governance.Route, bool) {
	return governance.Route{Key: "queue:" + vertical, TTL: 77, Format: "msgpack"}, primitive == "matrix.route"
}

// Mask hides the member "secret".
func (judge) Mask(v packet.Value) (packet.Value, []string) {
	if _, there := v.Get("secret"); !there {
		return v, nil
	}
	return v.With("secret", packet.StringOf("[masked]")), []string{"payload.secret"}
}

func (j judge) Judge(_ context.Context, a governance.Action) (governance.Verdict, error) { return j(a) }
