package views

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// verdictFilter says which rows are shown.
type verdictFilter uint8

const (
	allVerdicts verdictFilter = iota
	onlyBad
	onlyVerified
	onlyNoSeal
	numVerdictFilters
)

// String is the word in the title; "" for all.
func (f verdictFilter) String() string {
	return [numVerdictFilters]string{"", "bad", "verified", "no seal"}[f]
}

func (f verdictFilter) passes(r *lineage.Row) bool {
	switch f {
	case onlyBad:
		return r.Bad()
	case onlyVerified:
		return r.Verdict.Overall == seal.Verified && !r.Bad()
	case onlyNoSeal:
		return r.Verdict.Overall == seal.Unauthenticated
	}
	return true
}

// LineageList shows the verdicts of packets as they arrive: what needs
// somebody first, then the newest. As long as nobody moves the selection it
// stays at the top.
type LineageList struct {
	*list[proofRow]
	only  verdictFilter
	bad   int
	drawn struct { // what the rows were made of
		version uint64
		theme   *themes.Theme
		made    bool
	}
	items []proofRow
	moved bool   // the selection was moved,
	since uint64 // when this was the newest row
}

func lineageList(s *Shared, columns ...widget.Column) *LineageList {
	p := &LineageList{list: newList[proofRow](s, "Lineage", keymap.Lineage)}
	p.scopes = []keymap.Scope{keymap.List}
	p.empty = "no packet has arrived since the console opened"
	p.begin = []widget.Span{widget.T(themes.Accent, "6"), widget.T(themes.Muted, " composes a packet")}
	p.rows.key, p.rows.text, p.rows.draw = (*proofRow).key, (*proofRow).text, p.row
	p.sift = p.filter
	p.table.FootRight = true
	p.table.SetColumns(columns...)
	return p
}

// NewLineageList makes the pane of the Lineage screen.
func NewLineageList(s *Shared) *LineageList {
	p := lineageList(s,
		widget.Column{Title: "verdict", Width: 10},
		widget.Column{Title: "time", Width: widget.ClockWidth},
		widget.Column{Title: "packet", Width: 17, Flex: 1},
		widget.Column{Title: "key", Width: 12, Flex: 9, Middle: true, Drop: 2},
		widget.Column{Title: "origin", Width: 12, Flex: 9, Middle: true, Drop: 4},
		widget.Column{Title: "evidence", Width: 15, Drop: 3})
	p.scopes = []keymap.Scope{keymap.Lineage, keymap.List}
	p.begin = []widget.Span{widget.T(themes.Accent, "t"), widget.T(themes.Muted, " traces any packet by its id, "), widget.T(themes.Accent, "6"), widget.T(themes.Muted, " composes one")}
	return p
}

// newLineageDigest makes the pane of Pulse.
func newLineageDigest(s *Shared) *LineageList {
	p := lineageList(s,
		widget.Column{Title: "verdict", Width: 10},
		widget.Column{Title: "packet", Width: 8},
		widget.Column{Title: "origin", Width: 10, Flex: 1, Middle: true},
		widget.Column{Title: "evidence", Width: 15, Drop: 2})
	p.rows.draw = p.compact
	return p
}

// Refresh takes the newest picture. Nothing is done while it is the same.
func (p *LineageList) Refresh() tea.Cmd {
	pic := p.Lineage
	if pic == nil {
		pic = new(lineage.Picture)
	}
	if d := &p.drawn; !d.made || d.version != pic.Version {
		p.items, p.bad = inProofOrder(p.items, pic)
		p.set(p.items)
	} else if d.theme == p.Theme && p.moved == p.table.Moved() {
		return nil
	}
	p.drawn.version, p.drawn.theme, p.drawn.made = pic.Version, p.Theme, true
	p.title(pic)
	return nil
}

// inProofOrder puts what needs somebody first, then the newest; what the
// census found stands with its packet where that is in the feed. The memory
// is that of the order before.
func inProofOrder(memory []proofRow, pic *lineage.Picture) (out []proofRow, bad int) {
	out = memory[:0]
	fates := make(map[string]*lineage.Row, len(pic.Census.Suspects))
	for i := range pic.Census.Suspects {
		if s := &pic.Census.Suspects[i]; s.TrackingID != "" {
			fates[s.TrackingID] = s
		}
	}
	calm := make([]proofRow, 0, len(pic.Rows))
	for i := len(pic.Rows) - 1; i >= 0; i-- {
		r := &pic.Rows[i]
		if s := fates[r.TrackingID]; s != nil {
			told := *r
			told.Fate = s.Fate
			r = &told
			fates[r.TrackingID] = nil // of several sightings the newest tells it
		}
		if r.Bad() {
			out = append(out, proofRow{r, false})
		} else {
			calm = append(calm, proofRow{r, false})
		}
	}
	for i := range pic.Census.Suspects {
		s := &pic.Census.Suspects[i]
		if at, known := fates[s.TrackingID]; known && at != s {
			continue
		}
		if s.Bad() {
			out = append(out, proofRow{s, true})
		} else {
			calm = append(calm, proofRow{s, true})
		}
	}
	bad = len(out)
	out = append(out, calm...)
	clear(out[len(out):cap(out)]) // so that no picture before is kept
	return out, bad
}

// filter makes what words and the verdict filter let pass together.
func (p *LineageList) filter(query string) (pass func(*proofRow) bool, narrower bool) {
	words := strings.Fields(strings.ToLower(query))
	p.none = ""
	if p.only == onlyBad && len(words) == 0 {
		p.none = "nothing needs anybody"
	}
	if len(words) == 0 && p.only == allVerdicts {
		return nil, false
	}
	return func(r *proofRow) bool {
		if !p.only.passes(r.Row) {
			return false
		}
		if len(words) == 0 {
			return true
		}
		text := strings.ToLower(r.text())
		for _, w := range words {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return true
	}, false
}

// Least widths of the counts in the title, so that nothing moves as they grow.
const (
	verifiedWidth = 5
	noSealWidth   = 3
)

// title counts the verdicts since the feed began.
func (p *LineageList) title(pic *lineage.Picture) {
	p.rule.Note = widget.Commas(len(p.items))
	if p.only != allVerdicts {
		p.rule.Note = widget.Commas(len(p.rows.shown)) + " of " + p.rule.Note + ", " + p.only.String()
	}
	c := pic.Counts
	p.rule.Badges = nil
	if n := p.news(pic); n > 0 {
		p.rule.Badges = append(p.rule.Badges, []widget.Span{widget.T(themes.Accent, widget.Commas(n)+" new")})
	}
	p.rule.Badges = append(p.rule.Badges, badges(p.Theme,
		badge{themes.GlyphBlocked, themes.Fg, c.Tampered, "tampered"},
		badge{themes.GlyphLate, themes.Fg, c.Incomplete, "incomplete"})...)
	if c.Skipped > 0 {
		p.rule.Badges = append(p.rule.Badges, widget.Badge(p.Theme, themes.GlyphExpired, themes.Muted, widget.Count(int64(c.Skipped))+" skipped"))
	}
	if c.Unauthenticated > 0 {
		p.rule.Badges = append(p.rule.Badges, widget.Badge(p.Theme, themes.GlyphNoSeal, themes.Muted, padCount(c.Unauthenticated, noSealWidth)+" no seal"))
	}
	if c.Verified > 0 {
		p.rule.Badges = append(p.rule.Badges, widget.Badge(p.Theme, themes.GlyphOK, themes.Muted, padCount(c.Verified, verifiedWidth)))
	}
}

// padCount is a count of a least width.
func padCount(n, width int) string {
	text := widget.Count(int64(n))
	return widget.PadLeft(text, max(width, len(text)))
}

// news is how many rows came since the selection left the top.
func (p *LineageList) news(pic *lineage.Picture) int {
	newest := uint64(0)
	if n := len(pic.Rows); n > 0 {
		newest = pic.Rows[n-1].Seq
	}
	was := p.moved
	if p.moved = p.table.Moved(); !p.moved {
		return 0
	}
	if !was || newest < p.since {
		p.since = newest
	}
	return int(newest - p.since)
}

// Do filters by verdict, opens a packet from Pulse, or copies its id.
func (p *LineageList) Do(id string) (tea.Cmd, bool) {
	r := p.selected()
	switch {
	case id == "lineage.filter":
		p.show((p.only + 1) % numVerdictFilters)
		return nil, true
	case id == "list.copy" && r != nil:
		return send(Copy{"the tracking id", r.TrackingID}), true
	case id == "list.open" && r != nil:
		return send(Go{"screen.lineage", r.key()}), true
	case id == "list.home":
		p.table.Rest()
		return p.Refresh(), true
	case id == "list.back":
		cmd, done := p.list.Do(id)
		if !done && p.only != allVerdicts {
			p.show(allVerdicts)
			return nil, true
		}
		return cmd, done
	}
	cmd, done := p.list.Do(id)
	return tea.Batch(cmd, p.Refresh()), done
}

// show shows other verdicts.
func (p *LineageList) show(only verdictFilter) {
	p.only = only
	p.refilter()
	p.drawn.theme = nil
	p.Refresh()
}

// choose selects a packet by the key of its row or by its tracking id, also
// one that a filter hides.
func (p *LineageList) choose(key string) {
	for i := range p.items {
		if r := &p.items[i]; r.TrackingID == key || r.key() == key {
			key = r.key()
			if !p.only.passes(r.Row) {
				p.show(allVerdicts)
			}
			break
		}
	}
	p.list.choose(key)
}

// State: what has no id cannot be copied.
func (p *LineageList) State(id string) keymap.State {
	if r := p.selected(); id == "list.copy" && r != nil && r.TrackingID == "" {
		return keymap.Off("this packet has no tracking id")
	}
	return p.list.State(id)
}
