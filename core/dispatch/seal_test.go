package dispatch_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// sealing makes a house seal what it sends; told are the lines for people.
func (h *house) sealing(told *[]string) *keyring.Keyring {
	h.t.Helper()
	keys := keyring.Open(h.store, keyring.InMemory(), h.url)
	h.sender.SealWith(seal.NewDesk(keys, "tester@here", func(line string) {
		if told != nil {
			*told = append(*told, line)
		}
	}))
	return keys
}

// sealed is a valid packet of schema 1.1.
func sealed(n int) packet.Packet {
	p := parcel(n)
	p.SchemaVersion = packet.Schema11
	return p
}

// verdict verifies a value found under a key.
func (h *house) verdict(keys *keyring.Keyring, raw, key string) seal.Verdict {
	h.t.Helper()
	ring, err := keys.Ring(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := packet.Read([]byte(raw))
	if err != nil {
		h.t.Fatal(err)
	}
	return seal.Verify(r, seal.Context{Ring: ring, Where: &seal.Where{Key: key}})
}

func TestTheFirstSealedPacketMakesTheKeysAndEachIsVerified(t *testing.T) {
	h := open(t, testredis.Start(t).URL())
	var told []string
	keys := h.sealing(&told)
	h.dispatch(parcel(1), "queue:q", dispatch.RPush)
	if ring, err := keys.Ring(ctx); err != nil || !ring.Empty() {
		t.Fatalf("a packet of 1.0 made keys: %v", err)
	}
	for n := range 3 {
		h.dispatch(sealed(n), "queue:q", dispatch.RPush)
	}
	ring, err := keys.Ring(ctx)
	if err != nil {
		t.Fatal(err)
	}
	roles := ""
	for _, e := range ring.Entries() {
		roles += string(e.Role) + " "
	}
	if roles != "root seal log " || len(told) != 1 || !strings.Contains(told[0], "made root key") {
		t.Errorf("keys %s, told %q", roles, told)
	}
	values := h.raw.LRange(ctx, "queue:q", 0, -1).Val()
	if v := h.verdict(keys, values[0], "queue:q"); v.Overall != seal.Unauthenticated {
		t.Errorf("1.0: %+v", v)
	}
	for _, raw := range values[1:] {
		if v := h.verdict(keys, raw, "queue:q"); v.Overall != seal.Verified || v.Destination != "here" {
			t.Errorf("%+v", v)
		}
	}
}

func TestABatchIsSealedTogetherWithWhatIsHeldAndInBothFormats(t *testing.T) {
	council := judge(func(a governance.Action) (governance.Verdict, error) {
		v, _ := a.Payload.Get("n")
		if n, _ := v.Int(); n == 7 {
			return governance.Verdict{Status: governance.Blocked, Reason: "seven"}, nil
		}
		return governance.Verdict{Status: governance.Approved, Reason: "fine"}, nil
	})
	h := openUnder(t, testredis.Start(t).URL(), governance.Fixed(council))
	keys := h.sealing(nil)
	q := h.sender.Queue()
	for n := range 300 {
		to := dispatch.Destination{Key: "queue:q", Operation: dispatch.RPush}
		if n%2 == 1 {
			to.Format = packet.Msgpack
		}
		if err := q.Add(ctx, sealed(n), to); err != nil {
			t.Fatal(err)
		}
	}
	flush(t, q, 300)
	sizes := map[int]int{}
	for _, raw := range h.raw.LRange(ctx, "queue:q", 0, -1).Val() {
		if v := h.verdict(keys, raw, "queue:q"); v.Overall != seal.Verified {
			t.Fatalf("%+v", v)
		}
		r, _ := packet.Read([]byte(raw))
		seals, err := seal.Read(r.Packet)
		if err != nil || len(seals) != 1 {
			t.Fatal(seals, err)
		}
		sizes[seals[0].Size]++
	}
	if fmt.Sprint(sizes) != "map[44:44 256:255]" { // one of the first 256 is held
		t.Errorf("batches %v", sizes)
	}
	held := h.raw.LIndex(ctx, "carcel:dead_letters", 0).Val()
	r, err := packet.Read([]byte(held))
	if err != nil {
		t.Fatal(err)
	}
	r.Faults, r.Extra = nil, nil // what the carcel writes beside the packet
	ring, _ := keys.Ring(ctx)
	if v := seal.Verify(r, seal.Context{Ring: ring, Where: &seal.Where{Held: true}}); v.Overall != seal.Verified {
		t.Errorf("held: %+v", v)
	}
}

func TestTheLedgerRecordsTheLeaf(t *testing.T) {
	h := open(t, testredis.Start(t).URL())
	h.sealing(nil)
	h.dispatch(sealed(1), "queue:q", dispatch.RPush)
	r, err := packet.Read([]byte(h.raw.LIndex(ctx, "queue:q", 0).Val()))
	if err != nil {
		t.Fatal(err)
	}
	records := h.ledger()
	digest, _ := records[len(records)-1].Values["packet_digest"].(string)
	raw, err := hex.DecodeString(digest)
	if err != nil || len(raw) != 32 {
		t.Fatalf("%q", digest)
	}
	leaf := seal.Hash(raw)
	ring, _ := keyring.Open(h.store, keyring.InMemory(), h.url).Ring(ctx)
	v := seal.Verify(r, seal.Context{Ring: ring, Evidence: &seal.Evidence{Index: int64(len(records) - 1), Digest: &leaf}})
	if v.Fresh != "latest" || v.Overall != seal.Verified {
		t.Errorf("%+v", v)
	}
}

func TestAChainOfAnotherCustodianIsCarriedOn(t *testing.T) {
	h := open(t, testredis.Start(t).URL())
	keys := h.sealing(nil)
	h.dispatch(sealed(1), "queue:a", dispatch.RPush)
	first, err := packet.Read([]byte(h.raw.LPop(ctx, "queue:a").Val()))
	if err != nil {
		t.Fatal(err)
	}
	h.raw.Del(ctx, "guardian:decision:"+first.Packet.TrackingID) // the mark has ended
	h.dispatch(first.Packet, "queue:b", dispatch.RPush)
	raw := h.raw.LIndex(ctx, "queue:b", 0).Val()
	if v := h.verdict(keys, raw, "queue:b"); v.Overall != seal.Verified || strings.Count(raw, `"sig"`) != 2 {
		t.Errorf("%+v\n%s", v, raw)
	}
	foreign := sealed(2)
	foreign.ChainOfCustody = packet.MustValue(`{"traceable_id": "t", "transparent_lineage": ["source:h|timestamp:2025-12-02T14:35:18Z"], "trustworthy_signature": "s"}`)
	h.dispatch(foreign, "queue:c", dispatch.RPush)
	if v := h.verdict(keys, h.raw.LIndex(ctx, "queue:c", 0).Val(), "queue:c"); v.Overall != seal.Verified || v.Links != "intact" {
		t.Errorf("%+v", v)
	}
}

func TestAnOriginThatNoKeyHereCoversIsRefused(t *testing.T) {
	h := open(t, testredis.Start(t).URL())
	keys := h.sealing(nil)
	if _, err := keys.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "router", Origins: []string{"router-*"}}); err != nil {
		t.Fatal(err)
	}
	to := dispatch.Destination{Key: "queue:q", Operation: dispatch.RPush}
	_, err := h.sender.Dispatch(ctx, sealed(1), to)
	if !errors.Is(err, seal.ErrOrigin) || !strings.Contains(err.Error(), "ifpacket keys new --role seal") {
		t.Errorf("%v", err)
	}
	if _, err := h.sender.Preview(ctx, sealed(1), to); !errors.Is(err, seal.ErrOrigin) {
		t.Errorf("the preview says %v", err)
	}
	p := sealed(2)
	p.Origin = "router-7"
	if _, err := h.sender.Dispatch(ctx, p, to); err != nil {
		t.Error(err)
	}
	if n := h.raw.LLen(ctx, "queue:q").Val(); n != 1 {
		t.Errorf("%d were sent", n)
	}
}

func TestAnActorIsVouchedForByTheSealingKeyAlone(t *testing.T) {
	seen := map[string]bool{}
	council := judge(func(a governance.Action) (governance.Verdict, error) {
		seen[a.Actor] = a.Vouched
		return governance.Verdict{Status: governance.Approved, Reason: "fine"}, nil
	})
	h := openUnder(t, testredis.Start(t).URL(), governance.Fixed(council))
	h.sealing(nil)
	to := dispatch.Destination{Key: "queue:q", Operation: dispatch.RPush}
	for _, actor := range []string{"tester", "tester@here", "root-bot"} {
		p := sealed(1)
		p.Contents = p.Contents.With("actor", packet.StringOf(actor))
		preview, err := h.sender.Preview(ctx, p, to)
		before := seen[actor]
		if err != nil || len(preview.Lineage) != 4 {
			t.Fatal(preview, err)
		}
		if _, err := h.sender.Dispatch(ctx, p, to); err != nil {
			t.Fatal(err)
		}
		if want := actor != "root-bot"; seen[actor] != want || before != want {
			t.Errorf("%s: previewed %v, dispatched %v", actor, before, seen[actor])
		}
		if raw := h.raw.LIndex(ctx, "queue:q", -1).Val(); len(raw) < preview.JSON-8 || len(raw) > preview.JSON+8 {
			t.Errorf("%d bytes, foreseen %d", len(raw), preview.JSON)
		}
	}
	old := parcel(1)
	old.Contents = old.Contents.With("actor", packet.StringOf("tester"))
	if _, err := h.sender.Dispatch(ctx, old, to); err != nil || seen["tester"] {
		t.Errorf("without a seal nobody is vouched for: %v %v", seen, err)
	}
}

func TestReadOnlyAndForgedKeyringsSendNothing(t *testing.T) {
	h := open(t, testredis.Start(t).URL())
	s, err := store.Open(h.url, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ro := dispatch.New(s, governance.Fixed(governance.Unanimous{}), packet.DefaultRegistry()).
		SealWith(seal.NewDesk(keyring.Open(s, keyring.InMemory(), h.url), "tester@here", nil))
	to := dispatch.Destination{Key: "queue:q", Operation: dispatch.RPush}
	if _, err := ro.Dispatch(ctx, sealed(1), to); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("read-only: %v", err)
	}
	if _, err := ro.Preview(ctx, sealed(1), to); err != nil {
		t.Errorf("a preview writes nothing: %v", err)
	}
	h.sealing(nil)
	h.raw.Set(ctx, "ttt:keyring", `{"entries": []}`, 0)
	if _, err := h.sender.Dispatch(ctx, sealed(1), to); !errors.Is(err, keyring.ErrForged) {
		t.Errorf("forged: %v", err)
	}
	if n := h.raw.Exists(ctx, "queue:q", "ttt:ledger:main").Val(); n != 0 {
		t.Error("something was written")
	}
}
