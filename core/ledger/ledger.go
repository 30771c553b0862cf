package ledger

import (
	"context"
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
	Actor     string // who accepts and breaks, for the record
}

// Ledger is the ledger of one partition of a server. It is safe for use by
// many at once.
type Ledger struct {
	store   *store.Store
	keys    *keyring.Keyring
	files   keyring.KeyStore
	space   keyspace.Partition
	options Options

	mu    sync.Mutex // held by who looks, seals or accepts
	state atomic.Pointer[State]
}

// Open makes the ledger of a server. Nothing is read yet. Files is where this
// machine keeps the newest checkpoint that it has seen.
func Open(s *store.Store, keys *keyring.Keyring, files keyring.KeyStore, o Options) *Ledger {
	l := &Ledger{store: s, keys: keys, files: files, space: keyspace.Main, options: o}
	l.state.Store(&State{})
	return l
}

// Checkpoint is a signed statement on the ledger: so many records, with this
// root.
type Checkpoint struct {
	Origin string // "if.packet/ledger/<partition>/<16 hex digits>"; a new one after a break
	Base   int64  // records before the tree's first: 0, but after a break in a ledger that had been trimmed
	Size   int64  // leaves; the last one is the record of position Base+Size
	Root   Hash
	At     time.Time // when it was signed, by the signer's clock
	KeyID  string    // of the log key that signed; "" before it is verified
	Name   string    // of that key
	Note   string    // the signed note, whole
}

// Last is the position of the last record that the checkpoint covers.
func (c *Checkpoint) Last() int64 { return c.Base + c.Size }

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
}

// Sealed is the position up to which a checkpoint covers the records.
func (s *State) Sealed() int64 {
	if s.Checkpoint == nil {
		return 0
	}
	return s.Checkpoint.Last()
}

// Why a ledger is refused.
var (
	ErrRefused  = errors.New("the ledger is refused")
	ErrShrunk   = errors.New("the ledger has shrunk")
	ErrForked   = errors.New("the ledger is forked")
	ErrUnsigned = errors.New("the checkpoint is not signed by a trusted log key")
)

// State is what the last look found, without asking Redis; never nil.
func (l *Ledger) State() *State { return l.state.Load() }

// Proof is the evidence that one record is in the ledger.
type Proof struct {
	Record     Record
	Index      int64  // of its leaf
	Path       []Hash // the audit path of RFC 6962, from the leaf up
	Checkpoint Checkpoint
}

// ErrNotSealed says that no checkpoint covers a record yet.
var ErrNotSealed = errors.New("not under a checkpoint yet")

// Prove gives the proof that the record at a position is in the ledger, after
// having checked it: the record's own bytes, hashed again, lead to the
// checkpoint's root. Errors match ErrNotSealed, ErrDamaged (the record is not
// the one that was sealed), or are the store's.
func (l *Ledger) Prove(ctx context.Context, position int64) (Proof, error) {
	return Proof{}, errors.New("not built yet")
}
