package audit

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Brief is what is kept of a report, so that the next one can be compared with
// it.
type Brief struct {
	MadeAt time.Time `json:"made_at"`
	Period string    `json:"period"`
	Status string    `json:"status"`
	Shares []Share   `json:"shares"`
}

// Share is a figure of a report as a share: Hits of N.
type Share struct {
	What string `json:"what"`
	Hits int64  `json:"hits"`
	N    int64  `json:"of"`
}

// Of is the share, 0 to 1; of nothing it is 0.
func (s Share) Of() float64 {
	if s.N == 0 {
		return 0
	}
	return float64(s.Hits) / float64(s.N)
}

// What the shares are of.
const (
	ShareApproved = "approved, of what was decided"
	ShareHeld     = "held for a person, of what was decided"
	ShareBlocked  = "blocked, of what was decided"
	ShareVerified = "verified, of the packets that were checked"
	ShareSealed   = "with valid seals, of the packets that were checked"
	ShareBad      = "bad, of the packets that were checked"
	ShareNewest   = "of schema 1.1, of the packets that were checked"
)

// Brief is what is kept of the report.
func (r *Report) Brief() Brief {
	s := &r.Seals
	return Brief{MadeAt: r.MadeAt, Period: r.Period(), Status: r.Status, Shares: []Share{
		{ShareApproved, r.Decisions["approved"], r.Decided},
		{ShareHeld, r.Decisions["held"], r.Decided},
		{ShareBlocked, r.Decisions["blocked"], r.Decided},
		{ShareVerified, s.Verdicts["verified"], s.Checked},
		{ShareSealed, s.Valid, s.Checked},
		{ShareBad, s.Bad(), s.Checked},
		{ShareNewest, s.Schemas["1.1"], s.Checked},
	}}
}

// Share is one of them; the zero Share where there is none.
func (b *Brief) Share(what string) Share {
	for _, s := range b.Shares {
		if s.What == what {
			return s
		}
	}
	return Share{}
}

// Drift is how a share stands beside that of the report before.
type Drift struct {
	What   string `json:"what"`
	Before Share  `json:"before"`
	Now    Share  `json:"now"`
	// Low and High are the 95 % confidence interval of now less before, −1 to 1.
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Drift bool    `json:"drift"` // more than chance explains: 0 is outside
}

// Compared compares two shares by Newcombe's interval for the difference of
// independent proportions (R. G. Newcombe, 1998, method 10), which is made of
// Wilson's and holds near 0 and 1. Of nothing nothing is said.
func Compared(before, now Share) Drift {
	d := Drift{What: now.What, Before: before, Now: now, Low: -1, High: 1}
	if before.N == 0 || now.N == 0 {
		return d
	}
	p, q := now.Of(), before.Of()
	pl, ph := Wilson(now.Hits, now.N)
	ql, qh := Wilson(before.Hits, before.N)
	d.Low = p - q - math.Hypot(p-pl, qh-q)
	d.High = p - q + math.Hypot(ph-p, q-ql)
	d.Drift = d.Low > 0 || d.High < 0
	return d
}

// Compare sets the report beside the one before it.
func (r *Report) Compare(before Brief) {
	r.Before, r.Drift = &before, []Drift{}
	now := r.Brief()
	for _, s := range now.Shares {
		r.Drift = append(r.Drift, Compared(before.Share(s.What), s))
	}
}

func driftRows(list []Drift) []Row {
	var out []Row
	for _, d := range list {
		row := Row{Label: d.What + ": nothing to compare"}
		if d.Before.N > 0 && d.Now.N > 0 {
			word := "no drift"
			if d.Drift {
				word = strings.Replace(fmt.Sprintf("a drift of %+.2f points", 100*(d.Now.Of()-d.Before.Of())), "-", "−", 1)
			}
			row = Row{Figure: fmt.Sprintf("%.2f %%", 100*d.Now.Of()), Label: fmt.Sprintf("%s; %.2f %% before: %s", d.What, 100*d.Before.Of(), word)}
		}
		out = append(out, row)
	}
	return out
}
