package lineage

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/packet"
)

const (
	passPackets = 200 // that one pass looks at
	passKeys    = 100 // keys that it reads
	// Of a key about so many bytes are read, and of its values none that is
	// larger than maxValue is looked at.
	passBytes = 4 << 20
	maxValue  = 256 << 10
)

// pass reads what changed and looks at the evidence of what is new there. The
// ledger is read on before and after: before, it tells where to look; after,
// it knows of all that was seen.
func (r *round) pass(ctx context.Context) error {
	x := r.examiner
	ring, err := r.ring(ctx)
	if err != nil {
		return err
	}
	if _, err := x.index.Forward(ctx, indexSpan, r.took); err != nil {
		return err
	}
	expected := arrivals{from: r.since, to: x.index.To(), count: r.arrived}
	if r.since, r.arrived = expected.to, 0; r.start == 0 {
		r.start = r.since
	}
	keys := make([]string, 0, min(len(r.due), passKeys))
	for key := range r.due {
		if keys = append(keys, key); len(keys) == passKeys {
			break
		}
	}
	values, err := r.read(ctx, keys)
	if err != nil {
		return err
	}
	for _, key := range keys {
		delete(r.due, key)
	}
	x.caught, err = x.index.Forward(ctx, indexSpan, r.took)
	if err != nil {
		return err
	}
	r.look(ctx, ring, values, expected)
	return nil
}

// arrivals are the packets that the records behind one position up to another
// name.
type arrivals struct {
	from, to int64
	count    int
}

// read reads the new ends of keys, in one round trip, and gives the values that
// were not seen before: of each key the newest last.
func (r *round) read(ctx context.Context, keys []string) ([][]Found, error) {
	type answer struct {
		tail, head *redis.StringSliceCmd
		text       *redis.StringCmd
		fields     *redis.SliceCmd
		set        *redis.ScanCmd
	}
	answers := make([]answer, len(keys))
	err := r.Store.Read(ctx, func(p redis.Pipeliner) {
		for i, key := range keys {
			d, a := r.due[key], &answers[i]
			switch d.kind {
			case keyspace.TypeList:
				n := int64(min(d.count, window, max(passBytes/max(r.sizes[key], 1), 1)))
				a.tail, a.head = p.LRange(ctx, key, -n, -1), p.LRange(ctx, key, 0, 0)
				if d.head {
					a.head = p.LRange(ctx, key, 0, n-1)
				}
			case keyspace.TypeString:
				a.text = p.GetRange(ctx, key, 0, maxValue)
			case keyspace.TypeHash:
				a.fields = p.HMGet(ctx, key, d.fields...)
			case keyspace.TypeSet:
				a.set = p.SScan(ctx, key, 0, "", window)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	values := make([][]Found, len(keys))
	for i, key := range keys {
		a := &answers[i]
		take := func(raw string) {
			if f, ok := r.open(key, raw); ok {
				values[i] = append(values[i], f)
			}
		}
		switch { // an answer that is an error has no values
		case a.tail != nil:
			head, size := a.head.Val(), 0
			slices.Reverse(head) // the newest last
			list := append(head, a.tail.Val()...)
			for _, raw := range list {
				size += len(raw)
				take(raw)
			}
			r.sizes[key] = size / max(len(list), 1)
		case a.text != nil:
			if raw := a.text.Val(); len(raw) <= maxValue {
				take(raw)
			}
		case a.fields != nil:
			for _, v := range a.fields.Val() {
				raw, _ := v.(string)
				take(raw)
			}
		case a.set != nil:
			members, _ := a.set.Val()
			for _, raw := range members {
				take(raw)
			}
		}
	}
	return values, nil
}

// open reads a value, if it is a packet that was not seen there before.
func (r *round) open(key, raw string) (Found, bool) {
	if raw == "" || len(raw) > maxValue || !r.seen.first(key, raw) {
		return Found{}, false
	}
	if key != keyspace.Main.DeadLetters() {
		read, err := packet.Read([]byte(raw))
		r.census.who.learn(raw, &read, err)
		return Found{Reading: read, Raw: []byte(raw), Where: &seal.Where{Key: key}}, err == nil
	}
	if carcel.Gone(raw) {
		return Found{}, false
	}
	h := carcel.Parse(raw)
	if h.TrackingID == "" || !r.seen.first(key+" packet", string(packet.AppendJSON(nil, h.Packet))) { // an approval alters the entry alone
		return Found{}, false
	}
	return Found{Reading: heldReading(&h), Where: &seal.Where{Key: key, Held: true}}, true
}

// look examines what is new, passPackets at most, and counts the rest. Of each
// key the newest go first.
func (r *round) look(ctx context.Context, ring *keyring.Ring, values [][]Found, expected arrivals) {
	list, rest := newest(values, passPackets)
	x := r.examiner
	positions := make([]int64, 0, 2*len(list))
	for i := range list {
		k := x.known(&list[i])
		positions = append(positions, k.State.Position, k.Last.Position)
	}
	x.proofs.many(ctx, positions)
	skipped := expected.count
	for _, f := range list {
		if k := x.known(&f); k.State.Position > 0 && k.State.Event != ledger.Released {
			sent, _ := f.Packet.Time()
			r.stream.wrote(sent, k.State.At)
		}
		row := x.row(ctx, ring, f)
		if row.Position == 0 && row.Verdict.Logged == "missing" {
			row.Fate = Unlogged
		}
		r.add(row)
		skipped += r.account(&f, r.seq, expected)
	}
	for i := range rest {
		skipped += r.account(&rest[i], 0, expected)
	}
	if expected.from > 0 { // what was there before the feed is no arrival
		r.skip(skipped)
	}
}

// account tells by how many the skipped become more or fewer for a packet that
// was seen for the first time. Seq is its row, 0 when it was passed over. Those
// whose records were read count as skipped until they are looked at.
func (r *round) account(f *Found, seq uint64, expected arrivals) int {
	came, passed := r.examiner.known(f).State.Position, 0
	if seq == 0 {
		passed = 1
	}
	switch {
	case came > expected.to: // its record will be counted by the next pass, and must not be
		r.arrived--
		return passed
	case came > r.start: // it was counted, now or earlier
		return passed - 1
	case came > 0: // it was there before
		return 0
	}
	if id, ok := ledger.ParseID(f.Packet.TrackingID); ok && !r.examiner.caught && len(r.early) < halfRecent {
		r.early[id] = seq
	}
	return passed
}

// known is what the index has on a packet.
func (x *Examiner) known(f *Found) (k Known) {
	if id, ok := ledger.ParseID(f.Packet.TrackingID); ok {
		k, _ = x.index.Find(id)
	}
	return k
}

// newest takes most values at most out of several lists, in turns, from the
// ends of the lists.
func newest(lists [][]Found, most int) (out, rest []Found) {
	for turn, more := 1, true; more; turn++ {
		more = false
		for _, list := range lists {
			if turn > len(list) {
				continue
			}
			more = true
			if f := list[len(list)-turn]; len(out) < most {
				out = append(out, f)
			} else {
				rest = append(rest, f)
			}
		}
	}
	slices.Reverse(out)
	return out, rest
}
