package packet

import "unicode/utf8"

// DecodeRune reads the first code point of s, which is WTF-8: lone
// surrogates (U+D800 to U+DFFF) are code points of three bytes. A byte that
// is part of no code point gives utf8.RuneError and size 1; the end of s
// gives size 0.
func DecodeRune(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	if r != utf8.RuneError || size != 1 || len(s) < 3 {
		return r, size
	}
	if s[0] == 0xed && s[1] >= 0xa0 && s[1] <= 0xbf && s[2] >= 0x80 && s[2] <= 0xbf {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, size
}

// ValidText reports whether s is text that every reader sees alike: UTF-8
// without lone surrogates.
func ValidText(s string) bool { return isASCII(s) || utf8.ValidString(s) }

// isASCII looks at eight bytes at a time, the last of them twice if need be:
// most texts are short keys and words, for which this is the quickest.
func isASCII(s string) bool {
	n := len(s)
	switch {
	case n >= 8:
		high := load64(s[n-8:])
		for ; len(s) >= 8; s = s[8:] {
			high |= load64(s)
		}
		return high&0x8080808080808080 == 0
	case n >= 4:
		return (load32(s)|load32(s[n-4:]))&0x80808080 == 0
	}
	for i := range n {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func load64(s string) uint64 { return uint64(load32(s)) | uint64(load32(s[4:]))<<32 }

func load32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func isHigh(r rune) bool { return r >= 0xd800 && r <= 0xdbff }
func isLow(r rune) bool  { return r >= 0xdc00 && r <= 0xdfff }

// appendRune appends a code point in WTF-8. A low surrogate behind a high
// one becomes the pair's code point, as WTF-8 demands and Python's reader
// does.
func appendRune(dst []byte, r rune) []byte {
	if r < 0xd800 || r > 0xdfff {
		return utf8.AppendRune(dst, r)
	}
	if n := len(dst); isLow(r) && n >= 3 && dst[n-3] == 0xed && dst[n-2] >= 0xa0 && dst[n-2] <= 0xaf {
		high := 0xd000 | rune(dst[n-2]&0x3f)<<6 | rune(dst[n-1]&0x3f)
		return utf8.AppendRune(dst[:n-3], 0x10000+(high-0xd800)<<10+(r-0xdc00))
	}
	return append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0xbf, 0x80|byte(r)&0x3f)
}

// toText turns bytes that should be UTF-8 into WTF-8: encoded surrogates are
// kept (Python's surrogatepass), any other stray byte becomes U+FFFD. ok is
// false when there was either.
func toText(s string) (text string, ok bool) {
	if ValidText(s) {
		return s, true
	}
	buf := make([]byte, 0, len(s)+8)
	for len(s) > 0 {
		r, size := DecodeRune(s)
		buf = appendRune(buf, r)
		s = s[size:]
	}
	return string(buf), false
}
