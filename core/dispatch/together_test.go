package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestManyCallersAtOnceGetEachTheirOwnReceipt(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := openUnder(t, url, judge(func(a governance.Action) (governance.Verdict, error) {
			if a.Primitive == "held" {
				return governance.Verdict{Status: governance.Review, Reason: "look at it"}, nil
			}
			return governance.Verdict{Status: governance.Approved}, nil
		}))
		h.raw.Set(ctx, "queue:wrong", "a string", 0)
		const callers, each = 32, 12
		var all sync.WaitGroup
		for caller := range callers {
			all.Go(func() {
				for n := range each {
					p, key, op := parcel(caller*each+n), "queue:q", dispatch.RPush
					switch n % 4 {
					case 1:
						key, op = fmt.Sprintf("context:%d.%d", caller, n), dispatch.Set
					case 2:
						p.Contents = p.Contents.With("primitive", packet.StringOf("held"))
					case 3:
						key = "queue:wrong"
					}
					receipt, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: key, Operation: op})
					switch {
					case n%4 == 3:
						var e *store.Error
						if !errors.Is(err, store.ErrWrongType) || !errors.As(err, &e) || e.Key != "queue:wrong" {
							t.Errorf("to a key of another type: %+v, %v", receipt, err)
						}
					case err != nil:
						t.Errorf("packet %d: %v", n, err)
					case receipt.TrackingID != p.TrackingID || receipt.Key != key || receipt.Repeated:
						t.Errorf("the receipt is another's: %+v", receipt)
					case (receipt.Status == dispatch.InCarcel) != (n%4 == 2):
						t.Errorf("packet %d: %+v", n, receipt)
					case h.decision(p.TrackingID)["decision_id"] != receipt.DecisionID:
						t.Errorf("the record of %s is another's: %v", p.TrackingID, h.decision(p.TrackingID))
					}
				}
			})
		}
		all.Wait()
		if n := h.raw.LLen(ctx, "queue:q").Val(); n != callers*each/4 {
			t.Errorf("%d packets in the queue, want %d", n, callers*each/4)
		}
		if n := h.raw.LLen(ctx, "carcel:dead_letters").Val(); n != callers*each/4 {
			t.Errorf("%d packets are held, want %d", n, callers*each/4)
		}
		seen := map[any]bool{}
		for i, r := range h.ledger() {
			if r.ID != fmt.Sprintf("%d-0", i+1) {
				t.Fatalf("record %d stands at %s", i+1, r.ID)
			}
			seen[r.Values["tracking_id"]] = true
		}
		if len(seen) != callers*each*3/4 {
			t.Errorf("the ledger knows %d packets, want %d", len(seen), callers*each*3/4)
		}
	})
}

func TestOnePacketSentByManyAtOnceLandsOnce(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	for round := range 20 {
		p := parcel(round)
		var all sync.WaitGroup
		var mu sync.Mutex
		first := 0
		for range 16 {
			all.Go(func() {
				receipt, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"})
				if err != nil || receipt.TrackingID != p.TrackingID {
					t.Errorf("%+v, %v", receipt, err)
				}
				mu.Lock()
				defer mu.Unlock()
				if !receipt.Repeated {
					first++
				}
			})
		}
		all.Wait()
		if first != 1 {
			t.Errorf("%d callers were the first", first)
		}
	}
	wantNumbers(t, h, "queue:q", 20)
}

func TestWhoGivesUpWaitingDoesNotKeepTheOthersFromLanding(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	proxy := testredis.NewProxy(t, h.store.Target().Addrs[0])
	far := h.through(proxy)
	far.dispatch(parcel(0), "queue:q", "")
	proxy.Deafen(true) // nothing comes through: those who come now wait for each other
	var all sync.WaitGroup
	impatient, cancel := context.WithCancel(ctx)
	given := make(chan error, 24)
	for n := range 24 {
		all.Go(func() {
			with := ctx
			if n%2 == 1 {
				with = impatient
			}
			p := parcel(n + 1)
			_, err := far.sender.Dispatch(with, p, dispatch.Destination{Key: "queue:q"})
			if n%2 == 1 {
				if err != nil && (!errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), p.TrackingID)) {
					t.Errorf("who gave up: %v", err)
				}
				given <- err
				_, err = far.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"}) // as the error says
			}
			if err != nil {
				t.Errorf("packet %d: %v", n, err)
			}
		})
	}
	cancel()
	<-given
	proxy.Deafen(false)
	all.Wait()
	wantNumbers(t, h, "queue:q", 25)
}

func TestARunThatBreaksOffKeepsNobodyFromLanding(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	// Marks are out of reach for ids that begin with 8 to f.
	h.raw.Do(ctx, "ACL", "SETUSER", "default", "resetkeys", "~guardian:decision:[0-7]*", "~context:*", "~ttt:*", "~carcel:*", "~guardian:fired:*", "~guardian:rate:*", "~ifp:*")
	q := h.sender.Queue()
	want := map[string]bool{}
	for n := range 100 {
		p := parcel(n)
		want[p.TrackingID] = p.TrackingID[0] < '8'
		h.add(q, p, fmt.Sprintf("context:%d", n), dispatch.Set)
	}
	outcomes, err := q.Flush(ctx)
	if err != nil || len(outcomes) != 100 {
		t.Fatal(len(outcomes), err)
	}
	landed := 0
	for _, o := range outcomes {
		if id := o.Receipt.TrackingID; want[id] != (o.Err == nil) || o.Err != nil && !errors.Is(o.Err, store.ErrAuth) {
			t.Errorf("%s: %v", id, o.Err)
		}
		if o.Err == nil {
			landed++
		}
	}
	h.raw.Do(ctx, "ACL", "SETUSER", "default", "~*")
	if n := len(h.ledger()); n != landed || landed < 10 || landed > 90 {
		t.Errorf("%d landed, the ledger has %d records", landed, n)
	}
}

func TestARateHoldsForThoseWhoShareATrip(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := openUnder(t, url, judge(func(governance.Action) (governance.Verdict, error) {
			return governance.Verdict{Status: governance.Approved, Rate: &governance.Rate{Vertical: "lab", Limit: 10, Window: time.Minute,
				Over: governance.Verdict{Status: governance.Blocked, Reason: "too many"}}}, nil
		}))
		var all sync.WaitGroup
		var sent, held atomic.Int64
		for caller := range 32 {
			all.Go(func() {
				for n := range 4 {
					switch r, err := h.sender.Dispatch(ctx, parcel(caller*4+n), dispatch.Destination{Key: "queue:q"}); {
					case err != nil:
						t.Error(err)
					case r.Status == dispatch.Dispatched:
						sent.Add(1)
					default:
						held.Add(1)
					}
				}
			})
		}
		all.Wait()
		if sent.Load() != 10 || held.Load() != 118 {
			t.Errorf("%d were sent and %d held, where 10 are allowed", sent.Load(), held.Load())
		}
		if q, c := h.raw.LLen(ctx, "queue:q").Val(), h.raw.LLen(ctx, "carcel:dead_letters").Val(); q != 10 || c != 118 {
			t.Errorf("%d stand in the queue, %d in the carcel", q, c)
		}
	})
}

func TestOneRunExtendsATTLAndNeverShortensIt(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.raw.HSet(ctx, "plain:forever", "a", "b")
		q := h.sender.Queue()
		for n, ttl := range []int64{60, 3600, 120} {
			for i, key := range []string{"plain:new", "plain:forever"} {
				p := parcel(10*i + n)
				p.TTLSeconds = ttl
				h.add(q, p, key, dispatch.HSet)
			}
		}
		// A key is of the type of the first that comes; the others are refused.
		h.add(q, parcel(30), "plain:mixed", dispatch.SAdd)
		h.add(q, parcel(31), "plain:mixed", dispatch.Set)
		h.add(q, parcel(32), "plain:mixed", dispatch.SAdd)
		outcomes, err := q.Flush(ctx)
		if err != nil || len(outcomes) != 9 {
			t.Fatal(len(outcomes), err)
		}
		for i, o := range outcomes {
			if refused := i == 7; refused != (o.Err != nil) {
				t.Errorf("outcome %d: %v", i, o.Err)
			}
		}
		if left := h.raw.TTL(ctx, "plain:new").Val(); left != time.Hour {
			t.Errorf("a new key lives for %v, want an hour", left)
		}
		if left := h.raw.TTL(ctx, "plain:forever").Val(); left != -1 {
			t.Errorf("a key without a TTL got one of %v", left)
		}
		if n := h.raw.SCard(ctx, "plain:mixed").Val(); n != 2 {
			t.Errorf("the set has %d members", n)
		}
	})
}
