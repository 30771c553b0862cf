package packet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// python runs a program once, feeds it the lines, and returns the lines that
// it prints, one for each. The program sees them as the variable lines and
// calls put(text).
func python(t *testing.T, program string, lines []string) []string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("this test compares with Python's own json module: put python3 into PATH")
	}
	const frame = `
import json, sys
sys.stdin.reconfigure(encoding="utf-8", newline="\n")
sys.stdout.reconfigure(encoding="utf-8", newline="\n")
lines = sys.stdin.read().split("\n")[:-1]
put = lambda text: sys.stdout.write(text + "\n")
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

// randomJSON writes JSON that is valid and unlike anything tidy: odd number
// forms, every kind of escape, white space, on one line.
func randomJSON(r *rand.Rand, depth int) string {
	space := func() string { return []string{"", "", "", " ", "\t", "  "}[r.IntN(6)] }
	switch n := r.IntN(10); {
	case n < 2 && depth > 0:
		var parts []string
		for i := range r.IntN(5) {
			key := randomText(r)
			parts = append(parts, space()+key[:len(key)-1]+strconv.Itoa(i)+`"`+space()+":"+space()+randomJSON(r, depth-1)+space())
		}
		return "{" + space() + strings.Join(parts, ",") + "}"
	case n < 4 && depth > 0:
		var parts []string
		for range r.IntN(5) {
			parts = append(parts, space()+randomJSON(r, depth-1)+space())
		}
		return "[" + space() + strings.Join(parts, ",") + "]"
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
	for range r.IntN(8) {
		switch r.IntN(9) {
		case 0:
			b.WriteString([]string{`\n`, `\t`, `\r`, `\b`, `\f`, `\/`, `\\`, `\"`}[r.IntN(8)])
		case 1:
			fmt.Fprintf(&b, `\u%04x`, r.IntN(0x10000))
		case 2:
			fmt.Fprintf(&b, `\uD8%02X`, r.IntN(256))
		case 3:
			fmt.Fprintf(&b, `\udc%02x`, r.IntN(256))
		case 4:
			b.WriteRune(rune(0x10000 + r.IntN(0x100000)))
		case 5:
			b.WriteRune(rune(0x7f + r.IntN(0xd700)))
		default:
			b.WriteString([]string{"a", "Z", "0", " ", "<", "&", "'", "\x7f", "é"}[r.IntN(9)])
		}
	}
	b.WriteByte('"')
	return b.String()
}

func randomNumber(r *rand.Rand) string {
	sign := []string{"", "-"}[r.IntN(2)]
	switch r.IntN(7) {
	case 0:
		return sign + strconv.Itoa(r.IntN(20))
	case 1:
		return sign + strconv.FormatUint(r.Uint64(), 10)
	case 2:
		return sign + strings.TrimLeft(strconv.FormatUint(r.Uint64(), 10)+strconv.FormatUint(r.Uint64(), 10), "0")
	case 3:
		return sign + strconv.FormatFloat(r.Float64()*1e3, 'f', r.IntN(19)+1, 64)
	case 4:
		return sign + strconv.Itoa(r.IntN(10)) + []string{"e", "E", "e+", "E-", "e-0"}[r.IntN(5)] + strconv.Itoa(r.IntN(30))
	case 5:
		return sign + strconv.FormatFloat(r.ExpFloat64()*1e16, 'e', -1, 64)
	}
	return sign + "0." + strings.Repeat("0", r.IntN(8)) + strconv.Itoa(1+r.IntN(99))
}

const aPacket = `{"origin": "haiku_worker_b3f8c2", "contents": {"primitive": "matrix.route", "vertical": "drones", ` +
	`"entropy": 0.25, "payload": {"from": "n1", "to": "n2"}}, "schema_version": "1.0", "ttl_seconds": 3600, ` +
	`"tracking_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "dispatched_at": "2025-12-02T14:35:18.000123", ` +
	`"chain_of_custody": null}`

func typical(t testing.TB) Packet {
	t.Helper()
	p, err := Decode([]byte(aPacket))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func with(change func(p *Packet)) Packet {
	p := Packet{
		Origin: "w1", Contents: MustValue(`{"primitive": "matrix.route"}`), SchemaVersion: Schema10, TTLSeconds: 60,
		TrackingID: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", DispatchedAt: "2025-12-02T14:35:18",
	}
	change(&p)
	return p
}

func faultTexts(found []Fault) string {
	var texts []string
	for _, f := range found {
		texts = append(texts, f.String())
	}
	return strings.Join(texts, "\n")
}
