package cli

import (
	"context"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
)

// presetLast is how many decisions what-if looks at unless told otherwise.
const presetLast = 1000

func (a *app) policyWhatIfCommand() *cobra.Command {
	last := presetLast
	cmd := &cobra.Command{
		Use:   "whatif FILE",
		Short: "Judge the last decisions by another policy, and tell which would flip",
		Long: `Judges the last recorded decisions by the policy in FILE (or default, or s2)
and tells which it would have decided otherwise. Nothing is changed. Rates are
counted over the decisions read. Not judged are packets that travelled in
batches, whose record keeps no action, decisions whose record has ended, and
packets that no route fitted.`,
		Example: "ifpacket policy whatif policy.yaml --last 5000",
		Args:    onePolicy,
		RunE: func(cmd *cobra.Command, args []string) error {
			if last < 1 || last > engine.MaxDecisions {
				return usage("--last must be 1 to %d", engine.MaxDecisions)
			}
			return a.policyWhatIf(cmd.Context(), args[0], last)
		},
	}
	cmd.Flags().IntVar(&last, "last", presetLast, "how many decisions to judge again")
	return cmd
}

// trialDoc is what whatif prints.
type trialDoc struct {
	Policy   string         `json:"policy"`
	Judged   int            `json:"judged"`
	Same     int            `json:"same"`
	Flips    []flipDoc      `json:"flips"`  // newest first
	Counts   []turnDoc      `json:"counts"` // of the flips, the most frequent first
	Skipped  engine.Skipped `json:"skipped"`
	Masked   int            `json:"masked"` // judged without the fields that are masked in their record
	Failed   int            `json:"failed"` // the policy could not judge them: they would be held
	Failures []flipDoc      `json:"failures"`
	Short    bool           `json:"short"` // the ledger has more, but too far back
}

type flipDoc struct {
	TrackingID string            `json:"tracking_id"`
	Primitive  string            `json:"primitive"`
	Vertical   string            `json:"vertical"`
	From       governance.Status `json:"from"`
	To         governance.Status `json:"to"`
	Reason     string            `json:"reason"`
	At         string            `json:"at"` // RFC 3339; "" when the record does not tell
	FromRule   string            `json:"from_rule,omitempty"`
	ToRule     string            `json:"to_rule,omitempty"`
}

type turnDoc struct {
	From  governance.Status `json:"from"`
	To    governance.Status `json:"to"`
	Count int               `json:"count"`
}

func (a *app) policyWhatIf(ctx context.Context, ref string, last int) error {
	output, err := a.format(a.tableOrJSON(), "json", "table")
	if err != nil {
		return err
	}
	candidate, err := governance.LoadPolicy(ref)
	if err != nil {
		return a.policyErrors(err)
	}
	place, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer place.Close()
	trial, err := place.engine.WhatIf(ctx, candidate, last)
	if err != nil {
		return err
	}
	doc := trialDocOf(trial)
	if output == "json" {
		a.printJSON(doc)
		return nil
	}
	return a.trialTable(doc)
}

func trialDocOf(t engine.Trial) trialDoc {
	doc := trialDoc{
		Policy: t.Policy, Judged: t.Judged, Same: t.Same, Flips: flipDocs(t.Flips.Flips), Counts: []turnDoc{},
		Skipped: t.Past.Skipped, Masked: t.Masked, Failed: len(t.Failures), Failures: flipDocs(t.Failures), Short: t.Past.Short,
	}
	for _, c := range t.MostTurned() {
		doc.Counts = append(doc.Counts, turnDoc{c.From, c.To, c.Count})
	}
	return doc
}

func flipDocs(flips []governance.Flip) []flipDoc {
	docs := make([]flipDoc, len(flips))
	for i, f := range flips {
		docs[i] = flipDoc{
			f.Case.TrackingID, f.Case.Action.Primitive, f.Case.Action.Vertical, f.From, f.To, f.Reason,
			instant(f.Case.At), f.Case.Rule, f.Rule,
		}
	}
	return docs
}

func (a *app) trialTable(d trialDoc) error {
	fmt.Fprintf(a.out, "%s would decide %d of %d decisions otherwise\n", printable(d.Policy), len(d.Flips), d.Judged)
	note := func(n int, why string) {
		if n > 0 {
			fmt.Fprintf(a.out, "%7d  %s\n", n, why)
		}
	}
	for _, c := range d.Counts {
		note(c.Count, printable(c.From.Word()+" → "+c.To.Word()))
	}
	note(d.Failed, "could not be judged, and would be held")
	note(d.Masked, "judged without their masked fields")
	note(d.Skipped.Batch, "not judged: sent in batches, whose record keeps no action")
	note(d.Skipped.Ended, "not judged: their record has ended")
	note(d.Skipped.NoRoute, "not judged: no route fitted them")
	note(d.Skipped.Unreadable, "not judged: their record cannot be read")
	if d.Short {
		fmt.Fprintln(a.out, "fewer than asked for: the rest lies too far back in the ledger")
	}
	if len(d.Flips)+d.Failed == 0 {
		return nil
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\ntracking id\tprimitive\tvertical\tfrom\tto\tdecided\treason\n")
	for _, f := range slices.Concat(d.Flips, d.Failures) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(f.TrackingID), printable(f.Primitive), printable(f.Vertical),
			printable(f.From.Word()), printable(f.To.Word()), f.At, printable(f.Reason))
	}
	return w.Flush()
}
