package swarm

import (
	"context"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// findTasks finds tasks that fell between two steps, among all.
func (c *Coordinator) findTasks(ctx context.Context, _ map[string]bool) (found []fault, err error) {
	return found, c.each(ctx, keyspace.TasksMeta, func(ids []string) error {
		more, err := c.lookAtTasks(ctx, ids)
		if found = append(found, more...); err == nil && len(found) >= maxFaults {
			err = errEnough
		}
		return err
	})
}

// turns looks at some tasks after others, and again at those under suspicion.
type turns struct {
	c        *Coordinator
	cursor   uint64
	suspects []string
}

func (t *turns) find(ctx context.Context, _ map[string]bool) (found []fault, err error) {
	seen := map[fault]bool{}
	look := func(ids []string) error {
		more, err := t.c.lookAtTasks(ctx, ids)
		for _, f := range more {
			if !seen[f] {
				seen[f] = true
				found = append(found, f)
			}
		}
		return err
	}
	for rest := t.suspects; len(rest) > 0; rest = rest[min(reapLot, len(rest)):] {
		if err := look(rest[:min(reapLot, len(rest))]); err != nil {
			return found, err
		}
	}
	for looked := 0; looked < tasksASight && len(found) < maxFaults; looked += reapLot {
		ids, next, err := t.c.scanIDs(ctx, keyspace.TasksMeta, t.cursor, reapLot)
		if err == nil && len(ids) > 0 {
			err = look(ids)
		}
		if err != nil {
			return found, err
		}
		if t.cursor = next; next == 0 {
			break
		}
	}
	return found, nil
}

// lookAtTasks looks at some tasks.
func (c *Coordinator) lookAtTasks(ctx context.Context, ids []string) (found []fault, err error) {
	type reads struct {
		meta          *redis.SliceCmd
		claim, result *redis.IntCmd
	}
	all := make([]reads, len(ids))
	err = c.store.Read(ctx, func(p redis.Pipeliner) {
		for i, id := range ids {
			all[i] = reads{
				p.HMGet(ctx, keyspace.TaskMeta(id), "queue", "completed_at"),
				p.Exists(ctx, keyspace.TaskClaimed(id)), p.Exists(ctx, keyspace.TaskCompleted(id)),
			}
		}
	})
	if err != nil {
		return nil, err
	}
	scores := make([][2]*redis.FloatCmd, len(ids))
	err = c.store.Read(ctx, func(p redis.Pipeliner) {
		for i, id := range ids {
			if v := all[i].meta.Val(); len(v) == 2 && v[0] != nil {
				queue, _ := v[0].(string)
				scores[i] = [2]*redis.FloatCmd{p.ZScore(ctx, keyspace.TaskQueue(queue), id), p.ZScore(ctx, keyspace.Delayed(queue), id)}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if scores[i][0] == nil {
			continue
		}
		v, waits, delayed := all[i].meta.Val(), scores[i][0].Err() == nil, scores[i][1].Err() == nil
		known := v[1] != nil
		done, claimed := known || all[i].result.Val() == 1, all[i].claim.Val() == 1
		switch {
		case done && (waits || delayed):
			found = append(found, fault{kind: TaskDone, subject: id})
		case done && !known:
			found = append(found, fault{kind: resultUnnoted, subject: id})
		case done:
		case claimed && waits:
			found = append(found, fault{kind: TaskClaimed, subject: id})
		case !claimed && !waits && !delayed:
			found = append(found, fault{kind: TaskLost, subject: id})
		}
	}
	return found, nil
}

// findDue finds queues with tasks that nobody has put back yet.
func (c *Coordinator) findDue(ctx context.Context, _ map[string]bool) (found []fault, err error) {
	clock, err := c.store.Commands().Time(ctx).Result()
	if err != nil {
		return nil, c.store.Explain("reap", "", err)
	}
	seen := map[string]bool{}
	for _, prefix := range []string{keyspace.TasksDelayed, keyspace.TasksLeased} {
		err := c.each(ctx, prefix, func(queues []string) error {
			due := make([]*redis.IntCmd, len(queues))
			err := c.store.Read(ctx, func(p redis.Pipeliner) {
				for i, q := range queues {
					due[i] = p.ZCount(ctx, prefix+q, "-inf", strconv.FormatInt(clock.UnixMilli(), 10))
				}
			})
			for i, q := range queues {
				if err == nil && due[i].Val() > 0 && !seen[q] {
					seen[q] = true
					found = append(found, fault{kind: TasksDue, subject: q})
				}
			}
			return err
		})
		if err != nil {
			return found, err
		}
	}
	return found, nil
}
