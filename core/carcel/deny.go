package carcel

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

// Deny ends the wait of an entry: it stays in the carcel as blocked, with who
// denied it and why. One denial is enough.
func (c *Carcel) Deny(ctx context.Context, id string, by keyring.Signer, why string) (Acted, error) {
	return c.again(ctx, id, why, func(k Case) (Acted, string, error) {
		if err := k.waits(); err != nil {
			return Acted{}, "", err
		}
		a, err := c.sign(ctx, &k, governance.Denies, by, why)
		if err != nil {
			return Acted{}, "", err
		}
		reason := "Denied by " + a.Name
		if why != "" {
			reason += ": " + why
		}
		status, err := c.deny(ctx, &k, &a, governance.Outcome{State: governance.OutcomeDenied, At: a.At, By: a.Person, Why: why}, reason)
		return Acted{
			TrackingID: k.Held.TrackingID, Status: "denied", Decision: governance.Blocked, Reason: reason,
			Approvals: len(k.Tally.Persons), Required: k.Tally.Needed, By: a.Person,
		}, status, err
	})
}

// deny makes a waiting entry a blocked one.
func (c *Carcel) deny(ctx context.Context, k *Case, a *governance.Approval, end governance.Outcome, reason string) (string, error) {
	rec := k.Record
	if a != nil {
		rec.Approvals = append(append([]governance.Approval(nil), rec.Approvals...), *a)
	}
	rec.Outcome = &end
	becomes := k.Held.with(
		packet.Member{Key: "decision", Value: packet.StringOf(string(governance.Blocked))},
		packet.Member{Key: "reason", Value: packet.StringOf(reason)},
		packet.Member{Key: "decision_id", Value: packet.StringOf(rec.DecisionID)})
	event, deadline := "denied", k.deadline()
	if end.State == governance.OutcomeExpired {
		deadline = 0
	}
	return c.settle(ctx, act{
		held: &k.Held, slot: k.slot, becomes: becomes, became: SHA(becomes), expected: k.expected, record: rec.JSON(), pending: "0",
		deadline: deadline, events: event, actor: end.By, policy: rec.Policy, decision: rec.DecisionID, key: k.Held.Key, operation: k.Held.Operation,
	})
}

// unsigned is what an appeal without a signature asks for: two persons, since
// nobody can tell that the one who approves is not the one who appealed.
var unsigned = governance.QuorumOf(governance.CoSign)

// Appeal puts a blocked entry, or one that could not be judged, before a
// person, who must be another than the one who appeals. Without a signer, by
// names who appeals, and two persons must approve.
func (c *Carcel) Appeal(ctx context.Context, id, by string, signer *keyring.Signer, why string) (Acted, error) {
	return c.again(ctx, id, why, func(k Case) (Acted, string, error) {
		if k.copy {
			return Acted{}, "", fmt.Errorf("%w: %s", ErrCopy, k.Held.ID())
		}
		if k.Waits() {
			return Acted{}, "", fmt.Errorf("%s waits for a person already: approve or deny it", k.Held.ID())
		}
		if k.Held.TrackingID == "" {
			return Acted{}, "", k.waits()
		}
		if k.ToErr != nil { // an approval could not let it go
			return Acted{}, "", k.ToErr
		}
		now := c.now()
		rec, err := c.opened(&k.Held, filed{Recorded: &k.Record}, c.council.InForce())
		if err != nil {
			return Acted{}, "", err
		}
		if rec.Status = k.Held.Decision; rec.Status.Waits() { // only the entry says so
			rec.Status = k.Record.Status
		}
		rec.Quorum = rec.Asks(governance.Review, k.again) // all whom any guardian asks for
		if signer == nil {
			rec.Quorum = rec.Quorum.Stricter(unsigned)
		}
		rec.ExpiresAt = rfc3339(now.Add(governance.PendingLife))
		k.Record = rec
		a := governance.Approval{Act: governance.Appealed, Person: by, Name: by, At: rfc3339(now), Why: why}
		if signer != nil {
			a.Person, a.Name, a.KeyID = signer.Entry.Person, signer.Entry.Name, signer.Entry.KeyID
			a.Signature = base64.StdEncoding.EncodeToString(signer.Sign(k.statement().Bytes(a)))
		}
		rec.Appeal = &a
		reason := k.Held.Reason + " (appealed by " + a.Name + ": " + why + ")"
		becomes := k.Held.with(
			packet.Member{Key: "decision", Value: packet.StringOf(string(governance.Review))},
			packet.Member{Key: "reason", Value: packet.StringOf(reason)},
			packet.Member{Key: "decision_id", Value: packet.StringOf(rec.DecisionID)},
			packet.Member{Key: "policy", Value: packet.StringOf(rec.Policy)},
			packet.Member{Key: "approvals_required", Value: packet.IntOf(int64(rec.Quorum.Approvals))},
			packet.Member{Key: "approvals_given", Value: packet.IntOf(0)},
			packet.Member{Key: "expires_at", Value: packet.StringOf(rec.ExpiresAt)})
		status, err := c.settle(ctx, act{
			held: &k.Held, slot: k.slot, becomes: becomes, became: SHA(becomes), expected: k.expected, record: rec.JSON(),
			pending: strconv.FormatInt(governance.Millis(rec.ExpiresAt), 10),
			events:  "appealed", actor: a.Person, policy: rec.Policy, decision: rec.DecisionID, key: k.Held.Key, operation: k.Held.Operation,
		})
		return Acted{
			TrackingID: k.Held.TrackingID, Status: "appealed", Decision: governance.Review, Reason: reason, Required: rec.Quorum.Approvals, By: a.Person,
		}, status, err
	})
}
