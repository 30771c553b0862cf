package carcel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// clockSkew is by how much the clocks of those who write entries may differ.
const clockSkew = 5 * time.Second

// looks looks now and then whether packets have come back, and pauses the run
// when too many have.
func (w *worker) looks(ctx context.Context) error {
	if time.Since(w.looked) < returnEvery {
		return nil
	}
	return w.look(ctx, PauseAt)
}

// turn waits until the rate allows the next release. However long that is, the
// run is kept, and looked after.
func (w *worker) turn(ctx context.Context) error {
	for at := w.pace.turn(); ; {
		if err := w.looks(ctx); err != nil {
			return err
		}
		left := time.Until(at)
		if left <= 0 {
			return ctx.Err()
		}
		if !pause(ctx, min(left, returnEvery)) {
			return ctx.Err()
		}
	}
}

// watch looks for a while.
func (w *worker) watch(ctx context.Context, pauseAt int, span time.Duration) error {
	for end := time.Now().Add(span); ; {
		if err := w.look(ctx, pauseAt); err != nil {
			return err
		}
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(left, canaryLook)):
		}
	}
}

// look counts the released packets that are in the carcel again under another
// text, and pauses the run at so many.
func (w *worker) look(ctx context.Context, pauseAt int) error {
	w.looked = time.Now()
	if _, err := w.index.Refresh(ctx); err != nil {
		return err
	}
	// The newest first: what came back stands before what was there when the
	// run began.
	for _, e := range w.index.Table().Entries {
		if w.planned[e.SHA] {
			break
		}
		if e.TrackingID != "" && w.released[e.TrackingID] && (!w.before[e.SHA] || e.At.IsZero() || !e.At.Before(w.begun.Add(-clockSkew))) {
			w.returned[e.TrackingID] = true
		}
	}
	if err := w.count(ctx); err != nil {
		return err
	}
	if n := len(w.returned); n >= pauseAt {
		why := fmt.Sprintf("%d came back; look why, then resume or cancel", n)
		if err := w.c.Pause(ctx, w.lease.id, why); err != nil && !errors.As(err, new(*ErrEnded)) {
			return err
		}
		w.told = time.Time{}
		w.progress(ctx)
		return ErrStopped
	}
	return nil
}

// tally counts an entry that was not released. The counts are written at the
// next look: a resumed run counts them anew.
func (w *worker) tally(ctx context.Context, what string) error {
	w.counts[what]++
	w.progress(ctx)
	return ctx.Err()
}

// count writes the counts, and keeps the lease.
func (w *worker) count(ctx context.Context) error {
	key := w.c.space.Run(w.lease.id)
	err := w.c.store.Transaction(ctx, "replay", key, func(tx redis.Pipeliner) {
		tx.HSet(ctx, key, "skipped", w.counts["skipped"], "held", w.counts["held"], "invalid", w.counts["invalid"], "returned", len(w.returned))
	})
	if err != nil {
		return err
	}
	r, err := w.c.Run(ctx, w.lease.id)
	if err != nil {
		return err
	}
	if r.State != RunRunning || r.Owner != w.lease.owner {
		return ErrStopped
	}
	_, err = w.c.runAct(ctx, w.lease.id, "own", w.lease.owner, "0", "")
	return err
}

// progress tells how far the run is, a few times a second.
func (w *worker) progress(ctx context.Context) {
	if w.tell == nil || time.Since(w.told) < 100*time.Millisecond {
		return
	}
	w.told = time.Now()
	r, err := w.c.Run(ctx, w.lease.id)
	if err != nil {
		return
	}
	r.Skipped, r.Held, r.Invalid = w.counts["skipped"], w.counts["held"], w.counts["invalid"]
	w.tell(r)
}

// wasReleased reports whether an entry has left the carcel for its key.
func (w *worker) wasReleased(ctx context.Context, sha string) bool {
	released, err := w.c.marked(ctx, sha)
	return released && err == nil
}
