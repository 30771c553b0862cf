package keyring_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		writeForEver(dir)
	}
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

const (
	ringKey     = "ttt:keyring"
	requestsKey = "ttt:keyring:requests"
	ledgerKey   = "ttt:ledger:main"
	here        = "127.0.0.1:6379/0"
)

// machine is one computer: its folder, its connection, its keyring.
type machine struct {
	*keyring.Keyring
	t    *testing.T
	dir  string
	url  string
	opts store.Options
}

// newMachine has a data directory of its own.
func newMachine(t *testing.T, url string) machine {
	t.Helper()
	return machine{t: t, dir: filepath.Join(t.TempDir(), "ifpacket"), url: url}.again()
}

// again is the same machine with a new process.
func (m machine) again() machine {
	m.t.Helper()
	m.Keyring = keyring.Open(open(m.t, m.url, m.opts), keyring.Files(m.dir), here)
	return m
}

func (m machine) readOnly() machine {
	m.opts.ReadOnly = true
	return m.again()
}

func open(t *testing.T, url string, opts store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// make makes a key, which must succeed.
func (m machine) make(role keyring.Role, name string) keyring.Made {
	m.t.Helper()
	made, err := m.New(ctx, keyring.NewKey{Role: role, Name: name})
	if err != nil {
		m.t.Fatalf("keys new --role %s --name %s: %v", role, name, err)
	}
	return made
}

func (m machine) ring() *keyring.Ring {
	m.t.Helper()
	ring, err := m.Ring(ctx)
	if err != nil {
		m.t.Fatal(err)
	}
	return ring
}

// files are the names in the machine's folder, locks left out.
func (m machine) files() (names []string) {
	_ = filepath.WalkDir(m.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(path, ".lock") {
			names = append(names, strings.TrimPrefix(path, m.dir+"/"))
		}
		return err
	})
	return names
}

func (m machine) keyFiles() (names []string) {
	for _, name := range m.files() {
		if strings.HasPrefix(name, "keys/") {
			names = append(names, name)
		}
	}
	return names
}

// each runs a test on real and embedded Redis, with a client to look behind.
func each(t *testing.T, test func(t *testing.T, url string, raw *redis.Client)) {
	testredis.Each(t, func(t *testing.T, url string) { test(t, url, testredis.Connect(t, url)) })
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// seeds are the secrets in the machine's key files, as written there.
func (m machine) seeds() (seeds []string) {
	m.t.Helper()
	for _, name := range m.keyFiles() {
		text, err := os.ReadFile(filepath.Join(m.dir, name))
		ok(m.t, err)
		_, rest, _ := strings.Cut(string(text), `"private_key": "`)
		seed, _, _ := strings.Cut(rest, `"`)
		if len(seed) != 44 {
			m.t.Fatalf("%s holds no seed", name)
		}
		seeds = append(seeds, seed)
	}
	return seeds
}

// silent makes sure that an error tells no private key.
func (m machine) silent(err error) {
	m.t.Helper()
	for _, seed := range m.seeds() {
		if err != nil && strings.Contains(err.Error(), seed) {
			m.t.Error("an error tells a private key")
		}
	}
}
