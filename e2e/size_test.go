package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/e2e/console"
)

func writeConfig(t *testing.T, home, text string) {
	t.Helper()
	dir := filepath.Join(home, "config", "ifpacket")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestItFitsEightyByTwentyFourAndSaysWhenItDoesNot(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live", "Throughput").Resize(80, 24)
	c.SeeLine(0, "IF.PACKET", "live").SeeLine(1, "1Pulse").SeeLine(-1, "? help").See("Queues", "Agents", "Carcel")
	for _, s := range screens {
		c.Press(s.key).SeeLine(0, "IF.PACKET").SeeLine(1, s.key+s.title).SeeLine(-1, "help")
		if s.key == "6" {
			c.See("destination", "Can be sent").Press("esc")
		}
	}
	c.Press("2").See("queue:council").Press("enter").See("list, ", "Value")
	c.Press("esc").See("queue:archive")

	c.Resize(72, 20).See("80x24 needed, 72x20 here").Gone("IF.PACKET")
	c.Resize(140, 42).See("IF.PACKET", "Value").Gone("needed")
	c.Resize(200, 60).SeeLine(59, "? help").SeeLine(0, "IF.PACKET")
	c.Resize(72, 20).See("80x24 needed").Press("q").Ends(0)
}

func TestATerminalCanBeTooSmallFromTheStart(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{79, 24}, {80, 23}, {20, 5}, {1, 1}} {
		c := console.Setup{Width: size[0], Height: size[1]}.Start(t, "--demo")
		if size[0] > 30 {
			c.See("80x24 needed, ")
		}
		c.Until("the screen is taken", func() bool { return strings.Contains(string(c.Output()), "\x1b[?1049h") })
		c.Quit()
	}
}

// colour is an SGR sequence that sets one.
var colour = regexp.MustCompile(`\x1b\[(?:[\d;:]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][\d;:]*)?m`)

func TestNOCOLORMeansNoColour(t *testing.T) {
	t.Parallel()
	for _, setup := range []console.Setup{{Env: []string{"NO_COLOR=1"}}, {Env: []string{"NO_COLOR=1", "TERM=vt100", "COLORTERM="}}} {
		c := setup.Start(t, "--demo")
		c.See("live", "queue:council")
		for _, key := range []string{"2", "4", "9", "?"} {
			c.Press(key)
		}
		c.See("Help").Press("esc").Gone("Help")
		c.Quit()
		out := string(c.Output())
		if found := colour.FindString(out); found != "" {
			t.Errorf("%v: the output has the colour %q", setup.Env, found)
		}
		if strings.Contains(out, "\x1b]11;#") {
			t.Errorf("%v: the background is set", setup.Env)
		}
		if !strings.Contains(out, "\x1b[1m") && !strings.Contains(out, ";1m") && !strings.Contains(out, "\x1b[7m") {
			t.Errorf("%v: nothing is bold or reversed either", setup.Env)
		}
	}
}

// bright says whether the page is light.
func bright(c *console.Console) bool {
	bg := c.Cell(2, 30).Style.Bg
	if bg == nil {
		return false
	}
	r, g, b, _ := bg.RGBA()
	return r+g+b > 3*0x8000
}

func TestTheTerminalsBackgroundChoosesTheTheme(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo") // the emulator answers that it is black
	c.See("● live")
	c.Until("it is dark", func() bool { return !bright(c) })
	c.Quit()
}

func TestTheConfigurationsThemeAndKeysHold(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	writeConfig(t, home, "theme: light\nkeys:\n  screen.queues: [Q]\n  help: []\n")
	c := console.Setup{Home: home}.Start(t, "--demo")
	c.See("● live")
	c.Until("it is light", func() bool { return bright(c) })
	c.Press("2").Press("Q").See("Value").Press("?").Gone("Help")
	c.Quit()
}
