package gather

import (
	"context"
	"sync"
)

// Line is where callers meet. Whoever comes while few trips are under way goes
// at once, alone; whoever comes later joins the trip that waits, which leaves
// when another comes back. So one caller alone waits for nobody, and many share
// the cost of their trips. It is safe for use by many goroutines.
type Line[Item, Answer any] struct {
	trips, most int
	carry       func(context.Context, []Item) ([]Answer, error)

	mu   sync.Mutex
	away int // trips under way
	next []*trip[Item, Answer]
}

// trip is a journey of items together, and what came of it.
type trip[Item, Answer any] struct {
	items   []Item
	leave   chan struct{} // closed when its carrier, who joined first, may go
	back    chan struct{} // closed when answers or err are there
	answers []Answer
	err     error
}

// NewLine makes a line of so many trips at once, each with so many items at
// most. Carry makes a trip; it gives an answer for each item in their order,
// or an error for all.
func NewLine[Item, Answer any](trips, most int, carry func(context.Context, []Item) ([]Answer, error)) *Line[Item, Answer] {
	return &Line[Item, Answer]{trips: trips, most: most, carry: carry}
}

// Do has one item carried. An error is carry's, or that of a context which
// ended before it was known what came of the item.
func (l *Line[Item, Answer]) Do(ctx context.Context, item Item) (answer Answer, err error) {
	l.mu.Lock()
	if l.away < l.trips {
		l.away++
		l.mu.Unlock()
		defer l.home()
		answers, err := l.carry(ctx, []Item{item})
		return one(answers, 0, err)
	}
	t, place := l.join(item)
	l.mu.Unlock()
	if place == 0 {
		// The others rely on the carrier, so that its own context does not end
		// the trip: whatever bounds a trip does.
		<-t.leave
		defer l.home()
		defer close(t.back)
		t.answers, t.err = l.carry(context.WithoutCancel(ctx), t.items)
		return one(t.answers, 0, t.err)
	}
	select {
	case <-t.back:
		return one(t.answers, place, t.err)
	case <-ctx.Done():
		return answer, ctx.Err()
	}
}

// join takes a place on the last trip that waits, or on a new one.
func (l *Line[Item, Answer]) join(item Item) (t *trip[Item, Answer], place int) {
	if n := len(l.next); n > 0 && len(l.next[n-1].items) < l.most {
		t = l.next[n-1]
	} else {
		t = &trip[Item, Answer]{leave: make(chan struct{}), back: make(chan struct{})}
		l.next = append(l.next, t)
	}
	t.items = append(t.items, item)
	return t, len(t.items) - 1
}

// home says that a trip came back, so that the next may leave.
func (l *Line[Item, Answer]) home() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.next) == 0 {
		l.away--
		return
	}
	close(l.next[0].leave)
	l.next = l.next[1:]
}

func one[Answer any](answers []Answer, place int, err error) (answer Answer, _ error) {
	if err != nil {
		return answer, err
	}
	return answers[place], nil
}
