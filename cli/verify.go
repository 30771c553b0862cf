package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
)

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [FILE|-]",
		Short: "Tell what the evidence of packets is worth, part by part",
		Long:  "verify reads packets from a file (a JSON document, a packet a line, or MessagePack), from stdin (-), or from a key,\nwhere it only looks, and prints the verdict of each, one JSON object a line.",
		Example: `ifpacket verify --key queue:council
ifpacket collect --key queue:council --op lindex | ifpacket verify - --require-seal`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("verify takes one file, or - for stdin; found %q too", args[1])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				f.file = args[0]
			}
			if (f.file == "") == (f.key == "") {
				return usage("verify needs a file, - for stdin, or --key K: one of them")
			}
			return a.verify(cmd.Context(), f)
		},
	}
	cmd.Flags().StringVar(&f.key, "key", "", "read the packets of this key, and leave them there")
	cmd.Flags().BoolVar(&f.requireSeal, "require-seal", false, "a packet without a seal fails too")
	return cmd
}

type verifyFlags struct {
	file, key   string
	requireSeal bool
}

func (a *app) verify(ctx context.Context, f verifyFlags) error {
	output, err := a.format("json", "json", "table")
	if err != nil {
		return err
	}
	in := a.input(ctx)
	if f.file != "" && f.file != "-" {
		file, err := os.Open(f.file)
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("verify: %s: no such file; packets of a key are verified with --key", f.file)
		}
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	place, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer place.Close()
	verifier, err := place.engine.Verifier(ctx)
	if err != nil {
		return keysError(err)
	}
	switch ring := verifier.Ring(); {
	case verifier.Pinned != nil:
		a.tell(fmt.Sprintf("%v; version %d of the keyring, which was seen last, is taken: what was revoked since is not known", verifier.Pinned, ring.Version()))
	case ring.FirstSeen():
		root, _ := ring.Root()
		a.tell("this keyring is seen for the first time and pinned; compare its root key " + root.KeyID + " with its holder")
	}
	v := verification{a: a, by: verifier, key: f.key, requireSeal: f.requireSeal, output: output, code: exitDone}
	if f.key != "" {
		err = v.readKey(ctx, place.engine)
	} else {
		err = v.read(in)
	}
	switch {
	case err != nil:
		return err
	case v.seen == 0:
		return endWith(exitNothing)
	}
	return endWith(v.code)
}

// verification is one run of verify.
type verification struct {
	a           *app
	by          *engine.Verifier
	key         string
	requireSeal bool
	output      string
	code        int
	seen        int
}

// any verifies a packet, or each of a JSON array of packets.
func (v *verification) any(raw []byte, place string) {
	if list, _, err := packet.ParseValue(raw); err == nil && list.Kind() == packet.Array {
		for i, m := range list.Members() {
			v.one(packet.AppendValueJSON(nil, m.Value), fmt.Sprintf("%s, packet %d", place, i+1))
		}
		return
	}
	v.one(raw, place)
}

// one verifies one value and prints its verdict; what is no packet is told on
// stderr.
func (v *verification) one(raw []byte, place string) {
	v.seen++
	verdict, err := v.by.VerifyRaw(raw, v.key)
	if err != nil {
		fmt.Fprintf(v.a.err, "ifpacket: %s: %s\n", printable(place), printable(errorLine(err)))
		v.code = worse(v.code, exitInvalid)
		return
	}
	if verdict.Bad() || v.requireSeal && verdict.Overall == seal.Unauthenticated {
		v.code = worse(v.code, exitUnproven)
	}
	if v.output == "json" {
		v.a.printJSON(verdict)
		return
	}
	fmt.Fprintf(v.a.out, "%s  %-15s  seals %s, contents %s, links %s, destination %s\n",
		printable(verdict.TrackingID), verdict.Overall, verdict.Seals, verdict.Contents, verdict.Links, verdict.Destination)
	for _, reason := range verdict.Reasons {
		fmt.Fprintf(v.a.out, "    %s\n", printable(reason))
	}
}

// read takes packets from a file: a packet a line, or else one document over
// as many lines as it likes, a packet in either format or an array of them.
func (v *verification) read(in io.Reader) error {
	from := bufio.NewReaderSize(in, 64<<10)
	if first, _ := from.Peek(1); len(first) == 1 && first[0] >= 0x80 {
		return v.whole(from, nil)
	}
	lot := lines{from: from, max: maxLine}
	for {
		text, tooLong, err := lot.next()
		place := fmt.Sprintf("line %d", lot.number)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("verify: %w", err)
		case tooLong:
			return usage("%s is longer than %d bytes", place, maxLine)
		case len(bytes.TrimSpace(text)) == 0:
			continue
		}
		var syntax *packet.SyntaxError
		if _, _, err := packet.ParseValue(text); v.seen == 0 && errors.As(err, &syntax) {
			return v.whole(from, text)
		}
		v.any(text, place)
	}
}

// whole takes all that is left as one packet.
func (v *verification) whole(from io.Reader, begun []byte) error {
	rest, err := io.ReadAll(io.LimitReader(from, maxLine))
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	v.any(append(bytes.Clone(begun), rest...), "input")
	return nil
}

// readings says how to look at all of a key, by the Redis type of its class.
var readings = map[string]dispatch.Reading{
	keyspace.TypeString: dispatch.Get, keyspace.TypeList: dispatch.LRange, keyspace.TypeHash: dispatch.HGetAll, keyspace.TypeSet: dispatch.SMembers,
}

// readKey takes packets from a key. They are looked at, expired ones too.
func (v *verification) readKey(ctx context.Context, e *engine.Engine) error {
	ops := []dispatch.Reading{dispatch.LRange, dispatch.Get, dispatch.HGetAll, dispatch.SMembers}
	if kind := keyspace.Classify(v.key).RedisType(); kind != "" {
		op := readings[kind]
		if op == "" {
			return usage("verify: %s is a %s and holds no packets; the ledger is verified by: ifpacket ledger verify", v.key, kind)
		}
		ops = []dispatch.Reading{op}
	}
	var found dispatch.Collected
	var err error
	for _, op := range ops { // of a key of no known class, whichever fits
		found, err = e.Collect(ctx, dispatch.Request{Key: v.key, Op: op, Stop: -1, IncludeExpired: true})
		if err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	for i, item := range found.Items {
		if carcel.Gone(string(item.Raw)) { // where an entry of the carcel was
			continue
		}
		place := fmt.Sprintf("value %d", i+1)
		if item.Field != "" {
			place = "field " + item.Field
		}
		v.one(item.Raw, place)
	}
	return nil
}
