package embedded

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"time"
)

// A conn is one client. Fields without a lock of their own belong to
// Server.mu.
type conn struct {
	s       *Server
	nc      net.Conn
	r       *bufio.Reader
	out     *output
	gone    chan struct{} // closed when the connection is
	killing sync.Once

	id       int64
	since    time.Time
	last     time.Time
	name     string
	lastCmd  string
	resp3    bool
	quitting bool

	db     int
	engine any // what the engine keeps for this connection: database, WATCHed keys

	multi    bool       // between MULTI and EXEC
	queue    [][]string // commands waiting for EXEC
	refused  bool       // one of them was refused: EXEC will abort
	watching bool
	flushed  bool // a database was emptied while keys were WATCHed

	subs subscriptions
}

func newConn(s *Server, nc net.Conn, id int64) *conn {
	c := &conn{
		s: s, nc: nc, id: id, since: time.Now(), last: time.Now(),
		gone: make(chan struct{}),
		out:  &output{nc: nc, wake: make(chan struct{}, 1)},
	}
	c.r = bufio.NewReaderSize(flushingReader{c}, 32<<10)
	return c
}

// A flushingReader sends the replies waiting just before it waits for input:
// a pipeline gets its answers in one piece, and no answer is ever kept back.
type flushingReader struct{ c *conn }

func (f flushingReader) Read(p []byte) (int, error) {
	f.c.out.flush()
	return f.c.nc.Read(p)
}

func (c *conn) serve() {
	defer func() {
		c.s.forget(c)
		c.kill()
	}()
	for {
		args, err := readCommand(c.r)
		if err != nil {
			var wrong protocolError
			if errors.As(err, &wrong) {
				c.out.write([]byte("-ERR Protocol error: " + string(wrong) + "\r\n"))
				c.out.flush()
			}
			return
		}
		if len(args) == 0 {
			continue
		}
		if wait := c.s.handle(c, args); wait != nil {
			wait.wait()
		}
		if c.quitting {
			c.out.flush()
			return
		}
	}
}

// kill closes the connection. It may be called more than once, from anywhere.
func (c *conn) kill() {
	c.killing.Do(func() {
		close(c.gone)
		c.nc.Close()
	})
}

// pump sends what others publish to this connection while it reads commands.
func (c *conn) pump() {
	for {
		select {
		case <-c.out.wake:
			c.out.flush()
		case <-c.gone:
			return
		}
	}
}

// An output collects what a client is to be sent. Writing to it never blocks;
// flushing it does.
type output struct {
	nc   net.Conn
	wake chan struct{}

	mu      sync.Mutex
	pending []byte
	over    time.Time // since when the soft limit has been passed

	flushing sync.Mutex
	spare    []byte
}

func (o *output) write(b []byte) {
	o.mu.Lock()
	o.pending = append(o.pending, b...)
	o.mu.Unlock()
}

// push is write for messages nobody asked for. It is false when the client is
// too far behind.
func (o *output) push(b []byte, limit bufferLimit, now time.Time) bool {
	o.mu.Lock()
	o.pending = append(o.pending, b...)
	size := len(o.pending)
	switch {
	case limit.soft == 0 || size <= limit.soft:
		o.over = time.Time{}
	case o.over.IsZero():
		o.over = now
	}
	late := !o.over.IsZero() && now.Sub(o.over) >= limit.within
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return !late && (limit.hard == 0 || size <= limit.hard)
}

func (o *output) flush() {
	o.flushing.Lock()
	defer o.flushing.Unlock()
	for {
		o.mu.Lock()
		b := o.pending
		o.pending = o.spare[:0]
		o.mu.Unlock()
		if len(b) == 0 {
			o.spare = b
			return
		}
		o.spare = nil
		if cap(b) <= 1<<20 {
			o.spare = b[:0]
		}
		if _, err := o.nc.Write(b); err != nil {
			return // the reader sees it too, and ends the connection
		}
	}
}
