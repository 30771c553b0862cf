package seal

import (
	"fmt"

	"github.com/infrafabric/ifpacket/core/custody"
)

// Overall sums a Verdict up.
type Overall string

// What a packet's evidence comes to.
const (
	Verified        Overall = "verified"        // the last seal is valid and covers everything, and no part contradicts
	Unauthenticated Overall = "unauthenticated" // no seal: a packet of others, whatever its digest says
	Incomplete      Overall = "incomplete"      // something is not covered, not known, or not where it should be
	Tampered        Overall = "tampered"        // somebody changed what was sealed, or sealed without the right
)

// SealsState is the worst of a packet's seals.
type SealsState string

// The states of seals, the best first.
const (
	SealsAbsent    SealsState = "absent"
	SealsValid     SealsState = "valid"
	KeyUnknown     SealsState = "key unknown" // to the ring
	KeyNotForIt    SealsState = "key not for this origin"
	KeyRevoked     SealsState = "key revoked" // or past its end
	SealsInvalid   SealsState = "invalid"
	contentsMatch             = "match"
	contentsEdited            = "edited"
)

// What Verdict.Fresh can be.
const (
	latest       = "latest"
	superseded   = "superseded"
	freshUnknown = "not known"
)

// Verdict is what a packet's evidence is worth, part by part, with the
// reasons; see docs/custody.md.
type Verdict struct {
	TrackingID  string               `json:"tracking_id"`
	Schema      string               `json:"schema"`       // valid, invalid
	PaperDigest custody.PaperVerdict `json:"paper_digest"` // a checksum of the lineage, which anybody can compute
	Links       string               `json:"links"`        // intact, "broken at N" (entries count from 1), absent
	Seals       SealsState           `json:"seals"`
	Contents    string               `json:"contents"`    // match, edited, unsealed
	Destination string               `json:"destination"` // here, moved, not known
	Logged      string               `json:"logged"`      // "included (index)" with the leaf's index, missing, not checked
	Fresh       string               `json:"fresh"`       // latest, superseded, not known
	Overall     Overall              `json:"overall"`
	Reasons     []string             `json:"reasons"` // a line for each part that lowers the whole, and for a ledger that could not be checked

	demanded bool // a seal is asked for
}

// Bad reports whether the packet fails verification.
func (v Verdict) Bad() bool {
	return v.Overall == Tampered || v.Overall == Incomplete || v.Overall == Unauthenticated && v.demanded
}

// Settled is a verdict that was given while no checkpoint covered the packet's
// record, after the ledger was asked again: what the evidence tells of the
// record is put in, all else stands.
func (v Verdict) Settled(e Evidence) Verdict {
	f := &finding{Verdict: v}
	f.Reasons = append([]string{}, v.Reasons...)
	f.Fresh = freshUnknown // whose reason is there already
	f.ledger(&e)
	f.Fresh = v.Fresh
	if f.incomplete && v.Overall == Verified {
		f.Overall = Incomplete
	}
	return f.Verdict
}

// finding is a verdict in the making: reasons add up, the worst counts.
type finding struct {
	Verdict
	sealed, tampered, incomplete bool
}

func (f *finding) tamper(format string, args ...any) {
	f.tampered = true
	f.reason(format, args...)
}

func (f *finding) lack(format string, args ...any) {
	f.incomplete = true
	f.reason(format, args...)
}

func (f *finding) reason(format string, args ...any) {
	f.Reasons = append(f.Reasons, fmt.Sprintf(format, args...))
}

// sum draws the whole from the parts.
func (f *finding) sum() Verdict {
	switch {
	case !f.sealed:
		f.Overall = Unauthenticated
		why := "no seal: who sent it is only a claim"
		if f.demanded {
			why = "no seal, and one is asked for: who sent it is only a claim"
		}
		f.Reasons = append([]string{why}, f.Reasons...)
	case f.tampered:
		f.Overall = Tampered
	case f.incomplete:
		f.Overall = Incomplete
	default:
		f.Overall = Verified
	}
	return f.Verdict
}
