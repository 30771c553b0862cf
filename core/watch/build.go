package watch

import (
	"math"
	"sort"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// For how long an empty queue, and an inbox that was read, stay in the
// picture.
const (
	emptyQueueKept = 10 * time.Minute
	emptyInboxKept = 30 * time.Second
)

// sample is the second's work: it moves the histories on and lets states
// change that change by time alone.
func (m *model) sample(now time.Time) {
	m.throughput.know(now)
	m.held.know(now)
	m.refused.know(now)
	m.notified.know(now)
	m.changed.throughput = true
	for _, q := range m.queues {
		q.busy = false
	}
	m.ageWork(now)
	m.changed.ages, m.beaten = m.changed.ages || m.beaten, false
	for key, q := range m.queues {
		before := q.depths.begun
		q.depths.put(now, q.Depth)
		if q.depths.begun != before && (q.Depth > 0 || now.Sub(q.Changed) < 2*time.Minute) {
			m.changed.queues = true
		}
		kept := emptyQueueKept
		if q.Class == keyspace.Inbox {
			kept = emptyInboxKept
		}
		if q.Depth == 0 && q.Type == "" && !q.busy && now.Sub(q.Changed) > kept {
			delete(m.queues, key)
			m.changed.queues = true
		}
		if q.Depth > 0 && q.State != Stuck && now.Sub(q.moved) >= StuckAfter {
			m.changed.queues = true
		}
	}
	for _, a := range m.agents {
		if stateOf(a, now) != a.state {
			m.changed.agents = true
		}
	}
}

// build makes the next Snapshot out of the last one, renewing only the parts
// that changed; nil when nothing did.
func (m *model) build(last *Snapshot) *Snapshot {
	c := m.changed
	if c == (changes{}) && m.taken.Equal(last.Taken) {
		return nil
	}
	now := time.Now()
	next := *last
	next.Taken, next.Link, next.Server, next.Hidden, next.Ledger = m.taken, m.link, m.server, m.hidden, m.ledger
	next.Contexts = len(m.contexts)
	next.EventRate = m.notified.mean(3)
	if c.link {
		m.version.Link++
	}
	if c.queues {
		next.Queues = m.buildQueues(now)
		m.version.Queues++
	}
	if c.agents {
		m.faulty.swarm = m.swarmFaults(now)
	}
	if c.agents || c.queues {
		m.faulty.queues = m.queueFaults(now)
		next.Faults = m.faults()
		next.Tasks = m.buildTasks()
		if m.tellFaults(last.Faults, next.Faults) {
			c.activity = true
		}
	}
	if c.agents {
		work, holds := m.buildWork(now)
		next.Work, next.Agents = work, m.buildAgents(now, holds)
		m.version.Agents++
	} else if c.ages {
		next.Work.Claims, next.Agents = m.renewed(last)
		m.version.Agents++
	}
	if c.carcel {
		next.Carcel = m.carcel
		m.version.Carcel++
	}
	if c.activity {
		next.Activity = newest(m.activity, maxEvents)
		m.version.Activity++
	}
	if c.throughput {
		from, seconds := m.throughput.seconds()
		next.Throughput = Throughput{
			From: from, Dispatched: seconds, Held: m.held.mean(60), Refused: m.refused.mean(60),
			Marks: newest(m.marks, maxMarks),
		}
		m.version.Throughput++
	}
	m.version.All++
	next.Version = m.version
	m.changed = changes{}
	return &next
}

func (m *model) buildQueues(now time.Time) []Queue {
	out := make([]Queue, 0, len(m.queues))
	for _, q := range m.queues {
		q.History, q.Peak = q.depths.recent(), q.depths.peak()
		q.Net, _ = q.depths.net(now, q.Depth)
		if state := q.judge(now); state != q.State || q.Since.IsZero() {
			q.State, q.Since = state, now
		}
		out = append(out, q.Queue)
	}
	sort.Slice(out, func(i, j int) bool { return before(&out[i], &out[j], now) })
	return out
}

// before orders queues by need: those that somebody must look at, then those
// that moved in the last five seconds, then the rest by name.
func before(a, b *Queue, now time.Time) bool {
	if ra, rb := a.rank(now), b.rank(now); ra != rb {
		return ra < rb
	}
	return a.Key < b.Key
}

func (q *Queue) rank(now time.Time) int {
	switch {
	case q.State <= Growing:
		return int(q.State)
	case q.Class == keyspace.Inbox: // it comes and goes with every message
		return map[bool]int{true: 14, false: 12}[q.State == Empty]
	case now.Sub(q.Changed) < 5*time.Second:
		return 10
	case q.State != Empty:
		return 11
	}
	return 13
}

// judge says how a queue stands. It grows or drains when its depth has
// changed by a fifth, and by a handful at least, over its history, or would
// within ten seconds at the present rate.
func (q *queue) judge(now time.Time) QueueState {
	if want := q.Class.RedisType(); q.Type != "" && q.Type != want {
		return WrongType
	}
	if q.Depth == 0 {
		return Empty
	}
	if now.Sub(q.moved) >= StuckAfter {
		return Stuck
	}
	then, change, known := q.trend()
	bound := max(4, then/5)
	soon := q.Net * 10 // what ten seconds at this rate would do
	if known >= 3 && math.Abs(soon) >= max(bound, float64(q.Depth)/5) {
		change = soon
	}
	switch {
	case change >= bound && q.Net > 0:
		return Growing
	case change <= -bound && q.Net < 0:
		return Draining
	}
	return Steady
}

// trend compares the older half of what is known of the history with the
// newer one, so that a queue which merely breathes does not seem to grow, and
// counts the cells that are known.
func (q *queue) trend() (older, change float64, known int) {
	var cells []float64
	for _, v := range q.History {
		if v == v {
			cells = append(cells, v)
		}
	}
	if len(cells) < 4 {
		return 0, 0, len(cells)
	}
	half := len(cells) / 2
	older = mean(cells[:half])
	return older, mean(cells[half:]) - older, len(cells)
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// lateAfter is the share of its TTL after which a heartbeat is late.
const lateAfter = 0.4

func stateOf(a *agent, now time.Time) AgentState {
	age := now.Sub(a.beat)
	switch {
	case a.beat.IsZero() || a.beatTTL == 0 || age > a.beatTTL:
		return Silent
	case age.Seconds() > lateAfter*a.beatTTL.Seconds():
		return Late
	}
	return Alive
}

// buildAgents makes the tree. An agent whose parent is not known is a root; a
// ring of parents, which only a broken writer makes, is cut.
func (m *model) buildAgents(now time.Time, holds map[string][]Claim) []Agent {
	parents := map[string]string{}
	for parent, set := range m.children {
		for id := range set {
			parents[id] = parent
		}
	}
	all := make(map[string]*Agent, len(m.agents))
	add := func(id string, a *agent) {
		parent := first(a.parent, parents[id])
		_, session := m.sessions[id]
		a.state = stateOf(a, now)
		agent := &Agent{
			ID: id, Role: a.role, Parent: parent, Registered: a.registered, Beat: a.beat, BeatTTL: a.beatTTL,
			State: a.state, Context: a.context, Capacity: a.capacity, Session: session,
		}
		if q := m.queues[keyspace.Messages(id)]; q != nil {
			agent.Inbox = q.Depth
		}
		m.labour(agent, holds[id], now)
		all[id] = agent
	}
	for id, a := range m.agents {
		_, session := m.sessions[id]
		if a.info || session || a.beatTTL > 0 {
			add(id, a)
		}
	}
	for id := range m.sessions {
		if all[id] == nil {
			add(id, &agent{})
		}
	}
	return tree(all)
}

func tree(all map[string]*Agent) []Agent {
	children := map[string][]*Agent{}
	for _, a := range all {
		parent := a.Parent
		if all[parent] == nil || parent == a.ID {
			a.Orphan = parent != ""
			parent = ""
		}
		children[parent] = append(children[parent], a)
	}
	trouble := map[string]AgentState{} // how bad it is with an agent or below it; 0 for well
	for _, a := range all {
		bad := Late - a.State
		for up := a; a.State < Late && up != nil && trouble[up.ID] < bad; up = all[up.Parent] {
			trouble[up.ID] = bad
		}
	}
	for parent, list := range children {
		sort.Slice(list, func(i, j int) bool {
			a, b := list[i], list[j]
			switch {
			case trouble[a.ID] != trouble[b.ID]:
				return trouble[a.ID] > trouble[b.ID]
			case a.State != b.State && parent != "": // roots keep their places
				return a.State < b.State
			}
			return a.ID < b.ID
		})
	}
	out := make([]Agent, 0, len(all))
	var walk func(list []*Agent, level int)
	walk = func(list []*Agent, level int) {
		for i, a := range list {
			a.Level, a.Last = level, i == len(list)-1
			out = append(out, *a)
			walk(children[a.ID], level+1)
		}
	}
	walk(children[""], 0)
	if len(out) < len(all) { // a ring hangs on no root
		placed := map[string]bool{}
		for i := range out {
			placed[out[i].ID] = true
		}
		var ring []*Agent
		for id, a := range all {
			if !placed[id] {
				a.Orphan = true
				ring = append(ring, a)
			}
		}
		sort.Slice(ring, func(i, j int) bool { return ring[i].ID < ring[j].ID })
		for _, a := range ring {
			out = append(out, *a)
		}
	}
	return out
}

func (m *model) buildTasks() Tasks {
	t := Tasks{Claimed: len(m.claims), Completed: len(m.completed), Lost: len(m.lost)}
	for _, q := range m.queues {
		if q.Class == keyspace.TaskWaiting {
			t.Waiting += q.Depth
		}
	}
	return t
}
