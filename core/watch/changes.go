package watch

import (
	"fmt"
	"time"
)

// Change is one difference between two Snapshots.
type Change struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"` // link, queue, agent, carcel, fault, or an event's kind
	Subject string    `json:"subject"`
	From    any       `json:"from,omitempty"`
	To      any       `json:"to,omitempty"`
	Detail  string    `json:"detail"`
}

// Changes tells how next differs from last, in the order of the panes.
func Changes(last, next *Snapshot) []Change {
	var out []Change
	at := next.Taken
	if at.IsZero() {
		at = time.Now()
	}
	add := func(kind, subject string, from, to any, format string, args ...any) {
		out = append(out, Change{at, kind, subject, from, to, fmt.Sprintf(format, args...)})
	}
	if last.Link.State != next.Link.State || last.Link.Attempt != next.Link.Attempt {
		add("link", next.Server.Address, last.Link.State.String(), next.Link.State.String(), "%s %s", next.Link.State, next.Link.Reason)
	}
	if last.Version.Queues != next.Version.Queues {
		before := make(map[string]Queue, len(last.Queues))
		for _, q := range last.Queues {
			before[q.Key] = q
		}
		for _, q := range next.Queues {
			old, there := before[q.Key]
			if q.Depth != old.Depth || !there {
				add("queue", q.Key, old.Depth, q.Depth, "depth %d to %d", old.Depth, q.Depth)
			}
			if q.State != old.State && there && (q.State <= Stuck || old.State <= Stuck) {
				add("queue", q.Key, old.State.String(), q.State.String(), "%s", q.State)
			}
		}
	}
	if last.Version.Agents != next.Version.Agents {
		out = append(out, agentChanges(last, next, at)...)
	}
	if last.Carcel.Length != next.Carcel.Length {
		add("carcel", "carcel", last.Carcel.Length, next.Carcel.Length, "%d held", next.Carcel.Length)
	}
	return append(out, eventChanges(last, next)...)
}

func agentChanges(last, next *Snapshot, at time.Time) (out []Change) {
	before := make(map[string]Agent, len(last.Agents))
	for _, a := range last.Agents {
		before[a.ID] = a
	}
	for _, a := range next.Agents {
		old, there := before[a.ID]
		delete(before, a.ID)
		switch {
		case !there:
			out = append(out, Change{at, "agent", a.ID, nil, a.State.String(), "registered, " + a.State.String()})
		case old.State != a.State:
			out = append(out, Change{at, "agent", a.ID, old.State.String(), a.State.String(), a.State.String()})
		}
	}
	for id := range before {
		out = append(out, Change{at, "agent", id, nil, nil, "gone"})
	}
	known := map[Fault]bool{}
	for _, f := range last.Faults {
		known[f] = true
	}
	for _, f := range next.Faults {
		if !known[f] {
			out = append(out, Change{at, "fault", f.Key, nil, string(f.Kind), string(f.Kind) + ": " + f.Detail})
		}
	}
	return out
}

func eventChanges(last, next *Snapshot) (out []Change) {
	seen := uint64(0)
	if n := len(last.Activity); n > 0 {
		seen = last.Activity[n-1].Seq
	}
	for _, e := range next.Activity {
		if e.Seq > seen && e.Kind != Console {
			out = append(out, Change{e.At, e.Kind.String(), first(e.Subject, e.Where), nil, e.What, e.Line()})
		}
	}
	return out
}

// Line is the event in a few words.
func (e Event) Line() string {
	text := e.What
	if e.Count > 1 {
		text += fmt.Sprintf(" ×%d", e.Count)
	}
	for _, part := range []string{e.Where, e.Who} {
		if part != "" {
			text += " · " + part
		}
	}
	return text
}
