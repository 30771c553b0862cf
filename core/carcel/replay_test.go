package carcel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// hold sends n packets that the strict policy blocks and the lenient allows.
func (h *house) hold(n int) (ids []string) {
	h.t.Helper()
	for range n {
		ids = append(ids, h.send("later", "worker_1"))
	}
	return ids
}

func TestADryRunTellsWhatARunWouldDoAndChangesNothing(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.hold(3)
		h.send("never", "worker_1")
		h.raw.RPush(ctx, "carcel:dead_letters", "no JSON", `{"tracking_id": "x", "decision": "blocked", "contents": {"primitive": "fine"}}`)
		h.rules.lenient.Store(true)
		before := h.raw.LRange(ctx, "carcel:dead_letters", 0, -1).Val()
		plan, err := h.held.Plan(ctx, carcel.Spec{})
		if err != nil {
			t.Fatal(err)
		}
		counts := plan.Counts()
		if counts[carcel.WouldRelease] != 3 || counts[carcel.WouldHold] != 1 || counts[carcel.WouldFail] != 2 {
			t.Errorf("counts: %v, %+v", counts, plan.Reasons())
		}
		if after := h.raw.LRange(ctx, "carcel:dead_letters", 0, -1).Val(); !slices.Equal(before, after) || len(h.queued("queue:q")) != 0 {
			t.Error("the dry run changed something")
		}
	})
}

func TestAReplayReleasesWhatThePolicyNowApprovesAndNothingElse(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		ids := h.hold(5)
		blocked, waiting := h.send("never", "worker_1"), h.send("two", "worker_1")
		h.rules.lenient.Store(true)
		run := h.replay(carcel.Spec{By: "ann", Why: "the policy was mended"})
		if run.State != carcel.RunDone || run.Total != 7 || run.Released != 5 || run.Held != 2 || run.Left() != 0 {
			t.Errorf("run: %+v", run)
		}
		if got := h.queued("queue:q"); !slices.Equal(got, ids) {
			t.Errorf("the queue holds %v, want %v", got, ids)
		}
		left := h.inCarcel()
		if len(left) != 2 || left[0].TrackingID != blocked || left[1].TrackingID != waiting {
			t.Errorf("the carcel holds %+v", left)
		}
		if n := h.raw.LLen(ctx, "carcel:dead_letters").Val(); n != 2 {
			t.Errorf("%d slots are left", n)
		}
		rec := h.record(ids[0])
		if rec.Outcome == nil || rec.Outcome.Run != run.ID || rec.Outcome.By != "ann" || rec.Replays != 1 {
			t.Errorf("record: %+v", rec.Outcome)
		}
		if got := strings.Join(h.events(ids[0]), " "); got != "blocked released" {
			t.Errorf("the ledger tells %s", got)
		}
		p, _ := packet.Decode([]byte(h.raw.LIndex(ctx, "queue:q", 0).Val()))
		if text := string(packet.AppendValueJSON(nil, p.ChainOfCustody)); !strings.Contains(text, "|run:"+run.ID) || !strings.Contains(text, "policy:test@lenient") {
			t.Errorf("the lineage does not tell of the run: %s", text)
		}
		if again := h.replay(carcel.Spec{}); again.Released != 0 || again.Held != 2 {
			t.Errorf("a second run: %+v", again)
		}
	})
}

func TestARunCanBePausedResumedAndCancelled(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.hold(40)
		h.rules.lenient.Store(true)
		plan, err := h.held.Plan(ctx, carcel.Spec{Rate: 200})
		if err != nil {
			t.Fatal(err)
		}
		run, err := h.held.Begin(ctx, plan)
		if err != nil {
			t.Fatal(err)
		}
		var once sync.Once
		paused, err := h.held.Work(ctx, run.ID, func(r carcel.Run) {
			if r.Released > 3 {
				once.Do(func() {
					if err := h.held.Pause(ctx, r.ID, "lunch"); err != nil {
						t.Error(err)
					}
				})
			}
		})
		if err != nil || paused.State != carcel.RunPaused || paused.Why != "lunch" || paused.Released == 40 || !paused.Idle {
			t.Fatalf("%+v, %v", paused, err)
		}
		if n := len(h.queued("queue:q")); n != paused.Released {
			t.Errorf("%d are in the queue, %d were counted", n, paused.Released)
		}
		// The context ends it as well, and leaves it to be resumed.
		short, cancel := context.WithCancel(ctx)
		stopped, err := h.held.Work(short, run.ID, func(r carcel.Run) { cancel() })
		cancel()
		if err != nil || stopped.State != carcel.RunPaused || stopped.Why != "interrupted" {
			t.Fatalf("%+v, %v", stopped, err)
		}
		done, err := h.held.Work(ctx, run.ID, nil)
		if err != nil || done.State != carcel.RunDone || done.Released != 40 || done.Skipped != 0 {
			t.Fatalf("%+v, %v", done, err)
		}
		ids := h.queued("queue:q")
		slices.Sort(ids)
		if len(slices.Compact(ids)) != 40 {
			t.Errorf("the queue holds %d different packets", len(ids))
		}
		if _, err := h.held.Work(ctx, run.ID, nil); !errors.As(err, new(*carcel.ErrEnded)) {
			t.Errorf("a run that is over: %v", err)
		}
		if _, err := h.held.Work(ctx, "nobody", nil); !errors.As(err, new(*carcel.ErrNoRun)) {
			t.Errorf("a run that never was: %v", err)
		}
		h.rules.lenient.Store(false)
		h.hold(2)
		h.rules.lenient.Store(true)
		plan, _ = h.held.Plan(ctx, carcel.Spec{})
		if run, err = h.held.Begin(ctx, plan); err != nil {
			t.Fatal(err)
		}
		if err := h.held.Cancel(ctx, run.ID, "no"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.held.Work(ctx, run.ID, nil); !errors.As(err, new(*carcel.ErrEnded)) {
			t.Errorf("a cancelled run: %v", err)
		}
	})
}

func TestTheSameRunStartedTwiceReleasesOnce(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.hold(60)
		h.rules.lenient.Store(true)
		plan, _ := h.held.Plan(ctx, carcel.Spec{})
		run, err := h.held.Begin(ctx, plan)
		if err != nil {
			t.Fatal(err)
		}
		// And another run over the same entries.
		other, err := h.held.Begin(ctx, plan)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, id := range []string{run.ID, run.ID, run.ID, other.ID} {
			wg.Go(func() {
				_, err := h.held.Work(ctx, id, nil)
				if err != nil && !errors.As(err, new(*carcel.ErrOwned)) && !errors.As(err, new(*carcel.ErrEnded)) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		ids := h.queued("queue:q")
		slices.Sort(ids)
		if len(ids) != 60 || len(slices.Compact(ids)) != 60 {
			t.Errorf("the queue holds %d packets", len(ids))
		}
		a, _ := h.held.Run(ctx, run.ID)
		b, _ := h.held.Run(ctx, other.ID)
		if a.Released+b.Released != 60 {
			t.Errorf("the runs released %d and %d", a.Released, b.Released)
		}
	})
}

func TestARunPausesWhenItsCanariesComeBack(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.hold(20)
		h.rules.lenient.Store(true)
		plan, _ := h.held.Plan(ctx, carcel.Spec{Canary: 2})
		run, err := h.held.Begin(ctx, plan)
		if err != nil {
			t.Fatal(err)
		}
		// A consumer that cannot stomach it puts it back, as Python programs do.
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				raw, err := h.raw.BLPop(ctx, 50*1000*1000, "queue:q").Result()
				if err != nil {
					continue
				}
				p, _ := packet.Decode([]byte(raw[1]))
				h.raw.RPush(ctx, "carcel:dead_letters", fmt.Sprintf(`{"tracking_id": %q, "reason": "no such pid", "decision": "blocked", "contents": {"primitive": "later"}}`, p.TrackingID))
			}
		})
		done, err := h.held.Work(ctx, run.ID, nil)
		close(stop)
		wg.Wait()
		if err != nil || done.State != carcel.RunPaused || done.Released != 2 || done.Returned < 1 || !strings.Contains(done.Why, "came back") {
			t.Errorf("%+v, %v", done, err)
		}
	})
}

func TestAPacketIsReplayedThreeTimesAtMost(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.hold(1)[0]
		h.rules.lenient.Store(true)
		for n := 1; n <= carcel.MaxReplays; n++ {
			if run := h.replay(carcel.Spec{}); run.Released != 1 {
				t.Fatalf("replay %d: %+v", n, run)
			}
			h.raw.LPop(ctx, "queue:q")
			h.raw.RPush(ctx, "carcel:dead_letters", fmt.Sprintf(`{"tracking_id": %q, "key": "queue:q", "reason": "again %d", "decision": "blocked", "contents": {"primitive": "later"}}`, id, n))
		}
		if run := h.replay(carcel.Spec{}); run.Released != 0 || run.Skipped != 1 {
			t.Errorf("one too many: %+v", run)
		}
	})
}

func TestAnEditedReplayIsANewPacketThatNamesTheOldOne(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("never", "worker_1")
		run := h.replay(carcel.Spec{Filter: carcel.Filter{IDs: []string{id}}, Edit: json.RawMessage(`{"primitive": "fine", "amount": 9007199254740993}`)})
		if run.Released != 1 {
			t.Fatalf("run: %+v", run)
		}
		raw := h.raw.LIndex(ctx, "queue:q", 0).Val()
		p, err := packet.Decode([]byte(raw))
		if err != nil || p.TrackingID == id || !strings.Contains(raw, "9007199254740993") {
			t.Fatalf("%v: %s", err, raw)
		}
		replayOf, _ := p.ChainOfCustody.Get("replay_of")
		if text, _ := replayOf.Text(); text != id {
			t.Errorf("replay_of = %q", text)
		}
		if rec := h.record(id); rec.Outcome.Became != p.TrackingID {
			t.Errorf("the old record: %+v", rec.Outcome)
		}
		if rec := h.record(p.TrackingID); rec.Status != governance.Approved {
			t.Errorf("the new record: %+v", rec)
		}
		if len(h.inCarcel()) != 0 {
			t.Error("the old entry stayed")
		}
		// An edit that the council does not like changes nothing.
		id = h.send("never", "worker_1")
		if run := h.replay(carcel.Spec{Filter: carcel.Filter{IDs: []string{id}}, Edit: json.RawMessage(`{"primitive": "two"}`)}); run.Held != 1 || len(h.inCarcel()) != 1 {
			t.Errorf("run: %+v", run)
		}
		for _, bad := range []string{`[1]`, `{"a": `, `"x"`} {
			if _, err := h.held.Plan(ctx, carcel.Spec{Filter: carcel.Filter{IDs: []string{id}}, Edit: json.RawMessage(bad)}); !errors.Is(err, carcel.ErrSpec) {
				t.Errorf("%s: %v", bad, err)
			}
		}
		h.send("never", "worker_1")
		if _, err := h.held.Plan(ctx, carcel.Spec{Edit: json.RawMessage(`{}`)}); !errors.Is(err, carcel.ErrSpec) {
			t.Errorf("an edit of two entries: %v", err)
		}
	})
}

func TestEntriesOfOthersAreReplayedToATargetThatIsNamed(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		twice := packet.NewTrackingID()
		h.raw.RPush(ctx, "carcel:dead_letters",
			`{"tracking_id": "pkt-17", "reason": "x", "decision": "blocked", "timestamp": "2025-12-02T14:35:18.5", "contents": {"primitive": "fine", "n": 1}}`,
			fmt.Sprintf(`{"tracking_id": %q, "decision": "blocked", "contents": {"primitive": "fine"}, "origin": "py"}`, twice),
			fmt.Sprintf(`{"tracking_id": %q, "decision": "blocked", "contents": {"primitive": "fine"}, "origin": "py"}`, twice), // the very same once more
			`{"contents": {"primitive": "fine"}}`,
			`{"tracking_id": 7, "contents": []}`,
		)
		h.raw.Set(ctx, keyspace.Main.Decision(twice), `{"python": "keeps something else here"}`, 0)
		run := h.replay(carcel.Spec{Key: "queue:py"})
		if run.Total != 5 || run.Released != 3 || run.Skipped != 1 || run.Invalid != 1 {
			t.Errorf("run: %+v", run)
		}
		ids := h.queued("queue:py")
		if len(ids) != 3 || ids[1] != twice || ids[0] == "pkt-17" {
			t.Errorf("the queue holds %v", ids)
		}
		p, _ := packet.Decode([]byte(h.raw.LIndex(ctx, "queue:py", 0).Val()))
		if text := string(packet.AppendValueJSON(nil, p.ChainOfCustody)); !strings.Contains(text, `"replay_of": "pkt-17"`) {
			t.Errorf("chain: %s", text)
		}
	})
}

func TestARateHoldsForReplaysToo(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for range 8 {
			h.send("rated", "worker_1")
		}
		if got := len(h.queued("queue:q")); got != h.rules.limit {
			t.Fatalf("%d went through", got)
		}
		run := h.replay(carcel.Spec{})
		if run.Released != 0 || run.Held != 5 {
			t.Errorf("run: %+v", run)
		}
		h.raw.Del(ctx, keyspace.Main.Rate("lab"))
		if run := h.replay(carcel.Spec{}); run.Released != h.rules.limit || run.Held != 5-h.rules.limit {
			t.Errorf("run: %+v", run)
		}
	})
}

func TestAReplayNeverMakesAKeyAnotherType(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.hold(1)
		h.rules.lenient.Store(true)
		h.raw.Set(ctx, "queue:q", "v", 0)
		if run := h.replay(carcel.Spec{}); run.Released != 0 || run.Invalid != 1 {
			t.Errorf("run: %+v", run)
		}
		if h.raw.Get(ctx, "queue:q").Val() != "v" || len(h.inCarcel()) != 1 {
			t.Error("something was changed")
		}
		for _, key := range []string{"carcel:dead_letters", "ttt:ledger:main", "plain"} {
			plan, err := h.held.Plan(ctx, carcel.Spec{Key: key})
			if err != nil || plan.Counts()[carcel.WouldFail] != 1 {
				t.Errorf("%s: %v, %v", key, plan.Counts(), err)
			}
		}
	})
}

func TestWhatWasDiscardedCanBeRestored(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("two", "worker_1")
		if _, err := h.held.Discard(ctx, id, "ann", "a test"); err != nil {
			t.Fatal(err)
		}
		if len(h.inCarcel()) != 0 || h.raw.ZCard(ctx, keyspace.Main.Pending()).Val() != 0 {
			t.Error("something stayed")
		}
		bin, err := h.held.Bin(ctx)
		if err != nil || len(bin) != 1 || bin[0].TrackingID != id {
			t.Fatalf("%+v, %v", bin, err)
		}
		if _, err := h.held.Restore(ctx, id, "ann", ""); err != nil {
			t.Fatal(err)
		}
		if _, err := h.held.Restore(ctx, id, "ann", ""); !errors.As(err, new(*carcel.ErrNotBinned)) {
			t.Errorf("restored twice: %v", err)
		}
		if e := h.inCarcel(); len(e) != 1 || !e[0].Waits() || h.raw.ZCard(ctx, keyspace.Main.Pending()).Val() != 1 {
			t.Errorf("entries: %+v", e)
		}
		if _, err := h.held.Approve(ctx, id, h.people["ann"], ""); err != nil {
			t.Error(err)
		}
		if done, err := h.held.Approve(ctx, id, h.people["bob"], ""); err != nil || done.Status != "released" {
			t.Errorf("%+v, %v", done, err)
		}
		if got := strings.Join(h.events(id), " "); got != "held discarded restored approved approved released" {
			t.Errorf("the ledger tells %s", got)
		}
		h.raw.RPush(ctx, "carcel:dead_letters", "no JSON")
		done, err := h.held.Discard(ctx, h.inCarcel()[0].ID(), "ann", "")
		if err != nil || len(h.inCarcel()) != 0 {
			t.Errorf("%+v, %v", done, err)
		}
	})
}
