package swarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

// HeartbeatTTL is how long a heartbeat lasts unless an agent says otherwise.
const HeartbeatTTL = 300 * time.Second

// maxAncestors is how far up a parent loop is looked for.
const maxAncestors = 100

var (
	registerScript = store.LoadScript("register")
	retireScript   = store.LoadScript("retire")
	extendScript   = taskScript("extend")
)

// Agent is what an agent says of itself when it registers.
type Agent struct {
	ID       string         // made from the role when empty
	Role     string         // such as haiku_worker
	Parent   string         // "" for none
	Capacity int            // how much context it takes, in tokens
	Metadata map[string]any // anything else
	BeatTTL  time.Duration  // how long its heartbeats last; HeartbeatTTL when 0
}

// Register makes an agent known and alive and returns its id. Registering an
// id again renews it. Errors match ErrName, ErrParentLoop.
func (c *Coordinator) Register(ctx context.Context, a Agent) (id string, err error) {
	if a.Role == "" {
		return "", errors.New("register: an agent needs a role")
	}
	if err := checkName("role", a.Role, maxAgentID); err != nil {
		return "", fmt.Errorf("register: %w", err)
	}
	if a.ID == "" {
		a.ID = a.Role + "_" + randomHex(4)
	}
	if err := CheckAgentID(a.ID); err != nil {
		return "", fmt.Errorf("register: %w", err)
	}
	keys := []string{
		keyspace.Agent(a.ID), keyspace.Heartbeat(a.ID), keyspace.SwarmSessions, keyspace.Messages(a.ID), keyspace.AgentContext(a.ID),
	}
	parent := "none"
	if a.Parent != "" {
		if err := CheckAgentID(a.Parent); err != nil {
			return "", fmt.Errorf("register %s: its parent: %w", a.ID, err)
		}
		parent = a.Parent
		keys = append(keys, keyspace.Subagents(a.Parent))
	}
	if a.Metadata == nil {
		a.Metadata = map[string]any{}
	}
	metadata, err := json.Marshal(a.Metadata)
	if err != nil {
		return "", fmt.Errorf("register %s: metadata: %w", a.ID, err)
	}
	status, _, err := c.store.Run(ctx, registerScript, keys,
		a.ID, a.Role, parent, a.Capacity, stamp(), metadata, beatNow(), seconds(a.BeatTTL, HeartbeatTTL), keyspace.ChannelBroadcast,
		keyspace.Agents, keyspace.SubagentsOf, maxAncestors)
	if err == nil && status == "LOOP" {
		return "", fmt.Errorf("register %s below %s: %w", a.ID, a.Parent, ErrParentLoop)
	}
	return a.ID, err
}

// Heartbeat says that an agent lives. The error matches ErrNoAgent when it is
// not registered.
func (c *Coordinator) Heartbeat(ctx context.Context, id string, ttl time.Duration) error {
	_, err := c.extend(ctx, id, ttl, true, 0, nil)
	return err
}

// Renew is a heartbeat that lengthens the agent's leases in the same step, each
// to end that long from now. It returns those that it still holds; of the
// others somebody else may have the tasks by now, and what is done for them
// is done in vain. Errors are those of Heartbeat.
func (c *Coordinator) Renew(ctx context.Context, id string, ttl, lease time.Duration, leases []Lease) (held []Lease, err error) {
	return c.extend(ctx, id, ttl, true, lease, leases)
}

// Extend lengthens one lease, to end that long from now. The error matches
// ErrNotHolder when the agent does not hold it, or no longer.
func (c *Coordinator) Extend(ctx context.Context, l Lease, lease time.Duration) (Lease, error) {
	held, err := c.extend(ctx, l.Agent, 0, false, lease, []Lease{l})
	if err == nil && len(held) == 0 {
		err = fmt.Errorf("extend %s: %w", l.ID, ErrNotHolder)
	}
	if err != nil {
		return l, err
	}
	return held[0], nil
}

func (c *Coordinator) extend(ctx context.Context, agent string, ttl time.Duration, beat bool, lease time.Duration, leases []Lease) (held []Lease, err error) {
	value := ""
	if beat {
		value = beatNow()
	}
	span := millis(lease, LeaseTime)
	args := []any{agent, value, seconds(ttl, HeartbeatTTL), span}
	for _, l := range leases {
		args = append(args, l.ID, l.Token)
	}
	status, rest, err := c.runTask(ctx, extendScript, []string{keyspace.Heartbeat(agent), keyspace.Agent(agent)}, args...)
	if err == nil && status == "NONE" {
		err = fmt.Errorf("heartbeat %s: %w; register it first", agent, ErrNoAgent)
	}
	if err != nil {
		return nil, err
	}
	for i := range min(len(rest), len(leases)) {
		if ends := number(rest[i]); ends > 0 {
			l := leases[i]
			l.Until, l.Span = time.UnixMilli(ends), time.Duration(span)*time.Millisecond
			held = append(held, l)
		}
	}
	return held, nil
}

// Retire takes an agent that is done out of the swarm. Its parent may be left
// out. Retiring nobody is no error.
func (c *Coordinator) Retire(ctx context.Context, id, parent string) error {
	_, err := c.retire(ctx, id, parent, false)
	return err
}

func (c *Coordinator) retire(ctx context.Context, id, parent string, ifSilent bool) (bool, error) {
	only := "0"
	if ifSilent {
		only = "1"
	}
	status, _, err := c.store.Run(ctx, retireScript,
		[]string{keyspace.Agent(id), keyspace.Heartbeat(id), keyspace.SwarmSessions, keyspace.PaperHeartbeat(id)},
		id, keyspace.SubagentsOf, only, parent)
	return err == nil && status == "OK", err
}

// AgentState is an agent as Redis has it.
type AgentState struct {
	ID         string
	Role       string
	Parent     string // "" for none
	Capacity   int
	Registered string // as it was written
	Metadata   string // JSON
	Known      bool   // it is registered, not only listed among the sessions
	Alive      bool   // it has a heartbeat
	Beat       time.Time
	Left       time.Duration // until the heartbeat ends
	Messages   int64         // in its inbox
	Version    string        // of its context, "" for none
}

// Agents reads a window of the agents in the sessions: begin with cursor 0,
// go on with the one returned until that is 0. About n agents come at once;
// one that joins or leaves meanwhile may be missed or come twice.
func (c *Coordinator) Agents(ctx context.Context, cursor uint64, n int64) (page []AgentState, next uint64, err error) {
	ids, next, err := c.store.Commands().SScan(ctx, keyspace.SwarmSessions, cursor, "", n).Result()
	if err != nil {
		return nil, 0, c.store.Explain("agents", keyspace.SwarmSessions, err)
	}
	page, err = c.agents(ctx, ids)
	return page, next, err
}

// Agent reads one agent. The error matches ErrNoAgent.
func (c *Coordinator) Agent(ctx context.Context, id string) (AgentState, error) {
	page, err := c.agents(ctx, []string{id})
	if err == nil && !page[0].Known {
		err = fmt.Errorf("agent %s: %w", id, ErrNoAgent)
	}
	if err != nil {
		return AgentState{}, err
	}
	return page[0], nil
}

func (c *Coordinator) agents(ctx context.Context, ids []string) ([]AgentState, error) {
	type reads struct {
		info         *redis.MapStringStringCmd
		beats        [2]*redis.StringCmd
		left         [2]*redis.DurationCmd
		inbox        *redis.IntCmd
		contextAgent *redis.StringCmd
	}
	all := make([]reads, len(ids))
	err := c.store.Read(ctx, func(p redis.Pipeliner) {
		for i, id := range ids {
			r := &all[i]
			r.info = p.HGetAll(ctx, keyspace.Agent(id))
			for n, key := range []string{keyspace.Heartbeat(id), keyspace.PaperHeartbeat(id)} {
				r.beats[n], r.left[n] = p.Get(ctx, key), p.PTTL(ctx, key)
			}
			r.inbox, r.contextAgent = p.LLen(ctx, keyspace.Messages(id)), p.HGet(ctx, keyspace.AgentContext(id), "version")
		}
	})
	if err != nil {
		return nil, err
	}
	page := make([]AgentState, len(ids))
	for i, id := range ids {
		r, f := all[i], all[i].info.Val()
		a := AgentState{
			ID: id, Role: f["role"], Parent: f["parent_id"], Registered: f["registered_at"], Metadata: f["metadata"],
			Known: len(f) > 0, Messages: r.inbox.Val(), Version: r.contextAgent.Val(),
		}
		a.Capacity, _ = strconv.Atoi(f["context_capacity"])
		if a.Parent == "none" {
			a.Parent = ""
		}
		for n := range r.beats {
			if r.beats[n].Err() == nil {
				at, _ := strconv.ParseFloat(r.beats[n].Val(), 64)
				a.Alive, a.Beat, a.Left = true, time.UnixMicro(int64(at*1e6)), max(r.left[n].Val(), 0)
				break
			}
		}
		page[i] = a
	}
	return page, nil
}
