package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/worker"
)

// taskLease is how long a worker's claim lasts without word from it. It is life's
// own: a play that runs fast has workers that are no less careful.
const taskLease = 60 * time.Second

// crew has the workers on whom one can count work, on the runtime that real
// workers use: they claim, keep their leases and hearts beating, and complete.
// How long a task takes is thrown by each worker's own dice. It returns when
// all of them have begun, or after a second.
func (w *World) crew(ctx context.Context, seed uint64) {
	var begun sync.WaitGroup
	for _, agent := range newCast(seed).punctual() {
		begun.Add(1)
		h := &hand{w: w, agent: agent, dice: newDice(seed, "hand of "+agent.ID), first: sync.OnceFunc(begun.Done)}
		agent.BeatTTL = w.real(agent.BeatTTL)
		o := worker.Options{
			Agent: agent, Queues: h.order(), Lease: taskLease, Keep: max(w.real(keepDone), time.Second), Grace: time.Millisecond,
		}
		w.running.Go(func() {
			defer h.first()
			if err := worker.New(w.engine.Swarm(), h, o).Run(ctx); err != nil && ctx.Err() == nil {
				w.last.Store(&err)
			}
		})
	}
	all := make(chan struct{})
	go func() {
		begun.Wait()
		close(all)
	}()
	select {
	case <-all:
	case <-time.After(time.Second):
	}
}

// hand does a worker's tasks, which takes time, and is all there is to them.
type hand struct {
	w     *World
	agent swarm.Agent
	dice
	first func()
}

// order is the order in which the worker looks for work.
func (h *hand) order() []string {
	queues := make([]string, len(desks))
	for i, n := range h.Perm(len(desks)) {
		queues[i] = desks[n].queue
	}
	return queues
}

// Do waits, and now and then tells the coordinator.
func (h *hand) Do(ctx context.Context, _ worker.Job) (string, error) {
	h.first()
	work, pause := h.between(3.5, 17.5), h.between(0.5, 4.4)
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-time.After(h.w.real(work + pause)):
	}
	if h.chance(0.3) {
		content := fmt.Sprintf(`{"kind": "report", "about": %q}`, pick(h.dice, subjects))
		if _, err := h.w.engine.Swarm().Send(ctx, h.agent.ID, h.agent.Parent, content); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf(`{"ok": true, "seconds": %.1f}`, work.Seconds()), nil
}
