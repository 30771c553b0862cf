package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestAQueueOpensOnItsPacketsAndTheirBytes(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	sent := console.Run(t, "dispatch", "--redis", server.URL(), "--key", "queue:council", "--origin", "lena@ops",
		"--contents", `{"primitive": "matrix.route", "source": "a", "destination": "b", "weather": "fog"}`)
	if sent.Code != 0 {
		t.Fatal(sent.Stderr)
	}
	server.Client().RPush(context.Background(), "queue:council", "\x00\x01 no packet at all")

	c := console.Start(t, "--redis", server.URL())
	c.See("● live", "queue:council").Press("2").See("list, 2", "Value 0", "packet, json", "lena@ops", `"weather": "fog"`)
	c.Press("enter").Press("x").See("00000000").Press("x").See(`"weather": "fog"`)
	c.Press("down").See("Value 1", "no packet", "00 01 20 6e")
	c.Press("esc").Press("c").See("Verdict").See("queue:council")
	c.Quit()
}

func TestALongQueueIsReadByWindows(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	values := make([]any, 1000)
	for i := range values {
		values[i] = fmt.Sprintf("value number %d", i)
	}
	server.Client().RPush(context.Background(), "queue:long", values...)
	c := console.Start(t, "--redis", server.URL())
	c.See("● live", "queue:long").Press("2").See("list, 1,000", "value number 0").Press("enter")
	c.Press("G").See("value number 999").Gone("value number 0 ")
	c.Press("up").See("Value 998").Press("g").See("Value 0 ").Gone("value number 999")
	c.Quit()
}

func TestCopyGoesThroughTheTerminal(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Client().RPush(context.Background(), "queue:copied", "x")
	c := console.Start(t, "--redis", server.URL())
	c.See("● live", "queue:copied").Press("2").See("Value").Press("y").See("copied the key")
	c.Until("the key is on the clipboard", func() bool {
		return strings.Contains(string(c.Output()), "\x1b]52;c;cXVldWU6Y29waWVk")
	})
	c.Quit()
}
