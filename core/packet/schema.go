package packet

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// compileSchema compiles a schema that stands by itself.
func compileSchema(primitive string, schemaJSON []byte) (*jsonschema.Schema, error) {
	if primitive == "" {
		return nil, errors.New("schema for contents: the primitive is missing")
	}
	doc, found, err := ParseValue(schemaJSON)
	if err != nil {
		return nil, fmt.Errorf("schema for %s: %w", printable(primitive), err)
	}
	if len(found) > 0 {
		return nil, fmt.Errorf("schema for %s: %s", printable(primitive), found[0])
	}
	const address = "contents:schema"
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(noLoader{})
	compiler.AssertFormat()
	if err := compiler.AddResource(address, doc.ToGo()); err != nil {
		return nil, fmt.Errorf("schema for %s: %s", printable(primitive), oneLine(err))
	}
	schema, err := compiler.Compile(address)
	if err != nil {
		return nil, fmt.Errorf("schema for %s: %s", printable(primitive), oneLine(err))
	}
	return schema, nil
}

func oneLine(err error) string {
	return printable(strings.Join(strings.Fields(err.Error()), " "))
}

// noLoader keeps a schema from reading files or the network.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, errors.New("references to other documents are not followed")
}

// checkSchema notes each violation with its path.
func checkSchema(schema *jsonschema.Schema, contents Value, out *faults) {
	err := schema.Validate(contents.ToGo())
	if err == nil {
		return
	}
	var violation *jsonschema.ValidationError
	if !errors.As(err, &violation) {
		out.add("contents", short(contents), "contents that the schema can judge: "+oneLine(err))
		return
	}
	noteViolation(violation, contents, out)
}

// noteViolation walks to the leaves, which are the violations proper. Of
// alternatives (anyOf, oneOf, not) the whole is noted, not each branch.
func noteViolation(e *jsonschema.ValidationError, contents Value, out *faults) {
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.Not:
	default:
		if len(e.Causes) > 0 {
			for _, cause := range e.Causes {
				noteViolation(cause, contents, out)
			}
			return
		}
	}
	path, v := locate(contents, e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			out.addAt(append(path, step{name, -1}), missing, "a value")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			member, _ := v.Get(name)
			out.addAt(append(path, step{name, -1}), short(member), "no such member")
		}
	default:
		out.addAt(path, short(v), wanted(e.ErrorKind))
	}
}

// locate follows the library's location into contents.
func locate(v Value, location []string) ([]step, Value) {
	path := []step{{"contents", -1}}
	for _, token := range location {
		next := step{token, -1}
		if v.kind == Array {
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v.list) {
				return path, v
			}
			next, v = step{index: i}, v.list[i].Value
		} else {
			v, _ = v.Get(token)
		}
		path = append(path, next)
	}
	return path, v
}

var english = message.NewPrinter(language.English)

// wanted says in words what a keyword of the schema asks for.
func wanted(e jsonschema.ErrorKind) string {
	switch k := e.(type) {
	case *kind.Type:
		return strings.Join(k.Want, " or ")
	case *kind.Enum:
		return "one of " + list(k.Want)
	case *kind.Const:
		return list([]any{k.Want})
	case *kind.Minimum:
		return "at least " + k.Want.RatString()
	case *kind.Maximum:
		return "at most " + k.Want.RatString()
	case *kind.ExclusiveMinimum:
		return "more than " + k.Want.RatString()
	case *kind.ExclusiveMaximum:
		return "less than " + k.Want.RatString()
	case *kind.MinLength:
		return "at least " + strconv.Itoa(k.Want) + " characters"
	case *kind.MaxLength:
		return "at most " + strconv.Itoa(k.Want) + " characters"
	case *kind.Pattern:
		return "text that matches " + k.Want
	case *kind.Format:
		return "the format " + k.Want
	case *kind.AnyOf:
		return "one of the schema's alternatives"
	case *kind.OneOf:
		return "exactly one of the schema's alternatives"
	case *kind.Not:
		return "anything but what the schema excludes"
	}
	return "what the schema asks for: " + e.LocalizedString(english)
}

func list(values []any) string {
	texts := make([]string, 0, len(values))
	for _, x := range values {
		v, err := FromGo(x)
		if err != nil {
			continue
		}
		texts = append(texts, short(v))
	}
	return strings.Join(texts, ", ")
}
