package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/governance"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Check a policy, run its tests, and try it on actions",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("policy needs a command: whatif, check, test or eval; see ifpacket policy --help")
		},
		Example: `ifpacket policy check policy.yaml
echo '{"primitive": "process.kill", "payload": {"pid": 7, "reason": "stuck"}}' | ifpacket policy eval --policy s2`,
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "check FILE",
			Short: "Parse a policy, check its rules' types, and run its tests",
			Args:  onePolicy,
			RunE:  func(cmd *cobra.Command, args []string) error { return a.policyCheck(args[0]) },
		},
		&cobra.Command{
			Use:   "test FILE",
			Short: "Run a policy's own tests, a line each",
			Args:  onePolicy,
			RunE:  func(cmd *cobra.Command, args []string) error { return a.policyTest(cmd.Context(), args[0]) },
		},
		a.policyEvalCommand(),
		a.policyWhatIfCommand(),
	)
	return cmd
}

func onePolicy(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return usage("%s needs one policy: a file, default or s2", cmd.CommandPath())
	}
	return nil
}

// policyErrors tells each fault of a policy on a line of its own; the command
// then ends with the code for invalid input.
func (a *app) policyErrors(err error) error {
	if !errors.Is(err, governance.ErrPolicy) {
		return err
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(a.err, "ifpacket: %s\n", printable(line))
	}
	return codeOnly(exitInvalid)
}

// policySummary is what check prints.
type policySummary struct {
	Name      string `json:"name"`
	Revision  string `json:"policy"`
	File      string `json:"file"`
	About     string `json:"about"`
	Guardians int    `json:"guardians"`
	Rules     int    `json:"rules"`
	Routes    int    `json:"routes"`
	Masks     int    `json:"masks"`
	Trusted   int    `json:"trusted"`
	Tests     int    `json:"tests"`
}

func (a *app) policyCheck(ref string) error {
	output, err := a.format(a.tableOrJSON(), "json", "table")
	if err != nil {
		return err
	}
	p, err := governance.LoadPolicy(ref)
	if err != nil {
		return a.policyErrors(err)
	}
	s := policySummary{
		Name: p.Name(), Revision: p.Revision(), File: p.File(), About: p.About(), Guardians: len(p.Guardians()),
		Routes: len(p.Routes()), Masks: len(p.Masks()), Trusted: len(p.Trusted()), Tests: p.Tests(),
	}
	for _, g := range p.Guardians() {
		s.Rules += len(g.Rules)
	}
	if output == "json" {
		a.printJSON(s)
		return nil
	}
	fmt.Fprintf(a.out, "%s is fine: %s\n", printable(s.File), printable(s.Revision))
	fmt.Fprintf(a.out, "%s, %s, %s, %s, %d trusted, %s passed\n",
		counted(s.Guardians, "guardian"), counted(s.Rules, "rule"), counted(s.Routes, "route"), counted(s.Masks, "mask"), s.Trusted, counted(s.Tests, "test"))
	return nil
}

// counted is "1 rule" or "2 rules".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// policyTestLine is the outcome of one test.
type policyTestLine struct {
	Test   string            `json:"test"`
	Line   int               `json:"line"`
	Passed bool              `json:"passed"`
	Status governance.Status `json:"status"`
	Reason string            `json:"reason"`
	Fault  string            `json:"fault,omitempty"`
}

func (a *app) policyTest(ctx context.Context, ref string) error {
	output, err := a.format(a.tableOrJSON(), "json", "table")
	if err != nil {
		return err
	}
	outcomes, err := governance.TestPolicy(ctx, ref)
	if err != nil {
		return a.policyErrors(err)
	}
	failed := 0
	for _, o := range outcomes {
		line := policyTestLine{Test: o.Name, Line: o.Line, Passed: o.Err == nil, Status: o.Status, Reason: o.Reason}
		if o.Err != nil {
			line.Fault = o.Err.Error()
			failed++
		}
		if output == "json" {
			a.printJSON(line)
			continue
		}
		glyph, detail := "✓", string(o.Status)
		if o.Err != nil {
			glyph, detail = "✕", line.Fault
		}
		fmt.Fprintf(a.out, "%s %s: %s\n", glyph, printable(o.Name), printable(detail))
	}
	if failed > 0 {
		return usage("%d of %d tests of %s failed", failed, len(outcomes), ref)
	}
	return nil
}
