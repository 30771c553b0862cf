package views

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// ActivityList shows what happens as it happens, newest last: decisions,
// messages on channels, and what the console itself did.
type ActivityList struct {
	*list[watch.Event]
	seen seen[watch.Event]
	kind int // of eventKinds
	kept []watch.Event
}

// eventKinds are what of the events can be shown: all, or one kind.
var eventKinds = []struct {
	title string
	kind  watch.EventKind
}{{"", 0}, {"decisions", watch.Decision}, {"messages", watch.Message}, {"repairs", watch.Repair}, {"console", watch.Console}}

// Columns that depend on each other: where goes first on narrow screens.
const (
	colAbout = 2
	colWhere = 3
	colWho   = 4
)

// NewActivityList makes the pane.
func NewActivityList(s *Shared) *ActivityList {
	p := &ActivityList{list: newList[watch.Event](s, "Activity", keymap.Activity)}
	p.empty = "nothing has happened since the console opened"
	p.rows.key = func(e *watch.Event) string { return strconv.FormatUint(e.Seq, 10) }
	p.rows.text = func(e *watch.Event) string {
		return e.Kind.String() + " " + e.What + " " + e.Subject + " " + e.Where + " " + e.Who + " " + e.Detail
	}
	p.rows.draw = p.row
	p.table.Follow = true
	p.table.SetColumns(
		widget.Column{Title: "time", Width: 8},
		widget.Column{Title: "what", Width: 17},
		widget.Column{Title: "about", Width: 20, Flex: 2, Middle: true},
		widget.Column{Title: "where", Width: 14, Flex: 2, Middle: true, Drop: 2},
		widget.Column{Title: "who", Width: 16, Flex: 2, Middle: true, Drop: 1},
	)
	return p
}

// Refresh takes the newest picture.
func (p *ActivityList) Refresh() tea.Cmd {
	if p.seen.news(p.Snap.Activity, p.Theme) {
		p.set(p.ofKind())
	}
	p.rule.Note, p.rule.Badges = "newest last", nil
	p.empty, p.begin = "nothing has happened since the console opened", nil
	if only := eventKinds[p.kind].title; only != "" {
		p.rule.Note = "only " + only
		p.empty = "no " + only + " among the last " + widget.Commas(len(p.Snap.Activity)) + " events"
		p.begin = []widget.Span{widget.T(themes.Accent, p.key("activity.kinds")), widget.T(themes.Muted, " shows others")}
	}
	if n := p.table.NewRows(); n > 0 {
		p.rule.Badges = [][]widget.Span{{widget.T(themes.Accent, widget.Commas(n)+" new")}}
	}
	return nil
}

// key is how a binding's key is shown.
func (p *ActivityList) key(id string) string {
	b, _ := p.Keys.Get(id)
	return b.KeyLabel()
}

// ofKind are the events of the kind that is shown.
func (p *ActivityList) ofKind() []watch.Event {
	only := eventKinds[p.kind]
	if only.title == "" {
		return p.Snap.Activity
	}
	p.kept = p.kept[:0]
	for i := range p.Snap.Activity {
		if p.Snap.Activity[i].Kind == only.kind {
			p.kept = append(p.kept, p.Snap.Activity[i])
		}
	}
	return p.kept
}

// Do copies an event's subject, or goes to the end and stays there.
func (p *ActivityList) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "activity.follow":
		p.table.ToggleFollow()
		return p.Refresh(), true
	case "activity.kinds":
		p.kind = (p.kind + 1) % len(eventKinds)
		p.set(p.ofKind())
		return p.Refresh(), true
	case "list.copy":
		if e := p.selected(); e != nil && e.Subject != "" {
			return send(Copy{"the subject", e.Subject}), true
		}
		return nil, true
	case "list.open":
		if e := p.selected(); e != nil {
			return send(Ask{Title: strings.TrimSpace(e.What + " " + e.Subject), Body: p.whole(e)}), true
		}
		return nil, true
	}
	return p.list.Do(id)
}

// State: not every event names something to copy.
func (p *ActivityList) State(id string) keymap.State {
	if e := p.selected(); id == "list.copy" && e != nil && e.Subject == "" {
		return keymap.Off("this event names nothing")
	}
	return p.list.State(id)
}

func eventLook(e *watch.Event) look {
	switch watch.FaultKind(e.What) { // what the console found to be wrong
	case watch.AgentSilent:
		return look{themes.GlyphSilent, themes.Fg, false}
	case watch.TaskLost, watch.ClaimInQueue, watch.AgentOrphaned, watch.NoSuchAgent, watch.ContextCut, watch.TypeWrong, watch.NoPacket, watch.QueueExpires:
		return look{themes.GlyphError, themes.Fg, false}
	}
	switch e.What {
	case "held":
		return look{themes.GlyphReview, themes.Fg, false}
	case "blocked":
		return look{themes.GlyphBlocked, themes.Fg, false}
	case "expired":
		return look{themes.GlyphExpired, themes.Muted, false}
	case "dispatched", "released", "approved":
		return look{themes.GlyphOK, themes.Muted, false}
	case "away", "ledger lost":
		return look{themes.GlyphSilent, themes.Bad, false}
	case "repaired":
		return look{themes.GlyphOK, themes.Fg, false}
	case "live":
		return look{themes.GlyphLive, themes.Muted, false}
	}
	return look{themes.GlyphCalm, themes.Muted, false}
}

func (p *ActivityList) row(e *watch.Event, r *widget.Row) {
	l := eventLook(e)
	r.Glyph(l.glyph)
	r.Cell(widget.T(themes.Faint, widget.Clock(e.At)))
	what := []widget.Span{widget.T(l.word, e.What)}
	if e.Count > 1 {
		what = append(what, widget.T(themes.Faint, " ×"+widget.Commas(e.Count)))
	}
	r.Cell(what...)
	subject, where := e.Subject, e.Where
	if e.Kind == watch.Decision && len(subject) == 36 {
		subject = subject[:8] // as people read tracking ids to each other
	}
	if subject == "" || r.Width(colWhere) == 0 && e.Kind == watch.Decision {
		subject, where = e.Where, "" // a batch has no one packet to name
	}
	who := e.Who
	if e.Kind == watch.Repair { // the channel says nothing that the word does not
		where, who, _ = strings.Cut(e.Detail, ": ")
		if r.Width(colWhere) == 0 {
			where, who = "", e.Detail
		}
		who = widget.Cut(widget.Sanitize(who), r.Width(colWho))
	}
	if e.Kind == watch.Message && e.What != "message" && who == "" {
		who = widget.Cut(widget.Sanitize(e.Detail), r.Width(colWho))
	}
	if e.Kind == watch.Console || e.What == "message" {
		said := widget.Sanitize(e.Detail) // a sentence, which is cut at its end
		if who = widget.Cut(said, r.Width(colWho)); subject == "" {
			subject, who = widget.Cut(said, r.Width(colAbout)), ""
		}
	}
	r.Cell(widget.T(themes.Fg, subject))
	r.Cell(widget.T(themes.Muted, where))
	r.Cell(widget.T(themes.Faint, who))
}

// Activity is the screen of what happens and, below it, how long that takes.
type Activity struct {
	split
	events *ActivityList
}

// NewActivity makes the screen.
func NewActivity(s *Shared) *Activity {
	events := NewActivityList(s)
	return &Activity{split{Shared: s, list: events, side: NewPerformance(s), below: performanceBelow}, events}
}

// Select gives the focus to the performance, when that is asked for.
func (p *Activity) Select(what string) { p.turn(what == PerformancePane) }

// PerformancePane names that pane for Go.
const PerformancePane = "performance"

// Do opens an event, to be read at length; what is below the list is no detail
// of it.
func (p *Activity) Do(id string) (tea.Cmd, bool) {
	if id == "list.open" && !p.inside {
		return p.events.Do(id)
	}
	return p.split.Do(id)
}

// whole is all that an event says; what is longer than a dialog is cut.
func (p *ActivityList) whole(e *watch.Event) (out [][]widget.Span) {
	add := func(label, text string) {
		for _, line := range wrapped(head(text), wholeWidth) {
			if text != "" {
				out = append(out, []widget.Span{widget.T(themes.Faint, widget.PadRight(label, 8)), widget.T(themes.Fg, line)})
			}
			label = ""
		}
	}
	add("time", e.At.Format("2006-01-02 15:04:05"))
	add("kind", e.Kind.String())
	add("about", e.Subject)
	add("where", e.Where)
	add("who", e.Who)
	add("says", e.Detail)
	return out
}

// wholeWidth is the room for text in a dialog, beside its labels.
const wholeWidth = 58
