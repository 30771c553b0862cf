package views

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// ruleLook is how a row of the council is drawn: its colour only when it fired
// within the hour.
func ruleLook(r *ruleRow) look {
	l := look{themes.GlyphCalm, themes.Faint, false}
	switch r.kind {
	case ruleInForce:
		if !r.rule.Advisory {
			l = statusLook(r.rule.Status)
		}
	case notJudged, noRoute:
		l = look{themes.GlyphError, themes.Bad, false}
	case routeInForce:
		l.glyph = themes.GlyphArrow
	}
	return l
}

// givesWord is what a row gives, in a word.
func givesWord(r *ruleRow) string {
	switch r.kind {
	case ruleInForce:
		if r.rule.Advisory {
			return "advisory"
		}
		return r.rule.Status.Word()
	case ruleGone:
		return "gone"
	case notJudged, noRoute:
		return "held"
	case routeInForce:
		return "route"
	}
	return ""
}

func (p *RuleList) row(r *ruleRow, w *widget.Row) {
	l := ruleLook(r)
	glyph := widget.State(p.Theme, l.glyph)
	name, word := themes.Fg, themes.Muted
	switch {
	case r.kind == routeInForce:
		glyph.Role, name, word = themes.Faint, themes.Muted, themes.Faint
	case r.tally.Day == 0:
		glyph.Role, name, word = themes.Faint, themes.Muted, themes.Faint
	case r.tally.Hour == 0:
		glyph.Role = themes.Faint
	}
	w.Lead(glyph)
	w.Cell(widget.T(themes.Faint, r.guardian))
	w.Cell(widget.T(name, r.name))
	w.Cell(widget.T(word, givesWord(r)))
	if p.fired == nil || r.kind == routeInForce { // not known is no zero
		w.Cell()
		w.Cell()
		w.Cell()
	} else {
		w.Cell(widget.Number(widget.Count(r.tally.Hour)))
		w.Cell(widget.Number(widget.Count(r.tally.Day)))
		role := themes.Muted
		if r.dominates() {
			role = themes.Warn
		}
		w.Cell(widget.T(role, percent(r.tally.Share)))
	}
	w.Cell(widget.T(themes.Faint, strings.Join(strings.Fields(r.rule.When), " ")))
}

// percent is a share from 0 to 1; what is less than half a percent says so.
func percent(share float64) string {
	switch {
	case share <= 0 || math.IsNaN(share):
		return ""
	case share < 0.005:
		return "<1 %"
	}
	return fmt.Sprintf("%.0f %%", share*100)
}

// headFrom is the height from which the policy is told at length.
const headFrom = 26

// head says which policy is in force, since when, and what is wrong with the
// newest file.
func (p *RuleList) head() []string {
	s := p.sitting
	if s.Policy == nil {
		return []string{widget.Gap(p.width)}
	}
	at := *p.since.Load()
	since := []widget.Span{widget.T(themes.Fg, widget.Clock(at.Local()))}
	if ago := p.Now.Sub(at); ago >= time.Second {
		since = append(since, widget.T(themes.Muted, "  "+widget.AgeWhole(ago)+" ago"))
	}
	var out []string
	switch {
	case p.whole >= headFrom:
		out = facts(p.Theme, p.width, []fact{
			{},
			textFact("policy", first(s.Policy.About(), s.Policy.Name())),
			textFact("file", policyFile(s)),
			{"in force", append([]widget.Span{widget.T(themes.Muted, "here since ")}, since...)},
			{"counted", p.counted()},
		})
	case s.Trouble == nil:
		out = facts(p.Theme, p.width, []fact{{"in force", append([]widget.Span{widget.T(themes.Muted, policyFile(s)+", here since ")}, since[0])}})
	}
	return append(append(out, p.trouble()...), widget.Gap(p.width))
}

// policyFile is where the policy in force comes from.
func policyFile(s engine.Sitting) string {
	if s.Embedded {
		return s.Policy.Name() + ", which ifpacket brings along"
	}
	return s.Policy.File()
}

// counted says what hour and day mean.
func (p *RuleList) counted() []widget.Span {
	switch {
	case p.fired == nil && p.err != nil:
		return []widget.Span{widget.T(themes.Warn, "not read: "+engine.Sentence(p.err))}
	case p.fired == nil:
		return []widget.Span{widget.T(themes.Muted, "being read")}
	}
	f := p.fired
	text := "hour since " + minute(f.HourSince) + ", day since " + dayMinute(f.DaySince, f.At)
	out := []widget.Span{widget.T(themes.Muted, text)}
	switch {
	case p.err != nil:
		out = append(out, widget.T(themes.Warn, "   not read again: "+engine.Sentence(p.err)))
	case f.Partial:
		out = append(out, widget.T(themes.Warn, "   too many names: some are missing"))
	}
	return out
}

func minute(at time.Time) string { return at.Local().Format("15:04") }

// dayMinute is a time within the last day.
func dayMinute(at, now time.Time) string {
	if at.Local().Day() != now.Local().Day() {
		return "yesterday " + minute(at)
	}
	return minute(at)
}

// What a bad policy file may take: so many faults, so many lines each.
const (
	mostFaults     = 2
	mostFaultLines = 2
)

// trouble tells what is wrong with the newest policy file, each fault with its
// place.
func (p *RuleList) trouble() []string {
	if p.sitting.Trouble == nil {
		return nil
	}
	text := strings.TrimSuffix(p.sitting.Trouble.Error(), "; "+p.sitting.Revision+" stays in force")
	faults := strings.Split(text, "\n")
	out := []string{widget.Gap(p.width)}
	for _, fault := range faults[:min(len(faults), mostFaults)] {
		glyph := widget.State(p.Theme, themes.GlyphError)
		wrapped := strings.Split(ansi.Wrap(widget.Sanitize(fault), max(p.width-widget.ColText-2, 20), "/"), "\n")
		if len(wrapped) > mostFaultLines {
			wrapped = wrapped[:mostFaultLines]
			wrapped[mostFaultLines-1] += "…"
		}
		for _, line := range wrapped {
			out = append(out, p.troubleLine(glyph, themes.Fg, line))
			glyph.Text = " "
		}
	}
	rest := "the rules below stay in force until the file is mended"
	if n := len(faults) - mostFaults; n > 0 {
		rest = "and " + widget.Commas(n) + " more; " + rest
	}
	return append(out, p.troubleLine(widget.T(themes.Fg, " "), themes.Muted, rest))
}

func (p *RuleList) troubleLine(glyph widget.Span, role themes.Role, text string) string {
	var l widget.Line
	return l.Space(widget.ColGlyph).Add(glyph).To(widget.ColText).Add(widget.T(role, text)).Render(p.Theme, themes.Bg, p.width)
}

// SetSize gives the pane exactly width by height cells, the policy included.
func (p *RuleList) SetSize(width, height int) {
	p.width, p.whole = width, height
	p.fit()
}

// fit leaves the rules what the policy does not take.
func (p *RuleList) fit() {
	began := p.Now // screens have their size from the console's beginning
	p.since.CompareAndSwap(nil, &began)
	p.list.SetSize(p.width, max(p.whole-len(p.head()), 1))
}

// View draws the policy above its rules.
func (p *RuleList) View(focused bool) string {
	title, rest, _ := strings.Cut(p.list.View(focused), "\n")
	return widget.Fit(widget.Stack(title, strings.Join(p.head(), "\n"), rest), p.width, p.whole)
}

// click selects the row at a line of the pane, below the policy.
func (p *RuleList) click(y int) { p.list.click(y - len(p.head())) }

// quorumText says what has to happen before an action goes that a rule held.
func quorumText(r governance.Rule) string {
	switch {
	case r.Advisory:
		return "it is named, and changes no status"
	case r.Status == governance.Blocked:
		return "an appeal puts it before a person"
	}
	q := r.Quorum
	if q.Approvals < governance.QuorumOf(r.Status).Approvals {
		q.Approvals = governance.QuorumOf(r.Status).Approvals
	}
	who := "operators"
	if q.Approvals == 1 {
		who = "operator"
	}
	if len(q.Roles) > 0 {
		who = strings.Join(q.Roles, " or ")
	}
	text := fmt.Sprintf("%d %s, not the actor", q.Approvals, who)
	if q.Within > 0 {
		text += ", within " + widget.AgeWhole(q.Within)
	}
	return text
}
