package mcp

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/infrafabric/ifpacket/core/swarm"
)

func (d *door) agentTools() {
	add(d, tool{
		name: "register_agent", title: "Join the swarm", effect: changes, again: true,
		about: "Make an agent known to the swarm and alive. While this session lasts its heartbeats are given for it; after it they run out within five minutes, " +
			"and its tasks go to others. Registering an id again renews it.",
	}, d.registerAgent)
	add(d, tool{
		name: "retire_agent", title: "Leave the swarm", effect: changes, again: true,
		about: "Take an agent that is done out of the swarm. Finish or fail its tasks first.",
	}, d.retireAgent)
}

// defaultBeat is how often the heartbeats of agents of this session are given.
const defaultBeat = time.Minute

// pulse keeps agents alive.
type pulse struct {
	every time.Duration
	log   *slog.Logger

	mu     sync.Mutex
	agents map[string]struct{} // nil: nobody has registered yet
	beats  sync.WaitGroup
}

// keep gives heartbeats for an agent until ctx ends or forget.
func (p *pulse) keep(ctx context.Context, s *swarm.Coordinator, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	if p.agents == nil {
		p.agents = map[string]struct{}{}
		p.beats.Go(func() { p.beat(ctx, s) })
	}
	p.agents[id] = struct{}{}
}

func (p *pulse) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.agents, id)
}

func (p *pulse) beat(ctx context.Context, s *swarm.Coordinator) {
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		p.mu.Lock()
		ids := make([]string, 0, len(p.agents))
		for id := range p.agents {
			ids = append(ids, id)
		}
		p.mu.Unlock()
		for _, id := range ids {
			switch err := s.Heartbeat(ctx, id, 0); {
			case errors.Is(err, swarm.ErrNoAgent): // somebody retired it
				p.forget(id)
			case err != nil && ctx.Err() == nil && p.log != nil:
				p.log.Warn("heartbeat", "agent", id, "error", err)
			}
		}
	}
}

type registerIn struct {
	Role     string         `json:"role" jsonschema:"what it is, such as haiku_worker" limits:"1..128"`
	Agent    string         `json:"agent,omitempty" jsonschema:"its id, without colons (default: this session's agent)" limits:"1..128"`
	Parent   string         `json:"parent,omitempty" jsonschema:"id of the agent that it works for" limits:"1..128"`
	Capacity int            `json:"context_capacity,omitempty" jsonschema:"tokens of context that it takes" limits:"0..1000000000"`
	Metadata map[string]any `json:"metadata,omitempty" jsonschema:"anything else"`
}

type agentID struct {
	Agent string `json:"agent"`
}

func (d *door) registerAgent(ctx context.Context, in registerIn) (agentID, error) {
	id, err := d.engine.Swarm().Register(ctx, swarm.Agent{
		ID: d.who(in.Agent), Role: in.Role, Parent: in.Parent, Capacity: in.Capacity, Metadata: in.Metadata,
	})
	if err == nil {
		d.pulse.keep(d.ending, d.engine.Swarm(), id)
	}
	return agentID{id}, err
}

type retireIn struct {
	Agent string `json:"agent,omitempty" jsonschema:"default: this session's agent" limits:"1..128"`
}

func (d *door) retireAgent(ctx context.Context, in retireIn) (agentID, error) {
	id := d.who(in.Agent)
	d.pulse.forget(id)
	return agentID{id}, d.engine.Swarm().Retire(ctx, id, "")
}
