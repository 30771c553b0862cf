package views

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
)

// heldTexts are the entries of carcelScreen as they stand in the list, newest
// first.
var heldTexts = []string{
	`{"contents":{"k":[` + strings.Repeat("1,", 60) + `2]}}`,
	`{"contents":{"second":2}}`,
	strings.Repeat("\x1b[31m no JSON ", 60),
}

func heldSHA(i int) string { return fmt.Sprintf("%064x", i+1) }

func carcelScreen(t testing.TB, w int) *Carcel {
	s := plainStage(t)
	s.Snap.Carcel = watch.Carcel{Length: 3, Table: carcel.NewTable(
		&carcel.Entry{SHA: heldSHA(0), TrackingID: "id-1", Primitive: "process.kill", Decision: governance.Blocked, Reason: "no pid " + strings.Repeat("because of this and that ", 6) + "END", Origin: "o"},
		&carcel.Entry{SHA: heldSHA(1), TrackingID: "id-2", Primitive: "matrix.route", Decision: governance.Failed, Reason: "timed out"},
		&carcel.Entry{SHA: heldSHA(2), Faults: []packet.Fault{{Field: "entry", Value: "text", Expected: "a JSON object"}}},
	)}
	c := NewCarcel(s)
	c.SetSize(w, 20)
	c.Refresh()
	answer(c)
	return c
}

// answer tells the screen the texts that it may have asked for.
func answer(c *Carcel) {
	for i, raw := range heldTexts {
		c.Update(caseMsg{heldCase{sha: heldSHA(i), k: carcel.Case{Held: carcel.Parse(raw)}}})
	}
}

func TestEnterOpensTheDetailAndEscLeavesIt(t *testing.T) {
	c := carcelScreen(t, 160)
	do(t, c, "list.down")
	if view := plain(c.View(true)); strings.Contains(view, `"k":`) {
		t.Errorf("the detail shows another entry's text until the answer comes:\n%s", view)
	}
	answer(c)
	if view := plain(c.View(true)); !strings.Contains(view, `"second": 2`) || !strings.Contains(view, "timed out") {
		t.Fatalf("the detail does not follow the selection:\n%s", view)
	}
	do(t, c, "list.open")
	if !c.inside || !strings.Contains(plain(c.View(true)), "matrix.route  unknown ━") {
		t.Error("enter does not give the focus to the detail")
	}
	if c.State("list.open").Enabled || c.State("list.filter").Enabled {
		t.Error("a detail can be opened or filtered")
	}
	do(t, c, "list.back")
	if c.inside {
		t.Error("esc does not leave the detail")
	}
	if _, done := c.Do("list.back"); done {
		t.Error("esc is taken although nothing is open")
	}
	do(t, c, "pane.next")
	if !c.inside {
		t.Error("tab does not go to the detail")
	}
	do(t, c, "pane.previous")
	if c.inside {
		t.Error("shift+tab does not come back")
	}
}

func TestANarrowScreenShowsListOrDetail(t *testing.T) {
	c := carcelScreen(t, 80)
	if view := plain(c.View(true)); !strings.Contains(view, "Carcel  3") || strings.Contains(view, "packet ") {
		t.Errorf("at first stands\n%s", view)
	}
	do(t, c, "list.down", "list.open")
	if view := plain(c.View(true)); strings.Contains(view, "Carcel  3") || !strings.Contains(view, "id-2") {
		t.Errorf("opened is\n%s", view)
	}
	c.Update(tea.MouseClickMsg{X: 3, Y: 3}) // in the detail there is no row to select
	c.SetSize(160, 20)
	if view := plain(c.View(true)); !strings.Contains(view, "Carcel  3") || !strings.Contains(view, "id-2") {
		t.Errorf("made wide it is\n%s", view)
	}
	c.SetSize(80, 20)
	do(t, c, "list.back")
	if view := plain(c.View(true)); !strings.Contains(barred(view), "matrix.route") {
		t.Errorf("back is\n%s", view)
	}
}

func TestZoomLeavesOneSideAlone(t *testing.T) {
	c := carcelScreen(t, 160)
	do(t, c, "pane.zoom")
	if view := plain(c.View(true)); strings.Contains(view, "packet ") || !strings.Contains(view, "no pid because") {
		t.Errorf("zoomed is\n%s", view)
	}
	do(t, c, "list.open")
	if view := plain(c.View(true)); strings.Contains(view, "Carcel  3") {
		t.Errorf("zoomed and opened is\n%s", view)
	}
	do(t, c, "pane.zoom")
	if view := plain(c.View(true)); !strings.Contains(view, "Carcel  3") || !strings.Contains(view, "packet ") {
		t.Errorf("back is\n%s", view)
	}
}

func TestAClickFocusesTheSideItIsIn(t *testing.T) {
	c := carcelScreen(t, 160)
	c.Update(tea.MouseClickMsg{X: 120, Y: 4})
	if !c.inside {
		t.Error("a click at the right stays in the list")
	}
	c.Update(tea.MouseClickMsg{X: 5, Y: 3})
	if c.inside || !strings.Contains(barred(c.View(true)), "matrix.route") || !strings.Contains(plain(c.View(true)), "id-2") {
		t.Errorf("a click on a row makes\n%s", plain(c.View(true)))
	}
	c.Update(tea.MouseClickMsg{X: c.listW, Y: 3})
	if c.inside {
		t.Error("the gutter belongs to the detail")
	}
}

func TestTheReasonIsToldWhole(t *testing.T) {
	for _, w := range []int{80, 120, 160} {
		c := carcelScreen(t, w)
		do(t, c, "list.open")
		if view := plain(c.View(true)); !strings.Contains(view, "END") {
			t.Errorf("at %d the reason is cut:\n%s", w, view)
		}
	}
}

func TestContentsScrollAndKeepTheirPlace(t *testing.T) {
	c := carcelScreen(t, 160)
	do(t, c, "list.open", "list.pagedown", "list.pagedown")
	before := plain(c.View(true))
	c.Refresh()
	if plain(c.View(true)) != before {
		t.Error("a new picture moves the reader")
	}
	do(t, c, "list.home")
	if plain(c.View(true)) == before {
		t.Error("the contents do not scroll")
	}
}

func TestAnEntryThatIsNoJSONIsShownAsBytesAndScrolls(t *testing.T) {
	c := carcelScreen(t, 160)
	do(t, c, "list.end", "list.open")
	answer(c)
	first := plain(c.View(true))
	if !strings.Contains(first, "00000000") || !strings.Contains(first, "1b 5b 33 31") || strings.Contains(first, "\x1b") {
		t.Fatalf("no bytes:\n%s", first)
	}
	do(t, c, "list.pagedown")
	if view := plain(c.View(true)); strings.Contains(view, "00000000") {
		t.Errorf("bytes do not scroll:\n%s", view)
	}
	cmd, _ := c.Do("list.copy")
	if got := told[Copy](t, cmd); got.Text != heldTexts[2] {
		t.Errorf("copied is %q", got.Text)
	}
	c.Snap = picture()
	c.Refresh()
	if view := plain(c.View(true)); !strings.Contains(view, "nothing is selected") {
		t.Errorf("an empty carcel shows\n%s", view)
	}
	if c.State("list.copy").Enabled {
		t.Error("nothing can be copied")
	}
}

func TestASideBelowTheListTakesClicksThere(t *testing.T) {
	s := plainStage(t)
	for i := range 30 {
		s.Snap.Activity = append(s.Snap.Activity, watch.Event{Seq: uint64(i + 1), At: noon, What: "dispatched", Where: "queue:a", Count: 1})
	}
	p := NewActivity(s)
	p.SetSize(140, 30)
	p.Refresh()
	if view := plain(p.View(true)); strings.Count(view, "\n") != 29 || !strings.Contains(view, "Activity  newest last ━") || !strings.Contains(view, "Performance  last 10 min ─") {
		t.Fatalf("both are not on the screen:\n%s", view)
	}
	p.Update(tea.MouseClickMsg{X: 20, Y: 4})
	if at := p.events.selected().Seq; p.inside || at != 14 { // of 19 rows, the newest being the last
		t.Errorf("a click into the list: inside %v, event %d", p.inside, at)
	}
	p.Update(tea.MouseClickMsg{X: 20, Y: 27})
	if !p.inside || p.events.selected().Seq != 14 {
		t.Error("a click below the list does not focus what is there, or it selects")
	}
	do(t, p, "pane.zoom")
	if view := plain(p.View(true)); strings.Contains(view, "newest last") || !strings.Contains(view, "Throughput") {
		t.Errorf("zoomed it does not stand alone, with the throughput:\n%s", view)
	}
}
