package carcel_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestTwoDifferentPersonsReleaseWhatNeedsTwo(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("two", "worker_1")
		first, err := h.held.Approve(ctx, id, h.people["bob"], "looks right")
		if err != nil || first.Status != "approved" || first.Approvals != 1 || first.Required != 2 {
			t.Fatalf("%+v, %v", first, err)
		}
		if n := len(h.queued("queue:q")); n != 0 {
			t.Fatal("one person was enough")
		}
		if e := h.inCarcel(); len(e) != 1 || e[0].Given != 1 || e[0].Required != 2 {
			t.Errorf("entries: %+v", e)
		}
		for name, want := range map[string]error{"bob": governance.ErrApprovedTwice, "bob2": governance.ErrApprovedTwice, "sealer": governance.ErrRole} {
			if _, err := h.held.Approve(ctx, id, h.people[name], ""); !errors.Is(err, want) {
				t.Errorf("%s: error = %v, want %v", name, err, want)
			}
		}
		second, err := h.held.Approve(ctx, id, h.people["ann"], "")
		if err != nil || second.Status != "released" || fmt.Sprint(second.Persons) != "[bob ann]" || second.Key != "queue:q" {
			t.Fatalf("%+v, %v", second, err)
		}
		if got := h.queued("queue:q"); len(got) != 1 || got[0] != id {
			t.Fatalf("the queue holds %v", got)
		}
		if len(h.inCarcel()) != 0 || h.raw.LLen(ctx, "carcel:dead_letters").Val() != 0 {
			t.Error("something stayed in the carcel")
		}
		if n := h.raw.ZCard(ctx, keyspace.Main.Pending()).Val(); n != 0 {
			t.Errorf("%d still wait", n)
		}
		if got := strings.Join(h.events(id), " "); got != "held approved approved released" {
			t.Errorf("the ledger tells %s", got)
		}
		rec := h.record(id)
		if rec.Outcome == nil || rec.Outcome.State != governance.OutcomeReleased || len(rec.Approvals) != 2 || rec.Approvals[0].Why != "looks right" {
			t.Errorf("record: %+v", rec)
		}
		_, err = h.held.Approve(ctx, id, h.people["cy"], "")
		if missing := new(*carcel.ErrNoEntry); !errors.As(err, missing) {
			t.Errorf("an approval that comes late: %v", err)
		}
		if got := h.queued("queue:q"); len(got) != 1 {
			t.Errorf("it was released twice: %v", got)
		}
	})
}

func TestTheLineageTellsWhoApprovedAndThatItWasReleased(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("one", "worker_1")
		if _, err := h.held.Approve(ctx, id, h.people["bob"], ""); err != nil {
			t.Fatal(err)
		}
		p, err := packet.Decode([]byte(h.raw.LIndex(ctx, "queue:q", 0).Val()))
		if err != nil {
			t.Fatal(err)
		}
		lineage, _ := p.ChainOfCustody.Get("transparent_lineage")
		var names, entries []string
		sum, _ := custody.ContentsSHA256(p.Contents)
		previous := ""
		for _, m := range lineage.Members() {
			text, _ := m.Value.Text()
			e := custody.ParseEntry(text)
			names, entries = append(names, e.Name), append(entries, text)
			body := text[:len(text)-len("|h:''")-64]
			want, err := custody.Link(id, sum, previous, body)
			if err != nil || e.Link != want {
				t.Errorf("the link of %q is broken", text)
			}
			previous = e.Link
		}
		if got := strings.Join(names, " "); got != "tester validate_schema evaluate approve release" {
			t.Errorf("lineage: %s", got)
		}
		signature, _ := p.ChainOfCustody.Get("trustworthy_signature")
		if text, _ := signature.Text(); custody.CheckPaperDigest(entries, text) != custody.PaperBoth {
			t.Errorf("the paper's digest does not hold")
		}
	})
}

func TestNobodyApprovesWhatTheySentOrAppealed(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, actor := range []string{"ann", "worker_ann"} {
			id := h.send("one", actor)
			if _, err := h.held.Approve(ctx, id, h.people["ann"], ""); !errors.Is(err, governance.ErrSelfApproval) {
				t.Errorf("%s: error = %v", actor, err)
			}
			if _, err := h.held.Approve(ctx, id, h.people["bob"], ""); err != nil {
				t.Errorf("another person: %v", err)
			}
		}
		id := h.send("never", "worker_1")
		if _, err := h.held.Approve(ctx, id, h.people["bob"], ""); !errors.Is(err, carcel.ErrNotWaiting) {
			t.Errorf("a blocked entry was approved without an appeal: %v", err)
		}
		bob := h.people["bob"]
		if _, err := h.held.Appeal(ctx, id, "", &bob, "it is needed"); err != nil {
			t.Fatal(err)
		}
		if e := h.inCarcel(); len(e) != 1 || e[0].Decision != governance.Review || e[0].Required != 1 {
			t.Fatalf("entries: %+v", e)
		}
		if _, err := h.held.Approve(ctx, id, h.people["bob2"], ""); !errors.Is(err, governance.ErrSelfApproval) {
			t.Errorf("who appealed approved: %v", err)
		}
		done, err := h.held.Approve(ctx, id, h.people["ann"], "")
		if err != nil || done.Status != "released" {
			t.Fatalf("%+v, %v", done, err)
		}
		if got := strings.Join(h.events(id), " "); got != "blocked appealed approved released" {
			t.Errorf("the ledger tells %s", got)
		}
	})
}

func TestAnAppealThatNobodySignedAsksForTwoPersons(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("never", "worker_1")
		if done, err := h.held.Appeal(ctx, id, "somebody", nil, "please"); err != nil || done.Required != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
		if done, err := h.held.Approve(ctx, id, h.people["bob"], ""); err != nil || done.Status != "approved" {
			t.Fatalf("%+v, %v", done, err)
		}
		// Who can write to Redis may claim that cy appealed; there is no signature.
		rec := h.record(id)
		rec.Appeal.Person, rec.Quorum.Approvals = "cy", 1
		h.raw.Set(ctx, keyspace.Main.Decision(id), rec.JSON(), 0)
		if k, err := h.held.Case(ctx, id); err != nil || k.Tally.Needed != 2 || k.Tally.Enough() {
			t.Fatalf("%+v, %v", k.Tally, err)
		}
		if done, err := h.held.Approve(ctx, id, h.people["ann"], ""); err != nil || done.Status != "released" {
			t.Errorf("%+v, %v", done, err)
		}
	})
}

func TestADenialIsRecordedAndEndsTheWait(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("two", "worker_1")
		if _, err := h.held.Approve(ctx, id, h.people["ann"], ""); err != nil {
			t.Fatal(err)
		}
		done, err := h.held.Deny(ctx, id, h.people["bob"], "too risky")
		if err != nil || done.Status != "denied" {
			t.Fatalf("%+v, %v", done, err)
		}
		e := h.inCarcel()
		if len(e) != 1 || e[0].Decision != governance.Blocked || e[0].Reason != "Denied by bob: too risky" {
			t.Errorf("entries: %+v", e)
		}
		rec := h.record(id)
		if rec.Outcome.State != governance.OutcomeDenied || rec.Outcome.By != "bob" || len(rec.Approvals) != 2 || rec.Approvals[1].Act != governance.Denies {
			t.Errorf("record: %+v", rec)
		}
		if _, err := h.held.Approve(ctx, id, h.people["cy"], ""); !errors.Is(err, carcel.ErrNotWaiting) {
			t.Errorf("a denied entry was approved: %v", err)
		}
		if n := len(h.queued("queue:q")); n != 0 {
			t.Errorf("it was released")
		}
	})
}

func TestAWaitThatIsOverEndsAsDeniedAndNothingApprovesItThen(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("brief", "worker_1")
		testredis.Eventually(t, "the time is over", func() bool {
			return time.Now().After(h.record(id).Deadline().Add(time.Millisecond))
		})
		if _, err := h.held.Approve(ctx, id, h.people["bob"], ""); !errors.Is(err, carcel.ErrTooLate) {
			t.Errorf("error = %v", err)
		}
		var wg sync.WaitGroup
		total := make([]int, 4)
		for i := range total {
			wg.Go(func() {
				n, err := h.held.Sweep(ctx)
				if err != nil {
					t.Error(err)
				}
				total[i] = n
			})
		}
		wg.Wait()
		if n := total[0] + total[1] + total[2] + total[3]; n != 1 {
			t.Errorf("the wait ended %d times", n)
		}
		if e := h.inCarcel(); len(e) != 1 || e[0].Decision != governance.Blocked || !strings.HasPrefix(e[0].Reason, "Denied: nobody approved it in time") {
			t.Errorf("entries: %+v", e)
		}
		if rec := h.record(id); rec.Outcome.State != governance.OutcomeExpired {
			t.Errorf("record: %+v", rec.Outcome)
		}
		if got := strings.Join(h.events(id), " "); got != "held denied" {
			t.Errorf("the ledger tells %s", got)
		}
	})
}

func TestManyWhoApproveAtTheSameInstantReleaseOnce(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for range 10 {
			id := h.send("two", "worker_1")
			var wg sync.WaitGroup
			released := make([]bool, 3)
			for i, name := range []string{"ann", "bob", "cy"} {
				wg.Go(func() {
					done, err := h.held.Approve(ctx, id, h.people[name], "")
					if missing := new(*carcel.ErrNoEntry); err != nil && !errors.As(err, missing) {
						t.Errorf("%s: %v", name, err)
					}
					released[i] = done.Status == "released"
				})
			}
			wg.Wait()
			n := 0
			for _, r := range released {
				if r {
					n++
				}
			}
			if got := h.queued("queue:q"); n != 1 || len(got) != 1 {
				t.Fatalf("%d were told that they released it; the queue holds %v", n, got)
			}
			h.raw.Del(ctx, "queue:q")
		}
	})
}

func TestAnEntryThatWasTamperedWithLosesItsApprovals(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := h.send("two", "worker_1")
		if _, err := h.held.Approve(ctx, id, h.people["ann"], ""); err != nil {
			t.Fatal(err)
		}
		// Somebody edits the contents, or the target, behind the console's back.
		for _, edit := range [][2]string{{`"vertical": "lab"`, `"vertical": "nuclear"`}, {`"key": "queue:q"`, `"key": "queue:x"`}} {
			raw := h.raw.LIndex(ctx, "carcel:dead_letters", 0).Val()
			h.raw.LSet(ctx, "carcel:dead_letters", 0, strings.Replace(raw, edit[0], edit[1], 1))
			done, err := h.held.Approve(ctx, id, h.people["bob"], "")
			if err != nil || done.Status != "approved" || fmt.Sprint(done.Persons) != "[bob]" {
				t.Fatalf("%v: %+v, %v", edit, done, err)
			}
			k, err := h.held.Case(ctx, id)
			if err != nil || len(k.Tally.Faults) == 0 {
				t.Errorf("the case does not say that an approval no longer counts: %+v, %v", k.Tally, err)
			}
			raw = h.raw.LIndex(ctx, "carcel:dead_letters", 0).Val()
			h.raw.LSet(ctx, "carcel:dead_letters", 0, strings.Replace(raw, edit[1], edit[0], 1))
			h.wipe()
			id = h.send("two", "worker_1")
			if _, err := h.held.Approve(ctx, id, h.people["ann"], ""); err != nil {
				t.Fatal(err)
			}
		}
		// A revoked key counts no more.
		if _, err := h.ring.Revoke(ctx, h.people["ann"].Entry.KeyID); err != nil {
			t.Fatal(err)
		}
		if done, err := h.held.Approve(ctx, id, h.people["bob"], ""); err != nil || done.Status != "approved" {
			t.Errorf("%+v, %v", done, err)
		}
		// Nor does a record that names approvals nobody signed.
		rec := h.record(id)
		rec.Approvals = append(rec.Approvals, governance.Approval{Act: governance.Approves, Person: "cy", Name: "cy", KeyID: h.people["cy"].Entry.KeyID, At: time.Now().UTC().Format(time.RFC3339), Signature: "Zm9yZ2Vk"})
		h.raw.Set(ctx, keyspace.Main.Decision(id), rec.JSON(), 0)
		if k, err := h.held.Case(ctx, id); err != nil || k.Tally.Enough() {
			t.Errorf("a forged approval counts: %+v, %v", k.Tally, err)
		}
	})
}

func TestRedisDiesBetweenTwoApprovals(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.With("--appendonly", "yes", "--appendfsync", "always")
	server.Kill()
	server.Up()
	h := open(t, server.URL())
	id := h.send("two", "worker_1")
	if _, err := h.held.Approve(ctx, id, h.people["ann"], ""); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if _, err := h.held.Approve(ctx, id, h.people["bob"], ""); err == nil {
		t.Fatal("an approval without Redis")
	}
	server.Up()
	testredis.Eventually(t, "bob's approval lands", func() bool {
		done, err := h.held.Approve(ctx, id, h.people["bob"], "")
		return err == nil && done.Status == "released"
	})
	if got := h.queued("queue:q"); len(got) != 1 || got[0] != id {
		t.Errorf("the queue holds %v", got)
	}
}

func TestEntriesOfOthersCanBeApproved(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		id := packet.NewTrackingID()
		foreign := fmt.Sprintf(`{"tracking_id": %q, "reason": "Human review", "decision": "requires_co_signature", "timestamp": "2025-12-02T14:35:18", "contents": {"primitive": "two"}, "origin": "py_worker"}`, id)
		h.raw.RPush(ctx, "carcel:dead_letters", foreign)
		if _, err := h.held.Approve(ctx, id, h.people["ann"], ""); !errors.Is(err, carcel.ErrNoTarget) {
			t.Errorf("without a target: %v", err)
		}
		h.raw.Del(ctx, "carcel:dead_letters")
		h.raw.RPush(ctx, "carcel:dead_letters", strings.Replace(foreign, `"origin"`, `"key": "queue:py", "origin"`, 1))
		if done, err := h.held.Approve(ctx, id, h.people["ann"], ""); err != nil || done.Required != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
		if done, err := h.held.Approve(ctx, id, h.people["cy"], ""); err != nil || done.Status != "released" {
			t.Fatalf("%+v, %v", done, err)
		}
		if got := h.queued("queue:py"); len(got) != 1 || got[0] != id {
			t.Errorf("the queue holds %v", got)
		}
		h.raw.RPush(ctx, "carcel:dead_letters", `{"decision": "requires_human_review", "contents": {}}`, `no JSON`)
		for _, e := range h.inCarcel() {
			if _, err := h.held.Approve(ctx, e.ID(), h.people["ann"], ""); err == nil {
				t.Errorf("%s was approved", e.ID())
			}
		}
	})
}

func TestAnActWithoutAKeyringSaysWhatToDo(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		stranger := keyring.Open(h.store, keyring.InMemory(), url)
		_, err := stranger.Signer(ctx, keyring.Operator, "")
		if !errors.Is(err, keyring.ErrNoKey) || !strings.Contains(err.Error(), "ifpacket keys new --role operator") {
			t.Errorf("error = %v", err)
		}
	})
}
