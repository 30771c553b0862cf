package widget

import (
	"slices"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
)

// Footer is the last line: hints, the acts behind a divider, the reason in
// their place when acting is off, a toast, and one hint at the right edge.
type Footer struct {
	Hints  []keymap.Hint
	Reason string      // why acting is not possible, if it is not
	Toast  []Span      // see Toasts.Spans
	Edge   keymap.Hint // usually help
	Gap    int         // blanks between hints: 3, or 2 on a narrow screen
}

// View draws the footer in exactly width cells. Hints that do not fit go,
// those with the highest Keep first.
func (f Footer) View(t *themes.Theme, width int) string {
	hints := slices.Clone(f.Hints)
	var right Line
	if len(f.Toast) > 0 {
		right.Add(f.Toast...).Space(3)
	}
	right.Add(T(accent, f.Edge.Key), T(muted, " "+f.Edge.Word)).Space(1)
	for {
		left := f.left(t, hints)
		if left.w+2+right.w <= width || len(hints) == 0 {
			var b strings.Builder
			drawParts(&b, t, themes.Bg, left.parts, max(width-right.w, 0), false)
			drawParts(&b, t, themes.Bg, right.parts, min(right.w, width), false)
			return b.String()
		}
		worst := 0
		for i, h := range hints {
			if h.Keep >= hints[worst].Keep {
				worst = i
			}
		}
		hints = slices.Delete(hints, worst, worst+1)
	}
}

func (f Footer) left(t *themes.Theme, hints []keymap.Hint) Line {
	var l Line
	gap := f.Gap
	if gap <= 0 {
		gap = 3
	}
	l.Space(ColMark)
	// The divider stands before the acts at the end, not before one that the
	// screen is about (send, in the composer).
	acts := len(hints)
	for acts > 0 && hints[acts-1].Dangerous {
		acts--
	}
	divider := T(border, t.Glyph(themes.GlyphDivider))
	for i, h := range hints {
		if i > 0 {
			l.Space(gap)
		}
		if i == acts && i > 0 {
			l.Add(divider).Space(gap - 1)
		}
		l.Add(T(accent, h.Key), T(muted, " "+h.Word))
	}
	if f.Reason != "" {
		l.Space(gap).Add(divider).Space(gap - 1).Add(T(faint, f.Reason))
	}
	return l
}

// Toast is a short word about what just happened.
type Toast struct {
	Glyph themes.Glyph
	Text  string
}

// toastFor is how long a toast stays; errors stay longer.
const (
	toastFor      = 4 * time.Second
	errorToastFor = 10 * time.Second
)

// Toasts shows one toast at a time, the newest. The zero value is ready.
type Toasts struct {
	toast Toast
	until time.Time
}

// Show replaces what is shown and says how long it will stay.
func (ts *Toasts) Show(toast Toast, now time.Time) time.Duration {
	d := toastFor
	if toast.Glyph.Role() == themes.Bad {
		d = errorToastFor
	}
	ts.toast, ts.until = toast, now.Add(d)
	return d
}

// Spans is the toast as of now; nil when there is none.
func (ts *Toasts) Spans(t *themes.Theme, now time.Time) []Span {
	if !now.Before(ts.until) {
		return nil
	}
	return []Span{State(t, ts.toast.Glyph), T(fg, " "+ts.toast.Text)}
}
