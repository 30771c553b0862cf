package keyspace

import "strconv"

// Partition names the part of the keyspace whose ledger, carcel and decisions
// belong together, so that every script stays inside one slot. On one server
// there is one, Main, and its keys have the paper's plain names; in a Cluster
// a partition's own keys carry its name as a hash tag.
type Partition string

// Main is the only partition of a single server.
const Main Partition = "main"

// Keys that are the same in every partition.
const (
	AgentsMetadata = "agents:metadata" // HASH tracking_id → packet
	SwarmSessions  = "swarm:sessions"  // SET of agent ids
	Keyring        = "ttt:keyring"
	KeyRequests    = "ttt:keyring:requests" // HASH key_id → a key that asks to be trusted
)

// Channels of the swarm's events.
const (
	ChannelAll       = "channel:*" // a pattern
	ChannelBroadcast = "channel:broadcast"
	ChannelRepairs   = "channel:repairs"
	ChannelsQueues   = "channel:queue:" // begins the names of the queues' channels
)

func (p Partition) key(plain string) string {
	if p == Main {
		return plain
	}
	return plain + ":{" + string(p) + "}"
}

// DeadLetters is the carcel: LIST of rejections, newest last.
func (p Partition) DeadLetters() string { return p.key("carcel:dead_letters") }

// Expired is where packets go that were found past their own TTL: LIST.
func (p Partition) Expired() string { return p.key("carcel:expired") }

// Marks holds the SHA-256, in hex, of every raw entry that has left the
// carcel, so that a copy of it is not released again: ZSET, score = when, in
// milliseconds.
func (p Partition) Marks() string { return p.key("carcel:marks") }

// Pending holds the tracking ids of entries that wait for a person: ZSET,
// score = when they end as denied, in milliseconds.
func (p Partition) Pending() string { return p.key("carcel:pending") }

// Changes counts what was altered inside the carcel, which its length does
// not tell: STRING.
func (p Partition) Changes() string { return p.key("carcel:changes") }

// Bin keeps one discarded entry, by the SHA-256 of its text: STRING with a
// TTL.
func (p Partition) Bin(sha string) string { return p.key("carcel:bin:" + sha) }

// Bins lists what is in the bin: ZSET SHA-256, score = when it ends, in
// milliseconds.
func (p Partition) Bins() string { return p.key("carcel:bins") }

// Run is the state of one replay: HASH.
func (p Partition) Run(id string) string { return p.key("carcel:run:" + id) }

// RunPlan lists the SHA-256 of the entries that a replay was confirmed for:
// LIST.
func (p Partition) RunPlan(id string) string { return p.key("carcel:run:" + id + ":plan") }

// RunReleased holds the tracking ids that a replay has released: SET.
func (p Partition) RunReleased(id string) string { return p.key("carcel:run:" + id + ":released") }

// Runs lists the replays: ZSET id, score = when it began, in milliseconds.
func (p Partition) Runs() string { return p.key("carcel:runs") }

// Rate counts a vertical's actions within the last minute: ZSET slot, score =
// when, in milliseconds.
func (p Partition) Rate(vertical string) string { return p.key("ifp:rate:" + vertical) }

// Fired counts how often each rule fired within ten minutes, numbered from
// 1970: HASH.
func (p Partition) Fired(tenMinutes int64) string {
	return p.key("ifp:fired:" + strconv.FormatInt(tenMinutes, 10))
}

// Decision is the record of the council's decision on one packet, and the
// mark by which a retried dispatch is known: STRING, JSON.
func (p Partition) Decision(trackingID string) string {
	return p.key("guardian:decision:" + trackingID)
}

// BatchDecision is the record that the packets of one batch share: STRING.
func (p Partition) BatchDecision(batchID string) string {
	return p.key("guardian:decision:batch:" + batchID)
}

// BatchMark says that a batch has landed: STRING, kept for ten minutes.
func (p Partition) BatchMark(batchID string) string { return p.key("ifp:batch:" + batchID) }

// Ledger is the append-only log of decisions: STREAM with ids n-0, n from 1.
func (p Partition) Ledger() string {
	if p == Main {
		return "ttt:ledger:main"
	}
	return "ttt:ledger:{" + string(p) + "}"
}

// Checkpoint holds the ledger's signed tree head: STRING.
func (p Partition) Checkpoint() string { return p.Ledger() + ":checkpoint" }

// Tiles holds the hashes of the ledger's tree, 256 to a tile: HASH
// "level/number" → 32 bytes each.
func (p Partition) Tiles() string { return p.Ledger() + ":tiles" }

// BrokenLedger is where a ledger whose records made no unbroken row was put
// aside at a time in milliseconds: whatever it was, mostly STREAM.
func (p Partition) BrokenLedger(at int64) string {
	return p.Ledger() + broken + strconv.FormatInt(at, 10)
}

const broken = ":broken:"

// Queue is a packet queue by its bare name: LIST.
func Queue(name string) string { return "queue:" + name }

// Messages is an agent's inbox: LIST of message objects.
func Messages(agentID string) string { return "messages:" + agentID }

// Context is a packet that agents share by name: STRING.
func Context(name string) string { return "context:" + name }

// Agent describes an agent: HASH.
func Agent(agentID string) string { return Agents + agentID }

// Heartbeat is the time at which an agent last said that it lives: STRING,
// float seconds since 1970, with a TTL.
func Heartbeat(agentID string) string { return "agents:" + agentID + ":heartbeat" }

// PaperHeartbeat is the name that the paper gives the heartbeat: read only.
func PaperHeartbeat(agentID string) string { return "agents:" + agentID + ":hb" }

// AgentContext is an agent's shared context: HASH.
func AgentContext(agentID string) string { return "agents:" + agentID + ":context" }

// ContextChunk is one piece of a context over 1 MiB, n from 0: STRING.
func ContextChunk(agentID string, n int) string {
	return ContextChunks(agentID) + strconv.Itoa(n)
}

// ContextChunks begins the names of a context's pieces.
func ContextChunks(agentID string) string { return AgentContext(agentID) + ":chunk:" }

// Subagents are the agents that a parent spawned: SET of agent ids.
func Subagents(parentID string) string { return SubagentsOf + parentID }

// TaskMeta describes a task: HASH.
func TaskMeta(taskID string) string { return TasksMeta + taskID }

// TaskQueue orders the waiting tasks of a queue: ZSET, score = −priority.
func TaskQueue(queue string) string { return TasksQueue + queue }

// TaskClaimed says who works on a task: STRING with a TTL.
func TaskClaimed(taskID string) string { return TasksClaimed + taskID }

// TaskCompleted is the outcome of a task: HASH.
func TaskCompleted(taskID string) string { return TasksCompleted + taskID }

// What the names of tasks' keys begin with, for scripts that learn the ids.
const (
	TasksMeta      = "tasks:meta:"
	TasksQueue     = "tasks:queue:"
	TasksClaimed   = "tasks:claimed:"
	TasksCompleted = "tasks:completed:"
	TasksDelayed   = "ifp:delayed:"
	TasksLeased    = "ifp:leased:"
	Agents         = "agents:"
	SubagentsOf    = "swarm:subagents:"
)

// Delayed orders the tasks of a queue that failed and come back later: ZSET,
// score = when, in milliseconds.
func Delayed(queue string) string { return TasksDelayed + queue }

// Leased orders the tasks of a queue that somebody holds: ZSET, score = when
// the lease ends, in milliseconds.
func Leased(queue string) string { return TasksLeased + queue }

// StagedContext begins the names of the pieces of a context that is being
// written, before the agent's own are exchanged for them; their number comes
// behind: STRING with a short TTL.
func StagedContext(agentID, put string) string { return "ifp:context:" + agentID + ":" + put + ":" }

// Channel is a channel of the swarm by its bare name.
func Channel(name string) string { return "channel:" + name }

// ChannelAgent carries an agent's events.
func ChannelAgent(agentID string) string { return "channel:agent:" + agentID }

// ChannelQueue carries a task queue's events.
func ChannelQueue(queue string) string { return ChannelsQueues + queue }

// Conversation is one conversation of two parties: HASH. Its id is a hash tag,
// so that all keys of a conversation lie in one slot.
func Conversation(id string) string { return "ifp:conversation:{" + id + "}" }

// ConversationInbox holds what one side ("a" or "b") has not acknowledged yet:
// LIST.
func ConversationInbox(id, side string) string { return Conversation(id) + ":to:" + side }

// ConversationSent counts what one side sent within a day: ZSET request id,
// score = when, in milliseconds.
func ConversationSent(id, side string) string { return Conversation(id) + ":sent:" + side }

// ChannelConversation carries a conversation's events.
func ChannelConversation(id string) string { return "channel:conversation:" + id }

// Probe is the channel on which a watcher hears itself.
func Probe(watcherID string) string { return "ifp:probe:" + watcherID }
