package widget

import (
	"strings"
)

// Block is a view and the width of its lines, to be put beside others.
type Block struct {
	View  string
	Width int
}

// Columns puts blocks side by side with gutter blanks between them, line by
// line. Lines must be as wide as their block says (every widget's are); a
// block that is shorter than the tallest is filled with blanks.
func Columns(gutter int, blocks ...Block) string {
	lines := make([][]string, len(blocks))
	tallest, size := 0, 0
	for i, bl := range blocks {
		lines[i] = strings.Split(bl.View, "\n")
		tallest = max(tallest, len(lines[i]))
		size += len(bl.View)
	}
	var b strings.Builder
	b.Grow(size + tallest*(gutter*len(blocks)+1))
	for r := range tallest {
		if r > 0 {
			b.WriteByte('\n')
		}
		for i, bl := range blocks {
			if i > 0 {
				b.WriteString(blanks(gutter))
			}
			if r < len(lines[i]) {
				b.WriteString(lines[i][r])
			} else {
				b.WriteString(blanks(bl.Width))
			}
		}
	}
	return b.String()
}

// Stack puts views below each other. Empty ones take no line; give
// [Gap] for a blank one.
func Stack(views ...string) string {
	kept := make([]string, 0, len(views))
	for _, v := range views {
		if v != "" {
			kept = append(kept, v)
		}
	}
	return strings.Join(kept, "\n")
}

// Gap is one blank line of a width.
func Gap(width int) string { return blanks(width) }

// Fit makes a view exactly width by height: lines are cut or padded, missing
// ones are added, surplus ones dropped.
func Fit(view string, width, height int) string {
	var b strings.Builder
	n := 0
	for line := range strings.SplitSeq(view, "\n") {
		if n == height {
			break
		}
		if n > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(PadRight(line, width))
		n++
	}
	for ; n < height; n++ {
		if n > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(blanks(width))
	}
	return b.String()
}

// Split shares a screen's width between two blocks with a gutter between them
// and a margin of 1 at the right: left gets share percent of it.
func Split(width, gutter, share int) (left, right int) {
	room := max(width-gutter-1, 0)
	left = room * share / 100
	return left, room - left
}
