package governance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/infrafabric/ifpacket/core/packet"
)

// The sizes that a policy may have.
const (
	maxPolicySize = 1 << 20 // bytes of the file
	maxRules      = 1000
	maxRoutes     = 1000
	maxCases      = 1000
	maxWhen       = 8 << 10 // bytes of one rule's condition
	maxApprovals  = 100
)

// ParsePolicy reads a policy: its rules are compiled and type-checked, and its
// own test cases run. The errors are *PolicyError, joined when there are
// several, and match ErrPolicy; file is what they call the text.
func ParsePolicy(file string, text []byte) (*Policy, error) {
	p, err := parseUntested(file, text)
	if err != nil {
		return nil, err
	}
	faults := &policyFaults{file: file}
	for _, outcome := range p.RunTests(context.Background()) {
		if outcome.Err != nil {
			faults.add(place{outcome.Line, outcome.column}, "test %q: %s; mend the rule or the test", outcome.Name, outcome.Err)
		}
	}
	if faults.found() {
		return nil, faults.err()
	}
	return p, nil
}

// parseUntested is ParsePolicy but for the policy's test cases, which are read
// and not run.
func parseUntested(file string, text []byte) (*Policy, error) {
	faults := &policyFaults{file: file}
	if len(text) > maxPolicySize {
		faults.add(place{}, "the file is too large; a policy may have %d bytes", maxPolicySize)
		return nil, faults.err()
	}
	root := parseYAML(text, faults)
	if faults.found() {
		return nil, faults.err()
	}
	p := readPolicy(file, root, faults)
	if faults.found() {
		return nil, faults.err()
	}
	sum := sha256.Sum256(text)
	p.revision = p.name + "@" + hex.EncodeToString(sum[:])[:12]
	p.compile(newSource(text), faults)
	if faults.found() {
		return nil, faults.err()
	}
	return p, nil
}

// baseName is a file's name without folders and ending.
func baseName(file string) string {
	base := filepath.Base(file)
	if name := strings.TrimSuffix(base, filepath.Ext(base)); name != "" {
		return name
	}
	return base
}

func readPolicy(file string, n *node, faults *policyFaults) *Policy {
	p := &Policy{file: file, trusted: map[string]struct{}{}}
	root, ok := faults.section(n, "a policy", "name", "about", "trusted", "let", "guardians", "routes", "mask", "tests")
	if !ok {
		return p
	}
	p.name, p.about = root.text("name"), root.text("about")
	if p.name == "" {
		p.name = baseName(file)
	} else if strings.ContainsFunc(p.name, func(r rune) bool { return r <= ' ' || r == '@' || r == 0x7f }) {
		faults.add(root.get("name").place, "a policy's name may hold no blanks and no @")
	}
	p.listed = root.texts("trusted")
	for _, actor := range p.listed {
		p.trusted[actor] = struct{}{}
	}
	p.constants = readConstants(root)
	p.masks = readMasks(root)
	p.seats = readGuardians(root, p.masks)
	p.routes = readRoutes(root)
	p.cases = readCases(root)
	limitEntries(root, "routes", len(p.routes), maxRoutes)
	limitEntries(root, "tests", len(p.cases), maxCases)
	return p
}

func limitEntries(root section, key string, n, most int) {
	if n > most {
		root.faults.add(root.get(key).place, "%d %s; a policy may have %d", n, key, most)
	}
}

// constantName is what CEL takes as a name.
var constantName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// takenNames cannot be constants: CEL's own words, types and functions.
var takenNames = []string{
	"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
	"namespace", "null", "package", "return", "true", "var", "void", "while",
	"bool", "bytes", "double", "duration", "dyn", "int", "list", "map", "null_type", "optional_type", "string",
	"timestamp", "type", "uint", "optional", "destination",
}

func readConstants(root section) []packet.Member {
	n := root.get("let")
	if n == nil {
		return nil
	}
	if n.kind != mapNode {
		root.faults.add(n.place, "let must be a mapping of names to values, not %s", n.kind)
		return nil
	}
	var constants []packet.Member
	for _, e := range n.entries {
		switch {
		case slices.Contains(ruleVariables, e.key) || slices.Contains(takenNames, e.key):
			root.faults.add(e.at, "let cannot use the name %q, which means something else in rules; choose another", e.key)
		case !constantName.MatchString(e.key):
			root.faults.add(e.at, "let cannot use the name %q; a name has letters, digits and underscores", e.key)
		}
		constants = append(constants, packet.Member{Key: e.key, Value: e.packetValue()})
	}
	return constants
}

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
	q, ok := s.faults.section(n, "requires", "approvals", "roles")
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
}

// compile makes every rule ready.
func (p *Policy) compile(src source, faults *policyFaults) {
	env, err := policyEnv(p.constants)
	if err != nil {
		faults.add(place{1, 1}, "the rules cannot be set up: %v", err)
		return
	}
	for _, seat := range p.seats {
		for _, r := range seat.rules {
			r.compile(env, src, faults)
		}
	}
	if !faults.found() {
		p.tryOut(faults)
	}
}

// tryOut runs each rule once, to find those that cannot be afforded. What else
// keeps a rule from a value depends on the action, and is told when judging.
func (p *Policy) tryOut(faults *policyFaults) {
	a := Action{Primitive: "unknown", Vertical: "general", Payload: packet.ObjectOf()}
	for _, seat := range p.seats {
		for _, r := range seat.rules {
			if r.always {
				continue
			}
			h := newHearing(context.Background(), &subject{action: &a, trustRequired: len(p.trusted) > 0})
			_, _, err := r.program.ContextEval(h.ctx, h)
			h.close()
			if costly(err) {
				faults.addTo(r.title(), r.when.place, "it costs more than the limit of %d; loop over less", ruleCost)
			}
		}
	}
}

func (r *rule) compile(env *cel.Env, src source, faults *policyFaults) {
	checked, issues := env.Compile(r.when.text)
	if issues != nil && issues.Err() != nil {
		first := issues.Errors()[0]
		at := src.within(r.when, runeOffset(r.when.text, first.Location.Line(), first.Location.Column()))
		faults.addTo(r.title(), at, "%s", celFault(first.Message))
		return
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		faults.addTo(r.title(), r.when.place, "when gives %s, not true or false; compare it with something", t)
		return
	}
	if why := r.plan(env, checked); why != "" {
		faults.addTo(r.title(), r.when.place, "%s", why)
	}
}

// plan makes the programs and the filter of a checked rule; it returns why it
// could not.
func (r *rule) plan(env *cel.Env, checked *cel.Ast) string {
	whole := checked.NativeRep()
	condition := whole.Expr()
	var err error
	if names(condition, varRate) {
		parts, ok := splitRate(condition)
		switch {
		case !ok:
			return "rate may stand in a rule once, as a condition of its own joined with &&: rate > LIMIT or rate >= LIMIT"
		case r.Advisory || r.Status == Approved:
			return "a rule on rate must hold what is past it; leave advisory away"
		case !whole.GetType(parts.limit.ID()).IsExactType(cel.IntType):
			return "the limit of rate must be a whole number; write int(…) around it if it is one"
		}
		r.Rated, r.rate = true, &rateRule{from: parts.from}
		if r.rate.limit, err = plan(env, part(whole, parts.limit)); err != nil {
			return err.Error()
		}
		condition = parts.guard
	}
	r.filter = prefilter(whole, condition)
	if condition == nil {
		r.always = true
		return ""
	}
	if r.program, err = plan(env, part(whole, condition)); err != nil {
		return err.Error()
	}
	return ""
}

// runeOffset turns CEL's line (from 1) and column (from 0, in runes) into an
// offset in runes.
func runeOffset(text string, line, column int) int {
	offset := 0
	for i, l := range strings.Split(text, "\n") {
		if i+1 >= line {
			break
		}
		offset += len([]rune(l)) + 1
	}
	return offset + column
}

// celFault words the commonest of CEL's complaints so that they say what to do.
func celFault(message string) string {
	if name, ok := strings.CutPrefix(message, "undeclared reference to '"); ok {
		name, _, _ = strings.Cut(name, "'")
		return "it names " + name + ", which is not known; rules see " + strings.Join(ruleVariables, ", ") + " and what let defines"
	}
	if what, ok := strings.CutPrefix(message, "Syntax error: "); ok {
		return "syntax: " + what
	}
	return message
}
