package swarm

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// The states of a task.
const (
	Waiting   = "waiting"
	Claimed   = "claimed"
	Resting   = "delayed" // it failed and comes back later
	Completed = "completed"
	Lost      = "lost" // in no queue, not claimed, not completed
)

// TaskState is a task as Redis has it.
type TaskState struct {
	Task
	State     string
	Attempts  int    // failures so far
	LastError string // of the last failure

	Agent   string        // who holds or has completed it
	Token   int64         // 0 for claims of programs that know none
	Claimed string        // since when, as it was written
	Left    time.Duration // until the lease ends; negative when it never does

	Due time.Time // when a delayed one comes back, by Redis' clock

	CompletedAt string // as it was written
	Result      string // JSON
}

// WaitingTasks reads a window of a queue, the most urgent first, and how many
// wait in all.
func (c *Coordinator) WaitingTasks(ctx context.Context, queue string, first, n int64) ([]TaskState, int64, error) {
	return c.ordered(ctx, keyspace.TaskQueue(queue), Waiting, first, n)
}

// DelayedTasks reads a window of the tasks of a queue that failed and come
// back later, the next first, and how many there are.
func (c *Coordinator) DelayedTasks(ctx context.Context, queue string, first, n int64) ([]TaskState, int64, error) {
	return c.ordered(ctx, keyspace.Delayed(queue), Resting, first, n)
}

func (c *Coordinator) ordered(ctx context.Context, key, state string, first, n int64) ([]TaskState, int64, error) {
	first, n = max(first, 0), max(n, 1)
	var members *redis.ZSliceCmd
	var total *redis.IntCmd
	err := c.store.Read(ctx, func(p redis.Pipeliner) {
		members, total = p.ZRangeWithScores(ctx, key, first, first+n-1), p.ZCard(ctx, key)
	})
	if err == nil {
		err = c.store.Explain("tasks", key, members.Err())
	}
	if err != nil {
		return nil, 0, err
	}
	ids := make([]string, len(members.Val()))
	for i, z := range members.Val() {
		ids[i], _ = z.Member.(string)
	}
	list, err := c.tasksOf(ctx, ids)
	for i := range list {
		list[i].State = state
		if state == Resting {
			list[i].Due = time.UnixMilli(int64(members.Val()[i].Score))
		}
	}
	return list, total.Val(), err
}

// ClaimedTasks, CompletedTasks and LostTasks read windows of all queues: begin
// with cursor 0 and go on with the one returned until that is 0. A window looks
// at about n keys, and holds as many tasks at most.
func (c *Coordinator) ClaimedTasks(ctx context.Context, cursor uint64, n int64) ([]TaskState, uint64, error) {
	return c.scanned(ctx, keyspace.TasksClaimed, Claimed, cursor, n)
}

// LeasesOf are the tasks that an agent holds now. It looks through all claims.
func (c *Coordinator) LeasesOf(ctx context.Context, agentID string) (leases []Lease, err error) {
	clock, err := c.store.Commands().Time(ctx).Result()
	if err != nil {
		return nil, c.store.Explain("tasks", "", err)
	}
	seen := map[string]bool{} // a scan may come by a key twice
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		list, next, err := c.ClaimedTasks(ctx, cursor, 1000)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			if t.Agent == agentID && !seen[t.ID] {
				seen[t.ID] = true
				leases = append(leases, Lease{
					Task: t.Task, Agent: agentID, Token: t.Token, Until: clock.Add(t.Left), Span: t.Left, Attempts: t.Attempts,
				})
			}
		}
		cursor = next
	}
	return leases, nil
}

// CompletedTasks: see ClaimedTasks.
func (c *Coordinator) CompletedTasks(ctx context.Context, cursor uint64, n int64) ([]TaskState, uint64, error) {
	return c.scanned(ctx, keyspace.TasksCompleted, Completed, cursor, n)
}

// LostTasks: see ClaimedTasks.
func (c *Coordinator) LostTasks(ctx context.Context, cursor uint64, n int64) ([]TaskState, uint64, error) {
	return c.scanned(ctx, keyspace.TasksMeta, Lost, cursor, n)
}

func (c *Coordinator) scanned(ctx context.Context, prefix, state string, cursor uint64, n int64) (list []TaskState, next uint64, err error) {
	ids, next, err := c.scanIDs(ctx, prefix, cursor, n)
	if err != nil {
		return nil, 0, err
	}
	all, err := c.tasksOf(ctx, ids)
	for _, t := range all {
		if t.State == state {
			list = append(list, t)
		}
	}
	return list, next, err
}

// TasksOf finds the tasks that were judged as the packet with a tracking id, and
// hands each on. It looks through all tasks. Errors are those of found and the
// store.
func (c *Coordinator) TasksOf(ctx context.Context, trackingID string, found func(Task) error) error {
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		ids, next, err := c.scanIDs(ctx, keyspace.TasksMeta, cursor, 1000)
		if err != nil {
			return err
		}
		packets := make([]*redis.StringCmd, len(ids))
		err = c.store.Read(ctx, func(p redis.Pipeliner) {
			for i, id := range ids {
				packets[i] = p.HGet(ctx, keyspace.TaskMeta(id), "tracking_id")
			}
		})
		if err != nil {
			return err
		}
		for i, id := range ids {
			if packets[i].Val() != trackingID {
				continue
			}
			fields, err := c.store.Commands().HGetAll(ctx, keyspace.TaskMeta(id)).Result()
			if err != nil {
				return c.store.Explain("tasks", keyspace.TaskMeta(id), err)
			}
			if err := found(taskOf(id, fields)); err != nil {
				return err
			}
		}
		cursor = next
	}
	return nil
}

// scanIDs reads what stands behind a prefix in the names of some keys.
func (c *Coordinator) scanIDs(ctx context.Context, prefix string, cursor uint64, n int64) ([]string, uint64, error) {
	keys, next, err := c.store.Commands().Scan(ctx, cursor, prefix+"*", max(n, 1)).Result()
	if err != nil {
		return nil, 0, c.store.Explain("tasks", "", err)
	}
	for i, key := range keys {
		keys[i] = key[len(prefix):]
	}
	return keys, next, nil
}

// TaskByID reads one task. The error matches ErrUnknownTask.
func (c *Coordinator) TaskByID(ctx context.Context, id string) (TaskState, error) {
	list, err := c.tasksOf(ctx, []string{id})
	if err == nil && list[0].State == "" {
		err = ErrUnknownTask
	}
	if err != nil {
		return TaskState{}, err
	}
	return list[0], nil
}

// tasksOf reads tasks by their ids, with the states that they are in.
func (c *Coordinator) tasksOf(ctx context.Context, ids []string) ([]TaskState, error) {
	type reads struct {
		meta, result *redis.MapStringStringCmd
		claim        *redis.StringCmd
		left         *redis.DurationCmd
	}
	all := make([]reads, len(ids))
	err := c.store.Read(ctx, func(p redis.Pipeliner) {
		for i, id := range ids {
			all[i] = reads{
				p.HGetAll(ctx, keyspace.TaskMeta(id)), p.HGetAll(ctx, keyspace.TaskCompleted(id)),
				p.Get(ctx, keyspace.TaskClaimed(id)), p.PTTL(ctx, keyspace.TaskClaimed(id)),
			}
		}
	})
	if err != nil {
		return nil, err
	}
	list := make([]TaskState, len(ids))
	scores := make([][2]*redis.FloatCmd, len(ids))
	err = c.store.Read(ctx, func(p redis.Pipeliner) {
		for i, id := range ids {
			t := &list[i]
			f, result := all[i].meta.Val(), all[i].result.Val()
			t.Task, t.LastError = taskOf(id, f), f["last_error"]
			t.Attempts, _ = strconv.Atoi(f["attempts"])
			switch {
			case len(result) > 0 || f["completed_at"] != "":
				t.State, t.Agent, t.Result, t.CompletedAt = Completed, result["completed_by"], result["result"], f["completed_at"]
				if at := result["completed_at"]; at != "" {
					t.CompletedAt = at
				}
			case all[i].claim.Err() == nil:
				t.State, t.Left = Claimed, all[i].left.Val()
				t.Agent, t.Claimed, t.Token = readClaim(all[i].claim.Val())
			case len(f) > 0:
				scores[i] = [2]*redis.FloatCmd{p.ZScore(ctx, keyspace.TaskQueue(t.Queue), id), p.ZScore(ctx, keyspace.Delayed(t.Queue), id)}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		switch in := scores[i]; {
		case in[0] == nil:
		case in[0].Err() == nil:
			list[i].State = Waiting
		case in[1].Err() == nil:
			list[i].State, list[i].Due = Resting, time.UnixMilli(int64(in[1].Val()))
		case errors.Is(in[0].Err(), redis.Nil):
			list[i].State = Lost
		}
	}
	return list, nil
}

func readClaim(text string) (agent, at string, token int64) {
	var claim struct {
		Agent   string `json:"agent_id"`
		Claimed string `json:"claimed_at"`
		Token   int64  `json:"token"`
	}
	_ = json.Unmarshal([]byte(text), &claim)
	return claim.Agent, claim.Claimed, claim.Token
}

// TaskQueues are the names of all queues that hold tasks, waiting or delayed,
// in no order.
func (c *Coordinator) TaskQueues(ctx context.Context) ([]string, error) {
	seen := map[string]bool{}
	var names []string
	for _, prefix := range []string{keyspace.TasksQueue, keyspace.TasksDelayed, keyspace.TasksLeased} {
		for cursor, more := uint64(0), true; more; more = cursor != 0 {
			ids, next, err := c.scanIDs(ctx, prefix, cursor, 1000)
			if err != nil {
				return nil, err
			}
			for _, name := range ids {
				if !seen[name] {
					seen[name] = true
					names = append(names, name)
				}
			}
			cursor = next
		}
	}
	return names, nil
}
