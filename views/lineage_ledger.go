package views

import (
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// mostRecords is how many records of one packet are told, the newest.
const mostRecords = 40

// fateLook is how a fate is drawn.
func fateLook(f lineage.Fate) proofLook {
	switch f {
	case lineage.Missing:
		return proof(themes.GlyphBlocked, themes.Bad, themes.Bad, true, string(f))
	case lineage.Unlogged:
		return proof(themes.GlyphNoSeal, themes.Warn, themes.Warn, false, string(f))
	case lineage.Copied:
		return proof(themes.GlyphLate, themes.Warn, themes.Warn, false, string(f))
	case lineage.Taken:
		return proof(themes.GlyphLate, themes.Warn, themes.Fg, false, string(f))
	case lineage.Here, lineage.Collected:
		return proof(themes.GlyphOK, themes.OK, themes.Fg, false, string(f))
	case lineage.Held:
		return proof(themes.GlyphReview, themes.Hold, themes.Fg, false, string(f))
	case lineage.Expired, lineage.Presumed:
		return proof(themes.GlyphExpired, themes.Faint, themes.Fg, false, string(f))
	}
	return proof(themes.GlyphCalm, themes.Faint, themes.Fg, false, first(string(f), "not known"))
}

// ledger is what became of the packet, what is recorded of it, and the proof.
func (s *story) ledger() {
	r := s.report()
	l := fateLook(r.Fate)
	fate := widget.T(l.word, l.text)
	if l.bold {
		fate.Attr = themes.AttrBold
	}
	s.section("Ledger", l.state(s.t), widget.T(l.word, " "), fate)
	for _, line := range wrapped(head(r.Why), s.width-colValue-3) {
		if line != "" {
			s.more(widget.T(themes.Faint, "  "), widget.T(themes.Muted, line))
		}
	}
	s.records(r)
	s.proof(r)
}

func (s *story) records(r *lineage.Report) {
	all := r.Records
	if !r.Whole {
		s.more(widget.T(themes.Faint, "  older records were not looked through"))
	}
	if left := len(all) - mostRecords; left > 0 {
		s.more(widget.T(themes.Faint, "  "+widget.Commas(left)+" older ones are not shown"))
		all = all[left:]
	}
	if len(all) == 0 {
		s.more(widget.T(themes.Faint, "  no record tells of it"))
		return
	}
	here := destination(r)
	width := widget.Width(widget.Commas(int(all[len(all)-1].Position)))
	for i := range all {
		rec := &all[i]
		var l widget.Line
		l.Space(colValue + 2).Add(widget.T(themes.Faint, widget.PadLeft(widget.Commas(int(rec.Position)), width))).Space(2)
		l.Add(widget.T(themes.Muted, widget.Clock(rec.At().In(s.now.Location())))).Space(2)
		l.Add(widget.T(themes.Fg, rec.Event())).To(colValue + 2 + width + 2 + 8 + 2 + 12)
		l.Add(widget.T(themes.Muted, rec.Get("actor")))
		if key := rec.Get("key"); key != "" && key != here {
			l.Add(widget.T(themes.Faint, "  "+keyspace.Label(key)))
		}
		if n := rec.Count(); n > 1 {
			l.Add(widget.T(themes.Faint, "  one of "+widget.Commas(n)))
		}
		s.lines = append(s.lines, l)
	}
}

// proof is why the newest record is certainly in the ledger, or why that is
// not proved.
func (s *story) proof(r *lineage.Report) {
	p := r.Proof
	if p == nil {
		s.state("", themes.GlyphCalm, themes.Muted, "no proof: "+first(r.Unproven, "there is no record to prove"))
		return
	}
	c := &p.Checkpoint
	s.state("", themes.GlyphOK, themes.Muted, "record "+widget.Commas(int(p.Record.Position))+" is leaf "+widget.Commas(int(p.Index))+" of "+widget.Commas(int(c.Size))+
		"; a path of "+widget.Commas(len(p.Path))+" hashes leads to root "+hashHead(c.Root)+"; checkpoint signed by "+signer(c)+" at "+since(s.now, c.At))
}

// signer is whose key signed a checkpoint.
func signer(c *ledger.Checkpoint) string {
	return first(c.Name, "an unknown key") + " " + keyring.Short(c.KeyID)
}

// decision is what the council said, and who approved.
func (s *story) decision() {
	d := s.report().Decision
	if d == nil {
		return
	}
	l := statusLook(d.Status)
	line := []widget.Span{widget.State(s.t, l.glyph), widget.T(themes.Fg, " "+d.Status.Title()), widget.T(themes.Faint, "  policy "), widget.T(themes.Muted, governance.ShortRevision(d.Policy))}
	s.section("Decision", append(line, widget.T(themes.Faint, s.when(d.DecidedAt)))...)
	if d.Reason != "" {
		for _, text := range wrapped(head(d.Reason), s.width-colValue-3) {
			s.more(widget.T(themes.Faint, "  "), widget.T(themes.Muted, text))
		}
	}
	for _, f := range d.Guardians {
		look := statusLook(f.Status)
		g, word := look.glyph, f.Status.Title()
		if f.Advisory {
			g, word = themes.GlyphCalm, "advisory"
		}
		s.more(widget.State(s.t, g), widget.T(themes.Fg, " "+f.Guardian), widget.T(themes.Muted, "  "+word), widget.T(themes.Faint, "  rule "+f.Rule))
	}
	for _, a := range d.Approvals {
		s.approval(a)
	}
	if d.Appeal != nil {
		s.approval(*d.Appeal)
	}
	if o := d.Outcome; o != nil {
		s.more(widget.State(s.t, themes.GlyphCalm), widget.T(themes.Fg, " "+o.State), widget.T(themes.Muted, "  "+strings.TrimSpace(o.By)), widget.T(themes.Faint, s.when(o.At)+"  "+o.Why))
	}
}

// when is a time as records write it, two blanks before; "" for none.
func (s *story) when(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	return "  " + since(s.now, at)
}

// approval is who signed, with which key, and when.
func (s *story) approval(a governance.Approval) {
	g, verb := themes.GlyphOK, " approved by "
	switch a.Act {
	case governance.Denies:
		g, verb = themes.GlyphBlocked, " denied by "
	case governance.Appealed:
		g, verb = themes.GlyphReview, " appealed by "
	}
	s.more(widget.State(s.t, g), widget.T(themes.Muted, verb), widget.T(themes.Fg, a.Name), widget.T(themes.Muted, s.when(a.At)),
		widget.T(themes.Faint, "  ed25519 "+keyring.Short(a.KeyID)+"  "+a.Why))
}
