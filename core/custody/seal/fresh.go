package seal

import "github.com/infrafabric/ifpacket/core/packet"

// fresh tells whether the packet is in the state that the ledger recorded
// last. The record of a packet alone has the leaf of its last seal, or else
// SHA-256 of its bytes; that of a batch has a root, to which the path of the
// packet's seal leads when one signature covers the whole batch.
func fresh(p *packet.Packet, lineage []string, seals []Seal, e *Evidence) string {
	if e == nil || e.Digest == nil {
		return freshUnknown
	}
	if len(seals) == 0 {
		if e.Batch || e.Stored == nil {
			return freshUnknown
		}
		return latestIf(*e.Stored == *e.Digest)
	}
	last := &seals[len(seals)-1]
	leaf, err := last.leafHash(p, lineage)
	if !e.Batch {
		return latestIf(err == nil && leaf == *e.Digest)
	}
	root, ok := rootFrom(leaf, last.Index, last.Size, last.path)
	if err == nil && ok && root == *e.Digest {
		return latest
	}
	return freshUnknown
}

func latestIf(same bool) string {
	if same {
		return latest
	}
	return superseded
}
