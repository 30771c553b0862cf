package views

import (
	"strings"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// ledgerStory are the lines that tell how the ledger stands: what stands in
// the place of a packet as long as nobody selects one.
type ledgerStory struct {
	page
	*Shared
}

// overview gives title and lines.
func (d *lineageDetail) overview() (widget.Rule, []widget.Line) {
	s := ledgerStory{page{width: d.width}, d.Shared}
	rule := widget.Rule{Title: "Ledger"}
	st := s.Ledger
	if st == nil || st.Looked.IsZero() {
		s.more(widget.T(themes.Muted, "the ledger was not looked at yet"))
		s.keys(d.list.selected() != nil)
		return rule, s.lines
	}
	rule.Note = widget.Commas(int(st.Position)) + plural(int(st.Position), " record", " records")
	switch {
	case st.Trouble != nil:
		rule.Badges = [][]widget.Span{{widget.State(s.Theme, themes.GlyphBlocked), widget.B(themes.Bad, " refused")}}
		s.trouble()
	case st.Checkpoint != nil:
		rule.Badges = [][]widget.Span{{widget.State(s.Theme, themes.GlyphOK), widget.T(themes.Muted, " checkpoint verified")}}
	default:
		rule.Badges = [][]widget.Span{{widget.State(s.Theme, themes.GlyphCalm), widget.T(themes.Muted, " no checkpoint yet")}}
	}
	s.state()
	s.verdicts()
	s.keys(d.list.selected() != nil)
	return rule, s.lines
}

// trouble is why the ledger is refused, and the way out.
func (s *ledgerStory) trouble() {
	story := TroubleStories(s.Ledger, s.Now)[0]
	s.page.told("", widget.State(s.Theme, themes.GlyphBlocked), widget.B(themes.Bad, asSentence(story)))
	if why, _ := trouble(s.Ledger.Trouble); why != story {
		s.page.told("", widget.T(themes.Fg, " "), widget.T(themes.Muted, asSentence(why)))
	}
	s.page.told("", widget.T(themes.Fg, " "), widget.T(themes.Fg, "Dispatch is paused until somebody accepts the ledger as it is. Before that, find out who rewrote, cut or restored this Redis."))
	s.lines = append(s.lines, widget.Line{})
	way := []widget.Span{widget.T(themes.Fg, "ifpacket ledger accept --why TEXT")}
	if b, ok := s.Keys.Get("lineage.accept"); ok && len(b.Keys) > 0 {
		way = append([]widget.Span{widget.T(themes.Accent, b.KeyLabel()), widget.T(themes.Muted, " here, or ")}, way...)
	}
	s.fact("way out", way...)
	s.lines = append(s.lines, widget.Line{})
}

// asSentence makes a sentence of a clause.
func asSentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// state tells records, checkpoint and witness.
func (s *ledgerStory) state() {
	st := s.Ledger
	records := []widget.Span{widget.T(themes.Fg, widget.Commas(int(st.Position)))}
	if st.First > 1 {
		records = append(records, widget.T(themes.Faint, "   of which those from "+widget.Commas(int(st.First))+" on are still there"))
	}
	s.fact("records", records...)
	if c := st.Checkpoint; c != nil {
		s.fact("checkpoint", widget.T(themes.Fg, widget.Commas(int(c.Size))), widget.T(themes.Faint, "   root "), widget.T(themes.Muted, hashHead(c.Root)))
		s.fact("signed", widget.T(themes.Fg, since(s.Now, c.At)), widget.T(themes.Faint, "   by "), widget.T(themes.Muted, signer(c)))
		if wait := st.Position - st.Sealed(); wait > 0 {
			s.fact("waiting", widget.T(themes.Fg, widget.Commas(int(wait))), widget.T(themes.Faint, plural(int(wait), "   record", "   records")+" behind the checkpoint"))
		}
	}
	if st.Checkpoint == nil && st.Trouble == nil {
		s.fact("checkpoint", widget.T(themes.Muted, "none yet"), widget.T(themes.Faint, "   a console that may write signs one"))
	}
	witness := []widget.Span{widget.T(themes.Fg, widget.AgeWhole(max(s.Now.Sub(st.Looked), 0))), widget.T(themes.Faint, " ago")}
	if c := st.Seen; c != nil {
		witness = append(witness, widget.T(themes.Faint, "   remembers "), widget.T(themes.Muted, widget.Commas(int(c.Size))),
			widget.T(themes.Faint, " of "+since(s.Now, c.At)))
	}
	s.fact("witness", witness...)
}

// verdicts are how many packets came to each, and what the words mean.
func (s *ledgerStory) verdicts() {
	var c lineage.Counts
	if s.Lineage != nil {
		c = s.Lineage.Counts
	}
	section := "Verdicts"
	s.lines = append(s.lines, widget.Line{})
	for _, v := range []struct {
		of    seal.Overall
		n     int
		means string
	}{
		{seal.Verified, c.Verified, "unmodified since it was sealed"},
		{seal.Unauthenticated, c.Unauthenticated, "who sent it is only a claim"},
		{seal.Incomplete, c.Incomplete, "not all of it is covered or known"},
		{seal.Tampered, c.Tampered, "changed after it was sealed"},
	} {
		l := overallLook(v.of)
		sign, word := l.state(s.Theme), l.word
		if v.n == 0 {
			sign.Role, word = themes.Faint, themes.Muted
		}
		var line widget.Line
		line.Space(colLabel).Add(widget.B(themes.Fg, section)).To(colValue).Add(sign).Space(1).Add(widget.T(word, l.text)).To(colValue + 13)
		line.Add(widget.Number(widget.PadLeft(widget.Count(int64(v.n)), widget.CountWidth))).Space(3).Add(widget.T(themes.Faint, v.means))
		s.lines, section = append(s.lines, line), ""
	}
	if c.Skipped > 0 {
		s.more(widget.T(themes.Faint, widget.Commas(c.Skipped)+" more arrived faster than they could be looked at"))
	}
}

// keys are what to do here.
func (s *ledgerStory) keys(rows bool) {
	s.lines = append(s.lines, widget.Line{})
	hint := func(id, words string) {
		if b, ok := s.Keys.Get(id); ok && len(b.Keys) > 0 {
			s.more(widget.T(themes.Accent, widget.PadRight(b.KeyLabel(), 5)), widget.T(themes.Muted, "  "+words))
		}
	}
	if rows {
		hint("list.up", "select a packet, and its story stands here")
	}
	hint("lineage.trace", "traces any packet by its id")
}
