package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/lineage"
)

func (a *app) traceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "trace TRACKING_ID",
		Short: "The audit report of one packet: who, when, what, where, approved by whom, unmodified or not",
		Long: "trace gathers what Redis and the ledger have on one packet, also on one that is gone, with the evidence for each line,\n" +
			"and says what it could not find. A citation (if://citation/…) does as well as a tracking id.",
		Example: `ifpacket trace 550e8400-e29b-41d4-a716-446655440000
ifpacket trace if://citation/4f6a1b52-2f0e-5c2a-9e53-2f6c3e0d8a11 -o json`,
		Args: one("a tracking id, or a citation"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				return a.trace(cmd.Context(), place, output, args[0])
			})
		},
	}
}

func (a *app) trace(ctx context.Context, place *place, output, asked string) error {
	report, err := place.engine.Trace(ctx, asked, 0)
	if err != nil {
		return keysError(err)
	}
	if output == "json" {
		a.printJSON(report)
	} else {
		t := traceTable{out: a.out, r: &report, server: place.engine.Address()}
		t.print()
	}
	if report.Verdict.Bad() || report.Fate == lineage.Missing || report.Fate == lineage.Unlogged || report.Fate == lineage.Copied {
		return codeOnly(exitUnproven)
	}
	return nil
}
