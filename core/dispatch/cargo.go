package dispatch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
)

// cargo is a packet that is ready to be written: judged, stamped, encoded.
type cargo struct {
	packet   packet.Packet
	to       Destination
	decision governance.Decision
	bytes    []byte // the packet as its key will hold it
}

// pack stamps a judged packet with its chain of custody and encodes it.
func pack(p packet.Packet, to Destination, decision governance.Decision) (cargo, error) {
	decision.TTLSeconds = p.TTLSeconds
	decision.Request = requestDigest(p, to)
	at, err := p.Time()
	if err != nil {
		return cargo{}, fmt.Errorf("dispatch %s: %w", to.Key, err)
	}
	err = custody.Stamp(&p, custody.Stamping{
		At:     at,
		Policy: decision.Policy,
		Status: string(decision.Verdict.Status),
	})
	if err != nil {
		return cargo{}, fmt.Errorf("dispatch %s: chain of custody: %w", to.Key, err)
	}
	bytes, err := packet.Encode(p, to.Format)
	if err != nil {
		return cargo{}, fmt.Errorf("dispatch %s: %w", to.Key, err)
	}
	return cargo{p, to, decision, bytes}, nil
}

// requestDigest tells a repeated dispatch from another one that took the same
// tracking id: SHA-256 of key, operation, origin and the contents as JSON,
// with a zero byte behind each of the first three. Times and lineage are left
// out, since a repetition may have made them anew.
func requestDigest(p packet.Packet, to Destination) string {
	text := make([]byte, 0, 512)
	for _, part := range []string{to.Key, string(to.Operation), p.Origin} {
		text = append(append(text, part...), 0)
	}
	sum := sha256.Sum256(packet.AppendValueJSON(text, p.Contents))
	return hex.EncodeToString(sum[:])
}

// write gives the keys and arguments of the write script: for an approved
// packet its own key, for any other the carcel.
func (c cargo) write(space keyspace.Partition) (keys []string, args []any) {
	d := c.decision
	record := d.AppendJSON(nil)
	digest := sha256.Sum256(c.bytes)
	ledger := []any{
		"tracking_id", d.TrackingID,
		"key", d.Action.Key,
		"operation", d.Action.Operation,
		"packet_digest", hex.EncodeToString(digest[:]),
		"decision_id", d.DecisionID,
		"actor", d.Action.Actor,
		"policy", d.Policy,
	}
	keys = []string{c.to.Key, space.Decision(d.TrackingID), space.Ledger()}
	if d.Verdict.Status == governance.Approved {
		args = []any{
			string(c.to.Operation), c.bytes, d.TrackingID, d.TTLSeconds,
			record, max(d.TTLSeconds, minDecisionLife), "dispatched",
		}
		return keys, append(args, ledger...)
	}
	keys[0] = space.DeadLetters()
	event := "held"
	if d.Verdict.Status == governance.Blocked {
		event = "blocked"
	}
	args = []any{string(RPush), c.heldEntry(), "", 0, record, heldDecisionLife, event}
	return keys, append(args, ledger...)
}

// heldEntry is the packet as the carcel keeps it: what every reader of the
// carcel knows first, then all that is needed to let it go again.
func (c cargo) heldEntry() []byte {
	d, p := c.decision, c.packet
	text := func(key, value string) packet.Member {
		return packet.Member{Key: key, Value: packet.StringOf(value)}
	}
	return packet.AppendValueJSON(nil, packet.ObjectOf(
		text("tracking_id", p.TrackingID),
		text("reason", d.Verdict.Reason),
		text("decision", string(d.Verdict.Status)),
		text("timestamp", d.DecidedAt),
		packet.Member{Key: "contents", Value: p.Contents},
		text("origin", p.Origin),
		text("key", c.to.Key),
		text("operation", string(c.to.Operation)),
		text("format", c.to.Format.String()),
		text("decision_id", d.DecisionID),
		text("policy", d.Policy),
		text("schema_version", p.SchemaVersion),
		packet.Member{Key: "ttl_seconds", Value: packet.IntOf(p.TTLSeconds)},
		text("dispatched_at", p.DispatchedAt),
		packet.Member{Key: "chain_of_custody", Value: p.ChainOfCustody},
	))
}

// receipt reads the write script's answer.
func (c cargo) receipt(status string, rest []any) (Receipt, error) {
	switch status {
	case "OK":
		return receiptOf(c.decision), nil
	case "DUP":
		return c.repeated(rest)
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
