package carcel

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// probes is how many slots must stand where they should before the index
// believes that a shorter list is the one it knows, compacted.
const probes = 12

// compacted reports whether a list that is shorter than it was is what is
// known without slots whose entries have left: all of them, or as many as are
// missing, from the head on, as Compact takes them.
func (x *Index) compacted(ctx context.Context, l look) (bool, error) {
	stones := 0
	for _, e := range x.slots {
		if e == stoneSlot {
			stones++
		}
	}
	missing := len(x.slots) - int(l.length)
	if stones == 0 || missing > stones || l.changes == x.changes {
		return false, nil
	}
	for _, take := range []int{stones, missing} {
		if take <= 0 {
			continue
		}
		left := make([]*Entry, 0, len(x.slots)-take)
		for i, e := range x.slots {
			if e == stoneSlot && i-len(left) < take {
				continue
			}
			left = append(left, e)
		}
		if holds, err := x.stands(ctx, left); err != nil {
			return false, err
		} else if holds {
			x.slots, x.prints, x.left, x.stirred = left, nil, nil, true
			return true, nil
		}
	}
	return false, nil
}

// stands reports whether a list of slots is how the list begins, by a few of
// them.
func (x *Index) stands(ctx context.Context, slots []*Entry) (bool, error) {
	if len(slots) == 0 {
		return false, nil
	}
	raws := make([]*redis.StringCmd, probes)
	at := func(i int) int { return (len(slots) - 1) * i / (probes - 1) }
	err := x.store.Read(ctx, func(p redis.Pipeliner) {
		for i := range raws {
			raws[i] = p.LIndex(ctx, x.space.DeadLetters(), int64(at(i)))
		}
	})
	if err != nil {
		return false, err
	}
	for i, raw := range raws {
		if raw.Err() != nil || !same(slots[at(i)], raw.Val()) {
			return false, nil
		}
	}
	return true, nil
}
