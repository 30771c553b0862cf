package dispatch

import (
	"context"

	"github.com/infrafabric/ifpacket/core/store"
)

var writeScript = store.LoadScript("write")

const (
	// together is how many writes one run of the script makes at most: about a
	// millisecond of the server.
	together = 64
	// trips is how many round trips of callers who wait are under way at most:
	// while Redis works on one, the other is read and written.
	trips = 2
)

// write writes packets that are loaded, each in one atomic step, up to
// `together` of them in one run of the script and all in one round trip. An
// error is one after which nobody knows what has landed; a packet that was
// refused has its own in its answer.
func (d *Dispatcher) write(ctx context.Context, list []*cargo) ([]store.Answer, error) {
	answers, failed, err := d.writeRuns(ctx, list, together)
	if err != nil || len(failed) == 0 {
		return answers, err
	}
	// The run broke off, and some of it may have landed: one by one each packet
	// shows by its mark whether it has, or what is in its way.
	alone := make([]*cargo, len(failed))
	for n, i := range failed {
		alone[n] = list[i]
	}
	again, _, err := d.writeRuns(ctx, alone, 1)
	for n, i := range failed {
		if err == nil {
			answers[i] = again[n]
		}
	}
	return answers, err
}

// writeRuns writes packets in runs of so many, and names those in runs that
// broke off, where these had more than one.
func (d *Dispatcher) writeRuns(ctx context.Context, list []*cargo, size int) (answers []store.Answer, failed []int, err error) {
	var keys [][]string
	var args [][]any
	for from := 0; from < len(list); from += size {
		lot := list[from:min(from+size, len(list))]
		k := append(make([]string, 0, 3+4*len(lot)), d.space.Ledger(), d.space.DeadLetters(), d.space.Pending())
		a := make([]any, 0, len(lot)*len(lot[0].args))
		for _, c := range lot {
			k, a = append(k, c.keys...), append(a, c.args...)
		}
		keys, args = append(keys, k), append(args, a)
	}
	var runs []store.Answer
	if len(keys) == 1 {
		runs = make([]store.Answer, 1)
		if runs[0].Status, runs[0].Rest, err = d.store.Run(ctx, writeScript, keys[0], args[0]...); err != nil {
			runs[0].Err = err
		}
	} else if runs, err = d.store.RunMany(ctx, writeScript, keys, args); err != nil {
		return nil, nil, err
	}
	if unknown(ctx, err) {
		return nil, nil, err
	}
	answers = make([]store.Answer, 0, len(list))
	for i, run := range runs {
		n := min(size, len(list)-i*size)
		if run.Err == nil {
			answers = append(answers, d.store.Each(writeScript.Name(), run.Rest, n)...)
			continue
		}
		for range n {
			if n > 1 {
				failed = append(failed, len(answers))
			}
			answers = append(answers, store.Answer{Err: run.Err})
		}
	}
	return answers, failed, nil
}
