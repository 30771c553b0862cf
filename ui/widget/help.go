package widget

import (
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
)

// Help shows what every key does, generated from the keymap.
type Help struct {
	scroller
	rows []helpRow
}

type helpRow struct {
	title string
	item  keymap.Item
}

// NewHelp is the content for sections, as [keymap.Map.Help] gives them.
func NewHelp(sections []keymap.Section) *Help {
	h := &Help{}
	for i, s := range sections {
		if i > 0 {
			h.rows = append(h.rows, helpRow{})
		}
		h.rows = append(h.rows, helpRow{title: s.Title})
		for _, it := range s.Items {
			h.rows = append(h.rows, helpRow{item: it})
		}
	}
	h.lines = len(h.rows)
	return h
}

// keysWidth is the column of the keys.
const keysWidth = 24

// View draws the lines in sight on the page, exactly as large as SetSize said.
func (h *Help) View(t *themes.Theme) string {
	return h.view(t, themes.Bg, func(i int) []Span {
		r := h.rows[i]
		if r.title != "" {
			return []Span{T(fg, " "), B(fg, r.title)}
		}
		if r.item.ID == "" {
			return nil
		}
		text := T(muted, r.item.Text)
		tail := Span{}
		if r.item.Dangerous {
			tail = T(faint, " Asks first.")
		}
		if r.item.Reason != "" {
			text.Role = faint
			tail = T(faint, " Not now: "+r.item.Reason)
		}
		return []Span{T(accent, "   "+PadRight(r.item.Keys, keysWidth)+" "), text, tail}
	})
}
