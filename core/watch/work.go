package watch

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
)

const (
	// StalledLeases and StalledAfter say from when on a task counts as held
	// without progress: when it was held for so many of its leases, and for so
	// long at the least. Whoever holds it must have extended it again and again.
	StalledLeases = 5
	StalledAfter  = 5 * time.Minute
	// RateSpan is over how long an agent's rate is counted, RateFrom from when
	// on one is told at all.
	RateSpan = 5 * time.Minute
	RateFrom = 30 * time.Second

	presetLease  = 60 * time.Second // of a claim that never ends by itself
	longestLease = 30 * 24 * time.Hour
	mostDone     = 500 // completions that are shown; up to twice as many are kept
	maxType      = 64  // bytes kept of a task's type
)

// Work is what the swarm has in its hands, and what it did lately.
type Work struct {
	Claims []Claim    // those of an agent together, the one held longest first
	Lost   []LostTask // by task
	Done   []Done     // newest first
}

// Claim is a task that somebody holds.
type Claim struct {
	Task, Queue, Type string // Queue and Type are "" where the task has no record
	Agent             string
	Token             int64         // 0 where it was claimed by a program that knows none
	Since             time.Time     // since when it is held, as far as is known
	Until             time.Time     // when the lease ends; zero when it never does
	Lease             time.Duration // how long one lasts, as far as is known
	Stalled           bool          // see StalledLeases
	Queued            bool          // it still stands in its queue, where it blocks others
}

// LostTask is a task that is in no queue, not claimed and not completed.
type LostTask struct {
	Task, Queue, Type string
	Lapsed            bool // its lease is over, and nobody has put it back yet
}

// Done is a task that was completed.
type Done struct {
	Task, Queue, Type, Agent string
	At                       time.Time // zero when not known
}

// task is what is kept of a task's record.
type task struct{ queue, kind string }

// claim is what is kept of a claim between two snapshots.
type claim struct {
	agent   string
	token   int64
	since   time.Time
	until   time.Time
	span    time.Duration
	stalled bool // as the last snapshot shows it
}

// lasts reports whether the claim is held far beyond its lease.
func (c *claim) lasts(now time.Time) bool {
	return now.Sub(c.since) >= max(StalledAfter, StalledLeases*c.span)
}

// tally counts what one agent completed, in cells of ten seconds.
type tally struct {
	last  time.Time // the last completion that is known of
	cells [rateCells]uint16
	cell  int64 // the newest cell, in tens of seconds since 1970
}

const (
	rateStep  = 10 * time.Second
	rateCells = int64(RateSpan / rateStep)
)

func (t *tally) advance(now time.Time) {
	cell := now.UnixNano() / int64(rateStep)
	for n := max(t.cell, cell-rateCells); n < cell; n++ {
		t.cells[(n+1)%rateCells] = 0
	}
	t.cell = max(t.cell, cell)
}

func (t *tally) add(now time.Time) {
	t.advance(now)
	if c := &t.cells[t.cell%rateCells]; *c < math.MaxUint16 {
		*c++
	}
	t.last = now
}

func (t *tally) sum() (n int) {
	for _, c := range t.cells {
		n += int(c)
	}
	return n
}

// hearing reports whether what is seen now has happened now: the picture was
// whole before.
func (m *model) hearing() bool { return m.link.State == Live || m.link.State == Polling }

func (m *model) seeTask(id, queue, kind string) {
	m.tasks[id] = task{queue, strings.Clone(kind[:min(len(kind), maxType)])}
	m.changed.agents = true
}

// seeClaim takes who holds a task. How long a lease lasts shows when it is
// extended; before that, it is taken to be as long as the claim can have
// lasted at most, so that nobody is slandered. When it was claimed is taken
// from the claim only where the console was not there: clocks differ, and some
// programs write local times.
func (m *model) seeClaim(id, value string, now time.Time) {
	var said struct {
		AgentID string `json:"agent_id"`
		Claimed string `json:"claimed_at"`
		Token   int64  `json:"token"`
	}
	_ = json.Unmarshal([]byte(value), &said)
	until := m.expires[keyspace.TaskClaimed(id)]
	old, there := m.claims[id]
	if there && old.agent == said.AgentID && old.token == said.Token {
		if ahead := until.Sub(old.until); ahead > time.Second || old.until.IsZero() != until.IsZero() {
			old.until, old.span = until, spanOf(until.Sub(now), until)
			m.beaten = true
		}
		return
	}
	m.changed.agents = true
	c := &claim{agent: said.AgentID, token: said.Token, since: now, until: until}
	if at, ok := zoned(said.Claimed); ok && !m.hearing() && m.local(at).Before(now) {
		c.since = m.local(at)
	}
	c.span = spanOf(until.Sub(c.since), until)
	m.claims[id] = c
}

func spanOf(span time.Duration, until time.Time) time.Duration {
	if until.IsZero() {
		return presetLease
	}
	return min(max(span, time.Second), longestLease)
}

// zoned reads a time that says in which zone it is.
func zoned(text string) (time.Time, bool) {
	_, clock, _ := strings.Cut(text, "T")
	if !strings.ContainsAny(clock, "Zz+-") {
		return time.Time{}, false
	}
	at, err := packet.ParseTime(text)
	return at, err == nil
}

// seeResult takes who completed a task, and when.
func (m *model) seeResult(id, by, when string, now time.Time) {
	m.completed[id] = true
	m.changed.agents = true
	d := Done{Task: id, Agent: by}
	at, ok := zoned(when)
	switch at = m.local(at); {
	case m.hearing():
		d.At = now
		m.tally(by).add(now)
	case ok && !at.After(now):
		d.At = at
		if t := m.tally(by); at.After(t.last) {
			t.last = at
		}
	}
	if len(m.done) >= 2*mostDone {
		m.sortDone()
		m.done = slices.Clone(m.done[:mostDone])
	}
	m.done = append(m.done, d)
}

func (m *model) sortDone() {
	slices.SortStableFunc(m.done, func(a, b Done) int { return b.At.Compare(a.At) })
}

func (m *model) tally(agent string) *tally {
	t := m.tallies[agent]
	if t == nil {
		t = &tally{}
		m.tallies[agent] = t
	}
	return t
}

// ageWork lets change what changes in the work by time alone.
func (m *model) ageWork(now time.Time) {
	kept := ""
	for id, c := range m.claims {
		if c.lasts(now) != c.stalled {
			m.changed.agents = true
		}
		if name := m.tasks[id].queue; name != kept { // most stand in a few queues
			m.keepQueue(name)
			kept = name
		}
	}
	for _, id := range m.lost {
		m.keepQueue(m.tasks[id].queue)
	}
	for agent, t := range m.tallies {
		before := t.cell
		if t.advance(now); t.cell != before && m.agents[agent] != nil {
			m.changed.agents = true // rates fall
		}
		if t.sum() == 0 && m.agents[agent] == nil {
			delete(m.tallies, agent)
		}
	}
}

// keepQueue keeps the queue of a task in the picture that stands in it no
// more: Redis removes a queue with the last task that waits.
func (m *model) keepQueue(name string) {
	if key := keyspace.TaskQueue(name); name != "" {
		q := m.queues[key]
		if q == nil {
			q = m.queue(key, keyspace.TaskWaiting)
			q.seen, q.Changed = true, time.Now()
		}
		q.busy = true
	}
}

// buildWork makes the picture of all work, and returns what each agent holds.
func (m *model) buildWork(now time.Time) (w Work, holds map[string][]Claim) {
	byAgent := make(map[string][]string, len(m.claims))
	for id, c := range m.claims {
		byAgent[c.agent] = append(byAgent[c.agent], id)
	}
	queued := make(map[string]bool, len(m.left))
	for _, id := range m.left {
		queued[id] = true
	}
	w.Claims = make([]Claim, 0, len(m.claims))
	holds = make(map[string][]Claim, len(byAgent))
	for agent := range byAgent {
		from := len(w.Claims)
		for _, id := range byAgent[agent] {
			c, t := m.claims[id], m.tasks[id]
			c.stalled = c.lasts(now)
			w.Claims = append(w.Claims, Claim{Task: id, Queue: t.queue, Type: t.kind, Agent: agent, Token: c.token,
				Since: c.since, Until: c.until, Lease: c.span, Stalled: c.stalled, Queued: queued[id]})
		}
		mine := w.Claims[from:len(w.Claims):len(w.Claims)]
		slices.SortFunc(mine, func(a, b Claim) int {
			if n := a.Since.Compare(b.Since); n != 0 {
				return n
			}
			return strings.Compare(a.Task, b.Task)
		})
		holds[agent] = mine
	}
	for _, id := range m.lost {
		t := m.tasks[id]
		w.Lost = append(w.Lost, LostTask{id, t.queue, t.kind, m.lapsed[id]})
	}
	slices.SortFunc(w.Lost, func(a, b LostTask) int { return strings.Compare(a.Task, b.Task) })
	m.sortDone()
	w.Done = slices.Clone(m.done[:min(len(m.done), mostDone)])
	for i := range w.Done {
		t := m.tasks[w.Done[i].Task]
		w.Done[i].Queue, w.Done[i].Type = t.queue, t.kind
	}
	return w, holds
}

// renewed are the claims and agents of the picture before, with newer
// heartbeats and leases: nothing else about them has changed.
func (m *model) renewed(last *Snapshot) ([]Claim, []Agent) {
	claims, agents := slices.Clone(last.Work.Claims), slices.Clone(last.Agents)
	holds := make(map[string][]Claim, len(claims))
	for from := 0; from < len(claims); { // those of an agent stand together
		to := from
		for ; to < len(claims) && claims[to].Agent == claims[from].Agent; to++ {
			if c := m.claims[claims[to].Task]; c != nil {
				claims[to].Until, claims[to].Lease = c.until, c.span
			}
		}
		holds[claims[from].Agent] = claims[from:to:to]
		from = to
	}
	for i := range agents {
		a := &agents[i]
		if len(a.Holds) > 0 {
			a.Holds = holds[a.ID]
		}
		if now := m.agents[a.ID]; now != nil {
			a.Beat, a.BeatTTL = now.beat, now.beatTTL
		}
	}
	return claims, agents
}

// labour fills in what an agent holds and how it gets on.
func (m *model) labour(a *Agent, holds []Claim, now time.Time) {
	a.Holds, a.Rate = holds, math.NaN()
	for i := range holds {
		a.Claims = append(a.Claims, holds[i].Task)
		if holds[i].Stalled {
			a.Stalled++
		}
	}
	slices.Sort(a.Claims)
	t := m.tallies[a.ID]
	if t != nil {
		a.Done = t.last
	}
	if known := min(now.Sub(m.link.Since), RateSpan); m.hearing() && known >= RateFrom {
		a.Rate = 0
		if t != nil {
			t.advance(now)
			a.Rate = float64(t.sum()) / known.Minutes()
		}
	}
	// It lives, and all that it holds it has held for long: unless it
	// completed something else meanwhile, it only looks alive.
	if a.State != Silent && a.Stalled > 0 && a.Stalled == len(holds) && now.Sub(a.Done) >= StalledAfter {
		a.State, a.Idle = NoProgress, holds[0].Since
		if a.Done.After(a.Idle) {
			a.Idle = a.Done
		}
	}
}
