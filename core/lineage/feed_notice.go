package lineage

import (
	"hash/maphash"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/watch"
)

// due is why a key has to be looked at.
type due struct {
	kind   string   // its Redis type, as its name or the operation promises
	count  int      // how many values are new, at least
	head   bool     // some of them at the head of the list
	fields []string // of a hash
}

// queued is a queue as it was noticed.
type queued struct {
	changed time.Time
	depth   int64
}

// firstLook is how many of the newest values of a key are looked at when it is
// seen for the first time.
const firstLook = 20

// notice takes from the watcher's newest picture which keys have changed. Where
// nothing has it costs nothing. What was edited in place shows in no depth.
func (r *round) notice(s *watch.Snapshot) {
	if r.Edited != nil {
		for _, key := range r.Edited() { // it may be anywhere: as much is looked at as can be at once
			d := r.dueAt(key, keyspace.TypeList)
			d.count, d.head = d.count+window, true
		}
	}
	last := r.snapshot
	if s == last {
		return
	}
	r.snapshot = s
	r.recorded = r.recorded || s.Ledger != last.Ledger
	if s.Version.Queues != last.Version.Queues {
		r.noticeQueues(s.Queues)
	}
	if now, before := s.Carcel.Table, last.Carcel.Table; now != before || s.Carcel.Length != last.Carcel.Length {
		d := r.dueAt(keyspace.Main.DeadLetters(), keyspace.TypeList)
		if before == nil {
			d.count += firstLook
		} else {
			d.count += int(max(s.Carcel.Length-last.Carcel.Length, 1))
		}
	}
}

func (r *round) noticeQueues(queues []watch.Queue) {
	if len(r.changed) > 2*len(queues)+1000 { // keys come and go
		clear(r.changed)
		clear(r.sizes)
	}
	for i := range queues {
		q := &queues[i]
		before, there := r.changed[q.Key]
		if q.Class != keyspace.PacketQueue || q.Type != keyspace.TypeList || there && q.Changed.Equal(before.changed) {
			continue
		}
		r.changed[q.Key] = queued{q.Changed, q.Depth}
		if q.Depth == 0 {
			continue
		}
		d := r.dueAt(q.Key, keyspace.TypeList)
		if !there {
			d.count, d.head = d.count+firstLook, true
		}
		d.count += int(max(q.Depth-before.depth, 1))
	}
}

// maxDue is how many keys may wait to be looked at. What is more is left to the
// census.
const maxDue = 10_000

func (r *round) dueAt(key, kind string) *due {
	d := r.due[key]
	if d == nil {
		d = &due{kind: kind}
		if len(r.due) < maxDue {
			r.due[key] = d
		}
	}
	return d
}

var kindOf = map[string]string{
	"set": keyspace.TypeString, "lpush": keyspace.TypeList, "rpush": keyspace.TypeList, "hset": keyspace.TypeHash, "sadd": keyspace.TypeSet,
}

// record takes from a new record of the ledger where a packet went.
func (r *round) record(one *ledger.Record) {
	switch one.Event() {
	case ledger.Dispatched, ledger.Released:
		kind := kindOf[one.Get("operation")]
		if kind == "" {
			return
		}
		d := r.dueAt(one.Get("key"), kind)
		d.count += one.Count()
		d.head = d.head || one.Get("operation") == "lpush"
		if id := one.Get("tracking_id"); kind == keyspace.TypeHash && len(d.fields) < window {
			if became := one.Get("became"); became != "" {
				id = became
			}
			d.fields = append(d.fields, id)
		}
	case ledger.Held, ledger.Blocked:
		r.dueAt(keyspace.Main.DeadLetters(), keyspace.TypeList).count++
	default:
		return
	}
	r.arrived += one.Count() - r.late(one)
}

// late counts the packets of a record that were seen before the record was
// read. Their rows wait for the ledger's word from now on.
func (r *round) late(one *ledger.Record) (n int) {
	if len(r.early) == 0 {
		return 0
	}
	for _, id := range one.IDs() {
		seq, there := r.early[id]
		if !there {
			continue
		}
		n++
		delete(r.early, id)
		if row := r.row(seq); row != nil {
			row.Position = one.Position
			r.pending = append(r.pending, pending{seq: seq, last: one.Position, digest: one.Digest()})
		}
	}
	return n
}

// recent remembers which values were looked at, the newest hundred thousand or
// so.
type recent struct {
	seed       maphash.Seed
	now, older map[uint64]struct{}
}

const halfRecent = 50_000

func newRecent() *recent { return &recent{seed: maphash.MakeSeed()} }

// first reports whether a value stands under a key for the first time, and
// remembers it.
func (x *recent) first(key, value string) bool {
	var h maphash.Hash
	h.SetSeed(x.seed)
	_, _ = h.WriteString(key)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(value)
	name := h.Sum64()
	_, now := x.now[name]
	_, older := x.older[name]
	if !now {
		if x.now == nil || len(x.now) >= halfRecent {
			x.now, x.older = map[uint64]struct{}{}, x.now
		}
		x.now[name] = struct{}{}
	}
	return !now && !older
}
