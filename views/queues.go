package views

import (
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// QueueList shows all queues, those in need first.
type QueueList struct {
	*list[watch.Queue]
	seen seen[watch.Queue]
}

// NewQueueList makes the pane.
func NewQueueList(s *Shared) *QueueList {
	p := &QueueList{list: newList[watch.Queue](s, "Queues", keymap.Queues)}
	p.empty = "no queue holds anything, and none was seen to"
	p.begin = []widget.Span{widget.T(themes.Accent, "6"), widget.T(themes.Muted, " composes a packet")}
	p.rows.key = func(q *watch.Queue) string { return q.Key }
	p.rows.text = func(q *watch.Queue) string { return q.Key + " " + keyspace.Label(q.Key) + " " + q.State.String() }
	p.rows.draw = p.row
	p.table.SetColumns(
		widget.Column{Title: "queue", Width: 12, Flex: 1, Middle: true},
		widget.Column{Title: "depth", Width: widget.CountWidth, Right: true, Gap: 1},
		widget.Column{Title: "last 60 s", Width: widget.SparkCells, Drop: 4},
		widget.Column{Title: "net/s", Width: 6, Right: true, Gap: 1, Drop: 3},
		widget.Column{Title: "oldest", Width: 6, Right: true, Drop: 2},
		widget.Column{Title: "state", Width: 10},
	)
	return p
}

// Refresh takes the newest picture.
func (p *QueueList) Refresh() tea.Cmd {
	if !p.seen.news(p.Snap.Queues, p.Theme) {
		return nil
	}
	p.set(p.Snap.Queues)
	stuck, growing, wrong := 0, 0, 0
	for i := range p.Snap.Queues {
		switch p.Snap.Queues[i].State {
		case watch.Stuck:
			stuck++
		case watch.Growing:
			growing++
		case watch.WrongType:
			wrong++
		}
	}
	p.rule.Note = widget.Commas(len(p.Snap.Queues))
	p.rule.Badges = badges(p.Theme,
		badge{themes.GlyphError, themes.Fg, wrong, "wrong type"},
		badge{themes.GlyphStuck, themes.Fg, stuck, "stuck"},
		badge{themes.GlyphLate, themes.Muted, growing, "growing"})
	return nil
}

// Do opens a queue on its own screen.
func (p *QueueList) Do(id string) (tea.Cmd, bool) {
	if q := p.selected(); q != nil {
		switch id {
		case "list.open":
			return send(Go{"screen.queues", q.Key}), true
		case "list.copy":
			return send(Copy{"the key", q.Key}), true
		case "queues.compose":
			return send(Go{"screen.compose", q.Key}), true
		}
	}
	return p.list.Do(id)
}

// State: bytes are shown of a value, not of a queue.
func (p *QueueList) State(id string) keymap.State {
	switch {
	case id == "queues.tasks", id == "queues.requeue":
		return keymap.Moot("open the queue first")
	case id == "queues.raw":
		return keymap.Off("open the queue: it is its values that have bytes")
	case id == "queues.compose" && p.selected() == nil:
		return keymap.Off("no queue is selected")
	}
	return p.list.State(id)
}

// look is how a queue's state is drawn.
type look struct {
	glyph themes.Glyph
	word  themes.Role
	bold  bool
}

func queueLook(s watch.QueueState) look {
	switch s {
	case watch.WrongType:
		return look{themes.GlyphError, themes.Bad, true}
	case watch.Stuck:
		return look{themes.GlyphStuck, themes.Bad, true}
	case watch.Growing:
		return look{themes.GlyphLate, themes.Warn, false}
	case watch.Draining:
		return look{themes.GlyphCalm, themes.Muted, false}
	}
	return look{themes.GlyphCalm, themes.Faint, false}
}

func (p *QueueList) row(q *watch.Queue, r *widget.Row) {
	l := queueLook(q.State)
	name, number := themes.Fg, themes.Fg
	if q.State == watch.Empty {
		name = themes.Faint
	}
	r.Glyph(l.glyph)
	title := widget.T(name, keyspace.Label(q.Key))
	if l.bold {
		title.Attr = themes.AttrBold
	}
	r.Cell(title)
	depth := widget.T(number, widget.Count(q.Depth))
	if l.bold {
		depth.Attr = themes.AttrBold
	}
	if q.Depth == 0 {
		depth.Role = themes.Faint
	}
	r.Cell(depth)

	hot := q.State <= watch.Growing
	last := themes.Muted
	if hot {
		last = l.word
	}
	body, end := widget.Sparkline(p.Theme, q.History[:], q.Peak, widget.SparkCells, hot, last)
	r.Cell(body, end)

	net := widget.T(themes.Muted, widget.NetRate(q.Net))
	if hot {
		net.Role = l.word
	}
	if net.Text == widget.Zero {
		net.Role = themes.Faint
	}
	r.Cell(net)
	oldest := widget.T(themes.Muted, age(p.Now, q.Oldest))
	if q.State == watch.Stuck {
		oldest.Role = themes.Bad
	}
	r.Cell(oldest)
	word := l.word
	if q.State >= watch.Draining {
		word = themes.Faint
	}
	r.Cell(widget.T(word, q.State.String()))
}

// badge is a count in a title, left out when it is zero.
type badge struct {
	glyph themes.Glyph
	role  themes.Role
	n     int
	word  string
}

func badges(t *themes.Theme, all ...badge) (out [][]widget.Span) {
	for _, b := range all {
		if b.n > 0 {
			out = append(out, widget.Badge(t, b.glyph, b.role, widget.Commas(b.n)+" "+b.word))
		}
	}
	return out
}
