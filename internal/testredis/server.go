// Package testredis starts private Redis servers for tests: a real
// redis-server on a free port of the loopback interface, in a folder of its
// own, ended with the test.
package testredis

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/demo/embedded"
)

// Server is one private redis-server.
type Server struct {
	t    testing.TB
	port int
	dir  string
	args []string
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended
}

// Start starts a server, with extra arguments such as "--maxmemory", "2mb".
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("these tests need redis-server: apt-get install redis-server, or make setup")
	}
	// Not t.TempDir: a long test name would make the socket's path too long.
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, dir: dir, args: args}
	t.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(dir)
	})
	for range 5 { // somebody else may take the port first
		s.port = freePort(t)
		if s.up() {
			return s
		}
	}
	t.Fatal("redis-server does not come up; do the arguments please it? ", args)
	return nil
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// Addr is host:port.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// URL is the server's URL, database 0.
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Socket is the path of the server's unix socket.
func (s *Server) Socket() string { return filepath.Join(s.dir, "s") }

// With adds arguments for the next Up.
func (s *Server) With(args ...string) { s.args = append(s.args, args...) }

// Up starts the server, again after Kill, and waits until it answers.
func (s *Server) Up() {
	s.t.Helper()
	if !s.up() {
		s.t.Fatalf("redis-server on %s does not come up", s.Addr())
	}
}

func (s *Server) up() bool {
	args := append([]string{
		"--port", fmt.Sprint(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--unixsocket", s.Socket(),
		"--save", "", "--appendonly", "no", "--daemonize", "no",
	}, s.args...)
	s.cmd = exec.Command("redis-server", args...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, gone := s.cmd, make(chan struct{})
	s.gone = gone
	go func() {
		_ = cmd.Wait()
		close(gone)
	}()
	for range 2000 {
		// The socket is in a folder of our own: whoever answers there is the
		// server just started, and not another on the same port.
		conn, err := net.DialTimeout("unix", s.Socket(), 100*time.Millisecond)
		if err == nil {
			_ = conn.Close()
			return true
		}
		select {
		case <-gone:
			return false
		case <-time.After(5 * time.Millisecond):
		}
	}
	s.Kill()
	return false
}

// Kill ends the server at once, as a crash would.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.gone
	s.cmd = nil
}

// Pause stops the server in its tracks: connections stand, nothing answers.
func (s *Server) Pause() { _ = s.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *Server) Resume() { _ = s.cmd.Process.Signal(syscall.SIGCONT) }

// Client is a plain client for arranging and inspecting, closed with the test.
func (s *Server) Client() *redis.Client { return Client(s.t, s.Addr()) }

// Connect is a plain client on a URL.
func Connect(t testing.TB, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	return Client(t, o.Addr)
}

// Each runs a test on every kind of Redis that the engine must work on.
func Each(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("redis", func(t *testing.T) { test(t, Start(t).URL()) })
	t.Run("embedded", func(t *testing.T) {
		s, err := embedded.Start(embedded.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		test(t, s.URL())
	})
}

// Client is a plain client on any address.
func Client(t testing.TB, addr string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, MaxRetries: -1})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Eventually waits until a condition holds and fails the test when it does not
// within thirty seconds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited 30 s in vain until %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
