package views

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// heldCase is all that is told of one entry beside what the list knows.
type heldCase struct {
	sha     string
	k       carcel.Case
	text    string          // contents as indented JSON, else the entry; "" for what is none
	lines   []string        // of it
	bytes   *widget.HexView // what is no JSON, instead
	you     standing
	err     error
	history carcel.History
	told    bool  // the history was read
	lost    error // or why not
	at      time.Time
}

// standing is whether the operator of this console may sign for an entry, and
// if not, why.
type standing struct {
	name string // "" without a key
	key  string // its id, short
	may  bool
	why  string
}

// caseMsg is a case that was read; historyMsg what the ledger tells of it.
type (
	caseMsg    struct{ heldCase }
	historyMsg struct {
		sha     string
		history carcel.History
		err     error
	}
	askMsg struct {
		sha string
		n   int
	}
)

// readCase reads an entry in full, and how its operator stands.
func readCase(e *engine.Engine, as, sha string) tea.Msg {
	ctx, cancel := context.WithTimeout(context.Background(), actTimeout)
	defer cancel()
	c := heldCase{sha: sha}
	if c.k, c.err = e.Carcel().Case(ctx, sha); c.err != nil {
		return caseMsg{c}
	}
	signer, err := e.Keyring().Signer(ctx, keyring.Operator, as)
	var ring *keyring.Ring
	if err == nil {
		ring, err = e.Keyring().Ring(ctx)
	}
	c.you = standingOf(&c.k, signer.Entry, signer.State, ring, err)
	return caseMsg{c}
}

// noKey is what to do without an operator's key.
const noKey = "no operator key here: ifpacket keys new --role operator --name NAME"

// standingOf tells whether the owner of a key may sign for a case, in words
// to that person.
func standingOf(k *carcel.Case, e keyring.Entry, state keyring.State, ring *keyring.Ring, err error) standing {
	switch {
	case errors.Is(err, keyring.ErrNoKey):
		return standing{why: noKey}
	case err != nil:
		return standing{why: engine.Sentence(err)}
	}
	s := standing{name: e.Name, key: keyring.Short(e.KeyID)}
	switch err := k.MaySign(e, ring); {
	case state != keyring.Trusted:
		s.why = "your key is not trusted yet: ifpacket keys trust " + e.KeyID
	case errors.Is(err, governance.ErrApprovedTwice):
		s.why = "you have signed already"
	case errors.Is(err, governance.ErrSelfApproval) && k.Record.Appeal != nil && k.Record.Appeal.Person == e.Person:
		s.why = "you appealed it"
	case errors.Is(err, governance.ErrSelfApproval):
		s.why = "it is your own: " + known(k.Held.Actor)
	case err != nil:
		s.why = err.Error()
	default:
		s.may = true
	}
	return s
}

// cases keeps what was read, by SHA.
type cases struct {
	all     map[string]*heldCase
	asked   string    // SHA of the entry that was asked for last
	number  int       // of the selection, so that only the last one asks
	moved   time.Time // when the selection moved last
	renewed time.Time // when something of ours changed, so that older ones are read again
}

const (
	mostCases = 64
	// settles is for how long the selection stays before its text is asked for,
	// so that a key held down asks for nothing.
	settles = 100 * time.Millisecond
	// caseFresh is how long what was read is believed: keys and ledger change.
	caseFresh = 30 * time.Second
)

func (c *cases) get(sha string) *heldCase { return c.all[sha] }

func (c *cases) put(h *heldCase) {
	if c.all == nil || len(c.all) >= mostCases {
		c.all = map[string]*heldCase{}
	}
	c.all[h.sha] = h
}
