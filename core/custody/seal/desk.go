package seal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// ErrOrigin says that no seal key of this machine may seal an origin.
var ErrOrigin = errors.New("no seal key for this origin")

// Desk keeps this machine's seal keys of one server at hand, so that no packet
// has to wait for Redis or files: ring and keys are looked at again when they
// are older than deskLooks. The first seal on a server without a keyring makes
// root, log and seal key; on another machine it makes a seal key that asks to
// be trusted. A nil Desk seals nothing. It is safe for use by many at once.
type Desk struct {
	keys *keyring.Keyring
	name string        // of the key that is made where there is none
	tell func(string)  // a line for people about what was made
	stay time.Duration // how long ring and keys are taken to be as they were

	mu   sync.Mutex // held by who looks anew
	hand atomic.Pointer[hand]
	seen atomic.Pointer[glance]
}

const (
	deskLooks   = 5 * time.Second
	glanceWaits = 250 * time.Millisecond
	maxChosen   = 4096
)

// NewDesk makes a desk. The name, such as user@host, is given to a seal key
// that has to be made; its person is what stands before the @. Tell may be nil.
func NewDesk(keys *keyring.Keyring, name string, tell func(line string)) *Desk {
	if tell == nil {
		tell = func(string) {}
	}
	return &Desk{keys: keys, name: name, tell: tell, stay: deskLooks}
}

// Key is the key for one packet.
type Key struct {
	Signer keyring.Signer
	// Vouched says that the key is trusted and may speak for the actor.
	Vouched bool
}

// hand are the keys as they were when they were last looked at. It is shared
// and only chosen grows.
type hand struct {
	at      time.Time
	ring    *keyring.Ring
	signers []keyring.Signer
	chosen  sync.Map // [2]string{origin, actor} → Key
	choices atomic.Int64
}

// For gives the key that seals packets of an origin, made if there is none at
// all; one that may speak for the actor goes before others. Errors match
// ErrOrigin, or are the keyring's.
func (d *Desk) For(ctx context.Context, origin, actor string) (Key, error) {
	h, err := d.look(ctx)
	if err != nil {
		return Key{}, fmt.Errorf("sealing: %w", err)
	}
	return h.choose(origin, actor)
}

func (h *hand) choose(origin, actor string) (Key, error) {
	name := [2]string{origin, actor}
	if k, there := h.chosen.Load(name); there {
		return k.(Key), nil
	}
	var k Key
	found := false
	for _, s := range h.signers {
		if !s.Entry.Covers(origin) {
			continue
		}
		vouched := h.ring.MayActAs(s.Entry, actor)
		if !found || vouched && !k.Vouched {
			k, found = Key{s, vouched}, true
		}
	}
	if !found {
		return k, fmt.Errorf("%w: the seal keys of this machine are for others than %.80q; make one: ifpacket keys new --role seal --name NAME --origin %.80q", ErrOrigin, origin, origin)
	}
	if h.choices.Add(1) <= maxChosen {
		h.chosen.Store(name, k)
	}
	return k, nil
}

// look is the hand, looked at anew when it is old. While one looks the others
// go on with the old one.
func (d *Desk) look(ctx context.Context) (*hand, error) {
	h := d.hand.Load()
	if h != nil && time.Since(h.at) < d.stay {
		return h, nil
	}
	if h == nil {
		d.mu.Lock()
	} else if !d.mu.TryLock() {
		return h, nil
	}
	defer d.mu.Unlock()
	if now := d.hand.Load(); now != h {
		return now, nil
	}
	ring, err := d.keys.Ring(ctx)
	switch {
	case h != nil && errors.Is(err, store.ErrUnreachable):
		return h, nil // the write that follows will tell
	case err != nil:
		return nil, err
	}
	next := &hand{at: time.Now(), ring: ring}
	if h != nil && ring == h.ring && !ring.Lost() {
		next.signers = h.signers
	} else if next.signers, err = d.signers(ctx, ring); err != nil {
		return nil, err
	} else if next.ring, err = d.keys.Ring(ctx); err != nil {
		return nil, err
	}
	d.hand.Store(next)
	return next, nil
}

// signers are the seal keys of this machine, of which there is then one.
func (d *Desk) signers(ctx context.Context, ring *keyring.Ring) ([]keyring.Signer, error) {
	list, err := d.keys.Signers(ctx, keyring.Seal)
	if err != nil {
		return nil, err
	}
	inOrder := len(list) > 0 && list[0].State != keyring.Unknown && !ring.Lost()
	if inOrder {
		return list, nil
	}
	wanted := keyring.NewKey{Role: keyring.Seal, Name: d.name, Person: d.person()}
	if len(list) > 0 {
		wanted.Name = list[0].Entry.Name
	}
	_, made, err := d.keys.Ensure(ctx, wanted)
	if made.Note != "" {
		d.tell(made.Note)
	}
	if err != nil {
		return nil, err
	}
	if ring.Empty() && made.Trusted {
		if _, _, err := d.keys.Ensure(ctx, keyring.NewKey{Role: keyring.Log, Name: d.name, Person: d.person()}); err != nil {
			return nil, err
		}
	}
	return d.keys.Signers(ctx, keyring.Seal)
}

func (d *Desk) person() string {
	person, _, _ := strings.Cut(d.name, "@")
	return person
}

// glance is what a preview saw of the keys.
type glance struct {
	at   time.Time
	hand *hand // nil: it could see nothing
}

// Foresee tells which key For would give, and makes none: the key id is empty
// where one would have to be made, or where Redis does not answer at once. The
// error can only be ErrOrigin.
func (d *Desk) Foresee(ctx context.Context, origin, actor string) (Key, error) {
	h := d.hand.Load()
	if h == nil {
		h = d.glance(ctx)
	}
	if h == nil {
		return Key{}, nil
	}
	if len(h.signers) == 0 {
		return Key{Vouched: h.ring.Empty() && slices.Contains([]string{d.name, d.person()}, actor)}, nil
	}
	return h.choose(origin, actor)
}

// glance reads ring and keys, nil when that is not possible now.
func (d *Desk) glance(ctx context.Context) *hand {
	if g := d.seen.Load(); g != nil && time.Since(g.at) < d.stay {
		return g.hand
	}
	g := &glance{at: time.Now()}
	d.seen.Store(g) // others need not wait as well
	ctx, cancel := context.WithTimeout(ctx, glanceWaits)
	defer cancel()
	ring, err := d.keys.Ring(ctx)
	if err != nil {
		return nil
	}
	signers, err := d.keys.Signers(ctx, keyring.Seal)
	if err != nil {
		return nil
	}
	found := &glance{at: time.Now(), hand: &hand{at: time.Now(), ring: ring, signers: signers}}
	d.seen.Store(found)
	return found.hand
}

// Seal seals one packet of schema 1.1 that leaves for a key, behind the seals
// that it has, and gives its leaf for the ledger. ok is false where there is
// nothing to seal: another schema, or a nil Desk. Errors match ErrOrigin,
// ErrUnsealable, or are the keyring's; the packet is then as it was.
func (d *Desk) Seal(ctx context.Context, p *packet.Packet, key, operation string) (leaf Hash, ok bool, err error) {
	if d == nil || p.SchemaVersion != packet.Schema11 {
		return leaf, false, nil
	}
	k, err := d.For(ctx, p.Origin, p.Origin)
	if err != nil {
		return leaf, false, err
	}
	draft, err := Prepare(p, k.Signer.Entry.KeyID, key, operation)
	if err != nil {
		return leaf, false, err
	}
	seals, err := Sign(k.Signer, time.Now(), []Draft{draft})
	if err != nil {
		return leaf, false, err
	}
	Attach(p, seals[0])
	return draft.leaf, true, nil
}

// Sample puts a seal of the usual size behind those of a packet, signed by
// nobody, to tell how large it will be.
func Sample(p *packet.Packet, key, operation string) error {
	contents, err := custody.ContentsSHA256(p.Contents)
	if err != nil {
		return err
	}
	nobody := strings.Repeat("0", keyring.KeyIDLength)
	lineage, _ := p.ChainOfCustody.Get("transparent_lineage")
	draft := Draft{contents: contents, keyID: nobody, key: key, op: operation, upto: lineage.Len()}
	Attach(p, sign(nobody, func([]byte) []byte { return make([]byte, 64) }, time.Now(), []Draft{draft})[0])
	return nil
}
