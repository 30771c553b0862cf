package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// Not parallel: it is about time.
func TestWhatIsPushedFromOutsideIsSeenWithinASecond(t *testing.T) {
	server := testredis.Start(t)
	client := server.Client()
	c := console.Start(t, "--redis", server.URL())
	c.See("● live", "nothing waits")
	for i := range 3 {
		key := fmt.Sprintf("queue:outside%d", i)
		pushed := time.Now()
		client.RPush(context.Background(), key, `{"from": "somebody else"}`)
		c.Within(time.Second).See(key)
		t.Logf("seen after %s", time.Since(pushed).Round(time.Millisecond))
	}
	client.Del(context.Background(), "queue:outside1")
	c.Within(time.Second).SeeLine(5, "Queues  ") // a queue that was seen stays, empty
	c.Quit()
}

func TestAKilledServerIsSaidAndComesBackWithoutARestart(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	client := server.Client()
	client.RPush(context.Background(), "queue:before", "x")
	c := console.Start(t, "--redis", server.URL())
	c.See("● live", "queue:before")
	compose(c, "queue:council").SeeLine(-1, "send")

	server.Kill()
	c.See("○ away", "Redis does not answer", server.Addr()+" connection refused", "try ", "last synced")
	c.SeeLine(-1, "acting is off while Redis is away")
	if strings.Contains(c.Line(-1), "send") {
		t.Errorf("sending is still offered: %s", c.Line(-1))
	}
	c.Press("f5").Gone("Send a packet")
	c.Press("esc", "1").See("queue:before") // the last picture stays
	c.See("R retry now").Press("R").See("Redis does not answer")

	server.Up()
	client.RPush(context.Background(), "queue:after", "x")
	c.See("● live", "queue:after").Gone("Redis does not answer")
	c.Press("9").See("away", "another server").Press("6", "tab").SeeLine(-1, "send")
	c.Quit()
}

func TestAFrozenServerIsSaidToo(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := console.Start(t, "--redis", server.URL())
	c.See("● live")
	server.Pause()
	defer server.Resume()
	c.Within(20*time.Second).See("Redis does not answer", "no answer in time")
	server.Resume()
	c.Press("R").See("● live")
	c.Quit()
}

func TestWithoutRedisTheConsoleOpensAndSaysWhatItTried(t *testing.T) {
	t.Parallel()
	addr := nobody(t)
	c := console.Start(t, "--redis", "redis://:secret@"+addr+"/0")
	c.See("IF.PACKET", "Redis does not answer", addr, "connection refused", "try ", "D demo", "R retry now")
	if strings.Contains(string(c.Output()), "secret") {
		t.Error("the password is shown")
	}
	for _, s := range screens {
		c.Press(s.key).SeeLine(1, s.title).SeeLine(0, "away")
		if s.key == "6" {
			c.Press("esc")
		}
	}
	c.Press("D").See("● live", "demo").Press("1").See("queue:council")
	c.Quit()
}

// nobody is an address where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestAServerThatComesLateIsFound(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Kill()
	c := console.Start(t, "--redis", server.URL())
	c.See("Redis does not answer")
	server.Up()
	c.See("● live")
	c.Quit()
}

func TestAFlushedServerIsShownEmpty(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	sent := console.Run(t, "dispatch", "--redis", server.URL(), "--key", "queue:gone", "--contents", `{"n": 1}`)
	if sent.Code != 0 {
		t.Fatal(sent.Stderr)
	}
	c := console.Start(t, "--redis", server.URL())
	c.See("● live", "queue:gone").Press("2").See("list, 1")
	server.Client().FlushAll(context.Background())
	c.See("empty").SeeLine(0, "● live", "ledger ·").Gone("list, 1")
	c.Quit()
}

func TestReadOnlyChangesNothing(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	client := server.Client()
	ctx := context.Background()
	client.RPush(ctx, "queue:seen", "x")
	config := func() string { return client.ConfigGet(ctx, "*").String() }
	before, keys := config(), client.DBSize(ctx).Val()

	c := console.Start(t, "--redis", server.URL(), "--read-only")
	c.See("read only", "polling", "queue:seen", "notifications are off and read-only mode does not switch them on")
	compose(c, "queue:seen")
	c.Press("f5", "alt+enter", "ctrl+enter").Gone("Send a packet")
	if strings.Contains(c.Line(-1), "send") {
		t.Errorf("sending is offered: %s", c.Line(-1))
	}
	for _, s := range screens {
		c.Press("esc", s.key).SeeLine(1, s.title)
	}
	client.RPush(ctx, "queue:seen", "y") // polling sees it as well
	c.Press("esc", "2").See("list, 2")
	c.Quit()

	if client.DBSize(ctx).Val() != keys || config() != before {
		t.Errorf("the server was changed: %d keys, were %d; configuration %s, was %s", client.DBSize(ctx).Val(), keys, config(), before)
	}
	if depth(t, server, "queue:seen") != 2 {
		t.Error("something was sent")
	}
}

func TestAServerThatHidesCONFIGIsPolled(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t, "--rename-command", "CONFIG", "")
	c := console.Start(t, "--redis", server.URL())
	c.See("▲ polling", "the server hides CONFIG")
	server.Client().RPush(context.Background(), "queue:polled", "x")
	c.See("queue:polled")
	c.Quit()
}

func TestAWrongPasswordIsSaid(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t, "--requirepass", "right")
	c := console.Start(t, "--redis", "redis://:wrongpw@"+server.Addr()+"/0")
	c.SeeAny("WRONGPASS", "not allowed", "password")
	if strings.Contains(string(c.Output()), "wrongpw") {
		t.Error("the password is shown")
	}
	c.Quit()
}

func TestAFullServerRefusesAndTheConsoleSaysSo(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := console.Start(t, "--redis", server.URL())
	c.See("● live")
	server.Client().ConfigSet(context.Background(), "maxmemory", "1")
	compose(c, "queue:full").Press("f5").See("Send a packet")
	opened := time.Now()
	c.Until("the dialog listens", func() bool { return time.Since(opened) > haste })
	c.Press("y").See("out of memory")
	c.Quit()
}

func TestNotificationFlagsAreAddedAndKept(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t, "--notify-keyspace-events", "Et")
	c := console.Start(t, "--redis", server.URL())
	c.See("● live").Press("9").See("notifications on")
	flags := server.Client().ConfigGet(context.Background(), "notify-keyspace-events").Val()["notify-keyspace-events"]
	if !strings.ContainsAny(flags, "E") || !strings.ContainsAny(flags, "t") || !strings.ContainsAny(flags, "K") {
		t.Errorf("the flags are %q", flags)
	}
	c.Quit()
}

func TestAProfileCanBeChangedFromInside(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Client().RPush(context.Background(), "queue:other-profile", "x")
	home := t.TempDir()
	writeConfig(t, home, "profile: lost\nprofiles:\n  lost: {redis: \"redis://"+nobody(t)+"/0\"}\n  found: {redis: \""+server.URL()+"\", read_only: true}\n")
	c := console.Setup{Home: home}.Start(t)
	c.See("lost", "Redis does not answer", "P profile").Press("P").See("Profile", "found")
	c.Type("found").Press("enter").See("found", "read only", "queue:other-profile")
	c.Quit()
}
