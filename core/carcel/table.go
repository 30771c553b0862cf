package carcel

import (
	"slices"
	"time"

	"github.com/infrafabric/ifpacket/core/governance"
)

// Table is one picture of the carcel. It is immutable; two Tables that are the
// same pointer are the same picture. Its entries keep their pointers from one
// Table to the next for as long as they stand unchanged.
type Table struct {
	Length  int64    // slots of the list, by the server's count
	Read    int64    // slots known so far
	Whole   bool     // all of them are known
	Entries []*Entry // newest first, without slots whose entry has left

	at     []int32 // positions of Entries from the head; nil when they follow from the place
	counts map[governance.Status]int
	since  time.Time // since when the oldest one waits that does
}

// NewTable makes a table of entries, newest first, as though they were the
// whole list.
func NewTable(entries ...*Entry) *Table {
	t := &Table{Length: int64(len(entries)), Read: int64(len(entries)), Whole: true, Entries: entries}
	t.count(entries, 1)
	return t
}

// count adds entries to the table's figures, or with −1 takes them out of the
// counts.
func (t *Table) count(entries []*Entry, sign int) {
	if t.counts == nil {
		t.counts = make(map[governance.Status]int)
	}
	var review, coSign, blocked, failed int // nearly all are one of these, and a map is slow
	for _, e := range entries {
		switch e.Decision {
		case governance.Blocked:
			blocked++
		case governance.Failed:
			failed++
		case governance.Review:
			review++
		case governance.CoSign:
			coSign++
		default:
			t.counts[e.Decision] += sign
		}
		if sign > 0 && !e.At.IsZero() && (t.since.IsZero() || e.At.Before(t.since)) && e.Waits() {
			t.since = e.At
		}
	}
	for status, n := range map[governance.Status]int{
		governance.Review: review, governance.CoSign: coSign, governance.Blocked: blocked, governance.Failed: failed,
	} {
		t.counts[status] += sign * n
	}
}

// Count is how many entries have a decision.
func (t *Table) Count(s governance.Status) int { return t.counts[s] }

// Waiting is how many entries wait for a person, and since when the oldest of
// them does; zero when that is not known.
func (t *Table) Waiting() (n int, since time.Time) {
	return t.counts[governance.Review] + t.counts[governance.CoSign], t.since
}

// Find returns the newest entry that an id means, as Entry.Named takes it, and
// where it stood in the list, counted from the head. It may have moved since.
func (t *Table) Find(id string) (e *Entry, position int64, ok bool) {
	for i, e := range t.Entries {
		if e.Named(id) {
			return e, t.place(i), true
		}
	}
	return nil, 0, false
}

// Position is where an entry of this table stood in the list, counted from the
// head; −1 when it is not of this table.
func (t *Table) Position(e *Entry) int64 {
	if i := slices.Index(t.Entries, e); i >= 0 {
		return t.place(i)
	}
	return -1
}

func (t *Table) place(i int) int64 {
	if t.at != nil {
		return int64(t.at[i])
	}
	return t.Length - 1 - int64(i)
}

// Select returns the entries that a filter takes, oldest first, as many as it
// allows.
func (t *Table) Select(f Filter, now time.Time) []*Entry {
	var out []*Entry
	for _, e := range slices.Backward(t.Entries) {
		if f.Limit > 0 && len(out) >= f.Limit {
			break
		}
		if f.Takes(e, now) {
			out = append(out, e)
		}
	}
	return out
}
