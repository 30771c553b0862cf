package ui

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
	"github.com/infrafabric/ifpacket/views"
)

// matter is one kind of thing that somebody has to look at: how many there
// are, and which is the worst, which is the oldest.
type matter struct {
	glyph      themes.Glyph
	n          int
	what, tiny string // "wait for a person", "wait"
	worst      string
	since      time.Time // zero when not known
	target     views.Go
	// The way out, where it is not on the screen that 0 goes to, and in short.
	cure, short string
}

// add counts one more, which may be the worst so far.
func (a *matter) add(id string, since time.Time) {
	older := !since.IsZero() && (a.since.IsZero() || since.Before(a.since))
	if a.n++; a.n == 1 || older {
		a.worst, a.since, a.target.Select = id, since, id
	}
}

// matters are all there are, most urgent first.
func (m *model) matters() []matter { return m.gathered().all }

// gather finds the matters in a picture; refused is why the newest policy file
// is not in force, and evidence are those of ledger and lineage.
func gather(s *watch.Snapshot, refused error, evidence ...matter) []matter {
	waits := matter{glyph: waitGlyph(s), worst: "oldest", tiny: "wait", target: views.Go{Screen: "screen.carcel"}}
	waits.n, waits.since = s.Carcel.Waiting()
	waits.what = plural(waits.n, "waits for a person", "wait for a person")
	wrong := matter{glyph: themes.GlyphError, tiny: "wrong type", target: views.Go{Screen: "screen.queues"}}
	stuck := matter{glyph: themes.GlyphStuck, tiny: "stuck", target: views.Go{Screen: "screen.queues"}}
	for i := range s.Queues {
		switch q := &s.Queues[i]; q.State {
		case watch.WrongType:
			wrong.add(q.Key, q.Oldest)
		case watch.Stuck:
			stuck.add(q.Key, q.Oldest)
		}
	}
	wrong.what = plural(wrong.n, "queue", "queues") + " of the wrong type"
	stuck.what = plural(stuck.n, "queue ", "queues ") + stuck.tiny
	silent := matter{glyph: themes.GlyphSilent, tiny: "silent", target: views.Go{Screen: "screen.agents"}}
	idle := matter{glyph: themes.GlyphLate, tiny: "no progress", target: views.Go{Screen: "screen.agents"}}
	for i := range s.Agents {
		switch a := &s.Agents[i]; a.State {
		case watch.Silent:
			silent.add(a.ID, a.Beat)
		case watch.NoProgress:
			idle.add(a.ID, a.Idle)
		}
	}
	idle.what = plural(idle.n, "agent", "agents") + " without progress"
	silent.what = plural(silent.n, "agent silent", "agents silent")
	all := append(evidence, waits, lost(s), policy(refused), wrong, stuck, silent, idle, faulty(s))
	return slices.DeleteFunc(all, func(a matter) bool { return a.n == 0 })
}

// policy is the file that the council could not put in force: the policy
// before it judges on, and whoever wrote the new one believes otherwise.
func policy(refused error) matter {
	a := matter{glyph: themes.GlyphError, tiny: "policy refused", what: "policy refused", target: views.Go{Screen: "screen.council"}}
	if refused == nil {
		return a
	}
	a.n, a.worst = 1, "it cannot be read"
	if bad := new(governance.PolicyError); errors.As(refused, &bad) {
		a.worst = fmt.Sprintf("%s:%d:%d", filepath.Base(bad.File), bad.Line, bad.Column)
	}
	return a
}

// lossTold is for how long a loss of data stands in the attention line.
const lossTold = 10 * time.Minute

// lost is what Redis lost lately: a picture that looks calm only because
// everything is gone must not seem calm.
func lost(s *watch.Snapshot) matter {
	a := matter{glyph: themes.GlyphError, tiny: "data lost", what: "loss of data", target: views.Go{Screen: "screen.activity"}}
	for i := len(s.Activity) - 1; i >= 0; i-- {
		e := &s.Activity[i]
		if e.Kind == watch.Console && (e.What == "ledger lost" || e.What == "keys vanished") && s.Taken.Sub(e.At) < lossTold {
			a.n, a.worst, a.since = 1, e.What, e.At
		}
	}
	return a
}

// waitGlyph is the sign for what waits for a person: that of the co-signature
// when any of it needs two.
func waitGlyph(s *watch.Snapshot) themes.Glyph {
	if s.Carcel.Count(governance.CoSign) > 0 {
		return themes.GlyphCosign
	}
	return themes.GlyphReview
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// nextMatter goes to the next thing that somebody has to look at.
func (m *model) nextMatter() tea.Cmd {
	all := m.matters()
	if len(all) == 0 {
		return m.say(themes.GlyphCalm, "nothing waits, nothing is stuck, nobody is silent")
	}
	m.attention %= len(all)
	next := all[m.attention].target
	m.attention++
	return m.goTo(next)
}

// attentionLine is on every screen: what somebody has to look at, or that
// there is nothing; while Redis is away, what was tried and when next.
func (m *model) attentionLine() string {
	switch m.shared.Snap.Link.State {
	case watch.Away:
		return m.awayLine()
	case watch.Connecting:
		return m.line([]widget.Span{widget.T(muted, "connecting to "+m.shared.Snap.Server.Address)}, nil)
	}
	all := m.matters()
	if len(all) == 0 {
		why := ""
		if l := m.shared.Snap.Link; l.State == watch.Polling {
			why = "   ·   polling: " + l.Reason
		}
		return m.line([]widget.Span{widget.T(faint, m.theme.Glyph(themes.GlyphCalm)+" nothing waits, nothing is stuck, nobody is silent"+why)}, nil)
	}
	right := m.hint("attention.next")
	room := m.width - 3 - cells(right...) // margins, a blank between
	brevity := 0
	if m.width < views.WideFrom {
		brevity = 1
	}
	left := m.tell(all, brevity, true)
	for whole := true; cells(left...) > room; left = m.tell(all, brevity, whole) {
		switch {
		case brevity < terse:
			brevity++
		case whole: // the way out in short, before words are left out
			whole = false
		case brevity < terse+len(all)-1:
			brevity++
		default:
			return m.line(left, right)
		}
	}
	if l := m.shared.Snap.Link; l.State == watch.Polling && cells(left...)+pollingRoom <= room {
		left = append(left, widget.T(faint, "   ·   polling: "+l.Reason))
	}
	return m.line(left, right)
}

// pollingRoom is the least room in which the reason for polling says anything.
const pollingRoom = 32

// terse is the brevity of counts alone; each more leaves out the words of one
// matter, the least urgent first.
const terse = 4

// tell says all matters in a line: at brevity 0 in full, then in short words,
// then with the age or, where it is not known, the name of the worst, then
// with the age alone, then as mere counts, and at last those without words, so
// that no kind is ever cut off. The way out of a refused ledger is told always,
// whole or in short.
func (m *model) tell(all []matter, brevity int, whole bool) []widget.Span {
	apart := [...]string{"      ", "    ", "    ", "  ", "  "}[min(brevity, terse)]
	worded := len(all) - max(brevity-terse, 0)
	var out []widget.Span
	for i, a := range all {
		if i > 0 {
			out = append(out, widget.T(fg, apart))
		}
		words, age, cure := " "+a.tiny, "", a.short
		if !a.since.IsZero() {
			age = " " + widget.Age(m.shared.Now.Sub(a.since))
		}
		worst := ""
		if a.worst != "" {
			worst = " " + widget.CutMiddle(widget.Sanitize(a.worst), 24)
		}
		switch {
		case brevity == 0:
			words = " " + a.what
			if worst != "" {
				worst = " " + worst
			}
		case brevity == 2 && age != "", brevity > 2:
			worst = ""
		}
		if brevity >= terse {
			age = ""
		}
		if i >= worded {
			words = ""
		}
		if whole {
			cure = a.cure
		}
		out = append(out, widget.State(m.theme, a.glyph), widget.B(fg, " "+itoa(a.n)+words), widget.T(muted, worst+age))
		if cure != "" {
			out = append(out, widget.T(accent, "  "+cure))
		}
	}
	return out
}

// awayLine says what was tried, why it failed, and when it is tried next.
// Narrow, the reason is cut and only one way on is offered.
func (m *model) awayLine() string {
	l := m.shared.Snap.Link
	next := l.NextTry.Sub(m.shared.Now)
	right := m.hint("retry")
	for _, id := range []string{"profile", "demo"} {
		if m.width >= views.WideFrom && m.state(id).Enabled {
			right = append(append(right, widget.T(fg, "   ")), m.hint(id)...)
		}
	}
	lead := []widget.Span{widget.State(m.theme, themes.GlyphSilent), widget.B(fg, " Redis does not answer")}
	tail := []widget.Span{widget.T(faint, "   try "+itoa(l.Attempt+1)+" in "), widget.T(fg, widget.AgeWhole(max(next, 0)))}
	room := m.width - 7 - cells(lead...) - cells(tail...) - cells(right...) // margins, two blanks before, three behind
	why := widget.T(muted, "  "+widget.Cut(widget.Sanitize(m.shared.Snap.Server.Address+" "+l.Reason), max(room, 0)))
	return m.line(append(append(lead, why), tail...), right)
}

// cells is the width of spans.
func cells(spans ...widget.Span) int {
	n := 0
	for _, s := range spans {
		n += widget.Width(widget.Sanitize(s.Text))
	}
	return n
}

// hint is a binding's key and word.
func (m *model) hint(id string) []widget.Span {
	b, ok := m.keys().Get(id)
	if !ok || len(b.Keys) == 0 {
		return nil
	}
	return []widget.Span{widget.T(accent, b.KeyLabel()), widget.T(muted, " "+b.Help)}
}

// line is the attention line: on surface, but for the margin.
func (m *model) line(left, right []widget.Span) string {
	left = append([]widget.Span{widget.T(fg, " ")}, left...)
	right = append(right, widget.T(fg, " "))
	return widget.Spread(m.theme, themes.Surface, m.width, left, nil, right)
}
