package lineage

import (
	"time"

	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/meter"
)

// WaitScale is how waits are drawn: three cells a decade from 1 ms to about
// three hours, which take 21.
var WaitScale = meter.Scale{From: int64(time.Millisecond), Step: 2.154434690031884, Cells: 21}

// BatchScale is how sizes of batches are drawn: 1, 2–3, 4–7 and so on up to
// 2,048 and more.
var BatchScale = meter.Scale{From: 1, Step: 2, Cells: 12}

// Flow is what the ledger's times tell of all packets, whoever sends and takes
// them. Durations are in nanoseconds, and a millisecond at least, since the
// ledger counts in these; but for Written they are by the server's clock alone.
type Flow struct {
	Written *meter.Spread // from a packet's own dispatched_at until it was written, of packets that were looked at
	Queued  *meter.Spread // from then until it was collected
	Held    *meter.Spread // from being held until release, denial or discard
	Batches *meter.Spread // packets a record of dispatches
}

const (
	unit        = time.Millisecond
	longestWait = 30 * 24 * time.Hour
	mostHeld    = 10_000 // packets whose stay in the carcel is timed
	// By more than this a sender's clock may not be ahead of the server's, nor
	// a packet older when it is written: its times are of another clock or zone.
	clockLead = 50 * time.Millisecond
	clockLag  = meter.Window
)

func newFlow() *Flow {
	wait := func() *meter.Spread { return meter.NewSpread(int64(unit/100), int64(longestWait), WaitScale) }
	return &Flow{Written: wait(), Queued: wait(), Held: wait(), Batches: meter.NewSpread(1, 1<<20, BatchScale)}
}

// note notes a wait that ended at a time.
func note(s *meter.Spread, ended time.Time, wait time.Duration) {
	s.NoteAt(ended, int64(max(wait, unit)), 1)
}

// wrote notes when a packet was written that says when it was sent.
func (f *Flow) wrote(sent, written time.Time) {
	if took := written.Sub(sent); !sent.IsZero() && took > -clockLead && took < clockLag {
		note(f.Written, written, took)
	}
}

// stream takes the records of a feed into its Flow.
type stream struct {
	*Flow
	index *Index
	skew  func() time.Duration // the server's clock minus ours
	held  map[ledger.ID]time.Time
}

// local turns a time of the server's clock into one of ours.
func (s *stream) local(at time.Time) time.Time { return at.Add(-s.skew()) }

// next takes a new record, which the index has taken in.
func (s *stream) next(r *ledger.Record) {
	at := s.local(r.At())
	switch r.Event() {
	case ledger.Dispatched:
		s.Batches.NoteAt(at, int64(r.Count()), 1)
	case ledger.Collected:
		for _, id := range r.IDs() {
			if k, known := s.index.Find(id); known && k.Sent.Position > 0 {
				note(s.Queued, at, r.At().Sub(k.Sent.At))
			}
		}
	case ledger.Held, ledger.Blocked:
		if id, ok := ledger.ParseID(r.Get("tracking_id")); ok && len(s.held) < mostHeld {
			s.held[id] = r.At()
		}
	case ledger.Released, ledger.Denied, ledger.Discarded:
		if id, ok := ledger.ParseID(r.Get("tracking_id")); ok && !s.held[id].IsZero() {
			note(s.Held, at, r.At().Sub(s.held[id]))
			delete(s.held, id)
		}
	}
}

// before takes a record of the past, of which the index has read all that is
// newer. What happened before the window is left out.
func (s *stream) before(r *ledger.Record) {
	if time.Since(s.local(r.At())) > meter.Window {
		return
	}
	switch r.Event() {
	case ledger.Dispatched:
		s.Batches.NoteAt(s.local(r.At()), int64(r.Count()), 1)
		for _, id := range r.IDs() {
			if k, known := s.index.Find(id); known && k.Last.Event == ledger.Collected {
				note(s.Queued, s.local(k.Last.At), k.Last.At.Sub(r.At()))
			}
		}
	case ledger.Held, ledger.Blocked:
		id, ok := ledger.ParseID(r.Get("tracking_id"))
		if !ok {
			return
		}
		k, _ := s.index.Find(id)
		switch k.Last.Event {
		case ledger.Held, ledger.Blocked, ledger.Approved, ledger.Appealed:
			if len(s.held) < mostHeld {
				s.held[id] = r.At()
			}
		case ledger.Denied, ledger.Released, ledger.Discarded:
			note(s.Held, s.local(k.Last.At), k.Last.At.Sub(r.At()))
		}
	}
}
