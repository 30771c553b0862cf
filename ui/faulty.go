package ui

import (
	"strings"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/views"
)

// faulty are the faults that have no matter of their own: lost tasks and stuck
// claims among them. It goes to where the first is shown; the activity tells
// each.
func faulty(s *watch.Snapshot) matter {
	a := matter{glyph: themes.GlyphError, tiny: "faulty"}
	kinds := map[watch.FaultKind]bool{}
	for i := range s.Faults {
		f := &s.Faults[i]
		switch {
		case f.Kind == watch.AgentSilent:
		case f.Kind == watch.TypeWrong && queueKey(f.Key):
		default:
			kinds[f.Kind] = true
			if a.n++; a.n == 1 {
				a.worst, a.target = string(f.Kind)+" "+f.Key, place(s, f)
				if id := keyspace.TaskOf(f.Key); id != "" { // the kind may say the rest
					a.worst = string(f.Kind) + " " + id
				}
			}
		}
	}
	a.what = plural(a.n, "fault", "faults")
	if words, known := taskFaults[firstOf(kinds)]; known && len(kinds) == 1 {
		a.what = plural(a.n, words[0], words[1])
		a.worst = a.worst[strings.LastIndexByte(a.worst, ' ')+1:]
	}
	return a
}

// taskFaults are the words for faults of tasks, where there are no others.
var taskFaults = map[watch.FaultKind][2]string{
	watch.TaskLost:     {"task lost", "tasks lost"},
	watch.ClaimInQueue: {"claim stuck", "claims stuck"},
}

func firstOf(kinds map[watch.FaultKind]bool) (kind watch.FaultKind) {
	for kind = range kinds {
		break
	}
	return kind
}

// place is where a fault is shown: at the agent, or at the queue of the task.
func place(s *watch.Snapshot, f *watch.Fault) views.Go {
	if id := keyspace.AgentOf(f.Key); id != "" && f.Kind != watch.NoSuchAgent {
		return views.Go{Screen: "screen.agents", Select: id}
	}
	queue := ""
	id := keyspace.TaskOf(f.Key)
	for i := range s.Work.Lost {
		if s.Work.Lost[i].Task == id {
			queue = s.Work.Lost[i].Queue
		}
	}
	for i := range s.Work.Claims {
		if s.Work.Claims[i].Task == id {
			queue = s.Work.Claims[i].Queue
		}
	}
	if id != "" && queue != "" {
		return views.Go{Screen: "screen.queues", Select: keyspace.TaskQueue(queue)}
	}
	return views.Go{Screen: "screen.activity"}
}

// queueKey reports whether a key stands among the queues.
func queueKey(key string) bool {
	switch keyspace.Classify(key) {
	case keyspace.PacketQueue, keyspace.Inbox, keyspace.TaskWaiting:
		return true
	}
	return false
}
