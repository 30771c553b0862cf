package views

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Carcel is the screen of what is held, with the reason for the selected one.
type Carcel struct {
	split
	held *CarcelList
}

// NewCarcel makes the screen.
func NewCarcel(s *Shared) *Carcel {
	c := &Carcel{held: NewCarcelList(s)}
	c.split = split{Shared: s, list: c.held, side: newHeldDetail(s, c.held), share: 46}
	return c
}

// Select puts the bar on an entry.
func (c *Carcel) Select(key string) { c.held.choose(key) }

// heldMsg is an entry in full, or why it could not be read.
type heldMsg struct {
	sha, raw string
	err      error
}

// heldDetail shows the selected entry; its text is asked for when it is
// selected, since the list does not keep it.
type heldDetail struct {
	document
	list  *CarcelList
	asked string // SHA of the entry whose text was asked for
	err   error
}

func newHeldDetail(s *Shared, list *CarcelList) *heldDetail {
	return &heldDetail{document: document{
		Shared: s, none: "nothing is selected", scopes: []keymap.Scope{keymap.Carcel, keymap.List},
	}, list: list}
}

// Refresh shows the selected entry.
func (d *heldDetail) Refresh() tea.Cmd {
	selected := d.list.selected()
	d.shown = selected != nil
	d.rule.Title, d.rule.Note, d.rule.Badges = "Held packet", "", nil
	if selected == nil {
		d.asked = ""
		return nil
	}
	h := *selected
	l := statusLook(h.Decision)
	d.rule.Title, d.rule.Note = known(h.Primitive), known(h.Vertical)
	d.rule.Badges = [][]widget.Span{widget.Badge(d.Theme, l.glyph, l.word, known(h.Decision.Title()))}
	to := []widget.Span{widget.T(themes.Fg, known(h.Origin)), widget.T(themes.Muted, "  "+d.Theme.Glyph(themes.GlyphArrow)+"  ")}
	if h.Key != "" {
		to = append(to, widget.T(themes.Fg, h.Key), widget.T(themes.Muted, "  "+h.Operation))
	} else {
		to = append(to, widget.T(themes.Muted, "no target was written down"))
	}
	d.lines = []fact{
		textFact("packet", known(h.TrackingID)),
		{"from", to},
	}
	if !h.At.IsZero() {
		d.lines = append(d.lines, fact{"held", []widget.Span{
			widget.T(themes.Fg, age(d.Now, h.At)), widget.T(themes.Muted, "  since "+h.At.Format("2006-01-02 15:04:05")),
		}})
	}
	d.lines = append(append(d.lines, fact{}), longFact("why", h.Reason, d.width)...)
	for _, f := range h.Faults {
		d.lines = append(d.lines, fact{"fault", []widget.Span{widget.State(d.Theme, themes.GlyphError), widget.T(themes.Warn, " "+f.String())}})
	}
	if h.SHA == d.asked {
		if d.err != nil {
			d.lines = append(d.lines, longFact("text", engine.Sentence(d.err), d.width)...)
		}
		return nil
	}
	d.asked, d.err = h.SHA, nil
	d.put("", nil)
	e, sha := d.Engine, h.SHA
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		held, _, err := e.Carcel().Show(ctx, sha)
		return heldMsg{sha, held.Raw, err}
	}
}

// Update takes the text that was asked for.
func (d *heldDetail) Update(msg tea.Msg) tea.Cmd {
	h, ok := msg.(heldMsg)
	if !ok {
		return d.document.Update(msg)
	}
	if h.sha != d.asked {
		return nil
	}
	if d.err = h.err; d.err == nil {
		d.put(contentsOf(h.raw), []byte(h.raw))
	}
	return d.Refresh()
}

// contentsOf are an entry's contents as indented JSON; the whole entry where
// it has none; "" where it is not JSON at all.
func contentsOf(raw string) string {
	entry, _, err := packet.ParseValue([]byte(raw))
	if err != nil {
		return ""
	}
	if contents, there := entry.Get("contents"); there {
		entry = contents
	}
	return string(packet.AppendIndentedJSON(nil, entry, "  "))
}

// Do copies the contents, as long as they are not read the tracking id, or
// scrolls.
func (d *heldDetail) Do(id string) (tea.Cmd, bool) {
	if id == "list.copy" {
		if selected := d.list.selected(); len(d.raw) == 0 && selected != nil { // not read yet
			return send(Copy{"the tracking id", (*selected).TrackingID}), true
		}
		if d.text == "" {
			return send(Copy{"the entry", string(d.raw)}), true
		}
		return send(Copy{"the contents", d.text}), true
	}
	return d.document.Do(id)
}
