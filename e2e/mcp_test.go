package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// model is an MCP client whose server is the binary.
type model struct{ *sdk.ClientSession }

// attach starts ifpacket mcp with a client; both end with the test.
func attach(t *testing.T, args ...string) model {
	t.Helper()
	cmd, _, errOut := console.Command(t, append([]string{"mcp"}, args...)...)
	cmd.Stdin, cmd.Stdout = nil, nil // the transport's
	s, err := sdk.NewClient(&sdk.Implementation{Name: "e2e", Version: "1"}, nil).
		Connect(context.Background(), &sdk.CommandTransport{Command: cmd}, nil)
	if err != nil {
		t.Fatalf("%v; stderr: %s", err, errOut)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("it did not end with its input: %v; stderr: %s", err, errOut)
		}
	})
	return model{s}
}

func (m model) names(t *testing.T) (list []string) {
	t.Helper()
	for tool, err := range m.Tools(context.Background(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, tool.Name)
	}
	return list
}

// ask calls a tool and returns its answer, or its error as "error".
func (m model) ask(t *testing.T, name string, arguments map[string]any) map[string]any {
	t.Helper()
	r, err := m.CallTool(context.Background(), &sdk.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if r.IsError {
		text, _ := r.Content[0].(*sdk.TextContent)
		return map[string]any{"error": text.Text}
	}
	out, _ := r.StructuredContent.(map[string]any)
	return out
}

// inner is a part of an answer: names of objects, numbers of lists.
func inner(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

type args = map[string]any

func TestMCPClientsShareASwarm(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	ann, bob := attach(t, "--redis", server.URL(), "--agent", "ann"), attach(t, "--redis", server.URL(), "--agent", "bob")
	names := ann.names(t)
	for _, want := range []string{"dispatch", "collect", "status", "carcel_list", "trace", "post_task", "claim_task", "complete_task", "fail_task",
		"extend_task", "list_tasks", "send_message", "receive_messages", "peek_messages", "put_context", "get_context", "create_conversation",
		"send_to_partner", "check_messages", "update_my_status", "check_partner_status", "register_agent", "retire_agent"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s", want)
		}
	}

	route := args{"primitive": "matrix.route", "source": "a", "destination": "b"}
	if r := ann.ask(t, "dispatch", args{"key": "queue:council", "contents": route}); r["status"] != "dispatched" {
		t.Errorf("%v", r)
	}
	if r := bob.ask(t, "collect", args{"key": "queue:council", "op": "lpop"}); inner(r, "items", 0, "packet", "origin") != "ann" {
		t.Errorf("%v", r)
	}
	kill := args{"primitive": "process.kill", "pid": 7, "reason": "stuck"}
	held := ann.ask(t, "dispatch", args{"key": "queue:lab", "contents": kill})
	if held["status"] != "carcel" || held["decision"] != "requires_co_signature" {
		t.Errorf("%v", held)
	}
	if r := bob.ask(t, "carcel_list", args{"match": held["tracking_id"]}); r["total"] != 1.0 {
		t.Errorf("%v", r)
	}
	if r := ann.ask(t, "post_task", args{"queue": "ops", "data": kill}); r["status"] != "held" {
		t.Errorf("%v", r)
	}

	posted := ann.ask(t, "post_task", args{"queue": "search", "type": "find", "data": args{"what": "x"}})
	task := inner(bob.ask(t, "claim_task", args{"queue": "search", "wait_seconds": 5}), "tasks", 0)
	if posted["status"] != "posted" || inner(task, "task_id") != posted["task_id"] || inner(task, "data", "what") != "x" {
		t.Fatalf("%v, %v", posted, task)
	}
	mine := args{"task_id": posted["task_id"], "token": inner(task, "token"), "result": "found"}
	if r := ann.ask(t, "complete_task", mine); !strings.Contains(fmt.Sprint(r["error"]), "not held") {
		t.Errorf("%v", r)
	}
	if r := bob.ask(t, "complete_task", mine); r["status"] != "completed" {
		t.Errorf("%v", r)
	}

	bob.ask(t, "send_message", args{"to": "ann", "content": args{"done": posted["task_id"]}})
	if r := ann.ask(t, "receive_messages", args{}); inner(r, "messages", 0, "content", "done") != posted["task_id"] || inner(r, "messages", 0, "from") != "bob" {
		t.Errorf("%v", r)
	}

	made := ann.ask(t, "create_conversation", args{"my_role": "architect", "partner_role": "builder"})
	here := func(token string, more args) args {
		more["conversation_id"], more["token"] = made["conversation_id"], made[token]
		return more
	}
	waiting := make(chan map[string]any, 1)
	go func() { waiting <- bob.ask(t, "check_messages", here("partner_token", args{"wait_seconds": 30})) }()
	ann.ask(t, "send_to_partner", here("token", args{"message": "build it", "action": "request"}))
	if r := <-waiting; inner(r, "messages", 0, "message") != "build it" {
		t.Errorf("%v", r)
	}
	bob.ask(t, "update_my_status", here("partner_token", args{"status": "working"}))
	if r := ann.ask(t, "check_partner_status", here("token", args{})); r["status"] != "working" || r["unread_by_partner"] != 1.0 {
		t.Errorf("%v", r)
	}
	if r := bob.ask(t, "check_messages", here("partner_token", args{"after": 1})); inner(r, "messages", 0) != nil {
		t.Errorf("%v", r)
	}

	const calls = 300
	for name, call := range map[string]func(){
		"check_partner_status": func() { ann.ask(t, "check_partner_status", here("token", args{})) },
		"dispatch":             func() { ann.ask(t, "dispatch", args{"key": "queue:figures", "contents": route}) },
	} {
		times := make([]time.Duration, calls)
		for i := range times {
			began := time.Now()
			call()
			times[i] = time.Since(began)
		}
		slices.Sort(times)
		t.Logf("%s: median %v, 99th percentile %v", name, times[calls/2], times[calls*99/100])
	}
}

func TestMCPReadOnlyLooksAndWritesNothing(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	m := attach(t, "--redis", server.URL(), "--read-only")
	names := m.names(t)
	slices.Sort(names)
	if want := "carcel_list check_partner_status collect get_context list_tasks peek_messages status trace"; strings.Join(names, " ") != want {
		t.Errorf("it has %v", names)
	}
	m.ask(t, "status", args{})
	if r := m.ask(t, "collect", args{"key": "queue:q", "op": "lpop"}); !strings.Contains(fmt.Sprint(r["error"]), "read-only") {
		t.Errorf("%v", r)
	}
	if n := server.Client().DBSize(context.Background()).Val(); n != 0 {
		t.Errorf("%d keys", n)
	}
}

func TestMCPOnTheDemo(t *testing.T) {
	t.Parallel()
	m := attach(t, "--demo")
	if r := m.ask(t, "status", args{}); inner(r, "queues", 0) == nil || inner(r, "agents", 0) == nil {
		t.Errorf("%v", r)
	}
	if r := m.ask(t, "dispatch", args{"key": "queue:mine", "contents": args{"primitive": "matrix.route", "source": "a", "destination": "b"}}); r["status"] != "dispatched" {
		t.Errorf("%v", r)
	}
}

const helloMCP = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
`

func TestMCPSpeaksNothingButTheProtocolAndEndsWithItsInput(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	cmd, out, errOut := console.Command(t, "mcp", "--redis", server.URL())
	cmd.Stdin = strings.NewReader("nonsense\n{\"a\":\n" + helloMCP +
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"dispatch","arguments":{"key":"queue:q","contents":{"primitive":"matrix.route","source":"a","destination":"b"}}}}`)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v; stderr: %s", err, errOut)
	}
	refused, dispatched := 0, false
	for line := range strings.Lines(out.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil || m["jsonrpc"] != "2.0" {
			t.Fatalf("stdout has %q", line)
		}
		if inner(m, "error", "code") == -32700.0 {
			refused++
		}
		dispatched = dispatched || inner(m, "result", "structuredContent", "status") == "dispatched"
	}
	if refused != 2 || !dispatched {
		t.Errorf("%s", out)
	}
	if !strings.Contains(errOut.String(), "made root key") { // told where people look, not to the client
		t.Errorf("stderr: %s", errOut)
	}
}

func TestMCPEndsOnSIGTERM(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	cmd, _, errOut := console.Command(t, "mcp", "--redis", server.URL())
	cmd.Stdin = nil
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte(helloMCP)); err != nil {
		t.Fatal(err)
	}
	var hello map[string]any
	if err := json.NewDecoder(out).Decode(&hello); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v; stderr: %s", err, time.Since(began), errOut)
	}
}
