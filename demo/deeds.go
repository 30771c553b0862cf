package demo

import (
	"context"
	"errors"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// A deed is one act, told in plain data so that two plays can be compared.
type deed interface {
	do(ctx context.Context, w *World) error
}

const (
	packetTTL = 10 * 60          // seconds: longer than any wave
	keepDone  = 10 * time.Minute // how long a finished task is remembered
	// claimTTL outlasts the longest silence: nobody here mends a lost task.
	claimTTL = time.Hour
	// maxExcess is how many packets that somebody else sent a consumer takes
	// at once, beside its own.
	maxExcess = 500
)

// join registers an agent.
type join struct{ agent swarm.Agent }

func (d join) do(ctx context.Context, w *World) error {
	a := d.agent
	a.BeatTTL = w.real(a.BeatTTL)
	_, err := w.engine.Swarm().Register(ctx, a)
	return err
}

// beat is a heartbeat. An agent that somebody has wiped away joins again.
type beat struct{ agent swarm.Agent }

func (d beat) do(ctx context.Context, w *World) error {
	err := w.engine.Swarm().Heartbeat(ctx, d.agent.ID, w.real(d.agent.BeatTTL))
	if errors.Is(err, swarm.ErrNoAgent) {
		return join(d).do(ctx, w)
	}
	return err
}

// leave retires an agent.
type leave struct{ id, parent string }

func (d leave) do(ctx context.Context, w *World) error {
	return w.engine.Swarm().Retire(ctx, d.id, d.parent)
}

// post puts tasks into their queue.
type post struct{ tasks []swarm.Task }

func (d post) do(ctx context.Context, w *World) error {
	posted, err := w.engine.Swarm().PostMany(ctx, d.tasks)
	for _, p := range posted {
		err = errors.Join(err, p.Err)
	}
	return err
}

// claim takes a task from the first queue that has one.
type claim struct {
	agent  string
	queues []string
}

func (d claim) do(ctx context.Context, w *World) error {
	for _, queue := range d.queues {
		lease, err := w.engine.Swarm().Claim(ctx, queue, d.agent, claimTTL)
		if errors.Is(err, swarm.ErrNoTask) {
			continue
		}
		if err == nil {
			w.held[d.agent] = append(w.held[d.agent], lease)
		}
		return err
	}
	return nil
}

// finish completes what an agent has claimed.
type finish struct{ agent, result string }

func (d finish) do(ctx context.Context, w *World) error {
	leases := w.held[d.agent]
	delete(w.held, d.agent)
	for _, l := range leases {
		err := w.engine.Swarm().Complete(ctx, l, d.result, max(w.real(keepDone), time.Second))
		if err != nil && !errors.Is(err, swarm.ErrNotHolder) { // somebody wiped the claim
			return err
		}
	}
	return nil
}

// tell sends a message.
type tell struct{ from, to, content string }

func (d tell) do(ctx context.Context, w *World) error {
	_, err := w.engine.Swarm().Send(ctx, d.from, d.to, d.content)
	return err
}

// hear reads an agent's inbox, as far as it goes.
type hear struct {
	agent string
	most  int
}

func (d hear) do(ctx context.Context, w *World) error {
	for range d.most {
		_, err := w.engine.Swarm().Receive(ctx, d.agent)
		if errors.Is(err, swarm.ErrNoMessage) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ship dispatches packets for one key: many in one batch, one by itself.
type ship struct {
	to      dispatch.Destination
	packets []packet.Packet
}

func (d ship) do(ctx context.Context, w *World) error {
	now := packet.FormatTime(time.Now())
	if len(d.packets) == 1 {
		p := d.packets[0]
		p.DispatchedAt = now
		_, err := w.engine.Dispatch(ctx, p, d.to)
		return err
	}
	queue := w.engine.Queue()
	for _, p := range d.packets {
		p.DispatchedAt = now
		if err := queue.Add(ctx, p, d.to); err != nil {
			return err
		}
	}
	outcomes, err := queue.Flush(ctx)
	for _, o := range outcomes {
		err = errors.Join(err, o.Err)
	}
	return err
}

// take collects packets from a queue; left is how many the script expects to
// stay. What others have sent there is taken too, bit by bit.
type take struct {
	key, actor  string
	count, left int
}

func (d take) do(ctx context.Context, w *World) error {
	found, err := w.engine.Collect(ctx, dispatch.Request{
		Key: d.key, Op: dispatch.LPop, Count: d.count + w.excess[d.key], Actor: d.actor,
	})
	if err != nil {
		return err
	}
	w.excess[d.key] = min(max(0, int(found.Left)-d.left)/4, maxExcess)
	return nil
}

// rest is to do nothing.
type rest struct{}

func (rest) do(context.Context, *World) error { return nil }
