package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
)

var eraseScript = store.LoadScript("erase")

// Why an erasure is refused.
var (
	// ErrNoWhy says that nobody said why.
	ErrNoWhy = errors.New("erasing needs a reason, which is recorded")
	// ErrNoTrackingID says that a text names no packet.
	ErrNoTrackingID = errors.New("not a tracking id")
)

// Removed is one place from which contents were taken away.
type Removed struct {
	Key      string `json:"key"`
	What     string `json:"what"` // list, carcel, string, hash, set, bin, decision
	Slot     *int64 `json:"slot,omitempty"`
	Field    string `json:"field,omitempty"`
	SHA256   string `json:"sha256"` // of what stood there, in hex
	Position int64  `json:"record"` // of the ledger
}

// Erasure tells what Erase did, and what it could not do.
type Erasure struct {
	TrackingID string    `json:"tracking_id"`
	At         time.Time `json:"at"`
	Removed    []Removed `json:"removed"`   // none when nothing was left to remove
	Left       []string  `json:"left"`      // what stays, a line each
	Unreached  []string  `json:"unreached"` // where contents may be that were not reached
}

const (
	eraseTries = 8    // looks at Redis while others move what is to be removed
	eraseNear  = 200  // slots around the one where it was seen
	eraseReach = 5000 // see carcel: a slot so close to an end of its list goes at once
	maxWhy     = 1000 // characters
)

// Erase takes a packet's contents away wherever this Redis has them: under the
// keys of packets, in the carcel and its bin, among the expired, and in its
// decision record. Each place is one atomic step, which leaves a record
// "erased" with the digest of what stood there. What only says that the packet
// was, stays: see Left. It may be repeated: where nothing is left to remove,
// nothing is written. by is who asked for it.
//
// Errors match ErrNoWhy, carcel.ErrWhy, ErrNoTrackingID, carcel.ErrBusy (others
// keep moving it; what was removed stays so, and is told), lineage.ErrNotFound
// (nothing is known of it), or are the store's.
func (e *Engine) Erase(ctx context.Context, trackingID, why, by string) (*Erasure, error) {
	why = strings.TrimSpace(why)
	switch n := utf8.RuneCountInString(why); {
	case n == 0:
		return nil, ErrNoWhy
	case n > maxWhy:
		return nil, fmt.Errorf("%w: it has %d characters; at most %d are kept", carcel.ErrWhy, n, maxWhy)
	}
	id, ok := ledger.ParseID(trackingID)
	if !ok {
		return nil, fmt.Errorf("%w: %.80q; ifpacket trace finds the id of a citation", ErrNoTrackingID, trackingID)
	}
	x := &eraser{Engine: e, why: why, by: by, Erasure: &Erasure{TrackingID: id.String(), At: time.Now().UTC(), Removed: []Removed{}}}
	if err := x.readLedger(ctx); err != nil {
		return nil, err
	}
	err := x.places(ctx)
	if err == nil && x.task {
		err = x.tasks(ctx)
	}
	if err == nil {
		err = x.decision(ctx)
	}
	if err != nil {
		return x.Erasure, err
	}
	if len(x.records) == 0 && len(x.Removed) == 0 && !x.decided {
		return nil, fmt.Errorf("%w: %s: neither the ledger nor Redis has anything of it", lineage.ErrNotFound, x.TrackingID)
	}
	x.conclude()
	return x.Erasure, nil
}

// eraser is one erasure.
type eraser struct {
	*Engine
	*Erasure
	why, by  string
	records  []ledger.Record
	keys     []string // that the ledger names
	contents string   // digest of the contents, in hex, "" until they were seen
	decided  bool     // there is a decision record
	queue    string   // of the task that is removed
	task     bool     // it went, or may have gone, as a task
}

func (x *eraser) readLedger(ctx context.Context) error {
	return x.ledger.ReadBack(ctx, 0, func(r ledger.Record) bool {
		if r.About(x.TrackingID) {
			x.records = append(x.records, r)
			x.task = x.task || r.Get("operation") == swarm.Operation
			if key := r.Get("key"); (r.Event() == ledger.Dispatched || r.Event() == ledger.Released) && key != "" {
				x.keys = append(x.keys, key)
			}
		}
		return true
	})
}

// places empties all places but the decision record.
func (x *eraser) places(ctx context.Context) error {
	for range eraseTries {
		n := 0
		unread, err := x.tracer.Copies(ctx, x.TrackingID, x.keys, func(c lineage.Copy) error {
			n++
			return x.remove(ctx, &c)
		})
		if err != nil {
			return err
		}
		if x.Unreached = unread; n == 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: %s; %d places were emptied: run it again", carcel.ErrBusy, x.TrackingID, len(x.Removed))
}

// remove empties one place. One that was moved is left to the next look.
func (x *eraser) remove(ctx context.Context, c *lineage.Copy) error {
	if digest, err := custody.ContentsSHA256(c.Contents); err == nil {
		x.contents = digest
	}
	r := Removed{Key: c.Key, What: c.Type, Field: c.Field, SHA256: carcel.SHA(c.Raw)}
	at, after := any(c.Field), ""
	switch {
	case c.Key == keyspace.Main.DeadLetters():
		h := carcel.Parse(c.Raw)
		r.What, after = "carcel", carcel.Stone(&h.Entry, ledger.Erased, x.At)
	case c.Held:
		r.What, at = "bin", r.SHA256
	case c.Type == keyspace.TypeList:
		after = "erased " + packet.NewTrackingID()
	}
	if c.Slot >= 0 {
		r.Slot, at = &c.Slot, c.Slot
	}
	return x.run(ctx, r, at, c.Raw, after)
}

// tasks takes away the task as which it went, with its data: from its queue, if
// it waits there. They are found by the tracking id in the tasks' own keys.
func (x *eraser) tasks(ctx context.Context) error {
	return x.swarm.TasksOf(ctx, x.TrackingID, func(t swarm.Task) error {
		if v, _, err := packet.ParseValue([]byte(t.Data)); err == nil {
			if digest, err := custody.ContentsSHA256(v); err == nil {
				x.contents = digest
			}
		}
		x.queue = t.Queue
		return x.run(ctx, Removed{Key: keyspace.TaskMeta(t.ID), What: "task", SHA256: carcel.SHA(t.Data)}, t.ID, t.Data, "")
	})
}

// decision takes what was judged out of the decision record.
func (x *eraser) decision(ctx context.Context) error {
	key := keyspace.Main.Decision(x.TrackingID)
	for range eraseTries {
		raw, err := x.store.Commands().Get(ctx, key).Result()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		if err = x.store.Explain("erase", key, err); err != nil {
			return err
		}
		rec, err := governance.ParseRecorded([]byte(raw))
		if err != nil {
			x.Unreached = append(x.Unreached, key+" is no decision record of ours, and was not touched")
			return nil
		}
		x.decided = true
		if a, there := rec.Action(); there && x.contents == "" && len(rec.Masked) == 0 {
			x.contents, _ = custody.ContentsSHA256(a.Payload)
		}
		left, had := rec.Erased(x.contents)
		if !had {
			return nil
		}
		before := len(x.Removed)
		if err := x.run(ctx, Removed{Key: key, What: "decision", SHA256: carcel.SHA(raw)}, "", raw, left); err != nil || len(x.Removed) > before {
			return err
		}
	}
	return fmt.Errorf("%w: %s", carcel.ErrBusy, x.TrackingID)
}

// run is one step of the script.
func (x *eraser) run(ctx context.Context, r Removed, at any, raw, after string) error {
	space := keyspace.Main
	keys := []string{r.Key, space.Ledger(), space.Marks(), space.Pending(), space.Changes(), space.Bins(), keyspace.TaskQueue(x.queue)}
	args := []any{r.What, at, raw, after, eraseNear, eraseReach, x.TrackingID, r.SHA256,
		"tracking_id", x.TrackingID, "key", r.Key, "operation", "erase", "packet_digest", r.SHA256, "actor", x.by, "place", r.What, "why", x.why}
	if r.What == "carcel" {
		args = append(args, "entry_sha256", r.SHA256)
	}
	status, rest, err := x.store.Run(ctx, eraseScript, keys, args...)
	if err != nil || status != "OK" || len(rest) == 0 {
		return err
	}
	r.Position = store.Number(rest[0])
	x.Removed = append(x.Removed, r)
	return nil
}

// conclude tells what stays, and what was out of reach.
func (x *eraser) conclude() {
	if n := len(x.records) + len(x.Removed); n > 0 {
		x.Left = append(x.Left, fmt.Sprintf("%d records of the ledger: tracking id, digests, keys, times, who and why; no contents", n))
	}
	if x.decided {
		x.Left = append(x.Left, "the decision record: verdict and reason (which a policy may have filled from the contents), approvals, the digest of the contents; it ends by its TTL")
	}
	if slices.ContainsFunc(x.Removed, func(r Removed) bool { return r.What == "carcel" || r.What == "bin" }) {
		x.Left = append(x.Left, "in the carcel: the digest of the entry, and its tracking id until the list is compacted")
	}
	for i := range x.records {
		switch r := &x.records[i]; {
		case r.Event() == ledger.Collected && r.Get("became") == "":
			x.Unreached = append(x.Unreached, fmt.Sprintf("%s took it from %s at %s (record %d)", r.Get("actor"), r.Get("key"), r.At().UTC().Format(time.RFC3339), r.Position))
		case r.Get("became") != "" && r.Get("became") != x.TrackingID:
			x.Unreached = append(x.Unreached, fmt.Sprintf("packet %s went on in its place with edited contents: erase that too", r.Get("became")))
		case r.Event() == swarm.PostedEvent || r.Event() == ledger.Released && r.Get("operation") == swarm.Operation:
			x.Unreached = append(x.Unreached, fmt.Sprintf("it went as a task of %s: whoever worked on it has its data, a result may tell of it, and where it failed for good the carcel has it under the task's own id", r.Get("key")))
		}
	}
	x.Unreached = append(x.Unreached,
		"whoever read it from Redis, Python programs among them",
		"evidence bundles, reports and exports that were saved as files",
		"backups, replicas that are away, and Redis' own files until they are rewritten (BGSAVE, BGREWRITEAOF)")
}
