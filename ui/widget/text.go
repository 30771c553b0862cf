package widget

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/themes"
)

// plainASCII says whether s is printable ASCII only: then bytes are cells.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// Width is the number of cells s takes. Escape sequences take none.
func Width(s string) int {
	if plainASCII(s) {
		return len(s)
	}
	return themes.Width(s)
}

// maxMarks is how many combining marks one character may carry; more would
// paint over the lines above and below.
const maxMarks = 3

// Sanitize makes text harmless: what a terminal would obey or not show is
// shown instead. Control characters become their pictures (␛ for escape),
// C1 controls, bidirectional overrides, zero-width characters and invalid
// bytes become \x9b, \u202e and so on. The result is one line, and all ways of
// measuring it agree on its width. Clean text is returned as it is.
func Sanitize(s string) string {
	if themes.Tame(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for s != "" {
		n := 0
		for n < len(s) && s[n] >= 0x20 && s[n] <= 0x7e {
			n++
		}
		if n > 0 && n < len(s) && s[n] >= utf8.RuneSelf {
			n-- // the last letter may carry the mark that follows
		}
		b.WriteString(s[:n])
		s = s[n:]
		if s == "" {
			break
		}
		cluster, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		s = s[len(cluster):]
		if len(cluster) == 1 && cluster[0] >= 0x20 && cluster[0] <= 0x7e {
			b.WriteByte(cluster[0])
			continue
		}
		writeCluster(&b, cluster, w)
	}
	return b.String()
}

func writeCluster(b *strings.Builder, cluster string, w int) {
	_, wc := ansi.FirstGraphemeCluster(cluster, ansi.WcWidth)
	tame := w == wc && w > 0
	marks := 0
	escaped := false // what follows an escape in its cluster has lost its base
	for i := 0; i < len(cluster); {
		r, n := utf8.DecodeRuneInString(cluster[i:])
		mark := unicode.In(r, unicode.Mn, unicode.Me)
		if mark {
			marks++
		}
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(b, `\x%02x`, cluster[i])
		case r < 0x20:
			b.WriteRune(0x2400 + r)
		case r == 0x7f:
			b.WriteRune(0x2421)
		case r < 0xa0 && r > 0x7f:
			fmt.Fprintf(b, `\x%02x`, r)
		case escaped, hidden(r), i == 0 && joins(r), mark && marks > maxMarks, !tame && (i > 0 || n == len(cluster)):
			writeEscape(b, r)
			escaped = true
		default:
			b.WriteString(cluster[i : i+n])
		}
		i += n
	}
}

func writeEscape(b *strings.Builder, r rune) {
	if r > 0xffff {
		fmt.Fprintf(b, `\U%08x`, r)
		return
	}
	fmt.Fprintf(b, `\u%04x`, r)
}

// joins says whether a rune belongs to the one before it. At the beginning of
// a text, or behind something that is shown instead, it has none of its own.
func joins(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) || r == 0x0e33 || r == 0x0eb3 || r == 0xff9e || r == 0xff9f
}

// hidden runes have no ink of their own, or change that of their neighbours,
// or are given different widths by different terminals.
func hidden(r rune) bool {
	switch {
	case r == 0x034f, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xffa0:
		return true // fillers and joiners that count as letters or marks
	case r >= 0x180b && r <= 0x180f, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef:
		return true // variation selectors
	case r >= 0x1f3fb && r <= 0x1f3ff, r >= 0x1f1e6 && r <= 0x1f1ff:
		return true // skin tones and flag letters
	case r >= 0x1100 && r <= 0x11ff, r >= 0xa960 && r <= 0xa97f, r >= 0xd7b0 && r <= 0xd7ff:
		return true // Hangul in parts; whole syllables are shown
	case r == 0x0d4e, r == 0x111c2, r == 0x111c3, r == 0x113d1, r == 0x1193f, r == 0x11941,
		r == 0x11a3a, r >= 0x11a84 && r <= 0x11a89, r == 0x11d46, r == 0x11f02:
		return true // they take the next character into themselves
	}
	return !unicode.IsGraphic(r)
}

// Cut shortens s to w cells, with … at the end when something is missing. It
// may be a cell shorter where a wide character does not fit. Text with escape
// sequences keeps them.
func Cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if plainASCII(s) {
		if len(s) <= w {
			return s
		}
		return s[:w-1] + "…"
	}
	return ansi.Truncate(s, w, "…")
}

// CutMiddle shortens an identity to w cells in the middle, since its end
// tells it from others: sonnet_coo…ator_bb74.
func CutMiddle(s string, w int) string {
	if Width(s) <= w {
		return s
	}
	if w <= 2 {
		return Cut(s, w)
	}
	head := w / 2
	tail := w - 1 - head
	if plainASCII(s) {
		return s[:head] + "…" + s[len(s)-tail:]
	}
	end := ansi.TruncateLeft(s, Width(s)-tail, "")
	for Width(end) > tail { // a wide character astride the cut
		_, n := utf8.DecodeRuneInString(end)
		end = end[n:]
	}
	return ansi.Truncate(s, head, "") + "…" + end
}

// PadRight makes s exactly w cells wide: text left, blanks right; cut with …
// when it is too long.
func PadRight(s string, w int) string {
	s = Cut(s, w)
	if gap := w - Width(s); gap > 0 {
		return s + blanks(gap)
	}
	return s
}

// PadLeft makes s exactly w cells wide with the text at the right, for
// numbers.
func PadLeft(s string, w int) string {
	s = Cut(s, w)
	if gap := w - Width(s); gap > 0 {
		return blanks(gap) + s
	}
	return s
}

var spaces = strings.Repeat(" ", 512)

// blanks is n spaces; none for a negative n.
func blanks(n int) string {
	switch {
	case n <= 0:
		return ""
	case n <= len(spaces):
		return spaces[:n]
	}
	return strings.Repeat(" ", n)
}

// firstCluster is the first character of clean text and its width.
func firstCluster(s string) (string, int) {
	return ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
}
