package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// opened is a world that stands still once its opening is played, sealed, and
// a visitor who watches it.
func opened(t *testing.T, seed uint64) *engine.Engine {
	t.Helper()
	w := start(t, Options{Seed: seed, Speed: 1e-6})
	e := visit(t, w)
	eventually(t, e, "the picture stands", func(s *watch.Snapshot) bool {
		return s.Link.State == watch.Live && s.Ledger > 0 && len(s.Throughput.Dispatched) > 0
	})
	testredis.Eventually(t, "all is sealed", func() bool {
		s, err := e.Ledger().Look(t.Context())
		return err == nil && s.Checkpoint != nil && s.Sealed() == s.Position
	})
	return e
}

// masks are what differs from run to run.
var masks = []struct{ from, to string }{
	{`(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\dZ?`, "TIME"}, {`127\.0\.0\.1:\d+`, "SERVER"}, {`key [0-9a-f]{16}`, "key KEY"}, {`[0-9a-f]{8}-[0-9a-f-]{27}`, "ID"}, {`\b[0-9a-f]{64}\b`, "SHA"},
	{`\b\d+(\.\d+)? (ms|s|B|KB|MB|GB)\b`, "N $2"}, {`\d+(,\d{3})* bytes`, "N bytes"}, {`\d+m \d\d`, "N m"}, {`\d+(\.\d+)?/s`, "N/s"},
}

// likeness compares a text with the golden file of a name.
func likeness(t *testing.T, name, text string) {
	t.Helper()
	for _, m := range masks {
		text = regexp.MustCompile(m.from).ReplaceAllString(text, m.to)
	}
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil || string(golden) != text {
		t.Errorf("%s (UPDATE=1 writes it anew): %v\nis\n%s\nwant\n%s", path, err, text, golden)
	}
}

func TestTheReportOnASeededDemoIsAlwaysTheSame(t *testing.T) {
	e := opened(t, 7)
	r, err := e.Audit(t.Context(), nil, nil, engine.AuditSample)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", r.Status, strings.Join(append(r.Reasons, r.Remarks...), "\n"))
	for _, s := range r.Sections() {
		fmt.Fprintf(&b, "\n%s  [%s]\n", s.Title, s.From)
		for _, row := range s.Rows {
			fmt.Fprintf(&b, "%11s  %s\n", row.Figure, row.Label)
		}
	}
	likeness(t, "audit.txt", b.String())
}

func TestTheReadingsOfASeededDemoAreAlwaysTheSame(t *testing.T) {
	e := opened(t, 7)
	readings, err := e.Readings(t.Context(), voices.Swarm)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range readings {
		fmt.Fprintf(&b, "%s: %s\n", r.Voice, r.Question)
		for _, f := range r.Findings {
			fmt.Fprintf(&b, "  %-9s %s\n", f.Severity(), f.Sentence())
			for _, ref := range f.Evidence() {
				fmt.Fprintf(&b, "            %s\n", ref)
			}
		}
		fmt.Fprintf(&b, "  = %s\n\n", r.Verdict)
	}
	likeness(t, "voices.txt", b.String())
}
