package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/durable"
)

func (a *app) ledgerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "The transparency log of every decision: verify, prove, export, trim",
		Long: "Every decision is a record of the ledger. A running console seals the records into a Merkle tree and signs\n" +
			"checkpoints of it; this machine remembers the newest that it has seen, and refuses a ledger that does not go on from there.",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			return usage("ledger needs a command: verify, checkpoint, prove, export, trim or accept; see ifpacket ledger --help")
		},
		Example: `ifpacket ledger verify
ifpacket ledger prove 550e8400-e29b-41d4-a716-446655440000
ifpacket ledger accept --why "restored from last night's backup"`,
	}
	cmd.AddCommand(a.ledgerVerifyCommand(), a.ledgerCheckpointCommand(), a.ledgerProveCommand(),
		a.ledgerExportCommand(), a.ledgerTrimCommand(), a.ledgerAcceptCommand())
	return cmd
}

func (a *app) ledgerVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify [SEGMENT…]",
		Short: "Hash every record again and compare with checkpoint and memory; or check exported files",
		RunE: func(cmd *cobra.Command, files []string) error {
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				if len(files) > 0 {
					return a.verifySegments(cmd.Context(), place, output, files)
				}
				return a.ledgerVerify(cmd.Context(), place, output)
			})
		},
	}
}

func (a *app) ledgerVerify(ctx context.Context, place *place, output string) error {
	progress := func(done, all int64) {
		if isTerminal(a.err) {
			fmt.Fprintf(a.err, "\r%d of %d records", done, all)
		}
	}
	audit, err := place.engine.Ledger().Audit(ctx, progress)
	if isTerminal(a.err) {
		fmt.Fprint(a.err, "\r\x1b[K")
	}
	if err != nil {
		return keysError(err)
	}
	a.printAudit(output, audit)
	switch {
	case len(audit.Findings) > 0:
		return codeOnly(exitUnproven)
	case audit.Last == 0:
		return codeOnly(exitNothing)
	}
	return nil
}

// verifySegments checks exported files against the keyring, without Redis if
// need be.
func (a *app) verifySegments(ctx context.Context, place *place, output string, files []string) error {
	ring, err := place.engine.Keyring().Ring(ctx)
	if errors.Is(err, store.ErrUnreachable) {
		ring, err = place.engine.Keyring().Pinned()
	}
	if err != nil {
		return keysError(err)
	}
	code := exitDone
	for _, file := range files {
		line := segmentLine{File: file}
		segment, err := readSegment(file, ring)
		switch {
		case errors.Is(err, ledger.ErrSegment), errors.Is(err, ledger.ErrUnsigned):
			line.Fault, code = err.Error(), worse(code, exitUnproven)
		case err != nil:
			return fmt.Errorf("ledger verify: %w", err)
		default:
			line.OK, line.Segment, line.Checkpoint = true, segment, segment.Checkpoint
		}
		a.printSegment(output, line)
	}
	return endWith(code)
}

func readSegment(path string, ring *keyring.Ring) (*ledger.Segment, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; name the files in it", path)
	}
	return ledger.ReadSegment(file, ring, nil)
}

func (a *app) ledgerCheckpointCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "checkpoint",
		Short: "Seal the ledger up to its newest record, and print the signed checkpoint",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				ctx := cmd.Context()
				s, err := place.engine.SealLedger(ctx)
				if errors.Is(err, ledger.ErrNoLogKey) && s.Checkpoint != nil {
					a.tell(fmt.Sprintf("%v; this is what others have sealed", err))
				} else if err != nil {
					return err
				}
				switch {
				case s.Trouble != nil:
					return s.Trouble
				case s.Checkpoint == nil:
					return codeOnly(exitNothing)
				}
				return a.printCheckpoint(ctx, place, output, s.Checkpoint)
			})
		},
	}
}

func (a *app) ledgerProveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "prove ID|POSITION",
		Short: "The proof that the newest record about a packet is in the ledger",
		Long:  "prove prints the record, its path to the root, and the signed checkpoint: enough to check it without Redis and without this program.",
		Args:  one("a tracking id, or a position of the ledger"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				return a.ledgerProve(cmd.Context(), place, output, args[0])
			})
		},
	}
}

func (a *app) ledgerProve(ctx context.Context, place *place, output, asked string) error {
	log := place.engine.Ledger()
	position, err := strconv.ParseInt(asked, 10, 64)
	if err != nil {
		if position, err = log.Newest(ctx, asked); err != nil {
			return err
		}
	}
	proof, err := log.Prove(ctx, position)
	if errors.Is(err, ledger.ErrNotSealed) && position > log.State().Sealed() {
		return fmt.Errorf("%w; seal it with: ifpacket ledger checkpoint", err)
	}
	if err != nil {
		return err
	}
	a.printProof(output, proof)
	return nil
}

func (a *app) ledgerExportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export [FILE|-]",
		Short: "Write the sealed records to a file that proves them",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("ledger export takes one file, or - for stdout; found %q too", args[1])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				return a.ledgerExport(cmd.Context(), place, output, append(args, "")[0])
			})
		},
	}
}

func (a *app) ledgerExport(ctx context.Context, place *place, output, file string) error {
	log := place.engine.Ledger()
	if file == "-" {
		_, err := log.Export(ctx, 0, a.out)
		return err
	}
	if file == "" {
		s, err := log.Look(ctx)
		if err != nil {
			return err
		}
		name, err := s.SegmentName()
		if err != nil {
			return err
		}
		file = archived(name)
	}
	var segment *ledger.Segment
	err := durable.Write(file, func(w io.Writer) (err error) {
		segment, err = log.Export(ctx, 0, w)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger export: %w; nothing was written", err)
	}
	a.printSegment(output, segmentLine{File: file, OK: true, Segment: segment, Checkpoint: segment.Checkpoint})
	return nil
}

// archived is where exported segments are kept.
func archived(name string) string { return filepath.Join(dataHome(), "ledger", name) }

func (a *app) ledgerTrimCommand() *cobra.Command {
	var keep int64
	cmd := &cobra.Command{
		Use:   "trim --keep N",
		Short: "Export the oldest records to a file, and then remove them from Redis",
		Long:  "trim leaves the newest N records. What goes is in $XDG_DATA_HOME/ifpacket/ledger first; its hashes stay in Redis,\nso that whoever saw an older checkpoint can still check the ledger.",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("keep") || keep < 1 {
				return usage("ledger trim needs --keep N: how many of the newest records stay, 1 or more")
			}
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				return a.ledgerTrim(cmd.Context(), place, output, keep)
			})
		},
	}
	cmd.Flags().Int64Var(&keep, "keep", 0, "how many of the newest records stay")
	return cmd
}

func (a *app) ledgerTrim(ctx context.Context, place *place, output string, keep int64) error {
	log := place.engine.Ledger()
	s, err := place.engine.SealLedger(ctx)
	if err != nil && !errors.Is(err, ledger.ErrNoLogKey) {
		return err
	}
	if s.Trouble != nil {
		return s.Trouble
	}
	upto := min(s.Position-keep, s.Sealed())
	if upto < s.First {
		return codeOnly(exitNothing)
	}
	file := ""
	segment, err := log.Trim(ctx, upto, func(name string, fill func(io.Writer) error) error {
		file = archived(name)
		return durable.Write(file, fill)
	})
	if err != nil {
		return fmt.Errorf("ledger trim: %w", err)
	}
	a.printSegment(output, segmentLine{File: file, OK: true, Segment: segment, Checkpoint: segment.Checkpoint})
	return nil
}

func (a *app) ledgerAcceptCommand() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use:   "accept --why TEXT",
		Short: "Take a ledger that is refused for what it is now, and record the break",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if strings.TrimSpace(why) == "" {
				return usage("ledger accept needs --why TEXT: it stands in the ledger for whoever asks later")
			}
			return a.tabled(cmd.Context(), func(place *place, output string) error {
				done, err := place.engine.AcceptLedger(cmd.Context(), why)
				if err != nil {
					return err
				}
				a.printAccepted(output, done)
				return done.State.Trouble // another machine's origin may be broken as well
			})
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "what happened, for the record")
	return cmd
}
