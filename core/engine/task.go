package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// ErrStays says that a task which failed too often stays in the carcel.
var ErrStays = errors.New("it stays in the carcel")

// RequeueTask puts a task back into its queue: one that was lost or waits for
// its retry, else the one in the carcel that failed too often. That one is
// judged again when it names a primitive, and its release is recorded as any
// other. Errors match swarm.ErrUnknownTask, swarm.ErrDone, swarm.ErrClaimed,
// swarm.ErrWaits, ErrStays.
func (e *Engine) RequeueTask(ctx context.Context, id, by, why string) error {
	_, err := e.swarm.Requeue(ctx, id)
	if !errors.Is(err, swarm.ErrUnknownTask) {
		return err
	}
	plan, planErr := e.carcel.Plan(ctx, carcel.Spec{Filter: carcel.Filter{IDs: []string{id}}, By: by, Why: why})
	switch {
	case planErr != nil:
		return planErr
	case len(plan.Entries) == 0:
		return err
	case plan.Entries[0].Fate != carcel.WouldRelease:
		return fmt.Errorf("requeue %s: %w: %s", id, ErrStays, plan.Entries[0].Reason)
	}
	run, err := e.carcel.Begin(ctx, plan)
	if err == nil {
		run, err = e.carcel.Work(ctx, run.ID, nil)
	}
	if err == nil && run.Released == 0 {
		err = fmt.Errorf("requeue %s: %w: others changed it meanwhile, or its id is in use", id, ErrStays)
	}
	return err
}
