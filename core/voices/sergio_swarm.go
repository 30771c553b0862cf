package voices

import (
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
)

// mostNamed is how many of a kind get a sentence of their own.
const mostNamed = 3

func linkStands(c *Case, s *said) {
	l := c.Snap.Link
	switch l.State {
	case watch.Away:
		s.add(Wrong, fmt.Sprintf("Redis does not answer for %s: %s. This picture is that old.", span(c.Now.Sub(l.Since)), or(l.Reason, "no reason is known")),
			serverRef(c.Snap.Server.Address, "away"))
	case watch.Polling:
		if l.Reason != "one look" {
			s.add(Watch, "Notifications are off, so the picture is up to 1 s old: "+or(l.Reason, "no reason is known")+".", serverRef("notify-keyspace-events", "polling"))
		}
	}
}

func ledgerRefused(c *Case, s *said) {
	if c.Ledger != nil && c.Ledger.Trouble != nil {
		s.add(Wrong, "Nothing is dispatched: "+c.Ledger.Trouble.Error()+".", keyRef(keyspace.Main.Checkpoint(), "refused")).offer(Accept, Swarm, "look, then accept it")
	}
}

func peopleAwaited(c *Case, s *said) {
	n, since := c.Snap.Carcel.Waiting()
	if n == 0 {
		return
	}
	f := s.add(Watch, fmt.Sprintf("%s %s for a person, the oldest for %s.", counted(n, "packet"), verb(n, "waits", "wait"), span(c.Now.Sub(since))),
		keyRef(keyspace.Main.Pending(), count(n)+" waiting"))
	for _, e := range c.Snap.Carcel.Entries() {
		if e.Waits() && e.At.Equal(since) {
			f.evidence = append(f.evidence, entryRef(e.SHA, or(e.Primitive, "no primitive")+" from "+or(e.Actor, "nobody named")))
			f.offer(Sign, Subject{OfEntry, e.SHA}, "sign for the oldest")
			break
		}
	}
}

// queueSays is what is to be said of a queue in need.
func queueSays(c *Case, q *watch.Queue) (Severity, string) {
	oldest := ""
	if !q.Oldest.IsZero() {
		oldest = ", the oldest for " + span(c.Now.Sub(q.Oldest))
	}
	name := keyspace.Label(q.Key)
	switch q.State {
	case watch.WrongType:
		return Wrong, fmt.Sprintf("%s holds a %s where a %s belongs: what is dispatched to it is refused.", name, q.Type, q.Class.RedisType())
	case watch.Stuck:
		return Wrong, fmt.Sprintf("%s is stuck: %s %s%s, and none was taken for %s.", name, count(q.Depth), verb(q.Depth, "waits", "wait"), oldest, span(max(c.Now.Sub(q.Since), 0)+watch.StuckAfter))
	case watch.Growing:
		return Watch, fmt.Sprintf("%s grows by %s: %s wait%s.", name, rate(q.Net), count(q.Depth), oldest)
	}
	return Well, fmt.Sprintf("%s is %s: %s %s%s.", name, q.State, count(q.Depth), verb(q.Depth, "waits", "wait"), oldest)
}

func queueRef(q *watch.Queue) Ref {
	return keyRef(q.Key, fmt.Sprintf("%s, depth %s", or(q.Type, "no key"), count(q.Depth)))
}

func queuesMove(c *Case, s *said) {
	bad, told := 0, 0
	for i := range c.Snap.Queues {
		q := &c.Snap.Queues[i]
		if q.State > watch.Growing {
			continue
		}
		bad++
		if told < mostNamed {
			told++
			severity, text := queueSays(c, q)
			s.add(severity, text, queueRef(q)).offer(Look, Subject{OfQueue, q.Key}, "look into it")
		}
	}
	if bad > told {
		s.add(Watch, fmt.Sprintf("%s more %s stuck or growing.", counted(bad-told, "queue"), verb(bad-told, "is", "are")), figureRef("queues", count(bad)+" in need"))
	}
	if n := len(c.Snap.Queues); bad == 0 && n > 0 {
		s.add(Well, fmt.Sprintf("%s: none is stuck, none grows.", counted(n, "queue")), figureRef("queues", count(n)))
	}
}

func agentsLive(c *Case, s *said) {
	silent, late := 0, 0
	for i := range c.Snap.Agents {
		a := &c.Snap.Agents[i]
		switch a.State {
		case watch.Silent:
			if silent++; silent <= mostNamed {
				agentSays(c, a, s)
			}
		case watch.Late:
			late++
		}
	}
	if silent > mostNamed {
		s.add(Wrong, fmt.Sprintf("%s more %s silent.", counted(silent-mostNamed, "agent"), verb(silent-mostNamed, "is", "are")), figureRef("agents", count(silent)+" silent"))
	}
	if late > 0 {
		s.add(Watch, fmt.Sprintf("%s %s late: over 40 %% of the heartbeat's life is used.", counted(late, "agent"), verb(late, "is", "are")), figureRef("agents", count(late)+" late"))
	}
	if n := len(c.Snap.Agents); n > 0 && silent+late == 0 {
		s.add(Well, fmt.Sprintf("%s, all live.", counted(n, "agent")), figureRef("agents", count(n)+" live"))
	}
}

// agentSays tells how an agent lives, and what it holds meanwhile.
func agentSays(c *Case, a *watch.Agent, s *said) {
	beat := "was never heard"
	if !a.Beat.IsZero() {
		beat = "was last heard " + span(c.Now.Sub(a.Beat)) + " ago"
	}
	ref := agentRef(a.ID, "heartbeat "+keyspace.Heartbeat(a.ID))
	on := Subject{OfAgent, a.ID}
	switch a.State {
	case watch.Silent:
		holds, act, words := "It holds no task.", Look, "look at it"
		if n := len(a.Claims); n > 0 {
			act, words = Requeue, "put its work back"
			holds = fmt.Sprintf("It holds %s, which nobody works on.", counted(n, "task"))
		}
		s.add(Wrong, fmt.Sprintf("%s is silent: it %s. %s", a.ID, beat, holds), ref).offer(act, on, words)
	case watch.Late:
		s.add(Watch, fmt.Sprintf("%s is late: it %s, and a heartbeat lasts %s.", a.ID, beat, span(a.BeatTTL)), ref).offer(Look, on, "look at it")
	default:
		s.add(Well, fmt.Sprintf("%s lives: it %s.", a.ID, beat), ref)
	}
}

func agentState(c *Case, s *said) {
	a := c.agent(c.Subject.ID)
	if a == nil {
		s.add(Unknown, c.Subject.ID+" is not registered.", agentRef(c.Subject.ID, "no agents:* key"))
		return
	}
	agentSays(c, a, s)
	if a.Orphan {
		s.add(Watch, "Its parent "+or(a.Parent, "(none)")+" is not registered.", agentRef(a.ID, "parent "+a.Parent))
	}
}

func agentWork(c *Case, s *said) {
	a := c.agent(c.Subject.ID)
	if a == nil {
		return
	}
	if n := len(a.Claims); n > 0 {
		s.add(Note, fmt.Sprintf("It holds %s: %s.", counted(n, "task"), strings.Join(a.Claims[:min(n, 3)], ", ")), keyRef(keyspace.TaskClaimed(a.Claims[0]), "claimed"))
	}
	if a.Inbox > 0 {
		s.add(Note, fmt.Sprintf("%s %s in its inbox.", counted(a.Inbox, "message"), verb(a.Inbox, "waits", "wait")), keyRef(keyspace.Messages(a.ID), "length "+count(a.Inbox))).
			offer(Look, Subject{OfQueue, keyspace.Messages(a.ID)}, "look into it")
	}
	n, last := 0, time.Time{}
	for i := range c.Records {
		if r := &c.Records[i]; r.Get("actor") == a.ID {
			n, last = n+1, r.At()
		}
	}
	if n > 0 {
		s.add(Note, fmt.Sprintf("%s of the newest %s name it, the last at %s.", counted(n, "record"), count(len(c.Records)), clock(last)), keyRef(keyspace.Main.Ledger(), "actor "+a.ID))
	}
}

func tasksLost(c *Case, s *said) {
	t := c.Snap.Tasks
	if t.Lost > 0 {
		s.add(Wrong, fmt.Sprintf("%s lost: neither waiting nor claimed nor completed.", counted(t.Lost, "task")+" "+verb(t.Lost, "is", "are")), figureRef("tasks", count(t.Lost)+" lost")).
			offer(Reap, Swarm, "mend the swarm")
	}
	if t.Waiting > 0 || t.Claimed > 0 {
		s.add(Note, fmt.Sprintf("%s %s, %s %s worked on.", counted(t.Waiting, "task"), verb(t.Waiting, "waits", "wait"), count(t.Claimed), verb(t.Claimed, "is", "are")),
			figureRef("tasks", fmt.Sprintf("%s waiting, %s claimed", count(t.Waiting), count(t.Claimed))))
	}
}

// packetsGone tells what the reconciler could not find.
func packetsGone(c *Case, s *said) {
	if c.Picture == nil || c.Picture.Census.At.IsZero() {
		return
	}
	census := c.Picture.Census
	if n := census.Fates[lineage.Missing]; n > 0 {
		f := s.add(Wrong, fmt.Sprintf("%s missing: dispatched, and nowhere before %s end.", counted(n, "packet")+" "+verb(n, "is", "are"), verb(n, "its", "their")), figureRef("census", count(n)+" missing"))
		for i := range census.Suspects {
			if r := &census.Suspects[i]; r.Fate == lineage.Missing {
				f.evidence = append(f.evidence, packetRef(r.TrackingID, "should be in "+r.Key))
				f.offer(Trace, Subject{OfPacket, r.TrackingID}, "trace the first")
				break
			}
		}
	}
}

func flowNow(c *Case, s *said) {
	sum, n := 0.0, 0
	for _, v := range c.Snap.Throughput.Dispatched {
		if v == v {
			sum, n = sum+v, n+1
		}
	}
	if n > 0 {
		s.add(Note, fmt.Sprintf("%s dispatched over %s; %s held and %s refused over the last minute.",
			rate(sum/float64(n)), span(time.Duration(n)*time.Second), rate(c.Snap.Throughput.Held), rate(c.Snap.Throughput.Refused)), keyRef(keyspace.Main.Ledger(), "last record "+count(c.Snap.Ledger)))
	}
}

func queueState(c *Case, s *said) {
	q := c.queue()
	if q == nil {
		s.add(Unknown, keyspace.Label(c.Subject.ID)+" holds nothing, and the console saw no values there.", keyRef(c.Subject.ID, "no such key"))
		return
	}
	severity, text := queueSays(c, q)
	s.add(severity, text, queueRef(q)).offer(Look, Subject{OfQueue, q.Key}, "look into it")
	in, out, last := 0, 0, time.Time{}
	for i := range c.Records {
		r := &c.Records[i]
		if r.Get("key") != q.Key {
			continue
		}
		switch r.Event() {
		case "dispatched", "released":
			in += r.Count()
		case "collected", "expired":
			out += r.Count()
			last = r.At()
		}
	}
	if in+out > 0 {
		text := fmt.Sprintf("The newest %s have %s in and %s out", counted(len(c.Records), "record"), count(in), count(out))
		if !last.IsZero() {
			text += ", the last at " + clock(last)
		}
		s.add(Note, text+".", keyRef(keyspace.Main.Ledger(), "key "+q.Key))
	}
	if len(q.Faults) > 0 {
		s.add(Watch, fmt.Sprintf("Its head is no whole packet: %s, where %s was expected.", q.Faults[0].Field, q.Faults[0].Expected), keyRef(q.Key, q.Faults[0].Field))
	}
}

func taskState(c *Case, s *said) {
	t := c.Task
	if t == nil {
		return
	}
	meta := keyRef(keyspace.TaskMeta(t.ID), "posted_at "+t.PostedAt)
	queue := keyspace.TaskQueue(t.Queue)
	s.add(Note, fmt.Sprintf("%s posted by %s to %s, priority %d.", or(t.PostedAt, "At no time told"), or(t.PostedBy, "nobody named"), or(t.Queue, "no queue"), t.Priority), meta)
	if t.Attempts > 0 {
		s.add(Watch, fmt.Sprintf("It failed %s: %s.", counted(t.Attempts, "time"), or(t.LastError, "no error is told")), meta)
	}
	switch t.State {
	case swarm.Completed:
		s.add(Well, "It is completed by "+or(t.Agent, "nobody named")+", "+or(t.CompletedAt, "at no time told")+".", keyRef(keyspace.TaskCompleted(t.ID), "completed_at "+t.CompletedAt))
	case swarm.Claimed:
		ref := keyRef(keyspace.TaskClaimed(t.ID), "claimed by "+t.Agent)
		lease := ""
		if t.Left > 0 {
			lease = "; the lease ends in " + span(t.Left)
		}
		if a := c.agent(t.Agent); a != nil && a.State == watch.Alive {
			s.add(Well, t.Agent+" works on it, and lives"+lease+".", ref, agentRef(a.ID, a.State.String()))
			return
		}
		s.add(Wrong, or(t.Agent, "Somebody unnamed")+" claimed it, and does not live"+lease+".", ref).offer(Look, Subject{OfAgent, t.Agent}, "look at the agent")
	case swarm.Waiting:
		s.add(Note, "It waits in "+queue+".", keyRef(queue, "member "+t.ID)).offer(Look, Subject{OfQueue, queue}, "look into the queue")
	case swarm.Resting:
		s.add(Note, "It comes back in "+span(t.Due.Sub(c.Now))+".", keyRef(keyspace.Delayed(t.Queue), "member "+t.ID))
	default:
		s.add(Wrong, "It is lost: neither waiting nor claimed nor completed.", meta).command("puts it back", "ifpacket task requeue "+shell(t.ID))
	}
}
