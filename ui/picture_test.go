package ui

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
)

// noon is when every picture here was taken.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

// richPicture has something of everything that a swarm can show.
func richPicture() *watch.Snapshot {
	return &watch.Snapshot{
		Version:   watch.Versions{All: 1},
		Taken:     ago(200 * time.Millisecond),
		Link:      watch.Link{State: watch.Live, Since: ago(time.Hour)},
		Server:    watch.Server{Address: "10.0.4.2:6379", Version: "7.0.15", Mode: "standalone", Role: "master"},
		Queues:    richQueues(),
		Agents:    richAgents(),
		Tasks:     watch.Tasks{Waiting: 98, Claimed: 12, Completed: 400, Lost: 1},
		Carcel:    watch.Carcel{Length: 8, Table: carcel.NewTable(richCarcel()...), Expired: 7},
		Contexts:  3,
		Activity:  richActivity(),
		Ledger:    48_211,
		EventRate: 18_400,
		Throughput: watch.Throughput{
			From: ago(watch.ThroughputSpan * time.Second), Dispatched: richSeconds(), Held: 0.3, Refused: 1.2,
			Marks: []watch.Mark{{At: ago(8 * time.Minute), Kind: "away"}, {At: ago(3 * time.Minute), Kind: "held"}, {At: ago(90 * time.Second), Kind: "blocked"}},
		},
		Faults: []watch.Fault{{Kind: watch.AgentSilent, Key: keyspace.Agent("haiku_worker_9c01"), Detail: "it stands in swarm:sessions and has no heartbeat"}},
	}
}

func queue(key string, depth int64, state watch.QueueState, net float64, oldest time.Duration) watch.Queue {
	q := watch.Queue{Key: key, Class: keyspace.Classify(key), Type: keyspace.Classify(key).RedisType(), Depth: depth, State: state, Net: net,
		Since: ago(time.Minute), Changed: ago(3 * time.Second), Peak: float64(depth)}
	if oldest > 0 {
		q.Oldest = ago(oldest)
	}
	for i := range q.History {
		q.History[i] = float64(depth) * float64(i+1) / watch.HistoryCells
	}
	if depth == 0 {
		q.Type = ""
		q.History[0] = math.NaN()
	}
	return q
}

func richQueues() []watch.Queue {
	wrong := queue("queue:clobbered", 1, watch.WrongType, 0, 0)
	wrong.Type = keyspace.TypeString
	ending := queue("queue:integrated-operations-of-the-north", 41, watch.Steady, 0.1, 600*time.Millisecond)
	ending.Expires = noon.Add(4 * time.Minute)
	return []watch.Queue{
		wrong,
		queue("queue:council", 12_408, watch.Stuck, 18.2, 6*time.Minute+2*time.Second),
		queue("queue:nuclear-power", 7, watch.Stuck, 0, 41*time.Minute),
		queue("queue:ems-dispatch", 1204, watch.Growing, 4.6, 38*time.Second),
		queue(keyspace.TaskQueue("review"), 310, watch.Growing, 1.1, 72*time.Second),
		queue(keyspace.TaskQueue("search"), 88, watch.Draining, -4, 2100*time.Millisecond),
		ending,
		queue("queue:matrix", 64, watch.Steady, -0.3, 900*time.Millisecond),
		queue("messages:sonnet_coordinator_bb74", 3, watch.Steady, 0, 4*time.Second),
		queue("queue:archive", 0, watch.Empty, 0, 0),
		queue(keyspace.TaskQueue("index"), 0, watch.Empty, 0, 0),
	}
}

func agent(id, parent string, level int, beat time.Duration, claims ...string) watch.Agent {
	a := watch.Agent{ID: id, Role: strings.TrimRight(id, "_0123456789abcdef"), Parent: parent, Level: level, Registered: ago(2 * time.Hour),
		Beat: ago(beat), BeatTTL: 5 * time.Minute, State: watch.Alive, Claims: claims, Session: true}
	a.Rate = math.NaN()
	for _, id := range claims {
		a.Holds = append(a.Holds, watch.Claim{Task: id, Queue: "review", Type: "summary", Agent: a.ID, Token: 3,
			Since: ago(20 * time.Second), Until: noon.Add(40 * time.Second), Lease: time.Minute})
	}
	switch {
	case beat > a.BeatTTL:
		a.State = watch.Silent
	case beat > 2*time.Minute:
		a.State = watch.Late
	}
	return a
}

// richAgents are three levels with a family of more than ten.
func richAgents() []watch.Agent {
	const boss, other = "sonnet_coordinator_bb74", "sonnet_coordinator_07de"
	all := []watch.Agent{
		agent("opus_secretariat_5e21", "", 0, time.Second, "task_1f3a99"),
		agent(other, "", 0, 3*time.Minute+8*time.Second, "task_1", "task_2"),
		agent("haiku_worker_c6f5", other, 1, 6*time.Second, "task_90aa12"),
		agent(boss, "", 0, 4*time.Second, "t1", "t2", "t3"),
		agent("haiku_worker_9c01", boss, 1, 12*time.Minute+40*time.Second, "task_e926ff"),
		agent("haiku_worker_41fe", boss, 1, 4*time.Minute+time.Second),
	}
	for i := range 12 {
		id := fmt.Sprintf("haiku_worker_2d%02x", i)
		all = append(all, agent(id, boss, 1, time.Duration(i+1)*time.Second))
		if i == 11 { // the last has workers of its own, of which one is late
			all = append(all, agent("haiku_scout_51b1", id, 2, 3*time.Minute))
			for j := range 5 {
				all = append(all, agent(fmt.Sprintf("haiku_scout_70%02x", j), id, 2, time.Second))
			}
		}
	}
	stray := agent("zz_stray", "long_gone", 0, time.Second)
	stray.Orphan = true
	never := agent("zz_unseen", "", 0, 0)
	never.Beat, never.BeatTTL, never.State = time.Time{}, 0, watch.Silent
	all = append(all, stray, never)
	markLast(all)
	return all
}

// markLast sets Last as the watcher does.
func markLast(all []watch.Agent) {
	for i := range all {
		all[i].Last = true
		for j := i + 1; j < len(all) && all[j].Level >= all[i].Level; j++ {
			if all[j].Level == all[i].Level {
				all[i].Last = false
				break
			}
		}
	}
}

func richCarcel() []*carcel.Entry {
	var out []*carcel.Entry
	add := func(primitive, vertical string, status governance.Status, age time.Duration, why string) {
		n := len(out)
		out = append(out, &carcel.Entry{
			SHA: fmt.Sprintf("%064x", n+1), TrackingID: fmt.Sprintf("550e8400-e29b-41d4-a716-4466554400%02x", n), Primitive: primitive, Vertical: vertical,
			Decision: status, Reason: why, Origin: "haiku_worker_41fe", Key: "queue:" + vertical, Operation: "rpush", At: ago(age),
		})
	}
	add("process.kill", "integrated-operations", governance.Blocked, 41*time.Second, "no pid")
	add("signal.broadcast", "ems-dispatch", governance.Blocked, 65*time.Second, "1,840 recipients > 1,000")
	add("logistics.spawn", "drones", governance.Review, 3*time.Minute+21*time.Second, "Human review required: entropy 0.74")
	add("matrix.route", "general", governance.Failed, 9*time.Minute, "timed out")
	add("process.kill", "nuclear-power", governance.CoSign, 14*time.Minute+8*time.Second, "Two-person rule required for process.kill")
	add("", "", "", 0, "")
	*out[len(out)-1] = carcel.Entry{SHA: fmt.Sprintf("%064x", len(out)), Faults: []packet.Fault{{Field: "entry", Value: "no JSON", Expected: "a JSON object"}}}
	add("packet.purge", "general", "replayed", 22*time.Minute, "came back")
	add("signal.terminate", "drones", governance.Approved, 62*time.Minute, "released")
	return out
}

func richActivity() []watch.Event {
	e := func(kind watch.EventKind, what, subject, where, who, detail string, count int) watch.Event {
		return watch.Event{Kind: kind, What: what, Subject: subject, Where: where, Who: who, Detail: detail, Count: count}
	}
	const id = "9b1f02c7-0000-4000-8000-000000000001"
	all := []watch.Event{
		e(watch.Console, "live", "10.0.4.2:6379", "", "", "notifications arrive", 1),
		e(watch.Decision, "dispatched", id, "queue:matrix", "haiku_worker_2dd8", "", 1),
		e(watch.Decision, "dispatched", "", "queue:council", "bench", "", 2048),
		e(watch.Decision, "held", id, "queue:nuclear-power", "haiku_worker_41fe", "", 1),
		e(watch.Decision, "blocked", id, "queue:ems-dispatch", "haiku_worker_77ac", "", 1),
		e(watch.Decision, "expired", id, "queue:archive", "", "", 3),
		e(watch.Decision, "released", id, "queue:drones", "lena", "", 1),
		e(watch.Message, "task_posted", "task_e829ec39d2d1", "channel:tasks", "sonnet_coordinator_bb74", "", 1),
		e(watch.Message, "message", "", "channel:general", "", "all stations report", 1),
		e(watch.Console, "away", "10.0.4.2:6379", "", "", "connection refused", 1),
		e(watch.Console, "ledger lost", "", "", "", "positions 4 to 9 are gone", 1),
		e(watch.Console, "drafts", "", "", "", "could not be read", 1),
	}
	for i := range all {
		all[i].Seq, all[i].At = uint64(i+1), ago(time.Duration(len(all)-i)*time.Second)
	}
	return all
}

// richSeconds are ten minutes with a gap and a minute of nothing.
func richSeconds() []float64 {
	out := make([]float64, watch.ThroughputSpan)
	for i := range out {
		out[i] = math.Round(12_000 + 6_000*math.Sin(float64(i)/40))
		switch {
		case i < 60 || i >= 200 && i < 240:
			out[i] = math.NaN()
		case i >= 300 && i < 360:
			out[i] = 0
		}
	}
	return out
}

// emptyPicture is a Redis in which nothing is.
func emptyPicture() *watch.Snapshot {
	return &watch.Snapshot{Taken: ago(time.Second / 2), Link: watch.Link{State: watch.Live, Since: ago(time.Minute)},
		Server: watch.Server{Address: "127.0.0.1:6379", Version: "7.0.15"}}
}

func awayPicture() *watch.Snapshot {
	s := richPicture()
	s.Taken = ago(14 * time.Second)
	s.Link = watch.Link{State: watch.Away, Since: ago(14 * time.Second), Reason: "connection refused", Attempt: 4, NextTry: noon.Add(8 * time.Second)}
	return s
}

func pollingPicture() *watch.Snapshot {
	s := emptyPicture()
	s.Link = watch.Link{State: watch.Polling, Since: ago(time.Minute), Reason: "CONFIG SET is forbidden for this user"}
	return s
}

func connectingPicture() *watch.Snapshot {
	return &watch.Snapshot{Link: watch.Link{State: watch.Connecting, Since: noon}, Server: watch.Server{Address: "127.0.0.1:6379"}}
}

func neverPicture() *watch.Snapshot {
	s := connectingPicture()
	s.Link = watch.Link{State: watch.Away, Since: noon, Reason: "connection refused", Attempt: 1, NextTry: noon.Add(time.Second)}
	return s
}
