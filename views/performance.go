package views

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Performance shows how long dispatching takes: the stages as this process
// measures them, the waits of all packets by the ledger's times, the sizes of
// batches, and the throughput.
type Performance struct {
	*Shared
	graph         *Throughput
	width, height int

	figures engine.Performance
	read    time.Time
}

const (
	performanceLabel = 13          // cells of a row's name
	performanceBars  = 21          // and of its bars, at the most
	performanceBelow = 7           // the height of the figures in two columns, with the title
	performanceRead  = time.Second // between two readings of the figures
	leastGraph       = 5
)

// NewPerformance makes the pane.
func NewPerformance(s *Shared) *Performance {
	return &Performance{Shared: s, graph: NewThroughput(s)}
}

// SetSize gives the pane exactly width by height cells.
func (p *Performance) SetSize(width, height int) { p.width, p.height = width, height }

// Refresh takes the newest figures, once a second.
func (p *Performance) Refresh() tea.Cmd {
	if p.Measured != nil && p.Now.Sub(p.read).Abs() >= performanceRead {
		p.figures, p.read = p.Measured(), p.Now
	}
	return nil
}

// Do knows no bindings.
func (p *Performance) Do(string) (tea.Cmd, bool) { return nil, false }

// Update wants no messages.
func (p *Performance) Update(tea.Msg) tea.Cmd { return nil }

// Typing is never so.
func (p *Performance) Typing() bool { return false }

// Scopes are none.
func (p *Performance) Scopes() []keymap.Scope { return nil }

// State knows no bindings.
func (p *Performance) State(id string) keymap.State { return possible(id) }

// Leave has nothing to close.
func (p *Performance) Leave() {}

// View draws the figures, in two columns where there is room, and the
// throughput below them.
func (p *Performance) View(focused bool) string {
	rule := widget.Rule{Title: "Performance", Note: "last 10 min", Focused: focused}
	stages, others := p.stages(), append(p.waits(), p.batches()...)
	views := []string{rule.View(p.Theme, p.width)}
	if p.wide() {
		left, right := p.columns()
		views = append(views, widget.Columns(Gutter,
			widget.Block{View: p.draw(stages, left), Width: left}, widget.Block{View: p.draw(others, right), Width: right}))
	} else {
		views = append(views, p.draw(append(stages, others...), p.width))
	}
	view := widget.Stack(views...)
	room := p.height - strings.Count(view, "\n") - 1
	if room > leastGraph {
		view, room = widget.Stack(view, widget.Gap(p.width)), room-1
	}
	if room >= leastGraph {
		p.graph.SetSize(p.width, room)
		view = widget.Stack(view, p.graph.View(false))
	}
	return widget.Fit(view, p.width, p.height)
}

func (p *Performance) wide() bool { return p.width+1 >= WideFrom }

// columns are the widths of the two columns.
func (p *Performance) columns() (left, right int) {
	if !p.wide() {
		return p.width, p.width
	}
	left = (p.width - Gutter) / 2
	return left, p.width - Gutter - left
}

func (p *Performance) draw(lines []widget.Line, width int) string {
	out := make([]string, len(lines))
	for i := range lines {
		out[i] = lines[i].Render(p.Theme, themes.Bg, width)
	}
	return widget.Stack(out...)
}

func (p *Performance) stages() []widget.Line {
	f := &p.figures
	out := []widget.Line{p.head("this process", meter.LatencyScale.Cells, "1 µs", "1 ms", "1 s")}
	if f.Stages[meter.Dispatch].Count == 0 {
		return append(out, p.nothing("dispatched nothing in this time"))
	}
	for s, name := range [meter.Stages]string{"validate", "council", "seal", "Redis", "dispatch"} {
		out = append(out, p.row(name, &f.Stages[s], latency, meter.Stage(s) == meter.Dispatch))
	}
	return out
}

func (p *Performance) waits() []widget.Line {
	f := &p.figures
	out := []widget.Line{p.head("by the ledger", lineage.WaitScale.Cells, "1 ms", "1 s", "17 m")}
	if f.Written.Count+f.Queued.Count+f.Held.Count == 0 {
		return append(out, p.nothing("nothing was sent, taken or released"))
	}
	return append(out,
		p.row("until written", &f.Written, latency, false),
		p.row("in a queue", &f.Queued, latency, true),
		p.row("in the carcel", &f.Held, latency, false))
}

func (p *Performance) batches() []widget.Line {
	out := []widget.Line{p.head("packets", lineage.BatchScale.Cells, "1", "16", "256")}
	if p.figures.Batches.Count == 0 {
		return append(out, p.nothing("nothing was dispatched"))
	}
	return append(out, p.row("in a dispatch", &p.figures.Batches, widget.Count, false))
}

// latency is a duration in at most seven cells.
func latency(ns int64) string {
	if d := time.Duration(ns); d >= time.Minute {
		return widget.Age(d)
	}
	return widget.Latency(time.Duration(ns))
}

// figureColumns are those of the percentiles.
var figureColumns = [...]string{"p50", "p95", "p99"}

// head are the column heads of a group, with marks on its scale at the first
// cell and two further ones, a third of the usual scale apart.
func (p *Performance) head(name string, cells int, marks ...string) widget.Line {
	var l widget.Line
	l.Space(widget.ColText - 2).Add(widget.T(themes.Faint, widget.PadRight(name, performanceLabel)))
	for _, c := range figureColumns {
		l.Add(widget.T(themes.Faint, "  "+widget.PadLeft(c, widget.LatencyWidth)))
	}
	room := p.barsRoom()
	of := (cells + max(room, 1) - 1) / max(room, 1)
	var scale strings.Builder
	for i, mark := range marks {
		at := i * p.apart(cells) / of
		if gap := at - widget.Width(scale.String()); gap > 0 || i == 0 {
			scale.WriteString(strings.Repeat(" ", max(gap, 0)) + mark)
		}
	}
	if room > 0 {
		l.Space(2).Add(widget.T(themes.Faint, scale.String()))
	}
	return l
}

// apart is how many cells lie between two marks: three decades, or four
// doublings.
func (p *Performance) apart(cells int) int {
	if cells == lineage.BatchScale.Cells {
		return 4
	}
	return 9
}

// barsRoom is the room for the bars, 0 where there is too little.
func (p *Performance) barsRoom() int {
	left, _ := p.columns()
	room := left - (widget.ColText - 2 + performanceLabel + len(figureColumns)*(2+widget.LatencyWidth) + 2)
	if room < 7 {
		return 0
	}
	return min(room, performanceBars)
}

func (p *Performance) row(name string, f *meter.Figures, show func(int64) string, main bool) widget.Line {
	role := themes.Muted
	if main {
		role = themes.Fg
	}
	var l widget.Line
	l.Space(widget.ColText - 2).Add(widget.T(role, widget.PadRight(name, performanceLabel)))
	for i, v := range [...]int64{f.P50, f.P95, f.P99} {
		s := widget.T(role, show(v))
		switch {
		case f.Count == 0:
			s = widget.T(themes.Faint, widget.Zero)
		case i > 0:
			s.Role = themes.Muted
		}
		s.Text = "  " + widget.PadLeft(s.Text, widget.LatencyWidth)
		l.Add(s)
	}
	bars := themes.GraphLo
	if main {
		bars = themes.Graph
	}
	return *l.Space(2).Add(widget.Bars(p.Theme, f.Cells, p.barsRoom(), bars))
}

// nothing says why a group has no figures.
func (p *Performance) nothing(why string) widget.Line {
	var l widget.Line
	l.Space(widget.ColText - 2).Add(widget.T(themes.Muted, why))
	return l
}
