package engine

import (
	"context"
	"errors"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// Verifier verifies packets against a server's keyring as it was when the
// verifier was made. It is safe for use by many at once.
type Verifier struct {
	ring     *keyring.Ring
	registry *packet.Registry
	cache    seal.Cache
	// Pinned says why the ring is the copy pinned on this machine: revocations
	// since are not known. nil when it is the server's.
	Pinned error
}

// Verifier reads the keyring. Where Redis does not answer the pinned copy is
// taken, if there is one. Errors are the keyring's.
func (e *Engine) Verifier(ctx context.Context) (*Verifier, error) {
	v := &Verifier{registry: e.registry}
	var err error
	v.ring, err = e.keyring.Ring(ctx)
	if err != nil && errors.Is(err, store.ErrUnreachable) {
		v.Pinned = err
		v.ring, err = e.keyring.Pinned()
	}
	return v, err
}

// Ring is the keyring that is verified against.
func (v *Verifier) Ring() *keyring.Ring { return v.ring }

// Verify tells what the evidence about a packet is worth that was found under
// a key; "" is not known.
func (v *Verifier) Verify(r packet.Reading, key string) seal.Verdict {
	c := seal.Context{Ring: v.ring, Cache: &v.cache, Registry: v.registry}
	if key != "" {
		c.Where = &seal.Where{Key: key}
	}
	return seal.Verify(r, c)
}

// VerifyRaw verifies a value as it stands under a key: a packet in either
// format, or an entry of the carcel's list, whose packet counts as being
// where it was bound for. Errors match packet.ErrNotPacket.
func (v *Verifier) VerifyRaw(raw []byte, key string) (seal.Verdict, error) {
	r, err := packet.Read(raw)
	if err != nil || keyspace.Classify(key) != keyspace.Carcel {
		return v.Verify(r, key), err
	}
	if len(r.Extra) > 0 { // more than the packet: why and by whom it is held
		held := carcel.Parse(string(raw))
		if r, err = packet.FromValue(held.Packet.Value()); err != nil {
			return seal.Verdict{}, err
		}
	}
	return seal.Verify(r, seal.Context{
		Ring: v.ring, Cache: &v.cache, Registry: v.registry, Where: &seal.Where{Key: key, Held: true},
	}), nil
}
