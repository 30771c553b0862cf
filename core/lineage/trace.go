package lineage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	traceValues = 20_000   // that one trace looks at in Redis
	traceBytes  = 64 << 20 // and how large they may be in all
	traceKey    = 4_000    // values of one key, half of them from each end
	traceSpan   = 20 * time.Second
)

// ErrNotFound says that nothing at all is known of a packet.
var ErrNotFound = errors.New("no such packet is known")

// Tracer tells the whole story of a packet. It is safe for use by many at
// once.
type Tracer struct {
	Sources
	examiner *Examiner
}

// NewTracer makes a tracer.
func NewTracer(s Sources) *Tracer {
	return &Tracer{s, NewExaminer(s.Ledger, s.Registry, s.RequireSeal)}
}

// Trace tells all that is known of a packet, by its tracking id,
// if://packet/<tracking id>, or if://citation/<uuid>. It reads a bounded part
// of Redis; what it did not look through, and what this user may not read, is
// told in Lacks. Errors match ErrNotFound, or are those of the store and the
// keyring.
func (t *Tracer) Trace(ctx context.Context, asked string, reach int) (Report, error) {
	asked = strings.TrimSpace(asked)
	s := story{Tracer: t, reach: reach, Report: Report{Asked: asked, At: time.Now(), Fate: Unknown}}
	s.TrackingID, s.Citation = asked, asked
	if !strings.HasPrefix(asked, custody.CitationPrefix) {
		s.TrackingID = strings.TrimPrefix(asked, custody.PacketPrefix)
		if _, ok := ledger.ParseID(s.TrackingID); ok {
			s.TrackingID = strings.ToLower(s.TrackingID)
		}
		s.Citation = custody.Citation(s.TrackingID)
	} else {
		s.TrackingID = ""
	}
	if asked == "" || strings.HasPrefix(s.TrackingID, "if://") {
		return s.Report, fmt.Errorf("%w: %.80q is no tracking id, if://packet/… or if://citation/…", ErrNotFound, asked)
	}
	ring, err := t.Keys.Ring(ctx)
	if err != nil {
		return s.Report, err
	}
	s.ring = ring
	for _, look := range []func(context.Context) error{s.readLedger, s.readRedis, s.readAgain, s.readCarcel} {
		if err := s.barred(look(ctx)); err != nil {
			return s.Report, err
		}
	}
	if len(s.Records) == 0 && len(s.finds) == 0 {
		return s.Report, s.notFound()
	}
	if err := s.barred(s.readDecision(ctx)); err != nil {
		return s.Report, err
	}
	s.prove(ctx)
	s.examine(ctx)
	return s.Report, s.barred(s.judgeFate(ctx))
}

// barred makes a lack of what this user may not read; other errors stay.
func (s *story) barred(err error) error {
	if errors.Is(err, store.ErrAuth) {
		s.lack("%v", err)
		return nil
	}
	return err
}

func (s *story) notFound() error {
	text := fmt.Sprintf("%s: neither the ledger nor Redis has anything of it", s.Asked)
	if len(s.Lacks) > 0 {
		text += ", but not all was looked through: " + strings.Join(s.Lacks, "; ")
	}
	return fmt.Errorf("%w: %s", ErrNotFound, text)
}

// story is a report in the making.
type story struct {
	*Tracer
	Report
	ring     *keyring.Ring
	known    Known
	finds    []find // where the packet was found, the best first
	began    int64  // position of the oldest record that was read
	sentHere place  // what was seen of the key under which it should be
	reach    int    // ledger records that are looked through; 0 for all
	unnamed  bool   // the ledger was read when only a citation was known, and did not resolve it
}

func (s *story) lack(format string, args ...any) {
	s.Lacks = append(s.Lacks, fmt.Sprintf(format, args...))
}

// is reports whether an id is that of the packet, which a citation tells at
// the first match.
func (s *story) is(id string) bool {
	if s.TrackingID == "" && custody.Cites(s.Citation, id) {
		s.TrackingID = id
	}
	return s.TrackingID != "" && id == s.TrackingID
}

// names reports whether a record is about the packet.
func (s *story) names(r *ledger.Record) bool {
	if s.TrackingID != "" {
		return r.About(s.TrackingID)
	}
	for _, name := range []string{"tracking_id", "became"} { // which need be no UUIDs
		if id := r.Get(name); id != "" && s.is(id) {
			return true
		}
	}
	for _, id := range r.IDs() {
		if s.is(id.String()) {
			return true
		}
	}
	return false
}

// readLedger gathers the records about the packet, and reads the whole ledger
// for that, newest first.
func (s *story) readLedger(ctx context.Context) error {
	start, stopped, looked := time.Now(), false, 0
	err := s.Ledger.ReadBack(ctx, 0, func(r ledger.Record) bool {
		if s.began > 0 && r.Position != s.began-1 {
			s.lack("the ledger has a hole before record %d", s.began)
		}
		s.began = r.Position
		if s.names(&r) {
			s.Records = append([]ledger.Record{r}, s.Records...)
		}
		looked++
		stopped = r.Position > 1 && (looked == s.reach || time.Since(start) > traceSpan)
		return !stopped
	})
	switch {
	case errors.Is(err, ledger.ErrDamaged):
		s.lack("the ledger could be read from record %d on: %v", s.began, err)
	case err != nil:
		return err
	case stopped:
		s.lack("the ledger was looked through from record %d on; what is older may tell more: ifpacket trace %s", s.began, s.Asked)
	case s.began > 1:
		s.lack("the ledger has nothing before record %d: that was trimmed, or put aside", s.began)
	case s.began == 0:
		s.lack("there is no ledger")
	}
	s.Whole = s.began == 1 && len(s.Lacks) == 0
	s.known, s.unnamed = knownFrom(s.TrackingID, s.Records), s.TrackingID == ""
	return nil
}

// readAgain reads the ledger once more where only the packet itself told which
// one a citation means.
func (s *story) readAgain(ctx context.Context) error {
	if !s.unnamed || s.TrackingID == "" {
		return nil
	}
	s.began, s.Lacks = 0, nil
	return s.readLedger(ctx)
}

// readDecision finds the record of the council's decision.
func (s *story) readDecision(ctx context.Context) error {
	if s.Decision != nil || s.TrackingID == "" {
		return nil
	}
	keys := []string{keyspace.Main.Decision(s.TrackingID)}
	for i := len(s.Records) - 1; i >= 0; i-- {
		if r := &s.Records[i]; !r.Single() && r.Get("decision_id") != "" {
			keys = append(keys, keyspace.Main.BatchDecision(r.Get("decision_id")))
		}
	}
	for _, key := range keys {
		found, err := s.decisionAt(ctx, key)
		if err != nil || found {
			return err
		}
	}
	s.lack("there is no decision record: it has ended, or there never was one")
	return nil
}

// prove proves the newest record.
func (s *story) prove(ctx context.Context) {
	if len(s.Records) == 0 {
		s.Unproven = "the ledger has no record of it"
		if s.began > 0 {
			s.lack("%s", s.Unproven)
		}
		return
	}
	proof, err := s.Ledger.Prove(ctx, s.Records[len(s.Records)-1].Position)
	if err != nil {
		s.Unproven = err.Error()
		s.lack("there is no proof that its newest record is in the ledger: %v", err)
		return
	}
	s.Proof = &proof
}
