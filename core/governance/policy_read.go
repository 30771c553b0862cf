package governance

import (
	"slices"
	"strings"

	"github.com/infrafabric/ifpacket/core/packet"
)

// section is a mapping of which only certain keys are known.
type section struct {
	*node
	what   string
	faults *policyFaults
}

// section reads a mapping and tells of every key that is not among the known.
func (f *policyFaults) section(n *node, what string, known ...string) (section, bool) {
	s := section{n, what, f}
	if n == nil || n.kind != mapNode {
		at, found := place{1, 1}, nullNode
		if n != nil {
			at, found = n.place, n.kind
		}
		f.add(at, "%s must be a mapping with %s, not %s", what, strings.Join(known, ", "), found)
		return s, false
	}
	for _, e := range n.entries {
		if !slices.Contains(known, e.key) {
			f.add(e.at, "%s has no field %q; known are %s", what, e.key, strings.Join(known, ", "))
		}
	}
	return s, true
}

// get returns a field that is there and not empty, else nil.
func (s section) get(key string) *node {
	for _, e := range s.entries {
		if e.key == key && e.kind != nullNode {
			return e.node
		}
	}
	return nil
}

func (s section) need(key string) *node {
	n := s.get(key)
	if n == nil {
		s.faults.add(s.place, "%s has no %s; add one", s.what, key)
	}
	return n
}

// text reads a field that must be text; "" when it is not there.
func (s section) text(key string) string { return s.faults.text(s.get(key), s.what+"'s "+key) }

// needText is text of a field that must be there.
func (s section) needText(key string) string {
	n := s.need(key)
	if n == nil {
		return ""
	}
	text := s.faults.text(n, s.what+"'s "+key)
	if text == "" && n.kind == scalarNode {
		s.faults.add(n.place, "%s's %s is empty; write one", s.what, key)
	}
	return text
}

// whole reads a field that must be a whole number; preset when it is not there.
func (s section) whole(key string, preset int64) int64 {
	n := s.get(key)
	if n == nil {
		return preset
	}
	i, ok := n.value.Int()
	if n.kind != scalarNode || !ok {
		s.faults.add(n.place, "%s's %s must be a whole number", s.what, key)
		return preset
	}
	return i
}

func (s section) flag(key string, preset bool) bool {
	n := s.get(key)
	if n == nil {
		return preset
	}
	b, ok := n.value.Bool()
	if n.kind != scalarNode || !ok {
		s.faults.add(n.place, "%s's %s must be true or false", s.what, key)
		return preset
	}
	return b
}

func (s section) list(key string) []*node { return s.faults.items(s.get(key), s.what+"'s "+key) }

func (s section) texts(key string) []string {
	var texts []string
	for _, item := range s.list(key) {
		if text := s.faults.text(item, "an entry of "+s.what+"'s "+key); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func (f *policyFaults) text(n *node, what string) string {
	switch {
	case n == nil:
		return ""
	case n.kind != scalarNode:
		f.add(n.place, "%s must be text, not %s", what, n.kind)
		return ""
	case n.value.Kind() != packet.String:
		f.add(n.place, "%s must be text; put %s into quotes", what, n.text)
		return ""
	}
	return n.text
}

func (f *policyFaults) items(n *node, what string) []*node {
	if n == nil {
		return nil
	}
	if n.kind != listNode {
		f.add(n.place, "%s must be a list, not %s", what, n.kind)
		return nil
	}
	return n.items
}
