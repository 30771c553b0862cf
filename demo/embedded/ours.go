package embedded

import (
	"strconv"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2/server"
)

// databases is how many there are, as many as Redis has by default.
const databases = 16

// version is the Redis whose behaviour this follows.
const version = "7.0.15"

// ours are the commands done here, because the engine has them not, or not as
// Redis has them, or because they belong to the connection. It is filled late:
// some of them run others.
var ours map[string]func(*call)

func init() {
	ours = map[string]func(*call){
		"ACL": acl, "CLIENT": client, "CONFIG": configCommand, "HELLO": hello, "INFO": info,
		"LASTSAVE": lastSave, "LATENCY": latency, "MEMORY": memory, "PING": ping, "QUIT": quit,
		"RESET": reset, "ROLE": role, "SELECT": selectDB, "SLOWLOG": slowlog,

		"SUBSCRIBE": subscribe, "UNSUBSCRIBE": unsubscribe, "PSUBSCRIBE": psubscribe,
		"PUNSUBSCRIBE": punsubscribe, "PUBLISH": publish, "PUBSUB": pubsub,

		"MULTI": multi, "EXEC": exec, "DISCARD": discard, "WATCH": watch, "UNWATCH": unwatch,
		"EVAL": eval, "EVALSHA": eval, "EVAL_RO": eval, "EVALSHA_RO": eval, "SCRIPT": scriptCommand,

		"GETEX": getexCommand, "SETRANGE": setrange, "COPY": copyKey, "ZUNIONSTORE": zstore, "ZINTERSTORE": zstore,
		"FLUSHALL": flush, "FLUSHDB": flush, "SWAPDB": swapDB, "TYPE": typeOf,
		"TTL": timeLeft, "PTTL": timeLeft, "EXPIRETIME": timeLeft, "PEXPIRETIME": timeLeft,
		"XADD": xadd, "XTRIM": xtrim, "XDEL": xdel, "XRANGE": xrange, "XREVRANGE": xrange, "XINFO": xinfo,
	}
}

func typeOf(x *call) {
	kind := x.s.kind(x.key(0))
	if kind == "" {
		kind = "none"
	}
	x.peer.WriteInline(kind)
}

// timeLeft answers TTL, PTTL, EXPIRETIME and PEXPIRETIME.
func timeLeft(x *call) {
	d, has := x.s.deadlines.byKey[x.key(0)]
	if !has {
		if x.s.exists(x.key(0)) {
			x.peer.WriteInt(-1)
		} else {
			x.peer.WriteInt(-2)
		}
		return
	}
	// Redis counts in whole milliseconds and rounds to seconds.
	left := int(d.at.UnixMilli() - x.s.now.UnixMilli())
	switch x.name {
	case "TTL":
		x.peer.WriteInt((left + 500) / 1000)
	case "PTTL":
		x.peer.WriteInt(left)
	case "EXPIRETIME":
		x.peer.WriteInt(int(d.at.UnixMilli()+500) / 1000)
	default:
		x.peer.WriteInt(int(d.at.UnixMilli()))
	}
}

// getexCommand is GET and what its option stands for: the engine answers
// nothing when the key is missing.
func getexCommand(x *call) {
	key, options := x.args[0], x.args[1:]
	var then []string
	switch {
	case len(options) == 0:
	case len(options) == 1 && strings.EqualFold(options[0], "PERSIST"):
		then = []string{"PERSIST", key}
	case len(options) == 2 && isTTLOption(options[0]):
		commands := map[string]string{"EX": "EXPIRE", "PX": "PEXPIRE", "EXAT": "EXPIREAT", "PXAT": "PEXPIREAT"}
		then = []string{commands[strings.ToUpper(options[0])], key, options[1]}
		n, err := strconv.Atoi(options[1])
		switch {
		case err != nil:
			x.fail("ERR value is not an integer or out of range")
			return
		case n <= 0:
			x.fail("ERR invalid expire time in 'getex' command")
			return
		}
	default:
		x.fail("ERR syntax error")
		return
	}
	x.s.toEngine(x.reply, []string{"GET", key})
	if then != nil && !x.failed() && !x.null() {
		x.ask(then...)
	}
}

// setrange of nothing changes nothing: the engine would make an empty key.
func setrange(x *call) {
	if n, err := strconv.Atoi(x.args[1]); x.args[2] == "" && err == nil && n >= 0 {
		x.s.toEngine(x.reply, []string{"STRLEN", x.args[0]})
		return
	}
	x.s.toEngine(x.reply, append([]string{"SETRANGE"}, x.args...))
}

// copyKey clears the target first: the engine leaves the target's TTL and its
// value of another type behind.
func copyKey(x *call) {
	replace, understood := false, true
	for options := x.args[2:]; len(options) > 0; {
		switch {
		case strings.EqualFold(options[0], "REPLACE"):
			replace, options = true, options[1:]
		case strings.EqualFold(options[0], "DB") && len(options) > 1:
			_, ok := dbNumber(options[1])
			understood, options = understood && ok, options[2:]
		default:
			understood, options = false, nil
		}
	}
	if !understood {
		x.fail("ERR syntax error")
		return
	}
	from := x.key(0)
	if to, _ := x.copyTarget(); replace && to != from && x.s.exists(from) {
		x.s.direct(func() { x.s.engine.DB(to.db).Del(to.key) })
	}
	x.s.toEngine(x.reply, append([]string{"COPY"}, x.args...))
}

// zstore looks at the sources first: the engine removes the target before it
// finds that one is of the wrong type.
func zstore(x *call) {
	for _, key := range counted(x.args, 1) {
		if kind := x.s.kind(dbKey{x.db, key}); kind != "" && kind != "zset" && kind != "set" {
			x.fail(wrongType)
			return
		}
	}
	x.s.toEngine(x.reply, append([]string{x.name}, x.args...))
}

func ping(x *call) {
	text := "PONG"
	switch {
	case len(x.args) > 1:
		x.fail(wrongNumber(x.name))
		return
	case len(x.args) == 1:
		text = x.args[0]
	}
	switch {
	case !x.nested && !x.c.resp3 && x.c.subs.count() > 0:
		x.peer.WriteStrings([]string{"pong", strings.TrimPrefix(text, "PONG")})
	case len(x.args) == 1:
		x.peer.WriteBulk(text)
	default:
		x.peer.WriteInline(text)
	}
}

func quit(x *call) {
	x.c.quitting = true
	x.peer.WriteOK()
}

func reset(x *call) {
	x.c.endMulti()
	x.ask("UNWATCH")
	x.ask("SELECT", "0")
	x.s.hub.leave(x.c)
	x.c.db, x.c.name, x.c.resp3 = 0, "", false
	x.peer.Resp3 = false
	x.peer.WriteInline("RESET")
}

func role(x *call) {
	x.peer.WriteLen(3)
	x.peer.WriteBulk("master")
	x.peer.WriteInt(0)
	x.peer.WriteLen(0)
}

func lastSave(x *call) { x.peer.WriteInt(int(x.s.started.Unix())) }

// latency and slowlog: nothing is measured, so there is nothing to show.
func latency(x *call) {
	switch sub := strings.ToUpper(x.args[0]); {
	case sub == "LATEST" && len(x.args) == 1, sub == "HISTORY" && len(x.args) == 2:
		x.peer.WriteLen(0)
	case sub == "HISTOGRAM":
		x.peer.WriteMapLen(0)
	case sub == "RESET":
		x.peer.WriteInt(0)
	default:
		x.unknownSubcommand()
	}
}

func slowlog(x *call) {
	switch sub := strings.ToUpper(x.args[0]); {
	case sub == "GET" && len(x.args) <= 2:
		x.peer.WriteLen(0)
	case sub == "LEN" && len(x.args) == 1:
		x.peer.WriteInt(0)
	case sub == "RESET" && len(x.args) == 1:
		x.peer.WriteOK()
	default:
		x.unknownSubcommand()
	}
}

func acl(x *call) {
	switch sub := strings.ToUpper(x.args[0]); {
	case sub == "WHOAMI" && len(x.args) == 1:
		x.peer.WriteBulk("default")
	case sub == "USERS" && len(x.args) == 1:
		x.peer.WriteStrings([]string{"default"})
	case sub == "LIST" && len(x.args) == 1:
		x.peer.WriteStrings([]string{"user default on nopass sanitize-payload ~* &* +@all"})
	default:
		x.unknownSubcommand()
	}
}

// memory: USAGE is the engine's estimate; SAMPLES means nothing to it.
func memory(x *call) {
	if !strings.EqualFold(x.args[0], "USAGE") || len(x.args) < 2 {
		x.unknownSubcommand()
		return
	}
	x.s.toEngine(x.reply, []string{"MEMORY", "USAGE", x.args[1]})
}

func hello(x *call) {
	c, resp3, name := x.c, x.c.resp3, x.c.name
	args := x.args
	if len(args) > 0 {
		switch args[0] {
		case "2", "3":
			resp3 = args[0] == "3"
		default:
			x.fail("NOPROTO unsupported protocol version")
			return
		}
		args = args[1:]
	}
	for len(args) > 0 {
		switch option := strings.ToUpper(args[0]); {
		case option == "AUTH" && len(args) > 2:
			// Every password is right when none is set, for the default user.
			if args[1] != "default" {
				x.fail("WRONGPASS invalid username-password pair or user is disabled.")
				return
			}
			args = args[3:]
		case option == "SETNAME" && len(args) > 1:
			name, args = args[1], args[2:]
		default:
			x.fail("ERR Syntax error in HELLO option '" + args[0] + "'")
			return
		}
	}
	c.resp3, c.name = resp3, name
	x.peer.Resp3 = resp3
	x.peer.Block(func(w *server.Writer) {
		text := func(name, s string) { w.WriteBulk(name); w.WriteBulk(s) }
		number := func(name string, n int) { w.WriteBulk(name); w.WriteInt(n) }
		w.WriteMapLen(7)
		text("server", "redis")
		text("version", version)
		number("proto", map[bool]int{false: 2, true: 3}[resp3])
		number("id", int(c.id))
		text("mode", "standalone")
		text("role", "master")
		w.WriteBulk("modules")
		w.WriteLen(0)
	})
}

func ageSeconds(from, to time.Time) int { return int(to.Sub(from) / time.Second) }
