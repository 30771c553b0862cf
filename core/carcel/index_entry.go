package carcel

import (
	"strings"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

const (
	windowBytes = 256 << 10 // aimed at in one window
	windowMost  = 500       // slots in one window
	windowFirst = 16        // slots in the first
	longestText = 1024      // bytes that are kept of any text of an entry
	mostFaults  = 8         // that are kept of one entry
	mostWords   = 8192      // texts that are kept once for all entries
	slabEntries = 32        // entries that are allocated together
)

// sizes guesses how large the next entries are.
type sizes struct {
	mean  float64 // of those read lately
	ahead int     // of one further on
	last  int64   // slots in the last window
}

// window is how many slots to read next; of is the size of one that is known
// to come, or 0.
func (s *sizes) window(of int) int64 {
	if s.mean == 0 {
		s.last = windowFirst
	} else {
		s.last = min(4*s.last, windowMost)
	}
	size := max(int(s.mean), s.ahead, of, 1)
	s.last = min(max(windowBytes/int64(size), 1), max(s.last, 1))
	return s.last
}

// saw takes in a window that was read.
func (s *sizes) saw(win []string) {
	if len(win) == 0 {
		return
	}
	total := 0
	for _, raw := range win {
		total += len(raw)
	}
	s.mean = max(1, float64(total)/float64(len(win)))
}

// stone stands for every slot whose entry has left.
var stoneSlot = &Entry{Size: -1}

// fit reports whether a slot holds a text, whose SHA is known.
func fit(e *Entry, raw, sha string) bool {
	if e == stoneSlot {
		return Gone(raw)
	}
	return e.SHA == sha
}

func same(e *Entry, raw string) bool { return fit(e, raw, SHA(raw)) }

// words keeps each of the texts that entries share once, and allocates
// entries and their own texts together.
type words struct {
	texts map[string]string
	slab  []Entry
	own   strings.Builder
}

// word is the one copy of a text.
func (w *words) word(s string) string {
	if s == "" {
		return ""
	}
	if one, there := w.texts[s]; there {
		return one
	}
	if len(s) > longestText {
		s = s[:longestText]
	}
	s = strings.Clone(s)
	if len(w.texts) >= mostWords || w.texts == nil {
		w.texts = make(map[string]string)
	}
	w.texts[s] = s
	return s
}

// ids keeps two texts that no other entry has.
func (w *words) ids(a, b string) (string, string) {
	if len(b) > longestText {
		b = b[:longestText]
	}
	need := len(a) + len(b)
	if w.own.Cap()-w.own.Len() < need {
		w.own = strings.Builder{}
		w.own.Grow(max(need, slabEntries*(64+36)))
	}
	at := w.own.Len()
	w.own.WriteString(a)
	w.own.WriteString(b)
	s := w.own.String()[at:]
	return s[:len(a)], s[len(a):]
}

func (w *words) entry() *Entry {
	if len(w.slab) == 0 {
		w.slab = make([]Entry, slabEntries)
	}
	e := &w.slab[0]
	w.slab = w.slab[1:]
	return e
}

// entry is a slot's text as a compact entry that keeps nothing of the text.
func (x *Index) entry(raw, sha string) *Entry {
	if Gone(raw) {
		return stoneSlot
	}
	h := Parse(raw)
	w, e := &x.words, x.words.entry()
	*e = h.Entry
	e.SHA, e.TrackingID = w.ids(sha, h.TrackingID)
	e.Primitive, e.Vertical, e.Decision = w.word(h.Primitive), w.word(h.Vertical), governance.Status(w.word(string(h.Decision)))
	e.Reason, e.Origin, e.Actor = w.word(h.Reason), w.word(h.Origin), w.word(h.Actor)
	e.Guardian, e.Rule, e.Key, e.Operation = w.word(h.Guardian), w.word(h.Rule), w.word(h.Key), w.word(h.Operation)
	e.Faults = nil
	for _, f := range h.Faults[:min(len(h.Faults), mostFaults)] {
		e.Faults = append(e.Faults, packet.Fault{Field: w.word(f.Field), Value: w.word(f.Value), Expected: w.word(f.Expected)})
	}
	if !e.At.IsZero() {
		e.At = e.At.Add(-x.skew)
	}
	if !e.Expires.IsZero() {
		e.Expires = e.Expires.Add(-x.skew)
	}
	return e
}
