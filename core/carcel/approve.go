package carcel

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

// ErrNotWaiting says that an entry waits for nobody's approval.
var ErrNotWaiting = errors.New("it does not wait for an approval")

// tries is how often an act is tried again when another one came between.
const tries = 8

// Acted tells what became of an entry after a person's act.
type Acted struct {
	TrackingID string            `json:"tracking_id"`
	Status     string            `json:"status"` // approved (of several), released, denied, appealed, discarded, restored
	Decision   governance.Status `json:"decision"`
	Reason     string            `json:"reason,omitempty"`
	Approvals  int               `json:"approvals"`
	Required   int               `json:"required"`
	Persons    []string          `json:"persons,omitempty"`
	Key        string            `json:"key,omitempty"`
	Operation  string            `json:"operation,omitempty"`
	By         string            `json:"by"`
}

// Case is a held entry with the decision that approvals are for.
type Case struct {
	Held   Held
	Record governance.Recorded
	Tally  governance.Tally
	To     dispatch.Destination // where the packet goes once the quorum is reached
	ToErr  error                // why that is not known

	slot     int64
	expected string             // the record's text in Redis
	again    governance.Verdict // what the rules in force say now
	copy     bool               // another copy of it was released, by its decision or with its very text
}

// Case reads what there is to approve about an entry. An entry of another
// program, and one whose decision record has ended, gets a decision of its
// own, which begins to exist with the first approval.
func (c *Carcel) Case(ctx context.Context, id string) (Case, error) {
	h, slot, err := c.find(ctx, id)
	if err != nil {
		return Case{}, err
	}
	k := Case{Held: h, slot: slot}
	rec, err := c.record(ctx, h.TrackingID)
	if err != nil {
		return k, err
	}
	k.expected = rec.raw
	if k.copy, err = c.isCopy(ctx, &h, rec); err != nil {
		return k, err
	}
	if k.copy { // or it was released since it was read
		again, slot, err := c.find(ctx, id)
		if err != nil {
			return k, err
		}
		if again.SHA != h.SHA {
			return c.Case(ctx, id)
		}
		k.slot = slot
	}
	rules := c.council.InForce()
	if rec.decides(&h) {
		k.Record = *rec.Recorded
	} else if k.Record, err = c.opened(&h, rec, rules); err != nil {
		return k, err
	}
	k.To, k.ToErr = target(&h, dispatch.Destination{}, rules)
	k.again = judgedAgain(ctx, rules, &h, k.To)
	if k.Record.Waits() {
		same := k.again
		if k.Record.Policy != rules.Revision() { // the policy of its time is frozen
			same = governance.Verdict{}
		}
		k.Record.Quorum = k.Record.Asks(h.Decision, same)
	}
	check, err := c.checker(ctx)
	if err != nil {
		return k, err
	}
	if k.Record.Appeal != nil && !k.Record.AppealSigned(k.statement(), check) {
		k.Record.Quorum = k.Record.Quorum.Stricter(unsigned)
	}
	k.Tally = k.Record.Count(k.statement(), k.senders(), check)
	to := dispatch.Destination{Key: h.Key, Operation: dispatch.Operation(h.Operation)}
	if k.Record.Request != "" && h.Complete && !dispatch.WasAsked(k.Record.Request, h.Packet, to) {
		k.Tally.Faults = append(k.Tally.Faults, "the entry was altered: its contents, origin or target are not those that were dispatched")
	}
	return k, nil
}

// decides reports whether the record is of the decision that an entry waits
// for, or that blocked it. Where the entry names none, a decision that asks
// nobody is not the one that somebody else's hold waits for.
func (r filed) decides(h *Held) bool {
	if r.Recorded == nil || r.Outcome != nil {
		return false
	}
	return h.Decided == r.DecisionID || h.Decided == "" && (r.Recorded.Waits() || !h.Waits())
}

// released reports whether the very decision that an entry names has released
// a packet: then the entry is a copy that stayed.
func (r filed) released(h *Held) bool {
	return r.Recorded != nil && r.Outcome != nil && r.Outcome.State == governance.OutcomeReleased && h.Decided == r.DecisionID
}

// isCopy reports whether another copy of an entry was released, by the decision
// that it names, or with its very text.
func (c *Carcel) isCopy(ctx context.Context, h *Held, rec filed) (bool, error) {
	if rec.released(h) {
		return true, nil
	}
	return c.marked(ctx, h.SHA)
}

// judgedAgain is what rules say of a held packet; nothing where it cannot be
// read.
func judgedAgain(ctx context.Context, rules governance.Rules, h *Held, to dispatch.Destination) governance.Verdict {
	a, err := governance.ActionOf(h.Packet, to.Key, string(to.Operation))
	if err != nil {
		return governance.Verdict{}
	}
	return governance.Ask(ctx, rules, a)
}

// senders are the names under which the packet was sent, by its entry and by
// its record.
func (k *Case) senders() []string {
	names := []string{k.Held.Actor, k.Held.Origin}
	if a, there := k.Record.Action(); there {
		names = append(names, a.Actor, a.Origin)
	}
	return names
}

// deadline is when it is too late to approve, in milliseconds: the earlier of
// what record and entry say, and long past where neither says it.
func (k *Case) deadline() int64 {
	at := governance.Millis(k.Record.ExpiresAt)
	if own := k.Held.Expires; !own.IsZero() && k.Held.Decided == k.Record.DecisionID && (at == 0 || own.UnixMilli() < at) {
		at = own.UnixMilli()
	}
	return max(at, 1)
}

// opened is a decision on an entry that has none in force: what the entry
// itself says, under the rules of now. It asks no fewer persons than the one
// before, unless that one released the packet: nobody has a packet denied to
// have it released by fewer.
func (c *Carcel) opened(h *Held, before filed, rules governance.Rules) (governance.Recorded, error) {
	v := governance.Verdict{Status: h.Decision, Reason: h.Reason, Quorum: governance.QuorumOf(h.Decision)}
	if h.Guardian != "" {
		v.Findings = []governance.Finding{{Guardian: h.Guardian, Rule: h.Rule, Status: h.Decision, Reason: h.Reason}}
	}
	a := governance.Action{
		Primitive: h.Primitive, Vertical: h.Vertical, Actor: h.Actor, Payload: h.Contents, Origin: h.Origin, Key: h.Key, Operation: h.Operation,
	}
	if v.Status == "" {
		v.Status = governance.Failed
	}
	d := governance.NewDecision(h.TrackingID, a, v, rules, c.now())
	rec, err := governance.ParseRecorded(d.AppendJSON(nil))
	rec.Replays = before.replays()
	if b := before.Recorded; b != nil && (b.Outcome == nil || b.Outcome.State != governance.OutcomeReleased) {
		rec.Quorum = rec.Quorum.Stricter(b.Asks("", governance.Verdict{}))
	}
	return rec, err
}

// statement is what a signature is for.
func (k *Case) statement() governance.Statement {
	sum, err := custody.ContentsSHA256(k.Held.Contents)
	if err != nil { // not canonical: no signature can hold for it
		sum = "none: " + err.Error()
	}
	return governance.Statement{
		TrackingID: k.Held.TrackingID, DecisionID: k.Record.DecisionID, Policy: k.Record.Policy,
		ContentsSHA256: sum, Key: k.To.Key, Operation: string(k.To.Operation),
	}
}

// checker checks signatures against the keyring as it is now.
func (c *Carcel) checker(ctx context.Context) (governance.Checker, error) {
	ring, err := c.keys.Ring(ctx)
	if err != nil {
		return nil, err
	}
	position, err := c.position(ctx)
	if err != nil {
		return nil, err
	}
	return func(keyID string, message, signature []byte) (governance.Signatory, error) {
		e, err := ring.Verify(keyID, message, signature, position)
		if err != nil {
			return governance.Signatory{}, err
		}
		return governance.Signatory{Person: e.Person, Role: string(e.Role), Names: ring.Names(e.Person)}, nil
	}, nil
}

// position is that of the ledger's next record.
func (c *Carcel) position(ctx context.Context) (int64, error) {
	last, err := c.store.Commands().XRevRangeN(ctx, c.space.Ledger(), "+", "-", 1).Result()
	if err != nil {
		return 0, c.store.Explain("carcel", c.space.Ledger(), err)
	}
	if len(last) == 0 {
		return 1, nil
	}
	n, _ := strconv.ParseInt(last[0].ID[:max(len(last[0].ID)-2, 0)], 10, 64)
	return n + 1, nil
}

// Approve adds a person's signed approval to an entry. With the last one that
// its decision asks for, the packet goes to its key in the same atomic step.
// Errors match *ErrNoEntry, ErrNotWaiting, ErrTooLate, governance.ErrSelfApproval,
// governance.ErrApprovedTwice, governance.ErrRole, ErrNoTarget, or are the
// keyring's.
func (c *Carcel) Approve(ctx context.Context, id string, by keyring.Signer, why string) (Acted, error) {
	return c.again(ctx, id, why, func(k Case) (Acted, string, error) {
		if err := k.waits(); err != nil {
			return Acted{}, "", err
		}
		if k.ToErr != nil {
			return Acted{}, "", k.ToErr
		}
		a, err := c.sign(ctx, &k, governance.Approves, by, why)
		if err != nil {
			return Acted{}, "", err
		}
		rec := k.Record
		rec.Approvals = append(append([]governance.Approval(nil), rec.Approvals...), a)
		persons := append(k.Tally.Persons, a.Person)
		done := Acted{
			TrackingID: k.Held.TrackingID, Status: "approved", Decision: k.Held.Decision, Approvals: len(persons), Required: k.Tally.Needed,
			Persons: persons, Key: k.To.Key, Operation: string(k.To.Operation), By: a.Person,
		}
		if len(persons) < k.Tally.Needed {
			becomes := k.Held.with(
				packet.Member{Key: "approvals_given", Value: packet.IntOf(int64(len(persons)))},
				packet.Member{Key: "approvals_required", Value: packet.IntOf(int64(k.Tally.Needed))},
				packet.Member{Key: "decision_id", Value: packet.StringOf(rec.DecisionID)},
				packet.Member{Key: "policy", Value: packet.StringOf(rec.Policy)},
				packet.Member{Key: "expires_at", Value: packet.StringOf(rec.ExpiresAt)})
			status, err := c.settle(ctx, act{
				held: &k.Held, slot: k.slot, becomes: becomes, became: SHA(becomes), expected: k.expected, record: rec.JSON(),
				pending: strconv.FormatInt(k.deadline(), 10), deadline: k.deadline(),
				events: "approved", actor: a.Person, policy: rec.Policy, decision: rec.DecisionID, key: k.To.Key, operation: string(k.To.Operation),
			})
			return done, status, err
		}
		done.Status = "released"
		status, err := c.approved(ctx, &k, rec, persons, a)
		return done, status, err
	})
}

// approved lets the packet go that has all its approvals.
func (c *Carcel) approved(ctx context.Context, k *Case, rec governance.Recorded, persons []string, last governance.Approval) (string, error) {
	now := c.now()
	var steps []custody.Step
	for _, a := range rec.Approvals {
		if at, err := time.Parse(time.RFC3339, a.At); err == nil && a.Act == governance.Approves && contains(persons, a.Person) {
			steps = append(steps, step("approve", at, "status", "approved", "operator", a.Name))
		}
	}
	steps = append(steps, step("release", now, "status", "approved"))
	f, err := c.free(&k.Held, nil, k.To, custody.Stamping{At: now, Policy: rec.Policy, Status: string(rec.Status)}, steps)
	if err == nil {
		f, err = c.sealed(ctx, f)
	}
	if err != nil {
		return "", fmt.Errorf("%s cannot be released: %w", k.Held.ID(), err)
	}
	rec.Outcome = &governance.Outcome{State: governance.OutcomeReleased, At: rfc3339(now), By: last.Person, Why: last.Why}
	second := ""
	if id := f.packet.TrackingID; id != k.Held.TrackingID {
		rec.Outcome.Became, second = id, rec.Renamed(id)
	}
	return c.release(ctx, act{
		held: &k.Held, slot: k.slot, expected: k.expected, record: rec.JSON(), deadline: k.deadline(),
		second: second, events: "approved+released", actor: last.Person, policy: rec.Policy, decision: rec.DecisionID,
	}, f, governance.OutcomeReleased)
}

// sign makes an approval or a denial and checks that it would count.
func (c *Carcel) sign(ctx context.Context, k *Case, what string, by keyring.Signer, why string) (governance.Approval, error) {
	a := governance.Approval{Act: what, Person: by.Entry.Person, Name: by.Entry.Name, KeyID: by.Entry.KeyID, At: rfc3339(c.now()), Why: why}
	s := k.statement()
	a.Signature = base64.StdEncoding.EncodeToString(by.Sign(s.Bytes(a)))
	check, err := c.checker(ctx)
	if err != nil {
		return a, err
	}
	return a, k.Record.Admit(s, a, k.senders(), check)
}

// again carries out an act, and reads the case anew when somebody else's act
// came between.
func (c *Carcel) again(ctx context.Context, id, why string, do func(Case) (Acted, string, error)) (Acted, error) {
	if err := checkWhy(why); err != nil {
		return Acted{}, err
	}
	for range tries {
		k, err := c.Case(ctx, id)
		if err != nil {
			return Acted{}, err
		}
		done, status, err := do(k)
		switch {
		case err != nil:
			return Acted{}, err
		case status == "OK":
			return done, nil
		case status != "MOVED" && status != "CHANGED":
			return Acted{}, refused(status, &k.Held)
		}
	}
	return Acted{}, fmt.Errorf("%w: %s", ErrBusy, id)
}

// waits reports whether persons can decide about the entry.
func (k *Case) waits() error {
	if k.Held.TrackingID == "" {
		return fmt.Errorf("%s has no tracking id to keep a decision under; replay it with other contents, or discard it", k.Held.ID())
	}
	if k.copy {
		return fmt.Errorf("%w: %s", ErrCopy, k.Held.ID())
	}
	if k.Waits() {
		return nil
	}
	hint := "appeal it, or change the policy and replay it"
	if k.Record.Outcome != nil {
		hint = "it was " + k.Record.Outcome.State
	}
	status := k.Held.Decision
	if status.Waits() { // the entry says so, its decision does not
		status = k.Record.Status
	}
	what := status.Title()
	if status == governance.Failed {
		what = "held for an error"
	}
	return fmt.Errorf("%s is %s: %w; %s", k.Held.ID(), what, ErrNotWaiting, hint)
}

// Waits reports whether persons are asked about the entry: it says so, and so
// does its decision.
func (k *Case) Waits() bool { return k.Held.Waits() && k.Record.Waits() }

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func rfc3339(at time.Time) string { return packet.FormatMicros(at) }
