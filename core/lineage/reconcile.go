package lineage

import (
	"cmp"
	"context"
	"hash/maphash"
	"math"
	"slices"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/ledger"
)

// reconciler compares what the ledger says with what Redis holds. It belongs
// to one goroutine.
type reconciler struct {
	Sources
	index *Index
	see   func(*ledger.Record) // is handed each record that the index takes in; may be nil
	who   *identities
	// held gives what the carcel holds; its answer is as new as the records up
	// to settled, and nil where it is not whole.
	held    func(ctx context.Context) (*carcel.Table, error)
	settled int64
	unsure  bool // the last census left something to the next

	last    map[uint64]Fate // the suspects of the last count
	entries *carcel.Table   // whose tracking ids are in ids
	ids     map[string]bool
}

// suspect is a packet whose fate somebody has to look at.
type suspect struct {
	name uint64 // by which it is known again
	id   string
	fate Fate
	k    Known
	at   *sighting // where it was found; nil when nowhere
}

// finding is what a census found.
type finding struct {
	Census
	suspects []suspect
	seen     *sightings

	lists map[Fate][]suspect // while it is made; of each fate the newest
}

// suspect adds a suspect. There may be any number of them, and of each fate
// only the newest can be named.
func (f *finding) suspect(s suspect) {
	list := append(f.lists[s.fate], s)
	if len(list) >= 2*maxSuspects {
		list = newestSuspects(list)
	}
	f.lists[s.fate] = list
}

// close makes one list of all suspects, the worst fate first.
func (f *finding) close() {
	for _, fate := range suspectOrder {
		f.suspects = append(f.suspects, newestSuspects(f.lists[fate])...)
	}
	f.lists = nil
}

func newestSuspects(list []suspect) []suspect {
	slices.SortFunc(list, func(a, b suspect) int { // two counts must choose the same
		return cmp.Or(cmp.Compare(b.k.Last.Position, a.k.Last.Position), cmp.Compare(a.name, b.name))
	})
	return list[:min(len(list), maxSuspects)]
}

// TakeCensus compares the whole ledger, as far as memory allows, with Redis,
// once. It writes nothing. Errors are those of the store and the keyring, or
// match ledger.ErrDamaged.
func TakeCensus(ctx context.Context, s Sources) (Census, error) {
	c := &reconciler{Sources: s, index: NewIndex(s.Ledger), who: newIdentities(), settled: math.MaxInt64}
	c.held = func(ctx context.Context) (*carcel.Table, error) {
		x := s.Carcel.Index()
		for more := true; more; {
			var err error
			if more, err = x.Refresh(ctx); err != nil {
				return nil, err
			}
		}
		return x.Table(), nil
	}
	if err := c.index.Back(ctx, func() bool { return true }, nil); err != nil {
		return Census{}, err
	}
	ring, err := s.Keys.Ring(ctx)
	if err != nil {
		return Census{}, err
	}
	f, err := c.census(ctx)
	if err != nil {
		return Census{}, err
	}
	x := NewExaminer(s.Ledger, s.Registry, s.RequireSeal)
	x.index, x.lazy, x.caught = c.index, false, true
	f.Suspects = x.rows(ctx, ring, f.suspects)
	return f.Census, nil
}

// census counts, and counts again where a suspect is new: packets move while
// they are counted. Only what looked the same twice is reported.
func (c *reconciler) census(ctx context.Context) (*finding, error) {
	c.unsure = false
	f, err := c.count(ctx)
	if err != nil {
		return nil, err
	}
	before, fresh := c.last, false
	for _, s := range f.suspects { // that others take is no news
		fresh = fresh || s.fate != Taken && before[s.name] != s.fate
	}
	if fresh {
		before = f.names()
		if f, err = c.count(ctx); err != nil {
			return nil, err
		}
	}
	c.last = f.names()
	c.settled = max(c.settled, c.index.To())
	confirmed := f.suspects[:0]
	for _, s := range f.suspects {
		if s.fate == Taken || before[s.name] == s.fate {
			confirmed = append(confirmed, s)
			continue
		}
		c.unsure = true
		f.Fates[s.fate]--
		f.Fates[Unknown]++
	}
	f.suspects, f.At = confirmed, time.Now()
	return f, nil
}

func (f *finding) names() map[uint64]Fate {
	names := make(map[uint64]Fate, len(f.suspects))
	for _, s := range f.suspects {
		names[s.name] = s.fate
	}
	return names
}

// count compares once. The ledger is read on behind the look at Redis, so that
// the index knows of everything that was seen there.
func (c *reconciler) count(ctx context.Context) (*finding, error) {
	if _, err := c.index.Forward(ctx, 0, c.see); err != nil {
		return nil, err
	}
	keys, err := c.keys(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := c.look(ctx, keys)
	if err != nil {
		return nil, err
	}
	held, err := c.inCarcel(ctx)
	if err != nil {
		return nil, err
	}
	clock, err := c.Store.Commands().Time(ctx).Result()
	if err != nil {
		return nil, c.Store.Explain("time", "", err)
	}
	if _, err := c.index.Forward(ctx, 0, c.see); err != nil {
		return nil, err
	}
	f := &finding{Census: Census{Fates: map[Fate]int{}, Looked: seen.looked, Left: seen.left, From: c.index.From()}, seen: seen, lists: map[Fate][]suspect{}}
	where := map[ledger.ID]*sighting{}
	for i := range seen.list {
		where[seen.list[i].id] = &seen.list[i]
	}
	c.index.Each(func(id ledger.ID, k *Known) {
		fate := c.fateAmong(id, k, seen, held, clock)
		f.Fates[fate]++
		if slices.Contains(suspectOrder, fate) {
			f.suspect(suspect{maphash.Bytes(c.who.seed, id[:]), id.String(), fate, *k, where[id]})
		}
	})
	c.strangers(f)
	f.close()
	return f, nil
}

// fateAmong is the fate of a packet that the ledger knows.
func (c *reconciler) fateAmong(id ledger.ID, k *Known, seen *sightings, held map[string]bool, now time.Time) Fate {
	sure := c.index.Whole() || k.Sent.Position > 0
	switch n := seen.count[id]; {
	case n > max(k.Out, 0) && sure:
		return Copied
	case n > 0:
		return Here
	}
	switch k.Last.Event {
	case ledger.Held, ledger.Blocked, ledger.Approved, ledger.Denied, ledger.Appealed, ledger.Restored:
		if held == nil || held[id.String()] {
			return Held
		}
		if k.Last.Position > c.settled {
			c.unsure = true
			return Held
		}
	}
	return c.fate(k, seen.places[k.Sent.Key], now)
}

// strangers are the packets in Redis that the ledger does not know, which only
// a whole index can tell.
func (c *reconciler) strangers(f *finding) {
	for i := range f.seen.list {
		s := &f.seen.list[i]
		if s.id != (ledger.ID{}) {
			if _, known := c.index.Find(s.id); known {
				continue
			}
		}
		if !c.index.Whole() {
			f.Fates[Unknown]++
			continue
		}
		f.Fates[Unlogged]++
		name := maphash.String(c.who.seed, s.Key+"\x00"+s.raw)
		f.suspect(suspect{name: name, id: s.trackingID(), fate: Unlogged, at: s})
	}
}

// inCarcel are the tracking ids of what the carcel holds; nil when not known.
func (c *reconciler) inCarcel(ctx context.Context) (map[string]bool, error) {
	table, err := c.held(ctx)
	if err != nil || table == nil || !table.Whole && table.Length > 0 {
		return nil, err
	}
	if table != c.entries {
		c.entries, c.ids = table, make(map[string]bool, len(table.Entries))
		for _, e := range table.Entries {
			c.ids[e.TrackingID] = true
		}
	}
	return c.ids, nil
}
