package lineage

import (
	"context"
	"sync"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/packet"
)

// Examiner tells what the evidence about packets is worth: their seals, and
// what the ledger says of them. It is safe for use by many at once.
type Examiner struct {
	log      Log
	registry *packet.Registry
	demand   func() bool // whether a packet without a seal fails; nil is no
	cache    seal.Cache

	mu     sync.Mutex
	index  *Index
	lazy   bool // the ledger is read back as far as a question needs; else somebody else feeds the index
	caught bool // the index reaches to the end of the ledger, as it was when what is examined was read
	proofs proofs
}

// NewExaminer makes an examiner that reads the ledger as far back as the
// packets need that it is asked about, each record once; without a ledger, nil,
// it does not check that part. The registry has the schemas;
// packet.DefaultRegistry when nil. Demand says whether a packet without a seal
// fails; nil is no.
func NewExaminer(log Log, registry *packet.Registry, demand func() bool) *Examiner {
	return &Examiner{log: log, registry: registry, demand: demand, index: NewIndex(log), lazy: true, proofs: proofs{log: log}}
}

// Found is a packet as it was found.
type Found struct {
	packet.Reading
	Raw   []byte      // its bytes; nil when not known, or not the packet's own
	Where *seal.Where // nil when not known
}

// Examine tells what the evidence about a packet is worth, and the position of
// the newest record about it, 0 when none is known. That the ledger cannot be
// read is a reason in the verdict.
func (x *Examiner) Examine(ctx context.Context, ring *keyring.Ring, f Found) (seal.Verdict, int64) {
	x.mu.Lock()
	e, k := x.evidence(ctx, &f)
	x.mu.Unlock()
	return x.verdict(ring, f, e, k), k.Last.Position
}

// examineKnown is Examine where somebody else has read the ledger: whole says
// that all of it was read.
func (x *Examiner) examineKnown(ctx context.Context, ring *keyring.Ring, f Found, k Known, whole bool) seal.Verdict {
	x.mu.Lock()
	var e *seal.Evidence
	switch {
	case k.Last.Position > 0:
		e = x.proofs.evidence(ctx, k, &f)
	case whole:
		e = x.absence(ctx)
	}
	x.mu.Unlock()
	return x.verdict(ring, f, e, k)
}

func (x *Examiner) verdict(ring *keyring.Ring, f Found, e *seal.Evidence, k Known) seal.Verdict {
	c := seal.Context{Ring: ring, Cache: &x.cache, Registry: x.registry, Where: f.Where, Evidence: e, RequireSeal: x.demand != nil && x.demand()}
	if e != nil && e.Digest != nil { // the keys are judged by when the last seal was made
		c.Position = k.State.Position
	}
	return seal.Verify(f.Reading, c)
}

// evidence is what the ledger says of a packet; nil where it says nothing.
func (x *Examiner) evidence(ctx context.Context, f *Found) (*seal.Evidence, Known) {
	id, ok := ledger.ParseID(f.Packet.TrackingID)
	if !ok || x.log == nil { // the index has no other ids
		return nil, Known{}
	}
	k, absent, err := x.find(ctx, id)
	switch {
	case err != nil:
		return &seal.Evidence{Unproved: "the ledger could not be read: " + err.Error()}, k
	case absent:
		return x.absence(ctx), k
	case k.Last.Position == 0:
		return nil, k
	}
	e := x.proofs.evidence(ctx, k, f)
	e.Held = e.Held && (x.lazy || x.caught) // else its release may be unread
	return e, k
}

// find looks a packet up. Absent says that the ledger surely does not know it.
func (x *Examiner) find(ctx context.Context, id ledger.ID) (k Known, absent bool, err error) {
	k, known := x.index.Find(id)
	if x.lazy {
		err = x.index.Back(ctx, func() bool {
			k, known = x.index.Find(id)
			return k.State.Position == 0
		}, nil)
		if err == nil && !known { // it may have come since the first look
			x.caught, err = x.index.Forward(ctx, 0, nil)
			k, known = x.index.Find(id)
		}
	}
	return k, !known && x.caught && x.index.Whole(), err
}

// absence is the evidence that the ledger has no record, which a ledger that is
// refused cannot give.
func (x *Examiner) absence(ctx context.Context) *seal.Evidence {
	if why := x.proofs.refused(ctx); why != "" {
		return &seal.Evidence{Unproved: why}
	}
	return &seal.Evidence{Index: -1}
}
