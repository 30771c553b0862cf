package lineage_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
)

// These are the attacks of the table in docs/custody.md that only the ledger
// shows; the others are in core/custody/seal.

func TestAPacketRolledBackToAnEarlierSealIsSuperseded(t *testing.T) {
	h := open(t)
	id := h.send("one", "queue:a")
	held := h.at(keyspace.Main.DeadLetters(), 0)
	if _, err := h.Carcel().Approve(ctx, id, h.ann, "right"); err != nil {
		t.Fatal(err)
	}
	h.seal()
	if v := h.verify("queue:a", 0); v.Overall != seal.Verified || v.Fresh != "latest" {
		t.Fatalf("as it was: %+v", v)
	}
	h.alter("queue:a", 0, func(p *packet.Packet) { // the packet as the carcel held it, under its first seal
		v, _, _ := packet.ParseValue([]byte(held))
		p.ChainOfCustody, _ = v.Get("chain_of_custody")
	})
	v := h.verify("queue:a", 0)
	if v.Seals != seal.SealsValid || v.Fresh != "superseded" || v.Overall != seal.Incomplete || !strings.HasPrefix(v.Logged, "included") {
		t.Errorf("%+v", v)
	}
}

func TestOfAPacketWithoutItsSealsTheLedgerKnowsMore(t *testing.T) {
	h := open(t)
	id := h.send("work", "queue:a")
	h.alter("queue:a", 0, stripped)
	h.seal()
	v := h.verify("queue:a", 0)
	if v.Overall != seal.Unauthenticated || v.Fresh != "superseded" || !strings.HasPrefix(v.Logged, "included") || len(v.Reasons) != 2 {
		t.Errorf("%+v", v)
	}
	if r := h.trace(id); r.Verdict.Fresh != "superseded" {
		t.Errorf("%+v", r.Verdict)
	}
}

func TestAnUnsealedPacketIsComparedByItsBytes(t *testing.T) {
	h := open(t)
	p := parcel("work")
	p.SchemaVersion = packet.Schema10
	h.sendPacket(p, "queue:a")
	h.seal()
	if v := h.verify("queue:a", 0); v.Fresh != "latest" || v.Overall != seal.Unauthenticated {
		t.Errorf("as it was: %+v", v)
	}
	h.alter("queue:a", 0, func(p *packet.Packet) { p.Contents = p.Contents.With("n", packet.IntOf(2)) })
	if v := h.verify("queue:a", 0); v.Fresh != "superseded" {
		t.Errorf("edited: %+v", v)
	}
}

func TestPacketsReadFromElsewhereHaveTheLedgersWordToo(t *testing.T) {
	h := open(t)
	h.send("work", "queue:a")
	plain := parcel("work")
	plain.SchemaVersion = packet.Schema10
	h.sendPacket(plain, "queue:a")
	h.seal()
	v, err := h.Verifier(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for slot, fresh := range []string{"latest", "not known"} { // bytes may have been written anew on their way
		verdict, err := v.VerifyRaw([]byte(h.at("queue:a", int64(slot))), "")
		if err != nil || verdict.Fresh != fresh || !strings.HasPrefix(verdict.Logged, "included") || verdict.Destination != "not known" {
			t.Errorf("%v %+v", err, verdict)
		}
	}
	late := h.send("work", "queue:a") // after the verifier has read the ledger
	if verdict, err := v.VerifyRaw([]byte(h.at("queue:a", 2)), ""); err != nil || verdict.Fresh != "latest" || verdict.Logged != "not checked" || verdict.TrackingID != late {
		t.Errorf("%v %+v", err, verdict)
	}
}

func TestOfABatchWithSeveralSignaturesFreshIsNotKnown(t *testing.T) {
	h := open(t)
	h.sendBatch(2*seal.GoodBatch+1, "queue:a")
	h.seal()
	for _, slot := range []int64{0, seal.GoodBatch, -1} {
		if v := h.verify("queue:a", slot); v.Fresh != "not known" || !strings.HasPrefix(v.Logged, "included") || v.Overall != seal.Verified {
			t.Errorf("%+v", v)
		}
	}
}

func TestAKeyThatWasRevokedLaterSealedInTime(t *testing.T) {
	h := open(t)
	h.send("work", "queue:a")
	ring, err := h.Keyring().Ring(ctx)
	if err != nil {
		t.Fatal(err)
	}
	before := h.at("queue:a", 0)
	for _, e := range ring.Entries() {
		if e.Role == keyring.Seal {
			if _, err := h.Keyring().Revoke(ctx, e.KeyID); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.seal()
	if v := h.verify("queue:a", 0); v.Overall != seal.Verified {
		t.Errorf("sealed before: %+v", v)
	}
	h.alter("queue:a", 0, func(p *packet.Packet) { _ = custody.Extend(p, custody.Step{Name: "approve"}) })
	if v := h.verify("queue:a", 0); v.Overall == seal.Verified {
		t.Errorf("altered: %+v", v)
	}
	h.raw.Del(ctx, keyspace.Main.Ledger()) // without its record nobody knows when it was sealed
	h.push("queue:b", before)
	if v := h.verify("queue:b", 0); v.Seals != seal.KeyRevoked || v.Overall != seal.Tampered {
		t.Errorf("without a ledger: %+v", v)
	}
}

func TestAForgedPacketIsMissingFromTheLedger(t *testing.T) {
	h := open(t)
	h.send("work", "queue:a")
	h.pushed("queue:a")
	h.seal()
	if v := h.verify("queue:a", 1); v.Logged != "missing" || v.Overall != seal.Unauthenticated {
		t.Errorf("without a seal: %+v", v)
	}
	// With a stolen key the seal is valid, and the ledger alone knows better.
	p := parcel("work")
	thief := open(t)
	thief.sendPacket(p, "queue:a")
	h.push("queue:b", thief.at("queue:a", 0))
	if v := h.verify("queue:b", 0); v.Logged != "missing" || v.Overall != seal.Incomplete {
		t.Errorf("sealed: %+v", v)
	}
}

func TestARecordThatWasRewrittenIsNotTheOneThatWasSealed(t *testing.T) {
	h := open(t)
	h.send("work", "queue:a")
	h.send("work", "queue:a")
	h.seal()
	rewrite(h, 4, func(fields []string) {
		for i := range fields {
			if fields[i] == "actor" {
				fields[i+1] = "somebody else"
			}
		}
	})
	v := h.verify("queue:a", 0)
	if v.Logged != "missing" || v.Fresh != "not known" || v.Overall != seal.Incomplete || !strings.Contains(strings.Join(v.Reasons, "\n"), "record 4 is not the one that was sealed") {
		t.Errorf("%+v", v)
	}
	if v := h.verify("queue:a", 1); v.Overall != seal.Verified {
		t.Errorf("its neighbour: %+v", v)
	}
}

func TestInALedgerThatIsRefusedNothingCounts(t *testing.T) {
	h := open(t)
	h.send("work", "queue:a")
	h.seal()
	if _, err := h.Ledger().Look(ctx); err != nil {
		t.Fatal(err)
	}
	records := h.raw.XRange(ctx, keyspace.Main.Ledger(), "-", "+").Val()
	h.raw.Del(ctx, keyspace.Main.Ledger()) // and made shorter
	h.raw.XAdd(ctx, &redis.XAddArgs{Stream: keyspace.Main.Ledger(), ID: "1-0", Values: records[0].Values})
	if s, err := h.Ledger().Look(ctx); err != nil || s.Trouble == nil {
		t.Fatal(err, s)
	}
	v := h.verify("queue:a", 0)
	if v.Logged != "not checked" || v.Fresh != "not known" || !strings.Contains(strings.Join(v.Reasons, "\n"), "refused") {
		t.Errorf("%+v", v)
	}
}

// rewrite makes a record another one, in its place; those behind it stay.
func rewrite(h *house, position int, change func(fields []string)) {
	h.t.Helper()
	key := keyspace.Main.Ledger()
	all, err := h.raw.Do(ctx, "XRANGE", key, "-", "+").Slice()
	if err != nil {
		h.t.Fatal(err)
	}
	h.raw.Del(ctx, key)
	for i, one := range all {
		pair := one.([]any)
		var fields []string
		for _, f := range pair[1].([]any) {
			fields = append(fields, f.(string))
		}
		if i == position-1 {
			change(fields)
		}
		args := []any{"XADD", key, pair[0]}
		for _, f := range fields {
			args = append(args, f)
		}
		if err := h.raw.Do(ctx, args...).Err(); err != nil {
			h.t.Fatal(err)
		}
	}
}
