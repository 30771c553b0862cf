package widget

import (
	"math"
	"time"
)

// shrinkAfter is how long values must stay below half before a scale gives
// way: a graph that breathes cannot be read.
const shrinkAfter = 60 * time.Second

// Scale is the top of a graph's axis, a step of 1-2-5. It grows at once and
// shrinks after a minute below half. The zero Scale is ready.
type Scale struct {
	top      float64
	lowSince time.Time
}

// Update tells the highest value in sight and the time, and gives the top.
func (s *Scale) Update(highest float64, now time.Time) float64 {
	want := step(highest)
	switch {
	case want >= s.top:
		s.top, s.lowSince = want, time.Time{}
	case highest >= s.top/2:
		s.lowSince = time.Time{}
	case s.lowSince.IsZero():
		s.lowSince = now
	case now.Sub(s.lowSince) >= shrinkAfter:
		s.top, s.lowSince = want, time.Time{}
	}
	return s.top
}

// Top is the top as last updated.
func (s *Scale) Top() float64 { return s.top }

// step is the least of 1, 2, 5, 10, 20, 50… that holds v.
func step(v float64) float64 {
	if math.IsNaN(v) || v <= 1 {
		return 1
	}
	if v > 1e18 {
		return 1e18
	}
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*p {
			return m * p
		}
	}
	return 10 * p
}
