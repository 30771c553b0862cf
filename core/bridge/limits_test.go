package bridge_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/bridge"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestItEndsAWhileAfterTheNewestMessageAndAtLastAnyway(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, c := open(t, url, bridge.Limits{})
		made, one, two := pair(t, b)
		key := keyspace.Conversation(made.ID)
		// As if so much time had passed since.
		pass := func(by time.Duration) {
			for _, field := range []string{"ends", "latest"} {
				c.HIncrBy(ctx, key, field, -by.Milliseconds())
			}
		}
		left := func(ends time.Time) time.Duration { return time.Until(ends).Round(time.Hour / 60) }
		pass(time.Hour)
		if sent := say(t, one, "x"); left(sent.Ends) != 3*time.Hour {
			t.Errorf("a message leaves %v", left(sent.Ends))
		}
		pass(time.Hour)
		if in := check(t, two, bridge.Unacknowledged); left(in.Ends) != 2*time.Hour {
			t.Errorf("reading moved the end: %v left", left(in.Ends))
		}
		if err := two.SetStatus(ctx, bridge.Working, ""); err != nil {
			t.Fatal(err)
		}
		if l, err := two.Look(ctx); err != nil || left(l.Ends) != 2*time.Hour {
			t.Errorf("a status moved the end: %v left, %v", left(l.Ends), err)
		}
		for _, inbox := range []string{"a", "b"} {
			say(t, map[string]*bridge.Party{"a": two, "b": one}[inbox], "y")
			if ttl := c.PTTL(ctx, keyspace.ConversationInbox(made.ID, inbox)).Val().Round(time.Hour / 60); ttl != 3*time.Hour {
				t.Errorf("the inbox of %s goes in %v", inbox, ttl)
			}
		}
		if ttl := c.PTTL(ctx, key).Val().Round(time.Hour / 60); ttl != 27*time.Hour {
			t.Errorf("that it was there is remembered for %v", ttl)
		}
		if ttl := c.PTTL(ctx, keyspace.ConversationSent(made.ID, "a")).Val(); ttl <= 0 || ttl > 24*time.Hour {
			t.Errorf("what was sent is counted for %v", ttl)
		}
		c.HSet(ctx, key, "latest", time.Now().Add(3*time.Hour+30*time.Minute).UnixMilli())
		pass(time.Hour)
		if sent := say(t, two, "z"); left(sent.Ends) != 2*time.Hour+30*time.Minute {
			t.Errorf("it goes on for %v, past its last end", left(sent.Ends))
		}

		pass(3 * time.Hour)
		_, unsent := one.Send(ctx, bridge.Message{Text: "late"}, "")
		_, unread := two.Check(ctx, 0)
		_, unseen := one.Look(ctx)
		for _, err := range []error{unsent, unread, unseen, one.SetStatus(ctx, bridge.Done, "")} {
			if !errors.Is(err, bridge.ErrEnded) {
				t.Errorf("%v", err)
			}
		}
		if _, err := b.Join(ctx, made.ID, "a_"+made.PartnerToken[2:]); !errors.Is(err, bridge.ErrDenied) {
			t.Errorf("a stranger is told that it was there: %v", err)
		}
	})
}

func TestWhatHasEndedGoesByItself(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, c := open(t, url, bridge.Limits{Life: 300 * time.Millisecond})
		made, err := b.Create(ctx, "a", "b")
		if err != nil {
			t.Fatal(err)
		}
		one := b.Party(made.ID, made.Token)
		if _, err := one.Send(ctx, bridge.Message{Text: "x"}, ""); err != nil && !errors.Is(err, bridge.ErrEnded) {
			t.Fatal(err)
		}
		testredis.Eventually(t, "it has ended and the message is gone", func() bool {
			_, err := one.Look(ctx)
			return errors.Is(err, bridge.ErrEnded) && c.Exists(ctx, keyspace.ConversationInbox(made.ID, "b")).Val() == 0
		})
	})
}

func TestEachPartyMaySayOnlySoMuch(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, c := open(t, url, bridge.Limits{PerHour: 12, PerDay: 13})
		made, one, two := pair(t, b)
		for range 10 {
			say(t, one, "x")
		}
		refused := func(window string, limit int64, longest time.Duration) {
			t.Helper()
			_, err := one.Send(ctx, bridge.Message{Text: "more"}, "more")
			var rate *bridge.RateError
			if !errors.As(err, &rate) || !errors.Is(err, bridge.ErrRate) || rate.Window != window || rate.Limit != limit ||
				rate.Retry <= 0 || rate.Retry > longest {
				t.Errorf("%s: %v (%+v)", window, err, rate)
			}
		}
		refused("minute", 10, time.Minute)
		say(t, two, "the other has a limit of its own")

		// As if time had passed.
		back := func(by time.Duration) {
			key := keyspace.ConversationSent(made.ID, "a")
			for _, z := range c.ZRangeWithScores(ctx, key, 0, -1).Val() {
				c.ZIncrBy(ctx, key, -float64(by.Milliseconds()), z.Member.(string))
			}
		}
		back(2 * time.Minute)
		say(t, one, "x")
		say(t, one, "x")
		refused("hour", 12, time.Hour)
		back(2 * time.Hour)
		say(t, one, "x")
		refused("day", 13, 24*time.Hour)
		back(24 * time.Hour)
		say(t, one, "x")
		if n := c.ZCard(ctx, keyspace.ConversationSent(made.ID, "a")).Val(); n != 1 {
			t.Errorf("%d of what was sent is still counted", n)
		}
		kept := 0
		for field := range c.HGetAll(ctx, keyspace.Conversation(made.ID)).Val() {
			if strings.HasPrefix(field, "a_sent:") {
				kept++
			}
		}
		if kept != 1 {
			t.Errorf("%d request ids are kept", kept)
		}
		if got := len(check(t, two, bridge.Unacknowledged).Messages); got != 14 {
			t.Errorf("%d messages arrived", got)
		}
	})
}

func TestAMessageMayBeAMebibyteAndNoMore(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, _ := open(t, url, bridge.Limits{})
		_, one, two := pair(t, b)
		most := strings.Repeat("é", (bridge.MaxMessage-len(bridge.DefaultAction))/2)
		say(t, one, most)
		if _, err := one.Send(ctx, bridge.Message{Text: most, Files: []string{"x"}}, ""); !errors.Is(err, bridge.ErrInvalid) || !strings.Contains(err.Error(), "1048576") {
			t.Errorf("%v", err)
		}
		say(t, one, most)
		in := check(t, two, bridge.Unacknowledged)
		if len(in.Messages) != 1 || in.Left != 1 || in.Messages[0].Text != most {
			t.Errorf("%d messages, %d left", len(in.Messages), in.Left)
		}
		if in = check(t, two, in.After); len(in.Messages) != 1 || in.Left != 0 || in.After != 2 {
			t.Errorf("%d messages, %d left", len(in.Messages), in.Left)
		}
	})
}

func TestAnInboxThatNobodyReadsFillsUp(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, _ := open(t, url, bridge.Limits{Space: 1000})
		_, one, two := pair(t, b)
		say(t, one, strings.Repeat("x", 500))
		_, err := one.Send(ctx, bridge.Message{Text: strings.Repeat("x", 500)}, "")
		if !errors.Is(err, bridge.ErrFull) || !strings.Contains(err.Error(), "1 messages") {
			t.Errorf("%v", err)
		}
		check(t, two, check(t, two, 0).After)
		say(t, one, strings.Repeat("x", 500))
	})
}
