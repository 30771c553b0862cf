package views

import (
	"slices"
	"strconv"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// dead is the state of a task that failed too often: it lies in the carcel.
const dead = "dead"

// shelves are what of a queue's tasks can be shown: all, or one state.
var shelves = []string{"", swarm.Waiting, swarm.Claimed, swarm.Resting, swarm.Completed, swarm.Lost}

const (
	taskWindow = 200  // tasks that are read at once
	mostDone   = 50   // completed ones among all
	mostClaims = 500  // claimed ones among all
	deadReach  = 5000 // entries of the carcel, the newest, that are looked through for dead tasks
)

// taskRow is one task of the selected queue.
type taskRow struct {
	id, kind, state string
	priority        int
	who             string
	claim           *watch.Claim // while somebody holds it
	lapsed          bool         // lost, since its lease is over
	at              time.Time    // posted, due, completed or dead
	attempts        int
}

// taskLook is how a task is drawn, and the word for its state.
func taskLook(r *taskRow, now time.Time) (look, string) {
	switch r.state {
	case swarm.Lost:
		return look{themes.GlyphError, themes.Bad, true}, r.state
	case dead:
		return look{themes.GlyphError, themes.Warn, false}, r.state
	case swarm.Claimed:
		l, _ := claimLook(r.claim, now)
		switch {
		case l.glyph == themes.GlyphStuck:
			return l, "stuck"
		case r.claim.Stalled:
			return l, watch.NoProgress.String()
		}
		return l, r.state
	case swarm.Completed:
		return look{themes.GlyphOK, themes.Faint, false}, r.state
	case swarm.Resting:
		return look{themes.GlyphCameBack, themes.Muted, false}, r.state
	}
	return look{themes.GlyphCalm, themes.Muted, false}, r.state
}

// when is the time that matters of a task, in a few cells.
func (r *taskRow) when(now time.Time) string {
	switch {
	case r.state == swarm.Lost && r.lapsed:
		return "lease over"
	case r.state == swarm.Lost:
		return ""
	case r.state == swarm.Claimed:
		_, left := claimLook(r.claim, now)
		return left
	case r.at.IsZero():
		return ""
	case r.state == swarm.Resting:
		if !r.at.After(now) {
			return "due" // with the next claim
		}
		return "in " + widget.AgeWhole(r.at.Sub(now))
	case r.state == swarm.Waiting:
		return widget.AgeWhole(max(now.Sub(r.at), 0))
	}
	return widget.AgeWhole(max(now.Sub(r.at), 0)) + " ago"
}

// build makes the rows: those that somebody must look at first, then what is
// under way, what comes back, what waits, and what was done lately.
func (d *taskDetail) build() []taskRow {
	name, w := d.name(), &d.Snap.Work
	only := shelves[d.shelf]
	on := func(state string) bool { return only == "" || only == state }
	var out []taskRow
	d.counts = taskCounts{}
	for i := range w.Lost {
		if t := &w.Lost[i]; t.Queue == name {
			if d.counts.lost++; on(swarm.Lost) {
				out = append(out, taskRow{id: t.Task, kind: t.Type, state: swarm.Lost, lapsed: t.Lapsed})
			}
		}
	}
	claims := d.claims[:0]
	for i := range w.Claims {
		c := &w.Claims[i]
		if c.Queue != name {
			continue
		}
		d.counts.claimed++
		if stuck(c, d.Now) {
			d.counts.stuck++
		} else if c.Stalled {
			d.counts.stalled++
		}
		claims = append(claims, c)
	}
	d.claims = claims
	if on(swarm.Claimed) {
		slices.SortFunc(claims, func(a, b *watch.Claim) int {
			if n := d.need(a) - d.need(b); n != 0 {
				return n
			}
			if n := a.Since.Compare(b.Since); n != 0 {
				return n
			}
			return compare(a.Task, b.Task)
		})
		if only == "" && len(claims) > mostClaims { // the others are a key away
			claims = claims[:mostClaims]
		}
		out = slices.Grow(out, len(claims))
		for _, c := range claims {
			out = append(out, taskRow{id: c.Task, kind: c.Type, state: swarm.Claimed, who: c.Agent, claim: c})
		}
	}
	if only == "" || only == swarm.Lost {
		out = append(out, d.dead()...)
	}
	for _, lot := range []struct {
		state string
		tasks []swarm.TaskState
	}{{swarm.Resting, d.delayed}, {swarm.Waiting, d.waiting}} {
		if !on(lot.state) {
			continue
		}
		for i := range lot.tasks {
			t := &lot.tasks[i]
			at, _ := packet.ParseTime(t.PostedAt)
			if lot.state == swarm.Resting {
				at = t.Due.Add(-d.Snap.Server.Skew)
			}
			out = append(out, taskRow{id: t.ID, kind: t.Type, state: lot.state, priority: t.Priority, who: t.PostedBy, at: at, attempts: t.Attempts})
		}
	}
	if on(swarm.Completed) {
		n := 0
		for i := range w.Done {
			t := &w.Done[i]
			if t.Queue != name {
				continue
			}
			if n++; only == "" && n > mostDone {
				break
			}
			out = append(out, taskRow{id: t.Task, kind: t.Type, state: swarm.Completed, who: t.Agent, at: t.At})
		}
	}
	return once(out)
}

// once leaves out a task's second row: between two readings it may have gone
// from one state to the next.
func once(rows []taskRow) []taskRow {
	seen := make(map[string]bool, len(rows))
	return slices.DeleteFunc(rows, func(r taskRow) bool {
		again := seen[r.id]
		seen[r.id] = true
		return again
	})
}

// need is how much somebody has to look at a claim; less is more.
func (d *taskDetail) need(c *watch.Claim) int {
	switch {
	case stuck(c, d.Now):
		return 0
	case c.Stalled:
		return 1
	}
	return 2
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// dead are the tasks of the queue that failed too often, as far as they are
// among the newest entries of the carcel.
func (d *taskDetail) dead() (out []taskRow) {
	entries := d.Snap.Carcel.Entries()
	for _, e := range entries[:min(len(entries), deadReach)] {
		if e.Operation == swarm.Operation && e.Key == d.queue.Key && e.Decision == "error" {
			d.counts.dead++
			out = append(out, taskRow{id: e.TrackingID, state: dead, who: e.Origin, at: e.At})
		}
	}
	return out
}

// row draws a task.
func (d *taskDetail) row(t *taskRow, r *widget.Row) {
	l, word := taskLook(t, d.Now)
	r.Glyph(l.glyph)
	name := widget.T(themes.Fg, t.id)
	if l.bold {
		name.Attr = themes.AttrBold
	}
	if t.state == swarm.Completed {
		name.Role = themes.Muted
	}
	r.Cell(name)
	r.Cell(widget.T(l.word, word))
	priority := ""
	if t.state == swarm.Waiting {
		priority = "p" + strconv.Itoa(t.priority)
	}
	r.Cell(widget.T(themes.Muted, priority))
	r.Cell(widget.T(themes.Muted, t.kind))
	r.Cell(widget.T(themes.Muted, t.who))
	when := widget.T(themes.Muted, t.when(d.Now))
	if l.glyph == themes.GlyphStuck || t.state == swarm.Lost {
		when.Role = l.word
	}
	r.Cell(when)
}
