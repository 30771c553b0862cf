package keyring

import (
	"crypto/ed25519"
	"slices"
)

// Ring is a set of keys that its root has signed, and whose signature has
// been verified. It never changes. The zero Ring is the empty one, which has
// no root.
type Ring struct {
	version int64
	entries []Entry
	byID    map[string]int
	names   map[string][]string // person → names, see Names
	root    ed25519.PublicKey
	raw     []byte // the document, in its canonical form
	lost    bool
	fresh   bool
}

// Empty reports whether there is no ring yet.
func (r *Ring) Empty() bool { return r.root == nil }

// Version counts the changes since the ring was made, which is 1; 0 is the
// empty ring.
func (r *Ring) Version() int64 { return r.version }

// Lost reports whether Redis has no ring any more, and this is the pinned
// copy of the one that was there.
func (r *Ring) Lost() bool { return r.lost }

// FirstSeen reports whether this ring was pinned just now, on trust, since
// this machine had seen none on this server before.
func (r *Ring) FirstSeen() bool { return r.fresh }

// Root is the key that signs the ring, and whether there is one.
func (r *Ring) Root() (Entry, bool) {
	if r.Empty() {
		return Entry{}, false
	}
	return r.Find(KeyID(r.root))
}

// Entries are all keys, revoked ones too, in the order in which they came.
func (r *Ring) Entries() []Entry {
	list := make([]Entry, len(r.entries))
	for i, e := range r.entries {
		list[i] = e.clone()
	}
	return list
}

// Find returns the key of that id, and whether it is in the ring.
func (r *Ring) Find(keyID string) (Entry, bool) {
	i, there := r.byID[keyID]
	if !there {
		return Entry{}, false
	}
	return r.entries[i].clone(), true
}

// Verify checks an Ed25519 signature over msg, as it stands, by a key of the
// ring, and that the key was valid at a position of the ledger. Where the
// position is not known it is 0: then only a revoked key is refused. It does
// not ask for the role, which is the caller's to judge. The entry is returned
// with the error too, unless the key is not in the ring. Errors match
// ErrUnknownKey, ErrSignature, ErrRevoked, ErrNotValidYet, ErrExpired, in this
// order.
func (r *Ring) Verify(keyID string, msg, sig []byte, position int64) (Entry, error) {
	e, there := r.Find(keyID)
	if !there {
		return Entry{}, fail(ErrUnknownKey, "key %s is not in the keyring; the holder of the root key may run: ifpacket keys trust %s", printableID(keyID), printableID(keyID))
	}
	if !ed25519.Verify(e.PublicKey, msg, sig) {
		return e, fail(ErrSignature, "the signature is not by key %s of %s over these bytes", e.KeyID, e.Name)
	}
	return e, e.ValidAt(position)
}

// Names are all names of a person: the person's own, and name and actors of
// every key that is or was this person's. Whoever must not be the actor must
// have none of them.
func (r *Ring) Names(person string) []string { return slices.Clone(r.names[person]) }

// IsPerson reports whether an actor's name is one of those of the person whose
// key e is, by any key of that person, revoked ones too. It answers whether
// somebody judges an act of their own, so that it rather says yes.
func (r *Ring) IsPerson(e Entry, actor string) bool {
	return actor == e.Person || actor == e.Name || slices.Contains(e.Actors, actor) || slices.Contains(r.names[e.Person], actor)
}

// MayActAs reports whether a key may speak for an actor: the key is in the
// ring and not revoked, and the name is among the actors of this key or of
// another such key of the same person. It rather says no.
func (r *Ring) MayActAs(e Entry, actor string) bool {
	held, there := r.Find(e.KeyID)
	if !there || held.RevokedAt > 0 {
		return false
	}
	return slices.ContainsFunc(r.entries, func(other Entry) bool {
		return other.Person == held.Person && other.RevokedAt == 0 && slices.Contains(other.Actors, actor)
	})
}

// newRing indexes entries that were checked.
func newRing(version int64, root ed25519.PublicKey, entries []Entry) *Ring {
	r := &Ring{version: version, root: root, entries: entries, byID: make(map[string]int, len(entries)), names: map[string][]string{}}
	for i, e := range entries {
		r.byID[e.KeyID] = i
		for _, name := range append([]string{e.Person, e.Name}, e.Actors...) {
			if !slices.Contains(r.names[e.Person], name) {
				r.names[e.Person] = append(r.names[e.Person], name)
			}
		}
	}
	return r
}

// printableID is a key id that may have come from anywhere.
func printableID(keyID string) string {
	if isKeyID(keyID) {
		return keyID
	}
	return quote(keyID)
}
