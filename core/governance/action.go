package governance

import (
	"strings"

	"github.com/infrafabric/ifpacket/core/packet"
)

// Action is what the council judges of a packet.
type Action struct {
	Primitive string       // lower case, without a leading "if."; "unknown" when unset or empty
	Vertical  string       // lower case; "general" when unset or empty
	Entropy   float64      // 0 to 1; 0 when unset
	Actor     string       // contents.actor, else the origin
	Vouched   bool         // the key that seals the packet may speak for the actor
	Payload   packet.Value // the whole of the contents
	Origin    string
	Key       string // where it would go
	Operation string // and how
}

// ActionOf reads the action out of a packet bound for a key. Contents whose
// primitive, vertical or actor is no text, or whose entropy is no number from
// 0 to 1, are invalid input: the error is a *packet.ValidationError that
// names each.
func ActionOf(p packet.Packet, key, operation string) (Action, error) {
	var faults []packet.Fault
	text := func(field, preset string) string {
		v, there := p.Contents.Get(field)
		if !there || v.IsNull() {
			return preset
		}
		s, ok := v.Text()
		if !ok {
			faults = append(faults, fault("contents."+field, v, "text"))
		}
		if s == "" {
			return preset
		}
		return s
	}
	a := Action{Payload: p.Contents, Origin: p.Origin, Key: key, Operation: operation}
	a.Primitive, a.Vertical = primitiveOf(text("primitive", "")), verticalOf(text("vertical", ""))
	a.Actor = text("actor", p.Origin)
	if v, there := p.Contents.Get("entropy"); there && !v.IsNull() {
		f, ok := v.Float()
		if !ok || !(f >= 0 && f <= 1) {
			faults = append(faults, fault("contents.entropy", v, "a number from 0 to 1"))
		}
		a.Entropy = f
	}
	if len(faults) > 0 {
		return Action{}, &packet.ValidationError{Faults: faults}
	}
	return a, nil
}

func fault(field string, v packet.Value, expected string) packet.Fault {
	return packet.Fault{Field: field, Value: string(packet.AppendValueJSON(nil, v)), Expected: expected}
}

// Names reads primitive and vertical out of contents as an Action has them;
// what is no text counts as unset.
func Names(contents packet.Value) (primitive, vertical string) {
	text := func(field string) string {
		v, _ := contents.Get(field)
		s, _ := v.Text()
		return s
	}
	return primitiveOf(text("primitive")), verticalOf(text("vertical"))
}

func primitiveOf(s string) string {
	if s = strings.TrimPrefix(lower(s), "if."); s == "" {
		return "unknown"
	}
	return s
}

func verticalOf(s string) string {
	if s == "" {
		return "general"
	}
	return lower(s)
}

// lower avoids a copy of what is lower case already.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' || s[i] >= 0x80 {
			return strings.ToLower(s)
		}
	}
	return s
}

// value is the action as a decision records it.
func (a Action) value() packet.Value {
	return packet.ObjectOf(
		packet.Member{Key: "primitive", Value: packet.StringOf(a.Primitive)},
		packet.Member{Key: "vertical", Value: packet.StringOf(a.Vertical)},
		packet.Member{Key: "entropy", Value: packet.FloatOf(a.Entropy)},
		packet.Member{Key: "actor", Value: packet.StringOf(a.Actor)},
		packet.Member{Key: "origin", Value: packet.StringOf(a.Origin)},
		packet.Member{Key: "key", Value: packet.StringOf(a.Key)},
		packet.Member{Key: "operation", Value: packet.StringOf(a.Operation)},
		packet.Member{Key: "vouched", Value: packet.BoolOf(a.Vouched)},
		packet.Member{Key: "payload", Value: a.Payload},
	)
}
