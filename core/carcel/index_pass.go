package carcel

import (
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// pass is one reading of the list from its newest entry to its oldest. What
// it has not reached yet is shown as it was known before.
type pass struct {
	front []*Entry // what it has read, newest first
	back  []*Entry // what was appended since it began, oldest first
	reach int64    // how far from the tail the oldest of front stands, from 1

	place map[string]int // SHA → slot, of those known before; −1 for several
	used  []bool         // slots whose entries the pass has met
	hint  int            // the slot met last: the one before it is expected next
	cut   int            // slots from here on have been passed by
}

// newest is the newest slot of what the pass knows; nil before its first
// window.
func (p *pass) newest() *Entry {
	switch {
	case len(p.back) > 0:
		return p.back[len(p.back)-1]
	case len(p.front) > 0:
		return p.front[0]
	}
	return nil
}

// begin begins a pass, with all that is known as what was known before.
func (x *Index) begin() {
	if x.pass != nil {
		x.slots, x.prints = x.known(), nil
	}
	p := &pass{place: make(map[string]int, len(x.slots)), used: make([]bool, len(x.slots)), hint: len(x.slots), cut: len(x.slots)}
	for i, e := range x.slots {
		if _, several := p.place[e.SHA]; several {
			i = -1
		}
		p.place[e.SHA] = i
	}
	x.pass, x.doubt, x.altered, x.surplus = p, false, 0, 0
}

// known are all slots that are known, oldest first: those that the pass has
// read, and before them those that it has still to come to.
func (x *Index) known() []*Entry {
	p := x.pass
	if p == nil {
		return x.slots
	}
	out := make([]*Entry, 0, p.cut+len(p.front)+len(p.back))
	for i, e := range x.slots[:p.cut] {
		if !p.used[i] {
			out = append(out, e)
		}
	}
	for _, e := range slices.Backward(p.front) {
		out = append(out, e)
	}
	return append(out, p.back...)
}

// advance reads older windows, one at least, until the pass is over or it is
// time to let others work.
func (x *Index) advance(ctx context.Context, until time.Time) error {
	for {
		if err := x.window(ctx); err != nil {
			return err
		}
		if x.pass == nil || len(x.pass.front) == 0 || !time.Now().Before(until) {
			return ctx.Err()
		}
	}
}

// window reads the next older window. Windows are asked for by their distance
// from the tail and overlap, so that each finds its place behind the last one
// although the list has changed meanwhile; when it does not, the pass begins
// again.
func (x *Index) window(ctx context.Context) error {
	p, key := x.pass, x.space.DeadLetters()
	known := min(overlap, len(p.front), int(p.reach))
	w := x.size.window(0)
	var list *redis.StringSliceCmd
	var ahead *redis.StringCmd
	var length *redis.IntCmd
	err := x.store.Read(ctx, func(c redis.Pipeliner) {
		list = c.LRange(ctx, key, -(p.reach + w), -(p.reach - int64(known) + 1))
		ahead = c.LIndex(ctx, key, -(p.reach + w + w/2 + 1)) // tells when larger entries come
		length = c.LLen(ctx, key)
	})
	if err != nil {
		return err
	}
	win, err := list.Result()
	if err != nil {
		return x.store.Explain("lrange", x.space.DeadLetters(), err)
	}
	shas := make([]string, len(win))
	for i, raw := range win {
		shas[i] = SHA(raw)
	}
	end, found := p.find(win, shas, known)
	if !found {
		x.begin()
		x.doubt = true
		return nil
	}
	x.size.saw(win[:end])
	x.size.ahead = len(ahead.Val())
	// Where the oldest known one was found tells how far from the tail it is.
	p.reach += int64(len(win) - known - end)
	x.take(win[:end], shas)
	p.reach += int64(end)
	if p.reach >= length.Val() {
		x.finish(length.Val())
	}
	return nil
}

// find returns how many slots of a window are older than what the pass has
// read. It looks where that is expected first, then to both sides.
func (p *pass) find(win, shas []string, known int) (end int, found bool) {
	if known == 0 {
		return len(win), len(p.front) == 0
	}
	fits := func(j int) bool {
		if j < 0 || j >= len(win) {
			return false
		}
		for i := j; i < len(win) && i-j < known; i++ {
			if !fit(p.front[len(p.front)-1-(i-j)], win[i], shas[i]) {
				return false
			}
		}
		return true
	}
	expected := len(win) - known
	for off := range len(win) + 1 {
		if fits(expected + off) {
			return expected + off, true
		}
		if fits(expected - off) {
			return expected - off, true
		}
	}
	return 0, false
}

// take adds slots to what the pass has read. Entries that were known before
// are taken over, so that they keep their identity and are not parsed again.
func (x *Index) take(win, shas []string) {
	p := x.pass
	var met []int
	for i := len(win) - 1; i >= 0; i-- {
		slot := -1
		if h := p.hint - 1; h >= 0 && !p.used[h] && fit(x.slots[h], win[i], shas[i]) {
			slot = h
		} else if s, there := p.place[shas[i]]; there && s >= 0 && !p.used[s] && !Gone(win[i]) {
			slot = s
		}
		if slot < 0 {
			p.front = append(p.front, x.entry(win[i], shas[i]))
			continue
		}
		p.used[slot], p.hint = true, slot
		met = append(met, slot)
		p.front = append(p.front, x.slots[slot])
	}
	// What lies behind the slots met has been passed by, and is gone; a single
	// one met far away was moved there.
	if len(met) > 0 {
		slices.Sort(met)
		middle := met[len(met)/2]
		for _, slot := range met {
			if slot >= middle-2*len(win) {
				p.cut = min(p.cut, slot)
				break
			}
		}
		p.hint = min(max(p.hint, p.cut), len(x.slots))
	}
}

// finish ends the pass: what it has read is the list.
func (x *Index) finish(length int64) {
	p := x.pass
	x.prints = nil
	x.slots = make([]*Entry, 0, len(p.front)+len(p.back)+len(p.front)/64+64)
	for _, e := range slices.Backward(p.front) {
		x.slots = append(x.slots, e)
	}
	x.slots = append(x.slots, p.back...)
	x.pass = nil
	if int64(len(x.slots)) > length { // it shrank behind our back
		x.doubt = true
	}
}
