package seal

import (
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/packet"
)

func TestTheLeafIsCanonicalJSON(t *testing.T) {
	p := stamped(t, 1)
	p.Origin = "wörker \"x\"\n\U0001f600"
	lineage, err := lineageOf(p.ChainOfCustody)
	if err != nil {
		t.Fatal(err)
	}
	l, err := leafOf(&p, lineage, 4)
	if err != nil {
		t.Fatal(err)
	}
	l.contents, l.keyID, l.destination, l.operation = strings.Repeat("c", 64), "0123456789abcdef", "queue:é", "rpush"
	got, err := l.text(nil)
	if err != nil {
		t.Fatal(err)
	}
	text := packet.StringOf
	traceable, _ := p.ChainOfCustody.Get("traceable_id")
	want, err := custody.Canonical(packet.ObjectOf(
		packet.Member{Key: "tracking_id", Value: text(p.TrackingID)}, packet.Member{Key: "origin", Value: text(p.Origin)},
		packet.Member{Key: "dispatched_at", Value: text(p.DispatchedAt)}, packet.Member{Key: "schema_version", Value: text("1.1")},
		packet.Member{Key: "ttl_seconds", Value: packet.IntOf(3600)}, packet.Member{Key: "traceable_id", Value: traceable},
		packet.Member{Key: "contents_sha256", Value: text(l.contents)}, packet.Member{Key: "chain_sha256", Value: text(l.chain)},
		packet.Member{Key: "link", Value: text(custody.LastLink(lineage))}, packet.Member{Key: "upto", Value: packet.IntOf(4)},
		packet.Member{Key: "key_id", Value: text(l.keyID)}, packet.Member{Key: "destination", Value: text(l.destination)},
		packet.Member{Key: "operation", Value: text("rpush")}, packet.Member{Key: "_type", Value: text("if.packet/seal/v1")},
	))
	if err != nil || string(got) != string(want) {
		t.Errorf("%s\n%s %v", got, want, err)
	}
	if hash, _ := l.hash(); hash != tlog.RecordHash(want) {
		t.Error("the hash is not that of an RFC 6962 leaf")
	}
}

func TestChainSHA256CoversAllButLineageSealsAndChecksum(t *testing.T) {
	base := `"traceable_id": "x", "lineage_order": "oldest-first"`
	digest := func(chain string) string {
		t.Helper()
		v, _, err := packet.ParseValue([]byte(chain))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ChainSHA256(v)
		if err != nil {
			return err.Error()
		}
		return got
	}
	want := digest(`{` + base + `}`)
	if got := digest(`{"seals": [1], ` + base + `, "transparent_lineage": [], "trustworthy_signature": ""}`); got != want {
		t.Error("it depends on what is covered elsewhere")
	}
	for _, chain := range []string{
		`{` + base + `, "replay_of": "y"}`, `{"traceable_id": "y", "lineage_order": "oldest-first"}`, `{"traceable_id": "x"}`,
	} {
		if digest(chain) == want {
			t.Errorf("%s has the same digest", chain)
		}
	}
	for _, chain := range []string{`[]`, `{"seals": 1, "seals": 2}`, `{"a": 1, "a": 2}`} {
		if got := digest(chain); !strings.Contains(got, "cannot be sealed") {
			t.Errorf("%s: %s", chain, got)
		}
	}
}

// store is a tlog.HashReader over the hashes of a log.
type hashes []tlog.Hash

func (h hashes) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, n := range at {
		out[i] = h[n]
	}
	return out, nil
}

func TestTheTreeIsThatOfRFC6962(t *testing.T) {
	for _, size := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 33, 100, 255, 256, 257, 1023, 1024} {
		leaves := make([]Hash, size)
		var log hashes
		for i := range leaves {
			data := []byte{byte(i), byte(i >> 8)}
			leaves[i] = sha256.Sum256(append([]byte{0}, data...))
			more, err := tlog.StoredHashes(int64(i), data, log)
			if err != nil {
				t.Fatal(err)
			}
			log = append(log, more...)
		}
		tr := newTree(leaves)
		root, err := tlog.TreeHash(int64(size), log)
		if err != nil || tr.root() != root {
			t.Fatalf("size %d: another root, %v", size, err)
		}
		for _, i := range []int{0, size / 3, size / 2, size - 1} {
			var path []Hash
			tr.path(i, func(s string) {
				raw, _ := base64.StdEncoding.DecodeString(s)
				path = append(path, Hash(raw))
			})
			proof, err := tlog.ProveRecord(int64(size), int64(i), log)
			if err != nil || len(proof) != len(path) {
				t.Fatalf("size %d, leaf %d: %d hashes, want %d, %v", size, i, len(path), len(proof), err)
			}
			for k := range proof {
				if path[k] != proof[k] {
					t.Fatalf("size %d, leaf %d: another path", size, i)
				}
			}
			if got, ok := rootFrom(leaves[i], i, size, path); !ok || got != Hash(root) {
				t.Fatalf("size %d, leaf %d: the path leads elsewhere", size, i)
			}
			for _, wrong := range [][]Hash{append(path[:len(path):len(path)], Hash{}), path[:max(len(path)-1, 0)]} {
				if len(wrong) == len(path) {
					continue
				}
				if _, ok := rootFrom(leaves[i], i, size, wrong); ok {
					t.Fatalf("size %d, leaf %d: a path of %d hashes is taken", size, i, len(wrong))
				}
			}
		}
	}
}

func TestRandomPathsLeadWhereTlogSays(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	for range 3000 {
		size := r.IntN(MaxBatch) + 1
		index := r.IntN(size)
		path := make([]Hash, r.IntN(12))
		proof := make(tlog.RecordProof, len(path))
		for i := range path {
			for k := range path[i] {
				path[i][k] = byte(r.Uint32())
			}
			proof[i] = path[i]
		}
		root, ok := rootFrom(Hash{1}, index, size, path)
		err := tlog.CheckRecord(proof, int64(size), tlog.Hash(root), int64(index), tlog.Hash{1})
		if ok != (err == nil) {
			t.Fatalf("size %d, index %d, %d hashes: %v here, tlog says %v", size, index, len(path), ok, err)
		}
	}
}

func TestEachOfABatchIsVerifiedByItself(t *testing.T) {
	o := open(t)
	for _, size := range []int{1, 3, 256, MaxBatch} {
		packets := make([]packet.Packet, size)
		list := make([]*packet.Packet, size)
		for i := range packets {
			packets[i] = stamped(t, i)
			list[i] = &packets[i]
		}
		o.seal(o.by, list...)
		c := Context{Ring: o.ring(), Cache: new(Cache), Where: &Where{Key: "queue:q", Operation: "rpush"}}
		for _, i := range []int{0, size / 2, size - 1} {
			v := Verify(read(t, packets[i]), c)
			if v.Overall != Verified || v.Seals != SealsValid || v.Links != "intact" || v.Contents != "match" ||
				v.Destination != "here" || v.PaperDigest != custody.PaperBoth || v.Schema != "valid" || len(v.Reasons) > 0 {
				t.Errorf("packet %d of %d: %+v", i, size, v)
			}
		}
		if len(c.Cache.now) != 1 {
			t.Errorf("%d roots are remembered, not 1", len(c.Cache.now))
		}
	}
	if _, err := Sign(o.by, noon, make([]Draft, MaxBatch+1)); err == nil {
		t.Error("a batch too large was sealed")
	}
	if _, err := Sign(o.by, noon, nil); err == nil {
		t.Error("a batch of nothing was sealed")
	}
	if _, err := Sign(o.by, noon, make([]Draft, 1)); err == nil {
		t.Error("a draft for no key was sealed")
	}
}

func TestALaterCustodianSealsWhatCameBefore(t *testing.T) {
	o := open(t)
	p := stamped(t, 1)
	o.seal(o.by, &p)
	if err := custody.Extend(&p, custody.Step{Name: "release", At: noon}); err != nil {
		t.Fatal(err)
	}
	c := Context{Ring: o.ring()}
	if v := Verify(read(t, p), c); v.Overall != Incomplete || v.Seals != SealsValid || v.Links != "intact" {
		t.Errorf("before the second seal: %+v", v)
	}
	o.seal(o.by, &p)
	if v := Verify(read(t, p), c); v.Overall != Verified {
		t.Errorf("%+v", v)
	}
	seals, err := Read(p)
	if err != nil || len(seals) != 2 || seals[0].Upto != 4 || seals[1].Upto != 5 {
		t.Errorf("%+v %v", seals, err)
	}
}

func TestEntriesOfOthersAreCoveredToo(t *testing.T) {
	o := open(t)
	p := stamped(t, 1)
	p.ChainOfCustody = packet.MustValue(`{"traceable_id": "if://citation/x", "transparent_lineage": ["source:w|2025-12-02T14:35:18Z", "guardian:approval:2025-12-02T14:32:15Z"], "trustworthy_signature": "sha256:x"}`)
	if _, err := Prepare(&p, o.by.Entry.KeyID, "queue:q", "rpush"); err == nil || !strings.Contains(err.Error(), "no link") {
		t.Errorf("a lineage without links: %v", err)
	}
	if err := custody.Extend(&p, custody.Step{Name: "dispatch", At: noon}); err != nil {
		t.Fatal(err)
	}
	o.seal(o.by, &p)
	c := Context{Ring: o.ring()}
	if v := Verify(read(t, p), c); v.Overall != Verified || v.Links != "intact" {
		t.Errorf("%+v", v)
	}
	chain := string(packet.AppendValueJSON(nil, p.ChainOfCustody))
	p.ChainOfCustody = packet.MustValue(strings.Replace(chain, "source:w", "source:v", 1))
	if v := Verify(read(t, p), c); v.Overall != Tampered || v.Links != "broken at 3" {
		t.Errorf("an entry of theirs was edited: %+v", v)
	}
}
