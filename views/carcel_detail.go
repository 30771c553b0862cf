package views

import (
	tea "charm.land/bubbletea/v2"

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

type heldDetail struct {
	document
	list *CarcelList
}

func newHeldDetail(s *Shared, list *CarcelList) *heldDetail {
	return &heldDetail{document{
		Shared: s, none: "nothing is selected", scopes: []keymap.Scope{keymap.Carcel, keymap.List},
	}, list}
}

// Refresh shows the selected entry.
func (d *heldDetail) Refresh() tea.Cmd {
	h := d.list.selected()
	d.shown = h != nil
	d.rule.Title, d.rule.Note, d.rule.Badges = "Held packet", "", nil
	if h == nil {
		return nil
	}
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
	if h.Raw != string(d.raw) {
		d.put(contentsOf(h.Raw), []byte(h.Raw))
	}
	return nil
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

// Do copies the contents, or scrolls.
func (d *heldDetail) Do(id string) (tea.Cmd, bool) {
	if id == "list.copy" {
		if d.text == "" {
			return send(Copy{"the entry", string(d.raw)}), true
		}
		return send(Copy{"the contents", d.text}), true
	}
	return d.document.Do(id)
}
