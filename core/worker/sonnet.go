package worker

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/infrafabric/ifpacket/core/swarm"
)

// Sonnet is a coordinator: it keeps its heartbeat, appoints workers below
// itself and retires them again by how many tasks wait, within bounds, and
// gathers what becomes of the tasks that it posted.
type Sonnet struct {
	swarm   *swarm.Coordinator
	handler Handler
	Options
	Bounds
	id string

	open    map[string]bool // tasks of its own that are not done
	workers []*appointed    // those that work
	retired []*appointed    // and those that were told to stop
}

// Bounds say how many workers a coordinator appoints. Zeros take the presets.
type Bounds struct {
	Least int           // 1
	Most  int           // 4
	Each  int           // waiting tasks for which one worker more is appointed; 5
	Idle  time.Duration // for which nothing must have waited before one is retired; 5 s
}

func (b Bounds) withDefaults() Bounds {
	preset := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	preset(&b.Least, 1)
	preset(&b.Most, max(4, b.Least))
	preset(&b.Each, 5)
	if b.Idle <= 0 {
		b.Idle = 5 * time.Second
	}
	return b
}

// appointed is a worker that runs.
type appointed struct {
	stop  context.CancelFunc
	ended chan struct{}
}

// NewSonnet makes a coordinator whose workers have the handler do the tasks of
// the options' queues. Nothing happens before Run.
func NewSonnet(c *swarm.Coordinator, h Handler, o Options, b Bounds) *Sonnet {
	return &Sonnet{swarm: c, handler: h, Options: o.withDefaults(), Bounds: b.withDefaults(), open: map[string]bool{}}
}

// Finished is what became of a task that the coordinator posted.
type Finished struct {
	ID     string          `json:"task_id"`
	Agent  string          `json:"completed_by"`
	Result json.RawMessage `json:"result"`
	Dead   bool            `json:"dead,omitempty"` // it failed too often, and is in the carcel
	Error  string          `json:"error,omitempty"`
}

const (
	looks = 500 * time.Millisecond // without word
	lot   = 100                    // tasks that are asked about then
)

// Run registers the coordinator, posts the tasks, and works until ctx ends; with
// tasks, until all of them are done. Each is told to gather as it is done, one
// at a time. What is told to be held was not posted: it lies in the carcel.
func (s *Sonnet) Run(ctx context.Context, tasks []swarm.Task, gather func(Finished), held func(swarm.Posted)) error {
	id, err := s.swarm.Register(ctx, s.Agent)
	if err != nil {
		return err
	}
	s.id, s.Agent.ID = id, id
	ctx, end := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer end()
	defer s.leave(ctx)
	beside.Go(func() { beat(ctx, s.swarm, s.Options) })
	heard, err := s.swarm.Listen(ctx, "agent:*", "queue:*")
	if err != nil {
		return err
	}
	if err := s.post(ctx, tasks, held); err != nil {
		return err
	}
	tick := time.NewTicker(looks)
	defer tick.Stop()
	quiet := time.Now() // since when nothing waits
	for {
		if len(tasks) > 0 && len(s.open) == 0 {
			return nil
		}
		var told []string
		select {
		case <-ctx.Done():
			return nil
		case h, open := <-heard:
			if !open {
				heard = nil
			}
			told = completed(h, heard)
		case <-tick.C:
			told = s.some()
		}
		err := s.finished(ctx, told, gather)
		if err == nil {
			err = s.size(ctx, &quiet)
		}
		if err != nil && ctx.Err() == nil {
			s.Log("coordinator: " + err.Error())
		}
	}
}

// completed are the tasks of which the events tell that were heard just now.
func completed(h swarm.Heard, more <-chan swarm.Heard) (ids []string) {
	for {
		var event struct {
			Type string `json:"type"`
			ID   string `json:"task_id"`
		}
		if json.Unmarshal([]byte(h.Payload), &event) == nil && event.Type == "task_completed" {
			ids = append(ids, event.ID)
		}
		var open bool
		select {
		case h, open = <-more:
			if !open {
				return ids
			}
		default:
			return ids
		}
	}
}

// some are some of the tasks that are not known to be done: events get lost,
// and a task that failed too often tells of itself elsewhere.
func (s *Sonnet) some() (ids []string) {
	for id := range s.open {
		if ids = append(ids, id); len(ids) == lot {
			break
		}
	}
	return ids
}

func (s *Sonnet) post(ctx context.Context, tasks []swarm.Task, held func(swarm.Posted)) error {
	for begin := 0; begin < len(tasks); begin += swarm.MaxPost {
		part := tasks[begin:min(begin+swarm.MaxPost, len(tasks))]
		for i := range part {
			if part[i].PostedBy == "" {
				part[i].PostedBy = s.id
			}
		}
		posted, err := s.swarm.PostMany(ctx, part)
		if err != nil {
			return err
		}
		for _, p := range posted {
			switch {
			case p.Err != nil:
				return p.Err
			case p.Held:
				held(p)
			default:
				s.open[p.ID] = true
			}
		}
	}
	return nil
}

// finished tells gather which of the tasks are done.
func (s *Sonnet) finished(ctx context.Context, ids []string, gather func(Finished)) error {
	for _, id := range ids {
		if !s.open[id] {
			continue
		}
		t, err := s.swarm.TaskByID(ctx, id)
		switch {
		case errors.Is(err, swarm.ErrUnknownTask): // its record is gone: it is in the carcel
			delete(s.open, id)
			gather(Finished{ID: id, Result: json.RawMessage("null"), Dead: true, Error: "it failed too often and is in the carcel, or somebody removed it"})
		case err != nil:
			return err
		case t.State == swarm.Completed:
			delete(s.open, id)
			f := Finished{ID: id, Agent: t.Agent, Result: json.RawMessage(t.Result)}
			if !json.Valid(f.Result) {
				f.Result = json.RawMessage("null")
			}
			gather(f)
		}
	}
	return nil
}

// size appoints or retires workers.
func (s *Sonnet) size(ctx context.Context, quiet *time.Time) error {
	waiting := int64(0)
	for _, q := range s.Queues {
		_, n, err := s.swarm.WaitingTasks(ctx, q, 0, 1)
		if err != nil {
			return err
		}
		waiting += n
	}
	if waiting > 0 {
		*quiet = time.Now()
	}
	want := min(max(s.Least, int(waiting+int64(s.Each)-1)/s.Each), s.Most)
	switch {
	case len(s.workers) < want:
		for len(s.workers) < want {
			s.workers = append(s.workers, s.appoint(ctx))
		}
	case len(s.workers) > s.Least && time.Since(*quiet) > s.Idle:
		last := s.workers[len(s.workers)-1]
		last.stop()
		s.workers, s.retired = s.workers[:len(s.workers)-1], append(s.retired, last)
		*quiet = time.Now() // the next one may go after as long again
		s.Log("one worker retires: nothing waits")
	}
	return nil
}

// appoint starts a worker below this coordinator.
func (s *Sonnet) appoint(ctx context.Context) *appointed {
	o := s.Options
	o.Agent = swarm.Agent{Role: strings.Replace(s.Agent.Role, "sonnet", "haiku", 1) + "_worker", Parent: s.id, BeatTTL: s.Agent.BeatTTL}
	ctx, stop := context.WithCancel(ctx)
	a := &appointed{stop, make(chan struct{})}
	go func() {
		defer close(a.ended)
		if err := New(s.swarm, s.handler, o).Run(ctx); err != nil && ctx.Err() == nil {
			s.Log("a worker could not begin: " + err.Error())
		}
	}()
	return a
}

// leave retires all workers, then the coordinator.
func (s *Sonnet) leave(ctx context.Context) {
	for _, w := range s.workers {
		w.stop()
	}
	for _, w := range append(s.workers, s.retired...) {
		<-w.ended
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSteps)
	defer cancel()
	if err := s.swarm.Retire(last, s.id, s.Agent.Parent); err != nil {
		s.Log(s.id + " could not say good-bye: " + err.Error())
	}
}
