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
}

// Row is one figure.
type Row struct {
	Figure string
	Label  string
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
	ledgerFrom := fmt.Sprintf("counted in %d records of the ledger, %d to %d", r.Records, r.From, r.To)
	checked := fmt.Sprintf("all %d packets in Redis, the carcel's too, each verified now", s.Packets)
	if s.Sampled {
		checked = fmt.Sprintf("a random sample of %d of %d packets in Redis, each verified now", s.Checked, s.Packets)
	}
	list := []Section{
		{"Decisions", ledgerFrom, append([]Row{{num(r.Decided), "packets and tasks decided"}}, rows(r.Decisions)...)},
		{"What happened", ledgerFrom + "; packets by event", rows(r.Events)},
		{"In the carcel, by reason", "entries that are there now and came within the period", rows(r.Carcel)},
		{"Verdicts", checked, rows(s.Verdicts)},
		{"Seals", checked, []Row{{num(s.Valid), "packets with valid seals"}, {num(s.Invalid), "packets with a seal that is not"}, {num(s.Absent), "packets without a seal"}, {share(s), "bad: tampered, incomplete, or without a seal that the policy demands"}}},
		{"By schema", checked, rows(s.Schemas)},
		{"What became of the packets", "ledger and Redis compared now, over all packets that either knows", rows(r.Fates)},
		{"Ledger", fmt.Sprintf("records %d to %d", l.First, l.Last), []Row{
			{num(l.Hashed), "records hashed again"}, {num(l.Trimmed), "trimmed, known by their hashes"},
			{num(l.Unsealed), "not sealed yet"}, {num(int64(len(l.Findings))), "findings"},
		}},
		{"Breaks of the ledger", ledgerFrom, marks(r.Breaks)},
		{"Changes of keys", ledgerFrom, marks(r.Keys)},
		{"Erasures", ledgerFrom, []Row{{num(r.Erasures), "packets whose contents were removed"}}},
	}
	return list
}

func num(n int64) string { return strconv.FormatInt(n, 10) }

func share(s *Seals) string {
	if s.Sampled {
		return fmt.Sprintf("%.2f–%.2f %%", 100*s.BadLow, 100*s.BadHigh)
	}
	return fmt.Sprintf("%.2f %%", 100*s.BadLow)
}

// rows are counts, the largest first.
func rows[N int | int64](counts map[string]N) []Row {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var list []Row
	for _, name := range names {
		label := name
		if label == "" {
			label = "(none given)"
		}
		list = append(list, Row{num(int64(counts[name])), label})
	}
	return list
}

func marks(list []Mark) []Row {
	var out []Row
	for _, m := range list {
		out = append(out, Row{"#" + num(m.Position), stamp(m.At) + "  " + m.What})
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
