package keyring

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/packet"
)

// ringDomain stands before what the root signs, so that no other signature
// of that key can be taken for it.
const ringDomain = "if.keyring/v1\n"

// Parse reads a ring's document and verifies its signature by the root key
// that it names itself: who must be sure of the root compares it with one
// known from elsewhere. The document is the JSON object
//
//	{"entries": [Entry…], "root": base64, "signature": base64, "version": n}
//
// with all fields of every Entry and no others, base64 being the standard one
// with padding. The signature is Ed25519 over "if.keyring/v1\n" and then the
// canonical JSON (see custody.Canonical) of the object without "signature".
// Exactly one entry has the role root, and it is the root. Errors match
// ErrForged.
func Parse(raw []byte) (*Ring, error) {
	r, signature, err := parseDocument(raw)
	if err != nil {
		return nil, failBecause(ErrForged, err, "not a keyring: %v", err)
	}
	signed, err := r.signedBytes()
	if err != nil {
		return nil, failBecause(ErrForged, err, "not a keyring: %v", err)
	}
	if !ed25519.Verify(r.root, signed, signature) {
		return nil, fail(ErrForged, "the root key %s has not signed this keyring", KeyID(r.root))
	}
	return r.sealed(signature)
}

func parseDocument(raw []byte) (*Ring, []byte, error) {
	if len(raw) > maxDocument {
		return nil, nil, fmt.Errorf("%d bytes are more than a keyring has", len(raw))
	}
	v, err := exactJSON(raw)
	if err != nil {
		return nil, nil, err
	}
	f := fieldsOf(v, "entries", "root", "signature", "version")
	version := f.position("version")
	root, signature, list := f.base64("root"), f.base64("signature"), f.array("entries")
	switch {
	case f.err != nil:
		return nil, nil, f.err
	case version < 1:
		return nil, nil, errors.New("its version is below 1")
	case len(root) != ed25519.PublicKeySize:
		return nil, nil, errors.New("its root is no public key")
	case len(list) > maxEntries:
		return nil, nil, fmt.Errorf("it has more than %d keys", maxEntries)
	}
	entries := make([]Entry, 0, len(list))
	for _, m := range list {
		e, err := parseEntry(m.Value)
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, e)
	}
	r := newRing(version, root, entries)
	return r, signature, r.checkRoot()
}

// checkRoot makes sure that every key is there once, and that the root is the
// only key of its role.
func (r *Ring) checkRoot() error {
	if len(r.byID) != len(r.entries) {
		return errors.New("a key is in it twice")
	}
	for _, e := range r.entries {
		if (e.Role == Root) != bytes.Equal(e.PublicKey, r.root) {
			return fmt.Errorf("key %s is taken for the root and is not", e.KeyID)
		}
	}
	if _, there := r.byID[KeyID(r.root)]; !there {
		return errors.New("its root is not among its keys")
	}
	return nil
}

// signedBytes is what the root signs; see Parse.
func (r *Ring) signedBytes() ([]byte, error) {
	text, err := custody.Canonical(r.value())
	if err != nil {
		return nil, err
	}
	return append([]byte(ringDomain), text...), nil
}

// sealed is the ring with its document, which is canonical JSON too.
func (r *Ring) sealed(signature []byte) (*Ring, error) {
	raw, err := custody.Canonical(r.value().With("signature", binary(signature)))
	if err != nil {
		return nil, failBecause(ErrForged, err, "not a keyring: %v", err)
	}
	r.raw = raw
	return r, nil
}

func (r *Ring) value() packet.Value {
	list := make([]packet.Value, len(r.entries))
	for i, e := range r.entries {
		list[i] = e.value()
	}
	return packet.ObjectOf(
		packet.Member{Key: "entries", Value: packet.ArrayOf(list...)},
		packet.Member{Key: "root", Value: binary(r.root)},
		packet.Member{Key: "version", Value: packet.IntOf(r.version)},
	)
}

func (e Entry) value() packet.Value {
	return packet.ObjectOf(append(e.identity(),
		packet.Member{Key: "valid_from", Value: packet.IntOf(e.ValidFrom)},
		packet.Member{Key: "valid_until", Value: packet.IntOf(e.ValidUntil)},
		packet.Member{Key: "revoked_at", Value: packet.IntOf(e.RevokedAt)},
	)...)
}

// identity is an entry without its positions, as in a request.
func (e Entry) identity() []packet.Member {
	return []packet.Member{
		{Key: "key_id", Value: packet.StringOf(e.KeyID)},
		{Key: "public_key", Value: binary(e.PublicKey)},
		{Key: "role", Value: packet.StringOf(string(e.Role))},
		{Key: "name", Value: packet.StringOf(e.Name)},
		{Key: "person", Value: packet.StringOf(e.Person)},
		{Key: "actors", Value: texts(e.Actors)},
		{Key: "origins", Value: texts(e.Origins)},
	}
}

var identityFields = []string{"key_id", "public_key", "role", "name", "person", "actors", "origins"}

func parseEntry(v packet.Value) (Entry, error) {
	f := fieldsOf(v, append([]string{"valid_from", "valid_until", "revoked_at"}, identityFields...)...)
	e := f.identity()
	e.ValidFrom, e.ValidUntil, e.RevokedAt = f.position("valid_from"), f.position("valid_until"), f.position("revoked_at")
	if f.err != nil {
		return Entry{}, f.err
	}
	return e, e.check()
}

func (f *fields) identity() Entry {
	return Entry{
		KeyID: f.text("key_id"), PublicKey: f.base64("public_key"), Role: Role(f.text("role")),
		Name: f.text("name"), Person: f.text("person"), Actors: f.texts("actors"), Origins: f.texts("origins"),
	}
}

func binary(raw []byte) packet.Value { return packet.StringOf(base64.StdEncoding.EncodeToString(raw)) }

func texts(list []string) packet.Value {
	values := make([]packet.Value, len(list))
	for i, s := range list {
		values[i] = packet.StringOf(s)
	}
	return packet.ArrayOf(values...)
}
