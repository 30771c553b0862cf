package views

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/keymap"
)

// goTo is where a subject's row is; ok is false for the swarm, which has none.
func (v *Voices) goTo(on voices.Subject) (g Go, ok bool) {
	switch on.Kind {
	case voices.OfQueue:
		return Go{"screen.queues", on.ID}, true
	case voices.OfAgent:
		return Go{"screen.agents", on.ID}, true
	case voices.OfEntry:
		return Go{"screen.carcel", on.ID}, true
	case voices.OfPacket, voices.OfDecision:
		return Go{"screen.lineage", on.ID}, true
	}
	return Go{}, false
}

// place is where one looks at a piece of evidence, and what one then reads
// there; ok is false for what no screen shows.
func (v *Voices) place(r voices.Ref) (g Go, on voices.Subject, ok bool) {
	switch r.Kind {
	case voices.AtKey:
		return v.keyPlace(r.Name)
	case voices.AtRecord:
		if r.About == "" {
			return Go{"screen.lineage", ""}, voices.Swarm, true
		}
		on = voices.Subject{Kind: voices.OfPacket, ID: r.About}
	case voices.AtPacket:
		on = voices.Subject{Kind: voices.OfPacket, ID: r.Name}
	case voices.AtVerdict:
		if sha := v.entryOf(r.Name); sha != "" {
			on = voices.Subject{Kind: voices.OfEntry, ID: sha}
		} else {
			on = voices.Subject{Kind: voices.OfPacket, ID: r.Name}
		}
	case voices.AtEntry:
		on = voices.Subject{Kind: voices.OfEntry, ID: r.Name}
	case voices.AtAgent:
		on = voices.Subject{Kind: voices.OfAgent, ID: r.Name}
	case voices.AtFigure:
		screen := map[string]string{
			"policy": "screen.council", "agents": "screen.agents", "queues": "screen.queues", "tasks": "screen.queues",
			"verdicts": "screen.lineage", "census": "screen.lineage", "schema_version": "screen.lineage",
		}[r.Name]
		return Go{screen, ""}, voices.Swarm, screen != ""
	default:
		return Go{}, voices.Swarm, false
	}
	g, ok = v.goTo(on)
	return g, on, ok
}

func (v *Voices) keyPlace(key string) (g Go, on voices.Subject, ok bool) {
	for i := range v.Snap.Queues {
		if v.Snap.Queues[i].Key == key {
			return Go{"screen.queues", key}, voices.Subject{Kind: voices.OfQueue, ID: key}, true
		}
	}
	switch c := keyspace.Classify(key); {
	case c == keyspace.Carcel || c == keyspace.CarcelIndex:
		return Go{"screen.carcel", ""}, voices.Swarm, true
	case key == keyspace.Main.Ledger() || key == keyspace.Main.Checkpoint():
		return Go{"screen.lineage", ""}, voices.Swarm, true
	}
	if id := keyspace.AgentOf(key); id != "" {
		return Go{"screen.agents", id}, voices.Subject{Kind: voices.OfAgent, ID: id}, true
	}
	if id := keyspace.TaskOf(key); id != "" {
		return Go{"screen.queues", ""}, voices.Subject{Kind: voices.OfTask, ID: id}, true
	}
	return Go{}, voices.Swarm, false
}

// entryOf is the entry of the carcel that holds a packet, "" where none does.
func (v *Voices) entryOf(trackingID string) string {
	for _, e := range v.Snap.Carcel.Entries() {
		if e.TrackingID == trackingID || e.SHA == trackingID {
			return e.SHA
		}
	}
	return ""
}

// actBindings are those that an act stands for, on the carcel's screen.
var actBindings = map[voices.Act]string{voices.Sign: "carcel.sign", voices.Appeal: "carcel.appeal", voices.Replay: "carcel.replay"}

// begin does what a finding offers, or begins it where it asks first.
func (v *Voices) begin(a *voices.Action) tea.Cmd {
	switch a.Act {
	case voices.Sign, voices.Appeal, voices.Replay:
		if sha := v.entryOf(a.On.ID); sha != "" {
			return send(GoAndDo{Go{"screen.carcel", sha}, actBindings[a.Act]})
		}
		return send(Go{"screen.carcel", ""})
	case voices.Accept:
		return send(GoAndDo{Go{"screen.lineage", ""}, "lineage.accept"})
	case voices.Requeue:
		return send(GoAndDo{Go{"screen.agents", a.On.ID}, "agents.requeue"})
	case voices.Reap:
		return send(GoAndDo{Go{"screen.agents", ""}, "agents.reap"})
	case voices.Command:
		return send(Copy{"the command: " + a.Text, a.Text})
	case voices.Export:
		return v.export(a.On.ID)
	}
	if g, ok := v.goTo(a.On); ok {
		return send(g)
	}
	return nil
}

// export writes the report on a packet into a file.
func (v *Voices) export(id string) tea.Cmd {
	evidence := v.Evidence
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), traceTimeout)
		defer cancel()
		report, err := evidence.Trace(ctx, id, nearReach)
		if err != nil {
			return exportedMsg{err: err}
		}
		path, err := evidence.SaveReport(report)
		return exportedMsg{path, err}
	}
}

// allows says whether an act is possible now.
func (v *Voices) allows(a *voices.Action) keymap.State {
	switch a.Act {
	case voices.Sign, voices.Appeal, voices.Replay, voices.Accept, voices.Requeue, voices.Reap:
		held := a.Act == voices.Sign || a.Act == voices.Appeal || a.Act == voices.Replay
		switch {
		case v.Engine.ReadOnly():
			return keymap.Off("read only")
		case v.Away():
			return keymap.Off("acting is off while Redis is away")
		case held && v.entryOf(a.On.ID) == "":
			return keymap.Off("it is not in the carcel any more")
		}
	case voices.Export:
		if v.Away() {
			return keymap.Off("nothing can be traced until Redis answers")
		}
	}
	return keymap.On
}
