package widget

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/infrafabric/ifpacket/themes"
)

func itoa(n int) string { return strconv.Itoa(n) }

func pad2(n int) string { return fmt.Sprintf("%02d", n) }

// axis is a line on which things find a free place or are left out.
type axis struct {
	taken []bool
	spans []placed
}

type placed struct {
	at int
	part
}

func newAxis(width int) *axis { return &axis{taken: make([]bool, max(width, 0))} }

// put places a span if all its cells are free.
func (a *axis) put(at int, s Span) bool { return a.place(at, s, 0) }

// putApart also wants a free cell at both sides.
func (a *axis) putApart(at int, s Span) bool { return a.place(at, s, 1) }

func (a *axis) place(at int, s Span, apart int) bool {
	p := measure(s)
	if at < 0 || at+p.w > len(a.taken) {
		return false
	}
	for i := max(at-apart, 0); i < min(at+p.w+apart, len(a.taken)); i++ {
		if a.taken[i] {
			return false
		}
	}
	for i := at; i < at+p.w; i++ {
		a.taken[i] = true
	}
	i := len(a.spans)
	for i > 0 && a.spans[i-1].at > at {
		i--
	}
	a.spans = append(a.spans[:i], append([]placed{{at, p}}, a.spans[i:]...)...)
	return true
}

func (a *axis) render(t *themes.Theme) string {
	var b strings.Builder
	col := 0
	for _, p := range a.spans {
		b.WriteString(blanks(p.at - col))
		th := t
		if p.live {
			th = t.Live()
		}
		th.Style(p.Role).With(p.Attr).WriteTo(&b, p.Text)
		col = p.at + p.w
	}
	b.WriteString(blanks(len(a.taken) - col))
	return b.String()
}
