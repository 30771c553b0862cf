package keyring

import (
	"errors"
	"fmt"
)

// Why a signature does not hold, for errors.Is.
var (
	ErrUnknownKey  = errors.New("key unknown")
	ErrSignature   = errors.New("signature invalid")
	ErrRevoked     = errors.New("key revoked")
	ErrNotValidYet = errors.New("key not valid yet")
	ErrExpired     = errors.New("key expired")
)

// Why a ring is refused. The ring that was pinned stays in force.
var (
	ErrForged     = errors.New("ring forged")          // not a ring, or not what its root signed
	ErrOtherRoot  = errors.New("ring of another root") // than the pinned one
	ErrRolledBack = errors.New("ring rolled back")     // older than the pinned one, or another of the same version
)

// Why something cannot be done with keys.
var (
	ErrInvalid     = errors.New("invalid key request") // a name, role, pattern that cannot be
	ErrNoRing      = errors.New("no ring")
	ErrNotRoot     = errors.New("root key not here")
	ErrIsRoot      = errors.New("root key")
	ErrNoKey       = errors.New("no such key here")
	ErrSeveralKeys = errors.New("several such keys here")
	ErrExists      = errors.New("key exists")
	ErrAmbiguous   = errors.New("several keys begin so")
	ErrFull        = errors.New("too many")
	ErrKeyFile     = errors.New("key file unusable")
	ErrExposed     = errors.New("key file exposed") // others than its owner may read it
	ErrPin         = errors.New("pin unusable")
	ErrOutcome     = errors.New("outcome unknown") // sent, and never answered
)

// Error is what went wrong with a key or a ring. Its text is one line: what,
// where, what to do. It never holds anything private.
type Error struct {
	Kind  error // one of the variables above
	Text  string
	Cause error // nil, or what the system said
}

// Error is the whole story in one line.
func (e *Error) Error() string { return e.Text }

// Unwrap makes both the kind and the cause match errors.Is.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

func fail(kind error, format string, args ...any) error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// failBecause is fail with a cause, which ends the text's first part.
func failBecause(kind, cause error, format string, args ...any) error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...), Cause: cause}
}
