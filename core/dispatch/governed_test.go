package dispatch_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// approving approves everything, with whatever a test adds.
func approving(change func(*governance.Verdict)) judge {
	return func(a governance.Action) (governance.Verdict, error) {
		v := governance.Verdict{Status: governance.Approved, Reason: "fine"}
		if change != nil {
			change(&v)
		}
		return v, nil
	}
}

func TestAPacketWithoutAKeyFollowsTheRoute(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := openUnder(t, url, approving(nil))
		p := packet.New("tester", packet.MustValue(`{"primitive": "IF.Matrix.Route", "vertical": "LAB"}`))
		p.TTLSeconds = 0
		receipt := h.dispatch(p, "", "")
		if receipt.Status != dispatch.Dispatched || receipt.Key != "queue:lab" || receipt.Operation != dispatch.RPush || receipt.TTLSeconds != 77 {
			t.Errorf("receipt = %+v", receipt)
		}
		raw := h.raw.LIndex(ctx, "queue:lab", 0).Val()
		if raw == "" || raw[0] == '{' {
			t.Errorf("it is not MessagePack: %q", raw)
		}
		if again := h.dispatch(p, "", ""); !again.Repeated || again.Key != "queue:lab" {
			t.Errorf("repeated: %+v", again)
		}
		own := packet.New("tester", packet.MustValue(`{"primitive": "matrix.route", "vertical": "lab"}`))
		own.TTLSeconds = 500
		if receipt := h.dispatch(own, "", ""); receipt.TTLSeconds != 500 {
			t.Errorf("the route took the packet's own ttl away: %+v", receipt)
		}
	})
}

func TestWhatNoRouteFitsIsHeldAndNeverDropped(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := openUnder(t, url, approving(nil))
		p := packet.New("tester", packet.MustValue(`{"primitive": "odd.one", "vertical": "lab"}`))
		receipt := h.dispatch(p, "", "")
		if receipt.Status != dispatch.InCarcel || receipt.Reason != "no route for odd.one/lab" || receipt.Decision != governance.Failed {
			t.Errorf("receipt = %+v", receipt)
		}
		if n := h.raw.LLen(ctx, "carcel:dead_letters").Val(); n != 1 {
			t.Errorf("the carcel holds %d", n)
		}
		fired := h.raw.HGetAll(ctx, keyspace.Main.Fired(time.Now().Unix()/600)).Val()
		if fired["no route/odd.one/lab"] != "1" {
			t.Errorf("counted: %v", fired)
		}
		// A council that says no decides before the missing route does.
		strict := openUnder(t, url, judge(func(governance.Action) (governance.Verdict, error) {
			return governance.Verdict{Status: governance.Blocked, Reason: "No"}, nil
		}))
		if receipt := strict.dispatch(packet.New("tester", packet.MustValue(`{"primitive": "odd.one"}`)), "", ""); receipt.Reason != "No" {
			t.Errorf("receipt = %+v", receipt)
		}
	})
}

func rated(limit int) judge {
	return approving(func(v *governance.Verdict) {
		v.Rate = &governance.Rate{Vertical: "lab", Limit: limit, Window: time.Minute, Over: governance.Verdict{
			Status: governance.Blocked, Reason: "too many",
			Findings: []governance.Finding{{Guardian: "operational", Rule: "rate", Status: governance.Blocked, Reason: "too many"}},
		}}
	})
}

func TestARateHoldsAcrossAllWhoDispatch(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		const limit, senders, each = 7, 4, 6
		var mu sync.Mutex
		places := map[string]int{}
		var wg sync.WaitGroup
		for range senders {
			h := openUnder(t, url, rated(limit))
			wg.Go(func() {
				q := h.sender.Queue() // half of them through a queue, which takes them out of the batch
				for n := range each {
					p := packet.New("tester", packet.MustValue(`{"primitive": "matrix.route", "vertical": "lab"}`))
					if n%2 == 0 {
						if err := q.Add(ctx, p, dispatch.Destination{Key: "queue:q"}); err != nil {
							t.Error(err)
						}
						continue
					}
					receipt, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"})
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					places[receipt.Status]++
					mu.Unlock()
				}
				outcomes, err := q.Flush(ctx)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, o := range outcomes {
					places[o.Receipt.Status]++
				}
			})
		}
		wg.Wait()
		if places[dispatch.Dispatched] != limit || places[dispatch.InCarcel] != senders*each-limit {
			t.Errorf("places = %v, want %d dispatched", places, limit)
		}
		raw := testredis.Connect(t, url)
		if n := raw.LLen(ctx, "queue:q").Val(); n != limit {
			t.Errorf("the queue holds %d", n)
		}
		entry := raw.LIndex(ctx, "carcel:dead_letters", 0).Val()
		for _, want := range []string{`"reason": "too many"`, `"guardian": "operational"`, `"rule": "rate"`, `"decision": "blocked"`} {
			if !strings.Contains(entry, want) {
				t.Errorf("the entry lacks %s: %s", want, entry)
			}
		}
		if n := raw.ZCard(ctx, keyspace.Main.Rate("lab")).Val(); n != limit {
			t.Errorf("%d actions were counted: what the rate blocked must not count", n)
		}
	})
}

func TestARateForgetsWhatIsOlderThanItsWindow(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := openUnder(t, url, approving(func(v *governance.Verdict) {
			v.Rate = &governance.Rate{Vertical: "lab", Limit: 1, Window: 50 * time.Millisecond, Over: governance.Verdict{Status: governance.Blocked, Reason: "too many"}}
		}))
		sent := 0
		testredis.Eventually(t, "three went through, one after the other", func() bool {
			if h.dispatch(packet.New("tester", packet.MustValue(`{}`)), "queue:q", "").Status == dispatch.Dispatched {
				sent++
			}
			return sent == 3
		})
	})
}

func TestAnActionThatIsHeldForAPersonCountsTowardsTheRateToo(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := openUnder(t, url, judge(func(a governance.Action) (governance.Verdict, error) {
			v, _ := rated(1)(a)
			v.Status, v.Reason = governance.Review, "Look"
			return v, nil
		}))
		first := h.dispatch(packet.New("tester", packet.MustValue(`{}`)), "queue:q", "")
		second := h.dispatch(packet.New("tester", packet.MustValue(`{}`)), "queue:q", "")
		if first.Decision != governance.Review || second.Decision != governance.Blocked || second.Reason != "too many" {
			t.Errorf("first %+v, second %+v", first, second)
		}
		waiting := h.raw.ZRangeWithScores(ctx, keyspace.Main.Pending(), 0, -1).Val()
		if len(waiting) != 1 || waiting[0].Member != first.TrackingID {
			t.Fatalf("waiting: %v", waiting)
		}
		left := time.Until(time.UnixMilli(int64(waiting[0].Score)))
		if left < 23*time.Hour || left > 24*time.Hour {
			t.Errorf("it waits for %v", left)
		}
		entry := h.object(h.raw.LIndex(ctx, "carcel:dead_letters", 0).Val())
		if fmt.Sprintf("%v %v", entry["approvals_required"], entry["approvals_given"]) != "1 0" || entry["expires_at"] == nil {
			t.Errorf("entry = %v", entry)
		}
		record := h.decision(first.TrackingID)
		if fmt.Sprint(record["quorum"]) != "map[approvals:1 roles:[]]" || record["expires_at"] != entry["expires_at"] {
			t.Errorf("record: quorum %v, expires_at %v", record["quorum"], record["expires_at"])
		}
	})
}

func TestAWrongTypeBesideTheRateWritesNothing(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		for _, key := range []string{keyspace.Main.Rate("lab"), keyspace.Main.Pending(), "queue:q"} {
			h := openUnder(t, url, judge(func(a governance.Action) (governance.Verdict, error) {
				v, _ := rated(1)(a)
				if key == keyspace.Main.Pending() {
					v.Status, v.Reason = governance.Review, "Look"
				}
				return v, nil
			}))
			h.raw.FlushDB(ctx)
			h.make(key, "string")
			_, err := h.sender.Dispatch(ctx, packet.New("tester", packet.MustValue(`{}`)), dispatch.Destination{Key: "queue:q"})
			if err == nil {
				t.Errorf("%s: no error", key)
			}
			if keys := h.keys(); len(keys) != 1 || keys[0] != key {
				t.Errorf("%s: left behind %v (%v)", key, keys, err)
			}
		}
	})
}

func TestSecretsAreMaskedInTheRecordAndKeptInThePacket(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		for _, v := range []governance.Verdict{{Status: governance.Approved, Reason: "fine"}, {Status: governance.Blocked, Reason: "No"}} {
			h := openUnder(t, url, judge(func(governance.Action) (governance.Verdict, error) { return v, nil }))
			h.raw.FlushDB(ctx)
			p := packet.New("tester", packet.MustValue(`{"primitive": "x", "secret": "hunter2"}`))
			h.dispatch(p, "queue:q", "")
			record := h.raw.Get(ctx, keyspace.Main.Decision(p.TrackingID)).Val()
			if strings.Contains(record, "hunter2") || !strings.Contains(record, `"masked": ["payload.secret"]`) {
				t.Errorf("record = %s", record)
			}
			if ledger := h.all(keyspace.Main.Ledger()); strings.Contains(ledger, "hunter2") {
				t.Errorf("ledger = %s", ledger)
			}
			if kept := h.all("queue:q") + h.all("carcel:dead_letters"); !strings.Contains(kept, "hunter2") {
				t.Errorf("the packet lost its contents: %s", kept)
			}
		}
	})
}

func TestARateThatMakesNoSenseApprovesNothing(t *testing.T) {
	t.Parallel()
	for name, rate := range map[string]governance.Rate{
		"no window":          {Limit: 1, Over: governance.Verdict{Status: governance.Blocked}},
		"a negative limit":   {Limit: -1, Window: time.Minute, Over: governance.Verdict{Status: governance.Blocked}},
		"approves past it":   {Limit: 1, Window: time.Minute, Over: governance.Verdict{Status: governance.Approved}},
		"no verdict past it": {Limit: 1, Window: time.Minute},
	} {
		v := governance.Ask(ctx, approving(func(v *governance.Verdict) { v.Rate = &rate }), governance.Action{})
		if v.Status != governance.Failed {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := governance.Ask(ctx, judge(func(governance.Action) (governance.Verdict, error) { return governance.Verdict{}, errors.New("x") }), governance.Action{}); v.Status != governance.Failed {
		t.Errorf("%+v", v)
	}
}
