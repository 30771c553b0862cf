package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/infrafabric/ifpacket/core/swarm"
)

// maxShared is the largest context of a parent, in bytes, that is handed to
// its sub-workers; of a larger one they are told the version alone.
const maxShared = 1 << 20

// spawning is a Handler that has each task done by a sub-worker: an agent of
// its own below the worker, which lives as long as the task does, and which is
// given the worker's context.
type spawning struct {
	swarm   *swarm.Coordinator
	handler Handler
	role    string
	log     func(string)
}

// Do registers the sub-worker, has the task done in its name, and lets it go.
func (s spawning) Do(ctx context.Context, j Job) (string, error) {
	id, err := s.swarm.Register(ctx, swarm.Agent{Role: s.role, Parent: j.Agent, Metadata: map[string]any{"task": j.ID}})
	if err != nil {
		return "", fmt.Errorf("no sub-worker could be spawned: %w", err)
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSteps)
		defer cancel()
		if err := s.swarm.Retire(last, id, j.Agent); err != nil {
			s.log(id + " could not say good-bye: " + err.Error())
		}
	}()
	j.Parent, j.Agent = j.Agent, id
	info, err := s.swarm.Context(ctx, j.Parent)
	switch {
	case errors.Is(err, swarm.ErrNoContext):
	case err != nil:
		return "", err
	case info.Size > maxShared:
		j.ContextVersion = info.Version
	default:
		text, info, err := s.swarm.GetContext(ctx, j.Parent)
		if err != nil && !errors.Is(err, swarm.ErrNoContext) {
			return "", err // a context that was cut short is no context
		}
		j.Context, j.ContextVersion = string(text), info.Version
	}
	return s.handler.Do(ctx, j)
}
