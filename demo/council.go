package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

// council stands in for the policy engine and is used by the demo alone: it
// knows the S2 guardians' rules as plain Go, without their rates, and nothing
// can be configured.
type council struct{ governance.Unanimous }

// Revision is "demo".
func (council) Revision() string { return "demo" }

// Judge asks all guardians; the most restrictive status wins, and the first
// that gave it gives the reason.
func (council) Judge(_ context.Context, a governance.Action) (governance.Verdict, error) {
	v := governance.Verdict{Status: governance.Approved}
	notes := 0
	for _, guardian := range guardians {
		f, fired := guardian(a)
		if !fired {
			continue
		}
		v.Findings = append(v.Findings, f)
		if f.Advisory {
			notes++
		} else if governance.Worst(v.Status, f.Status) != v.Status {
			v.Status, v.Reason = f.Status, f.Reason
		}
	}
	switch v.Status {
	case governance.CoSign:
		v.Required = []string{"two persons sign, neither being the actor"}
	case governance.Review:
		v.Required = []string{"one person signs who is not the actor"}
	case governance.Approved:
		v.Reason = fmt.Sprintf("Action %s approved (no guardian triggers)", a.Primitive)
		if notes > 0 {
			v.Reason = fmt.Sprintf("Approved with recommendations: %d advisory notes", notes)
		}
	}
	return v, nil
}

// guardians each give their first rule that fires.
var guardians = []func(governance.Action) (governance.Finding, bool){civic, contrarian, ethical, technical, operational}

const (
	highEntropy   = 0.6
	maxRecipients = 1000
	maxAmount     = 10000
)

var (
	irreversible = []string{"process.kill", "resource.deallocate", "signal.terminate", "packet.purge"}
	hostile      = []string{"kill", "destroy", "terminate", "self-destruct", "crash"}
	critical     = []string{
		"acute-care-hospital", "integrated-or", "ems-dispatch", "ng911-psap",
		"energy-grid", "water-utilities", "nuclear-power",
	}
	needed = map[string][]string{
		"process.kill":      {"pid", "reason"},
		"matrix.route":      {"source", "destination"},
		"resource.allocate": {"resource_id", "amount"},
	}
)

func civic(a governance.Action) (governance.Finding, bool) {
	if a.Entropy < highEntropy {
		return none()
	}
	return finds("civic", "high-entropy", governance.Review, "Human review required (entropy: %.2f)", a.Entropy)
}

func contrarian(a governance.Action) (governance.Finding, bool) {
	if slices.Contains(irreversible, a.Primitive) {
		return finds("contrarian", "two-person", governance.CoSign, "Two-person rule required for %s", a.Primitive)
	}
	intent, _ := a.Payload.Get("intent")
	if word, _ := intent.Text(); a.Vertical == "drones" && slices.Contains(hostile, strings.ToLower(word)) {
		return finds("contrarian", "drone-intent", governance.CoSign, "Two-person rule required for %s", a.Primitive)
	}
	return none()
}

// ethical only advises.
func ethical(a governance.Action) (governance.Finding, bool) {
	var f governance.Finding
	switch {
	case !slices.Contains(critical, a.Vertical):
		return none()
	case slices.Contains(irreversible, a.Primitive):
		f, _ = finds("ethical", "critical-vertical", governance.Approved, "%s in %s may harm people", a.Primitive, a.Vertical)
	case a.Entropy >= highEntropy:
		f, _ = finds("ethical", "critical-entropy", governance.Approved, "entropy %.2f in %s", a.Entropy, a.Vertical)
	default:
		return none()
	}
	f.Advisory = true
	return f, true
}

func technical(a governance.Action) (governance.Finding, bool) {
	if a.Payload.Len() == 0 {
		return finds("technical", "empty-payload", governance.Blocked, "empty payload")
	}
	for _, field := range needed[a.Primitive] {
		if _, there := a.Payload.Get(field); !there {
			return finds("technical", "missing-field", governance.Blocked, "no %s", field)
		}
	}
	return none()
}

func operational(a governance.Action) (governance.Finding, bool) {
	switch a.Primitive {
	case "signal.broadcast":
		if to, _ := a.Payload.Get("recipients"); to.Kind() == packet.Array && to.Len() > maxRecipients {
			return finds("operational", "broadcast-size", governance.Blocked, "%d recipients > %d", to.Len(), maxRecipients)
		}
	case "resource.allocate":
		v, _ := a.Payload.Get("amount")
		if amount, ok := v.Float(); ok && amount > maxAmount {
			return finds("operational", "amount", governance.Blocked, "amount %.0f > %d", amount, maxAmount)
		}
	}
	return none()
}

func finds(guardian, rule string, s governance.Status, reason string, args ...any) (governance.Finding, bool) {
	return governance.Finding{Guardian: guardian, Rule: rule, Status: s, Reason: fmt.Sprintf(reason, args...)}, true
}

func none() (governance.Finding, bool) { return governance.Finding{}, false }
