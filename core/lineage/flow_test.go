package lineage

import (
	"strconv"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/meter"
)

// past is a ledger of the last minute, as it might stand on a server whose
// clock is some hours ahead.
func past(now time.Time, ahead time.Duration) *pages {
	p := &pages{}
	at := func(ago time.Duration) string {
		return strconv.FormatInt(now.Add(ahead-ago).UnixMilli(), 10)
	}
	one := func(event string, n int, ago time.Duration) {
		p.write("event", event, "tracking_id", number(n).String(), "key", "queue:a", "operation", "rpush", "packet_digest", digits(n), "ts", at(ago))
	}
	p.dispatchedMany(at(time.Hour), 70, 71) // before the window
	one(ledger.Dispatched, 1, 60*time.Second)
	p.dispatchedMany(at(50*time.Second), 2, 3, 4)
	one(ledger.Held, 9, 45*time.Second)
	one(ledger.Blocked, 10, 44*time.Second)
	one(ledger.Held, 11, 43*time.Second)
	one(ledger.Approved, 9, 40*time.Second)
	p.collectedAt(at(30*time.Second), 1, 2, 70) // 30 s, 20 s, most of an hour
	one(ledger.Released, 9, 25*time.Second)     // 20 s
	one(ledger.Denied, 11, 3*time.Second)       // 40 s
	p.collectedAt(at(10*time.Second), 3, 9)     // 40 s; and 15 s after its release
	return p
}

func (p *pages) dispatchedMany(ts string, list ...int) {
	p.several("dispatched", ts, list)
}

func (p *pages) collectedAt(ts string, list ...int) { p.several("collected", ts, list) }

func (p *pages) several(event, ts string, list []int) {
	packed := ""
	for _, n := range list {
		id := number(n)
		packed += string(id[:])
	}
	p.write("event", event, "ids", packed, "count", strconv.Itoa(len(list)), "key", "queue:a", "operation", "rpush", "ts", ts)
}

// near reports whether a figure is a number of seconds, within 1 %.
func near(found int64, seconds float64) bool {
	off := float64(found)/(seconds*1e9) - 1
	return off > -0.011 && off < 0.011
}

// taken reads pages into a flow, forwards from the first record or back from
// the last.
func taken(t *testing.T, p *pages, skew time.Duration, back bool) *Flow {
	t.Helper()
	f := newFlow()
	s := stream{Flow: f, index: NewIndex(p), skew: func() time.Duration { return skew }, held: map[ledger.ID]time.Time{}}
	if !back {
		whole := p.list
		p.list = whole[:1]
		if _, err := s.index.Forward(t.Context(), 0, s.next); err != nil {
			t.Fatal(err)
		}
		p.list = whole
	}
	if _, err := s.index.Forward(t.Context(), 0, s.next); err != nil {
		t.Fatal(err)
	}
	if err := s.index.Back(t.Context(), always, s.before); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTheFlowTellsWaitsByTheLedgersTimes(t *testing.T) {
	now := time.Now()
	for _, skew := range []time.Duration{0, 5 * time.Hour} {
		f := taken(t, past(now, skew), skew, false)
		// 15, 20, 30, 40 s; and the one that was sent before the window, and
		// taken within it.
		if q := f.Queued.Figures(); q.Count != 5 || !near(q.P50, 30) || !near(q.Max, 3570) {
			t.Errorf("ahead by %v: queued %+v", skew, q)
		}
		if h := f.Held.Figures(); h.Count != 2 || !near(h.P50, 20) || !near(h.Max, 40) {
			t.Errorf("ahead by %v: held %+v", skew, h)
		}
		if b := f.Batches.Figures(); b.Count != 2 || b.Cells[0] != 1 || b.Cells[1] != 1 || b.Max != 3 {
			t.Errorf("ahead by %v: batches %+v", skew, b)
		}
	}
}

func TestTheFlowKnowsThePastThatIsReadBackwards(t *testing.T) {
	f := taken(t, past(time.Now(), 0), 0, true)
	// What was sent before the window is left out when it is read backwards, and
	// so is the stay in the carcel of what was collected since.
	if q := f.Queued.Figures(); q.Count != 3 || !near(q.P50, 30) || !near(q.Max, 40) {
		t.Errorf("queued %+v", q)
	}
	if h := f.Held.Figures(); h.Count != 1 || !near(h.Max, 40) {
		t.Errorf("held %+v", h)
	}
	if b := f.Batches.Figures(); b.Count != 2 || b.Max != 3 {
		t.Errorf("batches %+v", b)
	}
}

func TestASendersClockThatIsWrongTellsNothing(t *testing.T) {
	f, now := newFlow(), time.Now()
	f.wrote(now.Add(-20*time.Millisecond), now)
	f.wrote(now.Add(10*time.Millisecond), now) // a little ahead: it was at once
	f.wrote(now.Add(2*time.Hour), now)         // another zone
	f.wrote(now.Add(-2*time.Hour), now)
	f.wrote(time.Time{}, now)
	if w := f.Written.Figures(); w.Count != 2 || !near(w.Max, 0.020) || w.Cells[0] != 1 {
		t.Errorf("written %+v", w)
	}
}

func TestTheTotalsOfAFlowAreForMonitoring(t *testing.T) {
	f := taken(t, past(time.Now(), 0), 0, false)
	all := f.Queued.Totals([]float64{float64(25 * time.Second), float64(time.Minute), float64(meter.Window)})
	if all.Count != 5 || all.Up[0] != 2 || all.Up[1] != 4 || all.Up[2] != 4 {
		t.Errorf("%+v", all)
	}
}
