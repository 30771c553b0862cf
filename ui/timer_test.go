package ui

import (
	"runtime"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/views"
)

func TestNoTimerRunsWhileTheLinkIsLive(t *testing.T) {
	for _, snap := range []*watch.Snapshot{richPicture(), emptyPicture(), pollingPicture()} {
		c := open(t, snap).size(120, 40)
		for i := range 9 {
			c.press(itoa(i + 1)).wait(time.Second).tell(wake{})
			if c.timer != nil || c.ticking {
				t.Fatalf("a timer runs on %s while the link is %s", c.screens[c.active].title, snap.Link.State)
			}
		}
	}
}

func TestOneChainOfTicksRunsWhileRedisIsAway(t *testing.T) {
	c := open(t, awayPicture()).size(120, 40)
	if c.timer == nil {
		t.Fatal("nothing ages while Redis is away")
	}
	for _, msg := range []tea.Msg{wake{}, keyMsg("2"), keyMsg("down"), tea.WindowSizeMsg{Width: 100, Height: 30}, views.Toast{Text: "x"}} {
		if c.tell(msg); c.timer != nil {
			t.Fatalf("%T begins a second chain", msg)
		}
	}
	for range 5 {
		if c.wait(time.Second).tell(tick{}); c.timer == nil {
			t.Fatal("the chain ends while Redis is away")
		}
	}
	c.show(richPicture())
	if c.wait(10 * time.Second).tell(tick{}); c.timer != nil || c.ticking {
		t.Error("the chain goes on although Redis is back")
	}
	if c.show(connectingPicture()); c.timer == nil {
		t.Error("nothing ages while connecting")
	}
}

func TestAToastRunsTheTimerUntilItIsGone(t *testing.T) {
	c := open(t, richPicture()).size(120, 40)
	if c.tell(views.Toast{Text: "done"}); c.timer == nil {
		t.Fatal("the toast would stay until something happens")
	}
	ticks := 0
	for c.ticking && ticks < 20 {
		c.wait(time.Second).tell(tick{})
		ticks++
	}
	if ticks < 4 || ticks > 5 {
		t.Errorf("it took %d ticks", ticks)
	}
	c.misses("done")
}

func TestUpdateKeepsTheClockAndBeginsNoGoroutine(t *testing.T) {
	c := open(t, richPicture()).size(120, 40)
	before := runtime.NumGoroutine()
	c.wait(3 * time.Second)
	_, cmd := c.Update(wake{})
	if !c.shared.Now.Equal(c.now) || len(answers(cmd)) > 0 {
		t.Errorf("the time is %v after a wake-up, and a command is left", c.shared.Now)
	}
	for range 100 {
		c.Update(wake{})
		_ = c.View()
	}
	if now := runtime.NumGoroutine(); now > before {
		t.Errorf("%d goroutines became %d", before, now)
	}
}

func TestAWakeUpOnlyRefreshesWhatIsInSight(t *testing.T) {
	c := open(t, emptyPicture()).size(120, 40).press("2")
	c.show(richPicture()).sees("queue:council")
	c.press("1").sees("haiku_worker_9c01").press("4").sees("Two-person rule")
}
