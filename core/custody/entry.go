package custody

import (
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

// Field is one "key:value" part of a lineage entry.
type Field struct{ Key, Value string }

// Entry is one entry of a transparent_lineage, taken apart. Three shapes are
// in use:
//
//	action:dispatch|2025-12-02T14:35:22Z|status:approved|guardian:c1
//	guardian:approval:2025-12-02T14:32:15Z
//	source:haiku_worker_b3f8c2|timestamp:2025-12-02T14:35:18Z
//
// and ours, the first one with |h:'<64 hex>' behind it.
type Entry struct {
	Raw    string    // the entry as it stands
	Kind   string    // action, source, guardian…; "" when there is none
	Name   string    // dispatch, the origin, approval…
	At     time.Time // in UTC; zero when no time can be read
	Fields []Field   // the other parts, in their order; a part without a colon has no key
	Link   string    // the 64 hex digits of h:'…', or ""
	Body   string    // Raw without its link: what the link is computed over
}

// ParseEntry takes an entry apart. It never fails: what fits no shape is left
// in Raw, Name and Fields as it is. Names and values are percent-decoded only
// when the entry carries a link, because only such entries were encoded.
func ParseEntry(raw string) Entry {
	body, link := splitLink(raw)
	e := Entry{Raw: raw, Body: body, Link: link}
	decode := func(s string) string { return s }
	if link != "" {
		decode = percentDecode
	}
	head, rest, more := strings.Cut(body, "|")
	e.Kind, e.Name = splitPair(head)
	if !more {
		e.splitTrailingTime()
	}
	e.Kind, e.Name = decode(e.Kind), decode(e.Name)
	for more {
		var part string
		part, rest, more = strings.Cut(rest, "|")
		if e.takeTime(part) {
			continue
		}
		key, value := splitPair(part)
		e.Fields = append(e.Fields, Field{decode(key), decode(value)})
	}
	return e
}

// splitPair cuts "key:value"; without a colon all is value.
func splitPair(s string) (key, value string) {
	if key, value, ok := strings.Cut(s, ":"); ok {
		return key, value
	}
	return "", s
}

// splitTrailingTime reads the shape guardian:approval:<time>.
func (e *Entry) splitTrailingTime() {
	for i := 0; i < len(e.Name); i++ {
		if e.Name[i] != ':' {
			continue
		}
		if at, err := packet.ParseTime(e.Name[i+1:]); err == nil {
			e.Name, e.At = e.Name[:i], at
			return
		}
	}
}

// takeTime reads the first part that is a time, or timestamp:<time>.
func (e *Entry) takeTime(part string) bool {
	if !e.At.IsZero() {
		return false
	}
	at, err := packet.ParseTime(strings.TrimPrefix(part, "timestamp:"))
	if err != nil {
		return false
	}
	e.At = at
	return true
}

// Value returns the first field of that key.
func (e Entry) Value(key string) (string, bool) {
	for _, f := range e.Fields {
		if f.Key == key {
			return f.Value, true
		}
	}
	return "", false
}

const (
	linkMark = "|h:'"
	linkLen  = len(linkMark) + 64 + len("'")
)

func splitLink(raw string) (body, link string) {
	at := len(raw) - linkLen
	if at < 0 || raw[at:at+len(linkMark)] != linkMark || raw[len(raw)-1] != '\'' {
		return raw, ""
	}
	link = raw[at+len(linkMark) : len(raw)-1]
	for i := range len(link) {
		if c := link[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return raw, ""
		}
	}
	return raw[:at], link
}

// FormatEntry writes the body of an entry, which is the entry without its
// link: "kind:name|<time>|key:value|…". The time is UTC in RFC 3339 with Z,
// microseconds left out when zero; the zero time is left out. In names and
// values whatever is not printable ASCII, and each of ' " \ | %, is
// percent-encoded byte by byte; in kinds and keys the colon too.
func FormatEntry(kind, name string, t time.Time, fields ...Field) string {
	return string(appendEntry(make([]byte, 0, 96), kind, name, t, fields...))
}

func appendEntry(dst []byte, kind, name string, t time.Time, fields ...Field) []byte {
	dst = append(appendPercent(dst, kind, true), ':')
	dst = appendPercent(dst, name, false)
	if !t.IsZero() {
		dst = append(packet.AppendTime(append(dst, '|'), t), 'Z')
	}
	for _, f := range fields {
		dst = append(appendPercent(append(dst, '|'), f.Key, true), ':')
		dst = appendPercent(dst, f.Value, false)
	}
	return dst
}

const upperHex = "0123456789ABCDEF"

func appendPercent(dst []byte, s string, colon bool) []byte {
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == '\'' || c == '"' || c == '\\' || c == '|' || c == '%' || c == ':' && colon {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

func percentDecode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	dst := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			high, low := strings.IndexByte(upperHex, s[i+1]), strings.IndexByte(upperHex, s[i+2])
			if high >= 0 && low >= 0 {
				dst = append(dst, byte(high<<4|low))
				i += 2
				continue
			}
		}
		dst = append(dst, s[i])
	}
	return string(dst)
}
