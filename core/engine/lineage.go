package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/internal/durable"
)

func (e *Engine) sources(unrecorded []string) lineage.Sources {
	return lineage.Sources{
		Store: e.store, Ledger: e.ledger, Keys: e.keyring, Carcel: e.carcel, Registry: e.registry,
		Options: lineage.Options{Unrecorded: unrecorded, TakenFrom: e.watcher.TakenFrom, Edited: e.watcher.Edited, RequireSeal: e.requiresSeal},
	}
}

// requiresSeal reports whether the policy in force asks for seals.
func (e *Engine) requiresSeal() bool {
	p, ok := e.Council().InForce().(*governance.Policy)
	return ok && p.RequiresSeal()
}

// Feed looks at the evidence of packets as they arrive, by what the watcher
// sees; run it with Feed().Run, beside Watcher().Run.
func (e *Engine) Feed() *lineage.Feed { return e.feed }

// Trace tells all that is known of one packet, by so many of the ledger's newest
// records, all when reach is 0; see lineage.Tracer.
func (e *Engine) Trace(ctx context.Context, asked string, reach int) (lineage.Report, error) {
	return e.tracer.Trace(ctx, asked, reach)
}

// Census compares the ledger with what Redis holds, once; see
// lineage.TakeCensus.
func (e *Engine) Census(ctx context.Context) (lineage.Census, error) {
	return lineage.TakeCensus(ctx, e.tracer.Sources)
}

// SaveReport writes a report into a file of its own in the folder for exports
// and gives its path.
func (e *Engine) SaveReport(r lineage.Report) (path string, err error) {
	if e.exports == "" {
		return "", errors.New("there is no folder for exports")
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("saving the report: %w", err)
	}
	name := strings.Map(func(c rune) rune { // it may be anybody's
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' {
			return c
		}
		return '_'
	}, r.TrackingID)
	path = filepath.Join(e.exports, fmt.Sprintf("trace-%.64s-%s.json", name, r.At.UTC().Format("20060102T150405Z")))
	err = durable.Write(path, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("saving the report in %s: %w", e.exports, err)
	}
	return path, nil
}
