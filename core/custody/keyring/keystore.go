package keyring

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// KeyStore keeps the small files of this machine: private keys under
// "keys/<key id>.json", pinned rings under "keyring-<16 hex digits>.json", and
// the newest checkpoint of a ledger (see core/ledger) beside them. Names come
// from these packages alone, never from what people typed. It is
// safe for use by many at once.
type KeyStore interface {
	// Lock waits until nobody else has the lock of that name, other processes
	// included.
	Lock(ctx context.Context, name string) (unlock func(), err error)
	// Names are the names there that begin with a prefix.
	Names(prefix string) ([]string, error)
	// Read gives a file, or an error that matches fs.ErrNotExist.
	Read(name string) ([]byte, error)
	// Write replaces a file: after a crash there is the old one or the new
	// one, and never a part.
	Write(name string, data []byte) error
	// Remove removes a file; one that is not there is no error.
	Remove(name string) error
	// Where names the place for people.
	Where(name string) string
}

var errAbsent = fs.ErrNotExist // what KeyStore.Read says of a file that is not there

// memory is a KeyStore that ends with the process.
type memory struct {
	mu    sync.Mutex
	files map[string][]byte
	locks map[string]chan struct{}
}

// InMemory is a KeyStore without a disk, for the demo and for tests.
func InMemory() KeyStore {
	return &memory{files: map[string][]byte{}, locks: map[string]chan struct{}{}}
}

func (m *memory) Lock(ctx context.Context, name string) (func(), error) {
	m.mu.Lock()
	lock, there := m.locks[name]
	if !there {
		lock = make(chan struct{}, 1)
		m.locks[name] = lock
	}
	m.mu.Unlock()
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) Names(prefix string) (names []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.files {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (m *memory) Read(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, there := m.files[name]
	if !there {
		return nil, errAbsent
	}
	return slices.Clone(data), nil
}

func (m *memory) Write(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[name] = slices.Clone(data)
	return nil
}

func (m *memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, name)
	return nil
}

func (m *memory) Where(string) string { return "memory" }
