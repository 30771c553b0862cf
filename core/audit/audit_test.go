package audit_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/audit"
	"github.com/infrafabric/ifpacket/core/ledger"
)

func TestAWilsonIntervalIsThatOfTheBooks(t *testing.T) {
	for _, c := range []struct {
		bad, n    int64
		low, high float64
	}{
		{0, 0, 0, 1},
		{0, 10, 0, 0.27753},
		{10, 10, 0.72247, 1},
		{1, 10, 0.01788, 0.40415},
		{50, 100, 0.40383, 0.59617},
		{0, 10_000, 0, 0.000384},
	} {
		if low, high := audit.Wilson(c.bad, c.n); math.Abs(low-c.low) > 1e-5 || math.Abs(high-c.high) > 1e-5 {
			t.Errorf("%d of %d: %.5f to %.5f, not %.5f to %.5f", c.bad, c.n, low, high, c.low, c.high)
		}
	}
}

func TestASampleGivesEachItemTheSameChance(t *testing.T) {
	const rounds, items, size = 4000, 20, 5
	drawn := [items]int{}
	for range rounds {
		s := audit.Sample[int]{Size: size}
		for i := range items {
			s.Add(i)
		}
		if s.Seen != items || len(s.Items) != size {
			t.Fatal(s)
		}
		for _, i := range s.Items {
			drawn[i]++
		}
	}
	for i, n := range drawn { // expected 1000, standard deviation 27
		if n < 840 || n > 1160 {
			t.Errorf("item %d was drawn %d times of 1000", i, n)
		}
	}
}

func record(n int64, at time.Time, fields ...string) *ledger.Record {
	r := &ledger.Record{Position: n}
	fields = append(fields, "ts", strconv.FormatInt(at.UnixMilli(), 10))
	for i := 0; i < len(fields); i += 2 {
		r.Fields = append(r.Fields, ledger.Field{Name: fields[i], Value: fields[i+1]})
	}
	return r
}

func TestOnlyThePeriodIsCountedAndBatchesByTheirPackets(t *testing.T) {
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	next := day.AddDate(0, 0, 1)
	r := audit.New(&day, &next)
	r.Add(record(1, day.Add(-time.Millisecond), "event", "dispatched", "tracking_id", "a"))
	r.Add(record(2, day, "event", "dispatched", "tracking_id", "b"))
	r.Add(record(3, day, "event", "dispatched", "ids", strings.Repeat("x", 48), "count", "3"))
	r.Add(record(4, day, "event", "held", "tracking_id", "c"))
	r.Add(record(5, day, "event", "blocked", "tracking_id", "d"))
	r.Add(record(6, day, "event", "posted", "tracking_id", "e"))
	r.Add(record(7, day, "event", "collected", "ids", "", "count", "2"))
	r.Add(record(8, day, "event", "break", "why", "restored"))
	r.Add(record(9, next, "event", "dispatched", "tracking_id", "f"))
	if r.Records != 7 || r.From != 2 || r.To != 8 || r.Decided != 7 {
		t.Errorf("%+v", r)
	}
	if d := r.Decisions; d["approved"] != 5 || d["held"] != 1 || d["blocked"] != 1 || r.Events["collected"] != 2 || len(r.Breaks) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestTheStatusFollowsFromTheFigures(t *testing.T) {
	sealed := audit.Ledger{First: 1, Last: 9, Checkpoint: &ledger.Checkpoint{Size: 9}}
	for name, c := range map[string]struct {
		with   func(r *audit.Report)
		status string
		says   string
	}{
		"nothing":    {func(r *audit.Report) { r.Ledger = audit.Ledger{} }, audit.Nothing, ""},
		"all well":   {func(*audit.Report) {}, audit.Compliant, ""},
		"no seals":   {func(r *audit.Report) { r.Seals.Verdicts["unauthenticated"] = 2 }, audit.Compliant, "packets without a seal (who sent them is only a claim): 2"},
		"tampered":   {func(r *audit.Report) { r.Seals.Verdicts["tampered"] = 1 }, audit.NotCompliant, "packets that were tampered with: 1"},
		"incomplete": {func(r *audit.Report) { r.Seals.Verdicts["incomplete"] = 1 }, audit.NotCompliant, "evidence is incomplete: 1"},
		"demanded":   {func(r *audit.Report) { r.Seals.Verdicts[audit.SealDemanded] = 4 }, audit.NotCompliant, "which the policy demands: 4"},
		"missing":    {func(r *audit.Report) { r.Fates["missing"] = 1 }, audit.NotCompliant, "missing"},
		"unlogged":   {func(r *audit.Report) { r.Fates["unlogged"] = 1 }, audit.NotCompliant, "does not know"},
		"copied":     {func(r *audit.Report) { r.Fates["copied"] = 1 }, audit.NotCompliant, "more often"},
		"a break":    {func(r *audit.Report) { r.Breaks = append(r.Breaks, audit.Mark{}) }, audit.NotCompliant, "began anew"},
		"a finding":  {func(r *audit.Report) { r.Ledger.Findings = []string{"record 3 is missing"} }, audit.NotCompliant, "record 3 is missing"},
		"unsealed":   {func(r *audit.Report) { r.Ledger.Checkpoint = nil }, audit.NotCompliant, "ledger checkpoint"},
		"a sample":   {func(r *audit.Report) { r.Seals.Sampled = true }, audit.Compliant, "random sample"},
		"trimmed":    {func(r *audit.Report) { r.Ledger.First = 5 }, audit.Compliant, "records before 5"},
	} {
		r := audit.New(nil, nil)
		r.Ledger = sealed
		c.with(r)
		r.Judge()
		if said := strings.Join(slices.Concat(r.Reasons, r.Remarks), "\n"); r.Status != c.status || !strings.Contains(said, c.says) {
			t.Errorf("%s: %s: %s", name, r.Status, said)
		}
	}
}

func TestThePageNeedsNothingElseAndObeysNobody(t *testing.T) {
	r := audit.New(nil, nil)
	r.Carcel[`<script>alert(1)</script>`] = 3
	r.Ledger.Last = 3
	r.Judge()
	var page strings.Builder
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"<script", "http:", "https:", "src=", "@import", "url("} {
		if strings.Contains(page.String(), word) {
			t.Errorf("the page has %s in it", word)
		}
	}
	for _, word := range []string{"NOT COMPLIANT", "&lt;script&gt;", "prefers-color-scheme: dark", "@media print"} {
		if !strings.Contains(page.String(), word) {
			t.Errorf("the page lacks %s", word)
		}
	}
}
