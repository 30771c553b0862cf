package lineage_test

import (
	"strings"
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

func (h *house) census() lineage.Census {
	h.t.Helper()
	c, err := h.Census(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// fates checks how many packets came to which.
func (h *house) fates(c lineage.Census, want map[lineage.Fate]int) {
	h.t.Helper()
	for fate, n := range c.Fates {
		if n != want[fate] {
			h.t.Errorf("%d are %s, not %d", n, fate, want[fate])
		}
	}
	for fate, n := range want {
		if c.Fates[fate] != n {
			h.t.Errorf("%d are %s, not %d", c.Fates[fate], fate, n)
		}
	}
}

// suspect is the one suspect of a census.
func (h *house) suspect(c lineage.Census) lineage.Row {
	h.t.Helper()
	if len(c.Suspects) != 1 {
		h.t.Fatalf("suspects: %+v", c.Suspects)
	}
	return c.Suspects[0]
}

func TestACensusTellsTheFateOfEveryPacket(t *testing.T) {
	h := open(t)
	if c := h.census(); c.At.IsZero() || len(c.Suspects) > 0 {
		t.Errorf("of nothing: %+v", c)
	}
	h.send("work", "queue:here")
	h.sendBatch(3, "queue:here")
	h.send("work", "context:here")
	h.send("work", "agents:metadata")
	h.send("work", "swarm:pool")
	h.send("work", "queue:collected")
	h.collect("queue:collected", dispatch.RPop)
	old := parcel("work")
	old.DispatchedAt, old.TTLSeconds = packet.FormatTime(time.Now().Add(-time.Minute)), 30
	h.sendPacket(old, "queue:expired")
	h.collect("queue:expired", dispatch.LPop)
	brief := parcel("work")
	brief.TTLSeconds = 1
	h.sendPacket(brief, "queue:brief")
	h.send("one", "queue:held")
	if _, err := h.Carcel().Discard(ctx, h.send("later", "queue:held"), "ann", "no"); err != nil {
		t.Fatal(err)
	}
	released := h.send("one", "queue:released")
	if _, err := h.Carcel().Approve(ctx, released, h.ann, "yes"); err != nil {
		t.Fatal(err)
	}
	h.send("work", "context:set")
	h.send("work", "context:set")
	testredis.Eventually(t, "the brief one is gone", func() bool { return h.raw.Exists(ctx, "queue:brief").Val() == 0 })

	c := h.census()
	h.fates(c, map[lineage.Fate]int{
		lineage.Here: 9, lineage.Collected: 1, lineage.Expired: 1, lineage.Presumed: 1, lineage.Held: 1, lineage.Binned: 1, lineage.Replaced: 1,
	})
	if len(c.Suspects) > 0 || c.Looked != 9 || c.Left != 0 || c.From != 1 {
		t.Errorf("%+v", c)
	}
}

func TestADeletedPacketIsMissing(t *testing.T) {
	h := open(t)
	h.send("work", "queue:a")
	id := h.send("work", "queue:a")
	h.send("work", "queue:a")
	h.raw.LRem(ctx, "queue:a", 1, h.at("queue:a", 1))
	c := h.census()
	h.fates(c, map[lineage.Fate]int{lineage.Here: 2, lineage.Missing: 1})
	s := h.suspect(c)
	if s.TrackingID != id || s.Fate != lineage.Missing || s.Key != "queue:a" || s.Operation != "rpush" || s.Position == 0 || s.Verdict.Overall != "" || !s.Bad() {
		t.Errorf("%+v", s)
	}
	if r := h.trace(id); r.Fate != lineage.Missing || r.Found {
		t.Errorf("%s, %s", r.Fate, r.Why)
	}
	h.raw.Del(ctx, "queue:a")
	h.fates(h.census(), map[lineage.Fate]int{lineage.Missing: 3})
}

func TestAHeldPacketThatWasTakenAwayIsMissing(t *testing.T) {
	h := open(t)
	h.send("one", "queue:a")
	id := h.send("one", "queue:a")
	h.raw.RPop(ctx, keyspace.Main.DeadLetters())
	c := h.census()
	h.fates(c, map[lineage.Fate]int{lineage.Held: 1, lineage.Missing: 1})
	if s := h.suspect(c); s.TrackingID != id {
		t.Errorf("%+v", s)
	}
}

func TestAForgedPacketIsUnlogged(t *testing.T) {
	h := open(t)
	h.send("work", "queue:a")
	id := h.pushed("queue:a")
	c := h.census()
	h.fates(c, map[lineage.Fate]int{lineage.Here: 1, lineage.Unlogged: 1})
	s := h.suspect(c)
	if s.TrackingID != id || s.Fate != lineage.Unlogged || s.Verdict.Overall != seal.Unauthenticated || s.Verdict.Logged != "missing" || s.Origin != "py" || !s.Bad() {
		t.Errorf("%+v", s)
	}
	h.push("queue:a", `{"tracking_id": "no uuid", "contents": {}}`)
	h.fates(h.census(), map[lineage.Fate]int{lineage.Here: 1, lineage.Unlogged: 2})
}

func TestAPacketThatWasSentAgainIsNoticed(t *testing.T) {
	h := open(t)
	id := h.send("work", "queue:a")
	raw := h.at("queue:a", 0)
	h.push("queue:a", raw)
	c := h.census()
	h.fates(c, map[lineage.Fate]int{lineage.Copied: 1})
	if s := h.suspect(c); s.TrackingID != id || s.Fate != lineage.Copied || s.Verdict.Overall != seal.Verified || !s.Bad() {
		t.Errorf("twice in its queue: %+v", s)
	}
	if r := h.trace(id); r.Fate != lineage.Copied || len(r.Places) != 2 {
		t.Errorf("%s, %s", r.Fate, r.Why)
	}
	h.collect("queue:a", dispatch.LPop)
	h.collect("queue:a", dispatch.LPop)
	h.fates(h.census(), map[lineage.Fate]int{lineage.Collected: 1})
	h.push("queue:b", raw)
	if s := h.suspect(h.census()); s.Fate != lineage.Copied || s.Key != "queue:b" {
		t.Errorf("after it was collected: %+v", s)
	}
}

func TestAHeldPacketThatTravelsUnreleasedIsNoticed(t *testing.T) {
	h := open(t)
	id := h.send("one", "queue:a")
	v, _, _ := packet.ParseValue([]byte(h.at(keyspace.Main.DeadLetters(), 0)))
	text := func(key string) packet.Value { m, _ := v.Get(key); return m }
	p := packet.Packet{TrackingID: id, Contents: text("contents"), ChainOfCustody: text("chain_of_custody"), SchemaVersion: "1.1"}
	p.Origin, _ = text("origin").Text()
	p.DispatchedAt, _ = text("dispatched_at").Text()
	p.TTLSeconds, _ = text("ttl_seconds").Int()
	h.push("queue:a", string(packet.AppendJSON(nil, p)))
	if v := h.verify("queue:a", 0); v.Seals != seal.SealsValid || v.Overall != seal.Incomplete || !strings.Contains(v.Reasons[0], "nobody released it") {
		t.Fatalf("%+v", v)
	}
	if s := h.suspect(h.census()); s.TrackingID != id || s.Fate != lineage.Copied {
		t.Errorf("%+v", s)
	}
	if r := h.trace(id); r.Fate != lineage.Copied {
		t.Errorf("%s, %s", r.Fate, r.Why)
	}
}

func TestWhereOthersTakeWithoutARecordNothingIsMissing(t *testing.T) {
	h := openAt(t, testredis.Start(t).URL(), engine.Config{Unrecorded: []string{"queue:py-*"}})
	h.send("work", "queue:py-1")
	h.raw.Del(ctx, "queue:py-1")
	c := h.census()
	h.fates(c, map[lineage.Fate]int{lineage.Taken: 1})
	if s := h.suspect(c); s.Fate != lineage.Taken || s.Bad() {
		t.Errorf("%+v", s)
	}
	stop := h.watches()
	defer stop()
	id := h.send("work", "queue:b")
	h.raw.LPop(ctx, "queue:b")
	testredis.Eventually(t, "the watcher has seen it", func() bool { return h.Watcher().TakenFrom("queue:b") })
	h.fates(h.census(), map[lineage.Fate]int{lineage.Taken: 2})
	if r := h.trace(id); r.Fate != lineage.Taken {
		t.Errorf("%s, %s", r.Fate, r.Why)
	}
}

func TestOfManySuspectsTheNewestAreNamed(t *testing.T) {
	h := openAt(t, testredis.Start(t).URL(), engine.Config{Unrecorded: []string{"queue:py"}})
	h.sendBatch(1500, "queue:py")
	h.sendBatch(900, "queue:a")
	last := h.send("work", "queue:a")
	h.raw.Del(ctx, "queue:a", "queue:py")
	c := h.census()
	h.fates(c, map[lineage.Fate]int{lineage.Missing: 901, lineage.Taken: 1500})
	if len(c.Suspects) != 200 || c.Suspects[0].TrackingID != last || c.Suspects[199].Fate != lineage.Missing {
		t.Errorf("%d suspects, the first %+v", len(c.Suspects), c.Suspects[0])
	}
}

// watches runs the watcher until the end.
func (h *house) watches() (stop func()) {
	return h.runs(h.Watcher().Run, func() bool { return h.Watcher().Snapshot().Link.State == watch.Live })
}

func TestWithoutItsBeginTheLedgerAccusesNobody(t *testing.T) {
	h := open(t)
	h.send("work", "queue:a")
	h.send("work", "queue:a")
	h.raw.XTrimMinID(ctx, keyspace.Main.Ledger(), "5-0")
	c := h.census()
	h.fates(c, map[lineage.Fate]int{lineage.Here: 1, lineage.Unknown: 1})
	if c.From != 5 || len(c.Suspects) > 0 {
		t.Errorf("%+v", c)
	}
}

func TestALongListIsLookedThroughInPart(t *testing.T) {
	h := open(t)
	h.sendBatch(600, "queue:long")
	values := make([]any, 5000)
	for i := range values {
		values[i] = "x"
	}
	h.raw.RPush(ctx, "queue:long", values...)
	h.sendBatch(600, "queue:long")
	c := h.census()
	h.fates(c, map[lineage.Fate]int{lineage.Here: 1200})
	if c.Left != 1200 || c.Looked != 1200 {
		t.Errorf("%+v", c)
	}
}

func TestPacketsThatMoveDuringACensusAreNoSuspects(t *testing.T) {
	h := open(t)
	h.sendBatch(1000, "queue:busy")
	stop := h.runs(func(c testContext) error {
		for c.Err() == nil {
			h.sendBatch(5, "queue:busy")
			if _, err := h.Collect(ctx, dispatch.Request{Key: "queue:busy", Op: dispatch.LPop, Count: 5}); err != nil {
				return err
			}
		}
		return c.Err()
	}, func() bool { return true })
	defer stop()
	for range 20 {
		if c := h.census(); len(c.Suspects) > 0 {
			t.Fatalf("%+v", c.Suspects)
		}
	}
}
