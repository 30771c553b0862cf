package watch

import (
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
)

// Snapshot is one picture of a swarm. It is immutable: whoever holds one may
// read it for as long as they like. All times are on this machine's clock,
// corrected for the server's.
type Snapshot struct {
	Version Versions
	Taken   time.Time // when the newest read was answered; zero before the first
	Link    Link
	Server  Server

	Queues     []Queue // by need: see Queue.State; then by name
	Agents     []Agent // a tree, parents before their children; by need, then by name
	Tasks      Tasks
	Work       Work
	Carcel     Carcel
	Contexts   int // context:* keys
	Throughput Throughput
	Activity   []Event // newest last
	Faults     []Fault
	Ledger     int64 // position of the ledger's last record

	EventRate float64 // notifications a second
	Hidden    int     // keys over the limits, counted but not kept
}

// Versions rise whenever their part of a Snapshot has changed, so that a pane
// can tell that it need not draw again.
type Versions struct {
	All, Link, Queues, Agents, Carcel, Activity, Throughput uint64
}

// LinkState is how the console and Redis stand.
type LinkState uint8

// The states of the link.
const (
	Connecting LinkState = iota
	Live                 // notifications arrive
	Polling              // connected, but without notifications
	Away                 // Redis does not answer
)

// String is the state's word.
func (s LinkState) String() string {
	return [...]string{"connecting", "live", "polling", "away"}[s]
}

// Link is the state of the connection and why.
type Link struct {
	State   LinkState
	Since   time.Time
	Reason  string    // Away: "connection refused"; Polling: why
	Attempt int       // Away: tries so far
	NextTry time.Time // Away
	Err     error     // Away: what the last try met
}

// Server is what Redis says of itself.
type Server struct {
	Address    string // without secrets
	Version    string
	Mode       string // standalone, sentinel, cluster
	Role       string // master, slave
	RunID      string
	UsedMemory int64         // bytes
	MaxMemory  int64         // bytes, 0 for no limit
	Skew       time.Duration // server's clock minus this machine's
}

// QueueState says whether somebody has to look at a queue.
type QueueState uint8

// The states of a queue, most urgent first.
const (
	WrongType QueueState = iota // the key holds another Redis type than its name promises
	Stuck                       // something waits and nothing was taken for StuckAfter
	Growing
	Draining
	Steady
	Empty
)

// String is the state's word.
func (s QueueState) String() string {
	return [...]string{"wrong type", "stuck", "growing", "draining", "steady", "empty"}[s]
}

// HistoryCells is how many cells of HistoryStep a queue's history has.
const (
	HistoryCells = 12
	HistoryStep  = 5 * time.Second
	// StuckAfter is for how long nothing must have been taken from a queue
	// that is not empty before it counts as stuck.
	StuckAfter = 60 * time.Second
)

// Queue is one list of packets or messages, or one set of waiting tasks.
type Queue struct {
	Key     string
	Class   keyspace.Class
	Type    string // the Redis type found
	Depth   int64
	Expires time.Time // when the whole key ends; zero when it does not
	Oldest  time.Time // when the oldest value was sent; zero when not known
	Net     float64   // change of depth a second, over the last ten seconds or so
	State   QueueState
	Since   time.Time // since when it is in that state
	Changed time.Time // when the depth last changed
	Faults  []packet.Fault

	History [HistoryCells]float64 // depths, oldest first; NaN where not known
	Peak    float64               // greatest depth in ten minutes
}

// AgentState says whether an agent lives.
type AgentState uint8

// The states of an agent, most urgent first.
const (
	Silent     AgentState = iota // no heartbeat
	NoProgress                   // it gives heartbeats, but has got nothing done for long
	Late                         // the heartbeat has used over 40 % of its TTL
	Alive
)

// String is the state's word.
func (s AgentState) String() string { return [...]string{"silent", "no progress", "late", "live"}[s] }

// Agent is one registered agent.
type Agent struct {
	ID         string
	Role       string
	Parent     string // "" for none
	Level      int    // depth in the tree, 0 for a root
	Last       bool   // the last child of its parent
	Registered time.Time
	Beat       time.Time     // the last heartbeat; zero when never seen
	BeatTTL    time.Duration // how long a heartbeat lasts
	State      AgentState
	Claims     []string  // tasks it holds
	Holds      []Claim   // the same at length, the one held longest first
	Stalled    int       // how many of them are held without progress
	Idle       time.Time // NoProgress: since when nothing got done
	Done       time.Time // when it last completed a task; zero when not known
	Rate       float64   // tasks completed a minute; NaN when not known
	Inbox      int64     // messages that wait for it
	Context    int64     // bytes of shared context
	Capacity   int64     // its own figure of how much context it takes
	Session    bool      // it stands in swarm:sessions
	Orphan     bool      // its parent is not known
}

// Tasks are the counts of the swarm's work.
type Tasks struct {
	Waiting   int64
	Claimed   int
	Completed int
	Lost      int
}

// Carcel is the dead-letter queue.
type Carcel struct {
	Length  int64         // slots of the list
	Table   *carcel.Table // its entries, as far as they are read; nil before the first look
	Expired int64         // packets in carcel:expired

	pending int // how many wait by the index of those that do, while not all is read
}

// Entries are those that are known, newest first.
func (c Carcel) Entries() []*carcel.Entry {
	if c.Table == nil {
		return nil
	}
	return c.Table.Entries
}

// Count is how many of the entries have a decision.
func (c Carcel) Count(s governance.Status) int {
	if c.Table == nil {
		return 0
	}
	return c.Table.Count(s)
}

// Waiting counts the entries that wait for a person, and tells since when the
// oldest of them does. While not all entries are read, it is the least that
// there can be.
func (c Carcel) Waiting() (n int, since time.Time) {
	if c.Table == nil {
		return 0, since
	}
	n, since = c.Table.Waiting()
	return max(n, c.pending), since
}

// ThroughputSpan is how far the throughput reaches back, in cells of a second.
const ThroughputSpan = 600

// Throughput is what the ledger recorded, second by second.
type Throughput struct {
	From       time.Time // begin of the first cell
	Dispatched []float64 // a second, oldest first; NaN where not known
	Held       float64   // a second, over the last minute
	Refused    float64   // blocked, a second, over the last minute
	Marks      []Mark
}

// Mark is an event on the time axis.
type Mark struct {
	At   time.Time
	Kind string // "held", "blocked", "away"
}

// Now is the newest full second of the throughput, and whether it is known.
func (t Throughput) Now() (float64, bool) {
	if len(t.Dispatched) == 0 {
		return 0, false
	}
	v := t.Dispatched[len(t.Dispatched)-1]
	return v, v == v
}

// EventKind tells where an Event comes from.
type EventKind uint8

// The kinds of events.
const (
	Decision EventKind = iota // a record of the ledger
	Message                   // something said on channel:*
	Console                   // what the console itself did or met
	Repair                    // something that a reaper mended, and told
)

// String is the kind's word.
func (k EventKind) String() string { return [...]string{"decision", "message", "console", "repair"}[k] }

// Event is one line of the activity.
type Event struct {
	Seq     uint64 // rises by one; the identity of the event
	At      time.Time
	Kind    EventKind
	What    string // dispatched, held, task_posted, connected, …
	Subject string // the packet, task, agent or server
	Where   string // the key or channel
	Who     string // the actor
	Detail  string
	Count   int // packets in a batch, else 1
}

// FaultKind names what goes wrong in a swarm.
type FaultKind string

// The faults that are looked for.
const (
	TaskLost      FaultKind = "task lost"
	ClaimInQueue  FaultKind = "claim left in queue"
	AgentSilent   FaultKind = "agent silent"
	AgentOrphaned FaultKind = "agent orphaned"
	NoSuchAgent   FaultKind = "no such agent"
	ContextCut    FaultKind = "context cut short"
	TypeWrong     FaultKind = "wrong type"
	NoPacket      FaultKind = "no packet"
	QueueExpires  FaultKind = "queue expires"
)

// Fault is something that is wrong and should be mended.
type Fault struct {
	Kind   FaultKind
	Key    string
	Detail string
}
