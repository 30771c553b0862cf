package carcel

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/store"
)

// sweepLot is how many waits one Sweep ends at most.
const sweepLot = 100

// Sweep ends the waits that are over: such an entry is denied, since nobody
// approved it in time. It returns how many there were. Any number of consoles
// may sweep: each wait ends once.
func (c *Carcel) Sweep(ctx context.Context) (int, error) {
	clock, err := c.store.Commands().Time(ctx).Result()
	if err != nil {
		return 0, c.store.Explain("carcel", "", err)
	}
	key := c.space.Pending()
	ids, err := c.store.Commands().ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: key, Start: "-inf", Stop: strconv.FormatInt(clock.UnixMilli(), 10), ByScore: true, Count: sweepLot,
	}).Result()
	if err != nil {
		return 0, c.store.Explain("carcel", key, err)
	}
	ended := 0
	var broken error
	for _, id := range ids {
		over, err := c.end(ctx, id, clock)
		switch {
		case errors.Is(err, store.ErrUnreachable), ctx.Err() != nil:
			return ended, err
		case err != nil && broken == nil: // the others end all the same
			broken = err
		case over:
			ended++
		}
	}
	return ended, broken
}

// end ends one wait, if it is over.
func (c *Carcel) end(ctx context.Context, id string, now time.Time) (bool, error) {
	over := false
	_, err := c.again(ctx, id, "", func(k Case) (Acted, string, error) {
		if !k.Waits() || k.copy {
			return Acted{}, "", ErrNotWaiting
		}
		if at := k.deadline(); at > now.UnixMilli() { // it was listed for another time
			return Acted{}, "OK", c.list(ctx, id, at)
		}
		over = true
		status, err := c.deny(ctx, &k, nil, governance.Outcome{State: governance.OutcomeExpired, At: rfc3339(c.now()), By: "expiry"},
			"Denied: nobody approved it in time ("+k.Held.Reason+")")
		return Acted{}, status, err
	})
	if errors.As(err, new(*ErrNoEntry)) || errors.Is(err, ErrNotWaiting) { // somebody took it away
		return false, c.list(ctx, id, 0)
	}
	return over && err == nil, err
}

// list notes when a wait ends, in milliseconds, or that nobody waits any more.
func (c *Carcel) list(ctx context.Context, id string, at int64) error {
	key := c.space.Pending()
	return c.store.Transaction(ctx, "sweep", key, func(tx redis.Pipeliner) {
		if at == 0 {
			tx.ZRem(ctx, key, id)
		} else {
			tx.ZAddXX(ctx, key, redis.Z{Score: float64(at), Member: id})
		}
	})
}
