package widget

import (
	"strings"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
)

// Help shows what every key does, generated from the keymap.
type Help struct {
	scroller
	rows []helpRow
	keys int        // the column of the keys
	laid []helpLine // the rows, wrapped to the width
}

// helpLine is one line of a row: its first, or one that goes on with its text.
type helpLine struct {
	row        int
	first      bool
	text, tail string
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
	for _, r := range h.rows {
		h.keys = min(max(h.keys, Width(r.item.Keys)+1), keysWidth)
	}
	h.lay()
	return h
}

// keysWidth is how wide the column of the keys may be.
const keysWidth = 24

// SetSize gives the help exactly width by height cells.
func (h *Help) SetSize(width, height int) {
	again := width != h.width
	h.width = max(width, 0)
	if again {
		h.lay()
	}
	h.scroller.SetSize(width, height)
}

// lay wraps the rows to the width; before there is one, a row is a line.
func (h *Help) lay() {
	h.laid = h.laid[:0]
	for i, r := range h.rows {
		room := h.width - 3 - h.keys - 2
		if r.item.ID == "" || room < 20 {
			h.laid = append(h.laid, helpLine{row: i, first: true, text: r.item.Text, tail: r.tail()})
			continue
		}
		l := helpLine{row: i, first: true}
		put := func(at *string, words string) {
			for _, word := range strings.Fields(words) {
				if used := Width(l.text) + Width(l.tail); used > 0 && used+1+Width(word) > room {
					h.laid = append(h.laid, l)
					l = helpLine{row: i}
				}
				if l.text != "" || l.tail != "" {
					*at += " "
				}
				*at += word
			}
		}
		put(&l.text, r.item.Text)
		put(&l.tail, r.tail())
		h.laid = append(h.laid, l)
	}
	h.lines = len(h.laid)
}

// tail is what is said behind a description.
func (r *helpRow) tail() string {
	switch {
	case r.item.Reason != "":
		return " Not now: " + r.item.Reason
	case r.item.Dangerous:
		return " Asks first."
	}
	return ""
}

// View draws the lines in sight on the page, exactly as large as SetSize said.
func (h *Help) View(t *themes.Theme) string {
	return h.view(t, themes.Bg, func(i int) []Span {
		l := h.laid[i]
		r := h.rows[l.row]
		if r.title != "" {
			return []Span{T(fg, " "), B(fg, r.title)}
		}
		if r.item.ID == "" {
			return nil
		}
		text, keys := T(muted, l.text), ""
		if r.item.Reason != "" {
			text.Role = faint
		}
		if l.first {
			keys = r.item.Keys
		}
		return []Span{T(accent, "   "+PadRight(keys, h.keys)+" "), text, T(faint, l.tail)}
	})
}
