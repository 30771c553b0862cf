package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// haste is how long a dialog swallows keys, with a little to spare.
const haste = 450 * time.Millisecond

// compose opens the composer with a destination filled in.
func compose(c *console.Console, key string) *console.Console {
	return c.Press("6").See("Verdict").Press("tab").Type(key).See("Can be sent", key)
}

func TestAPacketIsComposedConfirmedAndThere(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := console.Start(t, "--redis", server.URL())
	c.See("● live").Press("6").See("Can be sent", "queue:general", "from the route")
	c.Press("tab").Type("queue:typed").See("Can be sent", "rpush, ")

	c.Press("f5").See("Send a packet", "matrix.route", "queue:typed", "y send", "esc cancel")
	opened := time.Now()
	c.Press("f5", "y") // in haste: meant for what was there before
	if time.Since(opened) < haste-100*time.Millisecond {
		c.See("Send a packet")
		if n := depth(t, server, "queue:typed"); n != 0 {
			t.Errorf("a key struck in haste sent %d packets", n)
		}
	}
	c.Until("the dialog listens", func() bool { return time.Since(opened) > haste })
	c.Press("f5").See("Send a packet") // the key that asked does not confirm
	c.Press("y").Gone("Send a packet").See("dispatched to queue:typed")
	c.Until("the packet is in Redis", func() bool { return depth(t, server, "queue:typed") == 1 })

	c.Press("esc", "2").See("queue:typed", "list, 1", `"primitive": "matrix.route"`)
	c.Quit()
}

func TestEscSendsNothing(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := console.Start(t, "--redis", server.URL())
	compose(c.See("● live"), "queue:not").Press("alt+enter").See("Send a packet")
	opened := time.Now()
	c.Until("the dialog listens", func() bool { return time.Since(opened) > haste })
	c.Press("old esc").Gone("Send a packet")
	if n := depth(t, server, "queue:not"); n != 0 {
		t.Errorf("%d packets were sent", n)
	}
	c.Quit()
}

func depth(t *testing.T, server *testredis.Server, key string) int64 {
	t.Helper()
	client := testredis.Client(t, server.Addr())
	defer func() { _ = client.Close() }()
	n, err := client.LLen(context.Background(), key).Result()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFaultsShowAsOneTypes(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	compose(c.See("● live"), "queue:council")
	c.Press("tab", "tab", "tab").Replace("0").See("Cannot be sent", "an integer from 1 to 86400")
	c.Press("f5").See("not sent: ttl_seconds").Gone("Send a packet")
	c.Replace("soon").See("Cannot be sent")
	c.Replace("60").See("Can be sent")
	c.Press("tab", "tab").Press("ctrl+t").See("Template").Type("broadcast").Press("enter").See(`"signal.broadcast"`)
	c.Press("end").Type("{").See("Cannot be sent", "contents")
	c.Quit()
}

func TestTheVerdictStandsBesideThePacket(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo")
	c.See("● live").Press("6").See("Verdict").Press("tab").Type("queue:council")
	c.See("Can be sent").Press("ctrl+t").See("Template").Type("purge").Press("enter")
	c.See("Would be held", "Two-person rule")
	c.Press("f5").See("it will be held")
	opened := time.Now()
	c.Until("the dialog listens", func() bool { return time.Since(opened) > haste })
	c.Press("y").See("held in the carcel")
	c.Press("esc", "4").See("packet.purge")
	c.Quit()
}

func TestADraftSurvivesARestart(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	c := console.Setup{Home: home}.Start(t, "--demo")
	compose(c.See("● live"), "queue:kept").See("draft saved")
	c.Press("tab", "tab", "tab").Replace("77").See("77")
	c.Quit() // at once: what was typed last is kept too

	again := console.Setup{Home: home}.Start(t, "--demo")
	again.See("● live").Press("6").See("queue:kept", "77", "Can be sent")
	again.Quit()
}

func TestADraftSurvivesSIGTERM(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	c := console.Setup{Home: home}.Start(t, "--demo")
	compose(c.See("● live"), "queue:kept")
	c.Signal(terminate).Ends(0)
	again := console.Setup{Home: home}.Start(t, "--demo")
	again.See("● live").Press("6").See("queue:kept")
	again.Quit()
}

func TestDraftsThatCannotBeReadAreLeftAlone(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	file := filepath.Join(home, "state", "ifpacket", "composer.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(`{"draft": half a`), 0o600); err != nil {
		t.Fatal(err)
	}
	server := testredis.Start(t)
	c := console.Setup{Home: home}.Start(t, "--redis", server.URL())
	c.See("● live").Press("9").See("drafts in ")
	compose(c, "queue:other")
	c.Quit()
	if text, _ := os.ReadFile(file); !strings.Contains(string(text), "half a") {
		t.Errorf("the file was written over: %s", text)
	}
}
