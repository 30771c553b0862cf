package keyring

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// NewKey says what key to make.
type NewKey struct {
	Role    Role // not Root, which is made when it is needed
	Name    string
	Person  string   // Name when empty
	Actors  []string // Name and Person when empty
	Origins []string // of a seal key: "*" when empty
}

// Made is a key that was made.
type Made struct {
	Entry   Entry  // without positions when it is not trusted yet
	Trusted bool   // else it is a request that waits for the holder of the root key
	Note    string // a line for people, "" when there is nothing to tell
}

func (n NewKey) entry() (Entry, error) {
	if n.Role == Root {
		return Entry{}, fail(ErrInvalid, "a root key is made together with the first key of a keyring; name another role")
	}
	e := Entry{Role: n.Role, Name: n.Name, Person: n.Person, Actors: distinct(n.Actors), Origins: distinct(n.Origins)}
	if e.Person == "" {
		e.Person = e.Name
	}
	if len(e.Actors) == 0 {
		e.Actors = distinct([]string{e.Name, e.Person})
	}
	if len(e.Origins) == 0 && e.Role == Seal {
		e.Origins = []string{"*"}
	}
	probe := e
	probe.PublicKey = make(ed25519.PublicKey, ed25519.PublicKeySize)
	probe.KeyID = KeyID(probe.PublicKey)
	return e, probe.check()
}

func distinct(list []string) []string {
	out := []string{}
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// New makes a key on this machine. Where there is no ring it makes the root
// key and the ring first; where the root key is here the new key is trusted at
// once; elsewhere it becomes a request. The private key is written first, and
// removed again when it is certain that neither ring nor requests have it; a
// key that an earlier attempt left behind is taken up again. Errors match
// ErrInvalid, ErrExists (a live key of that role and name is here), ErrFull,
// ErrOutcome, ErrKeyFile, those of Ring, or are the store's.
func (k *Keyring) New(ctx context.Context, n NewKey) (Made, error) {
	e, err := n.entry()
	if err != nil {
		return Made{}, err
	}
	if err := k.writable("keys new"); err != nil {
		return Made{}, err
	}
	unlock, err := k.keys.Lock(ctx, "keys")
	if err != nil {
		return Made{}, failBecause(ErrKeyFile, err, "cannot lock the keys in %s: %v; no key was made", k.keys.Where(keyPrefix), err)
	}
	defer unlock()
	ring, err := k.Ring(ctx)
	if err != nil {
		return Made{}, err
	}
	key, left, err := k.prepare(ctx, ring, e)
	if err != nil {
		return Made{}, err
	}
	if err := k.save(key); err != nil {
		return Made{}, err
	}
	made, err := k.introduce(ctx, ring, key)
	if err != nil && !left && !errors.Is(err, ErrOutcome) && !made.Trusted {
		k.discard(key)
	}
	return made, err
}

// prepare makes the key pair, or finds the one that an earlier attempt left.
func (k *Keyring) prepare(ctx context.Context, ring *Ring, e Entry) (key own, left bool, err error) {
	local, _, err := k.local(ctx, ring)
	if err != nil {
		return own{}, false, err
	}
	for _, have := range local {
		if have.Entry.Role != e.Role || have.Entry.Name != e.Name {
			continue
		}
		switch have.State {
		case Trusted, Requested:
			return own{}, false, fail(ErrExists, "the %s key %s is here and %s (%s); choose another name, or first run ifpacket keys revoke %s", e.Role, quote(e.Name), have.State, have.Entry.KeyID, have.Entry.KeyID)
		case Unknown:
			return newOwn(e, k.identity, have.seed()), true, nil
		}
	}
	key, err = k.generate(e)
	return key, false, err
}

func (k *Keyring) generate(e Entry) (own, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := rand.Read(seed); err != nil {
		return own{}, failBecause(ErrKeyFile, err, "no random numbers for a key: %v", err)
	}
	return newOwn(e, k.identity, seed), nil
}

// introduce brings a saved key into the ring or among the requests. A key
// that landed is Trusted, with an error too.
func (k *Keyring) introduce(ctx context.Context, ring *Ring, key own) (Made, error) {
	if ring.Empty() {
		made, err := k.found(ctx, key)
		if !errors.Is(err, ErrNotRoot) {
			return made, err
		}
	}
	made, err := k.add(ctx, key, nil)
	if errors.Is(err, ErrNotRoot) {
		return k.request(ctx, key)
	}
	return made, err
}

// found makes the root key, and the ring with the first key. Where another
// machine was quicker the error matches ErrNotRoot and the root key is gone
// again.
func (k *Keyring) found(ctx context.Context, key own) (Made, error) {
	person := key.Entry.Person
	root, err := k.generate(Entry{Role: Root, Name: "root", Person: person, Actors: []string{person}, Origins: []string{}})
	if err != nil {
		return Made{}, err
	}
	if err := k.save(root); err != nil {
		return Made{}, err
	}
	made, err := k.add(ctx, key, &root)
	switch {
	case made.Trusted:
		made.Note = fmt.Sprintf("made root key %s of the keyring of %s in %s; who holds it decides which keys are trusted: keep a copy in a safe place", root.Entry.KeyID, k.identity, k.keys.Where(keyPrefix))
	case !errors.Is(err, ErrOutcome):
		k.discard(root)
	}
	return made, err
}

// add puts a key into the ring, which root begins when there is none.
func (k *Keyring) add(ctx context.Context, key own, root *own) (Made, error) {
	ring, err := k.change(ctx, k.look, func(ring *Ring, next int64) (draft, error) {
		if _, there := ring.Find(key.Entry.KeyID); there {
			return draft{}, errDone
		}
		e := key.Entry
		e.ValidFrom = next
		if ring.Empty() {
			if root == nil {
				return draft{}, k.noRing()
			}
			first := root.Entry
			first.ValidFrom = next
			return draft{op: opCreate, keyID: e.KeyID, root: *root, entries: []Entry{first, e}}, nil
		}
		holder, err := k.holder(ring)
		return draft{op: opTrust, keyID: e.KeyID, root: holder, entries: append(ring.Entries(), e)}, err
	})
	if ring == nil {
		return Made{}, err
	}
	e, there := ring.Find(key.Entry.KeyID)
	return Made{Entry: e, Trusted: there}, err
}

// request asks the holder of the root key to trust a key.
func (k *Keyring) request(ctx context.Context, key own) (Made, error) {
	ring, err := k.Ring(ctx)
	if err != nil {
		return Made{}, err
	}
	text, err := encodeRequest(key.Signer, ring.root)
	if err != nil {
		return Made{}, failBecause(ErrInvalid, err, "the key cannot be requested: %v", err)
	}
	for try := range sendings {
		status, _, err := k.store.Run(ctx, requestScript, []string{keyspace.KeyRequests}, key.Entry.KeyID, text, maxRequests)
		switch {
		case err == nil && status == "FULL":
			return Made{}, fail(ErrFull, "%d keys wait to be trusted on %s; the holder of the root key must trust or revoke some first", maxRequests, k.identity)
		case err == nil:
			note := fmt.Sprintf("key %s is not trusted yet: the holder of root key %s must run ifpacket keys trust %s", key.Entry.KeyID, KeyID(ring.root), key.Entry.KeyID)
			return Made{Entry: key.Entry, Note: note}, nil
		case try == 0 && (neverSent(err) || isAnswer(err)):
			return Made{}, err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return Made{}, k.unknownOutcome(ctx.Err())
}

// discard removes a private key that nobody knows. What cannot be removed
// stays as a key of this server that no ring has, which New takes up again.
func (k *Keyring) discard(key own) { _ = k.keys.Remove(keyName(key.Entry.KeyID)) }

// Ensure gives the signer of a role and name, and makes its key when there is
// none; a key that nobody was asked to trust is asked for again, and a ring
// that Redis has lost is put back where the root key is here. Of a key that
// was there Made says only whether it is trusted. When all is in order it
// writes nothing, but reads Redis and the key files: keep the signer.
func (k *Keyring) Ensure(ctx context.Context, n NewKey) (Signer, Made, error) {
	ring, err := k.Ring(ctx)
	if err != nil {
		return Signer{}, Made{}, err
	}
	if ring.lost && !k.store.ReadOnly() {
		if err := k.Restore(ctx); err != nil && !errors.Is(err, ErrNotRoot) {
			return Signer{}, Made{}, err
		}
	}
	s, err := k.Signer(ctx, n.Role, n.Name)
	if err == nil && s.State != Unknown {
		return s, Made{Entry: s.Entry, Trusted: s.State == Trusted}, nil
	}
	if err != nil && !errors.Is(err, ErrNoKey) {
		return Signer{}, Made{}, err
	}
	made, err := k.New(ctx, n)
	if err != nil && !errors.Is(err, ErrExists) { // another process was quicker
		return Signer{}, Made{}, err
	}
	s, err = k.Signer(ctx, n.Role, n.Name)
	return s, made, err
}
