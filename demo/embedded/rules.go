package embedded

import (
	"slices"
	"strings"
)

// A rule sends the events of a command that did not fail, from its arguments,
// its answer and what was there before. Classes, names and order are those of
// Redis 7.0; the tests hold them against a real server.
type rule func(*write)

// rules has one for every command that can change a key.
var rules = func() map[string]rule {
	all := map[string]rule{}
	for _, group := range []map[string]rule{keyRules, stringRules, listRules, hashRules, setRules, zsetRules, streamRules} {
		for name, r := range group {
			all[name] = r
		}
	}
	return all
}()

// probes look at what a rule needs to know from before, where the answer does
// not tell whether something changed.
var probes = map[string]func(*write) string{
	"ZADD":       (*write).scores,
	"ZINCRBY":    (*write).scores,
	"GEOADD":     (*write).scores,
	"SMOVE":      (*write).memberOfTarget,
	"GETEX":      (*write).hasTTL,
	"XGROUP":     (*write).consumers,
	"XREADGROUP": (*write).consumers,
	"XCLAIM":     (*write).consumers,
	"XAUTOCLAIM": (*write).consumers,
}

// always: the command changes its first key whenever it does not fail.
func always(c class, event string) rule {
	return func(w *write) { w.say(c, event, 0) }
}

// ifGave: the answer tells, by a number above 0, a value, or an array with
// something in it.
func ifGave(c class, event string) rule {
	return func(w *write) {
		if w.gave() || w.number() > 0 {
			w.say(c, event, 0)
		}
	}
}

// taking is ifGave for commands that can empty a key, which removes it.
func taking(c class, event string) rule {
	return func(w *write) {
		if w.gave() || w.number() > 0 {
			w.say(c, event, 0)
			w.gone(0)
		}
	}
}

// storing: the answer is the size of what was stored; nothing removes the key.
func storing(c class, event string) rule {
	return func(w *write) {
		if w.number() > 0 {
			w.say(c, event, 0)
		} else {
			w.gone(0)
		}
	}
}

// each: the command changes all its keys.
func each(c class, event string) rule {
	return func(w *write) {
		for i := range w.keys {
			w.say(c, event, i)
		}
	}
}

var keyRules = map[string]rule{
	"DEL":       deleted,
	"UNLINK":    deleted,
	"EXPIRE":    expiry,
	"PEXPIRE":   expiry,
	"EXPIREAT":  expiry,
	"PEXPIREAT": expiry,
	"PERSIST":   ifGave(genericEvents, "persist"),
	"RENAME":    renamed,
	"RENAMENX": func(w *write) {
		if w.number() > 0 {
			renamed(w)
		}
	},
	"COPY": func(w *write) {
		if to, ok := w.otherDB(); ok && w.number() > 0 {
			w.s.notify(newEvents, "new", to)
			w.s.notify(genericEvents, "copy_to", to)
		}
	},
	"MOVE": func(w *write) {
		if to, ok := w.otherDB(); ok && w.number() > 0 {
			w.s.notify(newEvents, "new", to)
			w.s.notify(genericEvents, "move_from", w.key(0))
			w.s.notify(genericEvents, "move_to", to)
		}
	},
	"RESTORE": always(genericEvents, "restore"),
}

func deleted(w *write) {
	for i, k := range w.keys {
		if w.existed[i] && w.index(k) == i {
			w.s.notify(genericEvents, "del", dbKey{w.db, k})
		}
	}
}

// expiry: a time in the past removes the key at once.
func expiry(w *write) {
	if w.number() == 0 {
		return
	}
	if w.s.exists(w.key(0)) {
		w.say(genericEvents, "expire", 0)
	} else {
		w.gone(0)
	}
}

func renamed(w *write) {
	if w.keys[0] == w.keys[1] {
		return
	}
	w.s.notify(newEvents, "new", w.key(1))
	w.s.notify(genericEvents, "rename_from", w.key(0))
	w.s.notify(genericEvents, "rename_to", w.key(1))
}

// otherDB is the key that COPY and MOVE write to.
func (w *write) otherDB() (dbKey, bool) {
	switch w.name {
	case "MOVE":
		db, ok := dbNumber(w.args[1])
		return dbKey{db, w.args[0]}, ok
	case "COPY":
		return w.copyTarget()
	}
	return dbKey{}, false
}

func (x *call) copyTarget() (dbKey, bool) {
	for i := 2; i < len(x.args)-1; i++ {
		if strings.EqualFold(x.args[i], "DB") {
			db, ok := dbNumber(x.args[i+1])
			return dbKey{db, x.args[1]}, ok
		}
	}
	return dbKey{x.db, x.args[1]}, true
}

// readsTTL names the commands whose outcome depends on the TTL a key has.
var readsTTL = map[string]bool{
	"EXPIRE": true, "PEXPIRE": true, "EXPIREAT": true, "PEXPIREAT": true,
	"COPY": true, "MOVE": true, "RENAME": true, "RENAMENX": true,
}

// setsTTL tells whether a command gives its key a TTL that counts from now.
func setsTTL(name string, args []string) bool {
	switch name {
	case "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "SETEX", "PSETEX", "RESTORE", "RENAME", "RENAMENX":
		return true
	case "SET":
		return slices.ContainsFunc(args[2:], isTTLOption)
	case "GETEX":
		return slices.ContainsFunc(args[1:], isTTLOption)
	}
	return false
}

func isTTLOption(arg string) bool {
	switch strings.ToUpper(arg) {
	case "EX", "PX", "EXAT", "PXAT":
		return true
	}
	return false
}
