package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Audit is the outcome of hashing the whole ledger again.
type Audit struct {
	At         time.Time
	First      int64       // position of the oldest record that is still there
	Last       int64       // and of the newest
	Hashed     int64       // records that were hashed again
	Trimmed    int64       // records before First whose leaves are known by the tiles alone
	Unsealed   int64       // records behind the checkpoint
	Checkpoint *Checkpoint // nil when there is none
	Seen       *Checkpoint // what this machine had seen before; nil when nothing
	Trouble    error       // the ledger is refused; nothing was hashed
	Findings   []string    // what is wrong, a line each; none when all is in order
}

// Audit hashes every record again and compares the tree with the checkpoint.
// Progress, if not nil, is told now and then how many records are done. Errors
// are those of Look; what is wrong with the ledger is among the Findings.
func (l *Ledger) Audit(ctx context.Context, progress func(done, all int64)) (*Audit, error) {
	before, err := l.remember()
	if err != nil {
		return nil, err
	}
	for tries := 1; ; tries++ {
		s, err := l.Look(ctx)
		if err != nil {
			return nil, err
		}
		a, err := l.audit(ctx, s, before.seen, progress)
		if err != nil || len(a.Findings) == 0 || tries == 3 || !l.moved(ctx, s) {
			return a, err
		}
	}
}

// moved reports whether the ledger begins elsewhere than when it was looked
// at: then what was missed in it was trimmed meanwhile.
func (l *Ledger) moved(ctx context.Context, s *State) bool {
	now, err := l.Look(ctx)
	return err == nil && now.First != s.First
}

// audit is Audit of a ledger that was looked at, and of what had been seen of
// it before.
func (l *Ledger) audit(ctx context.Context, s *State, seen *Checkpoint, progress func(done, all int64)) (*Audit, error) {
	a := &Audit{At: l.now(), First: s.First, Last: s.Position, Checkpoint: s.Checkpoint, Seen: seen, Trouble: s.Trouble}
	if s.Trouble != nil {
		a.Findings = append(a.Findings, s.Trouble.Error())
		return a, nil
	}
	a.Unsealed = s.Position - s.Sealed()
	base, e := s.base, &edge{}
	if c := s.Checkpoint; c != nil {
		base = c.Base
		if err := l.trimmed(ctx, a, e, s); errors.Is(err, errTiles) {
			a.find("%v, and the records before %d are trimmed", err, s.First)
			return a, nil
		} else if err != nil {
			return nil, err
		}
	}
	a.pass(e)
	err := l.Read(ctx, base+a.Trimmed+1, func(r Record) bool {
		if want := base + e.size + 1; r.Position != want {
			a.find("record %d is missing", want)
			return false
		}
		e.append(r.Leaf())
		a.pass(e)
		if a.Hashed++; progress != nil && a.Hashed%progressEvery == 0 {
			progress(a.Hashed, s.Position-s.First+1)
		}
		return true
	})
	if errors.Is(err, ErrDamaged) {
		a.find("%v", err)
	} else if err != nil {
		return nil, err
	}
	a.Last = base + e.size
	if c := s.Checkpoint; c != nil && e.size < c.Size {
		a.find("there are %d records for a checkpoint of %d", e.size, c.Size)
	}
	return a, nil
}

const progressEvery = 10_000

func (a *Audit) find(format string, args ...any) {
	a.Findings = append(a.Findings, fmt.Sprintf(format, args...))
}

// pass compares the tree, as far as it has grown, with the checkpoint and with
// what was seen before.
func (a *Audit) pass(e *edge) {
	c, seen := a.Checkpoint, a.Seen
	if c == nil || e.size != c.Size && (seen == nil || e.size != seen.Size) {
		return
	}
	switch root := e.root(); {
	case c.Size == e.size && root != c.Root:
		a.find("the records hash to root %x…, and the checkpoint has %x…: some record was altered after it was sealed", root[:8], c.Root[:8])
	case seen != nil && seen.Origin == c.Origin && seen.Size == e.size && root != seen.Root:
		a.find("the first %d records hash to root %x…, and %x… was seen", seen.Size, root[:8], seen.Root[:8])
	}
}

// trimmed takes the leaves of the records that are not there any more from the
// tiles, which are checked against the checkpoint.
func (l *Ledger) trimmed(ctx context.Context, a *Audit, e *edge, s *State) error {
	c := s.Checkpoint
	gone := min(s.First-1-c.Base, c.Size)
	from := l.tree(ctx, c)
	for e.size < gone {
		indexes := make([]int64, 0, 16<<tileHeight)
		for n := e.size; n < gone && len(indexes) < cap(indexes); n++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, n))
		}
		leaves, err := from.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for _, h := range leaves {
			e.append(Hash(h))
			a.pass(e)
		}
	}
	a.Trimmed = e.size
	return nil
}
