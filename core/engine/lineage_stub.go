package engine

import (
	"context"
	"errors"

	"github.com/infrafabric/ifpacket/core/lineage"
)

// Feed is the verdicts of packets as they arrive.
type Feed struct{ picture lineage.Picture }

// Picture is the newest one; never nil.
func (f *Feed) Picture() *lineage.Picture { return &f.picture }

// OnChange has a function called when there is a new picture.
func (f *Feed) OnChange(func()) {}

// Run follows the server until the context ends.
func (f *Feed) Run(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// Feed follows what arrives; run it with Feed().Run.
func (e *Engine) Feed() *Feed { return new(Feed) }

// SaveReport writes a report into a file of its own and gives its path.
func (e *Engine) SaveReport(lineage.Report) (path string, err error) {
	return "", errors.New("not built yet")
}
