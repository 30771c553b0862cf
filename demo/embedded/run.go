package embedded

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2/server"
)

// A call is a command being carried out: one from a connection, one from a
// MULTI queue, or one that a script makes.
type call struct {
	*reply
	s    *Server
	c    *conn // whose command it is; the script's caller for a script's
	name string
	args []string // without the name
	spec spec

	db      int // the database it works on
	nested  bool
	trimmed bool // XADD: it also removed entries
}

// handle carries out a command of a connection and queues the answer. A
// command that has to wait gives what to wait for.
func (s *Server) handle(c *conn, args []string) *waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	x := &call{
		reply: newReply(c.engine, c.resp3), s: s, c: c, db: c.db,
		name: strings.ToUpper(args[0]), args: args[1:],
	}
	c.last, c.lastCmd = s.now, strings.ToLower(x.name)
	s.stats.command(s.now)
	wait := s.outermost(x, args)
	if wait == nil && len(x.bytes()) == 0 {
		x.fail("ERR no answer") // a client must never wait for one in vain
	}
	c.engine = x.peer.Ctx
	c.out.write(x.bytes())
	s.serveWaiters()
	return wait
}

// outermost is what only a command from a connection goes through.
func (s *Server) outermost(x *call, args []string) *waiter {
	c := x.c
	sp, ok := specs[x.name]
	switch {
	case !ok:
		x.fail(unknownCommand(args))
	case !sp.accepts(len(x.args)):
		x.fail(wrongNumber(x.name))
	case !c.resp3 && c.subs.count() > 0 && !slices.Contains(whileSubscribed, x.name):
		x.fail(fmt.Sprintf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context", strings.ToLower(x.name)))
	case c.multi && !slices.Contains(whileQueueing, x.name):
		c.queue = append(c.queue, args)
		x.peer.WriteInline("QUEUED")
		return nil
	default:
		x.spec = sp
		if block, ok := blockers[x.name]; ok {
			return s.block(x, block)
		}
		s.run(x)
		return nil
	}
	c.refused = c.multi
	return nil
}

var (
	whileSubscribed = []string{"SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "PING", "QUIT", "RESET"}
	whileQueueing   = []string{"MULTI", "EXEC", "DISCARD", "WATCH", "QUIT", "RESET"}
)

// run carries out a command and tells what it changed.
func (s *Server) run(x *call) {
	if !x.spec.write {
		s.lookups(x)
		s.carryOut(x)
		return
	}
	w := &write{call: x, keys: x.spec.writes(x.name, x.args)}
	w.look()
	s.carryOut(x)
	w.finish()
}

// carryOut has a command done by us or by the engine.
func (s *Server) carryOut(x *call) {
	if own, ok := ours[x.name]; ok {
		own(x)
		return
	}
	s.toEngine(x.reply, append([]string{x.name}, x.args...))
}

// ask gives a command to the engine in the place of a call and returns the
// answer, in RESP 2.
func (x *call) ask(args ...string) *reply {
	r := newReply(x.peer.Ctx, false)
	x.s.toEngine(r, args)
	x.peer.Ctx = r.peer.Ctx
	return r
}

// toEngine gives a command to the engine. Some of its commands panic when
// arguments are missing; here that is an error of the command.
func (s *Server) toEngine(r *reply, args []string) {
	defer func(was bool) {
		s.dispatch = was
		if fault := recover(); fault != nil {
			if !s.locked { // a panic leaves the engine locked
				s.engine.TryLock()
				s.engine.Unlock()
			}
			r.fail("ERR syntax error")
		}
	}(s.dispatch)
	s.dispatch = true
	s.engine.Server().Dispatch(r.peer, args)
	r.peer.SwitchResp3 = nil
	r.oneError()
}

// hook sees every command the engine is given. Ours it lets through; what is
// left are the commands of a script.
func (s *Server) hook(peer *server.Peer, name string, args ...string) bool {
	if s.dispatch {
		s.dispatch = false // true for this one command only, not for what a script calls
		return false
	}
	if s.script == nil {
		return false // never: nobody else reaches the engine
	}
	s.locked = true
	defer func() { s.locked = false }()
	x := s.script.nested(peer, name, args)
	peer.Ctx = x.peer.Ctx
	peer.WriteRaw(string(x.bytes()))
	return true
}

func (x *call) key(i int) dbKey { return dbKey{x.db, x.args[i]} }

const wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"

func unknownCommand(args []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ERR unknown command '%.128s', with args beginning with: ", args[0])
	for _, a := range args[1:] {
		if b.Len() > 128 {
			break
		}
		fmt.Fprintf(&b, "'%.128s' ", a)
	}
	return b.String()
}

func wrongNumber(name string) string {
	return fmt.Sprintf("ERR wrong number of arguments for '%s' command", strings.ToLower(name))
}

func (x *call) unknownSubcommand() {
	x.fail(fmt.Sprintf("ERR unknown subcommand '%.128s'. Try %s HELP.", x.args[0], x.name))
}

// stats is what INFO counts.
type stats struct {
	connections, commands  int64
	hits, misses, expired  int64
	second                 int64 // the second being counted
	thisSecond, lastSecond int64
}

func (st *stats) command(now time.Time) {
	st.commands++
	st.roll(now)
	st.thisSecond++
}

// roll starts the count of a new second when there is one.
func (st *stats) roll(now time.Time) {
	sec := now.Unix()
	switch sec {
	case st.second:
		return
	case st.second + 1:
		st.lastSecond = st.thisSecond
	default:
		st.lastSecond = 0
	}
	st.second, st.thisSecond = sec, 0
}
