package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

func (a *app) carcelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "carcel",
		Short: "What was not approved: list, explain, approve, replay, discard",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.carcelList(), a.carcelShow(), a.carcelStats(), a.carcelReplay(), a.carcelRuns(),
		a.carcelApprove(), a.carcelDeny(), a.carcelAppeal(), a.carcelDiscard(), a.carcelBin(), a.carcelRestore())
	return cmd
}

// filterFlags choose entries.
type filterFlags struct {
	filter carcel.Filter
	older  string
}

func (f *filterFlags) on(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.filter.Reason, "reason", "", "part of the reason")
	flags.StringVar(&f.filter.Origin, "origin", "", "the origin")
	flags.StringVar(&f.filter.Guardian, "guardian", "", "the guardian that decided")
	flags.StringVar(&f.filter.Vertical, "vertical", "", "the vertical")
	flags.StringVar(&f.filter.Decision, "decision", "", "blocked, review, co-sign or error")
	flags.StringVar(&f.older, "older", "", "held for longer than that: 90s, 15m, 6h, 2d")
	flags.StringVar(&f.filter.Match, "match", "", "part of any field")
	flags.IntVar(&f.filter.Limit, "limit", 0, "that many of the oldest at most")
}

func (f *filterFlags) take(ids []string) (carcel.Filter, error) {
	f.filter.IDs = ids
	if f.filter.Limit < 0 {
		return f.filter, usage("--limit is not negative")
	}
	for _, id := range ids {
		if id == "" {
			return f.filter, usage("an id is empty; name a tracking id, or sha: and digits")
		}
	}
	if f.older == "" {
		return f.filter, nil
	}
	text := f.older
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil {
			text = fmt.Sprintf("%fh", n*24)
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return f.filter, usage("--older: %q is no span of time such as 90s, 15m, 6h or 2d", f.older)
	}
	f.filter.Older = d
	return f.filter, nil
}

// entryLine is an entry as a program reads it.
type entryLine struct {
	TrackingID string            `json:"tracking_id"`
	Primitive  string            `json:"primitive"`
	Vertical   string            `json:"vertical"`
	Decision   governance.Status `json:"decision"`
	Reason     string            `json:"reason"`
	Guardian   string            `json:"guardian,omitempty"`
	Rule       string            `json:"rule,omitempty"`
	Origin     string            `json:"origin"`
	Actor      string            `json:"actor,omitempty"`
	Key        string            `json:"key,omitempty"`
	Operation  string            `json:"operation,omitempty"`
	At         string            `json:"at,omitempty"`
	Expires    string            `json:"expires_at,omitempty"`
	Given      int               `json:"approvals_given"`
	Required   int               `json:"approvals_required"`
	Replays    int               `json:"replay_count"`
	Size       int               `json:"size_bytes"`
	SHA        string            `json:"sha256"`
	Faults     []packet.Fault    `json:"faults,omitempty"`
}

func lineOf(e *carcel.Entry) entryLine {
	return entryLine{
		e.TrackingID, e.Primitive, e.Vertical, e.Decision, e.Reason, e.Guardian, e.Rule, e.Origin, e.Actor, e.Key, e.Operation,
		instant(e.At), instant(e.Expires), e.Given, e.Required, e.Replays, e.Size, e.SHA, e.Faults,
	}
}

func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// whole is a time as it was recorded, to the second.
func whole(recorded string) string {
	at, err := time.Parse(time.RFC3339, recorded)
	if err != nil {
		return recorded
	}
	return instant(at)
}

func (a *app) carcelList() *cobra.Command {
	var f filterFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List what is held, the oldest first", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withChosen(cmd.Context(), &f, func(chosen []*carcel.Entry, output string) error {
				if output == "json" {
					lines := make([]entryLine, len(chosen))
					for i, e := range chosen {
						lines[i] = lineOf(e)
					}
					a.printJSON(lines)
					return nil
				}
				w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
				fmt.Fprintf(w, "tracking id\tprimitive\tvertical\tdecision\tsince\treason\n")
				for _, e := range chosen {
					decision := e.Decision.Word()
					if e.Waits() {
						decision += fmt.Sprintf(" %d/%d", e.Given, e.Required)
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", printable(e.ID()), printable(e.Primitive), printable(e.Vertical), printable(decision), instant(e.At), printable(e.Reason))
				}
				return w.Flush()
			})
		},
	}
	f.on(cmd)
	return cmd
}

// withChosen reads the whole carcel and hands over what the filter takes.
func (a *app) withChosen(ctx context.Context, f *filterFlags, do func(chosen []*carcel.Entry, output string) error) error {
	filter, err := f.take(nil)
	if err != nil {
		return err
	}
	return a.tabled(ctx, func(place *place, output string) error {
		chosen, _, err := choose(ctx, place, filter)
		if err != nil {
			return err
		}
		return do(chosen, output)
	})
}

func (a *app) carcelStats() *cobra.Command {
	var f filterFlags
	cmd := &cobra.Command{
		Use: "stats", Short: "Count what is held: by reason, guardian, origin, vertical, hour", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withChosen(cmd.Context(), &f, func(chosen []*carcel.Entry, output string) error {
				stats := carcel.StatsOf(chosen, time.Now())
				if output == "json" {
					a.printJSON(stats)
					return nil
				}
				return a.statsTable(stats)
			})
		},
	}
	f.on(cmd)
	return cmd
}

func (a *app) carcelShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "One entry with the decision on it and its approvals", Args: oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				k, err := place.engine.Carcel().Case(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if output == "json" {
					a.showJSON(k)
					return nil
				}
				a.showTable(k)
				return nil
			})
		},
	}
}

// oneID demands a single id.
func oneID(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return usage("%s wants one id: a tracking id, or sha: and at least eight digits", cmd.CommandPath())
	}
	return nil
}

func (a *app) showJSON(k carcel.Case) {
	entry, _, err := packet.ParseValue([]byte(k.Held.Raw))
	if err != nil {
		entry = packet.StringOf(k.Held.Raw)
	}
	doc := packet.ObjectOf(packet.Member{Key: "entry", Value: entry})
	if raw := k.Record.JSON(); k.Held.TrackingID != "" {
		if decision, _, err := packet.ParseValue([]byte(raw)); err == nil {
			doc = doc.With("decision", decision)
		}
	}
	list := func(words []string) packet.Value {
		values := make([]packet.Value, len(words))
		for i, w := range words {
			values[i] = packet.StringOf(w)
		}
		return packet.ArrayOf(values...)
	}
	doc = doc.With("approvals", packet.ObjectOf(
		packet.Member{Key: "given", Value: packet.IntOf(int64(len(k.Tally.Persons)))},
		packet.Member{Key: "required", Value: packet.IntOf(int64(k.Tally.Needed))},
		packet.Member{Key: "persons", Value: list(k.Tally.Persons)},
		packet.Member{Key: "faults", Value: list(k.Tally.Faults)}))
	target := packet.ObjectOf(packet.Member{Key: "key", Value: packet.StringOf(k.To.Key)}, packet.Member{Key: "operation", Value: packet.StringOf(string(k.To.Operation))})
	if k.ToErr != nil {
		target = packet.ObjectOf(packet.Member{Key: "error", Value: packet.StringOf(k.ToErr.Error())})
	}
	doc = doc.With("target", target)
	doc = doc.With("sha256", packet.StringOf(k.Held.SHA))
	fmt.Fprintf(a.out, "%s\n", packet.AppendValueJSON(nil, doc))
}

func (a *app) showTable(k carcel.Case) {
	h := &k.Held
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	row := func(label string, values ...string) {
		fmt.Fprintf(w, "%s\t%s\n", label, printable(strings.Join(values, "  ")))
	}
	row("packet", h.ID())
	row("action", h.Primitive, h.Vertical)
	if h.Actor == h.Origin {
		row("from", h.Origin)
	} else {
		row("from", h.Origin, h.Actor)
	}
	if k.ToErr != nil {
		row("to", k.ToErr.Error())
	} else {
		row("to", k.To.Key, string(k.To.Operation))
	}
	row("held", instant(h.At))
	row("decision", h.Decision.Title(), k.Record.Policy)
	row("why", h.Reason)
	for _, f := range k.Record.Guardians {
		word := f.Status.Title()
		if f.Advisory {
			word = "advisory"
		}
		row("guardian", f.Guardian+"/"+f.Rule, word, f.Reason)
	}
	if h.Waits() {
		row("approvals", fmt.Sprintf("%d of %d", len(k.Tally.Persons), k.Tally.Needed), strings.Join(k.Tally.Persons, ", "))
		row("expires", whole(k.Record.ExpiresAt))
	}
	if o := k.Record.Outcome; o != nil {
		row("outcome", o.State, o.At, o.By, o.Why)
	}
	for _, f := range h.Faults {
		row("fault", f.String())
	}
	for _, f := range k.Tally.Faults {
		row("fault", f)
	}
	_ = w.Flush()
	fmt.Fprintf(a.out, "%s\n", packet.AppendIndentedJSON(nil, h.Contents, "  "))
}

// carcelCode is the exit code of an error about an entry.
func carcelCode(err error) (int, bool) {
	var entry *carcel.ErrNoEntry
	var binned *carcel.ErrNotBinned
	var run *carcel.ErrNoRun
	switch {
	case errors.As(err, &entry), errors.As(err, &binned), errors.As(err, &run):
		return exitNothing, true
	case errors.Is(err, carcel.ErrSpec), errors.Is(err, carcel.ErrWhy), errors.Is(err, carcel.ErrNoTarget):
		return exitInvalid, true
	case errors.Is(err, carcel.ErrNotWaiting), errors.Is(err, carcel.ErrTooLate), errors.Is(err, carcel.ErrRate), errors.Is(err, carcel.ErrCopy),
		errors.Is(err, governance.ErrSelfApproval), errors.Is(err, governance.ErrApprovedTwice), errors.Is(err, governance.ErrRole):
		return exitHeld, true // it stays where it is
	}
	return 0, false
}

// statsTable prints counts, each list with its ten largest.
func (a *app) statsTable(s carcel.Stats) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "held\t%d\t%d wait for a person, %d came back, %d bytes\n", s.Total, s.Waiting, s.Replays, s.Bytes)
	for _, group := range []struct {
		name   string
		counts []carcel.Count
	}{{"reason", s.Reasons}, {"guardian", s.Guardians}, {"origin", s.Origins}, {"vertical", s.Verticals}, {"decision", s.Decisions}} {
		fmt.Fprintln(w)
		for i, c := range group.counts {
			if i == 10 {
				fmt.Fprintf(w, "%s\t\tand %d more\n", group.name, len(group.counts)-i)
				break
			}
			name := c.Name
			if name == "" {
				name = "not known"
			}
			fmt.Fprintf(w, "%s\t%d\t%s\n", group.name, c.N, printable(name))
		}
	}
	return w.Flush()
}
