package engine

import (
	"context"
	"time"
)

// tendEvery is how often the waits for a person are looked at.
const tendEvery = 5 * time.Second

// Tend does what some console has to do now and then, until ctx ends: it ends
// the waits for a person that are over. Errors are told to the activity. A
// read-only engine tends nothing. Any number of consoles may tend.
func (e *Engine) Tend(ctx context.Context) {
	if e.ReadOnly() {
		return
	}
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for failed := ""; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		n, err := e.carcel.Sweep(ctx)
		if ctx.Err() != nil {
			return
		}
		if n > 0 {
			_, _ = e.carcel.Compact(ctx) // the next one may do
		}
		text := ""
		if err != nil {
			text = Sentence(err)
		}
		if text != "" && text != failed {
			e.watcher.Note("sweep failed", e.Address(), text)
		}
		failed = text
	}
}
