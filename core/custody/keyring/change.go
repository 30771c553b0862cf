package keyring

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"slices"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

var (
	swapScript    = store.LoadScript("keyring")
	requestScript = store.LoadScript("keyring_request")
)

// What a change is called in the ledger's record.
const (
	opCreate  = "create"
	opTrust   = "trust"
	opRevoke  = "revoke"
	opRefuse  = "refuse" // of a request
	opRestore = "restore"
)

// draft is a change of the ring before it is signed.
type draft struct {
	op      string
	keyID   string // the key that it is about, whose request, if any, is done
	root    own
	entries []Entry
	same    bool // the ring stays as it is: only a request goes
}

// errDone is what an edit says when the ring is already as it should be.
var errDone = errors.New("done")

type (
	// looker gives the text of the ring in Redis and the ring to go on from.
	looker func(context.Context) (text string, ring *Ring, err error)
	// editor draws up a change, with next as the ledger's next position.
	editor func(ring *Ring, next int64) (draft, error)
)

const (
	attempts = 32 // at a ring that others keep changing
	sendings = 3  // of one change whose answer is lost
)

// change makes a new version of the ring: it reads the ring and the ledger's
// next position, lets edit draw up the new keys, signs them, and exchanges the
// ring if it is still the one that was read; else all of it again. A ring that
// is returned with an error has landed, and only could not be pinned.
func (k *Keyring) change(ctx context.Context, look looker, edit editor) (*Ring, error) {
	for range attempts {
		found, ring, err := look(ctx)
		if err != nil {
			return nil, err
		}
		next, err := k.next(ctx)
		if err != nil {
			return nil, err
		}
		d, err := edit(ring, next)
		if errors.Is(err, errDone) {
			return ring, nil
		}
		if err != nil {
			return nil, err
		}
		made := ring
		if !d.same {
			if made, err = d.sign(ring.version+1, next); err != nil {
				return nil, err
			}
		}
		landed, err := k.swap(ctx, found, made, d)
		if err != nil {
			return nil, err
		}
		if landed {
			return made, k.seen(ctx, made)
		}
	}
	return nil, fail(ErrFull, "the keyring of %s was changed by others %d times in a row; nothing was written, try again", k.identity, attempts)
}

// seen pins what was just written; others may have gone on from there.
func (k *Keyring) seen(ctx context.Context, made *Ring) error {
	_, err := k.admit(ctx, string(made.raw))
	if errors.Is(err, ErrRolledBack) {
		_, err = k.Ring(ctx)
	}
	return err
}

// sign makes the ring of a draft.
func (d draft) sign(version, next int64) (*Ring, error) {
	if len(d.entries) > maxEntries {
		return nil, fail(ErrFull, "a keyring has at most %d keys; nothing was written", maxEntries)
	}
	r := newRing(version, d.root.Entry.PublicKey, rebase(d.entries, next))
	signed, err := r.signedBytes()
	if err != nil {
		return nil, failBecause(ErrInvalid, err, "the keyring cannot be signed: %v", err)
	}
	return r.sealed(d.root.Sign(signed))
}

// rebase moves positions into a ledger that has begun anew, which shows by
// their lying ahead of its next record: keys are valid from its first record,
// or, once revoked or limited, never again.
func rebase(entries []Entry, next int64) []Entry {
	if !ahead(entries, next) {
		return entries
	}
	for i := range entries {
		e := &entries[i]
		e.ValidFrom, e.ValidUntil, e.RevokedAt = 1, min(e.ValidUntil, 1), min(e.RevokedAt, 1)
	}
	return entries
}

// ahead reports whether positions lie behind the ledger's next record.
func ahead(entries []Entry, next int64) bool {
	return slices.ContainsFunc(entries, func(e Entry) bool { return e.ValidFrom > next || e.RevokedAt > next })
}

// swap exchanges the ring for another and tells whether that came about. An
// answer that is lost is asked for by sending the same again: the ring then is
// the new one, or can still become it.
func (k *Keyring) swap(ctx context.Context, found string, made *Ring, d draft) (landed bool, err error) {
	digest := sha256.Sum256(made.raw)
	keys := []string{keyspace.Keyring, keyspace.KeyRequests, k.space.Ledger()}
	args := []any{
		found, made.raw, d.keyID,
		"key", keyspace.Keyring, "operation", d.op, "key_id", d.keyID,
		"packet_digest", hex.EncodeToString(digest[:]), "actor", d.root.Entry.Person,
	}
	unsure := false
	for range sendings {
		status, rest, err := k.store.Run(ctx, swapScript, keys, args...)
		switch {
		case err == nil && status == "OK":
			return true, nil
		case err == nil && len(rest) == 1: // CHANGED
			return unsure && store.Text(rest[0]) == string(made.raw), nil
		case err == nil:
			return false, fail(ErrForged, "keyring: the script answers %q, which it never does", status)
		case neverSent(err) || isAnswer(err):
			if !unsure {
				return false, err
			}
		}
		unsure = true
		if ctx.Err() != nil {
			break
		}
	}
	return false, k.unknownOutcome(ctx.Err())
}

func (k *Keyring) unknownOutcome(cause error) error {
	return failBecause(ErrOutcome, cause, "%s has not answered whether it changed the keyring; look with ifpacket keys list, then try again", k.identity)
}

// isAnswer reports whether the server itself said no.
func isAnswer(err error) bool {
	var e *store.Error
	return errors.As(err, &e) && e.Kind != store.ErrUnreachable
}

// neverSent reports whether there was no connection to send on.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
