package views

import (
	"encoding/hex"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// story writes all that is told of one packet. What the feed knows stands at
// once; the rest when it was read.
type story struct {
	page
	t     *themes.Theme
	now   time.Time
	row   *lineage.Row // nil of a packet that was traced by its name
	told  *reading     // nil while it is read
	asked string
}

// tell gives title and lines.
func (s *story) tell() (widget.Rule, []widget.Line) {
	r := s.report()
	s.identity()
	s.verdict()
	switch {
	case r != nil:
		s.edit()
		s.chain()
		s.parts()
		s.ledger()
		s.decision()
		s.lacks()
	case s.told != nil:
		s.parts()
		s.state("Report", themes.GlyphError, themes.Fg, engine.Sentence(s.told.err))
	default:
		s.parts()
		if s.asked != "" {
			s.section("Report", widget.T(themes.Faint, "being read"))
		} else {
			s.section("Report", widget.T(themes.Faint, "without a tracking id nothing more can be found"))
		}
	}
	return s.title(), s.lines
}

// report is nil while it is not there.
func (s *story) report() *lineage.Report {
	if s.told == nil || s.told.err != nil {
		return nil
	}
	return &s.told.report
}

// of is the verdict, the report's where there is one, and the fate.
func (s *story) of() (seal.Verdict, lineage.Fate) {
	if r := s.report(); r != nil {
		return r.Verdict, r.Fate
	}
	if s.row != nil {
		return s.row.Verdict, s.row.Fate
	}
	return seal.Verdict{}, ""
}

// look is the worst that is known.
func (s *story) look() proofLook {
	v, fate := s.of()
	return rowLook(&lineage.Row{Verdict: v, Fate: fate})
}

func (s *story) title() widget.Rule {
	rule := widget.Rule{Title: shortID(s.asked)}
	primitive, vertical := "", ""
	if s.row != nil {
		primitive, vertical = s.row.Primitive, s.row.Vertical
	}
	if r := s.report(); r != nil && r.Found {
		primitive, vertical = first(member(r.Packet.Contents, "primitive"), primitive), first(member(r.Packet.Contents, "vertical"), vertical)
	}
	if primitive != "" {
		rule.Title, rule.Note = primitive, vertical
	}
	if l := s.look(); l.text != "not known" {
		word := widget.T(l.word, " "+l.text)
		if l.bold {
			word.Attr = themes.AttrBold
		}
		rule.Badges = [][]widget.Span{{l.state(s.t), word}}
	} else if r := s.report(); r != nil && r.Fate != "" {
		rule.Badges = [][]widget.Span{{widget.State(s.t, themes.GlyphCalm), widget.T(themes.Muted, " "+string(r.Fate))}}
	}
	return rule
}

func (s *story) state(section string, g themes.Glyph, role themes.Role, text string) {
	s.page.told(section, widget.State(s.t, g), widget.T(role, text))
}

// identity is who, where to, when, and how large.
func (s *story) identity() {
	r := s.report()
	id, origin, key, schema := s.asked, "", "", ""
	if s.row != nil {
		id, origin, key, schema = s.row.TrackingID, s.row.Origin, s.row.Key, s.row.Schema
	}
	if r != nil {
		id = first(r.TrackingID, id)
		if r.Found {
			origin, schema = r.Packet.Origin, r.Packet.SchemaVersion
		}
		if len(r.Places) > 0 {
			key = r.Places[0].Key
		}
		if key == "" {
			key = destination(r)
		}
	}
	s.fact("packet", widget.T(themes.Fg, first(id, "it has no tracking id")))
	if r != nil && r.Citation != "" {
		s.fact("citation", widget.T(themes.Muted, widget.CutMiddle(widget.Sanitize(head(r.Citation)), max(s.width-colValue-1, 8))))
	}
	if origin != "" || key != "" {
		s.fact("from", widget.T(themes.Fg, known(origin)), widget.T(themes.Faint, "  "+s.t.Glyph(themes.GlyphArrow)+"  "), widget.T(themes.Fg, keyspace.Label(known(key))))
	}
	if r == nil {
		if s.row != nil {
			s.fact("seen", widget.T(themes.Fg, since(s.now, s.row.At)), widget.T(themes.Faint, "   schema "), widget.T(themes.Muted, known(schema)))
		}
		return
	}
	for i, p := range r.Places {
		label := ""
		if i == 0 {
			label = "found in"
		}
		s.fact(label, widget.T(themes.Fg, keyspace.Label(p.Key)), widget.T(themes.Faint, placeText(p)))
	}
	if !r.Found {
		return
	}
	var sent []widget.Span
	if at, err := packet.ParseTime(r.Packet.DispatchedAt); err == nil {
		sent = []widget.Span{widget.T(themes.Fg, since(s.now, at)), widget.T(themes.Faint, "  "+widget.AgeWhole(max(s.now.Sub(at), 0))+" ago")}
	} else {
		sent = []widget.Span{widget.T(themes.Muted, r.Packet.DispatchedAt)}
	}
	s.fact("sent", append(sent, widget.T(themes.Faint, "   ttl "), widget.T(themes.Muted, widget.AgeWhole(time.Duration(r.Packet.TTLSeconds)*time.Second)))...)
	s.fact("size", widget.T(themes.Fg, widget.Size(int64(r.Bytes))), widget.T(themes.Faint, "   schema "), widget.T(themes.Muted, known(schema)))
}

// destination is where the packet was bound for, as far as ledger, seals and
// decision tell.
func destination(r *lineage.Report) string {
	for i := len(r.Records) - 1; i >= 0; i-- {
		if key := r.Records[i].Get("key"); key != "" {
			return key
		}
	}
	if n := len(r.Seals); n > 0 {
		return r.Seals[n-1].Destination
	}
	if r.Decision != nil {
		return r.Decision.Key
	}
	return ""
}

func placeText(p lineage.Place) string {
	text := "  " + p.Type
	switch {
	case p.Field != "":
		text += ", field " + p.Field
	case p.Slot >= 0 && p.Type == "list":
		text += ", slot " + widget.Commas(int(p.Slot))
	}
	if p.Held {
		text += ", held"
	}
	return text
}

// verdict is the whole in one sentence, and the reasons of what lowers it.
func (s *story) verdict() {
	v, _ := s.of()
	l := s.look()
	text := s.sentenceOf(v)
	if text == "" {
		return
	}
	role := themes.Fg
	if l.bold {
		role = themes.Bad
	}
	s.page.told("Verdict", l.state(s.t), widget.Span{Text: text, Role: role, Attr: map[bool]themes.Attr{true: themes.AttrBold}[l.bold]})
	for _, reason := range v.Reasons {
		s.page.told("", widget.T(themes.Faint, " "), widget.T(themes.Muted, reason))
	}
}

// sentenceOf is the verdict as one says it.
func (s *story) sentenceOf(v seal.Verdict) string {
	_, fate := s.of()
	switch {
	case v.Overall == seal.Tampered && v.Contents == partEdited:
		return "Its contents are not those that were sealed."
	case v.Overall == seal.Tampered && strings.HasPrefix(v.Links, partBroken):
		return "Its lineage was changed after it was sealed: entry " + strings.TrimPrefix(v.Links, partBroken) + " does not follow."
	case v.Overall == seal.Tampered && v.Seals == seal.KeyRevoked:
		return "It is sealed with a key that is revoked."
	case v.Overall == seal.Tampered && v.Seals == seal.KeyNotForIt:
		return "It is sealed with a key that may not speak for its origin."
	case v.Overall == seal.Tampered:
		return "A seal is not valid: what it covers was changed."
	case fate == lineage.Missing:
		return "It was dispatched, its time is not over, and it is nowhere."
	case fate == lineage.Unlogged:
		return "It is in Redis, and the ledger does not know it."
	case fate == lineage.Copied:
		return "It is in Redis more often than the ledger says: somebody sent it again."
	case v.Overall == seal.Incomplete:
		return "Sealed, but not all of it is covered or known."
	case demanded(&v):
		return "No seal, and the policy asks for one: who sent it, and whether it was changed, cannot be told."
	case v.Overall == seal.Unauthenticated:
		return "No seal: who sent it, and whether it was changed, cannot be told."
	case v.Overall == seal.Verified && strings.HasPrefix(v.Logged, partIncluded):
		return "Unmodified since it was sealed" + s.sealedBy() + ", and in the ledger."
	case v.Overall == seal.Verified:
		return "Unmodified since it was sealed" + s.sealedBy() + "."
	case fate == lineage.Taken:
		return "It was taken by a consumer that records nothing."
	}
	return ""
}

func (s *story) sealedBy() string {
	if r := s.report(); r != nil && len(r.Seals) > 0 {
		if last := r.Seals[len(r.Seals)-1]; last.Name != "" {
			return " by " + last.Name
		}
	}
	return ""
}

// lacks are what could not be found.
func (s *story) lacks() {
	r := s.report()
	section := "Lacks"
	for _, line := range r.Lacks {
		if r.Unproven != "" && strings.HasSuffix(line, r.Unproven) { // it stands above already
			continue
		}
		s.state(section, themes.GlyphCalm, themes.Muted, line)
		section = ""
	}
	if !r.At.IsZero() {
		s.lines = append(s.lines, widget.Line{})
		s.more(widget.T(themes.Faint, "as of "+since(s.now, r.At)))
	}
}

// hashHead is the head of a hash, enough to tell two apart by eye.
func hashHead(h ledger.Hash) string { return hex.EncodeToString(h[:4]) + "…" }
