package dispatch_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// A list in memory says what must stand in Redis after any course of
// dispatches, repetitions, batches and pops, fresh packets and expired ones.
func TestNoCourseOfEventsLosesOrDoublesAPacket(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		rapid.Check(t, func(t *rapid.T) {
			h.raw.FlushDB(ctx)
			m := listModel{}
			next := 0
			make := func(t *rapid.T) packet.Packet {
				next++
				if rapid.Bool().Draw(t, "expired") {
					return aged(next, time.Hour, 60)
				}
				return aged(next, 0, 3600)
			}
			side := rapid.SampledFrom([]dispatch.Operation{dispatch.LPush, dispatch.RPush})
			t.Repeat(map[string]func(*rapid.T){
				"dispatch": func(t *rapid.T) {
					p, op := make(t), side.Draw(t, "side")
					if _, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q", Operation: op}); err != nil {
						t.Fatal(err)
					}
					m.push(op, p)
					m.sent = append(m.sent, sent{p, op})
				},
				"repeat": func(t *rapid.T) {
					if len(m.sent) == 0 {
						t.Skip()
					}
					s := rapid.SampledFrom(m.sent).Draw(t, "packet")
					receipt, err := h.sender.Dispatch(ctx, s.packet, dispatch.Destination{Key: "queue:q", Operation: s.op})
					if err != nil || !receipt.Repeated {
						t.Fatalf("%+v, %v", receipt, err)
					}
				},
				"conflict": func(t *rapid.T) {
					if len(m.sent) == 0 {
						t.Skip()
					}
					s := rapid.SampledFrom(m.sent).Draw(t, "packet")
					s.packet.Contents = s.packet.Contents.With("other", packet.IntOf(1))
					if _, err := h.sender.Dispatch(ctx, s.packet, dispatch.Destination{Key: "queue:q", Operation: s.op}); !errors.Is(err, dispatch.ErrConflict) {
						t.Fatalf("error = %v", err)
					}
				},
				"batch": func(t *rapid.T) {
					q := h.sender.Queue()
					op := side.Draw(t, "side")
					for range rapid.IntRange(1, 20).Draw(t, "size") {
						p := make(t)
						if err := q.Add(ctx, p, dispatch.Destination{Key: "queue:q", Operation: op}); err != nil {
							t.Fatal(err)
						}
						m.push(op, p)
					}
					if _, err := q.Flush(ctx); err != nil {
						t.Fatal(err)
					}
				},
				"pop": func(t *rapid.T) {
					r := dispatch.Request{
						Key: "queue:q", Op: rapid.SampledFrom([]dispatch.Reading{dispatch.LPop, dispatch.RPop}).Draw(t, "from"),
						Count: rapid.IntRange(1, 30).Draw(t, "count"), IncludeExpired: rapid.Bool().Draw(t, "include expired"),
					}
					found, err := h.collector.Collect(ctx, r)
					if err != nil {
						t.Fatal(err)
					}
					want, expired := m.pop(r)
					if len(found.Items) != len(want) || found.Expired != expired || found.Left != int64(len(m.list)) {
						t.Fatalf("%d items of %d, %d expired of %d, %d left of %d", len(found.Items), len(want), found.Expired, expired, found.Left, len(m.list))
					}
					for i, item := range found.Items {
						if item.Packet.TrackingID != want[i].TrackingID || number(item.Packet) != number(want[i]) {
							t.Fatalf("item %d is %d, want %d", i, number(item.Packet), number(want[i]))
						}
					}
				},
				"": func(t *rapid.T) {
					stands := h.raw.LRange(ctx, "queue:q", 0, -1).Val()
					if len(stands) != len(m.list) {
						t.Fatalf("%d values stand in Redis, %d in the model", len(stands), len(m.list))
					}
					for i, raw := range stands {
						if reading, err := packet.Read([]byte(raw)); err != nil || reading.Packet.TrackingID != m.list[i].TrackingID {
							t.Fatalf("place %d holds %s", i, raw)
						}
					}
					if n := h.raw.LLen(ctx, "carcel:expired").Val(); n != int64(m.bin) {
						t.Fatalf("the bin holds %d, want %d", n, m.bin)
					}
				},
			})
		})
	})
}

type sent struct {
	packet packet.Packet
	op     dispatch.Operation
}

type listModel struct {
	list []packet.Packet
	sent []sent
	bin  int
}

func (m *listModel) push(op dispatch.Operation, p packet.Packet) {
	if op == dispatch.RPush {
		m.list = append(m.list, p)
	} else {
		m.list = append([]packet.Packet{p}, m.list...)
	}
}

func (m *listModel) pop(r dispatch.Request) (out []packet.Packet, expired int) {
	for len(m.list) > 0 && len(out) < r.Count {
		var p packet.Packet
		if r.Op == dispatch.LPop {
			p, m.list = m.list[0], m.list[1:]
		} else {
			p, m.list = m.list[len(m.list)-1], m.list[:len(m.list)-1]
		}
		if p.TTLSeconds == 60 && !r.IncludeExpired {
			expired++
		} else {
			out = append(out, p)
		}
	}
	m.bin += expired
	return out, expired
}
