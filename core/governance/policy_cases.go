package governance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/infrafabric/ifpacket/core/packet"
)

// testCase is an action with what the policy says of it, told by the policy's
// author.
type testCase struct {
	place
	name      string
	action    Action
	status    Status
	guardians []string // nil: whichever
	reason    string   // "": whatever
}

// TestOutcome is how one of a policy's own test cases ended.
type TestOutcome struct {
	Name   string
	Line   int // in the policy's file
	Status Status
	Reason string
	Err    error // nil when all came as expected
	column int
}

// RunTests runs the policy's own test cases, in the order of the file.
func (p *Policy) RunTests(ctx context.Context) []TestOutcome {
	outcomes := make([]TestOutcome, len(p.cases))
	for i, c := range p.cases {
		v := Ask(ctx, p, c.action)
		outcomes[i] = TestOutcome{Name: c.name, Line: c.line, Status: v.Status, Reason: v.Reason, Err: c.check(v), column: c.column}
	}
	return outcomes
}

func (c testCase) check(v Verdict) error {
	if v.Status != c.status {
		return fmt.Errorf("expected %s, got %s (%s)", c.status, v.Status, v.Reason)
	}
	if c.reason != "" && v.Reason != c.reason {
		return fmt.Errorf("expected the reason %q, got %q", c.reason, v.Reason)
	}
	var fired []string
	for _, f := range v.Findings {
		fired = append(fired, f.Guardian)
	}
	if c.guardians != nil && !slices.Equal(c.guardians, fired) {
		return fmt.Errorf("expected the guardians [%s], got [%s]", strings.Join(c.guardians, ", "), strings.Join(fired, ", "))
	}
	return nil
}

func readCases(root section) []testCase {
	var cases []testCase
	for _, n := range root.list("tests") {
		s, ok := root.faults.section(n, "a test", "name", "action", "expect")
		if !ok {
			continue
		}
		c := testCase{place: s.place, name: s.needText("name")}
		if action := s.need("action"); action != nil {
			c.action = readAction(s.faults, action)
		}
		readExpectation(s, &c)
		cases = append(cases, c)
	}
	return cases
}

func readAction(faults *policyFaults, n *node) Action {
	_, ok := faults.section(n, "an action", "primitive", "vertical", "entropy", "actor", "payload", "origin", "key", "operation", "vouched")
	if !ok {
		return Action{}
	}
	a, err := DescribedAction(n.packetValue())
	if err != nil {
		for _, f := range actionFaults(err) {
			faults.add(n.place, "the action's %s", f)
		}
	}
	return a
}

func readExpectation(s section, c *testCase) {
	n := s.need("expect")
	if n == nil {
		return
	}
	status := n
	if n.kind == mapNode {
		e, ok := s.faults.section(n, "expect", "status", "guardians", "reason")
		if !ok {
			return
		}
		if status = e.need("status"); status == nil {
			return
		}
		c.reason = e.text("reason")
		if e.get("guardians") != nil {
			c.guardians = append([]string{}, e.texts("guardians")...)
		}
	}
	c.status = Status(s.faults.text(status, "the status expected"))
	if !c.status.known() {
		s.faults.add(status.place, "the status %q expected is unknown; known are %s, %s, %s, %s and %s", c.status, Approved, Review, CoSign, Blocked, Failed)
	}
}

// DescribedAction reads an action written down by itself, as policy eval and a
// policy's tests have it: an object with primitive, vertical, entropy, actor
// and payload, each of which may be missing, and if need be origin, key,
// operation and vouched (true when missing: a listed actor counts as vouched
// for). Other members are passed over. Values that ActionOf refuses are a
// *packet.ValidationError here too.
func DescribedAction(v packet.Value) (Action, error) {
	if v.Kind() != packet.Object {
		return Action{}, &packet.ValidationError{Faults: []packet.Fault{fault("the action", v, "an object")}}
	}
	var faults []packet.Fault
	own := func(key string) string {
		value, _ := v.Get(key)
		text, ok := value.Text()
		if !ok && !value.IsNull() {
			faults = append(faults, fault(key, value, "text"))
		}
		return text
	}
	origin, key, operation := own("origin"), own("key"), own("operation")
	a, err := ActionOf(packet.Packet{Origin: origin, Contents: v}, key, operation)
	if err != nil {
		faults = append(faults, actionFaults(err)...)
	}
	a.Vouched = true
	if vouched, there := v.Get("vouched"); there {
		var ok bool
		if a.Vouched, ok = vouched.Bool(); !ok {
			faults = append(faults, fault("vouched", vouched, "true or false"))
		}
	}
	payload, _ := v.Get("payload")
	switch payload.Kind() {
	case packet.Object:
		a.Payload = payload
	case packet.Null:
		a.Payload = packet.ObjectOf()
	default:
		faults = append(faults, fault("payload", payload, "an object"))
	}
	if len(faults) > 0 {
		return Action{}, &packet.ValidationError{Faults: faults}
	}
	return a, nil
}

// actionFaults are those of ActionOf, with the fields as they are called where
// an action stands by itself.
func actionFaults(err error) []packet.Fault {
	invalid, ok := err.(*packet.ValidationError) //nolint:errorlint // ActionOf gives no other
	if !ok {
		return []packet.Fault{{Field: "the action", Expected: err.Error()}}
	}
	faults := slices.Clone(invalid.Faults)
	for i := range faults {
		faults[i].Field = strings.TrimPrefix(faults[i].Field, "contents.")
	}
	return faults
}
