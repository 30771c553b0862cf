package audit

import (
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/ledger"
)

// The statuses of a report.
const (
	Compliant    = "COMPLIANT"
	NotCompliant = "NOT COMPLIANT"
	Nothing      = "NOTHING TO JUDGE" // neither a record nor a packet
)

// Report is the compliance report of a period. Every figure was counted.
type Report struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons"` // why it is not compliant, a line each
	Remarks []string `json:"remarks"` // what a reader must know beside that

	MadeAt time.Time  `json:"made_at"`
	Server string     `json:"server"` // address, without secrets
	Policy string     `json:"policy"` // in force when it was made
	Since  *time.Time `json:"since"`  // null: from the first record on
	Until  *time.Time `json:"until"`  // null: to the last; not included

	Records   int64            `json:"records"`   // of the ledger within the period
	From      int64            `json:"from"`      // position of the first of them, 0 for none
	To        int64            `json:"to"`        // and of the last
	Decided   int64            `json:"decided"`   // packets and tasks: the sum of Decisions
	Decisions map[string]int64 `json:"decisions"` // approved, held, blocked
	Events    map[string]int64 `json:"events"`    // packets by the ledger's word for what happened to them
	Breaks    []Mark           `json:"breaks"`
	Keys      []Mark           `json:"key_changes"`
	Erasures  int64            `json:"erasures"` // packets whose contents were removed

	Carcel map[string]int64 `json:"carcel_by_reason"` // what went into the carcel within the period, also what has left it
	Seals  Seals            `json:"seals"`
	Ledger Ledger           `json:"ledger"`
	Fates  map[string]int   `json:"fates"` // of all packets that ledger and Redis know, as the reconciler sees them now

	// Before is the last report on this server that this machine made, and Drift
	// how the shares stand beside its; null where there was none.
	Before *Brief  `json:"before"`
	Drift  []Drift `json:"drift"`

	erased map[string]bool // tracking ids
	held   []string        // tracking ids of what was held or blocked
}

// ReasonGone is the reason where the decision record has ended.
const ReasonGone = "not told any more: the decision record has ended"

// Held are the tracking ids of what was held or blocked within the period.
func (r *Report) Held() []string { return r.held }

// Mark is one record that a report names.
type Mark struct {
	Position int64     `json:"position"`
	At       time.Time `json:"at"`
	What     string    `json:"what"`
}

// Seals is what verifying the packets in Redis found.
type Seals struct {
	Packets  int64            `json:"packets"` // that are in Redis, in the carcel too
	Checked  int64            `json:"checked"`
	Sampled  bool             `json:"sampled"` // Checked were drawn at random from Packets
	Verdicts map[string]int64 `json:"verdicts"`
	Schemas  map[string]int64 `json:"schemas"` // of those that were checked
	Valid    int64            `json:"valid"`   // seals of packets that were checked
	Invalid  int64            `json:"invalid"`
	Absent   int64            `json:"absent"`
	// BadLow and BadHigh are the 95 % confidence interval (Wilson) of the share
	// of packets that failed, 0 to 1. Without a sample both are the
	// share itself.
	BadLow  float64  `json:"bad_low"`
	BadHigh float64  `json:"bad_high"`
	Unread  []string `json:"unread"` // what could not be looked through
}

// SealDemanded is the verdict on a packet without a seal where the policy asks
// for one.
const SealDemanded = "no seal, and the policy demands one"

// Bad is how many packets failed.
func (s *Seals) Bad() int64 {
	return s.Verdicts["tampered"] + s.Verdicts["incomplete"] + s.Verdicts[SealDemanded]
}

// Ledger is how the ledger stands.
type Ledger struct {
	First      int64              `json:"first"`
	Last       int64              `json:"last"`
	Hashed     int64              `json:"hashed_again"`
	Trimmed    int64              `json:"trimmed"`
	Unsealed   int64              `json:"unsealed"`
	Checkpoint *ledger.Checkpoint `json:"checkpoint"`
	Findings   []string           `json:"findings"`
}

// New makes an empty report.
func New(since, until *time.Time) *Report {
	return &Report{
		MadeAt: time.Now().UTC(), Since: since, Until: until, Reasons: []string{}, Remarks: []string{},
		Decisions: map[string]int64{"approved": 0, "held": 0, "blocked": 0}, Events: map[string]int64{}, Breaks: []Mark{}, Keys: []Mark{},
		Carcel: map[string]int64{}, Fates: map[string]int{}, Seals: Seals{Verdicts: map[string]int64{}, Schemas: map[string]int64{}, Unread: []string{}},
	}
}

// Within reports whether a time belongs to the period.
func (r *Report) Within(at time.Time) bool {
	return (r.Since == nil || !at.Before(*r.Since)) && (r.Until == nil || at.Before(*r.Until))
}

// decisions tells what the events say that the council decided.
var decisions = map[string]string{ledger.Dispatched: "approved", "posted": "approved", ledger.Held: "held", ledger.Blocked: "blocked"}

// Add counts a record, if it belongs to the period.
func (r *Report) Add(rec *ledger.Record) {
	if !r.Within(rec.At()) {
		return
	}
	if r.Records++; r.From == 0 {
		r.From = rec.Position
	}
	r.To = rec.Position
	event, n := rec.Event(), int64(rec.Count())
	mark := Mark{rec.Position, rec.At().UTC(), ""}
	switch event {
	case ledger.Break:
		mark.What = rec.Get("why")
		r.Breaks = append(r.Breaks, mark)
		return
	case ledger.KeyChanged:
		mark.What = fmt.Sprintf("%s key %s by %s", rec.Get("operation"), rec.Get("key_id"), rec.Get("actor"))
		r.Keys = append(r.Keys, mark)
		return
	case ledger.Erased: // a record for each place
		if r.erased == nil {
			r.erased = map[string]bool{}
		}
		r.erased[rec.Get("tracking_id")] = true
		r.Erasures = int64(len(r.erased))
		r.Events[event] = r.Erasures
		return
	}
	if id := rec.Get("tracking_id"); id != "" && (event == ledger.Held || event == ledger.Blocked) {
		r.held = append(r.held, id)
	}
	if r.Events[event] += n; decisions[event] != "" {
		r.Decisions[decisions[event]] += n
		r.Decided += n
	}
}

// Take takes over what hashing the ledger found.
func (r *Report) Take(a *ledger.Audit) {
	r.Ledger = Ledger{a.First, a.Last, a.Hashed, a.Trimmed, a.Unsealed, a.Checkpoint, append([]string{}, a.Findings...)}
}

// Judge draws the status from the figures.
func (r *Report) Judge() {
	reason := func(n int64, what string) {
		if n > 0 {
			r.Reasons = append(r.Reasons, fmt.Sprintf("%s: %d", what, n))
		}
	}
	remark := func(n int64, what string) {
		if n > 0 {
			r.Remarks = append(r.Remarks, fmt.Sprintf("%s: %d", what, n))
		}
	}
	s := &r.Seals
	for _, f := range r.Ledger.Findings {
		r.Reasons = append(r.Reasons, "the ledger: "+f)
	}
	reason(s.Verdicts["tampered"], "packets that were tampered with")
	reason(s.Verdicts["incomplete"], "packets whose evidence is incomplete")
	reason(s.Verdicts[SealDemanded], "packets without a seal, which the policy demands")
	reason(int64(r.Fates["missing"]), "packets that are missing (sent, not taken by anybody who records, and not there)")
	reason(int64(r.Fates["unlogged"]), "packets in Redis that the ledger does not know")
	reason(int64(r.Fates["copied"]), "packets that are in Redis more often than they were sent")
	reason(int64(len(r.Breaks)), "breaks, where the ledger was lost and began anew")
	if r.Ledger.Last > 0 && r.Ledger.Checkpoint == nil && len(r.Ledger.Findings) == 0 {
		r.Reasons = append(r.Reasons, "no checkpoint seals the ledger: ifpacket ledger checkpoint")
	}
	remark(s.Verdicts["unauthenticated"], "packets without a seal (who sent them is only a claim)")
	remark(s.Verdicts["no packet"], "values under keys of packets that are none")
	remark(int64(r.Fates["taken without record"]), "packets taken by consumers that record nothing")
	remark(int64(r.Fates["not known"]), "packets of which it is not known what became of them")
	if c := r.Ledger.Checkpoint; c != nil {
		remark(r.Ledger.Unsealed, "records that are not sealed yet")
	}
	if r.Ledger.First > 1 {
		r.Remarks = append(r.Remarks, fmt.Sprintf("records before %d were trimmed: what they counted is in the exported segments, not here", r.Ledger.First))
	}
	if s.Sampled {
		r.Remarks = append(r.Remarks, fmt.Sprintf("seals were checked on a random sample of %d of %d packets: with 95 %% confidence %.2f %% to %.2f %% are bad", s.Checked, s.Packets, 100*s.BadLow, 100*s.BadHigh))
	}
	for _, u := range s.Unread {
		r.Remarks = append(r.Remarks, "not looked through: "+u)
	}
	switch {
	case len(r.Reasons) > 0:
		r.Status = NotCompliant
	case r.Ledger.Last == 0 && s.Packets == 0:
		r.Status = Nothing
	default:
		r.Status = Compliant
	}
}
