package views

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

const (
	planTimeout   = 2 * time.Minute
	replayRate    = "50" // entries a second, unless told otherwise
	replayCanary  = 5    // of more than canaryFrom
	canaryFrom    = 20
	mostByMark    = 5000 // entries that a dry run is told one by one
	mostRemember  = 20   // of those, that the run remembers by id
	reasonsInPlan = 4
)

// planMsg is the outcome of a dry run.
type planMsg struct {
	plan carcel.Plan
	err  error
}

// replay makes a dry run of what is marked or selected. The run itself begins
// only when that was looked at and confirmed.
func (c *Carcel) replay() tea.Cmd {
	chosen := c.chosen()
	spec := carcel.Spec{By: c.who()}
	filter, whole := c.held.allByFilter()
	whole = whole && c.marked() > 0
	switch {
	case len(chosen) == 0:
		return send(Toast{themes.GlyphCalm, "nothing is selected"})
	case whole:
		spec.Filter = filter
	case len(chosen) > mostByMark:
		return send(Toast{themes.GlyphCalm, "more than " + widget.Commas(mostByMark) + " by mark: filter by reason, guardian=, vertical=, origin= or age>, then mark all"})
	default:
		for _, e := range chosen {
			spec.Filter.IDs = append(spec.Filter.IDs, e.SHA)
		}
	}
	return tea.Batch(send(Toast{themes.GlyphCalm, "judging " + widget.Commas(len(chosen)) + plural(len(chosen), " entry", " entries") + "; nothing is changed"}), c.plan(spec))
}

// allByFilter is the filter that says the same as the marks, if the marks are
// on all that it shows.
func (p *CarcelList) allByFilter() (carcel.Filter, bool) {
	n := p.table.MarkCount()
	if n < 2 || n != len(p.rows.shown) {
		return carcel.Filter{}, false
	}
	for i := range p.rows.shown {
		if !p.table.Marked(p.rows.Key(i)) {
			return carcel.Filter{}, false
		}
	}
	return p.terms.engineFilter()
}

// plan asks for a dry run.
func (c *Carcel) plan(spec carcel.Spec) tea.Cmd {
	c.planning = true
	e, w := c.Engine, c.work
	return func() tea.Msg {
		var out planMsg
		w.do(func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(ctx, planTimeout)
			defer cancel()
			out.plan, out.err = e.Carcel().Plan(ctx, spec)
		})
		return out
	}
}

// planned shows what a replay would do, and asks.
func (c *Carcel) planned(m planMsg) tea.Cmd {
	c.planning = false
	p := m.plan
	n := len(p.Entries)
	switch {
	case m.err != nil:
		return send(Toast{themes.GlyphError, "no dry run: " + engine.Sentence(m.err)})
	case n == 0:
		return send(Toast{themes.GlyphCalm, "what was chosen is not in the carcel any more"})
	case homeless(p) == n && p.Spec.Key == "":
		return c.askTarget(p)
	}
	ask := Ask{Title: "Replay " + widget.Commas(n) + plural(n, " entry", " entries"), Body: c.planBody(p), Count: n}
	if p.Counts()[carcel.WouldRelease] == 0 {
		return send(ask) // only to be read
	}
	ask.Verb = "replay"
	if n > 1 {
		canary := 0
		if n > canaryFrom {
			canary = replayCanary
		}
		ask.Fields = []widget.Field{
			{ID: "rate", Label: "rate", Note: "a second at most; 0 is full speed", Input: widget.NewInput(replayRate), Width: 8},
			{ID: "canary", Label: "canary", Note: "first; one that comes back pauses the run", Input: widget.NewInput(strconv.Itoa(canary)), Width: 8},
		}
		ask.Check = checkPace
	}
	ask.Filled = func(value func(string) string) tea.Cmd {
		if n > 1 {
			p.Spec.Rate, _ = strconv.ParseFloat(value("rate"), 64)
			p.Spec.Canary, _ = strconv.Atoi(value("canary"))
		}
		if ids := len(p.Spec.Filter.IDs); ids > mostRemember { // the plan itself has them all
			p.Spec.Filter, p.Spec.Why = carcel.Filter{}, widget.Commas(ids)+" marked entries"
		}
		return c.begin(p)
	}
	return send(ask)
}

// checkPace says what is wrong with rate and canary.
func checkPace(value func(string) string) map[string]string {
	wrong := map[string]string{}
	if rate, err := strconv.ParseFloat(value("rate"), 64); err != nil || rate < 0 || math.IsInf(rate, 0) || math.IsNaN(rate) {
		wrong["rate"] = "a number, 0 or more"
	}
	if canary, err := strconv.Atoi(value("canary")); err != nil || canary < 0 {
		wrong["canary"] = "a whole number, 0 or more"
	}
	return wrong
}

// homeless is how many entries name no key to go to.
func homeless(p carcel.Plan) (n int) {
	for i := range p.Entries {
		if p.Entries[i].Reason == carcel.ErrNoTarget.Error() {
			n++
		}
	}
	return n
}

// askTarget asks where entries go that nobody knows the target of.
func (c *Carcel) askTarget(p carcel.Plan) tea.Cmd {
	n := len(p.Entries)
	return send(Ask{
		Title: "Replay " + widget.Commas(n) + plural(n, " entry", " entries"), Verb: "go on",
		Body: [][]widget.Span{
			{widget.T(themes.Fg, "It is not known where "+plural(n, "it was", "they were")+" bound for.")},
			{widget.T(themes.Muted, "Name the key; a dry run follows, and nothing is sent yet.")},
		},
		Fields: []widget.Field{{ID: "key", Label: "to", Note: "such as queue:matrix", Width: 32}},
		Check: func(value func(string) string) map[string]string {
			if _, err := (dispatch.Destination{Key: strings.TrimSpace(value("key"))}).Resolve(); err != nil {
				return map[string]string{"key": sentence(err)}
			}
			return nil
		},
		Filled: func(value func(string) string) tea.Cmd {
			p.Spec.Key = strings.TrimSpace(value("key"))
			return c.plan(p.Spec)
		},
	})
}

// planBody says what would happen to how many, and why some would stay.
func (c *Carcel) planBody(p carcel.Plan) [][]widget.Span {
	counts := p.Counts()
	stay := len(p.Entries) - counts[carcel.WouldRelease]
	line := func(g themes.Glyph, word string, n int, note ...widget.Span) []widget.Span {
		sign := widget.State(c.Theme, g)
		if n == 0 {
			sign = widget.T(themes.Faint, c.Theme.Glyph(themes.GlyphCalm))
		}
		return append([]widget.Span{sign, widget.T(themes.Fg, " "+widget.PadRight(word, 10)), widget.B(themes.Fg, widget.PadLeft(widget.Commas(n), 7)), widget.T(themes.Fg, "   ")}, note...)
	}
	out := [][]widget.Span{
		{widget.T(themes.Faint, "judged under "), widget.T(themes.Muted, governance.ShortRevision(p.Policy)), widget.T(themes.Faint, "; nothing was changed yet")},
		nil,
		line(themes.GlyphOK, "would go", counts[carcel.WouldRelease], widget.T(themes.Muted, targets(p))),
		line(themes.GlyphBlocked, "would stay", stay),
	}
	if n := p.Rated(); n > 0 {
		out = slices.Insert(out, 3, []widget.Span{widget.T(themes.Faint, widget.PadLeft(widget.Commas(n), 19)+"   "), widget.T(themes.Muted, "under a rate: may stay when their turn comes")})
	}
	for i, r := range p.Reasons() {
		if i == reasonsInPlan {
			out = append(out, []widget.Span{widget.T(themes.Faint, strings.Repeat(" ", 22)+"and "+widget.Commas(len(p.Reasons())-i)+" more "+plural(len(p.Reasons())-i, "reason", "reasons"))})
			break
		}
		out = append(out, []widget.Span{widget.T(themes.Faint, widget.PadLeft(widget.Commas(r.N), 19)+"   "), widget.T(themes.Muted, r.Name)})
	}
	return out
}

// targets are the keys that a plan would write to.
func targets(p carcel.Plan) string {
	one, more := "", map[string]bool{}
	for i := range p.Entries {
		e := &p.Entries[i]
		if e.Fate != carcel.WouldRelease {
			continue
		}
		if one == "" {
			one = e.Key
		}
		more[e.Key] = true
	}
	switch len(more) {
	case 0:
		return ""
	case 1:
		return "to " + one
	}
	return "to " + one + " and " + widget.Commas(len(more)-1) + plural(len(more)-1, " other key", " other keys")
}

// edited is the spec of a replay with other contents.
func edited(sha, by string, contents []byte) carcel.Spec {
	return carcel.Spec{Filter: carcel.Filter{IDs: []string{sha}}, Edit: json.RawMessage(contents), By: by}
}
