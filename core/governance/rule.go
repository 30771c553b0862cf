package governance

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Guardian is one member of the council and its rules, in order: the first
// that fires is what the guardian says.
type Guardian struct {
	Name  string
	Rules []Rule
}

// Rule is one rule of a guardian as the policy's file has it.
type Rule struct {
	Name     string
	When     string // CEL
	Status   Status // what it gives when it fires
	Reason   string // template
	Advisory bool   // named when it fires, but changes no status
	Quorum   Quorum // who must approve what it holds; zero when nobody can
	Rated    bool   // it counts the actions of a vertical within a minute
	Line     int    // in the file
}

// rule is a Rule made ready.
type rule struct {
	Rule
	guardian string
	at       place
	when     *node
	reason   reasonTemplate
	filter   test
	always   bool // it has no condition beside its rate
	program  program
	rate     *rateRule
}

var errNoLimit = errors.New("the limit of its rate is no whole number")

// fires runs the rule's condition.
func (r *rule) fires(h *hearing) (bool, error) {
	if r.always {
		return true, nil
	}
	return r.program.evalBool(h)
}

func (r *rule) finding(a *Action) Finding {
	return Finding{Guardian: r.guardian, Rule: r.Name, Status: r.Status, Reason: r.reason.of(a), Advisory: r.Advisory}
}

// failed names the rule that could not be finished.
func (r *rule) failed(err error) error {
	return fmt.Errorf("guardian %s, rule %s: %w", r.guardian, r.Name, err)
}

// presetReason stands where a rule gives none.
func presetReason(s Status) string {
	switch s {
	case Review:
		return "Human review required for {primitive}"
	case CoSign:
		return "Two-person rule required for {primitive}"
	case Blocked:
		return "{primitive} is blocked"
	}
	return "A note on {primitive}"
}

// required says what has to happen before an action with this outcome may go.
func required(s Status, q Quorum) []string {
	roles := ""
	if len(q.Roles) > 0 {
		roles = " (" + strings.Join(q.Roles, " or ") + ")"
	}
	switch {
	case s == Blocked:
		return []string{"an appeal with a reason puts it before a person"}
	case !s.Waits():
		return nil
	case q.Approvals == 1:
		return []string{"one person" + roles + " signs who is not the actor"}
	case q.Approvals == 2:
		return []string{"two different persons" + roles + " sign, neither being the actor"}
	}
	return []string{strconv.Itoa(q.Approvals) + " different persons" + roles + " sign, none being the actor"}
}

// moreDemanding returns the quorum that asks for more persons; of two that ask
// for as many, the one that asks for roles, or the first. The shorter of their
// times holds.
func moreDemanding(a, b Quorum) Quorum {
	within := a.Within
	if within == 0 || b.Within > 0 && b.Within < within {
		within = b.Within
	}
	if b.Approvals > a.Approvals || b.Approvals == a.Approvals && len(a.Roles) == 0 && len(b.Roles) > 0 {
		a = b
	}
	a.Within = within
	return a
}
