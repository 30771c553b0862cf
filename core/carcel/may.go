package carcel

import (
	"fmt"
	"slices"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/governance"
)

// MaySign tells before anything is signed whether an approval with a key of
// the ring would count; nil if so. Errors are those of Approve, but for what
// only the moment of signing shows.
func (k *Case) MaySign(e keyring.Entry, ring *keyring.Ring) error {
	if err := k.waits(); err != nil {
		return err
	}
	if k.ToErr != nil {
		return k.ToErr
	}
	if slices.Contains(k.Tally.Persons, e.Person) {
		return fmt.Errorf("%w: %s", governance.ErrApprovedTwice, e.Person)
	}
	rec := k.Record
	rec.Approvals = nil // those that hold were counted, with their signatures checked
	a := governance.Approval{Act: governance.Approves, Person: e.Person, Name: e.Name, KeyID: e.KeyID}
	return rec.Admit(k.statement(), a, k.senders(), func(string, []byte, []byte) (governance.Signatory, error) {
		return governance.Signatory{Person: e.Person, Role: string(e.Role), Names: ring.Names(e.Person)}, nil
	})
}
