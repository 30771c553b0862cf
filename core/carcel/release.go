package carcel

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// ErrNoTarget says that nobody knows where an entry was bound for.
var ErrNoTarget = errors.New("it is not known where it was bound for; replay it with --to KEY")

// target is where an entry goes when it is released: where the person says,
// else where it was bound for, else where the policy's routes send it.
func target(h *Held, named dispatch.Destination, rules governance.Rules) (dispatch.Destination, error) {
	to := dispatch.Destination{Key: h.Key, Operation: dispatch.Operation(h.Operation), Format: h.Format}
	if named.Key != "" {
		to = dispatch.Destination{Key: named.Key, Operation: named.Operation, Format: h.Format}
	} else if named.Operation != "" {
		to.Operation = named.Operation
	}
	if to.Operation == dispatch.Task {
		return to, to.ForTask()
	}
	if to.Key == "" {
		way, ok := rules.Route(h.Primitive, h.Vertical)
		if !ok {
			return to, ErrNoTarget
		}
		to.Key = way.Key
		if to.Operation == "" {
			to.Operation = dispatch.Operation(way.Operation)
		}
	}
	to, err := to.Resolve()
	if err != nil {
		return to, err
	}
	if want := to.Misfit(); want != "" {
		return to, fmt.Errorf("%w: %s makes a %s, and %s must be a %s", dispatch.ErrDestination, to.Operation, to.Operation.RedisType(), to.Key, want)
	}
	return to, nil
}

// freed is a packet that is ready to leave the carcel.
type freed struct {
	packet packet.Packet
	bytes  []byte
	leaf   string // of its seal, in hex; "" when it has none
	field  string // the task's own key, when a task goes in the packet's place
	to     dispatch.Destination
}

// free puts together the packet that an entry holds. What others left out is
// filled in; contents other than those that were held, and a tracking id that
// is none, make a new packet that names the old one as replay_of. The lineage
// tells the status that the packet goes with, and the steps. It is not sealed yet.
func (c *Carcel) free(h *Held, contents *packet.Value, to dispatch.Destination, why custody.Stamping, steps []custody.Step) (freed, error) {
	p := h.Packet
	renamed := contents != nil || !packet.ValidTrackingID(p.TrackingID)
	if contents != nil {
		p.Contents = *contents
	}
	if renamed {
		p.TrackingID, p.ChainOfCustody = packet.NewTrackingID(), packet.NullValue
	}
	if p.Origin == "" {
		p.Origin = "unknown"
	}
	// A packet of 1.0 has no lineage to tell its release, from which its life
	// counts; it is dispatched now, and only now.
	if _, err := packet.ParseTime(p.DispatchedAt); err != nil || renamed || p.SchemaVersion == packet.Schema10 {
		p.DispatchedAt = packet.FormatTime(why.At)
	}
	if err := custody.Stamp(&p, why); err != nil {
		return freed{}, err
	}
	if renamed && h.TrackingID != "" && p.SchemaVersion == packet.Schema11 {
		p.ChainOfCustody = p.ChainOfCustody.With("replay_of", packet.StringOf(h.TrackingID))
	}
	if err := custody.Extend(&p, steps...); err != nil {
		return freed{}, err
	}
	if err := c.registry.Validate(p); err != nil {
		return freed{}, err
	}
	f := freed{packet: p, to: to}
	if to.Operation == dispatch.Task {
		return f, f.load(h)
	}
	bytes, err := packet.Encode(p, to.Format)
	f.bytes = bytes
	return f, err
}

// load puts the task together that goes in the packet's place.
func (f *freed) load(h *Held) error {
	label, _ := h.value.Get("task")
	t, err := swarm.FromEntry(label, f.packet.Contents)
	if err == nil && f.to.Key != keyspace.TaskQueue(t.Queue) {
		err = fmt.Errorf("the entry names %s, and its task the queue %s", f.to.Key, t.Queue)
	}
	if err == nil {
		f.bytes, f.field = t.Parcel(f.packet.TrackingID), keyspace.TaskMeta(t.ID)
	}
	return err
}

// sealed is a freed packet with the seal of the custodian who lets it go.
//
// A task has none, since the packet goes nowhere.
func (c *Carcel) sealed(ctx context.Context, f freed) (freed, error) {
	if f.to.Operation == dispatch.Task {
		return f, nil
	}
	leaf, ok, err := c.desk.Seal(ctx, &f.packet, f.to.Key, string(f.to.Operation))
	if err != nil || !ok {
		return f, err
	}
	f.leaf = hex.EncodeToString(leaf[:])
	f.bytes, err = packet.Encode(f.packet, f.to.Format)
	return f, err
}

// release writes a freed packet to its key and takes its entry out of the
// carcel, in one step.
func (c *Carcel) release(ctx context.Context, a act, f freed, state string) (string, error) {
	a.becomes, a.ends, a.pending = stone(&a.held.Entry, state, c.now()), true, "0"
	a.where, a.key, a.operation, a.value = "target", f.to.Key, string(f.to.Operation), f.bytes
	a.released, a.ttl, a.leaf, a.field = f.packet, f.packet.TTLSeconds, f.leaf, f.packet.TrackingID
	if f.field != "" {
		a.ttl, a.field, a.events = 0, f.field, strings.ReplaceAll(a.events, "released", swarm.PostedEvent)
	}
	return c.settle(ctx, a)
}

// step is an entry of the lineage.
func step(name string, at time.Time, pairs ...string) custody.Step {
	s := custody.Step{Name: name, At: at}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			s.Fields = append(s.Fields, custody.Field{Key: pairs[i], Value: pairs[i+1]})
		}
	}
	return s
}
