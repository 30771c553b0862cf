package dispatch

import (
	"github.com/infrafabric/ifpacket/core/governance"
)

// Where a packet ended.
const (
	Dispatched = "dispatched"
	InCarcel   = "carcel"
)

// Receipt tells what became of one packet.
type Receipt struct {
	TrackingID string            `json:"tracking_id"`
	Status     string            `json:"status"` // Dispatched or InCarcel
	Decision   governance.Status `json:"decision"`
	Reason     string            `json:"reason"`
	Key        string            `json:"key"`
	Operation  Operation         `json:"operation"`
	TTLSeconds int64             `json:"ttl_seconds"`
	DecisionID string            `json:"decision_id"`
	// Repeated says that the packet had landed before, and that this is the
	// receipt of that first time.
	Repeated bool `json:"repeated,omitempty"`
}

func receiptOf(d governance.Decision) Receipt {
	return Receipt{
		TrackingID: d.TrackingID,
		Status:     place(d.Verdict.Status),
		Decision:   d.Verdict.Status,
		Reason:     d.Verdict.Reason,
		Key:        d.Action.Key,
		Operation:  Operation(d.Action.Operation),
		TTLSeconds: d.TTLSeconds,
		DecisionID: d.DecisionID,
	}
}

func receiptOfRecord(r governance.Recorded) Receipt {
	return Receipt{
		TrackingID: r.TrackingID,
		Status:     place(r.Status),
		Decision:   r.Status,
		Reason:     r.Reason,
		Key:        r.Key,
		Operation:  Operation(r.Operation),
		TTLSeconds: r.TTLSeconds,
		DecisionID: r.DecisionID,
		Repeated:   true,
	}
}

func place(s governance.Status) string {
	if s == governance.Approved {
		return Dispatched
	}
	return InCarcel
}
