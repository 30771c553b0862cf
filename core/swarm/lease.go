package swarm

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	// LeaseTime is how long a claim lasts unless it says otherwise.
	LeaseTime = 60 * time.Second
	// MaxClaim is how many tasks one claim takes, and one CompleteMany ends.
	MaxClaim = 1000
	// claimReach is how many waiting tasks a claim looks at beyond those that
	// it wants: those before it that somebody claimed without taking them out
	// of the queue are passed.
	claimReach = 1000
)

var (
	claimScript    = taskScript("claim")
	completeScript = taskScript("complete")
	handbackScript = taskScript("handback")
)

// Lease is a task that an agent holds until a time.
type Lease struct {
	Task
	Agent string
	Token int64         // the fencing token: higher than that of any claim before; 0 when not known
	Until time.Time     // by Redis' clock, which may be another than this machine's
	Span  time.Duration // how long it lasts from the claim or extension on
	// Attempts is how often the task has failed before, or its lease has run
	// out. A worker that finds as many as it allows should not try, but Fail.
	Attempts int
}

// Claim takes the most urgent task of a queue for an agent, for as long as the
// lease lasts. Without one the error matches ErrNoTask.
func (c *Coordinator) Claim(ctx context.Context, queue, agentID string, lease time.Duration) (Lease, error) {
	leases, err := c.ClaimMany(ctx, queue, agentID, 1, lease)
	if err != nil {
		return Lease{}, err
	}
	return leases[0], nil
}

// ClaimMany takes up to n tasks of a queue at once, the most urgent first.
// Tasks that others have claimed and left in the queue are passed over; tasks
// whose lease has run out or whose retry is due are put back into the queue
// first. Without any task the error matches ErrNoTask.
func (c *Coordinator) ClaimMany(ctx context.Context, queue, agentID string, n int, lease time.Duration) ([]Lease, error) {
	if err := CheckAgentID(agentID); err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	if err := checkName("queue", queue, maxName); err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	n = min(max(n, 1), MaxClaim)
	claim, _ := json.Marshal(map[string]string{"agent_id": agentID, "claimed_at": stamp()})
	span := millis(lease, LeaseTime)
	status, rest, err := c.runTask(ctx, claimScript, []string{keyspace.TaskQueue(queue)},
		queue, claim[:len(claim)-1], span, n, n+claimReach)
	if err != nil {
		return nil, err
	}
	if status == "NONE" || len(rest) == 0 {
		return nil, ErrNoTask
	}
	ends := time.UnixMilli(number(rest[0]))
	leases := make([]Lease, 0, n)
	for r := rest[1:]; len(r) >= 8; r = r[8:] {
		l := Lease{
			Task: Task{
				ID: store.Text(r[0]), Queue: queue, Type: store.Text(r[2]), Data: store.Text(r[3]), PostedBy: store.Text(r[4]), PostedAt: store.Text(r[7]),
			},
			Agent: agentID, Token: number(r[1]), Until: ends, Span: time.Duration(span) * time.Millisecond, Attempts: int(number(r[6])),
		}
		l.Priority, _ = strconv.Atoi(store.Text(r[5]))
		leases = append(leases, l)
	}
	return leases, nil
}

// Complete ends a task that the agent holds. When its time is over and nobody
// was given the task since, its work counts all the same: to refuse it would
// only have it done twice. With keep the task's records go after that time;
// without they stay. Repeating it with the same token is no error. Errors
// match ErrNotHolder, ErrDone.
func (c *Coordinator) Complete(ctx context.Context, l Lease, result string, keep time.Duration) error {
	outcomes, err := c.CompleteMany(ctx, l.Agent, []Lease{l}, []string{result}, keep)
	if err != nil {
		return err
	}
	return outcomes[0]
}

// CompleteMany ends up to MaxClaim tasks of one agent in one round trip.
// results are JSON, one for each lease. There is one outcome for each, nil when
// it is completed; the error is of all of them.
func (c *Coordinator) CompleteMany(ctx context.Context, agent string, leases []Lease, results []string, keep time.Duration) ([]error, error) {
	if len(leases) == 0 {
		return nil, nil
	}
	if len(leases) != len(results) || len(leases) > MaxClaim {
		return nil, fmt.Errorf("complete: %d tasks with %d results; each needs one, and at most %d go at once", len(leases), len(results), MaxClaim)
	}
	life := 0
	if keep > 0 {
		life = seconds(keep, 0)
	}
	args := make([]any, 0, 4+3*len(leases))
	args = append(args, agent, stamp(), life, keyspace.ChannelAgent(agent))
	for i, l := range leases {
		result := results[i]
		if result == "" {
			result = "{}"
		}
		if !json.Valid([]byte(result)) {
			return nil, fmt.Errorf("complete %s: the result is not JSON", l.ID)
		}
		args = append(args, l.ID, l.Token, result)
	}
	_, rest, err := c.runTask(ctx, completeScript, []string{keyspace.TaskMeta(leases[0].ID)}, args...)
	if err != nil {
		return nil, err
	}
	outcomes := make([]error, len(leases))
	for i := range min(len(rest), len(leases)) {
		switch store.Text(rest[i]) {
		case "NOTHELD":
			outcomes[i] = fmt.Errorf("complete %s: %w", leases[i].ID, ErrNotHolder)
		case "DONE":
			outcomes[i] = fmt.Errorf("complete %s: %w", leases[i].ID, ErrDone)
		}
	}
	return outcomes, nil
}

// HandBack gives a task back untried: it can be claimed at once, and counts no
// failure. The error matches ErrNotHolder.
func (c *Coordinator) HandBack(ctx context.Context, l Lease) error {
	status, _, err := c.runTask(ctx, handbackScript, []string{keyspace.TaskMeta(l.ID)},
		l.ID, l.Agent, l.Token, keyspace.ChannelQueue(l.Queue), l.event())
	if err == nil && status == "NOTHELD" {
		return fmt.Errorf("hand back %s: %w", l.ID, ErrNotHolder)
	}
	return err
}
