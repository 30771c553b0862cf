package views

import (
	"regexp"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

const (
	// fourFrom is the width from which the voices stand side by side.
	fourFrom = 140
	// mostSaid is how many lines one finding may take; the selected one is told
	// whole below.
	mostSaid = 7
)

func (v *Voices) wide() bool { return v.width >= fourFrom }

// readLine is one line of a voice, and of which of its findings.
type readLine struct {
	spans          []widget.Span
	voice, finding int // finding −1: none
}

// render draws the line; bar is what stands at its edge.
func (l *readLine) render(t *themes.Theme, bg themes.Role, width int, bar widget.Span) string {
	var line widget.Line
	line.Add(bar).To(widget.ColGlyph).Add(l.spans...)
	return line.Render(t, bg, width)
}

// severityLook is how a severity is drawn: what needs nobody is grey.
func severityLook(s voices.Severity) (g themes.Glyph, word, text themes.Role) {
	switch s {
	case voices.Wrong:
		return themes.GlyphBlocked, themes.Bad, themes.Fg
	case voices.Watch:
		return themes.GlyphLate, themes.Warn, themes.Fg
	case voices.Unknown:
		return themes.GlyphNoSeal, themes.Info, themes.Muted
	case voices.Well:
		return themes.GlyphOK, themes.Muted, themes.Muted
	}
	return themes.GlyphCalm, themes.Muted, themes.Muted
}

// figure is a number and its unit, which stay on one line.
var figure = regexp.MustCompile(`([0-9]m?) (s\b|B\b|KB|MB|GB|[0-9]{2}\b|%)`)

// wrapTo breaks text into lines of a width, most of them at the most.
func wrapTo(text string, width, most int) []string {
	const tied = "\u00a0"
	text = figure.ReplaceAllString(widget.Sanitize(text), "$1"+tied+"$2")
	lines := strings.Split(strings.ReplaceAll(ansi.Wrap(text, max(width, 8), ""), tied, " "), "\n")
	if len(lines) > most {
		lines = lines[:most]
		lines[most-1] = widget.Cut(lines[most-1], max(width-1, 1)) + "…"
	}
	return lines
}

// View draws the subject, the four voices, and what the selected finding
// rests on.
func (v *Voices) View(focused bool) string {
	width := v.width - 1
	head := widget.Rule{Title: "Voices", Note: widget.CutMiddle(widget.Sanitize(v.subjectName()), max(width-40, 12)), Focused: focused && v.read.IsZero(), Badges: v.freshness()}
	parts := []string{head.View(v.Theme, width)}
	if v.read.IsZero() {
		text := first(v.trouble(), "the evidence is being read")
		if v.Snap.Taken.IsZero() || v.Away() && v.err == nil {
			text = "nothing can be read until Redis answers"
		}
		parts = append(parts, widget.Empty(v.Theme, width, max(v.height-1, 1), text))
		return margin(widget.Fit(widget.Stack(parts...), width, v.height))
	}
	roomy := v.height >= 30
	if roomy {
		parts = append(parts, widget.Gap(width))
	}
	strip := v.strip(width, roomy, focused)
	v.bodyH = max(v.height-len(parts)-len(strip), 1)
	if v.wide() {
		parts = append(parts, v.columns(width, v.bodyH, focused))
	} else {
		parts = append(parts, v.stacked(width, v.bodyH, focused))
	}
	return margin(widget.Fit(widget.Stack(append(parts, strip...)...), width, v.height))
}

func (v *Voices) subjectName() string {
	switch v.on.Kind {
	case voices.OfSwarm:
		return "the swarm"
	case voices.OfQueue:
		return keyspace.Label(v.on.ID)
	case voices.OfEntry: // a SHA-256 tells nobody anything
		for _, e := range v.Snap.Carcel.Entries() {
			if e.SHA == v.on.ID {
				return strings.TrimSpace("held packet " + e.ID() + "  " + e.Primitive)
			}
		}
	}
	return v.on.String()
}

// freshness tells how old the readings are, and what keeps them from being
// newer.
func (v *Voices) freshness() [][]widget.Span {
	if v.err != nil {
		return [][]widget.Span{widget.Badge(v.Theme, themes.GlyphError, themes.Bad, v.trouble())}
	}
	if v.read.IsZero() {
		return nil
	}
	if v.Now.Sub(v.read) < time.Second {
		return [][]widget.Span{{widget.T(themes.Faint, "read now")}}
	}
	return [][]widget.Span{{widget.T(themes.Faint, "read "), widget.T(themes.Muted, widget.AgeWhole(v.Now.Sub(v.read))), widget.T(themes.Faint, " ago")}}
}

// counts are the badges of a voice: what is wrong, to watch, and not known.
func (v *Voices) counts(r *voices.Reading) [][]widget.Span {
	var all []badge
	for s := voices.Wrong; s <= voices.Unknown; s++ {
		g, _, _ := severityLook(s)
		role := themes.Muted
		if s == voices.Wrong {
			role = themes.Fg
		}
		all = append(all, badge{g, role, r.Count(s), s.String()})
	}
	return badges(v.Theme, all...)
}

// says are the lines of one voice below its title.
func (v *Voices) says(i, width int, question bool) []readLine {
	r := &v.readings[i]
	var lines []readLine
	add := func(finding int, spans ...widget.Span) {
		lines = append(lines, readLine{spans, i, finding})
	}
	if question {
		add(-1, widget.T(themes.Faint, r.Question))
	}
	verdict := widget.T(themes.Muted, r.Verdict)
	if r.Worst() == voices.Wrong {
		verdict = widget.B(themes.Fg, r.Verdict)
	}
	add(-1, verdict)
	lines = append(lines, readLine{voice: i, finding: -1})
	for n := range r.Findings {
		f := &r.Findings[n]
		g, word, text := severityLook(f.Severity())
		lead := ""
		if f.Severity() <= voices.Unknown { // the word that says it without colour
			lead = f.Severity().String() + "  "
		}
		for k, line := range wrapTo(lead+f.Sentence(), width-widget.ColText-1, mostSaid) {
			if k > 0 {
				add(n, widget.T(themes.Fg, "  "), widget.T(text, line))
				continue
			}
			rest := strings.TrimPrefix(line, strings.TrimRight(lead, " "))
			named := widget.T(word, strings.TrimRight(lead, " "))
			if f.Severity() == voices.Wrong {
				named = widget.B(word, named.Text)
			}
			add(n, widget.State(v.Theme, g), widget.T(themes.Fg, " "), named, widget.T(text, rest))
		}
	}
	return lines
}

// draw renders some lines from the one that keeps the selected finding in
// sight, and tells which that is.
func (v *Voices) draw(lines []readLine, top, width, height int, focused bool) (view []string, newTop int) {
	from, to := -1, -1
	for n := range lines {
		if l := &lines[n]; l.voice == v.voice && l.finding >= 0 && l.finding == v.at[v.voice] {
			if from < 0 {
				from = n
			}
			to = n
		}
	}
	if from >= 0 {
		if v.at[v.voice] == 0 { // with what stands before the first finding
			for from > 0 && lines[from-1].finding < 0 {
				from--
			}
		}
		top = min(max(top, to-height+1), from)
	}
	top = max(min(top, len(lines)-height), 0)
	for n := top; n < min(top+height, len(lines)); n++ {
		l := &lines[n]
		if l.finding < 0 || l.finding != v.at[l.voice] || l.voice != v.voice {
			view = append(view, l.render(v.Theme, themes.Bg, width, widget.Span{}))
			continue
		}
		bg, bar := themes.Surface, themes.Faint
		if focused {
			bg, bar = themes.Select, themes.Accent
		}
		view = append(view, l.render(v.Theme, bg, width, widget.T(bar, v.Theme.Glyph(themes.GlyphBar))))
	}
	return view, top
}

// columns are the four side by side.
func (v *Voices) columns(width, height int, focused bool) string {
	each := (width - 3*Gutter) / len(voices.Voices)
	var blocks []widget.Block
	for i := range v.readings {
		r, w := &v.readings[i], each
		if i == len(v.readings)-1 {
			w = width - 3*(each+Gutter)
		}
		on := focused && i == v.voice
		v.lines[i] = v.says(i, w, true)
		room := max(height-1, 1)
		cut := len(v.lines[i]) > room
		if cut { // its last line tells what is out of sight: a title has no room for that
			room = max(room-1, 1)
		}
		view, top := v.draw(v.lines[i], v.top[i], w, room, on)
		v.top[i] = top
		rule := widget.Rule{Title: string(r.Voice), Focused: on, Badges: v.counts(r)}
		if more := len(v.lines[i]) - top - len(view); cut && more > 0 {
			view = append(view, widget.Text(v.Theme, themes.Bg, w, widget.T(themes.Faint, widget.Gap(widget.ColText)+"↓ "+widget.Commas(more)+" more lines")))
		}
		blocks = append(blocks, widget.Block{View: widget.Fit(widget.Stack(append([]string{rule.View(v.Theme, w)}, view...)...), w, height), Width: w})
	}
	return widget.Columns(Gutter, blocks...)
}

// stacked are the four below each other, as one list.
func (v *Voices) stacked(width, height int, focused bool) string {
	var lines []readLine
	rules := map[int]string{}
	for i := range v.readings {
		r := &v.readings[i]
		if i > 0 {
			lines = append(lines, readLine{voice: i, finding: -1})
		}
		rule := widget.Rule{Title: string(r.Voice), Note: r.Question, Focused: focused && i == v.voice, Badges: v.counts(r)}
		rules[len(lines)] = rule.View(v.Theme, width)
		lines = append(lines, readLine{voice: i, finding: -1})
		lines = append(lines, v.says(i, width, false)...)
	}
	v.stack = lines
	top := v.top[len(voices.Voices)]
	view, top := v.draw(lines, top, width, height, focused)
	v.top[len(voices.Voices)] = top
	for at, rule := range rules {
		if at >= top && at < top+len(view) {
			view[at-top] = rule
		}
	}
	return widget.Fit(widget.Stack(view...), width, height)
}

// strip is what the selected finding rests on, and what can be done: as many
// lines whatever is selected, so that nothing jumps.
func (v *Voices) strip(width int, roomy, focused bool) []string {
	height := 4
	if roomy {
		height = 7
	}
	var lines []string
	line := func(bg themes.Role, spans ...widget.Span) {
		var l widget.Line
		l.Space(widget.ColGlyph).Add(spans...)
		lines = append(lines, l.Render(v.Theme, bg, width))
	}
	rule := widget.Rule{Title: "Evidence"}
	f := v.selected()
	if roomy {
		lines = append(lines, widget.Gap(width))
	}
	if f == nil {
		lines = append(lines, rule.View(v.Theme, width))
		line(themes.Bg, widget.T(themes.Muted, "nothing is selected"))
		return lines
	}
	rule.Note = string(voices.Voices[v.voice])
	if a := f.Action(); a != nil {
		spans := []widget.Span{widget.T(themes.Accent, v.actKey()), widget.T(themes.Fg, " "+a.Words)}
		if s := v.allows(a); !s.Enabled {
			spans = []widget.Span{widget.T(themes.Muted, a.Words+": "+s.Reason)}
		}
		rule.Badges = [][]widget.Span{spans}
	}
	lines = append(lines, rule.View(v.Theme, width))
	if a := f.Action(); a != nil && a.Text != "" && roomy {
		line(themes.Bg, widget.T(themes.Faint, "runs   "), widget.T(themes.Fg, a.Text))
	}
	if cell := (width - 3*Gutter) / len(voices.Voices); v.wide() && len(wrapTo(f.Sentence(), cell-widget.ColText-1, 1<<10)) >= mostSaid { // it was cut above
		for _, text := range wrapTo(f.Sentence(), width-widget.ColText, 2) {
			line(themes.Bg, widget.T(themes.Fg, text))
		}
	}
	evidence := f.Evidence()
	for i, r := range evidence {
		if len(lines) == height-1 && i < len(evidence)-1 {
			line(themes.Bg, widget.T(themes.Faint, "and "+widget.Commas(len(evidence)-i)+" more"))
			break
		}
		spans := []widget.Span{widget.T(themes.Faint, widget.PadRight(string(r.Kind), 10)), widget.T(themes.Fg, widget.CutMiddle(widget.Sanitize(r.Name), max(width/2, 20)))}
		if r.Said != "" {
			spans = append(spans, widget.T(themes.Muted, "   "+r.Said))
		}
		line(themes.Bg, spans...)
	}
	for len(lines) < height {
		lines = append(lines, widget.Gap(width))
	}
	return lines
}

// actKey is the key of the act, as the user has it.
func (v *Voices) actKey() string {
	if b, ok := v.Keys.Get("voices.act"); ok {
		return b.KeyLabel()
	}
	return ""
}

// click puts the bar on the finding under the mouse.
func (v *Voices) click(x, y int) {
	y--
	if v.height >= 30 {
		y--
	}
	if y < 0 || y >= v.bodyH || v.read.IsZero() {
		return
	}
	if !v.wide() {
		if n := y + v.top[len(voices.Voices)]; n < len(v.stack) {
			v.voice = v.stack[n].voice
			v.put(v.voice, max(v.stack[n].finding, 0))
		}
		return
	}
	i := min(x/((v.width-1-3*Gutter)/len(voices.Voices)+Gutter), len(voices.Voices)-1)
	v.voice = i
	if n := y - 1 + v.top[i]; n >= 0 && n < len(v.lines[i]) && v.lines[i][n].finding >= 0 {
		v.put(i, v.lines[i][n].finding)
	}
}
