package bridge_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/bridge"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestAConversationThatIsNotThereLooksLikeAWrongToken(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, c := open(t, url, bridge.Limits{})
		made, _, _ := pair(t, b)
		other, _, _ := pair(t, b)
		wrong := made.Token[:2] + other.Token[2:]
		words := map[string]bool{}
		for name, p := range map[string]*bridge.Party{
			"a wrong token":             b.Party(made.ID, wrong),
			"another one's token":       b.Party(made.ID, other.Token),
			"the token for that side":   b.Party(made.ID, "b_"+made.Token[2:]),
			"no such conversation":      b.Party("conv_00000000000000000000000000000000", made.Token),
			"an id of another shape":    b.Party("x", made.Token),
			"an id that is another key": b.Party(made.ID+"}:to:a", made.Token),
			"no token":                  b.Party(made.ID, ""),
			"the stored digest":         b.Party(made.ID, bridge.Token(c.HGet(ctx, keyspace.Conversation(made.ID), "a_token").Val())),
		} {
			_, sent := p.Send(ctx, bridge.Message{Text: "x"}, "")
			_, checked := p.Check(ctx, bridge.Unacknowledged)
			_, looked := p.Look(ctx)
			_, waited := p.Wait(ctx, 0)
			for _, err := range []error{sent, checked, looked, waited, p.SetStatus(ctx, bridge.Done, "")} {
				if !errors.Is(err, bridge.ErrDenied) {
					t.Errorf("%s: %v", name, err)
					continue
				}
				words[err.Error()] = true
			}
		}
		if _, err := b.Join(ctx, made.ID, wrong); !errors.Is(err, bridge.ErrDenied) {
			t.Errorf("join: %v", err)
		}
		if len(words) != 1 {
			t.Errorf("the words differ: %v", words)
		}
	})
}

func TestTokensAreNeitherStoredNorPrinted(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, c := open(t, url, bridge.Limits{})
		made, one, _ := pair(t, b)
		say(t, one, "x")
		seen := fmt.Sprintf("%v %+v %#v %s %+v", made, made, made, made.Token, one)
		for _, key := range c.Keys(ctx, "*").Val() {
			seen += key + c.Dump(ctx, key).Val()
			if c.Type(ctx, key).Val() == "hash" {
				seen += fmt.Sprint(c.HGetAll(ctx, key).Val())
			}
		}
		for _, token := range []bridge.Token{made.Token, made.PartnerToken} {
			if len(token) != 45 || strings.Contains(seen, string(token)) || strings.Contains(seen, string(token[2:])) {
				t.Errorf("the token %q is to be found", string(token))
			}
		}
	})
}

func TestLookingWritesNothing(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, c := open(t, url, bridge.Limits{})
		made, one, _ := pair(t, b)
		say(t, one, "x")
		s, err := store.Open(url, store.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		before := fmt.Sprint(c.HGetAll(ctx, keyspace.Conversation(made.ID)).Val())
		p, err := bridge.New(s, bridge.Limits{}).Join(ctx, made.ID, made.PartnerToken)
		if err != nil {
			t.Fatal(err)
		}
		if after := fmt.Sprint(c.HGetAll(ctx, keyspace.Conversation(made.ID)).Val()); after != before {
			t.Errorf("%s\nbecame\n%s", before, after)
		}
		_, sent := p.Send(ctx, bridge.Message{Text: "x"}, "")
		_, checked := p.Check(ctx, 0)
		_, created := bridge.New(s, bridge.Limits{}).Create(ctx, "a", "b")
		for _, err := range []error{sent, checked, created, p.SetStatus(ctx, bridge.Done, "")} {
			if !errors.Is(err, store.ErrReadOnly) {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestAKeyOfAnotherTypeIsToldAndLeftAlone(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		b, c := open(t, url, bridge.Limits{})
		made, one, two := pair(t, b)
		key := keyspace.ConversationInbox(made.ID, "b")
		c.Set(ctx, key, "mine", 0)
		_, sent := one.Send(ctx, bridge.Message{Text: "x"}, "")
		_, checked := two.Check(ctx, 0)
		for _, err := range []error{sent, checked} {
			if !errors.Is(err, store.ErrWrongType) {
				t.Errorf("%v", err)
			}
		}
		if c.Get(ctx, key).Val() != "mine" || c.HExists(ctx, keyspace.Conversation(made.ID), "b_last").Val() {
			t.Error("something was changed")
		}
	})
}

func TestWhoMayNotWriteAllOfItWritesNothing(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	free, _ := open(t, server.URL(), bridge.Limits{})
	made, one, _ := pair(t, free)
	say(t, one, "x")
	for i, command := range []string{"rpush", "zadd", "hset", "pexpireat", "lpop"} {
		user := fmt.Sprint("user", i)
		if err := c.Do(ctx, "ACL", "SETUSER", user, "on", "nopass", "~*", "&*", "+@all", "-"+command).Err(); err != nil {
			t.Fatal(err)
		}
		b, _ := open(t, "redis://"+user+":x@"+server.Addr()+"/0", bridge.Limits{})
		before := fmt.Sprint(c.HGetAll(ctx, keyspace.Conversation(made.ID)).Val(), c.LRange(ctx, keyspace.ConversationInbox(made.ID, "b"), 0, -1).Val())
		act := func() (err error) {
			_, err = b.Party(made.ID, made.Token).Send(ctx, bridge.Message{Text: "y"}, "")
			return err
		}
		if command == "lpop" {
			act = func() (err error) { _, err = b.Party(made.ID, made.PartnerToken).Check(ctx, 0); return err }
		}
		if err := act(); !errors.Is(err, store.ErrAuth) {
			t.Errorf("without %s: %v", command, err)
		}
		if after := fmt.Sprint(c.HGetAll(ctx, keyspace.Conversation(made.ID)).Val(), c.LRange(ctx, keyspace.ConversationInbox(made.ID, "b"), 0, -1).Val()); after != before {
			t.Errorf("without %s something was written:\n%s\n%s", command, before, after)
		}
	}
}
