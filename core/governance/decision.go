package governance

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

// PendingLife is how long an entry waits for a person before it ends as
// denied, where no rule says otherwise.
const PendingLife = 24 * time.Hour

// Decision is the record of a verdict, kept at guardian:decision:{tracking_id}
// as JSON with these names.
type Decision struct {
	DecisionID string
	TrackingID string
	Verdict    Verdict
	Policy     string // the revision of the policy in force
	DecidedAt  string // RFC 3339, UTC
	ExpiresAt  string // RFC 3339, UTC: when a verdict that waits ends as denied; else ""
	Action     Action // its payload without what the policy masks
	Masked     []string
	TTLSeconds int64
	Request    string // digest of what was asked for: see dispatch
}

// NewDecision makes the record of a verdict that rules gave on an action.
// What they call secret is left out of the record.
func NewDecision(trackingID string, a Action, v Verdict, rules Rules, at time.Time) Decision {
	d := Decision{
		DecisionID: packet.NewTrackingID(),
		TrackingID: trackingID,
		Policy:     rules.Revision(),
		DecidedAt:  packet.FormatMicros(at),
		Action:     a,
	}
	d.Action.Payload, d.Masked = rules.Mask(a.Payload)
	return d.with(v, at)
}

// Over is the decision in case the action is past its rate; see Rate.
func (d Decision) Over(at time.Time) Decision { return d.with(d.Verdict.Rate.Over, at) }

func (d Decision) with(v Verdict, at time.Time) Decision {
	d.Verdict, d.ExpiresAt = v, ""
	if v.Status.Waits() {
		within := v.Quorum.Within
		if within <= 0 {
			within = PendingLife
		}
		d.ExpiresAt = packet.FormatMicros(at.Add(within))
	}
	return d
}

// Millis is a record's time in milliseconds since 1970; 0 for "".
func Millis(at string) int64 {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return 0
	}
	return t.UnixMilli()
}

// AuditHash is the hex SHA-256 of the JSON of {decision_id, status, reason,
// guardians, decided_at}, with sorted keys and the separators ", " and ": ",
// as Python's json.dumps(…, sort_keys=True) writes it.
func (d Decision) AuditHash() string {
	text := packet.AppendValueJSON(nil, packet.ObjectOf(
		str("decided_at", d.DecidedAt),
		str("decision_id", d.DecisionID),
		packet.Member{Key: "guardians", Value: packet.ArrayOf(d.Verdict.guardians()...)},
		str("reason", d.Verdict.Reason),
		str("status", string(d.Verdict.Status)),
	))
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// AppendJSON appends the record as it is kept in Redis.
func (d Decision) AppendJSON(dst []byte) []byte {
	members := []packet.Member{
		str("decision_id", d.DecisionID),
		str("tracking_id", d.TrackingID),
		str("status", string(d.Verdict.Status)),
		str("reason", d.Verdict.Reason),
		{Key: "guardians", Value: packet.ArrayOf(d.Verdict.guardians()...)},
		{Key: "required_actions", Value: texts(d.Verdict.Required)},
		str("policy", d.Policy),
		str("decided_at", d.DecidedAt),
		str("audit_hash", d.AuditHash()),
		{Key: "approvals", Value: packet.ArrayOf()},
		str("key", d.Action.Key),
		str("operation", d.Action.Operation),
		{Key: "ttl_seconds", Value: packet.IntOf(d.TTLSeconds)},
		str("request_sha256", d.Request),
	}
	if d.Verdict.Status.Waits() {
		members = append(members, quorumMember(d.Verdict.Quorum), str("expires_at", d.ExpiresAt))
	}
	if len(d.Masked) > 0 {
		members = append(members, packet.Member{Key: "masked", Value: texts(d.Masked)})
	}
	return packet.AppendValueJSON(dst, packet.ObjectOf(append(members, packet.Member{Key: "input", Value: d.Action.value()})...))
}

// BatchJSON is the record that the packets of a batch share: the decision on
// any one of them, without what is that packet's own.
func (d Decision) BatchJSON(batchID string, trackingIDs []packet.Value) []byte {
	d.DecisionID = batchID
	return packet.AppendValueJSON(nil, packet.ObjectOf(
		str("decision_id", batchID),
		str("status", string(d.Verdict.Status)),
		str("reason", d.Verdict.Reason),
		packet.Member{Key: "guardians", Value: packet.ArrayOf()},
		packet.Member{Key: "required_actions", Value: packet.ArrayOf()},
		str("policy", d.Policy),
		str("decided_at", d.DecidedAt),
		str("audit_hash", d.AuditHash()),
		str("key", d.Action.Key),
		str("operation", d.Action.Operation),
		packet.Member{Key: "ids", Value: packet.ArrayOf(trackingIDs...)},
	))
}

func (v Verdict) guardians() []packet.Value {
	guardians := make([]packet.Value, len(v.Findings))
	for i, f := range v.Findings {
		guardians[i] = f.value()
	}
	return guardians
}

// value has its keys in sorted order, as the audit hash needs them.
func (f Finding) value() packet.Value {
	return packet.ObjectOf(
		packet.Member{Key: "advisory", Value: packet.BoolOf(f.Advisory)},
		str("name", f.Guardian),
		str("reason", f.Reason),
		str("rule", f.Rule),
		str("status", string(f.Status)),
	)
}

func quorumMember(q Quorum) packet.Member {
	return packet.Member{Key: "quorum", Value: packet.ObjectOf(
		packet.Member{Key: "approvals", Value: packet.IntOf(int64(q.Approvals))},
		packet.Member{Key: "roles", Value: texts(q.Roles)},
	)}
}

func texts(list []string) packet.Value {
	values := make([]packet.Value, len(list))
	for i, s := range list {
		values[i] = packet.StringOf(s)
	}
	return packet.ArrayOf(values...)
}

func str(key, value string) packet.Member {
	return packet.Member{Key: key, Value: packet.StringOf(value)}
}
