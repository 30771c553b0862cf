package views

import (
	"strings"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// A chain that is longer shows its head and its tail, and what is broken.
const (
	headSteps = 120
	tailSteps = 40
)

// linkedFrom is the width from which a link that is well is told in words too.
const linkedFrom = 72

// mostWide is the width beyond which columns would be too far apart to be read
// together.
const mostWide = 90

// chain draws the lineage link by link, and the seals where they close it.
func (s *story) chain() {
	r := s.report()
	if len(r.Chain) == 0 {
		if r.Found {
			s.section("Chain", widget.T(themes.Muted, "it carries no lineage"))
		}
		return
	}
	n, k := len(r.Chain), len(r.Seals)
	s.section("Chain", widget.T(themes.Muted, widget.Commas(n)+plural(n, " entry, ", " entries, ")+orderText(r.Order)+", "+
		map[bool]string{true: "no seal", false: widget.Commas(k) + plural(k, " seal", " seals")}[k == 0]))
	names := 8
	for i := range r.Chain[:min(n, headSteps)] {
		names = max(names, min(widget.Width(widget.Sanitize(stepName(&r.Chain[i]))), 16))
	}
	left := 0
	for i := range r.Chain {
		step := &r.Chain[i]
		if i >= headSteps && i < n-tailSteps && step.State != lineage.LinkBroken {
			left++
			continue
		}
		s.leftOut(&left)
		s.step(step, names, i == n-1)
		for j := range r.Seals {
			if r.Seals[j].Upto == step.Number {
				s.sealLine(j)
			}
		}
	}
	s.leftOut(&left)
}

// leftOut tells how many entries are not drawn.
func (s *story) leftOut(n *int) {
	if *n > 0 {
		s.more(widget.T(themes.Faint, widget.Commas(*n)+" entries between"))
	}
	*n = 0
}

func orderText(order string) string {
	if order == "" || order == "not known" {
		return "order not known"
	}
	return order
}

// stepName is what an entry tells of: an action by its own name.
func stepName(step *lineage.Step) string {
	switch {
	case step.Kind == "action" || step.Kind == "":
		return head(first(step.Name, step.Raw))
	case step.Kind == "source":
		return step.Kind
	}
	return head(step.Kind + " " + step.Name)
}

// stepDetail is who, or with what outcome.
func stepDetail(step *lineage.Step) []widget.Span {
	var out []widget.Span
	add := func(spans ...widget.Span) {
		if len(out) > 0 {
			out = append(out, widget.T(themes.Faint, " · "))
		}
		out = append(out, spans...)
	}
	if step.Kind == "source" {
		add(widget.T(themes.Fg, step.Name))
	}
	for _, f := range step.Fields {
		switch f.Key {
		case "status", "":
			add(widget.T(themes.Muted, f.Value))
		case "policy":
			add(widget.T(themes.Faint, "by "), widget.T(themes.Muted, governance.ShortRevision(f.Value)))
		default:
			add(widget.T(themes.Faint, f.Key+" "), widget.T(themes.Muted, f.Value))
		}
	}
	return out
}

// step draws one entry: number, branch, time, what, who, and its link.
func (s *story) step(step *lineage.Step, names int, last bool) {
	branch := themes.GlyphTee
	if last {
		branch = themes.GlyphCorner
	}
	number := widget.Commas(step.Number)
	when := "        "
	if !step.At.IsZero() {
		when = widget.Clock(step.At.In(s.now.Location()))
	}
	broken := step.State == lineage.LinkBroken
	name := widget.T(themes.Fg, widget.PadRight(widget.Sanitize(stepName(step)), names))
	if broken {
		name.Attr = themes.AttrBold
	}
	glyph, words := s.link(step.State)
	room := min(s.width, mostWide) - 1
	if words.Text != "" {
		room -= len(words.Text) + 1
	}
	var l widget.Line
	l.Space(colValue - 2 - len(number)).Add(widget.T(themes.Faint, number)).To(colValue)
	l.Add(widget.T(themes.Border, s.t.Glyph(branch))).Space(1).Add(glyph).Space(1).Add(widget.T(themes.Faint, when)).Space(2).Add(name).Space(2)
	l.Add(clip(stepDetail(step), room-l.Width())...)
	if words.Text != "" {
		l.To(room + 1).Add(words)
	}
	s.lines = append(s.lines, l)
}

// link is how the link of an entry stands: its glyph on the chain, its words
// at the right edge.
func (s *story) link(state lineage.LinkState) (glyph, words widget.Span) {
	switch state {
	case lineage.LinkOK:
		if s.width < linkedFrom {
			return widget.State(s.t, themes.GlyphOK), widget.Span{}
		}
		return widget.State(s.t, themes.GlyphOK), widget.T(themes.Faint, "link")
	case lineage.LinkBroken:
		return widget.State(s.t, themes.GlyphBlocked), widget.B(themes.Bad, "broken here")
	case lineage.LinkAfter:
		return widget.State(s.t, themes.GlyphLate), widget.T(themes.Muted, "not known")
	}
	return widget.State(s.t, themes.GlyphCalm), widget.T(themes.Faint, "no link")
}

// sealLine closes the chain where a seal covers it.
func (s *story) sealLine(i int) {
	r := s.report()
	sealed := &r.Seals[i]
	look := s.sealLook()
	var l widget.Line
	rule := s.t.Glyph(themes.GlyphRuleFocus)
	l.Space(colValue).Add(widget.T(themes.Border, rule+rule)).Space(1)
	l.Add(look.state(s.t), widget.T(look.word, " seal "+widget.Commas(i+1)))
	add := func(spans ...widget.Span) { // as long as there is room: the least telling come last
		if w := 3 + spansWidth(spans); l.Width()+w < s.width {
			l.Add(widget.T(themes.Faint, " · ")).Add(spans...)
		}
	}
	name := widget.T(themes.Fg, widget.Cut(widget.Sanitize(head(sealed.Name)), 24))
	if sealed.Name == "" {
		name = widget.T(themes.Warn, "unknown key")
	}
	add(name, widget.T(themes.Faint, " "+keyring.Short(sealed.KeyID)))
	add(widget.T(themes.Faint, "upto "), widget.T(themes.Muted, widget.Commas(sealed.Upto)))
	add(widget.T(themes.Faint, "batch "), widget.T(themes.Muted, widget.Commas(sealed.Index+1)+"/"+widget.Commas(sealed.Size)))
	if !sealed.At.IsZero() {
		add(widget.T(themes.Faint, widget.Clock(sealed.At.In(s.now.Location()))))
	}
	if sealed.Person != "" && sealed.Person != sealed.Name {
		add(widget.T(themes.Faint, "of "), widget.T(themes.Muted, sealed.Person))
	}
	s.lines = append(s.lines, l)
}

func spansWidth(spans []widget.Span) (w int) {
	for _, s := range spans {
		w += widget.Width(widget.Sanitize(head(s.Text)))
	}
	return w
}

// sealLook is how a seal is drawn. The verdict tells the worst of the seals:
// of several, which one that is stands in the reasons.
func (s *story) sealLook() proofLook {
	r := s.report()
	switch {
	case r.Verdict.Seals == seal.SealsValid:
		return proof(themes.GlyphOK, themes.OK, themes.Muted, false, "")
	case len(r.Seals) > 1:
		return proof(themes.GlyphCalm, themes.Faint, themes.Muted, false, "")
	case r.Verdict.Seals == seal.KeyUnknown:
		return proof(themes.GlyphLate, themes.Warn, themes.Warn, false, "")
	}
	return proof(themes.GlyphBlocked, themes.Bad, themes.Bad, false, "")
}

// clip cuts spans to a width, so that what stands at the right edge keeps its
// place.
func clip(spans []widget.Span, width int) (out []widget.Span) {
	for _, s := range spans {
		s.Text = widget.Sanitize(head(s.Text))
		w := widget.Width(s.Text)
		if w > width {
			if s.Text = strings.TrimRight(widget.Cut(s.Text, width), " "); s.Text != "" {
				out = append(out, s)
			}
			return out
		}
		width -= w
		out = append(out, s)
	}
	return out
}

// head is as much of a text as any line has room for.
func head(text string) string {
	if len(text) > 2048 {
		return strings.ToValidUTF8(text[:2048], "")
	}
	return text
}
