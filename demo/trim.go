package demo

import (
	"context"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	ledgerKept = 10_000 // records: some fifteen minutes, more than a console reads back
	trimEvery  = 15 * time.Second
)

// trim keeps the ledger of a demo that is left running for days within
// bounds. It is housekeeping, not part of the play, and the one thing here
// that does not go through the engine, which cannot trim the ledger yet.
func (w *World) trim(ctx context.Context) {
	s, err := store.Open(w.URL(), store.Options{Name: "ifpacket"})
	if err != nil {
		return // cannot be: the engine opened the same
	}
	defer func() { _ = s.Close() }()
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = s.Commands().XTrimMaxLen(ctx, keyspace.Main.Ledger(), ledgerKept).Err() // the next may do
		}
	}
}
