package widget

import (
	"math"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/themes"
)

// Geometry of an area graph inside its block.
const (
	axisWidth  = 4 // labels of the scale, right-aligned after the bar column
	graphStart = 6 // first column of the graph
)

// AreaGraph draws values over time in braille, with the scale at its left and
// the time below.
type AreaGraph struct {
	// Values are oldest first, the last is now; two stand in one cell. NaN is
	// no data and stays blank. AreaSamples says how many fit.
	Values []float64
	// Top is the value at the top, from a Scale.
	Top float64
	// Span is the time that the whole width stands for.
	Span time.Duration
	// Events stand on the time axis; the important ones last.
	Events []Event
	// End replaces "now" at the right end of the time axis: "away 14 s".
	End Span
}

// Event is something that happened, shown below the graph.
type Event struct {
	Ago   time.Duration
	Glyph themes.Glyph
	Label string // a word, where it matters; most events have none
}

// AreaSamples is the number of values that a graph of a width shows.
func AreaSamples(width int) int { return 2 * max(width-graphStart, 0) }

// View draws the graph in width columns and height lines, the last of which
// is the time axis.
func (g AreaGraph) View(t *themes.Theme, width, height int) string {
	rows, cells := height-1, width-graphStart
	if rows < 1 || cells < 1 {
		return Fit("", width, height)
	}
	var b strings.Builder
	heights := g.dots(cells, rows)
	for r := range rows {
		label := ""
		switch {
		case r == 0:
			label = axisNumber(g.Top)
		case r == rows-1:
			label = "0"
		case r == rows/2 && rows >= 4:
			label = axisNumber(g.Top / 2)
		}
		b.WriteString(" ")
		t.Style(faint).WriteTo(&b, PadLeft(label, axisWidth))
		b.WriteString(" ")
		drawDots(&b, t, heights, rows, r)
		b.WriteByte('\n')
	}
	b.WriteString(g.timeAxis(t, width))
	return b.String()
}

// dots gives the height in dots of each sample: −1 no data, 0 zero.
func (g AreaGraph) dots(cells, rows int) []int {
	out := make([]int, 2*cells)
	top := g.Top
	if top <= 0 || math.IsNaN(top) {
		top = 1
	}
	for i := range out {
		j := len(g.Values) - len(out) + i
		if j < 0 || math.IsNaN(g.Values[j]) {
			out[i] = -1
			continue
		}
		v := math.Min(math.Max(g.Values[j], 0)/top, 1)
		out[i] = int(v*float64(4*rows) + 0.5)
		if v > 0 && out[i] == 0 {
			out[i] = 1
		}
	}
	return out
}

// Dots of a braille cell from the bottom up.
var (
	leftDots  = [5]rune{0, 0x40, 0x44, 0x46, 0x47}
	rightDots = [5]rune{0, 0x80, 0xa0, 0xb0, 0xb8}
)

var asciiDots = []string{" ", ".", ":", "|", "#"}

// drawDots writes one row of the graph. The cell in which a column ends is
// drawn in GraphTop, those below in Graph. A measured zero is a track in
// Border, so it differs from no data.
func drawDots(b *strings.Builder, t *themes.Theme, heights []int, rows, r int) {
	floor := 4 * (rows - 1 - r) // dots below this row
	var run strings.Builder
	role := themes.Graph
	flush := func() {
		if run.Len() > 0 {
			t.Style(role).WriteTo(b, run.String())
			run.Reset()
		}
	}
	for i := 0; i < len(heights); i += 2 {
		hl, hr := heights[i], heights[i+1]
		l, rt := min(max(hl-floor, 0), 4), min(max(hr-floor, 0), 4)
		high := max(hl, hr)
		want := themes.Graph
		switch {
		case high <= 0 && floor == 0:
			want = border
			l, rt = trackDot(hl), trackDot(hr)
		case high-floor <= 4:
			want = themes.GraphTop
		}
		cell := string(0x2800 + leftDots[l] + rightDots[rt])
		switch {
		case l == 0 && rt == 0:
			cell = " "
		case t.IsASCII():
			cell = asciiDots[max(l, rt)]
		}
		if want != role && cell != " " {
			flush()
			role = want
		}
		run.WriteString(cell)
	}
	flush()
}

func trackDot(h int) int {
	if h == 0 {
		return 1
	}
	return 0
}

// axisNumber is short enough for the scale: 0, 2.5, 10k, 200k.
func axisNumber(v float64) string {
	if v == 0 {
		return "0"
	}
	s := short(v)
	i := strings.IndexAny(s, "kMG")
	if i < 0 {
		i = len(s)
	}
	if strings.Contains(s[:i], ".") {
		s = strings.TrimRight(strings.TrimRight(s[:i], "0"), ".") + s[i:]
	}
	return s
}

// timeAxis lays out the line below the graph: events first, then their words,
// then time labels wherever there is room left.
func (g AreaGraph) timeAxis(t *themes.Theme, width int) string {
	cells := width - graphStart
	axis := newAxis(width)
	end := g.End
	if end.Text == "" {
		end = T(faint, " now")
	}
	end.live = true // it is about now, even when the graph is not
	axis.put(width-Width(Sanitize(end.Text)), end)
	spots := make([]int, len(g.Events))
	for i := len(g.Events) - 1; i >= 0; i-- {
		e := g.Events[i]
		spots[i] = -1
		if g.Span <= 0 || e.Ago < 0 || e.Ago > g.Span {
			continue
		}
		at := width - 1 - int(float64(e.Ago)/float64(g.Span)*float64(cells-1)+0.5)
		if axis.put(at, State(t, e.Glyph)) {
			spots[i] = at
		}
	}
	for i := len(g.Events) - 1; i >= 0; i-- {
		if e := g.Events[i]; spots[i] >= 0 && e.Label != "" {
			axis.put(spots[i]+2, T(e.Glyph.Role(), e.Label))
		}
	}
	if g.Span > 0 {
		for q := range 4 {
			ago := g.Span - g.Span*time.Duration(q)/4
			axis.putApart(graphStart+cells*q/4, T(faint, agoLabel(ago, q == 0)))
		}
	}
	return axis.render(t)
}

// agoLabel is -10 min for the first label, -7:30 for the others.
func agoLabel(d time.Duration, first bool) string {
	s := int(d.Round(time.Second) / time.Second)
	switch {
	case first && s%3600 == 0:
		return "-" + itoa(s/3600) + " h"
	case first && s%60 == 0:
		return "-" + itoa(s/60) + " min"
	case s >= 3600:
		return "-" + itoa(s/3600) + "h" + pad2(s%3600/60)
	}
	return "-" + itoa(s/60) + ":" + pad2(s%60)
}
