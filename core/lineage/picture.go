package lineage

import (
	"time"

	"github.com/infrafabric/ifpacket/core/custody/seal"
)

// MaxRows is how many packets a Picture shows at most.
const MaxRows = 2000

// Row is one packet whose evidence was looked at.
type Row struct {
	Seq        uint64    // rises by one; the identity of the row
	At         time.Time // when it was looked at, by this machine's clock
	TrackingID string
	Key        string // where it was found; of a missing one, where it should be
	Operation  string
	Origin     string
	Primitive  string
	Vertical   string
	Schema     string
	Position   int64        // of its newest record in the ledger, 0 when not known
	Verdict    seal.Verdict // the zero Verdict where the packet is not there to be verified
	Fate       Fate         // Here, or what the reconciler found: Missing, Taken, Unlogged, Copied
}

// Bad reports whether somebody has to look at it.
func (r *Row) Bad() bool {
	return r.Verdict.Bad() || r.Fate == Missing || r.Fate == Unlogged || r.Fate == Copied
}

// Fate is what became of a packet.
type Fate string

// What can become of a packet.
const (
	Here      Fate = "here"
	Held      Fate = "held" // in the carcel
	Binned    Fate = "discarded"
	Collected Fate = "collected"
	Expired   Fate = "expired"
	Presumed  Fate = "presumably expired" // past expires_at, and nobody noticed
	Replaced  Fate = "replaced"           // another packet was set under its key
	Taken     Fate = "taken without record"
	Missing   Fate = "missing"  // dispatched, and nowhere before its time
	Unlogged  Fate = "unlogged" // in Redis, and the ledger does not know it
	Copied    Fate = "copied"   // in Redis more often than the ledger says: somebody sent it again
	Erased    Fate = "erased"
	Unknown   Fate = "not known"
)

// Counts are how many packets came to each verdict since the feed began.
type Counts struct {
	Verified, Unauthenticated, Incomplete, Tampered int
	Skipped                                         int // arrived faster than they could be looked at
}

// Census is what the reconciler found when it compared ledger and Redis.
type Census struct {
	At       time.Time // zero before the first
	Fates    map[Fate]int
	Suspects []Row // the missing, the unlogged, the copied, those taken without record, in this order; at most 200
	Looked   int   // packets in Redis that were looked at
	Left     int   // and those that were not, since there were too many
	From     int64 // ledger position from which on it is complete: 1 when it is whole
}

// Picture is the feed at one moment. It is immutable.
type Picture struct {
	Version uint64 // rises with every change
	Rows    []Row  // oldest first
	Counts  Counts
	Census  Census
}
