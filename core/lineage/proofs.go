package lineage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/ledger"
)

// proofs remembers of which records the ledger has proved that they are in it.
// Once that is so it stays so: every later checkpoint continues the one before.
type proofs struct {
	log  Log
	done map[int64]proved
	// waits says that nobody looks again for the sake of a record that was not
	// sealed when the ledger was looked at last.
	waits bool
	last  int64 // the record that was asked about last
}

type proved struct {
	index  int64
	digest *ledger.Hash
}

// maxProofs is how many proofs are remembered.
const maxProofs = 20_000

// evidence is what the records about a packet prove: the newest, and the one
// that has its digest.
func (p *proofs) evidence(ctx context.Context, k Known, f *Found) *seal.Evidence {
	held := k.State.Event == ledger.Held || k.State.Event == ledger.Blocked
	e := &seal.Evidence{Digest: k.State.Digest, Batch: k.State.Batch, Held: held}
	if len(f.Raw) > 0 && !held { // those have the entry's digest
		sum := sha256.Sum256(f.Raw)
		e.Stored = &sum
	}
	if why := p.refused(ctx); why != "" {
		return &seal.Evidence{Unproved: why}
	}
	for _, position := range []int64{k.State.Position, k.Last.Position} {
		if position == 0 {
			continue
		}
		done, err := p.prove(ctx, position)
		switch {
		case err == nil:
			e.Index = done.index
			if position == k.State.Position {
				e.Digest = done.digest
			}
		case errors.Is(err, ledger.ErrDamaged) && !errors.Is(err, ledger.ErrRefused):
			e.Forged = reason(err)
			if position == k.State.Position { // then its digest tells nothing, nor its place
				e.Digest = nil
			}
			return e
		case errors.Is(err, ledger.ErrNotSealed):
			e.Pending = true
		default: // trimmed, or not to be read
			e.Unproved = reason(err)
		}
	}
	return e
}

// prove proves one record.
func (p *proofs) prove(ctx context.Context, position int64) (proved, error) {
	if done, there := p.done[position]; there {
		return done, nil
	}
	if p.waits && position > p.log.State().Sealed() {
		return proved{}, fmt.Errorf("record %d is %w", position, ledger.ErrNotSealed)
	}
	before := p.last
	if p.last = position; before > 0 && max(position-before, before-position) <= stretch {
		p.around(ctx, position, before)
	}
	if done, there := p.done[position]; there {
		return done, nil
	}
	proof, err := p.log.Prove(ctx, position)
	if err != nil {
		return proved{}, err
	}
	return p.keep(proof.Index, &proof.Record), nil
}

// stretch is how many records are proved together where packets are asked
// about in the order in which they were sent, as those of a queue are.
const stretch = 128

// around proves a record and those that will be asked about next, if it goes on
// as from the one before.
func (p *proofs) around(ctx context.Context, position, before int64) {
	first := position
	if position < before {
		first = position - stretch + 1
	}
	list := make([]int64, 0, stretch)
	for n := first; n < first+stretch; n++ {
		list = append(list, n)
	}
	p.many(ctx, list)
}

const (
	runLeast = 8 // of so many records near each other all between are read
	runGap   = 16
)

// many proves records that were not proved yet, as far as a checkpoint covers
// them: those that stand near each other together. What cannot be proved so is
// left to prove.
func (p *proofs) many(ctx context.Context, positions []int64) {
	s := p.log.State()
	if s.Trouble != nil || s.Checkpoint == nil {
		return
	}
	var list []int64
	for _, n := range positions {
		if _, done := p.done[n]; !done && n > s.Checkpoint.Base && n <= s.Checkpoint.Last() {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n]-list[n-1] <= runGap {
			n++
		}
		if n >= runLeast {
			p.run(ctx, list[:n], s.Checkpoint.Base)
		}
		list = list[n:]
	}
}

// run proves records by their positions, which rise.
func (p *proofs) run(ctx context.Context, list []int64, base int64) {
	var records []ledger.Record
	last := list[len(list)-1]
	err := p.log.Read(ctx, list[0], func(r ledger.Record) bool {
		if len(list) > 0 && r.Position == list[0] {
			records, list = append(records, r), list[1:]
		}
		return r.Position < last
	})
	if err != nil {
		return
	}
	each, err := p.log.Included(ctx, records)
	if err != nil {
		return
	}
	for i := range records {
		if each[i] == nil {
			p.keep(records[i].Position-base-1, &records[i])
		}
	}
}

func (p *proofs) keep(index int64, r *ledger.Record) proved {
	if len(p.done) >= maxProofs {
		p.done = nil
	}
	if p.done == nil {
		p.done = map[int64]proved{}
	}
	done := proved{index, r.Digest()}
	p.done[r.Position] = done
	return done
}

// refused tells why nothing in the ledger counts, "" when it does.
func (p *proofs) refused(ctx context.Context) string {
	s := p.log.State()
	if s.Looked.IsZero() {
		var err error
		if s, err = p.log.Look(ctx); err != nil {
			return "the ledger could not be looked at: " + err.Error()
		}
	}
	var r *ledger.Refused
	switch {
	case s.Trouble == nil:
		return ""
	case errors.As(s.Trouble, &r):
		return fmt.Sprintf("the ledger is refused, and nothing in it counts: %v: %s", r.Kind, r.Why)
	}
	return "the ledger is refused, and nothing in it counts: " + s.Trouble.Error()
}

// reason is an error of the ledger as a line of a verdict.
func reason(err error) string { return "the ledger: " + err.Error() }
