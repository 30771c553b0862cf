package keyring

import (
	"crypto/ed25519"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a ring, so that nobody's text can exhaust its readers.
const (
	maxName     = 128 // bytes of a name, person, actor
	maxGlob     = 256 // bytes of an origin's glob
	maxList     = 64  // actors, origins of one key
	maxEntries  = 4096
	maxDocument = 8 << 20 // bytes of a ring
	maxRequests = 1000    // keys that wait to be trusted
)

// check tells what is wrong with an entry, wherever it comes from.
func (e Entry) check() error {
	switch {
	case len(e.PublicKey) != ed25519.PublicKeySize:
		return fail(ErrInvalid, "a public key has %d bytes, not %d", len(e.PublicKey), ed25519.PublicKeySize)
	case e.KeyID != KeyID(e.PublicKey):
		return fail(ErrInvalid, "key id %s is not that of its public key, which is %s", quote(e.KeyID), KeyID(e.PublicKey))
	case !slices.Contains(Roles, e.Role):
		return fail(ErrInvalid, "role %s is unknown; known are seal, operator, log, witness", quote(string(e.Role)))
	case e.ValidFrom < 0 || e.ValidUntil < 0 || e.RevokedAt < 0:
		return fail(ErrInvalid, "key %s has a ledger position below 0", e.KeyID)
	case len(e.Actors) > maxList || len(e.Origins) > maxList:
		return fail(ErrInvalid, "key %s has more than %d actors or origins", e.KeyID, maxList)
	case len(e.Origins) > 0 && e.Role != Seal:
		return fail(ErrInvalid, "only seal keys have origins, and key %s has the role %s; leave the origins away", e.KeyID, e.Role)
	}
	if err := checkText("name", e.Name, maxName); err != nil {
		return err
	}
	if err := checkText("person", e.Person, maxName); err != nil {
		return err
	}
	for _, actor := range e.Actors {
		if err := checkText("actor", actor, maxName); err != nil {
			return err
		}
	}
	for _, glob := range e.Origins {
		if err := checkText("origin", glob, maxGlob); err != nil {
			return err
		}
	}
	return nil
}

// checkText refuses what people would not see, or see as something else: an
// empty text, control and formatting characters, blanks at the ends.
func checkText(what, s string, longest int) error {
	switch {
	case s == "":
		return fail(ErrInvalid, "the %s is empty; name one", what)
	case len(s) > longest:
		return fail(ErrInvalid, "the %s has %d bytes; at most %d are possible", what, len(s), longest)
	case !utf8.ValidString(s):
		return fail(ErrInvalid, "the %s %s is not UTF-8", what, quote(s))
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fail(ErrInvalid, "the %s %s holds characters that cannot be seen; leave them away", what, quote(s))
	case strings.TrimSpace(s) != s:
		return fail(ErrInvalid, "the %s %s begins or ends with a blank; leave it away", what, quote(s))
	}
	return nil
}

// quote shows a foreign text in one short line of printable ASCII.
func quote(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return strconv.QuoteToASCII(s)
}

// isKeyID reports whether a text has the form of a key id, so that it may
// also be part of a file's name.
func isKeyID(s string) bool { return len(s) == KeyIDLength && isHex(s) }

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }
