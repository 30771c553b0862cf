package lineage

import (
	"context"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

// maxSuspects is how many suspects a Census names.
const maxSuspects = 200

// suspectOrder is the order in which a Census names suspects.
var suspectOrder = []Fate{Missing, Unlogged, Copied, Taken}

// rows are suspects as a Census names them. What is there is verified.
func (x *Examiner) rows(ctx context.Context, ring *keyring.Ring, list []suspect) []Row {
	var rows []Row
	for _, s := range list[:min(len(list), maxSuspects)] {
		row := Row{At: time.Now(), TrackingID: s.id, Key: s.k.Sent.Key, Operation: s.k.Sent.Operation, Position: s.k.Last.Position}
		if s.at != nil {
			if r, err := packet.Read([]byte(s.at.raw)); err == nil {
				row = x.row(ctx, ring, Found{Reading: r, Raw: []byte(s.at.raw), Where: &seal.Where{Key: s.at.Key}})
			}
		}
		row.Fate = s.fate
		rows = append(rows, row)
	}
	return rows
}

// row examines a packet and makes its row, whose fate is Here or Held.
func (x *Examiner) row(ctx context.Context, ring *keyring.Ring, f Found) Row {
	p := &f.Packet
	row := Row{At: time.Now(), TrackingID: p.TrackingID, Origin: p.Origin, Schema: p.SchemaVersion, Fate: Here}
	row.Primitive, row.Vertical = governance.Names(p.Contents)
	if f.Where != nil {
		row.Key = f.Where.Key
		if f.Where.Held {
			row.Fate = Held
		}
	}
	x.mu.Lock()
	e, k := x.evidence(ctx, &f)
	x.mu.Unlock()
	row.Verdict, row.Position = x.verdict(ring, f, e, k), k.Last.Position
	if k.Sent.Key == row.Key {
		row.Operation = k.Sent.Operation
	}
	return row
}

func (s *sighting) trackingID() string {
	r, err := packet.Read([]byte(s.raw))
	if err != nil {
		return ""
	}
	return r.Packet.TrackingID
}
