package lineage

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/watch"
)

// Pace is how often a Feed does what it does; zero values take the defaults.
type Pace struct {
	Beat   time.Duration // between two looks at what has changed (250 ms)
	Census time.Duration // between two censuses, where anything has (30 s)
}

const (
	// A census is taken at least so often, even where nothing seems to change:
	// what is altered in place changes no depth.
	feedCensusLeast = 5 * time.Minute
	// Of its time the feed works one part in so many, at most.
	feedShare = 16
	// indexSpan is for how long the ledger is read at a stretch.
	indexSpan = 10 * time.Millisecond
	// firstSpan is for how long the first verdicts wait for the ledger's past.
	firstSpan = 2 * time.Second
	// firstRecords is how many of the ledger's newest records tell where to
	// look at first.
	firstRecords = 200
	// lookEvery is how often the ledger is looked at for the sake of rows that
	// wait for a checkpoint, where nobody else looks.
	lookEvery = 5 * time.Second
)

// Watched is what a feed follows: a watch.Watcher.
type Watched interface{ Snapshot() *watch.Snapshot }

// Feed looks at the evidence of packets as they arrive. Make it with NewFeed,
// run it with Run, read the newest picture with Picture.
type Feed struct {
	Sources
	pace    Pace
	watched Watched
	picture atomic.Pointer[Picture]
	wake    atomic.Pointer[func()]
	flow    *Flow
	began   atomic.Bool
}

// NewFeed makes a feed that looks where a watcher saw something move. Nothing
// happens before Run.
func NewFeed(s Sources, w Watched, p Pace) *Feed {
	if p.Beat == 0 {
		p.Beat = 250 * time.Millisecond
	}
	if p.Census == 0 {
		p.Census = 30 * time.Second
	}
	f := &Feed{Sources: s, pace: p, watched: w, flow: newFlow()}
	f.picture.Store(&Picture{})
	return f
}

// Picture is the newest picture; never nil.
func (f *Feed) Picture() *Picture { return f.picture.Load() }

// Began reports whether Run was called, so that there is something to tell.
func (f *Feed) Began() bool { return f.began.Load() }

// Flow is how long packets took, by the ledger's times.
func (f *Feed) Flow() *Flow { return f.flow }

// OnChange names a function that is called, from the feed's goroutine, whenever
// a new Picture stands. It must return at once.
func (f *Feed) OnChange(wake func()) { f.wake.Store(&wake) }

// Run follows the packets until the context ends, and returns its error. While
// Redis is away it waits. It reads, and writes nothing.
func (f *Feed) Run(ctx context.Context) error {
	f.began.Store(true)
	r := newRound(f)
	tick := time.NewTicker(f.pace.Beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if time.Now().Before(r.rest) {
			continue
		}
		begin := time.Now()
		// An error is Redis' and shows in the watcher's link, or the ledger's
		// and shows in its state; what was to be done stays to be done.
		if err := r.beat(ctx); errors.Is(err, errAnother) {
			r.anew()
		}
		r.publish()
		if begin.Sub(r.begun) > firstSpan {
			r.rest = time.Now().Add(min(feedShare*time.Since(begin)-f.pace.Beat, 5*time.Second))
		}
	}
}

// round is a running feed. It belongs to one goroutine.
type round struct {
	*Feed
	examiner *Examiner
	census   *reconciler
	stream   stream
	snapshot *watch.Snapshot // the last one that was noticed
	begun    time.Time
	rest     time.Time // until when nothing is done

	due      map[string]*due   // keys that have to be looked at
	changed  map[string]queued // queues as they were noticed
	sizes    map[string]int    // how large the values of lists are, about
	seen     *recent
	past     int                  // records before the first pass that told where to look
	arrived  int                  // packets that records name which no pass has accounted for
	start    int64                // position of the last record that was there before the first pass
	since    int64                // position of the last record that was accounted for
	early    map[ledger.ID]uint64 // packets that were seen before their record was read, and their rows
	nextTake time.Time
	lastTake time.Time
	recorded bool // the ledger has moved since the last pass
	moved    bool // something has changed since the last census

	rows    []Row
	shared  int // so many of rows are in a Picture, and may not be altered
	seq     uint64
	counts  Counts
	taken   Census
	pending []pending
	fresh   bool // there is something to publish
}

func newRound(f *Feed) *round {
	x := NewExaminer(f.Ledger, f.Registry, f.RequireSeal)
	x.lazy, x.proofs.waits = false, true
	r := &round{
		Feed: f, examiner: x, due: map[string]*due{}, changed: map[string]queued{}, sizes: map[string]int{}, seen: newRecent(), early: map[ledger.ID]uint64{},
		snapshot: &watch.Snapshot{}, begun: time.Now(),
	}
	p := f.Picture() // of an earlier Run
	r.rows, r.shared, r.counts, r.taken = p.Rows, len(p.Rows), p.Counts, p.Census
	if n := len(p.Rows); n > 0 {
		r.seq = p.Rows[n-1].Seq
	}
	r.stream = stream{Flow: f.flow, index: x.index, skew: func() time.Duration { return r.snapshot.Server.Skew }, held: map[ledger.ID]time.Time{}}
	r.census = &reconciler{Sources: f.Sources, index: x.index, see: r.took, who: newIdentities(), held: r.held}
	return r
}

// held is what the watcher knows of the carcel.
func (r *round) held(context.Context) (*carcel.Table, error) {
	return r.watched.Snapshot().Carcel.Table, nil
}

// beat does what there is to do.
func (r *round) beat(ctx context.Context) error {
	s := r.watched.Snapshot()
	if s.Link.State != watch.Live && s.Link.State != watch.Polling {
		return nil
	}
	r.notice(s)
	if early, err := r.readBack(ctx); err != nil || early {
		return err
	}
	if len(r.due) > 0 || r.recorded || !r.examiner.caught {
		r.moved = true
		if err := r.pass(ctx); err != nil {
			return err
		}
		r.recorded = false
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	return r.takeCensus(ctx)
}

// ring is the keyring as it is now: one GET where it has not changed. One that
// is refused knows no key.
func (r *round) ring(ctx context.Context) (*keyring.Ring, error) {
	ring, err := r.Keys.Ring(ctx)
	if err != nil && !errors.Is(err, store.ErrUnreachable) && ctx.Err() == nil {
		return nil, nil
	}
	return ring, err
}

// anew forgets what it knew of a ledger that is now another one.
func (r *round) anew() {
	r.examiner.proofs.done, r.examiner.caught = nil, false
	r.start, r.since, r.arrived = 0, 0, 0
	clear(r.early)
	clear(r.stream.held)
}

// took takes a new record of the ledger.
func (r *round) took(one *ledger.Record) {
	r.stream.next(one)
	r.record(one)
}

// readBack reads the ledger's past, a little at a time. Early says that so
// little is known of it yet that verdicts should wait.
func (r *round) readBack(ctx context.Context) (early bool, err error) {
	x := r.examiner.index
	if x.Ended() {
		return false, nil
	}
	start := time.Now()
	early = start.Sub(r.begun) < firstSpan
	span := indexSpan
	if early {
		span = 5 * indexSpan
	}
	err = x.Back(ctx, func() bool { return time.Since(start) < span }, func(one *ledger.Record) {
		r.stream.before(one)
		if r.past < firstRecords { // what was sent last is shown from the beginning
			r.past++
			r.record(one)
		}
	})
	return early && !x.Ended(), err
}

// takeCensus takes a census when it is time for one.
func (r *round) takeCensus(ctx context.Context) error {
	now := time.Now()
	x := r.examiner
	if now.Before(r.nextTake) || !x.caught || r.lastTake.IsZero() && !x.index.Ended() && now.Sub(r.begun) < r.pace.Census {
		return nil
	}
	r.nextTake = now.Add(r.pace.Census)
	if !r.moved && now.Sub(r.lastTake) < feedCensusLeast {
		return nil
	}
	f, err := r.census.census(ctx)
	if err != nil {
		return err
	}
	ring, err := r.ring(ctx)
	if err != nil {
		return err
	}
	r.lastTake, r.moved = now, r.census.unsure
	f.Suspects = x.rows(ctx, ring, f.suspects)
	r.tell(f)
	return nil
}
