package carcel

import (
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

const (
	actsLot   = 128 // ledger records that are read at once
	actsReach = 8   // lots that are read to explain one look
)

// alteration is what one of our scripts did to an entry, as the ledger has it.
type alteration struct {
	sha    string // of the entry's text before
	became string // and after; "" when it left
}

// account applies what our own scripts did to entries since the last look, as
// far as the counter tells that there is anything, and doubts the list where
// the ledger does not explain what the counter tells.
func (x *Index) account(ctx context.Context, l look) error {
	moved := l.changes - x.changes
	if moved != 0 && l.length > 0 {
		acts, whole, err := x.acts(ctx)
		if err != nil {
			return err
		}
		applied := true
		if len(acts) > 0 {
			if applied, err = x.apply(ctx, acts); err != nil {
				return err
			}
		}
		x.surplus += int64(len(acts)) - moved
		x.altered -= int64(len(acts))
		if !whole || !applied || x.surplus < 0 || moved < 0 {
			x.doubt, x.surplus = true, 0
		}
	}
	x.position = max(x.position, l.position)
	if l.position < x.position && moved == 0 {
		x.position = l.position // the ledger began anew
	}
	if x.altered > 0 {
		x.doubt, x.altered = true, 0
	}
	return nil
}

// acts reads what the ledger gained, as far as it is about entries; whole is
// false when that is more than can be read at once, or cannot be read.
func (x *Index) acts(ctx context.Context) (acts []alteration, whole bool, err error) {
	key := x.space.Ledger()
	for range actsReach {
		records, err := x.store.Commands().XRangeN(ctx, key, strconv.FormatInt(x.position+1, 10), "+", actsLot).Result()
		if err = x.store.Explain("xrange", key, err); err != nil && ctx.Err() != nil {
			return nil, false, err
		} else if err != nil {
			return nil, false, nil // no ledger to read: do without
		}
		for _, r := range records {
			a := alteration{fieldOf(r, "entry_sha256"), fieldOf(r, "entry_became")}
			// One act may leave several records.
			if a.sha != "" && fieldOf(r, "event") != "restored" && (len(acts) == 0 || acts[len(acts)-1] != a) {
				acts = append(acts, a)
			}
		}
		if len(records) > 0 {
			x.position = ledgerPosition(records[len(records)-1].ID)
		}
		if len(records) < actsLot {
			return acts, true, nil
		}
	}
	return acts, false, nil
}

func fieldOf(r redis.XMessage, field string) string {
	s, _ := r.Values[field].(string)
	return s
}

// apply carries out acts on the slots, and reports whether it could.
func (x *Index) apply(ctx context.Context, acts []alteration) (done bool, err error) {
	done = true
	var rewritten []int // slots that must be read again
	for _, a := range acts {
		slot, found, several := x.find(a.sha)
		switch {
		case found == nil: // not read yet, or read since
		case several, a.became != "" && x.pass != nil:
			done = false
		case a.became != "":
			rewritten = append(rewritten, slot)
		default:
			x.leaves(slot, found)
		}
	}
	if len(rewritten) == 0 || !done {
		return done, nil
	}
	return x.reread(ctx, rewritten, acts)
}

// find looks for a text's SHA among all slots.
func (x *Index) find(sha string) (slot int, found *Entry, several bool) {
	slot = -1
	// The SHAs lie all over the memory; their first bytes side by side are
	// looked through a hundred times faster.
	for _, e := range x.slots[len(x.prints):] {
		x.prints = append(x.prints, printOf(e.SHA))
	}
	for i, print := 0, printOf(sha); i < len(x.prints); i++ {
		if x.prints[i] == print && x.slots[i].SHA == sha {
			several = several || found != nil
			slot, found = i, x.slots[i]
		}
	}
	if p := x.pass; p != nil {
		for _, list := range [][]*Entry{p.front, p.back} {
			for _, e := range list {
				if e.SHA == sha {
					several = several || found != nil && found != e
					found = e
				}
			}
		}
	}
	return slot, found, several
}

func printOf(sha string) uint32 {
	if len(sha) < 4 {
		return 0
	}
	return uint32(sha[0]) | uint32(sha[1])<<8 | uint32(sha[2])<<16 | uint32(sha[3])<<24
}

// leaves puts a stone in the place of an entry.
func (x *Index) leaves(slot int, e *Entry) {
	if slot >= 0 {
		x.slots[slot] = stoneSlot
		x.left = append(x.left, slot)
	}
	if p := x.pass; p != nil {
		x.stirred = true
		for _, list := range [][]*Entry{p.front, p.back} {
			if i := slices.Index(list, e); i >= 0 {
				list[i] = stoneSlot
			}
		}
	}
}

// reread reads slots that were rewritten in place.
func (x *Index) reread(ctx context.Context, slots []int, acts []alteration) (done bool, err error) {
	slices.Sort(slots)
	slots = slices.Compact(slots)
	if len(slots) > actsLot {
		return false, nil
	}
	raws := make([]*redis.StringCmd, len(slots))
	err = x.store.Read(ctx, func(p redis.Pipeliner) {
		for i, slot := range slots {
			raws[i] = p.LIndex(ctx, x.space.DeadLetters(), int64(slot))
		}
	})
	if err != nil {
		return false, err
	}
	done = true
	for i, slot := range slots {
		raw, err := raws[i].Result()
		sha := SHA(raw)
		if err != nil || !Gone(raw) && !slices.ContainsFunc(acts, func(a alteration) bool { return a.became == sha }) {
			done = false // it moved, or was altered once more
			continue
		}
		x.slots[slot], x.prints[slot], x.stirred = x.entry(raw, sha), printOf(sha), true
	}
	return done, nil
}
