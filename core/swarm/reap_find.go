package swarm

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// reapLot is how many keys are looked at in one round trip.
const reapLot = 500

// fault is one thing that looks wrong.
type fault struct {
	kind    FaultKind
	subject string
	parent  string // of an orphan
}

// finder looks for faults of one sort. gone are the agents that will be taken
// out of the swarm before what it finds is mended.
type finder func(ctx context.Context, gone map[string]bool) ([]fault, error)

// errEnough ends a look that has found as much as a pass takes up.
var errEnough = errors.New("enough for one pass")

// find looks for all faults. It reads in windows and changes nothing, but for
// tasks that are done: see mend_task.lua. Silent agents come before what their
// end makes of others, so that one pass mends a whole sub-tree.
func (c *Coordinator) find(ctx context.Context, tasks finder) (found []fault, err error) {
	silent, err := c.findSilent(ctx)
	if err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	for _, f := range silent {
		gone[f.subject] = true
	}
	found = silent
	for _, look := range []finder{c.findOrphans, c.findUnowned, c.findCut, tasks, c.findDue} {
		more, err := look(ctx, gone)
		found = append(found, more...)
		if err != nil && !errors.Is(err, errEnough) {
			return found, err
		}
	}
	return found, nil
}

// each hands the ids behind a prefix to look, lot by lot. Ids with a colon
// belong to other keys.
func (c *Coordinator) each(ctx context.Context, prefix string, look func(ids []string) error) error {
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		ids, next, err := c.scanIDs(ctx, prefix, cursor, reapLot)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			if err := look(ids); err != nil {
				return err
			}
		}
		cursor = next
	}
	return nil
}

func (c *Coordinator) findSilent(ctx context.Context) (found []fault, err error) {
	for cursor, more := uint64(0), true; more && len(found) < maxFaults; more = cursor != 0 {
		ids, next, err := c.store.Commands().SScan(ctx, keyspace.SwarmSessions, cursor, "", reapLot).Result()
		if err != nil {
			return found, c.store.Explain("reap", keyspace.SwarmSessions, err)
		}
		beats := make([]*redis.IntCmd, len(ids))
		err = c.store.Read(ctx, func(p redis.Pipeliner) {
			for i, id := range ids {
				beats[i] = p.Exists(ctx, keyspace.Heartbeat(id), keyspace.PaperHeartbeat(id))
			}
		})
		if err != nil {
			return found, err
		}
		for i, id := range ids {
			// A packet, which other programs may add, is no agent's id.
			if beats[i].Err() == nil && beats[i].Val() == 0 && checkName("agent id", id, maxAgentID) == nil && !strings.HasPrefix(id, "{") {
				found = append(found, fault{kind: AgentSilent, subject: id})
			}
		}
		cursor = next
	}
	return found, nil
}

// findOrphans finds agents whose parent is not there, by their own word or by
// the list of the parent's sub-agents.
func (c *Coordinator) findOrphans(ctx context.Context, gone map[string]bool) (found []fault, err error) {
	seen := map[fault]bool{}
	add := func(id, parent string) {
		f := fault{AgentOrphaned, id, parent}
		if !gone[id] && !seen[f] {
			seen[f] = true
			found = append(found, f)
		}
	}
	absent := func(parents []string) (map[string]bool, error) {
		there := make([]*redis.IntCmd, len(parents))
		err := c.store.Read(ctx, func(p redis.Pipeliner) {
			for i, parent := range parents {
				there[i] = p.Exists(ctx, keyspace.Agent(parent))
			}
		})
		out := map[string]bool{}
		for i, parent := range parents {
			out[parent] = gone[parent] || err == nil && there[i].Err() == nil && there[i].Val() == 0
		}
		return out, err
	}
	err = c.each(ctx, keyspace.SubagentsOf, func(parents []string) error {
		missing, err := absent(parents)
		if err != nil {
			return err
		}
		for _, parent := range parents {
			if !missing[parent] {
				continue
			}
			ids, err := c.store.Commands().SMembers(ctx, keyspace.Subagents(parent)).Result()
			if err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") {
				return c.store.Explain("reap", keyspace.Subagents(parent), err)
			}
			for _, id := range ids {
				add(id, parent)
			}
		}
		return nil
	})
	if err != nil {
		return found, err
	}
	err = c.each(ctx, keyspace.Agents, func(rest []string) error {
		var ids []string
		for _, id := range rest {
			if keyspace.Classify(keyspace.Agent(id)) == keyspace.AgentInfo {
				ids = append(ids, id)
			}
		}
		cmds := make([]*redis.StringCmd, len(ids))
		err := c.store.Read(ctx, func(p redis.Pipeliner) {
			for i, id := range ids {
				cmds[i] = p.HGet(ctx, keyspace.Agent(id), "parent_id")
			}
		})
		if err != nil {
			return err
		}
		var parents []string
		for _, cmd := range cmds {
			parents = append(parents, cmd.Val())
		}
		missing, err := absent(parents)
		for i, id := range ids {
			if parent := parents[i]; parent != "" && parent != "none" && missing[parent] {
				add(id, parent)
			}
		}
		return err
	})
	return found, err
}

// findUnowned finds inboxes and contexts of agents that are not registered and
// which nothing takes away yet.
func (c *Coordinator) findUnowned(ctx context.Context, gone map[string]bool) (found []fault, err error) {
	look := func(kind FaultKind, key func(string) string, ids []string) error {
		there, ttl := make([]*redis.IntCmd, len(ids)), make([]*redis.DurationCmd, len(ids))
		err := c.store.Read(ctx, func(p redis.Pipeliner) {
			for i, id := range ids {
				there[i], ttl[i] = p.Exists(ctx, keyspace.Agent(id)), p.TTL(ctx, key(id))
			}
		})
		for i, id := range ids {
			if err == nil && (there[i].Val() == 0 || gone[id]) && ttl[i].Val() == -1 {
				found = append(found, fault{kind: kind, subject: id})
			}
		}
		if err == nil && len(found) >= maxFaults {
			err = errEnough
		}
		return err
	}
	if err := c.each(ctx, keyspace.Messages(""), func(ids []string) error {
		return look(InboxAbandoned, keyspace.Messages, ids)
	}); err != nil {
		return found, err
	}
	return found, c.each(ctx, keyspace.Agents, func(rest []string) error {
		return look(Abandoned, keyspace.AgentContext, contextsAmong(rest))
	})
}

// contextsAmong are the agents whose contexts are among names of keys.
func contextsAmong(rest []string) (ids []string) {
	for _, name := range rest {
		if key := keyspace.Agents + name; keyspace.Classify(key) == keyspace.AgentContextInfo {
			ids = append(ids, keyspace.AgentOf(key))
		}
	}
	return ids
}

// findCut finds contexts that count chunks which are not there.
func (c *Coordinator) findCut(ctx context.Context, _ map[string]bool) (found []fault, err error) {
	return found, c.each(ctx, keyspace.Agents, func(rest []string) error {
		for _, id := range contextsAmong(rest) {
			count, err := c.store.Commands().HGet(ctx, keyspace.AgentContext(id), "chunks").Result()
			if errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "WRONGTYPE") {
				continue
			}
			if err != nil {
				return c.store.Explain("reap", keyspace.AgentContext(id), err)
			}
			n, _ := strconv.Atoi(count)
			keys := make([]string, min(max(n, 0), maxChunks))
			for i := range keys {
				keys[i] = keyspace.ContextChunk(id, i)
			}
			if len(keys) == 0 {
				continue
			}
			there, err := c.store.Commands().Exists(ctx, keys...).Result()
			if err != nil {
				return c.store.Explain("reap", keyspace.AgentContext(id), err)
			}
			if there < int64(n) {
				found = append(found, fault{kind: ContextCut, subject: id})
			}
		}
		return nil
	})
}
