package keyspace

import "strings"

// Class is what a key is for. Keys are classified by their whole shape, not
// by their prefix alone: other programs keep more kinds under agents:.
type Class uint8

// The classes of keys.
const (
	Other Class = iota // not ours to read
	PacketQueue
	Inbox       // messages:*
	Carcel      // carcel:dead_letters and the other lists of carcel:*
	CarcelIndex // what stands beside the carcel: marks, pending, bin, runs
	SharedContext
	PacketHash // agents:metadata
	SwarmSet   // swarm:*
	AgentInfo
	AgentHeartbeat
	AgentContextInfo
	AgentContextChunk
	TaskInfo
	TaskWaiting
	TaskClaim
	TaskResult
	DecisionRecord
	LedgerStream
	Internal // ifp:* and the rest of ttt:*
)

// Redis types as the TYPE command names them.
const (
	TypeNone   = "none"
	TypeString = "string"
	TypeList   = "list"
	TypeSet    = "set"
	TypeZSet   = "zset"
	TypeHash   = "hash"
	TypeStream = "stream"
)

type classInfo struct {
	name, redisType, operation string
	packets                    bool
}

var classes = map[Class]classInfo{
	Other:             {name: "other"},
	PacketQueue:       {"queue", TypeList, "rpush", true},
	Inbox:             {"messages", TypeList, "rpush", false},
	Carcel:            {"carcel", TypeList, "", false},
	CarcelIndex:       {name: "carcel index"},
	SharedContext:     {"context", TypeString, "set", true},
	PacketHash:        {"agents", TypeHash, "hset", true},
	SwarmSet:          {"swarm", TypeSet, "sadd", false},
	AgentInfo:         {"agent", TypeHash, "hset", false},
	AgentHeartbeat:    {"heartbeat", TypeString, "", false},
	AgentContextInfo:  {"agent context", TypeHash, "", false},
	AgentContextChunk: {"context chunk", TypeString, "", false},
	TaskInfo:          {"task", TypeHash, "", false},
	TaskWaiting:       {"task queue", TypeZSet, "", false},
	TaskClaim:         {"task claim", TypeString, "", false},
	TaskResult:        {"task result", TypeHash, "", false},
	DecisionRecord:    {"decision", TypeString, "", false},
	LedgerStream:      {"ledger", TypeStream, "", false},
	Internal:          {name: "internal"},
}

// String names the class for people.
func (c Class) String() string { return classes[c].name }

// RedisType is the type that a key of this class must have, "" where any will
// do.
func (c Class) RedisType() string { return classes[c].redisType }

// Operation is the dispatch operation that a packet to a key of this class
// takes when none is named, "" where no packet belongs or none can be told.
func (c Class) Operation() string { return classes[c].operation }

// HoldsPackets reports whether each value under such a key should be a packet.
func (c Class) HoldsPackets() bool { return classes[c].packets }

// Managed reports whether only the engine's own scripts may write such a key,
// so that no packet may be dispatched to it by name.
func (c Class) Managed() bool {
	switch c {
	case Carcel, CarcelIndex, AgentHeartbeat, AgentContextInfo, AgentContextChunk, TaskInfo, TaskWaiting,
		TaskClaim, TaskResult, DecisionRecord, LedgerStream, Internal:
		return true
	}
	return false
}

// Classify tells what a key is for.
func Classify(key string) Class {
	prefix, rest, found := strings.Cut(key, ":")
	if !found || rest == "" {
		return Other
	}
	switch prefix {
	case "queue":
		return PacketQueue
	case "messages":
		return Inbox
	case "carcel":
		return classifyCarcel(rest)
	case "context":
		return SharedContext
	case "swarm":
		return SwarmSet
	case "agents":
		return classifyAgent(rest)
	case "tasks":
		return classifyTask(rest)
	case "guardian":
		if strings.HasPrefix(rest, "decision:") {
			return DecisionRecord
		}
	case "ttt":
		if strings.HasPrefix(rest, "ledger:") && !strings.HasSuffix(rest, ":checkpoint") && !strings.HasSuffix(rest, ":tiles") && !strings.Contains(rest, broken) {
			return LedgerStream
		}
		return Internal
	case "ifp":
		return Internal
	}
	return Other
}

func classifyCarcel(rest string) Class {
	name, _, _ := strings.Cut(rest, ":")
	switch name {
	case "marks", "pending", "changes", "bin", "bins", "run", "runs":
		return CarcelIndex
	}
	return Carcel
}

func classifyAgent(rest string) Class {
	id, tail, deeper := strings.Cut(rest, ":")
	switch {
	case rest == "metadata":
		return PacketHash
	case !deeper:
		return AgentInfo
	case id == "":
		return Other
	case tail == "heartbeat" || tail == "hb":
		return AgentHeartbeat
	case tail == "context":
		return AgentContextInfo
	case strings.HasPrefix(tail, "context:chunk:"):
		return AgentContextChunk
	}
	return Other
}

func classifyTask(rest string) Class {
	kind, id, _ := strings.Cut(rest, ":")
	if id == "" {
		return Other
	}
	switch kind {
	case "meta":
		return TaskInfo
	case "queue":
		return TaskWaiting
	case "claimed":
		return TaskClaim
	case "completed":
		return TaskResult
	}
	return Other
}

// AgentOf returns the agent id in a key of the classes AgentInfo,
// AgentHeartbeat, AgentContextInfo, AgentContextChunk and Inbox, "" in others.
func AgentOf(key string) string {
	if Classify(key) == Inbox {
		return strings.TrimPrefix(key, "messages:")
	}
	rest, ok := strings.CutPrefix(key, "agents:")
	if !ok || rest == "metadata" {
		return ""
	}
	id, _, _ := strings.Cut(rest, ":")
	return id
}

// TaskOf returns the task id in a key of the classes TaskInfo, TaskClaim and
// TaskResult, "" in others.
func TaskOf(key string) string {
	switch Classify(key) {
	case TaskInfo, TaskClaim, TaskResult:
		return key[strings.IndexByte(key[len("tasks:"):], ':')+len("tasks:")+1:]
	}
	return ""
}

// TaskQueueOf returns the queue's name in a key of the class TaskWaiting.
func TaskQueueOf(key string) string { return strings.TrimPrefix(key, "tasks:queue:") }

// Label is what people call a key: itself, without the word that only tells
// task queues from other keys of tasks.
func Label(key string) string {
	if Classify(key) == TaskWaiting {
		return "tasks:" + TaskQueueOf(key)
	}
	return key
}

// ParentOf returns the parent's id in a key of a set of sub-agents.
func ParentOf(key string) (id string, ok bool) { return strings.CutPrefix(key, "swarm:subagents:") }

// Watched are the patterns of the keys that a console follows. Decisions and
// the ledger are left out on purpose: each dispatch writes both, and the
// ledger is read along with whatever else changed.
func Watched() []string {
	return []string{"queue:*", "messages:*", "carcel:*", "context:*", "agents:*", "swarm:*", "tasks:*"}
}

// Notification returns the channel pattern on which Redis tells of changes to
// the keys of a database that match a pattern.
func Notification(db, pattern string) string { return "__keyspace@" + db + "__:" + pattern }

// NotifiedKey returns the key in the name of a notification's channel.
func NotifiedKey(channel string) (key string, ok bool) {
	rest, ok := strings.CutPrefix(channel, "__keyspace@")
	if !ok {
		return "", false
	}
	_, key, ok = strings.Cut(rest, "__:")
	return key, ok
}

// TypeOf is the Redis type that a key must have, "" where any will do. For our
// own keys it tells more than the class, which many shapes share.
func TypeOf(key string) string {
	prefix, rest, _ := strings.Cut(key, ":")
	name, tail, _ := strings.Cut(rest, ":")
	switch prefix + ":" + name {
	case "carcel:marks", "carcel:pending", "carcel:bins", "carcel:runs", "ifp:rate", "ifp:delayed", "ifp:leased":
		return TypeZSet
	case "carcel:changes", "carcel:bin", "ifp:batch", "ifp:context":
		return TypeString
	case "carcel:run":
		switch _, part, _ := strings.Cut(tail, ":"); part {
		case "plan":
			return TypeList
		case "released":
			return TypeSet
		}
		return TypeHash
	case "ifp:fired":
		return TypeHash
	case "ifp:conversation":
		switch _, part, _ := strings.Cut(tail, "}:"); {
		case strings.HasPrefix(part, "to:"):
			return TypeList
		case strings.HasPrefix(part, "sent:"):
			return TypeZSet
		}
		return TypeHash
	case "ttt:ledger":
		switch {
		case strings.HasSuffix(tail, ":checkpoint"):
			return TypeString
		case strings.HasSuffix(tail, ":tiles"):
			return TypeHash
		}
	case "ttt:keyring":
		if tail == "requests" {
			return TypeHash
		}
		return TypeString
	}
	return Classify(key).RedisType()
}
