package keyring

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// holder is the root key of a ring, if it is on this machine.
func (k *Keyring) holder(ring *Ring) (own, error) {
	if ring.Empty() {
		return own{}, k.noRing()
	}
	root, here, err := k.own(KeyID(ring.root))
	if err != nil {
		return own{}, err
	}
	if !here {
		return own{}, fail(ErrNotRoot, "root key %s of the keyring of %s is not on this machine; run this where it is", KeyID(ring.root), k.identity)
	}
	return root, nil
}

// Requests are the keys that ask to be trusted: those requests which are
// whole, signed by the key itself, meant for this ring, and not in it yet.
// They are sorted by name and key id.
func (k *Keyring) Requests(ctx context.Context) ([]Entry, error) {
	ring, err := k.Ring(ctx)
	if err != nil {
		return nil, err
	}
	return k.requests(ctx, ring)
}

func (k *Keyring) requests(ctx context.Context, ring *Ring) ([]Entry, error) {
	all, err := k.store.Commands().HGetAll(ctx, keyspace.KeyRequests).Result()
	if err != nil {
		return nil, k.store.Explain("keyring", keyspace.KeyRequests, err)
	}
	list := []Entry{}
	for keyID, text := range all {
		if _, there := ring.byID[keyID]; there {
			continue
		}
		if e, err := parseRequest(keyID, []byte(text), ring.root); err == nil {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b Entry) int {
		return strings.Compare(a.Name+"\x00"+a.KeyID, b.Name+"\x00"+b.KeyID)
	})
	return list, nil
}

// Trust takes a requested key into the ring, from the ledger's next record on,
// and returns it. A key that is trusted already is no error. Errors match
// ErrUnknownKey (nobody asked), ErrRevoked (once revoked, never again),
// ErrForged (the request is not what its key signed), ErrNotRoot, ErrNoRing,
// ErrOutcome, those of Ring, or are the store's.
func (k *Keyring) Trust(ctx context.Context, keyID string) (Entry, error) {
	if err := k.writable("keys trust"); err != nil {
		return Entry{}, err
	}
	ring, err := k.change(ctx, k.look, func(ring *Ring, next int64) (draft, error) {
		root, err := k.holder(ring)
		if err != nil {
			return draft{}, err
		}
		if e, there := ring.Find(keyID); there && e.RevokedAt > 0 {
			return draft{}, fail(ErrRevoked, "key %s of %s is revoked and stays so; its owner can make another with ifpacket keys new", e.KeyID, e.Name)
		} else if there {
			return draft{}, errDone
		}
		e, err := k.requestOf(ctx, ring, keyID)
		if err != nil {
			return draft{}, err
		}
		e.ValidFrom = next
		return draft{op: opTrust, keyID: keyID, root: root, entries: append(ring.Entries(), e)}, nil
	})
	if ring == nil {
		return Entry{}, err
	}
	e, _ := ring.Find(keyID)
	return e, err
}

func (k *Keyring) requestOf(ctx context.Context, ring *Ring, keyID string) (Entry, error) {
	text, err := k.store.Commands().HGet(ctx, keyspace.KeyRequests, keyID).Result()
	if errors.Is(err, redis.Nil) {
		return Entry{}, k.unknown(keyID)
	}
	if err != nil {
		return Entry{}, k.store.Explain("keyring", keyspace.KeyRequests, err)
	}
	e, err := parseRequest(keyID, []byte(text), ring.root)
	if err != nil {
		return Entry{}, failBecause(ErrForged, err, "the request of key %s is refused: %v; its owner must run ifpacket keys new again", printableID(keyID), err)
	}
	return e, nil
}

func (k *Keyring) unknown(keyID string) error {
	return fail(ErrUnknownKey, "%s has no key and no request %s; see ifpacket keys list", k.identity, printableID(keyID))
}

// Revoke ends a key's validity at the ledger's next record, for good, and
// returns it; a key that only asked to be trusted is refused. A key that is
// revoked already is no error. The root key cannot be revoked (ErrIsRoot).
// Errors else as in Trust.
func (k *Keyring) Revoke(ctx context.Context, keyID string) (Entry, error) {
	if err := k.writable("keys revoke"); err != nil {
		return Entry{}, err
	}
	var refused Entry
	ring, err := k.change(ctx, k.look, func(ring *Ring, next int64) (draft, error) {
		root, err := k.holder(ring)
		if err != nil {
			return draft{}, err
		}
		entries := ring.Entries()
		at := slices.IndexFunc(entries, func(e Entry) bool { return e.KeyID == keyID })
		if at < 0 {
			refused, err = k.refusable(ctx, ring, keyID)
			return draft{op: opRefuse, keyID: keyID, root: root, same: true}, err
		}
		e := &entries[at]
		switch {
		case e.Role == Root:
			return draft{}, fail(ErrIsRoot, "key %s is the root key, which signs the keyring itself and cannot be revoked; if it was stolen, the server must be set up anew with another", e.KeyID)
		case e.RevokedAt > 0:
			return draft{}, errDone
		}
		e.RevokedAt = next
		return draft{op: opRevoke, keyID: keyID, root: root, entries: entries}, nil
	})
	if ring == nil {
		return Entry{}, err
	}
	if e, there := ring.Find(keyID); there {
		return e, err
	}
	return refused, err
}

// refusable is a request to be removed, whole or not.
func (k *Keyring) refusable(ctx context.Context, ring *Ring, keyID string) (Entry, error) {
	e, err := k.requestOf(ctx, ring, keyID)
	if errors.Is(err, ErrForged) {
		return Entry{KeyID: keyID, Actors: []string{}, Origins: []string{}}, nil
	}
	return e, err
}

// Restore puts the pinned ring back, as a new version, where Redis has lost
// it, has an older one, or one that its root has not signed; and it moves the
// positions of a ring into a ledger that has begun anew. Where the ring is in
// order it does nothing. Errors match ErrNotRoot, ErrNoRing (none is
// pinned), ErrPin, ErrOutcome, or are the store's.
func (k *Keyring) Restore(ctx context.Context) error {
	if err := k.writable("keys restore"); err != nil {
		return err
	}
	inOrder := false
	_, err := k.change(ctx, func(ctx context.Context) (string, *Ring, error) {
		text, ring, err := k.look(ctx)
		if inOrder = err == nil && !ring.lost && !ring.Empty(); inOrder {
			return text, ring, nil
		}
		if text, err = k.fetch(ctx); err != nil {
			return "", nil, err
		}
		pinned, err := k.pinned()
		if err == nil && pinned == nil {
			err = k.noRing()
		}
		return text, pinned, err
	}, func(ring *Ring, next int64) (draft, error) {
		if inOrder && !ahead(ring.entries, next) {
			return draft{}, errDone
		}
		root, err := k.holder(ring)
		return draft{op: opRestore, keyID: KeyID(ring.root), root: root, entries: ring.Entries()}, err
	})
	return err
}
