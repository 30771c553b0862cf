package bridge

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

// Party is one of the two in a conversation. It holds no token, only its
// digest. It is safe for use by many goroutines, but messages have one reader:
// two that acknowledge the same inbox take them from each other.
type Party struct {
	bridge             *Bridge
	id, side, sum      string
	inbox, partnersBox string // keys
}

// Party is who holds a token, without asking Redis: each act of it shows
// whether the token is right.
func (b *Bridge) Party(id string, token Token) *Party {
	p := &Party{bridge: b, id: id, side: "a", sum: token.sum()}
	// What cannot be right is asked for all the same, under an id that is never
	// given: the answer takes the same way and time as for one that is wrong.
	if !idShape.MatchString(id) {
		p.id = "none"
	}
	partner := "b"
	if tokenShape.MatchString(string(token)) && token[0] == 'b' {
		p.side, partner = "b", "a"
	}
	p.inbox, p.partnersBox = keyspace.ConversationInbox(p.id, p.side), keyspace.ConversationInbox(p.id, partner)
	return p
}

// Join is Party, and asks whether the token is right. Errors match ErrDenied
// and ErrEnded.
func (b *Bridge) Join(ctx context.Context, id string, token Token) (*Party, error) {
	p := b.Party(id, token)
	if _, err := p.Look(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// ID is the conversation's.
func (p *Party) ID() string { return p.id }

// Message is what one party says to the other.
type Message struct {
	Action string   `json:"action"`          // what it is: DefaultAction, question, …: a word of a-z, 0-9, _ and -, at most 32
	Text   string   `json:"message"`         // UTF-8
	Files  []string `json:"files,omitempty"` // names or addresses of files that it is about: at most 100
}

// DefaultAction is the action of a message that names none.
const DefaultAction = "info"

const (
	maxFiles   = 100
	maxFile    = 1024 // bytes
	maxRequest = 100  // bytes
)

var wordShape = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

func (m *Message) check() error {
	if m.Action == "" {
		m.Action = DefaultAction
	}
	size := len(m.Action) + len(m.Text)
	for _, f := range m.Files {
		if f == "" || len(f) > maxFile || !utf8.ValidString(f) {
			return invalid("files: each needs 1 to %d bytes of UTF-8, found one of %d", maxFile, len(f))
		}
		size += len(f)
	}
	switch {
	case m.Text == "":
		return invalid("message: it is empty")
	case !wordShape.MatchString(m.Action):
		return invalid("action: a word of a-z, 0-9, _ and -, at most 32 characters, such as question or answer")
	case !utf8.ValidString(m.Text):
		return invalid("message: it is not UTF-8")
	case len(m.Files) > maxFiles:
		return invalid("files: at most %d, found %d", maxFiles, len(m.Files))
	case size > MaxMessage:
		return invalid("message: at most %d bytes with action and files, found %d; send it in parts", MaxMessage, size)
	}
	return nil
}

// Sent tells what became of a message.
type Sent struct {
	Number   int64     // of the message, from 1, in the order sent to the partner
	Ends     time.Time // when the conversation ends unless more is said
	Repeated bool      // the request had landed before, and this is its first outcome
}

// Send puts a message into the partner's inbox. A request id of the caller's,
// at most 100 bytes, makes the call safe to repeat for a day: it lands once.
// Without one that holds within this call alone. Errors match ErrInvalid,
// ErrDenied, ErrEnded, ErrRate (a *RateError), ErrFull, ErrConflict, and those
// of store.
func (p *Party) Send(ctx context.Context, m Message, request string) (Sent, error) {
	if err := m.check(); err != nil {
		return Sent{}, err
	}
	if len(request) > maxRequest {
		return Sent{}, invalid("request id: at most %d bytes, found %d", maxRequest, len(request))
	}
	if request == "" {
		request = rand.Text()
	}
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return Sent{}, fmt.Errorf("send: %w", err)
	}
	rest, err := p.act(ctx, sendScript,
		[]string{keyspace.Conversation(p.id), p.partnersBox, keyspace.ConversationSent(p.id, p.side), p.inbox},
		request, bytes.TrimSpace(raw.Bytes()), keyspace.ChannelConversation(p.id))
	if err != nil {
		return Sent{}, err
	}
	return Sent{store.Number(rest[0]), millis(rest[1]), store.Number(rest[2]) == 1}, nil
}

// Received is a message with its place in the conversation.
type Received struct {
	Number int64     // from 1, rising by one
	At     time.Time // when it was sent, by Redis' clock
	Message
}

// Inbox is what Check found.
type Inbox struct {
	Messages []Received // oldest first
	Left     int64      // messages that wait behind these
	After    int64      // what the next Check acknowledges: the last number here, or what this one acknowledged
	Ends     time.Time
}

// One check hands out so much at most: it ends behind the message that passes
// the bytes.
const (
	mostMessages = 100
	mostBytes    = MaxMessage
)

// Unacknowledged, as after, acknowledges nothing: Check then gives from the
// first message that nobody has acknowledged.
const Unacknowledged = -1

// Check acknowledges all messages up to after, which are then gone, and gives
// those that follow. Repeated with the same after it gives the same messages,
// and more if more have come. Errors match ErrDenied, ErrEnded, ErrAhead, and
// those of store.
func (p *Party) Check(ctx context.Context, after int64) (Inbox, error) {
	acknowledge := ""
	if after >= 0 {
		acknowledge = strconv.FormatInt(after, 10)
	}
	rest, err := p.act(ctx, checkScript, []string{keyspace.Conversation(p.id), p.inbox}, acknowledge, mostMessages, mostBytes)
	if err != nil {
		return Inbox{}, err
	}
	in := Inbox{Left: store.Number(rest[0]), Ends: millis(rest[1]), After: max(after, 0)}
	values, _ := rest[2].([]any)
	for _, v := range values {
		m, err := read(store.Text(v))
		if err != nil {
			return in, fmt.Errorf("check conversation %s: %w", p.id, err)
		}
		in.Messages, in.After = append(in.Messages, m), m.Number
	}
	return in, nil
}

// read takes a stored message apart: its number, when, and itself.
func read(raw string) (m Received, err error) {
	number, rest, _ := strings.Cut(raw, " ")
	at, text, _ := strings.Cut(rest, " ")
	if m.Number, err = strconv.ParseInt(number, 10, 64); err != nil {
		return m, fmt.Errorf("what is in the inbox is no message: %w", err)
	}
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return m, fmt.Errorf("message %d: %w", m.Number, err)
	}
	m.At = time.UnixMilli(ms)
	if err := json.Unmarshal([]byte(text), &m.Message); err != nil {
		return m, fmt.Errorf("message %d: %w", m.Number, err)
	}
	return m, nil
}

// act runs a script of this party and reads its refusals.
func (p *Party) act(ctx context.Context, script *store.Script, keys []string, args ...any) ([]any, error) {
	status, rest, err := p.bridge.run(ctx, script, keys, append([]any{p.side, p.sum}, args...)...)
	if err != nil {
		return nil, err
	}
	number := func(i int) int64 { return store.Number(rest[i]) }
	switch status {
	case "OK":
		return rest, nil
	case "DENIED":
		return nil, errDenied
	case "ENDED":
		return nil, ended(millis(rest[0]))
	case "RATE":
		return nil, &RateError{store.Text(rest[0]), number(1), time.Duration(number(2)) * time.Millisecond}
	case "FULL":
		return nil, fmt.Errorf("%w: %d messages with %d bytes wait; nothing was sent; the partner has to read first", ErrFull, number(0), number(1))
	case "CONFLICT":
		return nil, fmt.Errorf("%w: it was used for another message; nothing was sent; take a new one", ErrConflict)
	case "AHEAD":
		return nil, fmt.Errorf("%w: the highest number that was handed out is %d; nothing was acknowledged", ErrAhead, number(0))
	}
	return nil, fmt.Errorf("%s: unknown answer %q", script.Name(), status)
}
