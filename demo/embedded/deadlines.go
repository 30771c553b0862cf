package embedded

import (
	"container/heap"
	"time"
)

// deadlines knows when keys expire, the next one first. The engine keeps TTLs
// too, but as durations that stand still; what it holds is brought up to date
// before a command looks at it (see syncTTL).
type deadlines struct {
	byKey  map[dbKey]*deadline
	next   deadlineHeap
	sooner chan struct{} // one waiting: the next deadline has come nearer
}

type deadline struct {
	key  dbKey
	at   time.Time
	slot int
}

func newDeadlines() deadlines {
	return deadlines{byKey: map[dbKey]*deadline{}, sooner: make(chan struct{}, 1)}
}

func (d *deadlines) set(k dbKey, at time.Time) {
	if old, ok := d.byKey[k]; ok {
		old.at = at
		heap.Fix(&d.next, old.slot)
	} else {
		one := &deadline{key: k, at: at}
		d.byKey[k] = one
		heap.Push(&d.next, one)
	}
	if d.next[0].key == k {
		select {
		case d.sooner <- struct{}{}:
		default:
		}
	}
}

func (d *deadlines) remove(k dbKey) {
	if old, ok := d.byKey[k]; ok {
		heap.Remove(&d.next, old.slot)
		delete(d.byKey, k)
	}
}

// left is how long a key still has at a time.
func (d *deadlines) left(k dbKey, now time.Time) (time.Duration, bool) {
	one, ok := d.byKey[k]
	if !ok {
		return 0, false
	}
	return one.at.Sub(now), true
}

// rekey moves every deadline to the database that move names; below 0 drops it.
func (d *deadlines) rekey(move func(db int) int) {
	old := d.next
	d.next, d.byKey = nil, map[dbKey]*deadline{}
	for _, one := range old {
		if db := move(one.key.db); db >= 0 {
			d.set(dbKey{db, one.key.key}, one.at)
		}
	}
}

type deadlineHeap []*deadline

func (h deadlineHeap) Len() int           { return len(h) }
func (h deadlineHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h deadlineHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i, j
}
func (h *deadlineHeap) Push(one any) {
	d := one.(*deadline)
	d.slot = len(*h)
	*h = append(*h, d)
}
func (h *deadlineHeap) Pop() any {
	last := len(*h) - 1
	one := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return one
}
