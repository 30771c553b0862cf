package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/gather"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// How long records live (all in seconds, except where a packet's own life
// decides).
const (
	minDecisionLife  = 10 * 60
	heldDecisionLife = 30 * 24 * 3600
)

// A write whose reply was lost is tried again with the same mark, so that it
// lands once.
const (
	writeTries = 3
	retryPause = 50 * time.Millisecond
)

// ErrConflict says that a tracking id was used before for something else.
var ErrConflict = errors.New("tracking id in use")

// Dispatcher sends packets: validate, judge, then one atomic write of packet,
// decision record and ledger record in one round trip. It is safe for use by
// many goroutines.
type Dispatcher struct {
	store    *store.Store
	council  governance.Council
	registry *packet.Registry
	desk     *seal.Desk // nil: nothing is sealed
	allow    func(context.Context) error
	meter    *meter.Meter // nil: nothing is measured
	line     *gather.Line[*cargo, store.Answer]
	space    keyspace.Partition
	now      func() time.Time
}

// New makes a dispatcher that asks the council given.
func New(s *store.Store, c governance.Council, r *packet.Registry) *Dispatcher {
	d := &Dispatcher{store: s, council: c, registry: r, allow: always, space: keyspace.Main, now: time.Now}
	d.line = gather.NewLine(trips, together, d.write)
	return d
}

func always(context.Context) error { return nil }

// GuardWith makes the dispatcher ask, before it does anything else, whether it
// may; the error is then Dispatch's, and nothing is sent. It is called before the first
// dispatch.
func (d *Dispatcher) GuardWith(allow func(context.Context) error) *Dispatcher {
	d.allow = allow
	return d
}

// SealWith makes the dispatcher seal every packet of schema 1.1 with a key of
// the desk; nil seals none. It is called before the first dispatch.
func (d *Dispatcher) SealWith(desk *seal.Desk) *Dispatcher {
	d.desk = desk
	return d
}

// MeasureWith makes the dispatcher note how long the stages of each dispatch
// take, of those that end with a receipt. It is called before the first
// dispatch.
func (d *Dispatcher) MeasureWith(m *meter.Meter) *Dispatcher {
	d.meter = m
	return d
}

// Dispatch sends one packet. A packet that does not validate is refused with
// a *packet.ValidationError and nothing is written; one that the council does
// not approve goes to the carcel instead, which the receipt tells. Repeating a
// dispatch (the same tracking id, contents and destination) gives the first
// receipt again and writes nothing.
func (d *Dispatcher) Dispatch(ctx context.Context, p packet.Packet, to Destination) (Receipt, error) {
	laps := d.meter.Begin()
	if err := d.allow(ctx); err != nil {
		return Receipt{}, fmt.Errorf("dispatch %s: %w", to.Key, err)
	}
	laps.Lap(meter.Redis) // which it may have had to ask
	c, err := d.prepare(ctx, p, to, d.sealKey, laps)
	if err == nil {
		err = d.seal(&c)
	}
	if err != nil {
		return Receipt{}, err
	}
	c.load(d.space, d.now())
	laps.Lap(meter.Seal)
	for try := 1; ; try++ {
		a, err := d.line.Do(ctx, &c)
		if err == nil {
			err = a.Err
		}
		if err == nil {
			receipt, err := c.receipt(a.Status, a.Rest)
			if laps.Lap(meter.Redis); err == nil {
				laps.Note(1, meter.Validate, meter.Council, meter.Seal, meter.Redis, meter.Dispatch)
			}
			return receipt, err
		}
		if !errors.Is(err, store.ErrUnreachable) || try == writeTries || !pause(ctx, retryPause<<(try-1)) {
			return Receipt{}, named(err, c.decision)
		}
	}
}

// Preview is what Dispatch would do with a packet if it were called now, short
// of what only Redis knows.
type Preview struct {
	To      Destination // with the operation filled in
	Verdict governance.Verdict
	Policy  string
	Lineage []string // the entries that the packet would carry, oldest first
	JSON    int      // bytes in each format
	Msgpack int
}

// Preview judges a packet without sending it. Its errors are those of
// Dispatch.
func (d *Dispatcher) Preview(ctx context.Context, p packet.Packet, to Destination) (Preview, error) {
	c, err := d.prepare(ctx, p, to, d.foreseenKey, nil)
	if err != nil {
		return Preview{}, err
	}
	if c.seal != nil {
		if err := seal.Sample(&c.packet, c.to.Key, string(c.to.Operation)); err != nil {
			return Preview{}, err
		}
	}
	preview := Preview{To: c.to, Verdict: c.decision.Verdict, Policy: c.decision.Policy}
	lineage, _ := c.packet.ChainOfCustody.Get("transparent_lineage")
	for _, entry := range lineage.Members() {
		text, _ := entry.Value.Text()
		preview.Lineage = append(preview.Lineage, text)
	}
	preview.JSON = len(packet.AppendJSON(nil, c.packet))
	if packed, err := packet.AppendMsgpack(nil, c.packet); err == nil {
		preview.Msgpack = len(packed)
	}
	return preview, nil
}

// Council is the council that judges.
func (d *Dispatcher) Council() governance.Council { return d.council }

// prepare does all that comes before the seal, and needs no Redis as long as
// the seal key is at hand: find the way, validate, judge, stamp. What is not
// to be sealed it encodes as well.
func (d *Dispatcher) prepare(ctx context.Context, p packet.Packet, asked Destination, keyFor keyFor, laps *meter.Laps) (cargo, error) {
	rules := d.council.InForce()
	to, routed, err := route(rules, &p, asked)
	if err != nil {
		return cargo{}, err
	}
	if want := to.Misfit(); want != "" {
		return cargo{}, d.store.WrongType(string(to.Operation), to.Key, to.Operation.RedisType(), want)
	}
	action, err := d.check(p, to)
	if err != nil {
		return cargo{}, err
	}
	laps.Lap(meter.Validate)
	key, err := keyFor(ctx, p, action)
	if err != nil {
		return cargo{}, fmt.Errorf("dispatch %s: %w; nothing was sent", to.Key, err)
	}
	laps.Lap(meter.Seal)
	action.Vouched = key.Vouched
	verdict := governance.Ask(ctx, rules, action)
	laps.Lap(meter.Council)
	if !routed && verdict.Status == governance.Approved {
		verdict = governance.Verdict{
			Status: governance.Failed, Findings: verdict.Findings,
			Reason: governance.NoRoute + action.Primitive + "/" + action.Vertical,
		}
	}
	now := d.now()
	decision := governance.NewDecision(p.TrackingID, action, verdict, rules, now)
	c, err := d.pack(p, to, decision, key, now)
	c.asked = asked
	if err == nil && verdict.Rate != nil {
		var over cargo
		over, err = d.pack(p, to, decision.Over(now), key, now)
		c.over = &over
	}
	laps.Lap(meter.Seal)
	return c, err
}

// check validates a packet and reads its action, reporting all faults of both
// at once.
func (d *Dispatcher) check(p packet.Packet, to Destination) (governance.Action, error) {
	var faults []packet.Fault
	collect := func(err error) error {
		var invalid *packet.ValidationError
		if !errors.As(err, &invalid) {
			return err
		}
		faults = append(faults, invalid.Faults...)
		return nil
	}
	if err := collect(d.registry.Validate(withChain(p))); err != nil {
		return governance.Action{}, err
	}
	action, err := governance.ActionOf(p, to.Key, string(to.Operation))
	if err := collect(err); err != nil {
		return governance.Action{}, err
	}
	if len(faults) > 0 {
		return governance.Action{}, &packet.ValidationError{Faults: faults}
	}
	return action, nil
}

// pendingChain stands for the chain that pack will write once the verdict is
// known: valid by construction, so that validation looks at all the rest.
var pendingChain = packet.ObjectOf(
	packet.Member{Key: "traceable_id", Value: packet.StringOf("pending")},
	packet.Member{Key: "transparent_lineage", Value: packet.ArrayOf(packet.StringOf("pending"))},
	packet.Member{Key: "trustworthy_signature", Value: packet.StringOf("pending")},
)

func withChain(p packet.Packet) packet.Packet {
	if p.SchemaVersion == packet.Schema11 && p.ChainOfCustody.IsNull() {
		p.ChainOfCustody = pendingChain
	}
	return p
}

// named gives a failed write the operation's name in place of the script's,
// and says how to repeat it safely when it is not known whether it landed.
func named(err error, d governance.Decision) error {
	var e *store.Error
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("dispatch %s: %w; repeating it with tracking id %s lands once", d.Action.Key, err, d.TrackingID)
	case !errors.As(err, &e):
		return err
	}
	copied := *e
	copied.Op = "dispatch " + d.Action.Operation
	copied.Key = d.Action.Key
	if e.Kind == store.ErrWrongType {
		copied.Key = e.Key
	}
	if errors.Is(err, store.ErrUnreachable) {
		return fmt.Errorf("%w; repeating it with tracking id %s lands once", &copied, d.TrackingID)
	}
	return &copied
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
