package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/infrafabric/ifpacket/core/bundle"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/ledger"
)

// Bundle gathers the evidence about one packet for those who have neither this
// Redis nor this program; see bundle.Write. It writes nothing: what no
// checkpoint covers yet stays without proof, which Lacks tells. Errors are
// those of Trace.
func (e *Engine) Bundle(ctx context.Context, asked string) (*bundle.Evidence, error) {
	r, err := e.Trace(ctx, asked, 0)
	if err != nil {
		return nil, err
	}
	b := &bundle.Evidence{Report: r}
	if b.Keyring, err = e.keyring.Export(ctx); errors.Is(err, keyring.ErrNoRing) {
		b.Lacks = append(b.Lacks, "there is no keyring, so that no signature can be checked")
	} else if err != nil {
		return nil, err
	}
	if err := e.proveAll(ctx, b); err != nil {
		return nil, err
	}
	if len(r.Records) == 0 {
		b.Lacks = append(b.Lacks, "the ledger has no record of it")
	}
	return b, nil
}

// proveTries is how often the records are proved again because a new
// checkpoint was signed in between.
const proveTries = 3

// proveAll proves every record of the report under one checkpoint, which is
// that of the report's own proof.
func (e *Engine) proveAll(ctx context.Context, b *bundle.Evidence) error {
	for range proveTries {
		lacks, mixed := []string(nil), false
		b.Proofs, b.Report.Proof = nil, nil
		for i := range b.Report.Records {
			n := b.Report.Records[i].Position
			p, err := e.ledger.Prove(ctx, n)
			switch {
			case errors.Is(err, ledger.ErrNotSealed):
				lacks = append(lacks, fmt.Sprintf("no proof of record %d: %v; ifpacket ledger checkpoint seals it", n, err))
				continue
			case errors.Is(err, ledger.ErrNoRecord), errors.Is(err, ledger.ErrDamaged), errors.Is(err, ledger.ErrRefused):
				lacks = append(lacks, fmt.Sprintf("no proof of record %d: %v", n, err))
				continue
			case err != nil:
				return err
			}
			b.Proofs = append(b.Proofs, p)
			b.Report.Proof = &b.Proofs[len(b.Proofs)-1]
			mixed = mixed || p.Checkpoint.Note != b.Proofs[0].Checkpoint.Note
		}
		if !mixed {
			b.Lacks = append(b.Lacks, lacks...)
			return nil
		}
	}
	return fmt.Errorf("bundle: the ledger is sealed faster than its records can be proved; try again")
}
