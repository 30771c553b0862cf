package carcel

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// anchor is a slot that is looked at to see whether the list still stands
// where it stood.
type anchor struct {
	slot int
	raw  *redis.StringCmd
}

// look is what one round trip tells of the list.
type look struct {
	length   int64
	changes  int64 // 0 when the counter cannot be read, as when it is not there
	position int64 // of the ledger's last record, 0 when it cannot be read
	tail     string
	anchors  []anchor
}

// hugeAnchor is the mean size of entries from which only the ends are looked
// at.
const hugeAnchor = 64 << 10

// look asks how the list stands. The ledger is asked before the counter: an
// act that the counter does not tell of yet then lies behind the position.
func (x *Index) look(ctx context.Context) (look, error) {
	key := x.space.DeadLetters()
	var l look
	var last *redis.XMessageSliceCmd
	var length *redis.IntCmd
	var changes, tail *redis.StringCmd
	err := x.store.Read(ctx, func(p redis.Pipeliner) {
		last = p.XRevRangeN(ctx, x.space.Ledger(), "+", "-", 1)
		changes = p.Get(ctx, x.space.Changes())
		length = p.LLen(ctx, key)
		tail = p.LIndex(ctx, key, -1)
		if n := len(x.slots); n > 0 && x.pass == nil {
			at := []int{0, n - 1}
			if x.size.mean < hugeAnchor {
				x.turn++
				for i := range 3 {
					at = append(at, (n*i/3+x.turn*7919)%n)
				}
			}
			for _, slot := range at {
				l.anchors = append(l.anchors, anchor{slot, p.LIndex(ctx, key, int64(slot))})
			}
		}
	})
	if err != nil {
		return l, err
	}
	if l.length, err = length.Result(); err != nil {
		return l, x.store.Explain("llen", x.space.DeadLetters(), err)
	}
	l.tail = tail.Val()
	l.changes, _ = changes.Int64()
	if records := last.Val(); len(records) > 0 {
		l.position = ledgerPosition(records[0].ID)
	}
	return l, nil
}

// ledgerPosition is the n in a stream id n-0.
func ledgerPosition(id string) int64 {
	n, _, _ := strings.Cut(id, "-")
	p, _ := strconv.ParseInt(n, 10, 64)
	return p
}

// settled takes a look at a list that is known whole: it reads what was
// appended, or reports that the list no longer stands where it stood. Doubted
// says whether it was doubted before this look.
func (x *Index) settled(ctx context.Context, l look, doubted bool) (lost bool, err error) {
	moved := l.length < int64(len(x.slots))
	for _, a := range l.anchors {
		if err := a.raw.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return false, x.store.Explain("lindex", x.space.DeadLetters(), err)
		}
		moved = moved || !same(x.slots[a.slot], a.raw.Val())
	}
	if moved {
		whole, err := x.compacted(ctx, l)
		if err != nil || !whole {
			return true, err
		}
		x.doubt = doubted // that is what the counter told of
	}
	for range tailWindows {
		n := int64(len(x.slots))
		if n >= l.length {
			return false, nil
		}
		w := x.size.window(len(l.tail))
		win, err := x.store.Commands().LRange(ctx, x.space.DeadLetters(), n, n+w-1).Result()
		if err != nil {
			return false, x.store.Explain("lrange", x.space.DeadLetters(), err)
		}
		if len(win) == 0 { // it shrank meanwhile: the next look tells
			return false, nil
		}
		x.appended += len(win)
		for _, raw := range win {
			x.slots = append(x.slots, x.entry(raw, SHA(raw)))
		}
		x.size.saw(win)
	}
	return int64(len(x.slots)) < l.length, nil
}

// follow takes a look while a pass is under way: what was appended stands
// behind the newest that the pass has read.
func (x *Index) follow(ctx context.Context, l look) (lost bool, err error) {
	p := x.pass
	newest := p.newest()
	if newest == nil {
		return false, nil
	}
	more := l.length - x.length
	if more <= 0 {
		return !same(newest, l.tail), nil
	}
	w := x.size.window(len(l.tail))
	if more > tailWindows*w {
		return true, nil
	}
	win, err := x.store.Commands().LRange(ctx, x.space.DeadLetters(), -(more + overlap), -1).Result()
	if err != nil {
		return false, x.store.Explain("lrange", x.space.DeadLetters(), err)
	}
	for j := len(win) - 1; j >= 0; j-- {
		if same(newest, win[j]) {
			x.stirred = true
			for _, raw := range win[j+1:] {
				p.back = append(p.back, x.entry(raw, SHA(raw)))
			}
			p.reach += int64(len(win) - 1 - j)
			return false, nil
		}
	}
	return true, nil
}
