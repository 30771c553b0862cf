package e2e

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/e2e/console"
)

// The demo is alive within a second; the limit here is for the race detector
// on a machine that has other things to do.
func TestTheDemoIsAliveAtOnce(t *testing.T) {
	c := console.Start(t, "--demo")
	c.Within(5*time.Second).See("● live", "queue:council", "haiku_worker")
	t.Logf("alive after %s", c.Age().Round(10*time.Millisecond))
	c.Quit()
}

func TestTheDemoMovesOnItsOwn(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.Press("9").See("Activity").SeeAny("dispatched", "claimed", "completed")
	ledger := regexp.MustCompile(`ledger . ([\d,]+)`)
	var first string
	c.Until("the ledger is counted", func() bool {
		if found := ledger.FindStringSubmatch(c.Line(0)); found != nil {
			first = found[1]
		}
		return first != ""
	})
	c.Until("the ledger grows", func() bool {
		found := ledger.FindStringSubmatch(c.Line(0))
		return found != nil && found[1] != first
	})
	c.Quit()
}

// screens are the nine, each with a word that only it shows.
var screens = []struct{ key, title, word string }{
	{"1", "Pulse", "Throughput"},
	{"2", "Queues", "Value"},
	{"3", "Agents", "heartbeat"},
	{"4", "Carcel", "decision"},
	{"5", "Lineage", "ledger"},
	{"6", "Compose", "Verdict"},
	{"7", "Council", "policy"},
	{"8", "Voices", "Sergio"},
	{"9", "Activity", "newest last"},
}

func TestEveryScreenOpensByItsNumber(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live", "wait for a person")
	for _, s := range screens {
		c.Press(s.key).See(s.word)
		if s.key != "1" { // Pulse is all panes at once and has no title of its own
			c.See(s.title+" ", "━━━")
		}
		c.SeeLine(0, "IF.PACKET", "demo").SeeLine(1, "1 Pulse", "9 Activity").SeeLine(-1, "help")
		x, y := c.Find(s.key + " " + s.title)
		c.Until("its tab is marked", func() bool { return c.Cell(x, y).Style.Bg != c.Cell(139, 0).Style.Bg })
		if s.key == "6" { // where digits are typed
			c.Press("esc")
		}
	}
	c.Quit()
}

func TestASecondTerminalJoinsTheDemo(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	url := urlOf(c)
	sent := console.Run(t, "dispatch", "--redis", url, "--key", "queue:visitor", "--contents", `{"primitive": "matrix.route", "source": "a", "destination": "b"}`)
	if sent.Code != 0 {
		t.Fatalf("dispatch to the demo ends with %d: %s", sent.Code, sent.Stderr)
	}
	c.Press("2").See("queue:visitor")
	other := console.Start(t, "--redis", url)
	other.See("● live", "queue:visitor", "haiku_worker")
	other.Quit()
	c.Quit()
}

func TestQuittingTheDemoLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	url := urlOf(c)
	c.Press("q").Ends(0)
	if out := console.Run(t, "status", "--redis", url); out.Code != 1 || !strings.Contains(out.Stderr, "does not answer") {
		t.Errorf("the demo's Redis outlives it: %+v", out)
	}
	if left, err := exec.Command("pgrep", "-s", fmt.Sprint(c.Session())).Output(); err == nil {
		t.Errorf("processes are left: %s", left)
	}
}

// urlOf is where the demo says that others can join it.
func urlOf(c *console.Console) (url string) {
	c.Until("the demo tells its URL", func() bool {
		url = regexp.MustCompile(`redis://127\.0\.0\.1:\d+`).FindString(c.Line(0))
		return url != ""
	})
	return url
}
