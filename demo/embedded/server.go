package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Options says how to start a Server. The zero value will do.
type Options struct {
	// Addr is where to listen, 127.0.0.1:0 if empty: a free port of the loopback.
	Addr string
}

// Server is one embedded Redis. Its methods may be called from anywhere.
type Server struct {
	listener net.Listener
	engine   *miniredis.Miniredis
	started  time.Time
	runID    string
	done     chan struct{}
	closing  sync.Once
	running  sync.WaitGroup

	// mu makes commands run one at a time; all that follows belongs to it.
	mu        sync.Mutex
	now       time.Time // when the present command began; TTLs count from it
	conns     map[*conn]struct{}
	nextID    int64
	config    config
	flags     class // of notify-keyspace-events
	hub       hub
	deadlines deadlines
	streams   map[dbKey]*streamMeta
	scripts   map[string]script // by SHA-1 of their text
	script    *scriptRun        // the script that is running
	dispatch  bool              // the engine works for us: its hook lets the command through
	locked    bool              // a script holds the engine's own lock
	waiters   []*waiter
	touched   []dbKey // keys written since the waiters were last served
	stats     stats
}

// A dbKey names a key in one of the numbered databases.
type dbKey struct {
	db  int
	key string
}

// Start starts a Server. It is ready when Start returns.
func Start(opts Options) (*Server, error) {
	addr := opts.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("embedded redis: %w", err)
	}
	now := time.Now()
	s := &Server{
		listener:  listener,
		engine:    miniredis.NewMiniRedis(),
		started:   now,
		now:       now,
		runID:     randomHex(20),
		done:      make(chan struct{}),
		conns:     map[*conn]struct{}{},
		config:    newConfig(),
		hub:       newHub(),
		deadlines: newDeadlines(),
		streams:   map[dbKey]*streamMeta{},
		scripts:   map[string]script{},
	}
	// Dial is the one way to start the engine without a listener of its own.
	pipe, err := s.engine.Dial()
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("embedded redis: %w", err)
	}
	pipe.Close()
	s.engine.Server().SetPreHook(s.hook)
	s.running.Go(s.accept)
	s.running.Go(s.expire)
	return s, nil
}

// Addr is the address the server listens on, host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is what clients connect with: redis://host:port/0.
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Close ends the server and all its connections, and waits until they are
// gone. What it held is lost. Closing twice is fine.
func (s *Server) Close() {
	s.closing.Do(func() {
		close(s.done)
		s.listener.Close()
		s.mu.Lock()
		for c := range s.conns {
			c.kill()
		}
		s.mu.Unlock()
		s.running.Wait()
		s.engine.Close()
	})
}

func (s *Server) accept() {
	for {
		nc, err := s.listener.Accept()
		if err != nil {
			select {
			case <-s.done:
				return
			case <-time.After(10 * time.Millisecond): // out of file descriptors, perhaps
				continue
			}
		}
		s.mu.Lock()
		select {
		case <-s.done:
			nc.Close()
		default:
			s.nextID++
			c := newConn(s, nc, s.nextID)
			s.conns[c] = struct{}{}
			s.stats.connections++
			s.running.Go(c.serve)
		}
		s.mu.Unlock()
	}
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.hub.leave(c)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
