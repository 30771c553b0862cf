package keyring

import (
	"context"
	"slices"
	"strings"
)

// State is how a key stands with the ring.
type State string

// The states of a key.
const (
	Trusted   State = "trusted"   // in the ring
	Requested State = "requested" // asks to be trusted
	Revoked   State = "revoked"   // in the ring, and ended
	Unknown   State = "unknown"   // on this machine alone
)

// Listed is a key with its state.
type Listed struct {
	Entry
	State State `json:"state"`
	Local bool  `json:"local"` // its private key is on this machine
	// Fault is why the private key that is on this machine cannot be used.
	Fault string `json:"fault,omitempty"`
}

// List gives every key of this server: those of the ring in their order, those
// that ask to be trusted, and those which only this machine has.
func (k *Keyring) List(ctx context.Context) ([]Listed, error) {
	ring, err := k.Ring(ctx)
	if err != nil {
		return nil, err
	}
	local, faults, err := k.local(ctx, ring)
	if err != nil {
		return nil, err
	}
	asking, err := k.requests(ctx, ring)
	if err != nil {
		return nil, err
	}
	list := make([]Listed, 0, len(ring.entries)+len(asking))
	for _, e := range ring.Entries() {
		list = append(list, Listed{Entry: e, State: stateIn(e)})
	}
	for _, e := range asking {
		list = append(list, Listed{Entry: e, State: Requested})
	}
	for _, have := range local {
		if at := find(list, have.Entry.KeyID); at >= 0 {
			list[at].Local = true
			continue
		}
		list = append(list, Listed{Entry: have.Entry, State: have.State, Local: true})
	}
	for _, f := range faults {
		at := find(list, f.keyID)
		if at < 0 {
			at = len(list)
			list = append(list, Listed{Entry: Entry{KeyID: f.keyID, Actors: []string{}, Origins: []string{}}, State: Unknown})
		}
		list[at].Local, list[at].Fault = true, f.err.Error()
	}
	return list, nil
}

func find(list []Listed, keyID string) int {
	return slices.IndexFunc(list, func(l Listed) bool { return l.KeyID == keyID })
}

func stateIn(e Entry) State {
	if e.RevokedAt > 0 {
		return Revoked
	}
	return Trusted
}

// Local is List with the keys alone whose private half is on this machine.
func (k *Keyring) Local(ctx context.Context) ([]Listed, error) {
	list, err := k.List(ctx)
	return slices.DeleteFunc(list, func(l Listed) bool { return !l.Local }), err
}

// local are the private keys of this machine that have to do with this server:
// the ring or the requests have them, or they were made for it.
func (k *Keyring) local(ctx context.Context, ring *Ring) (keys []own, faults []fault, err error) {
	all, faults, err := k.owns()
	if err != nil {
		return nil, nil, err
	}
	var asking []Entry
	if slices.ContainsFunc(all, func(key own) bool { _, there := ring.byID[key.Entry.KeyID]; return !there }) {
		if asking, err = k.requests(ctx, ring); err != nil {
			return nil, nil, err
		}
	}
	for _, key := range all {
		id := key.Entry.KeyID
		if e, there := ring.Find(id); there {
			key.Entry, key.State = e, stateIn(e)
		} else if slices.ContainsFunc(asking, func(e Entry) bool { return e.KeyID == id }) {
			key.State = Requested
		} else if key.State = Unknown; key.server != k.identity {
			continue
		}
		keys = append(keys, key)
	}
	return keys, faults, nil
}

// Signer gives the private key of this machine that has a role, and a name or
// person; name "" is the only one there is. Trusted keys go before those that
// are not trusted yet, and revoked ones never sign. Errors match ErrNoKey,
// ErrSeveralKeys, ErrExposed or ErrKeyFile (no other key fits, and this one
// cannot be used), those of Ring, or are the store's.
func (k *Keyring) Signer(ctx context.Context, role Role, name string) (Signer, error) {
	ring, err := k.Ring(ctx)
	if err != nil {
		return Signer{}, err
	}
	keys, faults, err := k.local(ctx, ring)
	if err != nil {
		return Signer{}, err
	}
	for _, wanted := range [][]State{{Trusted}, {Requested, Unknown}} {
		var fit []Signer
		for _, key := range keys {
			e := key.Entry
			if e.Role == role && slices.Contains(wanted, key.State) && (name == "" || e.Name == name || e.Person == name) {
				fit = append(fit, key.Signer)
			}
		}
		switch len(fit) {
		case 0:
			continue
		case 1:
			return fit[0], nil
		}
		return Signer{}, several(role, name, fit)
	}
	if len(faults) > 0 {
		return Signer{}, faults[0].err
	}
	return Signer{}, k.noKey(role, name)
}

// Signers gives all private keys of this machine that have a role and are not
// revoked, in the order of their ids: the trusted ones, then those that are
// not trusted yet. Errors match ErrExposed or ErrKeyFile (there is none, and
// some file cannot be used), those of Ring, or are the store's.
func (k *Keyring) Signers(ctx context.Context, role Role) ([]Signer, error) {
	ring, err := k.Ring(ctx)
	if err != nil {
		return nil, err
	}
	keys, faults, err := k.local(ctx, ring)
	if err != nil {
		return nil, err
	}
	var trusted, others []Signer
	for _, key := range keys {
		switch {
		case key.Entry.Role != role || key.State == Revoked:
		case key.State == Trusted:
			trusted = append(trusted, key.Signer)
		default:
			others = append(others, key.Signer)
		}
	}
	if trusted = append(trusted, others...); len(trusted) == 0 && len(faults) > 0 {
		return nil, faults[0].err
	}
	return trusted, nil
}

func several(role Role, name string, fit []Signer) error {
	names := make([]string, len(fit))
	for i, s := range fit {
		names[i] = s.Entry.Name + " (" + s.Entry.KeyID + ")"
	}
	if name == "" {
		return fail(ErrSeveralKeys, "several %s keys are on this machine: %s; name one with --as", role, strings.Join(names, ", "))
	}
	return fail(ErrSeveralKeys, "several %s keys of %s are on this machine: %s; name one of them, or revoke those that are not used", role, quote(name), strings.Join(names, ", "))
}

func (k *Keyring) noKey(role Role, name string) error {
	if name == "" {
		return fail(ErrNoKey, "no %s key for %s is on this machine; make one: ifpacket keys new --role %s --name NAME", role, k.identity, role)
	}
	return fail(ErrNoKey, "no %s key of %s for %s is on this machine; make one: ifpacket keys new --role %s --name %s", role, quote(name), k.identity, role, quote(name))
}

// minPrefix is how many digits of a key id a person must give at least.
const minPrefix = 4

// Resolve completes a key id of which the first digits are given, four at
// least, as it is or as Short shows it, among all keys of this server. Errors
// match ErrInvalid, ErrUnknownKey, ErrAmbiguous, or are those of List.
func (k *Keyring) Resolve(ctx context.Context, given string) (string, error) {
	prefix := strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(given, "…"), ":", ""))
	if len(prefix) < minPrefix || len(prefix) > KeyIDLength || !isHex(prefix) {
		return "", fail(ErrInvalid, "%s is not a key id: that is %d hex digits, of which the first %d may do; see ifpacket keys list", quote(given), KeyIDLength, minPrefix)
	}
	list, err := k.List(ctx)
	if err != nil {
		return "", err
	}
	var fit []string
	for _, l := range list {
		if strings.HasPrefix(l.KeyID, prefix) {
			fit = append(fit, l.KeyID)
		}
	}
	switch len(fit) {
	case 0:
		if len(prefix) == KeyIDLength {
			return prefix, nil // whoever uses it says that it is unknown
		}
		return "", k.unknown(prefix)
	case 1:
		return fit[0], nil
	}
	return "", fail(ErrAmbiguous, "%s could be each of %s; give more digits", quote(given), strings.Join(fit, ", "))
}
