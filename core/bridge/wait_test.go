package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/bridge"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestEachPartySeesWhatTheOtherIsDoing(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, _ := open(t, url, bridge.Limits{})
		made, one, two := pair(t, b)
		before, err := one.Look(ctx)
		if p := before.Partner; err != nil || before.Role != "architect" || p.Role != "builder" || p.Status != "" || !p.Since.IsZero() || !p.Seen.IsZero() || !before.Ends.Equal(made.Ends) {
			t.Errorf("%+v, %v", before, err)
		}
		if err := two.SetStatus(ctx, bridge.Blocked, "no key \x1b[1m"); err != nil {
			t.Fatal(err)
		}
		say(t, one, "x")
		say(t, one, "y")
		say(t, two, "z")
		picture, err := one.Look(ctx)
		p := picture.Partner
		if err != nil || p.Status != bridge.Blocked || p.Text != "no key \x1b[1m" || p.Unread != 2 || picture.Unread != 1 ||
			p.Since.IsZero() || p.Seen.Before(p.Since) || picture.At.Before(p.Seen) {
			t.Errorf("%+v, %v", picture, err)
		}
		check(t, two, check(t, two, 0).After)
		if p, err := one.PartnerStatus(ctx); err != nil || p.Unread != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		for _, err := range []error{one.SetStatus(ctx, "asleep", ""), one.SetStatus(ctx, bridge.Done, strings.Repeat("é", 1001)), one.SetStatus(ctx, bridge.Done, "\xff")} {
			if !errors.Is(err, bridge.ErrInvalid) {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestWaitingEndsWithAMessage(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, c := open(t, url, bridge.Limits{})
		made, one, two := pair(t, b)
		say(t, one, "at once")
		in, err := two.Wait(ctx, bridge.Unacknowledged)
		if err != nil || len(in.Messages) != 1 {
			t.Fatalf("%+v, %v", in, err)
		}
		type outcome struct {
			in  bridge.Inbox
			err error
			at  time.Time
		}
		woken := make(chan outcome, 1)
		go func() {
			in, err := two.Wait(ctx, in.After)
			woken <- outcome{in, err, time.Now()}
		}()
		testredis.Eventually(t, "it listens", func() bool {
			return c.PubSubNumSub(ctx, keyspace.ChannelConversation(made.ID)).Val()[keyspace.ChannelConversation(made.ID)] == 1
		})
		sent := time.Now()
		say(t, one, "later")
		o := <-woken
		if o.err != nil || !slices.Equal(texts(o.in), []string{"later"}) || o.in.After != 2 {
			t.Errorf("%+v", o)
		}
		if took := o.at.Sub(sent); took > 900*time.Millisecond {
			t.Errorf("it was woken after %v: by a look, not by the event", took)
		}
		ending, cancel := context.WithCancel(ctx)
		go func() {
			_, err := two.Wait(ending, 2)
			woken <- outcome{err: err, at: time.Now()}
		}()
		cancel()
		if o := <-woken; !errors.Is(o.err, context.Canceled) {
			t.Errorf("%v", o.err)
		}
	})
}

func TestWaitingNeedsNoEvents(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Client().Do(ctx, "ACL", "SETUSER", "deaf", "on", "nopass", "+@all", "~*", "resetchannels")
	loud, _ := open(t, server.URL(), bridge.Limits{})
	deaf, _ := open(t, "redis://deaf:x@"+server.Addr()+"/0", bridge.Limits{})
	made, one, _ := pair(t, loud)
	two := deaf.Party(made.ID, made.PartnerToken)
	woken := make(chan error, 1)
	go func() {
		in, err := two.Wait(ctx, 0)
		if err == nil && !slices.Equal(texts(in), []string{"x"}) {
			err = fmt.Errorf("read %q", texts(in))
		}
		woken <- err
	}()
	testredis.Eventually(t, "it has looked", func() bool {
		p, err := one.PartnerStatus(ctx)
		return err == nil && !p.Seen.IsZero()
	})
	say(t, one, "x")
	if err := <-woken; err != nil {
		t.Error(err)
	}
}

func TestFiftyConversationsAtOnceKeepToThemselves(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, _ := open(t, url, bridge.Limits{})
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				made, err := b.Create(ctx, "a", "b")
				if err != nil {
					t.Error(err)
					return
				}
				for side, token := range []bridge.Token{made.Token, made.PartnerToken} {
					all.Go(func() {
						me := b.Party(made.ID, token)
						for n := range 5 {
							if _, err := me.Send(ctx, bridge.Message{Text: fmt.Sprint(i, side, n)}, ""); err != nil {
								t.Error(err)
							}
						}
						var got []string
						for after := int64(0); len(got) < 5; {
							in, err := me.Wait(ctx, after)
							if err != nil {
								t.Error(err)
								return
							}
							got, after = append(got, texts(in)...), in.After
						}
						for n, text := range got {
							if want := fmt.Sprint(i, 1-side, n); text != want {
								t.Errorf("read %q, not %q", text, want)
							}
						}
					})
				}
			})
		}
		all.Wait()
	})
}
