package views

import (
	"fmt"
	"slices"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Where a finding's rule and reason stand, behind its guardian.
const colRule = 17

// drawCouncil tells what the council would say of the packet: the rules that
// fire, who would have to sign, the rate it counts towards, and its route.
func (c *Compose) drawCouncil(width int) []string {
	v := c.verdict.preview
	rule := widget.Rule{Title: "Council", Note: c.Engine.Policy()}
	if !c.verdict.ready() {
		return []string{rule.View(c.Theme, width), widget.Text(c.Theme, themes.Bg, width, widget.T(themes.Muted, "     it is asked once the packet is valid"))}
	}
	l := statusLook(v.Verdict.Status)
	rule.Badges = [][]widget.Span{widget.Badge(c.Theme, l.glyph, l.word, v.Verdict.Status.Word())}
	out := []string{rule.View(c.Theme, width)}
	for _, f := range v.Verdict.Findings {
		out = append(out, c.finding(width, f)...)
	}
	if len(v.Verdict.Findings) == 0 {
		out = append(out, c.councilLine(width, themes.GlyphOK, "no rule fires", themes.Muted, ""))
	}
	for _, r := range v.Verdict.Required {
		lines := wrapped(r, width-colRule)
		out = append(out, c.councilLine(width, themes.GlyphOpen, "needs", themes.Fg, lines[0]))
		for _, line := range lines[1:] {
			out = append(out, widget.Text(c.Theme, themes.Bg, width, widget.T(themes.Fg, widget.Gap(colRule)+line)))
		}
	}
	if r := v.Verdict.Rate; r != nil {
		out = append(out, c.councilLine(width, themes.GlyphCalm, "rate", themes.Fg, rateText(*r)))
	}
	if way, role := c.routeText(v); way != "" {
		out = append(out, c.councilLine(width, themes.GlyphArrow, "route", role, way))
	}
	return out
}

// finding is one rule that fires: whose it is, what it gives, and why.
func (c *Compose) finding(width int, f governance.Finding) []string {
	l, word := statusLook(f.Status), f.Status.Word()
	if f.Advisory {
		l, word = look{themes.GlyphCalm, themes.Info, false}, "advisory"
	}
	left := []widget.Span{widget.T(themes.Fg, widget.Gap(widget.ColGlyph)), widget.State(c.Theme, l.glyph),
		widget.T(themes.Fg, " "+widget.PadRight(widget.Sanitize(f.Guardian), colRule-widget.ColText)), widget.T(themes.Fg, f.Rule)}
	out := []string{widget.Spread(c.Theme, themes.Bg, width, left, nil, []widget.Span{widget.T(l.word, " "+word)})}
	if f.Reason != "" {
		out = append(out, widget.Text(c.Theme, themes.Bg, width, widget.T(themes.Muted, widget.Gap(colRule)+f.Reason)))
	}
	return out
}

// councilLine is one line: glyph, label, what is to be said.
func (c *Compose) councilLine(width int, g themes.Glyph, label string, role themes.Role, text string) string {
	glyph := widget.State(c.Theme, g)
	if g == themes.GlyphArrow || g == themes.GlyphCalm {
		glyph.Role = themes.Faint
	}
	var l widget.Line
	l.Space(widget.ColGlyph).Add(glyph).Space(1).Add(widget.T(themes.Faint, label)).To(colRule).Add(widget.T(role, text))
	return l.Render(c.Theme, themes.Bg, width)
}

// rateText is a rate in words; how many came before is known to Redis alone.
func rateText(r governance.Rate) string {
	window := "in " + widget.AgeWhole(r.Window)
	if r.Window.Minutes() == 1 {
		window = "a minute"
	}
	return fmt.Sprintf("at most %s %s in %s", widget.Commas(r.Limit), window, r.Vertical)
}

// routeText is where the policy's routes send a packet that names no key.
func (c *Compose) routeText(p dispatch.Preview) (string, themes.Role) {
	switch {
	case c.form.Value("key") != "":
		return "", themes.Fg
	case p.To.Key == "":
		return "none fits, and no key is named: it would be held", themes.Hold
	}
	return p.To.Key + " by " + string(p.To.Operation), themes.Fg
}

// drawFired names the rules that fire on a line, on narrow screens.
func (c *Compose) drawFired(width int) []string {
	findings := slices.Clone(c.verdict.preview.Verdict.Findings)
	if !c.verdict.ready() || len(findings) == 0 {
		return nil
	}
	// What is cut off is the least restrictive.
	slices.SortStableFunc(findings, func(a, b governance.Finding) int {
		switch {
		case a.Status == b.Status:
			return 0
		case governance.Worst(a.Status, b.Status) == a.Status:
			return -1
		}
		return 1
	})
	spans := []widget.Span{widget.T(themes.Fg, widget.Gap(widget.ColGlyph))}
	for i, f := range findings {
		l := statusLook(f.Status)
		if f.Advisory {
			l.glyph = themes.GlyphCalm
		}
		if i > 0 {
			spans = append(spans, widget.T(themes.Fg, "  "))
		}
		spans = append(spans, widget.State(c.Theme, l.glyph), widget.T(themes.Muted, " "+f.Guardian+"/"+f.Rule))
	}
	return []string{widget.Text(c.Theme, themes.Bg, width, spans...)}
}
