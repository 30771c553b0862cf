package views

import (
	"slices"
	"sort"
	"time"

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
	acts  bool          // entries can be marked: not on Pulse
	drawn *carcel.Table // what the order was worked out from
	order []*carcel.Entry
	spare []*carcel.Entry // memory of the order before
	terms heldQuery
	dated time.Time // when ages were last filtered
}

// NewCarcelList makes the pane.
func NewCarcelList(s *Shared) *CarcelList {
	p := &CarcelList{list: newList[*carcel.Entry](s, "Carcel", keymap.List)}
	p.scopes = []keymap.Scope{keymap.List}
	p.empty = "nothing is held"
	p.rows.key = heldKey
	p.rows.draw = p.row
	p.sift = p.filter
	p.table.FootRight = true
	p.table.SetColumns(
		widget.Column{Title: "primitive", Width: 17},
		widget.Column{Title: "vertical", Width: 9, Flex: 3, Drop: 2},
		widget.Column{Title: "decision", Width: 12},
		widget.Column{Title: "age", Width: 6, Right: true, Gap: 1},
		widget.Column{Title: "why", Width: 14, Flex: 2, Drop: 3},
	)
	return p
}

// heldKey is the identity of an entry as long as it stands unaltered: its
// text, since others may hold one packet twice. When it is altered, follow
// hands selection and marks on.
func heldKey(e **carcel.Entry) string { return (*e).SHA }

// Refresh takes the newest picture.
func (p *CarcelList) Refresh() tea.Cmd {
	p.title()
	t := p.Snap.Carcel.Table
	if t == p.drawn && !p.aged() {
		return nil
	}
	if t != p.drawn {
		old := p.order
		p.drawn, p.order, p.spare = t, inOrder(p.spare, p.Snap.Carcel.Entries()), old
		p.follow(old)
	}
	p.set(p.order)
	p.title()
	return nil
}

// title says how many there are, or are read so far, and what is marked.
func (p *CarcelList) title() {
	entries, t := len(p.Snap.Carcel.Entries()), p.Snap.Carcel.Table
	p.rule.Note = widget.Commas(entries)
	if t != nil && !t.Whole && t.Read < t.Length {
		p.rule.Note = widget.Commas(int(t.Read)) + " of " + widget.Commas(int(t.Length)) + " read"
	}
	if p.acts {
		p.rule.Badges = [][]widget.Span{p.table.MarkBadge(p.Theme), {widget.T(themes.Muted, "waiting first")}}
		return
	}
	count := p.Snap.Carcel.Count
	p.rule.Badges = badges(p.Theme,
		badge{themes.GlyphCosign, themes.Fg, count(governance.CoSign), "co-sign"},
		badge{themes.GlyphReview, themes.Fg, count(governance.Review), "review"},
		badge{themes.GlyphError, themes.Muted, count(governance.Failed), plural(count(governance.Failed), "error", "errors")})
}

// aged reports whether a filter by age has to look again at the time.
func (p *CarcelList) aged() bool {
	return p.terms.timed() && p.Now.Sub(p.dated) >= time.Second*5
}

// inOrder puts what waits for a person first, two persons before one, the
// oldest first; then everything else as it came, the newest first. It uses
// the memory of the order before.
func inOrder(memory, entries []*carcel.Entry) []*carcel.Entry {
	out := memory[:0]
	for _, e := range entries {
		if e.Waits() {
			out = append(out, e)
		}
	}
	waiting := out
	sort.SliceStable(waiting, func(i, j int) bool {
		a, b := waiting[i], waiting[j]
		if a.Decision != b.Decision {
			return a.Decision == governance.CoSign
		}
		return a.At.Before(b.At)
	})
	for _, e := range entries {
		if !e.Waits() {
			out = append(out, e)
		}
	}
	clear(out[len(out):cap(out)]) // so that nothing gone is kept
	return out
}

// follow hands selection and marks to the entries that took the place of
// those that were altered: an approval changes the text, and so the SHA. Of
// several with one tracking id, the first new text is the first altered one.
// Marks of entries that are gone go as well.
func (p *CarcelList) follow(old []*carcel.Entry) {
	selected := ""
	if _, sha, ok := p.table.Selected(); ok {
		selected = sha
	}
	watched := func(e *carcel.Entry) bool { return e.SHA == selected || p.table.Marked(e.SHA) }
	if selected == "" && p.table.MarkCount() == 0 {
		return
	}
	there := make(map[string]bool)
	for _, e := range p.order {
		if watched(e) {
			there[e.SHA] = true
		}
	}
	var gone []*carcel.Entry
	ids := map[string]bool{}
	for _, e := range old {
		if watched(e) && !there[e.SHA] {
			gone = append(gone, e)
			ids[e.TrackingID] = e.TrackingID != ""
		}
	}
	if len(gone) == 0 {
		return
	}
	known := map[string]bool{}
	for _, e := range old {
		if ids[e.TrackingID] {
			known[e.SHA] = true
		}
	}
	fresh := map[string][]string{} // tracking id → SHAs that are new
	for _, e := range p.order {
		if ids[e.TrackingID] && !known[e.SHA] {
			fresh[e.TrackingID] = append(fresh[e.TrackingID], e.SHA)
		}
	}
	for _, e := range gone {
		if next := fresh[e.TrackingID]; len(next) > 0 {
			p.table.Rename(e.SHA, next[0])
			fresh[e.TrackingID] = next[1:]
			continue
		}
		p.table.Unmark(e.SHA)
	}
}

// Do opens an entry from Pulse, or marks.
func (p *CarcelList) Do(id string) (tea.Cmd, bool) {
	e := p.selected()
	switch {
	case id == "list.copy" && e != nil:
		return send(Copy{"the tracking id", (*e).ID()}), true
	case !p.acts && id == "list.open" && e != nil:
		return send(Go{"screen.carcel", heldKey(e)}), true
	case !p.acts:
		return p.list.Do(id)
	}
	switch id {
	case "list.mark":
		p.table.Do(id)
	case "carcel.range":
		p.table.MarkRange()
	case "carcel.all":
		p.table.MarkAll()
	case "list.back":
		cmd, done := p.list.Do(id)
		if !done && p.table.MarkCount() > 0 {
			p.table.ClearMarks()
			p.title()
			return nil, true
		}
		return cmd, done
	default:
		return p.list.Do(id)
	}
	p.title()
	return nil, true
}

// State: marking needs something to mark.
func (p *CarcelList) State(id string) keymap.State {
	switch id {
	case "list.mark", "carcel.range", "carcel.all":
		if p.selected() == nil {
			return keymap.Off("nothing is selected")
		}
	}
	return p.list.State(id)
}

// markedWait reports whether anything that is marked waits for a person. What
// waits stands first.
func (p *CarcelList) markedWait() bool {
	for _, e := range p.order {
		if !e.Waits() {
			return false
		}
		if p.table.Marked(e.SHA) {
			return true
		}
	}
	return false
}

// chosen are the entries that an act goes to, oldest first: those that are
// marked, else the selected one.
func (p *CarcelList) chosen() (out []*carcel.Entry) {
	if p.table.MarkCount() == 0 {
		if e := p.selected(); e != nil {
			return []*carcel.Entry{*e}
		}
		return nil
	}
	for _, e := range p.Snap.Carcel.Entries() {
		if p.table.Marked(e.SHA) {
			out = append(out, e)
		}
	}
	slices.Reverse(out)
	return out
}
