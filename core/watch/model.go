package watch

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math"
	"strconv"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
)

// model is what is known of the server between two snapshots. It belongs to
// the watcher's goroutine.
type model struct {
	link   Link
	server Server
	taken  time.Time
	hidden int

	types    map[string]string // every key that is followed, and its Redis type
	misnamed map[string]string // those whose type is not what their name promises
	expires  map[string]time.Time

	queues   map[string]*queue
	agents   map[string]*agent
	sessions map[string]struct{}
	children map[string]map[string]struct{} // parent → swarm:subagents
	contexts map[string]bool                // context:* → its value is a packet, as far as is known

	tasks     map[string]task
	claims    map[string]*claim
	completed map[string]bool // id → it is known who did it
	done      []Done          // in no order
	tallies   map[string]*tally

	lost, left               []string
	suspectLost, suspectLeft map[string]bool
	lapsed                   map[string]bool // those of the lost whose lease is over
	faulty                   struct{ queues, swarm []Fault }

	entries     *carcel.Index
	carcelDirty bool // something about the carcel may have changed
	carcelMore  bool // not all of it is read
	carcel      Carcel
	ledger      int64
	recorded    int64 // the time in the ledger's newest record, as it stands there

	throughput, held, refused counter
	notified                  counter
	marks                     []Mark

	activity []Event
	seq      uint64

	// Heartbeats and longer leases, of which a large swarm has hundreds a
	// second, change no more than ages: they show with the next second.
	beaten  bool
	changed changes
	version Versions
}

// changes are the parts of the picture that are to be made anew; ages are those
// of heartbeats and leases alone.
type changes struct{ link, queues, agents, ages, carcel, activity, throughput bool }

type queue struct {
	Queue
	seen   bool
	depths depths
	front  uint64    // hash of the value that is next to be taken
	moved  time.Time // when something was last taken, or it was first seen
	busy   bool      // somebody holds a task of it, or one was lost
}

type agent struct {
	info       bool // agents:{id} is there
	role       string
	parent     string
	registered time.Time
	capacity   int64
	beat       time.Time
	beatTTL    time.Duration
	beatValue  string        // as it was written
	apart      time.Duration // our clock minus the agent's, where they differ
	context    int64
	chunks     int64
	state      AgentState // as the last snapshot shows it
}

func newModel(address string) *model {
	return &model{
		server:   Server{Address: address},
		types:    map[string]string{},
		misnamed: map[string]string{},
		expires:  map[string]time.Time{},
		queues:   map[string]*queue{},
		agents:   map[string]*agent{},
		sessions: map[string]struct{}{},
		children: map[string]map[string]struct{}{},
		contexts: map[string]bool{}, tasks: map[string]task{}, claims: map[string]*claim{},
		completed: map[string]bool{}, tallies: map[string]*tally{},
	}
}

// known are all keys that are followed, as a set of dirty keys.
func (m *model) known() map[string]bool {
	keys := make(map[string]bool, len(m.types))
	for key := range m.types {
		keys[key] = true
	}
	return keys
}

func (m *model) setLink(l Link) {
	if l.State != m.link.State || l.Since.IsZero() {
		l.Since = time.Now()
	}
	if l.State == m.link.State {
		l.Since = m.link.Since
	} else {
		m.noteLink(l)
	}
	m.link = l
	m.changed.link = true
}

// noteLink tells in the activity that the link has changed.
func (m *model) noteLink(l Link) {
	now := time.Now()
	switch l.State {
	case Away:
		m.mark(now, "away")
		m.log(Event{At: now, Kind: Console, What: "away", Subject: m.server.Address, Detail: l.Reason, Count: 1})
	case Live, Polling:
		m.log(Event{At: now, Kind: Console, What: l.State.String(), Subject: m.server.Address, Detail: l.Reason, Count: 1})
	}
}

// resume marks the time since the connection was lost as not known.
func (m *model) resume(now time.Time) {
	if m.link.State == Away {
		m.throughput.miss(now)
		m.held.miss(now)
		m.refused.miss(now)
	}
}

func (m *model) setServer(s Server) {
	if m.server.RunID != "" && s.RunID != m.server.RunID {
		m.log(Event{At: time.Now(), Kind: Console, What: "another server", Subject: s.Address,
			Detail: "the server was restarted or replaced", Count: 1})
	}
	if s != m.server {
		m.server = s
		m.changed.link = true
	}
}

func (m *model) setHidden(n int) { m.hidden = n }

// local turns a time of the server's clock into one of ours.
func (m *model) local(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.Add(-m.server.Skew)
}

// sort files a key under its type, and forgets what it was as another type.
func (m *model) sort(key, kind string, ttl time.Duration, now time.Time) {
	class := keyspace.Classify(key)
	if old := m.types[key]; old != "" && old != kind {
		m.gone(key)
	}
	m.types[key] = kind
	delete(m.misnamed, key)
	delete(m.expires, key)
	if ttl > 0 {
		m.expires[key] = now.Add(ttl)
	}
	if class == keyspace.SharedContext {
		m.contexts[key] = true
		m.changed.queues = true
	}
	if class == keyspace.TaskResult {
		if id := keyspace.TaskOf(key); !m.completed[id] {
			m.completed[id] = false
			m.changed.agents = true
		}
	}
	if want := class.RedisType(); want != "" && want != kind {
		m.misnamed[key] = kind
		m.changed.agents = true
		if class == keyspace.PacketQueue || class == keyspace.Inbox || class == keyspace.TaskWaiting {
			q := m.queue(key, class)
			q.Type, q.seen = kind, true
		}
	} else if q := m.queues[key]; q != nil {
		q.Type = kind
		q.Expires = m.expires[key]
	}
}

// gone forgets a key. A queue stays for a while, empty, as the operator knows
// it: Redis removes a list with its last element.
func (m *model) gone(key string) {
	class := keyspace.Classify(key)
	_, misnamed := m.misnamed[key]
	// Under load queues empty and fill all the time: that alone is no reason
	// to look at the agents again.
	if misnamed || class != keyspace.PacketQueue && class != keyspace.TaskWaiting {
		m.changed.agents = true
	}
	delete(m.types, key)
	delete(m.misnamed, key)
	delete(m.expires, key)
	switch class {
	case keyspace.PacketQueue, keyspace.Inbox, keyspace.TaskWaiting:
		if q := m.queues[key]; q != nil {
			q.Type, q.Expires = "", time.Time{}
			m.seeDepth(q, 0, 0, time.Time{}, time.Now())
		}
	case keyspace.Carcel:
		if key == keyspace.Main.DeadLetters() {
			m.carcelDirty = true
		} else {
			m.seeBin(key, 0)
		}
	case keyspace.SharedContext:
		delete(m.contexts, key)
	case keyspace.AgentInfo:
		if a := m.agents[keyspace.AgentOf(key)]; a != nil {
			a.info = false
		}
	case keyspace.AgentHeartbeat:
		if a := m.agents[keyspace.AgentOf(key)]; a != nil && !m.beats(keyspace.AgentOf(key)) {
			a.beatTTL = 0
		}
	case keyspace.AgentContextInfo:
		if a := m.agents[keyspace.AgentOf(key)]; a != nil {
			a.context, a.chunks = 0, 0
		}
	case keyspace.SwarmSet:
		m.seeSwarm(key, nil)
	case keyspace.TaskInfo:
		delete(m.tasks, keyspace.TaskOf(key))
	case keyspace.TaskClaim:
		delete(m.claims, keyspace.TaskOf(key))
	case keyspace.TaskResult:
		delete(m.completed, keyspace.TaskOf(key))
	}
}

func (m *model) queue(key string, class keyspace.Class) *queue {
	q := m.queues[key]
	if q == nil {
		q = &queue{Queue: Queue{Key: key, Class: class}, moved: time.Now()}
		m.queues[key] = q
	}
	m.changed.queues = true
	if class == keyspace.Inbox {
		m.changed.agents = true // an agent shows its inbox
	}
	return q
}

var seed = maphash.MakeSeed()

func (m *model) seeList(key string, class keyspace.Class, depth int64, head, tail string, now time.Time) {
	q := m.queue(key, class)
	q.Type, q.Expires = keyspace.TypeList, m.expires[key]
	q.Faults = nil
	at, front := time.Time{}, head
	if depth > 0 {
		first, faults := sentAt(class, head)
		last, _ := sentAt(class, tail)
		q.Faults = faults
		at = first
		// Whoever pushes at the head takes from the tail.
		if !last.IsZero() && last.Before(first) {
			at, front = last, tail
		}
	}
	m.seeDepth(q, depth, maphash.String(seed, front), m.local(at), now)
}

// sentAt reads when a value of a queue was sent, and what is wrong with it.
func sentAt(class keyspace.Class, raw string) (time.Time, []packet.Fault) {
	if class == keyspace.Inbox {
		var message struct{ Timestamp string }
		if json.Unmarshal([]byte(raw), &message) != nil {
			return time.Time{}, nil
		}
		at, _ := packet.ParseTime(message.Timestamp)
		return at, nil
	}
	reading, err := packet.Read([]byte(raw))
	if err != nil {
		return time.Time{}, []packet.Fault{{Field: "value", Value: "", Expected: err.Error()}}
	}
	at, _ := reading.Packet.Time()
	return at, reading.Faults
}

func (m *model) seeTaskQueue(key string, depth int64, head []string, now time.Time) {
	q := m.queue(key, keyspace.TaskWaiting)
	q.Type, q.Expires = keyspace.TypeZSet, m.expires[key]
	front := uint64(0)
	if len(head) > 0 {
		front = maphash.String(seed, head[0])
	}
	m.seeDepth(q, depth, front, time.Time{}, now)
}

func (m *model) seeDepth(q *queue, depth int64, front uint64, oldest, now time.Time) {
	if !q.seen || depth < q.Depth || front != q.front || depth == 0 {
		q.moved = now
	}
	if depth != q.Depth || !q.seen {
		q.Changed = now
	}
	q.seen, q.Depth, q.front, q.Oldest = true, depth, front, oldest
	q.depths.put(now, depth)
	m.changed.queues = true
}

func (m *model) agent(id string) *agent {
	a := m.agents[id]
	if a == nil {
		a = &agent{}
		m.agents[id] = a
	}
	m.changed.agents = true
	return a
}

func (m *model) seeAgent(id string, fields []any) {
	if len(fields) != 4 {
		return
	}
	a := m.agent(id)
	a.info = true
	a.role, a.parent = str(fields[0]), str(fields[1])
	if a.parent == "none" {
		a.parent = ""
	}
	at, _ := packet.ParseTime(str(fields[2]))
	a.registered = m.local(at)
	a.capacity, _ = strconv.ParseInt(str(fields[3]), 10, 64)
}

// beats reports whether a key with the agent's heartbeat is there, under one
// name or the other.
func (m *model) beats(id string) bool {
	return m.types[keyspace.Heartbeat(id)] != "" || m.types[keyspace.PaperHeartbeat(id)] != ""
}

// presetBeatTTL is taken for heartbeats that were written without a TTL.
const presetBeatTTL = 300 * time.Second

func (m *model) seeHeartbeat(id, value string, left time.Duration, now time.Time) {
	changed := m.changed.agents
	a := m.agent(id)
	before := a.beatTTL
	beat := now
	if at, ok := beatTime(value); ok {
		beat = a.onOurClock(m.local(at), value, now)
	}
	if beat.Before(a.beat) && m.types[keyspace.Heartbeat(id)] != "" && m.types[keyspace.PaperHeartbeat(id)] != "" {
		return // both names are there: the newer one counts
	}
	a.beat, a.beatTTL = beat, presetBeatTTL
	if left > 0 {
		// What is left plus what has passed; a whole number of seconds, as
		// it was set.
		a.beatTTL = max((now.Sub(a.beat) + left).Round(time.Second), time.Second)
	}
	if before > 0 && stateOf(a, now) == a.state {
		m.changed.agents, m.beaten = changed, true
	}
}

// clockApart is from when on an agent's clock counts as wrong: a heartbeat is
// read a moment after it was written, and where there are no notifications some
// seconds after.
const clockApart = 10 * time.Second

// onOurClock is when a heartbeat was written. Agents write the time of their own
// machines: how far that is from ours shows when a new heartbeat is read that
// has just been written.
func (a *agent) onOurClock(beat time.Time, value string, now time.Time) time.Time {
	if a.beatValue != "" && value != a.beatValue {
		if a.apart = now.Sub(beat); a.apart.Abs() < clockApart {
			a.apart = 0
		}
	}
	a.beatValue = value
	return beat.Add(a.apart)
}

// beatTime reads float seconds since 1970; a time as text is read too.
func beatTime(value string) (time.Time, bool) {
	if f, err := strconv.ParseFloat(value, 64); err == nil && f > 0 && f < 1e11 {
		whole, part := math.Modf(f)
		return time.Unix(int64(whole), int64(part*1e9)), true
	}
	at, err := packet.ParseTime(value)
	return at, err == nil
}

func (m *model) seeContext(id string, fields []any) {
	if len(fields) != 2 {
		return
	}
	a := m.agent(id)
	a.context, _ = strconv.ParseInt(str(fields[0]), 10, 64)
	a.chunks, _ = strconv.ParseInt(str(fields[1]), 10, 64)
}

func (m *model) seeSwarm(key string, members []string) {
	set := make(map[string]struct{}, len(members))
	for _, id := range members {
		if len(id) <= 128 && id != "" && id[0] != '{' { // packets may stand in swarm sets too
			set[id] = struct{}{}
		}
	}
	if parent, ok := keyspace.ParentOf(key); ok {
		m.children[parent] = set
		if len(set) == 0 {
			delete(m.children, parent)
		}
	} else if key == keyspace.SwarmSessions {
		m.sessions = set
	}
	m.changed.agents = true
}

func (m *model) seeBin(key string, length int64) {
	if key == keyspace.Main.Expired() {
		m.carcel.Expired = length
		m.changed.carcel = true
	}
}

// seePacket notes whether what stands under a context key is a packet; part of
// a long value tells nothing.
func (m *model) seePacket(key, head string) {
	isPacket := true
	if len(head) < contextHead {
		_, err := packet.Read([]byte(head))
		isPacket = err == nil
	}
	if m.contexts[key] != isPacket {
		m.contexts[key] = isPacket
		m.changed.queues = true
	}
}

// registered reports whether anything says that there is such an agent.
func (m *model) registered(id string) bool {
	_, session := m.sessions[id]
	a := m.agents[id]
	return session || a != nil && (a.info || a.beatTTL > 0)
}

// forget drops what is kept of agents that are no more.
func (m *model) forget() {
	for id, a := range m.agents {
		if !m.registered(id) && a.context == 0 && a.chunks == 0 {
			delete(m.agents, id)
		}
	}
}

// ledgerGone resets the reading position when the ledger vanished or shrank.
func (m *model) ledgerGone(kind string) {
	if m.ledger > 0 {
		detail := "it is no longer there"
		if kind != keyspace.TypeNone {
			detail = fmt.Sprintf("it is %s", kind)
		}
		m.log(Event{At: time.Now(), Kind: Console, What: "ledger lost", Subject: keyspace.Main.Ledger(), Detail: detail, Count: 1})
	}
	m.ledger = 0
}

func str(v any) string {
	s, _ := v.(string)
	return s
}
