package engine

import (
	"context"
	"errors"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/watch"
)

const (
	sealEvery   = time.Second      // while there is anything to seal
	lookEvery   = 5 * time.Second  // at a ledger that others seal, or that stands still
	logKeyEvery = 30 * time.Second // between two looks for a log key that was not there
)

// SealLedger seals the ledger up to its newest record. Where this machine
// holds the root key and there is no log key yet, one is made. Errors are those
// of ledger.Seal.
func (e *Engine) SealLedger(ctx context.Context) (*ledger.State, error) {
	s, err := e.ledger.Seal(ctx)
	if !errors.Is(err, ledger.ErrNoLogKey) {
		return s, err
	}
	roots, rerr := e.keyring.Signers(ctx, keyring.Root)
	if rerr != nil || len(roots) == 0 {
		return s, err
	}
	if _, _, err := e.keyring.Ensure(ctx, keyring.NewKey{Role: keyring.Log, Name: e.name}); err != nil {
		return s, err
	}
	return e.ledger.Seal(ctx)
}

// AcceptLedger takes a ledger that is refused for what it is now; see
// ledger.Accept. A keyring that was lost with it is put back, and its positions
// moved into a ledger that begins anew, where the root key is here; and what is
// there is sealed where this machine can.
func (e *Engine) AcceptLedger(ctx context.Context, why string) (ledger.Accepted, error) {
	done, err := e.ledger.Accept(ctx, why)
	if err != nil {
		return done, err
	}
	if err := e.keyring.Restore(ctx); err != nil && !errors.Is(err, keyring.ErrNotRoot) && !errors.Is(err, keyring.ErrNoRing) {
		return done, err
	}
	s, err := e.SealLedger(ctx)
	if err != nil && !errors.Is(err, ledger.ErrNoLogKey) {
		return done, err
	}
	done.State = s
	return done, nil
}

// tendLedger seals what is new, or looks at what others have sealed. A ledger
// that stands still costs a look now and then, for its witness.
func (e *Engine) tendLedger(ctx context.Context) {
	failed, refused := teller{e: e, what: "ledger failed"}, teller{e: e, what: "ledger refused"}
	var noKeyAt time.Time // when no log key was found here
	every(ctx, sealEvery, func() {
		snap, s := e.watcher.Snapshot(), e.ledger.State()
		if snap.Link.State == watch.Away || snap.Link.State == watch.Connecting {
			return
		}
		var err error
		mine := !e.ReadOnly() && s.Trouble == nil && time.Since(noKeyAt) > logKeyEvery
		switch {
		case mine && snap.Ledger > s.Sealed():
			if s, err = e.SealLedger(ctx); errors.Is(err, ledger.ErrNoLogKey) {
				noKeyAt, err = time.Now(), nil
			}
		case time.Since(s.Looked) >= lookEvery, snap.Ledger > s.Position && time.Since(s.Looked) >= lookEvery/2:
			s, err = e.ledger.Look(ctx)
		}
		if ctx.Err() != nil || errors.Is(err, store.ErrUnreachable) {
			return
		}
		failed.tell(err)
		if s != nil {
			refused.tell(s.Trouble)
		}
	})
}
