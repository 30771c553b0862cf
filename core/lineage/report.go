package lineage

import (
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/packet"
)

// Report is the whole story of one packet, each part with the evidence that it
// rests on. What could not be found is told in Lacks.
type Report struct {
	Asked      string // as it was asked for: a tracking id or if://citation/…
	TrackingID string
	Citation   string    // if://citation/<uuid>
	At         time.Time // when it was made

	Places []Place // where the packet was found in Redis, the best first
	Fate   Fate
	Why    string // of the fate, in one line

	Packet  packet.Packet // as it is in the first place; the zero Packet when it is nowhere
	Found   bool
	Bytes   int    // its size as it stands
	Stored  string // the value as it stands: the packet, or the carcel's entry about it
	Verdict seal.Verdict
	Order   string // of the lineage: "oldest first", "newest first", or "not known"
	Chain   []Step
	Seals   []Sealed
	Edit    *Edit // set when the contents are not those that were sealed

	Decision *governance.Recorded // nil when there is no record any more
	Records  []ledger.Record      // what the ledger has on it, oldest first
	Whole    bool                 // the ledger was looked through from its first record on
	Proof    *ledger.Proof        // that the newest of the records is in the ledger; nil when there is none
	Unproven string               // why there is no proof

	Lacks []string // what could not be found, a line each
}

// Place is one place in Redis where a packet was found.
type Place struct {
	Key   string
	Type  string // list, string, hash, set
	Slot  int64  // of a list, from 0; -1 in others
	Field string // of a hash
	Held  bool   // an entry of the carcel, or of its bin
}

// LinkState is how one lineage entry's link stands.
type LinkState string

// The states of a link.
const (
	LinkOK     LinkState = "ok"
	LinkNone   LinkState = "none"   // others write none
	LinkBroken LinkState = "broken" // it is not over what stands before it
	LinkAfter  LinkState = "after"  // behind a broken one: nothing is known
)

// Step is one lineage entry.
type Step struct {
	Number int // from 1, in the order in which it stands
	custody.Entry
	State  LinkState
	Sealed int // number of the first seal, from 1, that covers it; 0 for none
}

// Sealed is one seal, with whose key it is.
type Sealed struct {
	seal.Seal
	Name   string // of the key, "" when the ring does not have it
	Person string
}

// Edit is how the contents differ from those that were sealed.
type Edit struct {
	Sealed  string          // digest of what was sealed, 64 hex digits
	Present string          // digest of what is there; "" when it has none
	Known   string          // where the sealed contents were found, "" when they were not
	Changes []carcel.Change // from what was sealed to what is there, when Known
}

// LackPacket is what a report lacks of a packet that is nowhere in Redis.
const LackPacket = "the packet itself was found nowhere in Redis, so that there is nothing to verify"
