package ledger

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
)

// FuzzRecordText: no two records have the same bytes, whatever stands in them,
// and JSON gives a record back as it was.
func FuzzRecordText(f *testing.F) {
	f.Add(int64(1), "event", "held", "actor", "a\n1:b,", int64(1), "event", "held", "actor", "a")
	f.Add(int64(2), "", "", "\xff", "\x00", int64(21), "", "", "", "")
	f.Fuzz(func(t *testing.T, p1 int64, n1, v1, n2, v2 string, p2 int64, m1, w1, m2, w2 string) {
		a := Record{p1, []Field{{n1, v1}, {n2, v2}}}
		b := Record{p2, []Field{{m1, w1}, {m2, w2}}}
		c := Record{p1, []Field{{n1, v1 + n2}, {"", v2}}}
		for _, other := range []Record{b, c} {
			if !reflect.DeepEqual(a, other) && bytes.Equal(a.AppendText(nil), other.AppendText(nil)) {
				t.Fatalf("%+v and %+v have the same bytes", a, other)
			}
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var back Record
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(a, back) {
			t.Fatalf("%+v came back as %+v, %v", a, back, err)
		}
	})
}

// FuzzCheckpoint: what is read as a checkpoint is written again as it was.
func FuzzCheckpoint(f *testing.F) {
	c := Checkpoint{Origin: originPrefix + "main/0123456789abcdef", Size: 12, At: fixed}
	f.Add(c.text())
	c.Base = 7
	f.Add(c.text() + "\n— x AAAAAAAA\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := parseText(text); err == nil && c.text() != text {
			t.Fatalf("%q became %q", text, c.text())
		}
		if c, err := ParseCheckpoint(text); err == nil && !strings.HasPrefix(text, c.text()) {
			t.Fatalf("%q is read as %q", text, c.text())
		}
		if _, err := OpenCheckpoint(text, &keyring.Ring{}); err == nil {
			t.Fatal("nobody signed that")
		}
	})
}

// FuzzSegment: a file from anywhere is refused, and never more.
func FuzzSegment(f *testing.F) {
	f.Add(`{"_type":"if.packet/segment/v1","from":1,"to":2,"before":[]}` + "\n" + `{"position":1,"fields":[["event","held"]]}`)
	f.Add(`{"_type":"if.packet/segment/v1","from":9,"to":9,"base":3,"before":["","AAAA"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := ReadSegment(strings.NewReader(text), &keyring.Ring{}, nil); err == nil {
			t.Fatal("it passed")
		}
	})
}

// The edge, the tree and the tiles' growth are one and the same tree.
func TestThreeWaysToGrowATreeAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 700).Draw(t, "leaves")
		start := rapid.Int64Range(0, n).Draw(t, "start")
		tree, e := bigTree(n), &edge{}
		for i := range n {
			e.append(bigLeaf(i))
		}
		g := grow(bigTree(start), start)
		for i := start; i < n; i++ {
			if err := g.append(bigLeaf(i)); err != nil {
				t.Fatal(err)
			}
		}
		root, err := tree.Root(n)
		if err != nil || root != e.root() {
			t.Fatal("the edge has another root ", err)
		}
		short, err := edgeOf(start, tree)
		if err != nil {
			t.Fatal(err)
		}
		for i := start; i < n; i++ {
			short.append(bigLeaf(i))
		}
		if short.root() != root {
			t.Fatal("an edge that goes on has another root")
		}
		if n == 0 {
			return
		}
		grown, err := edgeOf(n, g)
		if err != nil || grown.root() != root {
			t.Fatal("the growth has another root ", err)
		}
	})
}
