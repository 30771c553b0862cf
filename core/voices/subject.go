package voices

import "strings"

// Kind is what a case is about.
type Kind string

// The kinds of subjects.
const (
	OfPacket   Kind = "packet"   // by tracking id
	OfEntry    Kind = "entry"    // of the carcel, by SHA-256
	OfAgent    Kind = "agent"    // by its id
	OfTask     Kind = "task"     // by its id
	OfQueue    Kind = "queue"    // by its key
	OfDecision Kind = "decision" // by the tracking id that it is kept under
	OfSwarm    Kind = "swarm"
)

// Subject is what is read: one thing, or the swarm as a whole.
type Subject struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id,omitempty"` // "" of the swarm
}

// Swarm is the whole of it.
var Swarm = Subject{Kind: OfSwarm}

// String is kind and id, as ParseSubject reads them.
func (s Subject) String() string { return strings.TrimSpace(string(s.Kind) + " " + s.ID) }

// ParseSubject reads what String writes; what is none is the swarm.
func ParseSubject(text string) Subject {
	kind, id, _ := strings.Cut(text, " ")
	switch k := Kind(kind); k {
	case OfPacket, OfEntry, OfAgent, OfTask, OfQueue, OfDecision:
		if id != "" {
			return Subject{k, id}
		}
	}
	return Swarm
}
