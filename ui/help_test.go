package ui

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/views"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	time.Local = time.UTC // the history of the composer is told in local time
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

// console is a console whose picture and clock the test holds.
type console struct {
	*model
	t     testing.TB
	snap  *watch.Snapshot
	feed  *lineage.Picture
	book  *ledger.State
	now   time.Time
	cmd   tea.Cmd // of the last message
	timer tea.Cmd // and the timer that it began
}

type tweak func(*Options, *engine.Config)

func readOnly(o *Options, c *engine.Config) { c.ReadOnly, o.Keys = true, o.Keys.WithoutDangerous() }

func named(name string) tweak { return func(o *Options, _ *engine.Config) { o.Name = name } }

func open(t testing.TB, snap *watch.Snapshot, tweaks ...tweak) *console {
	t.Helper()
	config := engine.Config{URL: "redis://127.0.0.1:1"}
	o := Options{Theme: "dark", Keys: keymap.Default(), Name: "eu-prod", StateDir: drafts(t)}
	for _, tw := range tweaks {
		tw(&o, &config)
	}
	e, err := engine.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	_ = e.Close() // so that whatever asks Redis fails at once
	o.Engine = e
	m, err := newModel(o)
	if err != nil {
		t.Fatal(err)
	}
	c := &console{model: m, t: t, snap: snap, now: noon, feed: new(lineage.Picture), book: new(ledger.State)}
	if snap.Ledger > 0 {
		c.feed, c.book = calmFeed(), calmLedger()
		m.shared.Measured = busy
	}
	m.picture = func() *watch.Snapshot { return c.snap }
	m.lineage = func() *lineage.Picture { return c.feed }
	m.ledger = func() *ledger.State { return c.book }
	m.shared.Evidence = &library{feed: badFeed()}
	m.clock = func() time.Time { return c.now }
	return c
}

// drafts has a draft of somebody with a fixed name.
func drafts(t testing.TB) string {
	dir := t.TempDir()
	text := `{"draft":{"origin":"ops@east","key":"queue:council","operation":"","schema":"1.1","ttl":"3600","format":"json",
		"contents":"{\n  \"primitive\": \"process.kill\",\n  \"pid\": 4127\n}"},
		"history":[{"at":"2026-03-01T11:58:00Z","tracking_id":"a","decision":"approved","draft":{"key":"queue:matrix","contents":"{\"primitive\":\"matrix.route\"}"}},
		{"at":"2026-03-01T11:40:00Z","tracking_id":"b","decision":"requires_co_signature","draft":{"key":"queue:drones","contents":"{}"}}]}`
	if err := os.WriteFile(filepath.Join(dir, "composer.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (c *console) tell(msg tea.Msg) *console {
	c.t.Helper()
	c.shared.Now = c.clock() // as Update does, but with the timer apart
	c.cmd = c.handle(msg)
	c.timer = c.keepTime()
	return c
}

func (c *console) size(w, h int) *console { return c.tell(tea.WindowSizeMsg{Width: w, Height: h}) }

// show puts a new picture into the console, as the watcher does.
func (c *console) show(s *watch.Snapshot) *console {
	c.snap = s
	return c.tell(wake{})
}

func (c *console) wait(d time.Duration) *console {
	c.now = c.now.Add(d)
	return c
}

var special = map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
	"pgdown": tea.KeyPgDown, "end": tea.KeyEnd, "home": tea.KeyHome, "f1": tea.KeyF1, "f5": tea.KeyF5, "space": tea.KeySpace, "left": tea.KeyLeft, "right": tea.KeyRight}

func keyMsg(key string) tea.KeyPressMsg {
	var k tea.Key
	for {
		if rest, ok := strings.CutPrefix(key, "ctrl+"); ok {
			k.Mod, key = k.Mod|tea.ModCtrl, rest
		} else if rest, ok := strings.CutPrefix(key, "shift+"); ok {
			k.Mod, key = k.Mod|tea.ModShift, rest
		} else {
			break
		}
	}
	if code, ok := special[key]; ok {
		k.Code = code
	} else {
		k.Code, _ = utf8.DecodeRuneInString(key)
		if k.Mod == 0 {
			k.Text = key
		}
	}
	return tea.KeyPressMsg(k)
}

// press presses keys and hands on what the commands send to the model itself.
func (c *console) press(keys ...string) *console {
	c.t.Helper()
	for _, key := range keys {
		c.tell(keyMsg(key))
		c.follow(c.cmd)
	}
	return c
}

// follow runs a command and tells the model what is meant for it, but for
// timers and the clipboard.
func (c *console) follow(cmd tea.Cmd) {
	c.t.Helper()
	for _, msg := range answers(cmd) {
		switch msg.(type) {
		case views.Copy:
			c.tell(msg) // and leave the clipboard alone
		case views.Go, views.GoAndDo, views.Toast, views.Ask, views.Pick:
			c.tell(msg)
			c.follow(c.cmd)
		}
	}
}

// settle tells the model whatever the commands of the last message answer, as
// the program does. It is for messages that were told: a key that was pressed
// has had its commands run, and a timer rings once.
func (c *console) settle() *console {
	c.t.Helper()
	for todo := []tea.Cmd{c.cmd}; len(todo) > 0; todo = todo[1:] {
		for _, msg := range answers(todo[0]) {
			if c.tell(msg); c.cmd != nil {
				todo = append(todo, c.cmd)
			}
		}
	}
	return c
}

// answers runs a command as the program would.
func answers(cmd tea.Cmd) (all []tea.Msg) {
	if cmd == nil {
		return nil
	}
	msg := cmd()
	batch, ok := msg.(tea.BatchMsg)
	if !ok {
		return []tea.Msg{msg}
	}
	for _, part := range batch {
		all = append(all, answers(part)...)
	}
	return all
}

func quits(cmd tea.Cmd) bool {
	for _, msg := range answers(cmd) {
		if _, ok := msg.(tea.QuitMsg); ok {
			return true
		}
	}
	return false
}

func (c *console) content() string { return c.View().Content }

func (c *console) plain() string {
	return strings.ReplaceAll(ansi.Strip(c.content()), "\u00a0", " ")
}

func (c *console) lines() []string { return strings.Split(c.plain(), "\n") }

func (c *console) sees(texts ...string) *console {
	c.t.Helper()
	screen := c.plain()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			c.t.Errorf("%q is not on the screen:\n%s", text, screen)
		}
	}
	return c
}

func (c *console) misses(texts ...string) *console {
	c.t.Helper()
	screen := c.plain()
	for _, text := range texts {
		if strings.Contains(screen, text) {
			c.t.Errorf("%q is on the screen:\n%s", text, screen)
		}
	}
	return c
}

var (
	took   = regexp.MustCompile(`(as you type )─+ +[0-9.]+ [mµ]?s`)
	hashes = regexp.MustCompile(`h [0-9a-f]{4} [0-9a-f]{4}`)
)

// golden compares a screen with testdata; what differs from run to run (the
// time that judging took, hashes over times) is masked at its width.
func golden(t *testing.T, name, screen string) {
	t.Helper()
	screen = took.ReplaceAllStringFunc(screen, func(s string) string {
		n := utf8.RuneCountInString(s) - len("as you type ") - len(" took")
		return "as you type " + strings.Repeat("─", n) + " took"
	})
	screen = hashes.ReplaceAllString(screen, "h 0123 4567")
	var b strings.Builder
	for _, l := range strings.Split(screen, "\n") {
		b.WriteString(l + "|\n")
	}
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, expected := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(expected)) {
		if i >= len(got) || i >= len(expected) || got[i] != expected[i] {
			t.Errorf("%s differs from line %d on (go test ./ui -update writes it anew):\n%s\nnot\n%s", name, i+1, at(got, i), at(expected, i))
			return
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(no line)"
}
