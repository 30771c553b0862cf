package embedded

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// client answers CLIENT. SETINFO came with Redis 7.2; libraries send it to
// every server, so it is taken and forgotten.
func client(x *call) {
	args := x.args[1:]
	switch sub := strings.ToUpper(x.args[0]); {
	case sub == "ID" && len(args) == 0:
		x.peer.WriteInt(int(x.c.id))
	case sub == "GETNAME" && len(args) == 0:
		if x.c.name == "" {
			x.peer.WriteNull()
			return
		}
		x.peer.WriteBulk(x.c.name)
	case sub == "SETNAME" && len(args) == 1:
		if strings.ContainsFunc(args[0], func(r rune) bool { return r < '!' || r > '~' }) {
			x.fail("ERR Client names cannot contain spaces, newlines or special characters.")
			return
		}
		x.c.name = args[0]
		x.peer.WriteOK()
	case sub == "SETINFO" && len(args) == 2, sub == "NO-EVICT" && len(args) == 1:
		x.peer.WriteOK()
	case sub == "INFO" && len(args) == 0:
		x.peer.WriteBulk(x.s.describe(x.c) + "\n")
	case sub == "LIST":
		clientList(x, args)
	case sub == "KILL" && len(args) > 0:
		clientKill(x, args)
	default:
		x.unknownSubcommand()
	}
}

func clientList(x *call, args []string) {
	keep := func(*conn) bool { return true }
	switch {
	case len(args) == 2 && strings.EqualFold(args[0], "TYPE"):
		keep = func(c *conn) bool { return c.kind() == strings.ToLower(args[1]) }
	case len(args) > 1 && strings.EqualFold(args[0], "ID"):
		keep = func(c *conn) bool { return slices.Contains(args[1:], strconv.FormatInt(c.id, 10)) }
	case len(args) > 0:
		x.fail("ERR syntax error")
		return
	}
	var b strings.Builder
	for _, c := range x.s.clients() {
		if keep(c) {
			b.WriteString(x.s.describe(c) + "\n")
		}
	}
	x.peer.WriteBulk(b.String())
}

// clients are the connections, the oldest first.
func (s *Server) clients() []*conn {
	return slices.SortedFunc(maps.Keys(s.conns), func(a, b *conn) int { return cmp.Compare(a.id, b.id) })
}

func (c *conn) kind() string {
	if c.subs.count() > 0 {
		return "pubsub"
	}
	return "normal"
}

// describe is a line of CLIENT LIST, with the fields that are known here.
func (s *Server) describe(c *conn) string {
	flags, queued, resp := "N", -1, 2
	if c.subs.count() > 0 {
		flags = "P"
	}
	if c.multi {
		flags, queued = "x", len(c.queue)
	}
	if c.resp3 {
		resp = 3
	}
	c.out.mu.Lock()
	waiting := len(c.out.pending)
	c.out.mu.Unlock()
	return fmt.Sprintf("id=%d addr=%s laddr=%s name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d ssub=0 multi=%d omem=%d cmd=%s user=default redir=-1 resp=%d",
		c.id, c.nc.RemoteAddr(), c.nc.LocalAddr(), c.name, ageSeconds(c.since, s.now), ageSeconds(c.last, s.now), flags, c.db,
		len(c.subs.channels), len(c.subs.patterns), queued, waiting, c.lastCmd, resp)
}

// clientKill ends connections: by address (the old form), or by filters that
// must all fit. It spares its own connection unless told otherwise.
func clientKill(x *call, args []string) {
	if len(args) == 1 {
		for c := range x.s.conns {
			if c.nc.RemoteAddr().String() == args[0] {
				x.end(c)
				x.peer.WriteOK()
				return
			}
		}
		x.fail("ERR No such client")
		return
	}
	fits := []func(*conn) bool{func(c *conn) bool { return c != x.c }}
	for ; len(args) > 1; args = args[2:] {
		value := args[1]
		switch strings.ToUpper(args[0]) {
		case "ID":
			fits = append(fits, func(c *conn) bool { return strconv.FormatInt(c.id, 10) == value })
		case "ADDR":
			fits = append(fits, func(c *conn) bool { return c.nc.RemoteAddr().String() == value })
		case "TYPE":
			fits = append(fits, func(c *conn) bool { return c.kind() == strings.ToLower(value) })
		case "SKIPME":
			fits[0] = func(c *conn) bool { return c != x.c || strings.EqualFold(value, "no") }
		default:
			x.fail("ERR syntax error")
			return
		}
	}
	if len(args) > 0 {
		x.fail("ERR syntax error")
		return
	}
	killed := 0
	for c := range x.s.conns {
		if !slices.ContainsFunc(fits, func(fit func(*conn) bool) bool { return !fit(c) }) {
			x.end(c)
			killed++
		}
	}
	x.peer.WriteInt(killed)
}

// end closes a connection; the caller's own after its answer.
func (x *call) end(c *conn) {
	if c == x.c {
		c.quitting = true
		return
	}
	c.kill()
}
