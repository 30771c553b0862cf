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

// fateOf tells what became of a packet that the ledger knows and that was
// found nowhere in Redis, and why, in one line.
func (o *Options) fateOf(k *Known, at place, now time.Time) (Fate, string) {
	switch k.Last.Event {
	case ledger.Collected:
		return Collected, fmt.Sprintf("record %d: collected from %s", k.Last.Position, k.Last.Key)
	case ledger.Expired:
		return Expired, fmt.Sprintf("record %d: it was past its own time when it was taken from %s", k.Last.Position, k.Last.Key)
	case ledger.Erased:
		return Erased, fmt.Sprintf("record %d: its contents were removed", k.Last.Position)
	case ledger.Discarded:
		return Binned, fmt.Sprintf("record %d: discarded; the bin keeps it for seven days", k.Last.Position)
	case ledger.Held, ledger.Blocked, ledger.Approved, ledger.Denied, ledger.Appealed, ledger.Restored:
		return Missing, fmt.Sprintf("record %d: %s, and it is not in the carcel", k.Last.Position, k.Last.Event)
	}
	switch key := k.Sent.Key; {
	case k.Became():
		return Replaced, fmt.Sprintf("record %d: it was edited and went on under another tracking id", k.Last.Position)
	case !k.Live():
		return Unknown, fmt.Sprintf("record %d tells nothing of where it is", k.Last.Position)
	case k.Sent.Operation == "set" && at.filled:
		return Replaced, "another value was set under " + key
	case !k.Sent.Expires.IsZero() && now.After(k.Sent.Expires):
		return Presumed, fmt.Sprintf("its time under %s was over at %s, and nobody recorded that it was taken", key, k.Sent.Expires.UTC().Format("2006-01-02 15:04:05Z"))
	case !at.looked:
		return Unknown, key + " holds more than was looked through"
	case o.takenUnrecorded(key):
		return Taken, key + " has a consumer that does not record what it takes"
	default:
		return Missing, fmt.Sprintf("record %d put it under %s, it is there no longer, and nobody recorded that it was taken", k.Sent.Position, key)
	}
}
