package ui

import (
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/views"
)

// figures are those of a thousand values between two durations.
func figures(scale meter.Scale, from, to time.Duration) meter.Figures {
	s := meter.NewSpread(100, int64(time.Hour), scale)
	for i := range 1000 {
		s.Note(int64(from)+int64(to-from)*int64(i)*int64(i)/1_000_000, 1)
	}
	return s.Figures()
}

// busy is how long a process and a swarm take that have much to do.
func busy() engine.Performance {
	p := engine.Performance{
		Written: figures(lineage.WaitScale, time.Millisecond, 3*time.Millisecond),
		Queued:  figures(lineage.WaitScale, 40*time.Millisecond, 22*time.Second),
	}
	for s, from := range [meter.Stages]time.Duration{350, 210, 5_200, 95_000, 104_000} {
		p.Stages[s] = figures(meter.LatencyScale, from, 9*from)
	}
	sizes := meter.NewSpread(1, 4096, lineage.BatchScale)
	for i := range int64(200) {
		sizes.Note(1+i*i/20, 1)
	}
	p.Batches = sizes.Figures()
	return p
}

func TestThePerformanceLooksAsItShould(t *testing.T) {
	c := open(t, richPicture()).size(80, 24).press("L")
	golden(t, "performance-80x24", c.plain())
	golden(t, "performance-140x42", c.size(140, 42).plain())
	c.shared.Measured = func() engine.Performance { return engine.Performance{} }
	c.now = c.now.Add(2 * time.Second)
	golden(t, "performance-nothing-140x42", c.tell(views.Go{Screen: "screen.activity"}).plain())
}

func TestTheFiguresAreReadOnceASecond(t *testing.T) {
	c := open(t, richPicture()).size(140, 42)
	read := 0
	c.shared.Measured = func() engine.Performance { read++; return busy() }
	for range 5 {
		c.press("9")
	}
	if read != 1 {
		t.Errorf("they were read %d times in one second, want once", read)
	}
	c.now = c.now.Add(time.Second)
	if c.press("9"); read != 2 {
		t.Errorf("a second later they were read %d times in all, want 2", read)
	}
	if c.press("1", "2", "3"); read != 2 {
		t.Error("they were read where nobody sees them")
	}
}
