package dispatch

import (
	"context"
	"sync"

	"github.com/infrafabric/ifpacket/core/store"
)

// line is where those who dispatch at the same time meet. Whoever comes while
// few trips to Redis are under way goes at once; whoever comes later joins the
// trip that waits, which leaves when another comes back. So one caller alone
// waits for nobody, and many share the cost of their trips, each with a
// receipt, a mark and a ledger record of its own.
type line struct {
	mu   sync.Mutex
	away int // trips under way
	next []*trip
}

// trips is how many are under way at most: while Redis works on one, the other
// is read and written.
const trips = 2

// trip is a round trip of packets together, and what came of it.
type trip struct {
	cargo   []*cargo
	leave   chan struct{} // closed when its carrier, who joined first, may go
	back    chan struct{} // closed when answers or err are there
	answers []store.Answer
	err     error
}

// write writes one packet, and takes others along. An error is that of Redis,
// or of a context that ended before it was known what came of the packet.
func (l *line) write(ctx context.Context, d *Dispatcher, c *cargo) (store.Answer, error) {
	l.mu.Lock()
	if l.away < trips {
		l.away++
		l.mu.Unlock()
		defer l.home()
		answers, err := d.write(ctx, []*cargo{c})
		return one(answers, 0, err)
	}
	t, place := l.join(c)
	l.mu.Unlock()
	if place == 0 {
		// The others rely on the carrier, so that its own context does not end
		// the trip; Redis' timeouts do.
		<-t.leave
		defer l.home()
		defer close(t.back)
		t.answers, t.err = d.write(context.WithoutCancel(ctx), t.cargo)
		return one(t.answers, 0, t.err)
	}
	select {
	case <-t.back:
		return one(t.answers, place, t.err)
	case <-ctx.Done():
		return store.Answer{}, ctx.Err()
	}
}

// join takes a place on the last trip that waits, or on a new one.
func (l *line) join(c *cargo) (t *trip, place int) {
	if n := len(l.next); n > 0 && len(l.next[n-1].cargo) < together {
		t = l.next[n-1]
	} else {
		t = &trip{leave: make(chan struct{}), back: make(chan struct{})}
		l.next = append(l.next, t)
	}
	t.cargo = append(t.cargo, c)
	return t, len(t.cargo) - 1
}

// home says that a trip came back, so that the next may leave.
func (l *line) home() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.next) == 0 {
		l.away--
		return
	}
	close(l.next[0].leave)
	l.next = l.next[1:]
}

func one(answers []store.Answer, place int, err error) (store.Answer, error) {
	if err != nil {
		return store.Answer{}, err
	}
	return answers[place], answers[place].Err
}
