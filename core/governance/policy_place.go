package governance

import (
	"strings"
	"unicode/utf8"
)

// source finds places inside of a scalar's text in the file it came from.
type source struct{ lines []string }

func newSource(text []byte) source {
	return source{strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")}
}

// within is where the rune at an offset of a scalar's text stands in the file.
// It follows text and file side by side: where YAML folded lines or wrote an
// escape the file has more characters than the text, and those are passed over.
func (s source) within(n *node, offset int) place {
	at := n.place
	if n.block {
		at = place{n.line + 1, 1}
	} else if n.quoted {
		at.column++
	}
	best := at
	wanted := []rune(n.text)
	for i := 0; i <= offset && i < len(wanted); i++ {
		if isBlank(wanted[i]) {
			continue // blanks differ by folding and indentation
		}
		found, ok := s.next(at, wanted[i])
		if !ok {
			return best
		}
		best = found
		at = place{found.line, found.column + 1}
	}
	if offset >= len(wanted) || offset >= 0 && isBlank(wanted[offset]) { // behind the last rune seen
		best.column++
	}
	return best
}

// next finds a rune from a place on, no further than the next line that
// holds anything.
func (s source) next(at place, wanted rune) (place, bool) {
	seen := 0
	for line := at.line; line >= 1 && line <= len(s.lines); line++ {
		column := 0
		for text := s.lines[line-1]; text != ""; {
			r, size := utf8.DecodeRuneInString(text)
			text = text[size:]
			column++
			if line == at.line && column < at.column {
				continue
			}
			if r == wanted {
				return place{line, column}, true
			}
			if !isBlank(r) {
				seen++
			}
			if seen > 12 { // an escape is no longer than that
				return place{}, false
			}
		}
	}
	return place{}, false
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }
