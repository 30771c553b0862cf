package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/infrafabric/ifpacket/core/swarm"
)

// Job is one task for a handler.
type Job struct {
	swarm.Task
	Agent   string // who does it
	Parent  string // whose sub-agent that is, "" for none
	Attempt int    // 1 for the first

	// Of a sub-worker: what its parent shares, "" where that is nothing or too
	// much, and its version.
	Context, ContextVersion string
}

// Handler does tasks.
type Handler interface {
	// Do does one task and gives its result, which is JSON; "" stands for {}.
	// An error is a failure of the task, which is tried again later. The
	// context ends when the lease is lost or the worker must stop; then what
	// Do returns does not count.
	Do(ctx context.Context, j Job) (result string, err error)
}

// Func is a function as a Handler.
type Func func(ctx context.Context, j Job) (string, error)

// Do calls the function.
func (f Func) Do(ctx context.Context, j Job) (string, error) { return f(ctx, j) }

// Options say how a worker works. Zeros take the presets.
type Options struct {
	Agent    swarm.Agent   // who it is; Role is needed
	Queues   []string      // from which it claims, in this order
	Parallel int           // tasks at once; 1
	Lease    time.Duration // how long a claim lasts without word from here; swarm.LeaseTime
	Retry    swarm.Retry   // of tasks that fail
	Keep     time.Duration // how long the records of finished tasks stay; for ever when 0
	Grace    time.Duration // how long tasks may run on when the worker is told to stop; 10 s
	Log      func(line string)
}

func (o Options) withDefaults() Options {
	o.Parallel = max(o.Parallel, 1)
	if o.Lease <= 0 {
		o.Lease = swarm.LeaseTime
	}
	if o.Agent.BeatTTL <= 0 {
		o.Agent.BeatTTL = swarm.HeartbeatTTL
	}
	if o.Grace <= 0 {
		o.Grace = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	return o
}

// What ends a task's context before its time.
var (
	ErrLeaseLost = errors.New("the lease is lost: somebody else may do the task now")
	ErrStopped   = errors.New("the worker was told to stop")
)

// Worker claims tasks and has them done until it is told to stop.
type Worker struct {
	swarm   *swarm.Coordinator
	handler Handler
	Options
	id string

	mu      sync.Mutex
	running map[string]*running // by task id
	done    chan struct{}       // a word whenever a task has ended
}

// running is a task in the works.
type running struct {
	lease swarm.Lease
	end   context.CancelCauseFunc
}

// New makes a worker. Nothing happens before Run.
func New(c *swarm.Coordinator, h Handler, o Options) *Worker {
	return &Worker{swarm: c, handler: h, Options: o.withDefaults(), running: map[string]*running{}, done: make(chan struct{}, 1)}
}

// How long single steps may take when the worker is about to stop, and how
// long it rests when Redis does not answer.
const (
	lastSteps = 5 * time.Second
	restAfter = time.Second
)

// Run registers the worker and works until ctx ends. Then it claims no more,
// lets what is in the works end within Grace, hands back the rest, and leaves
// the swarm. Errors that pass, such as a Redis that is away, it outlives; what
// it returns is why it could not begin, or nil.
func (w *Worker) Run(ctx context.Context) error {
	id, err := w.swarm.Register(ctx, w.Agent)
	if err != nil {
		return err
	}
	w.id = id
	w.Log(id + " works on " + fmt.Sprint(w.Queues))
	// Tasks and heartbeat outlive ctx by the grace.
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	var tasks, keeper sync.WaitGroup
	keeper.Go(func() { w.keep(life) })
	w.claim(ctx, life, &tasks)

	ended := make(chan struct{})
	go func() {
		tasks.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(w.Grace):
	}
	end(ErrStopped)
	<-ended
	keeper.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSteps)
	defer cancel()
	if err := w.swarm.Retire(last, id, w.Agent.Parent); err != nil {
		w.Log(id + " could not say good-bye: " + err.Error())
	}
	return nil
}

// claim claims tasks as long as ctx lasts and there is room.
func (w *Worker) claim(ctx, life context.Context, tasks *sync.WaitGroup) {
	waiter := w.swarm.Waiter(w.Queues...)
	defer waiter.Close()
	for ctx.Err() == nil {
		room := w.room()
		if room == 0 {
			select {
			case <-ctx.Done():
			case <-w.done:
			}
			continue
		}
		leases, err := w.next(ctx, room)
		if err != nil && ctx.Err() == nil {
			w.Log("claiming: " + err.Error())
			rest(ctx, restAfter)
			continue
		}
		for _, l := range leases {
			w.begin(life, l, tasks)
		}
		if len(leases) == 0 {
			_ = waiter.Wait(ctx)
		}
	}
}

// next claims from the first queue that has anything.
func (w *Worker) next(ctx context.Context, room int) ([]swarm.Lease, error) {
	for _, q := range w.Queues {
		leases, err := w.swarm.ClaimMany(ctx, q, w.id, room, w.Lease)
		if err == nil || !errors.Is(err, swarm.ErrNoTask) {
			return leases, err
		}
	}
	return nil, nil
}

func (w *Worker) room() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Parallel - len(w.running)
}

// begin has one task done.
func (w *Worker) begin(life context.Context, l swarm.Lease, tasks *sync.WaitGroup) {
	ctx, end := context.WithCancelCause(life)
	w.mu.Lock()
	w.running[l.ID] = &running{l, end}
	w.mu.Unlock()
	tasks.Go(func() {
		var result string
		err := w.tooOften(l)
		if err == nil {
			result, err = w.do(ctx, l)
		}
		w.settle(ctx, w.lease(l), result, err)
		w.mu.Lock()
		delete(w.running, l.ID)
		w.mu.Unlock()
		end(nil)
		select {
		case w.done <- struct{}{}:
		default:
		}
	})
}

// tooOften refuses a task whose tries are used up: each lease that ran out was
// one, so that a task which kills its workers does not go round for ever.
func (w *Worker) tooOften(l swarm.Lease) error {
	if l.Attempts < w.Retry.Tries() {
		return nil
	}
	return fmt.Errorf("%d workers took it and none came back with a result", l.Attempts)
}

// lease is a lease as it was last renewed.
func (w *Worker) lease(l swarm.Lease) swarm.Lease {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.running[l.ID]; r != nil {
		return r.lease
	}
	return l
}

// do calls the handler. One that falls over fails its task, and nothing else.
func (w *Worker) do(ctx context.Context, l swarm.Lease) (result string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the handler fell over: %v", r)
		}
	}()
	result, err = w.handler.Do(ctx, Job{Task: l.Task, Agent: w.id, Parent: w.Agent.Parent, Attempt: l.Attempts + 1})
	if result == "" {
		result = "{}"
	}
	if err == nil && !json.Valid([]byte(result)) {
		err = fmt.Errorf("its result is not JSON: %.80q", result)
	}
	return result, err
}

// settle says what became of a task. The words are repeated while Redis does
// not answer: each act is known by the lease's token, so that it lands once.
func (w *Worker) settle(ctx context.Context, l swarm.Lease, result string, failed error) {
	cause := context.Cause(ctx)
	if errors.Is(cause, ErrLeaseLost) {
		w.Log(l.ID + ": " + cause.Error())
		return
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(w.Lease, lastSteps))
	defer cancel()
	for {
		var err error
		switch {
		case failed == nil:
			err = w.swarm.Complete(last, l, result, w.Keep)
		case errors.Is(cause, ErrStopped):
			err = w.swarm.HandBack(last, l)
		default:
			var f swarm.Failed
			if f, err = w.swarm.Fail(last, l, failed.Error(), w.Retry); err == nil {
				w.Log(fmt.Sprintf("%s failed (attempt %d): %v", l.ID, f.Attempts, failed))
			}
		}
		if err == nil || !passes(err) || !rest(last, restAfter/4) {
			if err != nil {
				w.Log(l.ID + ": " + err.Error())
			}
			return
		}
	}
}
