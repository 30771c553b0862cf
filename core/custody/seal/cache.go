package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"sync"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
)

// Cache remembers which batch roots were verified, so that of the packets of
// one batch only the first pays for the signature. It remembers nothing about
// the key but its bytes: whether that is trusted is asked each time. The zero
// Cache is empty and ready; it is safe for use by many at once.
type Cache struct {
	mu         sync.Mutex
	now, older map[Hash]struct{} // by digests of key, statement and signature
}

// cacheHalf is how many roots each of the two halves of a Cache holds. When
// the newer one is full it takes the older one's place.
const cacheHalf = 4096

// verified reports whether the signature of a seal is by a key over the batch
// of this root.
func (c *Cache) verified(by keyring.Entry, s *Seal, root *Hash) bool {
	msg := statement(s.KeyID, s.Size, s.At.UnixMilli(), root)
	if c == nil {
		return ed25519.Verify(by.PublicKey, msg, s.signature[:])
	}
	var room [320]byte
	text := append(append(append(room[:0], by.PublicKey...), s.signature[:]...), msg...)
	name := sha256.Sum256(text)
	if c.has(name) {
		return true
	}
	if !ed25519.Verify(by.PublicKey, msg, s.signature[:]) {
		return false
	}
	c.add(name)
	return true
}

func (c *Cache) has(name Hash) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.now[name]; there {
		return true
	}
	_, there := c.older[name]
	return there
}

func (c *Cache) add(name Hash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.now) >= cacheHalf {
		c.now, c.older = nil, c.now
	}
	if c.now == nil {
		c.now = make(map[Hash]struct{})
	}
	c.now[name] = struct{}{}
}
