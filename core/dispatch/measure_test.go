package dispatch_test

import (
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestADispatchIsMeasuredStageByStage(t *testing.T) {
	h := open(t, testredis.Start(t).URL())
	m := meter.New()
	h.sender.MeasureWith(m)
	h.sealing(nil)
	for range 3 {
		p := load()
		p.SchemaVersion = packet.Schema11
		if _, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"}); err != nil {
			t.Fatal(err)
		}
	}
	whole := time.Duration(0)
	for s := range meter.Stages {
		f := m.Of(s).Figures()
		if f.Count != 3 || f.P50 <= 0 {
			t.Errorf("%s: %+v", s, f)
		}
		if s != meter.Dispatch {
			whole += time.Duration(f.Max)
		}
	}
	if all := time.Duration(m.Of(meter.Dispatch).Figures().Max); all > whole*102/100 {
		t.Errorf("a dispatch took %v, and its slowest stages together %v", all, whole)
	}
	if redis, judge := m.Of(meter.Redis).Figures().P50, m.Of(meter.Validate).Figures().P50; redis < judge {
		t.Errorf("validating took %v and the round trip %v", time.Duration(judge), time.Duration(redis))
	}
}

func TestOnlyWhatLandsIsMeasured(t *testing.T) {
	h := open(t, testredis.Start(t).URL())
	m := meter.New()
	h.sender.MeasureWith(m)
	p := load()
	p.TTLSeconds = -1
	if _, err := h.sender.Dispatch(ctx, p, dispatch.Destination{Key: "queue:q"}); err == nil {
		t.Fatal("an invalid packet was sent")
	}
	h.raw.Set(ctx, "queue:taken", "a string", 0)
	if _, err := h.sender.Dispatch(ctx, load(), dispatch.Destination{Key: "queue:taken"}); err == nil {
		t.Fatal("a packet was written to a key of another type")
	}
	for s := range meter.Stages {
		if f := m.Of(s).Figures(); f.Count != 0 {
			t.Errorf("%s was noted %d times", s, f.Count)
		}
	}
}

func TestABatchIsMeasuredForEachOfItsPackets(t *testing.T) {
	h := open(t, testredis.Start(t).URL())
	m := meter.New()
	h.sender.MeasureWith(m)
	h.sealing(nil)
	q := h.sender.Queue()
	for i := range 100 {
		p := load()
		if i < 60 {
			p.SchemaVersion = packet.Schema11 // those are sealed
		}
		if err := q.Add(ctx, p, dispatch.Destination{Key: "queue:q", Operation: dispatch.RPush}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := q.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	want := map[meter.Stage]int64{meter.Redis: 100, meter.Dispatch: 100, meter.Seal: 60 + 3, meter.Validate: 7, meter.Council: 7} // one in 16
	for s, n := range want {
		if f := m.Of(s).Figures(); f.Count != n {
			t.Errorf("%s was noted %d times, want %d", s, f.Count, n)
		}
	}
}
