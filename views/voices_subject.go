package views

import (
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/core/watch"
)

// What the voices read when they are asked on a screen: the row under the bar,
// or the swarm where none is.

// Subject is the selected queue, or the task or packet selected in it.
func (q *Queues) Subject() voices.Subject {
	if r := q.tasks.selected(); q.inside && q.tasks.mine() && r != nil {
		return voices.Subject{Kind: voices.OfTask, ID: r.id}
	}
	if v := q.values.selected(); q.inside && v != nil && v.Packet.TrackingID != "" {
		return voices.Subject{Kind: voices.OfPacket, ID: v.Packet.TrackingID}
	}
	return q.queues.Subject()
}

// Subject is the selected queue.
func (p *QueueList) Subject() voices.Subject {
	if q := p.selected(); q != nil {
		return voices.Subject{Kind: voices.OfQueue, ID: q.Key}
	}
	return voices.Swarm
}

// Subject is the selected agent.
func (a *Agents) Subject() voices.Subject { return a.tree.Subject() }

// Subject is the selected agent.
func (p *AgentTree) Subject() voices.Subject {
	switch a := p.selected(); {
	case a == nil:
		return voices.Swarm
	case a.more > 0:
		return voices.Subject{Kind: voices.OfAgent, ID: a.Parent}
	default:
		return voices.Subject{Kind: voices.OfAgent, ID: a.ID}
	}
}

// Chosen reports whether an act would be on the agent.
func (a *Agents) Chosen(id string) bool {
	sel := a.tree.selected()
	return sel != nil && sel.more == 0 && sel.ID == id
}

// Subject is the selected entry.
func (c *Carcel) Subject() voices.Subject { return c.held.Subject() }

// Subject is the selected entry.
func (p *CarcelList) Subject() voices.Subject {
	if e := p.selected(); e != nil {
		return voices.Subject{Kind: voices.OfEntry, ID: (*e).SHA}
	}
	return voices.Swarm
}

// Chosen reports whether an act would be on the entry and on nothing else.
func (c *Carcel) Chosen(sha string) bool {
	e := c.held.selected()
	return e != nil && (*e).SHA == sha && c.marked() == 0
}

// Subject is the packet that is shown at length, or selected.
func (l *Lineage) Subject() voices.Subject {
	if id := l.detail.asked; id != "" {
		return voices.Subject{Kind: voices.OfPacket, ID: id}
	}
	return l.packets.Subject()
}

// Subject is the selected packet.
func (p *LineageList) Subject() voices.Subject {
	if r := p.selected(); r != nil && r.TrackingID != "" {
		return voices.Subject{Kind: voices.OfPacket, ID: r.TrackingID}
	}
	return voices.Swarm
}

// Subject is that of the selected event.
func (p *Activity) Subject() voices.Subject { return p.events.Subject() }

// Subject is what the event is about, where that is a packet or an agent.
func (p *ActivityList) Subject() voices.Subject {
	e := p.selected()
	if e == nil {
		return voices.Swarm
	}
	if _, ok := ledger.ParseID(e.Subject); ok && e.Kind == watch.Decision {
		return voices.Subject{Kind: voices.OfPacket, ID: e.Subject}
	}
	for i := range p.Snap.Agents {
		if id := p.Snap.Agents[i].ID; id == e.Subject || id == e.Who {
			return voices.Subject{Kind: voices.OfAgent, ID: id}
		}
	}
	return voices.Swarm
}

// Subject is that of the pane that has the focus.
func (p *Pulse) Subject() voices.Subject {
	if pane, ok := p.focused().(interface{ Subject() voices.Subject }); ok {
		return pane.Subject()
	}
	return voices.Swarm
}
