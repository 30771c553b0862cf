package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/views"
)

var sizes = [][2]int{{80, 24}, {120, 40}, {200, 60}}

func TestEveryScreenLooksAsItShould(t *testing.T) {
	for _, size := range sizes {
		c := open(t, richPicture()).size(size[0], size[1])
		for i, s := range c.screens {
			c.tell(views.Go{Screen: s.id})
			if i == 8 {
				c.press("end")
			}
			golden(t, fmt.Sprintf("%s-%dx%d", strings.ToLower(s.title), size[0], size[1]), c.plain())
		}
	}
}

func TestEveryStateOfTheLinkLooksAsItShould(t *testing.T) {
	for name, snap := range map[string]*watch.Snapshot{
		"away": awayPicture(), "connecting": connectingPicture(), "polling": pollingPicture(), "empty": emptyPicture(), "never": neverPicture(),
	} {
		for _, size := range sizes[:2] {
			c := open(t, snap).size(size[0], size[1])
			golden(t, fmt.Sprintf("pulse-%s-%dx%d", name, size[0], size[1]), c.plain())
		}
	}
}

func TestWhatStandsOverTheScreenLooksAsItShould(t *testing.T) {
	for _, size := range sizes[:2] {
		name := func(what string) string { return fmt.Sprintf("%s-%dx%d", what, size[0], size[1]) }
		c := open(t, richPicture()).size(size[0], size[1])
		golden(t, name("help"), c.press("?").plain())
		golden(t, name("palette"), c.press("esc", ":").plain())
		golden(t, name("palette-typed"), c.press("a", "g").plain())
		c.press("esc", "6", "ctrl+t")
		golden(t, name("templates"), c.plain())
		c.press("esc").press("f5")
		golden(t, name("dialog"), c.plain())
	}
}

func TestAStyledScreenLooksAsItShould(t *testing.T) {
	c := open(t, richPicture()).size(80, 24)
	golden(t, "pulse-styled-80x24", strings.ReplaceAll(c.content(), "\x1b", "␛"))
	golden(t, "pulse-away-styled-80x24", strings.ReplaceAll(c.show(awayPicture()).content(), "\x1b", "␛"))
}
