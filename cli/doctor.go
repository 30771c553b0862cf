package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check the server and the set-up, and say how to mend what is wrong",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
}

func (a *app) doctor(ctx context.Context) error {
	return a.tabled(ctx, func(place *place, output string) error {
		findings := place.engine.Examine(ctx)
		code := exitDone
		for _, f := range findings {
			if f.Bad() {
				code = exitFailed
			}
		}
		if output == "json" {
			a.printJSON(findings)
			return endWith(code)
		}
		for _, f := range findings {
			fmt.Fprintf(a.out, "%s %-14s %s\n", f.Glyph(), f.Check, printable(f.Detail))
			if f.Mend != "" {
				fmt.Fprintf(a.out, "  %-14s %s\n", "", f.Mend)
			}
		}
		return endWith(code)
	})
}
