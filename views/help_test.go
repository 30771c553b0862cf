package views

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
)

func TestMain(m *testing.M) {
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// stage is what panes share, with an engine on a Redis that is not there.
func stage(t testing.TB, config engine.Config) *Shared {
	t.Helper()
	config.URL = "redis://127.0.0.1:1"
	e, err := engine.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return &Shared{Engine: e, Theme: themes.MustLoad("dark"), Keys: keymap.Default(), Now: noon, Snap: picture()}
}

func plainStage(t testing.TB) *Shared { return stage(t, engine.Config{}) }

// picture is a live one with queues.
func picture(queues ...watch.Queue) *watch.Snapshot {
	return &watch.Snapshot{Taken: noon, Link: watch.Link{State: watch.Live, Since: noon}, Queues: queues}
}

func queueOf(key string, depth int64) watch.Queue {
	return watch.Queue{Key: key, Class: keyspace.Classify(key), Type: keyspace.TypeList, Depth: depth, State: watch.Steady, Changed: noon}
}

func numbered(n int) (out []watch.Queue) {
	for i := range n {
		out = append(out, queueOf(fmt.Sprintf("queue:%02d", i), int64(i+1)))
	}
	return out
}

func plain(view string) string { return ansi.Strip(view) }

// barred is the row with the bar, "" when there is none.
func barred(view string) string {
	for line := range strings.SplitSeq(plain(view), "\n") {
		if strings.Contains(line, "▌") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func do(t testing.TB, p Pane, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, done := p.Do(id); !done {
			t.Fatalf("%s is not done", id)
		}
	}
}

// typed types text into a pane.
func typed(p Pane, text string) {
	for _, r := range text {
		p.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}

func key(code rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: code} }

// told is what a command says when it answers at once.
func told[T any](t testing.TB, cmd tea.Cmd) (out T) {
	t.Helper()
	if cmd == nil {
		t.Fatalf("no command, where %T was expected", out)
	}
	switch msg := cmd().(type) {
	case T:
		return msg
	case tea.BatchMsg:
		for _, part := range msg {
			if part == nil {
				continue
			}
			if m, ok := part().(T); ok {
				return m
			}
		}
	default:
		t.Fatalf("%T, where %T was expected", msg, out)
	}
	return out
}
