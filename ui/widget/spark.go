package widget

import (
	"math"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/themes"
)

// SparkCells is the usual width of a sparkline: a minute in cells of 5 s.
const SparkCells = 12

// sparkFloor keeps the noise of a nearly empty queue low.
const sparkFloor = 4

var sparkBlocks = []rune("▁▂▃▄▅▆▇")

// sparkASCII stands in where blocks cannot be drawn.
var sparkASCII = []rune("_.-=+*#")

// Sparkline draws the last width values, the newest in the last cell and in
// the role last (the state's colour; Muted when calm). Max is the row's
// maximum in ten minutes. NaN is no data and stays blank; a row that is empty
// throughout is blank altogether. A hot row's body is stronger.
//
//	row.Cell(widget.Sparkline(t, q.History, q.Max, widget.SparkCells, hot, themes.Warn))
func Sparkline(t *themes.Theme, values []float64, max float64, width int, hot bool, last themes.Role) (body, end Span) {
	role := themes.GraphLo
	if hot {
		role = themes.Graph
	}
	if width <= 0 {
		return T(role, ""), T(last, "")
	}
	if len(values) > width {
		values = values[len(values)-width:]
	}
	max = math.Max(max, sparkFloor)
	blocks := sparkBlocks
	if t.IsASCII() {
		blocks = sparkASCII
	}
	cells := make([]rune, width)
	empty := true
	for i := range cells {
		cells[i] = ' '
		j := i - (width - len(values))
		if j < 0 || math.IsNaN(values[j]) {
			continue
		}
		v := math.Min(math.Max(values[j]/max, 0), 1)
		if math.IsNaN(v) { // both are beyond all numbers
			continue
		}
		if v > 0 {
			empty = false
		}
		cells[i] = blocks[int(v*float64(len(blocks)-1)+0.5)]
	}
	if empty {
		return T(role, blanks(width-1)), T(last, " ")
	}
	return T(role, string(cells[:width-1])), T(last, string(cells[width-1:]))
}

// lateFrom is the share of its TTL from which a heartbeat is late.
const lateFrom = 0.4

// HeartbeatBar is the age of a heartbeat over its TTL, filling up: short and
// blue when well, warn from 40 %, bad once it is gone.
func HeartbeatBar(t *themes.Theme, age, ttl time.Duration, width int) (filled, track Span) {
	if ttl <= 0 {
		return T(themes.Graph, ""), T(border, strings.Repeat(t.Glyph(themes.GlyphRule), max(width, 0)))
	}
	share := float64(age) / float64(ttl)
	role := themes.Graph
	switch {
	case share >= 1:
		role = themes.Bad
	case share >= lateFrom:
		role = themes.Warn
	}
	return bar(t, share, width, role)
}

// ProgressBar is a share from 0 to 1 of work that runs.
func ProgressBar(t *themes.Theme, share float64, width int, role themes.Role) (filled, track Span) {
	return bar(t, share, width, role)
}

// bar fills at least one cell for anything above nothing, and all of them
// only when it is complete.
func bar(t *themes.Theme, share float64, width int, role themes.Role) (filled, track Span) {
	width = max(width, 0)
	if math.IsNaN(share) || share < 0 {
		share = 0
	}
	n := int(math.Min(share, 1)*float64(width) + 0.5)
	switch {
	case share > 0 && n == 0:
		n = 1
	case share < 1 && n == width:
		n = width - 1
	}
	n = min(max(n, 0), width)
	return T(role, strings.Repeat(t.Glyph(themes.GlyphRuleFocus), n)),
		T(border, strings.Repeat(t.Glyph(themes.GlyphRule), width-n))
}

// Bars draws counts as bars beside each other, the greatest at full height.
// What is not zero shows; zero is blank. In less room than there are counts
// neighbours are put together.
func Bars(t *themes.Theme, counts []int64, width int, role themes.Role) Span {
	if width <= 0 || len(counts) == 0 {
		return T(role, "")
	}
	of := (len(counts) + width - 1) / width // counts a cell
	sums := make([]int64, (len(counts)+of-1)/of)
	most := int64(0)
	for i, n := range counts {
		sums[i/of] += n
		most = max(most, sums[i/of])
	}
	blocks := sparkBlocks
	if t.IsASCII() {
		blocks = sparkASCII
	}
	cells := make([]rune, len(sums))
	for i, n := range sums {
		if cells[i] = ' '; n > 0 {
			cells[i] = blocks[int(float64(n)/float64(most)*float64(len(blocks)-1)+0.5)]
		}
	}
	return T(role, string(cells))
}
