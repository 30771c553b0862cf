package governance

import (
	"context"
	"fmt"
)

// Council judges actions. It must be safe for use by many goroutines at once.
type Council interface {
	// Revision names the policy in force: "name@digest", or "none".
	Revision() string
	// Judge gives the verdict on an action. An error means that no verdict
	// could be reached; whoever asked must then treat the action as Failed.
	Judge(ctx context.Context, a Action) (Verdict, error)
}

// Verdict is what a council says of one action.
type Verdict struct {
	Status   Status
	Reason   string
	Findings []Finding // of the guardians that fired, in their order
	Required []string  // what would have to happen before the packet may go
}

// Finding is what one guardian said.
type Finding struct {
	Guardian string
	Rule     string
	Status   Status
	Reason   string
	Advisory bool // named, but changes no status
}

// Unanimous is the council of none: no guardian sits on it, so every valid
// packet is approved, and each record says so.
type Unanimous struct{}

// Revision is "none".
func (Unanimous) Revision() string { return "none" }

// Judge approves.
func (Unanimous) Judge(_ context.Context, _ Action) (Verdict, error) {
	return Verdict{Status: Approved, Reason: "No guardian sits on the council: every valid packet is approved"}, nil
}

// Ask has a council judge and turns its failure, be it an error, a panic or a
// status that nobody knows, into a verdict that approves nothing.
func Ask(ctx context.Context, c Council, a Action) (v Verdict) {
	defer func() {
		if broken := recover(); broken != nil {
			v = Verdict{Status: Failed, Reason: fmt.Sprintf("The council broke down: %v", broken)}
		}
	}()
	v, err := c.Judge(ctx, a)
	switch {
	case err != nil:
		return Verdict{Status: Failed, Reason: "The council could not judge: " + err.Error()}
	case v.Status == "":
		return Verdict{Status: Failed, Reason: "The council gave no status"}
	case !v.Status.known():
		return Verdict{Status: Failed, Reason: fmt.Sprintf("The council gave an unknown status %q", string(v.Status)), Findings: v.Findings}
	}
	return v
}
