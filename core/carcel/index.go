package carcel

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	stepTime = 15 * time.Millisecond // that long one Refresh reads old windows
	overlap  = 16                    // slots of a window that are known already, by which it finds its place
	// Of what an Index does after its first pass, reading again takes a tenth
	// of the time at most; the first takes half, so that others get theirs.
	laterRest, firstRest = 9, 1
	tailWindows          = 4 // windows that are read at once of what was appended
)

// Index holds the whole carcel as a Table, read in windows, so that the server
// is never held up, and keeps it right while others change the list. One
// goroutine at a time may use an Index; its Tables belong to everybody.
//
// What is appended is read as it comes. What our own scripts alter is read
// back from the ledger, which names the entries. Everything else, which only
// other programs do, makes it pass over the list again, newest windows first
// and at leisure; entries that it knows are not parsed again.
type Index struct {
	store *store.Store
	space keyspace.Partition
	table atomic.Pointer[Table]
	words words
	skew  time.Duration

	slots    []*Entry // the list as far as it is known, oldest first
	pass     *pass    // the reading under way; nil when slots is the list
	length   int64    // of the list at the last look
	read     bool     // the first pass is over
	doubt    bool     // something was altered that no look explains
	turn     int      // moves the anchors
	stirred  bool     // more was altered since the table was made than is counted in
	appended int      // how many slots at the end are not in the table
	left     []int    // slots that are in the table, and whose entries have left
	prints   []uint32 // the first bytes of the SHAs of slots, as far as they were needed

	// The last table's lists, with room before them.
	entries []*Entry
	at      []int32
	free    int

	changes  int64 // the counter at the last look
	position int64 // of the last ledger record that was taken into account
	surplus  int64 // acts found in the ledger that the counter had not told of yet
	altered  int64 // alterations that were told of, less the acts found

	size      sizes
	notBefore time.Time // when reading again may go on
}

// NewIndex makes an index of the carcel, empty until it is refreshed.
func NewIndex(s *store.Store) *Index {
	x := &Index{store: s, space: keyspace.Main, doubt: true, changes: -1}
	x.table.Store(&Table{})
	return x
}

// Table is the newest picture, never nil. Another one is made only when
// something in it has changed.
func (x *Index) Table() *Table { return x.table.Load() }

// Doubt has the list read again, since something in it may have been altered
// that neither its length nor a counter tells, as LSET by another program.
func (x *Index) Doubt() { x.doubt = true }

// Altered says that slots were rewritten in place so many times, by whomever:
// where our own scripts do not explain it, the list is read again.
func (x *Index) Altered(times int) { x.altered += int64(times) }

// Skew says by how much the server's clock is ahead of this machine's, so that
// the times in the table are on this machine's. Less than a second is let be.
func (x *Index) Skew(ahead time.Duration) {
	ahead = ahead.Round(time.Second)
	if ahead == x.skew {
		return
	}
	by := x.skew - ahead
	x.skew = ahead
	x.shift(by)
}

// Pause is how long to wait before the next Refresh when there is more to do.
func (x *Index) Pause() time.Duration { return max(0, time.Until(x.notBefore)) }

// Refresh does a bounded amount of work and reports whether more remains. It
// looks whether the list has changed, reads what was appended, and goes on
// with older windows; called again before Pause is over, it leaves those.
// An error matches store.ErrWrongType when the key holds no list; the table
// is empty then.
func (x *Index) Refresh(ctx context.Context) (more bool, err error) {
	return x.refresh(ctx, 0)
}

// ReadAll reads the whole list again, now and without pause.
func (x *Index) ReadAll(ctx context.Context) error {
	x.Doubt()
	if x.pass != nil {
		x.begin()
	}
	for {
		more, err := x.refresh(ctx, time.Hour)
		// One pass was whole: what came after it waits for the next Refresh.
		if err != nil || !more || x.pass == nil {
			return err
		}
	}
}

// ReadFor reads without pause until all is known or so much time has passed,
// and reports whether more remains.
func (x *Index) ReadFor(ctx context.Context, most time.Duration) (more bool, err error) {
	return x.refresh(ctx, most)
}

// refresh is Refresh, or reads older windows for so long without asking
// whether it is time to.
func (x *Index) refresh(ctx context.Context, most time.Duration) (more bool, err error) {
	look, err := x.look(ctx)
	if errors.Is(err, store.ErrWrongType) || errors.Is(err, store.ErrAuth) {
		x.forget()
	}
	if err != nil {
		return false, err
	}
	if look.length == 0 {
		x.forget()
		x.changes, x.position, x.altered = look.changes, look.position, 0
		return false, nil
	}
	lost := false // the place in the list
	if x.length > 0 {
		doubted := x.doubt
		if err := x.account(ctx, look); err != nil {
			return true, err
		}
		if x.pass == nil {
			lost, err = x.settled(ctx, look, doubted)
		} else {
			lost, err = x.follow(ctx, look)
		}
		if err != nil {
			return true, err
		}
	}
	x.stirred = x.stirred || x.length != look.length && x.appended == 0
	x.changes, x.length = look.changes, look.length
	begin := time.Now()
	free := most > 0 || !begin.Before(x.notBefore)
	if lost || x.pass == nil && x.doubt && free {
		x.begin()
	}
	if x.pass != nil && (free || lost) {
		until := begin.Add(max(most, stepTime))
		if !free { // the newest at once, the rest when it is time
			until = begin
		}
		x.stirred = true
		err = x.advance(ctx, until)
		rest := time.Duration(laterRest)
		if !x.read {
			rest = firstRest
		}
		now := time.Now()
		x.notBefore = now.Add(rest * now.Sub(begin))
		x.read = x.read || x.pass == nil
	}
	x.publish()
	return x.pass != nil || x.doubt, err
}

// forget empties the index, as the list is.
func (x *Index) forget() {
	x.slots, x.prints, x.pass, x.length, x.stirred = nil, nil, nil, 0, true
	x.read, x.doubt = false, true
	x.size = sizes{}
	x.publish()
}

// shift moves all times, on copies: the old ones stand in tables.
func (x *Index) shift(by time.Duration) {
	moved := func(list []*Entry) []*Entry {
		list = slices.Clone(list)
		for i, e := range list {
			c := *e
			if !c.At.IsZero() {
				c.At = c.At.Add(by)
			}
			if !c.Expires.IsZero() {
				c.Expires = c.Expires.Add(by)
			}
			list[i] = &c
		}
		return list
	}
	x.slots, x.stirred = moved(x.slots), true
	if p := x.pass; p != nil {
		p.front, p.back = moved(p.front), moved(p.back)
	}
	x.publish()
}
