package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/ui/widget"
	"github.com/infrafabric/ifpacket/views"
)

func TestTheConsoleIsLeftByQAndAlwaysByCtrlC(t *testing.T) {
	c := open(t, richPicture()).size(120, 40)
	if !quits(c.tell(keyMsg("q")).cmd) || !quits(c.tell(keyMsg("ctrl+c")).cmd) {
		t.Error("q or ctrl+c does not leave")
	}
	c.press("6")
	if quits(c.tell(keyMsg("q")).cmd) || !strings.Contains(c.plain(), "ops@eastq") {
		t.Error("q in a field leaves instead of typing")
	}
	if !quits(c.tell(keyMsg("ctrl+c")).cmd) {
		t.Error("ctrl+c in a field does not leave")
	}
	c.press("f1")
	if c.overlay == nil || !quits(c.tell(keyMsg("ctrl+c")).cmd) {
		t.Error("ctrl+c over the help does not leave")
	}
	if quits(c.tell(keyMsg("q")).cmd) || c.overlay != nil {
		t.Error("q over the help leaves the console, or not the help")
	}
}

// situation is a screen in one of its states; how brings it about anew.
type situation struct {
	name string
	how  func() *console
}

func situations(t *testing.T) (all []situation) {
	for state, snap := range map[string]*watch.Snapshot{"live": richPicture(), "away": awayPicture(), "never": neverPicture()} {
		add := func(keys ...string) {
			all = append(all, situation{state + " " + strings.Join(keys, " "), func() *console { return open(t, snap).size(120, 30).press(keys...) }})
		}
		for i := range 9 {
			add(itoa(i + 1))
		}
		for _, keys := range []string{"1 tab", "1 tab tab", "1 tab tab tab", "2 tab", "3 tab", "4 tab", "5 down", "5 tab", "5 enter", "6 esc", "1 / q", "2 / q", "1 z"} {
			add(strings.Fields(keys)...)
		}
	}
	return all
}

// TestWhatTheFooterOffersDoesSomething goes through every hint of the footer:
// none may be nobody's, and none may be refused.
func TestWhatTheFooterOffersDoesSomething(t *testing.T) {
	for _, s := range situations(t) {
		c := s.how()
		hints, _ := c.keys().Footer(c.scopes(), c.state)
		for _, h := range hints {
			if _, done := s.how().do(h.ID); !done {
				t.Errorf("%s: the footer offers %s, which nobody does", s.name, h.ID)
			}
		}
	}
}

// TestEveryBindingThatIsOnIsSomebodys goes through all bindings of the scopes
// in force: what State does not refuse is done.
func TestEveryBindingThatIsOnIsSomebodys(t *testing.T) {
	for _, s := range situations(t) {
		c := s.how()
		for _, b := range c.keys().Bindings() {
			if !slices.Contains(c.scopes(), b.Scope) || len(b.Keys) == 0 || !c.state(b.ID).Enabled || strings.HasPrefix(b.ID, "screen.") {
				continue
			}
			if b.ID == "list.back" || b.ID == "retry" {
				continue // esc has nothing to close at first, and has no hint
			}
			if _, done := s.how().do(b.ID); !done {
				t.Errorf("%s: %s is on, and nobody does it", s.name, b.ID)
			}
		}
	}
}

func TestWhatIsRefusedSaysWhy(t *testing.T) {
	for _, s := range situations(t) {
		c := s.how()
		for _, b := range c.shared.Keys.Bindings() {
			if st := c.state(b.ID); !st.Enabled && st.Reason == "" {
				t.Errorf("%s: %s is off without a reason", s.name, b.ID)
			}
		}
	}
	c := open(t, richPicture()).size(120, 40).press("R")
	c.sees("Redis answers")
	c.press("8", "z").sees("the four stand together")
	c.press("6", "esc", "z").sees("there is one pane here")
}

func TestHelpHoldsOnlyKeysThatWorkHere(t *testing.T) {
	c := open(t, richPicture()).size(120, 60).press("6", "f1")
	c.sees("Help  Compose", "Send the packet", "f1").misses("All live panes at once", "Find any action")
	c.press("esc", "esc", "?").sees("Leave the console", "Not now: there is one pane here")
	c.press("esc", "2", "?").sees("Write a packet to this queue", "Not now: Redis answers")
	c.press("?")
	if c.overlay != nil {
		t.Error("? does not close the help")
	}
	c.size(80, 24).press("?")
	before := c.plain()
	c.press("pgdown")
	if c.plain() == before {
		t.Error("the help does not scroll")
	}
	for i := range c.screens {
		c.press("esc", itoa(i+1), "f1").sees("Help  "+c.screens[i].title).press("esc", "esc")
	}
}

func TestThePaletteFindsAndRuns(t *testing.T) {
	c := open(t, richPicture()).size(120, 40)
	c.press(":").sees("╭─ Command ─")
	c.press("a", "c", "t", "enter")
	if c.overlay != nil || c.screens[c.active].id != "screen.activity" {
		t.Errorf("the palette went to %s", c.screens[c.active].id)
	}
	c.press("1", ":", "h", "e", "l", "p", "enter").sees("Help  Pulse")
	c.press("esc", ":", "z", "o", "o", "m", "enter").misses("Queues  11").sees("Carcel  8")
	c.press(":", "r", "e", "t", "r", "y").sees("Redis answers").press("enter")
	if c.overlay == nil {
		t.Error("the palette runs what is not possible")
	}
	c.press("esc")
	if c.overlay != nil {
		t.Error("esc does not close the palette")
	}
	c.press(":", "x", "x", "x").sees("nothing has these letters in this order").press("enter", "esc")
	c.press(":", "enter")
	if c.overlay == nil {
		t.Error("enter in haste chooses something")
	}
	if quits(c.wait(widget.Haste).tell(keyMsg("enter")).cmd); c.overlay != nil {
		t.Error("enter after a while chooses nothing")
	}
}

func TestThePaletteOffersEveryScreenAndWhatItsPaneDoes(t *testing.T) {
	c := open(t, richPicture()).size(120, 40).press("2")
	p := newPalette(c.model)
	titles := map[string]string{}
	for _, choice := range p.of.Choices {
		titles[choice.Title] = choice.Reason
	}
	for _, want := range []string{"pulse", "queues", "agents", "carcel", "lineage", "council", "voices", "activity", "theme", "mouse", "quit", "compose", "hex"} {
		if _, ok := titles[want]; !ok {
			t.Errorf("%s is not offered", want)
		}
	}
	if titles["hex"] == "" || titles["retry now"] == "" || titles["quit"] != "" {
		t.Errorf("reasons: %v", titles)
	}
}

func TestSendingAsksOnAnotherKeyAndSwallowsHaste(t *testing.T) {
	c := open(t, richPicture()).size(120, 40).press("6", "f5")
	c.sees("Send a packet", "process.kill to queue:council by rpush", "y send   esc cancel")
	c.wait(widget.Haste-time.Millisecond).press("y", "esc")
	if c.overlay == nil {
		t.Fatal("a key within 400 ms is taken")
	}
	c.wait(2*time.Millisecond).press("f5", "enter", "x")
	if c.overlay == nil {
		t.Fatal("a key that is not the dialog's closes it")
	}
	c.press("esc")
	if c.overlay != nil {
		t.Fatal("esc does not close the dialog")
	}
	c.press("f5").wait(time.Second).tell(keyMsg("y"))
	if c.overlay != nil || c.cmd == nil {
		t.Error("y does not send")
	}
}

func TestAnotherKeyThanTheOneThatAskedConfirms(t *testing.T) {
	keys, err := keymap.New(map[string][]string{"compose.send": {"y"}})
	if err != nil {
		t.Skip("y cannot be bound: ", err)
	}
	c := open(t, richPicture(), func(o *Options, _ *engine.Config) { o.Keys = keys }).size(120, 40)
	c.press("6", "esc", "y").sees("enter send   esc cancel").wait(time.Second).press("y")
	if c.overlay == nil {
		t.Error("the key that asked also confirms")
	}
}

func TestNothingIsSentWhileRedisIsAwayOrOnlyRead(t *testing.T) {
	for name, c := range map[string]*console{
		"acting is off while Redis is away": open(t, awayPicture()),
		"acting is off until Redis answers": open(t, connectingPicture()),
		"read only":                         open(t, richPicture(), func(_ *Options, e *engine.Config) { e.ReadOnly = true }),
	} {
		c.size(120, 40).press("6", "f5").sees(name)
		if c.overlay != nil {
			t.Errorf("%s: it asks all the same", name)
		}
		c.misses("ctrl+enter send")
	}
	c := open(t, richPicture(), readOnly).size(120, 40).press("6", "f5")
	if c.overlay != nil {
		t.Error("read-only mode has the binding")
	}
	c.sees("read only").misses("ctrl+enter send")
}

func TestToastsGoAway(t *testing.T) {
	c := open(t, richPicture()).size(120, 40)
	c.tell(views.Toast{Text: "something was done"}).sees("something was done")
	c.wait(3 * time.Second).tell(wake{}).sees("something was done")
	c.wait(2 * time.Second).tell(wake{}).misses("something was done")
}

func TestTheMouseCanBeSwitchedOff(t *testing.T) {
	c := open(t, richPicture()).size(120, 40)
	if c.View().MouseMode == tea.MouseModeNone {
		t.Error("the mouse is off at first")
	}
	if c.press("M"); c.View().MouseMode != tea.MouseModeNone {
		t.Error("M does not switch it off")
	}
	c.sees("mouse off: the terminal selects text").press("M").sees("mouse on")
}

func TestAProfileOrTheDemoIsLeftFor(t *testing.T) {
	c := open(t, awayPicture(), func(o *Options, _ *engine.Config) { o.Profiles = []string{"eu", "us"} }).size(120, 40)
	c.press("P").sees("╭─ Profile ─", "us").press("u", "s")
	if !quits(c.tell(keyMsg("enter")).cmd) || c.leaveFor.Profile != "us" {
		t.Errorf("left for %+v", c.leaveFor)
	}
	d := open(t, awayPicture()).size(120, 40)
	if !quits(d.tell(keyMsg("D")).cmd) || !d.leaveFor.Demo {
		t.Errorf("left for %+v", d.leaveFor)
	}
}

func TestCopyingSaysWhatWasCopied(t *testing.T) {
	c := open(t, richPicture()).size(160, 40)
	c.press("2", "y").sees("copied the key")
	c.press("3", "y").sees("copied the agent's id")
	c.press("4", "y").sees("copied the tracking id").press("enter", "y").sees("copied the tracking id")
	c.press("9", "y").sees("this event names nothing")
}
