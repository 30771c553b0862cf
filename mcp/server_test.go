package mcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/internal/testredis"
	"github.com/infrafabric/ifpacket/mcp"
)

func TestEveryToolSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	for name, tool := range c.tools {
		a := tool.Annotations
		if len(tool.Description) < 40 || tool.Title == "" || a == nil || a.DestructiveHint == nil || a.OpenWorldHint == nil || *a.OpenWorldHint {
			t.Errorf("%s tells too little: %+v", name, tool)
		}
		if a.ReadOnlyHint && (*a.DestructiveHint || !a.IdempotentHint) {
			t.Errorf("%s only looks, and is told to be more", name)
		}
		raw, _ := json.Marshal(tool.InputSchema)
		if !strings.Contains(string(raw), `"type":"object"`) || strings.Contains(string(raw), `"null"`) {
			t.Errorf("%s takes %s", name, raw)
		}
	}
	if a := c.tools["collect"].Annotations; a.ReadOnlyHint || !*a.DestructiveHint {
		t.Error("collect can take, and says that it does not")
	}
}

func TestAReadOnlyDoorHasOnlyToolsThatLook(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	loud := connect(t, open(t, server.URL(), false))
	loud.call(t, "dispatch", `{"key": "queue:q", "contents": `+route+`}`)
	r := server.Client()
	all := func() string {
		keys := r.Keys(ctx, "*").Val()
		slices.Sort(keys)
		for i, key := range keys {
			keys[i] += r.Dump(ctx, key).Val()
		}
		return strings.Join(keys, "")
	}
	before := all()

	c := connect(t, open(t, server.URL(), true))
	names := slices.Sorted(maps.Keys(c.tools))
	if !slices.Equal(names, readers) {
		t.Errorf("it has %v", names)
	}
	for name, tool := range c.tools {
		if !tool.Annotations.ReadOnlyHint {
			t.Errorf("%s is not told to look only", name)
		}
	}
	if got := c.call(t, "collect", `{"key": "queue:q"}`); len(list(got["items"])) != 1 {
		t.Errorf("%v", got)
	}
	c.fails(t, "collect", `{"key": "queue:q", "op": "lpop"}`, "read-only")
	c.call(t, "status", `{}`)
	c.call(t, "carcel_list", `{}`)
	if _, err := c.CallTool(ctx, toolCall("dispatch")); err == nil {
		t.Error("dispatch is there")
	}
	if !strings.Contains(c.InitializeResult().Instructions, "read-only") {
		t.Error("the client is not told")
	}
	if all() != before {
		t.Error("something was written")
	}
}

func TestAnUnknownToolIsAProtocolErrorAndAServerThatIsAwayIsTheToolsAnswer(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := connect(t, open(t, server.URL(), false))
	if _, err := c.CallTool(ctx, toolCall("nonsense")); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("%v", err)
	}
	server.Kill()
	c.fails(t, "dispatch", `{"key": "queue:q", "contents": `+route+`}`, "does not answer", "nothing was sent")
	c.fails(t, "status", `{}`, "does not answer")
	server.Up()
	c.call(t, "dispatch", `{"key": "queue:q", "contents": `+route+`}`)
}

func TestStatusIsCompact(t *testing.T) {
	t.Parallel()
	c, r, _ := start(t)
	for i := range 60 {
		r.RPush(ctx, fmt.Sprintf("queue:%02d", i), slices.Repeat([]any{"x"}, i+1)...)
	}
	s := c.call(t, "status", `{}`)
	queues := list(s["queues"])
	if len(queues) != 20 || field(queues[0], "depth") != 60.0 || field(s, "counts", "queues") != 60.0 || s["agent"] != "tester" {
		t.Errorf("%v", s)
	}
}

// serve gives the door lines and returns what it said, once it has ended.
func serve(t *testing.T, url string, in io.Reader) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := mcp.Serve(ctx, open(t, url, false), in, &out, mcp.Options{}); err != nil {
		t.Error(err)
	}
	var said []map[string]any
	for line := range strings.Lines(out.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil || m["jsonrpc"] != "2.0" {
			t.Fatalf("it said %q: %v", line, err)
		}
		said = append(said, m)
	}
	return said
}

const hello = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
`

func call(id int, name, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s}}`+"\n", id, name, arguments)
}

func TestALineThatIsNoMessageIsAnsweredAndTheNextOneServed(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	said := serve(t, server.URL(), strings.NewReader("garbage\n"+hello+"\r\n\n{\"jsonrpc\":\n[]\n[1,2]\n{\"jsonrpc\":\"1.0\",\"id\":5}\n7\n"+
		strings.Repeat("[", 100_000)+"\n"+`{"jsonrpc":"2.0","id":8,"method":"tools/call","params":7}`+"\n"+
		strings.Repeat("x", 17<<20)+"\n"+"\xff\x00\n"+call(9, "dispatch", `{"key": "queue:q", "contents": `+route+`}`)))
	codes, answered := map[float64]int{}, false
	for _, m := range said {
		if code, failed := field(m, "error", "code").(float64); failed {
			codes[code]++
		}
		answered = answered || m["id"] == 9.0 && field(m, "result", "structuredContent", "status") == "dispatched"
	}
	if !answered || codes[-32700] != 4 || codes[-32600] < 5 {
		t.Errorf("answered %v, errors %v", answered, codes)
	}
}

func TestTheCallsThatRunAreFinishedAtTheEnd(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	var in strings.Builder
	in.WriteString(hello)
	for i := range 100 {
		in.WriteString(call(1+i, "dispatch", `{"key": "queue:q", "contents": `+route+`}`))
	}
	answers := 0
	for _, m := range serve(t, server.URL(), strings.NewReader(in.String())) {
		if field(m, "result", "structuredContent", "status") == "dispatched" {
			answers++
		}
	}
	if n := server.Client().LLen(ctx, "queue:q").Val(); n != 100 || answers != 100 {
		t.Errorf("%d landed, %d were answered", n, answers)
	}
}

func TestItEndsWithItsContextAndWaitsForNobody(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	e := open(t, server.URL(), false)
	made, err := e.Bridge().Create(ctx, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	in, write := io.Pipe()
	read, out := io.Pipe()
	ending, end := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- mcp.Serve(ending, e, in, out, mcp.Options{}); _ = out.Close() }()
	said := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(read)
		said <- string(all)
	}()
	_, _ = io.WriteString(write, hello+call(1, "check_messages", fmt.Sprintf(`{"conversation_id": %q, "token": %q, "wait_seconds": 60}`, made.ID, string(made.Token))))
	testredis.Eventually(t, "it waits", func() bool {
		n := server.Client().PubSubNumSub(ctx, "channel:conversation:"+made.ID).Val()
		return n["channel:conversation:"+made.ID] == 1
	})
	began := time.Now()
	end()
	if err := <-served; err != nil || time.Since(began) > 3*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if all := <-said; !strings.Contains(all, `"id":1,`) || !strings.Contains(all, `"messages":[]`) {
		t.Errorf("the waiting call was not answered: %s", all)
	}
	_ = write.Close()
}

func TestErrorsShowNoControlCharacters(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	c.fails(t, "collect", `{"key": "x\u001b[2J\ny", "op": "lrange\u202e"}`)
	c.fails(t, "dispatch", `{"contents": {}, "key": "\u001b[2J\n"}`)
	c.fails(t, "trace", `{"id": "\u001b[2J\r\n"}`)
}
