package carcel

import (
	"maps"
	"slices"
)

// room is how many entries can be put before those of a table without copying
// them: as with append, only at the other end.
func room(n int) int { return 256 + n/16 }

// publish makes a new Table if it would differ from the last one.
func (x *Index) publish() {
	last := x.table.Load()
	t := last
	if !x.stirred && len(x.left) > 0 {
		t = x.without(t, x.left)
	}
	if !x.stirred && x.appended > 0 && t != nil {
		t = x.prepend(t, x.slots[len(x.slots)-x.appended:])
	}
	if x.stirred || t == nil {
		t = x.rebuild(last)
	}
	if t != last {
		x.table.Store(t)
	}
	x.stirred, x.appended, x.left = false, 0, nil
}

// rebuild makes a Table of all that is known, or returns the last one when it
// would be the same.
func (x *Index) rebuild(last *Table) *Table {
	known := x.known()
	t := &Table{Length: x.length, Read: min(int64(len(known)), x.length), Whole: x.pass == nil && int64(len(known)) == x.length}
	free := room(len(known))
	entries, at := make([]*Entry, free, free+len(known)), make([]int32, free, free+len(known))
	// What a pass has read is counted from the tail, the rest from the head.
	old, shift := len(known), 0
	if p := x.pass; p != nil {
		old -= len(p.front) + len(p.back)
		shift = int(x.length) - len(known)
	}
	for i, e := range slices.Backward(known) {
		if e == stoneSlot {
			continue
		}
		if i >= old {
			i += shift
		}
		entries, at = append(entries, e), append(at, int32(i))
	}
	t.Entries, t.at = entries[free:], at[free:]
	if last.Length == t.Length && last.Read == t.Read && last.Whole == t.Whole &&
		slices.Equal(last.Entries, t.Entries) && slices.Equal(last.at, t.at) {
		return last
	}
	t.count(t.Entries, 1)
	x.entries, x.at, x.free = entries, at, free
	return t
}

// prepend makes a Table that has slots before those of the last one; nil when
// that needs all to be built anew.
func (x *Index) prepend(last *Table, slots []*Entry) *Table {
	first := len(x.slots) - len(slots)
	if x.free < len(slots) || !last.Whole || last.Length != int64(first) || len(x.entries)-x.free != len(last.Entries) {
		return nil
	}
	was := x.free
	for i, e := range slots {
		if e != stoneSlot {
			x.free--
			x.entries[x.free], x.at[x.free] = e, int32(first+i)
		}
	}
	t := &Table{Length: x.length, Read: int64(len(x.slots)), Whole: int64(len(x.slots)) == x.length}
	t.Entries, t.at = x.entries[x.free:], x.at[x.free:]
	t.counts, t.since = maps.Clone(last.counts), last.since
	t.count(x.entries[x.free:was], 1)
	return t
}

// without makes a Table that lacks the entries of some slots of the last one;
// nil when that needs all to be built anew.
func (x *Index) without(last *Table, slots []int) *Table {
	if !last.Whole || x.pass != nil || len(x.entries)-x.free != len(last.Entries) || len(last.at) != len(last.Entries) {
		return nil
	}
	slices.Sort(slots)
	free := room(len(last.Entries))
	entries, at := make([]*Entry, free, free+len(last.Entries)), make([]int32, free, free+len(last.Entries))
	t := &Table{Length: last.Length, Read: last.Read, Whole: last.Whole, counts: maps.Clone(last.counts), since: last.since}
	from := 0
	for _, slot := range slices.Backward(slots) {
		i, found := slices.BinarySearchFunc(last.at, int32(slot), func(a, b int32) int { return int(b - a) })
		if !found {
			return nil
		}
		gone := last.Entries[i]
		if gone.Waits() && gone.At.Equal(last.since) { // somebody else waits longest now
			return nil
		}
		t.count(last.Entries[i:i+1], -1)
		entries, at = append(entries, last.Entries[from:i]...), append(at, last.at[from:i]...)
		from = i + 1
	}
	entries, at = append(entries, last.Entries[from:]...), append(at, last.at[from:]...)
	t.Entries, t.at = entries[free:], at[free:]
	x.entries, x.at, x.free = entries, at, free
	return t
}
