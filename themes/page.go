package themes

import "strings"

// nbsp is a blank that is not a space.
const nbsp = "\u00a0"

// Page makes a finished screen of content: each line is padded to width in
// the theme's background, missing lines are added up to height, and resets
// written by others (lipgloss, bubbles) return to the theme's colours rather
// than the terminal's. Lines are not cut. Call it once, in the root's View.
//
// It makes every cell carry the background itself. tea.View's BackgroundColor
// is not enough for that (many terminals and multiplexers ignore it); set it
// too, with [Theme.Color] of [Bg], so that the window's own margin agrees.
//
// The last cell of a line is never a plain space: the renderer would erase to
// the end of the line instead of drawing blanks, and a terminal that does not
// erase in the current background would show its own there.
func (t *Theme) Page(content string, width, height int) string {
	const reset = "\x1b[m"
	last := nbsp
	if t.plain {
		last = " "
	} else {
		content = strings.ReplaceAll(content, "\x1b[0m", reset)
		content = strings.ReplaceAll(content, reset, t.base)
	}
	var b strings.Builder
	b.Grow(len(content) + height*(len(t.base)+8))
	n := 0
	put := func(line string) {
		if n > 0 {
			b.WriteByte('\n')
		}
		n++
		b.WriteString(t.base)
		gap := width - Width(line)
		if gap <= 0 {
			b.WriteString(endVisibly(line, last))
			return
		}
		b.WriteString(line)
		b.WriteString(strings.Repeat(" ", gap-1))
		b.WriteString(last)
	}
	for line := range strings.SplitSeq(content, "\n") {
		if n == height {
			break
		}
		put(line)
	}
	for n < height {
		put("")
	}
	b.WriteString(reset)
	return b.String()
}

// endVisibly replaces the space that a line ends with, looking through the
// sequences behind it.
func endVisibly(line, blank string) string {
	end := len(line)
	for strings.HasSuffix(line[:end], "m") {
		i := strings.LastIndex(line[:end], "\x1b[")
		if i < 0 || strings.Trim(line[i+2:end-1], "0123456789;") != "" {
			return line
		}
		end = i
	}
	if !strings.HasSuffix(line[:end], " ") {
		return line
	}
	return line[:end-1] + blank + line[end:]
}
