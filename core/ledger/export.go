package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/infrafabric/ifpacket/core/store"
)

var trimScript = store.LoadScript("trim")

// ErrNothingSealed says that no checkpoint covers any of the records.
var ErrNothingSealed = errors.New("no checkpoint covers these records; see ifpacket ledger checkpoint")

// Export writes the records that are there up to a position, 0 for all that a
// checkpoint covers, as a segment. Errors match ErrNothingSealed, ErrRefused,
// ErrDamaged (a record is missing, or not the one that was sealed), or are
// those of Look or of w.
func (l *Ledger) Export(ctx context.Context, upto int64, w io.Writer) (*Segment, error) {
	s, err := l.Look(ctx)
	if err != nil {
		return nil, err
	}
	segment, err := segmentOf(s, upto)
	if err != nil {
		return nil, err
	}
	segment.Server, segment.ExportedAt = l.options.Identity, l.now().UTC()
	return segment, l.unlessMoved(ctx, s, l.export(ctx, segment, w))
}

// errMoved says that a ledger did not hold still.
var errMoved = errors.New("somebody else trimmed the ledger meanwhile; try again")

// unlessMoved is an error about records that may only have been trimmed
// meanwhile.
func (l *Ledger) unlessMoved(ctx context.Context, s *State, err error) error {
	if errors.Is(err, ErrDamaged) && l.moved(ctx, s) {
		return errMoved
	}
	return err
}

// segmentOf is the part of a ledger that can be exported.
func segmentOf(s *State, upto int64) (*Segment, error) {
	c := s.Checkpoint
	if upto == 0 {
		upto = s.Sealed()
	}
	switch {
	case s.Trouble != nil:
		return nil, s.Trouble
	case c == nil, upto > c.Last(), upto < s.First:
		return nil, ErrNothingSealed
	}
	return &Segment{Origin: c.Origin, Base: c.Base, From: max(s.First, c.Base+1), To: upto, Checkpoint: c}, nil
}

func (l *Ledger) export(ctx context.Context, s *Segment, w io.Writer) error {
	c := s.Checkpoint
	tree, size := l.tree(ctx, c), s.To-s.Base
	e, err := edgeOf(s.From-1-s.Base, tree)
	if err != nil {
		return err
	}
	out := json.NewEncoder(w)
	if err := out.Encode(segmentHead{segmentType, *s, bytesOf(e.roots)}); err != nil {
		return err
	}
	var failed error
	err = l.Read(ctx, s.From, func(r Record) bool {
		if r.Position > s.To {
			return false
		}
		e.append(r.Leaf())
		failed = out.Encode(r)
		return failed == nil
	})
	if err = errors.Join(failed, err); err != nil {
		return err
	}
	whole, err := edgeOf(size, tree)
	if err != nil {
		return err
	}
	if e.size != size || e.root() != whole.root() {
		return fmt.Errorf("%w: the records from %d to %d are not those that were sealed", ErrDamaged, s.From, s.To)
	}
	proof, err := tlog.ProveTree(c.Size, size, tree)
	if err != nil {
		return err
	}
	root := e.root()
	return out.Encode(segmentEnd{root[:], bytesOf(proof), c.Note})
}

// SegmentName is the file name for a segment of all that a checkpoint covers.
// Errors match ErrNothingSealed or ErrRefused.
func (s *State) SegmentName() (string, error) {
	segment, err := segmentOf(s, 0)
	if err != nil {
		return "", err
	}
	return segment.Name(), nil
}

// Name is a file name for the segment: partition, origin, and its first and
// last position.
func (s *Segment) Name() string {
	return fmt.Sprintf("%s-%s-%d-%d.ndjson", path.Base(path.Dir(s.Origin)), path.Base(s.Origin), s.From, s.To)
}

// Archive keeps a segment for good: written, synced, and under its name only
// when it is whole.
type Archive func(name string, fill func(io.Writer) error) error

// trimStep is how many records go at once: about a millisecond of the server.
const trimStep = 1000

// Trim exports the records up to a position into an archive and then removes
// them from Redis. The tree's tiles stay, 32 bytes a record, so that whoever
// saw an older checkpoint can still check the ledger. The last record always
// stays, whatever the position. Errors are those of Export, or the archive's;
// then nothing is removed.
func (l *Ledger) Trim(ctx context.Context, upto int64, into Archive) (*Segment, error) {
	s, err := l.Look(ctx)
	if err != nil {
		return nil, err
	}
	segment, err := segmentOf(s, min(upto, s.Position-1))
	if err != nil {
		return nil, err
	}
	segment.Server, segment.ExportedAt = l.options.Identity, l.now().UTC()
	if err := into(segment.Name(), func(w io.Writer) error { return l.export(ctx, segment, w) }); err != nil {
		return nil, l.unlessMoved(ctx, s, err)
	}
	for first := segment.From; first <= segment.To; first += trimStep {
		status, _, err := l.store.Run(ctx, trimScript, []string{l.space.Ledger()}, strconv.FormatInt(first, 10), segment.To, trimStep)
		if err != nil {
			return segment, err
		}
		if status != "OK" {
			return segment, fmt.Errorf("somebody else changed the ledger while it was trimmed; records before %d are in %s and gone from Redis", first, segment.Name())
		}
	}
	return segment, nil
}
