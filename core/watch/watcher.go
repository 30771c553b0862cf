package watch

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync/atomic"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/store"
)

// Options tune a Watcher; zero values take the defaults.
type Options struct {
	Flush   time.Duration // shortest time between two reads of dirty keys (50 ms)
	Beat    time.Duration // time between two looks at the ledger, the rates and the clock (1 s)
	Resync  time.Duration // time between full reads in the background (30 s)
	Probe   time.Duration // time between probes of the subscription (5 s)
	Poll    time.Duration // time between reads where notifications cannot be had (1 s)
	Backoff time.Duration // longest pause between tries to connect (8 s)
}

func (o Options) withDefaults() Options {
	preset := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	preset(&o.Flush, 50*time.Millisecond)
	preset(&o.Beat, time.Second)
	preset(&o.Resync, 30*time.Second)
	preset(&o.Probe, 5*time.Second)
	preset(&o.Poll, time.Second)
	preset(&o.Backoff, 8*time.Second)
	return o
}

// Watcher follows one Redis. Make it with New, run it with Run, read the
// newest picture with Snapshot.
type Watcher struct {
	store *store.Store
	opts  Options
	id    string

	snapshot atomic.Pointer[Snapshot]
	wake     atomic.Pointer[func()]
	retry    chan struct{}
	notes    chan Event
	taken    takenFrom
	edited   editedKeys
}

// New makes a watcher on a store. Nothing happens before Run.
func New(s *store.Store, opts Options) *Watcher {
	var id [6]byte
	_, _ = rand.Read(id[:]) // never fails
	w := &Watcher{
		store: s,
		opts:  opts.withDefaults(),
		id:    hex.EncodeToString(id[:]),
		retry: make(chan struct{}, 1),
		notes: make(chan Event, 64),
	}
	w.snapshot.Store(&Snapshot{Link: Link{State: Connecting, Since: time.Now()}, Server: Server{Address: s.Target().String()}})
	return w
}

// Snapshot returns the newest picture; never nil.
func (w *Watcher) Snapshot() *Snapshot { return w.snapshot.Load() }

// OnChange names a function that is called, from the watcher's goroutine,
// whenever a new Snapshot stands. It must return at once.
func (w *Watcher) OnChange(wake func()) { w.wake.Store(&wake) }

// Retry cuts short the pause before the next try to connect.
func (w *Watcher) Retry() {
	select {
	case w.retry <- struct{}{}:
	default:
	}
}

// Note adds a line of the console's own to the activity. It never blocks: of
// a flood, what does not fit is dropped.
func (w *Watcher) Note(what, subject, detail string) {
	select {
	case w.notes <- Event{At: time.Now(), Kind: Console, What: what, Subject: subject, Detail: detail, Count: 1}:
	default:
	}
}

// errLost says that a session ended although nothing failed: notifications
// stopped arriving.
var errLost = errors.New("notifications stopped arriving")

// Run follows Redis until the context ends, through any number of failures,
// and then returns the context's error.
func (w *Watcher) Run(ctx context.Context) error {
	m := w.newModel()
	for attempt := 0; ; {
		session := newSession(w, m)
		err := session.run(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if session.lived {
			attempt = 0
		}
		attempt++
		w.away(ctx, m, err, attempt)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// Look reads one whole picture and returns it, without following anything.
func (w *Watcher) Look(ctx context.Context) (*Snapshot, error) {
	m := w.newModel()
	s := newSession(w, m)
	server, err := readServer(ctx, w.store)
	if err != nil {
		return nil, err
	}
	m.setServer(server)
	if _, err := s.readAll(ctx); err != nil {
		return nil, err
	}
	if err := s.lookAtCarcel(ctx); err != nil {
		return nil, err
	}
	m.link = Link{State: Polling, Since: time.Now(), Reason: "one look"}
	m.sample(time.Now())
	return m.build(&Snapshot{}), nil
}

func (w *Watcher) newModel() *model {
	m := newModel(w.store.Target().String())
	m.entries = carcel.NewIndex(w.store)
	return m
}

// pause is how long to wait after a failed try: half a second at first, twice
// as long each time, up to the backoff.
func (o Options) pause(attempt int) time.Duration {
	return min(o.Backoff, time.Second/2<<min(attempt-1, 10))
}

// away publishes why Redis is away and waits for the next try.
func (w *Watcher) away(ctx context.Context, m *model, err error, attempt int) {
	pause := w.opts.pause(attempt)
	link := Link{State: Away, Attempt: attempt, NextTry: time.Now().Add(pause), Err: err, Reason: reasonOf(err)}
	m.setLink(link)
	w.publish(m)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-w.retry:
	}
}

// reasonOf is the shortest form of why Redis is away.
func reasonOf(err error) string {
	var e *store.Error
	if errors.As(err, &e) {
		if e.Reason != "" {
			return e.Reason
		}
		return e.Kind.Error()
	}
	return err.Error()
}

// publish makes the model's state the newest Snapshot, if anything changed.
func (w *Watcher) publish(m *model) {
	for {
		select {
		case note := <-w.notes:
			m.log(note)
			continue
		default:
		}
		break
	}
	next := m.build(w.snapshot.Load())
	if next == nil {
		return
	}
	w.snapshot.Store(next)
	if wake := w.wake.Load(); wake != nil {
		(*wake)()
	}
}
