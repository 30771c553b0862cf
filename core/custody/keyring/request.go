package keyring

import (
	"bytes"
	"crypto/ed25519"
	"fmt"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/packet"
)

// requestDomain stands before what a key signs that asks to be trusted.
const requestDomain = "if.keyring.request/v1\n"

// A request lies in Redis under its key id, where others can write. It is the
// JSON object of an Entry without its positions, with the ring's "root" that
// it is meant for and a "signature" by the key itself: Ed25519 over
// "if.keyring.request/v1\n" and then the canonical JSON of the object without
// "signature". So whoever compares the key id with its owner knows that the
// owner asks for just this.
func encodeRequest(s Signer, root ed25519.PublicKey) ([]byte, error) {
	v := requestValue(s.Entry, root)
	text, err := custody.Canonical(v)
	if err != nil {
		return nil, err
	}
	return custody.Canonical(v.With("signature", binary(s.Sign(append([]byte(requestDomain), text...)))))
}

func requestValue(e Entry, root ed25519.PublicKey) packet.Value {
	return packet.ObjectOf(append(e.identity(), packet.Member{Key: "root", Value: binary(root)})...)
}

func parseRequest(keyID string, raw []byte, root ed25519.PublicKey) (Entry, error) {
	if len(raw) > maxDocument/maxEntries*16 {
		return Entry{}, fmt.Errorf("%d bytes are more than a request has", len(raw))
	}
	v, err := exactJSON(raw)
	if err != nil {
		return Entry{}, err
	}
	f := fieldsOf(v, append([]string{"root", "signature"}, identityFields...)...)
	e, meant, signature := f.identity(), f.base64("root"), f.base64("signature")
	if f.err != nil {
		return Entry{}, f.err
	}
	if err := e.check(); err != nil {
		return Entry{}, err
	}
	text, err := custody.Canonical(requestValue(e, meant))
	switch {
	case err != nil:
		return Entry{}, err
	case e.KeyID != keyID:
		return Entry{}, fmt.Errorf("it is by key %s", e.KeyID)
	case e.Role == Root:
		return Entry{}, fmt.Errorf("it asks for a root key, of which there is one")
	case !bytes.Equal(meant, root):
		return Entry{}, fmt.Errorf("it was meant for a keyring of another root")
	case !ed25519.Verify(e.PublicKey, append([]byte(requestDomain), text...), signature):
		return Entry{}, fmt.Errorf("the key that it names has not signed it")
	}
	return e, nil
}
