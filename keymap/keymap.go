package keymap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Map is a set of bindings without conflicts. It is immutable.
type Map struct {
	bindings []Binding
	byKey    [numScopes]map[string]int
	byID     map[string]int
}

// Default is the map without any user's changes.
func Default() *Map {
	m, err := New(nil)
	if err != nil {
		panic(err) // the registry is wrong, and a test says so first
	}
	return m
}

// New applies a user's overrides (binding ID to keys; no keys unbinds) to the
// defaults. Its error joins one error for each unknown ID and each key that
// would mean two things; those name both bindings.
func New(overrides map[string][]string) (*Map, error) {
	all := defaults()
	var errs []error
	ids := make([]string, 0, len(overrides))
	for id := range overrides {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		i := slices.IndexFunc(all, func(b Binding) bool { return b.ID == id })
		if i < 0 {
			errs = append(errs, fmt.Errorf("no binding is called %q", id))
			continue
		}
		keys := overrides[id]
		for _, k := range keys {
			if err := harmless(all[i], k); err != nil {
				errs = append(errs, err)
			}
		}
		all[i].Keys, all[i].Label = slices.Clone(keys), ""
	}
	errs = append(errs, conflicts(all)...)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return index(all), nil
}

// harmless refuses what the house rules refuse: an empty key, and a ctrl with
// a letter for an act, since those are struck by mistake and mean other
// things in other programs.
func harmless(b Binding, key string) error {
	if key == "" || strings.TrimSpace(key) != key {
		return fmt.Errorf("%s: %q is no key (space is written \"space\")", b.ID, key)
	}
	if b.Dangerous && isCtrlLetter(key) {
		return fmt.Errorf("%s: %s cannot be bound to an act that changes something", b.ID, key)
	}
	return nil
}

func isCtrlLetter(key string) bool {
	rest, ok := strings.CutPrefix(key, "ctrl+")
	return ok && len(rest) == 1 && rest[0] >= 'a' && rest[0] <= 'z'
}

// conflicts finds keys that two bindings of overlapping scopes claim.
func conflicts(all []Binding) []error {
	var errs []error
	for i, a := range all {
		for _, b := range all[i+1:] {
			if !a.Scope.Overlaps(b.Scope) || a.Shadows == b.ID || b.Shadows == a.ID {
				continue
			}
			for _, k := range a.Keys {
				if slices.Contains(b.Keys, k) {
					errs = append(errs, fmt.Errorf("key %q means both %s (%s) and %s (%s)", k, a.ID, a.Scope, b.ID, b.Scope))
				}
			}
		}
	}
	return errs
}

func index(all []Binding) *Map {
	m := &Map{bindings: all, byID: make(map[string]int, len(all))}
	for i, b := range all {
		m.byID[b.ID] = i
		if m.byKey[b.Scope] == nil {
			m.byKey[b.Scope] = map[string]int{}
		}
		for _, k := range b.Keys {
			m.byKey[b.Scope][k] = i
		}
	}
	return m
}

// Match finds the binding of a key, looking through scopes in order: name the
// narrowest first, as in {Carcel, List, Global}. Key is what Bubble Tea's
// KeyPressMsg.String gives.
func (m *Map) Match(scopes []Scope, key string) (Binding, bool) {
	for _, s := range scopes {
		if i, ok := m.byKey[s][key]; ok {
			return m.bindings[i], true
		}
	}
	return Binding{}, false
}

// Typing is the map while a text field has the focus: keys that type something
// are left to the field, so bindings have only their other keys, and those
// with none are out of reach and out of the footer.
func (m *Map) Typing() *Map {
	all := m.Bindings()
	for i := range all {
		all[i].Keys = slices.DeleteFunc(slices.Clone(all[i].Keys), IsText)
	}
	return index(all)
}

// MatchTyping is Match of the map that Typing gives, without making it.
func (m *Map) MatchTyping(scopes []Scope, key string) (Binding, bool) {
	if IsText(key) {
		return Binding{}, false
	}
	return m.Match(scopes, key)
}

// IsText says whether a key types a character.
func IsText(key string) bool {
	return key == "space" || utf8.RuneCountInString(key) == 1
}

// Get finds a binding by its ID.
func (m *Map) Get(id string) (Binding, bool) {
	i, ok := m.byID[id]
	if !ok {
		return Binding{}, false
	}
	return m.bindings[i], true
}

// Bindings lists every binding in the order of the registry.
func (m *Map) Bindings() []Binding { return slices.Clone(m.bindings) }

// WithoutDangerous is the map for read-only mode: acts that change something
// do not exist in it.
func (m *Map) WithoutDangerous() *Map {
	return index(slices.DeleteFunc(m.Bindings(), func(b Binding) bool { return b.Dangerous }))
}
