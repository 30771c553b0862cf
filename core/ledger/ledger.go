package ledger

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

// Options say how a Ledger is to be.
type Options struct {
	// Identity, such as address and database, tells servers apart: for each
	// one checkpoint is remembered.
	Identity string
	// Ephemeral says that the server is expected to lose its data: then an
	// empty one starts anew by itself, with the break recorded.
	Ephemeral bool
	Actor     string // who breaks and accepts, for the record
}

// Ledger is the ledger of one partition of a server. It is safe for use by
// many at once.
type Ledger struct {
	store   *store.Store
	keys    *keyring.Keyring
	files   keyring.KeyStore
	space   keyspace.Partition
	options Options
	now     func() time.Time

	mu      sync.Mutex // held by who looks, seals, accepts or trims
	state   atomic.Pointer[State]
	probed  string      // the origin whose newest records were compared with its tree
	doubted atomic.Bool // tiles were found that do not fit: the next look hashes all again
	// unsealable is what sealing found wrong with the records behind a checkpoint.
	unsealable struct {
		note    string
		first   int64
		trouble error
	}
	written time.Time // when the newest checkpoint was last put into the file
}

// Open makes the ledger of a server. Nothing is read yet. Files is where this
// machine remembers the newest checkpoint that it has seen.
func Open(s *store.Store, keys *keyring.Keyring, files keyring.KeyStore, o Options) *Ledger {
	l := &Ledger{store: s, keys: keys, files: files, space: keyspace.Main, options: o, now: time.Now}
	l.state.Store(&State{})
	return l
}

// State is how the ledger stood when it was last looked at.
type State struct {
	Looked   time.Time // zero before the first look
	First    int64     // position of the oldest record that is still there, 0 for none
	Position int64     // of the newest
	// Checkpoint is the newest one, its signature verified and its tree a
	// continuation of the one that this machine had seen; nil when there is
	// none, or none that can be trusted.
	Checkpoint *Checkpoint
	// Seen is the newest checkpoint that this machine remembers; nil when it
	// has seen none.
	Seen *Checkpoint
	// Trouble is why the ledger is refused: it matches ErrRefused and, more
	// closely, ErrShrunk, ErrForked, ErrUnsigned or ErrDamaged. nil when it is
	// in order.
	Trouble error

	base   int64  // of the tree, where there is no checkpoint yet
	note   string // the checkpoint as it stands in Redis
	repair bool   // the tiles do not fit, and the records do
	torn   bool   // the records make no unbroken row, so that no tree can have them
}

// Sealed is the position up to which a checkpoint covers the records.
func (s *State) Sealed() int64 {
	if s.Checkpoint == nil {
		return s.base
	}
	return s.Checkpoint.Last()
}

// Why a ledger is refused.
var (
	ErrRefused  = errors.New("the ledger is refused")
	ErrShrunk   = errors.New("the ledger has shrunk")
	ErrForked   = errors.New("the ledger is forked")
	ErrUnsigned = errors.New("the checkpoint is not signed by a trusted log key")
	ErrDamaged  = errors.New("the ledger is damaged")
)

// ErrNotSealed says that no checkpoint covers a record yet.
var ErrNotSealed = errors.New("not under a checkpoint yet")

// Refused is why a ledger is refused. It matches ErrRefused and its Kind.
type Refused struct {
	Kind error // ErrShrunk, ErrForked, ErrUnsigned or ErrDamaged
	Why  string
}

// Error is the whole story in one line, with the way out.
func (r *Refused) Error() string {
	return r.Kind.Error() + ": " + r.Why + "; nothing is dispatched until a person has looked and says: ifpacket ledger accept --why TEXT"
}

// Unwrap makes both the kind and ErrRefused match errors.Is.
func (r *Refused) Unwrap() []error { return []error{ErrRefused, r.Kind} }

// State is what the last look found, without asking Redis; never nil.
func (l *Ledger) State() *State { return l.state.Load() }
