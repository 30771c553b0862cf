package ui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/watch"
)

func TestTheAttentionLineTellsTheMostUrgentFirstAndTheWorstOfEach(t *testing.T) {
	calm := richPicture()
	calm.Activity = nil // of which one says that the ledger was lost
	c := open(t, calm).size(200, 40)
	line := strings.TrimSpace(c.lines()[3])
	want := "◈ 2 wait for a person  oldest 14m 08      ! 1 queue of the wrong type  queue:clobbered      " +
		"■ 2 queues stuck  queue:nuclear-power 41m 00      ○ 2 agents silent  haiku_worker_9c01 12m 40"
	if !strings.HasPrefix(line, want) || !strings.HasSuffix(line, "0 next") {
		t.Errorf("the line is\n%s", line)
	}
	if line := strings.TrimSpace(c.show(richPicture()).lines()[3]); !strings.HasPrefix(line, "◈ 2 wait oldest 14m 08    ! 1 data lost ledger lost 2.0 s") {
		t.Errorf("a loss is not told: %s", line)
	}
	c.show(emptyPicture()).sees("· nothing waits, nothing is stuck, nobody is silent")
	snap := emptyPicture()
	snap.Carcel.Table = carcel.NewTable(&carcel.Entry{Decision: governance.Review, At: ago(time.Minute)})
	c.show(snap).sees("◇ 1 waits for a person  oldest 1m 00")
	c.show(pollingPicture()).sees("polling: CONFIG SET is forbidden")
	polling := pollingPicture()
	polling.Carcel.Table = snap.Carcel.Table
	c.show(polling).sees("◇ 1 waits for a person", "polling: CONFIG SET is forbidden")
}

func TestAPictureThatIsCalmBecauseAllIsLostSaysSo(t *testing.T) {
	snap := emptyPicture()
	snap.Activity = []watch.Event{{Seq: 1, At: ago(3 * time.Minute), Kind: watch.Console, What: "keys vanished", Count: 1}}
	c := open(t, snap).size(160, 40).sees("! 1 loss of data  keys vanished 3m 00")
	c.press("0")
	if c.screens[c.active].id != "screen.activity" {
		t.Error("0 does not go to where it is told")
	}
	snap = emptyPicture()
	snap.Activity = []watch.Event{{Seq: 1, At: ago(11 * time.Minute), Kind: watch.Console, What: "keys vanished", Count: 1}}
	c.show(snap).sees("nothing waits, nothing is stuck")
}

func TestAFaultWithoutAPaneOfItsOwnStandsInTheAttentionLine(t *testing.T) {
	snap := emptyPicture()
	snap.Faults = []watch.Fault{
		{Kind: watch.AgentSilent, Key: "agents:w"},
		{Kind: watch.TypeWrong, Key: "queue:x"},
		{Kind: watch.TypeWrong, Key: "agents:foo"},
	}
	open(t, snap).size(160, 40).sees("! 1 fault  wrong type agents:foo")
}

func TestNoKindOfTroubleIsEverCutOffTheAttentionLine(t *testing.T) {
	snap := richPicture()
	for i := range snap.Queues {
		snap.Queues[i].Key = strings.Repeat("日本", 40) + snap.Queues[i].Key
	}
	c := open(t, snap)
	for w := minWidth; w <= 200; w++ {
		for _, h := range []int{24, 40} {
			c.size(w, h)
			y := 2
			if h == 40 {
				y = 3
			}
			line := c.lines()[y]
			for _, want := range []string{"! 1 data lost", "◈ 2 wait", "! 1 ", "■ 2 ", "stuck", "○ 2 ", "silent", "0 next"} {
				if !strings.Contains(line, want) {
					t.Fatalf("%q is missing at %d: %q", want, w, line)
				}
			}
			if strings.Contains(line, "… 0 next") {
				t.Fatalf("cut at %d: %q", w, line)
			}
		}
	}
}

func TestZeroGoesRoundAllThatNeedsAPerson(t *testing.T) {
	c := open(t, richPicture()).size(160, 40)
	for range 2 {
		for _, want := range []struct{ screen, selected string }{
			{"screen.carcel", "process.kill"}, {"screen.activity", ""}, {"screen.queues", "queue:clobbered"}, {"screen.queues", "queue:nuclear-power"}, {"screen.agents", "haiku_worker_9c01"},
		} {
			c.press("0")
			if c.screens[c.active].id != want.screen {
				t.Fatalf("0 went to %s, not to %s", c.screens[c.active].id, want.screen)
			}
			if bar := barred(c); !strings.Contains(bar, want.selected) {
				t.Fatalf("selected is %q, not %s", bar, want.selected)
			}
		}
	}
	c.show(emptyPicture()).press("0").sees("· nothing waits, nothing is stuck, nobody is silent")
	if c.screens[c.active].id != "screen.agents" {
		t.Error("0 went somewhere although nothing needs anybody")
	}
}

// barred is the line with the selection's bar.
func barred(c *console) string {
	for _, l := range c.lines() {
		if strings.HasPrefix(l, "▌") {
			return l
		}
	}
	return ""
}

func TestAwayTellsWhatWasTriedAndWhenNext(t *testing.T) {
	for w := minWidth; w < 200; w += 7 {
		c := open(t, awayPicture()).size(w, 40)
		c.sees("Redis does not answer", "10.0.4.2:6379", "try 5 in 8 s", "R retry now", "last synced", "14 s", "acting is off while Redis is away")
	}
	c := open(t, awayPicture(), func(o *Options, _ *engine.Config) { o.Profiles = []string{"eu", "us"} }).size(160, 40)
	c.sees("R retry now   P profile   D demo")
	c.wait(5*time.Second).tell(wake{}).sees("try 5 in 3 s", "19 s")
	c.wait(time.Minute).tell(wake{}).sees("try 5 in ·")
	open(t, neverPicture(), named("demo")).size(120, 30).sees("never synced").misses("D demo")
}

func TestAPolicyThatWasRefusedIsToldWithItsPlace(t *testing.T) {
	_, refused := governance.ParsePolicy("/etc/ifpacket/ours.yaml", []byte("guardians:\n  - name: g\n    rules:\n      - {name: r, when: \"entropy >>= 1\", status: blocked}\n"))
	all := gather(emptyPicture(), refused)
	if len(all) != 1 || all[0].what != "policy refused" || !strings.HasPrefix(all[0].worst, "ours.yaml:4:") || all[0].target.Screen != "screen.council" {
		t.Errorf("%+v", all)
	}
	if all := gather(emptyPicture(), errors.New("it is gone")); len(all) != 1 {
		t.Errorf("%+v", all)
	}
	if all := gather(emptyPicture(), nil); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}
