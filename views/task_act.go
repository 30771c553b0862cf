package views

import (
	"context"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// allows says whether the tasks can be sifted, and the selected one requeued.
func (d *taskDetail) allows(id string) keymap.State {
	if !d.mine() {
		return keymap.Moot("this queue holds no tasks")
	}
	if id == "queues.tasks" {
		return keymap.On
	}
	if s := d.writable(); !s.Enabled {
		return s
	}
	t := d.selected()
	switch {
	case t == nil:
		return keymap.Moot("no task is selected")
	case t.state == swarm.Waiting:
		return keymap.Moot("it waits already")
	case t.state == swarm.Completed:
		return keymap.Moot("it is completed")
	}
	return keymap.On
}

// requeue asks before a task is put back.
func (d *taskDetail) requeue() tea.Cmd {
	t := *d.selected()
	l, word := taskLook(&t, d.Now)
	body := [][]widget.Span{
		{widget.T(themes.Faint, "task   "), widget.State(d.Theme, l.glyph), widget.T(themes.Fg, " "+head(t.id)+" "), widget.T(l.word, " "+word)},
		{widget.T(themes.Faint, "queue  "), widget.T(themes.Fg, d.name())},
	}
	act := d.putBack(t.id)
	switch t.state {
	case swarm.Claimed:
		claim := *t.claim
		alive := false
		for i := range d.Snap.Agents {
			if a := &d.Snap.Agents[i]; a.ID == claim.Agent {
				alive = a.State != watch.Silent
			}
		}
		body = append(body, []widget.Span{widget.T(themes.Faint, "holder "), widget.T(themes.Fg, head(claim.Agent)),
			widget.T(themes.Muted, "  "+map[bool]string{true: "lives", false: "gives no sign of life"}[alive])}, nil)
		for _, line := range takenFrom([]watch.Claim{claim}, alive) {
			body = append(body, []widget.Span{widget.T(themes.Muted, line)})
		}
		act = requeueAll(d.Shared, []watch.Claim{claim}, func(t Toast) tea.Msg { return taskActed{t} })
	case dead:
		body = append(body, nil, []widget.Span{widget.T(themes.Muted, "It failed too often and lies in the carcel. It is judged again, and its failures are forgotten.")})
	default:
		body = append(body, nil, []widget.Span{widget.T(themes.Muted, "It can be claimed at once; its failures are forgotten.")})
	}
	return send(Ask{Title: "Requeue", Verb: "requeue", Body: body, Yes: act})
}

// putBack requeues a task that nobody holds.
func (d *taskDetail) putBack(id string) tea.Cmd {
	e, by := d.Engine, d.who()
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), actTimeout)
		defer cancel()
		if err := e.RequeueTask(ctx, id, by, "requeued in the console"); err != nil {
			return taskActed{Toast{themes.GlyphError, engine.Sentence(err)}}
		}
		return taskActed{Toast{themes.GlyphOK, id + " waits again"}}
	}
}

// show puts the selected task into the document below.
func (d *taskDetail) show() {
	t := d.selected()
	d.doc.shown = t != nil
	d.doc.rule.Title, d.doc.rule.Note, d.doc.rule.Badges = "Task", "", nil
	if t == nil {
		d.reading = false
		return
	}
	l, word := taskLook(t, d.Now)
	d.doc.rule.Title, d.doc.rule.Note = t.id, t.kind
	d.doc.rule.Badges = [][]widget.Span{widget.Badge(d.Theme, l.glyph, l.word, word)}
	d.doc.lines = d.facts(t, l)
	text := ""
	if d.one != nil && d.oneID == t.id && d.oneErr == nil {
		text = d.one.Data
		if d.one.State == swarm.Completed && d.one.Result != "" {
			text = d.one.Result
		}
		if len(text) > mostDocument {
			text = strings.ToValidUTF8(text[:mostDocument], "") + "…"
		}
		text = widget.PrettyJSON([]byte(text))
	}
	d.doc.put(text, nil)
}

// mostDocument is how much of a task's data is shown.
const mostDocument = 256 << 10

// facts says what is known of a task, in the picture and as it was read.
func (d *taskDetail) facts(t *taskRow, l look) []fact {
	why := []widget.Span{widget.T(themes.Fg, d.story(t))}
	if l.word != themes.Muted && l.word != themes.Faint {
		why[0].Role = l.word
	}
	out := []fact{{"now", why}}
	if c := t.claim; c != nil {
		token := "none: its holder knows no tokens"
		if c.Token > 0 {
			token = strconv.FormatInt(c.Token, 10)
		}
		out = append(out, fact{"held by", []widget.Span{widget.T(themes.Fg, head(c.Agent)), widget.T(themes.Muted, "   token "+token)}})
	}
	one := d.one
	if one == nil || d.oneID != t.id {
		return out
	}
	if d.oneErr != nil {
		if t.state == dead {
			return out
		}
		return append(out, fact{"record", []widget.Span{widget.State(d.Theme, themes.GlyphError), widget.T(themes.Warn, " "+engine.Sentence(d.oneErr))}})
	}
	posted := one.PostedBy
	if at, err := packet.ParseTime(one.PostedAt); err == nil {
		posted += "   " + age(d.Now, at) + " ago"
	}
	out = append(out, fact{"posted by", []widget.Span{widget.T(themes.Fg, head(posted)), widget.T(themes.Muted, "   priority "+strconv.Itoa(one.Priority))}})
	if one.Attempts > 0 || one.LastError != "" {
		out = append(out, fact{"failed", []widget.Span{widget.T(themes.Warn, strconv.Itoa(one.Attempts)+plural(one.Attempts, " time", " times")), widget.T(themes.Muted, "   "+head(one.LastError))}})
	}
	if one.State == swarm.Completed {
		out = append(out, fact{"result", []widget.Span{widget.T(themes.Muted, "of "+head(one.Agent))}})
	}
	return out
}

// story is how a task stands, in a sentence.
func (d *taskDetail) story(t *taskRow) string {
	switch c := t.claim; {
	case t.state == swarm.Lost && t.lapsed:
		return "its lease is over, and nobody has put it back"
	case t.state == swarm.Lost:
		return "in no queue, not claimed, not completed"
	case t.state == dead:
		return "failed too often; it lies in the carcel"
	case c != nil && c.Queued:
		return "claimed, and left in its queue, where it blocks others"
	case c != nil && c.Until.IsZero():
		return "claimed for ever: its lease never ends"
	case c != nil && !c.Until.After(d.Now):
		return "its lease is over, and its claim is still listed"
	case c != nil && c.Stalled:
		return "held for " + widget.AgeWhole(d.Now.Sub(c.Since)) + ", far beyond leases of " + strings.TrimSpace(widget.AgeWhole(c.Lease))
	case c != nil:
		return "held for " + widget.AgeWhole(d.Now.Sub(c.Since)) + ", " + widget.AgeWhole(c.Until.Sub(d.Now)) + " of its lease left"
	case t.state == swarm.Resting:
		return "it failed, and comes back: " + t.when(d.Now)
	case t.state == swarm.Completed:
		return "completed " + t.when(d.Now)
	}
	return "waits to be claimed"
}
