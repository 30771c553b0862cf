package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/store"
)

var lookScript = store.LoadReader("ledger")

// Look looks how the ledger stands, and whether it goes on from what this
// machine has seen of it, which it then remembers. A ledger that does not is
// refused: that is the Trouble of the State, and no error of Look. Errors are
// the store's, the keyring's, or match ErrWitness.
func (l *Ledger) Look(ctx context.Context) (*State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.look(ctx)
}

// fresh is for how long a look holds for those who only ask whether they may
// go on.
const fresh = 5 * time.Second

// retry is for how long a look holds for those who ask about a record that was
// not sealed then.
const retry = 500 * time.Millisecond

// Allow tells why nothing may be dispatched, nil when it may: it looks when
// the last look is old. That Redis does not answer is no reason; the write
// that follows will tell.
func (l *Ledger) Allow(ctx context.Context) error {
	s := l.state.Load()
	if l.now().Sub(s.Looked) < fresh {
		return s.Trouble
	}
	if s.Looked.IsZero() {
		l.mu.Lock()
	} else if !l.mu.TryLock() {
		return s.Trouble // somebody looks right now
	}
	defer l.mu.Unlock()
	if now := l.state.Load(); now != s {
		return now.Trouble
	}
	now, err := l.look(ctx)
	switch {
	case errors.Is(err, store.ErrUnreachable), errors.Is(err, store.ErrLoading):
		return s.Trouble
	case err != nil:
		return err
	}
	return now.Trouble
}

func (l *Ledger) look(ctx context.Context) (*State, error) {
	s, m, err := l.find(ctx)
	if err != nil {
		return nil, err
	}
	if errors.Is(s.Trouble, ErrShrunk) && s.note == "" && l.options.Ephemeral && !l.store.ReadOnly() {
		if err := l.begin(ctx, s, m, "the server is expected to lose its data (ledger: ephemeral)"); err != nil {
			return nil, err
		}
		if s, m, err = l.find(ctx); err != nil {
			return nil, err
		}
	}
	if s.Trouble == nil && s.Checkpoint != nil {
		if err := l.keep(ctx, s.Checkpoint, m); err != nil {
			return nil, err
		}
		l.probed, s.Seen = s.Checkpoint.Origin, s.Checkpoint
	}
	l.state.Store(s)
	return s, nil
}

// find reads the ledger's state and compares it with what this machine
// remembers. The memory is read first: what another process of this machine
// remembers meanwhile is then never newer than what Redis tells.
func (l *Ledger) find(ctx context.Context) (*State, memory, error) {
	m, err := l.remember()
	if err != nil {
		return nil, m, err
	}
	last := l.state.Load()
	if m.seen != nil && last.Seen != nil && last.Seen.Origin == m.seen.Origin && last.Seen.Size > m.seen.Size {
		m.seen = last.Seen // newer than the file, which is not written each time
	}
	ring, err := l.keys.Ring(ctx)
	if err != nil {
		return nil, m, err
	}
	_, rest, err := l.store.Run(ctx, lookScript, []string{l.space.Checkpoint(), l.space.Ledger()})
	s := &State{Looked: l.now(), Seen: m.seen}
	switch {
	case errors.Is(err, store.ErrWrongType):
		s.Trouble = &Refused{ErrDamaged, err.Error()}
		return s, m, nil
	case err != nil:
		return nil, m, err
	}
	s.note = store.Text(rest[0])
	for i, at := range []*int64{&s.First, &s.Position} {
		id := store.Text(rest[i+1])
		n, tail, _ := strings.Cut(id, "-")
		*at, err = strconv.ParseInt(n, 10, 64)
		if id != "" && (err != nil || tail != "0" || *at < 1) {
			s.Trouble = &Refused{ErrDamaged, fmt.Sprintf("it has a record %.40q, which none of our scripts writes", id)}
			return s, m, nil
		}
	}
	s.Trouble, err = l.judge(ctx, s, m, ring)
	return s, m, err
}

// judge tells why the ledger is refused.
func (l *Ledger) judge(ctx context.Context, s *State, m memory, ring *keyring.Ring) (trouble, err error) {
	if s.note == "" {
		return l.judgeUnsealed(ctx, s, m)
	}
	c, err := OpenCheckpoint(s.note, ring)
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
	if s.Position < c.Last() {
		return &Refused{ErrShrunk, fmt.Sprintf("its last record is %d, and its checkpoint covers %d", s.Position, c.Last())}, nil
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
	s.base, s.Checkpoint, s.repair = seen.Base, seen, true
	if last := l.state.Load(); last.repair && last.First == s.First && last.Checkpoint.same(seen) {
		return nil, nil // as at the last look, whose hashing was thorough
	}
	s.Checkpoint, s.repair = nil, false
	t, err := l.rehash(ctx, seen.Base, seen.Size)
	if trouble := damage(err); trouble != nil || err != nil {
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
	if last := l.state.Load(); seen != nil && seen.same(c) && l.probed == c.Origin {
		s.repair = last.repair && last.note == s.note // nobody has mended it yet
		return nil, nil
	}
	trouble, err = l.byTiles(ctx, s, seen, c)
	if !errors.Is(err, errTiles) {
		return trouble, err
	}
	// Tiles can be made again from the records, where these are all there.
	s.repair = true
	if s.First > c.Base+1 {
		return &Refused{ErrDamaged, fmt.Sprintf("the tiles of its tree do not fit its checkpoint, and the records before %d are trimmed: %v", s.First, err)}, nil
	}
	t, err := l.rehash(ctx, c.Base, c.Size)
	if trouble := damage(err); trouble != nil || err != nil {
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
	if trouble := damage(err); trouble != nil || err != nil {
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

// rehash builds the tree of so many records behind a base from the records
// themselves. Errors match ErrDamaged when some are missing.
func (l *Ledger) rehash(ctx context.Context, base, size int64) (*Tree, error) {
	t := &Tree{}
	next := base + 1
	err := l.Read(ctx, next, func(r Record) bool {
		if t.Size() == size || r.Position != next {
			return false
		}
		t.Append(r.Leaf())
		next++
		return true
	})
	if err == nil && t.Size() < size {
		err = fmt.Errorf("%w: record %d is missing", ErrDamaged, next)
	}
	return t, err
}

// damage makes a trouble of an error about the records themselves.
func damage(err error) error {
	if errors.Is(err, ErrDamaged) {
		return &Refused{ErrDamaged, reasonOf(err, ErrDamaged)}
	}
	return nil
}

// cleared is what is left of an error that became a trouble.
func cleared(err, trouble error) error {
	if trouble != nil {
		return nil
	}
	return err
}

func forked(seen *Checkpoint, why string) error {
	return &Refused{ErrForked, seen.describe() + " was seen, and " + why}
}

// describe names a checkpoint for people.
func (c *Checkpoint) describe() string {
	return fmt.Sprintf("one of %d records (root %x…, %s)", c.Size, c.Root[:4], c.At.UTC().Format("2006-01-02 15:04:05Z"))
}

// reasonOf is an error's text without that of its kind.
func reasonOf(err, kind error) string { return strings.TrimPrefix(err.Error(), kind.Error()+": ") }
