package keyring_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/packet"
)

// edited is a ring's document after an edit of its JSON.
func edited(t *testing.T, document string, edit func(ring map[string]any, keys []map[string]any)) string {
	t.Helper()
	var ring map[string]any
	ok(t, json.Unmarshal([]byte(document), &ring))
	var keys []map[string]any
	for _, e := range ring["entries"].([]any) {
		keys = append(keys, e.(map[string]any))
	}
	edit(ring, keys)
	text, err := json.Marshal(ring)
	ok(t, err)
	return string(text)
}

func TestAnEditedRingIsRefused(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		m.make(keyring.Operator, "ann")
		whole := raw.Get(ctx, ringKey).Val()
		other := newMachine(t, url)
		for what, text := range map[string]string{
			"another name":       edited(t, whole, func(_ map[string]any, k []map[string]any) { k[1]["name"] = "bob" }),
			"another person":     edited(t, whole, func(_ map[string]any, k []map[string]any) { k[1]["person"] = "bob" }),
			"another role":       edited(t, whole, func(_ map[string]any, k []map[string]any) { k[1]["role"] = "log" }),
			"a second root":      edited(t, whole, func(_ map[string]any, k []map[string]any) { k[1]["role"] = "root" }),
			"an actor more":      edited(t, whole, func(_ map[string]any, k []map[string]any) { k[1]["actors"] = []string{"ann", "bob"} }),
			"an earlier start":   edited(t, whole, func(_ map[string]any, k []map[string]any) { k[1]["valid_from"] = 0 }),
			"a position of 1.0":  strings.Replace(whole, `"valid_from":1`, `"valid_from":1.0`, 1),
			"a later version":    edited(t, whole, func(r map[string]any, _ []map[string]any) { r["version"] = 9 }),
			"a version below 1":  edited(t, whole, func(r map[string]any, _ []map[string]any) { r["version"] = 0 }),
			"a key less":         edited(t, whole, func(r map[string]any, k []map[string]any) { r["entries"] = k[:1] }),
			"no root":            edited(t, whole, func(r map[string]any, k []map[string]any) { r["entries"] = k[1:] }),
			"a key twice":        edited(t, whole, func(r map[string]any, k []map[string]any) { r["entries"] = append(k, k[1]) }),
			"another root":       edited(t, whole, func(r map[string]any, k []map[string]any) { r["root"] = k[1]["public_key"] }),
			"a field more":       edited(t, whole, func(r map[string]any, _ []map[string]any) { r["x"] = 1 }),
			"a field less":       edited(t, whole, func(_ map[string]any, k []map[string]any) { delete(k[1], "origins") }),
			"null":               edited(t, whole, func(_ map[string]any, k []map[string]any) { k[1]["origins"] = nil }),
			"no signature":       edited(t, whole, func(r map[string]any, _ []map[string]any) { delete(r, "signature") }),
			"an empty signature": edited(t, whole, func(r map[string]any, _ []map[string]any) { r["signature"] = "" }),
			"a duplicate key":    strings.Replace(whole, `"version":`, `"version":7,"version":`, 1),
			"more behind it":     whole + "{}",
			"half of it":         whole[:len(whole)/2],
			"no JSON":            "\x00",
			"a list":             "[]",
			"a line break":       strings.Replace(whole, `"signature":"`, `"signature":"\n`, 1),
		} {
			raw.Set(ctx, ringKey, text, 0)
			for _, reader := range []machine{m, m.again(), other} {
				ring, err := reader.Ring(ctx)
				if !errors.Is(err, keyring.ErrForged) || ring != nil || !strings.Contains(err.Error(), here) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: %v, %v", what, ring, err)
				}
				if _, err := reader.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "x"}); !errors.Is(err, keyring.ErrForged) {
					t.Errorf("%s: a key is made: %v", what, err)
				}
			}
		}
		if len(other.files()) != 0 || len(m.keyFiles()) != 2 {
			t.Errorf("files: %v, %v", other.files(), m.files())
		}
		// The order and the blanks of its JSON are nobody's business.
		raw.Set(ctx, ringKey, edited(t, whole, func(map[string]any, []map[string]any) {})+" \n", 0)
		if _, err := m.again().Ring(ctx); err != nil {
			t.Error(err)
		}
		raw.Set(ctx, ringKey, "{}", 0)
		ok(t, m.Restore(ctx))
		if ring := m.again().ring(); ring.Version() != 2 || len(ring.Entries()) != 2 {
			t.Errorf("restored: version %d, %v", ring.Version(), ring.Entries())
		}
	})
}

func TestARingOfAnotherRootIsRefused(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m, attacker := newMachine(t, url), newMachine(t, url)
		m.make(keyring.Operator, "ann")
		reader := newMachine(t, url)
		reader.ring()
		raw.Del(ctx, ringKey)
		attacker.make(keyring.Operator, "ann")
		for range 5 { // a higher version helps nobody
			attacker.make(keyring.Operator, attacker.t.Name()[:3]+string(rune('a'+attacker.ring().Version())))
		}
		for _, one := range []machine{m, reader} {
			_, err := one.Ring(ctx)
			if !errors.Is(err, keyring.ErrOtherRoot) || !strings.Contains(err.Error(), "keyring-") || !strings.Contains(err.Error(), "keys restore") {
				t.Errorf("%v", err)
			}
		}
		if err := reader.Restore(ctx); !errors.Is(err, keyring.ErrNotRoot) {
			t.Errorf("restored without the root key: %v", err)
		}
		ok(t, m.Restore(ctx))
		if ring := reader.ring(); ring.Version() != 2 || len(ring.Entries()) != 2 {
			t.Errorf("restored: version %d, %v", ring.Version(), ring.Entries())
		}
	})
}

func TestARolledBackRingIsRefused(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m, reader := newMachine(t, url), newMachine(t, url)
		id := m.make(keyring.Operator, "ann").Entry.KeyID
		old := raw.Get(ctx, ringKey).Val()
		_, err := m.Revoke(ctx, id)
		ok(t, err)
		reader.ring()
		raw.Set(ctx, ringKey, old, 0)
		for _, one := range []machine{m, m.again(), reader, reader.again()} {
			if _, err := one.Ring(ctx); !errors.Is(err, keyring.ErrRolledBack) || !strings.Contains(err.Error(), "version 2 was seen") {
				t.Errorf("%v", err)
			}
		}
		ok(t, m.Restore(ctx))
		if e, _ := reader.ring().Find(id); e.RevokedAt == 0 || reader.ring().Version() != 3 {
			t.Errorf("restored as %+v", e)
		}
		ok(t, m.Restore(ctx)) // in order: nothing to do
		if reader.ring().Version() != 3 {
			t.Error("a ring in order was restored")
		}
	})
}

func TestTwoRingsOfOneVersionAreRefused(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		m.make(keyring.Seal, "a")
		first := raw.Get(ctx, ringKey).Val()
		m.make(keyring.Seal, "b")
		reader := newMachine(t, url)
		reader.ring()
		// The holder of the root key signs another version 2.
		pins, _ := filepath.Glob(filepath.Join(m.dir, "keyring-*.json"))
		ok(t, os.Remove(pins[0]))
		raw.Set(ctx, ringKey, first, 0)
		m.again().make(keyring.Seal, "c")
		if _, err := reader.Ring(ctx); !errors.Is(err, keyring.ErrRolledBack) {
			t.Errorf("%v", err)
		}
	})
}

func TestALostRingLivesOnInItsPins(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m, reader := newMachine(t, url), newMachine(t, url)
		raw.XAdd(ctx, &redis.XAddArgs{Stream: ledgerKey, ID: "50-0", Values: []string{"event", "dispatched"}})
		want := keyring.NewKey{Role: keyring.Seal, Name: "a"}
		_, _, err := m.Ensure(ctx, want)
		ok(t, err)
		gone := m.make(keyring.Operator, "gone").Entry.KeyID
		_, err = m.Revoke(ctx, gone)
		ok(t, err)
		reader.ring()
		raw.FlushAll(ctx)
		for _, one := range []machine{m, reader, reader.again()} {
			if ring := one.ring(); !ring.Lost() || ring.Version() != 3 {
				t.Errorf("lost %v, version %d", ring.Lost(), ring.Version())
			}
		}
		if s, made, err := reader.Ensure(ctx, keyring.NewKey{Role: keyring.Seal, Name: "r"}); err != nil || made.Trusted || s.State != keyring.Requested {
			t.Errorf("%v, %+v, %v", s.State, made, err)
		}
		s, made, err := m.Ensure(ctx, want)
		if err != nil || !made.Trusted || s.State != keyring.Trusted {
			t.Fatalf("%+v, %v", made, err)
		}
		ring := reader.ring()
		if ring.Lost() || ring.Version() != 4 {
			t.Errorf("lost %v, version %d", ring.Lost(), ring.Version())
		}
		// The ledger began anew, so positions did too.
		if e, _ := ring.Find(s.Entry.KeyID); e.ValidFrom != 1 {
			t.Errorf("valid from %d", e.ValidFrom)
		}
		if e, _ := ring.Find(gone); e.RevokedAt != 1 {
			t.Errorf("revoked at %d", e.RevokedAt)
		}
	})
}

func TestRequestsAreWhatTheirKeysSigned(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m, later := newMachine(t, url), newMachine(t, url)
		m.make(keyring.Seal, "a")
		id := later.make(keyring.Operator, "bob").Entry.KeyID
		whole := raw.HGet(ctx, requestsKey, id).Val()
		change := func(field string, value any) string {
			var r map[string]any
			ok(t, json.Unmarshal([]byte(whole), &r))
			r[field] = value
			text, err := json.Marshal(r)
			ok(t, err)
			return string(text)
		}
		var own map[string]any
		ok(t, json.Unmarshal([]byte(whole), &own))
		for what, text := range map[string]string{
			"person":        change("person", "ann"),
			"actors":        change("actors", []string{"ann"}),
			"role":          change("role", "log"),
			"root role":     change("role", "root"),
			"other root":    change("root", own["public_key"]),
			"field":         change("valid_from", 1),
			"control":       change("name", "a\x1b[2J"),
			"other key":     change("key_id", "0123456789abcdef"),
			"no JSON":       "{",
			"much too long": whole + strings.Repeat(" ", 1<<16),
		} {
			raw.HSet(ctx, requestsKey, id, text)
			if asking, err := m.Requests(ctx); err != nil || len(asking) != 0 {
				t.Errorf("%s: %v, %v", what, asking, err)
			}
			if _, err := m.Trust(ctx, id); !errors.Is(err, keyring.ErrForged) {
				t.Errorf("%s is trusted: %v", what, err)
			}
		}
		raw.HSet(ctx, requestsKey, id, whole, "ffffffffffffffff", whole)
		if asking, err := m.Requests(ctx); err != nil || len(asking) != 1 {
			t.Errorf("under another id: %v, %v", asking, err)
		}
		if _, err := m.Trust(ctx, id); err != nil {
			t.Error(err)
		}
	})
}

func TestTooManyRequestsAreNotTaken(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		newMachine(t, url).make(keyring.Seal, "a")
		var many []string
		for i := range 1000 {
			many = append(many, strings.Repeat("0", 13)+string(rune('a'+i/100))+string(rune('a'+i/10%10))+string(rune('a'+i%10)), "{}")
		}
		raw.HSet(ctx, requestsKey, many)
		later := newMachine(t, url)
		if _, err := later.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "b"}); !errors.Is(err, keyring.ErrFull) || len(later.keyFiles()) != 0 {
			t.Errorf("%v, %v", err, later.files())
		}
	})
}

func TestAnExportedRingIsVerifiedWithoutAServer(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		if _, err := m.Export(ctx); !errors.Is(err, keyring.ErrNoRing) {
			t.Errorf("without a ring: %v", err)
		}
		m.make(keyring.Seal, "a")
		document, err := m.Export(ctx)
		ok(t, err)
		ring, err := keyring.Parse(document)
		ok(t, err)
		if len(ring.Entries()) != 2 || raw.Get(ctx, ringKey).Val() != string(document) {
			t.Errorf("exported %s", document)
		}
		// Another program verifies it so.
		v := packet.MustValue(string(document))
		var rest []packet.Member
		for _, member := range v.Members() {
			if member.Key != "signature" {
				rest = append(rest, member)
			}
		}
		signed, err := custody.Canonical(packet.ObjectOf(rest...))
		ok(t, err)
		var keys struct{ Root, Signature []byte }
		ok(t, json.Unmarshal(document, &keys))
		if !ed25519.Verify(keys.Root, slices.Concat([]byte("if.keyring/v1\n"), signed), keys.Signature) {
			t.Error("the signature is not over what the documentation says")
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"entries":[],"root":"","signature":"","version":1}`))
	f.Add([]byte(`{"entries":[{"actors":["ann"],"key_id":"0123456789abcdef","name":"ann","origins":[],"person":"ann","public_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","revoked_at":0,"role":"root","valid_from":1,"valid_until":0}],"root":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","signature":"AAAA","version":1}`))
	f.Add([]byte("[1e999"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		ring, err := keyring.Parse(raw)
		if (err == nil) == (ring == nil) {
			t.Fatal(ring, err)
		}
		if err != nil && (!errors.Is(err, keyring.ErrForged) || strings.ContainsAny(err.Error(), "\n\x1b")) {
			t.Fatalf("%q", err)
		}
	})
}
