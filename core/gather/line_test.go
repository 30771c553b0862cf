package gather

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOneCallerAloneGoesAtOnce(t *testing.T) {
	var sizes []int
	l := NewLine(2, 8, func(_ context.Context, items []int) ([]int, error) {
		sizes = append(sizes, len(items))
		return []int{items[0] * 2}, nil
	})
	for n := range 5 {
		if answer, err := l.Do(t.Context(), n); err != nil || answer != 2*n {
			t.Errorf("%d: %d, %v", n, answer, err)
		}
	}
	if len(sizes) != 5 || l.away != 0 {
		t.Errorf("%v trips, %d are still away", sizes, l.away)
	}
}

func TestManyCallersShareTripsAndGetTheirOwnAnswers(t *testing.T) {
	var trips, away, most atomic.Int64
	var first sync.Once
	var l *Line[int, int]
	l = NewLine(2, 8, func(_ context.Context, items []int) ([]int, error) {
		first.Do(func() { waiting(l, 8) }) // so that some surely share one
		if n := away.Add(1); n > 2 {
			t.Errorf("%d trips at once", n)
		}
		defer away.Add(-1)
		if len(items) > 8 {
			t.Errorf("a trip of %d", len(items))
		}
		trips.Add(1)
		most.Store(max(most.Load(), int64(len(items))))
		answers := make([]int, len(items))
		for i, item := range items {
			answers[i] = -item
		}
		return answers, nil
	})
	var all sync.WaitGroup
	for caller := range 32 {
		all.Go(func() {
			for n := range 200 {
				item := caller*1000 + n
				if answer, err := l.Do(t.Context(), item); err != nil || answer != -item {
					t.Errorf("of %d: %d, %v", item, answer, err)
				}
			}
		})
	}
	all.Wait()
	if trips.Load() >= 32*200 || most.Load() < 2 {
		t.Errorf("%d trips of at most %d: nobody shared one", trips.Load(), most.Load())
	}
	if l.away != 0 || len(l.next) != 0 {
		t.Errorf("%d are away and %d wait, and nobody calls", l.away, len(l.next))
	}
}

// held is a line whose trips wait until they are let go.
func held() (l *Line[int, int], gone chan int, let chan error) {
	gone, let = make(chan int, 100), make(chan error)
	l = NewLine(1, 4, func(ctx context.Context, items []int) ([]int, error) {
		gone <- len(items)
		if err := <-let; err != nil {
			return nil, err
		}
		return items, ctx.Err()
	})
	return l, gone, let
}

// waiting waits until so many items wait in the line.
func waiting(l *Line[int, int], n int) {
	for {
		l.mu.Lock()
		sum := 0
		for _, t := range l.next {
			sum += len(t.items)
		}
		l.mu.Unlock()
		if sum >= n {
			return
		}
		runtime.Gosched()
	}
}

func TestAnErrorIsThatOfEverybodyOnTheTripAndOfNobodyElse(t *testing.T) {
	l, gone, let := held()
	broken := errors.New("broken")
	results := make(chan error, 10)
	call := func(n int) { go func() { _, err := l.Do(t.Context(), n); results <- err }() }
	call(0)
	<-gone
	for n := 1; n <= 6; n++ { // one trip of four, one of two
		call(n)
		waiting(l, n)
	}
	let <- nil
	if n := <-gone; n != 4 {
		t.Errorf("the second trip has %d items", n)
	}
	let <- broken
	if n := <-gone; n != 2 {
		t.Errorf("the third trip has %d items", n)
	}
	let <- nil
	failed := 0
	for range 7 {
		if err := <-results; errors.Is(err, broken) {
			failed++
		} else if err != nil {
			t.Error(err)
		}
	}
	if failed != 4 {
		t.Errorf("%d callers failed, want 4", failed)
	}
}

func TestWhoeverGivesUpLeavesTheOthersToTheirTrip(t *testing.T) {
	l, gone, let := held()
	first, cancelFirst := context.WithCancel(t.Context())
	other, cancelOther := context.WithCancel(t.Context())
	defer cancelFirst()
	results := make(chan error, 4)
	call := func(ctx context.Context, n int) { go func() { _, err := l.Do(ctx, n); results <- err }() }
	call(t.Context(), 0)
	<-gone
	call(first, 1) // it carries the next trip
	waiting(l, 1)
	call(other, 2)
	call(t.Context(), 3)
	waiting(l, 3)
	cancelOther()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}
	cancelFirst() // a carrier does not leave the others behind
	let <- nil
	<-gone
	let <- nil
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
