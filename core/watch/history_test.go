package watch

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// noon is the begin of a cell.
var noon = time.Date(2025, 12, 2, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second)))
}

func TestAHistoryKnowsWhatItSawAndNothingElse(t *testing.T) {
	var d depths
	for i, v := range d.recent() {
		if !math.IsNaN(v) {
			t.Errorf("before the first word cell %d is %v", i, v)
		}
	}
	if d.peak() != 0 {
		t.Errorf("peak = %v", d.peak())
	}
	d.put(at(0), 10)
	d.put(at(3), 12)  // the same cell: the last word counts
	d.put(at(12), 20) // the cell between keeps what was there
	d.put(at(21), 5)
	want := []float64{12, 12, 20, 20, 5}
	recent := d.recent()
	for i, v := range recent {
		k := i - (HistoryCells - len(want))
		if k < 0 && !math.IsNaN(v) || k >= 0 && v != want[k] {
			t.Errorf("history = %v", recent)
			break
		}
	}
	if d.peak() != 20 {
		t.Errorf("peak = %v", d.peak())
	}
}

func TestAHistoryOfLongSilenceIsWhatItWas(t *testing.T) {
	for _, gap := range []float64{599, 600, 605, 3600, 86400 * 30} {
		var d depths
		d.put(at(0), 7)
		d.put(at(gap), 9)
		recent := d.recent()
		if recent[HistoryCells-1] != 9 || recent[HistoryCells-2] != 7 || recent[0] != 7 || d.peak() != 9 {
			t.Errorf("after %v s: %v, peak %v", gap, recent, d.peak())
		}
	}
}

func TestAHistoryForgetsAPeakAfterTenMinutes(t *testing.T) {
	var d depths
	d.put(at(0), 1000)
	d.put(at(5), 1)
	d.put(at(594), 1)
	if d.peak() != 1000 {
		t.Errorf("peak = %v within ten minutes", d.peak())
	}
	d.put(at(601), 1)
	if d.peak() != 1 {
		t.Errorf("peak = %v after ten minutes", d.peak())
	}
}

func TestAClockThatGoesBackDoesNoHarm(t *testing.T) {
	var d depths
	d.put(at(100), 5)
	d.put(at(20), 6)
	d.put(at(105), 7)
	if r := d.recent(); r[HistoryCells-1] != 7 {
		t.Errorf("history = %v", r)
	}
	var c counter
	c.know(at(100))
	c.know(at(50))
	c.add(at(50), 1)
	c.know(at(102))
	if _, seconds := c.seconds(); len(seconds) != 2 {
		t.Errorf("seconds = %v", seconds)
	}
}

func TestTheNetRateIsPerSecond(t *testing.T) {
	var d depths
	if _, known := d.net(at(0), 5); known {
		t.Error("a rate is known before anything was seen")
	}
	for s := range 31 {
		d.put(at(float64(s)), int64(s)*4)
	}
	if rate, known := d.net(at(30), 120); !known || math.Abs(rate-4) > 1 {
		t.Errorf("rate = %v, %v", rate, known)
	}
	for s := 31; s < 60; s++ {
		d.put(at(float64(s)), 120)
	}
	if rate, known := d.net(at(59), 120); !known || rate != 0 {
		t.Errorf("rate = %v, %v", rate, known)
	}
}

func TestACounterTellsZeroFromNotKnown(t *testing.T) {
	var c counter
	if _, seconds := c.seconds(); seconds != nil {
		t.Errorf("before the first word: %v", seconds)
	}
	c.know(at(10))
	c.add(at(10), 3)
	c.add(at(10.9), 1)
	c.know(at(12))
	c.miss(at(15)) // away
	c.know(at(17))
	c.add(at(16), 2)
	from, seconds := c.seconds()
	want := []float64{4, 0, 0, math.NaN(), math.NaN(), math.NaN(), 2}
	if !from.Equal(at(10)) || fmt.Sprint(seconds) != fmt.Sprint(want) {
		t.Errorf("from %v: %v, want %v", from, seconds, want)
	}
	if mean := c.mean(60); mean != 6.0/4 {
		t.Errorf("mean = %v", mean)
	}
	c.add(at(9), 5) // before anything was known
	if _, after := c.seconds(); fmt.Sprint(after) != fmt.Sprint(seconds) {
		t.Errorf("the unknown past was counted: %v", after)
	}
	c.since(at(5)) // a record tells it now
	c.add(at(9), 5)
	if from, after := c.seconds(); !from.Equal(at(5)) || after[4] != 5 || after[0] != 0 {
		t.Errorf("from %v: %v", from, after)
	}
}

func TestACounterReachesTenMinutesBack(t *testing.T) {
	var c counter
	c.know(at(0))
	for s := range 2000 {
		c.know(at(float64(s)))
		c.add(at(float64(s)), 1)
	}
	from, seconds := c.seconds()
	if len(seconds) != ThroughputSpan-1 || !from.Equal(at(2000-ThroughputSpan)) || c.mean(60) != 1 {
		t.Errorf("%d seconds from %v, mean %v", len(seconds), from, c.mean(60))
	}
	c.know(at(10_000))
	if _, seconds := c.seconds(); len(seconds) != 0 {
		t.Errorf("after a long pause: %v", seconds)
	}
}

func TestAQueueIsJudgedByWhatItDoes(t *testing.T) {
	run := func(depth func(s int) int64, takes func(s int) bool, seconds int) Queue {
		m := newModel("test")
		q := m.queue("queue:q", keyspace.PacketQueue)
		q.Type = keyspace.TypeList
		front := uint64(1)
		for s := range seconds {
			if takes(s) {
				front++
			}
			m.seeDepth(q, depth(s), front, time.Time{}, at(float64(s)))
		}
		return m.buildQueues(at(float64(seconds)))[0]
	}
	always := func(int) bool { return true }
	never := func(int) bool { return false }
	cases := []struct {
		name    string
		depth   func(s int) int64
		takes   func(s int) bool
		seconds int
		want    QueueState
	}{
		{"nothing in it", func(int) int64 { return 0 }, never, 100, Empty},
		{"goes up", func(s int) int64 { return int64(s) * 10 }, always, 50, Growing},
		{"goes down", func(s int) int64 { return 1000 - int64(s)*10 }, always, 50, Draining},
		{"stays", func(s int) int64 { return 100 + int64(s%3) }, always, 50, Steady},
		{"nothing is taken for a minute", func(int) int64 { return 5 }, never, 70, Stuck},
		{"nothing is taken for half a minute", func(int) int64 { return 5 }, never, 30, Steady},
		{"it only grows, and nothing is taken", func(s int) int64 { return int64(s) + 1 }, never, 70, Stuck},
		{"taken and refilled", func(int) int64 { return 5 }, always, 200, Steady},
	}
	for _, c := range cases {
		if q := run(c.depth, c.takes, c.seconds); q.State != c.want {
			t.Errorf("%s: %s, want %s (history %v, net %v)", c.name, q.State, c.want, q.History, q.Net)
		}
	}
}

func TestAnAgentIsLateThenSilent(t *testing.T) {
	a := &agent{beat: at(0), beatTTL: 100 * time.Second}
	for seconds, want := range map[float64]AgentState{0: Alive, 39: Alive, 41: Late, 99: Late, 101: Silent} {
		if got := stateOf(a, at(seconds)); got != want {
			t.Errorf("after %v s: %s, want %s", seconds, got, want)
		}
	}
	if got := stateOf(&agent{}, at(0)); got != Silent {
		t.Errorf("never heard of: %s", got)
	}
}

func TestQueuesStandInTheOrderOfNeed(t *testing.T) {
	now := at(0)
	long, just := now.Add(-time.Minute), now.Add(-time.Second)
	order := []Queue{
		{Key: "w", State: WrongType, Changed: long}, {Key: "s", State: Stuck, Changed: long}, {Key: "g", State: Growing, Changed: long},
		{Key: "b", State: Steady, Changed: just}, {Key: "c", State: Empty, Changed: just},
		{Key: "a", State: Steady, Changed: long}, {Key: "d", State: Draining, Changed: long}, {Key: "e", State: Empty, Changed: long},
	}
	for i := range order {
		for j := range order {
			if got := before(&order[i], &order[j], now); got != (i < j) {
				t.Errorf("%s before %s: %v", order[i].Key, order[j].Key, got)
			}
		}
	}
}

// sketch names a tree: each agent with its level, and a mark for orphans.
func sketch(agents []Agent) (out string) {
	for _, a := range agents {
		out += fmt.Sprint(a.Level, a.ID)
		if a.Orphan {
			out += "!"
		}
		out += " "
	}
	return out
}

func TestAgentsMakeATree(t *testing.T) {
	cases := []struct {
		name    string
		parents map[string]string
		want    string
	}{
		{"nobody", nil, ""},
		{"roots by name", map[string]string{"b": "", "a": "", "c": ""}, "0a 0b 0c "},
		{"children below their parents", map[string]string{"a": "", "b": "", "a1": "a", "a2": "a", "a11": "a1", "b1": "b"}, "0a 1a1 2a11 1a2 0b 1b1 "},
		{"an orphan is a root", map[string]string{"a": "", "x": "gone", "x1": "x"}, "0a 0x! 1x1 "},
		{"its own parent", map[string]string{"a": "a"}, "0a! "},
		{"a ring", map[string]string{"r1": "r2", "r2": "r1", "a": ""}, "0a 0r1! 0r2! "},
		{"a ring with a child", map[string]string{"r1": "r3", "r2": "r1", "r3": "r2", "s": "r1"}, "0r1! 0r2! 0r3! 0s! "},
	}
	for _, c := range cases {
		for range 20 { // maps have no order
			all := map[string]*Agent{}
			for id, parent := range c.parents {
				all[id] = &Agent{ID: id, Parent: parent, State: Alive}
			}
			if got := sketch(tree(all)); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
				break
			}
		}
	}
	for range 50 {
		all := map[string]*Agent{
			"p": {ID: "p", State: Alive}, "o": {ID: "o", Parent: "gone", State: Silent}, "q": {ID: "q", State: Silent}, "r": {ID: "r", Parent: "gone", State: Late},
			"c1": {ID: "c1", Parent: "p", State: Alive}, "c2": {ID: "c2", Parent: "p", State: Silent}, "c3": {ID: "c3", Parent: "p", State: Late},
		}
		if got, want := sketch(tree(all)), "0o! 0p 1c2 1c3 1c1 0q 0r! "; got != want {
			t.Fatalf("by need: %s, want %s", got, want)
		}
	}
	deep := map[string]*Agent{"0": {ID: "0"}}
	for i := 1; i < 20_000; i++ {
		deep[fmt.Sprint(i)] = &Agent{ID: fmt.Sprint(i), Parent: fmt.Sprint(i - 1)}
	}
	if out := tree(deep); len(out) != 20_000 || out[19_999].Level != 19_999 {
		t.Errorf("a deep tree: %d agents", len(out))
	}
}

func TestFlagsAreMergedNotReplaced(t *testing.T) {
	for have, want := range map[string]string{
		"": neededFlags, "KEA": "", "AKE": "", "AE": "K", "Ex": "Kg$lshze", "K": "g$lshzxe", "Kg$lshzxe": "", "Kg$lshzxetmn": "", "Km": "g$lshzxe",
	} {
		if got := MissingFlags(have); got != want {
			t.Errorf("to %q is added %q, want %q", have, got, want)
		}
	}
}

func TestTheDirtySetIsBounded(t *testing.T) {
	d := newDirtySet()
	for i := range 3 * maxDirty {
		d.add(fmt.Sprint("queue:", i), "rpush")
		if len(d.keys) > maxDirty {
			t.Fatalf("%d keys are kept", len(d.keys))
		}
	}
	for range 10 * maxSaid {
		d.say("channel:x", string(make([]byte, 10*maxSaidSize)))
	}
	d.add(string(make([]byte, maxKeyLen+1)), "set")
	_, overflow, told := d.drain()
	if !overflow || len(told.said) != maxSaid || len(told.said[0].Detail) > maxSaidSize || told.events != 3*maxDirty+10*maxSaid {
		t.Errorf("overflow %v, %d said, %d events", overflow, len(told.said), told.events)
	}
	if keys, overflow, told := d.drain(); overflow || len(keys) > 0 || told.events > 0 || len(told.said) > 0 {
		t.Error("a drain left something behind")
	}
}

func TestAnEventThatMayChangeATypeIsNotForgotten(t *testing.T) {
	d := newDirtySet()
	for _, event := range []string{"rpush", "del", "rpush"} {
		d.add("queue:a", event)
	}
	d.add("queue:b", "rpush")
	keys, _, _ := d.drain()
	if retype, there := keys["queue:a"]; !there || !retype {
		t.Error("a del was forgotten")
	}
	if retype, there := keys["queue:b"]; !there || retype {
		t.Error("a push asks for the type again")
	}
}

func TestPausesBetweenTriesGrowToTheBackoff(t *testing.T) {
	o := Options{}.withDefaults()
	last := time.Duration(0)
	for attempt := 1; attempt < 100; attempt++ {
		pause := o.pause(attempt)
		if pause < last || pause <= 0 || pause > 8*time.Second {
			t.Fatalf("try %d after %v", attempt, pause)
		}
		last = pause
	}
	if o.pause(1) != time.Second/2 || last != 8*time.Second {
		t.Errorf("from %v to %v", o.pause(1), last)
	}
}

func TestTheActivityAndTheMarksAreBounded(t *testing.T) {
	m := newModel("test")
	for i := range 10 * maxEvents {
		m.record(redis.XMessage{ID: fmt.Sprint(i+1, "-0"), Values: map[string]any{"event": "held", "ts": fmt.Sprint(i + 1)}})
		m.setLink(Link{State: Away})
		m.setLink(Link{State: Live})
	}
	s := m.build(&Snapshot{})
	if len(s.Activity) != maxEvents || len(s.Throughput.Marks) != maxMarks || cap(m.activity) > 2*maxEvents || len(m.marks) > maxMarks {
		t.Errorf("%d events (room for %d), %d marks", len(s.Activity), cap(m.activity), len(s.Throughput.Marks))
	}
	if m.ledger != 10*maxEvents {
		t.Errorf("ledger = %d", m.ledger)
	}
	for i := 1; i < len(m.activity); i++ {
		if m.activity[i].Seq != m.activity[i-1].Seq+1 {
			t.Fatal("the events are not numbered one by one")
		}
	}
}
