package governance

import (
	"fmt"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

type vis struct{}

func (v vis) Visit(n ast.Node) ast.Visitor {
	tk := n.GetToken()
	fmt.Printf("%T %q L%d C%d off%d path=%s val=%q\n", n, n.String(), tk.Position.Line, tk.Position.Column, tk.Position.Offset, n.GetPath(), tk.Value)
	if l, ok := n.(*ast.LiteralNode); ok {
		fmt.Printf("   lit start L%d C%d value L%d C%d %q\n", l.Start.Position.Line, l.Start.Position.Column, l.Value.GetToken().Position.Line, l.Value.GetToken().Position.Column, l.Value.Value)
	}
	return v
}

func TestZZ(t *testing.T) {
	f, err := parser.ParseBytes([]byte(`# c
name: s2
list: [a, "b c", {x: 1}]
g:
  - name: 'it''s'
    when: entropy >= 0.6 &&
      foo == "b"
    big: "a \" b
      c"
  - when: |
      a &&
        b
    x: >-
      foo
      bar

      baz
    n: 123456789012345678901234567890
    f: 1.5e3
    h: 0x1F
    e:
    t: true
    empty: {}
`), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Docs {
		ast.Walk(vis{}, d.Body)
	}
	for _, bad := range []string{"", "# only\n", "a: [1", "a: b: c", "a: 1\na: 2", "\ta: 1", "- x\nb", "a: *x", "a: &x 1", "---\na: 1\n---\nb: 2", "a: !!str 1", "<<: {a: 1}", "? [a]\n: b", "a: \"x"} {
		f, err := parser.ParseBytes([]byte(bad), 0)
		fmt.Printf("%q -> %d docs err=%v\n", bad, func() int { if f == nil { return -1 }; return len(f.Docs) }(), err)
		if err == nil { for _, d := range f.Docs { if d.Body == nil { fmt.Println("nil body"); continue }; ast.Walk(vis{}, d.Body) } }
	}
}
