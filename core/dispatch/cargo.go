package dispatch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// cargo is a packet that is ready to be written: judged, stamped, sealed,
// encoded.
type cargo struct {
	packet   packet.Packet
	to       Destination
	asked    Destination // to where it was sent, before routes and classes filled in the rest
	decision governance.Decision
	seal     *sealing    // nil: it goes without a seal
	bytes    []byte      // the packet as its key, or the carcel, will hold it; nil until it is sealed
	over     *cargo      // what holds instead when the action is past its rate
	task     *swarm.Task // what goes in the packet's place when it is approved; nil: the packet
	keys     []string    // of the write script, once it is loaded
	args     []any
}

// pack stamps a judged packet with its chain of custody, and encodes it unless
// it is to be sealed first.
func (d *Dispatcher) pack(p packet.Packet, to Destination, decision governance.Decision, key seal.Key, now time.Time) (cargo, error) {
	decision.TTLSeconds = p.TTLSeconds
	at, err := p.Time()
	if err != nil {
		return cargo{}, fmt.Errorf("dispatch %s: %w", to.Key, err)
	}
	stamping := custody.Stamping{At: at, Policy: decision.Policy, Status: string(decision.Verdict.Status)}
	sealed := d.desk != nil && p.SchemaVersion == packet.Schema11
	if sealed && !p.ChainOfCustody.IsNull() { // it comes from another custodian
		stamping.At = now
		err = custody.Extend(&p, stamping.Steps(p.SchemaVersion)...)
	} else {
		err = custody.Stamp(&p, stamping)
	}
	if err != nil {
		return cargo{}, fmt.Errorf("dispatch %s: chain of custody: %w", to.Key, err)
	}
	c := cargo{packet: p, to: to, decision: decision}
	if !sealed {
		return c, c.encode()
	}
	if c.seal, err = prepareSeal(&p, to, key); err != nil {
		return cargo{}, fmt.Errorf("dispatch %s: %w", to.Key, err)
	}
	if to.Format == packet.Msgpack { // which cannot hold everything: that must show now
		return c, c.encode()
	}
	return c, nil
}

// encode writes the packet, or the entry of the carcel that holds it.
func (c *cargo) encode() (err error) {
	if c.bytes, err = packet.Encode(c.packet, c.to.Format); err != nil {
		return fmt.Errorf("dispatch %s: %w", c.to.Key, err)
	}
	if c.decision.Verdict.Status != governance.Approved { // but one day it may have to be encoded
		c.bytes = c.heldEntry()
	} else if c.task != nil {
		c.bytes = c.task.Parcel(c.packet.TrackingID)
	}
	return nil
}

// requestDigest tells a repeated dispatch from another one that took the same
// tracking id: SHA-256 of key, operation, origin and the contents as JSON,
// with a zero byte behind each of the first three. Times and lineage are left
// out, since a repetition may have made them anew; the key is the one that was
// named, since a route may have changed meanwhile.
func requestDigest(p packet.Packet, asked Destination) string {
	text := make([]byte, 0, 512)
	for _, part := range []string{asked.Key, string(asked.Operation), p.Origin} {
		text = append(append(text, part...), 0)
	}
	sum := sha256.Sum256(packet.AppendValueJSON(text, p.Contents))
	return hex.EncodeToString(sum[:])
}

// WasAsked reports whether a decision's digest of what was asked for is of this
// packet: the key or the operation may have been left to routes and classes.
func WasAsked(request string, p packet.Packet, to Destination) bool {
	for _, asked := range []Destination{to, {Key: to.Key}, {}, {Operation: to.Operation}} {
		if requestDigest(p, asked) == request {
			return true
		}
	}
	return false
}

// tenMinutes is the width of the cells in which fired rules are counted.
const tenMinutes = 10 * 60

// load makes the keys and arguments of the write script for this cargo, which
// whoever waits for it does, not who carries it.
func (c *cargo) load(space keyspace.Partition, now time.Time) {
	c.decision.Request = requestDigest(c.packet, c.asked)
	d := c.decision
	target, rate := c.to.Key, space.Rate(d.Action.Vertical)
	if target == "" { // it has no way, so it is held; a script wants a name for each key
		target = space.DeadLetters()
	}
	limit, window := -1, int64(0)
	if r := d.Verdict.Rate; r != nil {
		limit, window, rate = r.Limit, r.Window.Milliseconds(), space.Rate(r.Vertical)
	}
	c.keys = []string{target, space.Decision(d.TrackingID), space.Fired(now.Unix() / tenMinutes), rate}
	args := append(make([]any, 0, 24), 0, limit, window, d.DecisionID, 0)
	first := len(args)
	args = c.outcome(args)
	args[first-1] = len(args) - first
	if d.Verdict.Rate != nil {
		c.over.decision.Request = d.Request
		args = c.over.outcome(args)
	}
	args[0] = len(args)
	c.args = args
}

// outcome adds what the script shall write if this cargo is the one to go: an
// approved packet to its own key, any other to the carcel.
func (c *cargo) outcome(args []any) []any {
	d := c.decision
	record := d.AppendJSON(make([]byte, 0, 1024))
	digest := c.digest()
	if d.Verdict.Status == governance.Approved {
		field, ttl, event := d.TrackingID, d.TTLSeconds, "dispatched"
		if c.task != nil { // which waits until it is done; no packet is to be found anywhere
			field, ttl, event = keyspace.TaskMeta(c.task.ID), 0, swarm.PostedEvent
		}
		args = append(args,
			"target", string(c.to.Operation), c.bytes, field, ttl,
			record, max(d.TTLSeconds, minDecisionLife), 0, d.TrackingID, event)
	} else {
		event := "held"
		if d.Verdict.Status == governance.Blocked {
			event = "blocked"
		}
		args = append(args,
			"carcel", string(RPush), c.bytes, "", 0,
			record, heldDecisionLife, governance.Millis(d.ExpiresAt), d.TrackingID, event)
	}
	fired := d.Verdict.Fired(d.Action)
	args = append(args, len(fired))
	for _, name := range fired {
		args = append(args, name)
	}
	return append(args, d.TrackingID, d.Action.Key, d.Action.Operation, hex.EncodeToString(digest[:]), d.DecisionID, d.Action.Actor, d.Policy)
}

// heldEntry is the packet as the carcel keeps it: what every reader of the
// carcel knows first, then all that is needed to let it go again.
func (c cargo) heldEntry() []byte {
	d, p := c.decision, c.packet
	text := func(key, value string) packet.Member {
		return packet.Member{Key: key, Value: packet.StringOf(value)}
	}
	deciding := d.Verdict.Deciding()
	members := []packet.Member{
		text("tracking_id", p.TrackingID),
		text("reason", d.Verdict.Reason),
		text("decision", string(d.Verdict.Status)),
		text("timestamp", d.DecidedAt),
		{Key: "contents", Value: p.Contents},
		text("origin", p.Origin),
		text("key", c.to.Key),
		text("operation", string(c.to.Operation)),
		text("format", c.to.Format.String()),
		text("decision_id", d.DecisionID),
		text("policy", d.Policy),
		text("guardian", deciding.Guardian),
		text("rule", deciding.Rule),
		text("schema_version", p.SchemaVersion),
		{Key: "ttl_seconds", Value: packet.IntOf(p.TTLSeconds)},
		text("dispatched_at", p.DispatchedAt),
		{Key: "chain_of_custody", Value: p.ChainOfCustody},
	}
	if c.task != nil {
		members = append(members, c.task.Label(), text("queue", c.task.Queue))
	}
	if d.Verdict.Status.Waits() {
		members = append(members,
			packet.Member{Key: "approvals_required", Value: packet.IntOf(int64(d.Verdict.Quorum.Approvals))},
			packet.Member{Key: "approvals_given", Value: packet.IntOf(0)},
			text("expires_at", d.ExpiresAt))
	}
	return packet.AppendValueJSON(nil, packet.ObjectOf(members...))
}

// receipt reads the write script's answer.
func (c cargo) receipt(status string, rest []any) (Receipt, error) {
	switch status {
	case "OK":
		if len(rest) == 3 && rest[2] == int64(1) && c.over != nil {
			return receiptOf(c.over.decision), nil
		}
		return receiptOf(c.decision), nil
	case "DUP":
		return c.repeated(rest)
	case "TAKEN":
		return Receipt{}, fmt.Errorf("post %s: %w", c.task.ID, swarm.ErrTaskID)
	}
	return Receipt{}, fmt.Errorf("dispatch %s: the server gave an unknown answer %q", c.to.Key, status)
}

func (c cargo) repeated(rest []any) (Receipt, error) {
	var first governance.Recorded
	var err error
	if len(rest) > 0 {
		raw, _ := rest[0].(string)
		first, err = governance.ParseRecorded([]byte(raw))
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: %s has a decision record already that is not ours: %w", ErrConflict, c.packet.TrackingID, err)
	}
	if first.Request != c.decision.Request {
		return Receipt{}, fmt.Errorf("%w: %s was given to another packet, to %s; nothing was written; take a new id", ErrConflict, c.packet.TrackingID, first.Key)
	}
	return receiptOfRecord(first), nil
}
