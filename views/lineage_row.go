package views

import (
	"strconv"
	"strings"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// proofLook is how what is known of a packet is drawn: verified and no seal
// differ in the colour of their words too, since the one is evidence and the
// other a lack of it.
type proofLook struct {
	look
	text string
	sign themes.Role // of the glyph
}

func (l proofLook) state(t *themes.Theme) widget.Span { return widget.T(l.sign, t.Glyph(l.glyph)) }

func proof(g themes.Glyph, sign, word themes.Role, bold bool, text string) proofLook {
	return proofLook{look{g, word, bold}, text, sign}
}

// rowLook is the worst that is known of a packet.
func rowLook(r *lineage.Row) proofLook {
	switch {
	case r.Verdict.Overall == seal.Tampered:
		return overallLook(seal.Tampered)
	case r.Fate == lineage.Missing:
		return proof(themes.GlyphBlocked, themes.Bad, themes.Bad, true, "missing")
	case r.Fate == lineage.Unlogged:
		return proof(themes.GlyphNoSeal, themes.Warn, themes.Warn, false, "unlogged")
	case r.Fate == lineage.Copied:
		return proof(themes.GlyphLate, themes.Warn, themes.Warn, false, "copied")
	case r.Verdict.Overall == "" && r.Fate == lineage.Taken:
		return proof(themes.GlyphLate, themes.Warn, themes.Muted, false, "taken")
	case demanded(&r.Verdict):
		return proof(themes.GlyphNoSeal, themes.Warn, themes.Warn, false, "no seal")
	}
	return overallLook(r.Verdict.Overall)
}

// demanded reports whether a seal is lacking that the policy asks for.
func demanded(v *seal.Verdict) bool { return v.Overall == seal.Unauthenticated && v.Bad() }

func overallLook(o seal.Overall) proofLook {
	switch o {
	case seal.Tampered:
		return proof(themes.GlyphBlocked, themes.Bad, themes.Bad, true, "tampered")
	case seal.Incomplete:
		return proof(themes.GlyphLate, themes.Warn, themes.Warn, false, "incomplete")
	case seal.Unauthenticated:
		return proof(themes.GlyphNoSeal, themes.Info, themes.Info, false, "no seal")
	case seal.Verified:
		return proof(themes.GlyphOK, themes.OK, themes.Muted, false, "verified")
	}
	return proof(themes.GlyphCalm, themes.Faint, themes.Faint, false, "not known")
}

// Parts of a verdict, as it spells them.
const (
	partMissing    = "missing"
	partMoved      = "moved"
	partEdited     = "edited"
	partSuperseded = "superseded"
	partIncluded   = "included"
	partBroken     = "broken at "
)

// evidence is why a packet reads as it does, in three words at most.
func evidence(r *lineage.Row) string {
	v := &r.Verdict
	at, broken := strings.CutPrefix(v.Links, partBroken)
	switch {
	case v.Overall == seal.Tampered && v.Contents == partEdited:
		return "contents edited"
	case v.Overall == seal.Tampered && broken:
		return "link " + at + " broken"
	case v.Overall == seal.Tampered && v.Seals == seal.KeyNotForIt:
		return "not its key"
	case v.Overall == seal.Tampered && v.Seals == seal.KeyRevoked:
		return "key revoked"
	case v.Overall == seal.Tampered:
		return "seal invalid"
	case r.Fate == lineage.Missing:
		return "gone early"
	case r.Fate == lineage.Unlogged:
		return "not in ledger"
	case r.Fate == lineage.Copied:
		return "sent again"
	case v.Overall == seal.Incomplete && v.Seals == seal.KeyUnknown:
		return "key unknown"
	case v.Overall == seal.Incomplete && v.Destination == partMoved:
		return "moved"
	case v.Overall == seal.Incomplete && v.Logged == partMissing:
		return "not in ledger"
	case v.Overall == seal.Incomplete && v.Fresh == partSuperseded:
		return "superseded"
	case v.Overall == seal.Incomplete:
		return "not all sealed"
	case demanded(v):
		return "seal asked for"
	case v.Overall == seal.Unauthenticated && v.PaperDigest == custody.PaperNone:
		return "no digest"
	case v.Overall == seal.Unauthenticated:
		return "digest only"
	case v.Overall == seal.Verified && strings.HasPrefix(v.Logged, partIncluded):
		return "sealed, logged"
	case v.Overall == seal.Verified:
		return "sealed"
	case r.Fate == lineage.Taken:
		return "no record"
	}
	return ""
}

// shortID is a tracking id as people read it to each other.
func shortID(id string) string {
	if len(id) == 36 {
		return id[:8]
	}
	return first(id, "no id")
}

// proofRow is a row of the list: a verdict of the feed, or what the census
// could not find. The latter is the same one at every census, so its identity
// is its packet.
type proofRow struct {
	*lineage.Row
	suspect bool
}

func (r *proofRow) key() string {
	if r.suspect {
		return string(r.Fate) + " " + r.TrackingID + " " + r.Key
	}
	return strconv.FormatUint(r.Seq, 10)
}

// text is what a filter looks into: the verdict's words first.
func (r *proofRow) text() string {
	return strings.Join([]string{rowLook(r.Row).text, evidence(r.Row), string(r.Verdict.Overall), string(r.Fate), r.TrackingID, r.Primitive, r.Vertical, r.Key, r.Origin}, " ")
}

// row draws the columns of the screen.
func (p *LineageList) row(r *proofRow, row *widget.Row) {
	l := p.lead(r, row)
	row.Cell(widget.T(themes.Faint, widget.Clock(r.At)))
	name := widget.T(themes.Fg, first(r.Primitive, shortID(r.TrackingID)))
	if l.bold {
		name.Attr = themes.AttrBold
	}
	row.Cell(name)
	row.Cell(widget.T(themes.Muted, keyspace.Label(r.Key)))
	row.Cell(widget.T(themes.Muted, r.Origin))
	row.Cell(widget.T(evidenceRole(l), evidence(r.Row)))
}

// compact draws those of Pulse.
func (p *LineageList) compact(r *proofRow, row *widget.Row) {
	l := p.lead(r, row)
	row.Cell(widget.T(themes.Fg, shortID(r.TrackingID)))
	row.Cell(widget.T(themes.Muted, first(r.Origin, keyspace.Label(r.Key))))
	row.Cell(widget.T(evidenceRole(l), evidence(r.Row)))
}

// lead draws glyph and word.
func (p *LineageList) lead(r *proofRow, row *widget.Row) proofLook {
	l := rowLook(r.Row)
	row.Lead(l.state(p.Theme))
	word := widget.T(l.word, l.text)
	if l.bold {
		word.Attr = themes.AttrBold
	}
	row.Cell(word)
	return l
}

// evidenceRole is that of the reason behind a verdict: it speaks up where
// somebody has to look.
func evidenceRole(l proofLook) themes.Role {
	if l.word == themes.Bad || l.word == themes.Warn {
		return l.word
	}
	return themes.Faint
}
