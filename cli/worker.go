package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/bridge"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/worker"
)

// workerFlags are those of all workers.
type workerFlags struct {
	agent    swarm.Agent
	queues   []string
	command  string
	parallel int
	lease    time.Duration
	timeout  time.Duration
	grace    time.Duration
	keep     time.Duration
	attempts int
}

func (f *workerFlags) add(cmd *cobra.Command, role string) {
	flags := cmd.Flags()
	flags.StringVar(&f.agent.Role, "role", role, "what the worker is")
	flags.StringVar(&f.agent.ID, "id", "", "its agent id (default: made from the role); a worker that comes back under its id goes on with its queries")
	flags.StringVar(&f.agent.Parent, "parent", os.Getenv("IFPACKET_AGENT_ID"), "whose sub-agent it is (default $IFPACKET_AGENT_ID)")
	flags.StringSliceVar(&f.queues, "queue", nil, "queues from which it claims, the first one first")
	flags.StringVar(&f.command, "exec", "", "a command for the shell: it reads the task as JSON from stdin and prints its result as JSON")
	flags.IntVar(&f.parallel, "parallel", 1, "tasks at once")
	flags.DurationVar(&f.lease, "lease", swarm.LeaseTime, "how long a claim lasts without word from the worker")
	flags.DurationVar(&f.timeout, "timeout", 0, "how long one task may take (0: as long as it likes)")
	flags.DurationVar(&f.grace, "grace", 10*time.Second, "how long tasks may go on when the worker is told to stop; the rest is handed back")
	flags.DurationVar(&f.keep, "keep", 0, "how long the records of finished tasks stay (0: for ever)")
	flags.IntVar(&f.attempts, "attempts", 3, "how often a task is tried before it goes to the carcel")
}

func (f *workerFlags) check(queues bool) error {
	switch {
	case f.command == "":
		return usage("a worker needs --exec CMD: what does the tasks")
	case queues && len(f.queues) == 0:
		return usage("a worker needs --queue Q: where its tasks come from")
	}
	return nil
}

func (f *workerFlags) options(a *app) worker.Options {
	return worker.Options{
		Agent: f.agent, Queues: f.queues, Parallel: f.parallel, Lease: f.lease, Grace: f.grace, Keep: f.keep,
		Retry: swarm.Retry{Attempts: f.attempts}, Log: a.tell,
	}
}

func (f *workerFlags) handler(place *place) worker.Handler {
	return worker.Exec{Command: f.command, Timeout: f.timeout, Env: []string{"IFPACKET_REDIS=" + place.url}}
}

// runWorker opens the swarm for a worker that runs until it is told to stop.
func (a *app) runWorker(ctx context.Context, f *workerFlags, queues bool, run func(p *place) error) error {
	if err := f.check(queues); err != nil {
		return err
	}
	place, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer place.Close()
	return run(place)
}

func (a *app) workerCommand() *cobra.Command {
	var f workerFlags
	cmd := &cobra.Command{
		Use: "worker --queue Q --exec CMD", Short: "Work on tasks: claim them, run a command for each, hand in its result",
		Long: "worker claims tasks and runs a command for each. The command reads the task as one JSON object from stdin, prints its\n" +
			"result as JSON on stdout, and fails the task by ending with another code than 0. IFPACKET_AGENT_ID, IFPACKET_PARENT_ID,\n" +
			"IFPACKET_TASK_ID and IFPACKET_REDIS are in its environment. SIGTERM lets the tasks at hand end, and hands back the rest.",
		Example: `ifpacket worker --queue review --exec 'jq -c .data'
ifpacket worker haiku --role haiku_worker --exec ./answer.sh
ifpacket worker sonnet --queue review --exec ./review.sh --post tasks.ndjson`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.runWorker(cmd.Context(), &f, true, func(p *place) error {
				return worker.New(p.engine.Swarm(), f.handler(p), f.options(a)).Run(cmd.Context())
			})
		},
	}
	f.add(cmd, "worker")
	cmd.AddCommand(a.haikuCommand(), a.sonnetCommand())
	return cmd
}

func (a *app) haikuCommand() *cobra.Command {
	var f workerFlags
	var conversation, token string
	cmd := &cobra.Command{
		Use: "haiku --exec CMD", Short: "An auto-poller: answers queries and does tasks, with a sub-worker for each",
		Long: "haiku waits for queries in its inbox, and for tasks, and spawns a sub-worker for each, which is given the worker's context.\n" +
			`A query is a message {"type": "query", "query_id", …}; the answer is {"type": "response", "query_id", "answer", "sources",` + "\n" +
			`"response_time_sec"}. With --conversation it attends a conversation of the MCP bridge in the same way; the token may stand in` + "\n" +
			"$IFPACKET_TOKEN instead of the command line, where others could read it.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.runWorker(cmd.Context(), &f, false, func(p *place) error {
				if conversation == "" {
					return worker.NewHaiku(p.engine.Swarm(), f.handler(p), f.options(a)).Run(cmd.Context())
				}
				if token == "" {
					return usage("--conversation needs --token, or $IFPACKET_TOKEN")
				}
				party, err := p.engine.Bridge().Join(cmd.Context(), conversation, bridge.Token(token))
				if err != nil {
					return err
				}
				err = worker.Attend(cmd.Context(), p.engine.Swarm(), party, f.handler(p), f.options(a))
				if errors.Is(err, bridge.ErrEnded) {
					a.tell(err.Error())
					return nil
				}
				return err
			})
		},
	}
	f.add(cmd, "haiku_worker")
	cmd.Flags().StringVar(&conversation, "conversation", "", "attend this conversation")
	cmd.Flags().StringVar(&token, "token", os.Getenv("IFPACKET_TOKEN"), "the party's token")
	cmd.Flag("token").DefValue = "" // help must not print it
	return cmd
}

func (a *app) sonnetCommand() *cobra.Command {
	var f workerFlags
	var b worker.Bounds
	var post, share string
	cmd := &cobra.Command{
		Use: "sonnet --queue Q --exec CMD", Short: "A coordinator: appoints workers by how much waits, posts tasks, gathers results",
		Long: "sonnet appoints workers below itself and retires them by how many tasks wait. With --post it posts the tasks of a file, a\n" +
			`JSON object {"queue", "type", "data", "priority", "task_id"} a line, prints what becomes of each, and ends when all are done.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.runWorker(ctx, &f, true, func(p *place) error {
				tasks, err := a.readTasks(ctx, post, f.queues[0])
				if err != nil {
					return err
				}
				o := f.options(a)
				if share != "" {
					if o.Agent.ID, err = a.share(ctx, p, o.Agent, share); err != nil {
						return err
					}
				}
				code := exitDone
				err = worker.NewSonnet(p.engine.Swarm(), f.handler(p), o, b).Run(ctx, tasks, func(done worker.Finished) {
					if done.Dead {
						code = worse(code, exitFailed)
					}
					a.printJSON(done)
				}, func(held swarm.Posted) {
					code = worse(code, exitHeld)
					a.printJSON(postedLineOf(held, ""))
				})
				if err != nil {
					return err
				}
				return endWith(code)
			})
		},
	}
	f.add(cmd, "sonnet_coordinator")
	flags := cmd.Flags()
	flags.IntVar(&b.Least, "min", 1, "workers at least")
	flags.IntVar(&b.Most, "max", 4, "workers at most")
	flags.IntVar(&b.Each, "each", 5, "waiting tasks for which one worker more is appointed")
	flags.StringVar(&post, "post", "", "tasks to post, a file or -, a JSON object a line")
	flags.StringVar(&share, "context", "", "a text to share with the workers, a file or -")
	return cmd
}

// share registers the coordinator and shares a text as its context.
func (a *app) share(ctx context.Context, p *place, agent swarm.Agent, path string) (id string, err error) {
	if id, err = p.engine.Swarm().Register(ctx, agent); err != nil {
		return "", err
	}
	in, done, err := a.reader(ctx, path)
	if err != nil {
		return "", fmt.Errorf("--context: %w", err)
	}
	defer done()
	_, err = p.engine.Swarm().PutContext(ctx, id, in, "")
	return id, err
}

// readTasks reads the tasks to post. A line that is none ends it, before
// anything is posted.
func (a *app) readTasks(ctx context.Context, path, queue string) ([]swarm.Task, error) {
	if path == "" {
		return nil, nil
	}
	in, done, err := a.reader(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("--post: %w", err)
	}
	defer done()
	var tasks []swarm.Task
	from := lines{from: bufio.NewReader(in), max: maxLine}
	for {
		text, tooLong, err := from.next()
		switch {
		case errors.Is(err, io.EOF):
			return tasks, nil
		case err != nil:
			return nil, fmt.Errorf("--post: %w", err)
		case tooLong:
			return nil, usage("line %d of the tasks is longer than %d bytes", from.number, maxLine)
		case strings.TrimSpace(string(text)) == "":
			continue
		}
		var line struct {
			ID       string          `json:"task_id"`
			Queue    string          `json:"queue"`
			Type     string          `json:"type"`
			Data     json.RawMessage `json:"data"`
			Priority int             `json:"priority"`
		}
		if err := json.Unmarshal(text, &line); err != nil {
			return nil, usage("line %d of the tasks is no task: %v", from.number, err)
		}
		t := swarm.Task{ID: line.ID, Queue: line.Queue, Type: line.Type, Data: string(line.Data), Priority: line.Priority}
		if t.Queue == "" {
			t.Queue = queue
		}
		if t.Type == "" {
			t.Type = "task"
		}
		tasks = append(tasks, t)
	}
}
