package views

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// lineageDetail shows the whole story of one packet: the one that somebody
// selected or traced, or the worst there is. As long as nobody did and nothing
// is wrong it shows how the ledger stands, since the newest packet is another
// one every moment.
type lineageDetail struct {
	*Shared
	list   *LineageList
	traced string // what somebody asked for; "" is what the list selects
	held   bool   // somebody reads here: the packet stays, whatever the list does

	row     *lineage.Row // what is shown, where the list has it
	asked   string       // what its report was asked for by
	number  int          // of the subject, so that only the last one asks
	missed  bool         // it was not asked for, since Redis was away
	moved   time.Time    // when the subject changed last
	stories map[string]*reading
	drawn   drawnStory

	rule widget.Rule
	scroll
	width, height int
}

// reading is a report that was read, or why not.
type reading struct {
	report lineage.Report
	err    error
	at     time.Time
}

// traceMsg is a report that was asked for; askTraceMsg says that the selection
// has settled.
type (
	traceMsg struct {
		asked  string
		report lineage.Report
		err    error
	}
	askTraceMsg struct {
		asked string
		n     int
	}
)

const (
	// mostStories is how many reports are kept.
	mostStories = 32
	// storyFresh is how long a report is believed.
	storyFresh = 10 * time.Second
	// nearReach is how many of the ledger's newest records are looked through
	// for a packet that just arrived; for one that is asked for by name all.
	nearReach = 20_000
	// traceTimeout bounds one: the ledger may be looked through from its end.
	traceTimeout = 20 * time.Second
)

func newLineageDetail(s *Shared, list *LineageList) *lineageDetail {
	return &lineageDetail{Shared: s, list: list, stories: map[string]*reading{}}
}

// SetSize gives the detail exactly width by height cells.
func (d *lineageDetail) SetSize(width, height int) { d.width, d.height = width, height }

// subject is the row that is shown; nil where that is a packet that was traced
// by its name, or none.
func (d *lineageDetail) subject() *lineage.Row {
	if d.traced != "" {
		return nil
	}
	return d.row
}

// choose finds what is to be shown.
func (d *lineageDetail) choose() {
	if d.held && d.row != nil {
		return
	}
	d.row = nil
	r := d.list.selected()
	if r == nil {
		return
	}
	if d.held || d.list.table.Moved() || r.Bad() && d.Refused() == nil {
		d.row = r.Row
	}
}

// report is what was read of the packet that is shown; nil while it is not.
func (d *lineageDetail) report() *lineage.Report {
	if s := d.stories[d.asked]; d.asked != "" && s != nil && s.err == nil {
		return &s.report
	}
	return nil
}

// Refresh asks for the packet when it is another one, or what was read of it
// is old.
func (d *lineageDetail) Refresh() tea.Cmd {
	d.choose()
	asked := d.traced
	if r := d.subject(); r != nil {
		asked = r.TrackingID
	}
	if asked == d.asked {
		if d.missed && !d.Away() {
			d.missed = false
			return d.ask(asked)
		}
		return nil
	}
	d.asked, d.top, d.missed = asked, 0, false
	d.number++
	moved := d.moved
	d.moved = d.Now
	if asked == "" {
		return nil
	}
	if s := d.stories[asked]; s != nil && s.err == nil && d.Now.Sub(s.at) < storyFresh {
		return nil
	}
	if d.missed = d.Away(); d.missed {
		return nil
	}
	if d.traced != "" || d.Now.Sub(moved) > 2*settles {
		return d.ask(asked)
	}
	n := d.number
	return tea.Tick(settles, func(time.Time) tea.Msg { return askTraceMsg{asked, n} })
}

// again has the packet asked for anew.
func (d *lineageDetail) again() tea.Cmd {
	d.asked = ""
	delete(d.stories, d.traced)
	return d.Refresh()
}

func (d *lineageDetail) ask(asked string) tea.Cmd {
	evidence, reach := d.Evidence, nearReach
	if asked == d.traced {
		reach = 0
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), traceTimeout)
		defer cancel()
		report, err := evidence.Trace(ctx, asked, reach)
		return traceMsg{asked, report, err}
	}
}

// Update takes what was asked for.
func (d *lineageDetail) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case askTraceMsg:
		if m.n == d.number {
			return d.ask(m.asked)
		}
	case traceMsg:
		if len(d.stories) >= mostStories {
			d.stories = map[string]*reading{}
		}
		d.stories[m.asked] = &reading{m.report, m.err, d.Now}
	}
	return nil
}

// Do copies the packet, as long as it is not read its tracking id, or scrolls.
func (d *lineageDetail) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "list.copy":
		switch r := d.report(); {
		case r != nil && r.Found:
			return send(Copy{"the packet as JSON", string(packet.AppendJSON(nil, r.Packet))}), true
		case d.asked != "":
			return send(Copy{"the tracking id", d.asked}), true
		}
		return nil, false
	}
	return nil, d.do(id, d.room())
}

// State: a detail scrolls, and there is nothing below it.
func (d *lineageDetail) State(id string) keymap.State {
	switch id {
	case "list.open":
		return keymap.Off("it is open")
	case "list.filter":
		return keymap.Off("a detail has no filter")
	case "list.copy":
		if d.asked == "" {
			return keymap.Off("nothing is selected")
		}
	}
	return keymap.On
}

// Leave goes back to what the list selects.
func (d *lineageDetail) Leave() { d.traced = "" }

// Typing is never so.
func (d *lineageDetail) Typing() bool { return false }

// Scopes are those of the screen and of a list, for scrolling.
func (d *lineageDetail) Scopes() []keymap.Scope {
	return []keymap.Scope{keymap.Lineage, keymap.List}
}

// room is how many lines are in sight.
func (d *lineageDetail) room() int { return max(d.height-2, 1) }

// drawnStory are the lines as they were made last.
type drawnStory struct {
	of    storySource
	head  widget.Rule
	lines []widget.Line
}

// storySource is what lines are made of.
type storySource struct {
	row    *lineage.Row
	asked  string
	told   *reading
	theme  *themes.Theme
	width  int
	second int64
	state  any // of the ledger, where that is shown
}

// document are the lines of what is shown, made anew when that changes, and
// each second for its ages.
func (d *lineageDetail) document() *drawnStory {
	of := storySource{d.subject(), d.asked, d.stories[d.asked], d.Theme, d.width, d.Now.Unix(), nil}
	overview := of.row == nil && d.asked == ""
	if overview {
		of.state, of.told = d.Ledger, nil
	}
	if d.drawn.lines != nil && d.drawn.of == of {
		return &d.drawn
	}
	d.drawn = drawnStory{of: of}
	if overview {
		d.drawn.head, d.drawn.lines = d.overview()
		return &d.drawn
	}
	s := story{page: page{width: d.width}, t: d.Theme, now: d.Now, row: of.row, told: of.told, asked: d.asked}
	d.drawn.head, d.drawn.lines = s.tell()
	return &d.drawn
}

// View draws title and lines.
func (d *lineageDetail) View(focused bool) string {
	doc := d.document()
	d.rule = doc.head
	d.rule.Focused = focused
	from, to, badge := d.window(len(doc.lines), d.room())
	d.rule.Badges = append(badge, d.rule.Badges...)
	parts := []string{d.rule.View(d.Theme, d.width), widget.Gap(d.width)}
	for i := from; i < to; i++ {
		parts = append(parts, doc.lines[i].Render(d.Theme, themes.Bg, d.width))
	}
	return widget.Fit(widget.Stack(parts...), d.width, d.height)
}
