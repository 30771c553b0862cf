package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
)

type dispatchFlags struct {
	key, op, origin, schema, format, contents, trackingID, batch string
	ttl                                                          int64
	ttlGiven                                                     bool // else a route may say how long a packet lives
}

func (a *app) dispatchCommand() *cobra.Command {
	var f dispatchFlags
	cmd := &cobra.Command{
		Use:   "dispatch",
		Short: "Send one packet, or many with --batch",
		Args:  noArgs,
		Example: `ifpacket dispatch --key queue:council --contents '{"primitive": "matrix.route", "source": "a", "destination": "b"}'
ifpacket dispatch --batch packets.ndjson --key queue:council`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// An empty value is most likely a variable that is not set; taking
			// the default instead would hide that.
			for _, name := range []string{"tracking-id", "origin", "key", "op", "contents", "batch"} {
				if flag := cmd.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
					return usage("--%s is empty; name a value or leave it away", name)
				}
			}
			f.ttlGiven = cmd.Flags().Changed("ttl")
			return a.dispatch(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.key, "key", "", "where it goes, such as queue:council (default: where the policy's routes send it)")
	flags.StringVar(&f.op, "op", "", "set, lpush, rpush, hset or sadd (default: as the key's class suggests)")
	flags.StringVar(&f.origin, "origin", "", "who sends (default user@host)")
	flags.Int64Var(&f.ttl, "ttl", packet.DefaultTTL, "seconds that the packet lives, 1 to 86400")
	flags.StringVar(&f.schema, "schema", packet.Schema11, "schema version, 1.0 or 1.1")
	flags.StringVar(&f.format, "format", "json", "json or msgpack")
	flags.StringVar(&f.contents, "contents", "", "the contents as JSON, @FILE, or - for stdin")
	flags.StringVar(&f.trackingID, "tracking-id", "", "UUIDv4 of the packet (default: a new one)")
	flags.StringVar(&f.batch, "batch", "", "file with a packet a line (NDJSON), or - for stdin")
	return cmd
}

func (a *app) dispatch(ctx context.Context, f dispatchFlags) error {
	format, err := packet.ParseFormat(f.format)
	if err != nil {
		return usage("--format: %v", err)
	}
	output, err := a.format("json", "json", "table")
	if err != nil {
		return err
	}
	to := dispatch.Destination{Key: f.key, Operation: dispatch.Operation(f.op), Format: format}
	if f.batch != "" {
		if f.contents != "" || f.trackingID != "" {
			return usage("--batch reads contents and tracking ids from its lines; leave --contents and --tracking-id away")
		}
		return a.dispatchBatch(ctx, f, to, output)
	}
	if f.contents == "" {
		return usage("dispatch needs --contents (JSON, @FILE or -), or --batch FILE")
	}
	contents, err := a.readContents(ctx, "--contents", f.contents)
	if err != nil {
		return err
	}
	p := packet.New(f.origin, contents)
	p.SchemaVersion, p.TTLSeconds = f.schema, f.ttl
	if !f.ttlGiven && to.Key == "" {
		p.TTLSeconds = 0 // the route's
	}
	if f.origin == "" {
		p.Origin = engine.Actor()
	}
	if f.trackingID != "" {
		p.TrackingID = f.trackingID
	}
	place, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer place.Close()
	receipt, err := place.engine.Dispatch(ctx, p, to)
	if err != nil {
		return err
	}
	a.printReceipt(receipt, output)
	return endWith(receiptCode(receipt))
}

func receiptCode(r dispatch.Receipt) int {
	if r.Status == dispatch.InCarcel {
		return exitHeld
	}
	return exitDone
}

func (a *app) printReceipt(r dispatch.Receipt, output string) {
	if output == "table" {
		fmt.Fprintf(a.out, "%s  %s  %s %s  %s\n", r.TrackingID, r.Status, r.Operation, printable(r.Key), printable(r.Reason))
		return
	}
	a.printJSON(r)
}

// readContents reads JSON given with a flag, in a file, or on stdin.
func (a *app) readContents(ctx context.Context, flag, arg string) (packet.Value, error) {
	text, source := []byte(arg), flag
	var err error
	switch {
	case arg == "-":
		source = "stdin"
		text, err = io.ReadAll(a.input(ctx))
	case strings.HasPrefix(arg, "@"):
		source = arg[1:]
		text, err = os.ReadFile(arg[1:])
	}
	if err != nil {
		return packet.Value{}, fmt.Errorf("contents: %w", err)
	}
	v, faults, err := packet.ParseValue(text)
	if err != nil {
		return v, usage("contents in %s are not JSON: %v", source, err)
	}
	if len(faults) > 0 {
		for i := range faults {
			faults[i].Field = strings.TrimSuffix("contents."+faults[i].Field, ".")
		}
		return v, &packet.ValidationError{Faults: faults}
	}
	return v, nil
}

// lineError is the error of one line of a batch.
func (a *app) lineError(number int, err error) int {
	text := errorLine(err)
	var syntax *packet.SyntaxError
	if errors.As(err, &syntax) {
		text = fmt.Sprintf("not JSON at column %d: %s", syntax.Column, syntax.Reason)
	}
	fmt.Fprintf(a.err, "ifpacket: line %d: %s\n", number, text)
	return exitCode(err)
}
