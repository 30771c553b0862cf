package audit_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/audit"
)

// The examples of Newcombe's paper (1998, table II), method 10.
func TestTheIntervalOfADifferenceIsThatOfThePaper(t *testing.T) {
	for _, c := range []struct {
		hits1, n1, hits2, n2 int64
		low, high            float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.1705, 0.8090},
		{6, 7, 2, 7, 0.0582, 0.8062},
		{5, 56, 0, 29, -0.0381, 0.1926},
		{0, 10, 0, 20, -0.1611, 0.2775},
		{10, 10, 0, 10, 0.6075, 1},
	} {
		d := audit.Compared(audit.Share{Hits: c.hits2, N: c.n2}, audit.Share{Hits: c.hits1, N: c.n1})
		if math.Abs(d.Low-c.low) > 1e-4 || math.Abs(d.High-c.high) > 1e-4 || d.Drift != (c.low > 0) {
			t.Errorf("%d/%d − %d/%d: %.4f to %.4f (drift %v), want %.4f to %.4f", c.hits1, c.n1, c.hits2, c.n2, d.Low, d.High, d.Drift, c.low, c.high)
		}
	}
	if d := audit.Compared(audit.Share{}, audit.Share{Hits: 5, N: 5}); d.Drift {
		t.Errorf("nothing was before, and there is %+v", d)
	}
}

func TestAReportTellsHowItStandsBesideTheOneBefore(t *testing.T) {
	first, second := audit.New(nil, nil), audit.New(nil, nil)
	fill := func(r *audit.Report, verified, checked int64) {
		r.Decided, r.Decisions["approved"] = 10, 9
		r.Seals.Checked, r.Seals.Verdicts["verified"] = checked, verified
		r.Judge()
	}
	fill(first, 1000, 1000)
	fill(second, 900, 1000)
	second.Compare(first.Brief())
	text := ""
	for _, s := range second.Sections() {
		if s.Title == "Since the report before" {
			for _, row := range s.Rows {
				text += row.Figure + " " + row.Label + "\n"
			}
		}
	}
	for _, want := range []string{
		"90.00 % verified, of the packets that were checked; 100.00 % before: a drift of −10.00 points\n",
		"90.00 % approved, of what was decided; 90.00 % before: no drift\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestAShelfKeepsReportsServerByServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "reports")
	here, there := audit.NewShelf(dir, "redis://10.0.0.1:6379/0"), audit.NewShelf(dir, "redis://10.0.0.2:6379/0")
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 850 {
		if err := here.Keep(audit.Brief{MadeAt: at.Add(time.Duration(i) * time.Hour), Status: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := there.Last(); b != nil || err != nil {
		t.Errorf("of another server: %v %v", b, err)
	}
	if b, err := here.Last(); err != nil || b.Status != "849" {
		t.Errorf("the last is %+v, %v", b, err)
	}
	count := func() int {
		text, err := os.ReadFile(here.Path())
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), `"status":`)
	}
	if n := count(); n < 400 || n > 800 {
		t.Errorf("%d reports are kept, want the newest 400 to 800", n)
	}
	text, _ := os.ReadFile(here.Path())
	if err := os.WriteFile(here.Path(), append(text, "{\"made_at\": half a li"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := here.Last(); err != nil || b.Status != "849" {
		t.Errorf("behind a broken line the last is %+v, %v", b, err)
	}
	before := count()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if err := here.Keep(audit.Brief{MadeAt: at, Status: fmt.Sprint("at once ", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := count(); n != before+16 {
		t.Errorf("of 16 reports at the same time %d are kept", n-before)
	}
	if b, err := here.Last(); err != nil || !strings.HasPrefix(b.Status, "at once") {
		t.Errorf("behind a broken line the next is not found: %+v, %v", b, err)
	}
	none := audit.NewShelf("", "x")
	if b, err := none.Last(); b != nil || err != nil || none.Keep(audit.Brief{}) != nil || none.Path() != "" {
		t.Error("a shelf without a folder keeps something")
	}
}
