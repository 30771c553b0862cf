package lineage

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/packet"
)

// find is one place where the packet was found.
type find struct {
	Place
	raw  string
	read packet.Reading
	rank int // the best is the smallest
}

// The ranks of places.
const (
	rankSent    = iota // where the ledger says that it went
	rankLive           // elsewhere among the packets that travel
	rankHeld           // in the carcel
	rankBinned         // in its bin
	rankExpired        // among those that were found past their time
)

func (s *story) found(f find) {
	s.finds = append(s.finds, f)
	slices.SortStableFunc(s.finds, func(a, b find) int { return a.rank - b.rank })
	s.Places = s.Places[:0]
	for _, f := range s.finds {
		s.Places = append(s.Places, f.Place)
	}
}

// readRedis looks for the packet under the keys that the ledger names, and
// then under all others that may hold packets, as far as is fair to the server.
func (s *story) readRedis(ctx context.Context) error {
	r := &reader{store: s.Store, values: traceValues, bytes: traceBytes}
	var keys []string
	for i := len(s.Records) - 1; i >= 0; i-- {
		event, key := s.Records[i].Event(), s.Records[i].Get("key")
		if (event == ledger.Dispatched || event == ledger.Released) && key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	others, whole, err := r.packetKeys(ctx)
	if err != nil {
		return err
	}
	if !whole {
		s.lack("there are more keys than were looked at")
	}
	for _, key := range others {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	types, err := r.types(ctx, keys)
	if err != nil {
		return err
	}
	passed := 0
	for _, key := range keys {
		if r.empty() {
			passed++
			continue
		}
		at := place{}
		left, err := r.read(ctx, key, types[key], traceKey, func(p Place, raw string) {
			at.filled = true
			s.see(p, raw)
		})
		if err != nil {
			return err
		}
		switch {
		case types[key] == hidden:
			s.lack("%s may not be read by this user", key)
		case left > 0:
			s.lack("%s holds %d values more than were looked through", key, left)
		}
		if at.looked = left == 0; key == s.known.Sent.Key {
			s.sentHere = at
		}
	}
	if passed > 0 {
		s.lack("%d keys more were not looked through", passed)
	}
	return nil
}

// see takes a value if it is the packet. Most are told apart by the text alone.
func (s *story) see(p Place, raw string) {
	if !strings.Contains(raw, s.needle()) {
		return
	}
	read, err := packet.Read([]byte(raw))
	if err != nil {
		return
	}
	if id := read.Packet.TrackingID; !s.is(id) {
		if s.TrackingID != "" || s.Citation == "" || citationOf(&read.Packet) != s.Citation {
			return
		}
		s.TrackingID = id
	}
	rank := rankLive
	switch p.Key {
	case s.known.Sent.Key:
		rank = rankSent
	case keyspace.Main.Expired():
		rank = rankExpired
	}
	s.found(find{Place: p, raw: raw, read: read, rank: rank})
}

// needle is a text that the packet has in it.
func (s *story) needle() string {
	if s.TrackingID != "" {
		return s.TrackingID
	}
	return strings.TrimPrefix(s.Citation, custody.CitationPrefix)
}

// citationOf is the citation that a packet carries, "" when it has none.
func citationOf(p *packet.Packet) string {
	v, _ := p.ChainOfCustody.Get("traceable_id")
	text, _ := v.Text()
	if !strings.HasPrefix(text, custody.CitationPrefix) {
		return ""
	}
	return text
}

// readCarcel looks for the packet among those that are held, and in the bin.
func (s *story) readCarcel(ctx context.Context) error {
	if s.TrackingID == "" {
		s.lack("the carcel was not looked through: it is known by tracking ids, and the citation led to none")
		return nil
	}
	h, rec, err := s.Carcel.Show(ctx, s.TrackingID)
	if err == nil {
		s.Decision = rec
		return s.hold(ctx, &h)
	}
	if !errors.As(err, new(*carcel.ErrNoEntry)) {
		return err
	}
	if len(s.finds) > 0 && s.known.Last.Event != ledger.Discarded {
		return nil
	}
	bin, err := s.Carcel.Bin(ctx)
	if err != nil {
		return err
	}
	for i := range bin {
		if b := &bin[i]; b.TrackingID == s.TrackingID {
			s.found(find{
				Place: Place{Key: keyspace.Main.Bin(b.SHA), Type: keyspace.TypeString, Slot: -1, Held: true},
				raw:   b.Raw, read: heldReading(&b.Held), rank: rankBinned,
			})
			break
		}
	}
	return nil
}

// lposMost is how many slots, from the end, are looked through for where in
// the carcel an entry is.
const lposMost = 10_000

func (s *story) hold(ctx context.Context, h *carcel.Held) error {
	key := keyspace.Main.DeadLetters()
	slot, err := s.Store.Commands().LPos(ctx, key, h.Raw, redis.LPosArgs{Rank: -1, MaxLen: lposMost}).Result()
	if errors.Is(err, redis.Nil) {
		slot, err = -1, nil
	}
	s.found(find{Place: Place{Key: key, Type: keyspace.TypeList, Slot: slot, Held: true}, raw: h.Raw, read: heldReading(h), rank: rankHeld})
	return s.Store.Explain("lpos", key, err)
}

// heldReading is the packet that an entry holds, with what is wrong with it.
func heldReading(h *carcel.Held) packet.Reading {
	read, err := packet.FromValue(h.Packet.Value())
	if err != nil {
		return packet.Reading{Packet: h.Packet, Faults: h.Faults}
	}
	return read
}

// decisionAt reads a decision record.
func (s *story) decisionAt(ctx context.Context, key string) (found bool, err error) {
	raw, err := s.Store.Commands().GetRange(ctx, key, 0, maxText-1).Result()
	switch {
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		s.lack("%s is no decision record", key)
		return true, nil
	case err != nil:
		return false, s.Store.Explain("trace", key, err)
	case raw == "":
		return false, nil
	}
	rec, err := governance.ParseRecorded([]byte(raw))
	if err != nil {
		s.lack("%s: %v", key, err)
		return true, nil
	}
	s.Decision = &rec
	return true, nil
}
