package keyring

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

// Keyring is the ring of one server together with the private keys of this
// machine. It is safe for use by many at once.
type Keyring struct {
	store    *store.Store
	keys     KeyStore
	identity string
	space    keyspace.Partition
	known    atomic.Pointer[knownRing]
}

// knownRing is the last ring that was admitted, with the text it was read from.
type knownRing struct {
	text string
	ring *Ring
}

// Open makes the keyring of a server. Nothing is read yet. The identity, such
// as address and database, tells servers apart: for each one ring is pinned.
func Open(s *store.Store, keys KeyStore, identity string) *Keyring {
	return &Keyring{store: s, keys: keys, identity: identity, space: keyspace.Main}
}

// Ring reads the ring from Redis, verifies it and compares it with the pinned
// one, which it replaces when it is newer; the first that is seen is pinned on
// trust (FirstSeen). Where Redis has none, the pinned one is returned as Lost,
// or else the empty ring. It writes nothing to Redis. The last text is
// remembered, so that a ring that did not change costs one GET and no
// signature check.
//
// Errors match ErrForged, ErrOtherRoot, ErrRolledBack (the ring is refused),
// ErrPin, or are the store's.
func (k *Keyring) Ring(ctx context.Context) (*Ring, error) {
	_, ring, err := k.look(ctx)
	return ring, err
}

// look is Ring with the text that Redis has. What seems lost or refused is
// looked at again: another process may have changed ring and pin in between.
func (k *Keyring) look(ctx context.Context) (text string, ring *Ring, err error) {
	text, err = k.fetch(ctx)
	for err == nil {
		var refused error
		ring, refused = k.admit(ctx, text)
		if refused == nil && !ring.lost {
			return text, ring, nil
		}
		before := text
		if text, err = k.fetch(ctx); err == nil && text == before {
			return text, ring, refused
		}
	}
	return "", nil, err
}

// fetch is the text of the ring in Redis, "" when there is none.
func (k *Keyring) fetch(ctx context.Context) (string, error) {
	text, err := k.store.Commands().Get(ctx, keyspace.Keyring).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return text, k.store.Explain("keyring", keyspace.Keyring, err)
}

// admit verifies a ring's text and compares it with the pin.
func (k *Keyring) admit(ctx context.Context, text string) (*Ring, error) {
	if text == "" {
		pinned, err := k.pinned()
		switch {
		case err != nil:
			return nil, err
		case pinned == nil:
			return &Ring{}, nil
		}
		pinned.lost = true
		return pinned, nil
	}
	if last := k.known.Load(); last != nil && last.text == text {
		return last.ring, nil
	}
	ring, err := Parse([]byte(text))
	if err != nil {
		return nil, failBecause(ErrForged, err, "the keyring of %s is refused: %v; the holder of the root key can put it right with: ifpacket keys restore", k.identity, err)
	}
	if err := k.pin(ctx, ring); err != nil {
		return nil, err
	}
	k.known.Store(&knownRing{text, ring})
	return ring, nil
}

// Export is the ring's document, in canonical form: Parse verifies it without
// a server. Errors match ErrNoRing, and are those of Ring.
func (k *Keyring) Export(ctx context.Context) ([]byte, error) {
	ring, err := k.Ring(ctx)
	switch {
	case err != nil:
		return nil, err
	case ring.Empty():
		return nil, k.noRing()
	}
	return append([]byte(nil), ring.raw...), nil
}

func (k *Keyring) noRing() error {
	return fail(ErrNoRing, "%s has no keyring yet; the first of these makes one: ifpacket keys new --role operator --name NAME", k.identity)
}

// next is the position that the ledger gives to its next record.
func (k *Keyring) next(ctx context.Context) (int64, error) {
	info, err := k.store.Commands().XInfoStream(ctx, k.space.Ledger()).Result()
	if err != nil && strings.Contains(err.Error(), "no such key") {
		return 1, nil
	}
	if err != nil {
		return 0, k.store.Explain("keyring", k.space.Ledger(), err)
	}
	return position(info.LastGeneratedID) + 1, nil
}

// position is the n of a record's id n-0.
func position(id string) (n int64) {
	for _, c := range id {
		if c < '0' || c > '9' || n > 1<<53 {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// writable refuses before anything is made or sent.
func (k *Keyring) writable(op string) error {
	if !k.store.ReadOnly() {
		return nil
	}
	return &store.Error{
		Kind: store.ErrReadOnly, Op: op, Key: keyspace.Keyring, Addr: k.store.Target().String(),
		Reason: "this session was started with --read-only; nothing was written",
	}
}
