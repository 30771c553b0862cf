package views

import (
	"fmt"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/watch"
)

// manyHeld are entries as an index makes them: texts that are alike are one.
func manyHeld(n int) []*carcel.Entry {
	primitives := []string{"matrix.route", "resource.allocate", "process.kill", "signal.broadcast"}
	verticals := []string{"energy-grid", "drones", "nuclear-power", "general"}
	reasons := []string{"Rate limit of 5 a minute", "Entropy 0.91 is above 0.80", "no pid"}
	out := make([]*carcel.Entry, n)
	for i := range out {
		e := &carcel.Entry{
			SHA: fmt.Sprintf("%064x", i+1), TrackingID: fmt.Sprintf("550e8400-e29b-41d4-a716-%012x", i), Primitive: primitives[i%4], Vertical: verticals[i/3%4],
			Decision: governance.Blocked, Reason: reasons[i%3], Origin: "haiku_worker_41fe", Actor: "haiku_worker_41fe", Guardian: "operational", Rule: "vertical-rate",
			Key: "queue:council", Operation: "rpush", At: noon.Add(-time.Duration(i) * time.Second),
		}
		if i%20_000 == 777 {
			e.Decision, e.Required = governance.CoSign, 2
		}
		out[i] = e
	}
	return out
}

const held = 100_000

func manyScreen(b *testing.B) (*Carcel, []*carcel.Entry) {
	s := plainStage(b)
	entries := manyHeld(held)
	s.Snap.Carcel = watch.Carcel{Length: held, Table: carcel.NewTable(entries...)}
	c := NewCarcel(s)
	c.SetSize(140, 35)
	c.Refresh()
	c.View(true)
	return c, entries
}

func BenchmarkCarcelFrame(b *testing.B) {
	c, _ := manyScreen(b)
	c.Do("carcel.all")
	for b.Loop() {
		c.View(true)
	}
}

func BenchmarkCarcelKey(b *testing.B) {
	c, _ := manyScreen(b)
	for b.Loop() {
		c.Do("list.down")
	}
}

// BenchmarkCarcelPicture is a new picture with one more entry, a filter set
// and a hundred marks.
func BenchmarkCarcelPicture(b *testing.B) {
	c, entries := manyScreen(b)
	c.Do("list.filter")
	typed(c, "reason~rate")
	for range 100 {
		c.Do("list.mark")
	}
	tables := []*carcel.Table{carcel.NewTable(entries[1:]...), carcel.NewTable(entries...)}
	i := 0
	for b.Loop() {
		i++
		c.Snap.Carcel = watch.Carcel{Length: held, Table: tables[i%2]}
		c.Refresh()
	}
}

func BenchmarkCarcelFilterKey(b *testing.B) {
	for _, text := range []string{"q", "zzz", "reason~rate", "41d4-a716-00000001"} {
		b.Run(text, func(b *testing.B) {
			c, _ := manyScreen(b)
			for b.Loop() {
				c.held.list.query.SetValue(text)
				c.held.list.refilter()
			}
		})
	}
}
