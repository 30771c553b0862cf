package ui

import (
	"time"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
	"github.com/infrafabric/ifpacket/views"
)

const (
	// unsealedLong is how long records may wait for a checkpoint that does not
	// move: a sealer signs every few seconds, so there is none.
	unsealedLong = 30 * time.Second
	// lookedLong is from when on the witness's last look is an old one: it looks
	// every few seconds.
	lookedLong = 30 * time.Second
)

// sealing remembers since when records wait while no new checkpoint comes. The
// checkpoint's own time does not tell: it may be old because nothing happened.
type sealing struct {
	sealed int64
	since  time.Time // zero while nothing waits
}

// note takes the newest state of the ledger.
func (s *sealing) note(st *ledger.State, now time.Time) {
	switch {
	case st == nil || st.Checkpoint == nil || st.Sealed() >= st.Position:
		s.since = time.Time{}
	case s.since.IsZero() || s.sealed != st.Sealed():
		s.since = now
	}
	if st != nil {
		s.sealed = st.Sealed()
	}
}

// late reports whether records wait for long.
func (s *sealing) late(now time.Time) bool {
	return !s.since.IsZero() && now.Sub(s.since) >= unsealedLong
}

// ledgerSpans tell how many records the ledger has and whether a checkpoint
// covers them.
func (m *model) ledgerSpans(wide bool) []widget.Span {
	st, glyph := m.shared.Ledger, widget.State(m.theme, themes.GlyphCalm)
	waiting := ""
	switch {
	case st == nil || st.Looked.IsZero():
	case st.Trouble != nil:
		glyph = widget.State(m.theme, themes.GlyphBlocked)
	case st.Checkpoint == nil:
	case m.sealing.late(m.shared.Now):
		glyph = widget.State(m.theme, themes.GlyphLate)
		if wide {
			waiting = "  " + widget.Commas(int(st.Position-st.Sealed())) + " unsealed"
		}
	default:
		glyph = widget.State(m.theme, themes.GlyphOK)
	}
	glyph.Text += " "
	if !wide && m.shared.Away() { // there is no room, and it is old
		glyph.Text = ""
	}
	return []widget.Span{widget.T(faint, "ledger "), glyph, widget.T(fg, ledgerText(m.shared.Snap)), widget.T(muted, waiting)}
}

// witnessSpans tell when the ledger was last compared with what this machine
// remembers of it.
func (m *model) witnessSpans() []widget.Span {
	st := m.shared.Ledger
	if st == nil || st.Looked.IsZero() {
		return nil
	}
	old, role := max(m.shared.Now.Sub(st.Looked), 0), fg
	if old > lookedLong {
		role = themes.Warn
	}
	return []widget.Span{widget.T(faint, "   witness "), widget.T(role, widget.PadLeft(widget.AgeWhole(old), widget.AgeWidth))}
}

// troubleHeader is the header while the ledger is refused: nothing else
// matters as much. "" while it is in order, or Redis is away.
func (m *model) troubleHeader() string {
	st := m.shared.Ledger
	if st == nil || st.Trouble == nil || m.shared.Away() {
		return ""
	}
	const bad = themes.Bad
	title := []widget.Span{widget.T(fg, " "), widget.B(bad, m.theme.Glyph(themes.GlyphBlocked)+" "+capitals(views.TroubleTitle(st.Trouble)))}
	paused := []widget.Span{widget.B(bad, "dispatch is paused"), widget.T(fg, " ")}
	room := m.width - cells(title...) - cells(paused...) - 5 // three blanks before the story, two behind
	story := ""
	for _, story = range views.TroubleStories(st, m.shared.Now) {
		if story = widget.Sanitize(story); widget.Width(story) <= room {
			break
		}
	}
	story = widget.Cut(story, max(room, 0))
	return widget.Spread(m.theme, themes.Bg, m.width, append(title, widget.T(bad, "   "+story)), nil, paused)
}

func capitals(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// refused is the matter of a ledger that is not the one that was seen.
func (m *model) refused() matter {
	a := matter{glyph: themes.GlyphBlocked, target: views.Go{Screen: "screen.lineage"}}
	trouble := m.shared.Refused()
	if trouble == nil {
		return a
	}
	a.n, a.what = 1, views.TroubleTitle(trouble)
	a.tiny = a.what
	a.cure = "ifpacket ledger accept --why TEXT"
	if b, ok := m.shared.Keys.Get("lineage.accept"); ok && len(b.Keys) > 0 {
		a.cure = b.KeyLabel() + " on Lineage accepts, or " + a.cure
		a.short = b.KeyLabel() + " on Lineage accepts"
	}
	return a
}

// missing are the packets that the ledger has, and Redis has not, before their
// time.
func missing(pic *lineage.Picture) matter {
	a := matter{glyph: themes.GlyphBlocked, tiny: "missing", target: views.Go{Screen: "screen.lineage"}}
	if pic == nil {
		return a
	}
	for i := range pic.Census.Suspects {
		r := &pic.Census.Suspects[i]
		if r.Fate == lineage.Missing && a.worst == "" {
			a.worst, a.target.Select = r.Key, r.TrackingID
		}
	}
	a.n = pic.Census.Fates[lineage.Missing]
	a.what = plural(a.n, "packet", "packets") + " missing"
	return a
}

// tampered are the packets whose evidence was found changed lately.
func tampered(pic *lineage.Picture, now time.Time) matter {
	a := matter{glyph: themes.GlyphBlocked, tiny: "tampered", target: views.Go{Screen: "screen.lineage"}}
	if pic == nil {
		return a
	}
	seen := map[string]bool{}
	for i := len(pic.Rows) - 1; i >= 0 && now.Sub(pic.Rows[i].At) < lossTold; i-- {
		r := &pic.Rows[i]
		if r.Verdict.Overall != seal.Tampered || seen[r.TrackingID] {
			continue
		}
		seen[r.TrackingID] = true
		if a.n++; a.n == 1 { // the newest
			a.worst, a.target.Select = r.Key, r.TrackingID
		}
	}
	a.what = plural(a.n, "packet", "packets") + " tampered"
	return a
}

// badProofs is how many packets of the feed and the census need somebody, and
// the sign for the worst of them.
func badProofs(pic *lineage.Picture) (n int, worst themes.Glyph) {
	if pic == nil {
		return 0, 0
	}
	worst = themes.GlyphLate
	seen := map[string]bool{}
	count := func(rows []lineage.Row) {
		for i := range rows {
			r := &rows[i]
			if !r.Bad() || seen[r.TrackingID] {
				continue
			}
			if n++; r.TrackingID != "" {
				seen[r.TrackingID] = true
			}
			if r.Fate == lineage.Missing || r.Verdict.Overall == seal.Tampered {
				worst = themes.GlyphBlocked
			}
		}
	}
	count(pic.Rows)
	count(pic.Census.Suspects)
	return n, worst
}

// told are the matters of one moment, so that they are gathered once.
type told struct {
	of      *watch.Snapshot
	lineage *lineage.Picture
	ledger  *ledger.State
	all     []matter
	bad     int // packets that need somebody,
	worst   themes.Glyph
}

// gathered is what is to be told, gathered anew where anything has changed.
func (m *model) gathered() *told {
	s := m.shared
	if t := &m.told; t.of != s.Snap || t.lineage != s.Lineage || t.ledger != s.Ledger {
		*t = told{of: s.Snap, lineage: s.Lineage, ledger: s.Ledger}
		t.all = gather(s.Snap, s.Engine.Sitting().Trouble, m.refused(), tampered(s.Lineage, s.Now), missing(s.Lineage))
		t.bad, t.worst = badProofs(s.Lineage)
	}
	return &m.told
}
