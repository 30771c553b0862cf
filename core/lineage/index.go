package lineage

import (
	"context"
	"errors"
	"time"

	"github.com/infrafabric/ifpacket/core/ledger"
)

// Log is the ledger as it is read here.
type Log interface {
	Read(ctx context.Context, from int64, each func(ledger.Record) bool) error
	ReadBack(ctx context.Context, from int64, each func(ledger.Record) bool) error
	Prove(ctx context.Context, position int64) (ledger.Proof, error)
	Included(ctx context.Context, records []ledger.Record) ([]error, error)
	Look(ctx context.Context) (*ledger.State, error)
	State() *ledger.State
}

// MaxIndexed is of how many packets, and of how many records, an Index keeps
// at most what the ledger says: the newest ones.
const MaxIndexed = 1_000_000

// Index is what the ledger says of each packet, in about 100 bytes a packet.
// It grows forwards with the ledger and backwards as far as it is asked to;
// each record is read once. It belongs to one goroutine.
type Index struct {
	log   Log
	most  int
	newer *half
	older *half // nil until newer is full
	end   bool  // nothing older can be read: the first record is reached, or memory is full
}

// NewIndex makes an index that has read nothing.
func NewIndex(log Log) *Index { return &Index{log: log, most: MaxIndexed} }

// From is the position of the oldest record in the index, 0 when it has none.
func (x *Index) From() int64 {
	h := x.oldest()
	if h == nil || h.from() > h.to() {
		return 0
	}
	return h.from()
}

// To is the position of the newest record in the index, 0 when it has none.
func (x *Index) To() int64 {
	if x.newer == nil {
		return 0
	}
	return x.newer.to()
}

// Whole reports whether the index goes back to the first record that there
// ever was: then what it does not know the ledger does not know either.
func (x *Index) Whole() bool { return x.From() == 1 }

// Ended reports whether Back can add nothing more.
func (x *Index) Ended() bool { return x.end }

func (x *Index) oldest() *half {
	if x.older != nil {
		return x.older
	}
	return x.newer
}

// Find tells what the ledger says of a packet, as far as the index goes.
func (x *Index) Find(id ledger.ID) (Known, bool) {
	var k Known
	found := x.newer != nil && x.newer.find(id, &k)
	found = x.older != nil && x.older.find(id, &k) || found
	return k, found
}

// Each calls each for every packet that the index knows.
func (x *Index) Each(each func(ledger.ID, *Known)) {
	if x.newer == nil {
		return
	}
	for id, m := range x.newer.packets {
		var k Known
		x.newer.tell(m, &k)
		if x.older != nil {
			x.older.find(id, &k)
		}
		each(id, &k)
	}
	if x.older == nil {
		return
	}
	for id, m := range x.older.packets {
		if _, both := x.newer.packets[id]; !both {
			var k Known
			x.older.tell(m, &k)
			each(id, &k)
		}
	}
}

// Keys calls each for every key that a record names, perhaps more than once.
func (x *Index) Keys(each func(string)) {
	for _, h := range []*half{x.newer, x.older} {
		if h == nil {
			continue
		}
		for _, key := range h.keys {
			if key != "" {
				each(key)
			}
		}
	}
}

// Len is how many packets the index knows; one that is in both halves counts
// twice.
func (x *Index) Len() int {
	n := 0
	for _, h := range []*half{x.newer, x.older} {
		if h != nil {
			n += len(h.packets)
		}
	}
	return n
}

// Forget empties the index: the ledger is not the one that it was.
func (x *Index) Forget() { x.newer, x.older, x.end = nil, nil, false }

// errAnother says that the ledger is not the one that it was: the last record
// that was read is no longer there, or another one.
var errAnother = errors.New("the ledger is another one than it was")

// Forward takes in the records that the ledger gained, each of which is
// handed to see (which may be nil), until a span of time is over, 0 for as
// long as it takes. It reports whether the end of the ledger was reached. A
// ledger with a hole in it is known from behind the hole on. The first call
// takes in the newest record alone: the older ones are Back's. Where the ledger
// has become another one the index is emptied, and the error matches
// errAnother.
func (x *Index) Forward(ctx context.Context, span time.Duration, see func(*ledger.Record)) (caughtUp bool, err error) {
	if x.newer == nil {
		err := x.begin(ctx, see)
		return err == nil, err
	}
	start, more, same := time.Now(), true, false
	each := func(r ledger.Record) bool {
		if r.Position == x.To() { // the last one, once more
			same = x.newer.same(&r)
			return same
		}
		same = true
		x.add(&r)
		if see != nil {
			see(&r)
		}
		more = span == 0 || r.Position%16 != 0 || time.Since(start) < span
		return more
	}
	if err = x.log.Read(ctx, x.To(), each); errors.Is(err, ledger.ErrDamaged) { // a hole: on behind it
		err = x.log.Read(ctx, x.To()+1, each)
	}
	if err == nil && !same {
		x.Forget()
		return false, errAnother
	}
	return err == nil && more, err
}

// begin takes in the newest record.
func (x *Index) begin(ctx context.Context, see func(*ledger.Record)) error {
	return x.log.ReadBack(ctx, 0, func(r ledger.Record) bool {
		x.newer, x.end = newHalf(r.Position), false
		x.newer.add(&r)
		if see != nil {
			see(&r)
		}
		return false
	})
}

// Back takes in older records, each of which is handed to see (which may be
// nil), until more returns false, or there are none.
func (x *Index) Back(ctx context.Context, more func() bool, see func(*ledger.Record)) error {
	if x.newer == nil {
		if err := x.begin(ctx, see); err != nil {
			return err
		}
	}
	if x.newer == nil || x.From() == 1 { // there is no ledger, or nothing before
		x.end = true
	}
	if x.end || !more() {
		return nil
	}
	next := x.From() - 1
	stopped := false
	err := x.log.ReadBack(ctx, next, func(r ledger.Record) bool {
		if r.Position != next { // a hole: what is before it tells nothing for sure
			return false
		}
		h := x.oldest()
		if x.full(h) && x.older == nil {
			x.older = newHalf(r.Position + 1)
			h = x.older
		} else if x.full(h) {
			return false
		}
		h.addBefore(&r)
		if see != nil {
			see(&r)
		}
		next--
		stopped = !more()
		return !stopped
	})
	x.end = err == nil && !stopped
	return err
}

func (x *Index) full(h *half) bool { return len(h.packets) >= x.most/2 || h.len() >= x.most/2 }

// add takes in the next record.
func (x *Index) add(r *ledger.Record) {
	switch {
	case r.Position != x.newer.to()+1:
		x.newer, x.older, x.end = newHalf(r.Position), nil, true
	case x.full(x.newer):
		if x.older != nil {
			x.end = true // what Back has read is given up for what is new
		}
		x.older, x.newer = x.newer, newHalf(r.Position)
	}
	x.newer.add(r)
}
