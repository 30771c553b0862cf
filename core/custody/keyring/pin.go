package keyring

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
)

// pinFile is the JSON of a pinned ring: the ring's document, and which server
// it was seen on.
type pinFile struct {
	Server string          `json:"server"`
	Ring   json.RawMessage `json:"ring"`
}

// pinName is the file of a server's pinned ring: keyring-<the first 16 hex
// digits of the SHA-256 of the identity>.json.
func (k *Keyring) pinName() string {
	sum := sha256.Sum256([]byte(k.identity))
	return "keyring-" + hex.EncodeToString(sum[:])[:16] + ".json"
}

// pinned reads the pinned ring, nil when there is none.
func (k *Keyring) pinned() (*Ring, error) {
	text, err := k.keys.Read(k.pinName())
	if errors.Is(err, errAbsent) {
		return nil, nil
	}
	var ring *Ring
	if err == nil {
		var f pinFile
		if err = json.Unmarshal(text, &f); err == nil {
			ring, err = Parse(f.Ring)
		}
	}
	if err != nil {
		where := k.keys.Where(k.pinName())
		return nil, failBecause(ErrPin, err, "the keyring pinned for %s in %s cannot be used: %v; put back what was there, or remove the file to trust what the server has now", k.identity, where, err)
	}
	return ring, nil
}

// Pinned is the ring that was last seen on this server, by this machine's own
// copy: for verifying without the server. Errors match ErrNoRing or ErrPin.
func (k *Keyring) Pinned() (*Ring, error) {
	ring, err := k.pinned()
	if err == nil && ring == nil {
		err = k.noRing()
	}
	return ring, err
}

// pin compares a ring with the pinned one, and pins it when it is newer.
func (k *Keyring) pin(ctx context.Context, ring *Ring) error {
	pinned, err := k.pinned()
	if err != nil {
		return err
	}
	if pinned != nil && !k.newer(ring, pinned) {
		return k.compare(ring, pinned)
	}
	unlock, err := k.keys.Lock(ctx, k.pinName())
	if err != nil {
		return k.cannotPin(err)
	}
	defer unlock()
	if pinned, err = k.pinned(); err != nil { // another process may have pinned meanwhile
		return err
	}
	if pinned != nil && !k.newer(ring, pinned) {
		return k.compare(ring, pinned)
	}
	text, err := json.Marshal(pinFile{k.identity, ring.raw})
	if err == nil {
		err = k.keys.Write(k.pinName(), append(text, '\n'))
	}
	if err != nil {
		return k.cannotPin(err)
	}
	ring.fresh = pinned == nil
	return nil
}

func (k *Keyring) cannotPin(err error) error {
	return failBecause(ErrPin, err, "cannot pin the keyring of %s in %s: %v; without a pin an exchanged keyring would go unnoticed: make the folder writable, or set XDG_DATA_HOME", k.identity, k.keys.Where(k.pinName()), err)
}

func (k *Keyring) newer(ring, pinned *Ring) bool {
	return bytes.Equal(ring.root, pinned.root) && ring.version > pinned.version
}

// compare tells why a ring that is no newer than the pinned one is refused, if
// it is.
func (k *Keyring) compare(ring, pinned *Ring) error {
	where := k.keys.Where(k.pinName())
	switch {
	case !bytes.Equal(ring.root, pinned.root):
		return fail(ErrOtherRoot, "the keyring of %s is refused: its root key is %s, and %s is pinned; if the server was set up anew on purpose remove %s, else the holder of the pinned root key can put it right with: ifpacket keys restore", k.identity, KeyID(ring.root), KeyID(pinned.root), where)
	case ring.version < pinned.version:
		return fail(ErrRolledBack, "the keyring of %s is refused: it has version %d, and version %d was seen before; the holder of the root key %s can put it right with: ifpacket keys restore", k.identity, ring.version, pinned.version, KeyID(pinned.root))
	case !bytes.Equal(ring.raw, pinned.raw):
		return fail(ErrRolledBack, "the keyring of %s is refused: another version %d was seen before; the holder of the root key %s can put it right with: ifpacket keys restore", k.identity, ring.version, KeyID(pinned.root))
	}
	return nil
}
