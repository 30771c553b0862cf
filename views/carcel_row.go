package views

import (
	"strconv"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// statusLook is how a decision is drawn.
func statusLook(s governance.Status) look {
	switch s {
	case governance.CoSign:
		return look{themes.GlyphCosign, themes.Cosign, true}
	case governance.Review:
		return look{themes.GlyphReview, themes.Hold, true}
	case governance.Failed:
		return look{themes.GlyphError, themes.Bad, false}
	case governance.Approved:
		return look{themes.GlyphOK, themes.Muted, false}
	case governance.Blocked:
		return look{themes.GlyphBlocked, themes.Muted, false}
	case "replayed":
		return look{themes.GlyphReplayed, themes.Muted, false}
	case "expired":
		return look{themes.GlyphExpired, themes.Faint, false}
	}
	return look{themes.GlyphError, themes.Muted, false}
}

func (p *CarcelList) row(e **carcel.Entry, r *widget.Row) {
	h := *e
	l := statusLook(h.Decision)
	r.Glyph(l.glyph)
	name, old := widget.T(themes.Fg, known(h.Primitive)), themes.Muted
	if l.bold {
		name.Attr, old = themes.AttrBold, themes.Fg
	}
	r.Cell(name)
	r.Cell(widget.T(themes.Muted, known(h.Vertical)))
	decision := []widget.Span{widget.T(l.word, known(h.Decision.Word()))}
	switch {
	case h.Waits():
		decision = append(decision, widget.T(l.word, " "+quorum(h)))
	case h.Replays > 0:
		decision = append(decision, widget.T(themes.Faint, " "), widget.State(p.Theme, themes.GlyphCameBack), widget.T(themes.Faint, strconv.Itoa(h.Replays)))
	}
	r.Cell(decision...)
	r.Cell(widget.T(old, age(p.Now, h.At)))
	why := h.Reason
	if why == "" && len(h.Faults) > 0 {
		why = h.Faults[0].String()
	}
	r.Cell(widget.T(themes.Faint, why))
}

// quorum is "1/2": approvals given, and needed.
func quorum(e *carcel.Entry) string {
	return strconv.Itoa(e.Given) + "/" + strconv.Itoa(needed(e))
}

// needed is how many persons must approve an entry, where it does not say so
// itself as many as its decision asks for.
func needed(e *carcel.Entry) int {
	if e.Required > 0 {
		return e.Required
	}
	return governance.QuorumOf(e.Decision).Approvals
}

// known stands for what an entry of somebody else may lack.
func known(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
