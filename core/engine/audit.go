package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/audit"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
)

// AuditSample is how many packets an audit verifies; of more a random sample.
const AuditSample = 10_000

// Audit makes the compliance report of a period; nil leaves it open. The
// ledger's figures are of the period, seals and fates of what is there now.
// It writes nothing to Redis. Most is how many packets are verified. Errors are those
// of the store and the keyring; what is wrong is in the report.
func (e *Engine) Audit(ctx context.Context, since, until *time.Time, most int) (*audit.Report, error) {
	r := audit.New(since, until)
	r.Server, r.Policy = e.Address(), e.Policy()
	hashed, err := e.ledger.Audit(ctx, nil)
	if err != nil {
		return nil, err
	}
	r.Take(hashed)
	err = e.ledger.Read(ctx, 0, func(rec ledger.Record) bool {
		r.Add(&rec)
		return true
	})
	if errors.Is(err, ledger.ErrDamaged) { // which the hashing told, or will be told now
		if len(r.Ledger.Findings) == 0 {
			r.Ledger.Findings = append(r.Ledger.Findings, err.Error())
		}
	} else if err != nil {
		return nil, err
	}
	if err := e.auditCarcel(ctx, r); err != nil {
		return nil, err
	}
	if err := e.auditSeals(ctx, r, most); err != nil {
		return nil, err
	}
	census, err := e.Census(ctx)
	if errors.Is(err, ledger.ErrDamaged) {
		r.Remarks = append(r.Remarks, "what became of the packets cannot be told from a damaged ledger")
	} else if err != nil {
		return nil, err
	}
	for fate, n := range census.Fates {
		if n > 0 {
			r.Fates[string(fate)] = n
		}
	}
	r.Judge()
	e.compareReport(r)
	return r, nil
}

// compareReport sets a report beside the one before it, and keeps it for the
// next. That this machine cannot is a remark.
func (e *Engine) compareReport(r *audit.Report) {
	before, err := e.reports.Last()
	if before != nil {
		r.Compare(*before)
	}
	if err == nil && r.Status != audit.Nothing {
		err = e.reports.Keep(r.Brief())
	}
	if err != nil {
		r.Remarks = append(r.Remarks, "this report is not kept for the next to be compared with: "+err.Error())
	}
}

// reasonLot is how many decision records are read in one round trip.
const reasonLot = 500

// auditCarcel counts what went into the carcel by reason: what the ledger
// knows by the decision records, which outlive their entries; what others wrote
// into the list by the entries.
func (e *Engine) auditCarcel(ctx context.Context, r *audit.Report) error {
	known := make(map[string]bool, len(r.Held()))
	for lot := range slices.Chunk(r.Held(), reasonLot) {
		records := make([]*redis.StringCmd, len(lot))
		err := e.store.Read(ctx, func(p redis.Pipeliner) {
			for i, id := range lot {
				records[i] = p.Get(ctx, keyspace.Main.Decision(id))
			}
		})
		if err != nil {
			return err
		}
		for i, id := range lot {
			known[id] = true
			if d, err := governance.ParseRecorded([]byte(records[i].Val())); err == nil {
				r.Carcel[d.Reason]++
			} else {
				r.Carcel[audit.ReasonGone]++
			}
		}
	}
	x := e.carcel.Index()
	for more := true; more; {
		var err error
		if more, err = x.Refresh(ctx); err != nil {
			return err
		}
	}
	for _, entry := range x.Table().Entries {
		if r.Within(entry.At) && !known[entry.TrackingID] {
			r.Carcel[entry.Reason]++
		}
	}
	return nil
}

func (e *Engine) auditSeals(ctx context.Context, r *audit.Report, most int) error {
	type value struct{ key, raw string }
	drawn, s := audit.Sample[value]{Size: most}, &r.Seals
	unread, err := e.tracer.Values(ctx, func(p lineage.Place, raw string) { drawn.Add(value{p.Key, raw}) })
	if err != nil {
		return err
	}
	v, err := e.Verifier(ctx)
	if err != nil {
		return err
	}
	s.Packets, s.Unread = drawn.Seen, append(s.Unread, unread...)
	s.Sampled = drawn.Seen > int64(len(drawn.Items))
	for _, item := range drawn.Items {
		verdict, err := v.VerifyRaw([]byte(item.raw), item.key)
		if errors.Is(err, packet.ErrNotPacket) {
			s.Verdicts["no packet"]++
			s.Checked++
			continue
		} else if err != nil {
			return err
		}
		s.Checked++
		if verdict.Overall == seal.Unauthenticated && verdict.Bad() {
			s.Verdicts[audit.SealDemanded]++
		} else {
			s.Verdicts[string(verdict.Overall)]++
		}
		if read, err := packet.Read([]byte(item.raw)); err == nil && read.Packet.SchemaVersion != "" {
			s.Schemas[read.Packet.SchemaVersion]++
		} else {
			s.Schemas["not known"]++
		}
		switch verdict.Seals {
		case seal.SealsAbsent:
			s.Absent++
		case seal.SealsValid:
			s.Valid++
		default:
			s.Invalid++
		}
	}
	if s.BadLow, s.BadHigh = audit.Wilson(s.Bad(), s.Checked); !s.Sampled && s.Checked > 0 {
		s.BadLow = float64(s.Bad()) / float64(s.Checked)
		s.BadHigh = s.BadLow
	} else if s.Checked == 0 {
		s.BadHigh = 0
	}
	return nil
}
