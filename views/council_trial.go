package views

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// trialPane asks for a policy and shows which of the last decisions it would
// have made otherwise.
type trialPane struct {
	*Shared
	form    *widget.Form
	typing  bool
	running bool
	number  int // of the last trial
	trial   *engine.Trial
	err     error // why the policy could not be tried
	flips   *list[governance.Flip]

	width, height int
}

// trialMsg is the outcome of a trial.
type trialMsg struct {
	number int
	trial  engine.Trial
	err    error
}

func newTrialPane(s *Shared) *trialPane {
	p := &trialPane{Shared: s, flips: newList[governance.Flip](s, "Would flip", keymap.Council)}
	p.form = widget.NewForm(widget.Field{ID: "policy", Label: "policy"})
	p.flips.empty = "no decision would flip"
	p.flips.rows.key = func(f *governance.Flip) string { return f.Case.TrackingID }
	p.flips.rows.text = func(f *governance.Flip) string {
		return strings.Join([]string{f.Case.Action.Primitive, f.Case.Action.Vertical, f.From.Word(), f.To.Word(), f.Case.Rule, f.Rule, f.Case.TrackingID}, " ")
	}
	p.flips.rows.draw = p.row
	p.flips.table.SetColumns(
		widget.Column{Title: "primitive", Width: 17, Flex: 1},
		widget.Column{Title: "vertical", Width: 9, Flex: 1, Drop: 1},
		widget.Column{Title: "was", Width: 8},
		widget.Column{Title: "would be", Width: 8},
		widget.Column{Title: "age", Width: 6, Right: true, Gap: 1},
	)
	return p
}

// begin asks for a policy; the one tried last stands there already.
func (p *trialPane) begin(now engine.Sitting) {
	p.typing = true
	if in := &p.form.Field("policy").Input; in.Value() == "" {
		in.SetValue(governance.S2Policy)
		if now.Policy != nil && now.Policy.Name() == governance.S2Policy {
			in.SetValue(governance.DefaultPolicy)
		}
	}
	p.form.SetFocused(true)
}

// blur ends the typing.
func (p *trialPane) blur() {
	p.typing = false
	p.form.SetFocused(false)
	p.flips.blur()
}

// Typing reports whether the policy, or a filter, is being typed.
func (p *trialPane) Typing() bool { return p.typing || p.flips.Typing() }

// SetSize gives the pane exactly width by height cells.
func (p *trialPane) SetSize(width, height int) {
	p.width, p.height = width, height
	p.form.SetWidth(width)
	p.fit()
}

// Update types the policy, or takes the outcome of a trial.
func (p *trialPane) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case trialMsg:
		if m.number != p.number {
			return nil
		}
		p.running = false
		if p.err = m.err; m.err == nil {
			p.trial = &m.trial
			p.flips.rule.Note = widget.Commas(len(m.trial.Flips.Flips) + len(m.trial.Failures))
			p.flips.set(append(append([]governance.Flip(nil), m.trial.Flips.Flips...), m.trial.Failures...))
		}
		p.fit()
		return nil
	case tea.KeyPressMsg:
		if p.typing && m.String() == "enter" {
			return p.run()
		}
	case tea.PasteMsg:
	default:
		return nil
	}
	if p.typing {
		return p.form.Update(msg)
	}
	return p.flips.Update(msg)
}

// run tries the policy that was typed.
func (p *trialPane) run() tea.Cmd {
	ref := strings.TrimSpace(p.form.Value("policy"))
	if ref == "" {
		return nil
	}
	p.blur()
	p.running, p.trial, p.err = true, nil, nil
	p.flips.set(nil)
	p.number++
	e, number := p.Engine, p.number
	return func() tea.Msg {
		candidate, err := governance.LoadPolicy(ref)
		if err != nil {
			return trialMsg{number: number, err: err}
		}
		ctx, cancel := context.WithTimeout(context.Background(), trialTimeout)
		defer cancel()
		trial, err := e.WhatIf(ctx, candidate, lastDecisions)
		trial.Past.Cases = nil // the flips have those that matter
		return trialMsg{number, trial, err}
	}
}

// Do ends the typing, or acts on what would flip.
func (p *trialPane) Do(id string) (tea.Cmd, bool) {
	if p.typing {
		if id == "list.back" && p.trial != nil {
			p.blur()
			return nil, true
		}
		return nil, false
	}
	switch id {
	case "list.open":
		return nil, true
	case "list.copy":
		if f := p.flips.selected(); f != nil {
			return send(Copy{"the tracking id", f.Case.TrackingID}), true
		}
		return nil, true
	}
	return p.flips.Do(id)
}

// State: what would flip can be copied and filtered once it is known.
func (p *trialPane) State(id string) keymap.State {
	switch {
	case id == "list.open":
		return keymap.Off("it is open")
	case id == "list.filter" && !p.flipped():
		return keymap.Off("there is nothing to filter yet")
	}
	return p.flips.State(id)
}

func (p *trialPane) row(f *governance.Flip, r *widget.Row) {
	to := statusLook(f.To)
	r.Glyph(to.glyph)
	r.Cell(widget.T(themes.Fg, f.Case.Action.Primitive))
	r.Cell(widget.T(themes.Muted, f.Case.Action.Vertical))
	r.Cell(widget.T(themes.Faint, f.From.Word()))
	r.Cell(widget.T(themes.Fg, f.To.Word()))
	r.Cell(widget.T(themes.Muted, age(p.Now, f.Case.At)))
}

// fit leaves the flips what the summary above and the selected one below do
// not take.
func (p *trialPane) fit() {
	p.flips.SetSize(p.width, max(p.height-len(p.summary(false))-len(p.chosen()), 1))
}

// chosenLines is how many lines the selected flip has.
const chosenLines = 5

// chosen tells of the selected flip, below the others.
func (p *trialPane) chosen() []string {
	if !p.flipped() || p.height < headFrom {
		return nil
	}
	lines := make([]fact, chosenLines)
	if f := p.flips.selected(); f != nil {
		by := func(rule string) string { return first(rule, "no rule") }
		lines = []fact{
			{}, textFact("packet", f.Case.TrackingID),
			{"rule", []widget.Span{widget.T(themes.Muted, by(f.Case.Rule)+" "+p.Theme.Glyph(themes.GlyphArrow)+" "), widget.T(themes.Fg, by(f.Rule))}},
		}
		lines = append(append(lines, longFact("reason", f.Reason, p.width)...), fact{})[:chosenLines]
	}
	return facts(p.Theme, p.width, lines)
}

// summary is the policy asked for and the outcome in a few lines.
func (p *trialPane) summary(focused bool) []string {
	rule := widget.Rule{Title: "What if", Note: "another policy had judged"}
	out := []string{"", widget.Gap(p.width), p.form.View(p.Theme), widget.Gap(p.width)}
	say := func(role themes.Role, texts ...string) {
		for _, text := range texts {
			out = append(out, widget.Text(p.Theme, themes.Bg, p.width, widget.T(role, widget.Gap(colLabel)+text)))
		}
	}
	switch t := p.trial; {
	case p.running:
		say(themes.Muted, "being tried on the last "+widget.Commas(lastDecisions)+" decisions")
	case p.err != nil:
		rule.Badges = [][]widget.Span{widget.Badge(p.Theme, themes.GlyphError, themes.Fg, "not tried")}
		for _, f := range policyFaults(p.err, p.width) {
			out = append(out, facts(p.Theme, p.width, []fact{f})...)
		}
	case t == nil:
		say(themes.Muted, "a file, or default, or s2: it judges the last "+widget.Commas(lastDecisions), "decisions again; nothing is changed by that")
		out = append(out, widget.Gap(p.width), p.keys())
	default:
		rule.Note = t.Policy
		say(themes.Fg, widget.Commas(len(t.Flips.Flips))+" of the last "+widget.Commas(t.Judged)+" decisions would flip")
		for _, c := range t.MostTurned() {
			say(themes.Muted, widget.PadLeft(widget.Commas(c.Count), widget.CountWidth)+"  "+c.From.Word()+" "+p.Theme.Glyph(themes.GlyphArrow)+" "+c.To.Word())
		}
		say(themes.Faint, trialNotes(t)...)
		if p.flipped() {
			out = append(out, widget.Gap(p.width))
		}
	}
	rule.Focused = focused
	out[0] = rule.View(p.Theme, p.width)
	return out
}

// keys are those that the field for the policy knows.
func (p *trialPane) keys() string {
	return widget.Text(p.Theme, themes.Bg, p.width, widget.T(themes.Accent, widget.Gap(colLabel)+"enter"), widget.T(themes.Muted, " tries it   "),
		widget.T(themes.Accent, "esc"), widget.T(themes.Muted, " leaves"))
}

// policyFaults are why a policy cannot be tried, a line or more each.
func policyFaults(err error, width int) []fact {
	var out []fact
	for fault := range strings.SplitSeq(engine.Sentence(err), "\n") {
		out = append(out, longFact("", fault, width)...)
	}
	return out[:min(len(out), 2*mostLines)]
}

// trialNotes says what the outcome leaves out.
func trialNotes(t *engine.Trial) []string {
	var out []string
	note := func(n int, text string) {
		if n > 0 {
			out = append(out, widget.PadLeft(widget.Commas(n), widget.CountWidth)+"  "+text)
		}
	}
	note(len(t.Failures), "could not be judged, and would be held")
	note(t.Masked, "judged without their masked fields")
	note(t.Past.Skipped.Batch, "not judged: sent in batches")
	note(t.Past.Skipped.Ended, "not judged: record ended")
	note(t.Past.Skipped.NoRoute+t.Past.Skipped.Unreadable, "not judged: no route, or no record of ours")
	if t.Past.Short {
		out = append(out, "fewer than asked for: the rest lies too far back")
	}
	return out
}

// flipped reports whether there are flips to show.
func (p *trialPane) flipped() bool { return p.trial != nil && len(p.flips.rows.items) > 0 }

// View draws the question, the outcome, and what would flip.
func (p *trialPane) View(focused bool) string {
	if !p.flipped() {
		return widget.Fit(strings.Join(p.summary(focused), "\n"), p.width, p.height)
	}
	summary := strings.Join(p.summary(focused && p.typing), "\n")
	flips := p.flips.View(focused && !p.typing)
	return widget.Fit(widget.Stack(summary, flips, strings.Join(p.chosen(), "\n")), p.width, p.height)
}
