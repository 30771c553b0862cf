package dispatch_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// flush sends a queue and checks that n packets landed.
func flush(t *testing.T, q *dispatch.Queue, n int) []dispatch.Outcome {
	t.Helper()
	outcomes, err := q.Flush(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != n || q.Len() != 0 {
		t.Fatalf("%d outcomes of %d, %d left", len(outcomes), n, q.Len())
	}
	for _, o := range outcomes {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	return outcomes
}

func TestABatchKeepsTheOrderOfEachKey(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		q := h.sender.Queue()
		const n = 2*dispatch.MaxBatch + 500
		for i := range n {
			h.add(q, parcel(i), fmt.Sprint("queue:", i%2), dispatch.RPush)
			if i%4 == 0 {
				h.add(q, parcel(i), "queue:head", dispatch.LPush)
			}
			if i%500 == 0 {
				h.add(q, parcel(i), "context:c", dispatch.Set)
			}
		}
		flush(t, q, n+n/4+n/500+1)
		for k := range int64(2) {
			items := h.collect(dispatch.Request{Key: fmt.Sprint("queue:", k), Op: dispatch.LRange, Stop: -1}).Items
			if len(items) != n/2 {
				t.Fatalf("queue:%d holds %d packets", k, len(items))
			}
			for i, item := range items {
				if number(item.Packet) != int64(i)*2+k {
					t.Fatalf("queue:%d has %d at place %d", k, number(item.Packet), i)
				}
			}
		}
		first := h.collect(dispatch.Request{Key: "queue:head", Op: dispatch.LIndex, Index: -1}).Items[0]
		if number(first.Packet) != 0 {
			t.Errorf("lpush: %d is at the tail", number(first.Packet))
		}
	})
}

func TestABatchHasOneMarkOneDecisionAndOneLedgerRecord(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, size := range []int{2, 3, 7, 8, 2048} {
			t.Run(fmt.Sprint(size), func(t *testing.T) {
				h.t = t
				h.raw.FlushDB(ctx)
				q := h.sender.Queue()
				var ids []string
				var stored strings.Builder
				for i := range size {
					p := parcel(i)
					p.TTLSeconds = int64(100 + i%3)
					ids = append(ids, p.TrackingID)
					stored.WriteString(strings.ReplaceAll(p.TrackingID, "-", ""))
					h.add(q, p, "queue:q", dispatch.RPush)
				}
				outcomes := flush(t, q, size)
				batch := outcomes[0].Receipt.DecisionID
				for i, o := range outcomes {
					if o.Receipt.TrackingID != ids[i] || o.Receipt.DecisionID != batch || o.Receipt.Repeated || o.Receipt.Status != dispatch.Dispatched {
						t.Fatalf("receipt %d = %+v", i, o.Receipt)
					}
				}
				if keys := h.keys(); len(keys) != 4 {
					t.Errorf("keys = %v", keys)
				}
				mark := h.raw.TTL(ctx, "ifp:batch:"+batch).Val()
				if mark < 9*time.Minute || mark > 10*time.Minute {
					t.Errorf("the mark lives %v", mark)
				}
				d := h.decision("batch:" + batch)
				if list, _ := d["ids"].([]any); len(list) != size || list[size-1] != ids[size-1] || d["status"] != "approved" || d["decision_id"] != batch {
					t.Errorf("decision = %v", d)
				}
				records := h.ledger()
				if len(records) != 1 {
					t.Fatalf("%d records", len(records))
				}
				r := records[0].Values
				if hex.EncodeToString([]byte(r["ids"].(string))) != stored.String() {
					t.Error("the ids are not the packets', 16 bytes each")
				}
				for field, want := range map[string]string{
					"event": "dispatched", "count": fmt.Sprint(size), "key": "queue:q", "operation": "rpush",
					"decision_id": batch, "policy": "none", "packet_digest": root(t, h.raw.LRange(ctx, "queue:q", 0, -1).Val()),
				} {
					if r[field] != want {
						t.Errorf("ledger: %s = %v, want %s", field, r[field], want)
					}
				}
			})
		}
	})
}

func TestATrackingIDWaitsOnlyOnce(t *testing.T) {
	h := open(t, testredis.Start(t).URL())
	q := h.sender.Queue()
	p := parcel(1)
	h.add(q, p, "queue:a", dispatch.RPush)
	err := q.Add(ctx, p, dispatch.Destination{Key: "queue:b"})
	if !errors.Is(err, dispatch.ErrConflict) || q.Len() != 1 {
		t.Errorf("err = %v, %d wait", err, q.Len())
	}
	flush(t, q, 1)
	if n := h.raw.LLen(ctx, "queue:a").Val() + h.raw.LLen(ctx, "queue:b").Val(); n != 1 {
		t.Errorf("%d landed", n)
	}
}

func TestABatchOfOneIsASingleWithADecisionOfItsOwn(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		q := h.sender.Queue()
		keys := []string{"queue:a", "queue:b", "queue:c"}
		ids := map[string]string{}
		for i, key := range keys {
			p := parcel(i)
			ids[p.TrackingID] = key
			h.add(q, p, key, dispatch.RPush)
		}
		for _, o := range flush(t, q, len(keys)) {
			if ids[o.Receipt.TrackingID] != o.Receipt.Key {
				t.Errorf("receipt %+v", o.Receipt)
			}
			if d := h.decision(o.Receipt.TrackingID); d["decision_id"] != o.Receipt.DecisionID {
				t.Errorf("decision = %v", d)
			}
		}
		for i, r := range h.ledger() {
			if ids[r.Values["tracking_id"].(string)] == "" || r.Values["ids"] != nil {
				t.Errorf("record %d = %v", i, r.Values)
			}
		}
	})
}

// root is the Merkle tree hash of RFC 6962 as the library computes it.
func root(t *testing.T, leaves []string) string {
	t.Helper()
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	for i, leaf := range leaves {
		more, err := tlog.StoredHashes(int64(i), []byte(leaf), reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
	}
	hash, err := tlog.TreeHash(int64(len(leaves)), reader)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash[:])
}

func TestABatchOfAWrongTypeTakesNothing(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, kind := range types {
			if kind == "list" {
				continue
			}
			for _, op := range []dispatch.Operation{dispatch.RPush, dispatch.LPush} {
				h.raw.FlushDB(ctx)
				h.make("queue:q", kind)
				before := h.all("queue:q")
				q := h.sender.Queue()
				for i := range 5 {
					h.add(q, parcel(i), "queue:q", op)
				}
				outcomes, err := q.Flush(ctx)
				if err != nil || len(outcomes) != 5 || q.Len() != 0 {
					t.Fatalf("%s: %d outcomes, %v", kind, len(outcomes), err)
				}
				for _, o := range outcomes {
					wantWrongType(t, o.Err, "queue:q", "list", kind)
				}
				if keys, after := h.keys(), h.all("queue:q"); len(keys) != 1 || after != before {
					t.Errorf("%s: keys %v, value %s", kind, keys, after)
				}
			}
		}
	})
}

func TestABatchThatLandedIsTakenBackWhenItComesAgain(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		for _, op := range []dispatch.Operation{dispatch.RPush, dispatch.LPush} {
			for _, there := range []int{0, 1, 5} {
				h := open(t, url)
				h.raw.FlushDB(ctx)
				for range there {
					h.make("queue:q", "list")
				}
				proxy := testredis.NewProxy(t, h.store.Target().Addrs[0])
				far := h.through(proxy)
				q := far.sender.Queue()
				for i := range 10 {
					h.add(q, parcel(i), "queue:q", op)
				}
				proxy.LoseReplies(2, "exec")
				for _, o := range flush(t, q, 10) {
					if !o.Receipt.Repeated || o.Receipt.Status != dispatch.Dispatched {
						t.Fatalf("receipt = %+v", o.Receipt)
					}
				}
				if n := h.raw.LLen(ctx, "queue:q").Val(); n != int64(10+there) {
					t.Errorf("%s beside %d: %d values", op, there, n)
				}
				if n := len(h.ledger()); n != 1 {
					t.Errorf("%s beside %d: %d records", op, there, n)
				}
			}
		}
	})
}

func TestAQueueKeepsWhatIsNotKnownToHaveLanded(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		proxy := testredis.NewProxy(t, h.store.Target().Addrs[0])
		far := h.through(proxy)
		far.dispatch(parcel(0), "queue:other", "")
		q := far.sender.Queue()
		for i := range 10 {
			h.add(q, parcel(i), "queue:q", dispatch.RPush)
			h.add(q, parcel(i), "plain", dispatch.SAdd)
		}
		proxy.LoseReplies(1000, "eval")
		for range 2 {
			if _, err := q.Flush(ctx); !errors.Is(err, store.ErrUnreachable) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error = %v", err)
			}
			if q.Len() != 20 {
				t.Fatalf("%d packets are left", q.Len())
			}
		}
		h.add(q, parcel(10), "queue:q", dispatch.RPush)
		proxy.LoseReplies(0, "")
		flush(t, q, 21)
		wantNumbers(t, h, "queue:q", 11)
		if n := h.raw.SCard(ctx, "plain").Val(); n != 10 {
			t.Errorf("%d in the set", n)
		}
	})
}

func TestBatchesSurviveManyCuts(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		proxy := testredis.NewProxy(t, h.store.Target().Addrs[0])
		far := h.through(proxy)
		far.dispatch(parcel(-1), "queue:other", "")
		proxy.CutAtRandom(0.15, 11)
		const callers, rounds, size = 4, 10, 200
		done := make(chan error, callers)
		for caller := range callers {
			go func() {
				done <- func() error {
					q := far.sender.Queue()
					for round := range rounds {
						for i := range size {
							n := (caller*rounds+round)*size + i
							op := dispatch.RPush
							if caller%2 == 1 {
								op = dispatch.LPush
							}
							if err := q.Add(ctx, parcel(n), dispatch.Destination{Key: "queue:q", Operation: op}); err != nil {
								return err
							}
						}
						for try := 0; ; try++ {
							outcomes, err := q.Flush(ctx)
							for _, o := range outcomes {
								if o.Err != nil {
									return o.Err
								}
							}
							if err == nil {
								break
							}
							if !errors.Is(err, store.ErrUnreachable) || try == 50 {
								return err
							}
						}
					}
					return nil
				}()
			}()
		}
		for range callers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if proxy.Cuts() < 20 {
			t.Errorf("only %d cuts: the test tests nothing", proxy.Cuts())
		}
		wantNumbers(t, h, "queue:q", callers*rounds*size)
		if n := len(h.ledger()); n != callers*rounds+1 {
			t.Errorf("the ledger has %d records for %d batches", n, callers*rounds)
		}
	})
}

func TestAFailedAddLeavesTheQueueAsItWas(t *testing.T) {
	t.Parallel()
	h := open(t, "redis://127.0.0.1:1/0")
	q := h.sender.Queue()
	h.add(q, parcel(1), "queue:q", "")
	bad := parcel(2)
	bad.TTLSeconds = 0
	if err := q.Add(ctx, bad, dispatch.Destination{Key: "queue:q"}); !errors.Is(err, packet.ErrInvalid) {
		t.Errorf("error = %v", err)
	}
	if q.Len() != 1 {
		t.Errorf("%d packets wait", q.Len())
	}
}
