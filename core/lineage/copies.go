package lineage

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// Copy is a packet as it stands in one place of Redis.
type Copy struct {
	Place
	Raw      string
	Contents packet.Value
}

// Copies finds every copy of a packet under the keys that may hold packets, in
// the carcel, its bin, and among the expired, and reads all of them in windows,
// however much they hold. Each copy is handed to found at once, before others
// can move it far; one that stands still may come twice. Keys are further ones
// to look at. Unread tells, a line each, what could not be looked through.
// Errors are those of found and the store.
func (t *Tracer) Copies(ctx context.Context, trackingID string, keys []string, found func(Copy) error) (unread []string, err error) {
	r := &reader{store: t.Store, values: math.MaxInt64, bytes: math.MaxInt64}
	others, whole, err := r.packetKeys(ctx)
	if err != nil {
		return nil, err
	}
	if !whole {
		unread = append(unread, "there are more keys than were looked at")
	}
	bins, err := t.Store.Commands().ZRange(ctx, keyspace.Main.Bins(), 0, -1).Result()
	if err = t.Store.Explain("erase", keyspace.Main.Bins(), err); err != nil {
		return nil, err
	}
	for i, sha := range bins {
		bins[i] = keyspace.Main.Bin(sha)
	}
	keys = slices.Concat(keys, others, bins, []string{keyspace.Main.DeadLetters(), keyspace.Main.Expired()})
	slices.Sort(keys)
	keys = slices.Compact(keys)
	types, err := r.types(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		var refused error
		see := func(p Place, raw string) {
			if c, is := copyOf(trackingID, p, raw); is && refused == nil {
				refused = found(c)
			}
		}
		left := int64(0)
		if types[key] == keyspace.TypeList {
			err = t.sweep(ctx, key, see)
		} else {
			left, err = r.read(ctx, key, types[key], math.MaxInt64, see)
		}
		switch {
		case refused != nil:
			return nil, refused
		case errors.Is(err, store.ErrAuth):
			unread = append(unread, key+" may not be read by this user")
		case err != nil:
			return nil, err
		case types[key] == hidden:
			unread = append(unread, key+" may not be read by this user")
		case left > 0:
			unread = append(unread, fmt.Sprintf("%s: %d values are too large, or were not to be read", key, left))
		}
	}
	return unread, nil
}

// sweep reads a whole list in windows, whatever others do to it meanwhile: up,
// so that nothing is passed over which pushes to its head move, and down, so
// that nothing is which pops from its head move. What stands still is seen
// twice.
func (t *Tracer) sweep(ctx context.Context, key string, see func(Place, string)) error {
	c, size := t.Store.Commands(), int64(16) // until it shows how large the values are
	read := func(from int64) (int64, error) {
		values, err := c.LRange(ctx, key, from, from+size-1).Result()
		if redis.HasErrorPrefix(err, "WRONGTYPE") { // it was exchanged meanwhile
			err = nil
		}
		weight := 0
		for i, raw := range values {
			weight += len(raw)
			see(Place{Key: key, Type: keyspace.TypeList, Slot: from + int64(i)}, raw)
		}
		n := int64(len(values))
		if n > 0 {
			size = min(max(lotBytes/(int64(weight)/n+1), 4), window)
		}
		return n, t.Store.Explain("erase", key, err)
	}
	at, lots := int64(0), 0
	for ; ; lots++ {
		n, err := read(at)
		if err != nil {
			return err
		}
		if at += n; n == 0 {
			break
		}
	}
	for lots > 1 && at > 0 {
		size = min(size, at)
		at -= size
		if _, err := read(at); err != nil {
			return err
		}
	}
	return nil
}

// copyOf reads a value if it is the packet, or an entry that holds it.
func copyOf(trackingID string, p Place, raw string) (Copy, bool) {
	if !strings.Contains(raw, trackingID) && !strings.Contains(raw, strings.ToUpper(trackingID)) {
		return Copy{}, false
	}
	class := keyspace.Classify(p.Key)
	if p.Held = class == keyspace.CarcelIndex || p.Key == keyspace.Main.DeadLetters(); p.Held {
		if h := carcel.Parse(raw); h.TrackingID == trackingID && !carcel.Gone(raw) {
			return Copy{p, raw, h.Contents}, true
		}
		return Copy{}, false
	}
	read, err := packet.Read([]byte(raw))
	if err != nil {
		return Copy{}, false
	}
	id := read.Packet.TrackingID
	if same, ok := ledger.ParseID(id); ok {
		id = same.String()
	}
	return Copy{p, raw, read.Packet.Contents}, id == trackingID
}

// Values hands over each packet in Redis, under the keys that may hold packets
// and in the carcel, however many there are, once. What is a text of another
// kind under such a key comes too, but for bare agent ids and stones. Unread
// is as for Copies. Errors are those of the store.
func (t *Tracer) Values(ctx context.Context, see func(Place, string)) (unread []string, err error) {
	r := &reader{store: t.Store, values: math.MaxInt64, bytes: math.MaxInt64}
	keys, whole, err := r.packetKeys(ctx)
	if err != nil {
		return nil, err
	}
	if !whole {
		unread = append(unread, "there are more keys than were looked at")
	}
	keys = append(keys, keyspace.Main.DeadLetters())
	types, err := r.types(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		bare := keyspace.Classify(key) == keyspace.SwarmSet
		left, err := r.read(ctx, key, types[key], math.MaxInt64, func(p Place, raw string) {
			if carcel.Gone(raw) || bare && !strings.HasPrefix(raw, "{") && len(raw) < 256 {
				return
			}
			see(p, raw)
		})
		if err != nil {
			return nil, err
		}
		if left > 0 {
			unread = append(unread, fmt.Sprintf("%s: %d values", key, left))
		}
	}
	return unread, nil
}
