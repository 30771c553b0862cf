package seal

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// queue is what an attacker has: packets in Redis, and no key.
type queue struct {
	*office
	raw *redis.Client
}

// sealedQueue has three packets in queue:q, sealed together.
func sealedQueue(t *testing.T) queue {
	t.Helper()
	q := queue{office: open(t)}
	q.raw = testredis.Connect(t, q.url)
	list := []packet.Packet{stamped(t, 1), stamped(t, 2), stamped(t, 3)}
	q.seal(q.by, &list[0], &list[1], &list[2])
	for _, p := range list {
		q.raw.RPush(ctx, "queue:q", packet.AppendJSON(nil, p))
	}
	return q
}

// with writes the first packet back, altered, and verifies what is there then.
func (q queue) with(alter func(p *packet.Packet)) Verdict {
	q.t.Helper()
	before := q.raw.LIndex(ctx, "queue:q", 0).Val()
	r, err := packet.Read([]byte(before))
	if err != nil {
		q.t.Fatal(err)
	}
	alter(&r.Packet)
	q.raw.LSet(ctx, "queue:q", 0, packet.AppendJSON(nil, r.Packet))
	defer q.raw.LSet(ctx, "queue:q", 0, before)
	return q.verify("queue:q", 0)
}

func (q queue) verify(key string, index int64) Verdict {
	q.t.Helper()
	raw, err := q.raw.LIndex(ctx, key, index).Bytes()
	if err != nil {
		q.t.Fatal(err)
	}
	r, err := packet.Read(raw)
	if err != nil {
		q.t.Fatal(err)
	}
	return Verify(r, Context{Ring: q.ring(), Where: &Where{Key: key}})
}

// relink computes all that has no key anew: links and the paper's checksum.
func relink(t *testing.T, p *packet.Packet, lineage []string) {
	t.Helper()
	contents, err := custody.ContentsSHA256(p.Contents)
	if err != nil {
		t.Fatal(err)
	}
	previous := ""
	values := make([]packet.Value, len(lineage))
	for i, raw := range lineage {
		body := custody.ParseEntry(raw).Body
		if previous, err = custody.Link(p.TrackingID, contents, previous, body); err != nil {
			t.Fatal(err)
		}
		lineage[i] = body + "|h:'" + previous + "'"
		values[i] = packet.StringOf(lineage[i])
	}
	digest, _ := custody.PaperDigest(lineage)
	p.ChainOfCustody = p.ChainOfCustody.With("transparent_lineage", packet.ArrayOf(values...)).With("trustworthy_signature", packet.StringOf(digest))
}

func entries(t *testing.T, p *packet.Packet) []string {
	t.Helper()
	list, err := lineageOf(p.ChainOfCustody)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// editSeal alters the first seal.
func editSeal(p *packet.Packet, key string, value packet.Value) {
	seals, _ := p.ChainOfCustody.Get("seals")
	p.ChainOfCustody = p.ChainOfCustody.With("seals", packet.ArrayOf(seals.Members()[0].Value.With(key, value)))
}

func TestWhatIsEditedIsCaughtAtAnyReader(t *testing.T) {
	q := sealedQueue(t)
	if v := q.with(func(*packet.Packet) {}); v.Overall != Verified || v.Destination != "here" {
		t.Fatalf("as it was: %+v", v)
	}
	other := stamped(t, 9)
	for name, c := range map[string]struct {
		alter    func(p *packet.Packet)
		seals    SealsState
		contents string
		links    string
	}{
		"contents":                 {func(p *packet.Packet) { p.Contents = p.Contents.With("n", packet.IntOf(7)) }, SealsValid, "edited", "intact"},
		"an integer made a float":  {func(p *packet.Packet) { p.Contents = p.Contents.With("n", packet.FloatOf(1)) }, SealsValid, "edited", "intact"},
		"a member of the contents": {func(p *packet.Packet) { p.Contents = p.Contents.With("x", packet.NullValue) }, SealsValid, "edited", "intact"},
		"contents and their digest": {func(p *packet.Packet) {
			p.Contents = p.Contents.With("n", packet.IntOf(7))
			sum, _ := custody.ContentsSHA256(p.Contents)
			editSeal(p, "contents_sha256", packet.StringOf(sum))
			relink(t, p, entries(t, p))
		}, SealsInvalid, "match", "intact"},
		"ttl":             {func(p *packet.Packet) { p.TTLSeconds = 86400 }, SealsInvalid, "match", "intact"},
		"origin":          {func(p *packet.Packet) { p.Origin = "root" }, SealsInvalid, "match", "intact"},
		"tracking_id":     {func(p *packet.Packet) { p.TrackingID = other.TrackingID }, SealsInvalid, "match", "broken at 1"},
		"id, links again": {func(p *packet.Packet) { p.TrackingID = other.TrackingID; relink(t, p, entries(t, p)) }, SealsInvalid, "match", "intact"},
		"dispatched_at":   {func(p *packet.Packet) { p.DispatchedAt = "2025-12-03T14:35:18" }, SealsInvalid, "match", "intact"},
		"schema_version":  {func(p *packet.Packet) { p.SchemaVersion = "1.0" }, SealsInvalid, "match", "intact"},
		"traceable_id": {func(p *packet.Packet) {
			p.ChainOfCustody = p.ChainOfCustody.With("traceable_id", packet.StringOf("if://citation/x"))
		}, SealsInvalid, "match", "intact"},
		"replay_of added": {func(p *packet.Packet) {
			p.ChainOfCustody = p.ChainOfCustody.With("replay_of", packet.StringOf(other.TrackingID))
		}, SealsInvalid, "match", "intact"},
		"lineage edited": {func(p *packet.Packet) {
			list := entries(t, p)
			list[2] = strings.Replace(list[2], "policy:default", "policy:lenient", 1)
			relink(t, p, list)
		}, SealsInvalid, "match", "intact"},
		"lineage edited, links left": {func(p *packet.Packet) {
			list := p.ChainOfCustody
			text := strings.Replace(string(packet.AppendValueJSON(nil, list)), "policy:default", "policy:lenient", 1)
			p.ChainOfCustody = packet.MustValue(text)
		}, SealsValid, "match", "broken at 3"},
		"lineage dropped":     {func(p *packet.Packet) { relink(t, p, entries(t, p)[:3]) }, SealsInvalid, "match", "intact"},
		"first entry dropped": {func(p *packet.Packet) { relink(t, p, entries(t, p)[1:]) }, SealsInvalid, "match", "intact"},
		"lineage reordered":   {func(p *packet.Packet) { l := entries(t, p); l[1], l[2] = l[2], l[1]; relink(t, p, l) }, SealsInvalid, "match", "intact"},
		"destination":         {func(p *packet.Packet) { editSeal(p, "destination", packet.StringOf("queue:z")) }, SealsInvalid, "match", "intact"},
		"operation":           {func(p *packet.Packet) { editSeal(p, "operation", packet.StringOf("lpush")) }, SealsInvalid, "match", "intact"},
		"upto":                {func(p *packet.Packet) { editSeal(p, "upto", packet.IntOf(3)) }, SealsInvalid, "match", "intact"},
		"batch_ms":            {func(p *packet.Packet) { editSeal(p, "batch_ms", packet.IntOf(1)) }, SealsInvalid, "match", "intact"},
		"seals made a text":   {func(p *packet.Packet) { p.ChainOfCustody = p.ChainOfCustody.With("seals", packet.StringOf("")) }, SealsInvalid, "unsealed", "intact"},
	} {
		v := q.with(c.alter)
		if v.Overall != Tampered || v.Seals != c.seals || v.Contents != c.contents || v.Links != c.links || len(v.Reasons) == 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestASealDoesNotFitAnotherPacketOfItsBatch(t *testing.T) {
	q := sealedQueue(t)
	second, err := packet.Read([]byte(q.raw.LIndex(ctx, "queue:q", 1).Val()))
	if err != nil {
		t.Fatal(err)
	}
	theirs, _ := second.Packet.ChainOfCustody.Get("seals")
	v := q.with(func(p *packet.Packet) { p.ChainOfCustody = p.ChainOfCustody.With("seals", theirs) })
	if v.Overall != Tampered || v.Seals != SealsInvalid {
		t.Errorf("%+v", v)
	}
}

func TestAPacketThatWasMovedIsIncomplete(t *testing.T) {
	q := sealedQueue(t)
	q.raw.LMove(ctx, "queue:q", "queue:else", "left", "right")
	if v := q.verify("queue:else", 0); v.Overall != Incomplete || v.Destination != "moved" || v.Seals != SealsValid {
		t.Errorf("%+v", v)
	}
}

func TestWithoutItsSealsAPacketIsUnauthenticated(t *testing.T) {
	q := sealedQueue(t)
	for _, seals := range []string{`[]`, ``} {
		v := q.with(func(p *packet.Packet) {
			var rest []packet.Member
			for _, m := range p.ChainOfCustody.Members() {
				if m.Key != "seals" {
					rest = append(rest, m)
				}
			}
			p.ChainOfCustody = packet.ObjectOf(rest...)
			if seals != "" {
				p.ChainOfCustody = p.ChainOfCustody.With("seals", packet.MustValue(seals))
			}
		})
		if v.Overall != Unauthenticated || v.Seals != SealsAbsent || v.Contents != "unsealed" || v.PaperDigest != custody.PaperBoth || len(v.Reasons) == 0 {
			t.Errorf("%q: %+v", seals, v)
		}
	}
}

func TestALineageThatGoesOnBehindItsSealIsIncomplete(t *testing.T) {
	q := sealedQueue(t)
	v := q.with(func(p *packet.Packet) { _ = custody.Extend(p, custody.Step{Name: "approve", At: noon}) })
	if v.Overall != Incomplete || v.Links != "intact" {
		t.Errorf("%+v", v)
	}
	v = q.with(func(p *packet.Packet) { // a program of others notes that it was here
		list, _ := p.ChainOfCustody.Get("transparent_lineage")
		var values []packet.Value
		for _, m := range list.Members() {
			values = append(values, m.Value)
		}
		p.ChainOfCustody = p.ChainOfCustody.With("transparent_lineage", packet.ArrayOf(append(values, packet.StringOf("action:read|2025-12-02T14:40:00Z"))...))
	})
	if v.Overall != Incomplete || v.Links != "broken at 5" || v.Seals != SealsValid {
		t.Errorf("%+v", v)
	}
}

func TestKeysAreJudgedByTheRingAlone(t *testing.T) {
	q := sealedQueue(t)
	narrow := q.hire(keyring.NewKey{Role: keyring.Seal, Name: "narrow", Origins: []string{"router-*"}})
	operator := q.hire(keyring.NewKey{Role: keyring.Operator, Name: "ann"})
	for _, c := range []struct {
		by      keyring.Signer
		seals   SealsState
		overall Overall
	}{
		{narrow, KeyNotForIt, Tampered},
		{operator, SealsInvalid, Tampered},
		{open(t).by, KeyUnknown, Incomplete}, // of another server
	} {
		p := stamped(t, 5)
		q.seal(c.by, &p)
		v := Verify(read(t, p), Context{Ring: q.ring()})
		if v.Seals != c.seals || v.Overall != c.overall || len(v.Reasons) != 1 {
			t.Errorf("%s: %+v", c.by.Entry.Name, v)
		}
	}
	if v := Verify(read(t, stampedAndSealed(t, q)), Context{}); v.Seals != KeyUnknown || v.Overall != Incomplete {
		t.Errorf("without a ring: %+v", v)
	}
	if _, err := q.keys.Revoke(ctx, q.by.Entry.KeyID); err != nil {
		t.Fatal(err)
	}
	if v := q.verify("queue:q", 0); v.Seals != KeyRevoked || v.Overall != Tampered {
		t.Errorf("revoked: %+v", v)
	}
	e, _ := q.ring().Find(q.by.Entry.KeyID)
	r := read(t, stampedAndSealed(t, q))
	for position, want := range map[int64]SealsState{1: SealsValid, e.RevokedAt - 1: SealsValid, e.RevokedAt: KeyRevoked} {
		if v := Verify(r, Context{Ring: q.ring(), Position: position}); v.Seals != want {
			t.Errorf("at position %d: %+v", position, v)
		}
	}
}

func stampedAndSealed(t *testing.T, q queue) packet.Packet {
	t.Helper()
	p := stamped(t, 6)
	q.seal(q.by, &p)
	return p
}

func TestWhatStandsBesideTheSealedPartsIsTampering(t *testing.T) {
	q := sealedQueue(t)
	text := q.raw.LIndex(ctx, "queue:q", 0).Val()
	for name, raw := range map[string]string{
		"a field too many":    strings.Replace(text, `{"origin"`, `{"priority": 9, "origin"`, 1),
		"contents twice":      strings.Replace(text, `{"origin"`, `{"contents": {}, "origin"`, 1),
		"a duplicate inside":  strings.Replace(text, `"n": 1}`, `"n": 2, "n": 1}`, 1),
		"bytes behind":        text + "{}",
		"an older name":       strings.Replace(text, `"tracking_id"`, `"payload_id"`, 1),
		"a number beyond all": strings.Replace(text, `"n": 1}`, `"n": 1e999}`, 1),
	} {
		r, err := packet.Read([]byte(raw))
		if err != nil || raw == text {
			t.Fatalf("%s: %v", name, err)
		}
		if v := Verify(r, Context{Ring: q.ring()}); v.Overall != Tampered || v.Schema != "invalid" {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestTheCheckSumOfASealedPacketMustHold(t *testing.T) {
	q := sealedQueue(t)
	v := q.with(func(p *packet.Packet) {
		p.ChainOfCustody = p.ChainOfCustody.With("trustworthy_signature", packet.StringOf(strings.Repeat("0", 64)))
	})
	if v.Overall != Incomplete || v.PaperDigest != custody.PaperNone || v.Seals != SealsValid {
		t.Errorf("%+v", v)
	}
}

func TestTheLedgersWordCounts(t *testing.T) {
	q := sealedQueue(t)
	p := stampedAndSealed(t, q)
	seals, err := Read(p)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := seals[0].leafHash(&p, entries(t, &p))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		e             *Evidence
		logged, fresh string
		overall       Overall
	}{
		{nil, "not checked", "not known", Verified},
		{&Evidence{Index: 6, Digest: &leaf}, "included (6)", "latest", Verified},
		{&Evidence{Index: 6}, "included (6)", "not known", Verified},
		{&Evidence{Index: 6, Digest: &Hash{}}, "included (6)", "superseded", Incomplete},
		{&Evidence{Index: -1}, "missing", "not known", Incomplete},
		{&Evidence{Index: 6, Digest: &leaf, Batch: true}, "included (6)", "latest", Verified}, // a batch of one
		{&Evidence{Index: 6, Digest: &Hash{}, Batch: true}, "included (6)", "not known", Verified},
		{&Evidence{Pending: true, Digest: &leaf}, "not checked", "latest", Verified},
		{&Evidence{Unproved: "the ledger is refused"}, "not checked", "not known", Verified},
		{&Evidence{Forged: "the record is another", Digest: &leaf}, "missing", "latest", Incomplete},
		{&Evidence{Index: 6, Digest: &Hash{}, Stored: &Hash{}}, "included (6)", "superseded", Incomplete}, // it has seals
	} {
		v := Verify(read(t, p), Context{Ring: q.ring(), Evidence: c.e})
		if v.Logged != c.logged || v.Fresh != c.fresh || v.Overall != c.overall {
			t.Errorf("%+v: %+v", c.e, v)
		}
	}
}

func TestAVerdictIsSettledOnceACheckpointCoversTheRecord(t *testing.T) {
	q := sealedQueue(t)
	pending := Verify(read(t, stampedAndSealed(t, q)), Context{Ring: q.ring(), Evidence: &Evidence{Pending: true}})
	for _, c := range []struct {
		e       Evidence
		logged  string
		overall Overall
		reasons int
	}{
		{Evidence{Index: 3}, "included (3)", Verified, 0},
		{Evidence{Pending: true}, "not checked", Verified, 0},
		{Evidence{Forged: "the record is another"}, "missing", Incomplete, 1},
	} {
		if v := pending.Settled(c.e); v.Logged != c.logged || v.Overall != c.overall || len(v.Reasons) != c.reasons || len(pending.Reasons) != 0 {
			t.Errorf("%+v: %+v", c.e, v)
		}
	}
}

func TestThePathOfASealLeadsToTheDigestOfItsBatch(t *testing.T) {
	q := sealedQueue(t)
	for i := range int64(3) {
		r, err := packet.Read([]byte(q.raw.LIndex(ctx, "queue:q", i).Val()))
		if err != nil {
			t.Fatal(err)
		}
		seals, _ := Read(r.Packet)
		leaf, _ := seals[0].leafHash(&r.Packet, entries(t, &r.Packet))
		root, _ := rootFrom(leaf, seals[0].Index, seals[0].Size, seals[0].path)
		if v := Verify(r, Context{Ring: q.ring(), Evidence: &Evidence{Digest: &root, Batch: true}}); v.Fresh != "latest" || v.Overall != Verified {
			t.Errorf("packet %d: %+v", i, v)
		}
	}
}

func TestWithoutASealTheBytesTellWhetherItIsTheLatest(t *testing.T) {
	q := sealedQueue(t)
	stored := Hash{1}
	for digest, want := range map[Hash]string{stored: "latest", {2}: "superseded"} {
		v := Verify(read(t, stamped(t, 1)), Context{Ring: q.ring(), Evidence: &Evidence{Digest: &digest, Stored: &stored}})
		if v.Fresh != want || v.Overall != Unauthenticated || len(v.Reasons) != map[string]int{"latest": 1, "superseded": 2}[want] {
			t.Errorf("%+v", v)
		}
	}
}

func TestARecordOfAnotherStateVouchesForNoRevokedKey(t *testing.T) {
	q := sealedQueue(t)
	r := read(t, stampedAndSealed(t, q))
	if _, err := q.keys.Revoke(ctx, q.by.Entry.KeyID); err != nil {
		t.Fatal(err)
	}
	e, _ := q.ring().Find(q.by.Entry.KeyID)
	c := Context{Ring: q.ring(), Position: e.RevokedAt - 1, Evidence: &Evidence{Digest: &Hash{}}}
	if v := Verify(r, c); v.Seals != KeyRevoked || v.Overall != Tampered {
		t.Errorf("%+v", v)
	}
}

func TestOnlyOneFormOfASealIsRead(t *testing.T) {
	q := sealedQueue(t)
	p := stampedAndSealed(t, q)
	seals, _ := p.ChainOfCustody.Get("seals")
	good := seals.Members()[0].Value
	sig, _ := good.Get("sig")
	text, _ := sig.Text()
	loose := []byte(text)
	loose[85]++ // of the last digit only two bits count
	sum, _ := good.Get("contents_sha256")
	hex, _ := sum.Text()
	members := good.Members()
	for name, seal := range map[string]packet.Value{
		"a member more":     good.With("note", packet.NullValue),
		"a member less":     packet.ObjectOf(members[1:]...),
		"a member twice":    packet.ObjectOf(append(append([]packet.Member{}, members[1:]...), members[1])...),
		"another version":   good.With("v", packet.IntOf(2)),
		"a float":           good.With("upto", packet.FloatOf(4)),
		"loose base64":      good.With("sig", packet.StringOf(string(loose))),
		"base64 in lines":   good.With("sig", packet.StringOf(text[:40]+"\n"+text[40:])),
		"unpadded base64":   good.With("sig", packet.StringOf(strings.TrimRight(text, "="))),
		"hex in upper case": good.With("contents_sha256", packet.StringOf(strings.ToUpper(hex))),
		"a negative index":  good.With("batch", packet.MustValue(`{"size": 1, "index": -1, "path": []}`)),
		"beyond the batch":  good.With("batch", packet.MustValue(`{"size": 1, "index": 1, "path": []}`)),
		"too large a batch": good.With("batch", packet.MustValue(`{"size": 1025, "index": 0, "path": []}`)),
		"a path too long":   good.With("batch", packet.MustValue(`{"size": 1, "index": 0, "path": ["`+base64.StdEncoding.EncodeToString(make([]byte, 32))+`"]}`)),
		"no object":         packet.StringOf("x"),
	} {
		changed := p
		changed.ChainOfCustody = p.ChainOfCustody.With("seals", packet.ArrayOf(seal))
		if v := Verify(read(t, changed), Context{Ring: q.ring()}); v.Seals != SealsInvalid || v.Overall != Tampered {
			t.Errorf("%s: %+v", name, v)
		}
	}
	twice := p
	twice.ChainOfCustody = p.ChainOfCustody.With("seals", packet.ArrayOf(good, good))
	if v := Verify(read(t, twice), Context{Ring: q.ring()}); v.Overall != Tampered {
		t.Errorf("the same seal twice: %+v", v)
	}
}
