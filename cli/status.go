package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/engine"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "One picture of the swarm: what the panes show",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context()) },
	}
}

func (a *app) status(ctx context.Context) error {
	return a.with(ctx, a.tableOrJSON(), []string{"json", "table", "prometheus"}, func(place *place, output string) error {
		status, err := place.engine.Status(ctx)
		switch {
		case err != nil:
			return err
		case output == "table":
			a.statusTable(status)
		case output == "prometheus":
			return writeMetrics(a.out, place.engine)
		default:
			a.printJSON(status)
		}
		return nil
	})
}

func (a *app) statusTable(s engine.Status) {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "server\t%s\tredis %s\t%s %s\n", s.Server.Address, s.Server.Version, s.Server.Mode, s.Server.Role)
	fmt.Fprintf(w, "ledger\t%d\trecords\t%s, %d sealed\n", s.Ledger.Length, s.Ledger.State, s.Ledger.Sealed)
	fmt.Fprintf(w, "carcel\t%d\theld\t%d wait for a person, %d expired\n", s.Carcel.Length, s.Carcel.Waiting, s.Carcel.Expired)
	fmt.Fprintf(w, "tasks\t%d\twaiting\t%d claimed, %d completed, %d lost\n", s.Tasks.Waiting, s.Tasks.Claimed, s.Tasks.Completed, s.Tasks.Lost)
	if s.Ledger.Trouble != "" {
		fmt.Fprintf(w, "\n✕ %s\n", printable(s.Ledger.Trouble))
	}
	if len(s.Queues) > 0 {
		fmt.Fprintf(w, "\nqueue\tdepth\tstate\toldest\n")
		for _, q := range s.Queues {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", printable(q.Key), q.Depth, q.State, q.Oldest)
		}
	}
	if len(s.Agents) > 0 {
		fmt.Fprintf(w, "\nagent\trole\tstate\theartbeat\n")
		for _, g := range s.Agents {
			fmt.Fprintf(w, "%s%s\t%s\t%s\t%s\n", strings.Repeat("  ", g.Level), printable(g.ID), printable(g.Role), g.State, g.Heartbeat)
		}
	}
	if len(s.Faults) > 0 {
		fmt.Fprintf(w, "\nfault\tkey\n")
		for _, f := range s.Faults {
			fmt.Fprintf(w, "%s\t%s\t%s\n", f.Kind, printable(f.Key), printable(f.Detail))
		}
	}
	_ = w.Flush()
}
