package watch

import (
	"math"
	"time"
)

// depths remembers a queue's depth in cells of HistoryStep, over ten minutes.
type depths struct {
	cells [120]float32 // ring; NaN where not known
	begun int64        // the number of the current cell since 1970; 0 before the first
}

func cellOf(at time.Time) int64 { return at.UnixNano() / int64(HistoryStep) }

// put records the depth at a time. Cells that passed without a word keep the
// depth before: nothing had changed.
func (d *depths) put(at time.Time, depth int64) {
	now := cellOf(at)
	if d.begun == 0 {
		for i := range d.cells {
			d.cells[i] = float32(math.NaN())
		}
		d.begun = now
	}
	last := d.at(d.begun)
	for d.begun < now {
		d.begun++
		d.cells[d.begun%int64(len(d.cells))] = last
		if now-d.begun > int64(len(d.cells)) {
			d.begun = now - int64(len(d.cells))
		}
	}
	d.cells[now%int64(len(d.cells))] = float32(depth)
}

func (d *depths) at(cell int64) float32 { return d.cells[cell%int64(len(d.cells))] }

// recent returns the newest cells, oldest first, the one at `at` being last.
func (d *depths) recent() (out [HistoryCells]float64) {
	for i := range out {
		out[i] = math.NaN()
		if d.begun > 0 {
			out[i] = float64(d.at(d.begun - int64(len(out)-1-i)))
		}
	}
	return out
}

// peak is the greatest depth remembered.
func (d *depths) peak() (max float64) {
	for _, v := range d.cells {
		if f := float64(v); f > max {
			max = f
		}
	}
	return max
}

// net is the change a second between the depth some ten seconds ago and now,
// and whether enough is remembered to tell.
func (d *depths) net(at time.Time, depth int64) (float64, bool) {
	for back := int64(2); back >= 1 && d.begun > 0; back-- {
		if then := float64(d.at(d.begun - back)); then == then {
			// The cell holds the depth at its end.
			end := time.Unix(0, (d.begun-back+1)*int64(HistoryStep))
			if span := at.Sub(end).Seconds(); span >= 1 {
				return (float64(depth) - then) / span, true
			}
		}
	}
	return 0, false
}

// counter counts in cells of a second, over ThroughputSpan seconds.
type counter struct {
	cells [ThroughputSpan]float64
	last  int64 // the newest cell, in seconds since 1970; 0 before the first
	first int64 // the oldest that is known
}

// since says that the counts from a time on are known, although nobody was
// counting then: they will be added from a record.
func (c *counter) since(at time.Time) {
	if c.first > 0 {
		c.first = min(c.first, max(at.Unix(), c.last-ThroughputSpan+1))
	}
}

// know says that up to a time a second without a count is a true zero.
func (c *counter) know(at time.Time) {
	now := at.Unix()
	if c.first == 0 || now-c.last >= ThroughputSpan {
		clear(c.cells[:])
		c.first, c.last = now, now
	}
	for c.last < now {
		c.last++
		c.cells[c.last%ThroughputSpan] = 0
	}
}

// miss marks the seconds up to a time as not known: Redis was away.
func (c *counter) miss(at time.Time) {
	if c.last == 0 {
		return
	}
	for c.last < at.Unix() {
		c.last++
		c.cells[c.last%ThroughputSpan] = math.NaN()
	}
}

// add counts n at a time. What is dated a little after the newest cell counts
// there: it was read in the moment in which a second ended.
func (c *counter) add(at time.Time, n float64) {
	second := at.Unix()
	if second > c.last && second <= c.last+5 {
		second = c.last
	}
	if second > c.last || second < c.first || second <= c.last-ThroughputSpan {
		return
	}
	if cell := &c.cells[second%ThroughputSpan]; *cell == *cell {
		*cell += n
	} else {
		*cell = n
	}
}

// seconds returns the full seconds that are known, oldest first, and when the
// first of them began. The current second is left out: it is not over.
func (c *counter) seconds() (from time.Time, out []float64) {
	if c.last == 0 {
		return time.Time{}, nil
	}
	begin := max(c.first, c.last-ThroughputSpan+1)
	for s := begin; s < c.last; s++ {
		out = append(out, c.cells[s%ThroughputSpan])
	}
	return time.Unix(begin, 0), out
}

// mean is the mean a second over the newest full seconds, up to span.
func (c *counter) mean(span int) float64 {
	_, all := c.seconds()
	sum, n := 0.0, 0
	for i := max(0, len(all)-span); i < len(all); i++ {
		if all[i] == all[i] {
			sum += all[i]
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}
