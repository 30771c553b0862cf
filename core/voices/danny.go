package voices

import (
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/audit"
	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/lineage"
)

var dannyRules = []rule{
	{Danny, "parts", []Kind{OfPacket, OfDecision}, verdictParts},
	{Danny, "entry's form", []Kind{OfEntry}, entryForm},
	{Danny, "tampered", ofSwarm, tampered},
	{Danny, "seal coverage", ofSwarm, sealCoverage},
	{Danny, "spot checks", ofSwarm, spotChecks},
	{Danny, "ledger coverage", ofSwarm, ledgerCoverage},
	{Danny, "schema share", ofSwarm, schemaShare},
	{Danny, "drift", ofSwarm, drift},
	{Danny, "report", ofSwarm, reported},
	{Danny, "queue's verdicts", ofQueue, queueCompliance},
	{Danny, "agent's verdicts", ofAgent, agentCompliance},
	{Danny, "task's lineage", ofTask, taskCompliance},
}

// wilson is the 95 % interval of a share.
func wilson(hits, n int) (low, high float64) { return audit.Wilson(int64(hits), int64(n)) }

// part is one part of a verdict and what it has to be.
type part struct {
	name, is string
	ok       bool
	checked  bool
}

func partsOf(v seal.Verdict) []part {
	return []part{
		{"schema", v.Schema, v.Schema == "valid", v.Schema != ""},
		{"paper digest", string(v.PaperDigest), v.PaperDigest != custody.PaperNone, v.PaperDigest != "" && v.PaperDigest != custody.PaperUnsupported},
		{"links", v.Links, v.Links == "intact", v.Links != ""},
		{"seals", string(v.Seals), v.Seals == seal.SealsValid, v.Seals != ""},
		{"contents", v.Contents, v.Contents == "match", v.Contents != ""},
		{"destination", v.Destination, v.Destination == "here", v.Destination != "" && v.Destination != "not known"},
		{"ledger", v.Logged, strings.HasPrefix(v.Logged, "included"), v.Logged != "" && v.Logged != "not checked"},
		{"freshness", v.Fresh, v.Fresh == "latest", v.Fresh != "" && v.Fresh != "not known"},
	}
}

// verdictParts tells each part of a packet's verdict that is not as it should
// be, and how many are.
func verdictParts(c *Case, s *said) {
	r := c.Report
	if r == nil || !r.Found {
		if r != nil {
			s.add(Unknown, "The packet is in no key, so there is nothing to verify; its records are left.", packetRef(r.TrackingID, "fate "+string(r.Fate)))
		}
		return
	}
	severity := Watch
	if r.Verdict.Overall == seal.Tampered {
		severity = Wrong
		s.add(Wrong, "Tampered: "+or(strings.Join(r.Verdict.Reasons, "; "), "no reason is given")+".", packetRef(r.TrackingID, "overall tampered"))
	}
	good, checked := 0, 0
	parts := partsOf(r.Verdict)
	for _, p := range parts {
		switch {
		case !p.checked:
			s.add(Unknown, "Not checked: "+p.name+".", packetRef(r.TrackingID, p.name+": "+or(p.is, "not told")))
			continue
		case p.ok:
			good++
		default:
			s.add(severity, fmt.Sprintf("The part %s is %q.", p.name, p.is), packetRef(r.TrackingID, p.name+": "+p.is))
		}
		checked++
	}
	rank := Note
	if good == len(parts) {
		rank = Well
	}
	s.add(rank, fmt.Sprintf("%d of %d checked parts hold: %s.", good, checked, r.Verdict.Overall), packetRef(r.TrackingID, "verdict"))
}

func entryForm(c *Case, s *said) {
	h := c.Held
	if h == nil {
		return
	}
	if h.Complete && len(h.Faults) == 0 {
		s.add(Well, fmt.Sprintf("The entry is whole: schema %s, decision %s, 0 faults.", h.Packet.SchemaVersion, h.Decided), entryRef(h.SHA, "complete"))
	} else {
		s.add(Watch, fmt.Sprintf("The entry is not whole: %s, and it cannot be compared with what was sent.", counted(len(h.Faults), "fault")), entryRef(h.SHA, "not complete"))
	}
	if c.Report != nil && c.Report.Proof != nil {
		s.add(Well, "The ledger has its record, with a proof.", recordRef(&c.Report.Records[len(c.Report.Records)-1], c.Report.TrackingID))
	} else if c.Report != nil {
		s.add(Watch, "Its record is not proved: "+or(c.Report.Unproven, "there is none")+".", keyRef(keyspace.Main.Ledger(), "inclusion"))
	}
}

func tampered(c *Case, s *said) {
	if c.Picture == nil {
		return
	}
	n := c.Picture.Counts
	if n.Tampered == 0 && n.Incomplete == 0 {
		return
	}
	worst := ""
	for i := range c.Picture.Rows {
		r := &c.Picture.Rows[i]
		if r.Verdict.Overall == seal.Tampered || worst == "" && r.Verdict.Overall == seal.Incomplete {
			worst = r.TrackingID
		}
	}
	severity, text := Watch, fmt.Sprintf("%s incomplete evidence.", counted(n.Incomplete, "packet")+" "+verb(n.Incomplete, "has", "have"))
	if n.Tampered > 0 {
		severity = Wrong
		text = fmt.Sprintf("%s tampered with; %s incomplete evidence.", counted(n.Tampered, "packet")+" "+verb(n.Tampered, "was", "were"), count(n.Incomplete)+" "+verb(n.Incomplete, "has", "have"))
	}
	f := s.add(severity, text, figureRef("verdicts", fmt.Sprintf("%d tampered, %d incomplete", n.Tampered, n.Incomplete)))
	if worst != "" {
		f.evidence = append(f.evidence, packetRef(worst, "the newest"))
		f.offer(Trace, Subject{OfPacket, worst}, "trace the newest")
	}
}

func looked(c *Case) (verified, n int) {
	f := FiguresOf(c)
	return f.Verified, f.Looked
}

// sealCoverage is the share of packets that verified. Packets that arrived too
// fast were not looked at, so it is a sample, and told as one.
func sealCoverage(c *Case, s *said) {
	verified, n := looked(c)
	if n == 0 {
		s.add(Unknown, "No packet was looked at yet, so no share is known.", figureRef("verdicts", "0"))
		return
	}
	counts := c.Picture.Counts
	severity := Well
	if counts.Unauthenticated > 0 {
		severity = Watch
	}
	s.add(severity, fmt.Sprintf("%s verified (%s of %s); %s without a seal.", percent(float64(verified)/float64(n)), count(verified), count(n), count(counts.Unauthenticated)),
		figureRef("verdicts", fmt.Sprintf("%d verified, %d without seal", counts.Verified, counts.Unauthenticated)))
}

func spotChecks(c *Case, s *said) {
	verified, n := looked(c)
	if n == 0 {
		return
	}
	skipped := c.Picture.Counts.Skipped
	if skipped == 0 {
		s.add(Note, fmt.Sprintf("Measured over all %s since the console opened, not over a sample.", counted(n, "packet")), figureRef("verdicts", "0 skipped"))
		return
	}
	low, high := wilson(verified, n)
	s.add(Note, fmt.Sprintf("A sample: %s of %s looked at. Verified in all: %s to %s (95 %%), if those skipped were like the rest.", count(n), count(n+skipped), percent(low), percent(high)),
		figureRef("verdicts", fmt.Sprintf("%d looked at, %d skipped", n, skipped)))
}

func ledgerCoverage(c *Case, s *said) {
	if c.Picture == nil || c.Picture.Census.At.IsZero() {
		s.add(Unknown, "Ledger and Redis were not compared yet.", keyRef(keyspace.Main.Ledger(), "no census"))
		return
	}
	census := c.Picture.Census
	unlogged, copied := census.Fates[lineage.Unlogged], census.Fates[lineage.Copied]
	n := census.Looked
	ref := figureRef("census", fmt.Sprintf("%d looked at, %d unlogged, %d copied", n, unlogged, copied))
	left := ""
	if census.Left > 0 {
		left = fmt.Sprintf(" %s not looked at.", counted(census.Left, "packet")+" "+verb(census.Left, "was", "were"))
	}
	when := span(c.Now.Sub(census.At))
	if bad := unlogged + copied; bad > 0 {
		s.add(Wrong, fmt.Sprintf("The ledger does not account for %s of %s in Redis: %s unlogged, %s copied, %s ago.%s", count(bad), counted(n, "packet"), count(unlogged), count(copied), when, left), ref)
		return
	}
	if n > 0 {
		s.add(Well, fmt.Sprintf("The ledger accounts for all %s in Redis, compared %s ago.%s", counted(n, "packet"), when, left), ref)
	}
	if census.From > 1 {
		s.add(Watch, fmt.Sprintf("It was compared from record %s on: what is older is not in Redis.", count(census.From)), keyRef(keyspace.Main.Ledger(), "from record "+count(census.From)))
	}
}

func schemaShare(c *Case, s *said) {
	f := FiguresOf(c)
	if f.Rows == 0 {
		return
	}
	low, high := wilson(f.V11, f.Rows)
	severity := Well
	if f.V11 < f.Rows {
		severity = Note
	}
	s.add(severity, fmt.Sprintf("%s are of schema 1.1 (%s of the newest %s; 95 %%: %s to %s).", percent(float64(f.V11)/float64(f.Rows)), count(f.V11), count(f.Rows), percent(low), percent(high)),
		figureRef("schema_version", fmt.Sprintf("%d of %d are 1.1", f.V11, f.Rows)))
}

// drift compares the share of verified packets since the reading before with
// the share until then.
func drift(c *Case, s *said) {
	b := c.Before
	now := FiguresOf(c)
	if b == nil || b.Looked == 0 || now.Looked <= b.Looked {
		return
	}
	then := float64(b.Verified) / float64(b.Looked)
	since := float64(now.Verified-b.Verified) / float64(now.Looked-b.Looked)
	low, high := wilson(now.Verified-b.Verified, now.Looked-b.Looked)
	severity, word := Well, "no drift"
	if then < low || then > high {
		severity, word = Watch, "a drift"
	}
	s.add(severity, fmt.Sprintf("Since the reading %s ago %s of %s verified, %s before: %s.", span(c.Now.Sub(b.At).Round(time.Second)), percent(since), count(now.Looked-b.Looked), percent(then), word),
		figureRef("verdicts", fmt.Sprintf("%d of %d at %s", b.Verified, b.Looked, clock(b.At))))
}

// staleReport is how old the last compliance report may be: there is one a day.
const staleReport = 26 * time.Hour

// reported compares what the feed has verified with the last compliance report.
func reported(c *Case, s *said) {
	if c.Reports == "" {
		return
	}
	const daily = "ifpacket audit --since 24h --html report.html"
	b, verified, n := c.Reported, 0, 0
	if b == nil {
		s.add(Watch, "No compliance report on this server was made on this machine.", figureRef("reports", "0 in "+c.Reports)).command("make the report", daily)
		return
	}
	age := c.Now.Sub(b.MadeAt)
	ref := figureRef("report", fmt.Sprintf("%s, made %s", b.Status, b.MadeAt.UTC().Format(time.RFC3339)))
	switch {
	case b.Status == audit.NotCompliant:
		s.add(Wrong, fmt.Sprintf("The report of %s ago is %s.", span(age), b.Status), ref).command("run the full check", daily)
	case age > staleReport:
		s.add(Watch, fmt.Sprintf("The last report is %s old; it was %s.", span(age), b.Status), ref).command("make the report", daily)
	default:
		s.add(Well, fmt.Sprintf("The report of %s ago is %s.", span(age), b.Status), ref)
	}
	if verified, n = looked(c); n == 0 {
		return
	}
	d := audit.Compared(b.Share(audit.ShareVerified), audit.Share{What: audit.ShareVerified, Hits: int64(verified), N: int64(n)})
	if d.Before.N == 0 {
		return
	}
	severity, word := Well, "no drift"
	if d.Drift {
		severity, word = Watch, "a drift"
	}
	f := s.add(severity, fmt.Sprintf("%s of %s verified since the console opened, %s of %s in that report: %s.",
		percent(d.Now.Of()), count(n), percent(d.Before.Of()), count(int(d.Before.N)), word), ref, figureRef("verdicts", fmt.Sprintf("%d of %d verified", verified, n)))
	if d.Drift {
		f.command("run the full check", daily)
	}
}

// compliance is the share of some packets that verified, with its interval.
func compliance(s *said, rows []*lineage.Row, what string, otherwise Ref) {
	if len(rows) == 0 {
		s.add(Unknown, "No packet "+what+" was looked at yet, so nothing is measured.", otherwise)
		return
	}
	good, bad := 0, ""
	for _, r := range rows {
		if sealedWell(r.Verdict) {
			good++
		} else if bad == "" || r.Bad() {
			bad = r.TrackingID
		}
	}
	low, high := wilson(good, len(rows))
	text := fmt.Sprintf("%s of %s %s verified: %s (95 %%: %s to %s).", count(good), counted(len(rows), "packet"), what, percent(float64(good)/float64(len(rows))), percent(low), percent(high))
	if bad == "" {
		s.add(Well, text, packetRef(rows[len(rows)-1].TrackingID, "the newest"))
		return
	}
	s.add(Watch, text, packetRef(bad, "not verified")).offer(Trace, Subject{OfPacket, bad}, "trace one that is not")
}

func queueCompliance(c *Case, s *said) {
	compliance(s, c.rowsOf(func(r *lineage.Row) bool { return r.Key == c.Subject.ID }), "of this queue", keyRef(c.Subject.ID, "not in the feed"))
}

func agentCompliance(c *Case, s *said) {
	compliance(s, c.rowsOf(func(r *lineage.Row) bool { return r.Origin == c.Subject.ID }), "of this agent", agentRef(c.Subject.ID, "not in the feed"))
}

func taskCompliance(c *Case, s *said) {
	if t := c.Task; t != nil {
		s.add(Unknown, "Tasks carry no lineage, so there is nothing to verify.", keyRef(keyspace.TaskMeta(t.ID), "no chain_of_custody"))
	}
}
