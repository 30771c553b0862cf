package views

import (
	"math"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Throughput draws how many packets the ledger recorded each second.
type Throughput struct {
	*Shared
	width, height int
	scale         widget.Scale
}

// NewThroughput makes the pane.
func NewThroughput(s *Shared) *Throughput { return &Throughput{Shared: s} }

// SetSize gives the pane exactly width by height cells; at a height of one it
// is a line with a sparkline.
func (p *Throughput) SetSize(width, height int) { p.width, p.height = width, height }

// Refresh takes the newest picture.
func (p *Throughput) Refresh() tea.Cmd { return nil }

// Do knows no bindings.
func (p *Throughput) Do(string) (tea.Cmd, bool) { return nil, false }

// Update wants no messages.
func (p *Throughput) Update(tea.Msg) tea.Cmd { return nil }

// Typing is never so.
func (p *Throughput) Typing() bool { return false }

// Scopes are none.
func (p *Throughput) Scopes() []keymap.Scope { return nil }

// State knows no bindings.
func (p *Throughput) State(id string) keymap.State { return possible(id) }

// View draws the graph under its title.
func (p *Throughput) View(focused bool) string {
	switch {
	case p.height < 1:
		return ""
	case p.height < 3:
		return widget.Fit(p.line(), p.width, p.height)
	}
	rule := widget.Rule{Title: "Throughput", Note: "dispatch/s", Focused: focused, Badges: p.figures()}
	cells := p.samples(widget.AreaSamples(p.width))
	graph := widget.AreaGraph{
		Values: cells,
		Top:    p.scale.Update(highest(cells), p.Now),
		Span:   p.span(),
		Events: p.events(),
	}
	if p.Away() {
		graph.End = widget.T(themes.Bad, " away "+age(p.Now, p.Snap.Taken))
	}
	return widget.Stack(rule.View(p.Theme, p.width), graph.View(p.Theme, p.width, p.height-1))
}

// figures are what stands at the right of the title.
func (p *Throughput) figures() [][]widget.Span {
	t := p.Snap.Throughput
	var out [][]widget.Span
	if now, known := t.Now(); known && !p.Away() {
		out = append(out, []widget.Span{widget.T(themes.Faint, "now "), widget.B(themes.Fg, widget.Rate(now))})
	}
	if t.Held > 0 {
		out = append(out, []widget.Span{widget.T(themes.Faint, "held "), widget.T(themes.Hold, widget.Rate(t.Held))})
	}
	if t.Refused > 0 {
		out = append(out, []widget.Span{widget.T(themes.Faint, "refused "), widget.T(themes.Bad, widget.Rate(t.Refused))})
	}
	return out
}

// line is the pane on a narrow screen.
func (p *Throughput) line() string {
	cells := p.samples(max(p.width-widget.ColMark-10-2-widget.RateWidth-1-1, 8))
	body, end := widget.Sparkline(p.Theme, cells, highest(cells), len(cells), true, themes.Graph)
	var l widget.Line
	l.Space(widget.ColMark).Add(widget.B(themes.Fg, "Throughput")).Space(2)
	now, known := p.Snap.Throughput.Now()
	if known {
		l.Add(widget.T(themes.Fg, widget.PadLeft(widget.Rate(now), widget.RateWidth)))
	} else {
		l.Space(widget.RateWidth)
	}
	l.Space(1).Add(body, end)
	return l.Render(p.Theme, themes.Bg, p.width)
}

// span is the time that the graph shows.
func (p *Throughput) span() time.Duration { return watch.ThroughputSpan * time.Second }

// samples puts the seconds of the span into n cells, each the mean of its
// seconds; a cell of which nothing is known is no data.
func (p *Throughput) samples(n int) []float64 {
	t := p.Snap.Throughput
	out := make([]float64, n)
	counts := make([]int, n)
	for i := range out {
		out[i] = math.NaN()
	}
	if n == 0 {
		return out
	}
	begin := p.Now.Add(-p.span())
	step := p.span().Seconds() / float64(n)
	for i, v := range t.Dispatched {
		cell := int(math.Floor(t.From.Add(time.Duration(i)*time.Second).Sub(begin).Seconds() / step))
		if v != v || cell < 0 || cell >= n {
			continue
		}
		if counts[cell]++; counts[cell] == 1 {
			out[cell] = v
		} else {
			out[cell] += v
		}
	}
	last := -1
	for i := range out {
		if counts[i] > 0 {
			out[i] /= float64(counts[i])
			last = i
		}
	}
	// The newest second is not over, so that its cell may be empty yet: the
	// graph ends with what is known.
	if !p.Away() && last >= 0 && last >= n-3 {
		for i := last + 1; i < n; i++ {
			out[i] = out[last]
		}
	}
	// With more cells than seconds every other cell would be empty.
	if step < 1 {
		for i := 1; i < n; i++ {
			if counts[i] == 0 && counts[i-1] > 0 {
				out[i] = out[i-1]
			}
		}
	}
	return out
}

func highest(values []float64) float64 {
	top := 0.0
	for _, v := range values {
		if v > top {
			top = v
		}
	}
	return top
}

func (p *Throughput) events() []widget.Event {
	marks := p.Snap.Throughput.Marks
	out := make([]widget.Event, 0, len(marks))
	for _, m := range marks {
		e := widget.Event{Ago: p.Now.Sub(m.At)}
		switch m.Kind {
		case "held":
			e.Glyph = themes.GlyphReview
		case "blocked":
			e.Glyph = themes.GlyphBlocked
		default:
			e.Glyph, e.Label = themes.GlyphFailover, m.Kind
		}
		out = append(out, e)
	}
	return out
}
