package engine

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
)

// Status is one picture of the server as a document: what the panes show.
type Status struct {
	Server  ServerStatus  `json:"server"`
	Queues  []QueueStatus `json:"queues"`
	Agents  []AgentStatus `json:"agents"`
	Tasks   TaskStatus    `json:"tasks"`
	Carcel  CarcelStatus  `json:"carcel"`
	Ledger  LedgerStatus  `json:"ledger"`
	Council string        `json:"council"`
	Faults  []FaultStatus `json:"faults"`
}

// ServerStatus is what Redis says of itself; memory in bytes.
type ServerStatus struct {
	Address    string `json:"address"`
	Version    string `json:"version"`
	Mode       string `json:"mode"`
	Role       string `json:"role"`
	UsedMemory int64  `json:"used_memory"`
	MaxMemory  int64  `json:"max_memory"`
	SkewMillis int64  `json:"clock_skew_ms"`
}

// QueueStatus is one queue; times are RFC 3339, "" when not known.
type QueueStatus struct {
	Key     string         `json:"key"`
	Class   string         `json:"class"`
	Type    string         `json:"type"`
	Depth   int64          `json:"depth"`
	State   string         `json:"state"`
	Oldest  string         `json:"oldest_at,omitempty"`
	Expires string         `json:"expires_at,omitempty"`
	Faults  []packet.Fault `json:"faults,omitempty"`
}

// AgentStatus is one agent, parents before their children.
type AgentStatus struct {
	ID        string   `json:"agent_id"`
	Role      string   `json:"role"`
	Parent    string   `json:"parent_id,omitempty"`
	Level     int      `json:"level"`
	State     string   `json:"state"`
	Heartbeat string   `json:"heartbeat_at,omitempty"`
	Claims    []string `json:"claims,omitempty"`
	Inbox     int64    `json:"inbox"`
	Context   int64    `json:"context_bytes"`
}

// TaskStatus counts the swarm's work.
type TaskStatus struct {
	Waiting   int64 `json:"waiting"`
	Claimed   int   `json:"claimed"`
	Completed int   `json:"completed"`
	Lost      int   `json:"lost"`
}

// CarcelStatus is the dead-letter queue with its newest entries.
type CarcelStatus struct {
	Length  int64        `json:"length"`
	Expired int64        `json:"expired"`
	Waiting int          `json:"waiting"` // for a person
	Newest  []HeldStatus `json:"newest"`  // newest first, a hundred at most
}

// newestHeld is how many entries of the carcel a Status lists.
const newestHeld = 100

// HeldStatus is one entry of the carcel.
type HeldStatus struct {
	TrackingID string `json:"tracking_id"`
	Primitive  string `json:"primitive"`
	Vertical   string `json:"vertical"`
	Decision   string `json:"decision"`
	Reason     string `json:"reason"`
	Origin     string `json:"origin"`
	At         string `json:"at,omitempty"`
}

// LedgerStatus is how the ledger stands; times are RFC 3339.
type LedgerStatus struct {
	Length   int64  `json:"length"` // position of the last record
	First    int64  `json:"first"`  // and of the oldest that was not trimmed
	Sealed   int64  `json:"sealed"` // position up to which the checkpoint covers it
	State    string `json:"state"`  // sealed, behind, unsealed, refused, not known
	Origin   string `json:"origin,omitempty"`
	Root     string `json:"root,omitempty"` // base64
	SealedAt string `json:"sealed_at,omitempty"`
	Trouble  string `json:"trouble,omitempty"`
}

// behindAfter is how many records may wait for the sealer before the ledger
// counts as behind.
const behindAfter = 1000

// ledgerStatus tells of a look at the ledger, or why there was none.
func ledgerStatus(s *ledger.State, err error, last int64) LedgerStatus {
	if err != nil {
		return LedgerStatus{Length: last, State: "not known", Trouble: err.Error()}
	}
	out := LedgerStatus{Length: last, First: s.First, Sealed: s.Sealed(), State: "unsealed"}
	if c := s.Checkpoint; c != nil {
		out.Origin, out.Root, out.SealedAt = c.Origin, base64.StdEncoding.EncodeToString(c.Root[:]), rfc3339(c.At)
		out.State = "sealed"
		if last-c.Last() > behindAfter {
			out.State = "behind"
		}
	}
	if s.Trouble != nil {
		out.State, out.Trouble = "refused", s.Trouble.Error()
	}
	return out
}

// FaultStatus is something that should be mended.
type FaultStatus struct {
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	Detail string `json:"detail"`
}

// Status is one whole picture of the server: the watcher's, where one runs and
// is connected, else one that is read for it.
func (e *Engine) Status(ctx context.Context) (Status, error) {
	snap := e.watcher.Snapshot()
	if link := snap.Link.State; snap.Taken.IsZero() || link != watch.Live && link != watch.Polling {
		var err error
		if snap, err = e.Look(ctx); err != nil {
			return Status{}, err
		}
	}
	log, unlooked := e.ledger.Look(ctx)
	s := Status{
		Server: ServerStatus{
			Address: snap.Server.Address, Version: snap.Server.Version, Mode: snap.Server.Mode, Role: snap.Server.Role,
			UsedMemory: snap.Server.UsedMemory, MaxMemory: snap.Server.MaxMemory, SkewMillis: snap.Server.Skew.Milliseconds(),
		},
		Queues:  []QueueStatus{},
		Agents:  []AgentStatus{},
		Tasks:   TaskStatus(snap.Tasks),
		Carcel:  CarcelStatus{Length: snap.Carcel.Length, Expired: snap.Carcel.Expired, Newest: []HeldStatus{}},
		Ledger:  ledgerStatus(log, unlooked, snap.Ledger),
		Council: e.Policy(),
		Faults:  []FaultStatus{},
	}
	for _, q := range snap.Queues {
		s.Queues = append(s.Queues, QueueStatus{
			Key: q.Key, Class: q.Class.String(), Type: q.Type, Depth: q.Depth, State: q.State.String(),
			Oldest: rfc3339(q.Oldest), Expires: rfc3339(q.Expires), Faults: q.Faults,
		})
	}
	for _, a := range snap.Agents {
		s.Agents = append(s.Agents, AgentStatus{
			ID: a.ID, Role: a.Role, Parent: a.Parent, Level: a.Level, State: a.State.String(),
			Heartbeat: rfc3339(a.Beat), Claims: a.Claims, Inbox: a.Inbox, Context: a.Context,
		})
	}
	s.Carcel.Waiting, _ = snap.Carcel.Waiting()
	entries := snap.Carcel.Entries()
	for _, h := range entries[:min(len(entries), newestHeld)] {
		s.Carcel.Newest = append(s.Carcel.Newest, HeldStatus{
			TrackingID: h.TrackingID, Primitive: h.Primitive, Vertical: h.Vertical,
			Decision: string(h.Decision), Reason: h.Reason, Origin: h.Origin, At: rfc3339(h.At),
		})
	}
	for _, f := range snap.Faults {
		s.Faults = append(s.Faults, FaultStatus{string(f.Kind), f.Key, f.Detail})
	}
	return s, nil
}

func rfc3339(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
