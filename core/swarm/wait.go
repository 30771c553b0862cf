package swarm

import (
	"context"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

// pollEvery is how long a Waiter waits at most: events get lost, retries come
// due without one, and leases end.
const pollEvery = time.Second

// Waiter wakes whoever waits for tasks or messages. It belongs to one
// goroutine.
type Waiter struct {
	store    *store.Store
	channels []string
	stop     context.CancelFunc
	done     chan struct{}
	wake     chan struct{} // holds one wake-up at most
}

// Waiter starts to listen to queues. Close it when it is no longer needed.
// Where Redis does not let it listen it wakes once a second all the same.
func (c *Coordinator) Waiter(queues ...string) *Waiter {
	channels := make([]string, len(queues))
	for i, q := range queues {
		channels[i] = keyspace.ChannelQueue(q)
	}
	return c.waiter(channels...)
}

// InboxWaiter is a Waiter for an agent's messages.
func (c *Coordinator) InboxWaiter(agentID string) *Waiter {
	return c.waiter(keyspace.ChannelAgent(agentID))
}

func (c *Coordinator) waiter(channels ...string) *Waiter {
	ctx, stop := context.WithCancel(context.Background())
	w := &Waiter{store: c.store, stop: stop, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	for _, channel := range channels {
		w.channels = append(w.channels, literal(channel))
	}
	go w.listen(ctx)
	return w
}

// Wait returns when anything was said there since the last Wait, and after a second
// at the latest. Its error is the context's.
func (w *Waiter) Wait(ctx context.Context) error {
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.wake:
	case <-timer.C:
	}
	return nil
}

// Close ends the listening.
func (w *Waiter) Close() {
	w.stop()
	<-w.done
}

// listen wakes for whatever is said, and when it begins to hear: what was said
// just before then is there to be found.
func (w *Waiter) listen(ctx context.Context) {
	defer close(w.done)
	wake := func() {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	for ctx.Err() == nil {
		if sub, err := w.store.Subscribe(ctx, w.channels...); err == nil {
			wake()
			_ = follow(ctx, sub, func(Heard) bool { wake(); return true })
		}
		pause(ctx, pollEvery)
	}
}

// Wait waits once for a task in one of the queues; see Waiter, which does not
// connect anew each time.
func (c *Coordinator) Wait(ctx context.Context, queues ...string) error {
	w := c.Waiter(queues...)
	defer w.Close()
	return w.Wait(ctx)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
