package carcel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	canaryWatch = 3 * time.Second
	canaryLook  = 200 * time.Millisecond
	returnEvery = time.Second // how often a run looks whether packets came back
	// PauseAt is how many packets may come back before a run pauses by itself;
	// of the canary, one is enough.
	PauseAt = 5
	planLot = 500
)

// lease is somebody's right to work on a run.
type lease struct{ id, owner string }

// Begin writes a run for the entries of a plan, so that what was confirmed is
// what will be tried, and nothing else. It is paused until somebody works on
// it.
func (c *Carcel) Begin(ctx context.Context, p Plan) (Run, error) {
	var list []any
	for i := range p.Entries {
		list = append(list, p.Entries[i].Entry.SHA)
	}
	if len(list) == 0 {
		return Run{}, fmt.Errorf("%w: no entry is chosen", ErrSpec)
	}
	spec, err := json.Marshal(p.Spec)
	if err != nil {
		return Run{}, fmt.Errorf("%w: %w", ErrSpec, err)
	}
	id := packet.NewTrackingID()[:8]
	now := strconv.FormatInt(c.now().UnixMilli(), 10)
	plan := c.space.RunPlan(id)
	for rest := list; len(rest) > 0; rest = rest[min(planLot, len(rest)):] {
		err := c.store.Transaction(ctx, "replay", plan, func(tx redis.Pipeliner) {
			tx.RPush(ctx, plan, rest[:min(planLot, len(rest))]...)
			tx.Expire(ctx, plan, runLife*time.Second)
		})
		if err != nil {
			return Run{}, err
		}
	}
	err = c.store.Transaction(ctx, "replay", c.space.Run(id), func(tx redis.Pipeliner) {
		tx.HSet(ctx, c.space.Run(id), "state", RunPaused, "spec", string(spec), "total", len(list), "begun_at", now, "updated_at", now, "policy", p.Policy)
		tx.Expire(ctx, c.space.Run(id), runLife*time.Second)
		tx.ZAdd(ctx, c.space.Runs(), redis.Z{Score: float64(c.now().UnixMilli()), Member: id})
		tx.ZRemRangeByRank(ctx, c.space.Runs(), 0, -101)
		tx.Expire(ctx, c.space.Runs(), runLife*time.Second)
	})
	if err != nil {
		return Run{}, err
	}
	return c.Run(ctx, id)
}

// Work carries a run on until it is over, paused, or the context ends, which
// pauses it. It tells its progress after each step, if progress is not nil.
// The run may have been begun, interrupted or killed anywhere: an entry that
// was released is never released again. Errors match *ErrNoRun, *ErrOwned,
// *ErrEnded.
func (c *Carcel) Work(ctx context.Context, id string, progress func(Run)) (Run, error) {
	host, _ := os.Hostname()
	w := &worker{c: c, lease: lease{id: id, owner: fmt.Sprintf("%s/%d/%s", host, os.Getpid(), packet.NewTrackingID()[:8])}, tell: progress}
	_, err := c.runAct(ctx, id, "own", w.lease.owner, "1", "")
	if owned := new(ErrOwned); errors.As(err, &owned) && died(owned.Owner) {
		_, err = c.runAct(ctx, id, "own", w.lease.owner, "1", owned.Owner)
	}
	if err != nil {
		return Run{}, err
	}
	if err = w.run(ctx); err != nil {
		// Whatever stopped it, the run waits for the next who works on it.
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		why := "interrupted"
		if !errors.Is(err, context.Canceled) && !errors.Is(err, ErrStopped) {
			why = err.Error()
		}
		if !errors.Is(err, ErrStopped) {
			_ = c.Pause(after, id, why)
		}
		r, readErr := c.Run(after, id)
		if errors.Is(err, ErrStopped) || errors.Is(err, context.Canceled) {
			return r, readErr
		}
		return r, err
	}
	return c.Run(ctx, id)
}

// died reports whether the owner of a run was a process of this machine that
// is no more: it need not be waited for.
func died(owner string) bool {
	parts := strings.Split(owner, "/")
	host, err := os.Hostname()
	if err != nil || len(parts) != 3 || parts[0] != host {
		return false
	}
	pid, err := strconv.Atoi(parts[1])
	return err == nil && !alive(pid)
}

// worker works on one run.
type worker struct {
	c        *Carcel
	lease    lease
	tell     func(Run)
	spec     Spec
	contents *packet.Value
	plan     []string
	planned  map[string]bool // SHAs of the plan
	released map[string]bool // tracking ids
	before   map[string]bool // SHAs of entries with such ids that were there when the work began
	returned map[string]bool // of those, who came back
	index    *Index
	where    places
	pace     *pace
	counts   map[string]int // skipped, held, invalid
	looked   time.Time
	begun    time.Time
	told     time.Time
	done     int // released in all
}

func (w *worker) run(ctx context.Context) error {
	if err := w.load(ctx); err != nil {
		return err
	}
	canary := w.spec.Canary
	if canary > 0 && w.done < canary {
		if err := w.release(ctx, func() bool { return w.done >= canary }); err != nil {
			return err
		}
		if err := w.watch(ctx, 1, w.c.watch); err != nil {
			return err
		}
	}
	if err := w.release(ctx, func() bool { return false }); err != nil {
		return err
	}
	if err := w.watch(ctx, PauseAt, 0); err != nil {
		return err
	}
	if err := w.count(ctx); err != nil {
		return err
	}
	if err := w.c.setRun(ctx, w.lease.id, RunDone, ""); err != nil {
		return err
	}
	w.told = time.Time{}
	w.progress(ctx)
	_, err := w.c.Compact(ctx)
	return err
}

// load reads the run's plan, what it has released, and the list.
func (w *worker) load(ctx context.Context) error {
	c, id := w.c, w.lease.id
	r, err := c.Run(ctx, id)
	if err != nil {
		return err
	}
	w.spec, w.done, w.pace = r.Spec, r.Released, newPace(r.Spec.Rate)
	w.begun, _ = time.Parse(time.RFC3339, r.Begun)
	if w.contents, err = r.Spec.contents(); err != nil {
		return err
	}
	w.counts, w.planned, w.released, w.returned = map[string]int{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for first := int64(0); ; first += 5000 {
		lot, err := c.store.Commands().LRange(ctx, c.space.RunPlan(id), first, first+4999).Result()
		if err != nil {
			return c.store.Explain("replay", c.space.RunPlan(id), err)
		}
		w.plan = append(w.plan, lot...)
		if len(lot) < 5000 {
			break
		}
	}
	for _, sha := range w.plan {
		w.planned[sha] = true
	}
	for cursor := uint64(0); ; {
		ids, next, err := c.store.Commands().SScan(ctx, c.space.RunReleased(id), cursor, "", 1000).Result()
		if err != nil {
			return c.store.Explain("replay", c.space.RunReleased(id), err)
		}
		for _, released := range ids {
			w.released[released] = true
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	w.index = c.Index()
	if err = w.reread(ctx); err == nil {
		w.remember()
	}
	return err
}

// remember notes which entries of the packets to release are there already, so
// that those that come back are told from them, whatever time they bear.
func (w *worker) remember() {
	ids := maps.Clone(w.released)
	for _, sha := range w.plan {
		if at, ok := w.where[sha]; ok && at.entry.TrackingID != "" {
			ids[at.entry.TrackingID] = true
		}
	}
	w.before = map[string]bool{}
	for _, e := range w.index.Table().Entries {
		if ids[e.TrackingID] {
			w.before[e.SHA] = true
		}
	}
}

func (w *worker) reread(ctx context.Context) error {
	if err := w.index.ReadAll(ctx); err != nil {
		return err
	}
	w.where = placesOf(w.index.Table())
	return nil
}

// release goes through the plan until it is through or enough.
func (w *worker) release(ctx context.Context, enough func() bool) error {
	for len(w.plan) > 0 && !enough() {
		n := min(bodyLot, len(w.plan))
		lot := w.plan[:n]
		tried := 0
		err := w.c.someBodies(ctx, w.where, lot, func(e *Entry, h *Held, slot int64, rec filed) error {
			if enough() {
				return nil
			}
			sha := lot[tried]
			tried++
			return w.one(ctx, sha, h, slot, rec)
		})
		if err != nil {
			return err
		}
		w.plan = w.plan[tried:]
		if err := w.looks(ctx); err != nil {
			return err
		}
	}
	return nil
}

// one tries one entry of the plan.
func (w *worker) one(ctx context.Context, sha string, h *Held, slot int64, rec filed) error {
	c := w.c
	if h == nil {
		if w.wasReleased(ctx, sha) {
			return nil // most likely by this run, before it was interrupted
		}
		var err error
		if h, slot, rec, err = w.again(ctx, sha, slot); err != nil {
			return err
		}
	}
	for try := 0; h != nil; try++ {
		rules := c.council.InForce()
		revision := rules.Revision()
		p, f, verdict := c.judge(ctx, rules, h, rec, w.spec, w.contents)
		if p.Fate == WouldRelease && try == 0 {
			if err := w.turn(ctx); err != nil {
				return err
			}
			if now := c.council.InForce(); now.Revision() != revision { // while it waited
				rules = now
				p, f, verdict = c.judge(ctx, rules, h, rec, w.spec, w.contents)
			}
		}
		status := ""
		if p.Fate == WouldRelease {
			a, ready, err := w.prepare(ctx, rules, h, slot, rec, f, verdict)
			if noKey(err) {
				return err // the next packet would fare no better
			} else if err != nil {
				p.Fate = WouldFail
			} else if status, err = c.release(ctx, a, ready, governance.OutcomeReleased); err != nil {
				if !errors.Is(err, store.ErrWrongType) {
					return err
				}
				p.Fate = WouldFail
			} else if status == "OK" {
				w.done++
				w.released[ready.packet.TrackingID] = true
				w.progress(ctx)
				return nil
			}
		}
		switch {
		case p.Fate == WouldHold, status == "RATE":
			return w.tally(ctx, "held")
		case p.Fate == WouldFail:
			return w.tally(ctx, "invalid")
		case p.Fate == WouldSkip, status == "COPY":
			return w.tally(ctx, "skipped")
		case status == "STOPPED":
			return ErrStopped
		}
		if try == tries { // others keep changing it
			return w.tally(ctx, "skipped")
		}
		var err error
		if h, slot, rec, err = w.again(ctx, sha, slot); err != nil {
			return err
		}
	}
	return w.tally(ctx, "skipped")
}

// noKey reports whether a packet could not be sealed for want of a key, rather
// than for something about the packet.
func noKey(err error) bool {
	var keys *keyring.Error
	var away *store.Error
	return errors.As(err, &keys) || errors.As(err, &away) || errors.Is(err, seal.ErrOrigin)
}

// prepare makes the act that releases an entry.
func (w *worker) prepare(ctx context.Context, rules governance.Rules, h *Held, slot int64, rec filed, f freed, v governance.Verdict) (act, freed, error) {
	c, now := w.c, w.c.now()
	k := Case{Held: *h, slot: slot, expected: rec.raw}
	if rec.Recorded != nil {
		k.Record = *rec.Recorded
	} else {
		var err error
		if k.Record, err = c.opened(h, rec, rules); err != nil {
			return act{}, f, err
		}
	}
	steps := []custody.Step{step("release", now, "status", "approved", "run", w.lease.id)}
	if !h.Packet.ChainOfCustody.IsNull() && w.contents == nil {
		steps = append([]custody.Step{step("evaluate", now, "status", "approved", "policy", rules.Revision())}, steps...)
	}
	ready, err := c.free(h, w.contents, f.to, custody.Stamping{At: now, Policy: rules.Revision()}, steps)
	if err == nil {
		ready, err = c.sealed(ctx, ready)
	}
	if err != nil {
		return act{}, f, err
	}
	record := k.Record
	record.Replays = max(record.Replays, h.Replays) + 1
	record.Outcome = &governance.Outcome{State: governance.OutcomeReleased, At: rfc3339(now), By: w.spec.By, Run: w.lease.id, Why: w.spec.Why}
	a := act{
		held: h, slot: slot, expected: k.expected, rate: v.Rate, run: &w.lease, keeps: true,
		events: "released", actor: w.spec.By, policy: rules.Revision(), decision: record.DecisionID,
	}
	if ready.packet.TrackingID != h.TrackingID {
		record.Outcome.Became = ready.packet.TrackingID
		action, err := governance.ActionOf(ready.packet, f.to.Key, string(f.to.Operation))
		if err != nil {
			return act{}, f, err
		}
		fresh := governance.NewDecision(ready.packet.TrackingID, action, v, rules, now)
		fresh.TTLSeconds = ready.packet.TTLSeconds
		a.second = string(fresh.AppendJSON(nil))
	}
	a.record = c.keep(&k, record)
	return a, ready, nil
}

// again reads an entry anew that was not where it was thought to be, or whose
// record had changed.
func (w *worker) again(ctx context.Context, sha string, slot int64) (*Held, int64, filed, error) {
	h, slot, err := w.c.at(ctx, sha, slot)
	if errors.As(err, new(*ErrNoEntry)) {
		if err = w.reread(ctx); err != nil {
			return nil, 0, filed{}, err
		}
		at, ok := w.where[sha]
		if !ok {
			return nil, 0, filed{}, nil
		}
		if h, slot, err = w.c.at(ctx, sha, at.slot); errors.As(err, new(*ErrNoEntry)) {
			return nil, 0, filed{}, nil
		}
	}
	if err != nil {
		return nil, 0, filed{}, err
	}
	rec, err := w.c.record(ctx, h.TrackingID)
	return &h, slot, rec, err
}
