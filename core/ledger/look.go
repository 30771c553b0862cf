package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

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
	s, m, err := l.confirm(ctx)
	if err != nil {
		return nil, err
	}
	if errors.Is(s.Trouble, ErrShrunk) && s.note == "" && l.options.Ephemeral && !l.store.ReadOnly() {
		if _, err := l.begin(ctx, s, m, "the server is expected to lose its data (ledger: ephemeral)"); err != nil {
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

// confirm is find, again where that found a trouble in a ledger that somebody
// seals or trims meanwhile: several round trips see it at several moments.
func (l *Ledger) confirm(ctx context.Context) (*State, memory, error) {
	before := l.state.Load()
	for tries := 1; ; tries++ {
		s, m, err := l.find(ctx)
		still := before.Trouble != nil && s != nil && s.note == before.note && s.First == before.First
		if err != nil || s.Trouble == nil || still || tries == 3 {
			return s, m, err
		}
		before = s
	}
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
	if err != nil {
		return nil, m, err
	}
	s.note, s.torn = store.Text(rest[0]), store.Number(rest[4]) == 1
	if len(rest) > 5 {
		other := l.store.WrongType("ledger", store.Text(rest[5]), store.Text(rest[6]), store.Text(rest[7]))
		s.Trouble = &Refused{ErrDamaged, other.Error()}
		return s, m, nil // what is no stream is put aside in any case
	}
	for i, at := range []*int64{&s.First, &s.Position} {
		id := store.Text(rest[i+1])
		n, tail, _ := strings.Cut(id, "-")
		*at, err = strconv.ParseInt(n, 10, 64)
		if id != "" && (err != nil || tail != "0" || *at < 1 || *at > maxPosition) {
			s.Trouble, s.torn = &Refused{ErrDamaged, fmt.Sprintf("it has a record %.40q, which none of our scripts writes", id)}, true
			return s, m, nil
		}
	}
	if n := store.Number(rest[3]); n > 0 && n != s.Position-s.First+1 {
		s.torn = true
		s.Trouble = &Refused{ErrDamaged, fmt.Sprintf("it has %d records from %d to %d: some were taken out, or put in by no script of ours", n, s.First, s.Position)}
		return s, m, nil
	}
	s.Trouble, err = l.judge(ctx, s, m, ring)
	switch {
	case err != nil:
	case s.Trouble != nil:
		s.repair = false
	case s.torn:
		s.Trouble = &Refused{ErrDamaged, fmt.Sprintf("records behind %d, its last one, were taken out", s.Position)}
	case l.unsealable.trouble != nil && l.unsealable.note == s.note && l.unsealable.first == s.First:
		s.Trouble, s.torn = l.unsealable.trouble, true
	}
	return s, m, err
}

// maxPosition is the largest position that every reader of JSON, and Lua, has
// exactly, with room to go on.
const maxPosition = 1 << 52

// open reads and verifies a checkpoint of this partition.
func (l *Ledger) open(signed string, ring *keyring.Ring) (*Checkpoint, error) {
	c, err := OpenCheckpoint(signed, ring)
	if err == nil && !strings.HasPrefix(c.Origin, originPrefix+string(l.space)+"/") {
		return nil, fmt.Errorf("%w: it is that of %.80s, another ledger", ErrUnsigned, c.Origin)
	}
	return c, err
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
func (s *State) damage(err error) error {
	if errors.Is(err, ErrDamaged) {
		s.torn = true
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
