package dispatch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// Reading is a way to collect.
type Reading string

// The collect operations. LPop and RPop take; the others only look.
const (
	Get      Reading = "get"
	LIndex   Reading = "lindex"
	LRange   Reading = "lrange"
	HGet     Reading = "hget"
	HGetAll  Reading = "hgetall"
	SMembers Reading = "smembers"
	LPop     Reading = "lpop"
	RPop     Reading = "rpop"
)

// Readings are all of them, in the order in which people are shown them.
var Readings = []Reading{Get, LIndex, LRange, HGet, HGetAll, SMembers, LPop, RPop}

// Takes reports whether the operation removes what it returns.
func (r Reading) Takes() bool { return r == LPop || r == RPop }

// ErrCollect is what is wrong with a request to collect before Redis is asked.
var ErrCollect = errors.New("invalid collect")

const (
	binLife = 7 * 24 * 3600 // seconds that carcel:expired outlives its last entry
	// One call of the pop script takes so many values at most, so that it
	// never holds up the server for others.
	popStep = 128
)

var (
	readScript = store.LoadReader("read")
	popScript  = store.LoadScript("pop")
)

// Request says what to collect.
type Request struct {
	Key            string
	Op             Reading
	Index          int64  // LIndex, and the start of LRange
	Stop           int64  // LRange, inclusive; −1 is the end
	Field          string // HGet
	Count          int    // LPop, RPop: how many at most, 1 when 0
	IncludeExpired bool   // give packets past their own TTL too, flagged
	Actor          string // who takes, for the ledger
}

// Item is one value found: a packet, perhaps with faults, or a value that is
// none, which is handed over as it was.
type Item struct {
	Field   string         // HGet and HGetAll
	Packet  packet.Packet  // set when NotPacket is nil
	Format  packet.Format  // how it was written
	Faults  []packet.Fault // what others wrote against the rules
	Expired bool           // past its own TTL; only with IncludeExpired
	Raw     []byte         // the value as it stands in Redis
	Invalid *packet.NotPacketError
}

// Collected is the outcome of a request.
type Collected struct {
	Items   []Item
	Expired int   // packets past their own TTL that were skipped (a look) or moved to carcel:expired (a take)
	Left    int64 // LPop, RPop: values still in the list
}

// Collector reads and takes packets. It is safe for use by many goroutines.
type Collector struct {
	store *store.Store
	space keyspace.Partition
}

// NewCollector makes a collector on a store.
func NewCollector(s *store.Store) *Collector {
	return &Collector{store: s, space: keyspace.Main}
}

// Collect carries out a request. A key that is not there gives no items and
// no error; a key of another type gives store.ErrWrongType and stays as it is.
// A packet's age is told by Redis' own clock.
func (c *Collector) Collect(ctx context.Context, r Request) (Collected, error) {
	if err := r.check(); err != nil {
		return Collected{}, err
	}
	if r.Op.Takes() {
		return c.take(ctx, r)
	}
	return c.look(ctx, r)
}

func (r Request) check() error {
	known := false
	for _, op := range Readings {
		known = known || r.Op == op
	}
	switch {
	case r.Key == "":
		return fmt.Errorf("%w: no key is named", ErrCollect)
	case !known:
		return fmt.Errorf("%w: operation %q is unknown; known are %s", ErrCollect, r.Op, readingList())
	case r.Op == HGet && r.Field == "":
		return fmt.Errorf("%w: hget needs a field", ErrCollect)
	case r.Count < 0:
		return fmt.Errorf("%w: a count of %d; take at least 1", ErrCollect, r.Count)
	}
	return nil
}

func (c *Collector) look(ctx context.Context, r Request) (Collected, error) {
	args := []any{string(r.Op)}
	switch r.Op {
	case LIndex:
		args = append(args, r.Index)
	case LRange:
		args = append(args, r.Index, r.Stop)
	case HGet:
		args = append(args, r.Field)
	}
	_, rest, err := c.store.Run(ctx, readScript, []string{r.Key}, args...)
	if err != nil {
		return Collected{}, collecting(err, r)
	}
	now := time.UnixMilli(store.Number(rest[0]))
	values := rest[1:]
	var out Collected
	for i := 0; i < len(values); i++ {
		field := r.Field
		if r.Op == HGetAll {
			field = store.Text(values[i])
			i++
		}
		item := open(store.Text(values[i]), now)
		item.Field = field
		if item.Expired && !r.IncludeExpired {
			out.Expired++
			continue
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// take pops in steps until enough fresh packets are in hand or the list is
// empty. What a step has taken is never given up for an error of a later one.
func (c *Collector) take(ctx context.Context, r Request) (Collected, error) {
	var out Collected
	keep := ""
	if r.IncludeExpired {
		keep = "1"
	}
	for want := max(r.Count, 1); want > 0; {
		_, rest, err := c.store.Run(ctx, popScript,
			[]string{r.Key, c.space.Expired(), c.space.Ledger()},
			string(r.Op), min(want, popStep), keep, binLife, popStep, r.Actor)
		if err != nil {
			return out, collecting(err, r)
		}
		values, _ := rest[3].([]any)
		out.Expired += int(store.Number(rest[1]))
		out.Left = store.Number(rest[2])
		now := time.UnixMilli(store.Number(rest[0]))
		var late []Item
		for i := 0; i+1 < len(values); i += 2 {
			item := open(store.Text(values[i]), now)
			item.Expired = item.Expired || store.Text(values[i+1]) == "1"
			if item.Expired && !r.IncludeExpired {
				late = append(late, item)
				continue
			}
			out.Items = append(out.Items, item)
			want--
		}
		if len(late) > 0 {
			if err := c.bin(ctx, r, late); err != nil {
				return out, collecting(err, r)
			}
			out.Expired += len(late)
		}
		if out.Left == 0 {
			break
		}
	}
	return out, nil
}

var binScript = store.LoadScript("bin")

// bin puts away expired packets that the pop script handed out because it
// could not read them: Lua knows no MessagePack on every server.
func (c *Collector) bin(ctx context.Context, r Request, late []Item) error {
	var ids []byte
	args := []any{binLife, r.Key, string(r.Op), r.Actor, nil, nil}
	for _, item := range late {
		if packet.ValidTrackingID(item.Packet.TrackingID) {
			ids = appendID(ids, item.Packet.TrackingID)
		}
		args = append(args, item.Raw)
	}
	args[4], args[5] = ids, len(late)-len(ids)/16
	_, _, err := c.store.Run(ctx, binScript, []string{c.space.Expired(), c.space.Ledger()}, args...)
	return err
}

// open reads a value and tells whether it is past its own TTL.
func open(raw string, now time.Time) Item {
	item := Item{Raw: []byte(raw)}
	reading, err := packet.Read(item.Raw)
	if err != nil {
		if !errors.As(err, &item.Invalid) {
			item.Invalid = &packet.NotPacketError{Reason: err.Error()}
		}
		return item
	}
	item.Packet, item.Format, item.Faults = reading.Packet, reading.Format, reading.Faults
	item.Expired = Expired(reading.Packet, now)
	return item
}

// Expired reports whether a packet is past its own ttl_seconds, counted from
// the later of dispatched_at and its last release from the carcel. One whose
// times cannot be read never expires.
func Expired(p packet.Packet, now time.Time) bool {
	since, err := p.Time()
	if err != nil || p.TTLSeconds <= 0 {
		return false
	}
	lineage, _ := p.ChainOfCustody.Get("transparent_lineage")
	for _, entry := range lineage.Members() {
		text, _ := entry.Value.Text()
		rest, released := strings.CutPrefix(text, "action:release|")
		if !released {
			continue
		}
		at, _, _ := strings.Cut(rest, "|")
		if t, err := packet.ParseTime(at); err == nil && t.After(since) {
			since = t
		}
	}
	return now.After(since.Add(time.Duration(p.TTLSeconds) * time.Second))
}

func collecting(err error, r Request) error {
	var e *store.Error
	if !errors.As(err, &e) {
		return err
	}
	copied := *e
	copied.Op = "collect " + string(r.Op)
	if e.Kind != store.ErrWrongType {
		copied.Key = r.Key
	}
	return &copied
}

func readingList() string {
	names := make([]string, len(Readings))
	for i, r := range Readings {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}
