package widget

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/themes"
)

func answered(c *Confirm, keys ...string) (a Answer) {
	for _, k := range keys {
		msg := press(k)
		if k == "tab" {
			msg = tea.KeyPressMsg{Code: tea.KeyTab}
		}
		a = c.Update(km, msg, later)
	}
	return a
}

func pace() *Confirm {
	c := NewConfirm("Replay", "replay", 24, "r", start)
	c.Check = func(value func(string) string) map[string]string {
		if value("rate") == "" {
			return map[string]string{"rate": "a number"}
		}
		return nil
	}
	return c.Fill(Field{ID: "rate", Label: "rate", Input: NewInput("50"), Width: 8}, Field{ID: "canary", Label: "canary", Input: NewInput("5")})
}

func TestAFilledDialogWantsOnlyTheCount(t *testing.T) {
	c := pace()
	if got := answered(c, "2", "4", "enter"); got != Confirmed {
		t.Errorf("the count and enter give %d", got)
	}
	c = pace()
	if got := answered(c, "enter", "y", "2", "enter"); got != Waiting {
		t.Errorf("a wrong count gives %d", got)
	}
	if got := answered(c, "esc"); got != Cancelled {
		t.Errorf("esc gives %d", got)
	}
}

func TestAFieldThatIsWrongHoldsTheDialog(t *testing.T) {
	c := pace()
	answered(c, "2", "4", "tab", "backspace", "backspace", "enter")
	if view := ansi.Strip(c.View(themes.MustLoad("dark"), 72)); !strings.Contains(view, "a number") {
		t.Errorf("what is wrong is not told:\n%s", view)
	}
	if got := answered(c, "7", "enter"); got != Confirmed || c.Value("rate") != "7" || c.Value("canary") != "5" {
		t.Errorf("mended gives %d with rate %q", got, c.Value("rate"))
	}
}

func TestADialogTakesAPasteButNotInHaste(t *testing.T) {
	c := NewConfirm("Deny", "deny", 1, "d", start).Fill(Field{ID: "why", Label: "why"})
	c.Update(km, tea.PasteMsg{Content: "too soon"}, start)
	c.Update(km, tea.PasteMsg{Content: "no mandate"}, later)
	if c.Value("why") != "no mandate" {
		t.Errorf("why is %q", c.Value("why"))
	}
	if answered(c, "enter") != Confirmed {
		t.Error("enter does not confirm")
	}
}

func TestADialogWithoutAVerbIsOnlyRead(t *testing.T) {
	c := NewConfirm("Replay", "", 3, "r", start)
	if answered(c, "y", "enter", "n") != Waiting || answered(c, "esc") != Cancelled {
		t.Error("it can be confirmed, or not be closed")
	}
}

func TestMarksMoveWithAKey(t *testing.T) {
	table := &Table{}
	table.SetSize(40, 10)
	table.SetColumns(Column{Title: "a", Width: 8})
	table.SetRows(&strips{"a", "b", "c", "d"})
	table.Do("list.mark")
	table.Move(1)
	table.MarkRange()
	if got := strings.Join(table.Marks(), ""); got != "abc" {
		t.Errorf("marked are %s", got)
	}
	table.Rename("b", "B")
	table.Unmark("a")
	if got := strings.Join(table.Marks(), ""); got != "Bc" {
		t.Errorf("renamed are %s", got)
	}
	table.MarkAll()
	if table.MarkCount() != 5 { // B is no row any more
		t.Errorf("all are %v", table.Marks())
	}
	if table.MarkAll(); table.MarkCount() != 0 {
		t.Errorf("all again leaves %v", table.Marks())
	}
}

type strips []string

func (n *strips) Len() int          { return len(*n) }
func (n *strips) Key(i int) string  { return (*n)[i] }
func (n *strips) Row(i int, r *Row) { r.Cell(T(fg, (*n)[i])) }
