package embedded

import (
	"slices"
	"strings"
)

// A write is a call of a command that may change keys, with what has to be
// known from before to tell afterwards what it changed.
type write struct {
	*call
	keys    []string
	existed []bool
	told    bool   // somebody listens, and the command has a rule
	before  string // what the rule's probe saw
	made    []bool // keys whose creation has been told
}

// look remembers how things are before the command.
func (w *write) look() {
	w.existed = make([]bool, len(w.keys))
	for i, k := range w.keys {
		w.existed[i] = w.s.exists(dbKey{w.db, k})
	}
	if readsTTL[w.name] {
		for _, k := range w.keys {
			w.s.syncTTL(dbKey{w.db, k}, strings.Contains(w.name, "EXPIRE") && slices.ContainsFunc(w.args, isLT))
		}
	}
	for _, key := range looksUp(w.name, w.args) {
		w.s.lookup(dbKey{w.db, key})
	}
	_, w.told = rules[w.name]
	w.told = w.told && w.s.listening()
	if probe, ok := probes[w.name]; ok && w.told {
		w.before = probe(w)
	}
}

func isLT(arg string) bool { return strings.EqualFold(arg, "LT") }

// finish brings our books up to date and sends the events.
func (w *write) finish() {
	s := w.s
	if strings.HasSuffix(w.name, "STORE") && w.number() == 0 && s.exists(w.key(0)) && !w.failed() {
		w.ask("DEL", w.args[0]) // the engine may store an empty result
	}
	w.moveMeta()
	counts := setsTTL(w.name, w.args)
	for _, k := range w.keys {
		s.settle(dbKey{w.db, k}, counts)
		if len(s.waiters) > 0 {
			s.touched = append(s.touched, dbKey{w.db, k})
		}
	}
	if other, ok := w.otherDB(); ok {
		s.settle(other, true)
		if len(s.waiters) > 0 {
			s.touched = append(s.touched, other)
		}
	}
	if w.told && !w.failed() {
		w.made = make([]bool, len(w.keys))
		rules[w.name](w)
	}
}

// moveMeta lets what is remembered of a stream follow it to another name.
func (w *write) moveMeta() {
	var to dbKey
	switch w.name {
	case "RENAME", "RENAMENX":
		to = dbKey{w.db, w.args[1]}
	case "COPY", "MOVE":
		to, _ = w.otherDB()
	default:
		return
	}
	from := w.key(0)
	if w.failed() || from == to || w.name != "RENAME" && w.number() == 0 {
		return
	}
	delete(w.s.streams, to)
	if m, ok := w.s.streams[from]; ok {
		meta := *m
		w.s.streams[to] = &meta
	}
}

// say sends an event of the i-th key, after the one of its creation if this
// command created it.
func (w *write) say(c class, event string, i int) {
	k := dbKey{w.db, w.keys[i]}
	i = w.index(k.key) // the same key may be named twice
	if !w.made[i] && !w.existed[i] && w.s.flags&newEvents != 0 && w.s.exists(k) {
		w.s.notify(newEvents, "new", k)
	}
	w.made[i] = true
	w.s.notify(c, event, k)
}

// gone sends the event of a key that the command emptied and so removed.
func (w *write) gone(i int) {
	if w.existed[i] && !w.s.exists(dbKey{w.db, w.keys[i]}) {
		w.s.notify(genericEvents, "del", dbKey{w.db, w.keys[i]})
	}
}

// index is the place of a key among the keys of the command.
func (w *write) index(key string) int { return slices.Index(w.keys, key) }

// lookups counts which keys of a reading command are there, and tells of
// those that are not.
func (s *Server) lookups(x *call) {
	keys := x.spec.keys(x.args)
	switch x.name {
	case "ZUNION", "ZINTER", "SINTERCARD":
		keys = counted(x.args, 0)
	case "XREAD":
		keys = streamKeys(x.args)
	case "XINFO":
		keys = x.args[1:min(2, len(x.args))]
	default:
		if !x.spec.read {
			return
		}
	}
	for _, key := range keys {
		s.lookup(dbKey{x.db, key})
	}
}

func (s *Server) lookup(k dbKey) {
	if s.exists(k) {
		s.stats.hits++
		return
	}
	s.stats.misses++
	s.notify(missEvents, "keymiss", k)
}

// looksUp lists the keys that a writing command looks up as a reader does,
// with an event if they are missing.
func looksUp(name string, args []string) []string {
	switch name {
	case "GETSET", "GETDEL", "GETEX", "COPY":
		return args[:1]
	case "BITOP":
		return args[2:]
	case "PFMERGE":
		return args
	case "SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE":
		return args[1:]
	case "ZUNIONSTORE", "ZINTERSTORE":
		return counted(args, 1)
	case "SET":
		if slices.ContainsFunc(args[2:], func(a string) bool { return strings.EqualFold(a, "GET") }) {
			return args[:1]
		}
	}
	return nil
}
