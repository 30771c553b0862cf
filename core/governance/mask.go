package governance

import (
	"slices"
	"strings"

	"github.com/infrafabric/ifpacket/core/packet"
)

// Masked is what stands in records in place of what a policy calls secret.
const Masked = "[masked]"

// mask is the path of secrets below the payload. * is any one step, ** any
// number of them, none included. Names are told apart without regard to case.
// Arrays are walked without a step of their
// own.
type mask []string

// String is the mask as the file has it.
func (m mask) String() string { return "payload." + strings.Join(m, ".") }

// Masks are the paths that the policy masks, such as payload.**.token.
func (p *Policy) Masks() []string {
	texts := make([]string, len(p.masks))
	for i, m := range p.masks {
		texts[i] = m.String()
	}
	return texts
}

// Mask returns contents whose secrets are replaced by Masked, and their paths,
// such as payload.login.token. Contents without secrets come back as they are.
func (p *Policy) Mask(payload packet.Value) (packet.Value, []string) {
	if !p.anywhere.within(payload) && !secret(payload, p.elsewhere) {
		return payload, nil
	}
	var paths []string
	return hide(payload, p.masks, "payload", &paths), paths
}

// secretNames are the names of masks like payload.**.token. Most masks are,
// so contents are looked through once for all of them.
type secretNames []string

func (names secretNames) within(v packet.Value) bool {
	if len(names) == 0 {
		return false
	}
	for _, m := range v.Members() {
		if v.Kind() == packet.Object {
			for _, name := range names {
				if sameName(name, m.Key) {
					return true
				}
			}
		}
		if m.Value.Len() > 0 && names.within(m.Value) {
			return true
		}
	}
	return false
}

// sameName compares without regard to case.
func sameName(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// sortMasks sets the masks apart that hide a name at any depth.
func sortMasks(masks []mask) (anywhere secretNames, elsewhere []mask) {
	for _, m := range masks {
		if len(m) == 2 && m[0] == "**" && m[1] != "*" {
			anywhere = append(anywhere, m[1])
		} else {
			elsewhere = append(elsewhere, m)
		}
	}
	return anywhere, elsewhere
}

// secret reports whether any mask meets something, without allocating.
func secret(v packet.Value, masks []mask) bool {
	return slices.ContainsFunc(masks, func(m mask) bool { return m.within(v) })
}

// meets reports whether the mask hides a member, or something inside of it.
func (m mask) meets(key string, v packet.Value) bool {
	if m[0] == "**" {
		// None of the steps, or one and still any number.
		return len(m) > 1 && m[1:].meets(key, v) || len(m) == 1 || m.within(v)
	}
	if m[0] != "*" && !sameName(m[0], key) {
		return false
	}
	return len(m) == 1 || m[1:].within(v)
}

func (m mask) within(v packet.Value) bool {
	for _, member := range v.Members() {
		if v.Kind() == packet.Array {
			if m.within(member.Value) {
				return true
			}
		} else if m.meets(member.Key, member.Value) {
			return true
		}
	}
	return false
}

// hide rebuilds v with what the masks meet replaced.
func hide(v packet.Value, masks []mask, path string, paths *[]string) packet.Value {
	switch v.Kind() {
	case packet.Array:
		values := make([]packet.Value, v.Len())
		for i, m := range v.Members() {
			values[i] = hide(m.Value, masks, path, paths)
		}
		return packet.ArrayOf(values...)
	case packet.Object:
		members := slices.Clone(v.Members())
		for i := range members {
			m := &members[i]
			at := path + "." + m.Key
			next, hit := step(masks, m.Key)
			if hit {
				m.Value = packet.StringOf(Masked)
				if !slices.Contains(*paths, at) {
					*paths = append(*paths, at)
				}
			} else if len(next) > 0 {
				m.Value = hide(m.Value, next, at, paths)
			}
		}
		return packet.ObjectOf(members...)
	}
	return v
}

// step takes masks past one key: those that go on, and whether one ends here.
func step(masks []mask, key string) (next []mask, hit bool) {
	for _, m := range masks {
		if m[0] == "**" {
			next = append(next, m)
			if len(m) == 1 {
				return nil, true
			}
			m = m[1:]
		}
		if m[0] != "*" && !sameName(m[0], key) {
			continue
		}
		if len(m) == 1 {
			return nil, true
		}
		next = append(next, m[1:])
	}
	return next, false
}

// covers reports whether the mask hides the value at a path of the payload, or
// something that holds it.
func (m mask) covers(path []string) bool {
	masks := []mask{m}
	for _, key := range path {
		next, hit := step(masks, key)
		if hit {
			return true
		}
		masks = next
	}
	return false
}

// readMasks reads the list of paths.
func readMasks(root section) []mask {
	var masks []mask
	for _, n := range root.list("mask") {
		text := root.faults.text(n, "a mask")
		if text == "" {
			continue
		}
		path, ok := strings.CutPrefix(text, "payload.")
		steps := strings.Split(path, ".")
		doubled := 0
		for i, s := range steps {
			odd := s == "" || s != "*" && s != "**" && strings.Contains(s, "*")
			if s == "**" {
				doubled++
				odd = odd || i == len(steps)-1
			}
			ok = ok && !odd
		}
		if !ok || doubled > 1 {
			root.faults.add(n.place, "a mask is payload. and a path, such as payload.api_key or payload.**.token, with ** once and not at its end; not %q", text)
			continue
		}
		masks = append(masks, steps)
	}
	return masks
}
