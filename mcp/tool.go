package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// maxAnswer is how many bytes of JSON an answer has about at most: a list ends
// behind the item that passes it. A model has to read it all.
const maxAnswer = 256 << 10

// maxValue is how many bytes of one value a look shows, and of all an answer
// has that nothing was taken for. What is larger is not for a model.
const maxValue = 1 << 20

// effect is what a tool does to Redis.
type effect int

const (
	looks   effect = iota // nothing
	adds                  // it only adds
	changes               // it takes away or replaces
)

// tool is what a client is told of one.
type tool struct {
	name, title, about string
	effect             effect
	again              bool // called again with the same arguments it does nothing more
}

// value is any JSON, kept byte for byte: a number keeps all its digits.
type value = json.RawMessage

// object is a JSON object, kept byte for byte.
type object struct{ json.RawMessage }

// add adds a tool with typed arguments and result. Both schemas come from the
// types: `jsonschema` describes a field, `limits` bounds it (see bound). The
// SDK's own way would decode arguments and results into float64 and back. A
// tool that changes anything is left out when nothing may be.
//
// An error of do is the tool's answer, in one line and marked as an error.
func add[In, Out any](d *door, t tool, do func(ctx context.Context, in In) (Out, error)) {
	if t.effect != looks && d.engine.ReadOnly() {
		return
	}
	input := schemaOf[In](asked)
	closed, destroys := false, t.effect == changes
	d.server.AddTool(&sdk.Tool{
		Name: t.name, Title: t.title, Description: t.about, InputSchema: input, OutputSchema: schemaOf[Out](known),
		Annotations: &sdk.ToolAnnotations{
			Title: t.title, ReadOnlyHint: t.effect == looks, DestructiveHint: &destroys,
			IdempotentHint: t.again || t.effect == looks, OpenWorldHint: &closed,
		},
	}, func(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		select {
		case d.turns <- struct{}{}:
			defer func() { <-d.turns }()
		case <-ctx.Done():
			return failure(ctx.Err()), nil
		}
		var in In
		if err := decode(input, req.Params.Arguments, &in); err != nil {
			return failure(fmt.Errorf("invalid arguments: %w", err)), nil
		}
		out, err := do(ctx, in)
		if err != nil {
			return failure(err), nil
		}
		raw, err := encode(out)
		if err == nil && t.effect == looks && len(raw) > maxValue {
			err = fmt.Errorf("the answer would have %d bytes, and at most %d are given: ask for less", len(raw), maxValue)
		}
		if err != nil {
			return failure(err), nil
		}
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: string(raw)}}, StructuredContent: raw}, nil
	})
}

func encode(out any) (json.RawMessage, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("the answer: %w", err)
	}
	return bytes.TrimSpace(text.Bytes()), nil
}

// failure is an error as a model reads it.
func failure(err error) *sdk.CallToolResult {
	return &sdk.CallToolResult{IsError: true, Content: []sdk.Content{&sdk.TextContent{Text: oneLine(err)}}}
}

// oneLine is an error as one printable line.
func oneLine(err error) string {
	line := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, err.Error())
	line = strings.Join(strings.Fields(line), " ")
	const most = 2000
	if runes := []rune(line); len(runes) > most {
		line = string(runes[:most]) + "…"
	}
	return line
}

// schemaOf is the JSON schema of a struct.
func schemaOf[T any](known map[reflect.Type]*jsonschema.Schema) *jsonschema.Schema {
	t := reflect.TypeFor[T]()
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: known})
	if err != nil {
		panic(fmt.Sprintf("mcp: %v: %v", t, err))
	}
	tidy(s)
	bound(s, t)
	return s
}

// tidy leaves null out: it is never given, and would invite models to send it.
// What is sent as null all the same counts as left out.
func tidy(s *jsonschema.Schema) {
	if len(s.Types) == 2 && s.Types[0] == "null" {
		s.Type, s.Types = s.Types[1], nil
	}
	for _, p := range s.Properties {
		tidy(p)
	}
	if s.Items != nil {
		tidy(s.Items)
	}
}

// bound applies the tags `limits:"least..most"` of a struct's fields: of a
// number's value, a text's characters, a list's items.
func bound(s *jsonschema.Schema, t reflect.Type) {
	for _, f := range reflect.VisibleFields(t) {
		var least, most int
		limits, ok := f.Tag.Lookup("limits")
		if !ok {
			continue
		}
		if _, err := fmt.Sscanf(limits, "%d..%d", &least, &most); err != nil {
			panic(fmt.Sprintf("mcp: %v.%s: limits %q", t, f.Name, limits))
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		p, kind := s.Properties[name], f.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		switch kind.Kind() {
		case reflect.String:
			p.MinLength, p.MaxLength = &least, &most
		case reflect.Slice:
			p.MinItems, p.MaxItems = &least, &most
		default:
			low, high := float64(least), float64(most)
			p.Minimum, p.Maximum = &low, &high
		}
	}
}
