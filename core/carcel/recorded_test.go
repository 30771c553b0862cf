package carcel_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// recorded are the records that the ledger gained by an act.
func (h *house) recorded(act func() error) []redis.XMessage {
	h.t.Helper()
	last := h.raw.XRevRangeN(ctx, keyspace.Main.Ledger(), "+", "-", 1).Val()[0].ID
	if err := act(); err != nil {
		h.t.Fatal(err)
	}
	return h.raw.XRange(ctx, keyspace.Main.Ledger(), "("+last, "+").Val()
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Each act that decides leaves its records, in the step that carries it out,
// with the digest of what it is about.
func TestEveryActThatDecidesIsRecorded(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		entry := func() string { return h.raw.LIndex(ctx, keyspace.Main.DeadLetters(), -1).Val() }
		id, was := "", ""
		send := func(primitive string) func() error {
			return func() error { id = h.send(primitive, "worker_1"); return nil }
		}
		collect := func(key string, op dispatch.Reading) func() error {
			return func() error {
				_, err := dispatch.NewCollector(h.store).Collect(ctx, dispatch.Request{Key: key, Op: op, Actor: "taker", Count: 9})
				return err
			}
		}
		queued := func() string { return sha(h.raw.LIndex(ctx, "queue:q", -1).Val()) }
		held := func() string { return sha(entry()) }
		before := func() string { return sha(was) }
		none := func() string { return "" }
		for _, act := range []struct {
			name   string
			do     func() error
			events []string
			digest func() string
		}{
			{"a dispatch", send("fine"), []string{"dispatched"}, queued},
			{"a take", collect("queue:q", dispatch.LPop), []string{"collected"}, none},
			{"a dispatch that is held", send("two"), []string{"held"}, held},
			{"an approval", func() error { _, err := h.held.Approve(ctx, id, h.people["ann"], "ok"); return err }, []string{"approved"}, before},
			{"the last approval", func() error { _, err := h.held.Approve(ctx, id, h.people["bob"], "ok"); return err }, []string{"approved", "released"}, queued},
			{"a dispatch that is blocked", send("never"), []string{"blocked"}, held},
			{"an appeal", func() error { _, err := h.held.Appeal(ctx, id, "worker_1", nil, "why not"); return err }, []string{"appealed"}, before},
			{"a denial", func() error { _, err := h.held.Deny(ctx, id, h.people["cy"], "no"); return err }, []string{"denied"}, before},
			{"a discard", func() error { _, err := h.held.Discard(ctx, id, "ann", "old"); return err }, []string{"discarded"}, before},
			{"a restore", func() error { _, err := h.held.Restore(ctx, id, "ann", "not old"); return err }, []string{"restored"}, held},
			{"a second discard", func() error { _, err := h.held.Discard(ctx, id, "ann", "old"); return err }, []string{"discarded"}, before},
			{"a dispatch that is replayed", send("later"), []string{"blocked"}, held},
			{"a replay", func() error {
				h.rules.lenient.Store(true)
				h.replay(carcel.Spec{By: "ann"})
				return nil
			}, []string{"released"}, queued},
			{"a wait that ends", func() error {
				id = h.send("brief", "worker_1")
				was = entry()
				testredis.Eventually(t, "the wait is over", func() bool { n, err := h.held.Sweep(ctx); return err == nil && n == 1 })
				return nil
			}, []string{"held", "denied"}, before},
			{"a packet that dies in its queue", func() error {
				p := packet.New("tester", packet.MustValue(`{"primitive": "fine"}`))
				p.DispatchedAt, p.TTLSeconds = packet.FormatTime(time.Now().Add(-time.Hour)), 60
				_, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:dead"})
				return err
			}, []string{"dispatched"}, func() string { return sha(h.raw.LIndex(ctx, "queue:dead", 0).Val()) }},
			{"its end", collect("queue:dead", dispatch.RPop), []string{"expired"}, none},
			{"a key", func() error {
				_, err := h.ring.Revoke(ctx, h.people["bob2"].Entry.KeyID)
				return err
			}, []string{"key"}, func() string { return sha(h.raw.Get(ctx, keyspace.Keyring).Val()) }},
		} {
			was = entry()
			records := h.recorded(act.do)
			var events []string
			for _, r := range records {
				events = append(events, fmt.Sprint(r.Values["event"]))
				for _, field := range []string{"key", "operation", "actor", "ts"} {
					if r.Values[field] == nil {
						t.Errorf("%s: %v has no %s", act.name, r.Values["event"], field)
					}
				}
			}
			if !slices.Equal(events, act.events) {
				t.Fatalf("%s is recorded as %v, want %v", act.name, events, act.events)
			}
			digest, _ := records[len(records)-1].Values["packet_digest"].(string)
			if want := act.digest(); digest != want {
				t.Errorf("%s: its digest is %q, want %q", act.name, digest, want)
			}
		}
	})
}
