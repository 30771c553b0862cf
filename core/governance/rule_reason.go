package governance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/infrafabric/ifpacket/core/packet"
)

// maxReasonValue is how much of a payload's value a reason shows.
const maxReasonValue = 120

// reasonTemplate is a reason with {fields} of the action.
type reasonTemplate []reasonPart

// reasonPart is a literal text, or a field when name is set.
type reasonPart struct {
	text string
	name string
	path []string // below payload
}

var reasonFields = []string{varPrimitive, varVertical, varEntropy, varActor, varOrigin, varKey, varOperation, "payload.NAME"}

// parseReason reads a template: {primitive}, {payload.amount}; {{ and }} are
// braces.
func parseReason(text string) (reasonTemplate, error) {
	var t reasonTemplate
	var literal strings.Builder
	for text != "" {
		at := strings.IndexAny(text, "{}")
		if at < 0 {
			literal.WriteString(text)
			break
		}
		literal.WriteString(text[:at])
		if strings.HasPrefix(text[at:], "{{") || strings.HasPrefix(text[at:], "}}") {
			literal.WriteByte(text[at])
			text = text[at+2:]
			continue
		}
		end := strings.IndexByte(text[at:], '}')
		if text[at] == '}' || end < 0 {
			return nil, fmt.Errorf("the reason has a lone %q; write it twice to mean it", text[at:at+1])
		}
		name := text[at+1 : at+end]
		path, below := strings.CutPrefix(name, "payload.")
		if !slices.Contains(reasonFields[:len(reasonFields)-1], name) && (!below || slices.Contains(strings.Split(path, "."), "")) {
			return nil, fmt.Errorf("the reason has no field {%s}; known are %s", name, strings.Join(reasonFields, ", "))
		}
		part := reasonPart{text: literal.String(), name: name}
		if below {
			part.path = strings.Split(path, ".")
		}
		t = append(t, part)
		literal.Reset()
		text = text[at+end+1:]
	}
	if literal.Len() > 0 {
		t = append(t, reasonPart{text: literal.String()})
	}
	return t, nil
}

// of fills the template in.
func (t reasonTemplate) of(a *Action) string {
	if len(t) == 1 && t[0].name == "" {
		return t[0].text
	}
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.text)
		if p.name != "" {
			b.WriteString(p.value(a))
		}
	}
	return b.String()
}

func (p reasonPart) value(a *Action) string {
	switch p.name {
	case varPrimitive:
		return a.Primitive
	case varVertical:
		return a.Vertical
	case varEntropy:
		return strconv.FormatFloat(a.Entropy, 'f', 2, 64)
	case varActor:
		return a.Actor
	case varOrigin:
		return a.Origin
	case varKey:
		return a.Key
	case varOperation:
		return a.Operation
	}
	v := a.Payload
	for _, key := range p.path {
		next, there := v.Get(key)
		if !there {
			return "nothing"
		}
		v = next
	}
	return shortValue(v)
}

// shortValue is a value in few words.
func shortValue(v packet.Value) string {
	switch v.Kind() {
	case packet.Array:
		return fmt.Sprintf("a list of %d", v.Len())
	case packet.Object:
		return fmt.Sprintf("an object of %d", v.Len())
	case packet.Bytes, packet.Ext:
		return "binary"
	}
	text, isText := v.Text()
	if !isText {
		text = string(packet.AppendValueJSON(nil, v))
	}
	if utf8.RuneCountInString(text) > maxReasonValue {
		text = string([]rune(text)[:maxReasonValue-1]) + "…"
	}
	return text
}
