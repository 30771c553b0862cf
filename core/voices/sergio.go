package voices

import (
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
)

var sergioRules = []rule{
	{Sergio, "link", ofSwarm, linkStands},
	{Sergio, "ledger refused", ofSwarm, ledgerRefused},
	{Sergio, "people", ofSwarm, peopleAwaited},
	{Sergio, "queues", ofSwarm, queuesMove},
	{Sergio, "agents", ofSwarm, agentsLive},
	{Sergio, "tasks lost", ofSwarm, tasksLost},
	{Sergio, "packets gone", ofSwarm, packetsGone},
	{Sergio, "flow", ofSwarm, flowNow},
	{Sergio, "unread", []Kind{OfPacket, OfDecision, OfEntry, OfTask}, couldNotRead},
	{Sergio, "stopped", ofPackets, whereItStopped},
	{Sergio, "here now", ofPackets, whereItIs},
	{Sergio, "created", ofPackets, stepCreated},
	{Sergio, "validated", ofPackets, stepValidated},
	{Sergio, "evaluated", ofPackets, stepEvaluated},
	{Sergio, "recorded", ofPackets, stepsRecorded},
	{Sergio, "queue", ofQueue, queueState},
	{Sergio, "agent", ofAgent, agentState},
	{Sergio, "agent's work", ofAgent, agentWork},
	{Sergio, "task", ofTask, taskState},
}

// couldNotRead tells why there is little to say.
func couldNotRead(c *Case, s *said) {
	if c.Unread != "" {
		s.add(Unknown, c.Unread, figureRef("question", c.Subject.String()))
	}
}

// whereItStopped answers why a packet did not go: at the council, at its own
// end, or not at all.
func whereItStopped(c *Case, s *said) {
	d, h := c.decision(), c.Held
	status, reason, given, required := governance.Status(""), "", 0, 0
	var ref Ref
	switch {
	case h != nil:
		status, reason, given, required = h.Decision, h.Reason, h.Given, h.Required
		ref = entryRef(h.SHA, "decision "+string(h.Decision))
	case d != nil && d.Status != governance.Approved && d.Outcome == nil:
		status, reason, given, required = d.Status, d.Reason, len(d.Approvals), d.Quorum.Approvals
		ref = decisionRef(d.TrackingID, "status "+string(d.Status))
	default:
		return
	}
	if required == 0 && d != nil { // an entry of another program
		required = d.Quorum.Approvals
	}
	on := c.Subject
	if h != nil {
		on = Subject{OfEntry, h.SHA}
	}
	switch {
	case status.Waits():
		left := ""
		if h != nil && !h.Expires.IsZero() {
			left = "; denied in " + span(h.Expires.Sub(c.Now)) + " if nobody signs"
		}
		s.add(Watch, fmt.Sprintf("It stopped at the council: %s, %d of %d signatures given%s.", status.Title(), given, required, left), ref).
			offer(Sign, on, "sign for it")
	case status == governance.Blocked:
		s.add(Wrong, "It stopped at the council: blocked. "+or(reason, "No reason is recorded."), ref).offer(Appeal, on, "put it before a person")
	case status == governance.Failed:
		s.add(Wrong, "It stopped at the council, which could not judge it: "+or(reason, "no reason is recorded")+".", ref).offer(Replay, on, "judge it again")
	case h != nil:
		s.add(Note, "It is held as "+or(string(status), "an entry without a decision")+". "+reason, ref).offer(Replay, on, "judge it again")
	}
}

// whereItIs tells the exact place in Redis, or what became of the packet.
func whereItIs(c *Case, s *said) {
	r := c.Report
	if r == nil {
		if h := c.Held; h != nil {
			s.add(Note, fmt.Sprintf("Now it lies in the carcel, %s, bound for %s by %s.", size(float64(h.Size)), or(h.Key, "no key"), or(h.Operation, "no operation")),
				keyRef(keyspace.Main.DeadLetters(), "entry "+h.ID()))
		}
		return
	}
	for i := range r.Places {
		p := r.Places[i]
		if i == 3 {
			s.add(Note, fmt.Sprintf("And it lies in %s more.", counted(len(r.Places)-i, "place")), keyRef(p.Key, p.Type))
			break
		}
		where := p.Key + ", a " + p.Type
		switch {
		case p.Slot >= 0:
			where += ", slot " + count(p.Slot)
		case p.Field != "":
			where += ", field " + p.Field
		}
		s.add(Note, fmt.Sprintf("Now it is in %s, %s.", where, size(float64(r.Bytes))), keyRef(p.Key, p.Type))
	}
	severity := Note
	switch r.Fate {
	case lineage.Here, lineage.Held, lineage.Binned:
		if len(r.Places) > 0 { // which has been told
			return
		}
	case lineage.Missing, lineage.Unlogged, lineage.Copied:
		severity = Wrong
	case lineage.Taken, lineage.Replaced:
		severity = Watch
	case lineage.Unknown:
		severity = Unknown
	}
	s.add(severity, fmt.Sprintf("It is %s: %s.", r.Fate, or(r.Why, "no record tells why")), packetRef(r.TrackingID, "fate "+string(r.Fate)))
}

func stepCreated(c *Case, s *said) {
	switch r := c.Report; {
	case r != nil && r.Found:
		at := r.Packet.DispatchedAt
		if t, err := r.Packet.Time(); err == nil {
			at = clock(t)
		}
		s.add(Note, fmt.Sprintf("%s created by %s, for %s.", at, or(r.Packet.Origin, "nobody named"), span(time.Duration(r.Packet.TTLSeconds)*time.Second)),
			packetRef(r.TrackingID, "dispatched_at "+r.Packet.DispatchedAt))
	case c.Held != nil && c.Held.Packet.DispatchedAt != "":
		s.add(Note, fmt.Sprintf("%s created by %s.", c.Held.Packet.DispatchedAt, or(c.Held.Origin, "nobody named")), entryRef(c.Held.SHA, "dispatched_at"))
	}
}

func stepValidated(c *Case, s *said) {
	if h := c.Held; h != nil && len(h.Faults) > 0 {
		f := h.Faults[0]
		s.add(Wrong, fmt.Sprintf("It is no whole entry: %s; the first is %s, where %s was expected.", counted(len(h.Faults), "fault"), f.Field, f.Expected), entryRef(h.SHA, f.Field))
		return
	}
	if r := c.Report; r != nil && r.Found && r.Verdict.Schema != "" {
		if r.Verdict.Schema == "valid" {
			s.add(Note, "Validated: it fits schema "+r.Packet.SchemaVersion+".", packetRef(r.TrackingID, "schema valid"))
		} else {
			s.add(Wrong, "It does not fit schema "+or(r.Packet.SchemaVersion, "that it names")+", so another program wrote it.", packetRef(r.TrackingID, "schema "+r.Verdict.Schema))
		}
	}
}

func stepEvaluated(c *Case, s *said) {
	d := c.decision()
	if d == nil {
		return
	}
	at := d.DecidedAt
	if t, err := time.Parse(time.RFC3339, d.DecidedAt); err == nil {
		at = clock(t)
	}
	who := ""
	if f := d.Verdict().Deciding(); f.Guardian != "" {
		who = " by " + f.Guardian + "/" + f.Rule
	}
	s.add(Note, fmt.Sprintf("%s evaluated: %s%s.", at, or(d.Status.Title(), "no status"), who), decisionRef(or(d.TrackingID, c.packetID()), "decided_at "+d.DecidedAt))
}

// recordWords are how an event of the ledger is told.
var recordWords = map[string]string{
	ledger.Dispatched: "written to", ledger.Held: "held, bound for", ledger.Blocked: "blocked, bound for", ledger.Approved: "approved for",
	ledger.Denied: "denied for", ledger.Appealed: "appealed, bound for", ledger.Released: "released to", ledger.Discarded: "discarded, bound for",
	ledger.Restored: "restored, bound for", ledger.Expired: "expired in", ledger.Collected: "collected from", ledger.Erased: "erased from",
}

// mostSteps is how many records of one packet are told; the newest are.
const mostSteps = 8

func stepsRecorded(c *Case, s *said) {
	if c.Report == nil {
		return
	}
	records := c.Report.Records
	if n := len(records); n > mostSteps {
		s.add(Note, fmt.Sprintf("%s came before these.", counted(n-mostSteps, "record")), recordRef(&records[0], c.Report.TrackingID))
		records = records[n-mostSteps:]
	}
	for i := range records {
		r := &records[i]
		text := fmt.Sprintf("%s %s %s", clock(r.At()), or(recordWords[r.Event()], r.Event()), or(r.Get("key"), "no key"))
		if who := r.Get("actor"); who != "" {
			text += " by " + who
		}
		s.add(Note, text+".", recordRef(r, c.Report.TrackingID))
	}
}

// sealedWell reports whether a verdict is as good as it gets.
func sealedWell(v seal.Verdict) bool { return v.Overall == seal.Verified }
