package carcel

import (
	"slices"
	"strings"
	"time"
)

// Filter chooses entries. The zero Filter takes all; all that is set must
// hold. Words compare without regard to case.
type Filter struct {
	Reason   string        `json:"reason,omitempty"`   // part of the reason
	Origin   string        `json:"origin,omitempty"`   // the origin
	Guardian string        `json:"guardian,omitempty"` // who decided
	Vertical string        `json:"vertical,omitempty"`
	Decision string        `json:"decision,omitempty"` // the status, or its word
	Older    time.Duration `json:"older,omitempty"`    // held for longer than that
	Match    string        `json:"match,omitempty"`    // part of any field
	IDs      []string      `json:"ids,omitempty"`      // tracking ids, or "sha:…"
	Limit    int           `json:"limit,omitempty"`    // that many of the oldest at most; 0: all
}

// Empty reports whether the filter takes everything.
func (f Filter) Empty() bool {
	return f.Reason == "" && f.Origin == "" && f.Guardian == "" && f.Vertical == "" && f.Decision == "" &&
		f.Older == 0 && f.Match == "" && len(f.IDs) == 0
}

// Takes reports whether an entry passes, Limit aside.
func (f Filter) Takes(e *Entry, now time.Time) bool {
	switch {
	case f.Reason != "" && !has(e.Reason, f.Reason),
		f.Origin != "" && !strings.EqualFold(e.Origin, f.Origin),
		f.Guardian != "" && !strings.EqualFold(e.Guardian, f.Guardian),
		f.Vertical != "" && !strings.EqualFold(e.Vertical, f.Vertical),
		f.Decision != "" && !strings.EqualFold(string(e.Decision), f.Decision) && !strings.EqualFold(e.Decision.Word(), f.Decision),
		f.Older > 0 && (e.At.IsZero() || now.Sub(e.At) < f.Older),
		len(f.IDs) > 0 && !slices.ContainsFunc(f.IDs, e.Named):
		return false
	}
	return f.Match == "" || slices.ContainsFunc([]string{
		e.TrackingID, e.Primitive, e.Vertical, string(e.Decision), e.Reason, e.Origin, e.Actor, e.Guardian, e.Rule, e.Key,
	}, func(s string) bool { return has(s, f.Match) })
}

// Named reports whether an id, as people give it, means this entry: its
// tracking id, "sha:" with at least eight digits of its SHA, or the whole SHA.
func (e *Entry) Named(id string) bool {
	if digits, ok := strings.CutPrefix(id, "sha:"); ok {
		return len(digits) >= 8 && strings.HasPrefix(e.SHA, strings.ToLower(digits))
	}
	return id == e.SHA || id != "" && id == e.TrackingID
}

func has(s, part string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(part)) }
