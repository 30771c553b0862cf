package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/swarm"
)

// listLot is how many agents or tasks are read at once.
const listLot = 500

// group is a command that has only commands below it.
func group(use, short, example string, below ...*cobra.Command) *cobra.Command {
	names := make([]string, len(below))
	for i, c := range below {
		names[i] = c.Name()
	}
	cmd := &cobra.Command{
		Use: use, Short: short, Example: example, Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			return usage("%s needs a command: %s; see ifpacket %s --help", use, strings.Join(names, ", "), use)
		},
	}
	cmd.AddCommand(below...)
	return cmd
}

// one takes exactly one argument.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return usage("%s needs %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// swarmWide runs an act on the swarm.
func (a *app) swarmWide(ctx context.Context, do func(c *swarm.Coordinator, output string) error) error {
	return a.tabled(ctx, func(place *place, output string) error { return do(place.engine.Swarm(), output) })
}

func (a *app) agentCommand() *cobra.Command {
	return group("agent", "Register agents, keep them alive, list and mend the swarm",
		`ifpacket agent register --role haiku_worker --parent sonnet_coordinator_1a2b3c4d
ifpacket agent reap`,
		a.agentRegisterCommand(), a.agentHeartbeatCommand(), a.agentListCommand(), a.agentRetireCommand(), a.agentReapCommand())
}

func (a *app) agentRegisterCommand() *cobra.Command {
	var agent swarm.Agent
	var metadata string
	cmd := &cobra.Command{
		Use: "register --role R", Short: "Make an agent known and alive, and print its id", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if agent.Role == "" {
				return usage("agent register needs --role")
			}
			if metadata != "" && json.Unmarshal([]byte(metadata), &agent.Metadata) != nil {
				return usage("--metadata is not a JSON object")
			}
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				id, err := c.Register(cmd.Context(), agent)
				if err != nil {
					return err
				}
				a.say(output, map[string]any{"agent_id": id, "role": agent.Role, "parent_id": agent.Parent}, "%s", id)
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&agent.Role, "role", "", "what it is, such as haiku_worker")
	f.StringVar(&agent.ID, "id", "", "its id (default: made from the role)")
	f.StringVar(&agent.Parent, "parent", "", "whose sub-agent it is")
	f.IntVar(&agent.Capacity, "capacity", 0, "how much context it takes, in tokens")
	f.StringVar(&metadata, "metadata", "", "anything else, a JSON object")
	f.DurationVar(&agent.BeatTTL, "ttl", swarm.HeartbeatTTL, "how long a heartbeat lasts")
	return cmd
}

func (a *app) agentHeartbeatCommand() *cobra.Command {
	var ttl time.Duration
	cmd := &cobra.Command{
		Use: "heartbeat ID", Short: "Say that an agent lives", Args: one("an agent id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				if err := c.Heartbeat(cmd.Context(), args[0], ttl); err != nil {
					return err
				}
				a.say(output, map[string]any{"agent_id": args[0], "ttl_seconds": int(ttl.Seconds())}, "%s lives", args[0])
				return nil
			})
		},
	}
	cmd.Flags().DurationVar(&ttl, "ttl", swarm.HeartbeatTTL, "how long the heartbeat lasts")
	return cmd
}

func (a *app) agentRetireCommand() *cobra.Command {
	return &cobra.Command{
		Use: "retire ID", Short: "Take an agent that is done out of the swarm", Args: one("an agent id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				if err := c.Retire(cmd.Context(), args[0], ""); err != nil {
					return err
				}
				a.say(output, map[string]any{"agent_id": args[0], "retired": true}, "%s has left", args[0])
				return nil
			})
		},
	}
}

// agentLine is an agent as agent list prints it.
type agentLine struct {
	ID         string          `json:"agent_id"`
	Role       string          `json:"role"`
	Parent     string          `json:"parent_id"`
	State      string          `json:"state"` // live, silent
	Heartbeat  string          `json:"heartbeat_at,omitempty"`
	Left       float64         `json:"heartbeat_left_seconds"`
	Registered string          `json:"registered_at"`
	Capacity   int             `json:"context_capacity"`
	Messages   int64           `json:"messages"`
	Context    string          `json:"context_version,omitempty"`
	Metadata   json.RawMessage `json:"metadata"`
}

func agentLineOf(s swarm.AgentState) agentLine {
	l := agentLine{
		ID: s.ID, Role: s.Role, Parent: s.Parent, State: "silent", Left: max(s.Left.Seconds(), 0), Registered: s.Registered,
		Capacity: s.Capacity, Messages: s.Messages, Context: s.Version, Metadata: json.RawMessage(s.Metadata),
	}
	if s.Alive {
		l.State = "live"
	}
	if !s.Beat.IsZero() {
		l.Heartbeat = s.Beat.UTC().Format(time.RFC3339)
	}
	if !json.Valid(l.Metadata) {
		l.Metadata, _ = json.Marshal(s.Metadata)
	}
	return l
}

func (a *app) agentListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "The agents in the sessions, a line each", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				for cursor, begun := uint64(0), false; !begun || cursor != 0; begun = true {
					page, next, err := c.Agents(cmd.Context(), cursor, listLot)
					if err != nil {
						return err
					}
					for _, s := range page {
						l := agentLineOf(s)
						a.say(output, l, "%-32s %-20s %-7s %4.0f s left  %d messages", l.ID, l.Role, l.State, l.Left, l.Messages)
					}
					cursor = next
				}
				return nil
			})
		},
	}
}

func (a *app) agentReapCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reap", Short: "Mend at once what went wrong in the swarm, and tell what was done", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				done, err := c.Reap(cmd.Context())
				for _, r := range append(done.Repairs, done.Seen...) {
					did := r.Did
					if did == "" {
						did = "only seen"
					}
					a.say(output, r, "%-22s %-32s %s", r.Kind, r.Subject, did)
				}
				return err
			})
		},
	}
}

// say prints a document, or the same in a line for people.
func (a *app) say(output string, document any, format string, args ...any) {
	if output == "json" {
		a.printJSON(document)
		return
	}
	fmt.Fprintln(a.out, printable(fmt.Sprintf(format, args...)))
}
