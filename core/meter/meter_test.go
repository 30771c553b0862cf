package meter

import (
	"math"
	"sync"
	"testing"
	"time"
)

func TestFiguresAreThoseOfTheValues(t *testing.T) {
	s := NewSpread(100, int64(time.Minute), LatencyScale)
	for ms := 1; ms <= 1000; ms++ {
		s.Note(int64(ms)*int64(time.Millisecond), 1)
	}
	f := s.Figures()
	if f.Count != 1000 {
		t.Errorf("%d values, want 1000", f.Count)
	}
	for _, q := range []struct {
		name  string
		found int64
		want  time.Duration
	}{{"p50", f.P50, 500 * time.Millisecond}, {"p95", f.P95, 950 * time.Millisecond}, {"p99", f.P99, 990 * time.Millisecond}, {"max", f.Max, time.Second}} {
		if off := math.Abs(float64(q.found)/float64(q.want) - 1); off > 0.01 {
			t.Errorf("%s is %v, want %v within 1 %%", q.name, time.Duration(q.found), q.want)
		}
	}
	sum := int64(0)
	for i, n := range f.Cells {
		sum += n
		if below := i < 9; below && n > 0 { // under 1 ms
			t.Errorf("cell %d has %d values of less than 1 ms", i, n)
		}
	}
	if sum != 1000 {
		t.Errorf("the cells have %d values, want 1000", sum)
	}
}

func TestWhatIsBeyondTheScaleCountsAtItsEnds(t *testing.T) {
	s := NewSpread(1, 1<<20, Scale{From: 10, Step: 10, Cells: 2}) // 10…99, 100…
	for _, v := range []int64{-5, 0, 3, 50, 99, 100, 1 << 40} {
		s.Note(v, 1)
	}
	f := s.Figures()
	if f.Cells[0] != 5 || f.Cells[1] != 2 || f.Count != 7 {
		t.Errorf("cells %v of %d values, want 5 and 2 of 7", f.Cells, f.Count)
	}
	if f.Max > 1<<20+1<<14 {
		t.Errorf("the greatest is %d, more than can be told", f.Max)
	}
}

func TestAWindowForgetsAndTheTotalsDoNot(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC)
	s := NewSpread(1, 1000, Scale{From: 1, Step: 2, Cells: 10})
	s.now = func() time.Time { return now }
	s.Note(10, 3)
	now = now.Add(9 * time.Minute)
	s.Note(100, 1)
	if f := s.Figures(); f.Count != 4 || f.P50 != 10 {
		t.Errorf("after 9 minutes %d values with p50 %d, want 4 and 10", f.Count, f.P50)
	}
	now = now.Add(90 * time.Second)
	if f := s.Figures(); f.Count != 1 || f.P50 != 100 {
		t.Errorf("after 10:30 %d values with p50 %d, want 1 and 100", f.Count, f.P50)
	}
	s.NoteAt(now.Add(-time.Hour), 1, 1) // too old for the window
	now = now.Add(time.Hour)
	if f := s.Figures(); f.Count != 0 || f.P99 != 0 || f.Max != 0 {
		t.Errorf("an hour later: %+v, want nothing", f)
	}
	if all := s.Totals([]float64{1, 10, 50, 100}); all.Count != 5 || all.Sum != 131 || all.Up[0] != 1 || all.Up[1] != 4 || all.Up[2] != 4 || all.Up[3] != 5 {
		t.Errorf("totals %+v, want 5 values of 131 in all, 1 4 4 5", all)
	}
}

func TestASlotIsNotGivenBackToAnEarlierTime(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := NewSpread(1, 1000, Scale{From: 1, Step: 2, Cells: 10})
	s.now = func() time.Time { return now }
	s.NoteAt(now.Add(10*time.Minute), 7, 2) // a clock that was ahead
	s.Note(5, 1)                            // falls into the same slot
	if f := s.Figures(); f.Count != 2 || f.P50 != 7 {
		t.Errorf("%d values with p50 %d, want the 2 of 7", f.Count, f.P50)
	}
}

func TestLapsTellTheStages(t *testing.T) {
	m := New()
	l := m.Begin()
	l.last = l.last.Add(-3 * time.Millisecond)
	l.Lap(Validate)
	l.last = l.last.Add(-40 * time.Millisecond)
	l.begun = l.begun.Add(-43 * time.Millisecond)
	l.Lap(Redis)
	l.Note(2, Validate, Redis, Dispatch)
	for s, least := range map[Stage]time.Duration{Validate: 3 * time.Millisecond, Redis: 40 * time.Millisecond, Dispatch: 43 * time.Millisecond} {
		if f := m.Of(s).Figures(); f.Count != 2 || time.Duration(f.P50) < least*99/100 || time.Duration(f.P50) > least+time.Second {
			t.Errorf("%s: %d times %v, want 2 times %v", s, f.Count, time.Duration(f.P50), least)
		}
	}
	if f := m.Of(Council).Figures(); f.Count != 0 {
		t.Errorf("council was noted %d times, and nobody did", f.Count)
	}
	var none *Meter
	off := none.Begin()
	off.Lap(Validate)
	off.Note(1, Validate, Dispatch) // must not panic
}

func TestManyAtOnce(t *testing.T) {
	m := New()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				l := m.Begin()
				l.Lap(Redis)
				l.Note(1, Redis, Dispatch)
				m.Of(Redis).Figures()
			}
		})
	}
	all.Wait()
	if n := m.Of(Redis).Totals(nil).Count; n != 4000 {
		t.Errorf("%d values, want 4000", n)
	}
}

func BenchmarkLaps(b *testing.B) {
	m := New()
	for b.Loop() {
		l := m.Begin()
		for s := range Dispatch {
			l.Lap(s)
		}
		l.Note(1, Validate, Council, Seal, Redis, Dispatch)
	}
}

func BenchmarkFigures(b *testing.B) {
	m := New()
	for i := range 100_000 {
		m.Of(Redis).NoteAt(time.Now().Add(-time.Duration(i%10)*time.Minute), int64(i*977%1_000_000_000), 1)
	}
	for b.Loop() {
		m.Of(Redis).Figures()
	}
}
