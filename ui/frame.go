package ui

import (
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
	"github.com/infrafabric/ifpacket/views"
)

// Short names for the roles that the frame uses most.
const (
	fg     = themes.Fg
	muted  = themes.Muted
	faint  = themes.Faint
	accent = themes.Accent
)

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func (m *model) tooSmall() bool {
	return m.width > 0 && (m.width < minWidth || m.height < minHeight)
}

// View draws the whole screen.
func (m *model) View() tea.View {
	var v tea.View
	v.AltScreen = true
	v.WindowTitle = "ifpacket " + widget.CutMiddle(widget.Sanitize(m.place()), 64)
	v.BackgroundColor = m.theme.Color(themes.Bg)
	if !m.mouseOff {
		v.MouseMode = tea.MouseModeCellMotion
	}
	switch {
	case m.width == 0:
	case m.tooSmall():
		v.Content = m.theme.Page(widget.TooSmall(m.theme, m.width, m.height, minWidth, minHeight), m.width, m.height)
	default:
		v.Content = m.theme.Page(m.page(), m.width, m.height)
	}
	if !m.keyAt.IsZero() {
		m.options.Drawn.Note(int64(time.Since(m.keyAt)), 1)
		m.keyAt = time.Time{}
	}
	return v
}

// page is the frame with the screen in it and what stands over it.
func (m *model) page() string {
	parts := []string{m.header(), m.tabs()}
	blank := widget.Gap(m.width)
	if m.roomy() {
		parts = append(parts, blank, m.attentionLine(), blank)
	} else {
		parts = append(parts, m.attentionLine())
	}
	parts = append(parts, widget.Fit(m.pane().View(true), m.width, m.bodyHeight()))
	if m.roomy() {
		parts = append(parts, blank)
	}
	page := widget.Stack(append(parts, m.footer())...)
	if m.overlay != nil {
		page = m.overlay.draw(m, page)
	}
	return page
}

// place is what the operator calls this Redis.
func (m *model) place() string {
	if m.options.Name != "" {
		return m.options.Name
	}
	return m.shared.Snap.Server.Address
}

// header says where this is, whether it is true, and who decides. What gives
// way to the rest is the name of the place.
func (m *model) header() string {
	if trouble := m.troubleHeader(); trouble != "" {
		return trouble
	}
	t, s := m.theme, m.shared.Snap
	wide := m.width >= views.WideFrom
	var right []widget.Span
	if wide {
		council := widget.CutMiddle(widget.Sanitize(governance.ShortRevision(m.options.Engine.Policy())), 24)
		right = append(right, widget.T(faint, "council "), widget.T(fg, council), widget.T(fg, "   "))
	}
	right = append(right, m.ledgerSpans(wide)...)
	if m.width >= witnessFrom {
		right = append(right, m.witnessSpans()...)
	}
	right = append(right, widget.T(fg, " "))
	link := m.linkSpans(wide)

	left := []widget.Span{widget.T(accent, " "+t.Glyph(themes.GlyphBrand)+" "), widget.B(fg, "IF.PACKET"), widget.T(fg, "   ")}
	note := widget.T(themes.Info, "")
	if m.options.Engine.ReadOnly() {
		note.Text = "  read only"
	}
	room := m.width - cells(left...) - cells(note) - cells(link...) - cells(right...) - 5 // what Spread keeps between the three
	place := widget.CutMiddle(widget.Sanitize(m.place()), max(room, 4))
	left = append(left, widget.T(fg, place))
	more := "" // good to know, where there is room for it
	switch {
	case wide && m.options.Name == "demo": // where a second terminal can join
		more = "  redis://" + s.Server.Address
	case wide && s.Server.Version != "":
		more = "  redis " + s.Server.Version
	}
	if extra := widget.T(faint, more); widget.Width(place)+cells(extra) <= room {
		left = append(left, extra)
	}
	return widget.Spread(t, themes.Bg, m.width, append(left, note), link, right)
}

// witnessFrom is the width from which the header has room for the witness.
const witnessFrom = 150

func ledgerText(s *watch.Snapshot) string {
	if s.Ledger == 0 {
		return widget.Zero
	}
	if s.Ledger >= 1e9 {
		return widget.Count(s.Ledger)
	}
	return widget.Commas(int(s.Ledger))
}

// linkSpans tell whether the picture is true, and how old it is.
func (m *model) linkSpans(wide bool) []widget.Span {
	s := m.shared.Snap
	ago := func() widget.Span {
		old := m.shared.Now.Sub(s.Taken)
		role := fg
		switch {
		case old > 10*time.Second:
			role = themes.Bad
		case old > 2*time.Second:
			role = themes.Warn
		}
		return widget.T(role, widget.PadLeft(widget.Age(max(old, 0)), widget.AgeWidth))
	}
	state := func(g themes.Glyph, glyph, word themes.Role) []widget.Span {
		return []widget.Span{widget.T(glyph, m.theme.Glyph(g)+" "), widget.B(word, s.Link.State.String())}
	}
	switch s.Link.State {
	case watch.Live, watch.Polling:
		out := state(themes.GlyphLive, themes.OK, fg)
		if s.Link.State == watch.Polling {
			out = state(themes.GlyphLate, themes.Warn, themes.Warn)
		}
		unit := "  "
		if wide {
			unit = "   "
		}
		out = append(out, widget.T(fg, unit+widget.PadLeft(strings.TrimSuffix(widget.Rate(s.EventRate), "/s"), 5)))
		if wide {
			out = append(out, widget.T(faint, " ev/s   synced "), ago())
		} else {
			out = append(out, widget.T(faint, "/s "), ago())
		}
		return out
	case watch.Away:
		if s.Taken.IsZero() {
			return append(state(themes.GlyphSilent, themes.Bad, themes.Bad), widget.T(faint, "   never synced"))
		}
		return append(state(themes.GlyphSilent, themes.Bad, themes.Bad), widget.T(faint, "   last synced "), ago(), widget.T(faint, " ago"))
	}
	return state(themes.GlyphCalm, faint, muted)
}

// badge is what of a screen needs a person.
func (m *model) badge(id string) []widget.Span {
	n, g := 0, themes.GlyphCalm
	switch s := m.shared.Snap; id {
	case "screen.carcel":
		n, _ = s.Carcel.Waiting()
		g = waitGlyph(s)
	case "screen.lineage":
		told := m.gathered()
		n, g = told.bad, told.worst
	}
	if n == 0 {
		return nil
	}
	return []widget.Span{widget.T(g.Role(), m.theme.Glyph(g)+itoa(n))}
}

// tabs are the nine screens by number.
func (m *model) tabs() string {
	var b strings.Builder
	used := 0
	for i := range m.screens {
		spans, bg := m.tab(i)
		w := 0
		for _, s := range spans {
			w += widget.Width(s.Text)
		}
		if used+w > m.width {
			break
		}
		b.WriteString(widget.Text(m.theme, bg, w, spans...))
		used += w
	}
	b.WriteString(widget.Text(m.theme, themes.Bg, m.width-used))
	return b.String()
}

// tab is one of them; on a narrow screen digit and name touch, and there is
// no room for badges.
func (m *model) tab(i int) ([]widget.Span, themes.Role) {
	s := m.screens[i]
	digit, name, bg := widget.T(faint, itoa(i+1)), widget.T(muted, s.title), themes.Bg
	if i == m.active {
		digit, name, bg = widget.B(accent, itoa(i+1)), widget.B(fg, s.title), themes.Select
	}
	if m.width < views.WideFrom {
		if i == 0 {
			digit.Text = " " + digit.Text // the margin
		}
		return []widget.Span{digit, name, widget.T(fg, " ")}, bg
	}
	spans := []widget.Span{widget.T(fg, " "), digit, widget.T(fg, " "), name}
	if badge := m.badge(s.id); badge != nil {
		spans = append(append(spans, widget.T(fg, " ")), badge...)
	}
	return append(spans, widget.T(fg, " ")), bg
}

// tabAt finds the tab at a column.
func (m *model) tabAt(x int) (int, bool) {
	at := 0
	for i := range m.screens {
		spans, _ := m.tab(i)
		for _, s := range spans {
			at += widget.Width(s.Text)
		}
		if x < at {
			return i, true
		}
	}
	return 0, false
}

// footer tells the keys that work here.
func (m *model) footer() string {
	hints, reason := m.keys().Footer(m.scopes(), m.state)
	if m.shared.Away() && reason == "" {
		reason = "acting is off while Redis is away"
	}
	edge := keymap.Hint{Word: "help"}
	if b, ok := m.keys().Get("help"); ok {
		edge.Key = b.KeyLabel()
	}
	gap := 3
	if m.width < views.WideFrom {
		gap = 2
	}
	return widget.Footer{Hints: hints, Reason: reason, Toast: m.toasts.Spans(m.theme, m.shared.Now), Edge: edge, Gap: gap}.View(m.theme, m.width)
}
