package bridge

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// pollEvery is how often Wait looks by itself, since an event may get lost.
const pollEvery = time.Second

// Wait is Check that comes back only when there is a message, or with an
// error: those of Check, and ctx's. It is woken by the conversation's events
// and looks each second besides.
func (p *Party) Wait(ctx context.Context, after int64) (Inbox, error) {
	in, err := p.Check(ctx, after)
	if err != nil || len(in.Messages) > 0 {
		return in, err
	}
	// Listen first, then look: what comes in between is not missed.
	sub := p.bridge.store.Commands().Subscribe(ctx, keyspace.ChannelConversation(p.id))
	defer func() { _ = sub.Close() }()
	// A read that waits for the server does not see the context.
	stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
	defer stop()
	for {
		_, err := sub.ReceiveTimeout(ctx, pollEvery)
		var late net.Error
		if err != nil && (!errors.As(err, &late) || !late.Timeout()) {
			// It cannot be listened to, now or at all.
			select {
			case <-ctx.Done():
			case <-time.After(pollEvery):
			}
		}
		if ctx.Err() != nil {
			return Inbox{}, ctx.Err()
		}
		if in, err := p.Check(ctx, after); err != nil || len(in.Messages) > 0 {
			return in, err
		}
	}
}
