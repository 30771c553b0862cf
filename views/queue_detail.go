package views

import (
	"context"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// askTimeout bounds what a screen asks of Redis.
const askTimeout = 5 * time.Second

// Queues is the screen of all queues with what is inside the selected one.
type Queues struct {
	split
	queues *QueueList
	values *queueDetail
}

// NewQueues makes the screen.
func NewQueues(s *Shared) *Queues {
	q := &Queues{queues: NewQueueList(s)}
	q.values = newQueueDetail(s, q.queues)
	q.split = split{Shared: s, list: q.queues, side: q.values, share: 54}
	return q
}

// Select puts the bar on a queue.
func (q *Queues) Select(key string) { q.queues.table.Select(key) }

// Do opens a value rather than asking for the screen that is here already.
func (q *Queues) Do(id string) (tea.Cmd, bool) {
	if id == "queues.compose" {
		if sel := q.queues.selected(); sel != nil {
			return send(Go{"screen.compose", sel.Key}), true
		}
	}
	return q.split.Do(id)
}

// windowMsg is what a look into a queue found.
type windowMsg struct {
	key    string
	from   int64
	values []engine.Value
	err    error
}

// queueDetail shows what is inside a queue: a window of values, and the
// selected one at length.
type queueDetail struct {
	*list[engine.Value]
	queues *QueueList
	queue  watch.Queue
	from   int64
	asked  string // what the last question was about
	err    error
	doc    document
	docH   int
}

func newQueueDetail(s *Shared, queues *QueueList) *queueDetail {
	d := &queueDetail{list: newList[engine.Value](s, "", keymap.Queues), queues: queues}
	d.doc = document{Shared: s, none: "nothing is selected", scopes: []keymap.Scope{keymap.Queues, keymap.List}}
	d.empty = "nothing is inside"
	d.rows.key = func(v *engine.Value) string { return v.Label + string(v.Raw) }
	d.rows.text = func(v *engine.Value) string { return string(v.Raw) }
	d.rows.draw = d.row
	d.table.SetColumns(
		widget.Column{Title: "at", Width: 4, Right: true},
		widget.Column{Title: "value", Width: 17, Flex: 1},
		widget.Column{Title: "from", Width: 14, Flex: 1, Middle: true, Drop: 1},
		widget.Column{Title: "age", Width: 6, Right: true, Gap: 1},
		widget.Column{Title: "size", Width: 7, Right: true, Drop: 2},
	)
	return d
}

// SetSize shares the height between the values and the selected one.
func (d *queueDetail) SetSize(width, height int) {
	d.docH = height / 2
	d.list.SetSize(width, height-d.docH-1) // a blank line between the two
	d.doc.SetSize(width, d.docH)
}

// Refresh asks for the values of the selected queue when it, its depth or its
// moment has changed.
func (d *queueDetail) Refresh() tea.Cmd {
	sel := d.queues.selected()
	if sel == nil {
		d.queue, d.asked = watch.Queue{}, ""
		d.rule.Title, d.rule.Note, d.rule.Badges = "Inside", "", nil
		d.set(nil)
		d.doc.shown = false
		return nil
	}
	if sel.Key != d.queue.Key {
		d.from, d.err = 0, nil
		d.set(nil)
	}
	d.queue = *sel
	d.rule.Title, d.rule.Note = sel.Key, d.describe()
	d.show()
	question := sel.Key + sel.Type + strconv.FormatInt(sel.Depth, 10) + sel.Changed.String() + strconv.FormatInt(d.from, 10)
	if question == d.asked || d.Away() {
		return nil
	}
	d.asked = question
	return d.ask()
}

func (d *queueDetail) ask() tea.Cmd {
	e, q, from := d.Engine, d.queue, d.from
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		values, err := e.Window(ctx, q, from, engine.MaxWindow)
		return windowMsg{q.Key, from, values, err}
	}
}

// describe says what the key is.
func (d *queueDetail) describe() string {
	q := d.queue
	if q.Type == "" {
		return "empty"
	}
	text := q.Type + ", " + widget.Commas(int(q.Depth))
	if !q.Expires.IsZero() {
		text += ", ends in " + widget.AgeWhole(q.Expires.Sub(d.Now))
	}
	return text
}

// Update takes the answer to the question, if it is still the question.
func (d *queueDetail) Update(msg tea.Msg) tea.Cmd {
	if w, ok := msg.(windowMsg); ok {
		if w.key == d.queue.Key && w.from == d.from {
			d.err = w.err
			if w.err == nil {
				d.set(w.values)
			}
			d.show()
		}
		return nil
	}
	return d.list.Update(msg)
}

// Do moves through the values; beyond the window it is moved along.
func (d *queueDetail) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "queues.raw":
		d.doc.asHex = !d.doc.asHex
		return nil, true
	case "list.copy":
		if v := d.selected(); v != nil {
			return send(Copy{"the value", valueText(v)}), true
		}
		return nil, true
	case "list.open":
		return nil, true
	}
	i, _, _ := d.table.Selected()
	cmd, done := d.list.Do(id)
	j, _, _ := d.table.Selected()
	if done && i == j {
		cmd = d.turn(id)
	}
	d.show()
	return cmd, done
}

// turn moves the window when the selection stands at its edge.
func (d *queueDetail) turn(id string) tea.Cmd {
	from := d.from
	switch id {
	case "list.down", "list.pagedown":
		if d.from+int64(len(d.rows.items)) < d.queue.Depth {
			from += engine.MaxWindow / 2
		}
	case "list.up", "list.pageup":
		from = max(d.from-engine.MaxWindow/2, 0)
	case "list.home":
		from = 0
	case "list.end":
		from = max(d.queue.Depth-engine.MaxWindow, 0)
	}
	if from == d.from {
		return nil
	}
	d.from, d.asked = from, ""
	return d.ask()
}

// show puts the selected value into the document below.
func (d *queueDetail) show() {
	v := d.selected()
	d.doc.shown = v != nil
	if v == nil {
		d.doc.rule.Title, d.doc.rule.Note = "Value", ""
		return
	}
	d.doc.rule.Title, d.doc.rule.Note, d.doc.rule.Badges = "Value "+v.Label, kindOf(v), nil
	d.doc.lines = valueFacts(d.Shared, v)
	d.doc.put(valueText(v), v.Raw)
}

// kindOf says what a value is.
func kindOf(v *engine.Value) string {
	switch {
	case !v.Record.IsNull() && member(v.Record, "task_id") != "":
		return "task"
	case !v.Record.IsNull():
		return "message"
	case v.Invalid == nil:
		return "packet, " + v.Format.String()
	}
	return "no packet"
}

// valueText is the value as indented JSON, "" when it is none.
func valueText(v *engine.Value) string {
	switch {
	case !v.Record.IsNull():
		return string(packet.AppendIndentedJSON(nil, v.Record, "  "))
	case v.Invalid == nil:
		return string(packet.AppendIndentedJSON(nil, v.Packet.Contents, "  "))
	}
	if doc, _, err := packet.ParseValue(v.Raw); err == nil {
		return string(packet.AppendIndentedJSON(nil, doc, "  "))
	}
	return ""
}

func valueFacts(s *Shared, v *engine.Value) []fact {
	if !v.Record.IsNull() {
		return nil
	}
	if v.Invalid != nil {
		return []fact{{"why", []widget.Span{widget.T(themes.Muted, v.Invalid.Reason)}}}
	}
	p := v.Packet
	sent := p.DispatchedAt
	ttl := strconv.FormatInt(p.TTLSeconds, 10) + " s"
	lines := []fact{
		textFact("packet", p.TrackingID),
		textFact("from", p.Origin),
		textFact("sent", sent),
		{"lives", []widget.Span{widget.T(themes.Fg, ttl), widget.T(themes.Muted, "   schema "+p.SchemaVersion)}},
	}
	if v.Expired {
		lines[3].value = append(lines[3].value, widget.T(themes.Warn, "   past its TTL"))
	}
	for _, f := range v.Faults {
		lines = append(lines, fact{"fault", []widget.Span{widget.State(s.Theme, themes.GlyphError), widget.T(themes.Warn, " "+f.String())}})
	}
	return lines
}

func (d *queueDetail) row(v *engine.Value, r *widget.Row) {
	glyph, what, from, at := themes.GlyphCalm, "", "", time.Time{}
	switch {
	case !v.Record.IsNull():
		what = first(member(v.Record, "type"), member(v.Record, "content"), member(v.Record, "task_id"))
		from = first(member(v.Record, "posted_by"), member(v.Record, "from"))
		at, _ = packet.ParseTime(first(member(v.Record, "posted_at"), member(v.Record, "timestamp")))
	case v.Invalid == nil:
		what, from = member(v.Packet.Contents, "primitive"), v.Packet.Origin
		if what == "" {
			what = string(packet.AppendValueJSON(nil, v.Packet.Contents))
		}
		at, _ = v.Packet.Time()
		if len(v.Faults) > 0 {
			glyph = themes.GlyphError
		}
		if v.Expired {
			glyph = themes.GlyphExpired
		}
	default:
		glyph, what = themes.GlyphError, string(v.Raw)
	}
	r.Glyph(glyph)
	r.Cell(widget.T(themes.Faint, v.Label))
	r.Cell(widget.T(themes.Fg, what))
	r.Cell(widget.T(themes.Muted, from))
	r.Cell(widget.T(themes.Muted, age(d.Now.Add(d.Snap.Server.Skew), at)))
	size := ""
	if len(v.Raw) > 0 {
		size = widget.Size(int64(len(v.Raw)))
	}
	r.Cell(widget.T(themes.Faint, size))
}

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func member(v packet.Value, key string) string {
	m, _ := v.Get(key)
	if s, ok := m.Text(); ok {
		return s
	}
	if m.IsNull() {
		return ""
	}
	return string(packet.AppendValueJSON(nil, m))
}

// View draws the values above the selected one.
func (d *queueDetail) View(focused bool) string {
	top := d.list.View(focused)
	if d.err != nil {
		d.rule.Focused = focused
		top = widget.Stack(d.rule.View(d.Theme, d.width),
			widget.Empty(d.Theme, d.width, d.height-1, engine.Sentence(d.err)))
	}
	return widget.Stack(widget.Fit(top, d.width, d.height), widget.Gap(d.width), widget.Fit(d.doc.View(false), d.width, d.docH))
}

// Leave goes back to the first window.
func (d *queueDetail) Leave() {}
