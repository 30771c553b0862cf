package carcel_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func (h *house) swarm() *swarm.Coordinator { return swarm.New(h.store).JudgeWith(h.sender) }

func (h *house) post(c *swarm.Coordinator, data string) swarm.Posted {
	h.t.Helper()
	p, err := c.Post(ctx, swarm.Task{Queue: "work", Type: "scan", Data: data, PostedBy: "worker_1", Priority: 4})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func TestATaskThatNamesAPrimitiveIsJudgedAsAPacket(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		c := h.swarm()
		fine := h.post(c, `{"primitive": "fine", "n": 9007199254740993}`)
		if fine.Held || fine.Decision != "approved" || fine.TrackingID == "" || fmt.Sprint(h.events(fine.TrackingID)) != "[posted]" {
			t.Errorf("%+v, %v", fine, h.events(fine.TrackingID))
		}
		if rec := h.record(fine.TrackingID); rec.Key != "tasks:queue:work" || rec.Operation != "task" || rec.DecisionID != fine.DecisionID {
			t.Errorf("record: %+v", rec)
		}
		got, err := c.Claim(ctx, "work", "a", 0)
		if err != nil || got.ID != fine.ID || got.Data != `{"primitive": "fine", "n": 9007199254740993}` || got.Priority != 4 || got.PostedBy != "worker_1" || got.Type != "scan" {
			t.Errorf("claimed %+v, %v", got, err)
		}
		for _, data := range []string{
			`{"primitive": "never"}`, `{"\u0070rimitive": "never"}`, `{"primitive": "NEVER"}`, `{"x": {"primitive": "fine"}, "primitive": "if.never"}`,
		} {
			held := h.post(c, data)
			if !held.Held || held.Decision != "blocked" || h.raw.Exists(ctx, "tasks:meta:"+held.ID).Val() != 0 || fmt.Sprint(h.events(held.TrackingID)) != "[blocked]" {
				t.Errorf("%s: %+v", data, held)
			}
		}
		if n := len(h.inCarcel()); n != 4 || h.raw.ZCard(ctx, "tasks:queue:work").Val() != 0 {
			t.Errorf("%d in the carcel, %d in the queue", n, h.raw.ZCard(ctx, "tasks:queue:work").Val())
		}
		for _, data := range []string{`{"primitive": "fine", "primitive": null}`, `{"primitive": 7}`, `{"primitive": "fine", "entropy": "high"}`} {
			if p, err := c.Post(ctx, swarm.Task{Queue: "work", Data: data, PostedBy: "p"}); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s was posted: %+v", data, p)
			}
		}
		for _, data := range []string{`{"primitive": null}`, `{"about": "a primitive"}`, `["primitive"]`, `"primitive"`, `{"x": {"primitive": "never"}}`} {
			if p := h.post(c, data); p.Held || p.TrackingID != "" {
				t.Errorf("%s was judged: %+v", data, p)
			}
		}
		if _, err := c.Post(ctx, swarm.Task{ID: fine.ID, Queue: "work", Data: `{"primitive": "fine"}`, PostedBy: "p"}); !errors.Is(err, swarm.ErrTaskID) {
			t.Errorf("an id that is taken: %v", err)
		}
		if _, err := c.Post(ctx, swarm.Task{Queue: "work", Data: `{"primitive": "fine"}`}); err == nil {
			t.Error("posted by nobody")
		}
		if _, err := swarm.New(h.store).Post(ctx, swarm.Task{Queue: "work", Data: `{"primitive": "fine"}`, PostedBy: "p"}); !errors.Is(err, swarm.ErrNoJudge) {
			t.Errorf("without a judge: %v", err)
		}
	})
}

func TestOfManyTasksOnlyTheGovernedOnesAreJudged(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		c := h.swarm()
		var tasks []swarm.Task
		for _, primitive := range []string{"", "fine", "never", "", "rated", "rated", "rated", "rated"} {
			data := "{}"
			if primitive != "" {
				data = fmt.Sprintf(`{"primitive": %q}`, primitive)
			}
			tasks = append(tasks, swarm.Task{Queue: "q", Data: data, PostedBy: "p"})
		}
		posted, err := c.PostMany(ctx, tasks)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range posted {
			if held := i == 2 || i == 7; p.Err != nil || p.Held != held || p.ID == "" {
				t.Errorf("task %d: %+v", i, p)
			}
		}
		if n := h.raw.ZCard(ctx, "tasks:queue:q").Val(); n != 6 {
			t.Errorf("%d in the queue", n)
		}
	})
}

func TestAHeldTaskIsPostedOnceItHasItsApprovals(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		c := h.swarm()
		held := h.post(c, `{"primitive": "two", "n": 9007199254740993}`)
		for _, who := range []string{"bob", "ann"} {
			if h.raw.ZCard(ctx, "tasks:queue:work").Val() != 0 {
				t.Fatal("one person was enough")
			}
			if _, err := h.held.Approve(ctx, held.TrackingID, h.people[who], ""); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(h.events(held.TrackingID), " "); got != "held approved approved posted" {
			t.Errorf("the ledger tells %s", got)
		}
		got, err := c.Claim(ctx, "work", "a", 0)
		if err != nil || got.ID != held.ID || got.Type != "scan" || got.Priority != 4 || got.PostedBy != "worker_1" || got.Data != `{"primitive": "two", "n": 9007199254740993}` {
			t.Errorf("claimed %+v, %v", got, err)
		}
		if h.raw.TTL(ctx, "tasks:meta:"+held.ID).Val() != -1 || len(h.inCarcel()) != 0 || len(h.raw.Keys(ctx, "queue:*").Val()) != 0 {
			t.Error("a packet went, the entry stayed, or the task ends by itself")
		}

		// Another took the id meanwhile: nothing is overwritten.
		second := h.post(c, `{"primitive": "one"}`)
		if _, err := c.Post(ctx, swarm.Task{ID: second.ID, Queue: "other", Data: `{"n": 1}`}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.held.Approve(ctx, second.TrackingID, h.people["bob"], ""); err == nil || h.raw.HGet(ctx, "tasks:meta:"+second.ID, "data").Val() != `{"n": 1}` || len(h.inCarcel()) != 1 {
			t.Errorf("a task was written over: %v", err)
		}
	})
}

func TestATaskThatFailsTooOftenWaitsInTheCarcelAndCanBeReplayed(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		c := h.swarm()
		for _, data := range []string{`{"n": 9007199254740993}`, `[1, 2]`, `{"primitive": "later"}`} {
			h.rules.lenient.Store(true)
			id := h.post(c, data).ID
			l, err := c.Claim(ctx, "work", "a", 0)
			if err != nil || l.ID != id {
				t.Fatal(l, err)
			}
			f, err := c.Fail(ctx, l, "it \"broke\"\nhard", swarm.Retry{Attempts: 1})
			if err != nil || !f.Dead || f.Attempts != 1 {
				t.Fatalf("%+v, %v", f, err)
			}
			raw := h.raw.LIndex(ctx, "carcel:dead_letters", -1).Val()
			var entry map[string]any
			if err := json.Unmarshal([]byte(raw), &entry); err != nil {
				t.Fatal(err)
			}
			_, isObject := entry["contents"].(map[string]any)
			if entry["tracking_id"] != id || entry["decision"] != "error" || !isObject || entry["queue"] != "work" || entry["attempts"] != 1.0 ||
				!strings.Contains(fmt.Sprint(entry["reason"]), `it "broke"`) || entry["timestamp"] == nil || entry["origin"] != "worker_1" {
				t.Errorf("entry: %v", entry)
			}
			if fmt.Sprint(h.events(id)) != "[held]" || h.raw.Exists(ctx, "tasks:meta:"+id, "tasks:claimed:"+id).Val() != 0 {
				t.Errorf("the ledger tells %v", h.events(id))
			}
			if err := c.Complete(ctx, l, "{}", 0); !errors.Is(err, swarm.ErrNotHolder) {
				t.Errorf("completed from the grave: %v", err)
			}
			if _, err := c.Requeue(ctx, id); !errors.Is(err, swarm.ErrUnknownTask) {
				t.Errorf("requeued: %v", err)
			}
			governed := strings.Contains(data, "primitive")
			if governed { // it is judged anew
				h.rules.lenient.Store(false)
				if run := h.replay(carcel.Spec{By: "ann"}); run.Released != 0 || run.Held != 1 {
					t.Errorf("run: %+v", run)
				}
				h.rules.lenient.Store(true)
			}
			if run := h.replay(carcel.Spec{By: "ann", Why: "mended"}); run.Released != 1 {
				t.Fatalf("run: %+v", run)
			}
			again, err := c.Claim(ctx, "work", "b", time.Minute)
			if err != nil || again.ID != id || again.Data != data || again.Priority != 4 || again.Type != "scan" {
				t.Errorf("claimed again %+v, %v", again, err)
			}
			if err := c.Complete(ctx, again, "{}", 0); err != nil {
				t.Error(err)
			}
		}
	})
}
