package dispatch_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestWhatIsNotApprovedGoesToTheCarcel(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		cases := []struct {
			name    string
			verdict governance.Verdict
			err     error
			panics  bool
			status  governance.Status
			reason  string
			event   string
		}{
			{name: "blocked", verdict: governance.Verdict{Status: governance.Blocked, Reason: "No"}, status: governance.Blocked, reason: "No", event: "blocked"},
			{name: "review", verdict: governance.Verdict{Status: governance.Review, Reason: "Look"}, status: governance.Review, reason: "Look", event: "held"},
			{name: "co-signature", verdict: governance.Verdict{Status: governance.CoSign, Reason: "Two"}, status: governance.CoSign, reason: "Two", event: "held"},
			{name: "an error", err: errors.New("no\nidea"), status: governance.Failed, reason: "no\nidea", event: "held"},
			{name: "an error beside an approval", verdict: governance.Verdict{Status: governance.Approved}, err: errors.New("late"), status: governance.Failed, reason: "late", event: "held"},
			{name: "a panic", panics: true, status: governance.Failed, reason: "broke down", event: "held"},
			{name: "no status", status: governance.Failed, reason: "no status", event: "held"},
			{name: "a status nobody knows", verdict: governance.Verdict{Status: "APPROVED"}, status: governance.Failed, reason: "unknown status", event: "held"},
		}
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				h := openUnder(t, url, judge(func(governance.Action) (governance.Verdict, error) {
					if c.panics {
						panic("out of my depth")
					}
					return c.verdict, c.err
				}))
				h.raw.FlushDB(ctx)
				p := packet.New("tester", packet.MustValue(`{"primitive": "process.kill", "vertical": "lab", "actor": "ann", "big": 9007199254740993}`))
				receipt := h.dispatch(p, "queue:q", dispatch.LPush)
				if receipt.Status != dispatch.InCarcel || receipt.Decision != c.status || !strings.Contains(receipt.Reason, c.reason) || receipt.Key != "queue:q" {
					t.Errorf("receipt = %+v", receipt)
				}
				if h.raw.Exists(ctx, "queue:q").Val() != 0 {
					t.Error("it reached its queue")
				}
				entries := h.raw.LRange(ctx, "carcel:dead_letters", 0, -1).Val()
				if len(entries) != 1 {
					t.Fatalf("carcel holds %v", entries)
				}
				e := h.object(entries[0])
				for field, want := range map[string]string{
					"tracking_id": p.TrackingID, "decision": string(c.status), "reason": receipt.Reason, "origin": "tester",
					"key": "queue:q", "operation": "lpush", "format": "json", "decision_id": receipt.DecisionID,
					"policy": "test@1", "schema_version": "1.1", "ttl_seconds": "3600", "dispatched_at": p.DispatchedAt,
				} {
					if fmt.Sprint(e[field]) != want {
						t.Errorf("entry: %s = %v, want %s", field, e[field], want)
					}
				}
				if !strings.Contains(entries[0], `"contents": `+string(packet.AppendValueJSON(nil, p.Contents))) {
					t.Errorf("the contents are not as they were: %s", entries[0])
				}
				if _, err := time.Parse(time.RFC3339, fmt.Sprint(e["timestamp"])); err != nil {
					t.Errorf("timestamp = %v", e["timestamp"])
				}
				if chain, _ := e["chain_of_custody"].(map[string]any); len(chain) < 3 {
					t.Errorf("chain_of_custody = %v", e["chain_of_custody"])
				}
				if ttl := h.raw.TTL(ctx, "carcel:dead_letters").Val(); ttl != -1 {
					t.Errorf("the carcel got a TTL of %v", ttl)
				}
				if life := h.raw.TTL(ctx, "guardian:decision:"+p.TrackingID).Val(); life < 30*24*time.Hour-time.Minute {
					t.Errorf("the decision lives %v", life)
				}
				records := h.ledger()
				if len(records) != 1 || records[0].Values["event"] != c.event || records[0].Values["key"] != "queue:q" || records[0].Values["actor"] != "ann" {
					t.Errorf("ledger = %v", records)
				}
				again := h.dispatch(p, "queue:q", dispatch.LPush)
				if again.Repeated = !again.Repeated; again != receipt || h.raw.LLen(ctx, "carcel:dead_letters").Val() != 1 {
					t.Errorf("the second time: %+v", again)
				}
			})
		}
	})
}

func TestAHeldPacketLeavesTheBatchAndTheRestGoOn(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := openUnder(t, url, judge(func(a governance.Action) (governance.Verdict, error) {
			if n, _ := a.Payload.Get("n"); n.Kind() == packet.Int {
				if v, _ := n.Int(); v%10 == 3 {
					return governance.Verdict{Status: governance.Blocked, Reason: "three"}, nil
				}
			}
			return governance.Verdict{Status: governance.Approved, Reason: "fine"}, nil
		}))
		q := h.sender.Queue()
		for n := range 100 {
			h.add(q, parcel(n), "queue:q", dispatch.RPush)
		}
		held := 0
		for _, o := range flush(t, q, 100) {
			if o.Receipt.Status == dispatch.InCarcel {
				held++
			}
		}
		if held != 10 || h.raw.LLen(ctx, "carcel:dead_letters").Val() != 10 || h.raw.LLen(ctx, "queue:q").Val() != 90 {
			t.Errorf("%d receipts, %d entries, %d in the queue", held, h.raw.LLen(ctx, "carcel:dead_letters").Val(), h.raw.LLen(ctx, "queue:q").Val())
		}
	})
}

func TestAnActionThatCannotBeReadIsRefusedByName(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	contents := func(field string, v packet.Value) packet.Value {
		return packet.ObjectOf(packet.Member{Key: "primitive", Value: packet.StringOf("x")}).With(field, v)
	}
	cases := []struct {
		field string
		value packet.Value
	}{
		{"entropy", packet.StringOf("high")},
		{"entropy", packet.FloatOf(math.NaN())},
		{"entropy", packet.FloatOf(1.5)},
		{"entropy", packet.FloatOf(-0.1)},
		{"entropy", packet.IntOf(2)},
		{"entropy", packet.BoolOf(true)},
		{"entropy", packet.ArrayOf()},
		{"primitive", packet.IntOf(1)},
		{"vertical", packet.BoolOf(false)},
		{"actor", packet.ObjectOf()},
	}
	for _, c := range cases {
		p := parcel(1)
		p.Contents = contents(c.field, c.value)
		_, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"})
		var invalid *packet.ValidationError
		if !errors.As(err, &invalid) {
			t.Errorf("%s %v: error = %v", c.field, c.value, err)
			continue
		}
		if invalid.Faults[0].Field != "contents."+c.field {
			t.Errorf("faults = %v", invalid.Faults)
		}
		if err := h.sender.Queue().Add(ctx, p, dispatch.Destination{Key: "queue:q"}); !errors.Is(err, packet.ErrInvalid) {
			t.Errorf("a queue took it: %v", err)
		}
	}
	broken := parcel(1)
	broken.Contents = contents("entropy", packet.IntOf(7))
	broken.TTLSeconds, broken.Origin, broken.TrackingID = 0, "", "no id"
	_, err := h.sender.Dispatch(ctx, broken, dispatch.Destination{Key: "queue:q"})
	for _, field := range []string{"ttl_seconds", "origin", "tracking_id", "contents.entropy"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("the error does not name %s: %v", field, err)
		}
	}
	if keys := h.keys(); len(keys) != 0 {
		t.Errorf("something was written: %v", keys)
	}
}
