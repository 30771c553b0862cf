package views

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
)

// hostile is text as an enemy would write it into Redis.
var hostile = rapid.Custom(func(t *rapid.T) string {
	piece := rapid.SampledFrom([]string{"queue:council", " ", "日本語", "e\u0301", "\u0301", "\x1b[2J", "\x1b]52;c;cm0=\x07", "\u009b31m", "\u202e", "\u200b", "\n", "\t", "\x00", "\xff\xfe",
		"👩\u200d💻", "🇩🇪", "\u093f", "\u3164", strings.Repeat("long", 2600), `{"a":`, `"}`})
	return strings.Join(rapid.SliceOfN(piece, 0, 4).Draw(t, "pieces"), "")
})

var sgr = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// exact demands height lines of width cells, and no control byte but colours.
func exact(t *rapid.T, what, view string, width, height int) {
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
			if !unicode.IsGraphic(r) {
				t.Fatalf("%s, line %d holds %U: %q", what, i, r, l)
			}
		}
	}
}

func hostileValue(t *rapid.T) engine.Value {
	text := func() string { return hostile.Draw(t, "text") }
	v := engine.Value{Label: text(), Item: dispatch.Item{Raw: []byte(text()), Expired: rapid.Bool().Draw(t, "expired"), Format: packet.Format(rapid.IntRange(0, 1).Draw(t, "format"))}}
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		v.Invalid = &packet.NotPacketError{Reason: text()}
	case 1:
		v.Record = packet.ObjectOf(packet.Member{Key: "task_id", Value: packet.StringOf(text())}, packet.Member{Key: text(), Value: packet.StringOf(text())}, packet.Member{Key: "posted_at", Value: packet.StringOf(text())})
	default:
		v.Packet = packet.New(text(), packet.ObjectOf(packet.Member{Key: "primitive", Value: packet.StringOf(text())}, packet.Member{Key: text(), Value: packet.StringOf(text())}))
		v.Packet.TrackingID, v.Packet.DispatchedAt, v.Packet.SchemaVersion = text(), text(), text()
		v.Faults = []packet.Fault{{Field: text(), Value: text(), Expected: text()}}
	}
	return v
}

func TestValuesOfAnyKindAreDrawnExactly(t *testing.T) {
	s := plainStage(t)
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(80, 200).Draw(t, "width"), rapid.IntRange(17, 60).Draw(t, "height")
		queue := queueOf(hostile.Draw(t, "key"), 50)
		s.Snap = picture(queue)
		q := NewQueues(s)
		q.SetSize(w, h)
		q.Refresh()
		answer := windowMsg{key: queue.Key, number: 1}
		if rapid.IntRange(0, 9).Draw(t, "fails") == 0 {
			answer.err = errors.New(hostile.Draw(t, "error"))
		}
		for range rapid.IntRange(0, 6).Draw(t, "values") {
			answer.values = append(answer.values, hostileValue(t))
		}
		q.Update(answer)
		for _, id := range []string{"list.open", "list.open", "queues.raw", "list.pagedown", "list.back", "list.down", "pane.zoom", "list.filter", "list.back", "queues.raw"} {
			q.Do(id)
			q.Update(tea.PasteMsg{Content: hostile.Draw(t, "paste")})
			exact(t, "queues after "+id, q.View(true), w, h)
		}
	})
}

func TestAnyDraftIsDrawnExactly(t *testing.T) {
	c := composer(t, "")
	rapid.Check(t, func(t *rapid.T) {
		text := func() string { return hostile.Draw(t, "text") }
		w, h := rapid.IntRange(80, 200).Draw(t, "width"), rapid.IntRange(17, 60).Draw(t, "height")
		c.SetSize(w, h)
		contents := text()
		contents = contents[:min(len(contents), 1500)] // typing in more is the editor's own business
		c.fill(draft{text(), text(), text(), text(), text(), text(), contents})
		exact(t, "a draft", c.View(true), w, h)
		c.fill(draft{text(), "queue:" + text(), "", "1.1", "60", "json", `{"primitive":"` + rapid.SampledFrom([]string{"process.kill", "packet.purge", "日本"}).Draw(t, "primitive") + `"}`})
		c.desk.History = append(c.desk.History[:0], sent{Decision: text(), Draft: draft{Key: text(), Contents: text()}})
		c.Update(tea.PasteMsg{Content: contents})
		exact(t, "a valid draft", c.View(true), w, h)
	})
}
