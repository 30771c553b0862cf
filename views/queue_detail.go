package views

import (
	"context"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// askTimeout bounds what a screen asks of Redis.
const askTimeout = 5 * time.Second

// Queues is the screen of all queues with what is inside the selected one.
type Queues struct {
	split
	queues *QueueList
	values *queueDetail
	tasks  *taskDetail
}

// NewQueues makes the screen.
func NewQueues(s *Shared) *Queues {
	q := &Queues{queues: NewQueueList(s)}
	q.values = newQueueDetail(s, q.queues)
	q.tasks = newTaskDetail(s, q.queues)
	q.split = split{Shared: s, list: q.queues, side: &insideSide{q.values, q.tasks}, share: 54}
	return q
}

// Select puts the bar on a queue.
func (q *Queues) Select(key string) { q.queues.choose(key) }

// Do composes for the queue and shows bytes of the value from either side.
func (q *Queues) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "queues.compose":
		return q.queues.Do(id)
	case "queues.raw":
		return q.values.Do(id)
	case "queues.tasks", "queues.requeue":
		cmd, done := q.tasks.Do(id)
		return tea.Batch(cmd, q.side.Refresh()), done
	}
	return q.split.Do(id)
}

// Update takes keys, and the outcome of what was done.
func (q *Queues) Update(msg tea.Msg) tea.Cmd {
	if m, ok := msg.(taskActed); ok {
		q.tasks.stale()
		return tea.Batch(send(m.toast), q.side.Refresh())
	}
	return q.split.Update(msg)
}

// State asks the side that will do it.
func (q *Queues) State(id string) keymap.State {
	switch id {
	case "queues.compose":
		return q.queues.State(id)
	case "queues.raw":
		if q.tasks.mine() {
			return keymap.Moot("tasks are shown as they are kept: as text")
		}
		return q.values.State(id)
	case "queues.requeue":
		if !q.inside && q.tasks.mine() { // what stands there changes by itself
			return keymap.Moot("open the queue and select a task")
		}
		return q.tasks.allows(id)
	case "queues.tasks":
		return q.tasks.allows(id)
	}
	return q.split.State(id)
}

// windowMsg is what a look into a queue found.
type windowMsg struct {
	key    string
	from   int64
	number int // of the question
	values []engine.Value
	err    error
}

// queueDetail shows what is inside a queue: a window of values, and the
// selected one at length.
type queueDetail struct {
	*list[engine.Value]
	queues   *QueueList
	queue    watch.Queue
	from     int64 // where the window asked for begins
	here     int64 // where the window in sight begins
	target   int64 // the value to select in the window asked for; −1 for none
	asked    string
	number   int // of the last question
	answered int // and of the newest one that was answered
	err      error
	read     bool // the queue was read once
	doc      document
	docOf    *engine.Value // what doc shows
	docH     int
	reading  bool // the keys scroll doc
}

func newQueueDetail(s *Shared, queues *QueueList) *queueDetail {
	d := &queueDetail{list: newList[engine.Value](s, "", keymap.Queues), queues: queues, target: -1}
	d.doc = document{Shared: s, none: "nothing is selected", scopes: []keymap.Scope{keymap.Queues, keymap.List}}
	d.rows.key = valueKey
	d.rows.text = func(v *engine.Value) string {
		return string(v.Raw) + member(v.Record, "task_id") + member(v.Record, "type")
	}
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

// valueKey is the identity of a value: what it says, not its place, which
// changes whenever something is taken before it.
func valueKey(v *engine.Value) string {
	return first(string(v.Raw), member(v.Record, "task_id"), v.Label)
}

// Refresh asks for the values of the selected queue when it, its depth or its
// moment has changed, or Redis has come back.
func (d *queueDetail) Refresh() tea.Cmd {
	sel := d.queues.selected()
	if sel == nil {
		d.forget(watch.Queue{})
		d.rule.Title, d.rule.Note, d.rule.Badges = "Inside", "", nil
		d.doc.shown = false
		return nil
	}
	if sel.Key != d.queue.Key {
		d.forget(*sel)
	}
	d.queue = *sel
	d.rule.Title, d.rule.Note = sel.Key, d.describe()
	d.show()
	if d.from >= sel.Depth { // it has shrunk
		d.from = max(sel.Depth-engine.MaxWindow, 0)
	}
	if d.Away() || d.question() == d.asked {
		return nil
	}
	d.asked = d.question()
	return d.ask()
}

// question is all that the answer depends on.
func (d *queueDetail) question() string {
	q := &d.queue
	return q.Key + q.Type + strconv.FormatInt(q.Depth, 10) + q.Changed.String() + d.Snap.Link.Since.String() + strconv.FormatInt(d.from, 10)
}

// forget begins with another queue.
func (d *queueDetail) forget(q watch.Queue) {
	d.queue, d.asked, d.err, d.reading = q, "", nil, false
	d.from, d.here, d.target, d.read = 0, 0, -1, false
	if len(d.rows.items) > 0 {
		d.set(nil)
		d.show()
	}
}

func (d *queueDetail) ask() tea.Cmd {
	d.number++
	e, q, from, number := d.Engine, d.queue, d.from, d.number
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		values, err := e.Window(ctx, q, from, engine.MaxWindow)
		return windowMsg{q.Key, from, number, values, err}
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

// Update takes the answer to a question, unless a newer one is there.
func (d *queueDetail) Update(msg tea.Msg) tea.Cmd {
	w, ok := msg.(windowMsg)
	if !ok {
		return d.list.Update(msg)
	}
	if w.key != d.queue.Key || w.from != d.from || w.number < d.answered {
		return nil
	}
	d.answered, d.err = w.number, w.err
	if w.err != nil {
		d.from, d.target = d.here, -1
		return nil
	}
	d.here, d.read = w.from, true
	d.set(w.values)
	d.table.Offset, d.table.Total = int(w.from), int(d.queue.Depth)
	if d.target >= 0 {
		i, _, _ := d.table.Selected()
		d.table.Move(int(d.target-d.here) - i)
		d.target = -1
	}
	d.show()
	return nil
}

// Do moves through the values, or scrolls the one that is read; beyond the
// window it is moved along.
func (d *queueDetail) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "queues.raw":
		d.doc.asHex = !d.doc.asHex
		return nil, true
	case "list.copy":
		if v := d.selected(); v != nil {
			return send(Copy{"the value", first(valueText(v), string(v.Raw))}), true
		}
		return nil, true
	case "list.open":
		d.reading = d.selected() != nil
		return nil, true
	case "list.back":
		if d.reading {
			d.reading = false
			return nil, true
		}
	}
	if d.reading {
		return d.doc.Do(id)
	}
	if cmd, turned := d.turn(id); turned {
		return cmd, true
	}
	cmd, done := d.list.Do(id)
	d.show()
	return cmd, done
}

// turn moves the window when a step leads out of the one in sight, or while
// another is on its way.
func (d *queueDetail) turn(id string) (tea.Cmd, bool) {
	i, _, ok := d.table.Selected()
	if !ok || d.query.Value() != "" {
		return nil, false
	}
	at, page := d.here+int64(i), int64(d.table.Page())
	if d.target >= 0 {
		at = d.target
	}
	step := map[string]int64{"list.up": -1, "list.down": 1, "list.pageup": -page, "list.pagedown": page,
		"list.home": -at, "list.end": d.queue.Depth - at}[id]
	if step == 0 {
		return nil, false
	}
	at = min(max(at+step, 0), max(d.queue.Depth-1, 0))
	if at >= d.here && at < d.here+int64(len(d.rows.items)) {
		if d.target < 0 {
			return nil, false
		}
		d.from, d.target = d.here, -1 // back, before the other window came
		d.asked = d.question()
		d.table.Move(int(at-d.here) - i)
		d.show()
		return nil, true
	}
	from := min(max(at-engine.MaxWindow/2, 0), max(d.queue.Depth-engine.MaxWindow, 0))
	switch {
	case d.from != d.here && at >= d.from && at < d.from+engine.MaxWindow:
		d.target = at // in the window that is on its way
		return nil, true
	case from == d.here:
		return nil, false // the queue has just grown: its news will tell
	}
	d.from, d.target = from, at
	d.asked = d.question()
	return d.ask(), true
}

// show puts the selected value into the document below.
func (d *queueDetail) show() {
	v := d.selected()
	d.doc.shown = v != nil
	if v == nil {
		d.doc.rule.Title, d.doc.rule.Note, d.docOf, d.reading = "Value", "", nil, false
		return
	}
	d.doc.rule.Title, d.doc.rule.Note, d.doc.rule.Badges = "Value "+v.Label, kindOf(v), nil
	d.doc.lines = valueFacts(d.Shared, v, d.width)
	if d.docOf != v {
		d.docOf = v
		d.doc.put(valueText(v), v.Raw)
	}
}

// State: a value can be opened to scroll it.
func (d *queueDetail) State(id string) keymap.State {
	switch {
	case d.reading && (id == "list.open" || id == "list.filter"):
		return d.doc.State(id)
	case id == "queues.raw" && d.selected() == nil:
		return keymap.Off("no value is selected")
	}
	return d.list.State(id)
}

// View draws the values above the selected one.
func (d *queueDetail) View(focused bool) string {
	switch {
	case d.read || d.queue.Depth == 0:
		d.empty = "nothing is inside"
	case d.Away():
		d.empty = "it cannot be read while Redis is away"
	default:
		d.empty = "being read"
	}
	top := d.list.View(focused && !d.reading)
	if d.err != nil {
		d.rule.Focused = focused
		top = widget.Stack(d.rule.View(d.Theme, d.width),
			widget.Empty(d.Theme, d.width, d.height-1, engine.Sentence(d.err)))
	}
	return widget.Stack(widget.Fit(top, d.width, d.height), widget.Gap(d.width), widget.Fit(d.doc.View(focused && d.reading), d.width, d.docH))
}

// Leave goes back to the values.
func (d *queueDetail) Leave() { d.reading = false }
