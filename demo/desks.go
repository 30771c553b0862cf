package demo

import (
	"fmt"

	"github.com/infrafabric/ifpacket/core/swarm"
)

// A desk posts tasks to one queue, with a surge now and then.
type desk struct {
	queue        string
	types        []string
	rate         float64 // tasks a second
	waiting      int     // tasks that wait when the play opens
	every, surge float64 // seconds: a surge comes every so often and lasts so long
	shift        float64 // seconds into the first such period at the opening
}

// Together the workers can do about 1.3 tasks a second, so that the desks
// outrun them only in a surge.
var desks = []desk{
	{"review", []string{"review.packet", "review.route"}, 0.20, 22, 190, 50, 150},
	{"search", []string{"search.context", "search.archive"}, 0.28, 41, 150, 30, 90},
	{"summarise", []string{"summarise.thread", "summarise.shift"}, 0.22, 17, 230, 40, 60},
	{"index", []string{"index.context"}, 0.10, 5, 300, 20, 100},
}

func (d desk) opening(c cast) func(*actor) {
	return func(a *actor) { a.after(0, post{d.tasks(a, c, d.waiting)}) }
}

func (d desk) scene(c cast) func(*actor) {
	return func(a *actor) {
		rate := d.rate
		if modulo(a.clock.Seconds()+d.shift, d.every) > d.every-d.surge {
			rate *= 3.5
		}
		a.after(seconds(a.ExpFloat64()/rate), post{d.tasks(a, c, 1)})
	}
}

func (d desk) tasks(a *actor, c cast, n int) []swarm.Task {
	tasks := make([]swarm.Task, n)
	for i := range tasks {
		tasks[i] = swarm.Task{
			ID: "task_" + a.hex(12), Queue: d.queue, Type: pick(a.dice, d.types),
			Data:     fmt.Sprintf(`{"subject": %q, "items": %d}`, pick(a.dice, subjects), 1+a.IntN(40)),
			PostedBy: pick(a.dice, c.coordinators).ID, Priority: 1 + a.IntN(9),
		}
	}
	return tasks
}
