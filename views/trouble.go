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

// TroubleStory is the same in a sentence: how this ledger differs from the one
// that this machine has seen.
func TroubleStory(s *ledger.State, now time.Time) string {
	seen := ""
	if c := s.Seen; c != nil {
		seen = "seen at " + since(now, c.At) + " (" + widget.Commas(int(c.Size)) + " records, root " + hashHead(c.Root) + ")"
	}
	switch {
	case errors.Is(s.Trouble, ledger.ErrForked) && seen != "":
		return "this server's ledger is not the one " + seen
	case errors.Is(s.Trouble, ledger.ErrShrunk) && seen != "":
		return "this server's ledger ends at record " + widget.Commas(int(s.Position)) + ", short of the one " + seen
	}
	return engine.Sentence(s.Trouble)
}

// TroubleWord is the same where there is little room.
func TroubleWord(s *ledger.State, now time.Time) string {
	switch {
	case s.Seen == nil:
	case errors.Is(s.Trouble, ledger.ErrForked):
		return "not the one seen at " + since(now, s.Seen.At)
	case errors.Is(s.Trouble, ledger.ErrShrunk):
		return "shorter than seen at " + since(now, s.Seen.At)
	}
	return engine.Sentence(s.Trouble)
}
