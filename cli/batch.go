package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// maxLine is the longest line of a batch: a packet of 16 MiB.
const maxLine = 16 << 20

// dispatchBatch sends a packet a line. A bad line is told and passed over;
// receipts come in the order of the lines, a flush at a time.
func (a *app) dispatchBatch(ctx context.Context, f dispatchFlags, to dispatch.Destination, output string) error {
	in := a.input(ctx)
	if f.batch != "-" {
		file, err := os.Open(f.batch)
		if err != nil {
			return fmt.Errorf("batch: %w", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	place, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer place.Close()

	queue, code := place.engine.Queue(), exitDone
	var sent []sentLine
	from := lines{from: bufio.NewReaderSize(in, 64<<10), max: maxLine}
	for {
		text, tooLong, err := from.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("batch: %w; %d packets were read and not sent", err, queue.Len())
		}
		if len(bytes.TrimSpace(text)) == 0 && !tooLong {
			continue
		}
		id, err := a.add(ctx, queue, f, text, to, tooLong)
		if errors.Is(err, store.ErrUnreachable) { // as it would be for each line
			return fmt.Errorf("line %d: %w; %d packets before it were read and not sent either", from.number, err, queue.Len())
		}
		if err != nil {
			code = worse(code, a.lineError(from.number, err))
			continue
		}
		sent = append(sent, sentLine{from.number, id})
		if queue.Len() == dispatch.MaxBatch {
			flushed, err := a.flush(ctx, queue, sent, output)
			if err != nil {
				return err
			}
			code, sent = worse(code, flushed), sent[:0]
		}
	}
	flushed, err := a.flush(ctx, queue, sent, output)
	if err != nil {
		return err
	}
	return endWith(worse(code, flushed))
}

// add reads a line and puts its packet into the queue.
func (a *app) add(ctx context.Context, queue *dispatch.Queue, f dispatchFlags, text []byte, to dispatch.Destination, tooLong bool) (id string, err error) {
	if tooLong {
		return "", usage("it is longer than %d bytes", maxLine)
	}
	p, to, err := f.line(text, to)
	if err != nil {
		return "", err
	}
	return p.TrackingID, queue.Add(ctx, p, to)
}

// sentLine is a line whose packet is in the queue.
type sentLine struct {
	number int
	id     string
}

// flush sends what the queue holds and prints the receipts in the order of
// the lines.
func (a *app) flush(ctx context.Context, queue *dispatch.Queue, sent []sentLine, output string) (code int, err error) {
	outcomes, err := queue.Flush(ctx)
	byID := make(map[string][]dispatch.Outcome, len(outcomes))
	for _, o := range outcomes {
		byID[o.Receipt.TrackingID] = append(byID[o.Receipt.TrackingID], o)
	}
	for _, line := range sent {
		list := byID[line.id]
		if len(list) == 0 {
			continue // not known to have landed: the error below tells
		}
		o := list[0]
		byID[line.id] = list[1:]
		if o.Err != nil {
			code = worse(code, a.lineError(line.number, o.Err))
			continue
		}
		a.printReceipt(o.Receipt, output)
		code = worse(code, receiptCode(o.Receipt))
	}
	if err != nil && queue.Len() > 0 {
		err = fmt.Errorf("%w; %d packets are not known to have landed", err, queue.Len())
	}
	return code, err
}

// line reads one line of a batch: a packet whose missing fields are filled in
// as for a single dispatch, with an optional key and operation of its own.
func (f dispatchFlags) line(text []byte, to dispatch.Destination) (packet.Packet, dispatch.Destination, error) {
	v, faults, err := packet.ParseValue(text)
	if err != nil {
		return packet.Packet{}, to, err
	}
	if v.Kind() != packet.Object {
		return packet.Packet{}, to, usage("a line must be a JSON object")
	}
	if len(faults) > 0 {
		return packet.Packet{}, to, &packet.ValidationError{Faults: faults}
	}
	own := map[string]string{}
	var members []packet.Member
	for _, m := range v.Members() {
		if m.Key != "key" && m.Key != "operation" {
			members = append(members, m)
			continue
		}
		text, isText := m.Value.Text()
		if !isText {
			faults = append(faults, packet.Fault{Field: m.Key, Value: string(packet.AppendValueJSON(nil, m.Value)), Expected: "text"})
		}
		own[m.Key] = text
	}
	if own["key"] != "" {
		to.Key = own["key"]
	}
	if own["operation"] != "" {
		to.Operation = dispatch.Operation(own["operation"])
	}
	full := withDefaults(packet.ObjectOf(members...), f)
	reading, err := packet.FromValue(full)
	if err != nil {
		return packet.Packet{}, to, err
	}
	for _, fault := range reading.Faults {
		// A packet without a chain gets one when it is dispatched.
		if fault.Field != "chain_of_custody" || !reading.Packet.ChainOfCustody.IsNull() {
			faults = append(faults, fault)
		}
	}
	if len(faults) > 0 {
		return packet.Packet{}, to, &packet.ValidationError{Faults: faults}
	}
	if _, own := v.Get("ttl_seconds"); !own && !f.ttlGiven && to.Key == "" {
		reading.Packet.TTLSeconds = 0 // the route's
	}
	return reading.Packet, to, nil
}

// withDefaults fills in what a line leaves out.
func withDefaults(v packet.Value, f dispatchFlags) packet.Value {
	preset := packet.New(f.origin, packet.NullValue)
	if f.origin == "" {
		preset.Origin = engine.Actor()
	}
	for _, m := range []packet.Member{
		{Key: "origin", Value: packet.StringOf(preset.Origin)},
		{Key: "schema_version", Value: packet.StringOf(f.schema)},
		{Key: "ttl_seconds", Value: packet.IntOf(f.ttl)},
		{Key: "tracking_id", Value: packet.StringOf(preset.TrackingID)},
		{Key: "dispatched_at", Value: packet.StringOf(preset.DispatchedAt)},
		{Key: "chain_of_custody", Value: packet.NullValue},
	} {
		if _, there := v.Get(m.Key); !there {
			v = v.With(m.Key, m.Value)
		}
	}
	return v
}
