package engine

import (
	"context"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// MaxDecisions is how many decisions one call of Decisions reads at most.
const MaxDecisions = 10_000

const (
	// decisionLot is how many ledger records, and how many decision records,
	// are read in one round trip: few enough that no other client waits.
	decisionLot = 64
	// maxRecord is the size from which a decision record is left out.
	maxRecord = 256 << 10
	// maxRecords is how many bytes of decision records are read in all.
	maxRecords = 32 << 20
	// The ledger holds more than decisions; so many records are looked through
	// for each decision that is wanted, and so many in any case.
	reachEach, reachLeast = 20, 10_000
)

// Past is what is left of the newest decisions.
type Past struct {
	Cases   []governance.Case // newest first
	Skipped Skipped
	Looked  int  // ledger records that were looked through
	Short   bool // it ended early: too many records, or too large ones, lay between
}

// Skipped counts the packets whose decision cannot be judged again, by the
// reason.
type Skipped struct {
	Batch      int `json:"batch"`      // they travelled in a batch, whose record keeps no action; all were approved
	Ended      int `json:"ended"`      // the life of their decision record is over
	NoRoute    int `json:"no_route"`   // they were held for want of a route, not by a rule
	Unreadable int `json:"unreadable"` // their record is none of ours, or larger than any we write
}

// Total is how many packets were skipped.
func (s Skipped) Total() int { return s.Batch + s.Ended + s.NoRoute + s.Unreadable }

// Masked is how many of the cases lack masked fields.
func (p Past) Masked() int {
	n := 0
	for i := range p.Cases {
		if p.Cases[i].Masked {
			n++
		}
	}
	return n
}

// Decisions reads the last decisions that can be judged again, MaxDecisions at
// most, newest first. It follows the ledger backwards in small lots and writes
// nothing.
func (e *Engine) Decisions(ctx context.Context, last int) (Past, error) {
	last = min(last, MaxDecisions)
	past, seen, size := Past{}, map[string]bool{}, 0
	reach := max(reachLeast, reachEach*last)
	for end := "+"; len(past.Cases) < last; {
		records, err := e.ledgerBefore(ctx, end)
		if err != nil {
			return past, err
		}
		past.Looked += len(records)
		ids := past.decided(records, seen)
		raws, err := e.decisionRecords(ctx, ids)
		if err != nil {
			return past, err
		}
		for _, raw := range raws {
			if len(past.Cases) == last {
				break
			}
			past.take(raw)
			size += len(raw)
		}
		if len(records) < decisionLot {
			break
		}
		if past.Looked >= reach || size >= maxRecords {
			past.Short = len(past.Cases) < last
			break
		}
		if end = before(records[len(records)-1].ID); end == "" {
			break
		}
	}
	return past, nil
}

// ledgerBefore reads one lot of the ledger, newest first.
func (e *Engine) ledgerBefore(ctx context.Context, end string) ([]redis.XMessage, error) {
	key := keyspace.Main.Ledger()
	records, err := e.store.Commands().XRevRangeN(ctx, key, end, "-", decisionLot).Result()
	return records, e.store.Explain("xrevrange", key, err)
}

// before is the end of what comes before a record, whose ids are n-0; "" when
// it is the first.
func before(id string) string {
	n, _, _ := strings.Cut(id, "-")
	position, err := strconv.ParseUint(n, 10, 64)
	if err != nil || position == 0 {
		return ""
	}
	return strconv.FormatUint(position-1, 10)
}

// decided are the packets that some ledger records say were decided, each
// once; batches are counted.
func (p *Past) decided(records []redis.XMessage, seen map[string]bool) (ids []string) {
	for _, r := range records {
		text := func(field string) string {
			s, _ := r.Values[field].(string)
			return s
		}
		switch text("event") {
		case "dispatched", swarm.PostedEvent, "held", "blocked":
		default:
			continue
		}
		id := text("tracking_id")
		if id == "" {
			if n, err := strconv.Atoi(text("count")); err == nil && n > 0 {
				p.Skipped.Batch += n
			}
			continue
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// decisionRecords reads decision records, no more than maxRecord of each; one
// that cannot be read is as good as none of ours.
func (e *Engine) decisionRecords(ctx context.Context, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	answers := make([]*redis.StringCmd, len(ids))
	err := e.store.Read(ctx, func(p redis.Pipeliner) {
		for i, id := range ids {
			answers[i] = p.GetRange(ctx, keyspace.Main.Decision(id), 0, maxRecord-1)
		}
	})
	if err != nil {
		return nil, err
	}
	raws := make([]string, len(ids))
	for i, a := range answers {
		if raws[i] = a.Val(); a.Err() != nil {
			raws[i] = a.Err().Error() // a key of another type
		}
	}
	return raws, nil
}

// take adds the decision that a record tells of, or counts why it cannot.
func (p *Past) take(raw string) {
	if raw == "" {
		p.Skipped.Ended++
		return
	}
	record, err := governance.ParseRecorded([]byte(raw))
	if err != nil || len(raw) >= maxRecord {
		p.Skipped.Unreadable++
		return
	}
	action, there := record.Action()
	switch {
	case !there:
		p.Skipped.Unreadable++
		return
	case record.Status == governance.Failed && strings.HasPrefix(record.Reason, governance.NoRoute):
		p.Skipped.NoRoute++
		return
	}
	p.Cases = append(p.Cases, governance.Case{
		TrackingID: record.TrackingID,
		Action:     action,
		Status:     record.Status,
		Rule:       ruleName(record.Verdict().Deciding()),
		At:         decidedAt(record),
		Masked:     len(record.Masked) > 0,
	})
}
