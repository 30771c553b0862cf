package themes

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// ParseError says where a palette file is wrong.
type ParseError struct {
	Line, Column int // from 1; 0 when the whole file is meant
	Problem      string
}

// Error gives line and column first, as compilers do.
func (e *ParseError) Error() string {
	if e.Line == 0 {
		return e.Problem
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// Parse reads a palette:
//
//	name: dusk
//	extends: dark        # roles not given come from there
//	dark: true
//	roles:
//	  accent: "#82a8ff"
//	  select: reverse    # colour (#rrggbb, blue, bright-black, default)
//	  bad: red bold      # and bold, underline, reverse
//
// Every error that concerns a place is a *[ParseError].
func Parse(data []byte) (*Theme, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, syntaxError(err)
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, &ParseError{Problem: "the palette is empty"}
	}
	p := palette{dark: true}
	if err := p.read(file.Docs[0].Body); err != nil {
		return nil, err
	}
	return p.theme()
}

func syntaxError(err error) error {
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if e, ok := err.(interface {
		GetToken() *token.Token
		GetMessage() string
	}); ok {
		at = e
	}
	if at == nil || at.GetToken() == nil {
		return &ParseError{Problem: err.Error()}
	}
	pos := at.GetToken().Position
	return &ParseError{pos.Line, pos.Column, at.GetMessage()}
}

type palette struct {
	name, extends string
	dark, setDark bool
	roles         map[Role]paint
	at            ast.Node // of extends, for errors
}

func (p *palette) read(n ast.Node) error {
	return eachPair(n, "a palette", func(key string, k, v ast.Node) error {
		switch key {
		case "name":
			p.name = text(v)
		case "extends":
			p.extends, p.at = text(v), v
		case "dark":
			b, ok := v.(*ast.BoolNode)
			if !ok {
				return failAt(v, "dark is true or false")
			}
			p.dark, p.setDark = b.Value, true
		case "roles":
			p.roles = map[Role]paint{}
			return eachPair(v, "roles", p.readRole)
		default:
			return failAt(k, "%q is not known: name, extends, dark and roles are", key)
		}
		return nil
	})
}

func (p *palette) readRole(key string, k, v ast.Node) error {
	r, ok := roleByName(key)
	if !ok {
		return failAt(k, "no role %q: there are %v", key, roleNames)
	}
	if _, twice := p.roles[r]; twice {
		return failAt(k, "role %s is given twice", key)
	}
	c, err := parsePaint(text(v))
	if err != nil {
		return failAt(v, "role %s: %v", key, err)
	}
	p.roles[r] = c
	return nil
}

func (p *palette) theme() (*Theme, error) {
	if p.name == "" {
		return nil, &ParseError{Problem: "the palette has no name"}
	}
	t := &Theme{name: p.name, dark: p.dark, glyphs: &unicodeGlyphs}
	if p.extends != "" {
		parent, err := Load(p.extends)
		if err != nil {
			return nil, failAt(p.at, "extends: %v", err)
		}
		t.paints = parent.paints
		if !p.setDark {
			t.dark = parent.dark
		}
	}
	for r := range numRoles {
		c, ok := p.roles[r]
		switch {
		case ok:
			t.paints[r] = c
		case r == GraphTop && p.extends == "":
			t.paints[r] = p.roles[Accent]
		case p.extends == "":
			return nil, &ParseError{Problem: fmt.Sprintf("role %s is missing (or extend a built-in theme)", r)}
		}
	}
	if _, top := p.roles[GraphTop]; !top {
		t.paints[GraphTop] = t.paints[Accent]
	}
	t.build()
	return t, nil
}

// eachPair walks a mapping in the order written.
func eachPair(n ast.Node, what string, do func(key string, k, v ast.Node) error) error {
	var pairs []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		pairs = m.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{m}
	default:
		return failAt(n, "%s is a list of name: value lines", what)
	}
	for _, pair := range pairs {
		if err := do(pair.Key.GetToken().Value, pair.Key, pair.Value); err != nil {
			return err
		}
	}
	return nil
}

// text is a scalar as written, without its quotes.
func text(n ast.Node) string {
	if s, ok := n.(ast.ScalarNode); ok {
		if v, ok := s.GetValue().(string); ok {
			return v
		}
	}
	return n.GetToken().Value
}

func failAt(n ast.Node, format string, args ...any) error {
	e := &ParseError{Problem: fmt.Sprintf(format, args...)}
	if tok := n.GetToken(); tok != nil && tok.Position != nil {
		e.Line, e.Column = tok.Position.Line, tok.Position.Column
	}
	return e
}
