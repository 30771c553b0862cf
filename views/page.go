package views

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// page gathers the lines of a detail: labels at their column, values at
// theirs, sections a blank line apart.
type page struct {
	width int
	lines []widget.Line
}

func (p *page) add(label widget.Span, value ...widget.Span) {
	var l widget.Line
	l.Space(colLabel).Add(label)
	if len(value) > 0 {
		l.To(colValue).Add(value...)
	}
	p.lines = append(p.lines, l)
}

// fact is a line of an identity: a faint label and its value.
func (p *page) fact(label string, value ...widget.Span) {
	p.add(widget.T(themes.Faint, label), value...)
}

// section begins one: a blank line, its name, its first value.
func (p *page) section(name string, value ...widget.Span) {
	p.lines = append(p.lines, widget.Line{})
	p.add(widget.B(themes.Fg, name), value...)
}

func (p *page) more(value ...widget.Span) { p.add(widget.T(themes.Fg, ""), value...) }

// sentence adds a text over as many lines as it takes, five at most.
func (p *page) sentence(first bool, name string, role themes.Role, text string) {
	wrapped := ansi.Wrap(widget.Sanitize(text), max(p.width-colValue-1, 8), "")
	lines := strings.Split(wrapped, "\n")
	if len(lines) > mostLines {
		lines = lines[:mostLines]
		lines[mostLines-1] += "…"
	}
	for _, line := range lines {
		if first {
			p.section(name, widget.T(role, line))
		} else {
			p.more(widget.T(role, line))
		}
		first = false
	}
}

// told is a text behind a state's glyph, over as many lines as it takes; the
// lines after the first stand below the text, not below the glyph.
func (p *page) told(section string, glyph, text widget.Span) {
	for i, line := range wrapped(head(text.Text), p.width-colValue-3) {
		span := text
		span.Text = " " + line
		lead := glyph
		if i > 0 {
			lead = widget.T(themes.Fg, " ")
		}
		if section != "" && i == 0 {
			p.section(section, lead, span)
		} else {
			p.more(lead, span)
		}
	}
}
