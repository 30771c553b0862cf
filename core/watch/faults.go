package watch

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// shortLife and longList say when a whole queue is about to be lost.
const (
	shortLife = 5 * time.Minute
	longList  = 20
)

// faultList gathers faults.
type faultList []Fault

func (l *faultList) add(kind FaultKind, key, format string, args ...any) {
	*l = append(*l, Fault{kind, key, fmt.Sprintf(format, args...)})
}

// faults are all that are known, by their kind, then by key.
func (m *model) faults() []Fault {
	out := make([]Fault, 0, len(m.faulty.queues)+len(m.faulty.swarm))
	out = append(append(out, m.faulty.queues...), m.faulty.swarm...)
	sort.Slice(out, func(i, j int) bool {
		if out[i].Kind != out[j].Kind {
			return out[i].Kind < out[j].Kind
		}
		return out[i].Key < out[j].Key
	})
	return out
}

// tellFaults writes what became wrong into the activity, and reports whether
// it was anything. Of a flood it tells the first few.
func (m *model) tellFaults(before, now []Fault) bool {
	const most = 20
	known := make(map[Fault]bool, len(before))
	for _, f := range before {
		known[Fault{Kind: f.Kind, Key: f.Key}] = true
	}
	told := 0
	for _, f := range now {
		if !known[Fault{Kind: f.Kind, Key: f.Key}] && told < most {
			m.log(Event{At: time.Now(), Kind: Console, What: string(f.Kind), Subject: f.Key, Detail: f.Detail, Count: 1})
			told++
		}
	}
	return told > 0
}

// queueFaults are those of queues and inboxes. They are looked for at every
// change of one, so that this must not walk over all keys.
func (m *model) queueFaults(now time.Time) []Fault {
	var out faultList
	for key, q := range m.queues {
		if !q.Expires.IsZero() && q.Depth >= longList && q.Expires.Sub(now) < shortLife {
			out.add(QueueExpires, key, "%d values end with their key at %s", q.Depth, q.Expires.Format(time.TimeOnly))
		}
		if q.Class == keyspace.PacketQueue && q.Depth > 0 && len(q.Faults) > 0 && q.Faults[0].Field == "value" {
			out.add(NoPacket, key, "the value at its head is no packet")
		}
		if q.Class == keyspace.Inbox && q.Depth > 0 && !m.registered(keyspace.AgentOf(key)) {
			out.add(NoSuchAgent, key, "%d messages wait for an agent that is not registered", q.Depth)
		}
	}
	return out
}

// swarmFaults are those of agents, contexts, tasks and names.
func (m *model) swarmFaults(now time.Time) []Fault {
	var out faultList
	for key, kind := range m.misnamed {
		out.add(TypeWrong, key, "holds a %s, its name promises a %s", kind, keyspace.Classify(key).RedisType())
	}
	for id := range m.sessions {
		if a := m.agents[id]; a == nil || stateOf(a, now) == Silent {
			out.add(AgentSilent, keyspace.Agent(id), "it stands in %s and has no heartbeat", keyspace.SwarmSessions)
		}
	}
	for key, isPacket := range m.contexts {
		if !isPacket {
			out.add(NoPacket, key, "its value is no packet")
		}
	}
	for parent, set := range m.children {
		if m.registered(parent) {
			continue
		}
		for id := range set {
			if a := m.agents[id]; a == nil || !a.info || a.parent == "" { // else it says so itself
				out.add(AgentOrphaned, keyspace.Agent(id), "its parent %s is gone", parent)
			}
		}
	}
	for id, a := range m.agents {
		if a.info && a.parent != "" && !m.registered(a.parent) {
			out.add(AgentOrphaned, keyspace.Agent(id), "its parent %s is gone", a.parent)
		}
		if m.types[keyspace.AgentContext(id)] != "" && !m.registered(id) {
			out.add(NoSuchAgent, keyspace.AgentContext(id), "a context of an agent that is not registered")
		}
		if missing := m.missingChunks(id, a); missing != "" {
			out.add(ContextCut, keyspace.AgentContext(id), "%s, of %d", missing, a.chunks)
		}
	}
	for _, id := range m.lost {
		why := "in no queue, not claimed, not completed"
		if m.lapsed[id] {
			why = "its lease is over, and nobody has put it back"
		}
		out.add(TaskLost, keyspace.TaskMeta(id), "%s", why)
	}
	for _, id := range m.left {
		out.add(ClaimInQueue, keyspace.TaskClaimed(id), "claimed and still in its queue")
	}
	return out
}

// missingNamed is how many missing chunks are named.
const missingNamed = 5

// missingChunks names the chunks of a context that are gone; "" when none is.
func (m *model) missingChunks(id string, a *agent) string {
	var names []string
	more := 0
	for n := range min(a.chunks, 4096) {
		if _, there := m.types[keyspace.ContextChunk(id, int(n))]; there {
			continue
		}
		if len(names) == missingNamed {
			more++
			continue
		}
		names = append(names, strconv.FormatInt(n, 10))
	}
	text := strings.Join(names, ", ")
	switch {
	case len(names) == 0:
		return ""
	case more > 0:
		return fmt.Sprintf("chunks %s and %d more are missing", text, more)
	case len(names) > 1:
		return "chunks " + text + " are missing"
	}
	return "chunk " + text + " is missing"
}
