package voices

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/audit"
	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
)

var (
	onPacket = Subject{OfPacket, id}
	onEntry  = Subject{OfEntry, strings.Repeat("a", 64)}
	onQueue  = Subject{OfQueue, "queue:x"}
	onAgent  = Subject{OfAgent, "haiku"}
	onTask   = Subject{OfTask, "task_1"}
)

// spoken is what a rule has to say of a case: "" is nothing at all.
type spoken struct {
	rule string
	of   Case
	how  Severity
	says string
	act  Act
}

func waitingQueue(state watch.QueueState, depth int64, net float64) watch.Queue {
	return watch.Queue{Key: "queue:x", State: state, Depth: depth, Net: net, Oldest: ago(6 * time.Minute), Since: ago(time.Minute)}
}

func task(t swarm.TaskState) func(*Case) {
	return func(c *Case) {
		t.ID, t.PostedAt = "task_1", "2026-03-01T11:58:00Z"
		c.Task = &t
	}
}

// heldSince are entries of one kind that came at these ages, minutes after the
// full hour.
func heldSince(ages ...time.Duration) func(*Case) {
	return func(c *Case) {
		c.Now = noon.Add(30 * time.Minute)
		var list []*carcel.Entry
		for i, age := range ages {
			list = append(list, &carcel.Entry{SHA: fmt.Sprintf("%064d", i), TrackingID: id, Guardian: "contrarian", Rule: "kill", At: c.Now.Add(-age)})
		}
		c.Snap.Carcel.Table = carcel.NewTable(list...)
	}
}

func sealedUpTo(last, sealed int64) func(*Case) {
	return func(c *Case) {
		c.Ledger = &ledger.State{Looked: noon, First: 1, Position: last, Checkpoint: &ledger.Checkpoint{Size: sealed, At: ago(2 * time.Minute), Name: "log"}}
		c.Ledger.Seen = c.Ledger.Checkpoint
	}
}

func refusedLedger(c *Case) {
	c.Ledger = &ledger.State{Looked: noon, Position: 9, Trouble: &ledger.Refused{Kind: ledger.ErrForked, Why: "record 4 is another one"}}
}

func rowsOf(n, unsealed int, schema string) (p lineage.Picture) {
	for i := range n {
		r := lineage.Row{Seq: uint64(i + 1), TrackingID: fmt.Sprint("p", i), Key: "queue:x", Origin: "haiku", Schema: schema, Verdict: goodVerdict()}
		if i < unsealed {
			r.Verdict = seal.Verdict{Seals: seal.SealsAbsent, Overall: seal.Unauthenticated}
		}
		p.Rows = append(p.Rows, r)
	}
	p.Counts = lineage.Counts{Verified: n - unsealed, Unauthenticated: unsealed}
	return p
}

func census(looked int, fates map[lineage.Fate]int, suspects ...lineage.Row) func(*Case) {
	return feed(lineage.Picture{Census: lineage.Census{At: ago(8 * time.Second), From: 1, Looked: looked, Fates: fates, Suspects: suspects}})
}

// reports says what was kept of the last compliance report.
func reports(b *audit.Brief) func(*Case) {
	return func(c *Case) { c.Reports, c.Reported = "reports/x.jsonl", b }
}

func brief(old time.Duration, status string, verified, of int64) *audit.Brief {
	return &audit.Brief{MadeAt: ago(old), Status: status, Shares: []audit.Share{{What: audit.ShareVerified, Hits: verified, N: of}}}
}

// singles are n dispatches one by one, a gap apart.
func singles(n int, gap time.Duration) func(*Case) {
	return func(c *Case) {
		for i := range n {
			c.Records = append(c.Records, record(int64(i+1), ago(30*time.Second).Add(time.Duration(i)*gap), "event", "dispatched", "tracking_id", fmt.Sprintf("%08x-e29b-41d4-a716-446655440000", i),
				"key", "queue:x", "operation", "rpush", "actor", "haiku", "expires_at", fmt.Sprint(noon.Add(time.Hour).UnixMilli())))
		}
	}
}

// taken are packets that were collected after a wait.
func taken(n int, wait time.Duration) func(*Case) {
	return func(c *Case) {
		singles(n, 2*time.Second)(c)
		for i := range n {
			sent := c.Records[i]
			raw, _ := ledger.ParseID(sent.Get("tracking_id"))
			c.Records = append(c.Records, record(int64(n+i+1), sent.At().Add(wait), "event", "collected", "key", "queue:x", "ids", string(raw[:]), "count", "1"))
		}
	}
}

func TestEachRuleSaysWhatTheEvidenceShows(t *testing.T) {
	cases := []spoken{
		{"link", swarmCase(func(c *Case) {
			c.Snap.Link = watch.Link{State: watch.Away, Since: ago(14 * time.Second), Reason: "connection refused"}
		}), Wrong, "does not answer for 14 s: connection refused", ""},
		{"link", swarmCase(func(c *Case) { c.Snap.Link = watch.Link{State: watch.Live} }), 0, "", ""},
		{"ledger refused", swarmCase(refusedLedger), Wrong, "record 4 is another one", Accept},
		{"ledger refused", swarmCase(sealedUpTo(9, 9)), 0, "", ""},
		{"people", swarmCase(heldEntry(governance.CoSign)), Watch, "1 packet waits for a person, the oldest for 1m 00", Sign},
		{"people", swarmCase(heldEntry(governance.Blocked)), 0, "", ""},
		{"queues", swarmCase(queues(waitingQueue(watch.Stuck, 12408, 0))), Wrong, "queue:x is stuck: 12,408 wait, the oldest for 6m 00, and none was taken for 2m 00", Look},
		{"queues", swarmCase(queues(waitingQueue(watch.Growing, 40, 4.6))), Watch, "grows by 4.6/s", Look},
		{"queues", swarmCase(queues(waitingQueue(watch.Steady, 1, 0))), Well, "1 queue: none is stuck", ""},
		{"agents", swarmCase(agents(watch.Agent{ID: "haiku", State: watch.Silent, Beat: ago(12 * time.Minute), Claims: []string{"t1"}})), Wrong, "last heard 12m 00 ago. It holds 1 task, which nobody works on", Requeue},
		{"agents", swarmCase(agents(watch.Agent{ID: "haiku", State: watch.Alive})), Well, "1 agent, all live", ""},
		{"tasks lost", swarmCase(func(c *Case) { c.Snap.Tasks.Lost = 2 }), Wrong, "2 tasks are lost", Reap},
		{"tasks lost", swarmCase(), 0, "", ""},
		{"packets gone", swarmCase(census(10, map[lineage.Fate]int{lineage.Missing: 1}, lineage.Row{TrackingID: id, Key: "queue:x", Fate: lineage.Missing})), Wrong, "1 packet is missing", Trace},
		{"packets gone", swarmCase(census(10, nil)), 0, "", ""},
		{"flow", swarmCase(func(c *Case) { c.Snap.Throughput.Dispatched = []float64{2, 4} }), Note, "3.0/s dispatched over 2.0 s", ""},
		{"unread", about(onPacket, func(c *Case) { c.Unread = "Redis has nothing of it." }), Unknown, "nothing of it", ""},
		{"stopped", about(onEntry, heldEntry(governance.CoSign)), Watch, "co-signature, 1 of 2 signatures given; denied in 30m 00", Sign},
		{"stopped", about(onEntry, heldEntry(governance.Blocked)), Wrong, "blocked. Two-person rule", Appeal},
		{"stopped", about(onEntry, heldEntry(governance.Failed)), Wrong, "could not judge it", Replay},
		{"stopped", about(onPacket, decided(governance.Recorded{Status: governance.Approved})), 0, "", ""},
		{"here now", about(onPacket, traced()), Note, "queue:x, a list, slot 3, 400 B", ""},
		{"here now", about(onPacket, traced(func(r *lineage.Report) { r.Places, r.Fate, r.Why = nil, lineage.Missing, "nobody took it" })), Wrong, "missing: nobody took it", ""},
		{"created", about(onPacket, traced()), Note, "11:59:00 created by haiku, for 1h 00", ""},
		{"validated", about(onPacket, traced()), Note, "fits schema 1.1", ""},
		{"validated", about(onPacket, traced(func(r *lineage.Report) { r.Verdict.Schema = "invalid" })), Wrong, "does not fit schema 1.1", ""},
		{"validated", about(onEntry, heldEntry("", func(h *carcel.Held) { h.Faults = []packet.Fault{{Field: "contents", Expected: "an object"}} })), Wrong, "contents, where an object was expected", ""},
		{"evaluated", about(onPacket, decided(governance.Recorded{Status: governance.Approved})), Note, "11:59:01 evaluated: approved", ""},
		{"recorded", about(onPacket, traced()), Note, "11:59:00 written to queue:x by haiku", ""},
		{"queue", about(onQueue, queues(waitingQueue(watch.Stuck, 7, 0))), Wrong, "stuck: 7 wait", Look},
		{"queue", about(onQueue), Unknown, "holds nothing", ""},
		{"agent", about(onAgent, agents(watch.Agent{ID: "haiku", State: watch.Late, Beat: ago(3 * time.Minute), BeatTTL: 5 * time.Minute})), Watch, "last heard 3m 00 ago, and a heartbeat lasts 5m 00", Look},
		{"agent", about(onAgent), Unknown, "not registered", ""},
		{"agent's work", about(onAgent, agents(watch.Agent{ID: "haiku", Claims: []string{"t1", "t2"}})), Note, "holds 2 tasks: t1, t2", ""},
		{"task", about(onTask, task(swarm.TaskState{State: swarm.Lost})), Wrong, "It is lost", Command},
		{"task", about(onTask, task(swarm.TaskState{State: swarm.Resting, Attempts: 2, LastError: "no route", Due: noon.Add(time.Minute)})), Watch, "failed 2 times: no route", ""},
		{"task", about(onTask, task(swarm.TaskState{State: swarm.Completed})), Well, "completed", ""},
		{"task", about(onTask, task(swarm.TaskState{State: swarm.Claimed, Agent: "gone"})), Wrong, "gone claimed it, and does not live", Look},

		{"approved by", about(onPacket, decided(governance.Recorded{Status: governance.Approved})), Well, "No person was asked", ""},
		{"approved by", about(onEntry, decided(governance.Recorded{Status: governance.CoSign, Quorum: governance.Quorum{Approvals: 2}})), Watch, "2 signatures are missing", ""},
		{"approved by", about(onEntry, decided(governance.Recorded{Status: governance.CoSign, Approvals: []governance.Approval{{Act: "approve", Person: "lena", KeyID: "9f", Signature: "x"}}, Quorum: governance.Quorum{Approvals: 1}})), Note, "lena said approve", ""},
		{"revision", about(onPacket, decided(governance.Recorded{Policy: "default@1"}), func(c *Case) { c.Policy = "s2@2" }), Note, "under default@1; in force is s2@2", ""},
		{"revision", about(onPacket, decided(governance.Recorded{Policy: "none"})), Watch, "no guardian sat", ""},
		{"complete", about(onPacket, traced()), Well, "The record is complete: 1 ledger record", Export},
		{"complete", about(onPacket, traced(func(r *lineage.Report) { r.Fate, r.Lacks = lineage.Collected, []string{lineage.LackPacket} })), Note, "It is collected: what is left to prove are its", Export},
		{"complete", about(onPacket, traced(func(r *lineage.Report) { r.Fate, r.Lacks = lineage.Missing, []string{lineage.LackPacket} })), Watch, "Missing for an audit: the packet itself", Export},
		{"complete", about(onPacket, traced(func(r *lineage.Report) { r.Lacks = []string{"there is no decision record"} })), Watch, "Missing for an audit: there is no decision record", Export},
		{"proof", about(onPacket, traced()), Well, "Its newest record, 8, is proved", ""},
		{"proof", about(onPacket, traced(func(r *lineage.Report) { r.Proof, r.Unproven = nil, "not under a checkpoint yet" })), Watch, "not under a checkpoint yet", ""},
		{"sender", about(onPacket, traced()), Well, "Sealed by haiku-seal at 11:59:00, over 2 entries", ""},
		{"sender", about(onPacket, traced(func(r *lineage.Report) { r.Seals = nil })), Watch, "a claim: no seal stands behind haiku", ""},
		{"sender", about(onPacket, traced(func(r *lineage.Report) { r.Verdict.Seals = seal.SealsInvalid })), Wrong, "does not hold: invalid", ""},
		{"masked", about(onPacket, traced(), decided(governance.Recorded{Masked: []string{"payload.token"}})), Note, "masks 1 field: payload.token", ""},
		{"retention", about(onPacket, traced()), Note, "held in 1 place, for 1h 00 more", ""},
		{"retention", about(onEntry, heldEntry(governance.Review)), Note, "ends as denied in 30m 00; its record stays 30d 00", ""},
		{"council", swarmCase(func(c *Case) { c.Policy = "none" }), Watch, "No guardian sits", ""},
		{"council", swarmCase(func(c *Case) { c.Policy = "default@1" }), Well, "default@1", ""},
		{"ledger whole", swarmCase(), Unknown, "not looked at yet", ""},
		{"ledger whole", swarmCase(sealedUpTo(100, 40)), Watch, "60 records have no checkpoint; the last is 2m 00 old", Command},
		{"ledger whole", swarmCase(sealedUpTo(100, 100)), Well, "100 records, signed by log up to 100", ""},
		{"ledger whole", swarmCase(refusedLedger), Wrong, "proves nothing", ""},
		{"witness", swarmCase(sealedUpTo(9, 9)), Well, "remembers a checkpoint over 9 records", ""},
		{"deadlines", swarmCase(heldEntry(governance.CoSign)), Watch, "1 packet ends as denied within 1h 00 unless somebody signs, the first in 30m 00", Sign},
		{"deadlines", swarmCase(heldEntry(governance.CoSign, func(h *carcel.Held) { h.Expires = noon.Add(2 * time.Hour) })), 0, "", ""},
		{"untraceable", swarmCase(heldEntry(governance.Blocked, func(h *carcel.Held) { h.TrackingID = "" })), Watch, "1 slot of the carcel has no tracking id", Look},
		{"eviction", swarmCase(func(c *Case) { c.Config = map[string]string{"maxmemory-policy": "allkeys-lru"} }), Wrong, "allkeys-lru", Command},
		{"eviction", swarmCase(), 0, "", ""},
		{"queue ends", about(onQueue, queues(watch.Queue{Key: "queue:x", Depth: 41, Expires: noon.Add(4 * time.Minute)})), Watch, "ends in 4m 00, with 41 values", ""},
		{"queue's senders", about(onQueue, feed(rowsOf(10, 3, "1.1"))), Watch, "3 of 10 packets of this queue have no valid seal", Trace},
		{"agent's name", about(onAgent, feed(rowsOf(10, 0, "1.1"))), Well, "10 packets of this agent looked at, all with a valid seal", ""},
		{"task's poster", about(onTask, task(swarm.TaskState{Task: swarm.Task{PostedBy: "sonnet"}})), Note, "claim of sonnet", ""},

		{"memory", swarmCase(func(c *Case) {
			for i, used := range []int64{5 << 20, 9 << 20, 12 << 20, 3 << 20} {
				c.Memory = append(c.Memory, Memory{ago(time.Duration(40-10*i) * time.Second), used})
			}
		}), Note, "Memory fell 10 s ago, so no rate is known; 3.0 MB in use", ""},
		{"memory", swarmCase(growth(3, time.Second, 1<<20, 1000), server(1<<20, 1<<30)), Unknown, "not known: 3 samples over 2.0 s", ""},
		{"memory", swarmCase(growth(20, time.Second, 10<<20, 1<<20), server(29<<20, 129<<20)), Wrong, "At 1.0 MB/s memory reaches 129.0 MB in 1m 40", Command},
		{"memory", swarmCase(growth(20, time.Second, 10<<20, 0), server(10<<20, 100<<20)), Well, "does not grow: 10.0 MB of 100.0 MB in use (10 %)", ""},
		{"memory", swarmCase(growth(20, time.Second, 10<<20, 1<<10), server(10<<20, 0)), Watch, "grows by 3.5 MB an hour, and no limit is set", Command},
		{"batching", swarmCase(singles(20, 100*time.Millisecond)), Note, "20 of 20 dispatched went alone. Batches within 1 s would make 2 writes of those 20: 18 round trips", Command},
		{"batching", swarmCase(singles(20, 2*time.Second)), Well, "none came within 1 s", ""},
		{"batching", swarmCase(singles(3, time.Second)), 0, "", ""},
		{"format", swarmCase(func(c *Case) { c.Samples = []Sample{{ID: id, JSON: 400, Msgpack: 300}} }), Note, "300 B as MessagePack, 400 B as JSON (−25 %, mean of 1); 1 are JSON", Command},
		{"format", swarmCase(), 0, "", ""},
		{"lives", swarmCase(taken(12, 2*time.Second)), Note, "95 of 100 packets wait at most 2.0 s, and live 1h 00", ""},
		{"lives", swarmCase(records(record(1, noon, "event", "expired", "count", "3"))), Watch, "3 of 3 ended before anybody took them", ""},
		{"rejections", swarmCase(heldEntry(governance.Blocked)), Note, "1 held, no two of one kind", Look},
		{"rejections", swarmCase(heldSince(time.Minute, 2*time.Minute, 3*time.Minute)), Note, "3 of 3 held (100 %) are of one kind: contrarian/kill", Look},
		{"rejections", swarmCase(heldSince(time.Minute, time.Minute, time.Minute, time.Minute, time.Minute, time.Minute, time.Minute, 2*time.Hour)), Watch, "7 held this hour; 0.5 an hour in the 2 hours before", ""},
		{"littles law", about(onQueue, queues(waitingQueue(watch.Draining, 100, -4))), Note, "newest of 100 waits 25 s at 4.0/s taken", ""},
		{"littles law", about(onQueue, queues(waitingQueue(watch.Growing, 100, 5))), Watch, "5.0/s arrive and none are taken", ""},
		{"takers", swarmCase(agents(watch.Agent{ID: "a", State: watch.Alive, Claims: []string{"t"}}), func(c *Case) { c.Snap.Tasks.Waiting = 5 }), Watch, "1 live agent, all with a task, and 5 more wait", ""},
		{"contexts", swarmCase(func(c *Case) { c.Contexts = []Context{{"a", "v1", 1000}, {"b", "v1", 1000}, {"c", "v2", 5}} }), Note, "1 of 3 shared contexts is a copy of another: 1.0 KB", Look},
		{"carcel", swarmCase(heldEntry(governance.Blocked), server(1000, 0)), Watch, "The carcel holds 300 B, 30 %", ""},
		{"packet's size", about(onPacket, traced()), Note, "as MessagePack", ""},
		{"packet's wait", about(onPacket, traced()), Note, "has waited 1m 00 so far, in queue:x", ""},
		{"entry's kind", about(onEntry, heldEntry(governance.Blocked, func(h *carcel.Held) { h.Replays = 2 })), Watch, "came back 2 times", ""},
		{"agent's load", about(onAgent, agents(watch.Agent{ID: "haiku", State: watch.Alive, Context: 90, Capacity: 100})), Watch, "90 B of the 100 B that it says it can take (90 %)", ""},
		{"task's wait", about(onTask, task(swarm.TaskState{State: swarm.Waiting})), Note, "posted 2m 00 ago", ""},

		{"parts", about(onPacket, traced()), Well, "8 of 8 checked parts hold: verified", ""},
		{"parts", about(onPacket, traced(func(r *lineage.Report) {
			r.Verdict.Contents, r.Verdict.Overall, r.Verdict.Reasons = "edited", seal.Tampered, []string{"the contents were edited"}
		})), Wrong, "Tampered: the contents were edited", ""},
		{"parts", about(onPacket, traced(func(r *lineage.Report) { r.Verdict.Logged = "not checked" })), Unknown, "Not checked: ledger", ""},
		{"entry's form", about(onEntry, heldEntry(governance.Review)), Well, "The entry is whole", ""},
		{"tampered", swarmCase(feed(lineage.Picture{Counts: lineage.Counts{Tampered: 2}})), Wrong, "2 packets were tampered with", ""},
		{"tampered", swarmCase(feed(rowsOf(4, 0, "1.1"))), 0, "", ""},
		{"seal coverage", swarmCase(feed(rowsOf(100, 2, "1.1"))), Watch, "98 % verified (98 of 100); 2 without a seal", ""},
		{"seal coverage", swarmCase(), Unknown, "No packet was looked at yet", ""},
		{"spot checks", swarmCase(feed(lineage.Picture{Counts: lineage.Counts{Verified: 100, Skipped: 900}})), Note, "100 of 1,000 looked at. Verified in all: 96 % to 100 % (95 %)", ""},
		{"spot checks", swarmCase(feed(rowsOf(5, 0, "1.1"))), Note, "over all 5 packets", ""},
		{"ledger coverage", swarmCase(census(1204, nil)), Well, "accounts for all 1,204 packets in Redis, compared 8.0 s ago", ""},
		{"ledger coverage", swarmCase(census(10, map[lineage.Fate]int{lineage.Unlogged: 1})), Wrong, "does not account for 1 of 10 packets", ""},
		{"ledger coverage", swarmCase(), Unknown, "not compared yet", ""},
		{"schema share", swarmCase(feed(rowsOf(10, 0, "1.0"))), Note, "0 % are of schema 1.1 (0 of the newest 10; 95 %: 0 % to 28 %)", ""},
		{"drift", swarmCase(feed(lineage.Picture{Counts: lineage.Counts{Verified: 150, Unauthenticated: 50}}), func(c *Case) { c.Before = &Figures{At: ago(time.Hour), Verified: 100, Looked: 100} }), Watch, "50 % of 100 verified, 100 % before: a drift", ""},
		{"drift", swarmCase(feed(rowsOf(10, 0, "1.1"))), 0, "", ""},
		{"report", swarmCase(), 0, "", ""},
		{"report", swarmCase(reports(nil)), Watch, "No compliance report", Command},
		{"report", swarmCase(reports(brief(time.Hour, audit.Compliant, 100, 100))), Well, "The report of 1h 00 ago is COMPLIANT", ""},
		{"report", swarmCase(reports(brief(time.Hour, audit.NotCompliant, 90, 100))), Wrong, "ago is NOT COMPLIANT", Command},
		{"report", swarmCase(reports(brief(80*time.Hour, audit.Compliant, 100, 100))), Watch, "The last report is 3d 08 old; it was COMPLIANT", Command},
		{"report", swarmCase(reports(brief(time.Hour, audit.Compliant, 1000, 1000)), feed(rowsOf(100, 0, "1.1"))), Well, "100 % of 100 verified since the console opened, 100 % of 1,000 in that report: no drift", ""},
		{"report", swarmCase(reports(brief(time.Hour, audit.Compliant, 1000, 1000)), feed(rowsOf(100, 20, "1.1"))), Watch, "80 % of 100 verified since the console opened, 100 % of 1,000 in that report: a drift", Command},
		{"queue's verdicts", about(onQueue, feed(rowsOf(100, 4, "1.1"))), Watch, "96 of 100 packets of this queue verified: 96 % (95 %: 90 % to 98 %)", Trace},
		{"agent's verdicts", about(onAgent, feed(rowsOf(100, 0, "1.1"))), Well, "100 of 100 packets of this agent verified", ""},
		{"agent's verdicts", about(onAgent), Unknown, "nothing is measured", ""},
		{"task's lineage", about(onTask, task(swarm.TaskState{})), Unknown, "Tasks carry no lineage", ""},
		{"task's poster", about(onTask), 0, "", ""},
	}
	tested := map[string]bool{}
	for _, want := range cases {
		tested[want.rule] = true
		found := hear(t, want.rule, want.of)
		if want.says == "" {
			if len(found) > 0 {
				t.Errorf("%s: %q, where it should be silent", want.rule, found[0].Sentence())
			}
			continue
		}
		ok := false
		for _, f := range found {
			ok = ok || f.Severity() == want.how && strings.Contains(f.Sentence(), want.says) && (want.act == "" || f.Action() != nil && f.Action().Act == want.act)
		}
		if !ok {
			t.Errorf("%s should say %q as %s (offering %q); it says %s", want.rule, want.says, want.how, want.act, told(found))
		}
	}
	for _, r := range rules {
		if !tested[r.name] {
			t.Errorf("the rule %q has no test", r.name)
		}
	}
}

func told(found []Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "\n  %s: %s", f.Severity(), f.Sentence())
		if f.Action() != nil {
			fmt.Fprintf(&b, " [%s]", f.Action().Act)
		}
	}
	return b.String()
}
