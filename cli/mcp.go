package cli

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/mcp"
)

func (a *app) mcpCommand() *cobra.Command {
	var agent string
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "An MCP server on stdin and stdout, for language models",
		Long: "mcp lets an MCP client (an LLM agent) dispatch, collect, work on tasks and talk to others. What it sends is judged as any other.\n" +
			"It ends with its input, or on SIGTERM, after the calls that run. With --read-only there are only tools that change nothing.",
		Example: `ifpacket mcp --redis redis://127.0.0.1:6379/0 --agent claude_1
ifpacket mcp --read-only
ifpacket mcp --demo`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flag := cmd.Flags().Lookup("agent"); flag.Changed && agent == "" {
				return usage("--agent is empty; name one or leave it away")
			}
			return a.mcp(cmd.Context(), agent)
		},
	}
	cmd.Flags().StringVar(&agent, "agent", "", "who acts where a call names nobody (default user@host)")
	return cmd
}

func (a *app) mcp(ctx context.Context, agent string) error {
	if _, err := a.format("json", "json"); err != nil {
		return err
	}
	place, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer place.Close()
	log := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return mcp.Serve(ctx, place.engine, a.in, a.out, mcp.Options{Agent: agent, Version: Version, Log: log})
}
