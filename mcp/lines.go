package mcp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// maxLine is the longest request in bytes: a message of 1 MiB, each byte
	// escaped in JSON, fits.
	maxLine = 16 << 20
	// lastWords is how long calls that run may take to finish at the end.
	lastWords = 10 * time.Second
)

// lineTransport is MCP's stdio form, a JSON-RPC message a line, on any two
// streams. Unlike the SDK's own it lives on after a line that is no message,
// which it answers with an error as JSON-RPC wants it, and at the end of the
// input it lets the calls that run finish: what they took from Redis would be
// lost.
type lineTransport struct {
	ctx    context.Context // its end is the input's
	in     io.Reader
	out    io.Writer
	ending func() // is called at the end of the input, before the wait for what runs
}

// Connect starts to read.
func (t *lineTransport) Connect(context.Context) (sdk.Connection, error) {
	c := &lineConn{ctx: t.ctx, ending: t.ending, out: t.out, lines: make(chan line), closed: make(chan struct{}), open: map[jsonrpc.ID]struct{}{}}
	c.idle.L = &c.mu
	go c.read(bufio.NewReaderSize(t.in, 64<<10))
	return c, nil
}

type line struct {
	text []byte
	err  error
}

var errLong = fmt.Errorf("a message has more than %d bytes", maxLine)

type lineConn struct {
	ctx    context.Context
	ending func()
	lines  chan line
	closed chan struct{}
	once   sync.Once

	mu    sync.Mutex
	out   io.Writer
	open  map[jsonrpc.ID]struct{} // calls that have no answer yet
	idle  sync.Cond
	given bool // the wait for them is over
}

// SessionID is empty: there is one client.
func (c *lineConn) SessionID() string { return "" }

// read hands on lines until the input ends. A read that waits for a stream
// cannot be ended; it goes with the process, or with the stream.
func (c *lineConn) read(from *bufio.Reader) {
	for {
		l := nextLine(from)
		select {
		case c.lines <- l:
		case <-c.closed:
			return
		}
		if l.err != nil && !errors.Is(l.err, errLong) {
			return
		}
	}
}

// nextLine reads a line; of one that is too long nothing is kept.
func nextLine(from *bufio.Reader) (l line) {
	long := false
	for {
		part, err := from.ReadSlice('\n')
		if long = long || len(l.text)+len(part) > maxLine; long {
			l.text = nil
		} else {
			l.text = append(l.text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long:
			l.err = errLong
		case err != nil && len(l.text) == 0:
			l.err = err
		}
		return l
	}
}

// Read gives the next message. It answers what is none by itself.
func (c *lineConn) Read(ctx context.Context) (jsonrpc.Message, error) {
	for {
		var l line
		select {
		case l = <-c.lines:
		case <-c.ctx.Done():
			l.err = io.EOF
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-c.closed:
			return nil, io.EOF
		}
		switch {
		case errors.Is(l.err, errLong):
			c.refuse(jsonrpc.CodeInvalidRequest, l.err)
			continue
		case l.err != nil:
			c.finish()
			return nil, l.err
		}
		message, code, err := parse(l.text)
		switch {
		case err != nil:
			c.refuse(code, err)
		case message != nil:
			if call, ok := message.(*jsonrpc.Request); ok && call.IsCall() && call.Method == "tools/call" {
				c.mu.Lock()
				c.open[call.ID] = struct{}{}
				c.mu.Unlock()
			}
			return message, nil
		}
	}
}

// parse reads a line; an empty one is nothing.
func parse(text []byte) (message jsonrpc.Message, code int, err error) {
	var raw json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		for _, b := range text {
			if b > ' ' {
				return nil, jsonrpc.CodeParseError, fmt.Errorf("a line is not JSON: %w", err)
			}
		}
		return nil, 0, nil
	}
	if raw[0] == '[' {
		return nil, jsonrpc.CodeInvalidRequest, errors.New("batches are not supported: send one message a line")
	}
	if message, err = jsonrpc.DecodeMessage(raw); err != nil {
		return nil, jsonrpc.CodeInvalidRequest, fmt.Errorf("a line is no JSON-RPC 2.0 message: %w", err)
	}
	return message, 0, nil
}

// refusal is the answer to a line that is no message; its id is null.
type refusal struct {
	Version string        `json:"jsonrpc"`
	ID      *string       `json:"id"`
	Error   jsonrpc.Error `json:"error"`
}

// refuse answers a line that is no message: to nobody in particular, since it
// has no id that could be trusted.
func (c *lineConn) refuse(code int, why error) {
	answer, _ := json.Marshal(refusal{Version: "2.0", Error: jsonrpc.Error{Code: int64(code), Message: oneLine(why)}})
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.out.Write(append(answer, '\n'))
}

// Write writes a message, whatever has become of the call's context: an answer
// that was worked out is given.
func (c *lineConn) Write(_ context.Context, m jsonrpc.Message) error {
	text, err := jsonrpc.EncodeMessage(m)
	if err != nil {
		return fmt.Errorf("mcp: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer, ok := m.(*jsonrpc.Response); ok {
		delete(c.open, answer.ID)
		c.idle.Broadcast()
	}
	_, err = c.out.Write(append(text, '\n'))
	return err
}

// finish waits until all calls have their answers, but not for ever.
func (c *lineConn) finish() {
	c.ending()
	enough := func() {
		c.mu.Lock()
		c.given = true
		c.idle.Broadcast()
		c.mu.Unlock()
	}
	late := time.AfterFunc(lastWords, enough)
	defer late.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.open) > 0 && !c.given {
		c.idle.Wait()
	}
}

// Close ends the connection. The streams are their owner's.
func (c *lineConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}
