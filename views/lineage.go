package views

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Lineage is the screen of the evidence: the verdicts of packets as they
// arrive and, beside them, the whole story of one, or how the ledger stands.
type Lineage struct {
	split
	packets   *LineageList
	detail    *lineageDetail
	accepting bool
}

// NewLineage makes the screen.
func NewLineage(s *Shared) *Lineage {
	l := &Lineage{packets: NewLineageList(s)}
	l.detail = newLineageDetail(s, l.packets)
	l.split = split{Shared: s, list: &lineageSide{LineageList: l.packets}, side: l.detail}
	return l
}

// SetSize gives the screen exactly width by height cells: the list as much as
// lets keys be read whole, once the chain beside it has enough.
func (l *Lineage) SetSize(width, height int) {
	switch l.share = 44; {
	case width >= 180:
		l.share = 54
	case width >= 136:
		l.share = 48
	}
	l.split.SetSize(width, height)
}

// The outcomes of a report that was saved and of a ledger that was accepted.
type (
	exportedMsg struct {
		path string
		err  error
	}
	acceptedMsg struct {
		accepted ledger.Accepted
		err      error
	}
)

// acceptTimeout bounds the acceptance of a ledger, which is hashed anew.
const acceptTimeout = time.Minute

// Select puts the bar on a packet: by its row's key or its tracking id.
func (l *Lineage) Select(key string) { l.packets.choose(key) }

// Do carries out the acts of this screen, or hands on.
func (l *Lineage) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "lineage.trace":
		return l.askTrace(), true
	case "lineage.go":
		return l.goThere(), true
	case "lineage.export":
		return l.export(), true
	case "lineage.accept":
		return l.askAccept(), true
	case "lineage.filter":
		l.packets.Do(id)
		return l.side.Refresh(), true
	case "list.open":
		if r := l.packets.selected(); r != nil && !l.inside {
			l.packets.table.Select(r.key()) // what is read stays selected, whatever comes
		}
	}
	if !l.inside && strings.HasPrefix(id, "list.") && id != "list.copy" {
		l.detail.traced = ""
	}
	cmd, done := l.split.Do(id)
	return tea.Batch(cmd, l.hold()), done
}

// hold keeps the detail on its packet while one reads there, even when the
// feed has moved on.
func (l *Lineage) hold() tea.Cmd {
	if l.detail.held == l.inside {
		return nil
	}
	l.detail.held = l.inside
	return l.detail.Refresh()
}

// Update takes keys, and the outcome of what was asked or done.
func (l *Lineage) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case exportedMsg:
		if m.err != nil {
			return send(Toast{themes.GlyphError, "not written: " + engine.Sentence(m.err)})
		}
		return send(Toast{themes.GlyphOK, "written to " + m.path})
	case acceptedMsg:
		l.accepting = false
		switch s := m.accepted.State; {
		case m.err != nil:
			return send(Toast{themes.GlyphError, "not accepted: " + engine.Sentence(m.err)})
		case s != nil && s.Trouble != nil:
			return send(Toast{themes.GlyphError, "recorded, and it is refused still: " + TroubleTitle(s.Trouble)})
		}
		text := "the ledger is accepted as another machine did"
		if m.accepted.Position > 0 {
			text = "the ledger is accepted; the break is record " + widget.Commas(int(m.accepted.Position))
		}
		return send(Toast{themes.GlyphOK, text})
	}
	cmd := l.split.Update(msg)
	return tea.Batch(cmd, l.hold())
}

// askTrace asks for the packet to trace.
func (l *Lineage) askTrace() tea.Cmd {
	return send(Ask{
		Title: "Trace a packet", Verb: "trace",
		Body:   [][]widget.Span{{widget.T(themes.Muted, "Its tracking id, or its citation: if://citation/…")}},
		Fields: []widget.Field{{ID: "packet", Label: "packet"}},
		Check: func(value func(string) string) map[string]string {
			if strings.TrimSpace(value("packet")) == "" {
				return map[string]string{"packet": "which one?"}
			}
			return nil
		},
		Filled: func(value func(string) string) tea.Cmd { return l.trace(strings.TrimSpace(value("packet"))) },
	})
}

// trace shows a packet that need not be in the list.
func (l *Lineage) trace(asked string) tea.Cmd {
	l.detail.held = false
	l.detail.traced = asked
	l.turn(true)
	cmd := l.detail.again()
	return tea.Batch(cmd, l.hold())
}

// place is where the packet is that is shown: its key, or that it is held;
// else why one cannot go there.
func (l *Lineage) place() (key, id string, held bool, reason string) {
	r, row := l.detail.report(), l.detail.subject()
	switch {
	case r != nil && len(r.Places) > 0:
		key, id, held = r.Places[0].Key, r.TrackingID, r.Places[0].Held
	case r != nil && r.Fate == lineage.Held:
		id, held = r.TrackingID, true
	case r != nil:
		return "", "", false, "it is nowhere: " + first(string(r.Fate), "not known")
	case row == nil:
		return "", "", false, "no packet is selected"
	case row.Fate == lineage.Missing:
		return "", "", false, "it is nowhere: missing"
	default:
		key, id = row.Key, row.TrackingID
	}
	if held || keyspace.Classify(key) == keyspace.Carcel {
		return key, id, true, ""
	}
	for i := range l.Snap.Queues {
		if l.Snap.Queues[i].Key == key {
			return key, id, false, ""
		}
	}
	return "", "", false, keyspace.Label(key) + " is no queue that is shown"
}

func (l *Lineage) goThere() tea.Cmd {
	key, id, held, reason := l.place()
	switch {
	case reason != "":
		return send(Toast{themes.GlyphCalm, reason})
	case !held:
		return send(Go{"screen.queues", key})
	}
	for _, e := range l.Snap.Carcel.Entries() {
		if e.TrackingID == id {
			return send(Go{"screen.carcel", e.SHA})
		}
	}
	return send(Go{"screen.carcel", ""})
}

// export writes the report that is shown into a file.
func (l *Lineage) export() tea.Cmd {
	r, evidence := l.detail.report(), l.Evidence
	if r == nil {
		return send(Toast{themes.GlyphCalm, "there is no report to write yet"})
	}
	return func() tea.Msg {
		path, err := evidence.SaveReport(*r)
		return exportedMsg{path, err}
	}
}

// askAccept says what accepting means, and asks why.
func (l *Lineage) askAccept() tea.Cmd {
	body := [][]widget.Span{
		{widget.T(themes.Bad, l.Theme.Glyph(themes.GlyphBlocked)), widget.T(themes.Fg, " "+TroubleTitle(l.Refused()))},
		nil,
		{widget.T(themes.Muted, "A new origin begins, and the break is recorded with your reason.")},
		{widget.T(themes.Muted, "What the ledger said before can no longer be proved from here.")},
		{widget.T(themes.Muted, "Dispatch goes on.")},
	}
	evidence := l.Evidence
	return send(Ask{
		Title: "Accept the ledger as it is", Verb: "accept", Body: body,
		Fields: []widget.Field{{ID: "why", Label: "why"}},
		Check: func(value func(string) string) map[string]string {
			if strings.TrimSpace(value("why")) == "" {
				return map[string]string{"why": "say why"}
			}
			return nil
		},
		Filled: func(value func(string) string) tea.Cmd {
			l.accepting = true
			why := strings.TrimSpace(value("why"))
			return func() tea.Msg {
				ctx, cancel := context.WithTimeout(context.Background(), acceptTimeout)
				defer cancel()
				accepted, err := evidence.AcceptLedger(ctx, why)
				return acceptedMsg{accepted, err}
			}
		},
	})
}

// State says whether an act is possible now.
func (l *Lineage) State(id string) keymap.State {
	switch id {
	case "lineage.trace":
		if l.Away() || l.Snap.Link.State == watch.Connecting {
			return keymap.Off("nothing can be traced until Redis answers")
		}
		return keymap.On
	case "lineage.go":
		if _, _, _, reason := l.place(); reason != "" {
			return keymap.Off(reason)
		}
		return keymap.On
	case "lineage.export":
		if l.detail.report() == nil {
			return keymap.Off("there is no report to write yet")
		}
		return keymap.On
	case "lineage.accept":
		switch {
		case l.Refused() == nil:
			return keymap.Moot("the ledger is in order")
		case l.Engine.ReadOnly():
			return keymap.Off("read only")
		case l.Away() || l.Snap.Link.State == watch.Connecting:
			return keymap.Off("acting is off until Redis answers")
		case l.accepting:
			return keymap.Off("it is being accepted")
		}
		return keymap.On
	}
	return l.split.State(id)
}
