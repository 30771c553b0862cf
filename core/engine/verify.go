package engine

import (
	"context"
	"errors"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// Verifier verifies packets against a server's keyring as it was when the
// verifier was made, and against its ledger, which is read back as far as the
// packets need. It is safe for use by many at once.
type Verifier struct {
	ctx      context.Context // of the whole verification, which reads the ledger
	ring     *keyring.Ring
	examiner *lineage.Examiner
	// Pinned says why the ring is the copy pinned on this machine: revocations
	// since are not known, nor is the ledger. nil when it is the server's.
	Pinned error
}

// Verifier reads the keyring. Where Redis does not answer the pinned copy is
// taken, if there is one. The context is that of all that the verifier will
// do. Errors are the keyring's.
func (e *Engine) Verifier(ctx context.Context) (*Verifier, error) {
	v := &Verifier{ctx: ctx, examiner: lineage.NewExaminer(e.ledger, e.registry, e.requiresSeal)}
	var err error
	v.ring, err = e.keyring.Ring(ctx)
	if err != nil && errors.Is(err, store.ErrUnreachable) {
		v.Pinned, v.examiner = err, lineage.NewExaminer(nil, e.registry, e.requiresSeal)
		v.ring, err = e.keyring.Pinned()
	}
	return v, err
}

// Ring is the keyring that is verified against.
func (v *Verifier) Ring() *keyring.Ring { return v.ring }

// Verify tells what the evidence about a packet is worth that was found under
// a key; "" is not known.
func (v *Verifier) Verify(r packet.Reading, key string) seal.Verdict {
	return v.examine(lineage.Found{Reading: r, Where: where(key, false)})
}

// VerifyRaw verifies a value as it stands under a key: a packet in either
// format, or an entry of the carcel's list, whose packet counts as being
// where it was bound for. Errors match packet.ErrNotPacket.
func (v *Verifier) VerifyRaw(raw []byte, key string) (seal.Verdict, error) {
	r, err := packet.Read(raw)
	f := lineage.Found{Reading: r, Where: where(key, false)}
	if err != nil || keyspace.Classify(key) != keyspace.Carcel {
		if key != "" { // elsewhere it may have been written anew on its way
			f.Raw = raw
		}
		return v.examine(f), err
	}
	if len(r.Extra) > 0 { // more than the packet: why and by whom it is held
		held := carcel.Parse(string(raw))
		if f.Reading, err = packet.FromValue(held.Packet.Value()); err != nil {
			return seal.Verdict{}, err
		}
	}
	f.Where = where(key, true)
	return v.examine(f), nil
}

func where(key string, held bool) *seal.Where {
	if key == "" {
		return nil
	}
	return &seal.Where{Key: key, Held: held}
}

func (v *Verifier) examine(f lineage.Found) seal.Verdict {
	verdict, _ := v.examiner.Examine(v.ctx, v.ring, f)
	return verdict
}
