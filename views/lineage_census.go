package views

import (
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// mostCensus is how many lines the census may take.
const mostCensus = 3

// lineageSide is the list with the census below it.
type lineageSide struct {
	*LineageList
	width, height int
	lines         []widget.Line
	counted       struct { // what they were made of
		version uint64
		width   int
		theme   *themes.Theme
	}
}

// SetSize gives the list what the census leaves.
func (s *lineageSide) SetSize(width, height int) {
	s.width, s.height = width, height
	s.count()
	s.LineageList.SetSize(width, height-s.below())
}

// below is how much the census takes: it gives way on a small screen.
func (s *lineageSide) below() int {
	if len(s.lines) == 0 || s.height < 10 {
		return 0
	}
	return len(s.lines) + 1
}

// Refresh takes the newest picture.
func (s *lineageSide) Refresh() tea.Cmd {
	before := s.below()
	if s.count(); s.below() != before {
		s.SetSize(s.width, s.height)
	}
	return s.LineageList.Refresh()
}

// View draws the list and, where there is one, the census.
func (s *lineageSide) View(focused bool) string {
	parts := []string{s.LineageList.View(focused)}
	if s.below() > 0 {
		parts = append(parts, widget.Gap(s.width))
		for i := range s.lines {
			parts = append(parts, s.lines[i].Render(s.Theme, themes.Bg, s.width))
		}
	}
	return widget.Stack(parts...)
}

// count writes the census anew when it is another one.
func (s *lineageSide) count() {
	if s.Lineage == nil {
		return
	}
	if c := &s.counted; c.version != s.Lineage.Version || c.width != s.width || c.theme != s.Theme {
		c.version, c.width, c.theme = s.Lineage.Version, s.width, s.Theme
		s.lines = censusLines(s.Theme, &s.Lineage.Census, s.width)
	}
}

// censusFates are the fates in the order in which they are told. Those that
// are always told are so even where there is none; a glyph marks those of
// which there should be none.
var censusFates = []struct {
	fate   lineage.Fate
	always bool
	glyph  themes.Glyph
	sign   themes.Role
}{
	{lineage.Here, true, themes.GlyphCalm, themes.Faint},
	{lineage.Collected, true, themes.GlyphCalm, themes.Faint},
	{lineage.Held, false, themes.GlyphCalm, themes.Faint},
	{lineage.Expired, false, themes.GlyphCalm, themes.Faint},
	{lineage.Presumed, false, themes.GlyphCalm, themes.Faint},
	{lineage.Replaced, false, themes.GlyphCalm, themes.Faint},
	{lineage.Binned, false, themes.GlyphCalm, themes.Faint},
	{lineage.Erased, false, themes.GlyphCalm, themes.Faint},
	{lineage.Taken, false, themes.GlyphLate, themes.Warn},
	{lineage.Missing, true, themes.GlyphBlocked, themes.Bad},
	{lineage.Unlogged, true, themes.GlyphNoSeal, themes.Warn},
	{lineage.Copied, false, themes.GlyphLate, themes.Warn},
}

// censusLines tell what became of the packets of the ledger, quietly as long
// as none is missing; nothing before the first census.
func censusLines(t *themes.Theme, c *lineage.Census, width int) []widget.Line {
	if c.At.IsZero() {
		return nil
	}
	var all [][]widget.Span
	for _, f := range censusFates {
		n := c.Fates[f.fate]
		switch {
		case n > 0 && f.sign != themes.Faint:
			all = append(all, []widget.Span{widget.T(f.sign, t.Glyph(f.glyph)), widget.T(themes.Fg, " "+string(f.fate)+" "), widget.B(themes.Fg, widget.Commas(n))})
		case n > 0 || f.always:
			all = append(all, []widget.Span{widget.T(themes.Faint, string(f.fate)+" "), widget.T(themes.Muted, widget.Commas(n))})
		}
	}
	if c.Left > 0 {
		all = append(all, []widget.Span{widget.T(themes.Faint, "not looked at "), widget.T(themes.Muted, widget.Commas(c.Left))})
	}
	if c.From > 1 {
		all = append(all, []widget.Span{widget.T(themes.Faint, "from record "), widget.T(themes.Muted, widget.Commas(int(c.From)))})
	}
	return flow(all, width)
}

// flow sets items one after the other, a dot between, in as few lines as they
// take, mostCensus at most.
func flow(items [][]widget.Span, width int) (lines []widget.Line) {
	var l widget.Line
	for _, item := range items {
		w := spansWidth(item)
		switch {
		case l.Width() == 0:
			l.Space(colLabel)
		case l.Width()+3+w > width:
			lines = append(lines, l)
			l = widget.Line{}
			l.Space(colLabel)
		default:
			l.Add(widget.T(themes.Faint, " · "))
		}
		l.Add(item...)
	}
	lines = append(lines, l)
	return lines[:min(len(lines), mostCensus)]
}
