package lineage

import (
	"path"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// Sources are where the evidence is taken from.
type Sources struct {
	Store    *store.Store
	Ledger   Log
	Keys     *keyring.Keyring
	Carcel   *carcel.Carcel
	Registry *packet.Registry // packet.DefaultRegistry when nil
	Options
}

// Options tell what no evidence tells.
type Options struct {
	// Unrecorded are globs of the keys that have consumers which record
	// nothing, such as Python programs: what such a key no longer has was taken.
	Unrecorded []string
	// TakenFrom reports whether somebody was seen to take from a key without a
	// record; nil has seen nobody. See watch.Watcher.TakenFrom.
	TakenFrom func(key string) bool
	// Edited gives the packet queues of which a value was altered where it lay
	// since it was asked last; nil has seen none. See watch.Watcher.Edited.
	Edited func() []string
	// RequireSeal reports whether a packet without a seal fails verification,
	// by the policy in force; nil is no.
	RequireSeal func() bool
}

// takenUnrecorded reports whether a key is known to have a consumer that does
// not record.
func (o *Options) takenUnrecorded(key string) bool {
	for _, glob := range o.Unrecorded {
		if match, _ := path.Match(glob, key); match {
			return true
		}
	}
	return o.TakenFrom != nil && o.TakenFrom(key)
}
