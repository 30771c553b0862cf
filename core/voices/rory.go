package voices

import (
	"fmt"
	"math"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
)

var roryRules = []rule{
	{Rory, "memory", ofSwarm, memoryForecast},
	{Rory, "batching", []Kind{OfSwarm, OfQueue}, batching},
	{Rory, "format", []Kind{OfSwarm, OfQueue}, formats},
	{Rory, "lives", []Kind{OfSwarm, OfQueue}, lives},
	{Rory, "rejections", ofSwarm, rejections},
	{Rory, "littles law", ofQueue, littlesLaw},
	{Rory, "takers", ofSwarm, takers},
	{Rory, "contexts", ofSwarm, duplicateContexts},
	{Rory, "carcel", ofSwarm, carcelWeight},
	{Rory, "packet's size", []Kind{OfPacket, OfDecision}, packetFormat},
	{Rory, "packet's wait", []Kind{OfPacket, OfDecision}, packetWait},
	{Rory, "entry's kind", []Kind{OfEntry}, entryKind},
	{Rory, "agent's load", ofAgent, agentLoad},
	{Rory, "task's wait", ofTask, taskWait},
}

// littlesLaw tells what a queue's depth means in waiting time, and how many
// times today's takers it needs.
func littlesLaw(c *Case, s *said) {
	q := c.queue()
	if q == nil || q.Depth == 0 {
		return
	}
	in, _ := arrivals(c, q)
	out := in - q.Net
	ref := keyRef(q.Key, fmt.Sprintf("depth %s, net %s/s", count(q.Depth), signed("%+.1f", q.Net)))
	switch {
	case in == 0 && q.Net == 0:
		s.add(Unknown, "Nothing came and nothing went in the record, so no waiting time is known.", ref)
	case out <= 0.01:
		s.add(Watch, fmt.Sprintf("%s arrive and none are taken: no waiting time is long enough.", rate(in)), ref)
	default:
		wait := time.Duration(float64(q.Depth) / out * float64(time.Second))
		text := fmt.Sprintf("By Little's law the newest of %s waits %s at %s taken.", count(q.Depth), span(wait), rate(out))
		if in > out*1.05 {
			s.add(Watch, fmt.Sprintf("%s %s arrive: %.1f times today's takers would keep level.", text, rate(in), in/out), ref)
			return
		}
		s.add(Note, text, ref)
	}
}

// arrivals is how many packets a second came to a queue by the newest records,
// and over what time.
func arrivals(c *Case, q *watch.Queue) (perSecond float64, over time.Duration) {
	if len(c.Records) == 0 {
		return max(q.Net, 0), 0
	}
	from := c.Now.Add(-time.Minute)
	if first := c.Records[0].At(); first.After(from) {
		from = first
	}
	n := 0
	for i := range c.Records {
		r := &c.Records[i]
		if e := r.Event(); (e == "dispatched" || e == "released" || e == swarm.PostedEvent) && r.Get("key") == q.Key && r.At().After(from) {
			n += r.Count()
		}
	}
	over = max(c.Now.Sub(from), time.Second)
	return max(float64(n)/over.Seconds(), q.Net), over
}

// takers compares what arrives in task queues with the agents that are there.
func takers(c *Case, s *said) {
	live, busy := 0, 0
	for i := range c.Snap.Agents {
		if a := &c.Snap.Agents[i]; a.State == watch.Alive {
			live++
			if len(a.Claims) > 0 {
				busy++
			}
		}
	}
	waiting := c.Snap.Tasks.Waiting
	if live == 0 {
		return
	}
	ref := figureRef("agents", fmt.Sprintf("%d live, %d with a claim; %d tasks wait", live, busy, waiting))
	switch idle := live - busy; {
	case waiting > 0 && idle == 0:
		s.add(Watch, fmt.Sprintf("%s, all with a task, and %s more wait: %.1f tasks for each agent.", counted(live, "live agent"), count(waiting), float64(waiting)/float64(live)), ref)
	case waiting > int64(10*live):
		s.add(Watch, fmt.Sprintf("%s wait for %s, %s of them without a task: they do not claim what waits.", counted(waiting, "task"), counted(live, "live agent"), count(idle)), ref)
	default:
		s.add(Note, fmt.Sprintf("%s of %s hold a task; %s wait.", count(busy), counted(live, "live agent"), count(waiting)), ref)
	}
}

// rejections reads the carcel as a sensor: what is refused most, and whether
// it is more than usual.
func rejections(c *Case, s *said) {
	t := c.Snap.Carcel.Table
	if t == nil || len(t.Entries) == 0 {
		return
	}
	stats := t.Stats(c.Now)
	top := stats.Reasons[0]
	sha := entryWith(t, top.Name)
	ref := entryRef(sha, "one of "+count(top.N))
	text := fmt.Sprintf("%s of %s held (%s) are of one kind: %s.", count(top.N), count(stats.Total), percent(float64(top.N)/float64(stats.Total)), or(top.Name, "no reason"))
	if top.N == 1 {
		text = fmt.Sprintf("%s held, no two of one kind.", count(stats.Total))
	}
	s.add(Note, text, ref).
		offer(Look, Subject{OfEntry, sha}, "look at one")
	last, before, hours := stats.Last24[23].N, 0, 0
	for _, h := range stats.Last24[:23] {
		if before += h.N; before > 0 {
			hours++
		}
	}
	if hours == 0 {
		return
	}
	// Counts of what comes by itself scatter by their square root.
	usual := float64(before) / float64(hours)
	if float64(last) > usual+3*math.Sqrt(usual)+1 {
		s.add(Watch, fmt.Sprintf("%s held this hour; %.1f an hour in the %s before.", count(last), usual, counted(hours, "hour")), keyRef(keyspace.Main.DeadLetters(), count(stats.Total)+" slots"))
	}
}

// entryWith is an entry of the kind of reason that Stats names.
func entryWith(t *carcel.Table, reason string) string {
	for _, e := range t.Entries {
		if carcel.StatsOf([]*carcel.Entry{e}, e.At).Reasons[0].Name == reason {
			return e.SHA
		}
	}
	return t.Entries[0].SHA
}

func entryKind(c *Case, s *said) {
	t := c.Snap.Carcel.Table
	if t == nil || c.Held == nil {
		return
	}
	same := 0
	for _, e := range t.Entries {
		if e.Guardian == c.Held.Guardian && e.Rule == c.Held.Rule && (e.Rule != "" || e.Reason == c.Held.Reason) {
			same++
		}
	}
	ref := entryRef(c.Held.SHA, or(c.Held.Guardian+"/"+c.Held.Rule, c.Held.Reason))
	s.add(Note, fmt.Sprintf("%s of %s held are of this kind (%s).", count(same), count(len(t.Entries)), percent(float64(same)/float64(max(len(t.Entries), 1)))), ref)
	if c.Held.Replays > 0 {
		s.add(Watch, fmt.Sprintf("It came back %s: replaying it again costs the same and settles nothing; edit it, or change the policy.", counted(c.Held.Replays, "time")), ref)
	}
}

// duplicateContexts finds texts that several agents keep a copy of.
func duplicateContexts(c *Case, s *said) {
	type copies struct {
		n, size int64
		agent   string
	}
	by, order := map[string]*copies{}, []string{}
	for _, x := range c.Contexts {
		if x.Version == "" {
			continue
		}
		if by[x.Version] == nil {
			by[x.Version] = &copies{agent: x.Agent, size: x.Size}
			order = append(order, x.Version)
		}
		by[x.Version].n++
	}
	extra, saved, first := int64(0), int64(0), ""
	for _, v := range order {
		if k := by[v]; k.n > 1 {
			extra, saved = extra+k.n-1, saved+(k.n-1)*k.size
			first = or(first, k.agent)
		}
	}
	switch {
	case extra > 0:
		s.add(Note, fmt.Sprintf("%s of %s %s of another: %s would be saved by sharing one key.", count(extra), counted(len(c.Contexts), "shared context"), verb(extra, "is a copy", "are copies"), size(float64(saved))), keyRef(keyspace.AgentContext(first), "the same version")).
			offer(Look, Subject{OfAgent, first}, "look at the first")
	case len(c.Contexts) > 1:
		s.add(Well, fmt.Sprintf("%s, none a copy of another.", counted(len(c.Contexts), "shared context")), keyRef(keyspace.AgentContext(c.Contexts[0].Agent), "version"))
	}
}

func carcelWeight(c *Case, s *said) {
	t := c.Snap.Carcel.Table
	used := c.Snap.Server.UsedMemory
	if t == nil || used == 0 {
		return
	}
	total := 0
	for _, e := range t.Entries {
		total += e.Size
	}
	if share := float64(total) / float64(used); share > 0.1 {
		s.add(Watch, fmt.Sprintf("The carcel holds %s, %s of what Redis uses.", size(float64(total)), percent(share)), keyRef(keyspace.Main.DeadLetters(), count(len(t.Entries))+" entries"))
	}
}

func agentLoad(c *Case, s *said) {
	a := c.agent(c.Subject.ID)
	if a == nil {
		return
	}
	if a.Capacity > 0 {
		share := float64(a.Context) / float64(a.Capacity)
		severity := Note
		if share > 0.8 {
			severity = Watch
		}
		s.add(severity, fmt.Sprintf("Its context takes %s of the %s that it says it can take (%s).", size(float64(a.Context)), size(float64(a.Capacity)), percent(share)), keyRef(keyspace.AgentContext(a.ID), "bytes"))
	}
	total, live := 0, 0
	for i := range c.Snap.Agents {
		if b := &c.Snap.Agents[i]; b.Role == a.Role && b.State == watch.Alive {
			live, total = live+1, total+len(b.Claims)
		}
	}
	if live > 0 {
		s.add(Note, fmt.Sprintf("It holds %s; live agents of role %s hold %.1f on average.", counted(len(a.Claims), "task"), or(a.Role, "(none)"), float64(total)/float64(live)), agentRef(a.ID, "role "+a.Role))
	}
}

func taskWait(c *Case, s *said) {
	t := c.Task
	if t == nil {
		return
	}
	at, err := time.Parse(time.RFC3339, t.PostedAt)
	if err != nil || t.State == swarm.Completed {
		return
	}
	s.add(Note, fmt.Sprintf("It was posted %s ago; %s wait in all queues.", span(c.Now.Sub(at)), counted(c.Snap.Tasks.Waiting, "task")), keyRef(keyspace.TaskMeta(t.ID), "posted_at "+t.PostedAt))
}
