package keyring

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Role is what a key is for.
type Role string

// The roles. There is one root key to a ring, which signs the ring alone.
const (
	Root     Role = "root"     // signs the ring
	Seal     Role = "seal"     // a program's: seals packets of its origins
	Operator Role = "operator" // a person's: approves and denies
	Log      Role = "log"      // signs the ledger's checkpoints
	Witness  Role = "witness"  // countersigns checkpoints from outside
)

// Roles are all roles.
var Roles = []Role{Root, Seal, Operator, Log, Witness}

// Entry is one key in a ring.
//
// ValidFrom, ValidUntil and RevokedAt are positions of the ledger, counted
// from 1, not clocks; 0 leaves them open. A key is valid for the records from
// ValidFrom on, up to but not including the smaller of ValidUntil and
// RevokedAt.
type Entry struct {
	KeyID     string            `json:"key_id"`
	PublicKey ed25519.PublicKey `json:"public_key"` // 32 bytes, in JSON as base64
	Role      Role              `json:"role"`
	Name      string            `json:"name"`
	// Person is whose key it is: a quorum counts persons, not keys.
	Person string `json:"person"`
	// Actors are the names that count as this person's, or that this key may
	// speak for.
	Actors []string `json:"actors"`
	// Origins are the globs of the origins that a seal key may seal: * is any
	// text, ? is any one character, all else is itself.
	Origins    []string `json:"origins"`
	ValidFrom  int64    `json:"valid_from"`
	ValidUntil int64    `json:"valid_until"`
	RevokedAt  int64    `json:"revoked_at"`
}

// KeyIDLength is the number of hex digits of a key id.
const KeyIDLength = 16

// KeyID is the fingerprint by which a public key is called: the first 16 hex
// digits, in lower case, of the SHA-256 of its raw 32 bytes.
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:])[:KeyIDLength]
}

// Short is a key id as it is shown where there is little room: "9f2c:71…".
func Short(keyID string) string {
	if len(keyID) != KeyIDLength {
		return keyID
	}
	return keyID[:4] + ":" + keyID[4:6] + "…"
}

// Covers reports whether one of the key's globs matches an origin.
func (e Entry) Covers(origin string) bool {
	return slices.ContainsFunc(e.Origins, func(glob string) bool { return matches(glob, origin) })
}

// ValidAt tells why the key may not have signed the record at a position of
// the ledger, nil when it may. Position 0 is not known: then a revoked key is
// revoked, and nothing is said about the other two. Errors match ErrRevoked,
// ErrNotValidYet, ErrExpired.
func (e Entry) ValidAt(position int64) error {
	switch {
	case e.RevokedAt > 0 && (position == 0 || position >= e.RevokedAt):
		return fail(ErrRevoked, "key %s of %s was revoked at ledger position %d; what it signs since then does not count", e.KeyID, e.Name, e.RevokedAt)
	case position == 0:
		return nil
	case position < e.ValidFrom:
		return fail(ErrNotValidYet, "key %s of %s is valid from ledger position %d, not at %d", e.KeyID, e.Name, e.ValidFrom, position)
	case e.ValidUntil > 0 && position >= e.ValidUntil:
		return fail(ErrExpired, "key %s of %s was valid until ledger position %d, not at %d", e.KeyID, e.Name, e.ValidUntil, position)
	}
	return nil
}

func (e Entry) clone() Entry {
	e.PublicKey, e.Actors, e.Origins = slices.Clone(e.PublicKey), slices.Clone(e.Actors), slices.Clone(e.Origins)
	return e
}

// matches compares a text with a glob of * and ?, without backtracking over
// more than the last star.
func matches(glob, text string) bool {
	g, t := []rune(glob), []rune(text)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(g) && g[i] == '*':
			star, mark = i, j
			i++
		case i < len(g) && (g[i] == '?' || g[i] == t[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(string(g[i:]), "*") == ""
}
