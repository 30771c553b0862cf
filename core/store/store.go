package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	dialTimeout  = 2 * time.Second
	replyTimeout = 5 * time.Second
	// A subscriber that reads in large gulps keeps up with 300,000
	// notifications a second; the rest of the pool has no need of it.
	subscriberBuffer = 1 << 20
)

// Options change how a Store is opened.
type Options struct {
	// ReadOnly refuses every script, so that nothing can be written.
	ReadOnly bool
	// Name is what CLIENT LIST shows for these connections.
	Name string
}

// Store is a connection pool to one Redis, whatever its shape.
type Store struct {
	target   Target
	client   redis.UniversalClient
	readOnly bool
	name     string
}

// Open makes the pool that a URL asks for; see Parse for the forms. It does
// not connect: a Redis that is away shows at the first command.
func Open(rawURL string, opts Options) (*Store, error) {
	target, err := Parse(rawURL)
	if err != nil {
		return nil, err
	}
	return &Store{target: target, client: target.connect(opts.Name, 0), readOnly: opts.ReadOnly, name: opts.Name}, nil
}

// Target is what the store was opened on.
func (s *Store) Target() Target { return s.target }

// ReadOnly reports whether the store refuses to write.
func (s *Store) ReadOnly() bool { return s.readOnly }

// Close ends all connections.
func (s *Store) Close() error { return s.client.Close() }

// Ping asks for one round trip.
func (s *Store) Ping(ctx context.Context) error {
	return s.explain("ping", "", s.client.Ping(ctx).Err())
}

// Read sends the commands that fill adds in one round trip and returns after
// all have been answered. An error of a single command stays with that
// command; Read itself fails only when the server could not be asked, or
// answers nobody.
func (s *Store) Read(ctx context.Context, fill func(redis.Pipeliner)) error {
	cmds, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		fill(p)
		return nil
	})
	return s.explain("read", "", notOfOne(cmds, err))
}

// notOfOne returns the error of a pipeline that is no single command's own:
// the server answers nobody, the connection was lost, if only after some had
// been answered, or it never stood, which the commands then do not know.
func notOfOne(cmds []redis.Cmder, err error) error {
	if err == nil || answersNobody(err) {
		return err
	}
	own := false
	for _, cmd := range cmds {
		if e := cmd.Err(); e != nil && (!isReply(e) || answersNobody(e)) {
			return e
		} else if e != nil {
			own = true
		}
	}
	if own {
		return nil
	}
	return err
}

// Commands gives the plain commands, for reading. Writing goes through Run
// and Batch, which know about read-only mode.
func (s *Store) Commands() redis.UniversalClient { return s.client }

// Publish sends a message to a channel. It changes no key, so that it works
// in read-only mode too.
func (s *Store) Publish(ctx context.Context, channel string, message string) error {
	return s.explain("publish", channel, s.client.Publish(ctx, channel, message).Err())
}

// Subscription is a connection of its own that listens.
type Subscription struct {
	*redis.PubSub
	client redis.UniversalClient
}

// Close ends the subscription and its connection.
func (s *Subscription) Close() error {
	err := s.PubSub.Close()
	if cerr := s.client.Close(); err == nil {
		err = cerr
	}
	return err
}

// Subscribe opens a connection of its own, with a large read buffer, and
// subscribes it to the patterns.
func (s *Store) Subscribe(ctx context.Context, patterns ...string) (*Subscription, error) {
	client := s.target.connect(s.name, subscriberBuffer)
	sub := &Subscription{client.PSubscribe(ctx, patterns...), client}
	// The patterns are confirmed one by one: the subscription stands only
	// when all are.
	for range patterns {
		if _, err := sub.ReceiveTimeout(ctx, replyTimeout); err != nil {
			_ = sub.Close()
			return nil, s.explain("subscribe", "", err)
		}
	}
	return sub, nil
}

// Explain turns an error of a command into a typed one; see Error.
func (s *Store) Explain(op, key string, err error) error { return s.explain(op, key, err) }
