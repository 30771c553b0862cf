package keyring_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
)

func TestAKeyIDIsAFingerprint(t *testing.T) {
	public := ed25519.PublicKey(strings.Repeat("\x01", 32))
	sum := sha256.Sum256(public)
	id := keyring.KeyID(public)
	if id != hex.EncodeToString(sum[:8]) {
		t.Errorf("key id %s", id)
	}
	if short := keyring.Short(id); short != id[:4]+":"+id[4:6]+"…" {
		t.Errorf("shown as %s", short)
	}
	if keyring.Short("ann") != "ann" {
		t.Error("what is no key id is shortened")
	}
}

func TestASealKeyCoversOriginsByGlob(t *testing.T) {
	for _, c := range []struct {
		glob, origin string
		want         bool
	}{
		{"*", "", true},
		{"*", "a/b:c\n", true},
		{"w?", "w1", true},
		{"w?", "w", false},
		{"w?", "wé", true},
		{"router-*", "router-", true},
		{"router-*", "xrouter-1", false},
		{"*@host", "u@host", true},
		{"*@host", "u@host2", false},
		{"a*b*c", "axxbyybzc", true},
		{"a*b*c", "axxbyyb", false},
		{"[a]", "a", false},
		{"[a]", "[a]", true},
		{`\*`, "*", false},
		{"", "", true},
		{"", "a", false},
		{strings.Repeat("a*", 50) + "b", strings.Repeat("a", 5000), false},
	} {
		if got := (keyring.Entry{Origins: []string{"none", c.glob}}).Covers(c.origin); got != c.want {
			t.Errorf("%q covers %q: %v", c.glob, c.origin, got)
		}
	}
	if (keyring.Entry{}).Covers("a") {
		t.Error("a key without origins covers one")
	}
}

func TestASignatureHoldsOnlyAsItWasMade(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		raw.XAdd(ctx, &redis.XAddArgs{Stream: ledgerKey, ID: "9-0", Values: []string{"event", "dispatched"}})
		id := m.make(keyring.Seal, "a").Entry.KeyID
		other := m.make(keyring.Seal, "b").Entry.KeyID
		s, err := m.Signer(ctx, keyring.Seal, "a")
		ok(t, err)
		msg := []byte("if.x/v1\nmessage")
		sig := s.Sign(msg)
		bad := slices.Clone(sig)
		bad[0] ^= 1
		for what, c := range map[string]struct {
			id       string
			msg, sig []byte
			position int64
			want     error
		}{
			"as it was made":        {id, msg, sig, 10, nil},
			"later":                 {id, msg, sig, 1 << 40, nil},
			"position not known":    {id, msg, sig, 0, nil},
			"before it was trusted": {id, msg, sig, 9, keyring.ErrNotValidYet},
			"another message":       {id, append(msg, '.'), sig, 10, keyring.ErrSignature},
			"another signature":     {id, msg, bad, 10, keyring.ErrSignature},
			"a short signature":     {id, msg, sig[:63], 10, keyring.ErrSignature},
			"no signature":          {id, msg, nil, 10, keyring.ErrSignature},
			"another key":           {other, msg, sig, 11, keyring.ErrSignature},
			"an unknown key":        {"0123456789abcdef", msg, sig, 10, keyring.ErrUnknownKey},
			"no key id":             {"\x1b[2J\n", msg, sig, 10, keyring.ErrUnknownKey},
		} {
			e, err := m.ring().Verify(c.id, c.msg, c.sig, c.position)
			if !errors.Is(err, c.want) || c.want == nil && (err != nil || e.Name != "a") {
				t.Errorf("%s: %+v, %v", what, e, err)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("%s: %q", what, err)
			}
		}
	})
}

func TestAPersonIsAllNamesOfAllTheirKeys(t *testing.T) {
	each(t, func(t *testing.T, url string, _ *redis.Client) {
		m := newMachine(t, url)
		add := func(n keyring.NewKey) keyring.Entry {
			t.Helper()
			made, err := m.New(ctx, n)
			ok(t, err)
			return made.Entry
		}
		laptop := add(keyring.NewKey{Role: keyring.Operator, Name: "ann-laptop", Person: "ann", Actors: []string{"ann"}})
		phone := add(keyring.NewKey{Role: keyring.Operator, Name: "ann-phone", Person: "ann", Actors: []string{"annie", "annie"}})
		bob := add(keyring.NewKey{Role: keyring.Operator, Name: "bob"})
		_, err := m.Revoke(ctx, phone.KeyID)
		ok(t, err)
		ring := m.ring()
		for actor, want := range map[string]struct{ is, may bool }{
			"ann": {true, true}, "ann-laptop": {true, false}, "ann-phone": {true, false}, "annie": {true, false},
			"bob": {false, false}, "Ann": {false, false}, "": {false, false}, "root": {true, false},
		} {
			if ring.IsPerson(laptop, actor) != want.is || ring.MayActAs(laptop, actor) != want.may {
				t.Errorf("%q: is %v, may act as %v", actor, ring.IsPerson(laptop, actor), ring.MayActAs(laptop, actor))
			}
		}
		if ring.MayActAs(phone, "ann") {
			t.Error("a revoked key speaks for its person")
		}
		if !ring.MayActAs(bob, "bob") || ring.IsPerson(bob, "ann") {
			t.Error("bob is mistaken")
		}
		stranger := bob
		stranger.KeyID = "0123456789abcdef"
		if ring.MayActAs(stranger, "bob") {
			t.Error("a key that is not in the ring speaks for bob")
		}
		if names := ring.Names("bob"); !slices.Equal(names, []string{"bob"}) || ring.Names("nobody") != nil {
			t.Errorf("bob's names are %v", names)
		}
	})
}

func TestARingDoesNotChangeInItsReadersHands(t *testing.T) {
	each(t, func(t *testing.T, url string, _ *redis.Client) {
		m := newMachine(t, url)
		id := m.make(keyring.Seal, "a").Entry.KeyID
		ring := m.ring()
		list := ring.Entries()
		list[1].Name, list[1].Origins[0], list[1].PublicKey[0] = "x", "x", list[1].PublicKey[0]^1
		found, _ := ring.Find(id)
		found.Actors[0] = "x"
		if e, _ := ring.Find(id); e.Name != "a" || e.Origins[0] != "*" || e.Actors[0] != "a" || keyring.KeyID(e.PublicKey) != id {
			t.Errorf("changed to %+v", e)
		}
	})
}

func TestNamesThatPeopleCannotReadAreRefused(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		good := keyring.NewKey{Role: keyring.Seal, Name: "a"}
		for what, change := range map[string]func(n *keyring.NewKey, s string){
			"name":   func(n *keyring.NewKey, s string) { n.Name = s },
			"person": func(n *keyring.NewKey, s string) { n.Person = s },
			"actor":  func(n *keyring.NewKey, s string) { n.Actors = []string{"a", s} },
			"origin": func(n *keyring.NewKey, s string) { n.Origins = []string{"*", s} },
		} {
			for _, s := range []string{"", " ", "a ", "\ta", "a\nb", "a\x00", "\x1b[31m", "\u202eann", "a\u200bb", "\xff", "a\u00a0", strings.Repeat("é", 200)} {
				n := good
				change(&n, s)
				if what == "person" && s == "" {
					continue // the name is taken
				}
				_, err := m.New(ctx, n)
				if !errors.Is(err, keyring.ErrInvalid) || strings.ContainsAny(err.Error(), "\n\x1b\u202e\u200b") {
					t.Errorf("%s %q: %v", what, s, err)
				}
			}
		}
		for _, role := range []keyring.Role{"", "Seal", keyring.Root, "../x"} {
			if _, err := m.New(ctx, keyring.NewKey{Role: role, Name: "a"}); !errors.Is(err, keyring.ErrInvalid) {
				t.Errorf("role %q: %v", role, err)
			}
		}
		if _, err := m.New(ctx, keyring.NewKey{Role: keyring.Log, Name: "a", Origins: []string{"*"}}); !errors.Is(err, keyring.ErrInvalid) {
			t.Errorf("a log key with origins: %v", err)
		}
		if len(m.files()) != 0 || raw.DBSize(ctx).Val() != 0 {
			t.Errorf("files %v", m.files())
		}
		for _, name := range []string{"../../etc/passwd", "a/b", "..", "C:\\x", "Ann Müller", "名前", "'\"%|", "-rf", strings.Repeat("a", 128)} {
			m.make(keyring.Operator, name)
			if s, err := m.Signer(ctx, keyring.Operator, name); err != nil || s.Entry.Name != name {
				t.Errorf("%q: %v", name, err)
			}
		}
		if len(m.keyFiles()) != 10 {
			t.Errorf("files %v", m.files())
		}
	})
}
