package lineage

import (
	"time"

	"github.com/infrafabric/ifpacket/core/ledger"
)

// half is one of the two parts of an Index: a stretch of records without a
// hole, and the packets that they name.
type half struct {
	base    int64 // position of the first record of up; the one before it is the first of down
	up      []brief
	down    []brief
	packets map[ledger.ID]marks
	keys    []string // those that records name, each once
	numbers map[string]uint32
}

// marks are a packet's newest records, as ranks; see Known.
type marks struct {
	last, state, sent rank
	out               int32
}

// rank is a record's position as seen from the base of its half, 0 for none:
// half as long as a position, and in the same order.
type rank uint32

const baseRank rank = 1 << 31

func (h *half) rank(position int64) rank { return baseRank + rank(position-h.base) }
func (h *half) position(r rank) int64    { return h.base + int64(r) - int64(baseRank) }

// brief is what is kept of a record.
type brief struct {
	digest             ledger.Hash
	at, expires        int64 // milliseconds since 1970, 0 for not told
	key                uint32
	event, op          uint8
	hasDigest, isBatch bool
}

// The words that records use, so that one byte stands for each.
var (
	events = words(
		ledger.Dispatched, ledger.Held, ledger.Blocked, ledger.Approved, ledger.Denied, ledger.Appealed, ledger.Released,
		ledger.Discarded, ledger.Restored, ledger.Expired, ledger.Collected, ledger.Erased, ledger.KeyChanged, ledger.Break)
	operations = words("set", "lpush", "rpush", "hset", "sadd", "lpop", "rpop")
)

type vocabulary struct {
	list    []string
	numbers map[string]uint8
}

func words(list ...string) vocabulary {
	v := vocabulary{list: append([]string{""}, list...), numbers: map[string]uint8{}}
	for i, w := range v.list {
		v.numbers[w] = uint8(i)
	}
	return v
}

func newHalf(base int64) *half {
	return &half{base: base, packets: map[ledger.ID]marks{}, numbers: map[string]uint32{}}
}

func (h *half) from() int64 { return h.base - int64(len(h.down)) }
func (h *half) to() int64   { return h.base + int64(len(h.up)) - 1 }
func (h *half) len() int    { return len(h.up) + len(h.down) }

func (h *half) add(r *ledger.Record) {
	h.up = append(h.up, h.brief(r))
	h.name(r)
}

func (h *half) addBefore(r *ledger.Record) {
	h.down = append(h.down, h.brief(r))
	h.name(r)
}

func (h *half) brief(r *ledger.Record) brief {
	b := brief{event: events.numbers[r.Event()], op: operations.numbers[r.Get("operation")], isBatch: !r.Single(), key: h.number(r.Get("key"))}
	if at := r.At(); !at.IsZero() {
		b.at = at.UnixMilli()
	}
	if at := r.ExpiresAt(); !at.IsZero() {
		b.expires = at.UnixMilli()
	}
	if d := r.Digest(); d != nil {
		b.digest, b.hasDigest = *d, true
	}
	return b
}

// same reports whether a record is the last one that was added.
func (h *half) same(r *ledger.Record) bool {
	return r.Position == h.to() && h.brief(r) == *h.at(r.Position)
}

func (h *half) number(key string) uint32 {
	n, there := h.numbers[key]
	if !there {
		n = uint32(len(h.keys))
		h.keys, h.numbers[key] = append(h.keys, key), n
	}
	return n
}

// name notes the record with each packet that it names.
func (h *half) name(r *ledger.Record) {
	became, renamed := ledger.ParseID(r.Get("became"))
	event, at := r.Event(), h.rank(r.Position)
	for _, id := range r.IDs() {
		m, p := h.packets[id], partOf(event, renamed, id == became)
		m.last = max(m.last, at)
		if p.state {
			m.state = max(m.state, at)
		}
		if p.sent {
			m.sent = max(m.sent, at)
		}
		m.out += int32(p.out)
		h.packets[id] = m
	}
}

// find adds what this half knows of a packet.
func (h *half) find(id ledger.ID, k *Known) bool {
	m, there := h.packets[id]
	if there {
		h.tell(m, k)
	}
	return there
}

func (h *half) tell(m marks, k *Known) {
	if k.Last.Position == 0 {
		k.Last = h.mark(m.last)
	}
	if k.State.Position == 0 {
		k.State = h.mark(m.state)
	}
	if k.Sent.Position == 0 {
		k.Sent = h.mark(m.sent)
	}
	k.Out += int(m.out)
}

func (h *half) mark(r rank) Mark {
	if r == 0 {
		return Mark{}
	}
	position := h.position(r)
	b := h.at(position)
	m := Mark{Position: position, Event: events.list[b.event], Operation: operations.list[b.op], Key: h.keys[b.key], Batch: b.isBatch}
	if b.at > 0 {
		m.At = time.UnixMilli(b.at)
	}
	if b.expires > 0 {
		m.Expires = time.UnixMilli(b.expires)
	}
	if b.hasDigest {
		m.Digest = &b.digest
	}
	return m
}

func (h *half) at(position int64) *brief {
	if position >= h.base {
		return &h.up[position-h.base]
	}
	return &h.down[h.base-1-position]
}
