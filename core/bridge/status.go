package bridge

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

// Status is what a party says that it is doing.
type Status string

// The statuses.
const (
	Working Status = "working"
	Waiting Status = "waiting" // for the partner
	Blocked Status = "blocked"
	Done    Status = "done"
)

// Statuses are all of them.
var Statuses = []Status{Working, Waiting, Blocked, Done}

const maxText = 1000 // characters

// SetStatus says what this party is doing, with a text of at most 1,000
// characters. Errors match ErrInvalid, ErrDenied, ErrEnded, and those of
// store.
func (p *Party) SetStatus(ctx context.Context, status Status, text string) error {
	known := make([]string, len(Statuses))
	found := false
	for i, s := range Statuses {
		known[i], found = string(s), found || s == status
	}
	switch n := utf8.RuneCountInString(text); {
	case !found:
		return invalid("status: %q is unknown; known are %s", status, strings.Join(known, ", "))
	case n > maxText || !utf8.ValidString(text):
		return invalid("text: at most %d characters of UTF-8, found %d", maxText, n)
	}
	_, err := p.act(ctx, statusScript, []string{keyspace.Conversation(p.id)},
		string(status), text, keyspace.ChannelConversation(p.id))
	return err
}

// Picture is how a conversation stands for one party.
type Picture struct {
	Role    string // its own
	Unread  int64  // messages that wait for it
	Partner Partner
	At      time.Time // of the picture, by Redis' clock
	Ends    time.Time
}

// Partner is the other party.
type Partner struct {
	Role   string
	Status Status // "" when it has not said
	Text   string
	Since  time.Time // when it said so; the zero time when it never has
	Seen   time.Time // when it last sent, checked or said what it does; the zero time when it never has
	Unread int64     // messages that it has not acknowledged
}

// Look tells how the conversation stands, and changes nothing: neither the
// end nor when this party was last seen. Errors match ErrDenied, ErrEnded, and
// those of store.
func (p *Party) Look(ctx context.Context) (Picture, error) {
	r, err := p.act(ctx, lookScript, []string{keyspace.Conversation(p.id)})
	if err != nil {
		return Picture{}, err
	}
	return Picture{
		At: millis(r[0]), Ends: millis(r[1]), Role: store.Text(r[2]), Unread: store.Number(r[3]),
		Partner: Partner{
			Role: store.Text(r[4]), Status: Status(store.Text(r[5])), Text: store.Text(r[6]),
			Since: millis(r[7]), Seen: millis(r[8]), Unread: store.Number(r[9]),
		},
	}, nil
}

// PartnerStatus is the partner's part of Look.
func (p *Party) PartnerStatus(ctx context.Context) (Partner, error) {
	picture, err := p.Look(ctx)
	return picture.Partner, err
}
