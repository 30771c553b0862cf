package lineage

import (
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/ledger"
)

// place is what was seen of the key under which a packet should be.
type place struct {
	looked bool // all its values were looked at
	filled bool // it holds something
}

// fate tells what became of a packet that the ledger knows and that was found
// nowhere in Redis, neither under a key nor in the carcel.
func (o *Options) fate(k *Known, at place, now time.Time) Fate {
	switch k.Last.Event {
	case ledger.Collected:
		return Collected
	case ledger.Expired:
		return Expired
	case ledger.Erased:
		return Erased
	case ledger.Discarded:
		return Binned
	case ledger.Held, ledger.Blocked, ledger.Approved, ledger.Denied, ledger.Appealed, ledger.Restored:
		return Missing
	}
	switch {
	case k.Became():
		return Replaced
	case !k.Live():
		return Unknown
	case k.Sent.Operation == "set" && at.filled:
		return Replaced
	case !k.Sent.Expires.IsZero() && now.After(k.Sent.Expires):
		return Presumed
	case !at.looked:
		return Unknown
	case o.takenUnrecorded(k.Sent.Key):
		return Taken
	}
	return Missing
}

// why tells in one line what a fate was drawn from.
func (k *Known) why(f Fate) string {
	n, key := k.Last.Position, k.Sent.Key
	switch f {
	case Collected:
		return fmt.Sprintf("record %d: collected from %s", n, k.Last.Key)
	case Expired:
		return fmt.Sprintf("record %d: it was past its own time when it was taken from %s", n, k.Last.Key)
	case Erased:
		return fmt.Sprintf("record %d: its contents were removed", n)
	case Binned:
		return fmt.Sprintf("record %d: discarded; the bin keeps it for seven days", n)
	case Replaced:
		if k.Became() {
			return fmt.Sprintf("record %d: it was edited and went on under another tracking id", n)
		}
		return "another value was set under " + key
	case Presumed:
		return fmt.Sprintf("its time under %s was over at %s, and nobody recorded that it was taken", key, k.Sent.Expires.UTC().Format("2006-01-02 15:04:05Z"))
	case Taken:
		return key + " has a consumer that does not record what it takes"
	case Missing:
		if !k.Live() {
			return fmt.Sprintf("record %d: %s, and it is not in the carcel", n, k.Last.Event)
		}
		return fmt.Sprintf("record %d put it under %s, it is there no longer, and nobody recorded that it was taken", n, key)
	}
	if k.Live() {
		return key + " was not looked through to its end"
	}
	if n == 0 {
		return "no record tells of it"
	}
	return fmt.Sprintf("record %d tells nothing of where it is", n)
}
