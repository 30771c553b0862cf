package dispatch

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	// MaxBatch is how many packets one batch holds at most.
	MaxBatch = 2048
	markLife = 10 * 60 // seconds for which a repeated batch is known
	// Of so many packets that are added one is timed: they take about a
	// microsecond each.
	timed = 16
)

var batchScript = store.LoadScript("batch")

// Outcome is what became of one packet of a Queue.
type Outcome struct {
	Receipt Receipt
	Err     error
}

// Queue gathers packets and sends them in batches: approved packets for one
// list go together, up to MaxBatch, in one atomic step with one mark, one
// decision record and one ledger record; all others go one by one, still in
// few round trips. A Queue belongs to one goroutine.
type Queue struct {
	d       *Dispatcher
	waiting []*cargo
	ids     map[string]bool // of those that wait
	added   int
	batches []*batch // cut by a Flush that failed, to be repeated unchanged
}

// Queue makes an empty queue.
func (d *Dispatcher) Queue() *Queue { return &Queue{d: d, ids: map[string]bool{}} }

// Len is how many packets wait for the next Flush.
func (q *Queue) Len() int {
	n := len(q.waiting)
	for _, b := range q.batches {
		n += len(b.cargo)
	}
	return n
}

// Add validates and judges a packet and takes it into the queue. A tracking id
// that waits already is refused (ErrConflict): in a batch there is no mark
// that could tell the two apart. On an error the queue is as before.
func (q *Queue) Add(ctx context.Context, p packet.Packet, to Destination) error {
	if err := q.d.allow(ctx); err != nil {
		return fmt.Errorf("dispatch %s: %w", to.Key, err)
	}
	var laps *meter.Laps
	if q.added++; q.added%timed == 1 {
		laps = q.d.meter.Begin()
	}
	c, err := q.d.prepare(ctx, p, to, q.d.sealKey, laps)
	if err != nil {
		return err
	}
	laps.Note(1, meter.Validate, meter.Council)
	if c.seal == nil { // else the flush is still to do most of it
		laps.Note(1, meter.Seal)
	}
	if q.ids[p.TrackingID] {
		return fmt.Errorf("%w: %s waits to be sent already", ErrConflict, p.TrackingID)
	}
	q.ids[p.TrackingID] = true
	q.waiting = append(q.waiting, &c)
	return nil
}

// Flush sends what waits and returns an outcome for each packet, in the order
// of Add within each batch. When Redis cannot be reached the error says so,
// what is not known to have landed stays in the queue, and the next Flush
// repeats it with the same marks, so that nothing lands twice.
func (q *Queue) Flush(ctx context.Context) ([]Outcome, error) {
	if err := q.d.allow(ctx); err != nil {
		return nil, fmt.Errorf("dispatch: %w", err)
	}
	laps := q.d.meter.Begin()
	if err := q.d.seal(q.waiting...); err != nil {
		return nil, err
	}
	laps.Lap(meter.Seal)
	laps.Note(sealed(q.waiting), meter.Seal)
	q.batches = append(q.batches, cut(q.waiting)...)
	q.waiting = nil
	clear(q.ids)
	var outcomes []Outcome
	for len(q.batches) > 0 {
		done, err := q.send(ctx, q.batches[0])
		if err != nil {
			return outcomes, err
		}
		laps.Lap(meter.Redis)
		laps.Note(landed(done), meter.Redis, meter.Dispatch)
		outcomes = append(outcomes, done...)
		q.batches = q.batches[1:]
	}
	return outcomes, nil
}

func sealed(list []*cargo) (n int) {
	for _, c := range list {
		if c.seal != nil {
			n++
		}
	}
	return n
}

func landed(list []Outcome) (n int) {
	for i := range list {
		if list[i].Err == nil {
			n++
		}
	}
	return n
}

// batch is a run of packets that travel together, or, when it has no id, that
// merely share a round trip.
type batch struct {
	id    string
	cargo []*cargo
}

// cut splits packets into batches, keeping the order of those for one list.
func cut(waiting []*cargo) []*batch {
	// What the packets of a batch share. Singles share nothing.
	type slot struct {
		to             Destination
		policy, reason string
	}
	var out []*batch
	open := map[slot]*batch{}
	for _, c := range waiting {
		slot := slot{}
		if c.batchable() {
			slot.to, slot.policy, slot.reason = c.to, c.decision.Policy, c.decision.Verdict.Reason
		}
		b := open[slot]
		if b == nil || len(b.cargo) == MaxBatch {
			b = &batch{}
			if slot.to.Key != "" {
				b.id = packet.NewTrackingID()
			}
			open[slot] = b
			out = append(out, b)
		}
		b.cargo = append(b.cargo, c)
	}
	return gatherSingles(out)
}

// gatherSingles makes singles of batches that hold one packet: they would
// each take a round trip and a record that says less. A list's last batch may
// be such a one; it stays, behind those before it.
func gatherSingles(batches []*batch) []*batch {
	full := map[Destination]bool{}
	for _, b := range batches {
		if b.id != "" && len(b.cargo) > 1 {
			full[b.cargo[0].to] = true
		}
	}
	singles := &batch{}
	out := batches[:0]
	for _, b := range batches {
		if b.id == "" || len(b.cargo) == 1 && !full[b.cargo[0].to] {
			singles.cargo = append(singles.cargo, b.cargo...)
			continue
		}
		out = append(out, b)
	}
	for len(singles.cargo) > MaxBatch {
		out = append(out, &batch{cargo: singles.cargo[:MaxBatch:MaxBatch]})
		singles.cargo = singles.cargo[MaxBatch:]
	}
	if len(singles.cargo) > 0 {
		out = append(out, singles)
	}
	return out
}

// batchable packets go to a list and share the verdict "approved".
func (c cargo) batchable() bool {
	v := c.decision.Verdict
	list := c.to.Operation == RPush || c.to.Operation == LPush
	return list && v.Status == governance.Approved && len(v.Findings) == 0 && v.Rate == nil
}

func (q *Queue) send(ctx context.Context, b *batch) ([]Outcome, error) {
	var outcomes []Outcome
	var err error
	for try := 1; ; try++ {
		if b.id == "" {
			outcomes, err = q.d.sendSingles(ctx, b.cargo)
		} else {
			outcomes, err = q.d.sendBatch(ctx, b)
		}
		if err == nil || !errors.Is(err, store.ErrUnreachable) || try == writeTries || !pause(ctx, retryPause<<(try-1)) {
			return outcomes, err
		}
	}
}

func (d *Dispatcher) sendSingles(ctx context.Context, cargo []*cargo) ([]Outcome, error) {
	for _, c := range cargo {
		c.load(d.space, d.now())
	}
	answers, err := d.write(ctx, cargo)
	if unknown(ctx, err) {
		return nil, err
	}
	outcomes := make([]Outcome, len(cargo))
	for i, c := range cargo {
		a := store.Answer{Err: err}
		if err == nil {
			a = answers[i]
		}
		if a.Err != nil {
			outcomes[i] = Outcome{receiptOf(c.decision), named(a.Err, c.decision)}
			continue
		}
		outcomes[i].Receipt, outcomes[i].Err = c.receipt(a.Status, a.Rest)
	}
	return outcomes, nil
}

// sendBatch pushes the packets with a plain variadic command, which keeps the
// payload out of Lua, and lets the script behind it, in the same transaction,
// take the push back when it must not stay.
func (d *Dispatcher) sendBatch(ctx context.Context, b *batch) ([]Outcome, error) {
	first := b.cargo[0]
	values := make([]any, len(b.cargo))
	ttl := int64(0)
	for i, c := range b.cargo {
		values[i] = c.bytes
		ttl = max(ttl, c.packet.TTLSeconds)
	}
	keys := []string{first.to.Key, d.space.BatchMark(b.id), d.space.BatchDecision(b.id), d.space.Ledger()}
	args := b.scriptArgs(ttl)

	var verdict *redis.Cmd
	err := d.store.Transaction(ctx, "dispatch "+string(first.to.Operation), first.to.Key, func(p redis.Pipeliner) {
		if first.to.Operation == RPush {
			p.RPush(ctx, first.to.Key, values...)
		} else {
			p.LPush(ctx, first.to.Key, values...)
		}
		verdict = batchScript.Queue(ctx, p, keys, args...)
	})
	var status string
	if err == nil {
		var answer []any
		if answer, err = verdict.Slice(); err == nil {
			status, _, err = d.store.Answer("batch", answer)
		}
		err = d.store.Explain("batch", first.to.Key, err)
	}
	switch {
	case unknown(ctx, err):
		return nil, err
	case err != nil:
		return b.failed(named(err, first.decision)), nil
	}
	outcomes := make([]Outcome, len(b.cargo))
	for i, c := range b.cargo {
		outcomes[i].Receipt = receiptOf(c.decision)
		outcomes[i].Receipt.DecisionID = b.id
		outcomes[i].Receipt.Repeated = status == "DUP"
	}
	return outcomes, nil
}

// unknown reports whether after an error nobody can tell what has landed: the
// server was not reached, or not waited for.
func unknown(ctx context.Context, err error) bool {
	return err != nil && (errors.Is(err, store.ErrUnreachable) || ctx.Err() != nil)
}

func (b *batch) failed(err error) []Outcome {
	outcomes := make([]Outcome, len(b.cargo))
	for i, c := range b.cargo {
		outcomes[i] = Outcome{receiptOf(c.decision), err}
	}
	return outcomes
}

// scriptArgs are the batch script's arguments. The ledger record holds each
// tracking id as 16 bytes and, as its digest, the RFC 6962 Merkle root over
// the leaves of their seals, or else over their stored bytes, in their order.
func (b *batch) scriptArgs(ttl int64) []any {
	first := b.cargo[0]
	ids := make([]byte, 0, 16*len(b.cargo))
	leaves := make([]tlog.Hash, len(b.cargo))
	list := make([]packet.Value, len(b.cargo))
	for i, c := range b.cargo {
		ids = appendID(ids, c.packet.TrackingID)
		leaves[i] = c.leaf()
		list[i] = packet.StringOf(c.packet.TrackingID)
	}
	root := merkleRoot(leaves)
	record := first.decision.BatchJSON(b.id, list)
	return []any{
		string(first.to.Operation), len(b.cargo), ttl, record, max(ttl, minDecisionLife), markLife,
		"ids", ids,
		"count", len(b.cargo),
		"key", first.to.Key,
		"operation", string(first.to.Operation),
		"packet_digest", hex.EncodeToString(root[:]),
		"decision_id", b.id,
		"actor", b.actor(),
		"policy", first.decision.Policy,
	}
}

// appendID appends a tracking id as its 16 bytes.
func appendID(dst []byte, id string) []byte {
	dst, _ = hex.AppendDecode(dst, []byte(strings.ReplaceAll(id, "-", "")))
	return dst
}

// actor is who sends the packets of a batch, "several" when they differ.
func (b *batch) actor() string {
	actor := b.cargo[0].decision.Action.Actor
	for _, c := range b.cargo[1:] {
		if c.decision.Action.Actor != actor {
			return "several"
		}
	}
	return actor
}

// merkleRoot is the tree hash of RFC 6962, section 2.1, over leaf hashes.
func merkleRoot(leaves []tlog.Hash) tlog.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	left := 1
	for left*2 < len(leaves) {
		left *= 2
	}
	return tlog.NodeHash(merkleRoot(leaves[:left]), merkleRoot(leaves[left:]))
}
