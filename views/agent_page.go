package views

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// mostHeld is how many of an agent's tasks its detail lists, headLines how
// many lines of its context.
const (
	mostHeld  = 8
	headLines = 6
)

// page writes all that is known of an agent.
func (d *agentDetail) page(a *watch.Agent) *page {
	p := &page{width: d.width}
	p.fact("heartbeat", d.beat(a, agentLook(a.State))...)
	parent := []widget.Span{widget.T(themes.Fg, orNone(a.Parent))}
	if a.Orphan {
		parent = append(parent, widget.T(themes.Warn, "   not registered"))
	}
	p.fact("parent", parent...)
	p.fact("workers", d.workers(a.ID)...)
	if !a.Registered.IsZero() {
		p.fact("registered", widget.T(themes.Fg, age(d.Now, a.Registered)+" ago"), widget.T(themes.Muted, "   "+a.Registered.Format("2006-01-02 15:04:05")))
	}
	if a.Capacity > 0 {
		p.fact("capacity", widget.T(themes.Fg, widget.Commas(int(a.Capacity))))
	}
	if d.read != nil {
		d.metadata(p)
	}
	d.faults(p, a)
	d.tasks(p, a)
	d.messages(p, a)
	d.context(p, a)
	if d.read != nil && d.read.err != nil {
		p.told("Not read", widget.State(d.Theme, themes.GlyphError), widget.T(themes.Warn, engine.Sentence(d.read.err)))
	}
	return p
}

// metadata says what the agent says of itself, a line for each thing.
func (d *agentDetail) metadata(p *page) {
	text := d.read.state.Metadata
	v, _, err := packet.ParseValue([]byte(text))
	if text == "" || text == "{}" {
		return
	}
	if err != nil || v.Kind() != packet.Object {
		p.fact("metadata", widget.T(themes.Muted, head(text)))
		return
	}
	label := "metadata"
	for i, m := range v.Members() {
		if i == mostHeld {
			p.more(widget.T(themes.Faint, "and "+widget.Commas(len(v.Members())-i)+" more"))
			return
		}
		said, isText := m.Value.Text()
		if !isText {
			said = string(packet.AppendValueJSON(nil, m.Value))
		}
		p.fact(label, widget.T(themes.Muted, head(m.Key)+" "), widget.T(themes.Fg, head(said)))
		label = ""
	}
}

// faults says what is wrong with an agent.
func (d *agentDetail) faults(p *page, a *watch.Agent) {
	name := "Wrong"
	add := func(g themes.Glyph, text string) {
		p.told(name, widget.State(d.Theme, g), widget.T(themes.Warn, text))
		if name != "" {
			name = ""
		}
	}
	if a.State == watch.NoProgress {
		add(themes.GlyphLate, "no progress for "+beatAge(d.Now, a.Idle)+": its heart beats and its leases are extended, but it has completed nothing in that time")
	}
	for _, f := range aboutAgent(d.Snap, a) {
		add(themes.GlyphError, string(f.Kind)+": "+f.Detail)
	}
}

// aboutAgent are the faults of an agent, and of the tasks that it holds.
func aboutAgent(s *watch.Snapshot, a *watch.Agent) (out []watch.Fault) {
	for _, f := range s.Faults {
		if keyspace.AgentOf(f.Key) == a.ID {
			out = append(out, f)
			continue
		}
		if task := keyspace.TaskOf(f.Key); task != "" {
			for i := range a.Holds {
				if a.Holds[i].Task == task {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// tasks lists what an agent holds, the task held longest first.
func (d *agentDetail) tasks(p *page, a *watch.Agent) {
	var rate []widget.Span
	if r := perMinute(a); r.Text != "" {
		if r.Text == widget.Zero {
			r.Text = "0"
		}
		rate = append(rate, widget.T(themes.Faint, "   "), r, widget.T(themes.Faint, "/min"))
	}
	if !a.Done.IsZero() {
		rate = append(rate, widget.T(themes.Faint, "   last "+beatAge(d.Now, a.Done)+" ago"))
	}
	held := widget.T(themes.Muted, "holds none")
	if n := len(a.Holds); n > 0 {
		held = widget.T(themes.Fg, "holds "+widget.Commas(n))
	}
	p.section("Tasks", append([]widget.Span{held}, rate...)...)
	for i := range a.Holds {
		if i == mostHeld {
			p.more(widget.T(themes.Faint, "and "+widget.Commas(len(a.Holds)-i)+" more"))
			return
		}
		p.more(d.claim(&a.Holds[i])...)
	}
}

// claim is a task that somebody holds, in a line.
func (d *agentDetail) claim(c *watch.Claim) []widget.Span {
	l, left := claimLook(c, d.Now)
	held := widget.T(themes.Muted, widget.PadLeft(widget.AgeWhole(d.Now.Sub(c.Since)), widget.AgeWidth))
	if c.Stalled {
		held.Role = themes.Warn
	}
	room := min(max(d.width-colValue-27, 9), 17) // what age and lease leave
	name := widget.PadRight(widget.CutMiddle(widget.Sanitize(c.Task), room), room)
	out := []widget.Span{widget.State(d.Theme, l.glyph), widget.T(themes.Fg, " "+name+" "), held, widget.T(themes.Faint, " held "),
		widget.T(l.word, left)}
	if kind := strings.TrimSpace(c.Queue + " " + c.Type); kind != "" {
		out = append(out, widget.T(themes.Faint, "  "+kind))
	}
	return out
}

// stuck reports whether a claim stands in the way of its task: it was left in
// the queue, never ends, or is over and still listed.
func stuck(c *watch.Claim, now time.Time) bool {
	return c.Queued || c.Until.IsZero() || !c.Until.After(now)
}

// claimLook is how a claim stands, and what is left of its lease.
func claimLook(c *watch.Claim, now time.Time) (look, string) {
	left := c.Until.Sub(now)
	switch {
	case c.Queued:
		return look{themes.GlyphStuck, themes.Bad, true}, "in queue"
	case c.Until.IsZero():
		return look{themes.GlyphStuck, themes.Bad, true}, "never ends"
	case left <= 0:
		return look{themes.GlyphStuck, themes.Bad, true}, "lease over"
	case c.Stalled:
		return look{themes.GlyphLate, themes.Warn, false}, widget.PadLeft(widget.AgeWhole(left), widget.AgeWidth) + " left"
	}
	return look{themes.GlyphRunning, themes.Muted, false}, widget.PadLeft(widget.AgeWhole(left), widget.AgeWidth) + " left"
}

// messages shows the first that wait; they stay where they are.
func (d *agentDetail) messages(p *page, a *watch.Agent) {
	if a.Inbox == 0 {
		p.section("Messages", widget.T(themes.Muted, "none wait"))
		return
	}
	p.section("Messages", widget.T(themes.Fg, widget.Commas(int(a.Inbox))+plural(int(a.Inbox), " waits", " wait")))
	if d.read == nil {
		return
	}
	for _, m := range d.read.messages {
		if m.Err != nil {
			p.more(widget.State(d.Theme, themes.GlyphError), widget.T(themes.Warn, " no message: "), widget.T(themes.Muted, head(m.Raw)))
			continue
		}
		at, err := packet.ParseTime(m.Timestamp)
		when := ""
		if err == nil {
			when = age(d.Now, at)
		}
		p.more(widget.T(themes.Muted, widget.PadLeft(when, widget.AgeWidth)+"  "),
			widget.T(themes.Muted, widget.PadRight(widget.CutMiddle(widget.Sanitize(m.From), 16), 17)), widget.T(themes.Fg, saying(m.Content)))
	}
}

// saying is what a message says, without the braces of a plain text.
func saying(content string) string {
	if v, _, err := packet.ParseValue([]byte(content)); err == nil && v.Kind() == packet.Object && len(v.Members()) == 1 {
		if said, isText := v.Members()[0].Value.Text(); isText && v.Members()[0].Key == "text" {
			return head(said)
		}
	}
	return head(content)
}

// context shows what an agent shares, as far as its first lines.
func (d *agentDetail) context(p *page, a *watch.Agent) {
	r := d.read
	switch {
	case r == nil && a.Context == 0:
		p.section("Context", widget.T(themes.Muted, "shares none"))
		return
	case r == nil:
		p.section("Context", widget.T(themes.Fg, widget.Size(a.Context)))
		return
	case errors.Is(r.contextErr, swarm.ErrNoContext):
		p.section("Context", widget.T(themes.Muted, "shares none"))
		return
	}
	value := []widget.Span{widget.T(themes.Fg, widget.Size(r.info.Size))}
	if r.info.Chunks > 0 {
		value = append(value, widget.T(themes.Muted, " in "+strconv.Itoa(r.info.Chunks)+" chunks"))
	}
	if r.info.Version != "" {
		value = append(value, widget.T(themes.Faint, "   version "), widget.T(themes.Muted, head(r.info.Version)))
	}
	if at, err := packet.ParseTime(r.info.Updated); err == nil {
		value = append(value, widget.T(themes.Faint, "   "+age(d.Now, at)+" ago"))
	}
	p.section("Context", value...)
	if r.contextErr != nil {
		p.told("", widget.State(d.Theme, themes.GlyphBlocked), widget.T(themes.Warn, engine.Sentence(r.contextErr)))
		return
	}
	lines := textLines(string(r.head), d.width-colValue-1)
	for _, line := range lines[:min(len(lines), headLines)] {
		p.more(widget.T(themes.Muted, line))
	}
	if b, ok := d.Keys.Get("agents.context"); ok && len(b.Keys) > 0 && (len(lines) > headLines || r.info.Size > int64(len(r.head))) {
		p.more(widget.T(themes.Accent, b.KeyLabel()), widget.T(themes.Muted, " reads on"))
	}
}
