package views

import (
	"context"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
)

const (
	// agentFresh is for how long what was read of an agent is believed when
	// nothing of it moves: a message may have taken another's place.
	agentFresh = 10 * time.Second
	// peeked is how many messages are read, headBytes how much of a context.
	peeked    = 4
	headBytes = 2048
)

// agentRead is what is read of one agent beside the picture. Nothing is taken.
type agentRead struct {
	id, question string
	number       int
	at           time.Time
	state        swarm.AgentState
	messages     []swarm.Message
	info         swarm.ContextInfo
	head         []byte
	contextErr   error
	err          error
}

// askAgent says that the selection has settled.
type askAgent struct {
	id     string
	number int
}

// asks is all that the answer depends on.
func (d *agentDetail) asks(a *watch.Agent) string {
	return a.ID + "\x00" + strconv.FormatInt(a.Inbox, 10) + "\x00" + strconv.FormatInt(a.Context, 10) + "\x00" + d.Snap.Link.Since.String()
}

// stale has the agent read anew, whatever was read.
func (d *agentDetail) stale() { d.question = "" }

// ask asks for an agent when something of it has changed or what was read is
// old: at once for the one that is shown, a moment later for another, so that
// a key held down asks for nothing.
func (d *agentDetail) ask(a *watch.Agent) tea.Cmd {
	old := d.read != nil && d.Now.Sub(d.read.at) > agentFresh
	if d.pending || d.Away() || d.question == d.asks(a) && !old {
		return nil
	}
	d.pending = true
	if d.read != nil {
		return d.look(a)
	}
	id, number := a.ID, d.number
	return tea.Tick(settles, func(time.Time) tea.Msg { return askAgent{id, number} })
}

// look reads an agent.
func (d *agentDetail) look(a *watch.Agent) tea.Cmd {
	c, out := d.Engine.Swarm(), &agentRead{id: a.ID, question: d.asks(a), number: d.number, at: d.Now}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		if out.state, out.err = c.Agent(ctx, out.id); out.err != nil {
			return out
		}
		if out.messages, _, out.err = c.Peek(ctx, out.id, 0, peeked); out.err != nil {
			return out
		}
		out.head, out.info, out.contextErr = c.ContextWindow(ctx, out.id, 0, headBytes)
		return out
	}
}

// Update takes what was read.
func (d *agentDetail) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case askAgent:
		if a := d.agent(); a != nil && m.number == d.number && a.ID == m.id {
			return d.look(a)
		}
	case *agentRead:
		if m.number == d.number {
			d.pending, d.read, d.question = false, m, m.question
		}
	case *contextPart:
		if d.reader != nil {
			d.reader.take(m)
		}
	}
	return nil
}
