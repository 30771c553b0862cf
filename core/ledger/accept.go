package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/infrafabric/ifpacket/core/store"
)

var breakScript = store.LoadScript("break")

// Accepted tells what Accept did.
type Accepted struct {
	Trouble  error  // why the ledger was refused
	Position int64  // of the break record; 0 when the new origin of somebody else was taken
	Aside    string // the key under which the old records are kept that make no unbroken row; "" for none
	// State is how the ledger stands now. It may be refused still: another
	// machine's origin may be broken as well.
	State *State
}

// Accept ends the refusal of a ledger, by a person who has looked and says
// why: where another machine has begun a new origin, that is what is
// remembered from now on; otherwise the break is recorded in the ledger, with
// the checkpoint that was seen last, and a new origin begins with the records
// that are there. Where these make no unbroken row, or are not those that were
// sealed, they are put aside, and it begins with the break. A ledger that seems
// in order is audited first. Errors match ErrNothing, or are those of Look and
// Audit.
func (l *Ledger) Accept(ctx context.Context, why string) (Accepted, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, m, err := l.confirm(ctx)
	if err != nil {
		return Accepted{}, err
	}
	if s.Trouble == nil {
		a, err := l.audit(ctx, s, m.seen, nil)
		if err != nil {
			return Accepted{}, err
		}
		if len(a.Findings) == 0 {
			return Accepted{}, ErrNothing
		}
		s.Trouble, s.torn = &Refused{ErrDamaged, a.Findings[0]}, true
	}
	done := Accepted{Trouble: s.Trouble}
	ring, err := l.keys.Ring(ctx)
	if err != nil {
		return done, err
	}
	c, err := l.open(s.note, ring)
	if err == nil && m.seen != nil && c.Origin != m.seen.Origin { // another machine's
		err = l.write(ctx, memory{Note: c.Note}, func(memory) bool { return false })
	} else {
		done.Aside, err = l.begin(ctx, s, m, why)
		done.Position = s.Position
	}
	if err != nil {
		return done, err
	}
	l.state.Store(&State{})
	l.probed = ""
	done.State, err = l.look(ctx)
	return done, err
}

// ErrNothing says that the ledger is not refused.
var ErrNothing = errors.New("the ledger is in order: there is nothing to accept")

// maxWhy is how many characters of a reason are recorded.
const maxWhy = 1000

// begin records a break and takes the old checkpoint away, and with it records
// that are torn, whose new key it gives. The position of the break record is
// then the State's.
func (l *Ledger) begin(ctx context.Context, s *State, m memory, why string) (aside string, err error) {
	if runes := []rune(why); len(runes) > maxWhy {
		return "", fmt.Errorf("the reason has %d characters; at most %d are kept", len(runes), maxWhy)
	}
	digest, origin, size, root, last := "", "", "", "", int64(0)
	if c := m.seen; c != nil {
		last = c.Last()
		sum := sha256.Sum256([]byte(c.Note))
		digest, origin = hex.EncodeToString(sum[:]), c.Origin
		size, root = strconv.FormatInt(c.Size, 10), base64.StdEncoding.EncodeToString(c.Root[:])
	}
	trouble := ""
	if s.Trouble != nil {
		trouble = s.Trouble.Error()
	}
	torn := ""
	if s.torn {
		torn = "1"
	}
	aside = l.space.BrokenLedger(l.now().UnixMilli())
	keys := []string{l.space.Ledger(), l.space.Checkpoint(), l.space.Tiles(), aside}
	status, rest, err := l.store.Run(ctx, breakScript, keys, s.note, torn, last,
		"key", l.space.Ledger(), "operation", "accept", "packet_digest", digest, "actor", l.options.Actor,
		"why", why, "trouble", trouble, "seen_origin", origin, "seen_size", size, "seen_root", root)
	if err != nil {
		return "", err
	}
	if status != "OK" {
		return "", errors.New("somebody else has changed the checkpoint meanwhile; look again")
	}
	s.Position = store.Number(rest[0])
	if store.Number(rest[2]) == 0 {
		aside = ""
	}
	return aside, l.write(ctx, memory{Base: store.Number(rest[1]) - 1, Last: s.Position}, func(memory) bool { return false })
}
