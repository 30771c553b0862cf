package views

import (
	"strings"
	"testing"
)

func TestEveryFaultIsToldAtItsField(t *testing.T) {
	for _, f := range []struct{ id, text, problem string }{
		{"ttl", "0", "1 to 86400"}, {"ttl", "soon", "an integer from 1 to 86400"}, {"ttl", "86401", "86400"}, {"ttl", "", "an integer"},
		{"schema", "9.9", "1.0"}, {"format", "xml", "json or msgpack"}, {"origin", "", ""}, {"operation", "xadd", "unknown"}, {"operation", "set", "list"},
		{"key", "carcel:dead_letters", "belongs to the engine"}, {"key", strings.Repeat("k", 1025), "1024"},
	} {
		c := composer(t, "")
		if !c.verdict.ready() {
			t.Fatalf("the draft is not valid to begin with: %s", c.whyNot())
		}
		c.set(f.id, f.text)
		if c.verdict.ready() {
			t.Errorf("%s %q can be sent", f.id, f.text)
		}
		if got := c.form.Field(f.id).Problem; got == "" || !strings.Contains(got, f.problem) {
			t.Errorf("%s %q: the problem is %q", f.id, f.text, got)
		}
		for _, other := range []string{"origin", "key", "operation", "schema", "ttl", "format"} {
			if other != f.id && c.form.Field(other).Problem != "" {
				t.Errorf("%s %q: %s is blamed: %s", f.id, f.text, other, c.form.Field(other).Problem)
			}
		}
		if view := plain(c.View(true)); !strings.Contains(view, "✕ Cannot be sent") {
			t.Errorf("%s %q: the verdict is\n%s", f.id, f.text, view)
		}
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	for _, key := range []string{"queue:council", "", "carcel:dead_letters"} {
		c := composer(t, "")
		for id, text := range map[string]string{"ttl": "0", "schema": "9.9", "format": "xml", "origin": "", "key": key, "contents": `{"entropy": 7}`} {
			c.set(id, text)
		}
		for _, id := range []string{"ttl", "schema", "format", "origin"} {
			if c.form.Field(id).Problem == "" {
				t.Errorf("with the key %q nothing is said at %s: %v", key, id, c.verdict.faults)
			}
		}
		if got := c.form.Field("key").Problem != ""; got != (key == "carcel:dead_letters") {
			t.Errorf("with the key %q the key's problem is %q", key, c.form.Field("key").Problem)
		}
	}
	c := composer(t, "")
	c.set("contents", `{"primitive": 3, "entropy": 7}`)
	view := plain(c.View(true))
	for _, want := range []string{"2 fields are not valid", "contents", "text", "a number from 0 to 1"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is missing:\n%s", want, view)
		}
	}
	c.set("contents", `{"a": }`)
	if view := plain(c.View(true)); !strings.Contains(view, "1 field is not valid: contents") {
		t.Errorf("contents that are no JSON:\n%s", view)
	}
	c.SetSize(80, 20)
	if view := plain(c.View(true)); !strings.Contains(view, "contents: ") {
		t.Errorf("narrow, the fault is not told:\n%s", view)
	}
}

func TestNotesTellWhatIsThere(t *testing.T) {
	c := composer(t, "")
	for _, n := range []struct{ key, note string }{
		{"queue:council", "list, 12,408"}, {"queue:new", "a list, if it is new"}, {"", "such as queue:council"},
	} {
		c.set("key", n.key)
		if got := c.form.Field("key").Note; got != n.note {
			t.Errorf("at %q the note is %q", n.key, got)
		}
	}
	if c.set("key", "queue:council"); c.form.Field("operation").Note != "rpush, from the key" {
		t.Errorf("the operation's note is %q", c.form.Field("operation").Note)
	}
	if c.set("operation", "lpush"); c.form.Field("operation").Note != "set lpush rpush hset sadd" {
		t.Errorf("the operation's note is %q", c.form.Field("operation").Note)
	}
	c.Snap = picture(queueOf("queue:council", 3))
	if c.Refresh(); c.form.Field("key").Note != "list, 3" {
		t.Errorf("a new picture leaves the note %q", c.form.Field("key").Note)
	}
}

func TestTheCouncilsVerdictIsToldAsOneTypes(t *testing.T) {
	c := composer(t, "")
	for contents, want := range map[string][]string{
		`{"primitive":"matrix.route"}`: {"✓ Can be sent", "fine", "✓ approved"},
		`{"primitive":"process.kill"}`: {"◈ Would be held", "two persons", "contrarian", "it kills", "ethical", "two signatures", "◈ co-sign"},
		`{"primitive":"packet.purge"}`: {"✕ Would be blocked", "never"},
	} {
		c.set("contents", contents)
		view := plain(c.View(true))
		for _, w := range append(want, "strict@1", "msgpack", "Lineage to be written", "validate_schema") {
			if !strings.Contains(view, w) {
				t.Errorf("%s: %q is missing:\n%s", contents, w, view)
			}
		}
	}
	c.set("schema", "1.0")
	if view := plain(c.View(true)); !strings.Contains(view, "packets of schema 1.0 carry none") || !strings.Contains(view, "none in schema 1.0") {
		t.Errorf("schema 1.0:\n%s", view)
	}
}
