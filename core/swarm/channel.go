package swarm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

var broadcastScript = store.LoadScript("broadcast")

// Broadcast says something to all who listen to a channel, and returns how
// many did. The name stands behind "channel:"; the content is JSON. Who does
// not listen at this moment never hears it.
func (c *Coordinator) Broadcast(ctx context.Context, channel, content string) (heard int64, err error) {
	if err := checkName("channel", channel, maxName); err != nil {
		return 0, fmt.Errorf("broadcast: %w", err)
	}
	if !json.Valid([]byte(content)) {
		return 0, fmt.Errorf("broadcast to %s: the content is not JSON", channel)
	}
	_, rest, err := c.store.Run(ctx, broadcastScript, []string{keyspace.Channel(channel)}, content)
	if err != nil || len(rest) == 0 {
		return 0, err
	}
	return number(rest[0]), nil
}

// Heard is one thing said on a channel.
type Heard struct {
	Channel string    `json:"channel"` // by its bare name, without "channel:"
	Payload string    `json:"payload"`
	At      time.Time `json:"at"` // when it was heard
	// Gap says that the connection was lost and stands again: something may
	// have been missed. Nothing was said.
	Gap bool `json:"gap,omitempty"`
}

// Listen hears what is said on the channels whose bare names match one of the
// globs ("*" when there is none) until the context ends, which closes the
// stream. Who reads too slowly is cut off by the server, and finds a Gap.
func (c *Coordinator) Listen(ctx context.Context, globs ...string) (<-chan Heard, error) {
	if len(globs) == 0 {
		globs = []string{"*"}
	}
	patterns := make([]string, len(globs))
	for i, g := range globs {
		if err := checkName("channel", g, maxName); err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
		patterns[i] = keyspace.Channel(g)
	}
	sub, err := c.store.Subscribe(ctx, patterns...)
	if err != nil {
		return nil, err
	}
	out := make(chan Heard, 256)
	tell := func(h Heard) bool {
		select {
		case out <- h:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(out)
		for {
			_ = follow(ctx, sub, tell)
			for sub = nil; sub == nil && ctx.Err() == nil; {
				pause(ctx, time.Second)
				sub, _ = c.store.Subscribe(ctx, patterns...)
			}
			if ctx.Err() != nil || !tell(Heard{At: time.Now(), Gap: true}) {
				if sub != nil {
					_ = sub.Close()
				}
				return
			}
		}
	}()
	return out, nil
}

// follow tells what a subscription hears, and closes it at the end.
func follow(ctx context.Context, sub *store.Subscription, tell func(Heard) bool) error {
	stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
	defer func() {
		if stop() {
			_ = sub.Close()
		}
	}()
	for {
		m, err := sub.Receive(ctx)
		if err != nil {
			return err
		}
		if m, ok := m.(*redis.Message); ok {
			if !tell(Heard{Channel: strings.TrimPrefix(m.Channel, keyspace.Channel("")), Payload: m.Payload, At: time.Now()}) {
				return nil
			}
		}
	}
}

// literal is the pattern that matches a name and nothing else.
func literal(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(name)
}
