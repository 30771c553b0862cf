package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// at runs a command in somebody's home and gives its output; codes are the
// exit codes that are right.
func at(t *testing.T, home string, codes []int, args ...string) string {
	t.Helper()
	cmd, out, errOut := console.Command(t, args...)
	for i, e := range cmd.Env {
		name, value, _ := strings.Cut(e, "=")
		if name == "HOME" || strings.HasPrefix(name, "XDG_") {
			cmd.Env[i] = name + "=" + filepath.Join(home, filepath.Base(value))
			if name == "HOME" {
				cmd.Env[i] = "HOME=" + home
			}
		}
	}
	_ = cmd.Run()
	if !slices.Contains(codes, cmd.ProcessState.ExitCode()) {
		t.Fatalf("%v ended with %d: %s", args, cmd.ProcessState.ExitCode(), errOut)
	}
	return out.String()
}

// hold puts entries of another program into the carcel, newest last.
func hold(t *testing.T, server *testredis.Server, n int, key string) {
	t.Helper()
	ctx := context.Background()
	client := server.Client()
	for i := range n {
		entry := fmt.Sprintf(`{"tracking_id": %q, "reason": "Rate limit %d", "decision": "blocked", "timestamp": %q, "guardian": "operational",
			"contents": {"primitive": "matrix.route", "vertical": "lab", "source": "a", "destination": "b"}, "origin": "py_worker"%s}`,
			packet.NewTrackingID(), i, time.Now().UTC().Add(-time.Duration(n-i)*time.Second).Format(time.RFC3339), key)
		if err := client.RPush(ctx, "carcel:dead_letters", entry).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// listening waits until a dialog that has just opened takes keys.
func listening(c *console.Console) *console.Console {
	opened := time.Now()
	c.Until("the dialog listens", func() bool { return time.Since(opened) > haste })
	return c
}

func TestCarcelTwoOperatorsReleaseAPacket(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	lena, omar := t.TempDir(), t.TempDir()
	on := func(args ...string) []string { return append([]string{"--redis", server.URL()}, args...) }
	at(t, lena, []int{0}, on("keys", "new", "--role", "operator", "--name", "lena")...)
	var asked struct {
		KeyID string `json:"key_id"`
	}
	if err := json.Unmarshal([]byte(at(t, omar, []int{0}, on("keys", "new", "--role", "operator", "--name", "omar")...)), &asked); err != nil {
		t.Fatal(err)
	}
	at(t, lena, []int{0}, on("keys", "trust", asked.KeyID)...)
	at(t, omar, []int{3}, on("dispatch", "--key", "queue:nuclear-power", "--origin", "haiku_worker_41fe", "--contents",
		`{"primitive":"process.kill","vertical":"nuclear-power","pid":4127,"reason":"feedwater"}`)...)

	c := console.Setup{Home: lena}.Start(t, on()...)
	c.See("● live").Press("4").See("co-sign 0/2", "may sign", "as lena", "held", "haiku_worker_41fe")
	c.Press("a").See("signs 1 of 2: it waits for another operator", "y sign")
	listening(c).Press("a").See("y sign") // the key that asked does not confirm
	c.Press("y").See("signed 1 of 2", "co-sign 1/2", "1 of 2", "you have signed already")
	c.Press("a").See("not yours to sign")

	at(t, omar, []int{0}, on("carcel", "approve", strings.Fields(c.Lines("packet  ")[0])[len(strings.Fields(c.Lines("packet  ")[0]))-1])...)
	c.See("nothing is held")
	if n := depth(t, server, "queue:nuclear-power"); n != 1 {
		t.Errorf("%d packets were released", n)
	}
	c.Quit()
}

func TestCarcelDenyingSaysWhy(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	home := t.TempDir()
	at(t, home, []int{0}, "--redis", server.URL(), "keys", "new", "--role", "operator", "--name", "lena")
	at(t, home, []int{3}, "--redis", server.URL(), "dispatch", "--key", "queue:a", "--origin", "o", "--contents", `{"primitive":"process.kill","vertical":"lab","pid":1,"reason":"x"}`)
	c := console.Setup{Home: home}.Start(t, "--redis", server.URL())
	c.See("● live").Press("4").See("may sign").Press("d").See("One denial is enough")
	listening(c).Press("enter").See("a word for the record")
	c.Type("no mandate").Press("enter").Gone("One denial is enough").See("Denied by lena: no mandate", "blocked")
	c.Press("x").See("The bin keeps it")
	listening(c).Press("y").See("nothing is held").Press("u").See("Restore from the bin", "process.kill")
	listening(c).Press("enter").See("Denied by lena: no mandate")
	c.Quit()
}

func TestCarcelDiscardingManyTypesTheirCount(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	hold(t, server, 60, "")
	c := console.Start(t, "--redis", server.URL())
	c.See("● live").Press("4").See("Carcel  60").Press("/").Type(`reason~"limit 1"`).Press("enter").See("11 of 60")
	c.Press("*").See("• 11 marked").Press("old esc").Gone("11 of 60").See("• 11 marked")
	c.Press("/").Type("lab").Press("enter", "*").See("• 60 marked").Press("x").See("Discard 60 entries", "type 60 to discard")
	listening(c).Type("59").Press("enter").See("type 60 to discard").Press("backspace", "backspace").Type("60").Press("enter")
	c.See("discarded 60", "nothing is held")
	c.Quit()
}

func TestCarcelReplayIsPlannedConfirmedInterruptedAndCarriedOn(t *testing.T) {
	t.Parallel()
	const total = 120
	server := testredis.Start(t)
	hold(t, server, total, `, "key": "queue:mended", "operation": "rpush"`)
	home := t.TempDir()
	c := console.Setup{Home: home}.Start(t, "--redis", server.URL())
	c.See("● live").Press("4").See("Carcel  120").Press("/").Type("guardian=operational").Press("enter").See("120 of 120")
	c.Press("*").See("• 120 marked").Press("r").See("Replay 120 entries", "to queue:mended", "nothing was changed yet")
	if n := depth(t, server, "queue:mended"); n != 0 {
		t.Fatalf("the dry run released %d", n)
	}
	listening(c).Press("shift+tab", "shift+tab").Replace("20").Press("tab", "tab").Type(fmt.Sprint(total)).Press("enter")
	c.See("▶ running  20/s", "guardian=operational", "canary")
	c.Until("more than the canary went", func() bool { return depth(t, server, "queue:mended") > 8 })
	c.See("p pause run").Press("p").See("paused", "p resumes")
	stands := depth(t, server, "queue:mended")
	c.Press("p").See("Carry on a replay")
	listening(c).Type(left(c)).Press("enter").See("running")
	c.Until("it goes on", func() bool { return depth(t, server, "queue:mended") > stands+3 })
	c.Signal(syscall.SIGKILL)
	testredis.Eventually(t, "the console is dead", c.Dead)

	again := console.Setup{Home: home}.Start(t, "--redis", server.URL())
	again.See("● live").Press("4").See("interrupted", "p resumes").Press("p").See("Carry on a replay")
	listening(again).Type(left(again)).Press("enter").See("running")
	again.Until("all are released", func() bool { return depth(t, server, "queue:mended") == total })
	again.See("✓ done", "100 %")
	seen := map[string]bool{}
	for _, raw := range server.Client().LRange(context.Background(), "queue:mended", 0, -1).Val() {
		p, err := packet.Decode([]byte(raw))
		if err != nil || seen[p.TrackingID] {
			t.Fatalf("released twice, or no packet: %v %s", err, raw)
		}
		seen[p.TrackingID] = true
	}
	again.Quit()
}

// left is the count that a dialog wants to be typed; "" when it wants none.
func left(c *console.Console) string {
	for _, line := range c.Lines("to carry on") {
		_, rest, _ := strings.Cut(line, "type ")
		return strings.Fields(rest)[0]
	}
	return ""
}

func TestCarcelEditedContentsBecomeANewPacket(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	hold(t, server, 1, `, "key": "queue:mended", "operation": "rpush"`)
	c := console.Start(t, "--redis", server.URL())
	c.See("● live").Press("4").See(`"destination": "b"`).Press("e").See("Edit  matrix.route", "nothing is changed yet", "Would go to queue:mended")
	c.Press("end").Type(` `) // the cursor is at the end of the text
	c.Press("backspace", "backspace", "backspace").Type(`,"urgent": true}`).See("urgent", "Changes  1")
	c.Press("f5").See("Replay 1 entry", "would go")
	listening(c).Press("y").See("1 released")
	raw := server.Client().LRange(context.Background(), "queue:mended", 0, -1).Val()
	if len(raw) != 1 || !strings.Contains(raw[0], `"urgent":true`) && !strings.Contains(raw[0], `"urgent": true`) || !strings.Contains(raw[0], "replay_of") {
		t.Errorf("released is %q", raw)
	}
	c.See("nothing is held")
	c.Quit()
}
