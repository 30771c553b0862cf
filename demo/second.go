package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
)

const (
	secondName = "ops.lena"
	// signsAfter is how long the second operator takes to sign after somebody
	// else did.
	signsAfter  = 10 * time.Second
	secondLooks = time.Second
)

// Keys are the visitor's keys, kept in memory: an operator called "you", whom
// the world's keyring trusts.
func (w *World) Keys() keyring.KeyStore { return w.keys }

// swearIn makes the two operators: the second one, who holds the root key, and
// the visitor. The swarm and the visitor get a key each to seal with, and the
// swarm one for its ledger.
func (w *World) swearIn(ctx context.Context) error {
	lena := w.engine.Keyring()
	if _, err := lena.New(ctx, keyring.NewKey{Role: keyring.Operator, Name: secondName}); err != nil {
		return fmt.Errorf("demo: keys: %w", err)
	}
	for _, key := range []keyring.NewKey{{Role: keyring.Seal, Name: "swarm"}, {Role: keyring.Log, Name: "swarm"}} {
		if _, err := lena.New(ctx, key); err != nil {
			return fmt.Errorf("demo: keys: %w", err)
		}
	}
	visitor, err := engine.Open(engine.Config{URL: w.URL(), Keys: w.keys})
	if err != nil {
		return fmt.Errorf("demo: keys: %w", err)
	}
	defer func() { _ = visitor.Close() }()
	for _, role := range []keyring.Role{keyring.Operator, keyring.Seal} {
		made, err := visitor.Keyring().New(ctx, keyring.NewKey{Role: role, Name: "you"})
		if err == nil {
			_, err = lena.Trust(ctx, made.Entry.KeyID)
		}
		if err != nil {
			return fmt.Errorf("demo: keys: %w", err)
		}
	}
	return nil
}

// second is the other operator of the swarm: whenever somebody has signed a
// packet that needs two, she looks at it for a while and signs as well.
func (w *World) second(ctx context.Context) {
	signer, err := w.engine.Keyring().Signer(ctx, keyring.Operator, secondName)
	if err != nil {
		w.last.Store(&err)
		return
	}
	index := w.engine.Carcel().Index()
	tick := time.NewTicker(secondLooks)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := index.Refresh(ctx); err != nil {
			continue // the next look may do
		}
		for _, e := range index.Table().Entries {
			if e.Decision != governance.CoSign || e.Given == 0 || e.Given >= e.Required {
				continue
			}
			k, err := w.engine.Carcel().Case(ctx, e.TrackingID)
			if err != nil || len(k.Record.Approvals) == 0 {
				continue
			}
			last := k.Record.Approvals[len(k.Record.Approvals)-1]
			at, err := time.Parse(time.RFC3339, last.At)
			if err != nil || last.Person == secondName || time.Since(at) < signsAfter {
				continue
			}
			if _, err := w.engine.Carcel().Approve(ctx, e.TrackingID, signer, "agreed"); err != nil && ctx.Err() == nil {
				w.last.Store(&err) // somebody else was quicker, or the visitor changed their mind
			}
		}
	}
}
