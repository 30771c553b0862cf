package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// anyKey is of no known class, so that it may hold any type.
const anyKey = "plain"

func TestEveryOperationWritesItsTypeAndRefusesEveryOther(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, op := range dispatch.Operations {
			for _, kind := range append([]string{"none"}, types...) {
				t.Run(string(op)+" on "+kind, func(t *testing.T) {
					h.t = t
					h.raw.FlushDB(ctx)
					h.make(anyKey, kind)
					before := h.all(anyKey)
					p := parcel(1)
					receipt, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: anyKey, Operation: op})
					if kind != "none" && kind != op.RedisType() {
						wantWrongType(t, err, anyKey, op.RedisType(), kind)
						if after := h.all(anyKey); after != before {
							t.Errorf("the value was %s and is %s", before, after)
						}
						if left := h.keys(); len(left) != 1 {
							t.Errorf("something was written: %v", left)
						}
						if ttl := h.raw.TTL(ctx, anyKey).Val(); ttl != -1 {
							t.Errorf("TTL = %v", ttl)
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					want := dispatch.Receipt{
						TrackingID: p.TrackingID, Status: dispatch.Dispatched, Decision: governance.Approved, Reason: receipt.Reason,
						Key: anyKey, Operation: op, TTLSeconds: 3600, DecisionID: receipt.DecisionID,
					}
					if receipt != want || receipt.DecisionID == "" {
						t.Errorf("receipt = %+v", receipt)
					}
					if found := h.raw.Type(ctx, anyKey).Val(); found != op.RedisType() {
						t.Errorf("the key holds a %s", found)
					}
					if all := h.all(anyKey); !strings.Contains(all, encode(t, p, packet.JSON)) {
						t.Errorf("the packet is not in %s", all)
					}
				})
			}
		}
	})
}

func TestPacketsStandWhereTheOperationPutsThem(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		a, b := parcel(1), parcel(2)
		text := func(p packet.Packet) string { return encode(t, p, packet.JSON) }
		for _, p := range []packet.Packet{a, b} {
			h.dispatch(p, "queue:tail", dispatch.RPush)
			h.dispatchAnew(p, "queue:head", dispatch.LPush)
			h.dispatchAnew(p, "context:c", dispatch.Set)
			h.dispatchAnew(p, "agents:metadata", dispatch.HSet)
			h.dispatchAnew(p, "swarm:s", dispatch.SAdd)
		}
		if got := h.raw.LRange(ctx, "queue:tail", 0, -1).Val(); len(got) != 2 || got[1] != text(b) {
			t.Errorf("rpush: %v", got)
		}
		if got := h.collect(dispatch.Request{Key: "queue:head", Op: dispatch.LRange, Stop: -1}).Items; len(got) != 2 || number(got[0].Packet) != 2 {
			t.Errorf("lpush: %v", got)
		}
		for id, raw := range h.raw.HGetAll(ctx, "agents:metadata").Val() {
			if h.object(raw)["tracking_id"] != id {
				t.Errorf("hset: field %s holds %s", id, raw)
			}
		}
		if got := h.raw.SCard(ctx, "swarm:s").Val(); got != 2 {
			t.Errorf("sadd: %d members", got)
		}
	})
}

// dispatchAnew sends a copy under a tracking id of its own.
func (h *house) dispatchAnew(p packet.Packet, key string, op dispatch.Operation) packet.Packet {
	h.t.Helper()
	p.TrackingID = packet.NewTrackingID()
	h.dispatch(p, key, op)
	return p
}

func TestTheClassOfAKeyDecidesItsOperation(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	for key, want := range map[string]dispatch.Operation{
		"queue:a": dispatch.RPush, "messages:a": dispatch.RPush, "context:a": dispatch.Set,
		"agents:metadata": dispatch.HSet, "swarm:a": dispatch.SAdd,
	} {
		if got := h.dispatch(parcel(1), key, ""); got.Operation != want {
			t.Errorf("%s took %s, want %s", key, got.Operation, want)
		}
	}
}

func TestWhatCouldNotEndWellIsRefusedBeforeRedisIsAsked(t *testing.T) {
	t.Parallel()
	h := open(t, "redis://127.0.0.1:1/0") // nobody answers there
	cases := []struct {
		name, key string
		op        dispatch.Operation
		want      error
	}{
		{"an unknown operation and no key", "", "xadd", dispatch.ErrDestination},
		{"a key as long as a novel", strings.Repeat("k", 1025), dispatch.RPush, dispatch.ErrDestination},
		{"the carcel", "carcel:dead_letters", dispatch.RPush, dispatch.ErrDestination},
		{"the ledger", "ttt:ledger:main", dispatch.RPush, dispatch.ErrDestination},
		{"a decision", "guardian:decision:x", dispatch.Set, dispatch.ErrDestination},
		{"a task", "tasks:meta:task_1", dispatch.HSet, dispatch.ErrDestination},
		{"a heartbeat", "agents:a:heartbeat", dispatch.Set, dispatch.ErrDestination},
		{"an unknown operation", "queue:a", "xadd", dispatch.ErrDestination},
		{"an unknown operation with a line break", "queue:a", "x\nadd", dispatch.ErrDestination},
		{"no operation for an unknown key", "plain\nkey", "", dispatch.ErrDestination},
		{"a set on a queue", "queue:a", dispatch.Set, store.ErrWrongType},
		{"a push on a context", "context:a", dispatch.RPush, store.ErrWrongType},
		{"a set on the agents' packets", "agents:metadata", dispatch.Set, store.ErrWrongType},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := h.sender.Dispatch(ctx, parcel(1), dispatch.Destination{Key: c.key, Operation: c.op})
			if !errors.Is(err, c.want) {
				t.Fatalf("error = %v, want %v", err, c.want)
			}
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("not one line: %q", err)
			}
		})
	}
}

func TestATTLIsOnlyEverExtended(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		cases := []struct {
			name      string
			there     bool
			had       time.Duration // 0: the key has no TTL
			ttl       int64
			least     time.Duration
			most      time.Duration
			unlimited bool
		}{
			{name: "a new key takes the packet's TTL", ttl: 100, least: 90 * time.Second, most: 100 * time.Second},
			{name: "a key without TTL stays without", there: true, ttl: 100, unlimited: true},
			{name: "a longer TTL stays", there: true, had: time.Hour, ttl: 100, least: 59 * time.Minute, most: time.Hour},
			{name: "a shorter TTL grows", there: true, had: time.Minute, ttl: 3600, least: 59 * time.Minute, most: time.Hour},
		}
		for _, c := range cases {
			for _, op := range dispatch.Operations {
				for _, batch := range []bool{false, true} {
					if batch && op != dispatch.RPush && op != dispatch.LPush {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s batch=%v", c.name, op, batch), func(t *testing.T) {
						h.t = t
						h.raw.FlushDB(ctx)
						if c.there {
							h.make(anyKey, op.RedisType())
						}
						if c.had > 0 {
							h.raw.Expire(ctx, anyKey, c.had)
						}
						p := parcel(1)
						p.TTLSeconds = c.ttl
						if batch {
							q := h.sender.Queue()
							h.add(q, p, anyKey, op)
							flush(t, q, 1)
						} else {
							h.dispatch(p, anyKey, op)
						}
						ttl := h.raw.PTTL(ctx, anyKey).Val()
						if c.unlimited && ttl != -1 {
							t.Errorf("the key got a TTL of %v", ttl)
						} else if !c.unlimited && (ttl < c.least || ttl > c.most) {
							t.Errorf("TTL = %v, want %v to %v", ttl, c.least, c.most)
						}
					})
				}
			}
		}
	})
}

func TestADispatchLeavesADecisionAndALedgerRecord(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for n := 1; n <= 3; n++ {
			p := parcel(n)
			p.TTLSeconds = 1000
			begin := time.Now()
			receipt := h.dispatch(p, "queue:q", dispatch.RPush)

			d := h.decision(p.TrackingID)
			for field, want := range map[string]string{
				"decision_id": receipt.DecisionID, "tracking_id": p.TrackingID, "status": "approved",
				"policy": "none", "key": "queue:q", "operation": "rpush", "reason": receipt.Reason,
			} {
				if fmt.Sprint(d[field]) != want {
					t.Errorf("decision: %s = %v, want %s", field, d[field], want)
				}
			}
			for _, field := range []string{"guardians", "required_actions", "approvals", "input", "audit_hash", "decided_at"} {
				if _, there := d[field]; !there {
					t.Errorf("decision: no %s", field)
				}
			}
			if life := h.raw.TTL(ctx, "guardian:decision:"+p.TrackingID).Val(); life < 990*time.Second || life > 1000*time.Second {
				t.Errorf("the decision lives %v, its packet 1000 s", life)
			}

			records := h.ledger()
			last := records[len(records)-1]
			if len(records) != n || last.ID != fmt.Sprintf("%d-0", n) {
				t.Fatalf("record %d has the id %s", n, last.ID)
			}
			stored := h.raw.LIndex(ctx, "queue:q", -1).Val()
			for field, want := range map[string]string{
				"event": "dispatched", "tracking_id": p.TrackingID, "key": "queue:q", "operation": "rpush",
				"decision_id": receipt.DecisionID, "actor": "tester", "policy": "none", "packet_digest": sha(stored),
			} {
				if last.Values[field] != want {
					t.Errorf("ledger: %s = %v, want %s", field, last.Values[field], want)
				}
			}
			ts, expires := millis(t, last.Values["ts"]), millis(t, last.Values["expires_at"])
			if ts.Sub(begin).Abs() > time.Minute || expires.Sub(ts) != 1000*time.Second {
				t.Errorf("ts %v, expires_at %v", ts, expires)
			}
		}
		short := parcel(9)
		short.TTLSeconds = 5
		h.dispatch(short, "queue:q", dispatch.RPush)
		if life := h.raw.TTL(ctx, "guardian:decision:"+short.TrackingID).Val(); life < 590*time.Second {
			t.Errorf("a decision lives %v, at least ten minutes were promised", life)
		}
	})
}

func millis(t *testing.T, v any) time.Time {
	t.Helper()
	n, err := packet.FromGo(v)
	text, _ := n.Text()
	var ms int64
	if _, scan := fmt.Sscan(text, &ms); err != nil || scan != nil {
		t.Fatalf("%v is no time", v)
	}
	return time.UnixMilli(ms)
}

func TestTheLedgerGoesOnWhereItStood(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		cases := map[string]func(h *house){
			"after it was trimmed to nothing":     func(h *house) { h.raw.XTrimMaxLen(ctx, "ttt:ledger:main", 0) },
			"after its last record was removed":   func(h *house) { h.raw.XDel(ctx, "ttt:ledger:main", "3-0") },
			"after its first record was removed":  func(h *house) { h.raw.XDel(ctx, "ttt:ledger:main", "1-0") },
			"after its last two were removed":     func(h *house) { h.raw.XDel(ctx, "ttt:ledger:main", "2-0", "3-0") },
			"after every record was removed":      func(h *house) { h.raw.XDel(ctx, "ttt:ledger:main", "1-0", "2-0", "3-0") },
			"after nothing happened to it at all": func(*house) {},
		}
		for name, harm := range cases {
			t.Run(name, func(t *testing.T) {
				h := open(t, url)
				h.raw.FlushDB(ctx)
				for n := range 3 {
					h.dispatch(parcel(n), "queue:q", dispatch.RPush)
				}
				harm(h)
				h.dispatch(parcel(4), "queue:q", dispatch.RPush)
				q := h.sender.Queue()
				h.add(q, parcel(5), "queue:q", dispatch.RPush)
				flush(t, q, 1)
				h.collect(dispatch.Request{Key: "queue:q", Op: dispatch.LPop})
				records := h.ledger()
				if len(records) < 3 {
					t.Fatalf("%d records", len(records))
				}
				for i, want := range []string{"4-0", "5-0", "6-0"} {
					if got := records[len(records)-3+i].ID; got != want {
						t.Errorf("record %s, want %s", got, want)
					}
				}
			})
		}
	})
}

func TestWithoutALedgerNothingMoves(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		broken := map[string]func(h *house){
			"of a wrong type": func(h *house) { h.make("ttt:ledger:main", "string") },
			"at its end": func(h *house) {
				h.raw.Do(ctx, "XADD", "ttt:ledger:main", "18446744073709551615-18446744073709551615", "f", "v")
			},
		}
		for name, harm := range broken {
			t.Run("a ledger "+name, func(t *testing.T) {
				h := open(t, url)
				h.raw.FlushDB(ctx)
				h.make("queue:q", "list")
				harm(h)
				before := h.keys()
				if _, err := h.sender.Dispatch(ctx, parcel(1), dispatch.Destination{Key: "queue:q"}); err == nil {
					t.Error("dispatched without a ledger")
				}
				q := h.sender.Queue()
				h.add(q, parcel(2), "queue:q", dispatch.RPush)
				h.add(q, parcel(3), "queue:q", dispatch.LPush)
				h.add(q, parcel(4), "queue:new", dispatch.RPush)
				outcomes, err := q.Flush(ctx)
				if err != nil || len(outcomes) != 3 {
					t.Fatalf("flush: %v %v", outcomes, err)
				}
				for _, o := range outcomes {
					if o.Err == nil {
						t.Errorf("sent in a batch without a ledger: %+v", o.Receipt)
					}
				}
				if _, err := h.collector.Collect(ctx, dispatch.Request{Key: "queue:q", Op: dispatch.LPop}); err == nil {
					t.Error("taken without a ledger")
				}
				if got := h.all("queue:q"); got != "[v]" {
					t.Errorf("the queue holds %s", got)
				}
				if after := h.keys(); fmt.Sprint(after) != fmt.Sprint(before) {
					t.Errorf("keys were %v and are %v", before, after)
				}
			})
		}
	})
}

func TestTheSamePacketTwiceLandsOnce(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, op := range dispatch.Operations {
			p := parcel(1)
			first := h.dispatch(p, "plain:"+string(op), op)
			second := h.dispatch(p, "plain:"+string(op), op)
			if !second.Repeated || first.Repeated {
				t.Errorf("%s: Repeated is %v, then %v", op, first.Repeated, second.Repeated)
			}
			if second.Repeated = false; second != first {
				t.Errorf("%s: the second receipt is %+v, the first was %+v", op, second, first)
			}
		}
		if n := h.raw.LLen(ctx, "plain:rpush").Val(); n != 1 {
			t.Errorf("the list has %d elements", n)
		}
		if n := len(h.ledger()); n != len(dispatch.Operations) {
			t.Errorf("the ledger has %d records", n)
		}
	})
}

func TestATrackingIDCannotBeUsedForSomethingElse(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		p := parcel(1)
		h.dispatch(p, "queue:q", dispatch.RPush)
		other := parcel(2)
		other.TrackingID = p.TrackingID
		stranger := p
		stranger.Origin = "somebody else"
		before := fmt.Sprint(h.keys(), h.all("queue:q"), h.ledger(), h.decision(p.TrackingID))
		for name, try := range map[string]struct {
			p   packet.Packet
			key string
			op  dispatch.Operation
		}{
			"other contents":    {other, "queue:q", dispatch.RPush},
			"another key":       {p, "queue:r", dispatch.RPush},
			"another operation": {p, "queue:q", dispatch.LPush},
			"another origin":    {stranger, "queue:q", dispatch.RPush},
		} {
			_, err := h.sender.Dispatch(ctx, try.p, dispatch.Destination{Key: try.key, Operation: try.op})
			if !errors.Is(err, dispatch.ErrConflict) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error = %v", name, err)
			}
		}
		foreign := parcel(3)
		h.raw.Set(ctx, "guardian:decision:"+foreign.TrackingID, "{\"written\":\n\"by others\"}", 0)
		_, err := h.sender.Dispatch(ctx, foreign, dispatch.Destination{Key: "queue:q"})
		if !errors.Is(err, dispatch.ErrConflict) || strings.Contains(err.Error(), "\n") {
			t.Errorf("a foreign decision record: error = %v", err)
		}
		h.raw.Del(ctx, "guardian:decision:"+foreign.TrackingID)
		if after := fmt.Sprint(h.keys(), h.all("queue:q"), h.ledger(), h.decision(p.TrackingID)); after != before {
			t.Errorf("something was written: %s", after)
		}
	})
}

func TestALostReplyDoesNotDoubleAPacket(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		proxy := testredis.NewProxy(t, h.store.Target().Addrs[0])
		far := h.through(proxy)
		far.dispatch(parcel(0), "queue:q", dispatch.RPush) // the script is known from now on
		for _, op := range dispatch.Operations {
			proxy.LoseReplies(2, "evalsha")
			p := parcel(1)
			receipt := far.dispatch(p, "plain:"+string(op), op)
			if !receipt.Repeated || receipt.TrackingID != p.TrackingID || receipt.Status != dispatch.Dispatched {
				t.Errorf("%s: receipt = %+v", op, receipt)
			}
		}
		if n := proxy.Cuts(); n != 2*len(dispatch.Operations) {
			t.Fatalf("%d cuts", n)
		}
		for _, op := range []dispatch.Operation{dispatch.LPush, dispatch.RPush} {
			if n := h.raw.LLen(ctx, "plain:"+string(op)).Val(); n != 1 {
				t.Errorf("%s landed %d times", op, n)
			}
		}
		if n := len(h.ledger()); n != 1+len(dispatch.Operations) {
			t.Errorf("the ledger has %d records", n)
		}
	})
}

func TestWhenNoReplyComesTheErrorTellsHowToRepeat(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	proxy := testredis.NewProxy(t, h.store.Target().Addrs[0])
	far := h.through(proxy)
	proxy.LoseReplies(100, "evalsha")
	p := parcel(1)
	_, err := far.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"})
	if !errors.Is(err, store.ErrUnreachable) || !strings.Contains(err.Error(), p.TrackingID) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("error = %v", err)
	}
	proxy.LoseReplies(0, "")
	if receipt := far.dispatch(p, "queue:q", ""); receipt.Key != "queue:q" {
		t.Errorf("receipt = %+v", receipt)
	}
	if n := h.raw.LLen(ctx, "queue:q").Val(); n != 1 {
		t.Errorf("the packet landed %d times", n)
	}
}

func TestUnderManyCutsNothingIsLostAndNothingDoubled(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		proxy := testredis.NewProxy(t, h.store.Target().Addrs[0])
		far := h.through(proxy)
		far.dispatch(parcel(0), "queue:q", dispatch.RPush)
		h.raw.Del(ctx, "queue:q")
		proxy.CutAtRandom(0.15, 7)
		const callers, each = 8, 25
		var callersDone sync.WaitGroup
		for caller := range callers {
			callersDone.Go(func() {
				for n := range each {
					p := parcel(caller*each + n)
					for try := 0; ; try++ {
						_, err := far.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"})
						if err == nil {
							break
						}
						if !errors.Is(err, store.ErrUnreachable) || try == 50 {
							t.Errorf("dispatch: %v", err)
							return
						}
					}
				}
			})
		}
		callersDone.Wait()
		if proxy.Cuts() < 20 {
			t.Errorf("only %d cuts: the test tests nothing", proxy.Cuts())
		}
		wantNumbers(t, h, "queue:q", callers*each)
	})
}

// wantNumbers checks that a list holds the packets 0 to n-1, each once.
func wantNumbers(t *testing.T, h *house, key string, n int) {
	t.Helper()
	seen := map[int64]int{}
	for _, item := range h.collect(dispatch.Request{Key: key, Op: dispatch.LRange, Stop: -1}).Items {
		seen[number(item.Packet)]++
	}
	for i := range n {
		if seen[int64(i)] != 1 {
			t.Errorf("packet %d landed %d times", i, seen[int64(i)])
		}
	}
	if len(seen) != n {
		t.Errorf("%d packets landed, %d were sent", len(seen), n)
	}
}

func TestADispatchThatIsCalledOffSaysSo(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := h.sender.Dispatch(ctx, parcel(1), dispatch.Destination{Key: "queue:q"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

func TestMsgpackIsWrittenWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		p := parcel(1)
		logistics := dispatch.Logistics{Dispatcher: h.sender, Collector: h.collector}
		if _, err := logistics.Dispatch(p).As(dispatch.LPush).In(packet.Msgpack).To(ctx, "queue:q"); err != nil {
			t.Fatal(err)
		}
		if got := h.raw.LIndex(ctx, "queue:q", 0).Val(); got != encode(t, p, packet.Msgpack) {
			t.Errorf("%x was written", got)
		}
		found, err := logistics.Collect("queue:q").Peek(ctx, 0, -1)
		if err != nil || len(found.Items) != 1 || found.Items[0].Format != packet.Msgpack || number(found.Items[0].Packet) != 1 {
			t.Errorf("found %+v, %v", found, err)
		}
	})
}

func TestA11PacketCarriesItsLineageAndAPreviewShowsIt(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	p := packet.New("tester", packet.MustValue(`{"primitive": "matrix.route"}`))
	preview, err := h.sender.Preview(ctx, p, dispatch.Destination{Key: "queue:q"})
	if err != nil {
		t.Fatal(err)
	}
	if len(h.keys()) != 0 {
		t.Error("a preview wrote something")
	}
	h.dispatch(p, "queue:q", "")
	raw := h.raw.LIndex(ctx, "queue:q", 0).Val()
	item := h.collect(dispatch.Request{Key: "queue:q", Op: dispatch.LIndex}).Items[0]
	if len(item.Faults) > 0 {
		t.Errorf("faults: %v", item.Faults)
	}
	lineage, _ := item.Packet.ChainOfCustody.Get("transparent_lineage")
	if lineage.Len() != 4 || len(preview.Lineage) != 4 {
		t.Fatalf("lineage of %d entries, the preview has %d", lineage.Len(), len(preview.Lineage))
	}
	for i, m := range lineage.Members() {
		text, _ := m.Value.Text()
		kind, _, _ := strings.Cut(text, "|")
		if want, _, _ := strings.Cut(preview.Lineage[i], "|"); kind != want {
			t.Errorf("entry %d is %s, previewed %s", i, kind, want)
		}
	}
	if preview.JSON != len(raw) || preview.To.Operation != dispatch.RPush || preview.Verdict.Status != governance.Approved {
		t.Errorf("preview = %+v, stored are %d bytes", preview, len(raw))
	}
}
