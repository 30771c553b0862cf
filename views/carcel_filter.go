package views

import (
	"strconv"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
)

// heldQuery is what was typed to filter the carcel: words that must stand
// somewhere in an entry, and terms about one field.
//
//	kill reason~"rate limit" guardian=operational age<6h
//
// key~value and key:value want the value as part of the field, key=value wants
// nothing else; age<6h and age>2h go by how long an entry is held. A term that
// is not complete yet lets everything pass.
type heldQuery struct {
	text  string
	terms []heldTerm
}

// heldTerm is one condition.
type heldTerm struct {
	field string // "" for any
	op    byte   // ~ = < >
	value string // lower case
	age   time.Duration
	memo  *memo
}

// heldFields are the fields that a term may name.
var heldFields = map[string]func(*carcel.Entry) string{
	"reason":    func(e *carcel.Entry) string { return e.Reason },
	"origin":    func(e *carcel.Entry) string { return e.Origin },
	"actor":     func(e *carcel.Entry) string { return e.Actor },
	"guardian":  func(e *carcel.Entry) string { return e.Guardian },
	"rule":      func(e *carcel.Entry) string { return e.Rule },
	"vertical":  func(e *carcel.Entry) string { return e.Vertical },
	"primitive": func(e *carcel.Entry) string { return e.Primitive },
	"decision":  func(e *carcel.Entry) string { return string(e.Decision) },
	"key":       func(e *carcel.Entry) string { return e.Key },
	"id":        func(e *carcel.Entry) string { return e.TrackingID },
}

// parseHeld reads a query. It never fails: what is no term is a word.
func parseHeld(text string) heldQuery {
	q := heldQuery{text: text}
	for _, word := range words(text) {
		if t, ok := parseTerm(strings.ToLower(word)); ok {
			q.terms = append(q.terms, t)
		}
	}
	return q
}

// words splits at blanks outside of quotes.
func words(text string) (out []string) {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// parseTerm reads one word; ok is false for a term that lacks its value yet.
func parseTerm(word string) (t heldTerm, ok bool) {
	i := strings.IndexAny(word, ":=~<>")
	if i > 0 {
		field, op, value := word[:i], word[i], strings.ReplaceAll(word[i+1:], `"`, "")
		if field == "age" && (op == '<' || op == '>') {
			age, ok := parseAge(value)
			return heldTerm{field: field, op: op, age: age}, ok
		}
		if heldFields[field] != nil && op != '<' && op != '>' {
			if op == ':' {
				op = '~'
			}
			return heldTerm{field: field, op: op, value: value, memo: &memo{}}, value != ""
		}
	}
	value := strings.ReplaceAll(word, `"`, "")
	return heldTerm{op: '~', value: value, memo: &memo{}}, value != ""
}

// parseAge reads 90s, 30m, 6h, 2d.
func parseAge(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err == nil && n > 0 && n < 100_000
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d > 0
}

// timed reports whether what passes depends on the time.
func (q *heldQuery) timed() bool {
	for _, t := range q.terms {
		if t.field == "age" {
			return true
		}
	}
	return false
}

// pass makes the test of entries; nil lets all pass.
func (q *heldQuery) pass(now time.Time) func(**carcel.Entry) bool {
	if len(q.terms) == 0 {
		return nil
	}
	return func(e **carcel.Entry) bool {
		for i := range q.terms {
			if !q.terms[i].takes(*e, now) {
				return false
			}
		}
		return true
	}
}

func (t *heldTerm) takes(e *carcel.Entry, now time.Time) bool {
	switch {
	case t.field == "age":
		held := now.Sub(e.At)
		return !e.At.IsZero() && (t.op == '<' && held < t.age || t.op == '>' && held >= t.age)
	case t.field == "decision":
		return t.fits(string(e.Decision)) || t.fits(e.Decision.Word())
	case t.field != "":
		return t.fits(heldFields[t.field](e))
	}
	return t.fits(e.Primitive) || t.fits(e.Vertical) || t.fits(string(e.Decision)) || t.fits(e.Decision.Word()) || t.fits(e.Reason) ||
		t.fits(e.Origin) || t.fits(e.Actor) || t.fits(e.Guardian) || t.fits(e.Rule) || t.fits(e.Key) || foldContains(e.TrackingID, t.value)
}

// fits compares without regard to case. Entries share their texts, so that
// what was found of one holds for thousands.
func (t *heldTerm) fits(s string) bool {
	if s == "" {
		return false
	}
	if fit, known := t.memo.get(s); known {
		return fit
	}
	fit := t.op == '=' && strings.EqualFold(s, t.value) || t.op == '~' && foldContains(s, t.value)
	t.memo.put(s, fit)
	return fit
}

// foldContains is strings.Contains without regard to case; part is lower case.
func foldContains(s, part string) bool {
	return strings.Contains(s, part) || strings.Contains(strings.ToLower(s), part)
}

// memo remembers answers for texts, as many as it has places.
type memo struct {
	texts [256]string
	fits  [256]bool
}

func place(s string) int {
	return (len(s)*31 + int(s[0])*7 + int(s[len(s)-1])*13 + int(s[len(s)/2])) & 255
}

func (m *memo) get(s string) (fit, known bool) {
	i := place(s)
	return m.fits[i], m.texts[i] == s
}

func (m *memo) put(s string, fit bool) {
	i := place(s)
	m.texts[i], m.fits[i] = s, fit
}

// engineFilter is the query as a filter that the engine understands; ok is
// false where it cannot say the same.
func (q *heldQuery) engineFilter() (f carcel.Filter, ok bool) {
	set := func(field *string, value string) bool {
		if *field != "" {
			return false
		}
		*field = value
		return true
	}
	for _, t := range q.terms {
		var done bool
		switch {
		case t.field == "age" && t.op == '>' && f.Older == 0:
			f.Older, done = t.age, true
		case t.field == "reason" && t.op == '~':
			done = set(&f.Reason, t.value)
		case t.field == "" && !strings.Contains(governance.CoSign.Word(), t.value): // which the engine spells otherwise
			done = set(&f.Match, t.value)
		case t.op != '=':
		case t.field == "origin":
			done = set(&f.Origin, t.value)
		case t.field == "guardian":
			done = set(&f.Guardian, t.value)
		case t.field == "vertical":
			done = set(&f.Vertical, t.value)
		case t.field == "decision":
			done = set(&f.Decision, t.value)
		}
		if !done {
			return carcel.Filter{}, false
		}
	}
	return f, true
}

// narrows reports whether q lets pass only what before did: one more word, or
// more letters of the last one.
func (q *heldQuery) narrows(before heldQuery) bool {
	n := len(before.terms)
	if n == 0 || len(q.terms) < n || before.timed() {
		return false
	}
	for i, t := range before.terms {
		now := q.terms[i]
		same := now.field == t.field && now.op == t.op
		if !same || now.value != t.value && (t.op != '~' || !strings.Contains(now.value, t.value)) {
			return false
		}
	}
	return true
}

// filter takes a query that was typed.
func (p *CarcelList) filter(text string) (pass func(**carcel.Entry) bool, narrower bool) {
	if before := p.terms; text != before.text {
		p.terms = parseHeld(text)
		narrower = p.terms.narrows(before)
	}
	p.dated = p.Now
	return p.terms.pass(p.Now), narrower
}
