package views

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// heldDetail shows the selected entry: what it is, why it is held, who
// approved it, what the guardians said, its contents, and its history. What
// the list does not keep is asked for once the selection has settled.
type heldDetail struct {
	*Shared
	list  *CarcelList
	cases cases
	rule  widget.Rule
	scroll
	width, height int
}

func newHeldDetail(s *Shared, list *CarcelList) *heldDetail {
	return &heldDetail{Shared: s, list: list}
}

// SetSize gives the detail exactly width by height cells.
func (d *heldDetail) SetSize(width, height int) { d.width, d.height = width, height }

// entry is the selected one; nil when there is none.
func (d *heldDetail) entry() *carcel.Entry {
	if e := d.list.selected(); e != nil {
		return *e
	}
	return nil
}

// read is what was read of the selected entry; nil while it is not.
func (d *heldDetail) read() *heldCase {
	if e := d.entry(); e != nil {
		return d.cases.get(e.SHA)
	}
	return nil
}

// Refresh asks for the selected entry when it is another one, or what was
// read of it is old.
func (d *heldDetail) Refresh() tea.Cmd {
	e := d.entry()
	if e == nil {
		d.cases.asked = ""
		return nil
	}
	if e.SHA == d.cases.asked {
		return nil
	}
	d.cases.asked, d.top = e.SHA, 0
	d.cases.number++
	moved := d.cases.moved
	d.cases.moved = d.Now
	if d.Away() {
		return nil
	}
	if c := d.cases.get(e.SHA); c != nil && c.err == nil && d.Now.Sub(c.at) < caseFresh && c.at.After(d.cases.renewed) {
		return nil
	}
	if d.Now.Sub(moved) > 2*settles {
		return d.ask(e.SHA)
	}
	sha, n := e.SHA, d.cases.number
	return tea.Tick(settles, func(time.Time) tea.Msg { return askMsg{sha, n} })
}

// again has the selected entry read anew: something of ours has changed.
func (d *heldDetail) again() tea.Cmd {
	d.cases.renewed, d.cases.asked = d.Now, ""
	return d.Refresh()
}

func (d *heldDetail) ask(sha string) tea.Cmd {
	e, as := d.Engine, d.As
	return func() tea.Msg { return readCase(e, as, sha) }
}

// Update takes what was asked for.
func (d *heldDetail) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case askMsg:
		if m.n == d.cases.number {
			return d.ask(m.sha)
		}
	case caseMsg:
		return d.took(m.heldCase)
	case historyMsg:
		if c := d.cases.get(m.sha); c != nil {
			c.history, c.lost, c.told = m.history, m.err, true
		}
	}
	return nil
}

// took keeps a case, and asks for its history when it is still looked at.
func (d *heldDetail) took(h heldCase) tea.Cmd {
	h.at = d.Now
	h.text = contentsOf(&h.k.Held)
	if h.text != "" {
		h.lines = strings.Split(h.text, "\n")
	} else {
		h.bytes = &widget.HexView{}
		h.bytes.SetData([]byte(h.k.Held.Raw))
	}
	if old := d.cases.get(h.sha); old != nil {
		h.history, h.told, h.lost = old.history, old.told, old.lost
	}
	d.cases.put(&h)
	if h.err != nil || h.sha != d.cases.asked {
		return nil
	}
	e, entry := d.Engine, h.k.Held.Entry
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		history, err := e.Carcel().History(ctx, &entry)
		return historyMsg{h.sha, history, err}
	}
}

// contentsOf are an entry's contents as indented JSON; the whole entry where
// it has none, "" where it is not JSON at all.
func contentsOf(h *carcel.Held) string {
	if h.Contents.Kind() == packet.Object {
		return string(packet.AppendIndentedJSON(nil, h.Contents, "  "))
	}
	if v, _, err := packet.ParseValue([]byte(h.Raw)); err == nil {
		return string(packet.AppendIndentedJSON(nil, v, "  "))
	}
	return ""
}

// Do copies the contents, as long as they are not read the tracking id, or
// scrolls.
func (d *heldDetail) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "list.copy":
		c, e := d.read(), d.entry()
		switch {
		case e == nil:
			return nil, false
		case c == nil || c.err != nil:
			return send(Copy{"the tracking id", e.ID()}), true
		case c.k.Held.Contents.Kind() == packet.Object:
			return send(Copy{"the contents", c.text}), true
		}
		return send(Copy{"the entry", c.k.Held.Raw}), true
	}
	return nil, d.do(id, d.room())
}

// State: a detail scrolls, and there is nothing below it.
func (d *heldDetail) State(id string) keymap.State {
	switch id {
	case "list.open":
		return keymap.Off("it is open")
	case "list.filter":
		return keymap.Off("a detail has no filter")
	case "list.mark", "carcel.range", "carcel.all":
		return keymap.Off("marks are set in the list")
	case "list.copy":
		if d.entry() == nil {
			return keymap.Off("nothing is selected")
		}
	}
	return keymap.On
}

// Leave keeps the place.
func (d *heldDetail) Leave() {}

// Typing is never so.
func (d *heldDetail) Typing() bool { return false }

// Scopes are those of the carcel and of a list, for scrolling.
func (d *heldDetail) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Carcel, keymap.List} }

// room is how many lines are in sight.
func (d *heldDetail) room() int { return max(d.height-2, 1) }

// View draws title and sections.
func (d *heldDetail) View(focused bool) string {
	d.rule = widget.Rule{Title: "Held packet", Focused: focused}
	e := d.entry()
	if e == nil {
		return widget.Stack(d.rule.View(d.Theme, d.width), widget.Empty(d.Theme, d.width, d.height-1, "nothing is selected"))
	}
	l := statusLook(e.Decision)
	d.rule.Title, d.rule.Note = known(e.Primitive), known(e.Vertical)
	words := known(e.Decision.Title())
	badge := []widget.Span{widget.State(d.Theme, l.glyph), widget.T(l.word, " "+words)}
	if e.Waits() {
		badge[1] = widget.B(l.word, " "+words+" "+quorum(e))
	}
	doc := d.document(e)
	from, to, in := d.window(doc.len(), d.room())
	d.rule.Badges = append(append(d.rule.Badges, in...), badge)
	parts := []string{d.rule.View(d.Theme, d.width), widget.Gap(d.width)}
	for i := from; i < to; i++ {
		parts = append(parts, doc.line(d.Theme, i, d.width))
	}
	return widget.Fit(widget.Stack(parts...), d.width, d.height)
}
