package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/views"
)

func TestASwarmAtWorkLooksAsItShould(t *testing.T) {
	for _, size := range sizes {
		name := func(what string) string { return fmt.Sprintf("%s-%dx%d", what, size[0], size[1]) }
		c := open(t, swarmPicture()).size(size[0], size[1])
		c.tell(views.Go{Screen: "screen.agents", Select: "haiku_worker_2d01"})
		golden(t, name("agents-work"), c.plain())
		c.press("enter")
		golden(t, name("agents-work-open"), c.plain())
		c.tell(views.Go{Screen: "screen.queues", Select: keyspace.TaskQueue("review")})
		c.press("enter")
		golden(t, name("queues-tasks"), c.plain())
		c.tell(views.Go{Screen: "screen.activity"}).press("end")
		golden(t, name("activity-work"), c.plain())
	}
}

func TestWhatIsAskedBeforeAnActOnAgentsLooksAsItShould(t *testing.T) {
	c := open(t, swarmPicture(), func(o *Options, _ *engine.Config) { o.As = "ops.lena" }).size(120, 40)
	c.tell(views.Go{Screen: "screen.agents", Select: "haiku_worker_2d01"})
	for _, key := range []string{"m", "r", "x"} {
		golden(t, "agents-ask-"+key+"-120x40", c.press(key).plain())
		c.wait(1e9).press("esc")
	}
}

func TestAnAgentWithoutProgressIsToldApartFromOneThatWorks(t *testing.T) {
	c := open(t, swarmPicture()).size(160, 50)
	c.sees("▲ 1 no progress 12m 40", "! 3 faulty")
	c.tell(views.Go{Screen: "screen.agents", Select: "haiku_worker_2d00"})
	c.sees("no progress 12m 40", "▲ 1 no progress", "no progress for 12m 40")
	c.tell(views.Go{Screen: "screen.agents", Select: "haiku_worker_2d01"})
	c.sees("● live", "busy 3 tasks ▲", "31m 00 held", "in queue")
}

func TestFaultsOfTasksLeadToTheirQueue(t *testing.T) {
	snap := emptyPicture()
	snap.Queues = richQueues()
	for i := range snap.Queues {
		snap.Queues[i].State = watch.Steady
	}
	snap.Work = swarmPicture().Work
	snap.Faults = []watch.Fault{{Kind: watch.TaskLost, Key: keyspace.TaskMeta("task_1057aa00bb11")}, {Kind: watch.TaskLost, Key: keyspace.TaskMeta("task_1a95ed00cc22")}}
	c := open(t, snap).size(160, 40).sees("! 2 tasks lost  task_1057aa00bb11").press("0")
	if bar := barred(c); c.screens[c.active].id != "screen.queues" || !strings.Contains(bar, "tasks:review") {
		t.Errorf("0 went to %s, %q", c.screens[c.active].id, bar)
	}
	c.sees("task_1057aa00bb11", "lost", "lease over")
}

func TestReadOnlyModeHasNoActsOnAgentsAndTasks(t *testing.T) {
	c := open(t, swarmPicture(), readOnly).size(160, 50)
	c.tell(views.Go{Screen: "screen.agents", Select: "haiku_worker_2d01"})
	c.misses("m message", "r requeue", "x reap")
	for _, key := range []string{"m", "r", "x"} {
		if c.press(key); c.overlay != nil {
			t.Errorf("%s opens a dialog", key)
		}
	}
	c.tell(views.Go{Screen: "screen.queues", Select: keyspace.TaskQueue("review")}).press("enter", "r")
	if c.overlay != nil {
		t.Error("r opens a dialog")
	}
}

func TestATaskIsRequeuedOnlyWhereOneHasSelectedIt(t *testing.T) {
	c := open(t, swarmPicture()).size(160, 50)
	c.tell(views.Go{Screen: "screen.queues", Select: keyspace.TaskQueue("review")})
	if c.press("r"); c.overlay != nil {
		t.Fatal("r acts on a task that nobody selected")
	}
	c.press("enter", "r").sees("Requeue", "task_1057aa00bb11", "lost", "y requeue")
}

func TestActivityShowsOneKindAtATime(t *testing.T) {
	c := open(t, swarmPicture()).size(160, 50)
	c.tell(views.Go{Screen: "screen.activity"})
	c.sees("repaired", "dispatched", "agent_registered", "connection refused")
	c.press("s").sees("only decisions", "dispatched").misses("repaired", "agent_registered", "connection refused")
	c.press("s").sees("only messages", "agent_registered", "summary p5", "feedwater").misses("repaired", "dispatched")
	c.press("s").sees("only repairs", "task lost", "put back into review").misses("dispatched", "agent_registered")
	c.press("s").sees("only console", "connection refused").misses("dispatched")
	c.press("s").sees("newest last", "dispatched")
	snap := emptyPicture()
	snap.Activity = snap.Activity[:0]
	c.show(snap).press("s").sees("no decisions among the last 0 events", "s shows others")
}
