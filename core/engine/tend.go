package engine

import (
	"context"
	"sync"
	"time"

	"github.com/infrafabric/ifpacket/core/swarm"
)

const (
	tendEvery = 5 * time.Second // between two looks at the waits for a person
	reapEvery = 5 * time.Minute // between two looks at the swarm
)

// Tend does what some console has to do now and then, until ctx ends: it looks
// at the ledger, seals it where this machine can, ends the waits for a person
// that are over, and mends what it finds broken in the swarm twice. What fails
// is told to the activity. It samples the memory that Redis uses, too. A read-only engine only looks. Any number of consoles
// may tend.
func (e *Engine) Tend(ctx context.Context) {
	var both sync.WaitGroup
	defer both.Wait()
	both.Go(func() { e.tendLedger(ctx) })
	both.Go(func() { e.tendMemory(ctx) })
	if !e.ReadOnly() {
		both.Go(func() { e.tendWaits(ctx) })
		both.Go(func() { e.tendSwarm(ctx) })
	}
}

// tendSwarm mends the swarm. There is time: whoever claims puts back what is
// due, and a person shall see a silent agent before it is gone.
func (e *Engine) tendSwarm(ctx context.Context) {
	told := teller{e: e, what: "reaper failed"}
	e.swarm.ReapOnSecondSight(ctx, reapEvery, func(_ swarm.Reaped, err error) {
		if ctx.Err() == nil {
			told.tell(err)
		}
	})
}

// tendWaits ends the waits for a person that are over.
func (e *Engine) tendWaits(ctx context.Context) {
	told := teller{e: e, what: "sweep failed"}
	every(ctx, tendEvery, func() {
		n, err := e.carcel.Sweep(ctx)
		if ctx.Err() != nil {
			return
		}
		if n > 0 {
			_, _ = e.carcel.Compact(ctx) // the next one may do
		}
		told.tell(err)
	})
}

// every does something again and again until ctx ends.
func every(ctx context.Context, pause time.Duration, do func()) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do()
		}
	}
}

// teller tells the activity of an error, once as long as it stays the same.
type teller struct {
	e    *Engine
	what string
	last string
}

func (t *teller) tell(err error) {
	text := ""
	if err != nil {
		text = Sentence(err)
	}
	if text != "" && text != t.last {
		t.e.watcher.Note(t.what, t.e.Address(), text)
	}
	t.last = text
}
