package packet

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is one thing wrong with a packet: where, what stands there, and what
// was expected.
type Fault struct {
	Field    string `json:"field"`    // a path such as contents.route[2].to
	Value    string `json:"value"`    // JSON, shortened, on one line; or a word such as missing
	Expected string `json:"expected"` // reads on after "expected "
}

// String is the fault on one line of printable text:
// "ttl_seconds: 0, expected an integer from 1 to 86400".
func (f Fault) String() string {
	if f.Value == "" { // there is no value to quote: what it is in stands beside it
		return printable(f.Field) + ": expected " + printable(f.Expected)
	}
	return printable(f.Field) + ": " + printable(f.Value) + ", expected " + printable(f.Expected)
}

// ErrInvalid is what every ValidationError is, by errors.Is.
var ErrInvalid = errors.New("invalid packet")

// ValidationError lists all that is wrong with a packet at once.
type ValidationError struct{ Faults []Fault }

// Error is one line that names every fault.
func (e *ValidationError) Error() string {
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		texts[i] = f.String()
	}
	return ErrInvalid.Error() + ": " + strings.Join(texts, "; ")
}

// Is makes errors.Is(err, ErrInvalid) true.
func (e *ValidationError) Is(target error) bool { return target == ErrInvalid }

// maxFaults bounds what a hostile packet can make us list.
const maxFaults = 100

// faults gathers faults up to maxFaults and counts the rest.
type faults struct {
	list []Fault
	more int
}

func (f *faults) add(field, value, expected string) {
	if len(f.list) >= maxFaults {
		f.more++
		return
	}
	f.list = append(f.list, Fault{field, value, expected})
}

// addAt is add for a path, which is only put into words while there is room.
func (f *faults) addAt(path []step, value, expected string) {
	if len(f.list) >= maxFaults {
		f.more++
		return
	}
	f.add(pathOf(path), value, expected)
}

// all is the list, with a last fault that tells how many were left out.
func (f *faults) all() []Fault {
	if f.more == 0 {
		return f.list
	}
	return append(f.list, Fault{"packet", strconv.Itoa(f.more) + " more faults", "none"})
}

// missing is the Value of a fault about a field that is not there.
const missing = "missing"

const shortLen = 60 // bytes of a value that a fault shows, before the ellipsis

// short is v as JSON on one line, cut where it gets long.
func short(v Value) string {
	dst := appendShort(make([]byte, 0, shortLen+16), v)
	return cut(string(dst))
}

func appendShort(dst []byte, v Value) []byte {
	switch v.kind {
	case String:
		return appendQuoted(dst, head(v.text))
	case Bytes:
		return append(dst, bytesRepr(head(v.text))...)
	case Ext:
		dst = strconv.AppendInt(append(dst, "ext "...), int64(v.num), 10)
		return append(append(dst, ' '), bytesRepr(head(v.text))...)
	case BigInt, Float:
		if len(v.text) > shortLen {
			return append(dst, v.text[:shortLen+1]...)
		}
		return appendScalar(dst, v)
	case Array, Object:
		return appendShortList(dst, v)
	}
	return appendScalar(dst, v)
}

func appendShortList(dst []byte, v Value) []byte {
	opening, closing := byte('['), byte(']')
	if v.kind == Object {
		opening, closing = '{', '}'
	}
	dst = append(dst, opening)
	for i := range v.list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if v.kind == Object {
			dst = append(appendQuoted(dst, head(v.list[i].Key)), ": "...)
		}
		if len(dst) > shortLen {
			return dst
		}
		dst = appendShort(dst, v.list[i].Value)
	}
	return append(dst, closing)
}

// head keeps a text a little longer than what will be shown, so that cut
// sees that there was more.
func head(s string) string {
	if len(s) <= 4*shortLen {
		return s
	}
	return s[:4*shortLen]
}

func cut(s string) string {
	if len(s) <= shortLen {
		return s
	}
	end := shortLen
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

func quoteShort(s string) string { return cut(string(appendQuoted(nil, head(s)))) }

// appendQuoted quotes a text for people: what can be printed as it is, the
// rest (control, format and bidirectional characters, surrogates) as \u.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		r, size := DecodeRune(s)
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r >= ' ' && r < 0x7f, size > 1 && unicode.IsPrint(r):
			dst = append(dst, s[:size]...)
		case r < utf8.RuneSelf:
			dst = appendEscape(dst, byte(r))
		default:
			dst = appendUnicodeEscape(dst, r)
		}
		s = s[size:]
	}
	return append(dst, '"')
}

// printable escapes what a terminal could obey, and leaves all else alone.
func printable(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 && ValidText(s) {
		return s
	}
	var dst []byte
	for len(s) > 0 {
		r, size := DecodeRune(s)
		if unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			dst = append(dst, s[:size]...)
		} else {
			dst = appendUnicodeEscape(dst, r)
		}
		s = s[size:]
	}
	return string(dst)
}

// step is one step of a path: a key, or an index when key is unset.
type step struct {
	key   string
	index int // -1 for a key
}

// pathOf writes steps as contents.route[2]["odd key"].
func pathOf(steps []step) string {
	var dst []byte
	for _, s := range steps {
		dst = appendStep(dst, s)
	}
	return string(dst)
}

func appendStep(dst []byte, s step) []byte {
	switch {
	case s.index >= 0:
		return append(strconv.AppendInt(append(dst, '['), int64(s.index), 10), ']')
	case !isWord(s.key):
		if len(dst) == 0 {
			return append(dst, quoteShort(s.key)...)
		}
		return append(append(append(dst, '['), quoteShort(s.key)...), ']')
	case len(dst) > 0:
		dst = append(dst, '.')
	}
	return append(dst, s.key...)
}

func isWord(key string) bool {
	for i := range len(key) {
		c := key[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return key != "" && len(key) <= shortLen
}
