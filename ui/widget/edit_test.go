package widget

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/themes"
)

const document = `{
  "primitive": "process.kill",
  "entropy": -0.31,
  "reason: \" }": [true, null, 12e3],
  "open`

func TestJSONIsColouredByWhatItIs(t *testing.T) {
	roles := map[string]themes.Role{}
	for line := range strings.SplitSeq(document, "\n") {
		var joined string
		for _, s := range JSONSpans(line) {
			joined += s.Text
			roles[strings.TrimSpace(s.Text)] = s.Role
		}
		if joined != line {
			t.Errorf("%q became %q", line, joined)
		}
	}
	for text, want := range map[string]themes.Role{
		`"primitive"`: muted, `"process.kill"`: fg, "-0.31": themes.Info, "true": themes.Info, "null": themes.Info,
		"12e3": themes.Info, `"reason: \" }"`: muted, "{": faint, `"open`: fg,
	} {
		if got := roles[text]; got != want {
			t.Errorf("%s is %s, not %s", text, got, want)
		}
	}
}

func TestJSONViewScrollsAndStaysHarmless(t *testing.T) {
	var v JSONView
	v.SetSize(30, 4)
	v.SetText(PrettyJSON([]byte(`{"a":"` + "\u009b31m\x7f" + `","b":[1,2,3],"c":{"d":null}}`)))
	for range 12 {
		exact(t, "json", v.View(dark), 30, 4)
		if strings.ContainsAny(v.View(dark), "\u009b\x7f") {
			t.Error("a control character came through")
		}
		v.Do("list.down")
		v.ScrollSideways(1)
	}
	if v.Position() == "" {
		t.Error("there is no position")
	}
}

func TestALineOfAMegabyteCostsNoMoreThanAShortOne(t *testing.T) {
	var v JSONView
	v.SetSize(80, 3)
	v.SetText(`{"a":"` + strings.Repeat("日本", 1<<18) + `"}`)
	exact(t, "json", v.View(dark), 80, 3)
	if n := testing.AllocsPerRun(3, func() { v.View(dark) }); n > 3000 {
		t.Errorf("%.0f allocations", n)
	}
}

func TestHexViewShowsBytesAndText(t *testing.T) {
	var v HexView
	v.SetSize(80, 3)
	v.SetData([]byte("{\"primitive\": \x00\xff\x1b}"))
	view := ansi.Strip(v.View(dark))
	exact(t, "hex", v.View(dark), 80, 3)
	for _, want := range []string{"00000000  7b 22 70", "00 ff", `{"primitive": ..`, "00000010  1b 7d"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is not in\n%s", want, view)
		}
	}
	v.SetSize(50, 3)
	exact(t, "narrow hex", v.View(dark), 50, 3)
}

func TestTheEditorEdits(t *testing.T) {
	e := NewEditor("{\n  \"a\": 1\n}")
	e.SetSize(60, 8)
	if e.Update(press("x")); e.Value() != "{\n  \"a\": 1\n}" {
		t.Error("it edits without the focus")
	}
	e.Focus()
	e.Update(press("up"))
	e.Update(press("end"))
	e.Update(press(","))
	e.Update(press("enter"))
	e.Update(tea.PasteMsg{Content: "  \"b\": 2,\n  \"c\": 3"})
	if want := "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}"; e.Value() != want {
		t.Errorf("%q", e.Value())
	}
	if e.PositionText() != "line 4, column 9" {
		t.Error(e.PositionText())
	}
	exact(t, "editor", e.View(dark), 60, 8)
}

func TestTheEditorDoesNotWrapAndKeepsTheCursorInSight(t *testing.T) {
	e := NewEditor("")
	e.SetSize(40, 6)
	e.Focus()
	e.Update(tea.PasteMsg{Content: strings.Repeat("0123456789", 200) + "\nshort\n" + strings.Repeat("x\n", 50)})
	for range 60 {
		exact(t, "editor", e.View(dark), 40, 6)
		e.Update(press("up"))
	}
	e.Update(press("end"))
	if line, column := e.Position(); line != 1 || column != 2001 {
		t.Errorf("line %d, column %d: the long line was wrapped", line, column)
	}
	if !strings.Contains(ansi.Strip(e.View(dark)), "789") {
		t.Error("the end of the line is not in sight")
	}
	exact(t, "editor", e.View(dark), 40, 6)
}

func TestFormsMoveTakeAndExplain(t *testing.T) {
	f := NewForm(Field{ID: "origin", Label: "origin", Input: NewInput("haiku")}, Field{ID: "ttl", Label: "ttl_seconds", Note: "seconds"})
	f.SetWidth(75)
	f.SetFocused(true)
	f.Update(press("x"))
	if f.Value("origin") != "haikux" {
		t.Errorf("%q", f.Value("origin"))
	}
	if !f.Next(1) || f.Next(1) || f.Current().ID != "ttl" {
		t.Error("the focus does not stop at the end")
	}
	f.Update(tea.PasteMsg{Content: "0"})
	f.Field("ttl").Problem = "1 to 86,400"
	view := ansi.Strip(f.View(dark))
	exact(t, "form", f.View(dark), 75, 2)
	if !strings.Contains(view, "✕ 1 to 86,400") || strings.Contains(view, "seconds ") && strings.Contains(view, "  seconds") {
		t.Errorf("the problem does not replace the note:\n%s", view)
	}
	if f.Value("nope") != "" || f.Field("nope") != nil {
		t.Error("a field that is not there has a value")
	}
}

func TestTheFilterSaysHowManyAreLeft(t *testing.T) {
	f := NewFilter()
	if f.Shown() {
		t.Error("an empty filter takes a line")
	}
	f.Focus()
	for _, k := range []string{"a", "g", "e"} {
		f.Update(press(k))
	}
	exact(t, "filter", f.View(dark, 60, 1211, 1340), 60, 1)
	if got := ansi.Strip(f.View(dark, 60, 1211, 1340)); !strings.HasPrefix(got, "   / age") || !strings.Contains(got, "1,211 of 1,340") {
		t.Errorf("%q", got)
	}
}

func BenchmarkEditorKey1000Lines(b *testing.B) {
	var doc strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&doc, "  \"key%d\": \"value\",\n", i)
	}
	e := NewEditor(doc.String())
	e.SetSize(75, 30)
	e.Focus()
	for b.Loop() {
		e.Update(press("x"))
		_ = e.View(dark)
		e.Update(press("backspace"))
	}
}
