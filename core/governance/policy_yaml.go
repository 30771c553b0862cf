package governance

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/infrafabric/ifpacket/core/packet"
)

// place is where something stands in a file: line and column from 1.
type place struct{ line, column int }

type nodeKind uint8

const (
	nullNode nodeKind = iota
	scalarNode
	listNode
	mapNode
)

func (k nodeKind) String() string {
	return [...]string{"nothing", "one value", "a list", "a mapping"}[k]
}

// node is a piece of a policy's YAML with its place.
type node struct {
	place
	kind    nodeKind
	text    string       // of a scalar, as it reads
	value   packet.Value // of a scalar
	block   bool         // a scalar written as a block, whose text starts on the next line
	quoted  bool
	entries []nodeEntry // of a mapping
	items   []*node     // of a list
}

type nodeEntry struct {
	key string
	at  place
	*node
}

// maxNesting is how deep a policy's YAML may nest.
const maxNesting = 64

// parseYAML reads one YAML document. Anchors, aliases, tags and merge keys are
// refused: a policy says what it means where it means it.
func parseYAML(text []byte, faults *policyFaults) (root *node) {
	defer func() {
		if broken := recover(); broken != nil {
			faults.add(place{1, 1}, "this is no YAML that can be read; write it more plainly")
			root = nil
		}
	}()
	if at, deep := tooNested(text); deep {
		faults.add(at, "nested too deep; the limit is %d", maxNesting)
		return nil
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		var syntax yaml.Error
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			faults.add(placeOf(syntax.GetToken()), "YAML: %s", syntax.GetMessage())
			return nil
		}
		faults.add(place{1, 1}, "YAML: %v", err)
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType && doc.Body.Type() != ast.CommentGroupType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		faults.add(place{1, 1}, "the file is empty; a policy needs at least guardians: [{name, rules: [{name, when, status}]}]")
		return nil
	case 1:
		return convertYAML(bodies[0], faults, 0)
	}
	faults.add(startOf(bodies[1]), "a second document; a policy is one YAML document")
	return nil
}

// tooNested finds brackets, and dashes on one line, nested beyond what anybody
// writes. The parser must not see them: it recurses, and names each level by
// the whole path to it. Brackets in texts count too.
func tooNested(text []byte) (place, bool) {
	depth, line := 0, 0
	for row := range bytes.Lines(text) {
		line++
		dashes, start := 0, true
		for i, c := range row {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(depth-1, 0)
			}
			start = start && (c == ' ' || c == '\t' || c == '-' || c == '?')
			if start && (c == '-' || c == '?') {
				dashes++
			}
			if depth > 4*maxNesting || dashes > 4*maxNesting {
				return place{line, i + 1}, true
			}
		}
	}
	return place{}, false
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{t.Position.Line, max(t.Position.Column, 1)}
}

// startOf is where a node begins: of a block mapping, its first key.
func startOf(n ast.Node) place {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return placeOf(m.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return placeOf(m.Key.GetToken())
	}
	return placeOf(n.GetToken())
}

func convertYAML(n ast.Node, faults *policyFaults, depth int) *node {
	if depth > maxNesting {
		faults.add(placeOf(n.GetToken()), "nested too deep; the limit is %d", maxNesting)
		return nil
	}
	out := &node{place: startOf(n)}
	switch n := n.(type) {
	case *ast.NullNode:
		return out
	case *ast.MappingNode:
		return convertMapping(out, n.Values, faults, depth)
	case *ast.MappingValueNode:
		return convertMapping(out, []*ast.MappingValueNode{n}, faults, depth)
	case *ast.SequenceNode:
		out.kind = listNode
		for _, item := range n.Values {
			converted := convertYAML(item, faults, depth+1)
			if converted == nil {
				return nil
			}
			out.items = append(out.items, converted)
		}
		return out
	case *ast.LiteralNode:
		out.kind, out.block, out.text = scalarNode, true, n.Value.Value
		out.value = packet.StringOf(out.text)
		return out
	case ast.ScalarNode:
		if scalar := convertScalar(out, n); scalar != nil {
			return scalar
		}
	}
	faults.add(out.place, "%s is not read in a policy; write plain text, numbers, true, false, lists and mappings", n.Type())
	return nil
}

func convertMapping(out *node, values []*ast.MappingValueNode, faults *policyFaults, depth int) *node {
	out.kind = mapNode
	seen := make(map[string]struct{}, len(values))
	for _, pair := range values {
		if pair.Key.IsMergeKey() {
			faults.add(placeOf(pair.Key.GetToken()), "merge keys are not read in a policy; write the entries out")
			return nil
		}
		key := convertYAML(pair.Key, faults, depth+1)
		if key == nil {
			return nil
		}
		if key.kind != scalarNode {
			faults.add(key.place, "a key must be text")
			return nil
		}
		if _, twice := seen[key.text]; twice {
			faults.add(key.place, "the key %q stands here twice; keep one", key.text)
			return nil
		}
		seen[key.text] = struct{}{}
		value := convertYAML(pair.Value, faults, depth+1)
		if value == nil {
			return nil
		}
		out.entries = append(out.entries, nodeEntry{key.text, key.place, value})
	}
	return out
}

// convertScalar returns nil for what a policy cannot hold.
func convertScalar(out *node, n ast.ScalarNode) *node {
	out.kind, out.text = scalarNode, n.GetToken().Value
	switch n := n.(type) {
	case *ast.StringNode:
		kind := n.GetToken().Type
		out.text = n.Value
		out.quoted = kind == token.SingleQuoteType || kind == token.DoubleQuoteType
		out.value = packet.StringOf(n.Value)
		if number, ok := jsonNumber(n.Value); ok && !out.quoted { // too large for the library
			out.value = number
		}
	case *ast.BoolNode:
		out.value = packet.BoolOf(n.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		number, ok := jsonNumber(out.text)
		if !ok {
			number, ok = goNumber(n.GetValue())
		}
		if !ok {
			return nil
		}
		out.value = number
	default: // infinities, NaN
		return nil
	}
	return out
}

// jsonNumber reads a number written as JSON writes it, with all its digits.
func jsonNumber(text string) (packet.Value, bool) {
	if text == "" || strings.Trim(text, "0123456789+-.eE") != "" {
		return packet.Value{}, false
	}
	v, found, err := packet.ParseValue([]byte(text))
	if err != nil || len(found) > 0 {
		return packet.Value{}, false
	}
	return v, v.Kind() == packet.Int || v.Kind() == packet.BigInt || v.Kind() == packet.Float
}

func goNumber(x any) (packet.Value, bool) {
	switch x := x.(type) {
	case int64:
		return packet.IntOf(x), true
	case uint64:
		if x <= 1<<63-1 {
			return packet.IntOf(int64(x)), true
		}
		return jsonNumber(strconv.FormatUint(x, 10))
	case float64:
		return packet.FloatOf(x), x-x == 0
	}
	return packet.Value{}, false
}

// packetValue is a node as packets hold it.
func (n *node) packetValue() packet.Value {
	switch n.kind {
	case scalarNode:
		return n.value
	case listNode:
		values := make([]packet.Value, len(n.items))
		for i, item := range n.items {
			values[i] = item.packetValue()
		}
		return packet.ArrayOf(values...)
	case mapNode:
		members := make([]packet.Member, len(n.entries))
		for i, e := range n.entries {
			members[i] = packet.Member{Key: e.key, Value: e.packetValue()}
		}
		return packet.ObjectOf(members...)
	}
	return packet.NullValue
}
