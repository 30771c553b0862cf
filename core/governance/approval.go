package governance

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/packet"
)

// What an operator says of a held packet.
const (
	Approves = "approve"
	Denies   = "deny"
	Appealed = "appeal"
)

// Approval is one operator's signed word on a held packet: that it may go,
// that it may not, or, of a blocked one, that a person should look at it.
type Approval struct {
	Act       string `json:"act"` // Approves, Denies or Appealed
	Person    string `json:"person"`
	Name      string `json:"name"`
	KeyID     string `json:"key_id"`
	At        string `json:"at"` // RFC 3339
	Why       string `json:"why,omitempty"`
	Signature string `json:"signature,omitempty"` // base64; only an appeal may lack it
}

// Statement is what an approval is about, so that a signature holds for one
// packet, one decision and one destination only.
type Statement struct {
	TrackingID     string
	DecisionID     string
	Policy         string // the frozen revision
	ContentsSHA256 string // of the contents as they are held; see custody
	Key, Operation string // where the packet would go
}

// Bytes is what is signed: "if.approval/v1\n", then the canonical JSON (see
// custody) of {act, at, contents_sha256, decision_id, key, key_id, operation,
// person, policy, tracking_id, why}.
func (s Statement) Bytes(a Approval) []byte {
	text, err := custody.Canonical(packet.ObjectOf(
		str("act", a.Act), str("at", a.At), str("contents_sha256", s.ContentsSHA256), str("decision_id", s.DecisionID),
		str("key", s.Key), str("key_id", a.KeyID), str("operation", s.Operation), str("person", a.Person),
		str("policy", s.Policy), str("tracking_id", s.TrackingID), str("why", a.Why),
	))
	if err != nil { // text that is not Unicode: nothing signs this, nothing matches it
		return nil
	}
	return append([]byte("if.approval/v1\n"), text...)
}

// Signatory is the owner of a key as the keyring tells it.
type Signatory struct {
	Person string
	Role   string
	Names  []string // names under which this person acts
}

// is reports whether a name is this person's, in whatever case it is written.
func (who Signatory) is(name string) bool {
	name = strings.TrimSpace(name)
	same := func(own string) bool { return strings.EqualFold(own, name) }
	return name != "" && (same(who.Person) || slices.ContainsFunc(who.Names, same))
}

// Checker checks a signature against the keyring and tells whose it is.
type Checker func(keyID string, message, signature []byte) (Signatory, error)

// Why an approval is not taken.
var (
	ErrSelfApproval  = errors.New("nobody approves what they sent or appealed themselves")
	ErrApprovedTwice = errors.New("this person has approved already")
	ErrRole          = errors.New("the key has no role that counts here")
)

// Tally is how far the approvals of a held packet have come.
type Tally struct {
	Persons []string // whose approvals hold, in their order
	Needed  int
	Faults  []string // approvals that do not count, and why
}

// Enough reports whether the quorum is reached.
func (t Tally) Enough() bool { return t.Needed > 0 && len(t.Persons) >= t.Needed }

// Asks is the quorum of a decision that persons are asked about: the one in its
// record, but never less than the status that the entry shows, the status and
// the findings of the record, and the verdict of the same rules ask for. A
// record is text in Redis, which others may write too; where the rules name
// the roles, theirs hold.
func (r Recorded) Asks(shown Status, again Verdict) Quorum {
	q := r.Quorum
	for _, s := range []Status{shown, r.Status, again.Status} {
		q = moreDemanding(q, QuorumOf(s))
	}
	for _, f := range append(slices.Clone(r.Guardians), again.Findings...) {
		if !f.Advisory {
			q = moreDemanding(q, QuorumOf(f.Status))
		}
	}
	if again.Status.Waits() {
		q = moreDemanding(q, again.Quorum)
		q.Roles = again.Quorum.Roles
	}
	return q
}

// AppealSigned reports whether the key of the person who appealed has signed
// the appeal.
func (r Recorded) AppealSigned(s Statement, check Checker) bool {
	signature, err := base64.StdEncoding.DecodeString(r.Appeal.Signature)
	if err != nil || r.Appeal.KeyID == "" {
		return false
	}
	who, err := check(r.Appeal.KeyID, s.Bytes(*r.Appeal), signature)
	return err == nil && who.Person == r.Appeal.Person
}

// Stricter is the more demanding of two quorums.
func (q Quorum) Stricter(than Quorum) Quorum { return moreDemanding(q, than) }

// Waits reports whether persons are asked about the decision: it waits, or it
// was appealed.
func (r Recorded) Waits() bool { return r.Status.Waits() || r.Appeal != nil }

// Count checks every approval of a record again: its signature, that its
// person is none of the senders, nor who appealed, and counts each person once.
// The senders are all names under which the packet was sent.
func (r Recorded) Count(s Statement, senders []string, check Checker) Tally {
	t := Tally{Needed: r.Quorum.Approvals}
	for i, a := range r.Approvals {
		if a.Act != Approves {
			continue
		}
		_, err := r.admit(s, a, senders, check, t.Persons)
		if err != nil {
			t.Faults = append(t.Faults, "approval "+strconv.Itoa(i+1)+" by "+a.Person+" does not count: "+err.Error())
			continue
		}
		t.Persons = append(t.Persons, a.Person)
	}
	return t
}

// Admit tells whether an approval or a denial may be added to those that
// hold. Errors match ErrSelfApproval, ErrApprovedTwice, ErrRole, or are the
// keyring's.
func (r Recorded) Admit(s Statement, a Approval, senders []string, check Checker) error {
	persons := r.Count(s, senders, check).Persons
	_, err := r.admit(s, a, senders, check, persons)
	return err
}

func (r Recorded) admit(s Statement, a Approval, senders []string, check Checker, counted []string) (Signatory, error) {
	signature, err := base64.StdEncoding.DecodeString(a.Signature)
	if err != nil {
		return Signatory{}, fmt.Errorf("its signature is no base64: %w", err)
	}
	who, err := check(a.KeyID, s.Bytes(a), signature)
	if err != nil {
		return who, err
	}
	if who.Person != a.Person {
		return who, fmt.Errorf("key %s belongs to %s, not to %s", a.KeyID, who.Person, a.Person)
	}
	roles := r.Quorum.Roles
	if len(roles) == 0 {
		roles = []string{"operator"}
	}
	if !slices.Contains(roles, who.Role) {
		return who, fmt.Errorf("%w: %s is a key of role %s; needed is %v", ErrRole, a.KeyID, who.Role, roles)
	}
	if a.Act != Approves {
		return who, nil
	}
	for _, sender := range senders {
		if who.is(sender) {
			return who, fmt.Errorf("%w: %s is %s", ErrSelfApproval, who.Person, sender)
		}
	}
	if r.Appeal != nil && who.is(r.Appeal.Person) {
		return who, fmt.Errorf("%w: %s appealed", ErrSelfApproval, who.Person)
	}
	if slices.Contains(counted, who.Person) {
		return who, fmt.Errorf("%w: %s", ErrApprovedTwice, who.Person)
	}
	return who, nil
}
