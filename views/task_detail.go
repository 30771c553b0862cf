package views

import (
	"context"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

const (
	// taskFresh is for how long a window is believed when nothing of the queue
	// moves: of delayed tasks nothing tells.
	taskFresh = 5 * time.Second
	// taskPause is the least time between two windows of a queue that moves.
	taskPause = 250 * time.Millisecond
)

// taskCounts are how many tasks of a queue are in which state.
type taskCounts struct{ lost, dead, stuck, stalled, claimed int }

// taskDetail shows the tasks of a queue, and the selected one at length. What
// is claimed, lost or done it takes from the picture; windows of what waits
// and of what is delayed are read.
type taskDetail struct {
	*list[taskRow]
	queues *QueueList
	queue  watch.Queue
	shelf  int // of shelves
	counts taskCounts
	claims []*watch.Claim // memory of build

	from           int64 // where the window of a single shelf begins
	waiting        []swarm.TaskState
	delayed        []swarm.TaskState
	waits, rests   int64
	read           bool
	err            error
	question       string
	askedAt        time.Time
	pending        bool
	number         int // of the window asked for last
	drawn          string
	one            *swarm.TaskState // the selected task as it was read
	oneErr         error
	oneID          string // of the task that was asked for
	oneAt          time.Time
	doc            document
	docH           int
	reading        bool // the keys scroll doc
	toFirst, toEnd bool // where the bar goes when the window has come
}

type (
	// tasksRead is a window of a queue's tasks.
	tasksRead struct {
		key            string
		number         int
		waiting, rest  []swarm.TaskState
		waits, delayed int64
		err            error
	}
	// taskOne is one task that was read; askTask says that the bar has settled.
	taskOne struct {
		id   string
		task swarm.TaskState
		err  error
	}
	askTask struct{ id string }
	// taskActed is the outcome of an act on tasks.
	taskActed struct{ toast Toast }
)

func newTaskDetail(s *Shared, queues *QueueList) *taskDetail {
	d := &taskDetail{list: newList[taskRow](s, "", keymap.Queues), queues: queues}
	d.doc = document{Shared: s, none: "nothing is selected", scopes: d.scopes}
	d.rows.key = func(t *taskRow) string { return t.id }
	d.rows.text = func(t *taskRow) string { return t.id + " " + t.state + " " + t.kind + " " + t.who }
	d.rows.draw = d.row
	d.table.SetColumns(
		widget.Column{Title: "task", Width: 17, Middle: true},
		widget.Column{Title: "state", Width: 11},
		widget.Column{Title: "", Width: 3, Right: true, Gap: 1, Drop: 3},
		widget.Column{Title: "type", Width: 9, Flex: 1, Drop: 4},
		widget.Column{Title: "who", Width: 10, Flex: 2, Middle: true, Drop: 2},
		widget.Column{Title: "when", Width: 11, Right: true, Gap: 1},
	)
	return d
}

// mine reports whether the selected queue is one of tasks.
func (d *taskDetail) mine() bool {
	q := d.queues.selected()
	return q != nil && q.Class == keyspace.TaskWaiting && (q.Type == "" || q.Type == keyspace.TypeZSet)
}

func (d *taskDetail) name() string { return keyspace.TaskQueueOf(d.queue.Key) }

// SetSize shares the height between the tasks and the selected one.
func (d *taskDetail) SetSize(width, height int) {
	d.docH = height * 2 / 5
	d.list.SetSize(width, height-d.docH-1)
	d.doc.SetSize(width, d.docH)
}

// Refresh takes the newest picture and asks for what it does not hold.
func (d *taskDetail) Refresh() tea.Cmd {
	q := d.queues.selected()
	if q == nil {
		return nil
	}
	if q.Key != d.queue.Key {
		d.number++
		d.queue, d.question, d.pending, d.err, d.read = *q, "", false, nil, false
		d.waiting, d.delayed, d.waits, d.rests, d.from, d.drawn = nil, nil, 0, 0, 0, ""
		d.one, d.oneID, d.reading, d.shelf = nil, "", false, 0
		d.set(nil)
		d.table.Rest()
	}
	d.queue = *q
	d.rebuild()
	return tea.Batch(d.askWindow(), d.askOne())
}

// rebuild makes the rows when they may be others.
func (d *taskDetail) rebuild() {
	s := d.Snap
	drawn := d.queue.Key + "\x00" + strconv.FormatUint(s.Version.Agents, 10) + "\x00" + strconv.Itoa(d.shelf) + "\x00" +
		strconv.Itoa(d.number) + strconv.FormatBool(d.pending) + "\x00" + strconv.FormatUint(s.Version.Carcel, 10)
	if drawn != d.drawn || s.Version.All == 0 {
		d.drawn = drawn
		d.table.Offset, d.table.Total = 0, 0
		switch shelves[d.shelf] {
		case swarm.Waiting:
			d.table.Offset, d.table.Total = int(d.from), int(d.waits)
		case swarm.Resting:
			d.table.Offset, d.table.Total = int(d.from), int(d.rests)
		}
		d.set(d.build())
	}
	d.title()
	d.show()
}

// title says how many tasks there are in which state.
func (d *taskDetail) title() {
	d.rule.Title, d.rule.Note = keyspace.Label(d.queue.Key), widget.Commas(int(d.queue.Depth))+" wait"
	if only := shelves[d.shelf]; only != "" {
		d.rule.Note = "only " + only
	}
	d.rule.Badges = badges(d.Theme,
		badge{themes.GlyphError, themes.Fg, d.counts.lost, "lost"},
		badge{themes.GlyphStuck, themes.Fg, d.counts.stuck, "stuck"},
		badge{themes.GlyphLate, themes.Fg, d.counts.stalled, "no progress"},
		badge{themes.GlyphError, themes.Muted, d.counts.dead, "dead"},
		badge{themes.GlyphRunning, themes.Muted, d.counts.claimed, "claimed"},
		badge{themes.GlyphCameBack, themes.Muted, int(d.rests), "delayed"})
}

// stale has everything read anew.
func (d *taskDetail) stale() { d.question, d.askedAt, d.oneID = "", time.Time{}, "" }

// askWindow reads what waits and what is delayed, when either may be other
// than it was.
func (d *taskDetail) askWindow() tea.Cmd {
	q := d.queue
	question := q.Key + "\x00" + strconv.FormatInt(q.Depth, 10) + q.Changed.String() + d.Snap.Link.Since.String() + strconv.FormatInt(d.from, 10) + strconv.Itoa(d.shelf)
	age := d.Now.Sub(d.askedAt)
	if d.Away() || d.pending || d.read && (age < taskPause || question == d.question && age < taskFresh) {
		return nil
	}
	d.number++
	d.question, d.askedAt, d.pending = question, d.Now, true
	c, name, from, out := d.Engine.Swarm(), d.name(), [2]int64{}, tasksRead{key: q.Key, number: d.number}
	switch shelves[d.shelf] {
	case swarm.Waiting:
		from[0] = d.from
	case swarm.Resting:
		from[1] = d.from
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		if out.waiting, out.waits, out.err = c.WaitingTasks(ctx, name, from[0], taskWindow); out.err == nil {
			out.rest, out.delayed, out.err = c.DelayedTasks(ctx, name, from[1], taskWindow)
		}
		return out
	}
}

// askOne reads the selected task once the bar has settled.
func (d *taskDetail) askOne() tea.Cmd {
	t := d.selected()
	if t == nil || t.state == dead || d.Away() || d.oneID == t.id && d.Now.Sub(d.oneAt) < taskFresh {
		return nil
	}
	again := d.oneID == t.id
	d.oneID, d.oneAt = t.id, d.Now
	if again {
		return readTask(d.Engine, t.id)
	}
	d.one, d.oneErr = nil, nil
	id := t.id
	return tea.Tick(settles, func(time.Time) tea.Msg { return askTask{id} })
}

func readTask(e *engine.Engine, id string) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		t, err := e.Swarm().TaskByID(ctx, id)
		return taskOne{id, t, err}
	}
}

// Update takes what was read.
func (d *taskDetail) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case tasksRead:
		if m.key != d.queue.Key || m.number != d.number {
			return nil
		}
		d.pending = false
		if d.err = m.err; m.err == nil {
			d.read = true
			d.waiting, d.delayed, d.waits, d.rests = m.waiting, m.rest, m.waits, m.delayed
		}
		d.rebuild()
		if d.toFirst || d.toEnd {
			d.table.Do(map[bool]string{true: "list.home", false: "list.end"}[d.toFirst])
			d.toFirst, d.toEnd = false, false
		}
		return d.askOne()
	case askTask:
		if t := d.selected(); t != nil && t.id == m.id && d.oneID == m.id {
			return readTask(d.Engine, m.id)
		}
		return nil
	case taskOne:
		if m.id == d.oneID {
			d.one, d.oneErr = &m.task, m.err
			d.show()
		}
		return nil
	}
	return d.list.Update(msg)
}

// Do moves through the tasks and acts on them.
func (d *taskDetail) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "queues.tasks":
		d.shelf = (d.shelf + 1) % len(shelves)
		d.from, d.question = 0, ""
		d.rebuild()
		return d.askWindow(), true
	case "queues.requeue":
		return d.requeue(), true
	case "list.copy":
		if t := d.selected(); t != nil {
			return send(Copy{"the task's id", t.id}), true
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
	return tea.Batch(cmd, d.askOne()), done
}

// turn reads the window before or behind, where a step leads out of this one.
func (d *taskDetail) turn(id string) (tea.Cmd, bool) {
	total := int64(d.table.Total)
	i, _, ok := d.table.Selected()
	if !ok || total == 0 || d.pending || d.query.Value() != "" {
		return nil, false
	}
	var from int64
	switch last := i == len(d.rows.items)-1; {
	case (id == "list.down" || id == "list.pagedown") && last && d.from+taskWindow < total:
		from, d.toFirst = d.from+taskWindow, true
	case (id == "list.up" || id == "list.pageup") && i == 0 && d.from > 0:
		from, d.toEnd = max(d.from-taskWindow, 0), true
	case id == "list.home" && d.from > 0:
		from, d.toFirst = 0, true
	case id == "list.end" && d.from+taskWindow < total:
		from, d.toEnd = (total-1)/taskWindow*taskWindow, true
	default:
		return nil, false
	}
	d.from, d.askedAt = from, time.Time{}
	return d.askWindow(), true
}

// Leave goes back to the tasks.
func (d *taskDetail) Leave() { d.reading = false }

// State: a task can be opened to scroll what it says.
func (d *taskDetail) State(id string) keymap.State {
	if d.reading && (id == "list.open" || id == "list.filter") {
		return d.doc.State(id)
	}
	return d.list.State(id)
}

// View draws the tasks above the selected one.
func (d *taskDetail) View(focused bool) string {
	switch only := shelves[d.shelf]; {
	case d.err != nil:
		d.empty = engine.Sentence(d.err)
	case only != "" && (d.read || only != swarm.Waiting && only != swarm.Resting):
		d.empty = "no task is " + only
	case d.read:
		d.empty = "no task waits, and nobody holds one"
	case d.Away():
		d.empty = "it cannot be read while Redis is away"
	default:
		d.empty = "being read"
	}
	top := d.list.View(focused && !d.reading)
	return widget.Stack(widget.Fit(top, d.width, d.height), widget.Gap(d.width), widget.Fit(d.doc.View(focused && d.reading), d.width, d.docH))
}
