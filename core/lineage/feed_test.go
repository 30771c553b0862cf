package lineage_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// often makes a feed do in milliseconds what it does in seconds.
var often = lineage.Pace{Beat: 5 * time.Millisecond, Census: 50 * time.Millisecond}

// fed is a house whose watcher and feed run.
func fed(t *testing.T, o lineage.Pace) (h *house, stop func()) {
	t.Helper()
	h = openAt(t, testredis.Start(t).URL(), engine.Config{Feed: o})
	return h, h.feeds()
}

func (h *house) feeds() (stop func()) {
	stopWatch := h.watches()
	stopFeed := h.runs(h.Feed().Run, func() bool { return true })
	return func() { stopFeed(); stopWatch() }
}

// until waits for a row of the feed of which something holds.
func (h *house) until(what, id string, holds func(r *lineage.Row) bool) lineage.Row {
	h.t.Helper()
	var row lineage.Row
	testredis.Eventually(h.t, what, func() bool {
		p := h.Feed().Picture()
		for i := range p.Rows {
			if row = p.Rows[i]; row.TrackingID == id && holds(&row) {
				return true
			}
		}
		return false
	})
	return row
}

func there(*lineage.Row) bool { return true }

func TestTheFeedVerifiesWhatArrives(t *testing.T) {
	h, stop := fed(t, often)
	defer stop()
	for _, key := range []string{"queue:a", "context:b", "agents:metadata", "swarm:pool"} {
		id := h.send("work", key)
		r := h.until("it is in the feed", id, there)
		if r.Verdict.Overall != seal.Verified || r.Verdict.Fresh != "latest" || r.Fate != lineage.Here || r.Key != key || r.Origin != "tester" || r.Primitive != "work" || r.Vertical != "lab" || r.Position == 0 || r.Operation == "" {
			t.Errorf("%+v", r)
		}
	}
	for _, id := range h.sendBatch(20, "queue:a") {
		if r := h.until("it is in the feed", id, there); r.Verdict.Overall != seal.Verified || r.Verdict.Fresh != "latest" {
			t.Errorf("%+v", r)
		}
	}
	id := parcel("work")
	if _, err := h.Dispatch(ctx, id, dispatch.Destination{Key: "queue:a", Operation: dispatch.LPush}); err != nil {
		t.Fatal(err)
	}
	h.until("what is pushed at the head is in the feed", id.TrackingID, there)
	if p := h.Feed().Picture(); p.Counts != (lineage.Counts{Verified: 25}) || len(p.Rows) != 25 || p.Rows[24].Seq != 25 {
		t.Errorf("%+v", p.Counts)
	}
}

func TestTheFeedTimesWhatOthersSendAndTake(t *testing.T) {
	h, stop := fed(t, often)
	defer stop()
	id := h.send("work", "queue:a")
	h.sendBatch(20, "queue:a")
	h.until("it is in the feed", id, there)
	h.collect("queue:a", dispatch.LPop)
	flow := h.Feed().Flow()
	testredis.Eventually(t, "the waits are told", func() bool {
		return flow.Queued.Figures().Count == 1 && flow.Written.Figures().Count == 21 && flow.Batches.Figures().Count == 2
	})
	if w := flow.Written.Figures(); w.Max > int64(time.Minute) {
		t.Errorf("written after %v", time.Duration(w.Max))
	}
	if b := flow.Batches.Figures(); b.Cells[0] != 1 || b.Cells[4] != 1 { // 1, and 16 to 31
		t.Errorf("batches %v", b.Cells)
	}
}

func TestARowIsSettledWhenACheckpointCoversIt(t *testing.T) {
	h, stop := fed(t, often)
	defer stop()
	id := h.send("work", "queue:a")
	forged := h.send("work", "queue:a")
	if r := h.until("it is in the feed", id, there); r.Verdict.Logged != "not checked" {
		t.Errorf("%+v", r.Verdict)
	}
	h.until("the other is in the feed", forged, there)
	rewrite(h, 5, func(fields []string) { // before it is sealed
		for i := range fields {
			if fields[i] == "packet_digest" {
				fields[i+1] = strings.Repeat("0", 64)
			}
		}
	})
	h.seal()
	h.until("it is included", id, func(r *lineage.Row) bool { return r.Verdict.Logged == "included (3)" })
	r := h.until("the other is not", forged, func(r *lineage.Row) bool { return r.Verdict.Logged == "missing" })
	if r.Verdict.Overall != seal.Incomplete || !r.Bad() {
		t.Errorf("%+v", r.Verdict)
	}
	if c := h.Feed().Picture().Counts; c.Verified != 1 || c.Incomplete != 1 {
		t.Errorf("%+v", c)
	}
}

func TestTheFeedShowsWhatIsWrong(t *testing.T) {
	h, stop := fed(t, often)
	defer stop()
	sent := h.send("work", "queue:a")
	h.until("it is in the feed", sent, there)
	if r := h.until("a foreign one is unlogged", h.pushed("queue:py"), there); r.Fate != lineage.Unlogged || r.Verdict.Overall != seal.Unauthenticated || !r.Bad() {
		t.Errorf("%+v", r)
	}
	held := h.send("one", "queue:a")
	if r := h.until("it is held", held, there); r.Fate != lineage.Held || r.Verdict.Overall != seal.Verified || r.Verdict.Destination != "here" {
		t.Errorf("%+v", r)
	}
	h.alter("queue:a", 0, func(p *packet.Packet) { p.Contents = p.Contents.With("n", packet.IntOf(9)) })
	h.until("the edit shows", sent, func(r *lineage.Row) bool { return r.Verdict.Overall == seal.Tampered })
}

func TestWithAForgedKeyringEverySealIsUnknown(t *testing.T) {
	h, stop := fed(t, often)
	defer stop()
	h.until("it is verified", h.send("work", "queue:a"), func(r *lineage.Row) bool { return r.Verdict.Overall == seal.Verified })
	raw := h.at("queue:a", 0)
	h.raw.Set(ctx, keyspace.Keyring, "{}", 0)
	h.push("queue:b", raw)
	r := h.until("its copy is not", h.Feed().Picture().Rows[0].TrackingID, func(r *lineage.Row) bool { return r.Key == "queue:b" })
	if r.Verdict.Seals != seal.KeyUnknown || !r.Bad() {
		t.Errorf("%+v", r)
	}
}

func TestTheFeedTakesACensus(t *testing.T) {
	h, stop := fed(t, often)
	defer stop()
	id := h.send("work", "queue:a")
	copied := h.send("work", "queue:b")
	h.until("it is in the feed", id, there)
	h.until("so is the other", copied, there)
	h.push("queue:b", h.at("queue:b", 0))
	h.raw.Del(ctx, "queue:a")
	h.until("it is missing", id, func(r *lineage.Row) bool { return r.Fate == lineage.Missing })
	h.until("the other was sent again", copied, func(r *lineage.Row) bool { return r.Fate == lineage.Copied })
	c := h.Feed().Picture().Census
	h.fates(c, map[lineage.Fate]int{lineage.Missing: 1, lineage.Copied: 1})
	if len(c.Suspects) != 2 || c.From != 1 || c.At.IsZero() {
		t.Errorf("%+v", c)
	}
	held := h.send("one", "queue:a")
	h.until("it is held", held, there)
	h.raw.Del(ctx, keyspace.Main.DeadLetters())
	h.until("it is missing from the carcel", held, func(r *lineage.Row) bool { return r.Fate == lineage.Missing })
}

func TestWhatWasThereBeforeIsShownOnceTheFeedBegins(t *testing.T) {
	h := openAt(t, testredis.Start(t).URL(), engine.Config{Feed: often})
	ids := h.sendBatch(60, "queue:a")
	id := h.send("work", "queue:b")
	h.seal()
	stop := h.feeds()
	if r := h.until("it is in the feed", id, there); !strings.HasPrefix(r.Verdict.Logged, "included") {
		t.Errorf("%+v", r.Verdict)
	}
	h.until("so is the end of the list", ids[59], there)
	stop()
	before := h.Feed().Picture()
	if before.Counts.Skipped != 0 {
		t.Errorf("%+v", before.Counts)
	}
	stop = h.feeds() // a second run goes on with the picture of the first
	defer stop()
	next := h.send("work", "queue:b")
	if r := h.until("it is in the feed", next, there); r.Seq <= before.Rows[len(before.Rows)-1].Seq {
		t.Errorf("row %d", r.Seq)
	}
}

func TestAServerThatBeginsAnewIsReadAnew(t *testing.T) {
	h, stop := fed(t, often)
	defer stop()
	for range 5 {
		h.send("work", "queue:a")
	}
	h.until("it is in the feed", h.send("work", "queue:a"), there)
	ring := h.raw.Get(ctx, keyspace.Keyring).Val()
	h.raw.FlushAll(ctx)
	h.raw.Set(ctx, keyspace.Keyring, ring, 0)
	id := h.send("work", "queue:b")
	if r := h.until("it is in the feed", id, there); r.Position != 1 {
		t.Errorf("%+v", r)
	}
	testredis.Eventually(t, "the census is of the new one", func() bool {
		c := h.Feed().Picture().Census
		return c.Fates[lineage.Here] == 1 && c.Fates[lineage.Missing] == 0
	})
}

func TestUnderLoadEveryPacketIsLookedAtOrCounted(t *testing.T) {
	h, stop := fed(t, lineage.Pace{Beat: 10 * time.Millisecond, Census: 200 * time.Millisecond})
	defer stop()
	woken := make(chan struct{}, 1)
	h.Feed().OnChange(func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	var all sync.WaitGroup
	const each, senders = 150, 4
	for range senders {
		all.Add(1)
		go func() {
			defer all.Done()
			for range each {
				h.send("work", "queue:busy")
			}
			h.sendBatch(500, "queue:busy")
		}()
	}
	last := uint64(0)
	reading, cancel := context.WithCancel(ctx)
	all.Add(1)
	go func() { // a screen
		defer all.Done()
		for {
			select {
			case <-reading.Done():
				return
			case <-woken:
			}
			p := h.Feed().Picture()
			if p.Version < last || len(p.Rows) > lineage.MaxRows {
				t.Errorf("version %d after %d, %d rows", p.Version, last, len(p.Rows))
			}
			last = p.Version
			for i := range p.Rows {
				if p.Rows[i].Verdict.Overall != seal.Verified || i > 0 && p.Rows[i].Seq != p.Rows[i-1].Seq+1 {
					t.Errorf("%+v", p.Rows[i])
				}
			}
		}
	}()
	testredis.Eventually(t, "all are looked at or counted", func() bool {
		c := h.Feed().Picture().Counts
		return c.Verified+c.Skipped >= senders*(each+500)
	})
	cancel()
	all.Wait()
	h.until("the end is caught up with", h.send("work", "queue:busy"), there)
	testredis.Eventually(t, "the census has all", func() bool { return h.Feed().Picture().Census.Fates[lineage.Here] == senders*(each+500)+1 })
	p := h.Feed().Picture()
	if c := p.Counts; c.Verified+c.Skipped != senders*(each+500)+1 || c.Verified < 200 {
		t.Errorf("%+v", c)
	}
	if len(p.Census.Suspects) > 0 {
		t.Errorf("%+v", p.Census.Suspects)
	}
}

func TestTheFeedWaitsForAServerThatIsAway(t *testing.T) {
	server := testredis.Start(t)
	h := openAt(t, server.URL(), engine.Config{Feed: often})
	stop := h.feeds()
	defer stop()
	h.until("it is in the feed", h.send("work", "queue:a"), there)
	server.Kill()
	testredis.Eventually(t, "the server is away", func() bool { return h.Watcher().Snapshot().Link.State == watch.Away })
	server.Up()
	testredis.Eventually(t, "it is back", func() bool { return h.Watcher().Snapshot().Link.State == watch.Live })
	h.until("packets are seen again", h.pushed("queue:py"), there)
}
