package keyring

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Signer signs with a private key of this machine. The key itself cannot be
// got out of it, nor printed.
type Signer struct {
	Entry Entry
	State State // Trusted, Requested or Unknown, when the signer was asked for
	sign  func(msg []byte) []byte
}

// Sign is the Ed25519 signature over msg as it stands. The domain prefix that
// keeps one kind of message from being taken for another is the caller's.
func (s Signer) Sign(msg []byte) []byte { return s.sign(msg) }

func newSigner(e Entry, key ed25519.PrivateKey) Signer {
	return Signer{Entry: e, sign: func(msg []byte) []byte { return ed25519.Sign(key, msg) }}
}

// own is a private key of this machine. Functions hold the secret, which no
// formatting of a value can print.
type own struct {
	Signer
	server string // on which server it was made, as an identity
	seed   func() []byte
}

func newOwn(e Entry, server string, seed []byte) own {
	key := ed25519.NewKeyFromSeed(seed)
	public, _ := key.Public().(ed25519.PublicKey)
	e.PublicKey, e.KeyID = public, KeyID(public)
	return own{Signer: newSigner(e, key), server: server, seed: func() []byte { return seed }}
}

// keyFile is the JSON of a private key's file. The seed is the 32 bytes of RFC
// 8032; public key and key id follow from it.
type keyFile struct {
	KeyID   string   `json:"key_id"`
	Role    Role     `json:"role"`
	Name    string   `json:"name"`
	Person  string   `json:"person"`
	Actors  []string `json:"actors"`
	Origins []string `json:"origins"`
	Server  string   `json:"server"`
	Private string   `json:"private_key"` // the seed in base64
}

const (
	keyPrefix = "keys/"
	keySuffix = ".json"
)

func keyName(keyID string) string { return keyPrefix + keyID + keySuffix }

func (k own) encode() ([]byte, error) {
	e := k.Entry
	text, err := json.MarshalIndent(keyFile{e.KeyID, e.Role, e.Name, e.Person, e.Actors, e.Origins, k.server, base64.StdEncoding.EncodeToString(k.seed())}, "", "  ")
	return append(text, '\n'), err
}

// decodeOwn reads a key file. Its errors repeat nothing of the contents, which
// may be a private key wherever they stand.
func decodeOwn(keyID string, text []byte) (own, error) {
	var f keyFile
	if json.Unmarshal(text, &f) != nil {
		return own{}, errors.New("it is not the JSON of a key")
	}
	seed, err := base64.StdEncoding.DecodeString(f.Private)
	if err != nil || len(seed) != ed25519.SeedSize {
		return own{}, errors.New("its private_key is not 32 bytes in base64")
	}
	k := newOwn(Entry{Role: f.Role, Name: f.Name, Person: f.Person, Actors: f.Actors, Origins: f.Origins}, f.Server, seed)
	switch {
	case k.Entry.KeyID != keyID:
		return own{}, fmt.Errorf("its name is not that of its key, which is %s", k.Entry.KeyID)
	case k.Entry.check() != nil:
		return own{}, errors.New("its role, names or origins cannot be")
	}
	return k, nil
}

// fault is a private key that is there and cannot be used.
type fault struct {
	keyID string
	err   error
}

// owns reads all private keys of this machine.
func (k *Keyring) owns() (keys []own, faults []fault, err error) {
	names, err := k.keys.Names(keyPrefix)
	if err != nil {
		return nil, nil, failBecause(ErrKeyFile, err, "cannot list the keys in %s: %v", k.keys.Where(keyPrefix), err)
	}
	slices.Sort(names)
	for _, name := range names {
		keyID := strings.TrimSuffix(strings.TrimPrefix(name, keyPrefix), keySuffix)
		if !isKeyID(keyID) || name != keyName(keyID) {
			continue
		}
		key, there, err := k.own(keyID)
		switch {
		case err != nil:
			faults = append(faults, fault{keyID, err})
		case there:
			keys = append(keys, key)
		}
	}
	return keys, faults, nil
}

// own reads one private key, and whether it is here.
func (k *Keyring) own(keyID string) (key own, here bool, err error) {
	if !isKeyID(keyID) {
		return own{}, false, nil
	}
	text, err := k.keys.Read(keyName(keyID))
	where := k.keys.Where(keyName(keyID))
	var known *Error
	switch {
	case errors.Is(err, errAbsent):
		return own{}, false, nil
	case errors.As(err, &known):
		return own{}, false, err
	case err != nil:
		return own{}, false, failBecause(ErrKeyFile, err, "cannot read the private key in %s: %v", where, err)
	}
	if key, err = decodeOwn(keyID, text); err != nil {
		return own{}, false, failBecause(ErrKeyFile, err, "no private key in %s: %v; move it away, or put back what was there", where, err)
	}
	return key, true, nil
}

func (k *Keyring) save(key own) error {
	text, err := key.encode()
	if err == nil {
		err = k.keys.Write(keyName(key.Entry.KeyID), text)
	}
	if err != nil {
		return failBecause(ErrKeyFile, err, "cannot write a private key to %s: %v; make room or set XDG_DATA_HOME; no key was made", k.keys.Where(keyPrefix), err)
	}
	return nil
}
