// Package governance decides whether a packet may travel: the council judges
// the packet's action, and the decision is a record that can be kept, read
// and checked.
//
// It never writes to Redis and never moves a packet.
package governance
