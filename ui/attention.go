package ui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
	"github.com/infrafabric/ifpacket/views"
)

// matter is one kind of thing that somebody has to look at: how many there
// are, and which is the worst.
type matter struct {
	glyph      themes.Glyph
	role       themes.Role
	n          int
	what, tiny string // "wait for a person", "wait"
	worst, age string
	target     views.Go
}

// matters are all there are, most urgent first.
func (m *model) matters() []matter {
	s, now := m.shared.Snap, m.shared.Now
	var out []matter
	if n, since := s.Carcel.Waiting(); n > 0 {
		w := matter{glyph: themes.GlyphReview, role: fg, n: n, what: "wait for a person", tiny: "wait", worst: "oldest",
			age: widget.Age(now.Sub(since)), target: views.Go{Screen: "screen.carcel"}}
		if n == 1 {
			w.what = "waits for a person"
		}
		for _, h := range s.Carcel.Newest {
			if h.Decision == "requires_co_signature" {
				w.glyph = themes.GlyphCosign
			}
		}
		out = append(out, w)
	}
	queue := func(state watch.QueueState, glyph themes.Glyph, word string) {
		q := matter{glyph: glyph, role: fg}
		for i := range s.Queues {
			if s.Queues[i].State != state {
				continue
			}
			if q.n++; q.n == 1 {
				q.worst, q.target = s.Queues[i].Key, views.Go{Screen: "screen.queues", Select: s.Queues[i].Key}
				if !s.Queues[i].Oldest.IsZero() {
					q.age = widget.Age(now.Sub(s.Queues[i].Oldest))
				}
			}
		}
		q.what, q.tiny = plural(q.n, "queue ", "queues ")+word, word
		if q.n > 0 {
			out = append(out, q)
		}
	}
	queue(watch.WrongType, themes.GlyphError, "of the wrong type")
	queue(watch.Stuck, themes.GlyphStuck, "stuck")
	silent := matter{glyph: themes.GlyphSilent, role: fg}
	for i := range s.Agents {
		if s.Agents[i].State != watch.Silent {
			continue
		}
		if silent.n++; silent.n == 1 {
			silent.worst, silent.target = s.Agents[i].ID, views.Go{Screen: "screen.agents", Select: s.Agents[i].ID}
			if !s.Agents[i].Beat.IsZero() {
				silent.age = widget.Age(now.Sub(s.Agents[i].Beat))
			}
		}
	}
	if silent.n > 0 {
		silent.what, silent.tiny = plural(silent.n, "agent silent", "agents silent"), "silent"
		out = append(out, silent)
	}
	return out
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
	wide := m.width >= 110
	var left []widget.Span
	for i, a := range all {
		if i > 0 {
			left = append(left, widget.T(fg, map[bool]string{true: "      ", false: "    "}[wide]))
		}
		text := itoa(a.n) + " " + a.what
		if !wide {
			text = itoa(a.n) + " " + a.tiny
		}
		left = append(left, widget.State(m.theme, a.glyph), widget.B(fg, " "+text))
		rest := " " + a.worst
		if wide {
			rest = "  " + widget.CutMiddle(a.worst, 24)
		} else if a.age != "" {
			rest = ""
		}
		if a.age != "" {
			rest += " " + a.age
		}
		left = append(left, widget.T(muted, rest))
	}
	return m.line(left, m.hint("attention.next"))
}

// awayLine says what was tried, why it failed, and when it is tried next.
func (m *model) awayLine() string {
	l := m.shared.Snap.Link
	next := l.NextTry.Sub(m.shared.Now)
	left := []widget.Span{
		widget.State(m.theme, themes.GlyphSilent), widget.B(fg, " Redis does not answer"),
		widget.T(muted, "  "+m.shared.Snap.Server.Address+" "+l.Reason),
		widget.T(faint, "   try "+itoa(l.Attempt+1)+" in "), widget.T(fg, widget.AgeWhole(max(next, 0))),
	}
	right := m.hint("retry")
	for _, id := range []string{"profile", "demo"} {
		if m.state(id).Enabled {
			right = append(append(right, widget.T(fg, "   ")), m.hint(id)...)
		}
	}
	return m.line(left, right)
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
