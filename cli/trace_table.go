package cli

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
)

// traceTable prints a report in the form of the paper's audit report:
// traceability, governance, delivery, conclusion; behind each line, in
// brackets, what it rests on.
type traceTable struct {
	out    io.Writer
	r      *lineage.Report
	server string
}

func (t *traceTable) print() {
	r := t.r
	fmt.Fprintf(t.out, "IF.TTT audit report of packet %s\nmade %s from %s\n", printable(r.TrackingID), utc(r.At), printable(t.server))
	t.traceability()
	t.governance()
	t.delivery()
	t.conclusion()
}

func (t *traceTable) head(title string) { fmt.Fprintf(t.out, "\n%s\n", title) }

// line is one fact with its evidence, which may be "".
func (t *traceTable) line(label, evidence, format string, args ...any) {
	text := printable(fmt.Sprintf(format, args...))
	if evidence != "" {
		text += "  [" + printable(evidence) + "]"
	}
	label = printable(label)
	fmt.Fprintf(t.out, "  %s %s\n", label+strings.Repeat(" ", max(0, 17-utf8.RuneCountInString(label))), text)
}

func (t *traceTable) traceability() {
	r := t.r
	t.head("TRACEABILITY")
	t.line("citation", "if://packet/"+r.TrackingID, "%s", r.Citation)
	if !r.Found {
		t.line("packet", "", "found nowhere in Redis: who sent what is told by its records alone")
		if len(r.Records) > 0 {
			t.line("actor", record(&r.Records[0]), "%s", r.Records[0].Get("actor"))
		}
		return
	}
	at := where(r.Places)
	p := &r.Packet
	t.line("who", at, "%s", p.Origin)
	t.line("when", at, "%s, for %d s", p.DispatchedAt, p.TTLSeconds)
	t.line("what", at, "schema %s, %d bytes", p.SchemaVersion, r.Bytes)
	for i, s := range r.Chain {
		by := ""
		if s.Sealed > 0 {
			by = fmt.Sprintf("seal %d", s.Sealed)
		}
		label := ""
		if i == 0 {
			label = "lineage"
		}
		t.line(label, by, "%2d  %-9s %s", s.Number, linkWords[s.State], s.Body)
	}
	if len(r.Chain) > 0 {
		t.line("", "", "order: %s; links: %s; the paper's digest: %s", r.Order, r.Verdict.Links, r.Verdict.PaperDigest)
	}
	for i, s := range r.Seals {
		name := s.Name
		if name == "" {
			name = "a key that the ring does not have"
		}
		t.line(fmt.Sprintf("seal %d", i+1), "key "+s.KeyID, "by %s at %s for %s %s, over %d entries, packet %d of a batch of %d",
			name, utc(s.At), s.Operation, s.Destination, s.Upto, s.Index+1, s.Size)
	}
	if r.Edit != nil {
		t.edit(r.Edit)
	}
}

var linkWords = map[lineage.LinkState]string{
	lineage.LinkOK: "✓ linked", lineage.LinkNone: "· no link", lineage.LinkBroken: "✕ BROKEN", lineage.LinkAfter: "· behind",
}

func (t *traceTable) edit(e *lineage.Edit) {
	t.line("edited", "", "sealed contents %s, present %s", e.Sealed, e.Present)
	if e.Known == "" {
		t.line("", "", "the sealed contents are kept nowhere, so that the difference is not known")
	}
	for _, c := range e.Changes {
		t.line("", e.Known, "%s: %s → %s", c.Path, orNothing(c.From), orNothing(c.To))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "(nothing)"
	}
	return s
}

func (t *traceTable) governance() {
	t.head("GOVERNANCE")
	d := t.r.Decision
	if d == nil {
		t.line("decision", "", "no record is kept any more")
		return
	}
	by := "decision " + d.DecisionID
	t.line("decision", by, "%s: %s", d.Status, d.Reason)
	t.line("policy", by, "%s, decided %s", d.Policy, d.DecidedAt)
	for _, g := range d.Guardians {
		t.line("guardian", by, "%s/%s: %s (%s)", g.Guardian, g.Rule, g.Status, g.Reason)
	}
	if n := d.Quorum.Approvals; n > 0 {
		t.line("quorum", by, "%d of %d", approving(d.Approvals), n)
	}
	for _, a := range d.Approvals {
		t.line(a.Act, "key "+a.KeyID, "by %s (%s) at %s%s", a.Person, a.Name, a.At, because(a.Why))
	}
	if o := d.Outcome; o != nil {
		t.line("outcome", by, "%s at %s by %s%s", o.State, o.At, o.By, because(o.Why))
	}
}

func approving(list []governance.Approval) int {
	n := 0
	for _, a := range list {
		if a.Act == governance.Approves {
			n++
		}
	}
	return n
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

func (t *traceTable) delivery() {
	r := t.r
	t.head("DELIVERY")
	for i := range r.Records {
		rec := &r.Records[i]
		others := ""
		if n := rec.Count(); n > 1 {
			others = fmt.Sprintf(" with %d others", n-1)
		}
		t.line(rec.Event(), record(rec), "%s by %s, %s %s%s", utc(rec.At()), rec.Get("actor"), rec.Get("operation"), rec.Get("key"), others)
	}
	for _, p := range r.Places {
		t.line("found", "", "in %s", placed(p))
	}
	t.line("fate", "", "%s: %s", r.Fate, r.Why)
	if p := r.Proof; p != nil {
		root := p.Checkpoint.Root
		t.line("proof", "ifpacket ledger prove "+r.TrackingID, "record %d is leaf %d of %d under root %s…, signed by log key %s of %s at %s",
			p.Record.Position, p.Index, p.Checkpoint.Size, hex.EncodeToString(root[:6]), p.Checkpoint.KeyID, p.Checkpoint.Name, utc(p.Checkpoint.At))
	} else {
		t.line("proof", "", "none: %s", r.Unproven)
	}
}

func (t *traceTable) conclusion() {
	r := t.r
	t.head("CONCLUSION")
	switch v := r.Verdict; {
	case r.Found:
		t.line(verdictGlyphs[v.Overall]+" "+string(v.Overall), "", "schema %s, seals %s, contents %s, links %s, destination %s, logged %s, fresh %s",
			v.Schema, v.Seals, v.Contents, v.Links, v.Destination, v.Logged, v.Fresh)
		for _, reason := range v.Reasons {
			t.line("", "", "%s", reason)
		}
	case r.Fate == lineage.Missing:
		t.line("✕ missing", "", "it should be there and is not: somebody took it, or took it away, without a record")
	default:
		t.line("· "+string(r.Fate), "", "there is nothing left to verify but its records")
	}
	for i, lack := range r.Lacks {
		label := ""
		if i == 0 {
			label = "not found"
		}
		t.line(label, "", "%s", lack)
	}
}

var verdictGlyphs = map[seal.Overall]string{seal.Verified: "✓", seal.Unauthenticated: "◌", seal.Incomplete: "▲", seal.Tampered: "✕"}

func utc(at time.Time) string {
	if at.IsZero() {
		return "at an unknown time"
	}
	return at.UTC().Format("2006-01-02 15:04:05.000Z")
}

func record(r *ledger.Record) string { return fmt.Sprintf("ledger record %d", r.Position) }

func placed(p lineage.Place) string {
	switch {
	case p.Slot >= 0:
		return fmt.Sprintf("%s, slot %d", p.Key, p.Slot)
	case p.Field != "":
		return fmt.Sprintf("%s, field %s", p.Key, p.Field)
	}
	return p.Key
}

func where(places []lineage.Place) string {
	if len(places) == 0 {
		return ""
	}
	return strings.ReplaceAll(placed(places[0]), ", ", " ")
}
