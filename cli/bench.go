package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/bench"
)

func (a *app) benchCommand() *cobra.Command {
	var here, asJSON bool
	var rounds int
	var span time.Duration
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "This machine's dispatch path beside bare Redis, in one run",
		Long: "bench starts a redis-server of its own for each round and measures every row on it: what it prints are medians, and\n" +
			"ratios of what was measured in the same round, since machines are noisy. With --here it measures the server of --redis\n" +
			"instead: its queue and tasks are removed again, but decisions stay for their life and the ledger keeps its records.",
		Example: `ifpacket bench
ifpacket bench --json --rounds 3`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if rounds < 1 || span < time.Millisecond {
				return usage("bench needs --rounds from 1 and --span from 1ms on")
			}
			if asJSON && a.global.output == "" {
				a.global.output = "json"
			}
			return a.bench(cmd.Context(), bench.Options{Rounds: rounds, Span: span, Tell: a.told}, here)
		},
	}
	cmd.Flags().BoolVar(&here, "here", false, "measure the server of --redis, which is written to")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON document, as -o json")
	cmd.Flags().IntVar(&rounds, "rounds", 5, "how often each row is measured")
	cmd.Flags().DurationVar(&span, "span", time.Second, "how long a row is measured in a round")
	return cmd
}

func (a *app) bench(ctx context.Context, o bench.Options, here bool) error {
	output, err := a.format(a.tableOrJSON(), "json", "table")
	if err != nil {
		return err
	}
	switch {
	case here && a.global.readOnly:
		return usage("bench --here writes, which --read-only forbids")
	case here:
		p, err := a.open(ctx)
		if err != nil {
			return err
		}
		defer p.Close()
		o.Here = p.url
	}
	r, err := bench.Run(ctx, o)
	if err != nil {
		return err
	}
	if output == "json" {
		a.printJSON(r)
		return nil
	}
	a.benchTable(r)
	return nil
}

func (a *app) benchTable(r bench.Report) {
	fmt.Fprintf(a.out, "server %s, %d bytes a packet, median of %d rounds\n\n", printable(r.Server), r.Payload, r.Rounds)
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%-16s\tpackets/s\tp50 µs\tp99 µs", "row")
	for _, base := range bench.Baselines {
		fmt.Fprintf(w, "\t÷ %s", base)
	}
	fmt.Fprintln(w, "\t")
	for _, row := range r.Rows {
		fmt.Fprintf(w, "%-16s\t%.0f\t%.1f\t%.1f", row.Name, row.PerSecond, row.P50, row.P99)
		for _, base := range bench.Baselines {
			if ratio, there := row.Ratios[base]; there {
				fmt.Fprintf(w, "\t%.2f", ratio)
			} else {
				fmt.Fprint(w, "\t·")
			}
		}
		fmt.Fprintln(w, "\t")
	}
	_ = w.Flush()
	for _, line := range r.Left {
		fmt.Fprintf(a.out, "\nleft out: %s\n", printable(line))
	}
}
