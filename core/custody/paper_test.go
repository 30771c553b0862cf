package custody

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/infrafabric/ifpacket/core/packet"
)

func TestDigestsAreThoseThatPythonGave(t *testing.T) {
	for _, c := range vectors(t) {
		digest := JSONDigest
		if c.variant == "str" {
			digest = StrDigest
		}
		got, err := digest(c.lineage)
		depends := c.name == "uni15-delta/str" // of the Python version, and known to
		if got != c.sha256 || (err != nil) != depends || depends && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.sha256)
		}
	}
}

func TestSignaturesAreToldApartAsThePapersVerifiersDo(t *testing.T) {
	for _, c := range vectors(t) {
		want := PaperNone
		switch {
		case strings.HasPrefix(c.name, "prefixed/"):
			want = PaperVerdict("prefixed-" + c.variant)
		case c.str && c.json:
			want = PaperBoth
		case c.str:
			want = PaperStr
		case c.json:
			want = PaperJSON
		}
		got := CheckPaperDigest(c.lineage, c.signature)
		if got != want || (got != PaperNone) != c.valid {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
	}
}

func TestASignatureOfAnotherPythonIsUnsupportedNotWrong(t *testing.T) {
	lineage := []string{"action:x|note:\U0001fae8"}
	if got := CheckPaperDigest(lineage, strings.Repeat("0", 64)); got != PaperUnsupported {
		t.Error(got)
	}
	if got := CheckPaperDigest(lineage, ""); got != PaperNone {
		t.Error(got)
	}
	if got := CheckPaperDigest([]string{"\xff"}, strings.Repeat("0", 64)); got != PaperNone {
		t.Error(got)
	}
	for _, text := range []string{"\ufffe", "\U0010ffff", "\ue000", "\xed\xa0\x80", "\u0085"} {
		if _, err := StrDigest([]string{text}); err != nil {
			t.Errorf("%q will be the same in every Python: %v", text, err)
		}
	}
	for _, text := range []string{"\u0378", "\U000e0080", "\u0cf3"} {
		if _, err := StrDigest([]string{text}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOneDigestSatisfiesBothVerifiers(t *testing.T) {
	for _, c := range vectors(t) {
		got, ok := PaperDigest(c.lineage)
		asStr, _ := StrDigest(c.lineage)
		asJSON, _ := JSONDigest(c.lineage)
		if ok != (asStr == asJSON) {
			t.Errorf("%s: ok is %v", c.name, ok)
		}
		if ok && (got != asStr || got != asJSON) {
			t.Errorf("%s: %s, %s, %s", c.name, got, asStr, asJSON)
		}
	}
}

func TestPythonsReprIsMetForEveryCodePoint(t *testing.T) {
	if unicode.Version != "15.0.0" {
		t.Fatalf("Go's tables are now of Unicode %s: compute since15 anew", unicode.Version)
	}
	theirs := python(t, `
put(unicodedata.unidata_version)
bits = ["1" if chr(c).isprintable() else "0" for c in range(0x110000)]
for c in range(0, 0x110000, 0x1000): put("".join(bits[c:c+0x1000]))
`, nil)
	version, table := theirs[0], strings.Join(theirs[1:], "")
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if !settled14(r) && version != "14.0.0" {
			continue
		}
		if printable14(r) != (table[r] == '1') {
			t.Fatalf("%U: printable is %v, Python (Unicode %s) says %c", r, printable14(r), version, table[r])
		}
	}
}

func TestRandomLineagesHaveThePythonDigests(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	var lines []string
	for range 5000 {
		var parts []string
		for range r.IntN(4) {
			parts = append(parts, randomText(r))
		}
		lines = append(lines, "["+strings.Join(parts, ", ")+"]")
	}
	theirs := python(t, `
for line in lines:
    l = json.loads(line)
    put(sha(str(l)) + " " + sha(json.dumps(l, sort_keys=True)))
`, lines)
	for i, line := range lines {
		var lineage []string
		for _, m := range packet.MustValue(line).Members() {
			s, _ := m.Value.Text()
			lineage = append(lineage, s)
		}
		asStr, strErr := StrDigest(lineage)
		asJSON, err := JSONDigest(lineage)
		str, json, _ := strings.Cut(theirs[i], " ")
		if asJSON != json || err != nil || (asStr != str && strErr == nil) {
			t.Fatalf("%s: %s %s, Python gives %s", line, asStr, asJSON, theirs[i])
		}
	}
}
