package e2e

import (
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/e2e/console"
)

func TestThePaletteFindsScreensAndActs(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live").Press(":").See("Command")
	c.Type("agts").See("agents").Press("enter")
	c.Gone("Command").See("heartbeat")
	c.Press(":").See("Command").Type("zzzz").See("nothing has these letters")
	c.Press("esc").Gone("Command")
	c.Quit()
}

func TestHelpShowsTheKeysThatWorkHere(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live").Press("2").See("Value").Press("?")
	c.See("Help", "compose", "Show only the rows that match.")
	c.Press("G").See("Leave the console").Press("esc").Gone("Help")
	c.See("Value")
	c.Quit()
}

func TestAFilterNarrowsTheListUntilEsc(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live").Press("2").See("queue:council", "queue:archive")
	c.Press("/").Type("council").Gone("queue:archive").See("queue:council", "1 of ")
	c.Press("enter").SeeLine(-1, "? help").See("/ council") // typing is over, the filter stays
	c.Press("esc").See("queue:archive")
	c.Press("/").Type("q?#").See("nothing matches the filter")
	c.Press("esc").See("queue:archive")
	c.Quit()
}

func TestZoomGivesAPaneTheWholeScreenAndBack(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live", "Throughput", "beat").Press("z")
	c.Gone("Throughput", "beat").See("Carcel  ", "process.kill")
	c.Press("z").See("Throughput", "beat")
	c.Quit()
}

func TestTabMovesTheFocusFromPaneToPane(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live", "Throughput")
	focused := func(title string) func() bool {
		return func() bool {
			for _, line := range c.Lines("━━━━") {
				// The pane's title stands before its heavy rule, with no light one between.
				before := line[:strings.Index(line, "━━━━")]
				if i := strings.LastIndex(before, title+"  "); i >= 0 && !strings.Contains(before[i:], "───") {
					return true
				}
			}
			return false
		}
	}
	c.Until("Carcel has the focus", focused("Carcel"))
	for _, title := range []string{"Lineage", "Queues", "Agents", "Carcel"} {
		c.Press("tab")
		c.Until(title+" has the focus", focused(title))
	}
	c.Press("shift+tab")
	c.Until("Agents has the focus again", focused("Agents"))
	c.Quit()
}

func TestTheThemeChangesTheColoursAndNothingElse(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo", "--theme", "dark")
	c.See("● live").Press("8").See("Sergio")
	_, y := c.Find("What actually happened?") // a line that the news leaves alone
	before, page := c.Cell(2, 30).Style.Bg, c.Line(y)
	c.Press("T").See("theme ")
	c.Until("the background is another", func() bool { return c.Cell(2, 30).Style.Bg != before })
	if c.Line(y) != page {
		t.Errorf("the text changed:\n%s\n%s", page, c.Line(y))
	}
	c.Quit()
}

func TestEveryThemeDrawsTheSameScreen(t *testing.T) {
	t.Parallel()
	for _, theme := range []string{"light", "high-contrast", "colour-blind", "ansi16", "mono"} {
		c := console.Start(t, "--demo", "--theme", theme)
		c.See("IF.PACKET", "live", "queue:council", "Throughput")
		c.Quit()
	}
}

func TestTheAttentionKeyGoesToWhatWaits(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("wait for a person", "0 next").Press("8").See("Sergio").Press("0")
	c.See("Carcel  ", "━━━").Gone("Sergio")
	c.Quit()
}

func TestAClickOnATabOpensItsScreen(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live")
	x, y := c.Find("3 Agents")
	c.Click(x+3, y).See("heartbeat")
	c.Press("M").See("mouse off")
	c.Until("mouse reports are off", func() bool { return strings.Contains(string(c.Output()), "\x1b[?1002l") })
	c.Quit()
}
