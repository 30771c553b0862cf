package voices

import (
	"fmt"
	"math"
	"time"
)

const (
	// leastSamples and leastSpan are what a forecast needs at the least: a
	// line through fewer points, or over less time, says nothing.
	leastSamples = 6
	leastSpan    = 2 * time.Second
	// straight is how much of the change a line has to explain (r²) before its
	// end is told.
	straight = 0.9
	// still is the growth below which memory counts as not growing, in bytes a
	// second: what a server's own clients come and go with.
	still = 64
)

// line is the straight line through samples of memory, by least squares.
type line struct {
	slope    float64 // bytes a second
	now      float64 // bytes at the newest sample, on the line
	r2       float64 // the part of the change that the line explains
	err      float64 // standard error of the slope
	n        int
	from, to time.Time
}

// fit lays a line through the samples since memory last fell by a tenth of
// what had been gained: what was before a flush or a trim says nothing of what
// comes. ok is false where there are too few.
func fit(samples []Memory) (l line, ok bool) {
	samples = samples[lastFall(samples):]
	l.n = len(samples)
	if l.n > 0 {
		l.from, l.to = samples[0].At, samples[l.n-1].At
	}
	if l.n < leastSamples || l.to.Sub(l.from) < leastSpan {
		return l, false
	}
	var sx, sy float64
	for _, m := range samples {
		sx, sy = sx+m.At.Sub(l.to).Seconds(), sy+float64(m.Used)
	}
	n := float64(l.n)
	mx, my := sx/n, sy/n
	var xx, xy, yy float64
	for _, m := range samples {
		dx, dy := m.At.Sub(l.to).Seconds()-mx, float64(m.Used)-my
		xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
	}
	if xx == 0 {
		return l, false
	}
	l.slope = xy / xx
	l.now = my - l.slope*mx
	l.r2 = 1
	rest := max(yy-l.slope*xy, 0)
	if yy > 0 {
		l.r2 = 1 - rest/yy
	}
	l.err = math.Sqrt(rest / (n - 2) / xx)
	return l, true
}

// lastFall is the index of the sample from which on memory has not fallen by
// more than a tenth of the range of all samples.
func lastFall(samples []Memory) int {
	if len(samples) == 0 {
		return 0
	}
	low, high := samples[0].Used, samples[0].Used
	for _, m := range samples {
		low, high = min(low, m.Used), max(high, m.Used)
	}
	begin := 0
	for i := 1; i < len(samples); i++ {
		if fall := samples[i-1].Used - samples[i].Used; fall > (high-low)/10 && fall > 64<<10 {
			begin = i
		}
	}
	return begin
}

// hits is when the line reaches a limit, with the 95 % interval of that; never
// where it does not rise.
func (l line) hits(limit int64) (when, early, late time.Duration, ever bool) {
	room := float64(limit) - l.now
	if l.slope <= still || l.slope <= 2*l.err {
		return 0, 0, 0, false
	}
	after := func(slope float64) time.Duration {
		const most = 365 * 24 * 3600
		return time.Duration(min(max(room, 0)/slope, most) * float64(time.Second))
	}
	return after(l.slope), after(l.slope + 2*l.err), after(l.slope - 2*l.err), true
}

// memoryForecast says when maxmemory is hit at the rate of the last samples,
// or why that is not known.
func memoryForecast(c *Case, s *said) {
	limit := c.Snap.Server.MaxMemory
	l, ok := fit(c.Memory)
	samples := serverRef("used_memory", fmt.Sprintf("%s over %s", counted(l.n, "sample"), span(l.to.Sub(l.from))))
	room := serverRef("maxmemory", size(float64(limit)))
	switch {
	case !ok && l.n < len(c.Memory): // it falls now and then, as on the demo's server
		s.add(Note, fmt.Sprintf("Memory fell %s ago, so no rate is known; %s in use.", span(c.Now.Sub(l.from)), size(float64(c.Memory[len(c.Memory)-1].Used))), samples, room)
	case !ok:
		s.add(Unknown, fmt.Sprintf("When memory runs out is not known: %s over %s, and %d over %s are needed.", counted(l.n, "sample"), span(l.to.Sub(l.from)), leastSamples, span(leastSpan)), samples, room)
		return
	case limit == 0:
		if l.slope > still && l.slope > 2*l.err && l.r2 >= straight {
			s.add(Watch, fmt.Sprintf("Memory grows by %s an hour, and no limit is set: the machine's own is the limit.", size(l.slope*3600)), samples, room).
				command("sets one", "CONFIG SET maxmemory 2gb")
		} else {
			s.add(Note, fmt.Sprintf("%s in use, and no limit is set.", size(l.now)), samples, room)
		}
		return
	}
	share := l.now / float64(limit)
	when, early, late, ever := l.hits(limit)
	switch {
	case !ever:
		severity := Well
		if share > 0.8 {
			severity = Watch
		}
		s.add(severity, fmt.Sprintf("Memory does not grow: %s of %s in use (%s).", size(l.now), size(float64(limit)), percent(share)), samples, room)
		return
	case l.r2 < straight:
		s.add(Unknown, fmt.Sprintf("When memory runs out is not known: it grows, but not evenly (a line explains %s). %s of %s in use.", percent(l.r2), percent(share), size(float64(limit))), samples, room)
		return
	}
	severity := Note
	switch {
	case when < time.Hour:
		severity = Wrong
	case when < 24*time.Hour:
		severity = Watch
	}
	between := ""
	if late-early >= time.Second { // less is told by the figure itself
		between = fmt.Sprintf(" (95 %%: %s to %s)", span(early), span(late))
	}
	s.add(severity, fmt.Sprintf("At %s/s memory reaches %s in %s%s. From then on writes are refused.", size(l.slope), size(float64(limit)), span(when), between), samples, room).
		command("doubles the room", fmt.Sprintf("CONFIG SET maxmemory %d", 2*limit))
}

// OutOfMemory is when maxmemory is reached, counted from the newest sample, by
// the line that Rory speaks of. Known is false where Rory would not say.
func OutOfMemory(samples []Memory, limit int64) (in time.Duration, known bool) {
	l, ok := fit(samples)
	if !ok || limit == 0 || l.r2 < straight {
		return 0, false
	}
	in, _, _, known = l.hits(limit)
	return in, known
}
