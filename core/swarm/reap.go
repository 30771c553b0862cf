package swarm

import (
	"context"
	"errors"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// abandonedLife is how long an inbox or a context without an agent stays.
const abandonedLife = 24 * 3600

// tasksASight is how many keys of tasks a background pass looks at: of very
// many it takes turns, so that the looking stays a small part of Redis' work.
const tasksASight = 20_000

// maxFaults is how many faults of one sort a pass takes up.
const maxFaults = 10_000

// reviveLot is how many due tasks of a queue are put back in one step.
const reviveLot = 500

var (
	mendTaskScript = taskScript("mend_task")
	reviveScript   = taskScript("revive")
	orphanScript   = store.LoadScript("orphan")
	abandonScript  = store.LoadScript("abandon")
)

// FaultKind names what a reaper finds.
type FaultKind string

// What goes wrong in a swarm; see also Repair.Did.
const (
	TaskLost       FaultKind = "task lost"            // in no queue, not claimed, not completed, not delayed
	TaskClaimed    FaultKind = "claim left in queue"  // claimed and still in its queue
	TaskDone       FaultKind = "result left in queue" // completed and still in its queue
	TasksDue       FaultKind = "tasks due"            // a retry or a lease that ran out, which nobody has put back yet
	AgentSilent    FaultKind = "agent silent"         // in the sessions, without a heartbeat
	AgentOrphaned  FaultKind = "agent orphaned"       // its parent is gone
	InboxAbandoned FaultKind = "inbox without agent"
	Abandoned      FaultKind = "context without agent"
	ContextCut     FaultKind = "context cut short" // only told: nobody else has the text

	// A result that the task itself does not know of yet: no fault, but it
	// would look lost were the result to go first.
	resultUnnoted FaultKind = "result not noted"
)

// ofTask reports whether the fault is one task's.
func (k FaultKind) ofTask() bool { return k == TaskLost || k == TaskClaimed || k == TaskDone }

// atOnce reports whether mending is right even while somebody's act is under
// way.
func (k FaultKind) atOnce() bool { return k == TasksDue || k == resultUnnoted }

// Repair is one fault that a reaper found, and what it did.
type Repair struct {
	Kind    FaultKind `json:"kind"`
	Subject string    `json:"subject"` // id of a task or an agent, or name of a queue
	Did     string    `json:"did"`     // "" when it was only seen
}

// Reaped is what one pass found and did.
type Reaped struct {
	Repairs []Repair // what was mended
	Seen    []Repair // what was only seen: once so far, or nothing can be done
}

// Reap looks once through the whole swarm and mends what it finds, each fault
// by one atomic script that looks again before it acts; each repair is told on
// channel:repairs. A fault that cannot be mended does not stop the others; the
// error joins what went wrong. Of a flood it takes up ten thousand of each
// sort; another pass takes up the next.
func (c *Coordinator) Reap(ctx context.Context) (Reaped, error) {
	return c.reap(ctx, c.findTasks, func(fault) bool { return true })
}

// ReapOnSecondSight reaps until the context ends, once in every span, and acts
// only on what it finds twice in a row: so that no act of somebody's is mended
// while it is under way. Of more than 20,000 tasks a pass looks at as many, and
// the next goes on from there. What each pass found is told, with its error.
func (c *Coordinator) ReapOnSecondSight(ctx context.Context, every time.Duration, tell func(Reaped, error)) {
	before, tasks := map[fault]bool{}, &turns{c: c}
	for {
		now := map[fault]bool{}
		found, err := c.reap(ctx, tasks.find, func(f fault) bool {
			now[f] = true
			return before[f]
		})
		if ctx.Err() != nil {
			return
		}
		if tell != nil {
			tell(found, err)
		}
		before = now
		tasks.suspects = tasks.suspects[:0]
		for f := range now {
			if f.kind.ofTask() && !acted(found, f) {
				tasks.suspects = append(tasks.suspects, f.subject)
			}
		}
		pause(ctx, every)
	}
}

// reap walks over the swarm and mends the faults that act takes.
func (c *Coordinator) reap(ctx context.Context, tasks finder, act func(fault) bool) (out Reaped, err error) {
	found, err := c.find(ctx, tasks)
	errs := []error{err}
	for _, f := range found {
		r := Repair{Kind: f.kind, Subject: f.subject}
		if again := act(f); f.kind != ContextCut && (again || f.kind.atOnce()) {
			did, err := c.mend(ctx, f)
			if errors.Is(err, store.ErrUnreachable) || ctx.Err() != nil {
				return out, errors.Join(append(errs, err)...)
			}
			errs = append(errs, err)
			if did == "" { // it was none any more
				continue
			}
			r.Did = did
			out.Repairs = append(out.Repairs, r)
			c.tellRepair(ctx, r)
			continue
		}
		out.Seen = append(out.Seen, r)
	}
	return out, errors.Join(errs...)
}

// mend mends one fault, and returns in words what it did, "" when the fault
// was gone.
func (c *Coordinator) mend(ctx context.Context, f fault) (did string, err error) {
	switch f.kind {
	case TaskLost, TaskClaimed, TaskDone, resultUnnoted:
		return c.mendTask(ctx, f)
	case TasksDue:
		_, rest, err := c.runTask(ctx, reviveScript, []string{keyspace.TaskQueue(f.subject)}, f.subject, reviveLot)
		if err != nil || len(rest) == 0 || number(rest[0]) == 0 {
			return "", err
		}
		return "put back into " + f.subject, nil
	case AgentSilent:
		done, err := c.retire(ctx, f.subject, "", true)
		return word(done, "taken out of the swarm"), err
	case AgentOrphaned:
		done, err := c.mendKey(ctx, orphanScript, []string{keyspace.Agent(f.subject), keyspace.Agent(f.parent), keyspace.Subagents(f.parent)}, f.subject, f.parent)
		return word(done, "stands on its own now"), err
	case InboxAbandoned:
		done, err := c.mendKey(ctx, abandonScript, []string{keyspace.Messages(f.subject), keyspace.Agent(f.subject)}, keyspace.TypeList, abandonedLife)
		return word(done, "goes in a day unless the agent comes back"), err
	case Abandoned:
		done, err := c.mendKey(ctx, abandonScript, []string{keyspace.AgentContext(f.subject), keyspace.Agent(f.subject)}, keyspace.TypeHash, abandonedLife)
		return word(done, "goes in a day unless the agent comes back"), err
	}
	return "", nil
}

func word(done bool, did string) string {
	if done {
		return did
	}
	return ""
}

func (c *Coordinator) mendKey(ctx context.Context, script *store.Script, keys []string, args ...any) (bool, error) {
	status, _, err := c.store.Run(ctx, script, keys, args...)
	return err == nil && status == "OK", err
}

func (c *Coordinator) mendTask(ctx context.Context, f fault) (string, error) {
	t, _, err := c.read(ctx, f.subject)
	if errors.Is(err, ErrUnknownTask) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	_, rest, err := c.runTask(ctx, mendTaskScript, []string{keyspace.TaskMeta(t.ID)}, t.ID, keyspace.ChannelsQueues, t.event())
	if err != nil || len(rest) < 2 {
		return "", err
	}
	switch queue := store.Text(rest[1]); store.Text(rest[0]) {
	case "lost":
		return "put back into " + queue, nil
	case "claimed", "done":
		return "taken out of " + queue, nil
	}
	return "", nil
}

// tellRepair tells channel:repairs. Nobody may listen, and nobody may be
// allowed to tell: the repair stands all the same.
func (c *Coordinator) tellRepair(ctx context.Context, r Repair) {
	text := packet.AppendValueJSON(nil, packet.ObjectOf(
		str("type", "repaired"), str("fault", string(r.Kind)), str("subject", r.Subject), str("did", r.Did), str("timestamp", stamp())))
	_ = c.store.Publish(ctx, keyspace.ChannelRepairs, string(text))
}

func acted(r Reaped, f fault) bool {
	for _, done := range r.Repairs {
		if done.Kind == f.kind && done.Subject == f.subject {
			return true
		}
	}
	return false
}
