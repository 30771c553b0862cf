package audit

import (
	"cmp"
	_ "embed" // report.html
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Section is a table of a report.
type Section struct {
	Title string
	From  string // where the figures come from
	Rows  []Row
	Wide  bool // its rows are long
}

// Row is one figure.
type Row struct {
	Figure string
	Label  string
	Bad    bool // it is a reason for which the report is not compliant
}

// Period is the period in words.
func (r *Report) Period() string {
	from, to := "from the first record", "to now"
	if r.Since != nil {
		from = "from " + stamp(*r.Since)
	}
	if r.Until != nil {
		to = "up to " + stamp(*r.Until)
	}
	return from + " " + to
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05Z") }

// Sections are the figures as tables, for people.
func (r *Report) Sections() []Section {
	s, l := &r.Seals, &r.Ledger
	ledgerFrom := fmt.Sprintf("counted in %s records of the ledger, %s to %s", num(r.Records), num(r.From), num(r.To))
	checked := fmt.Sprintf("all %s packets in Redis, the carcel's too, each verified now", num(s.Packets))
	if s.Sampled {
		checked = fmt.Sprintf("a random sample of %s of %s packets in Redis, each verified now", num(s.Checked), num(s.Packets))
	}
	list := []Section{
		{Title: "Decisions", From: ledgerFrom, Rows: append([]Row{count(r.Decided, "packets and tasks decided")}, rows(r.Decisions)...)},
		{Title: "What happened", From: ledgerFrom + "; packets by event", Rows: rows(r.Events)},
		{Title: "Verdicts", From: checked, Rows: rows(s.Verdicts, "tampered", "incomplete", SealDemanded)},
		{Title: "Seals", From: checked, Rows: []Row{
			count(s.Valid, "packets with valid seals"), count(s.Invalid, "packets with a seal that is not"), count(s.Absent, "packets without a seal"),
			{Figure: share(s), Label: "bad: tampered, incomplete, or without a seal that the policy demands"},
		}},
		{Title: "By schema", From: checked, Rows: rows(s.Schemas)},
		{Title: "What became of the packets", From: "ledger and Redis compared now, over all packets that either knows", Rows: rows(r.Fates, "missing", "unlogged", "copied")},
		{Title: "Ledger", From: fmt.Sprintf("records %s to %s", num(l.First), num(l.Last)), Rows: []Row{
			count(l.Hashed, "records hashed again"), count(l.Trimmed, "trimmed, known by their hashes"),
			count(l.Unsealed, "not sealed yet"), {num(int64(len(l.Findings))), "findings", len(l.Findings) > 0},
		}},
		{Title: "Erasures", From: ledgerFrom, Rows: []Row{count(r.Erasures, "packets whose contents were removed")}},
		{Title: "Into the carcel, by reason", From: "held and blocked within the period, by their decision records, and entries of others that came then", Rows: rows(r.Carcel), Wide: true},
		{Title: "Breaks of the ledger", From: ledgerFrom, Rows: marks(r.Breaks, true), Wide: true},
		{Title: "Changes of keys", From: ledgerFrom, Rows: marks(r.Keys, false), Wide: true},
	}
	if b := r.Before; b != nil {
		list = append(list, Section{
			Title: "Since the report before",
			From:  fmt.Sprintf("made %s, %s, %s; a drift is more than chance explains (95 %%, Newcombe)", stamp(b.MadeAt), b.Period, b.Status),
			Rows:  driftRows(r.Drift), Wide: true,
		})
	}
	return list
}

// num groups thousands: 12,408.
func num(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func count(n int64, label string) Row { return Row{Figure: num(n), Label: label} }

func share(s *Seals) string {
	if s.Sampled {
		return fmt.Sprintf("%.2f–%.2f %%", 100*s.BadLow, 100*s.BadHigh)
	}
	return fmt.Sprintf("%.2f %%", 100*s.BadLow)
}

// rows are counts, the largest first; some of them must not be.
func rows[N int | int64](counts map[string]N, bad ...string) []Row {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var list []Row
	for _, name := range names {
		label := name
		if label == "" {
			label = "(none given)"
		}
		list = append(list, Row{num(int64(counts[name])), label, counts[name] > 0 && slices.Contains(bad, name)})
	}
	return list
}

func marks(list []Mark, bad bool) []Row {
	var out []Row
	for _, m := range list {
		out = append(out, Row{"#" + num(m.Position), stamp(m.At) + "  " + m.What, bad})
	}
	return out
}

//go:embed report.html
var page string

var parsed = template.Must(template.New("report").Funcs(template.FuncMap{"time": stamp}).Parse(page))

// HTML writes the report as one page that needs nothing else: no script, no
// other file. Errors are those of w.
func (r *Report) HTML(w io.Writer) error {
	class, mark := "good", "✓"
	switch r.Status {
	case NotCompliant:
		class, mark = "bad", "✕"
	case Nothing:
		class, mark = "none", "·"
	}
	return parsed.Execute(w, map[string]any{"R": r, "Period": r.Period(), "Class": class, "Mark": mark, "Sections": r.Sections()})
}
