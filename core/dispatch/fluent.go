package dispatch

import (
	"context"

	"github.com/infrafabric/ifpacket/core/packet"
)

// Logistics is the paper's fluent form over a Dispatcher and a Collector:
//
//	receipt, err := logistics.Dispatch(p).To(ctx, "queue:council")
//	found, err := logistics.Collect("queue:council").Take(ctx, 10)
type Logistics struct {
	Dispatcher *Dispatcher
	Collector  *Collector
}

// Shipment is a packet on its way to being dispatched.
type Shipment struct {
	d      *Dispatcher
	packet packet.Packet
	to     Destination
}

// Dispatch begins a shipment.
func (l Logistics) Dispatch(p packet.Packet) Shipment {
	return Shipment{d: l.Dispatcher, packet: p}
}

// As chooses the operation; without it the class of the key decides.
func (s Shipment) As(op Operation) Shipment {
	s.to.Operation = op
	return s
}

// In chooses the format; without it JSON is written.
func (s Shipment) In(f packet.Format) Shipment {
	s.to.Format = f
	return s
}

// To sends the packet to a key.
func (s Shipment) To(ctx context.Context, key string) (Receipt, error) {
	s.to.Key = key
	return s.d.Dispatch(ctx, s.packet, s.to)
}

// Collection is a key about to be read.
type Collection struct {
	c   *Collector
	key string
}

// Collect begins to read a key.
func (l Logistics) Collect(key string) Collection { return Collection{l.Collector, key} }

// Take pops up to n packets from the head of a list.
func (c Collection) Take(ctx context.Context, n int) (Collected, error) {
	return c.c.Collect(ctx, Request{Key: c.key, Op: LPop, Count: n})
}

// Peek reads a list from start to stop (inclusive, −1 is the end) and leaves
// it as it is.
func (c Collection) Peek(ctx context.Context, start, stop int64) (Collected, error) {
	return c.c.Collect(ctx, Request{Key: c.key, Op: LRange, Index: start, Stop: stop})
}

// Get reads the packet of a string key.
func (c Collection) Get(ctx context.Context) (Collected, error) {
	return c.c.Collect(ctx, Request{Key: c.key, Op: Get})
}

// Members reads the packets of a set.
func (c Collection) Members(ctx context.Context) (Collected, error) {
	return c.c.Collect(ctx, Request{Key: c.key, Op: SMembers})
}

// Fields reads the packets of a hash, each with its field.
func (c Collection) Fields(ctx context.Context) (Collected, error) {
	return c.c.Collect(ctx, Request{Key: c.key, Op: HGetAll})
}
