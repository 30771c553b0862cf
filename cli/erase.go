package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/engine"
)

func (a *app) eraseCommand() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use:   "erase TRACKING_ID --why TEXT",
		Short: "Take a packet's contents away wherever they are, leaving digests and a record",
		Long: "erase removes a packet from queues, contexts, hashes and sets, from the carcel and its bin, from the expired, and what\n" +
			"was judged from its decision record. Each place is one atomic step with a record in the ledger, which keeps digests\n" +
			"only. It cannot be undone. It says what stays, and what it could not reach. Repeating it is safe.",
		Example: `ifpacket erase 550e8400-e29b-41d4-a716-446655440000 --why "request 4711 of the data subject"`,
		Args:    one("a tracking id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if why == "" {
				return usage("erase needs --why: contents cannot be brought back, and the ledger keeps the reason")
			}
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				return a.erase(cmd.Context(), place, output, args[0], why)
			})
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "the reason, for the record")
	return cmd
}

func (a *app) erase(ctx context.Context, place *place, output, id, why string) error {
	by := a.global.as
	if by == "" {
		by = engine.Actor()
	}
	done, err := place.engine.Erase(ctx, id, why, by)
	if done != nil && (err == nil || len(done.Removed) > 0) { // what is gone is gone, and must be told
		a.printErasure(output, done)
	}
	if errors.Is(err, engine.ErrNoWhy) || errors.Is(err, engine.ErrNoTrackingID) {
		return &codedError{err, exitInvalid}
	}
	return err
}

func (a *app) printErasure(output string, e *engine.Erasure) {
	if output == "json" {
		a.printJSON(e)
		return
	}
	if len(e.Removed) == 0 {
		fmt.Fprintf(a.out, "%s: nothing was left to remove\n", e.TrackingID)
	}
	for _, r := range e.Removed {
		at := r.Key
		if r.Slot != nil {
			at += fmt.Sprintf(", slot %d", *r.Slot)
		} else if r.Field != "" {
			at += ", field " + r.Field
		}
		fmt.Fprintf(a.out, "removed      %s  [ledger record %d]\n             sha256 %s\n", printable(at), r.Position, r.SHA256)
	}
	for _, line := range e.Left {
		fmt.Fprintf(a.out, "stays        %s\n", printable(line))
	}
	for _, line := range e.Unreached {
		fmt.Fprintf(a.out, "not reached  %s\n", printable(line))
	}
}
