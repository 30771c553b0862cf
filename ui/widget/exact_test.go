package widget

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/themes"
)

// wild rows have any text in any cell.
type wild [][]string

func (w wild) Len() int         { return len(w) }
func (w wild) Key(i int) string { return itoa(i) }
func (w wild) Row(i int, r *Row) {
	r.Lead(T(border, w[i][0]))
	for _, s := range w[i] {
		r.Cell(T(fg, s), B(themes.Bad, s))
	}
}

// TestEveryLineIsExactlyAsWideAsAsked draws every widget with hostile text at
// any size in every theme.
func TestEveryLineIsExactlyAsWideAsAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := themes.MustLoad(rapid.SampledFrom(themes.Names()).Draw(t, "theme"))
		if rapid.Bool().Draw(t, "ascii") {
			th = th.ASCII()
		}
		if rapid.Bool().Draw(t, "away") {
			th = th.Away()
		}
		w := rapid.IntRange(1, 120).Draw(t, "width")
		h := rapid.IntRange(1, 12).Draw(t, "height")
		text := nasty()
		some := func() string { return text.Draw(t, "text") }

		tb := &Table{Headless: rapid.Bool().Draw(t, "headless"), FootRight: rapid.Bool().Draw(t, "right")}
		tb.SetColumns(Column{Title: some(), Width: 8, Flex: 1}, Column{Title: some(), Width: 5, Right: true}, Column{Title: some(), Width: 9, Middle: true, Drop: 1}, Column{Title: some(), Width: 1, Gap: 1, Right: true})
		tb.SetSize(w, h)
		tb.SetFocused(rapid.Bool().Draw(t, "focused"))
		tb.SetFootExtra(T(fg, some()))
		rows := make(wild, rapid.IntRange(0, 20).Draw(t, "rows"))
		for i := range rows {
			rows[i] = []string{some(), some(), some(), some()}
		}
		tb.SetRows(rows)
		tb.ToggleMark()
		exact(t, "table", tb.View(th), w, h)

		exact(t, "text", Text(th, themes.Select, w, T(fg, some()), B(muted, some())), w, 1)
		exact(t, "spread", Spread(th, themes.Surface, w, []Span{T(fg, some())}, []Span{T(fg, some())}, []Span{T(fg, some())}), w, 1)
		exact(t, "rule", Rule{Title: some(), Note: some(), Badges: [][]Span{{T(fg, some())}, {T(fg, some())}}}.View(th, w), w, 1)
		exact(t, "empty", Empty(th, w, h, some(), T(accent, some())), w, h)
		exact(t, "too small", TooSmall(th, w, h, 80, 24), w, h)

		g := AreaGraph{Values: []float64{1, math.NaN(), 0, rapid.Float64().Draw(t, "v")}, Top: 10, Span: time.Minute,
			Events: []Event{{time.Second, themes.GlyphFailover, some()}, {0, themes.GlyphCosign, some()}}, End: T(fg, some())}
		exact(t, "graph", g.View(th, w, h), w, h)

		var jv JSONView
		jv.SetSize(w, h)
		jv.SetText(some() + "\n" + some())
		jv.ScrollSideways(rapid.IntRange(0, 9).Draw(t, "left"))
		exact(t, "json", jv.View(th), w, h)
		var hv HexView
		hv.SetData([]byte(some()))
		hv.SetSize(w, h)
		exact(t, "hex", hv.View(th), w, h)

		e := NewEditor(some() + "\n" + some())
		e.Focus()
		e.SetSize(w, h)
		exact(t, "editor", e.View(th), w, h)
		f := NewForm(Field{Label: some(), Note: some(), Input: NewInput(some())}, Field{Label: some(), Problem: some()})
		f.SetWidth(w)
		f.SetFocused(true)
		exact(t, "form", f.View(th), w, 2)
		fl := NewFilter()
		fl.SetValue(some())
		fl.Focus()
		exact(t, "filter", fl.View(th, w, 1, 2), w, 1)

		if bw := max(w, 20); true {
			c := NewConfirm(some(), some(), 30, "r", start, []Span{T(fg, some())})
			exact(t, "confirm", c.View(th, bw), min(bw, 72), 6)
			p := NewPicker(some(), []Choice{{Title: some(), Detail: some(), Key: some()}, {Title: some(), Reason: some()}}, start)
			exact(t, "picker", p.View(th, bw, 12), min(bw, 64), 6)
		}
		exact(t, "footer", Footer{Hints: footer().Hints, Reason: some(), Toast: []Span{T(fg, some())}}.View(th, w), w, 1)
		exact(t, "fit", Fit(Sanitize(some())+"\n"+Sanitize(some()), w, h), w, h)
		exact(t, "columns", Columns(2, Block{tb.View(th), w}, Block{Fit("", 5, 2), 5}), w+7, h+max(2-h, 0))
	})
}

func TestAnASCIIThemeDrawsOnlyASCII(t *testing.T) {
	th := dark.ASCII()
	tb := queueTable(73, 3)
	tb.SetFocused(true)
	tb.ToggleMark()
	e := NewEditor(document)
	e.SetSize(60, 8)
	e.Focus()
	for name, view := range map[string]string{
		"table": tb.View(th), "graph": pulseGraph().View(th, 80, 6), "editor": e.View(th), "footer": footer().View(th, 160),
		"rule": Rule{Title: "Queues", Badges: [][]Span{Badge(th, themes.GlyphStuck, fg, "1 stuck")}}.View(th, 40),
		"box":  NewConfirm("Discard", "discard", 24, "x", start).View(th, 60),
	} {
		for _, r := range view {
			if r > 0x7e {
				t.Errorf("%s draws %q", name, r)
				break
			}
		}
	}
}
