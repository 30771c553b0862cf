package views

import (
	"context"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// How often the replays are asked for: while one is under way, and when the
// carcel moves without one that is known of, which may be a new one's doing.
const (
	runsEvery = 400 * time.Millisecond
	runsCalm  = 2 * time.Second
	runsKept  = time.Minute // for which the end of one is shown
)

// runPane shows the replay that is under way, on this console or another, or
// that stands and can be carried on.
type runPane struct {
	*Shared
	runs          []carcel.Run
	asking        bool
	asked         time.Time
	of            *carcel.Table // what was in sight then
	since         progress      // by which the speed is measured
	width, height int
}

// progress is how far a run was at a time.
type progress struct {
	id    string
	at    time.Time
	done  int
	speed float64 // entries a second
}

// runsMsg is how the replays stand.
type runsMsg struct {
	runs []carcel.Run
	err  error
}

// poll asks how the replays stand, when it is time to.
func (p *runPane) poll() tea.Cmd {
	wait := runsCalm
	if r := p.shown(); r != nil && r.State == carcel.RunRunning {
		wait = runsEvery
	} else if p.of == p.Snap.Carcel.Table && !p.asked.IsZero() && p.Now.Sub(p.asked) < runsKept {
		return nil
	}
	if p.asking || p.Away() || p.Snap.Taken.IsZero() || p.Now.Sub(p.asked) < wait {
		return nil
	}
	return p.now()
}

// now asks without waiting.
func (p *runPane) now() tea.Cmd {
	p.asking, p.asked, p.of = true, p.Now, p.Snap.Carcel.Table
	return askRuns(p)
}

// later asks once what was just done has arrived.
func (p *runPane) later() tea.Cmd {
	ask := p.now()
	return tea.Tick(runsEvery, func(time.Time) tea.Msg { return ask() })
}

func askRuns(p *runPane) tea.Cmd {
	e := p.Engine
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		runs, err := e.Carcel().Runs(ctx)
		return runsMsg{runs, err}
	}
}

// took keeps what was asked for; what could not be asked stays as it was.
func (p *runPane) took(m runsMsg) tea.Cmd {
	p.asking = false
	if m.err == nil {
		p.runs = m.runs
		p.measure()
	}
	return nil
}

// put shows a run that was just written.
func (p *runPane) put(r carcel.Run) { p.runs = append([]carcel.Run{r}, p.runs...) }

// started shows a run as running before the server says so: a run is written
// as paused, and this console has just begun to work on it.
func (p *runPane) started(id string) {
	for i := range p.runs {
		if r := &p.runs[i]; r.ID == id && !r.Over() {
			r.State, r.Idle, r.Why = carcel.RunRunning, false, ""
		}
	}
}

// shown is the run in sight: one that runs, else one that stands, else one
// that has just ended; nil when there is none.
func (p *runPane) shown() *carcel.Run {
	var stands, ended *carcel.Run
	for i := range p.runs {
		r := &p.runs[i]
		switch updated, _ := time.Parse(time.RFC3339, r.Updated); {
		case r.State == carcel.RunRunning && !r.Idle:
			return r
		case !r.Over():
			if stands == nil {
				stands = r
			}
		case ended == nil && p.Now.Add(p.Snap.Server.Skew).Sub(updated) < runsKept:
			ended = r
		}
	}
	if stands != nil {
		return stands
	}
	return ended
}

// others is how many more runs are not over.
func (p *runPane) others() (n int) {
	for i := range p.runs {
		if r := &p.runs[i]; !r.Over() && r != p.shown() {
			n++
		}
	}
	return n
}

// measure works out how fast the run in sight goes.
func (p *runPane) measure() {
	r := p.shown()
	if r == nil {
		return
	}
	done := r.Total - r.Left()
	switch took := p.Now.Sub(p.since.at); {
	case p.since.id != r.ID || done < p.since.done:
		p.since = progress{id: r.ID, at: p.Now, done: done}
	case took >= 2*time.Second:
		p.since = progress{r.ID, p.Now, done, float64(done-p.since.done) / took.Seconds()}
	}
}

// lines is how many lines the pane takes of a height, none when there is no
// run to show.
func (p *runPane) lines(height int) int {
	r := p.shown()
	switch {
	case r == nil:
		return 0
	case height < 30:
		return 3
	}
	return 6 + len(p.counts(r))
}

// View draws the run, exactly as high as lines said.
func (p *runPane) View() string {
	r := p.shown()
	if r == nil || p.height == 0 {
		return ""
	}
	rule := widget.Rule{Title: "Replay", Note: "run " + r.ID, Badges: [][]widget.Span{p.badge(r), {widget.T(themes.Faint, p.pace(r))}}}
	if n := p.others(); n > 0 {
		rule.Note += ", " + widget.Commas(n) + " more"
	}
	gap := widget.Gap(p.width)
	parts := []string{gap, rule.View(p.Theme, p.width)}
	if p.height > 3 {
		parts = append(parts, gap)
	}
	parts = append(parts, p.bar(r))
	if p.height > 3 {
		for _, l := range p.counts(r) {
			parts = append(parts, l.Render(p.Theme, themes.Bg, p.width))
		}
		parts = append(parts, gap, p.foot(r))
	}
	return widget.Fit(widget.Stack(parts...), p.width, p.height)
}

// badge is the run's state.
func (p *runPane) badge(r *carcel.Run) []widget.Span {
	word := func(g themes.Glyph, role themes.Role, text string) []widget.Span {
		return []widget.Span{widget.State(p.Theme, g), widget.T(role, " "+text)}
	}
	switch {
	case r.State == carcel.RunDone:
		return word(themes.GlyphOK, themes.Muted, "done")
	case r.State == carcel.RunCancelled:
		return word(themes.GlyphBlocked, themes.Muted, "cancelled")
	case interrupted(r):
		return word(themes.GlyphLate, themes.Warn, "interrupted")
	case r.State == carcel.RunPaused && r.Returned > 0:
		return word(themes.GlyphCameBack, themes.Warn, "paused")
	case r.State == carcel.RunPaused:
		return word(themes.GlyphOpen, themes.Fg, "paused")
	}
	return word(themes.GlyphRunning, themes.Fg, "running")
}

// interrupted reports whether nobody works on a run that nobody paused.
func interrupted(r *carcel.Run) bool {
	return !r.Over() && r.Idle && (r.State == carcel.RunRunning || r.Why == "interrupted")
}

// standsWhy is why a run stands, "" where nobody said.
func standsWhy(r *carcel.Run) string {
	if interrupted(r) {
		return "interrupted"
	}
	return r.Why
}

// pace is how fast the run may go.
func (p *runPane) pace(r *carcel.Run) string {
	if r.Spec.Rate <= 0 {
		return "full speed"
	}
	return strconv.FormatFloat(r.Spec.Rate, 'g', 4, 64) + "/s"
}

func (p *runPane) bar(r *carcel.Run) string {
	done := r.Total - r.Left()
	share := 1.0
	if r.Total > 0 {
		share = float64(done) / float64(r.Total)
	}
	count := widget.Commas(done) + " / " + widget.Commas(r.Total)
	percent := strconv.Itoa(int(share*100)) + " %"
	room := max(p.width-2-2-6-3-widget.Width(count), 4)
	role := themes.Accent
	if r.State != carcel.RunRunning || r.Idle {
		role = themes.Graph
	}
	filled, track := widget.ProgressBar(p.Theme, share, room, role)
	var l widget.Line
	l.Space(widget.ColGlyph).Add(filled, track).Space(2).Add(widget.B(themes.Fg, widget.PadLeft(percent, 5))).Space(3).Add(widget.T(themes.Muted, count))
	return l.Render(p.Theme, themes.Bg, p.width)
}

// counts are what became of the entries so far; what nobody asked about and
// did not happen is left out.
func (p *runPane) counts(r *carcel.Run) (out []widget.Line) {
	add := func(g themes.Glyph, name, n, note string) {
		var l widget.Line
		sign := widget.State(p.Theme, g)
		if n == "0" {
			sign = widget.T(themes.Faint, p.Theme.Glyph(themes.GlyphCalm))
		}
		l.Space(widget.ColGlyph).Add(sign).Space(1).Add(widget.T(themes.Fg, name)).To(15).Add(widget.T(themes.Fg, widget.PadLeft(n, 7))).Space(3).Add(widget.T(themes.Faint, note))
		out = append(out, l)
	}
	if canary := min(r.Spec.Canary, r.Total); canary > 0 {
		gone := min(r.Released, canary)
		g, note := themes.GlyphRunning, "then a look whether one comes back"
		if r.Released > canary || r.State == carcel.RunDone {
			g, note = themes.GlyphOK, "released, none came back"
			switch {
			case gone == 0:
				g, note = themes.GlyphCalm, "none was released"
			case r.Returned > 0:
				note = "released first"
			}
		}
		add(g, "canary", strconv.Itoa(gone)+" / "+strconv.Itoa(canary), note)
	}
	add(themes.GlyphOK, "released", widget.Commas(r.Released), "evaluated again under "+governance.ShortRevision(p.Engine.Policy()))
	back := "pauses by itself at " + strconv.Itoa(carcel.PauseAt)
	if r.State == carcel.RunPaused && r.Returned > 0 {
		back = "look why before it is carried on"
	}
	add(themes.GlyphCameBack, "came back", widget.Commas(r.Returned), back)
	add(themes.GlyphCalm, "skipped", widget.Commas(r.Skipped), "replay_count at its cap of "+strconv.Itoa(carcel.MaxReplays)+", or gone")
	if r.Held > 0 {
		add(themes.GlyphBlocked, "held", widget.Commas(r.Held), "not approved now, or past a rate")
	}
	if r.Invalid > 0 {
		add(themes.GlyphError, "invalid", widget.Commas(r.Invalid), "they cannot become packets")
	}
	return out
}

// foot is what was chosen, and how long it will take; or why it stands.
func (p *runPane) foot(r *carcel.Run) string {
	var l widget.Line
	l.Space(widget.ColGlyph)
	key := "p"
	if b, ok := p.Keys.Get("carcel.pause"); ok && len(b.Keys) > 0 {
		key = b.KeyLabel()
	}
	if r.State == carcel.RunRunning && !r.Idle || r.Over() {
		l.Add(widget.T(themes.Faint, "filter "), widget.T(themes.Fg, specText(r.Spec)))
		if speed := p.since.speed; speed > 0 && !r.Over() && r.Left() > 0 {
			l.Add(widget.T(themes.Faint, "   left "), widget.T(themes.Fg, widget.AgeWhole(time.Duration(float64(r.Left())/speed*float64(time.Second)))))
		}
		return l.Render(p.Theme, themes.Bg, p.width)
	}
	l.Add(widget.T(themes.Muted, first(standsWhy(r), "paused")), widget.T(themes.Faint, " at "+widget.Commas(r.Total-r.Left())+" of "+widget.Commas(r.Total)+": "),
		widget.T(themes.Accent, key), widget.T(themes.Muted, " resumes"))
	return l.Render(p.Theme, themes.Bg, p.width)
}

// specText is what a replay was for, as one would type it.
func specText(s carcel.Spec) string {
	f := s.Filter
	var out []string
	add := func(term, value string) {
		if value != "" {
			out = append(out, term+value)
		}
	}
	add("reason~", f.Reason)
	add("origin=", f.Origin)
	add("guardian=", f.Guardian)
	add("vertical=", f.Vertical)
	add("decision=", f.Decision)
	if f.Older > 0 {
		out = append(out, "age>"+strings.ReplaceAll(widget.AgeWhole(f.Older), " ", ""))
	}
	add("", f.Match)
	if n := len(f.IDs); n > 0 {
		out = append(out, widget.Commas(n)+plural(n, " entry", " entries"))
	}
	if len(s.Edit) > 0 {
		out = append(out, "edited")
	}
	if s.Key != "" {
		out = append(out, "to "+s.Key)
	}
	if len(out) == 0 {
		return first(s.Why, "none: all that was held")
	}
	return strings.Join(out, " ")
}
