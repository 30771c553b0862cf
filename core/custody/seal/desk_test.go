package seal

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestManyWhoSealAtOnceMakeOneKey(t *testing.T) {
	o := open(t)
	testredis.Connect(t, o.url).FlushDB(ctx)
	o.keys = openKeys(t, o.url)
	var told []string
	d := NewDesk(o.keys, "ann@here", func(line string) { told = append(told, line) })
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			if k, err := d.For(ctx, "w1", "ann"); err != nil || !k.Vouched || k.Signer.Entry.Name != "ann@here" || k.Signer.Entry.Person != "ann" {
				t.Errorf("%+v %v", k.Signer.Entry, err)
			}
		})
	}
	wait.Wait()
	if n := len(o.ring().Entries()); n != 3 || len(told) != 1 { // root, seal, log
		t.Errorf("%d keys, told %q", n, told)
	}
}

func TestTheDeskTakesTheKeyThatMayAndNoRevokedOne(t *testing.T) {
	o := open(t) // has the key router, for all origins
	d := NewDesk(o.keys, "ann@here", nil)
	d.stay = 0
	for _, n := range []keyring.NewKey{
		{Role: keyring.Seal, Name: "narrow", Origins: []string{"router-*"}},
		{Role: keyring.Seal, Name: "bot", Actors: []string{"bot-7"}, Origins: []string{"bot*"}},
	} {
		o.hire(n)
	}
	for _, c := range []struct {
		origin, actor, key string
		vouched            bool
	}{
		{"bot-7", "bot-7", "bot", true},
		{"router-1", "narrow", "narrow", true},
		{"w", "bot-7", "router", false}, // the key bot may not seal this origin
		{"w", "router", "router", true},
	} {
		k, err := d.For(ctx, c.origin, c.actor)
		if err != nil || k.Signer.Entry.Name != c.key || k.Vouched != c.vouched {
			t.Errorf("%+v: %s %v %v", c, k.Signer.Entry.Name, k.Vouched, err)
		}
		if f, err := d.Foresee(ctx, c.origin, c.actor); err != nil || f.Signer.Entry.Name != c.key || f.Vouched != c.vouched {
			t.Errorf("foreseen %+v: %s %v %v", c, f.Signer.Entry.Name, f.Vouched, err)
		}
	}
	if _, err := o.keys.Revoke(ctx, o.by.Entry.KeyID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.For(ctx, "w", "router"); !errors.Is(err, ErrOrigin) || !strings.Contains(err.Error(), "ifpacket keys new") {
		t.Errorf("with a revoked key: %v", err)
	}
}

func TestWhileRedisIsAwayTheKeyAtHandIsUsed(t *testing.T) {
	server := testredis.Start(t)
	keys := openKeys(t, server.URL())
	d := NewDesk(keys, "ann@here", nil)
	d.stay = 0
	if _, err := d.For(ctx, "w", "w"); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if _, err := d.For(ctx, "w", "w"); err != nil {
		t.Error(err)
	}
	p := stamped(t, 1)
	if _, ok, err := d.Seal(ctx, &p, "queue:q", "rpush"); !ok || err != nil {
		t.Error(ok, err)
	}
	if _, err := NewDesk(keys, "ann@here", nil).For(ctx, "w", "w"); err == nil {
		t.Error("a desk that has no key yet has one without Redis")
	}
	var none *Desk
	if _, ok, err := none.Seal(ctx, &p, "queue:q", "rpush"); ok || err != nil {
		t.Error("a nil desk sealed", err)
	}
}
