package lineage_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
)

// events are those of the records of a report.
func events(r lineage.Report) string {
	var list []string
	for _, one := range r.Records {
		list = append(list, one.Event())
	}
	return strings.Join(list, " ")
}

func TestTheTraceOfADispatchedPacketIsWhole(t *testing.T) {
	h := open(t)
	id := h.send("work", "queue:a")
	h.seal()
	r := h.trace(id)
	if r.Fate != lineage.Here || r.Verdict.Overall != seal.Verified || r.Verdict.Fresh != "latest" || r.Verdict.Logged != "included (3)" || !r.Whole || len(r.Lacks) > 0 {
		t.Errorf("%s %+v, whole %v, lacks %v", r.Fate, r.Verdict, r.Whole, r.Lacks)
	}
	if len(r.Places) != 1 || r.Places[0] != (lineage.Place{Key: "queue:a", Type: "list"}) || !r.Found || r.Bytes == 0 {
		t.Errorf("%+v", r.Places)
	}
	if events(r) != "dispatched" || r.Proof == nil || r.Proof.Check() != nil || r.Decision == nil || r.Decision.TrackingID != id {
		t.Errorf("records %s, proof %v, decision %v", events(r), r.Proof, r.Decision)
	}
	if r.Order != "oldest first" || len(r.Chain) != 4 || len(r.Seals) != 1 || r.Seals[0].Name != "tester" || r.Edit != nil {
		t.Errorf("order %s, chain %v, seals %+v", r.Order, r.Chain, r.Seals)
	}
	for _, step := range r.Chain {
		if step.State != lineage.LinkOK || step.Sealed != 1 {
			t.Errorf("%+v", step)
		}
	}
	if r.Citation != custody.Citation(id) {
		t.Error(r.Citation)
	}
	for _, asked := range []string{custody.PacketPrefix + id, r.Citation, strings.ToUpper(id)} {
		if again := h.trace(asked); again.TrackingID != id || again.Fate != lineage.Here {
			t.Errorf("%s: %s %s", asked, again.TrackingID, again.Fate)
		}
	}
}

func TestBeforeACheckpointNothingIsProved(t *testing.T) {
	h := open(t)
	r := h.trace(h.send("work", "queue:a"))
	if r.Verdict.Logged != "not checked" || r.Verdict.Overall != seal.Verified || r.Proof != nil || !strings.Contains(r.Unproven, "not under a checkpoint yet") || len(r.Lacks) != 1 {
		t.Errorf("%+v, unproven %q, lacks %v", r.Verdict, r.Unproven, r.Lacks)
	}
}

func TestAPacketOfABatchIsTracedByItsRoot(t *testing.T) {
	h := open(t)
	ids := h.sendBatch(5, "queue:a")
	h.seal()
	for slot, id := range ids {
		r := h.trace(id)
		if r.Fate != lineage.Here || r.Verdict.Overall != seal.Verified || r.Verdict.Fresh != "latest" || !strings.HasPrefix(r.Verdict.Logged, "included") {
			t.Errorf("%s %+v", r.Fate, r.Verdict)
		}
		if r.Decision == nil || r.Decision.DecisionID != r.Records[0].Get("decision_id") || r.Places[0].Slot != int64(slot) || len(r.Lacks) > 0 {
			t.Errorf("decision %v, places %v, lacks %v", r.Decision, r.Places, r.Lacks)
		}
	}
}

func TestAHeldPacketIsTracedUntilItIsReleased(t *testing.T) {
	h := open(t)
	id := h.send("one", "queue:a")
	h.seal()
	r := h.trace(id)
	if r.Fate != lineage.Held || !r.Places[0].Held || r.Places[0].Slot != 0 || r.Verdict.Overall != seal.Verified || r.Verdict.Fresh != "latest" || events(r) != "held" {
		t.Errorf("held: %s %+v %+v", r.Fate, r.Places, r.Verdict)
	}
	if _, err := h.Carcel().Approve(ctx, id, h.ann, "it is right"); err != nil {
		t.Fatal(err)
	}
	h.seal()
	r = h.trace(id)
	if r.Fate != lineage.Here || r.Verdict.Overall != seal.Verified || r.Verdict.Fresh != "latest" || events(r) != "held approved released" || len(r.Seals) != 2 || len(r.Lacks) > 0 {
		t.Errorf("released: %s %+v, records %s, lacks %v", r.Fate, r.Verdict, events(r), r.Lacks)
	}
	if last := r.Chain[len(r.Chain)-1]; last.Name != "release" || last.Sealed != 2 || r.Chain[0].Sealed != 1 {
		t.Errorf("%+v", r.Chain)
	}
	if r.Decision == nil || len(r.Decision.Approvals) != 1 {
		t.Errorf("decision %+v", r.Decision)
	}
}

func TestADiscardedPacketIsInTheBinAndComesBack(t *testing.T) {
	h := open(t)
	id := h.send("later", "queue:a")
	if _, err := h.Carcel().Discard(ctx, id, "ann", "not wanted"); err != nil {
		t.Fatal(err)
	}
	h.seal()
	r := h.trace(id)
	if r.Fate != lineage.Binned || !r.Found || !r.Places[0].Held || r.Verdict.Overall != seal.Verified || r.Verdict.Fresh != "latest" || events(r) != "blocked discarded" {
		t.Errorf("binned: %s %+v %+v, records %s", r.Fate, r.Places, r.Verdict, events(r))
	}
	if _, err := h.Carcel().Restore(ctx, id, "ann", "wanted after all"); err != nil {
		t.Fatal(err)
	}
	if r = h.trace(id); r.Fate != lineage.Held || r.Verdict.Fresh != "latest" || events(r) != "blocked discarded restored" {
		t.Errorf("restored: %s %+v, records %s", r.Fate, r.Verdict, events(r))
	}
	h.raw.Del(ctx, keyspace.Main.DeadLetters())
	if r = h.trace(id); r.Fate != lineage.Missing || r.Found {
		t.Errorf("taken out of the carcel behind its back: %s, %s", r.Fate, r.Why)
	}
}

func TestAnEditedReplayIsAnotherPacket(t *testing.T) {
	h := open(t)
	id := h.send("later", "queue:a")
	h.rules.lenient.Store(true)
	plan, err := h.Carcel().Plan(ctx, carcel.Spec{Filter: carcel.Filter{IDs: []string{id}}, Edit: json.RawMessage(`{"primitive": "later", "n": 2}`), By: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	run, err := h.Carcel().Begin(ctx, plan)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Carcel().Work(ctx, run.ID, nil); err != nil {
		t.Fatal(err)
	}
	h.seal()
	old := h.trace(id)
	if old.Fate != lineage.Replaced || old.Found || events(old) != "blocked released" || !strings.Contains(old.Why, "another tracking id") {
		t.Errorf("the old one: %s, %s, records %s", old.Fate, old.Why, events(old))
	}
	r := h.trace(old.Records[1].Get("became"))
	if r.Fate != lineage.Here || r.Verdict.Overall != seal.Verified || r.Verdict.Fresh != "latest" || events(r) != "released" || len(r.Lacks) > 0 {
		t.Errorf("the new one: %s %+v, lacks %v", r.Fate, r.Verdict, r.Lacks)
	}
}

func TestACollectedPacketIsStillKnownByItsCitation(t *testing.T) {
	h := open(t)
	id := h.send("work", "queue:a")
	h.sendBatch(3, "queue:a")
	h.collect("queue:a", dispatch.LPop)
	h.seal()
	r := h.trace(custody.Citation(id))
	if r.TrackingID != id || r.Fate != lineage.Collected || r.Found || events(r) != "dispatched collected" || r.Proof == nil || r.Verdict.Overall != "" {
		t.Errorf("%s %s, records %s", r.TrackingID, r.Fate, events(r))
	}
	if len(r.Lacks) != 1 || !strings.Contains(r.Lacks[0], "found nowhere in Redis") || r.Decision == nil {
		t.Errorf("lacks %v", r.Lacks)
	}
}

func TestAnExpiredPacketLiesWhereItWasPut(t *testing.T) {
	h := open(t)
	p := parcel("work")
	p.DispatchedAt, p.TTLSeconds = packet.FormatTime(time.Now().Add(-time.Minute)), 30
	h.sendPacket(p, "queue:a")
	h.collect("queue:a", dispatch.LPop)
	r := h.trace(p.TrackingID)
	if r.Fate != lineage.Expired || !r.Found || r.Places[0].Key != keyspace.Main.Expired() || r.Verdict.Overall != seal.Verified || events(r) != "dispatched expired" {
		t.Errorf("%s %+v %+v, records %s", r.Fate, r.Places, r.Verdict, events(r))
	}
}

func TestAPacketOfOthersIsTracedWithoutALedger(t *testing.T) {
	h := open(t)
	cited := "if://citation/0f0e0d0c-0b0a-4908-8706-050403020100"
	h.push("queue:py", `{"origin": "py", "contents": {}, "schema_version": "1.1", "ttl_seconds": 60, "tracking_id": "packet_of_others", "dispatched_at": "2025-12-02T14:35:18", "chain_of_custody": {"traceable_id": "`+cited+`", "transparent_lineage": ["guardian:approval:2025-12-02T14:35:20Z", "source:w|timestamp:2025-12-02T14:35:18Z"], "trustworthy_signature": "x"}}`)
	for _, asked := range []string{"packet_of_others", cited} {
		r := h.trace(asked)
		if r.TrackingID != "packet_of_others" || r.Citation != cited || r.Verdict.Overall != seal.Unauthenticated || r.Order != "newest first" {
			t.Errorf("%s: %+v, order %s", asked, r.Verdict, r.Order)
		}
		if r.Fate != lineage.Unlogged || !strings.Contains(strings.Join(r.Lacks, "\n"), "no record of it") || r.Chain[0].State != lineage.LinkNone {
			t.Errorf("%s: %s, %s, lacks %v", asked, r.Fate, r.Why, r.Lacks)
		}
	}
}

func TestPacketsUnderOtherTypesOfKeysAreFound(t *testing.T) {
	h := open(t)
	for key, kind := range map[string]string{"context:plan": "string", "agents:metadata": "hash", "swarm:pool": "set"} {
		p := parcel("work")
		h.sendPacket(p, key)
		r := h.trace(p.TrackingID)
		if r.Fate != lineage.Here || len(r.Places) != 1 || r.Places[0].Type != kind || r.Places[0].Slot != -1 || r.Verdict.Overall != seal.Verified {
			t.Errorf("%s: %s %+v %+v", key, r.Fate, r.Places, r.Verdict)
		}
		if kind == "hash" && r.Places[0].Field != p.TrackingID {
			t.Errorf("field %q", r.Places[0].Field)
		}
	}
	first := h.send("work", "context:x")
	h.send("work", "context:x")
	if r := h.trace(first); r.Fate != lineage.Replaced || r.Found {
		t.Errorf("set over: %s, %s", r.Fate, r.Why)
	}
}

func TestWhatNobodyKnowsIsNotFound(t *testing.T) {
	h := open(t)
	h.send("work", "queue:a")
	for _, asked := range []string{packet.NewTrackingID(), custody.Citation("x"), "", "if://claim/x", "if://packet/"} {
		if _, err := h.Trace(ctx, asked, 0); !errors.Is(err, lineage.ErrNotFound) {
			t.Errorf("%q: %v", asked, err)
		}
	}
}

func TestATrimmedLedgerIsToldInWhatLacks(t *testing.T) {
	h := open(t)
	h.send("work", "queue:a")
	id := h.send("work", "queue:a")
	h.raw.XTrimMinID(ctx, keyspace.Main.Ledger(), "4-0")
	r := h.trace(id)
	if r.Whole || !strings.Contains(strings.Join(r.Lacks, "\n"), "nothing before record 4") {
		t.Errorf("lacks %v", r.Lacks)
	}
}

func TestAHugeKeyIsLookedThroughFromBothEnds(t *testing.T) {
	h := open(t)
	first := h.send("work", "queue:big")
	values := make([]any, 6000)
	for i := range values {
		values[i] = "x"
	}
	h.raw.RPush(ctx, "queue:big", values...)
	last := h.send("work", "queue:big")
	for id, slot := range map[string]int64{first: 0, last: 6001} {
		r := h.trace(id)
		if r.Fate != lineage.Here || r.Places[0].Slot != slot || !strings.Contains(strings.Join(r.Lacks, "\n"), "queue:big holds 2002 values more") {
			t.Errorf("%s %+v, lacks %v", r.Fate, r.Places, r.Lacks)
		}
	}
	h.raw.LSet(ctx, "queue:big", 0, "y")
	if r := h.trace(first); r.Fate != lineage.Unknown {
		t.Errorf("it may be in the middle: %s", r.Fate)
	}
}

func TestAnEditIsShownAgainstTheDecisionRecord(t *testing.T) {
	h := open(t)
	id := h.send("work", "queue:a")
	h.alter("queue:a", 0, func(p *packet.Packet) { p.Contents = p.Contents.With("n", packet.IntOf(7)) })
	r := h.trace(id)
	if r.Verdict.Overall != seal.Tampered || r.Edit == nil || r.Edit.Known != "the decision record" {
		t.Fatalf("%+v, edit %+v", r.Verdict, r.Edit)
	}
	if want := []carcel.Change{{Path: "n", From: "1", To: "7"}}; len(r.Edit.Changes) != 1 || r.Edit.Changes[0] != want[0] {
		t.Errorf("%+v", r.Edit.Changes)
	}
	h.raw.Del(ctx, keyspace.Main.Decision(id))
	if r = h.trace(id); r.Edit == nil || r.Edit.Known != "" || !strings.Contains(strings.Join(r.Lacks, "\n"), "nowhere to be found") {
		t.Errorf("%+v, lacks %v", r.Edit, r.Lacks)
	}
}
