package lineage

import (
	"context"
	"hash/maphash"
	"slices"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/packet"
)

// identity is what a value in Redis is.
type identity struct {
	id     ledger.ID // of the packet; zero when it is no UUID
	packet bool
}

// identities remembers what values are, so that a value that stays is read
// once. It is not safe for use by many at once.
type identities struct {
	seed       maphash.Seed
	now, older map[uint64]identity
}

// halfIdentities is how many values each half of identities holds.
const halfIdentities = 50_000

func newIdentities() *identities { return &identities{seed: maphash.MakeSeed()} }

func (x *identities) of(raw string) identity {
	name := maphash.String(x.seed, raw)
	if who, there := x.now[name]; there {
		return who
	}
	who, there := x.older[name]
	if !there {
		r, err := packet.Read([]byte(raw))
		who = identityOf(&r, err)
	}
	x.keep(name, who)
	return who
}

// learn remembers a value that somebody else has read.
func (x *identities) learn(raw string, r *packet.Reading, err error) {
	x.keep(maphash.String(x.seed, raw), identityOf(r, err))
}

func identityOf(r *packet.Reading, err error) (who identity) {
	if err == nil {
		who.packet = true
		who.id, _ = ledger.ParseID(r.Packet.TrackingID)
	}
	return who
}

func (x *identities) keep(name uint64, who identity) {
	if x.now == nil || len(x.now) >= halfIdentities {
		x.now, x.older = map[uint64]identity{}, x.now
	}
	x.now[name] = who
}

// sighting is one packet in Redis.
type sighting struct {
	Place
	id  ledger.ID
	raw string
}

// sightings are the packets that one look at Redis found.
type sightings struct {
	count  map[ledger.ID]int // how many there are of each
	places map[string]place  // what was seen of each key
	list   []sighting
	looked int
	left   int
}

const (
	censusValues = 20_000   // that one census looks at
	censusBytes  = 64 << 20 // and how large they may be in all
	censusKey    = 5_000    // values of one key, half of them from each end
	censusKeys   = 50_000   // keys that are looked at
)

// look reads keys. A key that is not there was looked at, and is empty.
func (c *reconciler) look(ctx context.Context, keys []string) (*sightings, error) {
	s := &sightings{count: map[ledger.ID]int{}, places: map[string]place{}}
	types, err := (&reader{store: c.Store}).types(ctx, keys)
	if err != nil {
		return nil, err
	}
	r := &reader{store: c.Store, values: censusValues, bytes: censusBytes}
	for _, key := range keys {
		at := place{}
		left, err := r.read(ctx, key, types[key], censusKey, func(p Place, raw string) {
			at.filled = true
			who := c.who.of(raw)
			if !who.packet {
				return
			}
			s.looked++
			s.count[who.id]++
			s.list = append(s.list, sighting{p, who.id, raw})
		})
		if err != nil {
			return nil, err
		}
		at.looked = left == 0
		s.left += int(left)
		s.places[key] = at
	}
	return s, nil
}

// keys are those under which packets may be: by their names, and those that the
// ledger names. Only of very many some are left out.
func (c *reconciler) keys(ctx context.Context) ([]string, error) {
	keys, _, err := (&reader{store: c.Store}).packetKeys(ctx)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == keyspace.Main.Expired() })
	known := make(map[string]bool, len(keys))
	for _, key := range keys {
		known[key] = true
	}
	c.index.Keys(func(key string) {
		if !known[key] && !keyspace.Classify(key).Managed() && len(keys) < censusKeys {
			known[key] = true
			keys = append(keys, key)
		}
	})
	return keys[:min(len(keys), censusKeys)], nil
}
