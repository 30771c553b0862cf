package mcp

import (
	"context"
	"fmt"
	"strconv"

	"github.com/infrafabric/ifpacket/core/swarm"
)

// taskState is a state of tasks as an argument.
type taskState string

type listIn struct {
	ID     string    `json:"task_id,omitempty" jsonschema:"one task, whatever its state" limits:"1..256"`
	State  taskState `json:"state,omitempty" jsonschema:"default waiting"`
	Queue  string    `json:"queue,omitempty" jsonschema:"for waiting and delayed; without it the answer names the queues" limits:"1..256"`
	First  int64     `json:"first,omitempty" jsonschema:"waiting and delayed: how many to pass over (default 0)" limits:"0..1000000000"`
	Cursor string    `json:"cursor,omitempty" jsonschema:"claimed, completed and lost: next_cursor of the last answer"`
	Limit  int       `json:"limit,omitempty" jsonschema:"about how many (default 20)" limits:"1..100"`
}

type listOut struct {
	Tasks  []taskOut `json:"tasks"`
	Total  *int64    `json:"total,omitempty" jsonschema:"waiting and delayed: how many there are"`
	Cursor string    `json:"next_cursor,omitempty" jsonschema:"pass it to go on; there is more, or may be"`
	Queues []string  `json:"queues,omitempty" jsonschema:"queues that there are"`
}

type taskOut struct {
	ID          string `json:"task_id"`
	Queue       string `json:"queue"`
	Type        string `json:"type"`
	State       string `json:"state" jsonschema:"waiting, claimed, delayed (it failed and comes back), completed or lost"`
	PostedBy    string `json:"posted_by"`
	Priority    int    `json:"priority"`
	Attempts    int    `json:"attempts" jsonschema:"failures so far"`
	LastError   string `json:"last_error,omitempty"`
	Agent       string `json:"agent,omitempty" jsonschema:"who holds it, or has completed it"`
	Left        *int64 `json:"lease_left_seconds,omitempty"`
	Due         string `json:"due_at,omitempty"`
	CompletedAt string `json:"completed_at,omitempty"`
	Data        value  `json:"data,omitempty"`
	Result      value  `json:"result,omitempty"`
}

// mostScans is how many windows of keys one call looks through for tasks.
const mostScans = 20

func (d *door) listTasks(ctx context.Context, in listIn) (listOut, error) {
	out, s := listOut{Tasks: []taskOut{}}, d.engine.Swarm()
	if in.Limit == 0 {
		in.Limit = 20
	}
	ordered, scan := s.WaitingTasks, s.LostTasks
	switch in.State {
	case swarm.Resting:
		ordered = s.DelayedTasks
	case swarm.Claimed:
		scan = s.ClaimedTasks
	case swarm.Completed:
		scan = s.CompletedTasks
	}
	switch {
	case in.ID != "":
		t, err := s.TaskByID(ctx, in.ID)
		if err != nil {
			return out, fmt.Errorf("task %s: %w", in.ID, err)
		}
		whole := taskOf(t)
		whole.Data = jsonOf(t.Data)
		if t.Result != "" {
			whole.Result = jsonOf(t.Result)
		}
		out.Tasks = append(out.Tasks, whole)
	case in.State == "" || in.State == swarm.Waiting || in.State == swarm.Resting:
		if in.Queue == "" {
			queues, err := s.TaskQueues(ctx)
			out.Queues = append([]string{}, queues[:min(len(queues), 100)]...)
			return out, err
		}
		found, total, err := ordered(ctx, in.Queue, in.First, int64(in.Limit))
		out.Tasks, out.Total = tasksOf(found), &total
		return out, err
	default:
		cursor, err := strconv.ParseUint("0"+in.Cursor, 10, 64)
		if err != nil {
			return out, fmt.Errorf("cursor: %q is none that this tool gave", in.Cursor)
		}
		var found []swarm.TaskState
		for n := 0; n < mostScans && len(found) < in.Limit; n++ {
			var more []swarm.TaskState
			if more, cursor, err = scan(ctx, cursor, int64(in.Limit)); err != nil {
				return out, err
			}
			if found = append(found, more...); cursor == 0 {
				break
			}
		}
		out.Tasks = tasksOf(found)
		if cursor != 0 {
			out.Cursor = strconv.FormatUint(cursor, 10)
		}
	}
	return out, nil
}

func tasksOf(found []swarm.TaskState) []taskOut {
	list := make([]taskOut, len(found))
	for i, t := range found {
		list[i] = taskOf(t)
	}
	return list
}

func taskOf(t swarm.TaskState) taskOut {
	out := taskOut{
		ID: t.ID, Queue: t.Queue, Type: t.Type, State: t.State, PostedBy: t.PostedBy, Priority: t.Priority, Attempts: t.Attempts,
		LastError: t.LastError, Agent: t.Agent, Due: instant(t.Due), CompletedAt: t.CompletedAt,
	}
	if t.Left > 0 {
		left := int64(t.Left.Seconds())
		out.Left = &left
	}
	return out
}
