package meter

import (
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// Window is how far back Figures reach, to within one slot.
	Window = 10 * time.Minute

	slotSpan = time.Minute
	slots    = int64(Window / slotSpan)
	digits   = 2 // of a value that are kept: within 1 %
)

// Scale says how a Spread is drawn: Cells of which each is Step times as wide
// as the one before, the first beginning at From. What is less or more counts
// in the first or the last.
type Scale struct {
	From  int64
	Step  float64
	Cells int
}

// Spread is how values are spread: durations in nanoseconds, or sizes. It
// keeps counts, not values, so that a million costs as much as one; a value is
// known to within 1 %. It is safe for use by many goroutines.
type Spread struct {
	scale       Scale
	least, most int64
	now         func() time.Time

	mu    sync.Mutex
	slots [slots]slot
	all   *hdr.Histogram
	sum   float64
}

// slot has the values of one minute.
type slot struct {
	minute int64 // since 1970; 0 is none
	values *hdr.Histogram
}

// NewSpread makes a spread of values between least and most; what is beyond
// counts as these.
func NewSpread(least, most int64, s Scale) *Spread {
	return &Spread{scale: s, least: least, most: most, now: time.Now, all: hdr.New(least, most, digits)}
}

// Note adds a value n times, as of now.
func (s *Spread) Note(value, n int64) {
	now := s.now()
	s.note(now, now, value, n)
}

// NoteAt adds a value n times, as of a time. One that was before the window
// counts in the totals alone.
func (s *Spread) NoteAt(at time.Time, value, n int64) { s.note(at, s.now(), value, n) }

func (s *Spread) note(at, now time.Time, value, n int64) {
	if n <= 0 {
		return
	}
	value = min(max(value, s.least), s.most)
	minute := minuteOf(at)
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.all.RecordValues(value, n) // which is within its bounds
	s.sum += float64(value) * float64(n)
	if minute <= minuteOf(now)-slots || minute <= 0 {
		return
	}
	one := &s.slots[minute%slots]
	switch {
	case one.values == nil:
		one.values = hdr.New(s.least, s.most, digits)
		one.minute = minute
	case one.minute < minute:
		one.values.Reset()
		one.minute = minute
	case one.minute > minute: // it has been given to a time to come: a clock was set
		return
	}
	_ = one.values.RecordValues(value, n)
}

func minuteOf(at time.Time) int64 { return at.Unix() / int64(slotSpan/time.Second) }

// Figures are what a spread was over the window. The zero Figures are those of
// no value at all.
type Figures struct {
	Count              int64
	P50, P95, P99, Max int64
	Cells              []int64 // counts by the scale
}

// Figures are those of the values in the window.
func (s *Spread) Figures() Figures {
	f := Figures{Cells: make([]int64, s.scale.Cells)}
	s.mu.Lock()
	defer s.mu.Unlock()
	var merged *hdr.Histogram
	oldest := minuteOf(s.now()) - slots
	for i := range s.slots {
		one := &s.slots[i]
		if one.values == nil || one.minute <= oldest || one.values.TotalCount() == 0 {
			continue
		}
		if merged == nil {
			merged = hdr.New(s.least, s.most, digits)
		}
		merged.Merge(one.values)
	}
	if merged == nil {
		return f
	}
	f.Count = merged.TotalCount()
	marks := [...]struct {
		share float64
		into  *int64
	}{{0.50, &f.P50}, {0.95, &f.P95}, {0.99, &f.P99}, {1, &f.Max}}
	cell, end := 0, float64(s.scale.From)*s.scale.Step
	next, seen := 0, int64(0)
	for _, bar := range merged.Distribution() { // in order
		for float64(bar.To) >= end && cell < s.scale.Cells-1 {
			cell, end = cell+1, end*s.scale.Step
		}
		f.Cells[cell] += bar.Count
		for seen += bar.Count; next < len(marks) && float64(seen) >= marks[next].share*float64(f.Count); next++ {
			*marks[next].into = bar.From + (bar.To-bar.From)/2
		}
	}
	return f
}

// Totals are all values since the start, as monitoring wants them.
type Totals struct {
	Count uint64
	Sum   float64
	// Up has for each of the bounds asked for how many values are at most so
	// large, to within 1 %.
	Up []uint64
}

// Totals counts all values since the start up to each of some rising bounds.
func (s *Spread) Totals(bounds []float64) Totals {
	t := Totals{Up: make([]uint64, len(bounds))}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Sum = s.sum
	next := 0
	for _, bar := range s.all.Distribution() {
		for next < len(bounds) && bounds[next] < float64(bar.From) {
			t.Up[next] = t.Count
			next++
		}
		t.Count += uint64(bar.Count)
	}
	for ; next < len(bounds); next++ {
		t.Up[next] = t.Count
	}
	return t
}
