package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/voices"
)

func (a *app) voicesCommand() *cobra.Command {
	var kind string
	c := &cobra.Command{
		Use:   "voices [ID]",
		Short: "Four readings of the same evidence: what happened, what is proved, what it costs, what is verified",
		Long: "voices reads the swarm, or what ID names: a packet by its tracking id, or with --of a queue, an agent, a task, a held entry or a decision.\n" +
			"Every sentence is computed, and names the keys and records that it rests on. A forecast needs a console that is open: one look has one sample.",
		Example: `ifpacket voices
ifpacket voices 550e8400-e29b-41d4-a716-446655440000
ifpacket voices --of queue queue:council -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("%s reads one subject, found %q too", cmd.CommandPath(), args[1])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			on := voices.Swarm
			if len(args) == 1 {
				if on = voices.ParseSubject(kind + " " + args[0]); on == voices.Swarm {
					return usage("--of %q: possible are packet, entry, agent, task, queue, decision", kind)
				}
			}
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				return a.voices(cmd.Context(), place, output, on)
			})
		},
	}
	c.Flags().StringVar(&kind, "of", string(voices.OfPacket), "what ID names: packet, entry, agent, task, queue, decision")
	return c
}

func (a *app) voices(ctx context.Context, place *place, output string, on voices.Subject) error {
	c, err := place.engine.Case(ctx, on)
	if err != nil {
		return err
	}
	if on == voices.Swarm { // no feed runs here, so ledger and Redis are compared once
		census, err := place.engine.Census(ctx)
		if err != nil {
			return err
		}
		picture := *c.Picture
		picture.Census, c.Picture = census, &picture
	}
	readings := voices.Read(c)
	var end error
	if c.Unread != "" { // which the readings tell
		end = codeOnly(exitNothing)
	}
	if output == "json" {
		a.printJSON(struct {
			Subject  voices.Subject                     `json:"subject"`
			Readings [len(voices.Voices)]voices.Reading `json:"readings"`
		}{on, readings})
		return end
	}
	for i, r := range readings {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		fmt.Fprintf(a.out, "%s  %s  %s\n", r.Voice, r.Question, r.Verdict)
		for _, f := range r.Findings {
			fmt.Fprintf(a.out, "  %-9s  %s\n", f.Severity(), printable(f.Sentence()))
			var rests []string
			for _, e := range f.Evidence() {
				rests = append(rests, printable(e.String()))
			}
			fmt.Fprintf(a.out, "  %-9s  %s\n", "", strings.Join(rests, "; "))
			if act := f.Action(); act != nil && act.Text != "" {
				fmt.Fprintf(a.out, "  %-9s  %s: %s\n", "", printable(act.Words), printable(act.Text))
			}
		}
	}
	return end
}
