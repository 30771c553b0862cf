package carcel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/store"
)

var restoreScript = store.LoadScript("restore")

// Discard takes an entry out of the carcel and keeps it in the bin for seven
// days.
func (c *Carcel) Discard(ctx context.Context, id, by, why string) (Acted, error) {
	return c.again(ctx, id, why, func(k Case) (Acted, string, error) {
		status, err := c.discard(ctx, &k, by, why)
		return Acted{TrackingID: k.Held.TrackingID, Status: governance.OutcomeDiscarded, Decision: k.Held.Decision, Reason: k.Held.Reason, By: by}, status, err
	})
}

func (c *Carcel) discard(ctx context.Context, k *Case, by, why string) (string, error) {
	rec := k.Record
	rec.Outcome = &governance.Outcome{State: governance.OutcomeDiscarded, At: rfc3339(c.now()), By: by, Why: why}
	record := c.keep(k, rec)
	if k.copy { // the record tells of the packet, which was released
		record = ""
	}
	return c.settle(ctx, act{
		held: &k.Held, slot: k.slot, becomes: stone(&k.Held.Entry, governance.OutcomeDiscarded, c.now()), ends: true,
		expected: k.expected, record: record, pending: "0",
		where: "bin", key: c.space.Bin(k.Held.SHA), value: []byte(k.Held.Raw), ttl: binLife,
		events: "discarded", actor: by, policy: rec.Policy, decision: rec.DecisionID,
	})
}

// keep is a record as it is written, "" for an entry that has no id to keep
// one under.
func (c *Carcel) keep(k *Case, rec governance.Recorded) string {
	if k.Held.TrackingID == "" {
		return ""
	}
	return rec.JSON()
}

// Binned is a discarded entry.
type Binned struct {
	Held
	Ends time.Time // when it is forgotten
}

// binMost is how many discarded entries Bin lists.
const binMost = 1000

// Bin lists what was discarded, the newest first, at most a thousand.
func (c *Carcel) Bin(ctx context.Context) ([]Binned, error) {
	var out []Binned
	err := c.binned(ctx, "", func(b Binned) bool {
		out = append(out, b)
		return len(out) < binMost
	})
	return out, err
}

// binned goes through what was discarded, the newest first, until each returns
// false. Digits are those with which the SHA begins.
func (c *Carcel) binned(ctx context.Context, digits string, each func(Binned) bool) error {
	key := c.space.Bins()
	for first := int64(0); ; first += bodyLot {
		list, err := c.store.Commands().ZRevRangeWithScores(ctx, key, first, first+bodyLot-1).Result()
		if err != nil {
			return c.store.Explain("carcel", key, err)
		}
		texts := make([]*redis.StringCmd, len(list))
		err = c.store.Read(ctx, func(p redis.Pipeliner) {
			for i, z := range list {
				if sha, _ := z.Member.(string); strings.HasPrefix(sha, digits) {
					texts[i] = p.Get(ctx, c.space.Bin(sha))
				}
			}
		})
		if err != nil {
			return err
		}
		for i, text := range texts {
			if text == nil || errors.Is(text.Err(), redis.Nil) {
				continue
			}
			if err := text.Err(); err != nil {
				return c.store.Explain("carcel", key, err)
			}
			if !each(Binned{Held: Parse(text.Val()), Ends: time.UnixMilli(int64(list[i].Score))}) {
				return nil
			}
		}
		if len(list) < bodyLot {
			return nil
		}
	}
}

// Restore puts a discarded entry back into the carcel, at its end.
func (c *Carcel) Restore(ctx context.Context, id, by, why string) (Acted, error) {
	if err := checkWhy(why); err != nil {
		return Acted{}, err
	}
	digits, isSHA := strings.CutPrefix(id, "sha:")
	if !isSHA {
		digits = ""
	}
	for range tries {
		var h *Held
		err := c.binned(ctx, strings.ToLower(digits), func(b Binned) bool {
			if b.Named(id) {
				h = &b.Held
			}
			return h == nil
		})
		if err != nil {
			return Acted{}, err
		}
		if h == nil {
			return Acted{}, &ErrNotBinned{ID: id}
		}
		done, status, err := c.restore(ctx, h, by, why)
		if err != nil || status == "OK" {
			return done, err
		}
	}
	return Acted{}, fmt.Errorf("%w: %s", ErrBusy, id)
}

func (c *Carcel) restore(ctx context.Context, h *Held, by, why string) (Acted, string, error) {
	rec, err := c.record(ctx, h.TrackingID)
	if err != nil {
		return Acted{}, "", err
	}
	record, decision, waits := "", h.Decided, int64(0)
	if rec.Recorded != nil && rec.Outcome != nil && rec.Outcome.State == governance.OutcomeDiscarded {
		rec.Outcome = nil
		record, decision = rec.JSON(), rec.DecisionID
	}
	if h.Waits() && !h.Expires.IsZero() { // a wait that ended meanwhile ends at the next sweep
		waits = h.Expires.UnixMilli()
	}
	keys := []string{
		c.space.Bin(h.SHA), c.space.Bins(), c.space.DeadLetters(), c.space.Marks(), c.space.Pending(), c.space.Ledger(), c.space.Decision(h.TrackingID),
	}
	status, _, err := c.store.Run(ctx, restoreScript, keys, h.SHA, h.Raw, rec.raw, record, recordLife, waits, h.TrackingID,
		"tracking_id", h.TrackingID, "key", h.Key, "operation", h.Operation, "packet_digest", h.SHA,
		"decision_id", decision, "actor", by, "policy", h.PolicyRev, "entry_sha256", h.SHA, "why", why)
	return Acted{TrackingID: h.TrackingID, Status: "restored", Decision: h.Decision, Reason: h.Reason, By: by}, status, err
}

// ErrNotBinned says that no such entry is in the bin.
type ErrNotBinned struct{ ID string }

func (e *ErrNotBinned) Error() string {
	return fmt.Sprintf("no discarded entry %s is kept; the bin keeps them for seven days", e.ID)
}
