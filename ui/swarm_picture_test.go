package ui

import (
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/watch"
)

// swarmPicture is a swarm at work, with one of each trouble that work can
// have: an agent that only looks alive, a task that only looks worked on, a
// stuck claim, lost and dead tasks.
func swarmPicture() *watch.Snapshot {
	s := richPicture()
	s.Version = watch.Versions{All: 2, Agents: 2, Queues: 2, Activity: 2}
	s.Agents[0].Rate, s.Agents[0].Inbox = 0.4, 12
	for i := range s.Agents {
		a := &s.Agents[i]
		if a.Level > 0 && a.State == watch.Alive {
			a.Rate, a.Done = float64(i%5)*1.3, ago(time.Duration(i)*3*time.Second)
		}
		if a.Level == 0 {
			a.Context = int64(i) * 700_000
		}
		switch a.ID {
		case "haiku_worker_2d00":
			*a = agent(a.ID, a.Parent, a.Level, 2*time.Second, "task_7d00c1e2aa10")
			a.State, a.Idle, a.Stalled, a.Rate = watch.NoProgress, ago(12*time.Minute+40*time.Second), 1, 0
			a.Holds[0].Stalled, a.Holds[0].Since = true, a.Idle
		case "haiku_worker_2d01":
			*a = agent(a.ID, a.Parent, a.Level, 3*time.Second, "task_9fe1aa20c311", "task_c02b61aa7e01", "task_e0ff19ab3344")
			a.Rate, a.Done, a.Stalled, a.Inbox = 7.4, ago(4*time.Second), 1, 2
			a.Holds[0].Stalled, a.Holds[0].Since = true, ago(31*time.Minute)
			a.Holds[1].Queued = true
			a.Holds[2].Token = 0
		}
	}
	markLast(s.Agents)
	for i := range s.Agents {
		s.Work.Claims = append(s.Work.Claims, s.Agents[i].Holds...)
	}
	s.Work.Lost = []watch.LostTask{{Task: "task_1057aa00bb11", Queue: "review", Type: "summary"}, {Task: "task_1a95ed00cc22", Queue: "review", Type: "triage", Lapsed: true}}
	for i := range 9 {
		s.Work.Done = append(s.Work.Done, watch.Done{Task: fmt.Sprintf("task_d0%010x", i), Queue: "review", Type: "summary",
			Agent: "haiku_worker_2d03", At: ago(time.Duration(i*i+2) * time.Second)})
	}
	s.Carcel.Table = carcel.NewTable(append(richCarcel(), &carcel.Entry{SHA: fmt.Sprintf("%064x", 99), TrackingID: "task_dead00aa0001", Decision: governance.Failed,
		Origin: "sonnet_coordinator_bb74", Key: keyspace.TaskQueue("review"), Operation: "task", At: ago(22 * time.Minute), Reason: "Failed 3 times"})...)
	s.Faults = append(s.Faults,
		watch.Fault{Kind: watch.ClaimInQueue, Key: keyspace.TaskClaimed("task_c02b61aa7e01"), Detail: "claimed and still in its queue"},
		watch.Fault{Kind: watch.TaskLost, Key: keyspace.TaskMeta("task_1057aa00bb11"), Detail: "in no queue, not claimed, not completed"},
		watch.Fault{Kind: watch.TaskLost, Key: keyspace.TaskMeta("task_1a95ed00cc22"), Detail: "its lease is over, and nobody has put it back"})
	say := func(kind watch.EventKind, what, subject, where, who, detail string) {
		s.Activity = append(s.Activity, watch.Event{Seq: uint64(len(s.Activity) + 1), At: ago(time.Duration(30-len(s.Activity)) * time.Second / 10),
			Kind: kind, What: what, Subject: subject, Where: where, Who: who, Detail: detail, Count: 1})
	}
	say(watch.Message, "agent_registered", "haiku_worker_9c01", "channel:broadcast", "", "haiku_worker below sonnet_coordinator_bb74")
	say(watch.Message, "task_posted", "task_7d00c1e2aa10", "channel:queue:review", "", "summary p5")
	say(watch.Message, "task_completed", "task_d00000000001", "channel:agent:haiku_worker_2d03", "haiku_worker_2d03", "")
	say(watch.Message, "new_message", "msg_4f3a9911", "channel:agent:sonnet_coordinator_bb74", "haiku_worker_2d03", "")
	say(watch.Message, "context_updated", "opus_secretariat_5e21", "channel:agent:opus_secretariat_5e21", "", "version 3f2a9b1c77aa, 41822 bytes")
	say(watch.Message, "message", "", "channel:general", "", `{"shift":"night","note":"feedwater model diverged, route around drones until six"}`)
	say(watch.Repair, "repaired", "task_1a95ed00cc22", "channel:repairs", "", "task lost: put back into review")
	return s
}
