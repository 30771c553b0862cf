package dispatch

import (
	"fmt"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

// route resolves where a packet goes. One that names no key goes where the
// policy's routes send it; the route's TTL and format hold where the packet
// brings none of its own. Where no route fits, routed is false and there is no
// key: such a packet is held, never dropped.
func route(rules governance.Rules, p *packet.Packet, asked Destination) (to Destination, routed bool, err error) {
	to, routed = asked, true
	if asked.Key == "" {
		primitive, vertical := governance.Names(p.Contents)
		var way governance.Route
		if way, routed = rules.Route(primitive, vertical); routed {
			to.Key = way.Key
			if to.Operation == "" {
				to.Operation = Operation(way.Operation)
			}
			if p.TTLSeconds == 0 {
				p.TTLSeconds = way.TTL
			}
			if way.Format != "" && to.Format == packet.JSON {
				if to.Format, err = packet.ParseFormat(way.Format); err != nil {
					return to, routed, fmt.Errorf("%w: the route for %s/%s: %w", ErrDestination, primitive, vertical, err)
				}
			}
		}
		if p.TTLSeconds == 0 {
			p.TTLSeconds = packet.DefaultTTL
		}
	}
	if !routed {
		return to, false, to.known()
	}
	to, err = to.Resolve()
	return to, routed, err
}
