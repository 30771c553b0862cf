package cli

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
)

func (a *app) taskCommand() *cobra.Command {
	return group("task", "Post, claim and end tasks",
		`ifpacket task post --queue review --type review.packet --data '{"n": 1}' --priority 5
ifpacket task claim --queue review --agent haiku_worker_9c01ab2f
ifpacket task complete task_0123456789ab --agent haiku_worker_9c01ab2f --token 1 --result '{"ok": true}'`,
		a.taskPostCommand(), a.taskClaimCommand(), a.taskEndCommand("complete"), a.taskEndCommand("fail"),
		a.taskEndCommand("extend"), a.taskRequeueCommand(), a.taskListCommand())
}

func (a *app) taskPostCommand() *cobra.Command {
	var t swarm.Task
	var data string
	cmd := &cobra.Command{
		Use: "post --queue Q", Short: "Put a task into a queue, and print its id", Args: noArgs,
		Long: "post puts a task into a queue. A task whose data names a primitive is judged as a packet with that primitive,\nand held in the carcel when it is not approved (exit code 3).",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if t.Queue == "" {
				return usage("task post needs --queue")
			}
			if data != "" {
				v, err := a.readContents(cmd.Context(), "--data", data)
				if err != nil {
					return err
				}
				t.Data = string(packet.AppendValueJSON(nil, v))
			}
			if t.PostedBy == "" {
				t.PostedBy = engine.Actor()
			}
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				posted, err := c.Post(cmd.Context(), t)
				if err != nil {
					return err
				}
				a.say(output, postedLineOf(posted, t.Queue), "%s  %s", posted.ID, posted.Reason)
				if posted.Held {
					return codeOnly(exitHeld)
				}
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&t.Queue, "queue", "", "the queue, by its bare name")
	f.StringVar(&t.Type, "type", "task", "what kind of work it is")
	f.StringVar(&data, "data", "", "the task's data: JSON, @FILE or -")
	f.IntVar(&t.Priority, "priority", 0, "higher goes first")
	f.StringVar(&t.ID, "id", "", "its id (default: made); posting again under it is refused")
	f.StringVar(&t.PostedBy, "by", "", "who posts it (default user@host)")
	return cmd
}

// postedLine is what task post prints.
type postedLine struct {
	ID         string `json:"task_id"`
	Queue      string `json:"queue"`
	Status     string `json:"status"` // posted, carcel
	Decision   string `json:"decision,omitempty"`
	Reason     string `json:"reason,omitempty"`
	TrackingID string `json:"tracking_id,omitempty"`
	DecisionID string `json:"decision_id,omitempty"`
}

func postedLineOf(p swarm.Posted, queue string) postedLine {
	l := postedLine{p.ID, queue, "posted", string(p.Decision), p.Reason, p.TrackingID, p.DecisionID}
	if p.Held {
		l.Status = "carcel"
	}
	return l
}

func (a *app) taskClaimCommand() *cobra.Command {
	var queue, agent string
	var lease time.Duration
	var count int
	cmd := &cobra.Command{
		Use: "claim --queue Q --agent ID", Short: "Take the most urgent task of a queue for an agent", Args: noArgs,
		Long: "claim prints the fields of the task, its fencing token, and until when it is leased. Whoever wants longer extends it;\nafter that somebody else may claim it, and completing it with the old token is refused.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if queue == "" || agent == "" {
				return usage("task claim needs --queue and --agent")
			}
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				leases, err := c.ClaimMany(cmd.Context(), queue, agent, count, lease)
				if errors.Is(err, swarm.ErrNoTask) {
					return codeOnly(exitNothing)
				}
				if err != nil {
					return err
				}
				for _, l := range leases {
					a.printLease(output, l)
				}
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&queue, "queue", "", "the queue, by its bare name")
	f.StringVar(&agent, "agent", "", "who claims")
	f.DurationVar(&lease, "lease", swarm.LeaseTime, "how long the claim lasts")
	f.IntVar(&count, "count", 1, "how many tasks at most")
	return cmd
}

// leaseLine is a claimed task: the fields of tasks:meta, flat, and the lease.
type leaseLine struct {
	ID       string `json:"task_id"`
	Queue    string `json:"queue"`
	Type     string `json:"type"`
	Data     string `json:"data"` // JSON in a string, as the task's record has it
	PostedBy string `json:"posted_by"`
	PostedAt string `json:"posted_at"`
	Priority int    `json:"priority"`
	Attempts int    `json:"attempts"`
	Agent    string `json:"agent_id"`
	Token    int64  `json:"token"`
	Until    string `json:"lease_until"`
}

func (a *app) printLease(output string, l swarm.Lease) {
	until := l.Until.UTC().Format(time.RFC3339Nano)
	a.say(output, leaseLine{l.ID, l.Queue, l.Type, l.Data, l.PostedBy, l.PostedAt, l.Priority, l.Attempts, l.Agent, l.Token, until},
		"%s  token %d  until %s  %s", l.ID, l.Token, until, l.Data)
}

// taskEndCommand is complete, fail or extend: an act of whoever holds a task.
func (a *app) taskEndCommand(what string) *cobra.Command {
	var agent, result, reason string
	var token int64
	var lease time.Duration
	short := map[string]string{
		"complete": "End a task that an agent holds, with its result",
		"fail":     "Say that a task could not be done: it is tried again later, and after the last try held in the carcel",
		"extend":   "Lengthen the lease of a task that an agent holds",
	}[what]
	cmd := &cobra.Command{
		Use: what + " TASK --agent ID", Short: short, Args: one("a task id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if agent == "" {
				return usage("task %s needs --agent: who holds it", what)
			}
			l := swarm.Lease{Task: swarm.Task{ID: args[0]}, Agent: agent, Token: token}
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				ctx := cmd.Context()
				switch what {
				case "complete":
					if err := c.Complete(ctx, l, result, 0); err != nil {
						return err
					}
					a.say(output, map[string]any{"task_id": l.ID, "completed_by": agent}, "%s is completed", l.ID)
				case "fail":
					f, err := c.Fail(ctx, l, reason, swarm.Retry{})
					if err != nil {
						return err
					}
					line := map[string]any{"task_id": l.ID, "attempts": f.Attempts, "dead": f.Dead}
					if f.Dead {
						a.say(output, line, "%s failed %d times and is in the carcel", l.ID, f.Attempts)
						return nil
					}
					line["due"] = f.Due.UTC().Format(time.RFC3339Nano)
					a.say(output, line, "%s is tried again from %s on", l.ID, line["due"])
				default:
					l, err := c.Extend(ctx, l, lease)
					if err != nil {
						return err
					}
					until := l.Until.UTC().Format(time.RFC3339Nano)
					a.say(output, map[string]any{"task_id": l.ID, "lease_until": until}, "%s is leased until %s", l.ID, until)
				}
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&agent, "agent", "", "who holds it")
	f.Int64Var(&token, "token", 0, "the claim's fencing token; without it the holder's name must do")
	switch what {
	case "complete":
		f.StringVar(&result, "result", "", "JSON (default {})")
	case "fail":
		f.StringVar(&reason, "reason", "", "why, in a line")
	default:
		f.DurationVar(&lease, "lease", swarm.LeaseTime, "how long from now on")
	}
	return cmd
}

func (a *app) taskRequeueCommand() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: "requeue TASK", Short: "Put a task back that was lost, waits for its retry, or failed into the carcel", Args: one("a task id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				if err := place.engine.RequeueTask(cmd.Context(), args[0], engine.Actor(), why); err != nil {
					return err
				}
				a.say(output, map[string]any{"task_id": args[0], "status": "requeued"}, "%s is back in its queue", args[0])
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "for the record, when it comes out of the carcel")
	return cmd
}

// taskLine is a task as task list prints it.
type taskLine struct {
	ID        string          `json:"task_id"`
	Queue     string          `json:"queue"`
	Type      string          `json:"type"`
	State     string          `json:"state"` // waiting, claimed, delayed, completed, lost
	Priority  int             `json:"priority"`
	PostedBy  string          `json:"posted_by"`
	PostedAt  string          `json:"posted_at"`
	Attempts  int             `json:"attempts"`
	LastError string          `json:"last_error,omitempty"`
	Agent     string          `json:"agent_id,omitempty"`
	Token     int64           `json:"token,omitempty"`
	Left      *float64        `json:"lease_left_seconds,omitempty"`
	Due       string          `json:"due,omitempty"`
	Completed string          `json:"completed_at,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
}

func taskLineOf(s swarm.TaskState) taskLine {
	l := taskLine{
		ID: s.ID, Queue: s.Queue, Type: s.Type, State: s.State, Priority: s.Priority, PostedBy: s.PostedBy, PostedAt: s.PostedAt,
		Attempts: s.Attempts, LastError: s.LastError, Agent: s.Agent, Token: s.Token, Completed: s.CompletedAt,
	}
	if s.State == swarm.Claimed {
		left := s.Left.Seconds()
		l.Left = &left
	}
	if !s.Due.IsZero() {
		l.Due = s.Due.UTC().Format(time.RFC3339Nano)
	}
	if json.Valid([]byte(s.Result)) {
		l.Result = json.RawMessage(s.Result)
	}
	return l
}

func (a *app) taskListCommand() *cobra.Command {
	var queue string
	cmd := &cobra.Command{
		Use: "list", Short: "Tasks that wait, are claimed, come back later, are done or lost, a line each", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				return eachTask(cmd.Context(), c, queue, func(s swarm.TaskState) {
					l := taskLineOf(s)
					a.say(output, l, "%-18s %-9s p%-3d %-16s %-16s %s", l.ID, l.State, l.Priority, l.Queue, l.Type, l.Agent)
				})
			})
		},
	}
	cmd.Flags().StringVar(&queue, "queue", "", "only those of this queue")
	return cmd
}

// eachTask goes through all tasks, of one queue if it is named, in windows.
func eachTask(ctx context.Context, c *swarm.Coordinator, queue string, each func(swarm.TaskState)) error {
	queues := []string{queue}
	if queue == "" {
		var err error
		if queues, err = c.TaskQueues(ctx); err != nil {
			return err
		}
	}
	for _, q := range queues {
		for _, read := range []func(context.Context, string, int64, int64) ([]swarm.TaskState, int64, error){c.WaitingTasks, c.DelayedTasks} {
			for first := int64(0); ; first += listLot {
				list, _, err := read(ctx, q, first, listLot)
				if err != nil {
					return err
				}
				for _, s := range list {
					each(s)
				}
				if len(list) < listLot {
					break
				}
			}
		}
	}
	for _, read := range []func(context.Context, uint64, int64) ([]swarm.TaskState, uint64, error){c.ClaimedTasks, c.LostTasks, c.CompletedTasks} {
		for cursor, begun := uint64(0), false; !begun || cursor != 0; begun = true {
			list, next, err := read(ctx, cursor, listLot)
			if err != nil {
				return err
			}
			for _, s := range list {
				if queue == "" || s.Queue == queue {
					each(s)
				}
			}
			cursor = next
		}
	}
	return nil
}
