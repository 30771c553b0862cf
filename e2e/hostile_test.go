package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// attacks are texts that would do something to a terminal that obeyed them.
var attacks = map[string]string{
	"colour":      "\x1b[38;5;199mEVIL\x1b[0m",
	"clear":       "\x1b[2J\x1b[3JEVIL",
	"reset":       "\x1bcEVIL",
	"clipboard":   "\x1b]52;c;RVZJTA==\x07",
	"title":       "\x1b]0;EVIL TITLE\x1b\\",
	"palette":     "\x1b]4;1;rgb:66/66/66\x07",
	"link":        "\x1b]8;;http://evil.example\x1b\\EVIL\x1b]8;;\x1b\\",
	"query":       "\x1b[6n\x1b[>c\x1bP+q544e\x1b\\",
	"alternate":   "\x1b[?1049l\x1b[?25h\x1b[?1000h",
	"C1":          "\u009b31mEVIL\u009d52;c;RVZJTA==\u009c\u0090q\u009c",
	"raw C1":      "\x9b31mEVIL\x9d52;c;x\x9c",
	"bell":        "\x07\x07EVIL",
	"lines":       "EVIL\nEVIL\r\nEVIL\vEVIL\fEVIL\x00EVIL\x08\x08\x7f",
	"bidi":        "\u202eLIVE\u2066x\u2069\u200f",
	"zero width":  "E\u200bV\u200dI\ufeffL\u00adX",
	"marks":       "E" + strings.Repeat("\u0301", 500) + "VIL",
	"wide":        strings.Repeat("日本語👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿", 40),
	"private use": "\ue000\U000f0000\ufffe\U0010ffff",
}

// plant puts an attack wherever text of others is shown.
func plant(t *testing.T, server *testredis.Server, attack string) {
	t.Helper()
	ctx, client := context.Background(), server.Client()
	text := func(v any) string { out, _ := json.Marshal(v); return string(out) }
	raw := func(format string) string { return strings.ReplaceAll(format, "EVIL", attack) }
	now := time.Now().UTC()
	packet := text(map[string]any{
		"origin": attack, "contents": map[string]any{"primitive": attack, attack: attack, "list": []string{attack}},
		"schema_version": attack, "ttl_seconds": 600, "tracking_id": attack, "dispatched_at": now.Format("2006-01-02T15:04:05"),
		"chain_of_custody": map[string]any{"traceable_id": attack, "transparent_lineage": []string{attack}, "trustworthy_signature": attack},
	})
	short := attack[:min(len(attack), 400)]
	pipe := client.Pipeline()
	pipe.RPush(ctx, "queue:evil", packet, attack, raw(`{"origin": "EVIL", "contents": {"x": "EVIL"}}`), raw("EVIL"), "\x1b\x1b\x1b")
	pipe.RPush(ctx, "queue:"+short, packet)
	pipe.Set(ctx, "queue:wrong"+short, attack, 0)
	pipe.RPush(ctx, "messages:"+short, text(map[string]any{"message_id": attack, "from": attack, "to": attack, "timestamp": attack, "content": attack}))
	pipe.SAdd(ctx, "swarm:sessions", short, attack)
	pipe.HSet(ctx, "agents:"+short, "agent_id", attack, "role", attack, "parent_id", attack, "registered_at", attack, "metadata", attack, "context_capacity", attack)
	pipe.Set(ctx, "agents:"+short+":heartbeat", attack, 0)
	pipe.HSet(ctx, "agents:well", "agent_id", "well", "role", attack, "parent_id", short, "registered_at", now.Format(time.RFC3339))
	pipe.Set(ctx, "agents:well:heartbeat", fmt.Sprint(now.Unix()), time.Minute)
	pipe.HSet(ctx, "tasks:meta:"+short, "task_id", attack, "queue", attack, "type", attack, "data", attack, "posted_by", attack, "posted_at", attack, "priority", attack)
	pipe.ZAdd(ctx, "tasks:queue:evil", redis.Z{Score: -1, Member: short}, redis.Z{Score: -2, Member: attack})
	pipe.Set(ctx, "tasks:claimed:"+short, text(map[string]any{"agent_id": "well", "claimed_at": attack}), time.Minute)
	pipe.RPush(ctx, "carcel:dead_letters", text(map[string]any{"tracking_id": attack, "reason": attack, "decision": attack, "timestamp": attack, "origin": attack, "contents": map[string]any{"primitive": attack, "vertical": attack}}),
		text(map[string]any{"tracking_id": attack, "reason": attack, "decision": "requires_human_review", "timestamp": now.Format(time.RFC3339), "contents": attack}), attack)
	pipe.Publish(ctx, "channel:broadcast", text(map[string]any{"type": attack, "agent_id": attack, "role": attack, "timestamp": attack}))
	pipe.Publish(ctx, "channel:agent:"+short, attack)
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestHostileTextIsShownAndNeverObeyed(t *testing.T) {
	t.Parallel()
	for names := range slices.Chunk(slices.Sorted(maps.Keys(attacks)), 5) {
		t.Run(strings.Join(names, ", "), func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t)
			for _, name := range names {
				plant(t, server, attacks[name])
			}
			c := console.Start(t, "--redis", server.URL())
			c.See("● live", "wrong type")
			for _, name := range names {
				plant(t, server, attacks[name]) // once more, as news
			}
			visit(c)
			c.Quit()
			for _, name := range names {
				absent(t, c.Output(), attacks[name])
			}
			harmless(t, c.Output())
		})
	}
}

func TestAMegabyteBreaksNothing(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("EVIL \x1b[7m", 1<<20/9)
	server := testredis.Start(t)
	plant(t, server, long[:32<<10])
	ctx, client := context.Background(), server.Client()
	text, _ := json.Marshal(map[string]any{"tracking_id": "x", "reason": long, "decision": "blocked", "contents": map[string]any{"primitive": long}})
	client.LPush(ctx, "queue:evil", text, long)
	client.RPush(ctx, "carcel:dead_letters", text)
	client.Publish(ctx, "channel:broadcast", long)
	c := console.Start(t, "--redis", server.URL()).Within(30 * time.Second) // the race detector makes megabytes slow
	c.See("● live", "queue:evil")
	for _, s := range screens {
		c.Press("esc", s.key).SeeLine(1, s.title)
		if s.key != "6" {
			c.Press("down", "enter", "x")
			whole(c, s.title)
		}
		c.Press("esc")
	}
	c.Quit()
	absent(t, c.Output(), long)
	harmless(t, c.Output())
}

// visit looks at every screen, into every list, at both sizes.
func visit(c *console.Console) {
	for _, width := range []int{140, 80} {
		c.Resize(width, 42)
		for _, s := range screens {
			c.Press("esc", s.key).SeeLine(1, s.title)
			if s.key == "6" {
				c.Press("esc")
				continue
			}
			for range 4 {
				c.Press("down", "enter", "x", "down", "x", "esc")
			}
			c.Press("esc", s.key)
			whole(c, s.title)
		}
	}
}

// whole checks that the frame stands where it belongs.
func whole(c *console.Console, title string) {
	c.SeeLine(0, " ◆ IF.PACKET", "live").SeeLine(1, "1", "Pulse", title).SeeLine(-1, "help")
	c.Until("nothing runs over the frame", func() bool {
		return strings.HasPrefix(c.Line(0), " ◆ IF.PACKET   127.0.0.1:") && strings.HasSuffix(c.Line(-1), "help") &&
			strings.TrimSpace(c.Line(2)) == "" && strings.TrimSpace(c.Line(-2)) == ""
	})
}

// absent checks that what makes an attack one is not in the output.
func absent(t *testing.T, out []byte, attack string) {
	t.Helper()
	for _, part := range []string{
		"\x1b[38;5;199m", "EVIL \x1b[7m", "\x1b[3J", "\x1bc", "\x1b]52", "\x1b]0;", "\x1b]4;", "\x1b]8;", "\x1b[6n", "\x1b[>c", "\x1bP", "\x1b[?1000h",
		"\u202e", "\u2066", "\u200b", "\u200d", "\u200f", "\ufeff", "\u00ad", "\ue000", "\U000f0000", "\ufffe", strings.Repeat("\u0301", 4),
	} {
		if strings.Contains(attack, part) && bytes.Contains(out, []byte(part)) {
			t.Errorf("%q reached the terminal", part)
		}
	}
}

// harmless reads all that was sent as a terminal would, and knows what the
// console itself has reason to send.
func harmless(t *testing.T, out []byte) {
	t.Helper()
	fault := func(format string, args ...any) { t.Helper(); t.Errorf(format, args...) }
	p := ansi.NewParser()
	p.SetDataSize(1 << 20)
	p.SetHandler(ansi.Handler{
		Print: func(r rune) {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				fault("the character %U was printed", r)
			}
		},
		Execute: func(b byte) {
			if !strings.ContainsRune("\r\n\b\t", rune(b)) {
				fault("the control character %#x was sent", b)
			}
		},
		HandleOsc: func(cmd int, data []byte) {
			switch {
			case cmd == 2 && (bytes.HasPrefix(data, []byte("2;ifpacket 127.0.0.1:")) || string(data) == "2;"):
			case cmd == 11 || cmd == 111:
			default:
				fault("OSC %d was sent: %.60q", cmd, data)
			}
		},
		HandleDcs: func(cmd ansi.Cmd, _ ansi.Params, data []byte) { fault("DCS %v was sent: %.60q", cmd, data) },
		HandleApc: func(data []byte) { fault("APC was sent: %.60q", data) },
		HandlePm:  func(data []byte) { fault("PM was sent: %.60q", data) },
		HandleSos: func(data []byte) { fault("SOS was sent: %.60q", data) },
		HandleEsc: func(cmd ansi.Cmd) {
			if !strings.ContainsRune("M\\", rune(cmd.Final())) { // up a line; the end of a string
				fault("ESC %c was sent", cmd.Final())
			}
		},
	})
	for _, b := range out {
		p.Advance(b)
	}
}

func TestHostileTextInTheComposerIsHarmless(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := console.Start(t, "--redis", server.URL())
	c.See("● live").Press("6").See("Verdict").Press("tab")
	c.Paste("queue:\u202e\u009b31m\x07x\x9b").See("queue:")
	c.Press("tab", "tab", "tab", "tab", "tab").Paste("{\"a\":\u202e\u009d52;c;RVZJTA==\u009c\n\n\x00}").See("Cannot be sent")
	c.Quit()
	harmless(t, c.Output())
	if bytes.Contains(c.Output(), []byte("\u202e")) {
		t.Error("a bidirectional override reached the terminal")
	}
}
