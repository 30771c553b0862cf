package bridge

import (
	"errors"
	"fmt"
	"time"
)

// What a conversation refuses, for errors.Is.
var (
	// ErrDenied stands for a conversation that is not there and for a wrong
	// token alike, so that neither can be told from the other.
	ErrDenied = errors.New("no conversation has this id and token")
	// ErrEnded is told only to who has the right token.
	ErrEnded   = errors.New("the conversation has ended")
	ErrRate    = errors.New("too many messages")
	ErrFull    = errors.New("the partner's inbox is full")
	ErrInvalid = errors.New("invalid")
	// ErrConflict is a request id that was used for another message.
	ErrConflict = errors.New("request id in use")
	// ErrAhead is an acknowledgement of messages that nobody was given.
	ErrAhead = errors.New("acknowledged too far")
)

// RateError is ErrRate with the limit that was reached.
type RateError struct {
	Window string // minute, hour or day
	Limit  int64  // messages in it
	Retry  time.Duration
}

// Error tells when the next message may go.
func (e *RateError) Error() string {
	return fmt.Sprintf("%v: %d a %s is the limit; nothing was sent; the next may go in %v",
		ErrRate, e.Limit, e.Window, max(e.Retry.Round(time.Second), time.Second))
}

// Unwrap makes it match ErrRate.
func (e *RateError) Unwrap() error { return ErrRate }

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w %s", ErrInvalid, fmt.Sprintf(format, args...))
}

var errDenied = fmt.Errorf("%w: one of the two is wrong, or it is long over; nothing was done", ErrDenied)

func ended(at time.Time) error {
	return fmt.Errorf("%w: it ended at %s; begin another one", ErrEnded, at.UTC().Format(time.RFC3339))
}
