package embedded

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// A streamMeta is what Redis remembers of a stream beside its entries. The
// engine forgets the last id when the entry goes.
type streamMeta struct {
	last       string // last id given out
	added      int    // entries ever added
	maxDeleted string
}

// A streamID in numbers, to compare.
type streamID struct{ ms, seq uint64 }

func (a streamID) less(b streamID) bool { return a.ms < b.ms || a.ms == b.ms && a.seq < b.seq }

// parseStreamID reads ms or ms-seq; seq stands for one that is missing.
func parseStreamID(s string, seq uint64) (id streamID, ok bool) {
	ms, rest, both := strings.Cut(s, "-")
	id.seq = seq
	var err error
	if id.ms, err = strconv.ParseUint(ms, 10, 64); err != nil {
		return id, false
	}
	if both {
		if id.seq, err = strconv.ParseUint(rest, 10, 64); err != nil {
			return id, false
		}
	}
	return id, true
}

// entries are those of a stream, oldest first. They must not be changed.
func (s *Server) entries(k dbKey) (entries []miniredis.StreamEntry) {
	s.direct(func() { entries, _ = s.engine.DB(k.db).Stream(k.key) })
	return entries
}

func (s *Server) meta(k dbKey) *streamMeta {
	if m, ok := s.streams[k]; ok {
		return m
	}
	entries := s.entries(k)
	m := &streamMeta{last: "0-0", maxDeleted: "0-0", added: len(entries)}
	if len(entries) > 0 {
		m.last = entries[len(entries)-1].ID
	}
	if s.kind(k) == "stream" {
		s.streams[k] = m
	}
	return m
}

func (s *Server) lastStreamID(k dbKey) string { return s.meta(k).last }

// xadd keeps ids growing where the engine would not, and trims by itself: the
// engine is slow at MINID, and leaves an empty stream behind when it refuses.
func xadd(x *call) {
	k := x.key(0)
	options, rest := trimOptions(x.args[1:])
	if options.fault != "" {
		x.fail(options.fault)
		return
	}
	if len(rest) < 3 || len(rest)%2 == 0 {
		x.fail(wrongNumber(x.name))
		return
	}
	if kind := x.s.kind(k); kind != "" && kind != "stream" {
		x.fail(wrongType)
		return
	} else if kind == "" && options.nomkstream {
		x.peer.WriteNull()
		return
	}
	m := x.s.meta(k)
	last, _ := parseStreamID(m.last, 0)
	switch id, ok := parseStreamID(rest[0], 0); {
	case ok && id == streamID{}:
		x.fail("ERR The ID specified in XADD must be greater than 0-0")
		return
	case ok && !last.less(id):
		x.fail("ERR The ID specified in XADD is equal or smaller than the target stream top item")
		return
	}
	existed := x.s.exists(k)
	x.s.toEngine(x.reply, slices.Concat([]string{"XADD", x.args[0]}, rest))
	if x.failed() {
		if !existed && x.s.exists(k) {
			x.ask("DEL", x.args[0])
		}
		return
	}
	m.last = x.text()
	m.added++
	x.s.streams[k] = m
	if options.trims() {
		x.trimmed = x.trim(k, options) > 0
	}
}

func xtrim(x *call) {
	options, rest := trimOptions(x.args[1:])
	switch {
	case options.fault != "":
		x.fail(options.fault)
	case !options.trims() || len(rest) > 0:
		x.fail("ERR syntax error")
	case x.s.kind(x.key(0)) != "stream" && x.s.exists(x.key(0)):
		x.fail(wrongType)
	default:
		x.peer.WriteInt(x.trim(x.key(0), options))
	}
}

// trim removes the oldest entries and returns how many.
func (x *call) trim(k dbKey, o trim) int {
	entries := x.s.entries(k)
	cut := len(entries) - o.maxLen
	if o.minID != nil {
		cut = firstFrom(entries, *o.minID)
	}
	if cut <= 0 {
		return 0
	}
	x.s.meta(k)
	x.ask("XTRIM", k.key, "MAXLEN", strconv.Itoa(len(entries)-cut))
	return cut
}

func xdel(x *call) {
	k := x.key(0)
	m := x.s.meta(k)
	there := map[string]bool{}
	for _, id := range x.args[1:] {
		at, ok := parseStreamID(id, 0)
		if !ok {
			break
		}
		entries := x.s.entries(k)
		if i := firstFrom(entries, at); i < len(entries) && entries[i].ID == id {
			there[id] = true
		}
	}
	x.s.toEngine(x.reply, append([]string{"XDEL"}, x.args...))
	if x.failed() {
		return
	}
	for id := range there {
		a, _ := parseStreamID(m.maxDeleted, 0)
		if b, _ := parseStreamID(id, 0); a.less(b) {
			m.maxDeleted = id
		}
	}
}

// firstFrom is the place of the first entry whose id is not below id.
func firstFrom(entries []miniredis.StreamEntry, id streamID) int {
	return sort.Search(len(entries), func(i int) bool {
		at, _ := parseStreamID(entries[i].ID, 0)
		return !at.less(id)
	})
}

// xrange answers XRANGE and XREVRANGE by binary search: the engine walks, and
// for XREVRANGE copies, the whole stream.
func xrange(x *call) {
	from, to, reverse := x.args[1], x.args[2], x.name == "XREVRANGE"
	if reverse {
		from, to = to, from
	}
	count := -1
	switch {
	case len(x.args) == 3:
	case len(x.args) == 5 && strings.EqualFold(x.args[3], "COUNT"):
		n, err := strconv.Atoi(x.args[4])
		if err != nil {
			x.fail("ERR value is not an integer or out of range")
			return
		}
		count = max(n, 0)
	default:
		x.fail("ERR syntax error")
		return
	}
	low, okLow := rangeBound(from, 0)
	high, okHigh := rangeBound(to, 1<<64-1)
	if !okLow || !okHigh {
		x.fail("ERR Invalid stream ID specified as stream command argument")
		return
	}
	if kind := x.s.kind(x.key(0)); kind != "" && kind != "stream" {
		x.fail(wrongType)
		return
	}
	entries := x.s.entries(x.key(0))
	first := firstFrom(entries, low)
	last := firstFrom(entries, high)
	if last < len(entries) {
		if at, _ := parseStreamID(entries[last].ID, 0); at == high {
			last++
		}
	}
	entries = entries[first:max(first, last)]
	if count >= 0 && count < len(entries) {
		if reverse {
			entries = entries[len(entries)-count:]
		} else {
			entries = entries[:count]
		}
	}
	if count == 0 && x.s.exists(x.key(0)) {
		x.nothing()
		return
	}
	x.peer.Block(func(w *server.Writer) {
		w.WriteLen(len(entries))
		for i := range entries {
			e := entries[i]
			if reverse {
				e = entries[len(entries)-1-i]
			}
			writeEntry(w, e)
		}
	})
}

func writeEntry(w *server.Writer, e miniredis.StreamEntry) {
	w.WriteLen(2)
	w.WriteBulk(e.ID)
	w.WriteStrings(e.Values)
}

// rangeBound reads a bound: an id, - or +, or ( before an id left out.
func rangeBound(s string, seq uint64) (streamID, bool) {
	switch s {
	case "-":
		return streamID{}, true
	case "+":
		return streamID{1<<64 - 1, 1<<64 - 1}, true
	}
	open := strings.HasPrefix(s, "(")
	id, ok := parseStreamID(strings.TrimPrefix(s, "("), seq)
	switch {
	case !ok || !open:
	case seq == 0: // a low bound
		if id.seq++; id.seq == 0 {
			id.ms++
		}
	default:
		if id.seq--; id.seq == 1<<64-1 {
			id.ms--
		}
	}
	return id, ok
}
