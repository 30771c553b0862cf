package embedded

import (
	"strconv"
	"strings"

	"github.com/alicebob/miniredis/v2/server"
)

// A trim says how much of a stream is to stay.
type trim struct {
	by         string // MAXLEN, MINID or nothing
	maxLen     int
	minID      *streamID
	nomkstream bool
	fault      string
}

func (t trim) trims() bool { return t.by != "" }

// trimOptions reads the options of XADD and XTRIM and returns what follows.
// An approximate trim is made exactly.
func trimOptions(args []string) (t trim, rest []string) {
	for len(args) > 0 {
		switch option := strings.ToUpper(args[0]); option {
		case "NOMKSTREAM":
			t.nomkstream, args = true, args[1:]
			continue
		case "LIMIT":
			if len(args) < 2 {
				t.fault = "ERR syntax error"
				return t, args
			}
			args = args[2:]
			continue
		case "MAXLEN", "MINID":
			args = args[1:]
			if len(args) > 0 && (args[0] == "~" || args[0] == "=") {
				args = args[1:]
			}
			if len(args) == 0 || t.by != "" {
				t.fault = "ERR syntax error"
				return t, args
			}
			t.by = option
			t.read(args[0])
			args = args[1:]
			continue
		}
		break
	}
	return t, args
}

func (t *trim) read(value string) {
	if t.by == "MINID" {
		id, ok := parseStreamID(value, 0)
		if !ok {
			t.fault = "ERR Invalid stream ID specified as stream command argument"
		}
		t.minID = &id
		return
	}
	n, err := strconv.Atoi(value)
	switch {
	case err != nil:
		t.fault = "ERR value is not an integer or out of range"
	case n < 0:
		t.fault = "ERR The MAXLEN argument must be >= 0."
	}
	t.maxLen = n
}

var streamRules = map[string]rule{
	"XADD": func(w *write) {
		if w.gave() {
			w.say(streamEvents, "xadd", 0)
			if w.trimmed {
				w.say(streamEvents, "xtrim", 0)
			}
		}
	},
	"XTRIM":      ifGave(streamEvents, "xtrim"),
	"XDEL":       ifGave(streamEvents, "xdel"),
	"XGROUP":     xgroup,
	"XREADGROUP": consumerMade,
	"XCLAIM":     consumerMade,
	"XAUTOCLAIM": consumerMade,
}

func xgroup(w *write) {
	switch sub := strings.ToUpper(w.args[0]); {
	case sub == "CREATE":
		w.say(streamEvents, "xgroup-create", 0)
	case sub == "DESTROY" && w.number() > 0:
		w.say(streamEvents, "xgroup-destroy", 0)
	case sub == "CREATECONSUMER" && w.number() > 0:
		w.say(streamEvents, "xgroup-createconsumer", 0)
	case sub == "DELCONSUMER" && w.consumers() != w.before:
		w.say(streamEvents, "xgroup-delconsumer", 0)
	}
}

// consumerMade: reading or claiming for a consumer that was not there makes it.
func consumerMade(w *write) {
	if w.null() {
		return
	}
	before, after := strings.Fields(w.before), strings.Fields(w.consumers())
	for i := range w.keys {
		if i < len(before) && i < len(after) && before[i] != after[i] {
			w.say(streamEvents, "xgroup-createconsumer", i)
		}
	}
}

// consumers counts those of the group in each of the command's streams.
func (w *write) consumers() string {
	group := ""
	switch w.name {
	case "XCLAIM", "XAUTOCLAIM":
		group = w.args[1]
	case "XGROUP":
		if len(w.args) > 2 {
			group = w.args[2]
		}
	case "XREADGROUP":
		for i := range w.args[:len(w.args)-1] {
			if strings.EqualFold(w.args[i], "GROUP") {
				group = w.args[i+1]
				break
			}
		}
	}
	var counts []string
	for _, key := range w.keys {
		counts = append(counts, strconv.Itoa(w.ask("XINFO", "CONSUMERS", key, group).number()))
	}
	return strings.Join(counts, " ")
}

func xinfo(x *call) {
	if !strings.EqualFold(x.args[0], "STREAM") || len(x.args) != 2 {
		x.s.toEngine(x.reply, append([]string{"XINFO"}, x.args...))
		return
	}
	k := x.key(1)
	switch x.s.kind(k) {
	case "stream":
	case "":
		x.fail("ERR no such key")
		return
	default:
		x.fail(wrongType)
		return
	}
	entries, m := x.s.entries(k), x.s.meta(k)
	groups := x.ask("XINFO", "GROUPS", k.key).number()
	first := "0-0"
	if len(entries) > 0 {
		first = entries[0].ID
	}
	x.peer.Block(func(w *server.Writer) {
		w.WriteMapLen(10)
		number := func(name string, n int) { w.WriteBulk(name); w.WriteInt(n) }
		text := func(name, s string) { w.WriteBulk(name); w.WriteBulk(s) }
		number("length", len(entries))
		// The engine has no radix tree; these are what Redis has for a small one.
		number("radix-tree-keys", (len(entries)+99)/100)
		number("radix-tree-nodes", (len(entries)+99)/100+1)
		text("last-generated-id", m.last)
		text("max-deleted-entry-id", m.maxDeleted)
		number("entries-added", m.added)
		text("recorded-first-entry-id", first)
		number("groups", groups)
		for _, name := range []string{"first-entry", "last-entry"} {
			w.WriteBulk(name)
			switch {
			case len(entries) == 0:
				w.WriteNull()
			case name == "first-entry":
				writeEntry(w, entries[0])
			default:
				writeEntry(w, entries[len(entries)-1])
			}
		}
	})
}
