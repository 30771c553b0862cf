package seal

import (
	"os"
	"testing"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/packet"
)

// sample is the document of testdata/sealed.json: a ring, packets sealed under
// it, and what others must refuse.
type sample struct {
	ring   *keyring.Ring
	accept []packet.Value
	reject []rejected
}

// rejected is a packet that must not be verified.
type rejected struct {
	why, overall string
	packet       packet.Value
}

func loadSample(t testing.TB) sample {
	t.Helper()
	raw, err := os.ReadFile("testdata/sealed.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, faults, err := packet.ParseValue(raw)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	var s sample
	ring, _ := doc.Get("keyring")
	text, _ := ring.Text()
	if s.ring, err = keyring.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	list, _ := doc.Get("accept")
	for _, m := range list.Members() {
		s.accept = append(s.accept, m.Value)
	}
	list, _ = doc.Get("reject")
	for _, m := range list.Members() {
		why, _ := m.Value.Get("why")
		overall, _ := m.Value.Get("overall")
		r := rejected{}
		r.why, _ = why.Text()
		r.overall, _ = overall.Text()
		r.packet, _ = m.Value.Get("packet")
		s.reject = append(s.reject, r)
	}
	return s
}

func verifyValue(t testing.TB, v packet.Value, c Context) Verdict {
	t.Helper()
	r, err := packet.Read(packet.AppendValueJSON(nil, v))
	if err != nil {
		t.Fatal(err)
	}
	return Verify(r, c)
}

// FuzzSealedPacket alters one byte of a sealed packet, or as many as the
// fuzzer likes: whatever is then still verified must be the very packet, for
// every part that a reader takes from it.
func FuzzSealedPacket(f *testing.F) {
	s := loadSample(f)
	whole := map[string]bool{}
	for _, v := range s.accept {
		raw := packet.AppendValueJSON(nil, v)
		f.Add(raw)
		r, _ := packet.Read(raw)
		whole[string(canonicalPacket(f, r.Packet))] = true
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := packet.Read(raw)
		if err != nil {
			return
		}
		if v := Verify(r, Context{Ring: s.ring}); v.Overall == Verified && !whole[string(canonicalPacket(t, r.Packet))] {
			t.Fatalf("forged: %+v\n%s", v, raw)
		}
	})
}

// FuzzSealText reads anything as the seals of a packet: it must never fail
// other than with an error, and never give what is out of range.
func FuzzSealText(f *testing.F) {
	s := loadSample(f)
	for _, v := range s.accept {
		chain, _ := v.Get("chain_of_custody")
		seals, _ := chain.Get("seals")
		f.Add(packet.AppendValueJSON(nil, seals))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, _, err := packet.ParseValue(raw)
		if err != nil {
			return
		}
		seals, err := Read(packet.Packet{ChainOfCustody: packet.ObjectOf(packet.Member{Key: "seals", Value: v})})
		for i, s := range seals {
			if err == nil && (s.Upto < 1 || s.Size < 1 || s.Size > MaxBatch || s.Index < 0 || s.Index >= s.Size || i > 0 && s.Upto <= seals[i-1].Upto) {
				t.Fatalf("%+v", s)
			}
		}
	})
}
