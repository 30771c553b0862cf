package worker

import (
	"context"
	"errors"
	"time"

	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// keep says that the worker lives and renews its leases, until ctx ends. A
// third of the shorter of the two lives leaves room for two words that are
// lost.
func (w *Worker) keep(ctx context.Context) {
	every := time.NewTicker(min(w.Lease, w.Agent.BeatTTL) / 3)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		err := w.renew(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, swarm.ErrNoAgent): // somebody reaped it, or Redis lost it
			if _, err := w.swarm.Register(ctx, w.named()); err != nil {
				w.Log("registering again: " + err.Error())
			}
		default:
			w.Log("heartbeat: " + err.Error())
		}
	}
}

func (w *Worker) named() swarm.Agent {
	a := w.Agent
	a.ID = w.id
	return a
}

// renew renews heartbeat and leases in one step. A task whose lease was lost
// is ended: somebody else may have it.
func (w *Worker) renew(ctx context.Context) error {
	w.mu.Lock()
	leases := make([]swarm.Lease, 0, len(w.running))
	for _, r := range w.running {
		leases = append(leases, r.lease)
	}
	w.mu.Unlock()
	held, err := w.swarm.Renew(ctx, w.id, w.Agent.BeatTTL, w.Lease, leases)
	if err != nil {
		return err
	}
	kept := make(map[string]swarm.Lease, len(held))
	for _, l := range held {
		kept[l.ID] = l
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range leases {
		r := w.running[l.ID]
		if r == nil || r.lease.Token != l.Token {
			continue
		}
		if now, still := kept[l.ID]; still {
			r.lease = now
		} else {
			r.end(ErrLeaseLost)
		}
	}
	return nil
}

// passes reports whether an error may pass by itself.
func passes(err error) bool {
	return errors.Is(err, store.ErrUnreachable) || errors.Is(err, store.ErrLoading)
}

// rest waits, and reports whether it may go on.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
