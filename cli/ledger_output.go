package cli

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/ledger"
)

// auditLine is what ledger verify prints.
type auditLine struct {
	Result     string             `json:"result"` // consistent, unsealed (no checkpoint), damaged
	At         string             `json:"at"`
	First      int64              `json:"first"`
	Last       int64              `json:"last"`
	Hashed     int64              `json:"hashed_again"`
	Trimmed    int64              `json:"trimmed"`
	Unsealed   int64              `json:"unsealed"`
	Checkpoint *ledger.Checkpoint `json:"checkpoint"`
	Seen       *ledger.Checkpoint `json:"seen_before"`
	Findings   []string           `json:"findings"`
}

func (a *app) printAudit(output string, r *ledger.Audit) {
	line := auditLine{
		Result: "consistent", At: r.At.UTC().Format(time.RFC3339), First: r.First, Last: r.Last, Hashed: r.Hashed,
		Trimmed: r.Trimmed, Unsealed: r.Unsealed, Checkpoint: r.Checkpoint, Seen: r.Seen, Findings: append([]string{}, r.Findings...),
	}
	switch {
	case len(r.Findings) > 0:
		line.Result = "damaged"
	case r.Checkpoint == nil:
		line.Result = "unsealed"
	}
	if output == "json" {
		a.printJSON(line)
		return
	}
	fmt.Fprintf(a.out, "%s: records %d to %d, %d hashed again, %d trimmed, %d not sealed yet\n",
		line.Result, r.First, r.Last, r.Hashed, r.Trimmed, r.Unsealed)
	if r.Checkpoint != nil {
		a.describeCheckpoint(r.Checkpoint)
	}
	if r.Seen != nil {
		fmt.Fprintf(a.out, "seen here before: %d records at %s\n", r.Seen.Size, r.Seen.At.UTC().Format(time.RFC3339))
	}
	for _, f := range r.Findings {
		fmt.Fprintf(a.out, "✕ %s\n", printable(f))
	}
}

func (a *app) describeCheckpoint(c *ledger.Checkpoint) {
	fmt.Fprintf(a.out, "checkpoint: %d records, root %s, signed %s by log key %s of %s\n",
		c.Size, hex.EncodeToString(c.Root[:]), c.At.UTC().Format(time.RFC3339), c.KeyID, printable(c.Name))
}

func (a *app) printCheckpoint(ctx context.Context, place *place, output string, c *ledger.Checkpoint) error {
	if output != "json" {
		a.describeCheckpoint(c)
		fmt.Fprintln(a.out)
		for line := range strings.Lines(c.Note) { // anybody can put a signature of theirs behind ours
			fmt.Fprintln(a.out, printable(strings.TrimSuffix(line, "\n")))
		}
		return nil
	}
	ring, err := place.engine.Keyring().Ring(ctx)
	if err != nil {
		return err
	}
	key := ""
	if e, there := ring.Find(c.KeyID); there {
		if key, err = ledger.VerifierKey(c.Origin, e.PublicKey); err != nil {
			return err
		}
	}
	a.printJSON(struct {
		Checkpoint *ledger.Checkpoint `json:"checkpoint"`
		Key        string             `json:"verifier_key"`
	}{c, key})
	return nil
}

func (a *app) printProof(output string, p ledger.Proof) {
	if output == "json" {
		a.printJSON(p)
		return
	}
	leaf := p.Record.Leaf()
	fmt.Fprintf(a.out, "record %d (%s) is leaf %d of %d\n", p.Record.Position, printable(p.Record.Event()), p.Index, p.Checkpoint.Size)
	for _, f := range p.Record.Fields {
		value := f.Value
		if f.Name == "ids" {
			value = fmt.Sprintf("%d tracking ids", len(f.Value)/16)
		}
		fmt.Fprintf(a.out, "  %-14s %s\n", printable(f.Name), printable(value))
	}
	fmt.Fprintf(a.out, "leaf %s\n", hex.EncodeToString(leaf[:]))
	for i, h := range p.Path {
		fmt.Fprintf(a.out, "  %2d %s\n", i+1, base64.StdEncoding.EncodeToString(h[:]))
	}
	a.describeCheckpoint(&p.Checkpoint)
}

// segmentLine is what is told of a file of records.
type segmentLine struct {
	File       string             `json:"file"`
	OK         bool               `json:"ok"`
	Segment    *ledger.Segment    `json:"segment,omitempty"`
	Checkpoint *ledger.Checkpoint `json:"checkpoint,omitempty"`
	Fault      string             `json:"fault,omitempty"`
}

func (a *app) printSegment(output string, line segmentLine) {
	switch {
	case output == "json":
		a.printJSON(line)
	case line.OK:
		fmt.Fprintf(a.out, "✓ %s: records %d to %d of %s\n", printable(line.File), line.Segment.From, line.Segment.To, printable(line.Segment.Origin))
	default:
		fmt.Fprintf(a.out, "✕ %s: %s\n", printable(line.File), printable(line.Fault))
	}
}

func (a *app) printAccepted(output string, done ledger.Accepted) {
	sealed := done.State.Sealed()
	if output == "json" {
		a.printJSON(struct {
			Was        string             `json:"was_refused_for"`
			Position   int64              `json:"break_position"`
			Aside      string             `json:"put_aside_as,omitempty"`
			Records    int64              `json:"records"`
			Checkpoint *ledger.Checkpoint `json:"checkpoint"`
		}{done.Trouble.Error(), done.Position, done.Aside, done.State.Position, done.State.Checkpoint})
		return
	}
	if done.Position == 0 {
		fmt.Fprintln(a.out, "the new origin, which another machine began, is what is remembered here from now on")
	} else {
		fmt.Fprintf(a.out, "the break is record %d; a new origin begins\n", done.Position)
	}
	if done.Aside != "" {
		fmt.Fprintf(a.out, "the records that make no unbroken row are kept as %s\n", printable(done.Aside))
	}
	fmt.Fprintf(a.out, "%d records, %d of them sealed\n", done.State.Position, sealed)
}
