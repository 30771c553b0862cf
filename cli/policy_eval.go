package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

func (a *app) policyEvalCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "eval [FILE]",
		Short: "Judge actions, a JSON object a line, by the policy that --policy names",
		Long: `Reads actions from FILE or stdin, an object a line: {"primitive", "vertical",
"entropy", "actor", "payload"}, each of which may be missing. Prints a decision
a line. Rates are not counted, and a listed actor counts as vouched for.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("%s takes one file, or none for stdin", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			from := "-"
			if len(args) == 1 {
				from = args[0]
			}
			return a.policyEval(cmd.Context(), from)
		},
	}
}

// verdictLine is a decision on an action that was never a packet.
type verdictLine struct {
	Status    governance.Status    `json:"status"`
	Reason    string               `json:"reason"`
	Guardians []governance.Finding `json:"guardians"`
	Required  []string             `json:"required_actions"`
	Quorum    *governance.Quorum   `json:"quorum,omitempty"`
	Policy    string               `json:"policy"`
}

func (a *app) policyEval(ctx context.Context, from string) error {
	if _, err := a.format("json", "json"); err != nil {
		return err
	}
	p, err := governance.LoadPolicy(a.global.policy)
	if err != nil {
		return a.policyErrors(err)
	}
	in := a.input(ctx)
	if from != "-" {
		file, err := os.Open(from)
		if err != nil {
			return fmt.Errorf("policy eval: %w", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	code := exitDone
	read := lines{from: bufio.NewReaderSize(in, 64<<10), max: maxLine}
	for {
		text, tooLong, err := read.next()
		if errors.Is(err, io.EOF) {
			return endWith(code)
		}
		if err != nil {
			return fmt.Errorf("policy eval: %w", err)
		}
		if len(bytes.TrimSpace(text)) == 0 && !tooLong {
			continue
		}
		action, err := actionLine(text, tooLong)
		if err != nil {
			code = worse(code, a.lineError(read.number, err))
			continue
		}
		code = worse(code, a.printVerdict(ctx, p, action))
	}
}

func actionLine(text []byte, tooLong bool) (governance.Action, error) {
	if tooLong {
		return governance.Action{}, usage("it is longer than %d bytes", maxLine)
	}
	v, faults, err := packet.ParseValue(text)
	if err != nil {
		return governance.Action{}, err
	}
	if len(faults) > 0 {
		return governance.Action{}, &packet.ValidationError{Faults: faults}
	}
	action, err := governance.DescribedAction(v)
	var invalid *packet.ValidationError
	if errors.As(err, &invalid) {
		texts := make([]string, len(invalid.Faults))
		for i, f := range invalid.Faults {
			texts[i] = f.String()
		}
		err = usage("invalid action: %s", strings.Join(texts, "; "))
	}
	return action, err
}

// printVerdict prints the verdict on an action; one that could not be reached
// ends the command as failed.
func (a *app) printVerdict(ctx context.Context, p *governance.Policy, action governance.Action) int {
	v := governance.Ask(ctx, p, action)
	line := verdictLine{Status: v.Status, Reason: v.Reason, Guardians: v.Findings, Required: v.Required, Policy: p.Revision()}
	if line.Guardians == nil {
		line.Guardians = []governance.Finding{}
	}
	if line.Required == nil {
		line.Required = []string{}
	}
	if v.Status.Waits() {
		if v.Quorum.Roles == nil {
			v.Quorum.Roles = []string{}
		}
		line.Quorum = &v.Quorum
	}
	a.printJSON(line)
	if v.Status == governance.Failed {
		return exitFailed
	}
	return exitDone
}
