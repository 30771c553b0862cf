package keyring_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/store"
)

func TestTheFirstKeyMakesTheRing(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		if ring := m.ring(); !ring.Empty() || ring.Version() != 0 || len(ring.Entries()) != 0 || len(m.files()) != 0 {
			t.Fatalf("without a ring there is %+v and files %v", ring, m.files())
		}
		raw.XAdd(ctx, &redis.XAddArgs{Stream: ledgerKey, ID: "7-0", Values: []string{"event", "dispatched"}})
		made := m.make(keyring.Seal, "w1@host")
		if !made.Trusted || !strings.Contains(made.Note, "root key") || strings.Contains(made.Note, "\n") {
			t.Errorf("made = %+v", made)
		}
		e := made.Entry
		if e.ValidFrom != 8 || e.Person != "w1@host" || !slices.Equal(e.Actors, []string{"w1@host"}) || !slices.Equal(e.Origins, []string{"*"}) {
			t.Errorf("entry = %+v", e)
		}
		ring := m.ring()
		root, there := ring.Root()
		if !there || ring.Version() != 1 || root.Role != keyring.Root || len(ring.Entries()) != 2 {
			t.Errorf("the ring has version %d and %+v", ring.Version(), ring.Entries())
		}
		text := raw.Get(ctx, ringKey).Val()
		digest := sha256.Sum256([]byte(text))
		records := raw.XRange(ctx, ledgerKey, "-", "+").Val()
		if len(records) != 2 || records[1].ID != "8-0" {
			t.Fatalf("ledger = %v", records)
		}
		for field, want := range map[string]string{
			"event": "key", "key": ringKey, "operation": "create", "key_id": e.KeyID, "actor": "w1@host", "packet_digest": hex.EncodeToString(digest[:]),
		} {
			if got := records[1].Values[field]; got != want {
				t.Errorf("the record's %s is %v, not %s", field, got, want)
			}
		}
		second := m.make(keyring.Operator, "ann")
		if !second.Trusted || second.Note != "" || second.Entry.ValidFrom != 9 || len(second.Entry.Origins) != 0 || m.ring().Version() != 2 {
			t.Errorf("a second key: %+v", second)
		}
	})
}

func TestPrivateKeysAreFilesOfTheirOwnerAlone(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		m.make(keyring.Operator, "ann")
		if n := len(m.keyFiles()); n != 2 {
			t.Fatalf("there are %d private keys: %v", n, m.files())
		}
		for _, name := range m.files() {
			info, err := os.Stat(filepath.Join(m.dir, name))
			ok(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %o", name, info.Mode())
			}
		}
		for _, dir := range []string{"", "keys"} {
			info, err := os.Stat(filepath.Join(m.dir, dir))
			ok(t, err)
			if info.Mode().Perm() != 0o700 {
				t.Errorf("folder %q has mode %o", dir, info.Mode())
			}
		}
		everything := fmt.Sprint(raw.Get(ctx, ringKey).Val(), raw.HGetAll(ctx, requestsKey).Val(), raw.XRange(ctx, ledgerKey, "-", "+").Val())
		signer, err := m.Signer(ctx, keyring.Operator, "ann")
		ok(t, err)
		printed := fmt.Sprintf("%v %+v %#v", signer, signer, signer)
		for _, seed := range m.seeds() {
			if strings.Contains(everything, seed) {
				t.Error("a private key is in Redis")
			}
			secret, err := base64.StdEncoding.DecodeString(seed)
			ok(t, err)
			if strings.Contains(printed, seed) || strings.Contains(printed, hex.EncodeToString(secret)) ||
				strings.Contains(printed, strings.Trim(fmt.Sprint(secret[:8]), "[]")) || strings.Contains(printed, strings.TrimPrefix(fmt.Sprintf("%#v", secret[:8]), "[]byte{")[:30]) {
				t.Error("a signer prints its private key")
			}
		}
	})
}

func TestAKeyOthersMayReadIsNotUsed(t *testing.T) {
	each(t, func(t *testing.T, url string, _ *redis.Client) {
		m := newMachine(t, url)
		made := m.make(keyring.Operator, "ann")
		path := filepath.Join(m.dir, "keys", made.Entry.KeyID+".json")
		for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o644} {
			ok(t, os.Chmod(path, mode))
			_, err := m.again().Signer(ctx, keyring.Operator, "ann")
			if !errors.Is(err, keyring.ErrExposed) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "chmod 600") {
				t.Errorf("mode %o: %v", mode, err)
			}
			m.silent(err)
		}
		list, err := m.Local(ctx)
		ok(t, err)
		if len(list) != 2 || list[1].Fault == "" || list[1].Name != "ann" {
			t.Errorf("local = %+v", list)
		}
		ok(t, os.Chmod(path, 0o400))
		if _, err := m.Signer(ctx, keyring.Operator, "ann"); err != nil {
			t.Error(err)
		}
		ok(t, os.Chmod(filepath.Dir(path), 0o777))
		if _, err := m.Signer(ctx, keyring.Operator, "ann"); !errors.Is(err, keyring.ErrExposed) {
			t.Errorf("in a folder that all may write to: %v", err)
		}
	})
}

func TestALaterMachineAsksToBeTrusted(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		first, later := newMachine(t, url), newMachine(t, url)
		first.make(keyring.Seal, "a")
		if !later.ring().FirstSeen() || later.again().ring().FirstSeen() {
			t.Error("trust on first use does not show, or shows twice")
		}
		made, err := later.New(ctx, keyring.NewKey{Role: keyring.Operator, Name: "bob-laptop", Person: "bob", Actors: []string{"bob", "bob@web"}})
		ok(t, err)
		id := made.Entry.KeyID
		if made.Trusted || !strings.Contains(made.Note, "keys trust "+id) {
			t.Errorf("made = %+v", made)
		}
		if _, err := first.ring().Verify(id, nil, nil, 0); !errors.Is(err, keyring.ErrUnknownKey) {
			t.Errorf("a key that only asks: %v", err)
		}
		if s, err := later.Signer(ctx, keyring.Operator, ""); err != nil || s.State != keyring.Requested {
			t.Errorf("signer %v, %v", s.State, err)
		}
		asking, err := first.Requests(ctx)
		ok(t, err)
		if len(asking) != 1 || asking[0].KeyID != id || asking[0].Person != "bob" || !slices.Equal(asking[0].Actors, []string{"bob", "bob@web"}) {
			t.Errorf("requests = %+v", asking)
		}
		if _, err := later.Trust(ctx, id); !errors.Is(err, keyring.ErrNotRoot) {
			t.Errorf("trusted without the root key: %v", err)
		}
		e, err := first.Trust(ctx, id)
		ok(t, err)
		if e.ValidFrom != 2 || raw.HLen(ctx, requestsKey).Val() != 0 {
			t.Errorf("trusted as %+v, %v", e, raw.HGetAll(ctx, requestsKey))
		}
		if _, err := first.Trust(ctx, id); err != nil || raw.XLen(ctx, ledgerKey).Val() != 2 {
			t.Errorf("trusted twice: %v, %d records", err, raw.XLen(ctx, ledgerKey).Val())
		}
		s, err := later.Signer(ctx, keyring.Operator, "bob")
		ok(t, err)
		got, err := first.ring().Verify(id, []byte("m"), s.Sign([]byte("m")), 2)
		if err != nil || s.State != keyring.Trusted || got.Person != "bob" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestARevokedKeyStaysRevoked(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		made := m.make(keyring.Operator, "ann")
		signer, err := m.Signer(ctx, keyring.Operator, "ann")
		ok(t, err)
		id, msg := made.Entry.KeyID, []byte("m")
		e, err := m.Revoke(ctx, id)
		ok(t, err)
		if e.RevokedAt != 2 {
			t.Errorf("revoked at %d", e.RevokedAt)
		}
		ring := m.ring()
		for position, want := range map[int64]error{0: keyring.ErrRevoked, 1: nil, 2: keyring.ErrRevoked, 99: keyring.ErrRevoked} {
			if _, err := ring.Verify(id, msg, signer.Sign(msg), position); !errors.Is(err, want) {
				t.Errorf("at %d: %v", position, err)
			}
		}
		if _, err := m.Revoke(ctx, id); err != nil || m.ring().Version() != 2 {
			t.Errorf("revoked twice: %v, version %d", err, m.ring().Version())
		}
		if _, err := m.Trust(ctx, id); !errors.Is(err, keyring.ErrRevoked) {
			t.Errorf("trusted again: %v", err)
		}
		if _, err := m.Signer(ctx, keyring.Operator, "ann"); !errors.Is(err, keyring.ErrNoKey) {
			t.Errorf("it still signs: %v", err)
		}
		root, _ := ring.Root()
		if _, err := m.Revoke(ctx, root.KeyID); !errors.Is(err, keyring.ErrIsRoot) {
			t.Errorf("the root was revoked: %v", err)
		}
		if _, err := m.Revoke(ctx, "0123456789abcdef"); !errors.Is(err, keyring.ErrUnknownKey) {
			t.Errorf("an unknown key: %v", err)
		}
		m.make(keyring.Operator, "ann")
		if s, err := m.Signer(ctx, keyring.Operator, "ann"); err != nil || s.Entry.KeyID == id {
			t.Errorf("no new key after the old one: %v", err)
		}
	})
}

func TestARequestCanBeRefused(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m, later := newMachine(t, url), newMachine(t, url)
		m.make(keyring.Seal, "a")
		id := later.make(keyring.Seal, "b").Entry.KeyID
		if e, err := m.Revoke(ctx, id); err != nil || e.Name != "b" {
			t.Errorf("%+v, %v", e, err)
		}
		raw.HSet(ctx, requestsKey, "rubbish", "{")
		if _, err := m.Revoke(ctx, "rubbish"); err != nil {
			t.Error(err)
		}
		if raw.HLen(ctx, requestsKey).Val() != 0 || m.ring().Version() != 1 {
			t.Errorf("requests %v, version %d", raw.HGetAll(ctx, requestsKey), m.ring().Version())
		}
		last := raw.XRevRangeN(ctx, ledgerKey, "+", "-", 1).Val()[0].Values
		if last["operation"] != "refuse" {
			t.Errorf("ledger = %v", last)
		}
	})
}

func TestTwoMachinesRaceForTheFirstRing(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		const n = 6
		machines := make([]machine, n)
		made := make([]keyring.Made, n)
		errs := make([]error, n)
		var all sync.WaitGroup
		for i := range machines {
			machines[i] = newMachine(t, url)
			all.Go(func() {
				made[i], errs[i] = machines[i].New(ctx, keyring.NewKey{Role: keyring.Seal, Name: fmt.Sprint("w", i)})
			})
		}
		all.Wait()
		trusted := 0
		for i, m := range machines {
			ok(t, errs[i])
			files := 1
			if made[i].Trusted {
				trusted, files = trusted+1, 2
			}
			if len(m.keyFiles()) != files {
				t.Errorf("machine %d (trusted %v) has %v", i, made[i].Trusted, m.files())
			}
		}
		if trusted != 1 || raw.HLen(ctx, requestsKey).Val() != n-1 || raw.XLen(ctx, ledgerKey).Val() != 1 {
			t.Errorf("%d are trusted, %d ask", trusted, raw.HLen(ctx, requestsKey).Val())
		}
	})
}

func TestChangesAtOnceAllLand(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		m.make(keyring.Seal, "first")
		const n = 8
		var all sync.WaitGroup
		for i := range n {
			later := newMachine(t, url)
			id := later.make(keyring.Seal, fmt.Sprint("w", i)).Entry.KeyID
			process := m.again() // other processes on the machine with the root key
			all.Go(func() {
				if _, err := process.Trust(ctx, id); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				if _, err := process.New(ctx, keyring.NewKey{Role: keyring.Operator, Name: fmt.Sprint("p", i)}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		ring := m.again().ring()
		if len(ring.Entries()) != 2+2*n || ring.Version() != 1+2*n || raw.XLen(ctx, ledgerKey).Val() != 1+2*n {
			t.Errorf("%d keys, version %d, %d records", len(ring.Entries()), ring.Version(), raw.XLen(ctx, ledgerKey).Val())
		}
	})
}

func TestProcessesOfOneMachineEnsureOneKey(t *testing.T) {
	each(t, func(t *testing.T, url string, _ *redis.Client) {
		m := newMachine(t, url)
		var all sync.WaitGroup
		ids := make([]string, 6)
		for i := range ids {
			process := m.again()
			all.Go(func() {
				s, _, err := process.Ensure(ctx, keyring.NewKey{Role: keyring.Seal, Name: "u@h"})
				if err != nil || s.State != keyring.Trusted {
					t.Error(s.State, err)
				}
				ids[i] = s.Entry.KeyID
			})
		}
		all.Wait()
		if len(slices.Compact(ids)) != 1 || len(m.keyFiles()) != 2 {
			t.Errorf("keys %v, files %v", ids, m.files())
		}
	})
}

func TestReadOnlyReadsAndMakesNothing(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url).readOnly()
		for name, do := range map[string]func() error{
			"new":     func() error { _, err := m.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "a"}); return err },
			"ensure":  func() error { _, _, err := m.Ensure(ctx, keyring.NewKey{Role: keyring.Seal, Name: "a"}); return err },
			"trust":   func() error { _, err := m.Trust(ctx, "0123456789abcdef"); return err },
			"revoke":  func() error { _, err := m.Revoke(ctx, "0123456789abcdef"); return err },
			"restore": func() error { return m.Restore(ctx) },
		} {
			if err := do(); !errors.Is(err, store.ErrReadOnly) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if keys := raw.Keys(ctx, "*").Val(); len(keys)+len(m.files()) != 0 {
			t.Errorf("written: %v, %v", keys, m.files())
		}
		newMachine(t, url).make(keyring.Seal, "a")
		if m.ring().Version() != 1 {
			t.Error("read-only does not read")
		}
	})
}

func TestAWrongTypeIsNamedAndNothingIsMade(t *testing.T) {
	for _, key := range []string{ringKey, requestsKey, ledgerKey} {
		each(t, func(t *testing.T, url string, raw *redis.Client) {
			m := newMachine(t, url)
			raw.SAdd(ctx, key, "x")
			_, err := m.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "a"})
			var e *store.Error
			if !errors.As(err, &e) || e.Kind != store.ErrWrongType || e.Key != key || e.Found != "set" {
				t.Errorf("%s: %v", key, err)
			}
			if keys := raw.Keys(ctx, "*").Val(); len(keys) != 1 || len(m.files()) != 0 {
				t.Errorf("%s: written %v, %v", key, keys, m.files())
			}
		})
	}
}
