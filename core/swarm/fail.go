package swarm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

var (
	failScript    = taskScript("fail")
	requeueScript = taskScript("requeue")
)

// Retry says how often a task is tried and how long it rests between. Zeros
// take the presets.
type Retry struct {
	Attempts int           // tries in all; 3
	Base     time.Duration // rest after the first failure, doubled by each one after; 2 s
	Most     time.Duration // longest rest; 10 min
}

// Tries is how often a task is tried in all.
func (r Retry) Tries() int {
	if r.Attempts <= 0 {
		return 3
	}
	return r.Attempts
}

// rest is how long a task rests after so many failures: between half of what
// the doubling gives and all of it, so that tasks that failed together do not
// come back together.
func (r Retry) rest(failures int) time.Duration {
	base, most := r.Base, r.Most
	if base <= 0 {
		base = 2 * time.Second
	}
	if most <= 0 {
		most = 10 * time.Minute
	}
	d := most
	if failures < 32 && base<<(failures-1) < most && base<<(failures-1) > 0 {
		d = base << (failures - 1)
	}
	return d/2 + rand.N(d/2+1)
}

// Failed is what became of a task that failed.
type Failed struct {
	Attempts int       // failures so far
	Dead     bool      // it was the last try: the task is in the carcel now
	Due      time.Time // else when it can be claimed again, by Redis' clock
}

// maxReason is how much of a failure's reason is kept, in bytes.
const maxReason = 2000

// Fail says that an agent could not do a task that it holds. The task comes
// back after a rest that grows with each failure; after the last try it goes
// to the carcel, under its task id, with what its data were. Errors match
// ErrNotHolder, ErrUnknownTask.
func (c *Coordinator) Fail(ctx context.Context, l Lease, reason string, r Retry) (Failed, error) {
	r.Attempts = r.Tries()
	if reason == "" {
		reason = "failed without a word"
	}
	if len(reason) > maxReason {
		reason = reason[:maxReason] + "…"
	}
	for range 5 {
		task, failures, err := c.read(ctx, l.ID)
		if err != nil {
			return Failed{}, fmt.Errorf("fail %s: %w", l.ID, err)
		}
		now := failures + 1
		rest, entry, record := "", []byte{}, []any(nil)
		if now < r.Attempts {
			rest = strconv.FormatInt(r.rest(now).Milliseconds(), 10)
		} else {
			entry, record = deadLetter(task, l.Agent, reason, now)
		}
		keys := []string{keyspace.TaskMeta(l.ID), c.space.DeadLetters(), c.space.Ledger()}
		status, answer, err := c.runTask(ctx, failScript, keys,
			append([]any{l.ID, l.Agent, l.Token, failures, reason, rest, entry}, record...)...)
		switch {
		case err != nil:
			return Failed{}, err
		case status == "NOTHELD":
			return Failed{}, fmt.Errorf("fail %s: %w", l.ID, ErrNotHolder)
		case status == "OK":
			f := Failed{Attempts: now, Dead: rest == ""}
			if !f.Dead && len(answer) > 0 {
				f.Due = time.UnixMilli(number(answer[0]))
			}
			return f, nil
		}
	}
	return Failed{}, fmt.Errorf("fail %s: %w", l.ID, ErrBusy)
}

// deadLetter is the entry of the carcel for a task that has failed too often,
// and what the ledger says of it.
func deadLetter(t Task, agent, reason string, failures int) (entry []byte, record []any) {
	key := keyspace.TaskQueue(t.Queue)
	entry = packet.AppendValueJSON(nil, packet.ObjectOf(
		str("tracking_id", t.ID),
		str("reason", fmt.Sprintf("Failed %d times, last on %s: %s", failures, agent, reason)),
		str("decision", string(governance.Failed)),
		str("timestamp", stamp()),
		packet.Member{Key: "contents", Value: t.Contents()},
		str("origin", t.PostedBy), str("key", key), str("operation", Operation),
		t.Label(), str("queue", t.Queue),
		packet.Member{Key: "attempts", Value: packet.IntOf(int64(failures))},
		str("failed_by", agent)))
	sum := sha256.Sum256(entry)
	return entry, []any{
		"tracking_id", t.ID, "key", key, "operation", Operation, "packet_digest", hex.EncodeToString(sum[:]),
		"decision_id", "", "actor", agent, "policy", "",
	}
}

// read reads a task and how often it has failed. The error matches
// ErrUnknownTask.
func (c *Coordinator) read(ctx context.Context, id string) (t Task, failures int, err error) {
	key := keyspace.TaskMeta(id)
	f, err := c.store.Commands().HGetAll(ctx, key).Result()
	if err != nil {
		return t, 0, c.store.Explain("task", key, err)
	}
	if len(f) == 0 {
		return t, 0, ErrUnknownTask
	}
	failures, _ = strconv.Atoi(f["attempts"])
	return taskOf(id, f), max(failures, 0), nil
}

func taskOf(id string, f map[string]string) Task {
	t := Task{ID: id, Queue: f["queue"], Type: f["type"], Data: f["data"], PostedBy: f["posted_by"], PostedAt: f["posted_at"]}
	t.Priority, _ = strconv.Atoi(f["priority"])
	return t
}

// Requeue puts a task back into its queue that was lost or waits for its
// retry, and forgets its failures. One that ended in the carcel has no record
// here: it is released from there. Errors match ErrUnknownTask, ErrDone,
// ErrClaimed, ErrWaits.
func (c *Coordinator) Requeue(ctx context.Context, id string) (Task, error) {
	return c.requeue(ctx, id, "")
}

// TakeBack puts a task back into its queue that an agent holds, as a person
// does for one that hangs: the agent's hold is over, whatever it says later.
// One that the agent does not hold it treats as Requeue does.
func (c *Coordinator) TakeBack(ctx context.Context, id, agentID string) (Task, error) {
	return c.requeue(ctx, id, agentID)
}

func (c *Coordinator) requeue(ctx context.Context, id, from string) (Task, error) {
	t, _, err := c.read(ctx, id)
	if err != nil {
		return t, fmt.Errorf("requeue %s: %w", id, err)
	}
	status, rest, err := c.runTask(ctx, requeueScript, []string{keyspace.TaskMeta(id)}, id, keyspace.ChannelsQueues, t.event(), from)
	if err != nil {
		return t, err
	}
	switch status {
	case "OK":
		return t, nil
	case "DONE":
		err = ErrDone
	case "WAITS":
		err = ErrWaits
	case "CLAIMED":
		var claim struct {
			Agent string `json:"agent_id"`
		}
		_ = json.Unmarshal([]byte(store.Text(rest[0])), &claim)
		return t, fmt.Errorf("requeue %s: %w: %s holds it", id, ErrClaimed, claim.Agent)
	default:
		err = ErrUnknownTask
	}
	return t, fmt.Errorf("requeue %s: %w", id, err)
}
