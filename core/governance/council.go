package governance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

// Council judges actions by the rules in force. It must be safe for use by
// many goroutines at once.
type Council interface {
	// InForce is the policy in force now. A reload replaces it, so whoever
	// asks more than one thing about the same action keeps what it got here.
	InForce() Rules
}

// Rules are one revision of a policy. They never change.
type Rules interface {
	// Revision names the policy: "name@digest", or "none".
	Revision() string
	// Judge gives the verdict on an action. An error means that no verdict
	// could be reached; whoever asked must then treat the action as Failed.
	Judge(ctx context.Context, a Action) (Verdict, error)
	// Route says where an action goes whose dispatch named no key, and
	// whether any route fits it.
	Route(primitive, vertical string) (Route, bool)
	// Mask returns contents without what the policy calls secret, and the
	// paths of the fields that were masked.
	Mask(payload packet.Value) (masked packet.Value, paths []string)
}

// Fixed is a council whose policy never changes.
func Fixed(r Rules) Council { return fixed{r} }

type fixed struct{ Rules }

func (f fixed) InForce() Rules { return f.Rules }

// Verdict is what a council says of one action.
type Verdict struct {
	Status   Status
	Reason   string
	Findings []Finding // of the guardians that fired, in their order
	Required []string  // what would have to happen before the packet may go
	Quorum   Quorum    // who would have to approve; zero when nobody can
	Rate     *Rate     // the rate rule that the action falls under, if any
}

// Deciding is the finding that gave the verdict its status: the first that is
// as restrictive as the whole. It is zero when no guardian fired, or when all
// that fired only advise.
func (v Verdict) Deciding() Finding {
	for _, f := range v.Findings {
		if !f.Advisory && f.Status == v.Status && f.Status != Approved {
			return f
		}
	}
	return Finding{}
}

// NoRoute begins the reason for which a packet is held whose dispatch named
// no key and which no route fits.
const NoRoute = "no route for "

// Fired names what is counted of a verdict, so that the rules can be tuned:
// "guardian/rule" of each rule that fired, "no route/primitive/vertical" where
// there was none, and "error" where nobody could judge.
func (v Verdict) Fired(a Action) []string {
	var names []string
	for _, f := range v.Findings {
		names = append(names, f.Guardian+"/"+f.Rule)
	}
	switch {
	case v.Status != Failed:
	case strings.HasPrefix(v.Reason, NoRoute):
		names = append(names, "no route/"+a.Primitive+"/"+a.Vertical)
	default:
		names = append(names, "error")
	}
	return names
}

// Finding is what one guardian said.
type Finding struct {
	Guardian string `json:"name"`
	Rule     string `json:"rule"`
	Status   Status `json:"status"`
	Reason   string `json:"reason"`
	Advisory bool   `json:"advisory"` // named, but changes no status
}

// Quorum is how many different persons must approve, none of them the actor,
// and in which roles.
type Quorum struct {
	Approvals int      `json:"approvals"`
	Roles     []string `json:"roles"` // roles of the keyring that count; any operator when empty
	// Within is how long they have; PendingLife when 0. A record tells the end
	// of it.
	Within time.Duration `json:"-"`
}

// atLeast is the quorum with no fewer persons than the status asks for: one
// for a review, two for a co-signature.
func (q Quorum) atLeast(s Status) Quorum {
	switch s {
	case Review:
		q.Approvals = max(q.Approvals, 1)
	case CoSign:
		q.Approvals = max(q.Approvals, 2)
	default:
		q = Quorum{}
	}
	return q
}

// QuorumOf is what a status asks for where no rule asks for more.
func QuorumOf(s Status) Quorum { return Quorum{}.atLeast(s) }

// Rate says that an action counts towards a rate. How many came before is
// known to Redis alone, so a verdict holds both outcomes, and the script that
// writes takes one: with Limit actions or more in the Window behind it, Over;
// otherwise the verdict that holds the Rate, and the action is counted.
type Rate struct {
	Vertical string // whose actions are counted
	Limit    int
	Window   time.Duration
	Over     Verdict
}

// Route is where a policy sends an action that names no key.
type Route struct {
	Key       string
	Operation string // empty: the key's class decides
	TTL       int64  // seconds; 0: the packet's own
	Format    string // json or msgpack; empty: json
}

// Unanimous are the rules of a council on which no guardian sits: every valid
// packet is approved, and each record says so.
type Unanimous struct{}

// Revision is "none".
func (Unanimous) Revision() string { return "none" }

// Judge approves.
func (Unanimous) Judge(_ context.Context, _ Action) (Verdict, error) {
	return Verdict{Status: Approved, Reason: "No guardian sits on the council: every valid packet is approved"}, nil
}

// Route knows no way.
func (Unanimous) Route(_, _ string) (Route, bool) { return Route{}, false }

// Mask hides nothing.
func (Unanimous) Mask(payload packet.Value) (packet.Value, []string) { return payload, nil }

// Ask has rules judge and turns their failure, be it an error, a panic or a
// status that nobody knows, into a verdict that approves nothing.
func Ask(ctx context.Context, r Rules, a Action) (v Verdict) {
	defer func() {
		if broken := recover(); broken != nil {
			v = Verdict{Status: Failed, Reason: fmt.Sprintf("The council broke down: %v", broken)}
		}
	}()
	v, err := r.Judge(ctx, a)
	if err != nil {
		return Verdict{Status: Failed, Reason: "The council could not judge: " + withoutSecrets(err, r, a)}
	}
	if why := v.unsound(); why != "" {
		return Verdict{Status: Failed, Reason: why, Findings: v.Findings}
	}
	if v.Rate != nil {
		if why := v.Rate.unsound(); why != "" {
			return Verdict{Status: Failed, Reason: why, Findings: v.Findings}
		}
		rate := *v.Rate
		rate.Over.Quorum = rate.Over.Quorum.atLeast(rate.Over.Status)
		v.Rate = &rate
	}
	v.Quorum = v.Quorum.atLeast(v.Status)
	return v
}

// withoutSecrets is an error of a rule. The words of whatever ran the rule may
// quote the contents, so that where these hold secrets only the rule is named.
func withoutSecrets(err error, r Rules, a Action) string {
	text := err.Error()
	if _, secret := r.Mask(a.Payload); len(secret) == 0 {
		return text
	}
	quoted := text
	if inner := errors.Unwrap(err); inner != nil {
		quoted = inner.Error()
	}
	return strings.TrimSuffix(text, quoted) + "it failed; why is left out, since the contents hold masked fields"
}

func (v Verdict) unsound() string {
	switch {
	case v.Status == "":
		return "The council gave no status"
	case !v.Status.known():
		return fmt.Sprintf("The council gave an unknown status %q", string(v.Status))
	}
	return ""
}

func (r Rate) unsound() string {
	switch {
	case r.Limit < 0 || r.Window <= 0:
		return fmt.Sprintf("The council gave an impossible rate: %d in %s", r.Limit, r.Window)
	case r.Over.Status == Approved:
		return "The council would approve what is past its rate"
	}
	return r.Over.unsound()
}

// ShortRevision is a revision as people are shown it where there is little
// room: "name@" and the first four digits of the digest.
func ShortRevision(revision string) string {
	name, digest, found := strings.Cut(revision, "@")
	if !found || len(digest) <= 4 {
		return revision
	}
	return name + "@" + digest[:4]
}
