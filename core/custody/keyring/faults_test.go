package keyring_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// behind is a machine whose connection goes through a proxy.
func behind(t *testing.T, url string) (machine, *testredis.Proxy) {
	t.Helper()
	p := testredis.NewProxy(t, strings.TrimSuffix(strings.TrimPrefix(url, "redis://"), "/0"))
	return newMachine(t, p.URL()), p
}

func TestAChangeWhoseAnswerIsLostLandsOnce(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		// The scripts are known to the server before.
		newMachine(t, url).make(keyring.Seal, "x")
		raw.Del(ctx, ringKey, ledgerKey)

		m, proxy := behind(t, url)
		for i, name := range []string{"first", "second"} {
			for _, lost := range []int{1, 2} {
				proxy.LoseReplies(lost, "packet_digest")
				made, err := m.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: name + strings.Repeat("+", lost)})
				if err != nil || !made.Trusted {
					t.Fatalf("%s, %d lost: %+v, %v", name, lost, made, err)
				}
			}
			if want := int64(2 * (i + 1)); m.ring().Version() != want || raw.XLen(ctx, ledgerKey).Val() != want {
				t.Errorf("version %d, %d records", m.ring().Version(), raw.XLen(ctx, ledgerKey).Val())
			}
		}
		later, proxy := behind(t, url)
		proxy.LoseReplies(1, requestsKey)
		made := later.make(keyring.Seal, "later")
		if made.Trusted || raw.HLen(ctx, requestsKey).Val() != 1 {
			t.Errorf("%+v", made)
		}
	})
}

func TestAKeyWhoseFateIsNotKnownIsKept(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m, proxy := behind(t, url)
		n := keyring.NewKey{Role: keyring.Seal, Name: "a"}
		proxy.LoseReplies(1000, "packet_digest")
		_, err := m.New(ctx, n)
		if !errors.Is(err, keyring.ErrOutcome) || len(m.keyFiles()) != 2 {
			t.Fatalf("%v, %v", err, m.files())
		}
		proxy.LoseReplies(0, "")
		s, made, err := m.Ensure(ctx, n)
		if err != nil || s.State != keyring.Trusted || made.Entry.KeyID != s.Entry.KeyID {
			t.Fatalf("%+v, %+v, %v", s, made, err)
		}
		if _, err := m.New(ctx, n); !errors.Is(err, keyring.ErrExists) {
			t.Errorf("made twice: %v", err)
		}
		later, proxy := behind(t, url)
		later.ring()
		proxy.LoseReplies(1000, requestsKey+"\r\n$16") // the request, and not its reading
		_, err = later.New(ctx, n)
		if !errors.Is(err, keyring.ErrOutcome) || len(later.keyFiles()) != 1 {
			t.Fatalf("%v, %v", err, later.files())
		}
		proxy.LoseReplies(0, "")
		raw.Del(ctx, requestsKey)
		s, made, err = later.Ensure(ctx, n)
		if err != nil || made.Trusted || s.State != keyring.Requested || len(later.keyFiles()) != 1 {
			t.Errorf("%+v, %v, %v", made, err, later.files())
		}
	})
}

func TestAKeyThatNobodyTookIsGoneAgain(t *testing.T) {
	url := testredis.Start(t).URL()
	raw := testredis.Connect(t, url)
	m, later := newMachine(t, url), newMachine(t, url)
	full := func(on string) { ok(t, raw.ConfigSet(ctx, "maxmemory", on).Err()) }
	full("1")
	for range 2 {
		if _, err := m.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "a"}); !errors.Is(err, store.ErrOutOfMemory) || len(m.files()) != 0 {
			t.Errorf("%v, %v", err, m.files())
		}
	}
	full("0")
	m.make(keyring.Seal, "a")
	later.ring()
	full("1")
	if _, err := later.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "b"}); !errors.Is(err, store.ErrOutOfMemory) || len(later.keyFiles()) != 0 {
		t.Errorf("%v, %v", err, later.files())
	}
	if _, err := m.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "b"}); !errors.Is(err, store.ErrOutOfMemory) || len(m.keyFiles()) != 2 {
		t.Errorf("%v, %v", err, m.files())
	}
}

func TestAServerThatIsAwayMakesNoKey(t *testing.T) {
	m := newMachine(t, "redis://127.0.0.1:1/0")
	if _, err := m.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "a"}); !errors.Is(err, store.ErrUnreachable) || len(m.files()) != 0 {
		t.Errorf("%v, %v", err, m.files())
	}
}

func TestADiskThatTakesNothingMakesNoKey(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		ok(t, os.WriteFile(m.dir, nil, 0o600)) // a file where the folder should be
		m.again()
		if _, err := m.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "a"}); err == nil || !strings.Contains(err.Error(), m.dir) {
			t.Errorf("%v", err)
		}
		if raw.DBSize(ctx).Val() != 0 {
			t.Error("Redis has a ring whose keys are nowhere")
		}
		newMachine(t, url).make(keyring.Seal, "a")
		if _, err := m.Ring(ctx); !errors.Is(err, keyring.ErrPin) {
			t.Errorf("a ring that cannot be pinned: %v", err)
		}
	})
}

func TestFilesOfOthersDoNotConfuse(t *testing.T) {
	each(t, func(t *testing.T, url string, _ *redis.Client) {
		m := newMachine(t, url)
		id := m.make(keyring.Operator, "ann").Entry.KeyID
		keys := filepath.Join(m.dir, "keys")
		whole, err := os.ReadFile(filepath.Join(keys, id+".json"))
		ok(t, err)
		for name, text := range map[string]string{
			"README": "x", ".new-123": string(whole[:50]), "ann.json": string(whole), "x.json": "", "..json": "",
		} {
			ok(t, os.WriteFile(filepath.Join(keys, name), []byte(text), 0o600))
		}
		if list, err := m.Local(ctx); err != nil || len(list) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
		// Under the name of another key, cut, and empty.
		for name, text := range map[string]string{
			"0123456789abcdef.json": string(whole), "1123456789abcdef.json": string(whole[:len(whole)/2]), "2123456789abcdef.json": "",
		} {
			ok(t, os.WriteFile(filepath.Join(keys, name), []byte(text), 0o600))
		}
		list, err := m.Local(ctx)
		ok(t, err)
		faults := 0
		for _, l := range list {
			if l.Fault != "" {
				faults++
				m := strings.Contains(l.Fault, string(whole[len(whole)-30:]))
				if m || !strings.Contains(l.Fault, keys) {
					t.Errorf("fault %s", l.Fault)
				}
			}
		}
		if len(list) != 5 || faults != 3 {
			t.Errorf("%+v", list)
		}
		if s, err := m.Signer(ctx, keyring.Operator, "ann"); err != nil || s.Entry.KeyID != id {
			t.Errorf("a broken file hides a good one: %v", err)
		}
		if _, err := m.Signer(ctx, keyring.Log, ""); !errors.Is(err, keyring.ErrKeyFile) {
			t.Errorf("the broken file is not told: %v", err)
		}
	})
}

func TestABrokenPinIsToldWithItsPlace(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		m.make(keyring.Seal, "a")
		pins, _ := filepath.Glob(filepath.Join(m.dir, "keyring-*.json"))
		for _, text := range []string{"", "{", "{}", `{"server":"x","ring":{}}`} {
			ok(t, os.WriteFile(pins[0], []byte(text), 0o600))
			if _, err := m.again().Ring(ctx); !errors.Is(err, keyring.ErrPin) || !strings.Contains(err.Error(), pins[0]) {
				t.Errorf("%q: %v", text, err)
			}
		}
		raw.Del(ctx, ringKey)
		if _, err := m.again().Ring(ctx); !errors.Is(err, keyring.ErrPin) {
			t.Errorf("%v", err)
		}
	})
}

func TestServersArePinnedApart(t *testing.T) {
	each(t, func(t *testing.T, url string, _ *redis.Client) {
		one := newMachine(t, url)
		one.make(keyring.Seal, "a")
		elsewhere := testredis.Start(t).URL()
		two := keyring.Open(open(t, elsewhere, store.Options{}), keyring.Files(one.dir), "../other\x00/0")
		made, err := two.New(ctx, keyring.NewKey{Role: keyring.Seal, Name: "a"})
		if err != nil || !made.Trusted {
			t.Fatalf("%+v, %v", made, err)
		}
		list, err := two.Local(ctx)
		ok(t, err)
		if len(list) != 2 {
			t.Errorf("keys of another server show: %+v", list)
		}
		if s, err := two.Signer(ctx, keyring.Seal, ""); err != nil || s.Entry.KeyID != made.Entry.KeyID {
			t.Errorf("%v", err)
		}
	})
}

func TestWhichKeySignsIsNeverGuessed(t *testing.T) {
	each(t, func(t *testing.T, url string, _ *redis.Client) {
		m := newMachine(t, url)
		_, err := m.Signer(ctx, keyring.Operator, "")
		if !errors.Is(err, keyring.ErrNoKey) || !strings.Contains(err.Error(), "ifpacket keys new --role operator --name") {
			t.Errorf("%v", err)
		}
		m.make(keyring.Operator, "ann")
		if s, err := m.Signer(ctx, keyring.Operator, ""); err != nil || s.Entry.Name != "ann" {
			t.Errorf("the only one: %v", err)
		}
		m.make(keyring.Operator, "bob")
		if _, err := m.Signer(ctx, keyring.Operator, ""); !errors.Is(err, keyring.ErrSeveralKeys) || !strings.Contains(err.Error(), "--as") {
			t.Errorf("one of two: %v", err)
		}
		_, err = m.New(ctx, keyring.NewKey{Role: keyring.Operator, Name: "bob-2", Person: "bob"})
		ok(t, err)
		if _, err := m.Signer(ctx, keyring.Operator, "bob"); !errors.Is(err, keyring.ErrSeveralKeys) {
			t.Errorf("one of bob's two: %v", err)
		}
		if s, err := m.Signer(ctx, keyring.Operator, "bob-2"); err != nil || s.Entry.Name != "bob-2" {
			t.Errorf("by name: %v", err)
		}
		if _, err := m.Signer(ctx, keyring.Log, "ann"); !errors.Is(err, keyring.ErrNoKey) {
			t.Errorf("of another role: %v", err)
		}
	})
}

func TestAKeyIDMayBeCutShort(t *testing.T) {
	each(t, func(t *testing.T, url string, _ *redis.Client) {
		m := newMachine(t, url)
		id := m.make(keyring.Seal, "a").Entry.KeyID
		for _, given := range []string{id, id[:4], strings.ToUpper(id[:9]), keyring.Short(id)} {
			if got, err := m.Resolve(ctx, given); err != nil || got != id {
				t.Errorf("%s is %s, %v", given, got, err)
			}
		}
		for _, given := range []string{"", id[:3], id + "0", "xyzw", "*", "../.."} {
			if _, err := m.Resolve(ctx, given); !errors.Is(err, keyring.ErrInvalid) {
				t.Errorf("%q: %v", given, err)
			}
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	for name, keys := range map[string]keyring.KeyStore{"files": keyring.Files(t.TempDir()), "memory": keyring.InMemory()} {
		unlock, err := keys.Lock(ctx, "keys")
		ok(t, err)
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		if _, err := keys.Lock(short, "keys"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		unlock()
		unlock, err = keys.Lock(ctx, "keys")
		ok(t, err)
		unlock()
	}
}

func TestKeysInMemoryWorkAlike(t *testing.T) {
	each(t, func(t *testing.T, url string, _ *redis.Client) {
		k := keyring.Open(open(t, url, store.Options{}), keyring.InMemory(), here)
		s, made, err := k.Ensure(ctx, keyring.NewKey{Role: keyring.Seal, Name: "a"})
		if err != nil || !made.Trusted || !strings.Contains(made.Note, "memory") {
			t.Fatalf("%+v, %v", made, err)
		}
		if list, err := k.Local(ctx); err != nil || len(list) != 2 || s.State != keyring.Trusted {
			t.Errorf("%+v, %v", list, err)
		}
	})
}
