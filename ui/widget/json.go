package widget

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/infrafabric/ifpacket/themes"
)

// PrettyJSON is a document with two blanks of indent; what is not JSON comes
// back as it is.
func PrettyJSON(data []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, data, "", "  ") != nil {
		return string(data)
	}
	return b.String()
}

// JSONSpans colours one line of JSON: keys muted, strings fg, numbers and
// literals info, punctuation faint. It needs no context, since no JSON token
// goes over the end of a line; half-written JSON is coloured as far as it
// makes sense. The spans put together are the line.
func JSONSpans(line string) []Span {
	var out []Span
	for line != "" {
		n, role := 1, faint
		switch c := line[0]; {
		case c == '"':
			n = stringEnd(line)
			role = fg
			if strings.HasPrefix(strings.TrimLeft(line[n:], " \t"), ":") {
				role = muted
			}
		case c == ' ' || c == '\t':
			for n < len(line) && (line[n] == ' ' || line[n] == '\t') {
				n++
			}
		case strings.IndexByte("{}[]:,", c) >= 0:
			for n < len(line) && strings.IndexByte("{}[]:,", line[n]) >= 0 {
				n++
			}
		default:
			for n < len(line) && strings.IndexByte("{}[]:,\" \t", line[n]) < 0 {
				n++
			}
			role = fg
			if literal(line[:n]) {
				role = themes.Info
			}
		}
		out = append(out, T(role, line[:n]))
		line = line[n:]
	}
	return out
}

// stringEnd is the length of the string that s begins with, quotes included;
// all of s when it is not closed.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

func literal(s string) bool {
	switch s {
	case "true", "false", "null":
		return true
	}
	return s[0] == '-' || s[0] >= '0' && s[0] <= '9'
}

// clip shortens a line to what can be in sight, so that a line of a megabyte
// costs no more than a short one. A cell takes at most a few dozen bytes.
func clip(line string, cells int) string {
	limit := 64*max(cells, 0) + 64
	if len(line) <= limit {
		return line
	}
	for limit > 0 && !utf8.RuneStart(line[limit]) {
		limit--
	}
	return line[:limit]
}

// skipCells drops the first n cells of spans, for scrolling sideways. A wide
// character astride the edge leaves a blank.
func skipCells(spans []Span, n int) []Span {
	if n <= 0 {
		return spans
	}
	for i, s := range spans {
		p := measure(s)
		if p.w <= n {
			n -= p.w
			continue
		}
		rest := p.Text
		for n > 0 && rest != "" {
			cluster, w := firstCluster(rest)
			rest = rest[len(cluster):]
			n -= w
		}
		out := append([]Span(nil), spans[i:]...)
		out[0].Text = blanks(-n) + rest
		return out
	}
	return nil
}
