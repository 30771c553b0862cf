package governance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

// rateWindow is what rate counts: the actions of a vertical within the last
// minute.
const rateWindow = time.Minute

// Policy is one revision of the rules, read from a YAML file. It never changes
// and is safe for use by many goroutines.
type Policy struct {
	file      string
	name      string
	about     string
	revision  string
	constants []packet.Member
	trusted   map[string]struct{}
	listed    []string // the trusted, in the order of the file
	seats     []seat
	routes    []route
	masks     []mask
	anywhere  secretNames // of the masks, those that are a name at any depth
	elsewhere []mask      // and the others
	cases     []testCase

	requireSeal bool
}

// seat is a guardian made ready.
type seat struct {
	name  string
	rules []*rule
}

// Name is what the policy calls itself.
func (p *Policy) Name() string { return p.name }

// About is the line the policy says of itself.
func (p *Policy) About() string { return p.about }

// File is where the policy was read; the embedded ones have names like
// "default.yaml".
func (p *Policy) File() string { return p.file }

// Revision is the name, "@", and the first 12 hex digits of the SHA-256 of the
// file's text.
func (p *Policy) Revision() string { return p.revision }

// Trusted are the actors that the policy trusts, in the order of the file.
func (p *Policy) Trusted() []string { return slices.Clone(p.listed) }

// RequiresSeal reports whether the policy takes a packet without a seal for one
// that fails verification (require_seal).
func (p *Policy) RequiresSeal() bool { return p.requireSeal }

// Tests is how many test cases the policy brings.
func (p *Policy) Tests() int { return len(p.cases) }

// Guardians are the guardians with their rules, in the order of the file.
func (p *Policy) Guardians() []Guardian {
	guardians := make([]Guardian, len(p.seats))
	for i, s := range p.seats {
		guardians[i] = Guardian{Name: s.name, Rules: make([]Rule, len(s.rules))}
		for j, r := range s.rules {
			guardians[i].Rules[j] = r.Rule
		}
	}
	return guardians
}

// Trusts reports whether an action's actor counts as trusted: it is on the
// policy's list, and the key that seals the packet may speak for it.
func (p *Policy) Trusts(a Action) bool {
	_, listed := p.trusted[a.Actor]
	return listed && a.Vouched
}

// heard is what the guardians said of one action.
type heard struct {
	findings []Finding
	seats    []int   // of each finding, its guardian
	rules    []*rule // of each finding, its rule
	rate     *rated
}

// rated is the tightest rate rule that the action falls under.
type rated struct {
	limit   int
	seat    int
	rule    *rule
	finding Finding
}

// Judge asks every guardian. The most restrictive status wins, and the first
// finding that gave it gives the reason. An error names the rule that could
// not be finished: no verdict is reached without it.
func (p *Policy) Judge(ctx context.Context, a Action) (Verdict, error) {
	if kind := a.Payload.Kind(); kind != packet.Object && kind != packet.Null {
		return Verdict{}, errors.New("the payload is no object")
	}
	s := subject{action: &a, trusted: p.Trusts(a), trustRequired: len(p.trusted) > 0}
	var all heard
	var h *hearing // made for the first rule that has to be run
	defer func() { h.close() }()
	for i := range p.seats {
		for _, r := range p.seats[i].rules {
			if r.filter.judge(&s) == no {
				continue
			}
			if h == nil {
				h = newHearing(ctx, &s)
			}
			ended, err := all.ask(h, i, r)
			if err != nil {
				return Verdict{}, r.failed(err)
			}
			if ended {
				break
			}
		}
	}
	return all.verdict(&a), nil
}

// ask runs one rule and keeps what it says; true when it fired, which ends its
// guardian's turn.
func (all *heard) ask(h *hearing, seat int, r *rule) (bool, error) {
	fired, err := r.fires(h)
	if err != nil || !fired {
		return false, err
	}
	if r.rate == nil {
		all.findings = append(all.findings, r.finding(&h.action))
		all.seats, all.rules = append(all.seats, seat), append(all.rules, r)
		return true, nil
	}
	limit, err := r.rate.allowed(h)
	if err != nil {
		return false, err
	}
	if all.rate == nil || limit < all.rate.limit {
		all.rate = &rated{limit, seat, r, r.finding(&h.action)}
	}
	return false, nil // Redis knows whether it fires
}

// verdict weighs what was said.
func (all *heard) verdict(a *Action) Verdict {
	v := weigh(a, all.findings, all.rules)
	if all.rate == nil {
		return v
	}
	over := heard{}
	add := func(f Finding, r *rule) {
		over.findings, over.rules = append(over.findings, f), append(over.rules, r)
	}
	placed := false
	for i, f := range all.findings {
		if all.seats[i] >= all.rate.seat && !placed {
			add(all.rate.finding, all.rate.rule)
			placed = true
		}
		if all.seats[i] != all.rate.seat { // the rate rule came first in its guardian
			add(f, all.rules[i])
		}
	}
	if !placed {
		add(all.rate.finding, all.rate.rule)
	}
	v.Rate = &Rate{
		Vertical: a.Vertical, Limit: all.rate.limit, Window: rateWindow,
		Over: weigh(a, over.findings, over.rules),
	}
	return v
}

// weigh makes the verdict of findings, each with its rule.
func weigh(a *Action, findings []Finding, rules []*rule) Verdict {
	v := Verdict{Status: Approved, Findings: findings}
	notes := 0
	for i, f := range findings {
		switch {
		case f.Advisory:
			notes++
		case f.Status == v.Status:
			v.Quorum = moreDemanding(v.Quorum, rules[i].Quorum)
		case Worst(v.Status, f.Status) != v.Status:
			v.Status, v.Reason, v.Quorum = f.Status, f.Reason, rules[i].Quorum
		}
	}
	v.Required = required(v.Status, v.Quorum)
	switch {
	case v.Status != Approved:
	case notes > 0:
		v.Reason = fmt.Sprintf("Approved with recommendations: %d advisory notes", notes)
	default:
		v.Reason = "Action " + a.Primitive + " approved (no guardian triggers)"
	}
	return v
}
