package ui

import (
	"fmt"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/views"
)

// crowd is a swarm of 10,000 agents under 100 coordinators with 1,000 queues
// and a hundred entries in the carcel.
func crowd() *watch.Snapshot {
	s := richPicture()
	s.Queues, s.Agents = nil, nil
	for i := range 1000 {
		s.Queues = append(s.Queues, queue(fmt.Sprintf("queue:vertical-%04d", i), int64(i), watch.QueueState(min(1+i/20, 5)), float64(i%9), time.Duration(i)*time.Second))
	}
	for i := range 100 {
		boss := fmt.Sprintf("sonnet_coordinator_%04x", i)
		s.Agents = append(s.Agents, agent(boss, "", 0, time.Second, "task_1"))
		for j := range 99 {
			s.Agents = append(s.Agents, agent(fmt.Sprintf("haiku_worker_%02x%02x", i, j), boss, 1, time.Duration((99-j)*4)*time.Second))
		}
	}
	markLast(s.Agents)
	s.Queues = append(s.Queues, queue(keyspace.TaskQueue("review"), 5000, watch.Growing, 1, time.Second))
	for i := range s.Agents {
		a := &s.Agents[i]
		a.Holds = []watch.Claim{{Task: fmt.Sprint("task_", i), Queue: "review", Type: "summary", Agent: a.ID, Since: ago(time.Minute), Until: noon.Add(time.Minute), Lease: time.Minute}}
		s.Work.Claims = append(s.Work.Claims, a.Holds[0])
	}
	var held []*carcel.Entry
	for range 13 {
		held = append(held, richCarcel()...)
	}
	s.Carcel.Table = carcel.NewTable(held[:100]...)
	for i := range 500 {
		e := richActivity()[i%12]
		e.Seq = uint64(i)
		s.Activity = append(s.Activity, e)
	}
	return s
}

// wakes are pictures as the watcher makes them one after the other: each with
// new queues, agents and activity.
func wakes() []*watch.Snapshot { return []*watch.Snapshot{crowd(), crowd()} }

// BenchmarkFrame draws the whole of Pulse at 200x60.
func BenchmarkFrame(b *testing.B) {
	c := open(b, crowd()).size(200, 60)
	b.ReportAllocs()
	for b.Loop() {
		_ = c.View()
	}
}

// BenchmarkWake takes a new picture in which everything changed, and draws it.
func BenchmarkWake(b *testing.B) {
	for _, screen := range []string{"screen.pulse", "screen.queues", "screen.agents", "screen.carcel", "screen.lineage", "screen.activity"} {
		b.Run(screen[len("screen."):], func(b *testing.B) {
			all := wakes()
			c := open(b, all[0]).size(200, 60).tell(views.Go{Screen: screen})
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c.show(all[i%len(all)])
				_ = c.View()
			}
		})
	}
}

// BenchmarkTasks takes a new picture of a queue of which 10,000 tasks are
// claimed, and draws it.
func BenchmarkTasks(b *testing.B) {
	all := wakes()
	for i, s := range all {
		s.Version = watch.Versions{All: uint64(i + 1), Agents: uint64(i + 1)}
	}
	c := open(b, all[0]).size(200, 60).tell(views.Go{Screen: "screen.queues", Select: keyspace.TaskQueue("review")})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.show(all[i%len(all)])
		_ = c.View()
	}
}

// BenchmarkRefresh takes a new picture without drawing it: all of it new, or
// only the throughput.
func BenchmarkRefresh(b *testing.B) {
	for name, all := range map[string][]*watch.Snapshot{"changed": wakes(), "same": {crowd()}} {
		b.Run(name, func(b *testing.B) {
			c := open(b, all[0]).size(200, 60)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c.show(all[i%len(all)])
			}
		})
	}
}

// TestAWakeUpIsCheap holds the figure that the benchmarks show, with much
// room for slow machines: Refresh and a frame of the largest swarm.
func TestAWakeUpIsCheap(t *testing.T) {
	all := wakes()
	c := open(t, all[0]).size(200, 60)
	best := time.Hour
	for i := range 20 {
		begin := time.Now()
		c.show(all[i%2])
		_ = c.View()
		best = min(best, time.Since(begin))
	}
	if best > 60*time.Millisecond { // below 1 ms without the race detector
		t.Errorf("Refresh and View of Pulse take %v", best)
	}
}
