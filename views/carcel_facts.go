package views

import (
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// heldDoc is a detail as lines: facts, the contents, which may be long and
// are coloured only where they are in sight, and the history.
type heldDoc struct {
	head, tail []widget.Line
	text       []string
	bytes      *widget.HexView // instead of text, where that is none
}

func (d *heldDoc) body() int {
	if d.bytes != nil {
		return d.bytes.Lines()
	}
	return len(d.text)
}

func (d *heldDoc) len() int { return len(d.head) + d.body() + len(d.tail) }

func (d *heldDoc) line(t *themes.Theme, i, width int) string {
	if i < len(d.head) {
		return d.head[i].Render(t, themes.Bg, width)
	}
	if i -= len(d.head); i >= d.body() {
		return d.tail[i-d.body()].Render(t, themes.Bg, width)
	}
	var l widget.Line
	l.Space(colValue)
	if d.bytes != nil {
		return l.Add(d.bytes.Line(i)...).Render(t, themes.Bg, width)
	}
	text := d.text[i]
	if most := 8 * width; len(text) > most { // of a long line no more than can be in sight is coloured
		text = text[:most]
	}
	return l.Add(widget.JSONSpans(text)...).Render(t, themes.Bg, width)
}

// document puts the lines together.
func (d *heldDetail) document(e *carcel.Entry) heldDoc {
	c := d.cases.get(e.SHA)
	w := sections{page: page{width: d.width}, d: d, e: e, c: c}
	w.identity()
	w.why()
	doc := heldDoc{}
	switch {
	case c == nil:
	case c.err != nil:
		w.section("Contents", widget.State(d.Theme, themes.GlyphError), widget.T(themes.Muted, " "+engine.Sentence(c.err)))
	default:
		w.approvals()
		w.guardians()
		w.contents()
		if doc.text = c.lines; c.bytes != nil {
			doc.bytes = c.bytes
			doc.bytes.SetSize(d.width-colValue, 1)
		}
	}
	doc.head, w.lines = w.lines, nil
	if c != nil && c.err == nil {
		w.history()
	}
	doc.tail = w.lines
	return doc
}

// sections writes the lines of a detail.
type sections struct {
	page
	d *heldDetail
	e *carcel.Entry
	c *heldCase
}

// row is a line of columns: label, glyph, name, and two more at the columns
// given.
func (s *sections) row(label string, g themes.Glyph, name widget.Span, at1 int, first widget.Span, at2 int, rest ...widget.Span) {
	var l widget.Line
	l.Space(colLabel).Add(widget.B(themes.Fg, label)).To(colValue).Add(widget.State(s.d.Theme, g)).Space(1).Add(name)
	l.To(colValue + at1).Add(first)
	if len(rest) > 0 {
		l.To(colValue + at2).Add(rest...)
	}
	s.lines = append(s.lines, l)
}

func (s *sections) identity() {
	e, t := s.e, s.d.Theme
	id := widget.T(themes.Fg, e.ID())
	s.add(widget.T(themes.Faint, "packet"), id)
	to := []widget.Span{widget.T(themes.Fg, known(e.Origin)), widget.T(themes.Faint, "  "+t.Glyph(themes.GlyphArrow)+"  ")}
	switch {
	case e.Key != "":
		to = append(to, widget.T(themes.Fg, e.Key), widget.T(themes.Faint, "  "+e.Operation))
	case s.c != nil && s.c.err == nil && s.c.k.ToErr == nil:
		to = append(to, widget.T(themes.Fg, s.c.k.To.Key), widget.T(themes.Faint, "  by the routes"))
	default:
		to = append(to, widget.T(themes.Muted, "no target was written down"))
	}
	s.add(widget.T(themes.Faint, "from"), to...)
	if e.Actor != "" && e.Actor != e.Origin {
		s.add(widget.T(themes.Faint, "actor"), widget.T(themes.Fg, e.Actor))
	}
	if !e.At.IsZero() {
		held := []widget.Span{widget.T(themes.Fg, age(s.d.Now, e.At)), widget.T(themes.Faint, "  since "+since(s.d.Now, e.At))}
		if !e.Expires.IsZero() {
			role := themes.Fg
			left := e.Expires.Sub(s.d.Now)
			if left < time.Hour {
				role = themes.Warn
			}
			held = append(held, widget.T(themes.Faint, "   expires to denied in "), widget.T(role, widget.AgeWhole(max(left, 0))))
		}
		s.add(widget.T(themes.Faint, "held"), held...)
	}
	if e.Replays > 0 {
		role := themes.Fg
		if e.Replays >= carcel.MaxReplays {
			role = themes.Warn
		}
		s.add(widget.T(themes.Faint, "replays"), widget.State(t, themes.GlyphCameBack), widget.T(role, " "+widget.Commas(e.Replays)),
			widget.T(themes.Faint, " of "+widget.Commas(carcel.MaxReplays)+"; it came back"))
	}
	for _, f := range e.Faults {
		s.add(widget.T(themes.Faint, "fault"), widget.State(t, themes.GlyphError), widget.T(themes.Warn, " "+f.String()))
	}
}

// since is a time of day, with the date where that is not today.
func since(now, at time.Time) string {
	at = at.In(now.Location())
	if now.YearDay() == at.YearDay() && now.Year() == at.Year() {
		return widget.Clock(at)
	}
	return at.Format("2006-01-02 15:04:05")
}

func (s *sections) why() {
	e := s.e
	text := e.Reason
	if text == "" {
		text = "no reason was written down"
	}
	s.sentence(true, "Why", themes.Fg, text)
	what := ""
	switch e.Decision {
	case governance.CoSign, governance.Review:
		switch n := max(e.Required, governance.QuorumOf(e.Decision).Approvals); n {
		case 1:
			what = "Nothing was sent. One operator signs, who is not the actor."
		case 2:
			what = "Nothing was sent. Two operators sign, neither is the actor."
		default:
			what = fmt.Sprintf("Nothing was sent. %d operators sign, none of them the actor.", n)
		}
	case governance.Blocked, governance.Failed:
		what = "Nothing was sent. It can be replayed once the policy approves it, edited, or appealed."
	}
	if what != "" {
		s.sentence(false, "", themes.Muted, what)
	}
}

func (s *sections) approvals() {
	k, t, you := &s.c.k, s.d.Theme, s.c.you
	if !k.Held.Waits() {
		return
	}
	given, need := len(k.Tally.Persons), k.Tally.Needed
	var dots []widget.Span
	for i := range max(need, given) {
		g := themes.GlyphOpen
		if i < given {
			g = themes.GlyphGiven
		}
		dots = append(dots, widget.State(t, g))
	}
	roles := "operator"
	if len(k.Record.Quorum.Roles) > 0 {
		roles = strings.Join(k.Record.Quorum.Roles, " or ")
	}
	s.section("Approvals", append(dots, widget.B(themes.Fg, "  "+widget.Commas(given)+" of "+widget.Commas(need)),
		widget.T(themes.Faint, "   "+roles+" role; policy "+governance.ShortRevision(k.Record.Policy)+" frozen"))...)
	for _, a := range k.Record.Approvals {
		at, _ := time.Parse(time.RFC3339, a.At)
		g := themes.GlyphOK
		if a.Act != governance.Approves {
			g = themes.GlyphBlocked
		}
		s.row("", g, widget.T(themes.Fg, a.Name), 16, widget.T(themes.Muted, since(s.d.Now, at)), 26,
			widget.T(themes.Faint, "ed25519 "+keyring.Short(a.KeyID)+"  "+a.Why))
	}
	for _, f := range k.Tally.Faults {
		s.more(widget.State(t, themes.GlyphError), widget.T(themes.Warn, " "+f))
	}
	name := widget.B(themes.Fg, "you")
	if you.may {
		key := "a"
		if b, ok := s.d.Keys.Get("carcel.sign"); ok && len(b.Keys) > 0 {
			key = b.KeyLabel()
		}
		s.row("", themes.GlyphOpen, name, 16, widget.T(themes.Cosign, "may sign"), 26,
			widget.T(themes.Faint, "press "), widget.T(themes.Accent, key), widget.T(themes.Faint, "  as "+you.name+" "+you.key))
		return
	}
	s.row("", themes.GlyphCalm, name, 16, widget.T(themes.Muted, you.why), 0)
}

func (s *sections) guardians() {
	findings := s.c.k.Record.Guardians
	if len(findings) == 0 {
		return
	}
	name, status := 12, 12
	for _, f := range findings {
		name = max(name, min(widget.Width(f.Guardian)+2, 20))
		status = max(status, widget.Width(f.Status.Title()))
	}
	s.lines = append(s.lines, widget.Line{})
	label := "Guardians"
	for _, f := range findings {
		l := statusLook(f.Status)
		g, role, words := l.glyph, l.word, f.Status.Title()
		if f.Advisory {
			g, role, words = themes.GlyphCalm, themes.Info, "advisory"
		}
		reason := f.Reason
		if reason == s.e.Reason && f.Rule != "" { // it stands above already
			reason = "rule " + f.Rule
		}
		s.row(label, g, widget.T(themes.Fg, f.Guardian), name+3, widget.T(role, words), name+3+status+2, widget.T(themes.Muted, reason))
		label = ""
	}
}

func (s *sections) contents() {
	h, t := &s.c.k.Held, s.d.Theme
	line := []widget.Span{widget.T(themes.Muted, widget.Size(int64(h.Size)))}
	switch {
	case h.Contents.Kind() != packet.Object:
		line = append(line, widget.T(themes.Faint, "   "), widget.State(t, themes.GlyphError), widget.T(themes.Warn, " no packet: it can only be discarded, or edited into one"))
	case h.Complete:
		line = append(line, widget.T(themes.Faint, "   schema "), widget.State(t, themes.GlyphOK), widget.T(themes.Muted, " "+h.Packet.SchemaVersion),
			widget.T(themes.Faint, "   ttl "), widget.T(themes.Muted, widget.AgeWhole(time.Duration(h.Packet.TTLSeconds)*time.Second)))
	default:
		line = append(line, widget.T(themes.Faint, "   by another program; its gaps are filled when it goes"))
	}
	s.section("Contents", line...)
}
