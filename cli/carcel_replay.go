package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// replayRate is how many entries a second a replay of several releases, unless
// it is told otherwise.
const replayRate = 50

type replayFlags struct {
	filterFlags
	spec          carcel.Spec
	edit, resume  string
	pause, cancel string
	dryRun        bool
	yes           int
}

func (a *app) carcelReplay() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay [ID…]",
		Short: "Judge entries again, and release those that the policy now approves",
		Example: `ifpacket carcel replay --reason "rate limit" --dry-run
ifpacket carcel replay --reason "rate limit" --rate 20 --canary 5 --yes 412
ifpacket carcel replay --resume 7f3c01aa`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.replay(cmd.Context(), f, args) },
	}
	f.on(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "tell what would happen, and change nothing")
	flags.Float64Var(&f.spec.Rate, "rate", replayRate, "entries a second at most; 0 for no limit")
	flags.IntVar(&f.spec.Canary, "canary", 0, "release that many first and look whether they come back")
	flags.StringVar(&f.edit, "edit", "", "file with contents that take the place of the entry's, or - for stdin; one entry only")
	flags.StringVar(&f.spec.Key, "to", "", "key to release to, instead of where it was bound for")
	flags.StringVar(&f.spec.Op, "op", "", "operation: set, lpush, rpush, hset or sadd")
	flags.StringVar(&f.resume, "resume", "", "carry on a run that was paused or interrupted")
	flags.StringVar(&f.pause, "pause", "", "pause a run, wherever it is worked on")
	flags.StringVar(&f.cancel, "cancel", "", "end a run, wherever it is worked on")
	flags.StringVar(&f.spec.Why, "why", "", "why, for the record")
	flags.IntVar(&f.yes, "yes", 0, "how many entries are chosen, or would be released, as a confirmation; not needed for ids")
	return cmd
}

func (a *app) replay(ctx context.Context, f replayFlags, ids []string) error {
	var err error
	if f.spec.Filter, err = f.take(ids); err != nil {
		return err
	}
	output, err := a.format(a.tableOrJSON(), "json", "table")
	if err != nil {
		return err
	}
	if f.edit != "" {
		if f.spec.Edit, err = a.readFile(ctx, f.edit); err != nil {
			return fmt.Errorf("edit: %w", err)
		}
		if len(bytes.TrimSpace(f.spec.Edit)) == 0 { // a pipeline that failed, most likely
			return usage("--edit %s: there is nothing in it; nothing was done", f.edit)
		}
	}
	if f.dryRun && f.resume+f.pause+f.cancel != "" {
		return usage("--dry-run tells what ids or a filter would release; it does not go with --resume, --pause or --cancel")
	}
	f.spec.By = a.whoActs()
	place, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer place.Close()
	held := place.engine.Carcel()
	switch {
	case f.pause != "":
		return a.changedRun(ctx, held, f.pause, held.Pause(ctx, f.pause, "by "+f.spec.By))
	case f.cancel != "":
		return a.changedRun(ctx, held, f.cancel, held.Cancel(ctx, f.cancel, "by "+f.spec.By))
	case f.resume != "":
		return a.work(ctx, held, f.resume, output)
	}
	if f.spec.Filter.Empty() && f.spec.Filter.Limit == 0 && f.yes == 0 && !f.dryRun {
		return usage("replay wants ids, a filter, or --yes with the number of all entries; look first with --dry-run")
	}
	plan, err := held.Plan(ctx, f.spec)
	if err != nil {
		return err
	}
	code := a.tellMissing(missingOf(plan, ids))
	if f.edit != "" && len(plan.Entries) == 1 {
		if err := a.tellEdit(ctx, held, plan); err != nil {
			return err
		}
	}
	if f.dryRun {
		a.printPlan(plan, output)
		return endWith(worse(code, planCode(plan)))
	}
	if err := confirmed(f.spec.Filter, f.yes, len(plan.Entries), plan.Counts()[carcel.WouldRelease], "tried"); err != nil {
		return err
	}
	if len(plan.Entries) == 0 {
		if code == exitDone {
			fmt.Fprintln(a.err, "ifpacket: no entry passes the filter; nothing was done")
		}
		return endWith(exitNothing)
	}
	run, err := held.Begin(ctx, plan)
	if err != nil {
		return err
	}
	if err := a.work(ctx, held, run.ID, output); err != nil {
		var ended codeOnly
		if !errors.As(err, &ended) {
			return err
		}
		code = worse(code, int(ended))
	}
	for _, p := range plan.Entries {
		if len(plan.Entries) <= 20 && p.Fate != carcel.WouldRelease {
			fmt.Fprintf(a.err, "ifpacket: %s stays: %s\n", printable(p.Entry.ID()), printable(p.Reason))
		}
	}
	return endWith(code)
}

func missingOf(plan carcel.Plan, ids []string) (missing []string) {
	for _, id := range ids {
		found := false
		for i := range plan.Entries {
			found = found || plan.Entries[i].Entry.Named(id)
		}
		if !found {
			missing = append(missing, id)
		}
	}
	return missing
}

// tellEdit prints what an edit changes.
func (a *app) tellEdit(ctx context.Context, held *carcel.Carcel, plan carcel.Plan) error {
	h, _, err := held.Show(ctx, "sha:"+plan.Entries[0].Entry.SHA)
	if err != nil {
		return err
	}
	edited, _, err := packet.ParseValue(plan.Spec.Edit)
	if err != nil {
		return err
	}
	changes := carcel.Diff(h.Contents, edited)
	if len(changes) == 0 {
		fmt.Fprintln(a.err, "ifpacket: the edit changes nothing")
	}
	for _, c := range changes {
		from, to := c.From, c.To
		if from == "" {
			from = "nothing"
		}
		if to == "" {
			to = "nothing"
		}
		fmt.Fprintf(a.err, "ifpacket: edit %s: %s → %s\n", printable(c.Path), printable(from), printable(to))
	}
	return nil
}

// planCode is how a dry run ends: as the run itself would.
func planCode(p carcel.Plan) int {
	counts := p.Counts()
	code := exitDone
	if len(p.Entries) == 0 {
		code = exitNothing
	}
	if counts[carcel.WouldHold]+counts[carcel.WouldSkip] > 0 {
		code = worse(code, exitHeld)
	}
	if counts[carcel.WouldFail] > 0 {
		code = worse(code, exitInvalid)
	}
	return code
}

type plannedLine struct {
	TrackingID string `json:"tracking_id"`
	SHA        string `json:"sha256"`
	Fate       string `json:"fate"`
	Decision   string `json:"decision,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Key        string `json:"key,omitempty"`
	Operation  string `json:"operation,omitempty"`
}

func (a *app) printPlan(p carcel.Plan, output string) {
	counts := p.Counts()
	if output == "json" {
		lines := make([]plannedLine, len(p.Entries))
		for i, e := range p.Entries {
			lines[i] = plannedLine{e.Entry.TrackingID, e.Entry.SHA, string(e.Fate), string(e.Decision), e.Reason, e.Key, e.Op}
		}
		a.printJSON(struct {
			DryRun  bool           `json:"dry_run"`
			Policy  string         `json:"policy"`
			Chosen  int            `json:"chosen"`
			Release int            `json:"release"`
			Rated   int            `json:"rated"` // of those, how many fall under a rate
			Hold    int            `json:"hold"`
			Skip    int            `json:"skip"`
			Invalid int            `json:"invalid"`
			Reasons []carcel.Count `json:"reasons"`
			Entries []plannedLine  `json:"entries"`
		}{true, p.Policy, len(p.Entries), counts[carcel.WouldRelease], p.Rated(), counts[carcel.WouldHold], counts[carcel.WouldSkip], counts[carcel.WouldFail], p.Reasons(), lines})
		return
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "chosen\t%d\tjudged under %s; nothing was changed\n", len(p.Entries), p.Policy)
	rated := ""
	if n := p.Rated(); n > 0 {
		rated = fmt.Sprintf("%d of them under a rate, and may stay when their turn comes", n)
	}
	fmt.Fprintf(w, "release\t%d\t%s\n", counts[carcel.WouldRelease], rated)
	for _, fate := range []carcel.Fate{carcel.WouldHold, carcel.WouldSkip, carcel.WouldFail} {
		if counts[fate] > 0 {
			fmt.Fprintf(w, "%s\t%d\n", fate, counts[fate])
		}
	}
	for _, r := range p.Reasons() {
		fmt.Fprintf(w, "\t%d\t%s\n", r.N, printable(r.Name))
	}
	_ = w.Flush()
}

// work carries a run on and tells how it ended.
func (a *app) work(ctx context.Context, held *carcel.Carcel, id, output string) error {
	run, err := held.Work(ctx, id, func(r carcel.Run) {
		if isTerminal(a.err) {
			fmt.Fprintf(a.err, "\rrun %s  %d of %d released  %d held  %d skipped  %d came back ", r.ID, r.Released, r.Total, r.Held, r.Skipped, r.Returned)
		}
	})
	if isTerminal(a.err) {
		fmt.Fprint(a.err, "\r"+strings.Repeat(" ", 79)+"\r")
	}
	if errors.Is(err, store.ErrUnreachable) {
		return fmt.Errorf("%w; what was released stays released, carry on with: ifpacket carcel replay --resume %s", err, id)
	}
	if err != nil {
		return err
	}
	a.printRun(run, output)
	switch {
	case run.State == carcel.RunPaused:
		why := run.Why
		if why == "" {
			why = "interrupted"
		}
		fmt.Fprintf(a.err, "ifpacket: run %s is paused (%s); carry on with: ifpacket carcel replay --resume %s\n", run.ID, printable(why), run.ID)
		if ctx.Err() != nil {
			return endWith(exitFailed)
		}
		return endWith(exitHeld)
	case run.State == carcel.RunCancelled:
		fmt.Fprintf(a.err, "ifpacket: run %s was cancelled (%s)\n", run.ID, printable(run.Why))
		return endWith(exitHeld)
	case run.Invalid > 0:
		return endWith(exitInvalid)
	case run.Held+run.Skipped > 0:
		return endWith(exitHeld)
	}
	return nil
}

func (a *app) printRun(r carcel.Run, output string) {
	if output == "json" {
		a.printJSON(r)
		return
	}
	fmt.Fprintf(a.out, "run %s  %s  %d of %d released  %d held  %d skipped  %d invalid  %d came back\n",
		r.ID, r.State, r.Released, r.Total, r.Held, r.Skipped, r.Invalid, r.Returned)
}

func (a *app) changedRun(ctx context.Context, held *carcel.Carcel, id string, err error) error {
	if err != nil {
		return err
	}
	run, err := held.Run(ctx, id)
	if err != nil {
		return err
	}
	a.printJSON(run)
	return nil
}

func (a *app) carcelRuns() *cobra.Command {
	return &cobra.Command{
		Use: "runs", Short: "The replays of the last days", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				runs, err := place.engine.Carcel().Runs(cmd.Context())
				if err != nil {
					return err
				}
				if output == "json" {
					if runs == nil {
						runs = []carcel.Run{}
					}
					a.printJSON(runs)
					return nil
				}
				for _, r := range runs {
					a.printRun(r, output)
				}
				return nil
			})
		},
	}
}
