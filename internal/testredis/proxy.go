package testredis

import (
	"bytes"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// Proxy stands between a client and a server and cuts connections, so that a
// test can see what becomes of requests whose replies are lost.
type Proxy struct {
	listener net.Listener
	server   string
	running  sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
	marker []byte
	left   int        // replies to requests with the marker that will be lost
	dice   *rand.Rand // nil: no cuts at random
	chance float64
	lost   int
	deaf   bool
}

// NewProxy starts a proxy in front of an address; it ends with the test.
func NewProxy(t testing.TB, server string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, server: server, conns: map[net.Conn]struct{}{}}
	p.running.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// URL is what clients connect with.
func (p *Proxy) URL() string { return "redis://" + p.listener.Addr().String() + "/0" }

// LoseReplies forwards the next n requests that hold the marker (in any case),
// waits for the server's reply to each, and cuts the connection in its place.
func (p *Proxy) LoseReplies(n int, marker string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.marker = n, bytes.ToLower([]byte(marker))
}

// CutAtRandom cuts the connection at each piece of data with a chance from 0
// to 1: a reply is lost whole, of a request a part may still arrive. A chance
// of 0 ends it.
func (p *Proxy) CutAtRandom(chance float64, seed uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chance, p.dice = chance, rand.New(rand.NewPCG(seed, 0))
}

// Deafen keeps from subscribers all that the server tells them, while their
// connections stand.
func (p *Proxy) Deafen(deaf bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = deaf
}

// Cuts is how many connections were cut on purpose.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// Close ends all connections and waits until they are gone.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	_ = p.listener.Close()
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			_, _ = client.Close(), server.Close()
			return
		}
		p.conns[client], p.conns[server] = struct{}{}, struct{}{}
		p.mu.Unlock()
		link := &link{proxy: p, client: client, server: server}
		p.running.Go(link.requests)
		p.running.Go(link.replies)
	}
}

// link is one connection through the proxy.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	mu             sync.Mutex
	doomed         bool // the next reply will be lost
	listens        bool // it has subscribed
}

func (l *link) cut() {
	_, _ = l.client.Close(), l.server.Close()
	l.proxy.mu.Lock()
	delete(l.proxy.conns, l.client)
	delete(l.proxy.conns, l.server)
	l.proxy.mu.Unlock()
}

func (l *link) requests() {
	defer l.cut()
	buf := make([]byte, 256<<10)
	for {
		n, err := l.client.Read(buf)
		if err != nil {
			return
		}
		if keep := l.proxy.fate(n); keep < n {
			_, _ = l.server.Write(buf[:keep])
			return
		}
		l.mu.Lock()
		l.doomed = l.doomed || l.proxy.marked(buf[:n])
		l.listens = l.listens || bytes.Contains(bytes.ToLower(buf[:n]), []byte("psubscribe"))
		l.mu.Unlock()
		if _, err := l.server.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (l *link) replies() {
	defer l.cut()
	buf := make([]byte, 256<<10)
	for {
		n, err := l.server.Read(buf)
		if err != nil {
			return
		}
		l.mu.Lock()
		doomed, listens := l.doomed, l.listens
		l.mu.Unlock()
		if listens && l.proxy.deafened() {
			continue
		}
		if doomed || l.proxy.fate(n) < n {
			return
		}
		if _, err := l.client.Write(buf[:n]); err != nil {
			return
		}
	}
}

// fate says how much of n bytes may pass before the connection is cut; n when
// it is not.
func (p *Proxy) fate(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dice == nil || p.dice.Float64() >= p.chance {
		return n
	}
	p.lost++
	return p.dice.IntN(n)
}

func (p *Proxy) deafened() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deaf
}

func (p *Proxy) marked(request []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 || !bytes.Contains(bytes.ToLower(request), p.marker) {
		return false
	}
	p.left--
	p.lost++
	return true
}
