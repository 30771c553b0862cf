package views

import (
	"strings"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// part is one part of a verdict with how it is drawn.
type part struct {
	name, value string
	glyph       themes.Glyph
	sign, word  themes.Role
}

// partsOf are the parts in the order of docs/custody.md.
func partsOf(v *seal.Verdict) []part {
	good := func(name, value string) part { return part{name, value, themes.GlyphOK, themes.OK, themes.Muted} }
	bad := func(name, value string) part { return part{name, value, themes.GlyphBlocked, themes.Bad, themes.Bad} }
	low := func(name, value string) part { return part{name, value, themes.GlyphLate, themes.Warn, themes.Warn} }
	lack := func(name, value string) part { return part{name, value, themes.GlyphNoSeal, themes.Info, themes.Info} }
	calm := func(name, value string) part { return part{name, value, themes.GlyphCalm, themes.Faint, themes.Muted} }
	pick := func(name, value string, by map[string]func(string, string) part) part {
		for begin, as := range by {
			if strings.HasPrefix(value, begin) {
				return as(name, value)
			}
		}
		return calm(name, first(value, "not known"))
	}
	logged := v.Logged
	if leaf, in := strings.CutPrefix(logged, partIncluded+" ("); in {
		logged = "included, " + strings.TrimSuffix(leaf, ")")
	}
	type kinds = map[string]func(string, string) part
	return []part{
		pick("schema", v.Schema, kinds{"valid": good, "invalid": low}),
		pick("digest", string(v.PaperDigest), kinds{"none": low, "unsupported": calm}),
		pick("links", v.Links, kinds{"intact": good, "broken": bad, "absent": lack}),
		pick("seals", string(v.Seals), kinds{"valid": good, "absent": lack, "key unknown": low, "key not": bad, "key revoked": bad, "invalid": bad}),
		pick("contents", v.Contents, kinds{"match": good, partEdited: bad, "unsealed": lack}),
		pick("place", v.Destination, kinds{"here": good, partMoved: low}),
		pick("logged", logged, kinds{partIncluded: good, partMissing: low}),
		pick("fresh", v.Fresh, kinds{"latest": good, partSuperseded: low}),
	}
}

// parts are a small table: two columns of them where there is room.
func (s *story) parts() {
	v, _ := s.of()
	if v.Overall == "" {
		return
	}
	all := partsOf(&v)
	rows, second := len(all), 0
	if s.width >= 66 {
		rows, second = (len(all)+1)/2, colValue+(min(s.width, mostWide)-colValue)/2
	}
	put := func(l *widget.Line, p part) {
		at := l.Width()
		l.Add(widget.T(p.sign, s.t.Glyph(p.glyph))).Space(1).Add(widget.T(themes.Faint, p.name)).To(at + 11).Add(widget.T(p.word, p.value))
	}
	s.lines = append(s.lines, widget.Line{})
	for i := range rows {
		var l widget.Line
		l.Space(colLabel)
		if i == 0 {
			l.Add(widget.B(themes.Fg, "Parts"))
		}
		l.To(colValue)
		put(&l, all[i])
		if second > 0 && i+rows < len(all) {
			l.To(second)
			put(&l, all[i+rows])
		}
		s.lines = append(s.lines, l)
	}
}

// mostChanges is how many differences of contents are told.
const mostChanges = 24

// edit is how the contents differ from those that were sealed.
func (s *story) edit() {
	e := s.report().Edit
	if e == nil {
		return
	}
	if e.Known == "" {
		s.section("Edited", widget.T(themes.Faint, "sealed   "), widget.T(themes.Fg, e.Sealed))
		s.more(widget.T(themes.Faint, "present  "), widget.T(themes.Bad, first(e.Present, "has no digest")))
		s.more(widget.T(themes.Muted, "The sealed contents are not kept: what was changed cannot be told."))
		return
	}
	s.section("Edited", widget.T(themes.Faint, "from what was sealed, as kept in "+e.Known))
	for i, c := range e.Changes {
		if i == mostChanges {
			s.more(widget.T(themes.Faint, widget.Commas(len(e.Changes)-i)+" more"))
			break
		}
		if c.From != "" {
			s.more(widget.T(themes.Muted, "- "+c.Path+" "), widget.T(themes.Fg, c.From))
		}
		if c.To != "" {
			s.more(widget.T(themes.Bad, "+ "), widget.T(themes.Muted, c.Path+" "), widget.B(themes.Bad, c.To))
		}
	}
}
