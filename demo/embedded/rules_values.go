package embedded

import (
	"slices"
	"strings"
)

var stringRules = map[string]rule{
	"SET":         set,
	"SETEX":       setWithTTL,
	"PSETEX":      setWithTTL,
	"SETNX":       ifGave(stringEvents, "set"),
	"GETSET":      always(stringEvents, "set"),
	"MSET":        each(stringEvents, "set"),
	"APPEND":      always(stringEvents, "append"),
	"INCR":        always(stringEvents, "incrby"),
	"INCRBY":      always(stringEvents, "incrby"),
	"DECR":        always(stringEvents, "incrby"),
	"DECRBY":      always(stringEvents, "incrby"),
	"INCRBYFLOAT": always(stringEvents, "incrbyfloat"),
	"SETBIT":      always(stringEvents, "setbit"),
	"GETDEL":      func(w *write) { w.gone(0) },
	"GETEX":       getex,
	"BITOP":       storing(stringEvents, "set"),
	"PFADD":       ifGave(stringEvents, "pfadd"),
	"PFMERGE":     always(stringEvents, "pfadd"),
	"MSETNX": func(w *write) {
		if w.number() > 0 {
			each(stringEvents, "set")(w)
		}
	},
	"SETRANGE": func(w *write) {
		if w.args[2] != "" {
			w.say(stringEvents, "setrange", 0)
		}
	},
}

func setWithTTL(w *write) {
	w.say(stringEvents, "set", 0)
	w.say(genericEvents, "expire", 0)
}

// set: the answer does not tell, because of GET, whether NX or XX held it back.
func set(w *write) {
	options := w.args[2:]
	has := func(o string) bool {
		return slices.ContainsFunc(options, func(arg string) bool { return strings.EqualFold(arg, o) })
	}
	if has("NX") && w.existed[0] || has("XX") && !w.existed[0] {
		return
	}
	if !slices.ContainsFunc(options, isTTLOption) {
		w.say(stringEvents, "set", 0)
		return
	}
	setWithTTL(w)
	if !w.s.exists(w.key(0)) { // set to a time that is over
		w.say(expiredEvents, "expired", 0)
	}
}

func getex(w *write) {
	switch {
	case !w.existed[0] || len(w.args) == 1:
	case strings.EqualFold(w.args[1], "PERSIST"):
		if w.before != "" {
			w.say(genericEvents, "persist", 0)
		}
	case w.s.exists(w.key(0)):
		w.say(genericEvents, "expire", 0)
	default:
		w.gone(0)
	}
}

// hasTTL is "" when the first key has none.
func (w *write) hasTTL() string {
	if _, ok := w.s.deadlines.left(w.key(0), w.s.now); ok {
		return "ttl"
	}
	return ""
}

var listRules = map[string]rule{
	"LPUSH":      always(listEvents, "lpush"),
	"RPUSH":      always(listEvents, "rpush"),
	"LPUSHX":     ifGave(listEvents, "lpush"),
	"RPUSHX":     ifGave(listEvents, "rpush"),
	"LINSERT":    ifGave(listEvents, "linsert"),
	"LSET":       always(listEvents, "lset"),
	"LPOP":       taking(listEvents, "lpop"),
	"RPOP":       taking(listEvents, "rpop"),
	"LREM":       taking(listEvents, "lrem"),
	"BLPOP":      poppedFrom(listEvents, func(*write) string { return "lpop" }),
	"BRPOP":      poppedFrom(listEvents, func(*write) string { return "rpop" }),
	"LMPOP":      poppedFrom(listEvents, func(w *write) string { return side(w.args, "lpop", "rpop") }),
	"RPOPLPUSH":  func(w *write) { moved(w, "rpop", "lpush") },
	"BRPOPLPUSH": func(w *write) { moved(w, "rpop", "lpush") },
	"LMOVE":      lmove,
	"BLMOVE":     lmove,
	"LTRIM": func(w *write) {
		if w.existed[0] {
			w.say(listEvents, "ltrim", 0)
			w.gone(0)
		}
	},
}

func lmove(w *write) {
	moved(w, side(w.args[2:3], "lpop", "rpop"), side(w.args[3:4], "lpush", "rpush"))
}

// moved: Redis tells of the push first.
func moved(w *write, pop, push string) {
	if !w.gave() {
		return
	}
	w.say(listEvents, push, 1)
	w.say(listEvents, pop, 0)
	w.gone(0)
}

// side is left or right, as the first LEFT or RIGHT (MIN or MAX) says.
func side(args []string, left, right string) string {
	for _, a := range args {
		switch strings.ToUpper(a) {
		case "LEFT", "MIN":
			return left
		case "RIGHT", "MAX":
			return right
		}
	}
	return ""
}

// poppedFrom is for commands that take from the first key that has something:
// the answer names it.
func poppedFrom(c class, event func(*write) string) rule {
	return func(w *write) {
		if i := w.index(w.text()); w.gave() && i >= 0 {
			w.say(c, event(w), i)
			w.gone(i)
		}
	}
}

var hashRules = map[string]rule{
	"HSET":         always(hashEvents, "hset"),
	"HMSET":        always(hashEvents, "hset"),
	"HSETNX":       ifGave(hashEvents, "hset"),
	"HINCRBY":      always(hashEvents, "hincrby"),
	"HINCRBYFLOAT": always(hashEvents, "hincrbyfloat"),
	"HDEL":         taking(hashEvents, "hdel"),
}

var setRules = map[string]rule{
	"SADD":        ifGave(setEvents, "sadd"),
	"SREM":        taking(setEvents, "srem"),
	"SPOP":        taking(setEvents, "spop"),
	"SINTERSTORE": storing(setEvents, "sinterstore"),
	"SUNIONSTORE": storing(setEvents, "sunionstore"),
	"SDIFFSTORE":  storing(setEvents, "sdiffstore"),
	"SMOVE": func(w *write) {
		if w.number() == 0 || w.keys[0] == w.keys[1] {
			return
		}
		w.say(setEvents, "srem", 0)
		w.gone(0)
		if w.before != w.memberOfTarget() {
			w.say(setEvents, "sadd", 1)
		}
	},
}

func (w *write) memberOfTarget() string {
	return string(w.ask("SISMEMBER", w.args[1], w.args[2]).bytes())
}

var zsetRules = map[string]rule{
	"ZADD": func(w *write) {
		event := "zadd"
		if _, options := zaddMembers(w.args); slices.Contains(options, "INCR") {
			event = "zincr"
		}
		w.ifScoresChanged(event)
	},
	"ZINCRBY":          func(w *write) { w.ifScoresChanged("zincr") },
	"GEOADD":           func(w *write) { w.ifScoresChanged("zadd") },
	"ZREM":             taking(zsetEvents, "zrem"),
	"ZREMRANGEBYRANK":  taking(zsetEvents, "zremrangebyrank"),
	"ZREMRANGEBYSCORE": taking(zsetEvents, "zremrangebyscore"),
	"ZREMRANGEBYLEX":   taking(zsetEvents, "zremrangebylex"),
	"ZPOPMIN":          taking(zsetEvents, "zpopmin"),
	"ZPOPMAX":          taking(zsetEvents, "zpopmax"),
	"BZPOPMIN":         poppedFrom(zsetEvents, func(*write) string { return "zpopmin" }),
	"BZPOPMAX":         poppedFrom(zsetEvents, func(*write) string { return "zpopmax" }),
	"ZMPOP":            poppedFrom(zsetEvents, func(w *write) string { return side(w.args, "zpopmin", "zpopmax") }),
	"BZMPOP":           poppedFrom(zsetEvents, func(w *write) string { return side(w.args, "zpopmin", "zpopmax") }),
	"ZUNIONSTORE":      storing(zsetEvents, "zunionstore"),
	"ZINTERSTORE":      storing(zsetEvents, "zinterstore"),

	"GEORADIUS":         storing(zsetEvents, "georadiusstore"),
	"GEORADIUSBYMEMBER": storing(zsetEvents, "georadiusstore"),
}

func (w *write) ifScoresChanged(event string) {
	if w.scores() != w.before {
		w.say(zsetEvents, event, 0)
	}
}

// scores are those of the members that the command names.
func (w *write) scores() string {
	var members []string
	switch w.name {
	case "ZINCRBY":
		members = w.args[2:3]
	case "GEOADD":
		members = geoMembers(w.args)
	default:
		members, _ = zaddMembers(w.args)
	}
	if len(members) == 0 {
		return ""
	}
	return string(w.ask(slices.Concat([]string{"ZMSCORE", w.args[0]}, members)...).bytes())
}

// zaddMembers are the members and the options of ZADD.
func zaddMembers(args []string) (members, options []string) {
	i := 1
	for ; i < len(args); i++ {
		o := strings.ToUpper(args[i])
		if !slices.Contains([]string{"NX", "XX", "GT", "LT", "CH", "INCR"}, o) {
			break
		}
		options = append(options, o)
	}
	for i++; i < len(args); i += 2 {
		members = append(members, args[i])
	}
	return members, options
}

func geoMembers(args []string) (members []string) {
	i := 1
	for ; i < len(args) && slices.Contains([]string{"NX", "XX", "CH"}, strings.ToUpper(args[i])); i++ {
	}
	for i += 2; i < len(args); i += 3 {
		members = append(members, args[i])
	}
	return members
}
