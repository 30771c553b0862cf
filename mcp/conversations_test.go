package mcp_test

import (
	"fmt"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/infrafabric/ifpacket/internal/testredis"
)

var readers = []string{"carcel_list", "check_partner_status", "collect", "get_context", "list_tasks", "peek_messages", "status", "trace"}

func toolCall(name string) *sdk.CallToolParams {
	return &sdk.CallToolParams{Name: name, Arguments: map[string]any{}}
}

func TestTwoClientsTalkOverAConversation(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		one, two := connect(t, open(t, url, false)), connect(t, open(t, url, false))
		made := one.call(t, "create_conversation", `{"my_role": "architect", "partner_role": "builder"}`)
		ticket := func(token string, more string) string {
			return fmt.Sprintf(`{"conversation_id": %q, "token": %q%s}`, made["conversation_id"], made[token], more)
		}
		sent := one.call(t, "send_to_partner", ticket("token", `, "message": "build \u001b[2J it", "action": "request", "files": ["a.go"], "request_id": "r1"`))
		again := one.call(t, "send_to_partner", ticket("token", `, "message": "build \u001b[2J it", "action": "request", "files": ["a.go"], "request_id": "r1"`))
		if sent["number"] != 1.0 || sent["repeated"] != false || again["number"] != 1.0 || again["repeated"] != true {
			t.Errorf("%v, %v", sent, again)
		}
		for range 2 {
			got := two.call(t, "check_messages", ticket("partner_token", ""))
			m := list(got["messages"])
			if len(m) != 1 || field(m[0], "message") != "build \x1b[2J it" || field(m[0], "action") != "request" || got["after"] != 1.0 {
				t.Errorf("%v", got)
			}
		}
		two.call(t, "update_my_status", ticket("partner_token", `, "status": "working", "text": "on it"`))
		status := one.call(t, "check_partner_status", ticket("token", ""))
		if status["partner_role"] != "builder" || status["status"] != "working" || status["text"] != "on it" || status["unread_by_partner"] != 1.0 || status["last_seen_seconds_ago"] == nil {
			t.Errorf("%v", status)
		}
		if got := two.call(t, "check_messages", ticket("partner_token", `, "after": 1`)); len(list(got["messages"])) != 0 || got["after"] != 1.0 {
			t.Errorf("%v", got)
		}
		// One waits while the other speaks.
		said := make(chan map[string]any, 1)
		go func() { said <- one.call(t, "check_messages", ticket("token", `, "wait_seconds": 30`)) }()
		two.call(t, "send_to_partner", ticket("partner_token", `, "message": "done"`))
		if m := list((<-said)["messages"]); len(m) != 1 || field(m[0], "message") != "done" {
			t.Errorf("%v", m)
		}

		wrong := strings.Replace(ticket("token", ""), fmt.Sprint(made["token"]), fmt.Sprint(made["token"])[:44]+"_", 1)
		one.fails(t, "check_partner_status", wrong, "no conversation has this id and token")
		one.fails(t, "check_messages", ticket("token", `, "after": 9`), "acknowledged too far")
		one.fails(t, "update_my_status", ticket("token", `, "status": "asleep"`), "working waiting blocked done")
		one.fails(t, "send_to_partner", ticket("token", `, "message": ""`), "message")
		one.fails(t, "create_conversation", `{"my_role": "a\nb", "partner_role": "b"}`, "role")
		for range 9 {
			one.call(t, "send_to_partner", ticket("token", `, "message": "x"`))
		}
		one.fails(t, "send_to_partner", ticket("token", `, "message": "x"`), "10 a minute", "nothing was sent")
	})
}

func TestAMebibyteGoesThrough(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	made := c.call(t, "create_conversation", `{"my_role": "a", "partner_role": "b"}`)
	long := strings.Repeat("x", 1<<20-len("info"))
	c.call(t, "send_to_partner", fmt.Sprintf(`{"conversation_id": %q, "token": %q, "message": %q}`, made["conversation_id"], made["token"], long))
	got := c.call(t, "check_messages", fmt.Sprintf(`{"conversation_id": %q, "token": %q}`, made["conversation_id"], made["partner_token"]))
	if m := list(got["messages"]); len(m) != 1 || field(m[0], "message") != long {
		t.Errorf("%d messages", len(m))
	}
	c.fails(t, "send_to_partner", fmt.Sprintf(`{"conversation_id": %q, "token": %q, "message": %q}`, made["conversation_id"], made["token"], long+"é"), "1048576")
}
