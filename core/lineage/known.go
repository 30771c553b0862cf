package lineage

import (
	"time"

	"github.com/infrafabric/ifpacket/core/ledger"
)

// Known is what the ledger says of one packet.
type Known struct {
	Last  Mark // the newest record about it
	State Mark // the newest that has a digest of the packet itself
	Sent  Mark // the newest that says where it went
	// Out is how often it was sent less how often it was taken: of so many
	// copies the ledger knows.
	Out int
}

// Mark is one record, as far as it matters to a packet. The zero Mark is none.
type Mark struct {
	Position  int64
	Event     string
	Key       string
	Operation string
	At        time.Time    // by the server's clock; zero when not told
	Expires   time.Time    // zero when not told
	Digest    *ledger.Hash // nil when it has none
	Batch     bool         // the digest is the root over all packets of a batch
}

// Live reports whether, by the ledger alone, the packet should be under the
// key to which it was sent.
func (k *Known) Live() bool {
	return k.Sent.Position > 0 && k.Last.Position == k.Sent.Position
}

// Became reports whether the packet left the carcel as another one, with
// other contents and an id of its own.
func (k *Known) Became() bool {
	return k.Last.Event == ledger.Released && k.Last.Position != k.Sent.Position
}

// part is what one record is to a packet that it names.
type part struct {
	state bool // its digest is of the packet itself
	sent  bool // it says where the packet went
	out   int  // what it adds to Known.Out
}

// partOf tells what a record is to a packet. The digests of approvals,
// denials, discards and returns are of the entry that the carcel held, which
// is another text; and a release under another id tells of the new packet, not
// of the old.
func partOf(event string, renamed, isNew bool) part {
	switch event {
	case ledger.Dispatched:
		return part{state: true, sent: true, out: 1}
	case ledger.Released:
		if renamed && !isNew {
			return part{}
		}
		return part{state: true, sent: true, out: 1}
	case ledger.Held, ledger.Blocked:
		return part{state: true}
	case ledger.Collected, ledger.Expired, ledger.Erased:
		return part{out: -1}
	}
	return part{}
}

// fold adds a record to what is known of a packet that it names. Records may
// come in either order: the newest of each kind stays.
func (k *Known) fold(m Mark, p part) {
	if m.Position > k.Last.Position {
		k.Last = m
	}
	if p.state && m.Position > k.State.Position {
		k.State = m
	}
	if p.sent && m.Position > k.Sent.Position {
		k.Sent = m
	}
	k.Out += p.out
}

// markOf is a record as a Mark.
func markOf(r *ledger.Record) Mark {
	return Mark{
		Position: r.Position, Event: r.Event(), Key: r.Get("key"), Operation: r.Get("operation"), At: r.At(),
		Expires: r.ExpiresAt(), Digest: r.Digest(), Batch: !r.Single(),
	}
}

// knownFrom is what some records say of the packet that all of them name.
func knownFrom(trackingID string, records []ledger.Record) Known {
	var k Known
	for i := range records {
		r := &records[i]
		became := r.Get("became")
		k.fold(markOf(r), partOf(r.Event(), became != "", became == trackingID))
	}
	return k
}
