package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof is the evidence that one record is in the ledger: whoever has it, and
// the log key, needs neither Redis nor this program to check it.
type Proof struct {
	Record     Record
	Index      int64  // of its leaf, from 0
	Path       []Hash // the audit path of RFC 6962, from the leaf up
	Checkpoint Checkpoint
}

// Check hashes the record again and tells why the path does not lead from it
// to the checkpoint's root, nil when it does. The checkpoint's signature is not
// its matter: see OpenCheckpoint.
func (p *Proof) Check() error {
	if p.Index != p.Record.Position-p.Checkpoint.Base-1 {
		return fmt.Errorf("%w: record %d is no leaf %d", ErrDamaged, p.Record.Position, p.Index)
	}
	if err := CheckInclusion(p.Record.Leaf(), p.Index, p.Checkpoint.Size, p.Path, p.Checkpoint.Root); err != nil {
		return fmt.Errorf("%w: record %d is not the one that was sealed", ErrDamaged, p.Record.Position)
	}
	return nil
}

// ErrNoRecord says that there is no record at a position.
var ErrNoRecord = errors.New("no such record")

// Prove gives the proof that the record at a position is in the ledger, after
// having checked it against the newest checkpoint. Errors match ErrNotSealed,
// ErrNoRecord, ErrDamaged (the record is not the one that was sealed),
// ErrRefused, or are those of Look.
func (l *Ledger) Prove(ctx context.Context, position int64) (Proof, error) {
	c, unsealed := l.covering(ctx, position)
	if unsealed != nil && !errors.Is(unsealed, ErrNotSealed) {
		return Proof{}, unsealed
	}
	at := strconv.FormatInt(max(position, 0), 10)
	lot, err := l.lot(ctx, "XRANGE", at, at)
	switch {
	case err != nil:
		return Proof{}, err
	case len(lot) > 0 && unsealed != nil:
		return Proof{}, unsealed
	case len(lot) == 0 && unsealed != nil:
		return Proof{}, fmt.Errorf("%w: there is none at position %d", ErrNoRecord, position)
	case len(lot) == 0:
		return Proof{}, fmt.Errorf("%w: %d; it was trimmed, or taken away", ErrNoRecord, position)
	}
	p := Proof{Record: lot[0], Index: position - c.Base - 1, Checkpoint: *c}
	err = l.withTree(ctx, c, func(tree tlog.HashReader) (err error) {
		p.Path, err = prove(p.Index, c.Size, tree)
		return err
	})
	if err != nil {
		return p, err
	}
	return p, p.Check()
}

// Included tells of each record whether it is in the ledger, as Prove does,
// for many at once and without their paths: the leaves of the tree are read
// and checked together. An error is nil, or matches ErrNotSealed or
// ErrDamaged. err is ErrRefused, or those of Look.
func (l *Ledger) Included(ctx context.Context, records []Record) (each []error, err error) {
	last := int64(0)
	for i := range records {
		last = max(last, records[i].Position)
	}
	c, err := l.covering(ctx, last)
	if err != nil && !errors.Is(err, ErrNotSealed) {
		return nil, err
	}
	each = make([]error, len(records))
	var sealed []Record
	var places []int
	for i, r := range records {
		if c == nil || r.Position > c.Last() || r.Position <= c.Base {
			each[i] = notSealed(r.Position)
			continue
		}
		sealed, places = append(sealed, r), append(places, i)
	}
	if len(sealed) == 0 {
		return each, nil
	}
	var wrong []bool
	err = l.withTree(ctx, c, func(tree tlog.HashReader) (err error) {
		wrong, err = differing(sealed, c, tree)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, r := range sealed {
		if wrong[i] {
			each[places[i]] = fmt.Errorf("%w: record %d is not the one that was sealed", ErrDamaged, r.Position)
		}
	}
	return each, nil
}

func notSealed(position int64) error {
	return fmt.Errorf("record %d is %w", position, ErrNotSealed)
}

// covering is the newest checkpoint, which covers a position. The ledger is
// looked at when the last look is old, or did not cover it. The checkpoint is
// returned with ErrNotSealed too.
func (l *Ledger) covering(ctx context.Context, position int64) (*Checkpoint, error) {
	s := l.state.Load()
	if l.now().Sub(s.Looked) >= fresh || s.Trouble == nil && position > s.Sealed() && l.now().Sub(s.Looked) >= retry {
		var err error
		if s, err = l.Look(ctx); err != nil {
			return nil, err
		}
	}
	switch c := s.Checkpoint; {
	case s.Trouble != nil:
		return nil, s.Trouble
	case c == nil || position > c.Last() || position <= c.Base:
		return c, notSealed(position)
	default:
		return c, nil
	}
}

// Newest is the position of the newest record about a packet. It looks through
// the ledger from its end. Errors match ErrNoRecord, or are the store's.
func (l *Ledger) Newest(ctx context.Context, trackingID string) (position int64, err error) {
	first := int64(0)
	err = l.ReadBack(ctx, 0, func(r Record) bool {
		if first = r.Position; r.About(trackingID) {
			position = r.Position
		}
		return position == 0
	})
	switch {
	case err != nil:
		return 0, err
	case position > 0:
		return position, nil
	case first > 1:
		return 0, fmt.Errorf("%w about %.80q; the records before %d were trimmed, and are in the files that ledger trim wrote, or were put aside when a break was accepted", ErrNoRecord, trackingID, first)
	}
	return 0, fmt.Errorf("%w about %.80q", ErrNoRecord, trackingID)
}
