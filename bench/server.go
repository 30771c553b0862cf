package bench

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// ErrNoServer says that there is no redis-server that could be started.
var ErrNoServer = errors.New("no redis-server in the path; install it, or measure a server of yours with --here")

// Server is a redis-server of one's own: on a free port of the loopback
// interface, in a folder of its own, saving nothing.
type Server struct {
	Address string // host:port
	cmd     *exec.Cmd
	dir     string
	gone    chan struct{}
}

// StartServer starts a server and waits until it answers. The error matches
// ErrNoServer where there is none to start.
func StartServer() (*Server, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, ErrNoServer
	}
	var last error
	for range 5 { // somebody else may take the port first
		s, err := start()
		if err == nil {
			return s, nil
		}
		last = err
	}
	return nil, last
}

func start() (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Address: l.Addr().String(), gone: make(chan struct{})}
	_ = l.Close()
	if s.dir, err = os.MkdirTemp("", "ifpacket-bench"); err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(s.Address)
	socket := filepath.Join(s.dir, "s")
	s.cmd = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--unixsocket", socket, "--save", "", "--appendonly", "no", "--daemonize", "no")
	if err := s.cmd.Start(); err != nil {
		_ = os.RemoveAll(s.dir)
		return nil, fmt.Errorf("redis-server: %w", err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.gone)
	}()
	for range 1000 {
		// The socket is in a folder of our own: whoever answers there is ours.
		if conn, err := net.DialTimeout("unix", socket, 100*time.Millisecond); err == nil {
			_ = conn.Close()
			return s, nil
		}
		select {
		case <-s.gone:
			_ = os.RemoveAll(s.dir)
			return nil, fmt.Errorf("redis-server ended at once on port %s", port)
		case <-time.After(5 * time.Millisecond):
		}
	}
	s.Close()
	return nil, fmt.Errorf("redis-server on port %s does not answer", port)
}

// URL is the server's URL.
func (s *Server) URL() string { return "redis://" + s.Address + "/0" }

// Port is the server's port.
func (s *Server) Port() int {
	_, port, _ := net.SplitHostPort(s.Address)
	n, _ := strconv.Atoi(port)
	return n
}

// Close ends the server and removes its folder.
func (s *Server) Close() {
	_ = s.cmd.Process.Kill()
	<-s.gone
	_ = os.RemoveAll(s.dir)
}
