package demo

import (
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// newScript writes the play. What happens at time 0 is what the first frame
// shows.
func newScript(seed uint64) *script {
	s, c, tide := &script{}, newCast(seed), newTide(seed)
	add := func(name string, opening, scene func(*actor)) {
		a := newActor(seed, name)
		a.scene = scene
		if opening != nil {
			opening(a)
		}
		s.add(a)
	}
	for _, agent := range append(c.coordinators[:len(c.coordinators):len(c.coordinators)], c.workers...) {
		life := c.life(agent)
		if c.counted(agent) { // the crew's: it keeps itself alive
			life = idle
		}
		add("life of "+agent.ID, joining(agent, c), life)
	}
	for _, f := range flows {
		opening, scene := f.play(c, tide)
		add("flow of "+f.name, opening, scene)
	}
	for _, d := range desks {
		add("desk of "+d.queue, d.opening(c), d.scene(c))
	}
	for _, w := range c.workers {
		if c.counted(w) {
			add("mail of "+w.ID, nil, reading(w))
			continue
		}
		add("labour of "+w.ID, starting(w), c.labour(w))
	}
	for _, boss := range c.coordinators {
		add("office of "+boss.ID, nil, c.office(boss))
	}
	for n := range spawners {
		add(fmt.Sprint("spawner ", n), nil, c.spawn(n))
	}
	add("trouble", firstTrouble(c), trouble(c))
	add("contexts", sharing(c, len(topics)), sharing(c, 1))
	add("metadata", announcing(c, 0), announcing(c, (packetTTL+5)*time.Second))
	return s
}

// joining registers an agent. The first heartbeat of the truant is short, so
// that a visitor need not wait long to see it silent.
func joining(agent swarm.Agent, c cast) func(*actor) {
	if agent.ID == c.truant.ID {
		agent.BeatTTL = 6 * time.Second
	}
	return func(a *actor) { a.after(0, join{agent}) }
}

// life is the heartbeats of an agent.
func (c cast) life(agent swarm.Agent) func(*actor) {
	ttl := agent.BeatTTL.Seconds()
	return func(a *actor) {
		usual := func() { a.after(a.between(0.10*ttl, 0.18*ttl), beat{agent}) }
		switch agent.ID {
		case c.truant.ID:
			if end, away := truancy.back(a.clock); away {
				a.after(end-a.clock, beat{agent})
				return
			}
			usual()
		case c.tardy.ID: // late from 40 %: in every other stretch
			usual()
			a.after(seconds(ttl*0.85), beat{agent})
		case c.busy.ID:
			for range 8 {
				usual()
			}
			a.after(seconds(ttl*0.7), beat{agent})
		default:
			usual()
		}
	}
}

// idle is what the script has for whoever acts by itself.
func idle(a *actor) { a.after(time.Hour, rest{}) }

// reading is the mail of a worker of the crew.
func reading(w swarm.Agent) func(*actor) {
	return func(a *actor) { a.after(a.between(4, 20), hear{w.ID, 10}) }
}

// starting has most workers at work when the play opens.
func starting(w swarm.Agent) func(*actor) {
	return func(a *actor) { a.after(0, claim{w.ID, a.order()}) }
}

// labour is a worker's round: work on what it has claimed, hand in the
// result, read the mail, claim the next task.
func (c cast) labour(w swarm.Agent) func(*actor) {
	return func(a *actor) {
		work := a.between(3.5, 17.5)
		if w.ID == c.truant.ID {
			// It falls silent with the task in its hands.
			if end, away := truancy.back(a.clock + work); away {
				work = end - a.clock + time.Second
			}
		}
		a.after(work, finish{w.ID, fmt.Sprintf(`{"ok": true, "seconds": %.1f}`, work.Seconds())})
		if a.chance(0.3) {
			a.after(0, tell{w.ID, w.Parent, fmt.Sprintf(`{"kind": "report", "about": %q}`, pick(a.dice, subjects))})
		}
		a.after(a.between(0.1, 0.4), hear{w.ID, 10})
		a.after(a.between(0.4, 4), claim{w.ID, a.order()})
	}
}

// order is the order in which a worker looks for work.
func (a *actor) order() []string {
	queues := make([]string, len(desks))
	for i, n := range a.Perm(len(desks)) {
		queues[i] = desks[n].queue
	}
	return queues
}

// office is a coordinator's round: read the mail, tell somebody something,
// and now and then take a task itself.
func (c cast) office(boss swarm.Agent) func(*actor) {
	var to []string
	for _, w := range c.punctual() {
		if w.Parent == boss.ID {
			to = append(to, w.ID)
		}
	}
	if len(to) == 0 { // the secretariat speaks to the coordinators
		to = []string{c.coordinators[0].ID, c.coordinators[1].ID}
	}
	return func(a *actor) {
		a.after(a.between(1, 3), claim{boss.ID, []string{"review"}})
		a.after(a.between(1, 2), tell{boss.ID, pick(a.dice, to), fmt.Sprintf(`{"kind": "instruction", "about": %q}`, pick(a.dice, subjects))})
		a.after(a.between(1, 4), hear{boss.ID, 20})
		a.after(a.between(2, 6), tell{boss.ID, pick(a.dice, to), fmt.Sprintf(`{"kind": "question", "about": %q}`, pick(a.dice, subjects))})
		a.after(a.between(1, 3), hear{boss.ID, 20})
		a.after(a.between(1, 3), finish{boss.ID, `{"ok": true, "reviewed": true}`})
	}
}

// spawners is how many sub-agents of workers can live at once.
const spawners = 3

// spawn is the short life of one sub-agent after another: it joins, works on
// a task, reports and is retired.
func (c cast) spawn(n int) func(*actor) {
	parents := c.punctual()
	return func(a *actor) {
		parent := pick(a.dice, parents)
		scout := swarm.Agent{
			ID: "haiku_scout_" + a.hex(6), Role: "haiku_scout", Parent: parent.ID, Capacity: 50_000,
			BeatTTL: 30 * time.Second, Metadata: map[string]any{"model": "haiku", "task": pick(a.dice, subjects)},
		}
		wait := a.between(8, 40)
		if a.clock == 0 { // one is there when the play opens
			wait = time.Duration(n) * 7 * time.Second
		}
		a.after(wait, join{scout})
		a.after(a.between(0.2, 1), claim{scout.ID, a.order()})
		for range 2 + a.IntN(6) {
			a.after(a.between(3, 7), beat{scout})
		}
		a.after(a.between(1, 4), finish{scout.ID, `{"ok": true, "found": 3}`})
		a.after(0, tell{scout.ID, parent.ID, `{"kind": "result", "found": 3}`})
		a.after(a.between(0.5, 2), leave{scout.ID, parent.ID})
	}
}

var topics = []string{"shift_notes", "ems_protocols", "grid_forecast", "route_table"}

// sharing writes contexts under their fixed names, one every now and then.
func sharing(c cast, n int) func(*actor) {
	return func(a *actor) {
		for i := range n {
			topic, wait := pick(a.dice, topics), a.between(20, 40)
			if n == len(topics) { // all of them, at the opening
				topic, wait = topics[i], 0
			}
			p := a.packet(pick(a.dice, c.workers).ID, packet.ObjectOf(
				text("primitive", "context.share"), text("vertical", "general"), text("topic", topic),
				text("summary", pick(a.dice, subjects)+": "+pick(a.dice, findings)), number("revision", a.IntN(1000)),
			))
			a.after(wait, ship{dispatch.Destination{Key: keyspace.Context(topic)}, []packet.Packet{p}})
		}
	}
}

// announcing puts what the agents say of themselves into agents:metadata. A
// round comes only after the one before has expired: the hash would keep a
// field for each packet.
func announcing(c cast, wait time.Duration) func(*actor) {
	return func(a *actor) {
		a.clock += wait
		for _, w := range c.workers {
			p := a.packet(w.ID, packet.ObjectOf(
				text("primitive", "context.share"), text("vertical", "general"), text("model", "haiku"),
				text("skill", pick(a.dice, skills)), number("context_capacity", w.Capacity),
			))
			a.after(0, ship{dispatch.Destination{Key: keyspace.AgentsMetadata}, []packet.Packet{p}})
		}
	}
}

// packet makes a packet that lives as long as the demo's packets do. The time
// of its dispatch is set when it is sent.
func (a *actor) packet(origin string, contents packet.Value) packet.Packet {
	return packet.Packet{
		Origin: origin, Contents: contents, SchemaVersion: packet.Schema11,
		TTLSeconds: packetTTL, TrackingID: a.trackingID(),
	}
}
