package ui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/views"
)

// hostile is text as an enemy would write it into Redis.
var hostile = rapid.Custom(func(t *rapid.T) string {
	piece := rapid.SampledFrom([]string{
		"queue:council", "haiku_worker_41fe", " ", "日本語", "e\u0301", "z\u0351\u0352\u0353\u0354\u0355", "\u0301", "\x1b[2J\x1b[31m", "\x1b]0;pwned\x07",
		"\x1b]52;c;cm0gLXJmIC8=\x07", "\x9b31m", "\u009b31m", "\u202eevil\u202c", "\u2066", "\u200b", "\u200d", "\ufeff", "\n", "\r\n", "\t", "\x00", "\x7f",
		"👩\u200d💻", "🇩🇪", "✓\ufe0f", "\u1112\u1161\u11ab", "\u093f", "\xff\xfe", "\u2028", "\U000e0041", "ｗｉｄｅ", "\u3164", "…", strings.Repeat("long", 2600), strings.Repeat("\u0301", 400),
	})
	return strings.Join(rapid.SliceOfN(piece, 0, 4).Draw(t, "pieces"), "")
})

func draw[T any](t *rapid.T, g *rapid.Generator[T]) T { return g.Draw(t, "any") }

// moment is a time around noon, or none.
func moment(t *rapid.T) time.Time {
	seconds := draw(t, rapid.IntRange(-100, 100_000_000))
	if seconds%7 == 0 {
		return time.Time{}
	}
	return ago(time.Duration(seconds) * time.Second)
}

func hostileFaults(t *rapid.T) (out []packet.Fault) {
	for range draw(t, rapid.IntRange(0, 2)) {
		out = append(out, packet.Fault{Field: draw(t, hostile), Value: draw(t, hostile), Expected: draw(t, hostile)})
	}
	return out
}

// hostilePicture is any picture at all.
func hostilePicture(t *rapid.T) *watch.Snapshot {
	text := func() string { return draw(t, hostile) }
	number := func() int64 { return draw(t, rapid.Int64()) }
	s := &watch.Snapshot{
		Taken:  moment(t),
		Link:   watch.Link{State: draw(t, rapid.SampledFrom([]watch.LinkState{watch.Connecting, watch.Live, watch.Polling, watch.Away})), Since: moment(t), Reason: text(), Attempt: draw(t, rapid.Int()), NextTry: moment(t)},
		Server: watch.Server{Address: text(), Version: text(), Mode: text(), Role: text(), Skew: time.Duration(number())},
		Ledger: number(), EventRate: draw(t, rapid.Float64()),
		Throughput: watch.Throughput{From: moment(t), Dispatched: draw(t, rapid.SliceOfN(rapid.Float64(), 0, 20)), Held: draw(t, rapid.Float64()), Refused: draw(t, rapid.Float64()),
			Marks: []watch.Mark{{At: moment(t), Kind: text()}, {At: ago(time.Minute), Kind: text()}}},
	}
	for range draw(t, rapid.IntRange(0, 12)) {
		q := watch.Queue{Key: text(), Class: keyspace.Class(draw(t, rapid.IntRange(0, 8))), Type: text(), Depth: number(), Expires: moment(t), Oldest: moment(t),
			Net: draw(t, rapid.Float64()), State: watch.QueueState(draw(t, rapid.IntRange(0, 5))), Peak: draw(t, rapid.Float64()), Faults: hostileFaults(t)}
		q.History[draw(t, rapid.IntRange(0, 11))] = draw(t, rapid.Float64())
		s.Queues = append(s.Queues, q)
	}
	for i := range draw(t, rapid.IntRange(0, 20)) {
		s.Agents = append(s.Agents, watch.Agent{ID: text(), Role: text(), Parent: text(), Level: min(i, draw(t, rapid.SampledFrom([]int{0, 1, 2, 3, 400}))), Last: draw(t, rapid.Bool()),
			Registered: moment(t), Beat: moment(t), BeatTTL: time.Duration(number()), State: watch.AgentState(draw(t, rapid.IntRange(0, 2))),
			Claims: draw(t, rapid.SliceOfN(hostile, 0, 2)), Inbox: number(), Context: number(), Capacity: number(), Orphan: draw(t, rapid.Bool())})
	}
	var held []*carcel.Entry
	for range draw(t, rapid.IntRange(0, 8)) {
		held = append(held, &carcel.Entry{SHA: fmt.Sprintf("%064x", len(held)), TrackingID: text(), Primitive: text(), Vertical: text(),
			Decision: governance.Status(draw(t, rapid.SampledFrom([]string{"", "blocked", "requires_co_signature", "requires_human_review", "error", "approved", "\x1b[31m"}))),
			Reason:   text(), Origin: text(), Key: text(), Operation: text(), At: moment(t), Faults: hostileFaults(t)})
	}
	s.Carcel.Length, s.Carcel.Table = number(), carcel.NewTable(held...)
	for i := range draw(t, rapid.IntRange(0, 12)) {
		s.Activity = append(s.Activity, watch.Event{Seq: uint64(i), At: moment(t), Kind: watch.EventKind(draw(t, rapid.IntRange(0, 2))), What: text(), Subject: text(),
			Where: text(), Who: text(), Detail: text(), Count: draw(t, rapid.Int())})
	}
	s.Faults = []watch.Fault{{Kind: watch.FaultKind(text()), Key: text(), Detail: text()}}
	return s
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// exact demands height lines of exactly width cells, by both ways in which
// terminals measure, and nothing that a terminal would obey but colours.
func exact(t interface {
	Helper()
	Fatalf(string, ...any)
}, what, view string, width, height int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) != height {
		t.Fatalf("%s has %d lines, not %d", what, len(lines), height)
	}
	for i, l := range lines {
		if w, wc := ansi.StringWidth(l), ansi.StringWidthWc(l); w != width || wc != width {
			t.Fatalf("%s, line %d is %d (or %d) cells, not %d: %q", what, i, w, wc, width, l)
		}
		for _, r := range sgr.ReplaceAllString(l, "") {
			if !unicode.IsGraphic(r) || r == utf8.RuneError {
				t.Fatalf("%s, line %d holds %U: %q", what, i, r, l)
			}
		}
	}
}

// keysPressed are those of a busy operator.
var keysPressed = []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "tab", "shift+tab", "z", "enter", "esc", "/", "a", "x", "c", "y", "f", "up", "down",
	"end", "home", "pgdown", "left", "right", ":", "?", "f1", "f5", "ctrl+t", "ctrl+o", "ctrl+f", "T", "R", "M", "t", "o", "e", "A", "v", "s", "r"}

func TestEveryScreenIsExactWhateverRedisHolds(t *testing.T) {
	tb := t
	rapid.Check(t, func(t *rapid.T) {
		c := open(tb, emptyPicture(), named("\x1b]0;evil\x07\u202e"+strings.Repeat("name", 99)))
		snap := hostilePicture(t)
		w, h := draw(t, rapid.IntRange(80, 210)), draw(t, rapid.IntRange(24, 70))
		c.size(w, h).wait(time.Second).show(snap)
		for range 6 {
			switch draw(t, rapid.IntRange(0, 9)) {
			case 0:
				w, h = draw(t, rapid.IntRange(80, 210)), draw(t, rapid.IntRange(24, 70))
				c.size(w, h)
			case 1:
				c.tell(tea.PasteMsg{Content: draw(t, hostile)})
			case 2:
				c.tell(tea.MouseClickMsg{X: draw(t, rapid.IntRange(0, w-1)), Y: draw(t, rapid.IntRange(0, h-1))})
			case 3:
				c.tell(views.Toast{Text: draw(t, hostile)})
			case 4, 5, 6:
				c.tell(views.Go{Screen: c.screens[draw(t, rapid.IntRange(0, 8))].id})
			default:
				c.press(draw(t, rapid.SampledFrom(keysPressed)))
			}
			exact(t, c.screens[c.active].title, c.content(), w, h)
			exact(t, "the pane of "+c.screens[c.active].title, c.pane().View(true), w, c.bodyHeight())
		}
	})
}

func TestTheTooSmallNoteFillsTheScreen(t *testing.T) {
	c := open(t, richPicture())
	for w := 1; w < 90; w += 4 {
		for h := 1; h < 30; h += 3 {
			c.size(w, h)
			if w >= minWidth && h >= minHeight {
				continue
			}
			exact(t, "the note", c.content(), w, h)
			if w >= 30 && !strings.Contains(c.plain(), "80x24 needed, "+itoa(w)+"x"+itoa(h)+" here") {
				t.Fatalf("at %dx%d: %q", w, h, c.plain())
			}
		}
	}
	if !quits(c.size(40, 10).press("q").cmd) {
		t.Error("q does not leave a screen that is too small")
	}
	if c.press("2"); c.active != 0 {
		t.Error("keys work on a screen that is too small")
	}
}

func TestTheWindowTitleIsHarmless(t *testing.T) {
	c := open(t, richPicture(), named("a\x1b]0;evil\x07"+strings.Repeat("b", 999)))
	if title := c.View().WindowTitle; strings.ContainsAny(title, "\x1b\x07") || len(title) > 100 {
		t.Errorf("%q", title)
	}
}
