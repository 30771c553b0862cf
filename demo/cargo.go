package demo

import (
	"fmt"
	"math"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
)

var (
	subjects = []string{"route 14 to depot", "ward handover", "feeder 12 load", "caller backlog", "night index", "drone corridor", "theatre plan"}
	findings = []string{"nothing unusual", "two routes free", "load within bounds", "one unit delayed", "needs a second look", "closed"}
	theatres = []string{"or-1", "or-2", "or-3", "or-4", "or-5", "icu-1", "icu-2", "pacu"}
	units    = []string{"ambulance-07", "ambulance-12", "ambulance-17", "ambulance-21", "engine-3", "heli-1"}
	nodes    = []string{"node-a1", "node-a2", "node-b1", "node-b2", "node-c1", "node-c2", "node-d1"}
	robots   = []string{"arm-1", "arm-2", "lift-4", "cart-9", "cart-11"}
	feeders  = []string{"feeder-3", "feeder-8", "feeder-12", "battery-2"}
	boards   = []string{"east", "west", "harbour", "old-town"}
)

// calm is an entropy that no guardian minds.
func (a *actor) calm() packet.Member { return a.entropy(0.02, 0.45) }

func (a *actor) entropy(low, high float64) packet.Member {
	e := math.Round((low+(high-low)*a.Float64())*100) / 100
	return packet.Member{Key: "entropy", Value: packet.FloatOf(e)}
}

func councilCargo(a *actor) packet.Value {
	return packet.ObjectOf(
		text("primitive", "context.share"), text("vertical", "general"), a.calm(),
		text("subject", pick(a.dice, subjects)), text("finding", pick(a.dice, findings)), number("confidence", 50+a.IntN(50)),
	)
}

func matrixCargo(a *actor) packet.Value {
	return packet.ObjectOf(
		text("primitive", "matrix.route"), text("vertical", "general"), a.calm(),
		text("source", pick(a.dice, nodes)), text("destination", pick(a.dice, nodes)), number("hops", 1+a.IntN(6)),
	)
}

func emsCargo(a *actor) packet.Value {
	return packet.ObjectOf(
		text("primitive", "resource.allocate"), text("vertical", "ems-dispatch"), a.calm(),
		text("resource_id", pick(a.dice, units)), number("amount", 1), text("board", pick(a.dice, boards)), number("priority", 1+a.IntN(5)),
	)
}

func theatreCargo(a *actor) packet.Value {
	return packet.ObjectOf(
		text("primitive", "matrix.route"), text("vertical", "integrated-or"), a.calm(),
		text("source", pick(a.dice, theatres)), text("destination", pick(a.dice, theatres)), text("note", pick(a.dice, findings)),
	)
}

func callCargo(a *actor) packet.Value {
	to := make([]packet.Value, 2+a.IntN(4))
	for i := range to {
		to[i] = packet.StringOf(pick(a.dice, units))
	}
	return packet.ObjectOf(
		text("primitive", "signal.broadcast"), text("vertical", "ng911-psap"), a.calm(),
		packet.Member{Key: "recipients", Value: packet.ArrayOf(to...)}, text("board", pick(a.dice, boards)), number("call", 10000+a.IntN(90000)),
	)
}

func robotCargo(a *actor) packet.Value {
	return packet.ObjectOf(
		text("primitive", "matrix.route"), text("vertical", "robotics"), a.calm(),
		text("source", pick(a.dice, robots)), text("destination", pick(a.dice, robots)), number("load_kg", 1+a.IntN(80)),
	)
}

func gridCargo(a *actor) packet.Value {
	return packet.ObjectOf(
		text("primitive", "resource.allocate"), text("vertical", "energy-grid"), a.calm(),
		text("resource_id", pick(a.dice, feeders)), number("amount", 50+a.IntN(800)), text("unit", "kW"),
	)
}

func archiveCargo(a *actor) packet.Value {
	return packet.ObjectOf(
		text("primitive", "context.share"), text("vertical", "general"), a.calm(),
		text("record", a.hex(12)), text("subject", pick(a.dice, subjects)),
	)
}

// A refusal is a packet that the council does not let pass.
type refusal struct {
	queue  string
	weight int // how often, among all
	cargo  func(*actor) []packet.Member
}

// Two thirds are blocked; the others wait for a person.
var refusals = []refusal{
	{"integrated-or", 5, func(a *actor) []packet.Member {
		return asking("process.kill", "integrated-or", a.calm(), text("reason", "hangs"))
	}},
	{"energy-grid", 5, func(a *actor) []packet.Member {
		return asking("resource.allocate", "energy-grid", a.calm(), text("resource_id", pick(a.dice, feeders)), number("amount", 10500+500*a.IntN(60)))
	}},
	{"matrix", 4, func(a *actor) []packet.Member {
		return asking("matrix.route", "general", a.calm(), text("source", pick(a.dice, nodes)))
	}},
	{"council", 1, func(*actor) []packet.Member { return nil }},
	{"ems-dispatch", 1, func(a *actor) []packet.Member {
		// Short names: the whole list is kept in the carcel.
		to := make([]packet.Value, 1001+a.IntN(900))
		for i := range to {
			to[i] = packet.IntOf(int64(i))
		}
		return asking("signal.broadcast", "ems-dispatch", a.calm(), packet.Member{Key: "recipients", Value: packet.ArrayOf(to...)})
	}},
	{"matrix", 2, func(a *actor) []packet.Member {
		return asking("logistics.spawn", "drones", a.entropy(0.61, 0.79), number("count", 2+a.IntN(6)), text("corridor", pick(a.dice, boards)))
	}},
	{"council", 2, func(a *actor) []packet.Member {
		return asking("context.share", "quantum", a.entropy(0.62, 0.95), text("subject", pick(a.dice, subjects)))
	}},
	{"council", 1, func(a *actor) []packet.Member {
		return asking("process.kill", "nuclear-power", a.calm(), number("pid", 300+a.IntN(30000)), text("reason", "no heartbeat"))
	}},
	{"archive", 1, func(a *actor) []packet.Member {
		return asking("packet.purge", "general", a.calm(), text("older_than", "30d"))
	}},
	{"robotics", 1, func(a *actor) []packet.Member {
		return asking("signal.terminate", "drones", a.calm(), number("unit", 1+a.IntN(40)))
	}},
}

func asking(primitive, vertical string, more ...packet.Member) []packet.Member {
	return append([]packet.Member{text("primitive", primitive), text("vertical", vertical)}, more...)
}

// firstTrouble is what lies in the carcel when the play opens: one of most.
func firstTrouble(c cast) func(*actor) {
	return func(a *actor) {
		for _, i := range []int{3, 2, 8, 1, 4, 5, 0, 7} {
			a.refused(c, 0, refusals[i])
		}
	}
}

// trouble is one refusal after another. They come slowly, since nothing
// empties the carcel but the visitor.
func trouble(c cast) func(*actor) {
	total := 0
	for _, r := range refusals {
		total += r.weight
	}
	return func(a *actor) {
		n := a.IntN(total)
		for _, r := range refusals {
			if n -= r.weight; n < 0 {
				a.refused(c, a.between(4.5, 8.5), r)
				return
			}
		}
	}
}

func (a *actor) refused(c cast, wait time.Duration, r refusal) {
	p := a.packet(pick(a.dice, c.workers).ID, packet.ObjectOf(r.cargo(a)...))
	if p.Contents.Len() > 0 {
		p.Contents = p.Contents.With("request", packet.StringOf(fmt.Sprint("req-", a.hex(6))))
	}
	a.after(wait, ship{dispatch.Destination{Key: keyspace.Queue(r.queue)}, []packet.Packet{p}})
}
