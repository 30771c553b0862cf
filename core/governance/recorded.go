package governance

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

// Recorded is a decision record as it was read back.
type Recorded struct {
	DecisionID string     `json:"decision_id"`
	TrackingID string     `json:"tracking_id"`
	Status     Status     `json:"status"`
	Reason     string     `json:"reason"`
	Guardians  []Finding  `json:"guardians"`
	Required   []string   `json:"required_actions"`
	Policy     string     `json:"policy"`
	DecidedAt  string     `json:"decided_at"`
	ExpiresAt  string     `json:"expires_at"`
	AuditHash  string     `json:"audit_hash"`
	Quorum     Quorum     `json:"quorum"` // frozen when the packet was held, or appealed
	Approvals  []Approval `json:"approvals"`
	Appeal     *Approval  `json:"appeal"`  // the last one; its Act is Appealed
	Outcome    *Outcome   `json:"outcome"` // nil while the packet is where the decision put it
	Replays    int        `json:"replays"` // how often the packet was replayed so far
	Masked     []string   `json:"masked"`
	Key        string     `json:"key"`
	Operation  string     `json:"operation"`
	TTLSeconds int64      `json:"ttl_seconds"`
	Request    string     `json:"request_sha256"`

	Raw   string       `json:"-"` // as it stands in Redis
	value packet.Value // the same, with every member it has
}

// Outcome is how a held packet ended.
type Outcome struct {
	State  string `json:"state"` // one of the Outcome… words
	At     string `json:"at"`    // RFC 3339
	By     string `json:"by,omitempty"`
	Run    string `json:"run,omitempty"`    // the replay that released it
	Why    string `json:"why,omitempty"`    // as the person who did it said
	Became string `json:"became,omitempty"` // tracking id of the edited packet that took its place
}

// The ends of a held packet.
const (
	OutcomeReleased  = "released"
	OutcomeDenied    = "denied"
	OutcomeExpired   = "expired" // nobody approved in time, which is a denial
	OutcomeDiscarded = "discarded"
)

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
	value, _, err := packet.ParseValue(raw)
	if err != nil {
		return r, fmt.Errorf("%w: %w", ErrNotDecision, err)
	}
	r.Raw, r.value = string(raw), value
	return r, nil
}

// Action is what was judged, as far as the record keeps it: masked fields are
// masked, and the decision of a batch keeps none (false).
func (r Recorded) Action() (Action, bool) {
	input, there := r.value.Get("input")
	if _, erased := input.Get("erased"); !there || erased || input.Kind() != packet.Object {
		return Action{}, false
	}
	text := func(key string) string {
		v, _ := input.Get(key)
		s, _ := v.Text()
		return s
	}
	entropy, _ := input.Get("entropy")
	a := Action{
		Primitive: text("primitive"), Vertical: text("vertical"), Actor: text("actor"), Origin: text("origin"),
		Key: text("key"), Operation: text("operation"),
	}
	a.Entropy, _ = entropy.Float()
	vouched, _ := input.Get("vouched")
	a.Vouched, _ = vouched.Bool()
	a.Payload, _ = input.Get("payload")
	return a, true
}

// Deadline is when the wait for a person ends; zero when nobody is waited for.
func (r Recorded) Deadline() time.Time {
	at, _ := time.Parse(time.RFC3339, r.ExpiresAt)
	return at
}

// Verdict is the verdict that the record tells of.
func (r Recorded) Verdict() Verdict {
	return Verdict{Status: r.Status, Reason: r.Reason, Findings: r.Guardians, Required: r.Required, Quorum: r.Quorum}
}

// Renamed is the record as that of the packet with another tracking id.
func (r Recorded) Renamed(trackingID string) string {
	r.value = r.value.With("tracking_id", packet.StringOf(trackingID))
	return r.JSON()
}

// JSON is the record with its present approvals, appeal, quorum, deadline and
// outcome. All else stands as it was read.
func (r Recorded) JSON() string {
	v := r.value
	set := func(key string, x any) {
		raw, err := json.Marshal(x)
		if err == nil {
			v = v.With(key, packet.MustValue(string(raw)))
		}
	}
	approvals := r.Approvals
	if approvals == nil {
		approvals = []Approval{}
	}
	set("approvals", approvals)
	if r.Quorum.Approvals > 0 {
		v = v.With("quorum", quorumMember(r.Quorum).Value)
	}
	if r.ExpiresAt != "" {
		v = v.With("expires_at", packet.StringOf(r.ExpiresAt))
	}
	if r.Appeal != nil {
		set("appeal", r.Appeal)
	}
	if r.Outcome != nil {
		set("outcome", r.Outcome)
	} else {
		v = without(v, "outcome")
	}
	if r.Replays > 0 {
		v = v.With("replays", packet.IntOf(int64(r.Replays)))
	}
	return string(packet.AppendValueJSON(nil, v))
}

// Erased is the record without what was judged, and whether it had that. Of the
// input stays {"erased": true, "payload_sha256": digest}, by which the
// signatures of persons still hold; the digest is that of the contents (see
// custody.ContentsSHA256), "" when it is not known.
func (r Recorded) Erased(contentsSHA256 string) (record string, had bool) {
	input, there := r.value.Get("input")
	if _, erased := input.Get("erased"); !there || erased {
		return r.Raw, false
	}
	left := []packet.Member{{Key: "erased", Value: packet.BoolOf(true)}}
	if contentsSHA256 != "" {
		left = append(left, packet.Member{Key: "payload_sha256", Value: packet.StringOf(contentsSHA256)})
	}
	return string(packet.AppendValueJSON(nil, r.value.With("input", packet.ObjectOf(left...)))), true
}

// without is an object less one of its members.
func without(v packet.Value, key string) packet.Value {
	if _, there := v.Get(key); !there {
		return v
	}
	var kept []packet.Member
	for _, m := range v.Members() {
		if m.Key != key {
			kept = append(kept, m)
		}
	}
	return packet.ObjectOf(kept...)
}
