package dispatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// taskTTL is the ttl_seconds of the packet that a task is judged as, the most
// that there is: a task waits for as long as it takes.
const taskTTL = 24 * 3600

// PostTasks judges tasks as packets that hold their data, from whoever posts
// them. Approved ones go to their queues, the others to the carcel, each in one
// step with its decision and ledger record. A task that is no valid packet has
// a *packet.ValidationError for its outcome, one whose id is taken
// swarm.ErrTaskID. It makes the Dispatcher a swarm.Judge.
func (d *Dispatcher) PostTasks(ctx context.Context, tasks []swarm.Task) ([]swarm.Posted, error) {
	if err := d.allow(ctx); err != nil {
		return nil, fmt.Errorf("post: %w", err)
	}
	posted := make([]swarm.Posted, len(tasks))
	var ready []*cargo
	var places []int
	for i, t := range tasks {
		posted[i].ID = t.ID
		c, err := d.prepareTask(ctx, t)
		if err != nil {
			posted[i].Err = err
			continue
		}
		ready, places = append(ready, &c), append(places, i)
	}
	for try := 1; len(ready) > 0; try++ {
		outcomes, err := d.sendSingles(ctx, ready)
		if errors.Is(err, store.ErrUnreachable) && try < writeTries && pause(ctx, retryPause<<(try-1)) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for n, o := range outcomes {
			p := &posted[places[n]]
			p.Err, p.Held = o.Err, o.Err == nil && o.Receipt.Status == InCarcel
			if o.Err == nil {
				p.Decision, p.Reason, p.TrackingID, p.DecisionID = o.Receipt.Decision, o.Receipt.Reason, o.Receipt.TrackingID, o.Receipt.DecisionID
			}
		}
		break
	}
	return posted, nil
}

// prepareTask makes the packet that a task is judged as, and judges it. It is
// not sealed: what goes to the queue is the task.
func (d *Dispatcher) prepareTask(ctx context.Context, t swarm.Task) (cargo, error) {
	if t.PostedBy == "" {
		return cargo{}, fmt.Errorf("post to %s: a task that names a primitive needs to say who posts it", t.Queue)
	}
	contents, faults, err := packet.ParseValue([]byte(t.Data))
	if err != nil {
		return cargo{}, fmt.Errorf("post to %s: the task's data: %w", t.Queue, err)
	}
	if len(faults) > 0 {
		return cargo{}, &packet.ValidationError{Faults: faults}
	}
	p := packet.New(t.PostedBy, contents)
	p.TTLSeconds = taskTTL
	to := Destination{Key: keyspace.TaskQueue(t.Queue), Operation: Task}
	action, err := d.check(p, to)
	if err != nil {
		return cargo{}, err
	}
	rules, now := d.council.InForce(), d.now()
	verdict := governance.Ask(ctx, rules, action)
	decision := governance.NewDecision(p.TrackingID, action, verdict, rules, now)
	c, err := d.packTask(p, to, decision, &t)
	c.asked = to
	if err == nil && verdict.Rate != nil {
		var over cargo
		over, err = d.packTask(p, to, decision.Over(now), &t)
		c.over = &over
	}
	return c, err
}

func (d *Dispatcher) packTask(p packet.Packet, to Destination, decision governance.Decision, t *swarm.Task) (cargo, error) {
	decision.TTLSeconds = p.TTLSeconds
	at, err := p.Time()
	if err == nil {
		err = custody.Stamp(&p, custody.Stamping{At: at, Policy: decision.Policy, Status: string(decision.Verdict.Status)})
	}
	if err != nil {
		return cargo{}, fmt.Errorf("post to %s: %w", t.Queue, err)
	}
	c := cargo{packet: p, to: to, decision: decision, task: t}
	return c, c.encode()
}
