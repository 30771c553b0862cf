package engine

import "github.com/infrafabric/ifpacket/core/meter"

// Performance is how long dispatching takes, over the last meter.Window.
// Figures of time are in nanoseconds.
type Performance struct {
	// Stages are of what this process dispatches, measured by itself.
	Stages [meter.Stages]meter.Figures
	// The others are of what anybody dispatches, by the ledger's times; see
	// lineage.Flow. They are empty where no feed runs.
	Written, Queued, Held meter.Figures
	Batches               meter.Figures
}

// Performance works the figures out, which takes about a millisecond.
func (e *Engine) Performance() Performance {
	var p Performance
	for s := range p.Stages {
		p.Stages[s] = e.meter.Of(meter.Stage(s)).Figures()
	}
	flow := e.feed.Flow()
	p.Written, p.Queued, p.Held, p.Batches = flow.Written.Figures(), flow.Queued.Figures(), flow.Held.Figures(), flow.Batches.Figures()
	return p
}
