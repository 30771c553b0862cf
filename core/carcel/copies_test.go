package carcel_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// doubled makes a second copy of the only entry, as a program does that pops
// and pushes and dies between.
func (h *house) doubled() {
	h.raw.RPush(ctx, "carcel:dead_letters", h.raw.LIndex(ctx, "carcel:dead_letters", 0).Val())
}

func TestACopyOfAReleasedEntryStaysHoweverItIsTried(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for name, prepare := range map[string]func(*house) string{
			"replayed": func(h *house) string {
				id := h.send("later", "worker_1")
				h.doubled()
				h.rules.lenient.Store(true)
				h.replay(carcel.Spec{})
				return id
			},
			"approved, the copy older than the first approval": func(h *house) string {
				id := h.send("two", "worker_1")
				h.doubled()
				for _, name := range []string{"ann", "bob"} {
					if _, err := h.held.Approve(ctx, id, h.people[name], ""); err != nil {
						h.t.Fatal(err)
					}
				}
				return id
			},
		} {
			t.Run(name, func(t *testing.T) {
				h.wipe()
				h.rules.lenient.Store(false)
				id := prepare(h)
				once := func(after string) {
					t.Helper()
					if got := h.queued("queue:q"); len(got) != 1 {
						t.Fatalf("%s the queue holds %v", after, got)
					}
				}
				once("at first")
				for _, name := range []string{"ann", "cy", "bob"} {
					if _, err := h.held.Approve(ctx, id, h.people[name], ""); !errors.Is(err, carcel.ErrCopy) {
						t.Errorf("approved by %s: %v", name, err)
					}
				}
				if _, err := h.held.Appeal(ctx, id, "cy", nil, "again"); !errors.Is(err, carcel.ErrCopy) {
					t.Errorf("appealed: %v", err)
				}
				if run := h.replay(carcel.Spec{}); run.Released != 0 {
					t.Errorf("the run: %+v", run)
				}
				once("after a replay")
				if _, err := h.held.Discard(ctx, id, "cy", ""); err != nil {
					t.Fatal(err)
				}
				if rec := h.record(id); rec.Outcome == nil || rec.Outcome.State != governance.OutcomeReleased {
					t.Errorf("the record forgets that the packet was released: %+v", rec.Outcome)
				}
				if _, err := h.held.Restore(ctx, id, "cy", ""); err != nil {
					t.Fatal(err)
				}
				if run := h.replay(carcel.Spec{}); run.Released != 0 {
					t.Errorf("the run after discard and restore: %+v", run)
				}
				once("after discard and restore")
			})
		}
	})
}

func TestOfTwoCopiesOneIsDiscardedAndTheOtherReleased(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("later", "worker_1")
		h.doubled()
		if _, err := h.held.Discard(ctx, id, "cy", "a copy"); err != nil {
			t.Fatal(err)
		}
		h.rules.lenient.Store(true)
		if run := h.replay(carcel.Spec{}); run.Released != 1 {
			t.Errorf("the run: %+v", run)
		}
		if got := h.queued("queue:q"); len(got) != 1 {
			t.Errorf("the queue holds %v", got)
		}
		if _, err := h.held.Restore(ctx, id, "cy", ""); err != nil {
			t.Fatal(err)
		}
		if run := h.replay(carcel.Spec{}); run.Released != 0 || len(h.queued("queue:q")) != 1 {
			t.Errorf("the copy was released too: %+v", run)
		}
	})
}

func TestWhatWasDiscardedLongAgoIsFoundAmongThousands(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("one", "worker_1")
		sha := h.inCarcel()[0].SHA
		if _, err := h.held.Discard(ctx, id, "cy", ""); err != nil {
			t.Fatal(err)
		}
		bins, end := keyspace.Main.Bins(), h.raw.ZScore(ctx, keyspace.Main.Bins(), sha).Val()
		pipe := h.raw.Pipeline()
		for i := range 1500 {
			raw := fmt.Sprintf(`{"tracking_id": "other %d", "decision": "blocked", "contents": {}}`, i)
			pipe.Set(ctx, keyspace.Main.Bin(carcel.SHA(raw)), raw, 0)
			pipe.Do(ctx, "ZADD", bins, int64(end)+1+int64(i), carcel.SHA(raw))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{id, "sha:" + strings.ToUpper(sha[:10])} {
			if _, err := h.held.Restore(ctx, name, "cy", ""); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := h.held.Discard(ctx, id, "cy", ""); err != nil {
				t.Error(err)
			}
			h.raw.Do(ctx, "ZADD", bins, int64(end), sha)
		}
	})
}

func TestOneBrokenRecordDoesNotKeepOtherWaitsFromEnding(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		broken, fine := h.send("brief", "worker_1"), h.send("brief", "worker_1")
		end := h.record(fine).Deadline()
		h.raw.Del(ctx, keyspace.Main.Decision(broken))
		h.raw.LPush(ctx, keyspace.Main.Decision(broken), "no record")
		testredis.Eventually(t, "the other wait ends", func() bool {
			n, err := h.held.Sweep(ctx)
			if n == 1 && err == nil {
				t.Error("nothing tells of the broken record")
			}
			return n == 1
		})
		if e := h.inCarcel(); e[1].Decision != governance.Blocked {
			t.Errorf("after %v: %+v", end, e)
		}
	})
}

func TestAWaitIsNotEndedBeforeItsTime(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("one", "worker_1")
		h.raw.Do(ctx, "ZADD", keyspace.Main.Pending(), 1, id)
		if n, err := h.held.Sweep(ctx); n != 0 || err != nil {
			t.Errorf("%d ended, %v", n, err)
		}
		if e := h.inCarcel(); len(e) != 1 || !e[0].Waits() {
			t.Errorf("entries: %+v", e)
		}
		if at := h.raw.ZScore(ctx, keyspace.Main.Pending(), id).Val(); int64(at) != h.record(id).Deadline().UnixMilli() {
			t.Errorf("it is listed for %v", at)
		}
		if done, err := h.held.Approve(ctx, id, h.people["ann"], ""); err != nil || done.Status != "released" {
			t.Errorf("%+v, %v", done, err)
		}
	})
}
