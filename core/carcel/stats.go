package carcel

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Count is how many entries have something in common.
type Count struct {
	Name string `json:"name"` // "" where the entries lack it
	N    int    `json:"count"`
}

// HourCount is how many entries came within one hour.
type HourCount struct {
	From time.Time `json:"from"` // full hour, UTC
	N    int       `json:"count"`
}

// Stats are the figures of a number of entries. Lists of counts are sorted,
// the largest first.
type Stats struct {
	Total   int        `json:"total"`
	Waiting int        `json:"waiting"`                 // for a person
	Since   *time.Time `json:"waiting_since,omitempty"` // the oldest of those that wait
	Oldest  *time.Time `json:"oldest_at,omitempty"`
	Newest  *time.Time `json:"newest_at,omitempty"`
	Bytes   int64      `json:"bytes"`
	Replays int        `json:"replays"` // entries that were released and came back
	Faulty  int        `json:"faulty"`  // entries that are broken in some way

	// Reasons are named by the guardian and rule that decided, where those are
	// known, else by the reason with its numbers left out.
	Reasons   []Count `json:"reasons"`
	Guardians []Count `json:"guardians"`
	Origins   []Count `json:"origins"`
	Verticals []Count `json:"verticals"`
	Decisions []Count `json:"decisions"`

	Last24  [24]HourCount `json:"last_24_hours"` // oldest first; the last one is under way
	ByHour  [24]int       `json:"by_hour_utc"`   // of all days, by the hour of the day
	Undated int           `json:"undated"`       // whose time is not known
}

// Stats are the figures of the whole table.
func (t *Table) Stats(now time.Time) Stats { return StatsOf(t.Entries, now) }

// StatsOf are the figures of a selection of entries, in any order.
func StatsOf(entries []*Entry, now time.Time) Stats {
	s := Stats{Total: len(entries)}
	hour := now.UTC().Truncate(time.Hour).Add(-23 * time.Hour)
	for i := range s.Last24 {
		s.Last24[i].From = hour.Add(time.Duration(i) * time.Hour)
	}
	reasons, guardians := map[string]int{}, map[string]int{}
	origins, verticals, decisions := map[string]int{}, map[string]int{}, map[string]int{}
	kinds := map[string]string{} // reason → kind: texts repeat, and patterns are slow
	for _, e := range entries {
		reason := e.Rule
		switch {
		case e.Guardian != "" && e.Rule != "":
			reason = e.Guardian + "/" + e.Rule
		case e.Rule == "":
			kind, there := kinds[e.Reason]
			if !there {
				kind = reasonKind(e.Reason)
				kinds[e.Reason] = kind
			}
			reason = kind
		}
		reasons[reason]++
		guardians[e.Guardian]++
		origins[e.Origin]++
		verticals[e.Vertical]++
		decisions[string(e.Decision)]++
		s.add(e, hour)
	}
	s.Reasons, s.Guardians, s.Origins = ranked(reasons), ranked(guardians), ranked(origins)
	s.Verticals, s.Decisions = ranked(verticals), ranked(decisions)
	return s
}

// add counts what an entry has of its own; from is the begin of Last24.
func (s *Stats) add(e *Entry, from time.Time) {
	s.Bytes += int64(e.Size)
	if e.Replays > 0 {
		s.Replays++
	}
	if len(e.Faults) > 0 {
		s.Faulty++
	}
	if e.Waits() {
		s.Waiting++
	}
	if e.At.IsZero() {
		s.Undated++
		return
	}
	at := e.At.UTC()
	if e.Waits() && (s.Since == nil || at.Before(*s.Since)) {
		s.Since = &at
	}
	if s.Oldest == nil || at.Before(*s.Oldest) {
		s.Oldest = &at
	}
	if s.Newest == nil || at.After(*s.Newest) {
		s.Newest = &at
	}
	s.ByHour[at.Hour()]++
	if n := at.Sub(from); n >= 0 && n < 24*time.Hour {
		s.Last24[n/time.Hour].N++
	}
}

// ranked are counts, the largest first, equal ones by name.
func ranked(counts map[string]int) []Count {
	out := make([]Count, 0, len(counts))
	for name, n := range counts {
		out = append(out, Count{name, n})
	}
	slices.SortFunc(out, func(a, b Count) int {
		if a.N != b.N {
			return b.N - a.N
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

var digits = regexp.MustCompile(`[0-9](?:[0-9.,]*[0-9])?`)

// reasonKind is a reason with its numbers left out, so that "0.74" and "0.81"
// of the same complaint count as one.
func reasonKind(reason string) string { return digits.ReplaceAllString(reason, "#") }
