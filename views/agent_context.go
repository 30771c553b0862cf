package views

import (
	"context"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// contextBytes is how much of a context is read at once.
const contextBytes = 32 << 10

// contextReader shows an agent's context part by part. The parts follow each
// other as one scrolls on.
type contextReader struct {
	agent  string
	number int // of the part asked for last
	busy   bool
	back   bool // it was asked for by scrolling up: its end is shown first
	info   swarm.ContextInfo
	from   int64 // where the part in sight begins
	part   []byte
	err    error
	read   bool
	width  int
	lines  []string
	top    int
	room   int // lines in sight, as drawn last
}

// contextPart is a part that was read.
type contextPart struct {
	agent  string
	number int
	from   int64
	part   []byte
	info   swarm.ContextInfo
	err    error
}

// openContext begins to read the context of the agent that is shown.
func (d *agentDetail) openContext() tea.Cmd {
	a := d.agent()
	if a == nil {
		return nil
	}
	d.number++ // the answer to an older reader's question is not for this one
	d.pending, d.question = false, ""
	d.reader = &contextReader{agent: a.ID, number: d.number, width: d.width}
	return d.reader.ask(d, 0)
}

func (r *contextReader) ask(d *agentDetail, from int64) tea.Cmd {
	r.number++
	r.busy = true
	c, out := d.Engine.Swarm(), &contextPart{agent: r.agent, number: r.number, from: max(from, 0)}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		out.part, out.info, out.err = c.ContextWindow(ctx, out.agent, out.from, contextBytes)
		return out
	}
}

// take shows a part. One that could not be read leaves the one in sight.
func (r *contextReader) take(m *contextPart) {
	if m.agent != r.agent || m.number != r.number {
		return
	}
	r.busy, r.err = false, m.err
	if m.err != nil {
		return
	}
	r.read, r.info, r.from, r.part = true, m.info, m.from, m.part
	r.setWidth(r.width)
	if r.top = 0; r.back {
		r.top = len(r.lines)
	}
}

func (r *contextReader) setWidth(width int) {
	r.width = width
	if r.read {
		r.lines = textLines(string(r.part), width-colLabel-1)
	}
}

// do scrolls, and asks for the next part at the end of this one.
func (r *contextReader) do(d *agentDetail, id string) (tea.Cmd, bool) {
	page := max(r.room-1, 1)
	step, known := map[string]int{"list.up": -1, "list.down": 1, "list.pageup": -page, "list.pagedown": page,
		"list.home": -r.top, "list.end": len(r.lines)}[id]
	if !known {
		return nil, false
	}
	last := max(len(r.lines)-r.room, 0)
	end := r.from + int64(len(r.part))
	switch {
	case r.busy || !r.read:
	case id == "list.home" && r.from > 0:
		r.back = false
		return r.ask(d, 0), true
	case step > 0 && r.top >= last && end < r.info.Size:
		r.back = false
		return r.ask(d, end), true
	case step < 0 && r.top == 0 && r.from > 0:
		r.back = true
		return r.ask(d, r.from-contextBytes), true
	}
	r.top = min(max(r.top+step, 0), last)
	return nil, true
}

// view draws the part in sight.
func (r *contextReader) view(d *agentDetail, focused bool) string {
	const besides = 40 // what title and range take
	rule := widget.Rule{Title: "Context", Note: widget.CutMiddle(widget.Sanitize(r.agent), max(d.width-besides, 8)), Focused: focused}
	if !r.read {
		what := "being read"
		if r.err != nil {
			what = engine.Sentence(r.err)
		}
		lines := []string{rule.View(d.Theme, d.width), widget.Gap(d.width)}
		for _, line := range wrapped(what, d.width-colLabel-1) {
			lines = append(lines, widget.Text(d.Theme, themes.Bg, d.width, widget.T(themes.Fg, "  "), widget.T(themes.Muted, line)))
		}
		return widget.Fit(widget.Stack(lines...), d.width, d.height)
	}
	end := r.from + int64(len(r.part))
	if r.from > 0 || end < r.info.Size {
		rule.Badges = append(rule.Badges, []widget.Span{
			widget.T(themes.Faint, first(map[bool]string{true: "0"}[r.from == 0], widget.Size(r.from))+"–"+widget.Size(end)+" of "), widget.T(themes.Muted, widget.Size(r.info.Size))})
	} else {
		rule.Badges = append(rule.Badges, []widget.Span{widget.T(themes.Muted, widget.Size(r.info.Size))})
	}
	parts := []string{rule.View(d.Theme, d.width), widget.Gap(d.width)}
	r.room = max(d.height-2, 1)
	if r.err != nil {
		r.room = max(r.room-1, 1)
	}
	r.top = min(r.top, max(len(r.lines)-r.room, 0))
	for i := r.top; i < min(r.top+r.room, len(r.lines)); i++ {
		parts = append(parts, widget.Text(d.Theme, themes.Bg, d.width, widget.T(themes.Fg, "  "), widget.T(themes.Fg, r.lines[i])))
	}
	if r.err != nil { // what follows is missing: told, not passed over
		parts = append(parts, widget.Text(d.Theme, themes.Bg, d.width, widget.T(themes.Fg, "  "), widget.State(d.Theme, themes.GlyphBlocked),
			widget.T(themes.Warn, " "+engine.Sentence(r.err))))
	}
	return widget.Fit(widget.Stack(parts...), d.width, d.height)
}

// textLines breaks a part of a text into harmless lines of a width. A part may
// begin or end within a character: those are left out. JSON that is whole is
// set out in lines.
func textLines(text string, width int) []string {
	text = whole(text)
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		text = widget.PrettyJSON([]byte(text))
	}
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		line = widget.Sanitize(strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", "    "))
		out = append(out, strings.Split(ansi.Wrap(line, max(width, 8), ""), "\n")...)
	}
	return out
}

// whole leaves out what a cut has left of characters at either end.
func whole(text string) string {
	for i := 0; i < utf8.UTFMax-1 && text != "" && !utf8.RuneStart(text[0]); i++ {
		text = text[1:]
	}
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if c := text[len(text)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRuneInString(text[len(text)-i:]) {
				text = text[:len(text)-i]
			}
			break
		}
	}
	return text
}
