package widget

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
)

var (
	km    = keymap.Default()
	start = time.Unix(1_700_000_000, 0)
	later = start.Add(time.Second)
)

func footer() Footer {
	hints, _ := km.Footer([]keymap.Scope{keymap.Carcel, keymap.List, keymap.Global}, nil)
	hints = append(hints,
		keymap.Hint{ID: "sign", Key: "a", Word: "sign", Dangerous: true, Keep: 1},
		keymap.Hint{ID: "deny", Key: "d", Word: "deny", Dangerous: true, Keep: 2})
	return Footer{Hints: hints, Edge: keymap.Hint{Key: "?", Word: "help"}}
}

func TestKeysTypedInHasteAreSwallowed(t *testing.T) {
	c := NewConfirm("Discard", "discard", 1, "x", start)
	if got := c.Press(km, "y", start.Add(399*time.Millisecond)); got != Waiting {
		t.Errorf("after 399 ms y gives %d", got)
	}
	if got := c.Press(km, "y", start.Add(400*time.Millisecond)); got != Confirmed {
		t.Errorf("after 400 ms y gives %d", got)
	}
}

func TestTheKeyThatAskedDoesNotConfirm(t *testing.T) {
	for _, asked := range []string{"x", "y", "r", "enter"} {
		c := NewConfirm("Do it", "do it", 1, asked, start)
		if c.Key() == asked || c.Press(km, asked, later) == Confirmed {
			t.Errorf("%s asks and confirms", asked)
		}
	}
}

func TestAboveTwentyOneTypesTheCount(t *testing.T) {
	c := NewConfirm("Replay", "replay", 24, "r", start)
	for _, step := range []struct {
		key  string
		want Answer
	}{{"y", Waiting}, {"enter", Waiting}, {"2", Waiting}, {"5", Waiting}, {"enter", Waiting}, {"backspace", Waiting}, {"4", Waiting}, {"enter", Confirmed}} {
		if got := c.Press(km, step.key, later); got != step.want {
			t.Errorf("%s gives %d, not %d", step.key, got, step.want)
		}
	}
	if NewConfirm("Replay", "replay", 20, "r", start).Press(km, "y", later) != Confirmed {
		t.Error("twenty must be typed")
	}
	if c.Press(km, "esc", later) != Cancelled {
		t.Error("esc does not cancel")
	}
}

func press(s string) tea.KeyPressMsg {
	switch s {
	case "enter":
		return tea.KeyPressMsg{Code: tea.KeyEnter}
	case "down":
		return tea.KeyPressMsg{Code: tea.KeyDown}
	case "up":
		return tea.KeyPressMsg{Code: tea.KeyUp}
	case "end":
		return tea.KeyPressMsg{Code: tea.KeyEnd}
	case "esc":
		return tea.KeyPressMsg{Code: tea.KeyEscape}
	case "backspace":
		return tea.KeyPressMsg{Code: tea.KeyBackspace}
	}
	return tea.KeyPressMsg{Code: []rune(s)[0], Text: s}
}

func choices() []Choice {
	return []Choice{{ID: "q", Title: "Go to queues", Key: "2"}, {ID: "c", Title: "Go to carcel", Key: "4"},
		{ID: "r", Title: "Replay the marked packets", Key: "r", Reason: "Redis is away"}}
}

func TestThePickerFindsByPartsOfAName(t *testing.T) {
	p := NewPicker("Command", choices(), start)
	for _, k := range []string{"c", "a", "r", "c"} {
		p.Update(km, press(k), start)
	}
	if c, ok := p.Selected(); !ok || c.ID != "c" {
		t.Errorf("%+v is found", c)
	}
	if a, _ := p.Update(km, press("enter"), later); a != Confirmed {
		t.Errorf("enter gives %d", a)
	}
	for _, k := range []string{"z", "z"} {
		p.Update(km, press(k), later)
	}
	if _, ok := p.Selected(); ok {
		t.Error("something is found for carczz")
	}
	if a, _ := p.Update(km, press("enter"), later); a != Waiting {
		t.Errorf("enter with nothing found gives %d", a)
	}
	if a, _ := p.Update(km, press("esc"), later); a != Cancelled {
		t.Errorf("esc gives %d", a)
	}
}

func TestAChoiceWithAReasonCannotBeTaken(t *testing.T) {
	p := NewPicker("Command", choices(), start)
	p.Update(km, press("down"), later)
	p.Update(km, press("down"), later)
	if a, _ := p.Update(km, press("enter"), later); a != Waiting {
		t.Errorf("enter gives %d", a)
	}
	if !strings.Contains(ansi.Strip(p.View(dark, 60, 20)), "Redis is away") {
		t.Error("the reason is not shown")
	}
}

func TestEnterInHasteChoosesNothing(t *testing.T) {
	p := NewPicker("Command", choices(), start)
	if a, _ := p.Update(km, press("enter"), start.Add(100*time.Millisecond)); a != Waiting {
		t.Errorf("enter gives %d", a)
	}
}

func TestOverlaysCoverOnlyTheirPlace(t *testing.T) {
	page := strings.TrimSuffix(strings.Repeat("日本語日本語日本語日本語\n", 10), "\n")
	box := Box(dark, "Title", 9, []Line{{}})
	for x := range 15 {
		got := Overlay(page, box, x, 4)
		exact(t, "overlay", got, 24, 10)
		if strings.Split(got, "\n")[0] != "日本語日本語日本語日本語" {
			t.Error("the first line is touched")
		}
	}
	exact(t, "placed", Place(page, box, 24, 10), 24, 10)
}

func TestToastsGoAfterAWhileAndErrorsLater(t *testing.T) {
	var ts Toasts
	if ts.Spans(dark, start) != nil {
		t.Error("there is a toast before any")
	}
	d := ts.Show(Toast{themes.GlyphOK, "3 replayed"}, start)
	if ts.Spans(dark, start.Add(d-1)) == nil || ts.Spans(dark, start.Add(d)) != nil {
		t.Error("the toast does not keep its time")
	}
	if e := ts.Show(Toast{themes.GlyphError, "wrong type"}, start); e <= d {
		t.Error("an error goes as fast as the rest")
	}
}

func TestHelpShowsEveryKeyOfItsScopes(t *testing.T) {
	h := NewHelp(km.Help([]keymap.Scope{keymap.Compose, keymap.Global}, func(id string) keymap.State {
		if id == "compose.send" {
			return keymap.Off("Redis is away")
		}
		return keymap.On
	}))
	h.SetSize(120, h.Lines())
	view := ansi.Strip(h.View(dark))
	exact(t, "help", h.View(dark), 120, h.Lines())
	for _, want := range []string{"compose", "everywhere", "q ctrl+c", "Not now: Redis is away"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is not in\n%s", want, view)
		}
	}
	possible := NewHelp(km.Help([]keymap.Scope{keymap.Compose}, nil))
	possible.SetSize(120, possible.Lines())
	if !strings.Contains(ansi.Strip(possible.View(dark)), "Asks first.") {
		t.Error("help does not say which acts ask first")
	}
	h.SetSize(100, 5)
	h.Do("list.end")
	if h.Position() == "" || h.Do("carcel.sign") {
		t.Error("help does not scroll")
	}
}
