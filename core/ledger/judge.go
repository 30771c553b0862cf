package ledger

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
)

// judge tells why the ledger is refused.
func (l *Ledger) judge(ctx context.Context, s *State, m memory, ring *keyring.Ring) (trouble, err error) {
	if s.note == "" {
		return l.judgeUnsealed(ctx, s, m)
	}
	c, err := l.open(s.note, ring)
	if err != nil {
		return &Refused{ErrUnsigned, reasonOf(err, ErrUnsigned)}, nil
	}
	if m.seen != nil && m.seen.Origin != c.Origin {
		return &Refused{ErrForked, fmt.Sprintf("a new origin was begun, signed by key %s of %s, and %s was seen here; the ledger's break record says who did it and why",
			c.KeyID, c.Name, m.seen.describe())}, nil
	}
	if m.seen != nil && c.Size < m.seen.Size {
		return &Refused{ErrShrunk, fmt.Sprintf("its checkpoint covers %d records, and %s was seen", c.Size, m.seen.describe())}, nil
	}
	switch {
	case s.Position < c.Last():
		return &Refused{ErrShrunk, fmt.Sprintf("its last record is %d, and its checkpoint covers %d", s.Position, c.Last())}, nil
	case s.First > c.Last()+1:
		return &Refused{ErrShrunk, fmt.Sprintf("it begins with record %d, and its checkpoint covers %d: those between are gone, and nobody had sealed them", s.First, c.Last())}, nil
	}
	trouble, err = l.goesOn(ctx, s, m.seen, c)
	if trouble == nil && err == nil {
		s.Checkpoint = c
	}
	return trouble, err
}

// judgeUnsealed judges a ledger without a checkpoint: one that is new, one
// that begins anew by consent, or one whose checkpoint was taken away.
func (l *Ledger) judgeUnsealed(ctx context.Context, s *State, m memory) (trouble, err error) {
	s.base = max(s.First-1, 0)
	seen := m.seen
	switch {
	case m.accepted && s.Position < m.Last:
		return &Refused{ErrShrunk, fmt.Sprintf("its last record is %d, and the break that was accepted here is record %d", s.Position, m.Last)}, nil
	case m.accepted && s.base != m.Base:
		return &Refused{ErrShrunk, fmt.Sprintf("it begins with record %d, and began with %d when the break was accepted here", s.First, m.Base+1)}, nil
	case m.accepted:
		return nil, nil
	case seen == nil && s.base > 0:
		return &Refused{ErrDamaged, fmt.Sprintf("it begins with record %d and has no checkpoint for those before", s.First)}, nil
	case seen == nil:
		return nil, nil
	case s.Position < seen.Last():
		what := fmt.Sprintf("its last record is %d", s.Position)
		if s.Position == 0 {
			what = "it is empty"
		}
		return &Refused{ErrShrunk, what + ", and " + seen.describe() + " was seen"}, nil
	}
	if s.First > seen.Base+1 {
		return &Refused{ErrDamaged, fmt.Sprintf("its checkpoint is gone, and the records before %d are trimmed", s.First)}, nil
	}
	s.base, s.Checkpoint, s.repair = seen.Base, seen, true
	if last := l.state.Load(); last.repair && last.First == s.First && last.Checkpoint.same(seen) {
		return nil, nil // as at the last look, whose hashing was thorough
	}
	s.Checkpoint, s.repair = nil, false
	t, err := l.rehash(ctx, seen.Base, seen.Size)
	if trouble := s.damage(err); trouble != nil || err != nil {
		return trouble, cleared(err, trouble)
	}
	if root, err := t.Root(seen.Size); err != nil || root != seen.Root {
		return forked(seen, "its records are others"), err
	}
	// The records are those that were seen: only the checkpoint is gone, and
	// is put back by whoever seals next.
	s.Checkpoint, s.repair = seen, true
	return nil, nil
}

// goesOn checks that the tree of a checkpoint begins with the one that was
// seen, and, at the first look, that the newest records are those of the tree.
func (l *Ledger) goesOn(ctx context.Context, s *State, seen, c *Checkpoint) (trouble, err error) {
	doubted := l.doubted.Swap(false)
	if last := l.state.Load(); seen != nil && seen.same(c) && l.probed == c.Origin && !doubted {
		s.repair = last.repair && last.note == s.note // nobody has mended it yet
		return nil, nil
	}
	if err = errTiles; !doubted {
		if trouble, err = l.byTiles(ctx, s, seen, c); !errors.Is(err, errTiles) {
			return trouble, err
		}
	}
	// Tiles can be made again from the records, where these are all there.
	s.repair = true
	if s.First > c.Base+1 {
		return &Refused{ErrDamaged, fmt.Sprintf("the tiles of its tree do not fit its checkpoint, and the records before %d are trimmed: %v", s.First, err)}, nil
	}
	t, err := l.rehash(ctx, c.Base, c.Size)
	if trouble := s.damage(err); trouble != nil || err != nil {
		return trouble, cleared(err, trouble)
	}
	if root, err := t.Root(c.Size); err != nil || root != c.Root {
		return &Refused{ErrForked, "its records are not those that its checkpoint was made of"}, err
	}
	if seen == nil {
		return nil, nil
	}
	if root, err := t.Root(seen.Size); err != nil || root != seen.Root {
		return forked(seen, "the records before are others"), err
	}
	return nil, nil
}

// byTiles is goesOn with the tiles in Redis, in few round trips.
func (l *Ledger) byTiles(ctx context.Context, s *State, seen, c *Checkpoint) (trouble, err error) {
	if c.Size == 0 {
		return nil, nil
	}
	tree := l.tree(ctx, c)
	if seen != nil && seen.Size > 0 {
		if seen.Base != c.Base {
			return forked(seen, "its tree begins elsewhere"), nil
		}
		proof, err := tlog.ProveTree(c.Size, seen.Size, tree)
		if err != nil {
			return nil, err
		}
		if tlog.CheckTree(proof, c.Size, tlog.Hash(c.Root), seen.Size, tlog.Hash(seen.Root)) != nil {
			return forked(seen, "what it holds now does not begin with that"), nil
		}
	}
	if l.probed == c.Origin {
		return nil, nil
	}
	return l.probe(ctx, s, c, tree)
}

// probeLast is how many of the newest sealed records are hashed again at the
// first look. An audit hashes them all.
const probeLast = 256

func (l *Ledger) probe(ctx context.Context, s *State, c *Checkpoint, tree tlog.HashReader) (trouble, err error) {
	from := max(c.Last()-probeLast+1, s.First, c.Base+1)
	var list []Record
	err = l.Read(ctx, from, func(r Record) bool {
		if r.Position <= c.Last() {
			list = append(list, r)
		}
		return r.Position < c.Last()
	})
	if trouble := s.damage(err); trouble != nil || err != nil {
		return trouble, cleared(err, trouble)
	}
	wrong, err := differing(list, c, tree)
	if err != nil {
		return nil, err
	}
	for i, w := range wrong {
		if w {
			return &Refused{ErrForked, fmt.Sprintf("record %d is not the one that was sealed", list[i].Position)}, nil
		}
	}
	if len(list) > 0 && list[0].Position != from {
		return &Refused{ErrDamaged, fmt.Sprintf("record %d is missing", from)}, nil
	}
	return nil, nil
}

// differing tells which records are not the leaves of a tree in their places.
func differing(list []Record, c *Checkpoint, tree tlog.HashReader) ([]bool, error) {
	indexes := make([]int64, len(list))
	for i := range list {
		indexes[i] = tlog.StoredHashIndex(0, list[i].Position-c.Base-1)
	}
	leaves, err := tree.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	wrong := make([]bool, len(list))
	for i := range list {
		wrong[i] = Hash(leaves[i]) != list[i].Leaf()
	}
	return wrong, nil
}
