package views

import (
	"slices"
	"sort"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// CarcelList shows the entries of the carcel, those that wait for a
// person first.
type CarcelList struct {
	*list[*carcel.Entry]
	seen seen[*carcel.Entry]
}

// NewCarcelList makes the pane.
func NewCarcelList(s *Shared) *CarcelList {
	p := &CarcelList{list: newList[*carcel.Entry](s, "Carcel", keymap.Carcel)}
	p.empty = "nothing is held"
	p.rows.key = heldKey
	p.rows.text = func(e **carcel.Entry) string {
		h := *e
		return h.Primitive + " " + h.Vertical + " " + string(h.Decision) + " " + h.Reason + " " + h.Origin + " " + h.TrackingID
	}
	p.rows.draw = p.row
	p.table.SetColumns(
		widget.Column{Title: "primitive", Width: 17},
		widget.Column{Title: "vertical", Width: 13, Drop: 2},
		widget.Column{Title: "decision", Width: 8},
		widget.Column{Title: "age", Width: 6, Right: true, Gap: 1},
		widget.Column{Title: "why", Width: 13, Flex: 1, Drop: 3},
	)
	return p
}

// heldKey is the identity of an entry: its text, since others may hold one
// packet twice.
func heldKey(e **carcel.Entry) string { return (*e).SHA }

// Refresh takes the newest picture.
func (p *CarcelList) Refresh() tea.Cmd {
	p.rule.Note = widget.Commas(int(p.Snap.Carcel.Length))
	if !p.seen.news(p.Snap.Carcel.Entries(), p.Theme) {
		return nil
	}
	held := slices.Clone(p.Snap.Carcel.Entries())
	sort.SliceStable(held, func(i, j int) bool {
		a, b := held[i], held[j]
		if ra, rb := waitRank(a), waitRank(b); ra != rb || ra == 2 {
			return ra < rb
		}
		return a.At.Before(b.At) // who waits longest comes first
	})
	p.set(held)
	count := p.Snap.Carcel.Count
	p.rule.Badges = badges(p.Theme,
		badge{themes.GlyphCosign, themes.Fg, count(governance.CoSign), "co-sign"},
		badge{themes.GlyphReview, themes.Fg, count(governance.Review), "review"},
		badge{themes.GlyphError, themes.Muted, count(governance.Failed), plural(count(governance.Failed), "error", "errors")})
	return nil
}

func waitRank(h *carcel.Entry) int {
	switch h.Decision {
	case governance.CoSign:
		return 0
	case governance.Review:
		return 1
	}
	return 2
}

// Do opens an entry.
func (p *CarcelList) Do(id string) (tea.Cmd, bool) {
	if h := p.selected(); h != nil {
		switch id {
		case "list.open":
			return send(Go{"screen.carcel", heldKey(h)}), true
		case "list.copy":
			return send(Copy{"the tracking id", (*h).TrackingID}), true
		}
	}
	return p.list.Do(id)
}

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
	}
	return look{themes.GlyphError, themes.Muted, false}
}

func (p *CarcelList) row(e **carcel.Entry, r *widget.Row) {
	h := *e
	l := statusLook(h.Decision)
	r.Glyph(l.glyph)
	name := widget.T(themes.Fg, known(h.Primitive))
	if l.bold {
		name.Attr = themes.AttrBold
	}
	r.Cell(name)
	r.Cell(widget.T(themes.Muted, known(h.Vertical)))
	r.Cell(widget.T(l.word, known(h.Decision.Word())))
	r.Cell(widget.T(themes.Muted, age(p.Now, h.At)))
	why := h.Reason
	if why == "" && len(h.Faults) > 0 {
		why = h.Faults[0].String()
	}
	r.Cell(widget.T(themes.Faint, why))
}

// known stands for what an entry of somebody else may lack.
func known(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
