package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/engine"
)

// personal is a command by which a person decides about one entry.
func (a *app) personal(use, short string, do func(context.Context, *place, string, string) (carcel.Acted, error)) *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: use + " ID", Short: short, Args: oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), "json", []string{"json", "table"}, func(place *place, output string) error {
				done, err := do(cmd.Context(), place, args[0], why)
				if err != nil {
					return err
				}
				a.printActed(done, output)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "why, for the record")
	return cmd
}

func (a *app) printActed(done carcel.Acted, output string) {
	if output == "json" {
		a.printJSON(done)
		return
	}
	fmt.Fprintf(a.out, "%s  %s", printable(done.TrackingID), done.Status)
	if done.Required > 0 {
		fmt.Fprintf(a.out, "  %d of %d approvals", done.Approvals, done.Required)
	}
	if done.Key != "" {
		fmt.Fprintf(a.out, "  %s %s", done.Operation, printable(done.Key))
	}
	fmt.Fprintln(a.out)
}

// signer is the operator's key that --as names, or the only one there is.
func (a *app) signer(ctx context.Context, p *place) (keyring.Signer, error) {
	return p.engine.Keyring().Signer(ctx, keyring.Operator, a.global.as)
}

func (a *app) carcelApprove() *cobra.Command {
	return a.personal("approve", "Sign that a held packet may go; the last signature releases it",
		func(ctx context.Context, p *place, id, why string) (carcel.Acted, error) {
			by, err := a.signer(ctx, p)
			if err != nil {
				return carcel.Acted{}, err
			}
			return p.engine.Carcel().Approve(ctx, id, by, why)
		})
}

func (a *app) carcelDeny() *cobra.Command {
	return a.personal("deny", "Sign that a held packet may not go",
		func(ctx context.Context, p *place, id, why string) (carcel.Acted, error) {
			by, err := a.signer(ctx, p)
			if err != nil {
				return carcel.Acted{}, err
			}
			return p.engine.Carcel().Deny(ctx, id, by, why)
		})
}

func (a *app) carcelAppeal() *cobra.Command {
	return a.personal("appeal", "Put a blocked packet before a person",
		func(ctx context.Context, p *place, id, why string) (carcel.Acted, error) {
			if why == "" {
				return carcel.Acted{}, usage("an appeal needs a reason: --why TEXT")
			}
			by, err := a.signer(ctx, p)
			if err != nil && (a.global.as != "" || !errors.Is(err, keyring.ErrNoKey)) {
				return carcel.Acted{}, err
			}
			if err != nil { // an appeal does not need a signature
				return p.engine.Carcel().Appeal(ctx, id, engine.Actor(), nil, why)
			}
			return p.engine.Carcel().Appeal(ctx, id, by.Entry.Person, &by, why)
		})
}

// whoActs is the name under which acts are recorded that need no signature.
func (a *app) whoActs() string {
	if a.global.as != "" {
		return a.global.as
	}
	return engine.Actor()
}

func (a *app) carcelRestore() *cobra.Command {
	return a.personal("restore", "Put a discarded entry back into the carcel",
		func(ctx context.Context, p *place, id, why string) (carcel.Acted, error) {
			return p.engine.Carcel().Restore(ctx, id, a.whoActs(), why)
		})
}

func (a *app) carcelDiscard() *cobra.Command {
	var f filterFlags
	var why string
	var yes int
	cmd := &cobra.Command{
		Use: "discard [ID…]", Short: "Take entries out of the carcel; the bin keeps them for seven days",
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := f.take(args)
			if err != nil {
				return err
			}
			output, err := a.format("json", "json", "table")
			if err != nil {
				return err
			}
			if filter.Empty() && filter.Limit == 0 {
				return usage("discard wants ids or a filter; --match '' takes nothing")
			}
			place, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer place.Close()
			ctx := cmd.Context()
			chosen, missing, err := choose(ctx, place, filter)
			if err != nil {
				return err
			}
			if err := confirmed(filter, yes, len(chosen), "discarded"); err != nil {
				return err
			}
			code := a.tellMissing(missing)
			for _, e := range chosen {
				done, err := place.engine.Carcel().Discard(ctx, "sha:"+e.SHA, a.whoActs(), why)
				if err != nil {
					fmt.Fprintf(a.err, "ifpacket: %s: %s\n", printable(e.ID()), errorLine(err))
					code = worse(code, exitCode(err))
					continue
				}
				a.printActed(done, output)
			}
			if _, err := place.engine.Carcel().Compact(ctx); err != nil {
				return err
			}
			if len(chosen)+len(missing) == 0 {
				code = exitNothing
			}
			return endWith(code)
		},
	}
	f.on(cmd)
	cmd.Flags().StringVar(&why, "why", "", "why, for the record")
	cmd.Flags().IntVar(&yes, "yes", 0, "how many will be discarded, as a confirmation; not needed for ids")
	return cmd
}

func (a *app) carcelBin() *cobra.Command {
	return &cobra.Command{
		Use: "bin", Short: "What was discarded and can still be restored, the newest first", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				binned, err := place.engine.Carcel().Bin(cmd.Context())
				if err != nil {
					return err
				}
				lines := make([]entryLine, len(binned))
				for i := range binned {
					lines[i] = lineOf(&binned[i].Entry)
					if output == "table" {
						e := &binned[i].Entry
						fmt.Fprintf(a.out, "%s  %s  %s  %s  kept until %s\n", printable(e.ID()), printable(e.Primitive), printable(e.Vertical), printable(e.Decision.Word()), instant(binned[i].Ends))
					}
				}
				if output == "json" {
					a.printJSON(lines)
				}
				return nil
			})
		},
	}
}

// choose reads the carcel and tells which entries a filter takes, and which
// ids mean none.
func choose(ctx context.Context, p *place, f carcel.Filter) (chosen []*carcel.Entry, missing []string, err error) {
	index := p.engine.Carcel().Index()
	if err := index.ReadAll(ctx); err != nil {
		return nil, nil, err
	}
	chosen = index.Table().Select(f, time.Now())
	for _, id := range f.IDs {
		if _, _, found := index.Table().Find(id); !found {
			missing = append(missing, id)
		}
	}
	return chosen, missing, nil
}

func (a *app) tellMissing(ids []string) int {
	code := exitDone
	for _, id := range ids {
		err := &carcel.ErrNoEntry{ID: id}
		fmt.Fprintln(a.err, "ifpacket: "+printable(err.Error()))
		code = exitNothing
	}
	return code
}

// confirmed demands that somebody who acts on what a filter takes has seen how
// many that are.
func confirmed(f carcel.Filter, yes int, counts ...any) error {
	n, _ := counts[0].(int)
	what, _ := counts[len(counts)-1].(string)
	if yes == 0 && len(f.IDs) > 0 && len(f.IDs) >= n {
		return nil
	}
	for _, c := range counts[:len(counts)-1] {
		if c == yes && yes > 0 {
			return nil
		}
	}
	if n == 0 && yes == 0 {
		return nil
	}
	if yes == 0 {
		return usage("%d entries would be %s; look with carcel list and the same filter, then confirm with --yes %d", n, what, n)
	}
	return usage("%d entries would be %s, and --yes says %d; nothing was done", n, what, yes)
}

// readFile reads a file that a flag names, or stdin.
func (a *app) readFile(ctx context.Context, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.input(ctx))
	}
	return os.ReadFile(name)
}
