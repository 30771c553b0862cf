package carcel

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/store"
)

var runScript = store.LoadScript("run")

// The states of a run.
const (
	RunRunning   = "running"
	RunPaused    = "paused"
	RunCancelled = "cancelled"
	RunDone      = "done"
)

// Run is one replay as Redis keeps it, so that it can be resumed wherever it
// was interrupted.
type Run struct {
	ID       string `json:"run"`
	State    string `json:"state"`
	Why      string `json:"why,omitempty"` // why it is paused
	Spec     Spec   `json:"spec"`
	Total    int    `json:"total"`    // entries that were confirmed
	Released int    `json:"released"` // exactly: counted by the step that released
	Skipped  int    `json:"skipped"`  // not there any more, a copy, or at the cap
	Held     int    `json:"held"`     // the policy in force does not approve them
	Invalid  int    `json:"invalid"`  // they cannot become packets
	Returned int    `json:"returned"` // released, and back in the carcel
	Begun    string `json:"begun"`    // RFC 3339
	Updated  string `json:"updated"`
	Owner    string `json:"owner,omitempty"`
	Idle     bool   `json:"idle"` // nobody works on it: it can be resumed
}

// Left is how many entries have still to be tried.
func (r Run) Left() int { return max(r.Total-r.Released-r.Skipped-r.Held-r.Invalid, 0) }

// Over reports whether nothing more will come of the run.
func (r Run) Over() bool { return r.State == RunDone || r.State == RunCancelled }

// ErrNoRun says that there is no such run, or no longer.
type ErrNoRun struct{ ID string }

func (e *ErrNoRun) Error() string {
	return fmt.Sprintf("there is no run %s; runs are kept for seven days after their last step", e.ID)
}

// ErrOwned says that somebody else works on a run.
type ErrOwned struct{ ID, Owner string }

func (e *ErrOwned) Error() string {
	return fmt.Sprintf("run %s is being worked on by %s; wait, or pause it first", e.ID, e.Owner)
}

// ErrEnded says that a run is over.
type ErrEnded struct{ ID, State string }

func (e *ErrEnded) Error() string { return fmt.Sprintf("run %s is %s", e.ID, e.State) }

// Run reads a run.
func (c *Carcel) Run(ctx context.Context, id string) (Run, error) {
	key := c.space.Run(id)
	var fields *redis.MapStringStringCmd
	var clock *redis.TimeCmd
	err := c.store.Read(ctx, func(p redis.Pipeliner) { fields, clock = p.HGetAll(ctx, key), p.Time(ctx) })
	if err == nil {
		err = c.store.Explain("carcel", key, fields.Err())
	}
	if err != nil {
		return Run{}, err
	}
	if len(fields.Val()) == 0 {
		return Run{}, &ErrNoRun{ID: id}
	}
	return readRun(id, fields.Val(), clock.Val()), nil
}

func readRun(id string, f map[string]string, now time.Time) Run {
	number := func(key string) int { n, _ := strconv.Atoi(f[key]); return n }
	at := func(key string) time.Time { n, _ := strconv.ParseInt(f[key], 10, 64); return time.UnixMilli(n) }
	r := Run{
		ID: id, State: f["state"], Why: f["why"], Total: number("total"), Released: number("released"), Skipped: number("skipped"),
		Held: number("held"), Invalid: number("invalid"), Returned: number("returned"), Owner: f["owner"],
		Begun: rfc3339(at("begun_at")), Updated: rfc3339(at("updated_at")),
	}
	_ = json.Unmarshal([]byte(f["spec"]), &r.Spec)
	r.Idle = !r.Over() && (r.State == RunPaused || at("owner_until").Before(now))
	return r
}

// Runs lists the replays of the last days, the newest first, at most twenty.
func (c *Carcel) Runs(ctx context.Context) ([]Run, error) {
	key := c.space.Runs()
	ids, err := c.store.Commands().ZRevRange(ctx, key, 0, 19).Result()
	if err != nil {
		return nil, c.store.Explain("carcel", key, err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	fields := make([]*redis.MapStringStringCmd, len(ids))
	var clock *redis.TimeCmd
	err = c.store.Read(ctx, func(p redis.Pipeliner) {
		clock = p.Time(ctx)
		for i, id := range ids {
			fields[i] = p.HGetAll(ctx, c.space.Run(id))
		}
	})
	if err != nil {
		return nil, err
	}
	var runs []Run
	for i, id := range ids {
		if f, err := fields[i].Result(); err == nil && len(f) > 0 {
			runs = append(runs, readRun(id, f, clock.Val()))
		}
	}
	return runs, nil
}

// Pause stops a run after the entry that it is at; Work goes on with it.
func (c *Carcel) Pause(ctx context.Context, id, why string) error {
	return c.setRun(ctx, id, RunPaused, why)
}

// Cancel ends a run. What was released stays released.
func (c *Carcel) Cancel(ctx context.Context, id, why string) error {
	return c.setRun(ctx, id, RunCancelled, why)
}

func (c *Carcel) setRun(ctx context.Context, id, state, why string) error {
	_, err := c.runAct(ctx, id, "set", "", state, why)
	return err
}

func (c *Carcel) runAct(ctx context.Context, id, what, who string, more ...any) (state string, err error) {
	keys := []string{c.space.Run(id), c.space.RunPlan(id), c.space.RunReleased(id), c.space.Runs()}
	status, rest, err := c.store.Run(ctx, runScript, keys, append([]any{what, who, runLife}, more...)...)
	if err != nil {
		return "", err
	}
	if len(rest) > 0 {
		state = store.Text(rest[0])
	}
	switch status {
	case "GONE":
		return "", &ErrNoRun{ID: id}
	case "OWNED":
		return "", &ErrOwned{ID: id, Owner: state}
	case "ENDED":
		return state, &ErrEnded{ID: id, State: state}
	}
	return state, nil
}
