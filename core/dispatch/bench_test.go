package dispatch_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// load is a packet of some 250 bytes in JSON.
func load() packet.Packet {
	p := packet.New("bench", packet.MustValue(`{"primitive": "matrix.route", "source": "a", "destination": "b", "text": "`+strings.Repeat("x", 12)+`"}`))
	p.SchemaVersion = packet.Schema10
	return p
}

// underDefault is a house that the default policy watches over.
func underDefault(b *testing.B) *house {
	b.Helper()
	policy, err := governance.LoadPolicy(governance.DefaultPolicy)
	if err != nil {
		b.Fatal(err)
	}
	return openUnder(b, testredis.Start(b).URL(), governance.Fixed(policy))
}

// clear keeps the server's memory from growing over a long run.
func (h *house) clear(i, every int) {
	if i%every == every-1 {
		h.raw.FlushDB(ctx)
	}
}

// BenchmarkDispatch has one governed dispatch beside a bare RPUSH and the
// paper's three calls, all on one connection to one server.
func BenchmarkDispatch(b *testing.B) {
	h := underDefault(b)
	raw := encode(b, load(), packet.JSON)
	b.Logf("%d bytes a packet", len(raw))
	b.Run("bare RPUSH", func(b *testing.B) {
		for i := range b.N {
			h.raw.RPush(ctx, "queue:q", raw)
			h.clear(i, 50_000)
		}
	})
	b.Run("paper: TYPE, RPUSH, EXPIRE", func(b *testing.B) {
		for i := range b.N {
			h.raw.Type(ctx, "queue:q")
			h.raw.RPush(ctx, "queue:q", raw)
			h.raw.Expire(ctx, "queue:q", time.Hour)
			h.clear(i, 50_000)
		}
	})
	for _, kind := range []string{packet.Schema10, packet.Schema11, "1.1 sealed"} {
		b.Run("governed "+kind, func(b *testing.B) {
			if kind == "1.1 sealed" {
				h.sealing(nil)
			}
			for i := range b.N {
				p := load()
				p.SchemaVersion = kind[:3]
				if receipt, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"}); err != nil || receipt.Status != dispatch.Dispatched {
					b.Fatal(receipt, err)
				}
				h.clear(i, 50_000)
			}
		})
	}
}

// BenchmarkBatch has batches of 2,048 governed packets, each waiting for its
// reply, beside variadic RPUSHes of as many.
func BenchmarkBatch(b *testing.B) {
	h := underDefault(b)
	raw := encode(b, load(), packet.JSON)
	values := make([]any, dispatch.MaxBatch)
	for i := range values {
		values[i] = raw
	}
	perPacket := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/dispatch.MaxBatch, "ns/packet")
	}
	b.Run("bare RPUSH", func(b *testing.B) {
		for i := range b.N {
			h.raw.RPush(ctx, "queue:q", values...)
			h.clear(i, 50)
		}
		perPacket(b)
	})
	run := func(b *testing.B, schema string) {
		q := h.sender.Queue()
		for i := range b.N {
			for range dispatch.MaxBatch {
				p := load()
				p.SchemaVersion = schema
				if err := q.Add(ctx, p, dispatch.Destination{Key: "queue:q", Operation: dispatch.RPush}); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := q.Flush(ctx); err != nil {
				b.Fatal(err)
			}
			h.clear(i, 50)
		}
		perPacket(b)
	}
	b.Run("governed", func(b *testing.B) { run(b, packet.Schema10) })
	b.Run("governed 1.1", func(b *testing.B) { run(b, packet.Schema11) })
	h.sealing(nil)
	b.Run("governed 1.1 sealed", func(b *testing.B) { run(b, packet.Schema11) })
}

// BenchmarkTake takes packets 256 at a time.
func BenchmarkTake(b *testing.B) {
	h := open(b, testredis.Start(b).URL())
	raw := encode(b, load(), packet.JSON)
	values := make([]any, 4096)
	for i := range values {
		values[i] = raw
	}
	b.ResetTimer()
	for i := range b.N {
		if i%16 == 0 {
			b.StopTimer()
			h.raw.FlushDB(ctx)
			h.raw.RPush(ctx, "queue:q", values...)
			b.StartTimer()
		}
		if found, err := h.collector.Collect(ctx, dispatch.Request{Key: "queue:q", Op: dispatch.LPop, Count: 256}); err != nil || len(found.Items) != 256 {
			b.Fatal(len(found.Items), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/256, "ns/packet")
}

// BenchmarkCallers has 64 callers who each wait for their receipt, beside as
// many who push with a plain client.
func BenchmarkCallers(b *testing.B) {
	h := underDefault(b)
	raw := encode(b, load(), packet.JSON)
	many := func(b *testing.B, call func()) {
		var left atomic.Int64
		left.Store(int64(b.N))
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				for left.Add(-1) >= 0 {
					call()
				}
			})
		}
		all.Wait()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "/s")
		h.raw.FlushDB(ctx)
	}
	b.Run("bare RPUSH", func(b *testing.B) { many(b, func() { h.raw.RPush(ctx, "queue:q", raw) }) })
	for _, schema := range []string{packet.Schema10, "1.1 sealed"} {
		if schema == "1.1 sealed" {
			h.sealing(nil)
		}
		b.Run("governed "+schema, func(b *testing.B) {
			many(b, func() {
				p := load()
				p.SchemaVersion = schema[:3]
				if receipt, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"}); err != nil || receipt.Status != dispatch.Dispatched {
					b.Error(receipt, err)
				}
			})
		})
	}
}
