package carcel

import (
	"context"
	"errors"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/governance"
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
	for _, id := range ids {
		_, err := c.again(ctx, id, func(k Case) (Acted, string, error) {
			if !k.Held.Waits() {
				return Acted{}, "", ErrNotWaiting
			}
			status, err := c.deny(ctx, &k, nil, governance.Outcome{State: governance.OutcomeExpired, At: rfc3339(c.now()), By: "expiry"},
				"Denied: nobody approved it in time ("+k.Held.Reason+")")
			return Acted{}, status, err
		})
		var missing *ErrNoEntry
		switch {
		case errors.As(err, &missing), errors.Is(err, ErrNotWaiting): // somebody took it away
			if err := c.store.Transaction(ctx, "sweep", key, func(tx redis.Pipeliner) { tx.ZRem(ctx, key, id) }); err != nil {
				return ended, err
			}
		case err != nil:
			return ended, err
		default:
			ended++
		}
	}
	return ended, nil
}
