package dispatch

import (
	"context"
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

// keyFor gives the key that a packet is sealed with, the zero Key when it is
// not to be sealed.
type keyFor func(ctx context.Context, p packet.Packet, a governance.Action) (seal.Key, error)

func (d *Dispatcher) sealKey(ctx context.Context, p packet.Packet, a governance.Action) (seal.Key, error) {
	if d.desk == nil || p.SchemaVersion != packet.Schema11 {
		return seal.Key{}, nil
	}
	return d.desk.For(ctx, p.Origin, a.Actor)
}

func (d *Dispatcher) foreseenKey(ctx context.Context, p packet.Packet, a governance.Action) (seal.Key, error) {
	if d.desk == nil || p.SchemaVersion != packet.Schema11 {
		return seal.Key{}, nil
	}
	return d.desk.Foresee(ctx, p.Origin, a.Actor)
}

// sealing is what a packet's seal will say, and who signs it.
type sealing struct {
	by    keyring.Signer
	draft seal.Draft
	done  bool
}

func prepareSeal(p *packet.Packet, to Destination, key seal.Key) (*sealing, error) {
	draft, err := seal.Prepare(p, key.Signer.Entry.KeyID, to.Key, string(to.Operation))
	return &sealing{by: key.Signer, draft: draft}, err
}

// seal seals and encodes what is not sealed yet: up to seal.GoodBatch packets
// of one key together, with one signature.
func (d *Dispatcher) seal(list ...*cargo) error {
	byKey := map[string][]*cargo{}
	for _, c := range list {
		for ; c != nil; c = c.over {
			if c.seal == nil || c.seal.done {
				continue
			}
			id := c.seal.draft.KeyID()
			byKey[id] = append(byKey[id], c)
			if len(byKey[id]) == seal.GoodBatch {
				if err := d.sealTogether(byKey[id]); err != nil {
					return err
				}
				byKey[id] = nil
			}
		}
	}
	for _, rest := range byKey {
		if err := d.sealTogether(rest); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dispatcher) sealTogether(list []*cargo) error {
	if len(list) == 0 {
		return nil
	}
	drafts := make([]seal.Draft, len(list))
	for i, c := range list {
		drafts[i] = c.seal.draft
	}
	seals, err := seal.Sign(list[0].seal.by, d.now(), drafts)
	if err != nil {
		return err
	}
	for i, c := range list {
		seal.Attach(&c.packet, seals[i])
		c.seal.done = true
		if err := c.encode(); err != nil {
			return err
		}
	}
	return nil
}

// digest is what the ledger records of the packet: the leaf of its seal, else
// SHA-256 of the stored bytes.
func (c *cargo) digest() [sha256.Size]byte {
	if c.seal != nil {
		return c.seal.draft.Leaf()
	}
	return sha256.Sum256(c.bytes)
}

// leaf is the packet's leaf in the Merkle tree of its batch.
func (c *cargo) leaf() tlog.Hash {
	if c.seal != nil {
		return c.seal.draft.Leaf()
	}
	return tlog.RecordHash(c.bytes)
}
