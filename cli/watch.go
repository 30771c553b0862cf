package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/watch"
)

func (a *app) watchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "watch",
		Short: "A line for every change, until interrupted",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.watch(cmd.Context()) },
	}
}

func (a *app) watch(ctx context.Context) error {
	return a.tabled(ctx, func(place *place, output string) error {
		watcher := place.engine.Watcher()
		if err := place.engine.Ping(ctx); err != nil {
			return err
		}
		changed := make(chan struct{}, 1)
		watcher.OnChange(func() {
			select {
			case changed <- struct{}{}:
			default:
			}
		})
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		running.Go(func() { _ = watcher.Run(ctx) })
		if a.global.metrics != "" { // which tell of verdicts and waits as well
			running.Go(func() { _ = place.engine.Feed().Run(ctx) })
		}
		defer func() { cancel(); running.Wait() }()

		var last *watch.Snapshot // the first whole picture: what comes after it is change
		for {
			select {
			case <-ctx.Done():
				if errors.Is(ctx.Err(), context.Canceled) {
					return nil
				}
				return ctx.Err()
			case <-changed:
				next := watcher.Snapshot()
				if last == nil {
					if !next.Taken.IsZero() {
						last = next
					}
					continue
				}
				for _, c := range watch.Changes(last, next) {
					if err := a.printChange(c, output); err != nil {
						return nil // whoever read us is gone
					}
				}
				last = next
			}
		}
	})
}

func (a *app) printChange(c watch.Change, output string) error {
	if output == "json" {
		a.printJSON(c)
		return nil
	}
	_, err := fmt.Fprintf(a.out, "%s  %-9s %-32s %s\n", c.At.Format(time.TimeOnly), c.Kind, printable(c.Subject), printable(c.Detail))
	return err
}
