package demo

import (
	"context"
	"io"
	"time"
)

const (
	ledgerKept = 10_000 // records: some fifteen minutes, more than a console reads back
	trimEvery  = 15 * time.Second
	sealEvery  = time.Second
)

// keepLedger seals the world's ledger, and keeps that of a demo which is left
// running for days within bounds: what is trimmed is exported to nowhere, since
// a demo keeps nothing.
func (w *World) keepLedger(ctx context.Context) {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	trimmed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s, err := w.engine.SealLedger(ctx)
		if err == nil && time.Since(trimmed) > trimEvery && s.Sealed()-s.First > ledgerKept {
			trimmed = time.Now()
			_, err = w.engine.Ledger().Trim(ctx, s.Sealed()-ledgerKept, nowhere)
		}
		if err != nil && ctx.Err() == nil {
			w.last.Store(&err) // a visitor may have broken something
		}
	}
}

func nowhere(_ string, fill func(io.Writer) error) error { return fill(io.Discard) }
