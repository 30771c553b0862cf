package governance

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

// Decision is the record of a verdict, kept at guardian:decision:{tracking_id}
// as JSON with these names.
type Decision struct {
	DecisionID string
	TrackingID string
	Verdict    Verdict
	Policy     string // the revision of the policy in force
	DecidedAt  string // RFC 3339, UTC
	Action     Action
	TTLSeconds int64
	Request    string // digest of what was asked for: see dispatch
}

// NewDecision makes the record of a verdict on an action.
func NewDecision(trackingID string, a Action, v Verdict, policy string, at time.Time) Decision {
	return Decision{
		DecisionID: packet.NewTrackingID(),
		TrackingID: trackingID,
		Verdict:    v,
		Policy:     policy,
		DecidedAt:  at.UTC().Format("2006-01-02T15:04:05.000000Z"),
		Action:     a,
	}
}

// AuditHash is the hex SHA-256 of the JSON of {decision_id, status, reason,
// guardians, decided_at}, with sorted keys and the separators ", " and ": ",
// as Python's json.dumps(…, sort_keys=True) writes it.
func (d Decision) AuditHash() string {
	guardians := make([]packet.Value, len(d.Verdict.Findings))
	for i, f := range d.Verdict.Findings {
		guardians[i] = f.value()
	}
	text := packet.AppendValueJSON(nil, packet.ObjectOf(
		str("decided_at", d.DecidedAt),
		str("decision_id", d.DecisionID),
		packet.Member{Key: "guardians", Value: packet.ArrayOf(guardians...)},
		str("reason", d.Verdict.Reason),
		str("status", string(d.Verdict.Status)),
	))
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// AppendJSON appends the record as it is kept in Redis.
func (d Decision) AppendJSON(dst []byte) []byte {
	guardians := make([]packet.Value, len(d.Verdict.Findings))
	for i, f := range d.Verdict.Findings {
		guardians[i] = f.value()
	}
	required := make([]packet.Value, len(d.Verdict.Required))
	for i, r := range d.Verdict.Required {
		required[i] = packet.StringOf(r)
	}
	return packet.AppendValueJSON(dst, packet.ObjectOf(
		str("decision_id", d.DecisionID),
		str("tracking_id", d.TrackingID),
		str("status", string(d.Verdict.Status)),
		str("reason", d.Verdict.Reason),
		packet.Member{Key: "guardians", Value: packet.ArrayOf(guardians...)},
		packet.Member{Key: "required_actions", Value: packet.ArrayOf(required...)},
		str("policy", d.Policy),
		str("decided_at", d.DecidedAt),
		str("audit_hash", d.AuditHash()),
		packet.Member{Key: "approvals", Value: packet.ArrayOf()},
		str("key", d.Action.Key),
		str("operation", d.Action.Operation),
		packet.Member{Key: "ttl_seconds", Value: packet.IntOf(d.TTLSeconds)},
		str("request_sha256", d.Request),
		packet.Member{Key: "input", Value: d.Action.value()},
	))
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

func str(key, value string) packet.Member {
	return packet.Member{Key: key, Value: packet.StringOf(value)}
}

// Recorded is what is read back of a decision record.
type Recorded struct {
	DecisionID string `json:"decision_id"`
	TrackingID string `json:"tracking_id"`
	Status     Status `json:"status"`
	Reason     string `json:"reason"`
	Policy     string `json:"policy"`
	DecidedAt  string `json:"decided_at"`
	AuditHash  string `json:"audit_hash"`
	Key        string `json:"key"`
	Operation  string `json:"operation"`
	TTLSeconds int64  `json:"ttl_seconds"`
	Request    string `json:"request_sha256"`
}

// ErrNotDecision is what ParseRecorded says of a record that is none.
var ErrNotDecision = errors.New("not a decision record")

// ParseRecorded reads a decision record.
func ParseRecorded(raw []byte) (Recorded, error) {
	var r Recorded
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("%w: %w", ErrNotDecision, err)
	}
	if r.DecisionID == "" || r.Status == "" {
		return r, fmt.Errorf("%w: it has no decision_id or no status", ErrNotDecision)
	}
	return r, nil
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
