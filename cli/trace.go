package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/bundle"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/internal/durable"
)

func (a *app) traceCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "trace TRACKING_ID",
		Short: "The audit report of one packet: who, when, what, where, approved by whom, unmodified or not",
		Long: "trace gathers what Redis and the ledger have on one packet, also on one that is gone, with the evidence for each line,\n" +
			"and says what it could not find. A citation (if://citation/…) does as well as a tracking id. With --bundle the evidence\n" +
			"goes into a zip file too, with a script that checks it without Redis and without this program.",
		Example: `ifpacket trace 550e8400-e29b-41d4-a716-446655440000
ifpacket trace if://citation/4f6a1b52-2f0e-5c2a-9e53-2f6c3e0d8a11 -o json
ifpacket trace 550e8400-e29b-41d4-a716-446655440000 --bundle evidence.zip && unzip evidence.zip -d evidence && python3 evidence/check.py`,
		Args: one("a tracking id, or a citation"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("bundle") && file == "" {
				return usage("--bundle needs the name of a file")
			}
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				return a.trace(cmd.Context(), place, output, args[0], file)
			})
		},
	}
	cmd.Flags().StringVar(&file, "bundle", "", "also write the evidence into this zip file, which is replaced")
	return cmd
}

func (a *app) trace(ctx context.Context, place *place, output, asked, file string) error {
	report, err := a.traced(ctx, place, asked, file)
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

// traced gives the report, and writes the bundle where a file is named.
func (a *app) traced(ctx context.Context, place *place, asked, file string) (lineage.Report, error) {
	if file == "" {
		return place.engine.Trace(ctx, asked, 0)
	}
	evidence, err := place.engine.Bundle(ctx, asked)
	if err != nil {
		return lineage.Report{}, err
	}
	err = durable.Write(file, func(w io.Writer) error { return bundle.Write(w, evidence) })
	if err != nil {
		return lineage.Report{}, fmt.Errorf("trace --bundle %s: %w; nothing was written", file, err)
	}
	for _, lack := range evidence.Lacks {
		a.tell("the bundle lacks something: " + lack)
	}
	return evidence.Report, nil
}
