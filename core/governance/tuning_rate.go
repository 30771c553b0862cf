package governance

import (
	"context"
	"math"
	"slices"
)

// rateFactors are the limits tried in place of one, as multiples of it.
var rateFactors = []float64{1.5, 2, 3}

// proposeRates tries higher limits of a rate rule on the times of the cases.
// Each vertical that was past its limit has proposals of its own, since each
// may have a limit of its own.
func proposeRates(ctx context.Context, p *Policy, r *rule, cases []Case) ([]Proposal, error) {
	verdicts, err := replay(ctx, p, cases)
	if err != nil {
		return nil, err
	}
	fired := map[string][]int{}
	var verticals []string
	for i, v := range verdicts {
		if !v.named(r) {
			continue
		}
		vertical := cases[i].Action.Vertical
		if fired[vertical] == nil {
			verticals = append(verticals, vertical)
		}
		fired[vertical] = append(fired[vertical], i)
	}
	slices.Sort(verticals)
	var proposals []Proposal
	for _, vertical := range verticals {
		those := fired[vertical]
		limit, err := p.limitOf(ctx, cases[those[0]].Action)
		if err != nil {
			return nil, err
		}
		t := Threshold{
			Guardian: r.guardian, Rule: r.Name, Subject: varRate + " of " + vertical, Operator: ">",
			Value: float64(limit), Whole: true, Rate: true,
		}
		for _, factor := range rateFactors {
			value := int(math.Ceil(float64(max(limit, 1)) * factor))
			would, err := heldOf(ctx, rerated{p, r, vertical, value}, cases, those)
			if err != nil {
				return nil, err
			}
			proposals = append(proposals, Proposal{Threshold: t, Value: float64(value), Now: len(those), Would: would, Of: len(those)})
		}
	}
	return proposals, nil
}

// limitOf is the limit of the rate that an action falls under.
func (p *Policy) limitOf(ctx context.Context, a Action) (int, error) {
	v, err := p.Judge(ctx, a)
	if err != nil || v.Rate == nil {
		return 0, err
	}
	return v.Rate.Limit, nil
}

// rerated is a policy with another limit for one rate rule in one vertical.
type rerated struct {
	*Policy
	rule     *rule
	vertical string
	limit    int
}

// Judge judges as the policy does, and changes the limit.
func (o rerated) Judge(ctx context.Context, a Action) (Verdict, error) {
	v, err := o.Policy.Judge(ctx, a)
	if v.Rate != nil && v.Rate.Vertical == o.vertical && v.Rate.Over.named(o.rule) {
		rate := *v.Rate
		rate.Limit = o.limit
		v.Rate = &rate
	}
	return v, err
}
