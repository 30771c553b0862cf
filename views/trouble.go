package views

import (
	"errors"
	"time"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// TroubleTitle is why a ledger is refused, in three words.
func TroubleTitle(err error) string {
	switch {
	case errors.Is(err, ledger.ErrForked):
		return "ledger forked"
	case errors.Is(err, ledger.ErrShrunk):
		return "ledger shrunk"
	case errors.Is(err, ledger.ErrDamaged):
		return "ledger damaged"
	case errors.Is(err, ledger.ErrUnsigned):
		return "checkpoint not signed"
	}
	return "ledger refused"
}

// trouble is why a ledger is refused, without the way out, which stands
// elsewhere: with what kind of trouble it is, and without.
func trouble(err error) (long, short string) {
	if refused := new(ledger.Refused); errors.As(err, &refused) {
		return refused.Kind.Error() + ": " + refused.Why, refused.Why
	}
	text := engine.Sentence(err)
	return text, text
}

// TroubleStories are the same in a clause: how this ledger differs from the
// one that this machine has seen, the longest first and at last as short as
// can be.
func TroubleStories(s *ledger.State, now time.Time) []string {
	why, short := trouble(s.Trouble)
	if s.Seen == nil {
		return []string{why, short}
	}
	at := since(now, s.Seen.At)
	size, root := widget.Commas(int(s.Seen.Size))+" records", ", root "+hashHead(s.Seen.Root)
	switch {
	case errors.Is(s.Trouble, ledger.ErrForked):
		long := "this server's ledger is not the one seen at " + at
		return []string{long + " (" + size + root + ")", long + " (" + size + ")", "not the one seen at " + at}
	case errors.Is(s.Trouble, ledger.ErrShrunk):
		long := "this server's ledger ends at record " + widget.Commas(int(s.Position)) + ", short of the one seen at " + at
		return []string{long + " (" + size + root + ")", long + " (" + size + ")", "shorter than seen at " + at}
	}
	return []string{why, short}
}
