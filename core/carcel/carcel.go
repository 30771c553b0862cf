package carcel

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// How long things stay, in seconds.
const (
	recordLife = 30 * 24 * 3600 // decisions, from the last act on
	binLife    = 7 * 24 * 3600
	runLife    = 7 * 24 * 3600
	markLife   = 7 * 24 * time.Hour
)

// MaxReplays is how often a packet may be replayed: one that keeps coming back
// needs a person's eyes, or another policy.
const MaxReplays = 3

// Carcel is the dead-letter queue of one partition. It is safe for use by
// many goroutines.
type Carcel struct {
	store    *store.Store
	council  governance.Council
	registry *packet.Registry
	keys     *keyring.Keyring
	desk     *seal.Desk // nil: what is released is not sealed
	allow    func(context.Context) error
	space    keyspace.Partition
	now      func() time.Time
	watch    time.Duration // for how long a canary is watched
	seen     func() *Table
	drift    atomic.Int64 // how far from where it was seen an entry was found last
}

// Sees gives the carcel a picture of the list that somebody keeps anyway, so
// that it need not read the list to find an entry. The picture may be old, and is nil
// where there is none yet.
func (c *Carcel) Sees(picture func() *Table) { c.seen = picture }

func (c *Carcel) picture() *Table {
	if c.seen == nil {
		return nil
	}
	return c.seen()
}

// New makes a carcel whose packets the council judges again before they go,
// and whose approvals the keyring checks.
func New(s *store.Store, c governance.Council, r *packet.Registry, k *keyring.Keyring) *Carcel {
	allow := func(context.Context) error { return nil }
	return &Carcel{store: s, council: c, registry: r, keys: k, allow: allow, space: keyspace.Main, now: time.Now, watch: canaryWatch}
}

// GuardWith makes the carcel ask before each release whether it may; the error
// is then that of the act, and nothing is released. It is called before the
// first act.
func (c *Carcel) GuardWith(allow func(context.Context) error) *Carcel {
	c.allow = allow
	return c
}

// SealWith makes the carcel seal every packet of schema 1.1 that it releases
// with a key of the desk; nil seals none. It is called before the first act.
func (c *Carcel) SealWith(desk *seal.Desk) *Carcel {
	c.desk = desk
	return c
}

// ErrBusy says that others changed an entry each time that it was to be acted
// on.
var ErrBusy = errors.New("others keep changing this entry; look again")

// maxWhy is how many characters a person may give as a reason: it stands in
// records, entries and lists.
const maxWhy = 1000

// ErrWhy says that a person's reason is too long.
var ErrWhy = errors.New("reason too long")

func checkWhy(why string) error {
	if n := utf8.RuneCountInString(why); n > maxWhy {
		return fmt.Errorf("%w: it has %d characters; at most %d are kept", ErrWhy, n, maxWhy)
	}
	return nil
}

// Index makes a view of the whole list that has read nothing yet.
func (c *Carcel) Index() *Index { return NewIndex(c.store) }

// Show reads one entry in full with its decision record, by tracking id, or by
// "sha:" and digits of its SHA-256. Errors match *ErrNoEntry.
func (c *Carcel) Show(ctx context.Context, id string) (Held, *governance.Recorded, error) {
	h, _, err := c.find(ctx, id)
	if err != nil {
		return h, nil, err
	}
	rec, err := c.record(ctx, h.TrackingID)
	return h, rec.Recorded, err
}

// find reads an entry by its id, wherever it is in the list. One that was
// altered or moved since the list was read is looked for again.
func (c *Carcel) find(ctx context.Context, id string) (h Held, slot int64, err error) {
	if t := c.picture(); t != nil {
		if e, at, ok := t.Find(id); ok {
			if h, slot, err = c.at(ctx, e.SHA, at); err == nil {
				return h, slot, nil
			}
		}
	}
	for range tries {
		x, seen := c.Index(), false
		for more := true; more; {
			if more, err = x.Refresh(ctx); err != nil {
				return h, 0, err
			}
			e, at, ok := x.Table().Find(id)
			if !ok {
				continue
			}
			seen = true
			if h, slot, err = c.at(ctx, e.SHA, at); err == nil || !errors.As(err, new(*ErrNoEntry)) {
				return h, slot, err
			}
		}
		if !seen {
			break
		}
	}
	return h, 0, &ErrNoEntry{ID: id}
}

// near is how many slots around the place where an entry was seen are looked
// through before the whole list is.
const near = 100

// at reads the entry with a SHA that was seen in a slot; others may have
// moved it since.
func (c *Carcel) at(ctx context.Context, sha string, slot int64) (Held, int64, error) {
	raw, err := c.read(ctx, slot, slot)
	if err != nil {
		return Held{}, 0, err
	}
	if len(raw) == 1 && SHA(raw[0]) == sha {
		return Parse(raw[0]), slot, nil
	}
	// Acts on many entries shift the rest little by little: the next is as far
	// off as the last one was, or nearly.
	first := max(slot+c.drift.Load()-near, 0)
	if raw, err = c.read(ctx, first, first+near*5/4); err != nil {
		return Held{}, 0, err
	}
	for i, text := range raw {
		if SHA(text) == sha {
			c.drift.Store(first + int64(i) - slot)
			return Parse(text), first + int64(i), nil
		}
	}
	c.drift.Store(0)
	return Held{}, 0, &ErrNoEntry{ID: "sha:" + sha[:12]}
}

func (c *Carcel) read(ctx context.Context, first, last int64) ([]string, error) {
	raw, err := c.store.Commands().LRange(ctx, c.space.DeadLetters(), first, last).Result()
	if err != nil {
		return nil, c.store.Explain("carcel", c.space.DeadLetters(), err)
	}
	return raw, nil
}

// filed is the decision record of a packet as it stands in Redis.
type filed struct {
	*governance.Recorded        // nil when there is none, or when it is none of ours
	raw                  string // "" when there is none
}

// record reads the decision record of a packet.
func (c *Carcel) record(ctx context.Context, trackingID string) (filed, error) {
	if trackingID == "" {
		return filed{}, nil
	}
	key := c.space.Decision(trackingID)
	raw, err := c.store.Commands().Get(ctx, key).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return filed{}, c.store.Explain("carcel", key, err)
	}
	return readRecord(raw), nil
}

func readRecord(raw string) filed {
	rec, err := governance.ParseRecorded([]byte(raw))
	if err != nil {
		return filed{raw: raw}
	}
	return filed{&rec, raw}
}

// replays is how often the packet was replayed so far.
func (r filed) replays() int {
	if r.Recorded == nil {
		return 0
	}
	return r.Replays
}

// act is what settle.lua is told of one act on one entry.
type act struct {
	held     *Held
	slot     int64
	becomes  string // what stands in the slot afterwards
	ends     bool   // the entry leaves the carcel
	keeps    bool   // and its slot stays for now, so that the others keep their places
	expected string // the decision record as it was seen
	record   string // the new one; "" leaves it
	pending  string // "", "0", or a time in milliseconds
	deadline int64  // in milliseconds, 0 for none
	rate     *governance.Rate
	run      *lease
	events   string
	actor    string
	policy   string
	decision string // decision id
	became   string // SHA of what stands in the slot afterwards, where that is an entry

	where     string // "", "target", "bin"
	key       string
	operation string
	value     []byte
	released  packet.Packet // what goes to the target
	leaf      string        // of its seal, in hex; "" when it has none
	field     string        // of a hash, or a task's own key
	ttl       int64
	second    string // decision record of the packet that takes its place
}

// settle carries out an act. The status is the script's; "OK" is the only one
// after which anything has changed.
func (c *Carcel) settle(ctx context.Context, a act) (string, error) {
	if a.where == "target" {
		if err := c.allow(ctx); err != nil {
			return "", err
		}
	}
	id := a.held.TrackingID
	keys := []string{
		c.space.DeadLetters(), c.space.Marks(), c.space.Pending(), c.space.Changes(), c.space.Ledger(),
		c.space.Decision(id), c.space.DeadLetters(), c.space.Decision(a.released.TrackingID),
		c.space.Rate(""), c.space.Run(""), c.space.RunReleased(""), c.space.Bins(),
	}
	if a.where != "" {
		keys[6] = a.key
	}
	limit, window, slot := -1, int64(0), ""
	if a.rate != nil {
		limit, window, slot, keys[8] = a.rate.Limit, a.rate.Window.Milliseconds(), packet.NewTrackingID(), c.space.Rate(a.rate.Vertical)
	}
	run, owner := "", ""
	if a.run != nil {
		run, owner = a.run.id, a.run.owner
		keys[9], keys[10] = c.space.Run(run), c.space.RunReleased(run)
	}
	args := []any{
		a.slot, a.held.Raw, a.held.SHA, a.becomes, a.reach(), a.expected, a.record, recordLife, a.pending,
		id, a.deadline, a.where, a.operation, a.value, a.field, a.ttl, a.second, recordLife,
		limit, window, slot, run, owner, a.released.TrackingID, a.events,
		"tracking_id", id, "key", a.key, "operation", a.operation, "packet_digest", digest(a),
		"decision_id", a.decision, "actor", a.actor, "policy", a.policy, "entry_sha256", a.held.SHA,
	}
	for _, extra := range [][2]string{{"entry_became", a.became}, {"run", run}} {
		if extra[1] != "" {
			args = append(args, extra[0], extra[1])
		}
	}
	if a.released.TrackingID != "" && a.released.TrackingID != id {
		args = append(args, "became", a.released.TrackingID)
	}
	for try := 1; ; try++ {
		status, _, err := c.store.Run(ctx, settleScript, keys, args...)
		switch {
		case errors.Is(err, store.ErrUnreachable) && try < settleTries && pause(ctx, settlePause<<(try-1)):
			continue
		case err != nil:
			return "", err
		case try > 1 && status != "OK":
			// The reply that was lost may have been the good one.
			landed, err := c.landed(ctx, a)
			if landed {
				status = "OK"
			}
			return status, err
		}
		return status, nil
	}
}

const (
	settleTries = 3
	settlePause = 50 * time.Millisecond
)

// landed reports whether an act whose reply was lost has been carried out: by
// its record, which tells who did it and when, or, of an entry that has no
// record, by its mark.
func (c *Carcel) landed(ctx context.Context, a act) (bool, error) {
	if a.record != "" {
		rec, err := c.record(ctx, a.held.TrackingID)
		return rec.raw == a.record, err
	}
	if a.where == "bin" {
		return c.marked(ctx, "bin:"+a.held.SHA)
	}
	return c.marked(ctx, a.held.SHA)
}

// marked reports whether an entry was released, by its SHA, or, with "bin:"
// before it, discarded.
func (c *Carcel) marked(ctx context.Context, name string) (bool, error) {
	err := c.store.Commands().ZScore(ctx, c.space.Marks(), name).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, c.store.Explain("carcel", c.space.Marks(), err)
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

var settleScript = store.LoadScript("settle")

// digest is the leaf of the seal, or SHA-256, of what goes to the target, else
// SHA-256 of the entry.
func digest(a act) string {
	switch {
	case a.leaf != "":
		return a.leaf
	case a.where == "target":
		return SHA(string(a.value))
	}
	return a.held.SHA
}

// settleReach is how close to an end of the list a slot is taken out at once:
// LREM walks 0.2 µs a slot.
const settleReach = 5000

func (a act) reach() any {
	switch {
	case !a.ends:
		return ""
	case a.keeps:
		return 0
	}
	return settleReach
}

// refused is what a person is told of a status that is not "OK".
func refused(status string, h *Held) error {
	switch status {
	case "COPY":
		return fmt.Errorf("%w: %s", ErrCopy, h.ID())
	case "LATE":
		return fmt.Errorf("%w: %s", ErrTooLate, h.ID())
	case "RATE":
		return fmt.Errorf("%w: %s", ErrRate, h.ID())
	case "TAKEN":
		return fmt.Errorf("the new tracking id of %s, or the id of its task, is in use", h.ID())
	case "STOPPED":
		return ErrStopped
	}
	return fmt.Errorf("%w: %s", ErrBusy, h.ID())
}

// Why an act on an entry is refused.
var (
	ErrCopy    = errors.New("the very same entry was released before; this copy can only be discarded")
	ErrTooLate = errors.New("the time to approve is over; it counts as denied")
	ErrRate    = errors.New("the rate of its vertical is used up; replay it later")
	ErrStopped = errors.New("the run was paused, cancelled, or taken over")
)
