package custody

import (
	"errors"
	"strings"
	"unicode"

	"github.com/infrafabric/ifpacket/core/packet"
)

// ErrUnsupported says that Python's str(list) depends on the Unicode tables
// of the Python that wrote it: the lineage holds code points that Unicode 14
// (Python 3.11) does not know and later versions may.
var ErrUnsupported = errors.New("the digest depends on the Python version that wrote it")

// PaperDigest is the one hex that satisfies both of the paper's verifiers:
// SHA-256 of the lineage in the form in which str(list) and
// json.dumps(list, sort_keys=True) are the same bytes. ok is false unless
// every entry is printable ASCII with at least one ' and no " or \. It
// covers the lineage alone and has no key: a checksum, not a signature.
func PaperDigest(lineage []string) (hexDigest string, ok bool) {
	for _, entry := range lineage {
		if !isPolyglot(entry) {
			return "", false
		}
	}
	var room [1024]byte
	return hexSHA256(appendJSONList(room[:0], lineage)), true
}

func isPolyglot(s string) bool {
	quote := false
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~' || c == '"' || c == '\\':
			return false
		case c == '\'':
			quote = true
		}
	}
	return quote
}

// JSONDigest is SHA-256 of Python's json.dumps(lineage, sort_keys=True), as
// 64 lower-case hex digits. Entries are WTF-8; others are refused.
func JSONDigest(lineage []string) (string, error) {
	for _, entry := range lineage {
		if !isWTF8(entry) {
			return "", notCanonical("an entry is not Unicode")
		}
	}
	return hexSHA256(appendJSONList(nil, lineage)), nil
}

func appendJSONList(dst []byte, lineage []string) []byte {
	dst = append(dst, '[')
	for i, entry := range lineage {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = packet.AppendString(dst, entry)
	}
	return append(dst, ']')
}

// StrDigest is SHA-256 of Python's str(lineage) in UTF-8, as 64 lower-case
// hex digits, by the Unicode tables of Python 3.11. When a later Python could
// print a code point differently the digest comes with ErrUnsupported: equal
// to a signature it still proves a match, unequal it proves nothing. Entries
// that are not WTF-8 are refused.
func StrDigest(lineage []string) (string, error) {
	dst := []byte{'['}
	known := true
	for i, entry := range lineage {
		if !isWTF8(entry) {
			return "", notCanonical("an entry is not Unicode")
		}
		if i > 0 {
			dst = append(dst, ", "...)
		}
		var ok bool
		dst, ok = appendRepr(dst, entry)
		known = known && ok
	}
	digest := hexSHA256(append(dst, ']'))
	if !known {
		return digest, ErrUnsupported
	}
	return digest, nil
}

// appendRepr appends Python's repr of a string: in single quotes, in double
// ones when it holds ' and no ". known is false when the form depends on the
// Unicode version.
func appendRepr(dst []byte, s string) (out []byte, known bool) {
	quote := byte('\'')
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		quote = '"'
	}
	known = true
	dst = append(dst, quote)
	for len(s) > 0 {
		r, size := packet.DecodeRune(s)
		switch {
		case r == rune(quote) || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r >= ' ' && r < 0x7f:
			dst = append(dst, byte(r))
		case r > 0x7f && printable14(r):
			dst = append(dst, s[:size]...)
		default:
			dst = appendReprEscape(dst, r)
			known = known && (r < 0x7f || settled14(r))
		}
		s = s[size:]
	}
	return append(dst, quote), known
}

func appendReprEscape(dst []byte, r rune) []byte {
	switch r {
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	letter, digits := byte('x'), 2
	switch {
	case r > 0xffff:
		letter, digits = 'U', 8
	case r > 0xff:
		letter, digits = 'u', 4
	}
	dst = append(dst, '\\', letter)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[r>>shift&15])
	}
	return dst
}

// PaperVerdict says which of the paper's digests a trustworthy_signature is.
type PaperVerdict string

// The verdicts. The prefixed ones carry "sha256:", which the paper's examples
// show and its verifiers refuse.
const (
	PaperBoth         PaperVerdict = "both"
	PaperStr          PaperVerdict = "str"
	PaperJSON         PaperVerdict = "json"
	PaperPrefixedStr  PaperVerdict = "prefixed-str"
	PaperPrefixedJSON PaperVerdict = "prefixed-json"
	PaperNone         PaperVerdict = "none"
	PaperUnsupported  PaperVerdict = "unsupported"
)

// CheckPaperDigest compares a trustworthy_signature with the digests of the
// lineage. Unsupported means that it is neither, but that another version of
// Python might have written it.
func CheckPaperDigest(lineage []string, signature string) PaperVerdict {
	bare, prefixed := strings.CutPrefix(signature, "sha256:")
	asJSON, err := JSONDigest(lineage)
	if err != nil {
		return PaperNone
	}
	asStr, err := StrDigest(lineage)
	isStr, isJSON := bare == asStr, bare == asJSON
	switch {
	case prefixed && isStr:
		return PaperPrefixedStr
	case prefixed && isJSON:
		return PaperPrefixedJSON
	case isStr && isJSON:
		return PaperBoth
	case isStr:
		return PaperStr
	case isJSON:
		return PaperJSON
	case errors.Is(err, ErrUnsupported) && len(bare) == 64:
		return PaperUnsupported
	}
	return PaperNone
}

// printable14 is Python 3.11's str.isprintable for one code point beyond
// ASCII: Go's tables less what Unicode 15 added.
func printable14(r rune) bool { return unicode.IsPrint(r) && !unicode.Is(since15, r) }

// settled14 reports whether no version of Unicode from 14 on differs about
// r: it is assigned in 14, or can never be.
func settled14(r rune) bool {
	if unicode.Is(since15, r) {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z) ||
		unicode.Is(unicode.Noncharacter_Code_Point, r)
}
