package governance

import (
	"slices"
	"strings"
	"time"
)

// How long a rule may give people to approve.
const (
	leastWithin = time.Minute
	mostWithin  = 30 * 24 * time.Hour
)

func readGuardians(root section, masks []mask) []seat {
	n := root.need("guardians")
	items := root.faults.items(n, "guardians")
	if n != nil && n.kind == listNode && len(items) == 0 {
		root.faults.add(n.place, "no guardians; a policy needs at least one, with one rule")
	}
	var seats []seat
	total := 0
	for _, item := range items {
		s, ok := root.faults.section(item, "a guardian", "name", "rules")
		if !ok {
			continue
		}
		guardian := seat{name: s.needText("name")}
		if slices.ContainsFunc(seats, func(other seat) bool { return other.name == guardian.name }) && guardian.name != "" {
			s.faults.add(s.get("name").place, "a second guardian %q; give each a name of its own", guardian.name)
		}
		rules := s.need("rules")
		for _, item := range s.list("rules") {
			if r := readRule(s.faults, guardian, item, masks); r != nil {
				guardian.rules = append(guardian.rules, r)
			}
		}
		if rules != nil && rules.kind == listNode && len(rules.items) == 0 {
			s.faults.add(rules.place, "guardian %q has no rules; add one or leave the guardian away", guardian.name)
		}
		total += len(guardian.rules)
		seats = append(seats, guardian)
	}
	if total > maxRules {
		root.faults.add(n.place, "%d rules; a policy may have %d", total, maxRules)
	}
	return seats
}

func readRule(faults *policyFaults, guardian seat, item *node, masks []mask) *rule {
	s, ok := faults.section(item, "a rule", "name", "when", "status", "reason", "requires", "advisory")
	if !ok {
		return nil
	}
	r := &rule{guardian: guardian.name, at: s.place}
	r.Name, r.Line = s.needText("name"), s.line
	if r.Name != "" && slices.ContainsFunc(guardian.rules, func(other *rule) bool { return other.Name == r.Name }) {
		faults.add(s.get("name").place, "guardian %q has a second rule %q; give each a name of its own", guardian.name, r.Name)
	}
	if r.when = s.need("when"); r.when != nil {
		r.When = strings.TrimSpace(r.when.text)
		switch {
		case r.when.kind != scalarNode:
			faults.addTo(r.title(), r.when.place, "when must be one expression, not %s", r.when.kind)
		case r.When == "":
			faults.addTo(r.title(), r.when.place, "when is empty; write the condition under which the rule fires")
		case len(r.When) > maxWhen:
			faults.addTo(r.title(), r.when.place, "when has %d bytes; a rule may have %d: split it up", len(r.When), maxWhen)
		}
	}
	r.Advisory = s.flag("advisory", false)
	readStatus(s, r)
	r.Reason = s.text("reason")
	at := r.at
	if n := s.get("reason"); n != nil {
		at = n.place
	}
	if r.Reason == "" {
		r.Reason = presetReason(r.Status)
	}
	template, err := parseReason(r.Reason)
	if err != nil {
		faults.addTo(r.title(), at, "%v", err)
	}
	for _, part := range template {
		for _, m := range masks {
			if part.path != nil && m.covers(part.path) {
				faults.addTo(r.title(), at, "the reason would show {%s}, which the policy masks; leave it away", part.name)
			}
		}
	}
	r.reason = template
	return r
}

func (r *rule) title() string { return r.guardian + "/" + r.Name }

// readStatus reads a rule's status and who must approve what it holds.
func readStatus(s section, r *rule) {
	text := s.needText("status")
	r.Status = Status(text)
	n := s.get("status")
	switch r.Status {
	case Review:
		r.Quorum.Approvals = 1
	case CoSign:
		r.Quorum.Approvals = 2
	case Blocked:
	case Approved:
		if !r.Advisory {
			s.faults.addTo(r.title(), n.place, "a rule that approves says nothing; add advisory: true, or another status")
		}
	default:
		if text != "" {
			s.faults.addTo(r.title(), n.place, "the status %q is unknown; known are %s, %s, %s, and with advisory %s", text, Review, CoSign, Blocked, Approved)
		}
		return
	}
	readQuorum(s, r)
}

func readQuorum(s section, r *rule) {
	n := s.get("requires")
	if n == nil {
		return
	}
	if !r.Status.Waits() || r.Advisory {
		s.faults.addTo(r.title(), n.place, "nobody approves what a rule with this status says; leave requires away")
		return
	}
	q, ok := s.faults.section(n, "requires", "approvals", "roles", "within")
	if !ok {
		return
	}
	least := r.Quorum.Approvals
	r.Quorum = Quorum{Approvals: int(min(max(q.whole("approvals", int64(least)), -1), maxApprovals+1)), Roles: q.texts("roles")}
	if r.Quorum.Approvals < least || r.Quorum.Approvals > maxApprovals {
		at := n.place
		if own := q.get("approvals"); own != nil {
			at = own.place
		}
		s.faults.addTo(r.title(), at, "%s needs %d to %d approvals", r.Status, least, maxApprovals)
	}
	r.Quorum.Within = readWithin(q, r)
}

// readWithin reads how long people have to approve.
func readWithin(q section, r *rule) time.Duration {
	n := q.get("within")
	if n == nil {
		return 0
	}
	d, err := time.ParseDuration(n.text)
	if err != nil || d < leastWithin || d > mostWithin {
		q.faults.addTo(r.title(), n.place, "within must be a time such as 30m or 8h, from %v to %v", leastWithin, mostWithin)
	}
	return d
}
