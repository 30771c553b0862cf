package packet

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the packet as other programs write it: byte for byte
// Python's json.dumps(asdict(packet), default=str). Separators are ", " and
// ": ", whatever is not printable ASCII is escaped, the keys are in the wire
// format's order, and chain_of_custody is null when unset.
func AppendJSON(dst []byte, p Packet) []byte {
	dst = AppendString(append(dst, `{"origin": `...), p.Origin)
	dst = AppendValueJSON(append(dst, `, "contents": `...), p.Contents)
	dst = AppendString(append(dst, `, "schema_version": `...), p.SchemaVersion)
	dst = strconv.AppendInt(append(dst, `, "ttl_seconds": `...), p.TTLSeconds, 10)
	dst = AppendString(append(dst, `, "tracking_id": `...), p.TrackingID)
	dst = AppendString(append(dst, `, "dispatched_at": `...), p.DispatchedAt)
	dst = AppendValueJSON(append(dst, `, "chain_of_custody": `...), p.ChainOfCustody)
	return append(dst, '}')
}

// AppendValueJSON appends v in the same style: integers exact, a float in
// the text it was read from or else in Python's repr, NaN and Infinity as
// Python writes them. Bytes become the string that Python's str gives
// (b'\x00…'), an Ext the list [type, "b'…'"].
func AppendValueJSON(dst []byte, v Value) []byte {
	switch v.kind {
	case Array:
		dst = append(dst, '[')
		for i := range v.list {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = AppendValueJSON(dst, v.list[i].Value)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i := range v.list {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(AppendString(dst, v.list[i].Key), ": "...)
			dst = AppendValueJSON(dst, v.list[i].Value)
		}
		return append(dst, '}')
	}
	return appendScalar(dst, v)
}

// AppendIndentedJSON appends v for people: one member a line, indented by
// indent at each level, with the same escaping as AppendValueJSON.
func AppendIndentedJSON(dst []byte, v Value, indent string) []byte {
	return appendIndented(dst, v, indent, 0)
}

func appendIndented(dst []byte, v Value, indent string, depth int) []byte {
	if len(v.list) == 0 {
		return AppendValueJSON(dst, v)
	}
	opening, closing := byte('['), byte(']')
	if v.kind == Object {
		opening, closing = '{', '}'
	}
	dst = append(dst, opening)
	for i := range v.list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = newLine(dst, indent, depth+1)
		if v.kind == Object {
			dst = append(AppendString(dst, v.list[i].Key), ": "...)
		}
		dst = appendIndented(dst, v.list[i].Value, indent, depth+1)
	}
	return append(newLine(dst, indent, depth), closing)
}

func newLine(dst []byte, indent string, depth int) []byte {
	dst = append(dst, '\n')
	for range depth {
		dst = append(dst, indent...)
	}
	return dst
}

func appendScalar(dst []byte, v Value) []byte {
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.num == 1)
	case Int:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case BigInt:
		return append(dst, v.text...)
	case Float:
		if v.text != "" {
			return append(dst, v.text...)
		}
		return AppendFloat(dst, math.Float64frombits(v.num))
	case String:
		return AppendString(dst, v.text)
	case Bytes:
		return AppendString(dst, bytesRepr(v.text))
	case Ext:
		dst = strconv.AppendInt(append(dst, '['), int64(v.num), 10)
		dst = AppendString(append(dst, ", "...), bytesRepr(v.text))
		return append(dst, ']')
	}
	return append(dst, "null"...)
}

// AppendFloat appends f in Python's repr, which is also what json.dumps
// writes: the shortest digits that give f back, with an exponent below 1e-4
// and from 1e16 ("1e-05", "1e+16"), else with a point ("1.0", "-0.0"); NaN,
// Infinity and -Infinity by these names.
func AppendFloat(dst []byte, f float64) []byte {
	switch abs := math.Abs(f); {
	case f != f:
		return append(dst, "NaN"...)
	case abs > math.MaxFloat64:
		if f < 0 {
			return append(dst, "-Infinity"...)
		}
		return append(dst, "Infinity"...)
	case abs >= 1e16 || abs < 1e-4 && abs != 0:
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

const hexDigits = "0123456789abcdef"

// plainJSON marks the bytes that stand for themselves in a JSON string.
var plainJSON = func() (table [256]bool) {
	for c := ' '; c <= '~'; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// AppendString appends s, which is WTF-8, as a JSON string of printable
// ASCII: 0x7f and all above are escaped, pairs as two surrogates, lone
// surrogates as themselves, and < > & / left alone. A byte that is no text
// is written as U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plainJSON[c] {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		if c < utf8.RuneSelf {
			dst = appendEscape(dst, c)
			i++
		} else {
			r, size := DecodeRune(s[i:])
			dst = appendUnicodeEscape(dst, r)
			i += size
		}
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case '\f':
		return append(dst, `\f`...)
	case '\b':
		return append(dst, `\b`...)
	}
	return appendUnicodeEscape(dst, rune(c))
}

func appendUnicodeEscape(dst []byte, r rune) []byte {
	if r >= 0x10000 {
		r -= 0x10000
		dst = appendUnicodeEscape(dst, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// bytesRepr is Python's str() of a bytes object.
func bytesRepr(s string) string {
	quote := byte('\'')
	for i := range len(s) {
		if s[i] == '"' {
			quote = '\''
			break
		}
		if s[i] == '\'' {
			quote = '"'
		}
	}
	dst := append(make([]byte, 0, len(s)+3), 'b', quote)
	for i := range len(s) {
		switch c := s[i]; {
		case c == quote || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c < ' ' || c >= 0x7f:
			dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return string(append(dst, quote))
}
