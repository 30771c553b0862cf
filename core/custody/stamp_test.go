package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

func TestALinkHashesItsPartsOnALineEach(t *testing.T) {
	got, err := Link("id", "c0", "prev", "source:w1")
	sum := sha256.Sum256([]byte("if.link.v1\nid\nc0\nprev\nsource:w1"))
	if err != nil || got != hex.EncodeToString(sum[:]) {
		t.Errorf("%s %v", got, err)
	}
	for i := range 4 {
		parts := []string{"id", "c0", "prev", "body"}
		parts[i] += "\n"
		if _, err := Link(parts[0], parts[1], parts[2], parts[3]); !errors.Is(err, ErrNewline) {
			t.Errorf("a newline in part %d: %v", i, err)
		}
	}
}

func TestAStampedPacketIsValidAndSatisfiesBothVerifiers(t *testing.T) {
	p := aPacket()
	if err := Stamp(&p, Stamping{At: noon, Policy: "r1"}); err != nil {
		t.Fatal(err)
	}
	if err := packet.DefaultRegistry().Validate(p); err != nil {
		t.Error(err)
	}
	answers := python(t, `
c = json.loads(lines[0])["chain_of_custody"]
l, s = c["transparent_lineage"], c["trustworthy_signature"]
put(str([sha(str(l)) == s, sha(json.dumps(l, sort_keys=True)) == s, c["lineage_order"], len(l)]))
for e in l: put(e.split("|h:'")[0])
`, []string{string(packet.AppendJSON(nil, p))})
	want := []string{
		"[True, True, 'oldest-first', 4]",
		"source:haiku_worker_b3f8c2|2025-12-02T14:35:18Z",
		"action:validate_schema|2025-12-02T14:35:20Z|status:passed|version:1.1",
		"action:evaluate|2025-12-02T14:35:20Z|status:approved|policy:r1",
		"action:dispatch|2025-12-02T14:35:20Z|status:approved",
	}
	if got := strings.Join(answers, "\n"); got != strings.Join(want, "\n") {
		t.Error(got)
	}
	id, _ := p.ChainOfCustody.Get("traceable_id")
	if s, _ := id.Text(); s != Citation(p.TrackingID) {
		t.Error(s)
	}
}

func TestEachEntryIsLinkedToTheOneBefore(t *testing.T) {
	p := aPacket()
	p.Origin = "wörker 'x' | 100%\n"
	lineage, err := Preview(p, Stamping{At: noon, Status: "requires_human_review"})
	if err != nil {
		t.Fatal(err)
	}
	contents, _ := ContentsSHA256(p.Contents)
	previous := ""
	for i, raw := range lineage {
		e := ParseEntry(raw)
		link, err := Link(p.TrackingID, contents, previous, e.Body)
		if err != nil || e.Link != link {
			t.Errorf("entry %d: %s, want %s, %v", i, e.Link, link, err)
		}
		previous = e.Link
	}
	if e := ParseEntry(lineage[0]); e.Name != p.Origin {
		t.Errorf("origin %q", e.Name)
	}
	// What is held has been judged and not dispatched: no entry says it was.
	if e := ParseEntry(lineage[len(lineage)-1]); e.Name != "evaluate" || e.Fields[0] != (Field{"status", "requires_human_review"}) {
		t.Errorf("%+v", e)
	}
	if _, ok := PaperDigest(lineage); !ok {
		t.Error("no digest for both verifiers")
	}
}

func TestThePreviewIsWhatStampWrites(t *testing.T) {
	p, s := aPacket(), Stamping{At: noon, Policy: "r'1"}
	lineage, err := Preview(p, s)
	if err != nil || Stamp(&p, s) != nil {
		t.Fatal(err)
	}
	written, _ := p.ChainOfCustody.Get("transparent_lineage")
	for i, m := range written.Members() {
		if text, _ := m.Value.Text(); text != lineage[i] {
			t.Errorf("%s\n%s", text, lineage[i])
		}
	}
}

func TestStampLeavesAloneWhatItMust(t *testing.T) {
	old := aPacket()
	old.SchemaVersion = packet.Schema10
	chained := aPacket()
	chained.ChainOfCustody = packet.MustValue(`{"traceable_id": "theirs"}`)
	for name, p := range map[string]packet.Packet{"1.0": old, "with a chain": chained} {
		before := string(packet.AppendJSON(nil, p))
		if err := Stamp(&p, Stamping{}); err != nil || string(packet.AppendJSON(nil, p)) != before {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := aPacket()
	broken.TrackingID = "a\nb"
	if err := Stamp(&broken, Stamping{}); !errors.Is(err, ErrNewline) || strings.Contains(err.Error(), "\n") || !broken.ChainOfCustody.IsNull() {
		t.Error(err)
	}
	broken = aPacket()
	broken.Contents, _, _ = packet.ParseValue([]byte(`{"a": NaN}`))
	if err := Stamp(&broken, Stamping{}); !errors.Is(err, ErrNotCanonical) {
		t.Error(err)
	}
}

func TestTheSourceIsNeverLaterThanTheDecision(t *testing.T) {
	for _, dispatched := range []string{"yesterday", "2099-01-01T00:00:00"} {
		p := aPacket()
		p.DispatchedAt = dispatched
		lineage, err := Preview(p, Stamping{At: noon})
		if err != nil || !ParseEntry(lineage[0]).At.Equal(noon) {
			t.Errorf("%s: %v %v", dispatched, lineage, err)
		}
	}
	lineage, _ := Preview(aPacket(), Stamping{})
	if age := time.Since(ParseEntry(lineage[3]).At); age < 0 || age > time.Minute {
		t.Errorf("without a time it is now, not %v ago", age)
	}
}

func BenchmarkStamp(b *testing.B) {
	p := aPacket()
	s := Stamping{At: noon, Policy: "a1b2c3d4e5f6"}
	b.ReportAllocs()
	for b.Loop() {
		p.ChainOfCustody = packet.NullValue
		if err := Stamp(&p, s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkContentsSHA256(b *testing.B) {
	p := aPacket()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ContentsSHA256(p.Contents); err != nil {
			b.Fatal(err)
		}
	}
}
