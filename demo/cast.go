package demo

import (
	"time"

	"github.com/infrafabric/ifpacket/core/swarm"
)

// cast is who plays: three coordinators and their workers. Sub-agents that
// workers spawn come and go, and are made by the scenes.
type cast struct {
	coordinators []swarm.Agent
	workers      []swarm.Agent

	truant swarm.Agent // a worker that falls silent now and then, and comes back
	tardy  swarm.Agent // a worker whose heartbeats are late
	busy   swarm.Agent // a coordinator that is late when it has much to do
}

// bosses are the coordinators, and how many workers each has.
var bosses = []struct {
	role, model string
	workers     int
}{
	{"sonnet_coordinator", "sonnet", 9},
	{"sonnet_coordinator", "sonnet", 5},
	{"opus_secretariat", "opus", 0},
}

func newCast(seed uint64) cast {
	d := newDice(seed, "cast")
	taken := map[string]bool{}
	id := func(role string, digits int) string {
		for {
			if id := role + "_" + d.hex(digits); !taken[id] {
				taken[id] = true
				return id
			}
		}
	}
	var c cast
	for _, b := range bosses {
		boss := swarm.Agent{
			ID: id(b.role, 4), Role: b.role, Capacity: 200_000, BeatTTL: 60 * time.Second,
			Metadata: map[string]any{"model": b.model},
		}
		c.coordinators = append(c.coordinators, boss)
		for range b.workers {
			c.workers = append(c.workers, swarm.Agent{
				ID: id(workerRole, 4), Role: workerRole, Parent: boss.ID, Capacity: 100_000,
				BeatTTL:  time.Duration(30+5*d.IntN(4)) * time.Second,
				Metadata: map[string]any{"model": "haiku", "skills": pick(d, skills)},
			})
		}
	}
	c.busy = c.coordinators[1]
	c.truant = c.workers[d.IntN(bosses[0].workers)]
	c.tardy = c.workers[bosses[0].workers+d.IntN(bosses[1].workers)]
	return c
}

var skills = []string{"routing", "triage", "forecast", "summaries", "search"}

// punctual are the workers on whom one can count. They are the crew: they work
// on the runtime for workers, and not by the script.
func (c cast) punctual() (out []swarm.Agent) {
	for _, w := range c.workers {
		if c.counted(w) {
			out = append(out, w)
		}
	}
	return out
}

// counted reports whether an agent is a worker on whom one can count.
func (c cast) counted(a swarm.Agent) bool {
	return a.Role == workerRole && a.ID != c.truant.ID && a.ID != c.tardy.ID
}

// workerRole is what all workers are.
const workerRole = "haiku_worker"

// absences are spells that come again and again in which an agent neither
// works nor gives a sign of life.
type absences struct{ every, last, shift time.Duration }

// The truant is away when the play opens, so that a visitor soon sees an
// agent fall silent, and come back.
var truancy = absences{every: 210 * time.Second, last: 85 * time.Second, shift: 37 * time.Second}

// back is when the absence ends in which t falls; ok is false in none.
func (a absences) back(t time.Duration) (end time.Duration, ok bool) {
	if a.every == 0 {
		return 0, false
	}
	into := (t + a.shift) % a.every
	return t - into + a.last, into < a.last
}
