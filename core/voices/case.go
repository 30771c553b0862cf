package voices

import (
	"time"

	"github.com/infrafabric/ifpacket/core/audit"
	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
)

// Case is all that is known when a subject is read. Whoever gathers it may
// leave out anything but Snap: what is not there is told as not known, or not
// told at all. A case is not changed once it is read.
type Case struct {
	Subject Subject
	Now     time.Time

	Snap    *watch.Snapshot
	Ledger  *ledger.State    // nil before the first look
	Picture *lineage.Picture // nil where nobody looks at packets as they arrive
	Policy  string           // revision in force, "none" where no guardian sits
	Life    time.Duration    // of the decision record of what was held, from its end on

	Report   *lineage.Report      // of a packet; nil where it is none, or nothing is known
	Held     *carcel.Held         // of an entry
	Decision *governance.Recorded // of an entry or a decision
	Task     *swarm.TaskState     // of a task
	Unread   string               // why Report, Held or Task could not be read

	Records  []ledger.Record   // the ledger's newest, oldest first
	Samples  []Sample          // packets as they lie in queues
	Memory   []Memory          // used memory over time, oldest first
	Config   map[string]string // maxmemory-policy, appendonly…; nil where the server hides it
	Contexts []Context         // what agents share
	Before   *Figures          // of the swarm at an earlier reading; nil where there was none
	Reported *audit.Brief      // the last compliance report; nil where none was kept
	Reports  string            // where reports are kept; "" where they are not
}

// Sample is one packet and its size in both formats, measured by encoding it.
type Sample struct {
	ID, Key       string
	JSON, Msgpack int // bytes; Msgpack is 0 where it cannot hold the packet
	AsMsgpack     bool
	Sealed        bool
}

// Memory is how much memory Redis used at a time.
type Memory struct {
	At   time.Time
	Used int64 // bytes
}

// Context is the shared context of an agent.
type Context struct {
	Agent   string
	Version string // a digest of the text
	Size    int64
}

// Figures are the shares that Danny compares from one reading to the next.
type Figures struct {
	At               time.Time
	Verified, Looked int // verdicts of the feed
	V11, Rows        int // packets of schema 1.1 among those in sight
}

// FiguresOf are those of a case.
func FiguresOf(c *Case) Figures {
	f := Figures{At: c.Now}
	if c.Picture == nil {
		return f
	}
	n := c.Picture.Counts
	f.Verified, f.Looked = n.Verified, n.Verified+n.Unauthenticated+n.Incomplete+n.Tampered
	for i := range c.Picture.Rows {
		switch c.Picture.Rows[i].Schema {
		case "1.1":
			f.V11++
			f.Rows++
		case "":
		default:
			f.Rows++
		}
	}
	return f
}

// queue is the subject where that is a queue that is seen; else nil.
func (c *Case) queue() *watch.Queue {
	for i := range c.Snap.Queues {
		if c.Snap.Queues[i].Key == c.Subject.ID {
			return &c.Snap.Queues[i]
		}
	}
	return nil
}

// agent is the one with an id; nil where none is registered.
func (c *Case) agent(id string) *watch.Agent {
	for i := range c.Snap.Agents {
		if c.Snap.Agents[i].ID == id {
			return &c.Snap.Agents[i]
		}
	}
	return nil
}

// decision is the council's record on the subject; nil where there is none.
func (c *Case) decision() *governance.Recorded {
	if c.Decision != nil {
		return c.Decision
	}
	if c.Report != nil {
		return c.Report.Decision
	}
	return nil
}

// packetID is the tracking id of the subject, "" where it has none.
func (c *Case) packetID() string {
	switch {
	case c.Report != nil && c.Report.TrackingID != "":
		return c.Report.TrackingID
	case c.Held != nil:
		return c.Held.TrackingID
	case c.Subject.Kind == OfPacket || c.Subject.Kind == OfDecision:
		return c.Subject.ID
	}
	return ""
}
