package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
)

// decode checks arguments against their schema and reads them. The error names
// all that is wrong with them at once.
func decode(schema *jsonschema.Schema, raw json.RawMessage, into any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = json.RawMessage("{}")
	}
	var loose any
	if err := json.Unmarshal(raw, &loose); err != nil {
		return err
	}
	if faults := check(nil, "", schema, loose); len(faults) > 0 {
		return errors.New(strings.Join(faults, "; "))
	}
	return json.Unmarshal(raw, into)
}

// check adds what is wrong with a value of a name, the arguments themselves
// having none. It knows what schemaOf makes use of.
func check(faults []string, name string, s *jsonschema.Schema, v any) []string {
	wrong := func(expected string) []string {
		shown, _ := json.Marshal(v)
		if runes := []rune(string(shown)); len(runes) > 60 {
			shown = []byte(string(runes[:60]) + "…")
		}
		return append(faults, fmt.Sprintf("%s: %s, expected %s", strings.TrimPrefix(name, "."), shown, expected))
	}
	if s.Type != "" && s.Type != kindOf(v) && !(s.Type == "number" && kindOf(v) == "integer") {
		return wrong(expectation(s))
	}
	switch v := v.(type) {
	case string:
		n := utf8.RuneCountInString(v)
		if s.MaxLength != nil && (n < *s.MinLength || n > *s.MaxLength) || len(s.Enum) > 0 && !slices.Contains(s.Enum, any(v)) {
			return wrong(expectation(s))
		}
	case float64:
		if s.Maximum != nil && (v < *s.Minimum || v > *s.Maximum) {
			return wrong(expectation(s))
		}
	case []any:
		if s.MaxItems != nil && (len(v) < *s.MinItems || len(v) > *s.MaxItems) {
			return wrong(expectation(s))
		}
		for i, e := range v {
			if s.Items != nil {
				faults = check(faults, fmt.Sprintf("%s[%d]", name, i), s.Items, e)
			}
		}
	case map[string]any:
		if s.Properties == nil { // any object
			return faults
		}
		for _, must := range s.Required {
			if _, there := v[must]; !there {
				faults = append(faults, strings.TrimPrefix(name+"."+must, ".")+": missing")
			}
		}
		given := make([]string, 0, len(v))
		for key := range v {
			given = append(given, key)
		}
		slices.Sort(given)
		for _, key := range given {
			p := s.Properties[key]
			switch {
			case p == nil:
				faults = append(faults, fmt.Sprintf("%q: there is no such argument; there are %s", key, strings.Join(s.PropertyOrder, ", ")))
			case v[key] != nil || slices.Contains(s.Required, key):
				faults = check(faults, name+"."+key, p, v[key])
			}
		}
	}
	return faults
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// expectation is what a schema wants, in words.
func expectation(s *jsonschema.Schema) string {
	text := s.Type
	switch {
	case len(s.Enum) > 0:
		return fmt.Sprint("one of ", strings.Trim(fmt.Sprint(s.Enum), "[]"))
	case s.MaxLength != nil && *s.MinLength == *s.MaxLength:
		return fmt.Sprintf("%s of %d characters", text, *s.MaxLength)
	case s.MaxLength != nil:
		return fmt.Sprintf("%s of %d to %d characters", text, *s.MinLength, *s.MaxLength)
	case s.Maximum != nil:
		return fmt.Sprintf("%s from %.0f to %.0f", text, *s.Minimum, *s.Maximum)
	case s.MaxItems != nil:
		return fmt.Sprintf("%s of %d to %d items", text, *s.MinItems, *s.MaxItems)
	}
	return text
}
