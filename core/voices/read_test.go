package voices

import (
	"errors"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
)

func TestAFindingWithoutEvidenceCannotBeBuilt(t *testing.T) {
	for what, evidence := range map[string][]Ref{"none": nil, "a blank one": {{}}, "one without a name": {{Kind: AtKey}}, "a good and a blank one": {keyRef("a", ""), {}}} {
		if _, err := NewFinding(Wrong, "It is wrong.", evidence...); !errors.Is(err, ErrNoEvidence) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := NewFinding(Wrong, " ", keyRef("a", "")); !errors.Is(err, ErrNoEvidence) {
		t.Errorf("no sentence: %v", err)
	}
}

func TestNoRulesShareAName(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules {
		if seen[r.name] {
			t.Errorf("there are two rules %q", r.name)
		}
		seen[r.name] = true
	}
}

func TestOfWhateverCaseEveryFindingNamesItsEvidence(t *testing.T) {
	hostile := "\x1b[31m'; rm -rf /\u202e"
	subjects := []Subject{Swarm, onPacket, onEntry, onQueue, onAgent, onTask, {OfDecision, id}, {OfQueue, hostile}, {OfAgent, ""}}
	changes := []func(*Case){
		func(*Case) {}, traced(), traced(func(r *lineage.Report) { *r = lineage.Report{} }), heldEntry(governance.CoSign), heldEntry("", func(h *carcel.Held) { *h = carcel.Parse("no JSON") }),
		decided(governance.Recorded{}), queues(watch.Queue{}, waitingQueue(watch.Stuck, 1, 0)), agents(watch.Agent{}, watch.Agent{ID: hostile, State: watch.Late}), feed(rowsOf(3, 1, "")),
		census(0, map[lineage.Fate]int{lineage.Missing: 4, lineage.Unlogged: 2}), singles(30, time.Millisecond), taken(20, time.Hour), records(ledger.Record{}, record(1, noon, "event", "collected")),
		sealedUpTo(0, 0), sealedUpTo(5, 9), refusedLedger, growth(30, time.Second, 0, 1<<20), server(5, 5), task(swarm.TaskState{Task: swarm.Task{Queue: hostile}}),
		func(c *Case) { c.Contexts, c.Samples = []Context{{}, {}}, []Sample{{}} },
	}
	for _, on := range subjects {
		for i, one := range changes {
			for _, two := range changes[i:] {
				c := about(on, one, two)
				for _, r := range Read(c) {
					if r.Verdict == "" || r.Question == "" {
						t.Fatalf("%s of %s has no verdict", r.Voice, on)
					}
					for _, f := range r.Findings {
						if len(f.Evidence()) == 0 || f.Sentence() == "" {
							t.Fatalf("%s of %s: %q rests on nothing", r.Voice, on, f.Sentence())
						}
					}
				}
			}
		}
	}
}

func TestTheWorstIsToldFirstAndSumsUp(t *testing.T) {
	c := swarmCase(queues(waitingQueue(watch.Growing, 4, 2), waitingQueue(watch.Stuck, 4, 0)), agents(watch.Agent{ID: "haiku", State: watch.Alive}))
	r := Read(c)[0]
	if r.Worst() != Wrong || r.Findings[1].Severity() != Watch || r.Verdict != "work is stopped" {
		t.Errorf("%q of %s", r.Verdict, told(r.Findings))
	}
}

func TestASilentAgentStopsOnlyItsOwnWork(t *testing.T) {
	silent := agents(watch.Agent{ID: "haiku", State: watch.Silent}, watch.Agent{ID: "other", State: watch.Alive})
	if r := Read(swarmCase(silent))[0]; r.Worst() != Wrong || r.Verdict != "some work is stopped" {
		t.Errorf("%q of %s", r.Verdict, told(r.Findings))
	}
	if r := Read(swarmCase(silent, queues(waitingQueue(watch.Stuck, 4, 0))))[0]; r.Verdict != "work is stopped" {
		t.Errorf("%q of %s", r.Verdict, told(r.Findings))
	}
}

func TestASubjectIsReadAsItIsWritten(t *testing.T) {
	for _, on := range []Subject{Swarm, onPacket, {OfQueue, "queue:with a space"}} {
		if back := ParseSubject(on.String()); back != on {
			t.Errorf("%v came back as %v", on, back)
		}
	}
	if ParseSubject("nonsense") != Swarm || ParseSubject("queue") != Swarm {
		t.Error("what is no subject should be the swarm")
	}
}

func TestAPastedCommandObeysNoID(t *testing.T) {
	c := about(onTask, func(c *Case) { c.Task = &swarm.TaskState{Task: swarm.Task{ID: "x'; rm -rf /\n"}} })
	if got := hear(t, "task", c)[1].Action().Text; got != `ifpacket task requeue 'x'\''; rm -rf /'` {
		t.Error(got)
	}
}
