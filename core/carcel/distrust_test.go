package carcel_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// alterEntry edits the text of the only entry as whoever can write to Redis may.
func (h *house) alterEntry(pattern, with string) {
	h.t.Helper()
	raw := h.raw.LIndex(ctx, "carcel:dead_letters", 0).Val()
	h.raw.LSet(ctx, "carcel:dead_letters", 0, altered(h.t, raw, pattern, with))
}

// alterRecord edits a decision record in the same way.
func (h *house) alterRecord(id, pattern, with string) {
	h.t.Helper()
	key := keyspace.Main.Decision(id)
	h.raw.Set(ctx, key, altered(h.t, h.raw.Get(ctx, key).Val(), pattern, with), time.Hour)
}

func altered(t testing.TB, raw, pattern, with string) string {
	t.Helper()
	out := regexp.MustCompile(pattern).ReplaceAllString(raw, with)
	if out == raw {
		t.Fatalf("%s is not in %s", pattern, raw)
	}
	return out
}

func TestAQuorumThatSomebodyLoweredInRedisStillHolds(t *testing.T) {
	t.Parallel()
	lower := func(id string) func(h *house) {
		return func(h *house) { h.alterRecord(id, `"approvals": \d+`, `"approvals": 1`) }
	}
	for name, alter := range map[string]func(*house, string){
		"the quorum in the record": func(h *house, id string) { lower(id)(h) },
		"no quorum in the record":  func(h *house, id string) { h.alterRecord(id, `"approvals": \d+`, `"approvals": 0`) },
		"a quorum below none":      func(h *house, id string) { h.alterRecord(id, `"approvals": \d+`, `"approvals": -3`) },
		"the decision of the entry": func(h *house, _ string) {
			h.alterEntry(`"decision": "requires_co_signature"`, `"decision": "requires_human_review"`)
		},
		"the whole decision": func(h *house, id string) {
			lower(id)(h)
			h.alterRecord(id, `requires_co_signature`, `requires_human_review`)
			h.alterEntry(`requires_co_signature`, `requires_human_review`)
		},
		"no record, another decision": func(h *house, id string) {
			h.raw.Del(ctx, keyspace.Main.Decision(id))
			h.alterEntry(`requires_co_signature`, `requires_human_review`)
			h.alterEntry(`"approvals_required": 2`, `"approvals_required": 1`)
		},
		"the roles that count": func(h *house, id string) { h.alterRecord(id, `"roles": \[\]`, `"roles": ["seal", "operator"]`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testredis.Each(t, func(t *testing.T, url string) {
				h := open(t, url)
				id := h.send("two", "worker_1")
				alter(h, id)
				if done, err := h.held.Approve(ctx, id, h.people["bob"], ""); err != nil || done.Status != "approved" || done.Required != 2 {
					t.Errorf("%+v, %v", done, err)
				}
				if _, err := h.held.Approve(ctx, id, h.people["sealer"], ""); !errors.Is(err, governance.ErrRole) {
					t.Errorf("a program's key: %v", err)
				}
				if got := h.queued("queue:q"); len(got) != 0 {
					t.Fatalf("one person released %v", got)
				}
				if done, err := h.held.Approve(ctx, id, h.people["ann"], ""); err != nil || done.Status != "released" {
					t.Errorf("%+v, %v", done, err)
				}
			})
		})
	}
}

func TestABlockedEntryThatOnlySaysItWaitsIsNotReleased(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("never", "worker_1")
		h.alterEntry(`"decision": "blocked"`, `"decision": "requires_human_review"`)
		if done, err := h.held.Approve(ctx, id, h.people["bob"], ""); !errors.Is(err, carcel.ErrNotWaiting) {
			t.Errorf("%+v, %v", done, err)
		}
		if got := h.queued("queue:q"); len(got) != 0 {
			t.Errorf("the queue holds %v", got)
		}
		if _, err := h.held.Appeal(ctx, id, "cy", nil, "it is needed"); err != nil {
			t.Errorf("an appeal: %v", err)
		}
	})
}

func TestAPacketThatWasApprovedOnceNeedsItsApprovalsWhenOthersHoldIt(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("fine", "worker_1")
		h.raw.LPop(ctx, "queue:q")
		h.raw.RPush(ctx, "carcel:dead_letters", `{"tracking_id": "`+id+`", "reason": "odd", "decision": "requires_co_signature", "contents": {"primitive": "fine"}, "key": "queue:q", "origin": "py"}`)
		if done, err := h.held.Approve(ctx, id, h.people["bob"], ""); err != nil || done.Status != "approved" || done.Required != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
		if done, err := h.held.Approve(ctx, id, h.people["ann"], ""); err != nil || done.Status != "released" {
			t.Errorf("%+v, %v", done, err)
		}
	})
}

func TestAnAppealAsksForNoFewerPersonsThanWereAskedBefore(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		denied := h.send("two", "worker_1")
		if _, err := h.held.Deny(ctx, denied, h.people["bob"], "no"); err != nil {
			t.Fatal(err)
		}
		// Blocked for one fault, while another guardian asks for two persons.
		both := h.send("both", "worker_1")
		for _, id := range []string{denied, both} {
			for range 2 { // a second appeal loses nothing either
				if done, err := h.held.Appeal(ctx, id, "somebody", nil, "it is needed"); err != nil || done.Required != 2 {
					t.Fatalf("%+v, %v", done, err)
				}
				if _, err := h.held.Deny(ctx, id, h.people["bob"], "no"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := h.held.Appeal(ctx, id, "somebody", nil, "it is needed"); err != nil {
				t.Fatal(err)
			}
			if done, err := h.held.Approve(ctx, id, h.people["bob"], ""); err != nil || done.Status != "approved" {
				t.Errorf("%+v, %v", done, err)
			}
			if got := h.queued("queue:q"); len(got) != 0 {
				t.Errorf("one person released %v", got)
			}
			if done, err := h.held.Approve(ctx, id, h.people["cy"], ""); err != nil || done.Status != "released" {
				t.Errorf("%+v, %v", done, err)
			}
			h.raw.Del(ctx, "queue:q")
		}
	})
}

func TestADeadlineThatSomebodyTookAwayStillHolds(t *testing.T) {
	t.Parallel()
	for name, alter := range map[string]func(*house, string){
		"gone from the record": func(h *house, id string) { h.alterRecord(id, `"expires_at": "[^"]+", `, ``) },
		"later in the record":  func(h *house, id string) { h.alterRecord(id, `"expires_at": "\d+`, `"expires_at": "2999`) },
		"no time":              func(h *house, id string) { h.alterRecord(id, `"expires_at": "[^"]+`, `"expires_at": "never`) },
		"gone from both": func(h *house, id string) {
			h.alterRecord(id, `"expires_at": "[^"]+", `, ``)
			h.alterEntry(`, "expires_at": "[^"]+"`, ``)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testredis.Each(t, func(t *testing.T, url string) {
				h := open(t, url)
				id := h.send("brief", "worker_1")
				end := h.record(id).Deadline()
				alter(h, id)
				time.Sleep(time.Until(end) + 2*time.Millisecond)
				if done, err := h.held.Approve(ctx, id, h.people["bob"], ""); !errors.Is(err, carcel.ErrTooLate) {
					t.Errorf("%+v, %v", done, err)
				}
			})
		})
	}
}

func TestNobodyApprovesWhatTheySentUnderAnotherName(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("one", "worker_ann")
		h.alterEntry(`"actor": "worker_ann"`, `"actor": "somebody"`)
		if done, err := h.held.Approve(ctx, id, h.people["ann"], ""); !errors.Is(err, governance.ErrSelfApproval) {
			t.Errorf("the record names her: %+v, %v", done, err)
		}
		h.wipe()
		for _, actor := range []string{"Ann", " ann", "WORKER_ANN"} {
			id = h.send("one", actor)
			if done, err := h.held.Approve(ctx, id, h.people["ann"], ""); !errors.Is(err, governance.ErrSelfApproval) {
				t.Errorf("%q: %+v, %v", actor, done, err)
			}
		}
		h.wipe()
		id = h.send("one", "worker_1")
		h.alterEntry(`"origin": "tester"`, `"origin": "ann"`)
		if done, err := h.held.Approve(ctx, id, h.people["ann"], ""); !errors.Is(err, governance.ErrSelfApproval) {
			t.Errorf("the origin is hers: %+v, %v", done, err)
		}
		if got := strings.Join(h.queued("queue:q"), " "); got != "" {
			t.Errorf("the queue holds %s", got)
		}
	})
}

func TestACaseTellsThatAnEntryIsNotWhatWasDispatched(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, edit := range [][2]string{{`"vertical": "lab"`, `"vertical": "nuclear"`}, {`"key": "queue:q"`, `"key": "queue:x"`}, {`"origin": "tester"`, `"origin": "other"`}} {
			id := h.send("two", "worker_1")
			if _, err := h.held.Approve(ctx, id, h.people["bob"], ""); err != nil {
				t.Fatal(err)
			}
			if k, err := h.held.Case(ctx, id); err != nil || len(k.Tally.Faults) != 0 {
				t.Errorf("before the edit: %v, %v", k.Tally.Faults, err)
			}
			h.alterEntry(edit[0], edit[1])
			if k, err := h.held.Case(ctx, id); err != nil || !strings.Contains(strings.Join(k.Tally.Faults, "; "), "the entry was altered") {
				t.Errorf("%v: %v, %v", edit, k.Tally.Faults, err)
			}
			h.wipe()
		}
	})
}
