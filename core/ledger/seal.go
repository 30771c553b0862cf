package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/store"
)

var checkpointScript = store.LoadScript("checkpoint")

// sealLot is how many records one checkpoint covers at most beyond the one
// before, so that a long backlog is sealed in steps.
var sealLot int64 = 20_000

// ErrNoLogKey says that this machine has no log key that the ring trusts.
var ErrNoLogKey = errors.New("no trusted log key is here")

// Seal brings the tree up to the newest record and signs a checkpoint of it,
// with a log key of this machine that the ring trusts. Several may seal at
// once: one wins, the others check what it made. Where all is sealed it writes
// nothing. A ledger that is refused is not sealed: that is the Trouble of the
// State. Errors match ErrNoLogKey, or are those of Look.
func (l *Ledger) Seal(ctx context.Context) (*State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		s, err := l.look(ctx)
		if err != nil || s.Trouble != nil || s.Position == s.Sealed() && !s.repair {
			return s, err
		}
		by, err := l.signer(ctx, s.Position)
		if err != nil {
			return s, err
		}
		if err := l.advance(ctx, s, by); err != nil {
			trouble := s.damage(err)
			if trouble == nil {
				return s, err
			}
			l.unsealable.note, l.unsealable.first, l.unsealable.trouble = s.note, s.First, trouble
		}
	}
}

// signer is the log key with which this machine seals up to a position.
func (l *Ledger) signer(ctx context.Context, upto int64) (keyring.Signer, error) {
	list, err := l.keys.Signers(ctx, keyring.Log)
	if err != nil {
		return keyring.Signer{}, err
	}
	var why error
	for _, s := range list {
		if s.State != keyring.Trusted {
			continue
		}
		if why = s.Entry.ValidAt(upto); why == nil {
			return s, nil
		}
	}
	if why != nil { // the ledger has begun anew, and the ring has not been told
		return keyring.Signer{}, fmt.Errorf("%w: %w; the holder of the root key can put that right: ifpacket keys restore", ErrNoLogKey, why)
	}
	return keyring.Signer{}, fmt.Errorf("%w; make one: ifpacket keys new --role log --name NAME", ErrNoLogKey)
}

// advance seals one lot. That somebody else was quicker is no error.
func (l *Ledger) advance(ctx context.Context, s *State, by keyring.Signer) error {
	next := &Checkpoint{Base: s.base, At: l.now()}
	before, size := int64(0), int64(0)
	var from tlog.HashReader
	var err error
	if c := s.Checkpoint; c != nil && !s.repair {
		next.Origin, next.Base, before = c.Origin, c.Base, c.Size
		from, size, err = l.extend(ctx, c, min(s.Position, c.Last()+sealLot))
	} else { // all of it, from the records
		from, size, err = l.whole(ctx, s, next)
	}
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(size, from)
	if err != nil {
		return err
	}
	next.Size, next.Root = size, Hash(root)
	if err := next.sign(by); err != nil {
		return err
	}
	fields, err := tileFields(from, before, size)
	if err != nil {
		return err
	}
	return l.publish(ctx, s.note, next.Note, fields)
}

// extend hashes the records behind a checkpoint into its tree.
func (l *Ledger) extend(ctx context.Context, c *Checkpoint, upto int64) (tlog.HashReader, int64, error) {
	g, next := grow(l.tree(ctx, c), c.Size), c.Last()+1
	var failed error
	err := l.Read(ctx, next, func(r Record) bool {
		if r.Position > upto || r.Position != next {
			return false
		}
		next++
		failed = g.append(r.Leaf())
		return failed == nil && next <= upto
	})
	if failed == nil && err == nil && next <= upto {
		failed = fmt.Errorf("%w: record %d is missing", ErrDamaged, next)
	}
	return g, g.size, errors.Join(failed, err)
}

// whole hashes all records into a tree: of a ledger that begins, or one whose
// checkpoint or tiles somebody took away.
func (l *Ledger) whole(ctx context.Context, s *State, next *Checkpoint) (tlog.HashReader, int64, error) {
	var err error
	if c := s.Checkpoint; c != nil {
		next.Origin, next.Base = c.Origin, c.Base
	} else if next.Origin, err = l.newOrigin(); err != nil {
		return nil, 0, err
	}
	t, err := l.rehash(ctx, next.Base, s.Position-next.Base)
	if err != nil || s.Checkpoint == nil {
		return t, t.Size(), err
	}
	if root, err := t.Root(s.Checkpoint.Size); err != nil || root != s.Checkpoint.Root {
		return nil, 0, errors.Join(fmt.Errorf("%w: its records are not those of its checkpoint", ErrDamaged), err)
	}
	return t, t.Size(), nil
}

// step is told before each write to Redis. Tests end the process there.
var step = func(string) {}

// tileLot is how many tiles, of 8 KiB, are written in one step.
var tileLot = 64

// publish writes the tiles, whose hashes nobody trusts before a checkpoint
// leads to them, and with the last of them the checkpoint.
func (l *Ledger) publish(ctx context.Context, old, next string, fields []any) error {
	keys := []string{l.space.Checkpoint(), l.space.Tiles()}
	for {
		lot, note := fields, next
		if len(lot) > 2*tileLot {
			lot, note = lot[:2*tileLot], ""
		}
		fields = fields[len(lot):]
		step(note)
		status, _, err := l.store.Run(ctx, checkpointScript, keys, append([]any{old, note}, lot...)...)
		if err != nil || status != "OK" || note != "" {
			return err
		}
	}
}

// newOrigin names a ledger that begins.
func (l *Ledger) newOrigin() (string, error) {
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", err
	}
	return originPrefix + string(l.space) + "/" + hex.EncodeToString(id[:]), nil
}
