package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/audit"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/internal/durable"
)

func (a *app) auditCommand() *cobra.Command {
	var since, until, html string
	var sample int
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "The compliance report of a period: every figure counted, none assumed",
		Long: "audit counts the ledger over the period, hashes all of it again, verifies the packets that are in Redis (of more than\n" +
			"--sample a random sample, which is called one), and compares ledger and Redis. The status follows from the figures.\n" +
			"It ends with 4 when that is NOT COMPLIANT, with 5 when there is neither a record nor a packet.",
		Example: `ifpacket audit --since 24h
ifpacket audit --since 2026-11-01 --until 2026-12-01 --html november.html`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := moment("--since", since)
			if err != nil {
				return err
			}
			to, err := moment("--until", until)
			switch {
			case err != nil:
				return err
			case from != nil && to != nil && !from.Before(*to):
				return usage("--since %s is not before --until %s", since, until)
			case sample < 1:
				return usage("--sample needs a number from 1 on")
			case cmd.Flags().Changed("html") && html == "":
				return usage("--html needs the name of a file")
			}
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				r, err := place.engine.Audit(cmd.Context(), from, to, sample)
				if err != nil {
					return keysError(err)
				}
				return a.audited(output, html, r)
			})
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "begin of the period: a date, an RFC 3339 time, or how long ago (24h); default: the first record")
	cmd.Flags().StringVar(&until, "until", "", "end of the period, not included, in the same forms; default: now")
	cmd.Flags().StringVar(&html, "html", "", "also write the report into this HTML file, which is replaced")
	cmd.Flags().IntVar(&sample, "sample", engine.AuditSample, "verify at most so many packets")
	return cmd
}

// moment reads a time as people give it; nil for "".
func moment(flag, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		at := time.Now().Add(-d).UTC()
		return &at, nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if at, err := time.Parse(form, text); err == nil {
			at = at.UTC()
			return &at, nil
		}
	}
	return nil, usage("%s %q is no time: give a date (2026-11-01), an RFC 3339 time, or how long ago (24h)", flag, text)
}

func (a *app) audited(output, html string, r *audit.Report) error {
	if html != "" {
		if err := durable.Write(html, func(w io.Writer) error { return r.HTML(w) }); err != nil {
			return fmt.Errorf("audit --html %s: %w; nothing was written", html, err)
		}
	}
	if output == "json" {
		a.printJSON(r)
	} else {
		a.auditTable(r)
	}
	switch r.Status {
	case audit.NotCompliant:
		return codeOnly(exitUnproven)
	case audit.Nothing:
		return codeOnly(exitNothing)
	}
	return nil
}

func (a *app) auditTable(r *audit.Report) {
	fmt.Fprintf(a.out, "IF.PACKET compliance report\n%s, made %s from %s, policy %s\n\n%s\n",
		r.Period(), utc(r.MadeAt), printable(r.Server), printable(r.Policy), r.Status)
	for _, line := range r.Reasons {
		fmt.Fprintf(a.out, "  ✕ %s\n", printable(line))
	}
	for _, line := range r.Remarks {
		fmt.Fprintf(a.out, "  ▲ %s\n", printable(line))
	}
	for _, s := range r.Sections() {
		fmt.Fprintf(a.out, "\n%s  [%s]\n", s.Title, printable(s.From))
		if len(s.Rows) == 0 {
			fmt.Fprintln(a.out, "            0  none")
		}
		for _, row := range s.Rows {
			mark := ""
			if row.Bad {
				mark = "✕ "
			}
			fmt.Fprintf(a.out, "  %11s  %s%s\n", row.Figure, mark, printable(row.Label))
		}
	}
	if c := r.Ledger.Checkpoint; c != nil {
		fmt.Fprintln(a.out)
		a.describeCheckpoint(c)
	}
}
