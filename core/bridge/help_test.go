package bridge_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/bridge"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) {
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

func open(t testing.TB, url string, l bridge.Limits) (*bridge.Bridge, *redis.Client) {
	t.Helper()
	s, err := store.Open(url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return bridge.New(s, l), testredis.Connect(t, url)
}

// pair is a conversation with both parties in it.
func pair(t testing.TB, b *bridge.Bridge) (made bridge.Created, one, two *bridge.Party) {
	t.Helper()
	made, err := b.Create(ctx, "architect", "builder")
	if err != nil {
		t.Fatal(err)
	}
	if one, err = b.Join(ctx, made.ID, made.Token); err != nil {
		t.Fatal(err)
	}
	if two, err = b.Join(ctx, made.ID, made.PartnerToken); err != nil {
		t.Fatal(err)
	}
	return made, one, two
}

func say(t testing.TB, p *bridge.Party, text string) bridge.Sent {
	t.Helper()
	sent, err := p.Send(ctx, bridge.Message{Text: text}, "")
	if err != nil {
		t.Fatalf("send %q: %v", text, err)
	}
	return sent
}

func check(t testing.TB, p *bridge.Party, after int64) bridge.Inbox {
	t.Helper()
	in, err := p.Check(ctx, after)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func texts(in bridge.Inbox) (out []string) {
	for _, m := range in.Messages {
		out = append(out, m.Text)
	}
	return out
}
