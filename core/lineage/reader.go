package lineage

import (
	"context"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	window   = 200     // values that are asked for at once
	overlap  = 10      // values of a list that two windows have in common
	lotBytes = 1 << 20 // about so much is asked for at once
	maxText  = 4 << 20 // bytes of a string beyond which it is not looked at
)

// hidden stands for the type of a key that this user may not read.
const hidden = "hidden"

// reader reads the values of keys in small lots, and altogether no more than
// so many values and bytes.
type reader struct {
	store  *store.Store
	values int64 // that may still be read
	bytes  int64
}

func (r *reader) took(raw string) {
	r.values--
	r.bytes -= int64(len(raw))
}

func (r *reader) empty() bool { return r.values <= 0 || r.bytes <= 0 }

// types are the Redis types of keys, in one round trip for each thousand; keys
// that are gone have none.
func (r *reader) types(ctx context.Context, keys []string) (map[string]string, error) {
	found := make(map[string]string, len(keys))
	for lot := range slices.Chunk(keys, 1000) {
		cmds := make([]*redis.StatusCmd, len(lot))
		err := r.store.Read(ctx, func(p redis.Pipeliner) {
			for i, key := range lot {
				cmds[i] = p.Type(ctx, key)
			}
		})
		if err != nil {
			return nil, err
		}
		for i, key := range lot {
			if kind := cmds[i].Val(); cmds[i].Err() != nil {
				found[key] = hidden
			} else if kind != keyspace.TypeNone {
				found[key] = kind
			}
		}
	}
	return found, nil
}

// read hands the values of a key to see, most of them at most, and returns how
// many it left out; of a list it takes both ends then. A list that others move
// so fast that the windows do not fit together counts as not looked at to its
// end. A key that turned into another type in between has no values.
func (r *reader) read(ctx context.Context, key, kind string, most int64, see func(Place, string)) (left int64, err error) {
	most = min(most, r.values)
	switch kind {
	case keyspace.TypeList:
		left, err = r.list(ctx, key, most, see)
	case keyspace.TypeString:
		left, err = r.text(ctx, key, see)
	case keyspace.TypeHash, keyspace.TypeSet:
		left, err = r.scan(ctx, key, kind, most, see)
	case hidden:
		return 1, nil
	default:
		return 0, nil
	}
	switch {
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return 0, nil
	case redis.HasErrorPrefix(err, "NOPERM"):
		return max(left, 1), nil
	}
	return left, r.store.Explain("read", key, err)
}

func (r *reader) list(ctx context.Context, key string, most int64, see func(Place, string)) (left int64, err error) {
	length, err := r.store.Commands().LLen(ctx, key).Result()
	if err != nil || length == 0 {
		return 0, err
	}
	if length <= most {
		return r.stretch(ctx, key, 0, length, see)
	}
	head, err := r.stretch(ctx, key, 0, most/2, see)
	if err != nil {
		return length, err
	}
	tail, err := r.stretch(ctx, key, length-(most-most/2), length, see)
	return length - most + head + tail, err
}

// stretch reads the slots of a list from first up to end. Others may push and
// pop between two windows: each begins with the last values of the one before,
// by which it is fitted to it, so that nothing is seen twice or passed over.
func (r *reader) stretch(ctx context.Context, key string, first, end int64, see func(Place, string)) (left int64, err error) {
	var before []string
	size := int64(16) // until it shows how large the values are
	for at := first; at < end; {
		if r.empty() {
			return end - at, nil
		}
		from := max(at-overlap, first)
		values, err := r.store.Commands().LRange(ctx, key, from, min(at+size, end)-1).Result()
		if err != nil {
			return end - at, err
		}
		fresh := values
		if at > first {
			n := fit(before, values)
			if n == 0 && len(values) > 0 {
				return end - at, nil
			}
			fresh = values[n:]
		}
		if len(fresh) == 0 { // it has become shorter
			return 0, nil
		}
		weight := 0
		for i, raw := range fresh {
			weight += len(raw)
			r.took(raw)
			see(Place{Key: key, Type: keyspace.TypeList, Slot: at + int64(i)}, raw)
		}
		at += int64(len(fresh))
		size = min(max(lotBytes/int64(weight/len(fresh)+1), 4), window)
		before = values
	}
	return 0, nil
}

// fit is with how many values a window repeats the end of the one before:
// overlap where nobody moved the list meanwhile.
func fit(before, values []string) int {
	repeats := func(n int) bool {
		return n <= len(before) && n <= len(values) && slices.Equal(values[:n], before[len(before)-n:])
	}
	if repeats(overlap) {
		return overlap
	}
	for n := 2 * overlap; n > 0; n-- {
		if repeats(n) {
			return n
		}
	}
	return 0
}

func (r *reader) text(ctx context.Context, key string, see func(Place, string)) (left int64, err error) {
	if r.empty() {
		return 1, nil
	}
	raw, err := r.store.Commands().GetRange(ctx, key, 0, maxText).Result()
	switch {
	case err != nil, raw == "":
		return 0, err
	case len(raw) > maxText:
		return 1, nil
	}
	r.took(raw)
	see(Place{Key: key, Type: keyspace.TypeString, Slot: -1}, raw)
	return 0, nil
}

// scan reads a hash or a set. What SCAN gives twice is seen once.
func (r *reader) scan(ctx context.Context, key, kind string, most int64, see func(Place, string)) (left int64, err error) {
	c := r.store.Commands()
	size, err := c.HLen(ctx, key).Result()
	step := 2
	if kind == keyspace.TypeSet {
		size, err = c.SCard(ctx, key).Result()
		step = 1
	}
	if err != nil {
		return 0, err
	}
	seen := map[string]bool{}
	for cursor := uint64(0); ; {
		var lot []string
		if kind == keyspace.TypeSet {
			lot, cursor, err = c.SScan(ctx, key, cursor, "", window).Result()
		} else {
			lot, cursor, err = c.HScan(ctx, key, cursor, "", window).Result()
		}
		if errors.Is(err, redis.Nil) {
			err = nil
		}
		if err != nil {
			return 0, err
		}
		for i := 0; i+step <= len(lot); i += step {
			p, raw := Place{Key: key, Type: kind, Slot: -1}, lot[i]
			if seen[lot[i]] {
				continue
			}
			seen[lot[i]] = true
			if step == 2 {
				p.Field, raw = lot[i], lot[i+1]
			}
			r.took(raw)
			see(p, raw)
		}
		if cursor == 0 {
			return 0, nil
		}
		if int64(len(seen)) >= most || r.empty() {
			return max(size-int64(len(seen)), 1), nil
		}
	}
}

const (
	scanStep = 1000 // keys that one SCAN looks at
	scanMost = 500  // and how often it is asked
)

// packetKeys are the keys that hold packets by their names, and whether all
// keys of the database were looked at.
func (r *reader) packetKeys(ctx context.Context) (keys []string, whole bool, err error) {
	found := map[string]bool{}
	cursor := uint64(0)
	for range scanMost {
		var lot []string
		lot, cursor, err = r.store.Commands().Scan(ctx, cursor, "", scanStep).Result()
		if err != nil {
			return nil, false, r.store.Explain("scan", "", err)
		}
		for _, key := range lot {
			if mayHold(key) && !found[key] {
				found[key] = true
				keys = append(keys, key)
			}
		}
		if cursor == 0 {
			slices.Sort(keys)
			return keys, true, nil
		}
	}
	slices.Sort(keys)
	return keys, false, nil
}

// mayHold reports whether packets may stand under a key, by its name.
func mayHold(key string) bool {
	class := keyspace.Classify(key)
	return class.HoldsPackets() || class == keyspace.SwarmSet || key == keyspace.Main.Expired()
}
