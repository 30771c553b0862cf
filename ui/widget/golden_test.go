package widget

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/themes"
)

var update = flag.Bool("update", false, "write the golden files anew")

var dark = themes.MustLoad("dark")

// golden compares a view, without and with its colours, with testdata.
func golden(t *testing.T, name, view string) {
	t.Helper()
	lines := strings.Split(ansi.Strip(view), "\n")
	for i := range lines {
		lines[i] += "|"
	}
	got := strings.Join(lines, "\n") + "\n\n" + strings.ReplaceAll(view, "\x1b", "␛") + "\n"
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", name, got)
	}
}

// exact demands lines of exactly width cells, height of them, by every way
// of measuring.
func exact(t interface {
	Helper()
	Errorf(string, ...any)
}, what, view string, width, height int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) != height {
		t.Errorf("%s has %d lines, not %d", what, len(lines), height)
	}
	for i, l := range lines {
		if w, wc := ansi.StringWidth(l), ansi.StringWidthWc(l); w != width || wc != width {
			t.Errorf("%s line %d is %d (or %d) cells, not %d: %q", what, i, w, wc, width, l)
		}
	}
}

// queueRows are the rows of the Pulse picture.
type queueRows []struct {
	glyph themes.Glyph
	name  string
	depth int64
	net   float64
	state string
}

func (q queueRows) Len() int         { return len(q) }
func (q queueRows) Key(i int) string { return q[i].name }
func (q queueRows) Row(i int, r *Row) {
	e := q[i]
	r.Glyph(e.glyph)
	r.Cell(T(fg, e.name))
	r.Cell(Number(Count(e.depth)))
	r.Cell(Sparkline(r.Theme, []float64{0, 1, 2, 3, float64(e.depth)}, float64(e.depth), r.Width(2), true, e.glyph.Role()))
	r.Cell(T(muted, NetRate(e.net)))
	r.Cell(T(e.glyph.Role(), e.state), T(faint, " now"))
}

func queueTable(width, height int) *Table {
	t := &Table{}
	t.SetColumns(
		Column{Title: "queue", Width: 10, Flex: 1},
		Column{Title: "depth", Width: CountWidth, Right: true},
		Column{Title: "last 60 s", Width: SparkCells, Drop: 1},
		Column{Title: "net/s", Width: NetRateWidth, Right: true, Drop: 2},
		Column{Title: "state", Width: 12},
	)
	t.SetSize(width, height)
	t.SetRows(queueRows{
		{themes.GlyphStuck, "queue:council", 12408, 18.2, "stuck"},
		{themes.GlyphLate, "queue:ems-dispatch", 1204, 4.6, "growing"},
		{themes.GlyphCalm, "tasks:search", 88, -4, "draining"},
		{themes.GlyphCalm, "tasks:index", 0, 0, "empty"},
	})
	return t
}

func TestTableLooksLikeThePicture(t *testing.T) {
	tb := queueTable(73, 5)
	tb.SetFocused(true)
	tb.Select("queue:ems-dispatch")
	tb.ToggleMark()
	view := tb.View(dark)
	exact(t, "table", view, 73, 5)
	golden(t, "table-focused", view)
	tb.SetFocused(false)
	golden(t, "table-unfocused", tb.View(dark))
	tb.SetSize(48, 4)
	golden(t, "table-narrow", tb.View(dark))
	golden(t, "table-ascii-mono", tb.View(themes.MustLoad("mono").ASCII()))
}

func TestSparklinesLookLikeThePicture(t *testing.T) {
	nan := math.NaN()
	var b strings.Builder
	for _, c := range []struct {
		values []float64
		max    float64
		hot    bool
		last   themes.Role
	}{
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 12, true, themes.Bad},
		{[]float64{1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1}, 1, false, muted},
		{[]float64{5, 5, nan, nan, 5, 5}, 5, false, muted},
		{[]float64{0, 0, 0, 0}, 90, false, muted},
		{nil, 0, false, muted},
	} {
		body, last := Sparkline(dark, c.values, c.max, SparkCells, c.hot, c.last)
		b.WriteString(Text(dark, themes.Bg, SparkCells, body, last) + "\n")
	}
	for _, age := range []time.Duration{0, time.Second, 30 * time.Second, 40 * time.Second, 99 * time.Second, 100 * time.Second, 999 * time.Second} {
		filled, track := HeartbeatBar(dark, age, 100*time.Second, 8)
		b.WriteString(Text(dark, themes.Bg, SparkCells, filled, track) + "\n")
	}
	golden(t, "sparkline", strings.TrimSuffix(b.String(), "\n"))
}

func pulseGraph() AreaGraph {
	v := make([]float64, AreaSamples(80))
	for i := range v {
		v[i] = 12_000 + 6_000*math.Sin(float64(i)/12)
		switch {
		case i < 10:
			v[i] = math.NaN()
		case i >= 60 && i < 70:
			v[i] = 0
		case i >= 70 && i < 74:
			v[i] = 1
		}
	}
	return AreaGraph{Values: v, Top: 20_000, Span: 10 * time.Minute, Events: []Event{
		{Ago: 5 * time.Minute, Glyph: themes.GlyphFailover, Label: "failover"},
		{Ago: 90 * time.Second, Glyph: themes.GlyphBlocked},
	}}
}

func TestAreaGraphLooksLikeThePicture(t *testing.T) {
	g := pulseGraph()
	view := g.View(dark, 80, 7)
	exact(t, "graph", view, 80, 7)
	golden(t, "areagraph", view)
	g.End = T(themes.Bad, "away 14 s")
	golden(t, "areagraph-away", g.View(dark.Away(), 80, 7))
}

func TestRulesLookLikeThePicture(t *testing.T) {
	r := Rule{Title: "Queues", Note: "12", Badges: [][]Span{
		Badge(dark, themes.GlyphStuck, fg, "1 stuck"),
		Badge(dark, themes.GlyphLate, muted, "2 growing"),
	}}
	var views []string
	for _, width := range []int{73, 40, 30, 20, 9} {
		for _, focused := range []bool{false, true} {
			r.Focused = focused
			view := r.View(dark, width)
			exact(t, fmt.Sprint("rule at ", width), view, width, 1)
			views = append(views, view)
		}
	}
	golden(t, "rule", strings.Join(views, "\n"))
}
