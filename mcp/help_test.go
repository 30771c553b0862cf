package mcp_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
	"github.com/infrafabric/ifpacket/mcp"
)

func TestMain(m *testing.M) {
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

func open(t testing.TB, url string, readOnly bool) *engine.Engine {
	t.Helper()
	e, err := engine.Open(engine.Config{URL: url, ReadOnly: readOnly})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// client is an MCP client at a door in this process.
type client struct {
	*sdk.ClientSession
	answers map[string]*jsonschema.Resolved
	tools   map[string]*sdk.Tool
}

func connect(t testing.TB, e *engine.Engine) *client {
	t.Helper()
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	served := make(chan error, 1)
	go func() {
		served <- mcp.Serve(ctx, e, fromClient, toClient, mcp.Options{Agent: "tester", Version: "test", Beat: 20 * time.Millisecond})
		_ = toClient.Close()
	}()
	s, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).
		Connect(ctx, &sdk.IOTransport{Reader: fromServer, Writer: toServer}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Close()
		_ = toServer.Close()
		if err := <-served; err != nil {
			t.Errorf("the door: %v", err)
		}
		_ = fromClient.Close()
	})
	c := &client{s, map[string]*jsonschema.Resolved{}, map[string]*sdk.Tool{}}
	for tool, err := range s.Tools(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := json.Marshal(tool.OutputSchema)
		var schema jsonschema.Schema
		if err := json.Unmarshal(raw, &schema); err != nil {
			t.Fatal(err)
		}
		resolved, err := schema.Resolve(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.answers[tool.Name], c.tools[tool.Name] = resolved, tool
	}
	return c
}

// start is a door on a real Redis of its own, with the engine behind it and a
// plain client.
func start(t testing.TB) (*client, *redis.Client, *engine.Engine) {
	t.Helper()
	server := testredis.Start(t)
	e := open(t, server.URL(), false)
	return connect(t, e), server.Client(), e
}

// raw calls a tool with arguments in JSON.
func (c *client) raw(t testing.TB, name, arguments string) *sdk.CallToolResult {
	t.Helper()
	r, err := c.CallTool(ctx, &sdk.CallToolParams{Name: name, Arguments: json.RawMessage(arguments)})
	if err != nil {
		t.Fatalf("%s %.200s: %v", name, arguments, err)
	}
	return r
}

// call is the answer of a call that succeeds, which must be what the tool's
// schema says.
func (c *client) call(t testing.TB, name, arguments string) map[string]any {
	t.Helper()
	r := c.raw(t, name, arguments)
	if r.IsError {
		t.Fatalf("%s %.200s: %s", name, arguments, text(r))
	}
	out, ok := r.StructuredContent.(map[string]any)
	if !ok {
		t.Fatalf("%s: %T", name, r.StructuredContent)
	}
	if err := c.answers[name].Validate(out); err != nil {
		t.Errorf("%s answered against its own schema: %v\n%s", name, err, text(r))
	}
	return out
}

// fails checks that a call is refused in one printable line with the words.
func (c *client) fails(t testing.TB, name, arguments string, words ...string) {
	t.Helper()
	r := c.raw(t, name, arguments)
	line := text(r)
	if !r.IsError || r.StructuredContent != nil || strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		t.Errorf("%s %.200s: not refused in one line: %q", name, arguments, line)
	}
	for _, word := range words {
		if !strings.Contains(line, word) {
			t.Errorf("%s %.200s: %q does not hold %q", name, arguments, line, word)
		}
	}
}

func text(r *sdk.CallToolResult) string {
	var all strings.Builder
	for _, c := range r.Content {
		if t, ok := c.(*sdk.TextContent); ok {
			all.WriteString(t.Text)
		}
	}
	return all.String()
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func field(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}
