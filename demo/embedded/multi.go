package embedded

import (
	"strconv"
	"strings"
)

// MULTI queues here, not in the engine: at EXEC each command runs as if it had
// come alone, and so tells what it changed. WATCH stays with the engine, which
// counts the versions of keys.

func multi(x *call) {
	if x.c.multi {
		x.fail("ERR MULTI calls can not be nested")
		return
	}
	x.c.multi = true
	x.peer.WriteOK()
}

func discard(x *call) {
	if !x.c.multi {
		x.fail("ERR DISCARD without MULTI")
		return
	}
	x.ask("UNWATCH")
	x.c.endMulti()
	x.peer.WriteOK()
}

func watch(x *call) {
	if x.c.multi {
		x.fail("ERR WATCH inside MULTI is not allowed")
		return
	}
	x.c.watching = true
	x.s.toEngine(x.reply, append([]string{"WATCH"}, x.args...))
}

func unwatch(x *call) {
	x.c.watching, x.c.flushed = false, false
	x.s.toEngine(x.reply, []string{"UNWATCH"})
}

func exec(x *call) {
	c := x.c
	if !c.multi {
		x.fail("ERR EXEC without MULTI")
		return
	}
	queue, refused, changed := c.queue, c.refused, c.flushed
	if c.watching {
		// An empty transaction of the engine says whether a WATCHed key changed.
		x.ask("MULTI")
		changed = x.ask("EXEC").null() || changed
	}
	c.endMulti()
	switch {
	case refused:
		x.fail("EXECABORT Transaction discarded because of previous errors.")
		return
	case changed && c.resp3:
		x.peer.WriteNull()
		return
	case changed:
		x.peer.WriteLen(-1)
		return
	}
	x.peer.WriteLen(len(queue))
	for _, args := range queue {
		one := &call{
			reply: newReply(x.peer.Ctx, c.resp3), s: x.s, c: c, db: c.db,
			name: strings.ToUpper(args[0]), args: args[1:],
		}
		one.spec = specs[one.name]
		x.s.stats.command(x.s.now)
		if block, ok := blockers[one.name]; ok {
			x.s.tryBlock(one, block)
		} else {
			x.s.run(one)
		}
		x.peer.Ctx = one.peer.Ctx
		x.peer.WriteRaw(string(one.bytes()))
	}
}

func (c *conn) endMulti() {
	c.multi, c.queue, c.refused, c.watching, c.flushed = false, nil, false, false, false
}

// flush empties databases: no events, but WATCHed keys have changed.
func flush(x *call) {
	if len(x.args) > 1 || len(x.args) == 1 && !strings.EqualFold(x.args[0], "ASYNC") && !strings.EqualFold(x.args[0], "SYNC") {
		x.fail("ERR syntax error")
		return
	}
	x.s.toEngine(x.reply, []string{x.name})
	gone := func(db int) bool { return x.name == "FLUSHALL" || db == x.db }
	x.s.deadlines.rekey(func(db int) int {
		if gone(db) {
			return -1
		}
		return db
	})
	for k := range x.s.streams {
		if gone(k.db) {
			delete(x.s.streams, k)
		}
	}
	for c := range x.s.conns {
		c.flushed = c.watching
	}
}

func swapDB(x *call) {
	a, okA := dbNumber(x.args[0])
	b, okB := dbNumber(x.args[1])
	if !okA || !okB {
		x.fail("ERR DB index is out of range")
		return
	}
	x.s.toEngine(x.reply, append([]string{"SWAPDB"}, x.args...))
	swap := func(db int) int {
		switch db {
		case a:
			return b
		case b:
			return a
		}
		return db
	}
	x.s.deadlines.rekey(swap)
	streams := map[dbKey]*streamMeta{}
	for k, meta := range x.s.streams {
		streams[dbKey{swap(k.db), k.key}] = meta
	}
	x.s.streams = streams
}

func selectDB(x *call) {
	db, err := strconv.Atoi(x.args[0])
	switch {
	case err != nil:
		x.fail("ERR value is not an integer or out of range")
	case db < 0 || db >= databases:
		x.fail("ERR DB index is out of range")
	default:
		x.s.toEngine(x.reply, []string{"SELECT", x.args[0]})
		x.db = db
		if x.nested {
			x.s.script.db = db
		} else {
			x.c.db = db
		}
	}
}

func dbNumber(s string) (int, bool) {
	db, err := strconv.Atoi(s)
	return db, err == nil && db >= 0 && db < databases
}
