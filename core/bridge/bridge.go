package bridge

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

// Limits are those of one conversation, set when it is made and the same for
// both parties from wherever they speak. What is 0 is the preset.
type Limits struct {
	Life      time.Duration // it ends that long after its newest message; 3 h
	Longest   time.Duration // and that long after its beginning at the latest; 24 h
	PerMinute int           // messages of one party; 10
	PerHour   int           // 100
	PerDay    int           // 500
	Space     int           // bytes that may wait for one party; 16 MiB
}

// MaxMessage is how many bytes of UTF-8 one message may have: text, action and
// files together.
const MaxMessage = 1 << 20

const (
	preset    = 3 * time.Hour
	longest   = 24 * time.Hour
	remembers = 24 * time.Hour // how long an ended conversation still says so
	perMinute = 10
	perHour   = 100
	perDay    = 500
	space     = 16 << 20
	maxRole   = 100 // characters
)

// An act whose reply was lost is repeated with the same request, which lands
// once.
const (
	tries = 3
	pause = 50 * time.Millisecond
)

var (
	createScript = store.LoadScript("conversation_create", "conversation")
	sendScript   = store.LoadScript("conversation_send", "conversation")
	checkScript  = store.LoadScript("conversation_check", "conversation")
	statusScript = store.LoadScript("conversation_status", "conversation")
	lookScript   = store.LoadReader("conversation_look", "conversation")
)

// Bridge makes conversations and joins them. It is safe for use by many
// goroutines.
type Bridge struct {
	store  *store.Store
	limits Limits
}

// New makes a bridge on a store; the limits are those of the conversations
// that it makes.
func New(s *store.Store, l Limits) *Bridge {
	l.Life, l.Longest = either(l.Life, preset), either(l.Longest, longest)
	l.PerMinute, l.PerHour, l.PerDay = either(l.PerMinute, perMinute), either(l.PerHour, perHour), either(l.PerDay, perDay)
	l.Space = either(l.Space, space)
	return &Bridge{s, l}
}

func either[T int | time.Duration](asked, preset T) T {
	if asked > 0 {
		return asked
	}
	return preset
}

// Token lets one party into one conversation: "a_" or "b_", the side, and 32
// random bytes in base64url. Printed with fmt it hides itself; convert it to a
// string to hand it over.
type Token string

// String hides the token, for logs.
func (Token) String() string { return "token(hidden)" }

// GoString hides it too.
func (t Token) GoString() string { return t.String() }

var tokenShape = regexp.MustCompile(`^[ab]_[A-Za-z0-9_-]{43}$`)

func newToken(side string) Token {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return Token(side + "_" + base64.RawURLEncoding.EncodeToString(b[:]))
}

// sum is what is stored of a token.
func (t Token) sum() string {
	digest := sha256.Sum256([]byte(t))
	return hex.EncodeToString(digest[:])
}

// Created is a new conversation. Its tokens are told this once.
type Created struct {
	ID           string
	Token        Token // of who made it
	PartnerToken Token // to hand to the other
	Ends         time.Time
}

var idShape = regexp.MustCompile(`^conv_[0-9a-f]{32}$`)

// Create begins a conversation between two roles, which are names for people
// and models: 1 to 100 printable characters. Errors match ErrInvalid and those
// of store.
func (b *Bridge) Create(ctx context.Context, role, partner string) (Created, error) {
	for _, r := range []string{role, partner} {
		if err := checkRole(r); err != nil {
			return Created{}, err
		}
	}
	var id [16]byte
	_, _ = rand.Read(id[:])
	c := Created{ID: "conv_" + hex.EncodeToString(id[:]), Token: newToken("a"), PartnerToken: newToken("b")}
	l := b.limits
	status, rest, err := b.run(ctx, createScript, []string{keyspace.Conversation(c.ID)},
		role, c.Token.sum(), partner, c.PartnerToken.sum(), l.Life.Milliseconds(), l.Longest.Milliseconds(), remembers.Milliseconds(),
		l.PerMinute, l.PerHour, l.PerDay, l.Space)
	if err != nil {
		return Created{}, err
	}
	if status != "OK" {
		return Created{}, fmt.Errorf("create conversation: the id %s is taken; try again", c.ID)
	}
	c.Ends = millis(rest[0])
	return c, nil
}

func checkRole(role string) error {
	n := utf8.RuneCountInString(role)
	if n == 0 || n > maxRole || !printable(role) {
		return invalid("role: it needs 1 to %d printable characters, found %d", maxRole, n)
	}
	return nil
}

// printable reports whether a text is UTF-8 of one line, with nothing that a
// terminal obeys.
func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// run repeats an act whose reply was lost.
func (b *Bridge) run(ctx context.Context, script *store.Script, keys []string, args ...any) (status string, rest []any, err error) {
	for try := 1; ; try++ {
		status, rest, err = b.store.Run(ctx, script, keys, args...)
		if err == nil || !errors.Is(err, store.ErrUnreachable) || try == tries {
			return status, rest, err
		}
		select {
		case <-ctx.Done():
			return status, rest, err
		case <-time.After(pause << (try - 1)):
		}
	}
}

func millis(v any) time.Time {
	if n := store.Number(v); n > 0 {
		return time.UnixMilli(n)
	}
	return time.Time{}
}
