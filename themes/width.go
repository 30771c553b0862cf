package themes

import (
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Width is the number of cells of one line; escape sequences take none. Lines
// of ASCII, styles and the console's own signs, which is nearly all of them,
// are measured without looking for grapheme clusters.
func Width(s string) int {
	n := 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= 0x20 && c <= 0x7e:
			n++
			i++
		case c == 0x1b:
			end := styleEnd(s, i)
			if end < 0 {
				return ansi.StringWidth(s)
			}
			i = end
		case c < 0x20 || c == 0x7f:
			return ansi.StringWidth(s)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if !narrow(r) {
				return ansi.StringWidth(s)
			}
			n++
			i += size
		}
	}
	return n
}

// Tame says whether s is only printable ASCII and the console's own signs:
// then each rune is a cell, and nothing in it can do harm.
func Tame(s string) bool {
	for _, r := range s {
		if (r < 0x20 || r > 0x7e) && !narrow(r) {
			return false
		}
	}
	return true
}

// styleEnd is the index behind the SGR sequence at i, or −1 if it is another.
func styleEnd(s string, i int) int {
	if i+1 >= len(s) || s[i+1] != '[' {
		return -1
	}
	for j := i + 2; j < len(s); j++ {
		switch c := s[j]; {
		case c == 'm':
			return j + 1
		case c != ';' && c != ':' && (c < '0' || c > '9'):
			return -1
		}
	}
	return -1
}

// narrow runes take one cell by every measure and join with nothing but
// combining marks, which are not narrow themselves.
func narrow(r rune) bool {
	switch {
	case r >= 0x2800 && r <= 0x28ff: // braille
	case r >= 0x2500 && r <= 0x25a9, r == 0x25b2, r == 0x25bc, r == 0x25c6, r == 0x25c7,
		r == 0x25c8, r == 0x25cb, r == 0x25cc, r == 0x25cf: // rules, blocks, states
	case r == 0xa0, r == 0xb7, r == 0x2013, r == 0x2022, r == 0x2026, r == 0x2190, r == 0x2191,
		r == 0x2192, r == 0x2193, r == 0x21ba, r == 0x21bb, r == 0x2212, r == 0x2713, r == 0x2715:
	default:
		return false
	}
	return true
}
