package views

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Where labels and values of a detail stand.
const (
	colLabel = widget.ColGlyph
	colValue = widget.ColValue
)

// fact is one line of a detail: a label and what is to be said.
type fact struct {
	label string
	value []widget.Span
}

// facts draws a detail's lines. Text that is too long for a line is cut.
func facts(t *themes.Theme, width int, lines []fact) []string {
	out := make([]string, len(lines))
	for i, f := range lines {
		var l widget.Line
		l.Space(colLabel).Add(widget.T(themes.Faint, f.label))
		if len(f.value) > 0 {
			l.To(colValue).Add(f.value...)
		}
		out[i] = l.Render(t, themes.Bg, width)
	}
	return out
}

// indent puts a block where a detail's labels stand.
func indent(view string) string {
	margin := widget.Gap(colLabel)
	return margin + strings.ReplaceAll(view, "\n", "\n"+margin)
}

// textFact is a fact of plain text.
func textFact(label, text string) fact { return fact{label, []widget.Span{widget.T(themes.Fg, text)}} }

// mostLines is how many lines a long sentence may take in a detail.
const mostLines = 5

// longFact is a fact of a sentence that may take some lines of a width.
func longFact(label, text string, width int) []fact {
	var out []fact
	for _, line := range wrapped(text, width-colValue-1) {
		out, label = append(out, textFact(label, line)), ""
	}
	return out
}

// wrapped breaks text into lines of a width, mostLines at most.
func wrapped(text string, width int) []string {
	lines := strings.Split(ansi.Wrap(widget.Sanitize(text), max(width, 8), ""), "\n")
	if len(lines) > mostLines {
		lines = lines[:mostLines]
		lines[mostLines-1] += "…"
	}
	return lines
}

// document is a detail of some facts and, below them, a document to scroll.
type document struct {
	*Shared
	rule          widget.Rule
	lines         []fact
	body          widget.JSONView
	text          string // what body shows
	hex           widget.HexView
	raw           []byte
	asHex         bool
	width, height int
	none          string // what to say when nothing is selected
	shown         bool
	scopes        []keymap.Scope
}

// SetSize gives the detail exactly width by height cells.
func (d *document) SetSize(width, height int) { d.width, d.height = width, height }

// put shows a document; it is set anew only when it changed, so that the
// reader's place is kept.
func (d *document) put(text string, raw []byte) {
	if text != d.text {
		d.text = text
		d.body.SetText(text)
	}
	if string(raw) != string(d.raw) {
		d.raw = raw
		d.hex.SetData(raw)
	}
}

// inHex reports whether bytes are shown: because somebody asked, or because
// there is no text.
func (d *document) inHex() bool { return d.asHex || d.text == "" }

// Do scrolls the document.
func (d *document) Do(id string) (tea.Cmd, bool) {
	if d.inHex() {
		return nil, d.hex.Do(id)
	}
	return nil, d.body.Do(id)
}

// Update wants no messages.
func (d *document) Update(tea.Msg) tea.Cmd { return nil }

// Typing is never so.
func (d *document) Typing() bool { return false }

// Scopes are those of a list, for scrolling.
func (d *document) Scopes() []keymap.Scope { return d.scopes }

// State: a detail scrolls, and there is nothing below it.
func (d *document) State(id string) keymap.State {
	switch id {
	case "list.open":
		return keymap.Off("it is open")
	case "list.filter":
		return keymap.Off("a detail has no filter")
	case "list.copy":
		if !d.shown {
			return keymap.Off("nothing is selected")
		}
	}
	return keymap.On
}

// Leave keeps the place.
func (d *document) Leave() {}

// View draws title, facts and document.
func (d *document) View(focused bool) string {
	d.rule.Focused = focused
	parts := []string{d.rule.View(d.Theme, d.width)}
	if !d.shown {
		return widget.Stack(parts[0], widget.Empty(d.Theme, d.width, d.height-1, d.none))
	}
	parts = append(parts, widget.Gap(d.width))
	parts = append(parts, facts(d.Theme, d.width, d.lines)...)
	rest := d.height - len(parts) - 1
	if rest > 0 && (d.text != "" || len(d.raw) > 0) {
		parts = append(parts, widget.Gap(d.width))
		if d.inHex() {
			d.hex.SetSize(d.width-colLabel, rest)
			parts = append(parts, indent(d.hex.View(d.Theme)))
		} else {
			d.body.SetSize(d.width-colLabel, rest)
			parts = append(parts, indent(d.body.View(d.Theme)))
		}
	}
	return widget.Fit(widget.Stack(parts...), d.width, d.height)
}
