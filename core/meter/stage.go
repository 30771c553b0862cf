package meter

import "time"

// Stage is one of the stages that a packet passes while it is dispatched.
type Stage uint8

// The stages, in their order; the last is all of them together.
const (
	Validate Stage = iota // the way, the schema, the action
	Council               // the verdict
	Seal                  // the key, the lineage, the signature, the encoding
	Redis                 // the round trip that writes it
	Dispatch              // from the call to the receipt; of a batch from the flush
	Stages
)

// String is the stage's name.
func (s Stage) String() string {
	return [...]string{"validate", "council", "seal", "redis", "dispatch"}[s]
}

// LatencyScale is how latencies are drawn: three cells a decade from 1 µs to
// 10 s, which take 21.
var LatencyScale = Scale{From: int64(time.Microsecond), Step: 2.154434690031884, Cells: 21}

// Meter has the latencies of what a process dispatches, in nanoseconds. It is
// safe for use by many goroutines, and by several engines at once; a nil Meter
// measures nothing.
type Meter struct{ stages [Stages]*Spread }

// New makes a meter.
func New() *Meter {
	m := &Meter{}
	for i := range m.stages {
		m.stages[i] = NewSpread(100, int64(time.Minute), LatencyScale)
	}
	return m
}

// Of is the spread of one stage.
func (m *Meter) Of(s Stage) *Spread { return m.stages[s] }

// Laps times one dispatch stage by stage. A nil Laps does nothing.
type Laps struct {
	meter *Meter
	begun time.Time
	last  time.Time
	took  [Stages]time.Duration
}

// Begin starts the laps of a dispatch; nil where nothing is measured.
func (m *Meter) Begin() *Laps {
	if m == nil {
		return nil
	}
	now := time.Now()
	return &Laps{meter: m, begun: now, last: now}
}

// Lap says that what was done since the last lap belongs to a stage.
func (l *Laps) Lap(s Stage) {
	if l == nil {
		return
	}
	now := time.Now()
	l.took[s] += now.Sub(l.last)
	l.last = now
}

// Note records stages that n packets passed together, for each of them, and
// begins to time these stages anew.
func (l *Laps) Note(n int, stages ...Stage) {
	if l == nil || n == 0 {
		return
	}
	for _, s := range stages {
		took := l.took[s]
		if s == Dispatch {
			took = l.last.Sub(l.begun)
		}
		l.took[s] = 0
		l.meter.stages[s].note(l.last, l.last, int64(took), int64(n))
	}
}
