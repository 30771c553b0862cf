package voices

import (
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/lineage"
)

func councilSits(c *Case, s *said) {
	if c.Policy == (governance.Unanimous{}).Revision() {
		s.add(Watch, "No guardian sits: every packet that validates is approved.", figureRef("policy", "none"))
		return
	}
	if c.Policy != "" {
		s.add(Well, "Decisions cite policy "+c.Policy+".", figureRef("policy", c.Policy))
	}
}

// ledgerWhole tells whether the ledger goes back to its begin, and how much of
// it a signed checkpoint covers.
func ledgerWhole(c *Case, s *said) {
	l := c.Ledger
	key := keyspace.Main.Ledger()
	switch {
	case l == nil || l.Looked.IsZero():
		s.add(Unknown, "The ledger was not looked at yet.", keyRef(key, "not read"))
		return
	case l.Trouble != nil:
		s.add(Wrong, "The ledger proves nothing as it stands: "+l.Trouble.Error()+".", keyRef(keyspace.Main.Checkpoint(), "refused"))
		return
	case l.Position == 0:
		s.add(Note, "The ledger has no record yet.", keyRef(key, "length 0"))
		return
	}
	if l.First > 1 {
		s.add(Watch, fmt.Sprintf("Records 1 to %s are not in Redis: they were trimmed, and the export has to show them.", count(l.First-1)), keyRef(key, "first record "+count(l.First)))
	}
	open := l.Position - l.Sealed()
	switch {
	case l.Checkpoint == nil:
		s.add(Watch, fmt.Sprintf("No checkpoint is signed: %s could be rewritten unseen.", counted(l.Position-l.First+1, "record")), keyRef(keyspace.Main.Checkpoint(), "absent")).
			command("signs one", "ifpacket ledger checkpoint")
	case c.Now.Sub(l.Checkpoint.At) > time.Minute && open > 0:
		s.add(Watch, fmt.Sprintf("%s no checkpoint; the last is %s old.", counted(open, "record")+" "+verb(open, "has", "have"), span(c.Now.Sub(l.Checkpoint.At))), keyRef(keyspace.Main.Checkpoint(), "up to "+count(l.Sealed()))).
			command("signs one", "ifpacket ledger checkpoint")
	default:
		s.add(Well, fmt.Sprintf("%s, signed by %s up to %s.", counted(l.Position, "record"), or(l.Checkpoint.Name, "the log key"), count(l.Sealed())), keyRef(keyspace.Main.Checkpoint(), clock(l.Checkpoint.At)))
	}
}

func witnessed(c *Case, s *said) {
	if c.Ledger == nil || c.Ledger.Position == 0 || c.Ledger.Trouble != nil {
		return
	}
	if seen := c.Ledger.Seen; seen != nil {
		s.add(Well, fmt.Sprintf("This machine remembers a checkpoint over %s and would see a rewrite.", counted(seen.Last(), "record")), keyRef(keyspace.Main.Checkpoint(), "witness"))
	}
}

func deadlines(c *Case, s *said) {
	soon, first, sha := 0, time.Time{}, ""
	for _, e := range c.Snap.Carcel.Entries() {
		if e.Waits() && !e.Expires.IsZero() && e.Expires.Sub(c.Now) < time.Hour {
			if soon++; first.IsZero() || e.Expires.Before(first) {
				first, sha = e.Expires, e.SHA
			}
		}
	}
	if soon > 0 {
		s.add(Watch, fmt.Sprintf("%s as denied within 1h 00 unless somebody signs, the first in %s.", counted(soon, "packet")+" "+verb(soon, "ends", "end"), span(first.Sub(c.Now))), entryRef(sha, "expires_at")).
			offer(Sign, Subject{OfEntry, sha}, "sign for the first")
	}
}

func heldWithoutName(c *Case, s *said) {
	n, sha := 0, ""
	for _, e := range c.Snap.Carcel.Entries() {
		if e.TrackingID == "" {
			n, sha = n+1, e.SHA
		}
	}
	if n > 0 {
		s.add(Watch, fmt.Sprintf("%s of the carcel %s no tracking id: no decision can be kept on %s.", counted(n, "slot"), verb(n, "has", "have"), verb(n, "it", "them")), entryRef(sha, "tracking_id absent")).
			offer(Look, Subject{OfEntry, sha}, "look at one")
	}
}

// evictionLoses: a server that evicts drops evidence in silence.
func evictionLoses(c *Case, s *said) {
	if policy := c.Config["maxmemory-policy"]; policy != "" && policy != "noeviction" {
		s.add(Wrong, "At the memory limit Redis drops packets and decisions and tells nobody: maxmemory-policy is "+policy+".", serverRef("maxmemory-policy", policy)).
			command("keeps them", "CONFIG SET maxmemory-policy noeviction")
	}
}

func queueEnds(c *Case, s *said) {
	q := c.queue()
	if q == nil {
		return
	}
	if q.Expires.IsZero() {
		s.add(Note, "The key has no end; each packet ends by its own TTL.", keyRef(q.Key, "no TTL"))
		return
	}
	severity := Note
	if left := q.Expires.Sub(c.Now); left < 5*time.Minute && q.Depth > 0 {
		severity = Watch
	}
	s.add(severity, fmt.Sprintf("The whole key ends in %s, with %s in it.", span(q.Expires.Sub(c.Now)), counted(q.Depth, "value")), keyRef(q.Key, "TTL"))
}

// rowsOf are the packets of the feed that pass.
func (c *Case) rowsOf(pass func(*lineage.Row) bool) (rows []*lineage.Row) {
	if c.Picture == nil {
		return nil
	}
	for i := range c.Picture.Rows {
		if r := &c.Picture.Rows[i]; pass(r) {
			rows = append(rows, r)
		}
	}
	return rows
}

func proved(s *said, rows []*lineage.Row, what string) {
	if len(rows) == 0 {
		return
	}
	sealed, bare := 0, ""
	for _, r := range rows {
		if r.Verdict.Seals == seal.SealsValid {
			sealed++
		} else if bare == "" {
			bare = r.TrackingID
		}
	}
	if sealed == len(rows) {
		s.add(Well, fmt.Sprintf("%s %s looked at, all with a valid seal of their sender.", counted(len(rows), "packet"), what), packetRef(rows[len(rows)-1].TrackingID, "the newest"))
		return
	}
	s.add(Watch, fmt.Sprintf("%s of %s %s have no valid seal: their sender is a claim.", count(len(rows)-sealed), counted(len(rows), "packet"), what), packetRef(bare, "no valid seal")).
		offer(Trace, Subject{OfPacket, bare}, "trace the first")
}

func queueSenders(c *Case, s *said) {
	proved(s, c.rowsOf(func(r *lineage.Row) bool { return r.Key == c.Subject.ID }), "of this queue")
}

func agentProved(c *Case, s *said) {
	proved(s, c.rowsOf(func(r *lineage.Row) bool { return r.Origin == c.Subject.ID }), "of this agent")
}

func taskPoster(c *Case, s *said) {
	if t := c.Task; t != nil {
		s.add(Note, "Who posted it is a claim of "+or(t.PostedBy, "nobody named")+"; tasks carry no seal.", keyRef(keyspace.TaskMeta(t.ID), "posted_by "+t.PostedBy))
	}
}
