package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/views"
)

// lineageScreens are the screen of the evidence in each of its moods.
func lineageScreens(t testing.TB) map[string]func(w, h int) *console {
	bad := func() *console {
		c := open(t, richPicture())
		c.feed = badFeed()
		return c
	}
	selected := func(w, h, n int) *console {
		c := bad().size(w, h).tell(views.Go{Screen: "screen.lineage", Select: evidenceID(n)}).settle()
		if w < views.WideFrom {
			c.press("enter")
		}
		return c
	}
	return map[string]func(w, h int) *console{
		"healthy": func(w, h int) *console {
			return open(t, richPicture()).size(w, h).tell(views.Go{Screen: "screen.lineage"}).settle()
		},
		"edited":   func(w, h int) *console { return selected(w, h, 52) },
		"broken":   func(w, h int) *console { return selected(w, h, 44) },
		"missing":  func(w, h int) *console { return selected(w, h, 70) },
		"verified": func(w, h int) *console { return selected(w, h, 59) },
		"bad": func(w, h int) *console {
			return bad().size(w, h).tell(views.Go{Screen: "screen.lineage"}).settle()
		},
		"forked": func(w, h int) *console {
			c := open(t, richPicture())
			c.book = forkedLedger()
			return c.size(w, h).tell(views.Go{Screen: "screen.lineage"}).settle()
		},
	}
}

func TestTheEvidenceLooksAsItShould(t *testing.T) {
	for name, make := range lineageScreens(t) {
		for _, size := range sizes {
			c := make(size[0], size[1])
			golden(t, fmt.Sprintf("lineage-%s-%dx%d", name, size[0], size[1]), c.plain())
			exact(t, name, c.content(), size[0], size[1])
		}
	}
}

func header(c *console) string { return strings.Split(c.page(), "\n")[0] }

func TestTheHeaderTellsWhetherACheckpointCoversTheLedger(t *testing.T) {
	c := open(t, richPicture()).size(160, 40)
	for name, want := range map[string]struct {
		book  *ledger.State
		wait  time.Duration
		glyph themes.Glyph
		text  string
	}{
		"verified":       {calmLedger(), 0, themes.GlyphOK, "ledger ✓ 48,211   witness    2 s"},
		"not looked at":  {&ledger.State{}, 0, themes.GlyphCalm, "ledger · 48,211"},
		"no checkpoint":  {&ledger.State{Looked: noon, Position: 48_211}, time.Hour, themes.GlyphCalm, "ledger · 48,211"},
		"nobody signs":   {calmLedger(), unsealedLong, themes.GlyphLate, "ledger ▲ 48,211  3 unsealed"},
		"signed by then": {&ledger.State{Looked: noon, Position: 5, Checkpoint: checkpoint(5, "aa", ago(time.Hour))}, time.Hour, themes.GlyphOK, "ledger ✓ 48,211"},
	} {
		c.book, c.now, c.sealing = want.book, noon, sealing{}
		c.tell(wake{}).wait(want.wait)
		c.snap.Taken = c.now
		c.tell(wake{})
		if line := c.lines()[0]; !strings.Contains(line, want.text) {
			t.Errorf("%s: %q is not in %q", name, want.text, line)
		}
		if glyph := styled(want.glyph.Role(), c.theme.Glyph(want.glyph)+" "); !strings.Contains(header(c), glyph) {
			t.Errorf("%s: %q is not in %q", name, glyph, header(c))
		}
	}
}

func TestACheckpointThatMovesIsNeverLate(t *testing.T) {
	var s sealing
	for i := range int64(20) {
		at := noon.Add(time.Duration(i) * unsealedLong)
		s.note(&ledger.State{Position: 100*i + 7, Checkpoint: checkpoint(100*i, "aa", ago(time.Hour))}, at)
		if s.late(at) {
			t.Fatalf("late after %d", i)
		}
	}
}

func TestARefusedLedgerTakesOverTheHeaderAndNamesTheWayOut(t *testing.T) {
	shrunk := forkedLedger()
	shrunk.Trouble = &ledger.Refused{Kind: ledger.ErrShrunk, Why: "its last record is 9"}
	for w := minWidth; w <= 200; w += 5 {
		for book, title := range map[*ledger.State]string{forkedLedger(): "✕ LEDGER FORKED", shrunk: "✕ LEDGER SHRUNK"} {
			c := open(t, richPicture())
			c.book, c.feed = book, badFeed()
			c.size(w, 40)
			if line := c.lines()[0]; !strings.Contains(line, title) || !strings.Contains(line, "03:00:00") || !strings.Contains(line, "dispatch is paused") || strings.Contains(line, "IF.PACKET") {
				t.Fatalf("at %d the header is %q", w, line)
			}
			if line := c.lines()[3]; !strings.HasPrefix(line, " ✕ 1 ledger ") || !strings.Contains(line, "A on Lineage") || !strings.Contains(line, "✕ 1") || !strings.Contains(line, "0 next") {
				t.Fatalf("at %d the attention line is %q", w, line)
			}
		}
	}
	c := open(t, emptyPicture())
	c.book = forkedLedger()
	c.size(120, 40).sees("✕ 1 ledger forked  A on Lineage accepts, or ifpacket ledger accept --why TEXT")
	if c.press("0"); c.screens[c.active].id != "screen.lineage" {
		t.Error("0 does not go to the ledger")
	}
	c.press("A").wait(time.Second).sees("Accept the ledger as it is", "why").press("r", "e", "s", "t", "enter")
	if lib := c.shared.Evidence.(*library); lib.why != "rest" {
		t.Errorf("accepted with %q", lib.why)
	}
	watching := open(t, emptyPicture(), readOnly)
	watching.book = forkedLedger()
	watching.size(120, 40).sees("1 ledger forked  ifpacket ledger accept").misses("A on Lineage", "A accept")
	away := open(t, awayPicture())
	away.book = forkedLedger()
	away.size(120, 40).sees("IF.PACKET", "Redis does not answer")
}

func TestWhatIsTamperedOrMissingStandsInTheAttentionLineAndZeroGoesToIt(t *testing.T) {
	snap := emptyPicture()
	c := open(t, snap)
	c.feed = badFeed()
	c.feed.Census.Fates[lineage.Missing] = 3
	c.size(120, 40).sees("✕ 3 packets missing  queue:council", "5 Lineage ✕5")
	c.sees("✕ 2 packets tampered")
	if c.press("0"); c.screens[c.active].id != "screen.lineage" || !strings.Contains(barred(c), "tampered") {
		t.Errorf("0 went to %s, and selected is %q", c.screens[c.active].id, barred(c))
	}
	if c.press("0"); c.screens[c.active].id != "screen.lineage" || !strings.Contains(barred(c), "missing") {
		t.Errorf("0 went to %s, and selected is %q", c.screens[c.active].id, barred(c))
	}
	c.feed = calmFeed()
	c.tell(wake{}).misses("missing  queue", "Lineage ✕", "Lineage ▲")
}

func TestTheEvidenceIsOpenedFromPulse(t *testing.T) {
	c := open(t, richPicture())
	c.feed = badFeed()
	c.size(140, 42).press("tab", "down").tell(keyMsg("enter")).settle()
	if c.screens[c.active].id != "screen.lineage" || !strings.Contains(barred(c), "packet.purge") {
		t.Errorf("enter went to %s, and selected is %q", c.screens[c.active].id, barred(c))
	}
	c.sees("broken here")
}

func TestATraceIsAskedForInADialogAndExported(t *testing.T) {
	c := open(t, richPicture()).size(120, 40).press("5", "t").wait(time.Second).sees("Trace a packet")
	for _, r := range evidenceID(52) {
		c.press(string(r))
	}
	c.tell(keyMsg("enter")).settle().sees("Its contents are not those that were sealed.")
	c.tell(keyMsg("e")).settle().sees("written to /home/op/.local/share/ifpacket/exports/5514cc8c.json")
	c.press("esc").misses("Its contents are not those")
}

func TestTheEvidenceCostsNoTimerAndSurvivesRedisGoing(t *testing.T) {
	c := open(t, richPicture())
	c.feed = badFeed()
	c.size(120, 40).press("5").tell(keyMsg("down")).settle()
	if c.timer != nil {
		t.Error("a timer runs while the link is live")
	}
	c.show(awayPicture()).press("down", "up", "enter").sees("Lineage", "Redis does not answer")
	if c.snap.Link.State != watch.Away || c.state("lineage.trace").Enabled {
		t.Error("a packet can be traced while Redis is away")
	}
}
