package watch

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// crew is a model whose picture stands, with one agent that lives.
func crew(agents ...string) (*model, time.Time) {
	m, now := newModel("test"), time.Now()
	m.link = Link{State: Live, Since: now}
	for _, id := range agents {
		m.sessions[id] = struct{}{}
		m.agents[id] = &agent{info: true, beat: now, beatTTL: 24 * time.Hour}
	}
	return m, now
}

// holds says that an agent holds a task until a time.
func (m *model) hold(agent, id, claimed string, now time.Time, left time.Duration) {
	m.expires[keyspace.TaskClaimed(id)] = now.Add(left)
	m.seeClaim(id, fmt.Sprintf(`{"agent_id":%q,"claimed_at":%q,"token":1}`, agent, claimed), now)
}

// see is an agent in the picture of a moment.
func (m *model) see(id string, now time.Time) Agent {
	_, holds := m.buildWork(now)
	for _, a := range m.buildAgents(now, holds) {
		if a.ID == id {
			return a
		}
	}
	return Agent{}
}

// extending holds a task from a moment on, as a worker that only gives
// heartbeats does.
func (m *model) extending(agent, id string, from time.Time, span, lease time.Duration) time.Time {
	now := from
	for ; now.Sub(from) < span; now = now.Add(lease / 3) {
		m.hold(agent, id, "", now, lease)
	}
	return now
}

func TestAnAgentThatOnlyExtendsItsLeaseMakesNoProgress(t *testing.T) {
	m, begin := crew("w")
	at := m.extending("w", "task_1", begin, 4*time.Minute, time.Minute)
	if a := m.see("w", at); a.State != Alive || a.Stalled != 0 {
		t.Errorf("after four minutes of a lease of one it is %v", a.State)
	}
	at = m.extending("w", "task_1", begin, 6*time.Minute, time.Minute)
	a := m.see("w", at)
	if a.State != NoProgress || a.Stalled != 1 || !a.Idle.Equal(begin) || a.Holds[0].Lease != time.Minute {
		t.Errorf("after six minutes it is %v, since %v, %+v", a.State, a.Idle, a.Holds)
	}
	m.seeResult("other", "w", "", at)
	if a := m.see("w", at); a.State != Alive || a.Stalled != 1 {
		t.Errorf("an agent that completed something just now is %v; its task stays marked: %d", a.State, a.Stalled)
	}
	if a := m.see("w", at.Add(StalledAfter)); a.State != NoProgress || !a.Idle.Equal(at) {
		t.Errorf("nothing was completed since, and it is %v, idle since %v", a.State, a.Idle)
	}
}

func TestAFreshTaskIsAFreshChance(t *testing.T) {
	m, begin := crew("w")
	at := m.extending("w", "task_1", begin, 10*time.Minute, time.Minute)
	m.hold("w", "task_2", "", at, time.Minute)
	if a := m.see("w", at); a.State != Alive || a.Stalled != 1 {
		t.Errorf("it has just taken another task, and is %v with %d stalled", a.State, a.Stalled)
	}
}

func TestALongLeaseIsNotHeldTooLong(t *testing.T) {
	m, begin := crew("w")
	m.hold("w", "task_1", "", begin, time.Hour)
	if a := m.see("w", begin.Add(59*time.Minute)); a.State != Alive {
		t.Errorf("within its first lease it is %v", a.State)
	}
	at := m.extending("w", "task_1", begin, 5*time.Hour, time.Hour)
	if a := m.see("w", at.Add(time.Minute)); a.State != NoProgress {
		t.Errorf("after five leases of an hour it is %v", a.State)
	}
}

// A console that opens in the middle of a lease does not know how long it is.
func TestNobodyIsSlanderedByAConsoleThatCameLate(t *testing.T) {
	m, now := crew("w")
	m.link.State = Connecting // the first reading
	claimed := now.Add(-50 * time.Minute).UTC().Format("2006-01-02T15:04:05.000000Z")
	m.hold("w", "task_1", claimed, now, 10*time.Minute)
	m.link.State = Live
	if a := m.see("w", now); a.State != Alive || a.Holds[0].Since.Sub(now.Add(-50*time.Minute)).Abs() > time.Second {
		t.Errorf("fifty minutes of a lease of an hour: %v, %+v", a.State, a.Holds)
	}
	m, now = crew("w")
	m.link.State = Connecting
	m.hold("w", "task_1", claimed, now, 2*time.Minute)
	m.link.State = Live
	if a := m.see("w", now); a.State != Alive {
		t.Errorf("it may be a lease of an hour all the same, and it is %v", a.State)
	}
	// Ten seconds later it is extended to three minutes: such are its leases.
	m.expires[keyspace.TaskClaimed("task_1")] = now.Add(10*time.Second + 3*time.Minute)
	m.seeClaim("task_1", `{"agent_id":"w","token":1}`, now.Add(10*time.Second))
	if a := m.see("w", now.Add(10*time.Second)); a.State != NoProgress {
		t.Errorf("fifty minutes of leases of three: %v, %+v", a.State, a.Holds)
	}
}

func TestTimesWithoutAZoneAndClocksThatAreWrongAreNotBelieved(t *testing.T) {
	for _, claimed := range []string{"2020-01-01T00:00:00.000123", "nonsense", ""} {
		m, now := crew("w")
		m.link.State = Connecting
		m.hold("w", "task_1", claimed, now, time.Minute)
		if a := m.see("w", now); a.State != Alive || !a.Holds[0].Since.Equal(now) {
			t.Errorf("%q: %v since %v", claimed, a.State, a.Holds[0].Since)
		}
	}
	m, now := crew("w") // it was seen to claim: its own clock does not matter
	m.hold("w", "task_1", "2020-01-01T00:00:00Z", now, time.Minute)
	if a := m.see("w", now); !a.Holds[0].Since.Equal(now) {
		t.Errorf("since %v", a.Holds[0].Since)
	}
}

func TestANewOwnerBeginsAnew(t *testing.T) {
	m, begin := crew("w", "v")
	at := m.extending("w", "task_1", begin, 10*time.Minute, time.Minute)
	m.hold("v", "task_1", "", at, time.Minute)
	if a := m.see("v", at); a.State != Alive || !a.Holds[0].Since.Equal(at) {
		t.Errorf("the new owner is %v since %v", a.State, a.Holds[0].Since)
	}
	if a := m.see("w", at); len(a.Holds) != 0 || a.State != Alive {
		t.Errorf("who holds nothing is %v", a.State)
	}
}

func TestTheRateIsCountedOverWhatWasHeard(t *testing.T) {
	m, begin := crew("w")
	if a := m.see("w", begin.Add(10*time.Second)); !math.IsNaN(a.Rate) {
		t.Errorf("after ten seconds the rate is %v", a.Rate)
	}
	for i := range 12 {
		m.seeResult(fmt.Sprint("task_", i), "w", "", begin.Add(time.Duration(i)*10*time.Second))
	}
	if a := m.see("w", begin.Add(2*time.Minute)); a.Rate != 6 {
		t.Errorf("twelve in two minutes are %v a minute", a.Rate)
	}
	if a := m.see("w", begin.Add(20*time.Minute)); a.Rate != 0 {
		t.Errorf("long after it is %v", a.Rate)
	}
	m.link.State = Away
	if a := m.see("w", begin.Add(2*time.Minute)); !math.IsNaN(a.Rate) {
		t.Errorf("while Redis is away the rate is %v", a.Rate)
	}
}

func TestTheNewestCompletionsAreKept(t *testing.T) {
	m, begin := crew("w")
	for i := range 3 * mostDone {
		m.seeResult(fmt.Sprint("task_", i), "w", "", begin.Add(time.Duration(i)*time.Millisecond))
	}
	w, _ := m.buildWork(begin)
	if len(w.Done) != mostDone || w.Done[0].Task != fmt.Sprint("task_", 3*mostDone-1) || len(m.done) > 2*mostDone {
		t.Errorf("%d are shown, the first being %v; %d are kept", len(w.Done), w.Done[0], len(m.done))
	}
}

func TestLongerLeasesAndHeartbeatsShowWithTheNextSecond(t *testing.T) {
	m, begin := crew("w")
	m.tasks["task_1"], m.tasks["task_2"] = task{"review", ""}, task{"review", ""}
	m.hold("w", "task_1", "", begin, time.Minute)
	m.hold("stranger", "task_2", "", begin, time.Minute)
	m.changed.agents = true
	before := m.build(&Snapshot{})
	later := begin.Add(20 * time.Second)
	m.hold("w", "task_1", "", later, time.Minute)
	m.seeHeartbeat("w", fmt.Sprintf("%f", float64(later.UnixNano())/1e9), time.Hour, later)
	if m.changed.agents {
		t.Error("ages have the whole tree made anew")
	}
	m.sample(time.Now())
	after := m.build(before)
	if after == nil || len(after.Agents) != 1 || len(after.Work.Claims) != 2 || after.Version.Agents == before.Version.Agents {
		t.Fatalf("the next picture is %+v", after)
	}
	a := after.Agents[0]
	if len(a.Holds) != 1 || !a.Holds[0].Until.Equal(later.Add(time.Minute)) || a.Beat.Sub(later).Abs() > time.Millisecond {
		t.Errorf("it shows a beat at %v and %+v", a.Beat, a.Holds)
	}
	if b := before.Agents[0]; !b.Holds[0].Until.Equal(begin.Add(time.Minute)) || !b.Beat.Equal(begin) {
		t.Error("the picture before has changed")
	}
}

// BenchmarkAges makes the picture of 10,000 agents of which nothing but ages
// has changed.
func BenchmarkAges(b *testing.B) {
	m := busy()
	m.changed.agents = true
	last := m.build(&Snapshot{})
	b.ReportAllocs()
	for b.Loop() {
		m.beaten = true
		m.sample(time.Now())
		last = m.build(last)
	}
}

// busy is a model of 10,000 agents that hold a task each.
func busy() *model {
	m, now := crew()
	for i := range 10_000 {
		id := fmt.Sprintf("haiku_worker_%04x", i)
		m.sessions[id] = struct{}{}
		m.agents[id] = &agent{info: true, parent: fmt.Sprintf("haiku_worker_%04x", i/100), beat: now, beatTTL: time.Minute}
		m.tasks["task_"+id] = task{"review", "summary"}
		m.hold(id, "task_"+id, "", now, time.Minute)
	}
	return m
}

// BenchmarkAgents makes the picture of 10,000 agents that hold a task each.
func BenchmarkAgents(b *testing.B) {
	m := busy()
	b.ReportAllocs()
	last := &Snapshot{}
	for b.Loop() {
		m.changed.agents = true
		last = m.build(last)
	}
}
