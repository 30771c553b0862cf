package views

import (
	"context"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

const (
	// lastDecisions is how many decisions other thresholds and other policies
	// are tried on.
	lastDecisions = 1000
	// trialTimeout bounds such a trial.
	trialTimeout = 20 * time.Second
	// tuneAgain is how long the outcome for one rule stands.
	tuneAgain = time.Minute
)

// councilSide is the detail of the selected rule or, once asked for, what
// another policy would change.
type councilSide struct {
	*Shared
	rules  *RuleList
	sheet  sheet
	whatIf *trialPane
	trying bool

	tuned  map[string]tuning // by rule
	tuning bool              // one is on its way
}

// tuning is what is known of one rule's thresholds.
type tuning struct {
	engine.Tuning
	read int // decisions that it was tried on
	at   time.Time
	err  error
}

// tuneMsg is the outcome of trying other thresholds of a rule.
type tuneMsg struct {
	rule string
	tuning
}

func newCouncilSide(s *Shared, rules *RuleList) *councilSide {
	return &councilSide{
		Shared: s, rules: rules, whatIf: newTrialPane(s), tuned: map[string]tuning{},
		sheet: sheet{Shared: s, none: "no rule is selected", scopes: []keymap.Scope{keymap.Council, keymap.List}},
	}
}

// SetSize gives the side exactly width by height cells.
func (d *councilSide) SetSize(width, height int) {
	d.sheet.SetSize(width, height)
	d.whatIf.SetSize(width, height)
}

// try asks for another policy.
func (d *councilSide) try() {
	d.trying = true
	d.whatIf.begin(d.rules.sitting)
}

// Leave goes back to the selected rule.
func (d *councilSide) Leave() {
	d.trying = false
	d.whatIf.blur()
}

// blur ends the typing, when the focus goes elsewhere.
func (d *councilSide) blur() { d.whatIf.blur() }

// Refresh shows the selected rule, and has other thresholds of it tried where
// it held anything within the day.
func (d *councilSide) Refresh() tea.Cmd {
	r := d.rules.selected()
	d.sheet.rule.Title, d.sheet.rule.Note, d.sheet.rule.Badges = "Rule", "", nil
	if r == nil {
		d.sheet.put("", nil)
		return nil
	}
	d.sheet.rule.Title, d.sheet.rule.Note = r.name, r.guardian
	if word := givesTitle(r); word != "" {
		l := ruleLook(r)
		d.sheet.rule.Badges = [][]widget.Span{widget.Badge(d.Theme, l.glyph, themes.Muted, word)}
	}
	d.sheet.put(r.key(), d.describe(r))
	return d.tune(r)
}

// tune tries other thresholds, one rule at a time.
func (d *councilSide) tune(r *ruleRow) tea.Cmd {
	known := d.tuned[r.key()]
	fresh := known.Policy == d.rules.sitting.Revision && d.Now.Sub(known.at) < tuneAgain
	if d.tuning || d.trying || d.Away() || r.kind != ruleInForce || r.tally.Day == 0 || fresh {
		return nil
	}
	d.tuning = true
	e, guardian, rule, key, now := d.Engine, r.guardian, r.name, r.key(), d.Now
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), trialTimeout)
		defer cancel()
		t, err := e.Tune(ctx, guardian, rule, lastDecisions)
		read := len(t.Past.Cases)
		t.Past.Cases = nil // their number is all that is shown
		return tuneMsg{key, tuning{t, read, now, err}}
	}
}

// Update takes answers.
func (d *councilSide) Update(msg tea.Msg) tea.Cmd {
	if m, ok := msg.(tuneMsg); ok {
		d.tuning = false
		d.tuned[m.rule] = m.tuning
		return d.Refresh()
	}
	return d.whatIf.Update(msg)
}

// Do scrolls, or acts on what would flip.
func (d *councilSide) Do(id string) (tea.Cmd, bool) {
	if d.trying {
		return d.whatIf.Do(id)
	}
	if id == "list.copy" {
		return d.rules.Do(id)
	}
	return d.sheet.Do(id)
}

// Typing reports whether the policy to try is being typed.
func (d *councilSide) Typing() bool { return d.trying && d.whatIf.Typing() }

// Scopes are those of a list.
func (d *councilSide) Scopes() []keymap.Scope { return d.sheet.scopes }

// State asks what is shown.
func (d *councilSide) State(id string) keymap.State {
	switch {
	case id == "council.whatif" && d.whatIf.running:
		return keymap.Off("a policy is being tried")
	case d.trying:
		return d.whatIf.State(id)
	}
	return d.sheet.State(id)
}

// View draws the rule, or what would flip.
func (d *councilSide) View(focused bool) string {
	if d.trying {
		return d.whatIf.View(focused)
	}
	return d.sheet.View(focused)
}

// givesTitle is what a row gives, in full.
func givesTitle(r *ruleRow) string {
	if r.kind == ruleInForce && !r.rule.Advisory {
		return r.rule.Status.Title()
	}
	return givesWord(r)
}

// describe tells all of a row.
func (d *councilSide) describe(r *ruleRow) []fact {
	var lines []fact
	width := d.sheet.width
	switch r.kind {
	case ruleInForce:
		lines = append(longFact("when", strings.Join(strings.Fields(r.rule.When), " "), width), fact{})
		lines = append(lines, longFact("reason", r.rule.Reason, width)...)
		lines = append(lines,
			textFact("asks for", quorumText(r.rule)),
			textFact("stands in", widget.CutMiddle(widget.Sanitize(d.rules.sitting.Policy.File()+":"+strconv.Itoa(r.rule.Line)), max(width-colValue, 1))))
	case ruleGone:
		lines = longFact("", "It fired within the day, and is not in the policy now in force.", width)
	case notJudged:
		lines = longFact("", "The council could not judge these packets, so they are held: a rule failed on them. Carcel tells each reason.", width)
	case noRoute:
		lines = longFact("", "A packet named no key and no route of the policy fits it, so it is held. Each of these asks for a new route.", width)
	case routeInForce:
		return d.describeRoute(r.route)
	}
	lines = append(lines, fact{})
	lines = append(lines, d.counts(r)...)
	if r.kind == ruleInForce {
		lines = append(lines, d.thresholds(r)...)
	}
	return lines
}

func (d *councilSide) describeRoute(r governance.RouteRule) []fact {
	op, ttl, format := first(r.Route.Operation, "as the key's class decides"), "the packet's own", first(r.Route.Format, "json")
	if r.Route.TTL > 0 {
		ttl = widget.Commas(int(r.Route.TTL)) + " s, where the packet brings none"
	}
	return []fact{
		textFact("primitive", r.Primitive), textFact("vertical", r.Vertical), {},
		textFact("goes to", r.Route.Key), textFact("operation", op), textFact("ttl", ttl), textFact("format", format),
	}
}

// counts tells how often a row's rule fired.
func (d *councilSide) counts(r *ruleRow) []fact {
	f := d.rules.fired
	if f == nil {
		return []fact{{"fired", d.rules.counted()}}
	}
	line := func(label string, n int64, since string) fact {
		return fact{label, []widget.Span{widget.Number(widget.PadLeft(widget.Count(n), widget.CountWidth)), widget.T(themes.Muted, "  since "+since)}}
	}
	lines := []fact{
		line("last hour", r.tally.Hour, minute(f.HourSince)),
		line("last day", r.tally.Day, dayMinute(f.DaySince, f.At)),
	}
	if r.tally.Day == 0 {
		return lines
	}
	if r.tally.Share > 0 {
		role := themes.Fg
		if r.dominates() {
			role = themes.Warn
		}
		lines = append(lines, fact{"share", []widget.Span{widget.T(role, widget.PadLeft(percent(r.tally.Share), widget.CountWidth)),
			widget.T(themes.Muted, "  of all held or blocked")}})
	}
	most := 0.0
	for _, n := range r.tally.Hours {
		most = max(most, n)
	}
	body, end := widget.Sparkline(d.Theme, r.tally.Hours[:], most, engine.FiredHours, r.tally.Hour > 0, themes.Fg)
	return append(lines, fact{"by the hour", []widget.Span{body, end, widget.T(themes.Faint, "  most "+widget.Count(int64(most)))}})
}

// thresholds tells what other numbers in the rule would have held.
func (d *councilSide) thresholds(r *ruleRow) []fact {
	t, known := d.tuned[r.key()]
	switch {
	case r.tally.Day == 0, known && t.Policy != d.rules.sitting.Revision, known && t.err == nil && len(t.Proposals) == 0:
		return nil
	case !known:
		return []fact{{}, {"threshold", []widget.Span{widget.T(themes.Muted, "others are being tried on the record")}}}
	case t.err != nil:
		return append([]fact{{}}, longFact("threshold", "others could not be tried: "+engine.Sentence(t.err), d.sheet.width)...)
	}
	var lines []fact
	row := func(value, verb string, n int, role themes.Role) fact {
		return fact{"", []widget.Span{widget.T(role, widget.PadLeft(value, 8)), widget.T(themes.Muted, "  "+widget.PadRight(verb, 10)),
			widget.T(role, widget.PadLeft(widget.Commas(n), widget.CountWidth))}}
	}
	of := governance.Threshold{}
	for i, p := range t.Proposals {
		if i == 0 || p.Threshold.Subject != of.Subject || p.Threshold.Value != of.Value {
			of = p.Threshold
			lines = append(lines, fact{}, fact{"threshold", []widget.Span{
				widget.T(themes.Fg, of.Subject+" "+of.Operator+" "+amount(of, of.Value))}},
				row(amount(of, of.Value), "holds", p.Now, themes.Fg))
		}
		lines = append(lines, row(amount(of, p.Value), "would hold", p.Would, themes.Muted))
	}
	said := longFact("", "Proposed from the last "+widget.Commas(t.read)+" decisions on record; nothing is applied by itself.", d.sheet.width)
	for i := range said {
		said[i].value[0].Role = themes.Faint
	}
	return append(append(lines, fact{}), said...)
}

// amount is a threshold's number; fractions have two digits at least, so that
// they stand below each other.
func amount(t governance.Threshold, v float64) string {
	if t.Whole {
		return widget.Commas(int(v))
	}
	text := strconv.FormatFloat(v, 'g', 4, 64)
	if two := strconv.FormatFloat(v, 'f', 2, 64); len(two) > len(text) {
		return two
	}
	return text
}
