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
	s, err := l.Look(ctx)
	if err != nil {
		return nil, err
	}
	a := &Audit{At: l.now(), First: s.First, Last: s.Position, Checkpoint: s.Checkpoint, Seen: before.seen, Trouble: s.Trouble}
	if s.Trouble != nil {
		a.Findings = append(a.Findings, s.Trouble.Error())
		return a, nil
	}
	a.Unsealed = s.Position - s.Sealed()
	t := &Tree{}
	base := s.base
	if c := s.Checkpoint; c != nil {
		base = c.Base
		if a.Trimmed, err = l.trimmed(ctx, t, s, c); err != nil {
			return nil, err
		}
	}
	err = l.Read(ctx, base+a.Trimmed+1, func(r Record) bool {
		if want := base + t.Size() + 1; r.Position != want {
			a.find("record %d is missing", want)
			return false
		}
		t.Append(r.Leaf())
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
	a.Last = base + t.Size()
	a.compare(t)
	return a, nil
}

const progressEvery = 10_000

func (a *Audit) find(format string, args ...any) {
	a.Findings = append(a.Findings, fmt.Sprintf(format, args...))
}

// compare compares the tree with the checkpoint, and with what was seen.
func (a *Audit) compare(t *Tree) {
	c := a.Checkpoint
	if c == nil {
		return
	}
	if t.Size() < c.Size {
		a.find("there are %d records for a checkpoint of %d", t.Size(), c.Size)
		return
	}
	if root, err := t.Root(c.Size); err != nil || root != c.Root {
		a.find("the records hash to root %x…, and the checkpoint has %x…: some record was altered after it was sealed", root[:8], c.Root[:8])
		return
	}
	if seen := a.Seen; seen != nil && seen.Origin == c.Origin {
		if root, err := t.Root(seen.Size); err != nil || root != seen.Root {
			a.find("the first %d records hash to root %x…, and %x… was seen", seen.Size, root[:8], seen.Root[:8])
		}
	}
}

// trimmed takes the leaves of the records that are not there any more from the
// tiles, which are checked against the checkpoint.
func (l *Ledger) trimmed(ctx context.Context, t *Tree, s *State, c *Checkpoint) (int64, error) {
	gone := min(s.First-1-c.Base, c.Size)
	from := l.tree(ctx, c)
	for t.Size() < gone {
		indexes := make([]int64, 0, 16<<tileHeight)
		for n := t.Size(); n < gone && len(indexes) < cap(indexes); n++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, n))
		}
		leaves, err := from.ReadHashes(indexes)
		if err != nil {
			return 0, err
		}
		for _, h := range leaves {
			t.Append(Hash(h))
		}
	}
	return max(gone, 0), nil
}
