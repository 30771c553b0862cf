package mcp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestATaskGoesRound(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		c := connect(t, open(t, url, false))
		posted := c.call(t, "post_task", `{"queue": "search", "type": "find", "data": {"n": 9007199254740993}, "priority": 5, "task_id": "task_1"}`)
		c.call(t, "post_task", `{"queue": "search", "data": ["any", "json"]}`)
		if posted["status"] != "posted" || posted["task_id"] != "task_1" {
			t.Errorf("%v", posted)
		}
		c.fails(t, "post_task", `{"queue": "search", "task_id": "task_1"}`, "in use")
		waiting := c.call(t, "list_tasks", `{"queue": "search"}`)
		if waiting["total"] != 2.0 || field(list(waiting["tasks"])[0], "task_id") != "task_1" {
			t.Errorf("%v", waiting)
		}
		if all := c.call(t, "list_tasks", `{}`); fmt.Sprint(all["queues"]) != "[search]" {
			t.Errorf("%v", all)
		}
		r := c.raw(t, "claim_task", `{"queue": "search", "lease_seconds": 30}`)
		if !strings.Contains(text(r), "9007199254740993") {
			t.Errorf("%s", text(r))
		}
		task := list(c.answersOf(t, "claim_task", r)["tasks"])[0]
		token := field(task, "token")
		if field(task, "task_id") != "task_1" || field(task, "posted_by") != "tester" || token == 0.0 {
			t.Errorf("%v", task)
		}
		ref := fmt.Sprintf(`"task_id": "task_1", "token": %v`, token)
		c.call(t, "extend_task", `{`+ref+`, "lease_seconds": 300}`)
		claimed := list(c.call(t, "list_tasks", `{"state": "claimed"}`)["tasks"])
		if len(claimed) != 1 || field(claimed[0], "agent") != "tester" || field(claimed[0], "lease_left_seconds").(float64) < 250 {
			t.Errorf("%v", claimed)
		}
		c.fails(t, "complete_task", `{"task_id": "task_1", "token": 99999}`, "not held")
		c.fails(t, "complete_task", `{`+ref+`, "agent": "thief"}`, "not held")
		for range 2 {
			c.call(t, "complete_task", `{`+ref+`, "result": {"found": 9007199254740993}}`)
		}
		r = c.raw(t, "list_tasks", `{"task_id": "task_1"}`)
		if done := list(c.answersOf(t, "list_tasks", r)["tasks"]); field(done[0], "state") != "completed" || !strings.Contains(text(r), `{"found":9007199254740993}`) && !strings.Contains(text(r), `{"found": 9007199254740993}`) {
			t.Errorf("%s", text(r))
		}

		// The second fails for good.
		task = list(c.call(t, "claim_task", `{"queue": "search"}`)["tasks"])[0]
		failed := c.call(t, "fail_task", fmt.Sprintf(`{"task_id": %q, "token": %v, "reason": "cannot", "attempts": 1}`, field(task, "task_id"), field(task, "token")))
		if failed["dead"] != true || failed["attempts"] != 1.0 {
			t.Errorf("%v", failed)
		}
		if held := c.call(t, "carcel_list", `{"reason": "cannot"}`); held["total"] != 1.0 {
			t.Errorf("%v", held)
		}
		if none := c.call(t, "claim_task", `{"queue": "search"}`); len(list(none["tasks"])) != 0 {
			t.Errorf("%v", none)
		}
		c.fails(t, "list_tasks", `{"task_id": "nonsense"}`, "no such task")
		c.fails(t, "list_tasks", `{"state": "lost", "cursor": "-1"}`, "cursor")
		c.call(t, "list_tasks", `{"state": "lost"}`)
		c.call(t, "list_tasks", `{"state": "delayed", "queue": "search"}`)
	})
}

func TestATaskThatNamesAPrimitiveIsJudged(t *testing.T) {
	t.Parallel()
	c, r, _ := start(t)
	held := c.call(t, "post_task", `{"queue": "ops", "data": {"primitive": "process.kill", "pid": 7, "reason": "stuck"}}`)
	if held["status"] != "held" || held["decision"] != "requires_co_signature" || !strings.Contains(fmt.Sprint(held["next"]), "two persons") {
		t.Errorf("%v", held)
	}
	if n := r.Exists(ctx, "tasks:queue:ops").Val(); n != 0 {
		t.Error("it was posted")
	}
	if found := c.call(t, "carcel_list", fmt.Sprintf(`{"match": %q}`, held["tracking_id"])); found["total"] != 1.0 {
		t.Errorf("%v", found)
	}
	fine := c.call(t, "post_task", `{"queue": "ops", "data": `+route+`}`)
	if fine["status"] != "posted" || fine["decision"] != "approved" {
		t.Errorf("%v", fine)
	}
}

func TestAClaimWaitsForATask(t *testing.T) {
	t.Parallel()
	c, r, _ := start(t)
	got := make(chan map[string]any, 1)
	go func() { got <- c.call(t, "claim_task", `{"queue": "q", "wait_seconds": 30}`) }()
	testredis.Eventually(t, "it waits", func() bool { return r.PubSubNumPat(ctx).Val() == 1 })
	c.call(t, "post_task", `{"queue": "q"}`)
	if tasks := list((<-got)["tasks"]); len(tasks) != 1 {
		t.Errorf("%v", tasks)
	}
	if none := c.call(t, "claim_task", `{"queue": "q", "wait_seconds": 1}`); len(list(none["tasks"])) != 0 {
		t.Errorf("%v", none)
	}
}

func TestMessagesArePeekedAtAndTaken(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		c := connect(t, open(t, url, false))
		for i := range 12 {
			c.call(t, "send_message", fmt.Sprintf(`{"to": "ann", "from": "bob", "content": {"i": %d}}`, i))
		}
		testredis.Connect(t, url).RPush(ctx, "messages:ann", "no message \x1b")
		seen := c.call(t, "peek_messages", `{"agent": "ann", "count": 5, "first": 10}`)
		if m := list(seen["messages"]); len(m) != 3 || seen["total"] != 13.0 || field(m[0], "content", "i") != 10.0 || field(m[2], "raw") != "no message \x1b" {
			t.Errorf("%v", seen)
		}
		taken := c.call(t, "receive_messages", `{"agent": "ann", "count": 100}`)
		if m := list(taken["messages"]); len(m) != 13 || field(m[0], "from") != "bob" || field(m[0], "content", "i") != 0.0 {
			t.Errorf("%v", taken)
		}
		if none := c.call(t, "receive_messages", `{"agent": "ann"}`); len(list(none["messages"])) != 0 {
			t.Errorf("%v", none)
		}
		c.call(t, "send_message", `{"to": "tester", "content": "x"}`)
		if mine := c.call(t, "receive_messages", `{}`); len(list(mine["messages"])) != 1 || field(list(mine["messages"])[0], "content") != "x" {
			t.Errorf("%v", mine)
		}
		c.fails(t, "send_message", `{"to": "a:b", "content": 1}`, "colon")
		c.fails(t, "send_message", `{"to": "a"}`, "content: missing")
	})
}

func TestAContextIsSharedAndReadInParts(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	c.fails(t, "put_context", `{"text": "x"}`, "register")
	c.call(t, "register_agent", `{"role": "worker"}`)
	small := c.call(t, "put_context", `{"text": "héllo \u001b[2J"}`)
	got := c.call(t, "get_context", `{}`)
	if got["text"] != "héllo \x1b[2J" || got["verified"] != true || got["version"] != small["version"] || got["next_offset"] != nil {
		t.Errorf("%v", got)
	}
	c.fails(t, "put_context", `{"text": "other", "if_version": "000000000000"}`, "another version")
	long := strings.Repeat("é", 700_000) // over 1 MiB: in chunks
	c.call(t, "put_context", fmt.Sprintf(`{"text": %q, "if_version": %q}`, long, small["version"]))
	var read strings.Builder
	for offset, parts := 0, 0; ; parts++ {
		part := c.call(t, "get_context", fmt.Sprintf(`{"offset": %d, "length": 262143}`, offset))
		read.WriteString(fmt.Sprint(part["text"]))
		if part["next_offset"] == nil {
			if parts < 5 {
				t.Errorf("%d parts", parts)
			}
			break
		}
		offset = int(part["next_offset"].(float64))
	}
	if read.String() != long {
		t.Errorf("read %d bytes, not %d", read.Len(), len(long))
	}
	c.fails(t, "get_context", `{"agent": "nobody"}`, "shares no context")
}

func TestAnAgentLivesAsLongAsItsSession(t *testing.T) {
	t.Parallel()
	c, r, _ := start(t)
	c.call(t, "register_agent", `{"role": "worker", "parent": "boss", "metadata": {"model": "m"}}`)
	if r.HGet(ctx, "agents:tester", "role").Val() != "worker" {
		t.Error("it is not known")
	}
	first := r.Get(ctx, "agents:tester:heartbeat").Val()
	testredis.Eventually(t, "its heart beats", func() bool {
		beat := r.Get(ctx, "agents:tester:heartbeat").Val()
		return beat != "" && beat != first
	})
	c.call(t, "retire_agent", `{}`)
	if r.Exists(ctx, "agents:tester").Val() != 0 {
		t.Error("it is still there")
	}
	c.call(t, "register_agent", `{"role": "worker", "agent": "other"}`)
	c.fails(t, "register_agent", `{"role": "worker", "agent": "a:b"}`, "colon")
}
