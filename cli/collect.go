package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/ui/widget"
)

func (a *app) collectCommand() *cobra.Command {
	var r dispatch.Request
	var op string
	cmd := &cobra.Command{
		Use:   "collect",
		Short: "Read packets from a key, or take them from a list",
		Args:  noArgs,
		Example: `ifpacket collect --key queue:council --op lpop --count 10
ifpacket collect --key agents:metadata --op hgetall`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r.Op = dispatch.Reading(op)
			return a.collect(cmd.Context(), r)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.Key, "key", "", "the key to read")
	flags.StringVar(&op, "op", "", "get, lindex, lrange, hget, hgetall, smembers, lpop or rpop")
	flags.Int64Var(&r.Index, "index", 0, "position in the list (lindex), or its first one (lrange)")
	flags.Int64Var(&r.Stop, "stop", -1, "last position (lrange); -1 is the end")
	flags.StringVar(&r.Field, "field", "", "field of the hash (hget)")
	flags.IntVar(&r.Count, "count", 1, "how many to take (lpop, rpop)")
	flags.BoolVar(&r.IncludeExpired, "include-expired", false, "give packets past their own TTL too")
	return cmd
}

// line is a value that is not printed as a bare packet.
type line struct {
	Field   string          `json:"field,omitempty"`
	Packet  json.RawMessage `json:"packet,omitempty"`
	Expired bool            `json:"expired,omitempty"`
	Raw     *string         `json:"raw_base64,omitempty"` // "" is a value too
	Faults  []packet.Fault  `json:"faults,omitempty"`
}

func (a *app) collect(ctx context.Context, r dispatch.Request) error {
	output, err := a.format("json", "json", "table")
	if err != nil {
		return err
	}
	switch {
	case r.Key == "" || r.Op == "":
		return usage("collect needs --key and --op")
	case r.Count < 1:
		return usage("--count %d: take at least 1", r.Count)
	}
	r.Actor = engine.Actor()
	place, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer place.Close()
	found, err := place.engine.Collect(ctx, r)
	// What was taken before an error is printed all the same: it is no longer
	// in Redis.
	for i, item := range found.Items {
		a.printItem(item, output)
		for _, fault := range item.Faults {
			fmt.Fprintf(a.err, "ifpacket: packet %d: %s\n", i+1, fault)
		}
	}
	if found.Expired > 0 {
		where := "skipped"
		if r.Op.Takes() {
			where = "moved to carcel:expired"
		}
		fmt.Fprintf(a.err, "ifpacket: %d expired, %s\n", found.Expired, where)
	}
	if a.out.failed() != nil && r.Op.Takes() {
		fmt.Fprintf(a.err, "ifpacket: %d values were taken from %s: they are no longer in Redis\n", len(found.Items), printable(r.Key))
	}
	switch {
	case err != nil:
		return err
	case len(found.Items) == 0:
		return endWith(exitNothing)
	}
	return nil
}

func (a *app) printItem(item dispatch.Item, output string) {
	if item.Invalid != nil {
		raw := base64.StdEncoding.EncodeToString(item.Raw)
		a.printJSON(line{
			Field: item.Field, Raw: &raw,
			Faults: []packet.Fault{{Field: "value", Expected: item.Invalid.Reason}},
		})
		return
	}
	text := packet.AppendJSON(nil, item.Packet)
	switch {
	case output == "table":
		p := item.Packet
		fmt.Fprintf(a.out, "%s  %s  %s  %s\n", p.TrackingID, p.DispatchedAt, printable(p.Origin), packet.AppendValueJSON(nil, p.Contents))
	case item.Field != "" || item.Expired:
		a.printJSON(line{Field: item.Field, Packet: text, Expired: item.Expired})
	default:
		fmt.Fprintf(a.out, "%s\n", text)
	}
}

// printable shows text of unknown origin so that nothing in it is obeyed by
// the terminal.
func printable(s string) string { return widget.Sanitize(s) }
