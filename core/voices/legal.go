package voices

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/lineage"
)

var legalRules = []rule{
	{Legal, "approved by", ofPackets, approvedBy},
	{Legal, "revision", ofPackets, policyRevision},
	{Legal, "complete", ofPackets, recordComplete},
	{Legal, "proof", ofPackets, recordProved},
	{Legal, "sender", ofPackets, senderProved},
	{Legal, "masked", ofPackets, maskedFields},
	{Legal, "retention", ofPackets, retention},
	{Legal, "council", ofSwarm, councilSits},
	{Legal, "ledger whole", ofSwarm, ledgerWhole},
	{Legal, "witness", ofSwarm, witnessed},
	{Legal, "deadlines", ofSwarm, deadlines},
	{Legal, "untraceable", ofSwarm, heldWithoutName},
	{Legal, "eviction", ofSwarm, evictionLoses},
	{Legal, "queue ends", ofQueue, queueEnds},
	{Legal, "queue's senders", ofQueue, queueSenders},
	{Legal, "agent's name", ofAgent, agentProved},
	{Legal, "task's poster", ofTask, taskPoster},
}

// approvedBy says whose word let the packet go, or is still missing.
func approvedBy(c *Case, s *said) {
	d := c.decision()
	if d == nil {
		return
	}
	id := or(d.TrackingID, c.packetID())
	ref := decisionRef(id, fmt.Sprintf("approvals %d of %d", len(d.Approvals), d.Quorum.Approvals))
	for _, a := range d.Approvals {
		signed := "signed with key " + a.KeyID
		if a.Signature == "" { // which only an appeal may lack
			signed = "without a signature"
		}
		s.add(Note, fmt.Sprintf("%s said %s at %s, %s.", or(a.Person, a.Name, "somebody"), a.Act, a.At, signed), decisionRef(id, "approval of "+or(a.Person, a.Name)))
	}
	switch missing := d.Quorum.Approvals - len(d.Approvals); {
	case d.Outcome != nil:
		s.add(Note, fmt.Sprintf("It ended as %s by %s: %s.", d.Outcome.State, or(d.Outcome.By, "nobody named"), or(d.Outcome.Why, "no reason was given")), decisionRef(id, "outcome"))
	case d.Status == governance.Approved && len(d.Approvals) == 0:
		s.add(Well, "No person was asked: the policy approved it.", ref)
	case d.Status.Waits() && missing > 0:
		s.add(Watch, fmt.Sprintf("%s missing: nobody who may has said that it may go.", counted(missing, "signature")+" "+verb(missing, "is", "are")), ref)
	}
}

func policyRevision(c *Case, s *said) {
	d := c.decision()
	if d == nil || d.Policy == "" {
		return
	}
	ref := decisionRef(or(d.TrackingID, c.packetID()), "policy "+d.Policy)
	switch {
	case d.Policy == governance.Unanimous{}.Revision():
		s.add(Watch, "It was judged by no policy: no guardian sat.", ref)
	case c.Policy == "" || d.Policy == c.Policy:
		s.add(Well, "It was judged under "+d.Policy+", which is in force.", ref)
	default:
		s.add(Note, "It was judged under "+d.Policy+"; in force is "+c.Policy+".", ref)
	}
}

// recordComplete tells each part that an audit would ask for and not get.
func recordComplete(c *Case, s *said) {
	r := c.Report
	if r == nil {
		if c.Held != nil && !c.Held.Complete {
			s.add(Watch, "Another program put it into the carcel: schema, decision or contents are missing.", entryRef(c.Held.SHA, "as it stands"))
		}
		return
	}
	lacks := slices.Clone(r.Lacks)
	switch r.Fate {
	case lineage.Collected, lineage.Expired, lineage.Erased: // it is gone as it should
		lacks = slices.DeleteFunc(lacks, func(lack string) bool { return lack == lineage.LackPacket })
	}
	for i, lack := range lacks {
		if i == mostNamed {
			s.add(Watch, fmt.Sprintf("%s more.", counted(len(lacks)-i, "part")+" "+verb(len(lacks)-i, "is missing", "are missing")), packetRef(r.TrackingID, "report"))
			break
		}
		s.add(Watch, "Missing for an audit: "+lack+".", packetRef(r.TrackingID, "report"))
	}
	f := &Finding{}
	if len(lacks) < len(r.Lacks) {
		f = s.add(Note, fmt.Sprintf("It is %s: what is left to prove are its %s and the decision.", r.Fate, counted(len(r.Records), "ledger record")), packetRef(r.TrackingID, "fate "+string(r.Fate)))
	} else if len(lacks) == 0 {
		f = s.add(Well, fmt.Sprintf("The record is complete: %s, the decision and a proof.", counted(len(r.Records), "ledger record")), packetRef(r.TrackingID, "report"))
	} else {
		f = &s.findings[len(s.findings)-1]
	}
	f.offer(Export, Subject{OfPacket, r.TrackingID}, "write the report")
}

func recordProved(c *Case, s *said) {
	switch r := c.Report; {
	case r == nil:
	case r.Proof != nil && len(r.Records) > 0:
		s.add(Well, fmt.Sprintf("Its newest record, %s, is proved to be in the ledger under a signed checkpoint.", count(r.Records[len(r.Records)-1].Position)),
			recordRef(&r.Records[len(r.Records)-1], r.TrackingID), keyRef(keyspace.Main.Checkpoint(), "inclusion"))
	case r.Unproven != "":
		s.add(Watch, "No proof that the ledger has it: "+r.Unproven+".", keyRef(keyspace.Main.Ledger(), "inclusion"))
	}
}

func senderProved(c *Case, s *said) {
	r := c.Report
	if r == nil || !r.Found {
		return
	}
	origin := or(r.Packet.Origin, "nobody named")
	if len(r.Seals) == 0 {
		s.add(Watch, "Who sent it is a claim: no seal stands behind "+origin+".", packetRef(r.TrackingID, "seals absent"))
		return
	}
	last := r.Seals[len(r.Seals)-1]
	who := or(last.Person, last.Name, "key "+last.KeyID)
	if r.Verdict.Seals == seal.SealsValid {
		s.add(Well, fmt.Sprintf("Sealed by %s at %s, over %s of custody.", who, clock(last.At), counted(last.Upto, "entry")), packetRef(r.TrackingID, "seal of "+last.KeyID))
		return
	}
	s.add(Wrong, fmt.Sprintf("The seal of %s does not hold: %s.", who, r.Verdict.Seals), packetRef(r.TrackingID, "seal of "+last.KeyID))
}

func maskedFields(c *Case, s *said) {
	d := c.decision()
	if d == nil {
		return
	}
	ref := decisionRef(or(d.TrackingID, c.packetID()), "masked")
	if n := len(d.Masked); n > 0 {
		s.add(Note, fmt.Sprintf("The record masks %s: %s.", counted(n, "field"), strings.Join(d.Masked[:min(n, 4)], ", ")), ref)
		return
	}
	if c.Report != nil || c.Held != nil {
		s.add(Note, "The record masks 0 fields: contents are kept as they came.", ref)
	}
}

// retention tells what is still held, and until when.
func retention(c *Case, s *said) {
	if r := c.Report; r != nil && len(r.Places) > 0 {
		newest := time.Time{}
		for i := range r.Records {
			if at := r.Records[i].ExpiresAt(); at.After(newest) {
				newest = at
			}
		}
		if !newest.IsZero() {
			words := "for " + span(newest.Sub(c.Now)) + " more"
			if !newest.After(c.Now) {
				words = "and its time ended " + span(c.Now.Sub(newest)) + " ago"
			}
			s.add(Note, fmt.Sprintf("Its contents are held in %s, %s.", counted(len(r.Places), "place"), words), keyRef(r.Places[0].Key, "expires_at "+newest.UTC().Format(time.RFC3339)))
		}
	}
	if h := c.Held; h != nil && !h.Expires.IsZero() {
		s.add(Note, fmt.Sprintf("It ends as denied in %s; its record stays %s after that.", span(h.Expires.Sub(c.Now)), span(c.Life)), entryRef(h.SHA, "expires_at"))
	}
}
