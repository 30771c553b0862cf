package engine

import (
	"context"

	"github.com/infrafabric/ifpacket/core/lineage"
)

func (e *Engine) sources(unrecorded []string) lineage.Sources {
	return lineage.Sources{
		Store: e.store, Ledger: e.ledger, Keys: e.keyring, Carcel: e.carcel, Registry: e.registry, RequireSeal: e.requiresSeal,
		Options: lineage.Options{Unrecorded: unrecorded, TakenFrom: e.watcher.TakenFrom},
	}
}

// requiresSeal reports whether the policy in force takes a packet without a
// seal for one that fails.
func (e *Engine) requiresSeal() bool {
	p, ok := e.Council().InForce().(interface{ RequiresSeal() bool })
	return ok && p.RequiresSeal()
}

// Feed looks at the evidence of packets as they arrive, by what the watcher
// sees; run it with Feed().Run, beside Watcher().Run.
func (e *Engine) Feed() *lineage.Feed { return e.feed }

// Trace tells all that is known of one packet; see lineage.Tracer.
func (e *Engine) Trace(ctx context.Context, asked string) (lineage.Report, error) {
	return e.tracer.Trace(ctx, asked)
}

// Census compares the ledger with what Redis holds, once; see
// lineage.TakeCensus.
func (e *Engine) Census(ctx context.Context) (lineage.Census, error) {
	return lineage.TakeCensus(ctx, e.tracer.Sources)
}
