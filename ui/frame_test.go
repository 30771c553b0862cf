package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/views"
)

// styled is a text as the dark theme draws it in a role.
func styled(role themes.Role, text string) string {
	return themes.MustLoad("dark").Style(role).Render(text)
}

func TestTheAgeOfThePictureTurnsWarnAndThenBad(t *testing.T) {
	for _, size := range sizes {
		for _, c := range []struct {
			old  time.Duration
			role themes.Role
			text string
		}{
			{200 * time.Millisecond, themes.Fg, " 0.2 s"}, {2 * time.Second, themes.Fg, " 2.0 s"}, {2100 * time.Millisecond, themes.Warn, " 2.1 s"},
			{10 * time.Second, themes.Warn, "  10 s"}, {10100 * time.Millisecond, themes.Bad, "  10 s"}, {5 * time.Minute, themes.Bad, " 5m 00"},
		} {
			snap := emptyPicture()
			snap.Taken = ago(c.old)
			header, _, _ := strings.Cut(open(t, snap).size(size[0], size[1]).page(), "\n")
			if !strings.Contains(header, styled(c.role, c.text)) {
				t.Errorf("%v at %v: %q", c.old, size, header)
			}
		}
	}
}

func TestTheHeaderAlwaysTellsHowTheLinkIs(t *testing.T) {
	long := strings.Repeat("a-very-long-name.", 20)
	for _, snap := range []*watch.Snapshot{richPicture(), awayPicture(), pollingPicture(), connectingPicture(), neverPicture()} {
		snap.Ledger = 9_223_372_036_854
		for w := minWidth; w < 220; w += 7 {
			for _, c := range []*console{open(t, snap, named(long)), open(t, snap, named("demo"), readOnly)} {
				head := c.size(w, 24).lines()[0]
				for _, want := range []string{"IF.PACKET", snap.Link.State.String(), "ledger"} {
					if !strings.Contains(head, want) {
						t.Fatalf("%q is not in the header at %d: %q", want, w, head)
					}
				}
				if c.options.Name == "demo" && !strings.Contains(head, "read only") {
					t.Fatalf("read only is not told at %d: %q", w, head)
				}
			}
		}
	}
}

func TestAClickOnATabOpensWhatIsDrawnThere(t *testing.T) {
	rich := richPicture()
	c := open(t, rich)
	for w := minWidth; w <= 200; w++ {
		c.size(w, 30)
		drawn := map[int]int{} // columns of each title
		row := []rune(c.lines()[1])
		for x := range row {
			before := c.active
			c.tell(tea.MouseClickMsg{X: x, Y: 1})
			hit := c.active
			if i, ok := c.tabAt(x); !ok {
				if strings.TrimSpace(string(row[x:])) != "" {
					t.Fatalf("at width %d nothing is hit at column %d of %q", w, x, string(row))
				}
				c.active = before
				continue
			} else if hit != i {
				t.Fatalf("at width %d a click at %d opens %d", w, x, hit)
			}
			drawn[hit]++
			c.active = 0
		}
		for i, s := range c.screens {
			at := strings.Index(string(row), s.title)
			at = len([]rune(string(row)[:at]))
			digit := at - 1
			if w >= views.WideFrom {
				digit--
			}
			for _, x := range []int{digit, at, at + len(s.title) - 1} {
				if hit, ok := c.tabAt(x); !ok || hit != i || drawn[i] < len(s.title) {
					t.Fatalf("at width %d %s stands at %d, where %d is hit", w, s.title, x, hit)
				}
			}
		}
	}
}

func TestNothingIsClaimedBeforeTheFirstPicture(t *testing.T) {
	for _, snap := range []*watch.Snapshot{connectingPicture(), neverPicture()} {
		c := open(t, snap).size(120, 40)
		c.misses("nothing is held", "no agent has", "no queue holds", "Queues  0")
		c.sees("nothing is known yet")
		c.show(emptyPicture()).sees("nothing is held", "no agent has registered", "Queues  0")
	}
}

func TestEveryThemeKeepsAnAwayPictureFaint(t *testing.T) {
	c := open(t, awayPicture()).size(120, 40)
	seen := map[string]bool{}
	for range themes.Names() {
		c.press("T").sees("theme " + c.theme.Name())
		seen[c.theme.Name()] = true
		if c.shared.Theme != c.theme.Away() {
			t.Errorf("%s is not faint while Redis is away", c.theme.Name())
		}
		if bad := c.shared.Theme.Style(themes.Bad).Pre(); bad != c.theme.Style(themes.Faint).Pre() {
			t.Errorf("%s draws trouble in colour while Redis is away: %q", c.theme.Name(), bad)
		}
		exact(t, c.theme.Name(), c.content(), 120, 40)
	}
	if len(seen) != len(themes.Names()) {
		t.Errorf("T reached %v of %v", seen, themes.Names())
	}
	if c.show(richPicture()).shared.Theme != c.theme {
		t.Error("it stays faint once Redis is back")
	}
	c.tell(tea.BackgroundColorMsg{}) // the terminal answers late
	if c.shared.Theme != c.theme || c.show(awayPicture()).shared.Theme != c.theme.Away() {
		t.Error("the terminal's answer undoes what is faint")
	}
}

func TestTheBadgeOfATabIsWhatNeedsAPerson(t *testing.T) {
	c := open(t, richPicture()).size(120, 40)
	c.sees("4 Carcel ◈2")
	snap := richPicture()
	held := richCarcel()
	for _, e := range held {
		if e.Decision == governance.CoSign {
			e.Decision = governance.Blocked
		}
	}
	snap.Carcel.Table = carcel.NewTable(held...)
	c.show(snap).sees("4 Carcel ◇1")
	c.show(emptyPicture()).misses("Carcel ◇", "Carcel ◈")
}

func TestEveryCellCarriesTheBackground(t *testing.T) {
	c := open(t, richPicture()).size(100, 30)
	for i, l := range strings.Split(c.content(), "\n") {
		if !strings.HasPrefix(l, "\x1b[") || strings.HasSuffix(ansi.Strip(l), " ") {
			t.Fatalf("line %d: %q", i, l)
		}
	}
}

func TestSelectionAndScreenSurviveAnyResize(t *testing.T) {
	c := open(t, richPicture()).size(160, 40)
	c.tell(views.Go{Screen: "screen.queues", Select: "queue:matrix"})
	for _, size := range [][2]int{{80, 24}, {60, 10}, {200, 60}, {109, 25}, {110, 25}} {
		c.size(size[0], size[1])
		if !c.tooSmall() && !strings.Contains(barred(c), "queue:matrix") {
			t.Errorf("at %v the bar is on %q", fmt.Sprint(size), barred(c))
		}
	}
}

func TestAClickSelectsTheRowUnderTheMouse(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {80, 29}, {80, 30}, {120, 40}, {200, 60}} {
		for i, text := range map[string]string{"2": "queue:matrix", "3": "haiku_worker_41fe", "4": "logistics.spawn", "9": "queue:nuclear-power"} {
			c := open(t, richPicture()).size(size[0], size[1]).press(i)
			for y, line := range c.lines() {
				if !strings.Contains(line, text) || y < 5 { // the attention line may name it too
					continue
				}
				if c.tell(tea.MouseClickMsg{X: 8, Y: y}); !strings.Contains(barred(c), text) {
					t.Errorf("at %v a click on %s selects %q", size, text, barred(c))
				}
				break
			}
		}
	}
	c := open(t, richPicture()).size(120, 40).press("2")
	c.tell(tea.MouseWheelMsg{Button: tea.MouseWheelDown, X: 3, Y: 10})
	if !strings.Contains(barred(c), "queue:council") {
		t.Errorf("the wheel selects %q", barred(c))
	}
	c.press("?").tell(tea.MouseClickMsg{X: 1, Y: 1})
	if c.active != 1 || c.overlay == nil {
		t.Error("a click goes through the help")
	}
}
