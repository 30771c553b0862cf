package carcel

import (
	"context"
	"strconv"
	"time"

	"github.com/infrafabric/ifpacket/core/store"
)

// A step of Compact stays far below five milliseconds of the server: LREM
// walks over what stands before a slot, 0.2 µs each, and what is looked at
// passes through Lua.
const (
	compactReach = 8_000   // slots from either end into which LREM reaches
	compactWalk  = 8_000   // slots that one step walks over
	compactEnds  = 500     // slots that one step takes from either end
	compactBytes = 1 << 17 // bytes that one step looks at
	compactLot   = 250     // slots that one step looks at, at most
)

var compactScript = store.LoadScript("compact")

// Compact takes slots out of the list whose entries have left it, in short
// steps with pauses for everybody else, and returns how many. What stands
// deeper than eight thousand slots from both ends waits until the list is
// shorter; such a slot is some 300 bytes.
func (c *Carcel) Compact(ctx context.Context) (int64, error) {
	lot, err := c.lot(ctx)
	if err != nil {
		return 0, err
	}
	keys := []string{c.space.DeadLetters(), c.space.Changes(), c.space.Marks()}
	before := strconv.FormatInt(c.now().Add(-markLife).UnixMilli(), 10)
	total, slot := int64(0), int64(0)
	for {
		status, rest, err := c.store.Run(ctx, compactScript, keys, gone, compactEnds, before, slot, lot, compactWalk)
		if err != nil || status != "OK" || len(rest) != 2 {
			return total, err
		}
		taken, next := store.Number(rest[0]), store.Number(rest[1])
		total += taken
		length, err := c.store.Commands().LLen(ctx, keys[0]).Result()
		if err != nil {
			return total, c.store.Explain("carcel", keys[0], err)
		}
		if next >= compactReach {
			next = max(next, length-compactReach)
		}
		if taken == 0 && next == slot || next >= length {
			return total, nil
		}
		slot = next
		select {
		case <-ctx.Done():
			return total, ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// lot is how many slots are looked at in one step, by the mean size of a few.
func (c *Carcel) lot(ctx context.Context) (int64, error) {
	list := c.space.DeadLetters()
	length, err := c.store.Commands().LLen(ctx, list).Result()
	if err != nil {
		return 0, c.store.Explain("carcel", list, err)
	}
	bytes, err := c.store.Commands().MemoryUsage(ctx, list, 5).Result()
	if err != nil || bytes <= 0 || length == 0 { // not every server knows
		return 50, nil
	}
	return min(max(compactBytes*length/bytes, 1), compactLot), nil
}
