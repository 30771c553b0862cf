package custody

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

// python runs a program once, feeds it the lines, and returns the lines that
// it prints. The program sees them as the variable lines and calls put(text).
func python(t *testing.T, program string, lines []string) []string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("this test compares with Python itself: put python3 into PATH")
	}
	const frame = `
import hashlib, json, sys, unicodedata
sys.stdin.reconfigure(encoding="utf-8", newline="\n")
sys.stdout.reconfigure(encoding="utf-8", newline="\n")
lines = sys.stdin.read().split("\n")[:-1]
put = lambda text: sys.stdout.write(text + "\n")
sha = lambda text: hashlib.sha256(text.encode()).hexdigest()
`
	cmd := exec.Command(path, "-c", frame+program)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python3: %v\n%s", err, complaint.String())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// randomJSON writes a JSON document of every kind of value, on one line.
func randomJSON(r *rand.Rand, depth int) string {
	switch n := r.IntN(10); {
	case n < 3 && depth > 0:
		var parts []string
		for range r.IntN(6) {
			parts = append(parts, randomText(r)+": "+randomJSON(r, depth-1))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case n < 5 && depth > 0:
		var parts []string
		for range r.IntN(5) {
			parts = append(parts, randomJSON(r, depth-1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case n < 6:
		return randomText(r)
	case n < 9:
		return randomNumber(r)
	}
	return []string{"true", "false", "null"}[r.IntN(3)]
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	b.WriteByte('"')
	for range r.IntN(6) {
		switch r.IntN(6) {
		case 0:
			fmt.Fprintf(&b, `\u%04x`, r.IntN(0x10000))
		case 1:
			fmt.Fprintf(&b, `\ud8%02x`, r.IntN(256))
		case 2:
			b.WriteRune(rune(0x10000 + r.IntN(0x20000)))
		case 3:
			b.WriteRune(rune(0x80 + r.IntN(0x3000)))
		default:
			b.WriteString([]string{"a", "B", "'", "/", "<", "\x7f", `\"`, `\\`, `\n`, " "}[r.IntN(10)])
		}
	}
	b.WriteByte('"')
	return b.String()
}

func randomNumber(r *rand.Rand) string {
	sign := []string{"", "-"}[r.IntN(2)]
	switch r.IntN(6) {
	case 0:
		return sign + strconv.Itoa(r.IntN(3))
	case 1:
		return sign + strconv.FormatUint(r.Uint64(), 10) + []string{"", "0000000000"}[r.IntN(2)]
	case 2:
		return sign + strconv.Itoa(r.IntN(10)) + []string{"e", "E+", "e-"}[r.IntN(3)] + strconv.Itoa(r.IntN(20))
	case 3:
		return sign + strconv.FormatFloat(math.Abs(r.NormFloat64())*1e16, 'f', r.IntN(4)+1, 64)
	case 4:
		return sign + "0.000" + strconv.Itoa(r.IntN(100000)) + "0"
	}
	return sign + strconv.FormatFloat(r.ExpFloat64(), 'g', -1, 64)
}

// vector is one case of the file of digests that Python 3.11 gave.
type vector struct {
	name, variant     string
	lineage           []string
	sha256, signature string
	valid             bool
	str, json         bool // what the paper's two verifiers say
}

func vectors(t *testing.T) []vector {
	t.Helper()
	raw, err := os.ReadFile("testdata/paper_digest.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, found, err := packet.ParseValue(raw)
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	cases, _ := doc.Get("cases")
	var out []vector
	for _, m := range cases.Members() {
		text := func(key string) string { v, _ := m.Value.Get(key); s, _ := v.Text(); return s }
		flag := func(key string) bool { v, _ := m.Value.Get(key); b, _ := v.Bool(); return b }
		c := vector{
			name: text("name"), variant: text("variant"), sha256: text("sha256"), signature: text("signature"),
			valid: flag("valid"), str: flag("paper_verify_lineage"), json: flag("paper_verify_packet_integrity"),
		}
		lineage, _ := m.Value.Get("lineage")
		for _, e := range lineage.Members() {
			s, _ := e.Value.Text()
			c.lineage = append(c.lineage, s)
		}
		out = append(out, c)
	}
	return out
}

var noon = time.Date(2025, 12, 2, 14, 35, 20, 0, time.UTC)

func aPacket() packet.Packet {
	return packet.Packet{
		Origin: "haiku_worker_b3f8c2", SchemaVersion: packet.Schema11, TTLSeconds: 3600,
		Contents:   packet.MustValue(`{"primitive": "matrix.route", "vertical": "drones", "entropy": 0.25, "payload": {"to": "n2", "from": "n1"}}`),
		TrackingID: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", DispatchedAt: "2025-12-02T14:35:18",
	}
}
