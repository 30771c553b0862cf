package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// What can be wrong with a server, for errors.Is.
var (
	ErrWrongType   = errors.New("wrong type")
	ErrAuth        = errors.New("not allowed")
	ErrReadOnly    = errors.New("read only")
	ErrOutOfMemory = errors.New("out of memory")
	ErrLoading     = errors.New("loading")
	ErrUnreachable = errors.New("unreachable")
	ErrRefused     = errors.New("refused by the server")
)

// Error is one failed operation on Redis. Its text is one line: what was
// tried, on which key, why it failed, what to do about it.
type Error struct {
	Kind     error  // one of the variables above
	Op       string // what was tried: "rpush", "collect"
	Key      string // on which key, "" where none
	Addr     string // which server, without secrets
	Expected string // ErrWrongType: the type the operation needs
	Found    string // ErrWrongType: the type that is there
	Reason   string // the cause in a few words: "connection refused"
	Cause    error  // what the library said
}

// Error is the whole story in one line.
func (e *Error) Error() string {
	what := e.Op
	if e.Key != "" {
		what += " " + quote(e.Key)
	}
	return what + ": " + e.Sentence()
}

// Sentence is the line without what was tried: why, and what to do.
func (e *Error) Sentence() string {
	switch e.Kind {
	case ErrWrongType:
		hint := "name another key or an operation for a " + e.Found
		if keyspace.Classify(e.Key).Managed() && e.Found != keyspace.TypeOf(e.Key) {
			hint = "the key belongs to ifpacket: rename or delete what is there"
		}
		return fmt.Sprintf("wrong type: expected %s, found %s; nothing was changed; %s", e.Expected, e.Found, hint)
	case ErrAuth:
		return "not allowed: " + e.Reason + "; check the user and password in the URL and the user's ACL"
	case ErrReadOnly:
		return "read only: " + e.Reason
	case ErrOutOfMemory:
		return "Redis is out of memory and takes no writes; raise maxmemory or remove keys, then try again"
	case ErrLoading:
		return "Redis is still loading its data; try again in a moment"
	case ErrUnreachable:
		return fmt.Sprintf("Redis at %s does not answer (%s); check that it runs and that the URL is right", e.Addr, e.Reason)
	}
	return "refused by Redis: " + e.Reason
}

// Unwrap makes both the kind and the cause match errors.Is.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// WrongType is the error of a key that holds another type than needed.
func (s *Store) WrongType(op, key, expected, found string) error {
	return &Error{Kind: ErrWrongType, Op: op, Key: key, Addr: s.target.String(), Expected: expected, Found: found}
}

func (s *Store) errReadOnlyMode(op, key string) error {
	return &Error{Kind: ErrReadOnly, Op: op, Key: key, Addr: s.target.String(), Reason: "this session was started with --read-only; nothing was written"}
}

// isReply reports whether the server answered at all.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

func (s *Store) explain(op, key string, err error) error {
	if err == nil || errors.Is(err, redis.Nil) {
		return err
	}
	var done *Error
	if errors.As(err, &done) || errors.Is(err, context.Canceled) {
		return err
	}
	e := &Error{Op: op, Key: key, Addr: s.target.String(), Cause: err}
	if !isReply(err) {
		e.Kind, e.Reason = ErrUnreachable, reason(err)
		return e
	}
	text := strings.TrimPrefix(err.Error(), "ERR ")
	e.Kind, e.Reason = kindOf(text), oneLine(text)
	if e.Kind == ErrReadOnly {
		e.Reason = "the server is a replica or refuses writes; connect to the master"
	}
	if e.Kind == ErrWrongType {
		e.Expected, e.Found = s.types(key)
	}
	return e
}

// types are the type that a key must have, and the one that it has, in words
// where that cannot be told.
func (s *Store) types(key string) (expected, found string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if expected = keyspace.TypeOf(key); expected == "" {
		expected = "another type"
	}
	found, err := s.client.Type(ctx, key).Result()
	if err != nil || found == expected || key == "" {
		found = "what is there"
	}
	return expected, found
}

// answersNobody reports whether the server refused for a reason that has
// nothing to do with the command.
func answersNobody(err error) bool {
	for _, code := range []string{"LOADING", "MASTERDOWN", "BUSY ", "CLUSTERDOWN", "NOAUTH", "Protocol error: unauthenticated"} {
		if redis.HasErrorPrefix(err, code) {
			return true
		}
	}
	return false
}

// kindOf reads the server's error code, which inside a script may stand
// behind other words.
func kindOf(text string) error {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("WRONGTYPE"):
		return ErrWrongType
	case has("NOAUTH", "WRONGPASS", "NOPERM", "invalid password", "without any password configured",
		"Protocol error: unauthenticated", "The user executing the script can't"):
		return ErrAuth
	case has("READONLY", "NOREPLICAS"):
		return ErrReadOnly
	case has("OOM command"):
		return ErrOutOfMemory
	case has("LOADING", "MASTERDOWN", "BUSY ", "CLUSTERDOWN", "TRYAGAIN"):
		return ErrLoading
	}
	return ErrRefused
}

// reason puts a network error in a few words.
func reason(err error) string {
	var dns *net.DNSError
	var netErr net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ENOENT):
		return "no such socket"
	case errors.Is(err, syscall.EACCES):
		return "no permission for the socket"
	case errors.As(err, &dns):
		return "no such host " + quote(dns.Name)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was closed"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "no answer in time"
	}
	return oneLine(err.Error())
}

// oneLine keeps a foreign message to one line of printable text.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > 200 {
		s = string(runes[:200]) + "…"
	}
	return strings.TrimSpace(s)
}

func quote(key string) string {
	quoted := fmt.Sprintf("%q", key)
	if quoted == `"`+key+`"` && !strings.ContainsAny(key, " ") {
		return key
	}
	return quoted
}
