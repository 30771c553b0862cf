package demo

import (
	"math"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
)

// A tide is how busy the whole swarm is at a time: about 1, breathing between
// a lull of a tenth and a spring tide of twice as much.
type tide func(t float64) float64

func newTide(seed uint64) tide {
	d := newDice(seed, "tide")
	slow, quick, lull := d.Float64()*20, d.Float64()*20, 200+60*d.Float64()
	return func(t float64) float64 {
		level := 1 + 0.5*math.Sin(wave(t+slow, 150)) + 0.25*math.Sin(wave(t+quick, 43))
		// A lull of some fifteen seconds, with soft edges.
		if edge := math.Abs(modulo(t, lull) - 110); edge < 12 {
			level *= max(0.08, (edge-6)/6)
		}
		return max(level, 0.08)
	}
}

// A flow is one queue with those who send to it and the consumer that takes
// from it. The consumer takes what is over the curve, so that the depth
// follows the curve; the flow keeps count, so that nothing need be asked.
type flow struct {
	name  string
	cargo func(*actor) packet.Value
	rate  float64       // packets a second at mean tide
	tick  time.Duration // between two batches
	curve curve
	plain bool // schema 1.0: no chain of custody
}

// A curve is how deep a queue is left by its consumer at a time, in seconds.
type curve func(t float64) float64

var flows = []flow{
	// Its consumer stops for 95 s: stuck after a minute.
	{name: "council", cargo: councilCargo, rate: 22, tick: time.Second, curve: stalls(hovers(36, 3, 31), 235, 95, 231)},
	{name: "matrix", cargo: matrixCargo, rate: 45, tick: time.Second, plain: true, curve: hovers(58, 5, 24)},
	{name: "ems-dispatch", cargo: emsCargo, rate: 16, tick: time.Second, curve: swells(40, 820, 150, 45, 40, 35)},
	{name: "integrated-or", cargo: theatreCargo, rate: 9, tick: time.Second, curve: hovers(40, 3, 60)},
	{name: "ng911-psap", cargo: callCargo, rate: 12, tick: time.Second, curve: swells(6, 210, 70, 60, 50, 90)},
	{name: "robotics", cargo: robotCargo, rate: 18, tick: time.Second, plain: true, curve: hovers(14, 3, 17)},
	// A vertical in which few acts a minute are allowed.
	{name: "energy-grid", cargo: gridCargo, rate: 0.13, tick: 7500 * time.Millisecond, curve: swells(1, 12, 110, 4, 15, 40)},
	{name: "archive", cargo: archiveCargo, rate: 14, tick: time.Second, plain: true, curve: swells(0, 160, 35, 20, 75, 45)},
}

// hovers stays near a depth.
func hovers(mid, sway, period float64) curve {
	return func(t float64) float64 { return mid + sway*math.Sin(wave(t, period)) }
}

// swells rises from low to high, falls, and rests at low, again and again;
// shift is how far into it the play opens. All but depths are seconds.
func swells(low, high, rise, fall, rest, shift float64) curve {
	return func(t float64) float64 {
		switch t = modulo(t+shift, rise+fall+rest); {
		case t < rise:
			return low + (high-low)*t/rise
		case t < rise+fall:
			return high - (high-low)*(t-rise)/fall
		}
		return low
	}
}

// stalls is a curve whose consumer takes nothing at all for a while at the
// begin of every period, and then takes the rest of it to come back.
func stalls(c curve, every, lasts, shift float64) curve {
	return func(t float64) float64 {
		if modulo(t+shift, every) < lasts {
			return math.Inf(1)
		}
		return c(t)
	}
}

// catchUp is the largest share of what is too much that a consumer takes in
// a second, so that long queues drain and do not drop.
const catchUp = 0.06

// play makes the opening and the scene of a flow.
func (f flow) play(c cast, tide tide) (opening, scene func(*actor)) {
	depth := 0
	key := keyspace.Queue(f.name)
	send := func(a *actor, wait time.Duration, n int) {
		packets := make([]packet.Packet, n)
		for i := range packets {
			packets[i] = a.packet(pick(a.dice, c.workers).ID, f.cargo(a))
			if f.plain {
				packets[i].SchemaVersion = packet.Schema10
			}
		}
		a.after(wait, ship{dispatch.Destination{Key: key}, packets})
		depth += n
	}
	opening = func(a *actor) {
		send(a, 0, max(minOpening, min(int(f.curve(0)), maxOpening)))
		a.clock += a.between(0.5, 1.4)
	}
	scene = func(a *actor) {
		begin, at, tick := a.clock, a.clock.Seconds(), f.tick.Seconds()
		n, count := a.about(f.rate*tide(at)*tick), 0
		if over := float64(depth+n) - f.curve(at); over > 0 {
			count = min(int(over), n+max(2, int(over*catchUp*tick)))
		}
		if n > 0 {
			send(a, 0, n)
		}
		if count > 0 { // at once: a calm queue shall not flicker
			depth -= count
			a.after(5*time.Millisecond, take{key, "consumer_" + f.name, count, depth})
		}
		a.clock = begin + f.tick
		if n == 0 && count == 0 {
			a.after(0, rest{})
		}
	}
	return opening, scene
}

// The opening fills the queues, but not so much that it stands out as a spike
// of the throughput.
const (
	minOpening = 6
	maxOpening = 36
)

func wave(t, period float64) float64 { return 2 * math.Pi * t / period }

func modulo(t, period float64) float64 { return t - period*math.Floor(t/period) }
