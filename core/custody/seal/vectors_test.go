package seal

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/packet"
)

var update = flag.Bool("update", false, "write testdata/sealed.json anew, with new keys")

func canonicalPacket(t testing.TB, p packet.Packet) []byte {
	t.Helper()
	text, err := custody.Canonical(p.Value())
	if err != nil {
		return nil
	}
	return text
}

func TestTheVectorsForOtherImplementationsHold(t *testing.T) {
	if *update {
		writeSample(t)
	}
	s := loadSample(t)
	for i, v := range s.accept {
		if got := verifyValue(t, v, Context{Ring: s.ring}); got.Overall != Verified {
			t.Errorf("packet %d: %+v", i, got)
		}
	}
	if len(s.accept) < 4 || len(s.reject) < 12 {
		t.Errorf("only %d and %d cases", len(s.accept), len(s.reject))
	}
	for _, r := range s.reject {
		if got := verifyValue(t, r.packet, Context{Ring: s.ring}); string(got.Overall) != r.overall || got.Overall == Verified {
			t.Errorf("%s: %+v, want %s", r.why, got, r.overall)
		}
	}
}

// writeSample makes the vectors: a ring, packets sealed alone, together and
// twice, and ways of altering them.
func writeSample(t *testing.T) {
	o := open(t)
	narrow := o.hire(keyring.NewKey{Role: keyring.Seal, Name: "narrow", Origins: []string{"router-*"}})
	ended := o.hire(keyring.NewKey{Role: keyring.Seal, Name: "ended"})
	if _, err := o.keys.Revoke(ctx, ended.Entry.KeyID); err != nil {
		t.Fatal(err)
	}
	alone, a, b, c := stamped(t, 1), stamped(t, 2), stamped(t, 3), stamped(t, 4)
	a.Contents = packet.MustValue(`{"primitive": "matrix.route", "big": 9007199254740993, "f": [1.0, 1e16, 1E-5, -0.0], "ü": "\ud83d\ude00\u007f<>"}`)
	a.ChainOfCustody = packet.NullValue
	a.Origin = "wörker | 'x'"
	if err := custody.Stamp(&a, custody.Stamping{At: noon}); err != nil {
		t.Fatal(err)
	}
	o.seal(o.by, &alone)
	o.seal(o.by, &a, &b, &c)
	twice := c
	if err := custody.Extend(&twice, custody.Step{Name: "release", At: noon}); err != nil {
		t.Fatal(err)
	}
	unsealed := twice
	o.seal(o.by, &twice)
	forNarrow, forEnded, unknown := stamped(t, 5), stamped(t, 6), stamped(t, 7)
	o.seal(narrow, &forNarrow)
	o.seal(ended, &forEnded)
	o.seal(open(t).by, &unknown)

	var reject []packet.Value
	add := func(why string, overall Overall, v packet.Value) {
		reject = append(reject, packet.ObjectOf(
			packet.Member{Key: "why", Value: packet.StringOf(why)},
			packet.Member{Key: "overall", Value: packet.StringOf(string(overall))},
			packet.Member{Key: "packet", Value: v}))
	}
	alter := func(why string, overall Overall, change func(p *packet.Packet)) {
		p := b
		change(&p)
		add(why, overall, p.Value())
	}
	contents := func(key, text string) func(p *packet.Packet) {
		return func(p *packet.Packet) { p.Contents = p.Contents.With(key, packet.MustValue(text)) }
	}
	alter("a number in the contents was edited", Tampered, contents("n", "4"))
	alter("an integer became a float", Tampered, contents("n", "3.0"))
	add("2^53+1 became 2^53", Tampered, packet.MustValue(strings.Replace(string(packet.AppendJSON(nil, a)), "9007199254740993", "9007199254740992", 1)))
	alter("ttl_seconds was edited", Tampered, func(p *packet.Packet) { p.TTLSeconds = 86400 })
	alter("origin was edited", Tampered, func(p *packet.Packet) { p.Origin = "root" })
	alter("the lineage was cut and hashed again", Tampered, func(p *packet.Packet) { relink(t, p, entries(t, p)[:3]) })
	alter("the lineage was reordered and hashed again", Tampered, func(p *packet.Packet) {
		l := entries(t, p)
		l[1], l[2] = l[2], l[1]
		relink(t, p, l)
	})
	alter("the destination in the seal was edited", Tampered, func(p *packet.Packet) { editSeal(p, "destination", packet.StringOf("queue:z")) })
	alter("the seal is that of another packet of the batch", Tampered, func(p *packet.Packet) {
		theirs, _ := c.ChainOfCustody.Get("seals")
		p.ChainOfCustody = p.ChainOfCustody.With("seals", theirs)
	})
	alter("the signature is not by that key", Tampered, func(p *packet.Packet) { editSeal(p, "key_id", packet.StringOf(narrow.Entry.KeyID)) })
	alter("the seal has a member that there is not", Tampered, func(p *packet.Packet) { editSeal(p, "alg", packet.StringOf("none")) })
	alter("replay_of was added", Tampered, func(p *packet.Packet) {
		p.ChainOfCustody = p.ChainOfCustody.With("replay_of", packet.StringOf(c.TrackingID))
	})
	alter("the seals are gone", Unauthenticated, func(p *packet.Packet) { p.ChainOfCustody = p.ChainOfCustody.With("seals", packet.ArrayOf()) })
	add("a field stands beside the sealed ones", Tampered, b.Value().With("priority", packet.IntOf(9)))
	add("the key is not for this origin", Tampered, forNarrow.Value())
	add("the key is revoked", Tampered, forEnded.Value())
	add("the key is not in the keyring", Incomplete, unknown.Value())
	add("the lineage goes on behind the last seal", Incomplete, unsealed.Value())

	ring, err := o.keys.Export(ctx)
	if err != nil {
		t.Fatal(err)
	}
	note := "Packets sealed under the keyring, whose text is its document. accept: verified by any reader; reject: overall is the verdict. No position of the ledger is known, and no destination."
	doc := packet.ObjectOf(
		packet.Member{Key: "note", Value: packet.StringOf(note)},
		packet.Member{Key: "keyring", Value: packet.StringOf(string(ring))},
		packet.Member{Key: "accept", Value: packet.ArrayOf(alone.Value(), a.Value(), b.Value(), c.Value(), twice.Value())},
		packet.Member{Key: "reject", Value: packet.ArrayOf(reject...)},
	)
	if err := os.WriteFile("testdata/sealed.json", append(packet.AppendIndentedJSON(nil, doc, "  "), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

// paper is what the paper's two verifiers do, and our canonical JSON, leaf and
// tree in nothing but Python's standard library. It has no Ed25519; so the
// root that it finds is printed, and compared with the one that was signed.
const paper = `
import base64, hashlib, json, sys
sha = lambda b: hashlib.sha256(b).hexdigest()
canonical = lambda v: json.dumps(v, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
for p in json.load(open("testdata/sealed.json"))["accept"]:
    c = p["chain_of_custody"]
    lineage, signature = c["transparent_lineage"], c["trustworthy_signature"]
    assert sha(str(lineage).encode()) == signature, "verify_lineage"
    assert sha(json.dumps(lineage, sort_keys=True).encode()) == signature, "verify_packet_integrity"
    contents = sha(canonical(p["contents"]))
    previous = ""
    for entry in lineage:
        body, link = entry[:-1].rsplit("|h:'", 1)
        previous = sha("\n".join(["if.link.v1", p["tracking_id"], contents, previous, body]).encode())
        assert previous == link
    for s in c["seals"]:
        assert s["contents_sha256"] == contents
        leaf = {k: p[k] for k in ("tracking_id", "origin", "dispatched_at", "schema_version", "ttl_seconds")}
        leaf.update({k: s[k] for k in ("key_id", "contents_sha256", "destination", "operation", "upto")})
        rest = {k: v for k, v in c.items() if k not in ("transparent_lineage", "seals", "trustworthy_signature")}
        leaf.update(_type="if.packet/seal/v1", traceable_id=c["traceable_id"], chain_sha256=sha(canonical(rest)),
                    link=lineage[s["upto"] - 1][-65:-1])
        h = hashlib.sha256(b"\0" + canonical(leaf)).digest()
        i, n = s["batch"]["index"], s["batch"]["size"] - 1
        for step in map(base64.b64decode, s["batch"]["path"]):
            if i % 2 or i == n:
                h = hashlib.sha256(b"\1" + step + h).digest()
                while i % 2 == 0 and i > 0: i, n = i // 2, n // 2
            else:
                h = hashlib.sha256(b"\1" + h + step).digest()
            i, n = i // 2, n // 2
        print(base64.b64encode(h).decode())
`

func TestPythonComesToTheSameRoots(t *testing.T) {
	cmd := exec.Command("python3", "-c", paper)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaint.String())
	}
	theirs := strings.Fields(string(out))
	s := loadSample(t)
	n := 0
	for _, v := range s.accept {
		r, _ := packet.Read(packet.AppendValueJSON(nil, v))
		seals, err := Read(r.Packet)
		if err != nil {
			t.Fatal(err)
		}
		for i := range seals {
			leaf, err := seals[i].leafHash(&r.Packet, entries(t, &r.Packet))
			if err != nil {
				t.Fatal(err)
			}
			root, _ := rootFrom(leaf, seals[i].Index, seals[i].Size, seals[i].path)
			msg := strings.Split(string(statement(seals[i].KeyID, seals[i].Size, seals[i].At.UnixMilli(), &root)), "\n")
			if n >= len(theirs) || msg[4] != theirs[n] {
				t.Fatalf("seal %d: %v, and Python has %v", n, msg, theirs)
			}
			n++
		}
	}
	if n != len(theirs) || n < 5 {
		t.Errorf("%d seals, Python has %d", n, len(theirs))
	}
}
