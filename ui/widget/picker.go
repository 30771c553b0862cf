package widget

import (
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
)

// Choice is one entry of a picker.
type Choice struct {
	ID, Title string
	Detail    string // faint, behind the title
	Key       string // the key that does the same, at the right
	Reason    string // why it cannot be chosen now
}

// Picker finds one of many by typing part of its name: the palette, templates,
// drafts, profiles.
type Picker struct {
	Title string

	choices []Choice
	found   []fuzzy.Match
	input   Input
	sel     int
	opened  time.Time
}

// NewPicker opens a picker.
func NewPicker(title string, choices []Choice, now time.Time) *Picker {
	p := &Picker{Title: title, choices: choices, input: NewInput(""), opened: now}
	p.input.Focus()
	p.filter()
	return p
}

type choiceTitles []Choice

func (c choiceTitles) String(i int) string { return c[i].Title }
func (c choiceTitles) Len() int            { return len(c) }

func (p *Picker) filter() {
	p.sel = 0
	if p.input.Value() == "" {
		p.found = make([]fuzzy.Match, len(p.choices))
		for i := range p.choices {
			p.found[i].Index = i
		}
		return
	}
	p.found = fuzzy.FindFrom(p.input.Value(), choiceTitles(p.choices))
}

// Selected is the choice under the bar; ok is false when nothing matches.
func (p *Picker) Selected() (Choice, bool) {
	if p.sel >= len(p.found) {
		return Choice{}, false
	}
	return p.choices[p.found[p.sel].Index], true
}

// Update gives the picker a key or a paste, with the time. Confirmed means
// that Selected was chosen. Typing is never swallowed, since it only filters;
// choosing in haste is.
func (p *Picker) Update(m *keymap.Map, msg tea.Msg, now time.Time) (Answer, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		if b, ok := m.MatchTyping([]keymap.Scope{keymap.Picker}, k.String()); ok {
			switch b.ID {
			case "picker.cancel":
				return Cancelled, nil
			case "picker.up":
				p.sel = max(p.sel-1, 0)
			case "picker.down":
				p.sel = max(min(p.sel+1, len(p.found)-1), 0)
			case "picker.choose":
				if c, ok := p.Selected(); ok && c.Reason == "" && (p.input.Value() != "" || now.Sub(p.opened) >= Haste) {
					return Confirmed, nil
				}
			}
			return Waiting, nil
		}
	}
	before := p.input.Value()
	cmd := p.input.Update(msg)
	if p.input.Value() != before {
		p.filter()
	}
	return Waiting, cmd
}

// View draws the box, at most width by height cells.
func (p *Picker) View(t *themes.Theme, width, height int) string {
	width = min(width, 64)
	page := min(max(height-5, 1), 14)
	var head Line
	head.Space(2).Add(p.input.spans(T(fg, ""), width-6)...)
	lines := []Line{head, {}}
	top := max(p.sel-page+1, 0)
	for i := top; i < min(top+page, len(p.found)); i++ {
		lines = append(lines, p.choice(t, p.found[i], i == p.sel, width-2))
	}
	if len(p.found) == 0 {
		var none Line
		none.Space(2).Add(T(muted, "nothing has these letters in this order"))
		lines = append(lines, none)
	}
	return Box(t, p.Title, width, lines)
}

// choice is one line: bar, title with the letters found, detail, key.
func (p *Picker) choice(t *themes.Theme, m fuzzy.Match, selected bool, width int) Line {
	c := p.choices[m.Index]
	var l, right Line
	if selected {
		l.Add(T(accent, t.Glyph(themes.GlyphBar))).Space(1)
	} else {
		l.Space(2)
	}
	role := fg
	if c.Reason != "" {
		role = faint
	}
	l.Add(highlight(c.Title, m.MatchedIndexes, role, selected)...)
	detail := c.Detail
	if c.Reason != "" {
		detail = c.Reason
	}
	l.Add(T(faint, "  "+detail))
	right.Space(2).Add(T(muted, c.Key)).Space(2)
	room := max(width-right.w, 0)
	if l.w > room {
		l = cutLine(l, t, room)
	}
	l.Space(room - l.w)
	l.parts, l.w = append(l.parts, right.parts...), l.w+right.w
	if selected {
		l.bg = themes.Select
	}
	return l
}

// cutLine shortens a line to w cells.
func cutLine(l Line, t *themes.Theme, w int) Line {
	var out Line
	for _, p := range l.parts {
		if out.w+p.w <= w-1 {
			out.Add(p.Span)
			continue
		}
		if room := w - 1 - out.w; room > 0 {
			for _, s := range takeCells(p.Span, room) {
				out.Add(s)
			}
		}
		return *out.Add(T(p.Role, t.Glyph(themes.GlyphEllipsis)))
	}
	return out
}

// takeCells is the first n cells of a span.
func takeCells(s Span, n int) []Span {
	text, used := "", 0
	for rest := s.Text; rest != ""; {
		cluster, w := firstCluster(rest)
		if used+w > n {
			break
		}
		text, used, rest = text+cluster, used+w, rest[len(cluster):]
	}
	s.Text = text
	return []Span{s}
}

// highlight marks the bytes of a title that were typed.
func highlight(title string, at []int, role themes.Role, bold bool) []Span {
	var out []Span
	hit := make(map[int]bool, len(at))
	for _, i := range at {
		hit[i] = true
	}
	for i, r := range title {
		s := T(role, string(r))
		if hit[i] {
			s.Role = accent
		}
		if bold {
			s.Attr = themes.AttrBold
		}
		if n := len(out); n > 0 && out[n-1].Role == s.Role {
			out[n-1].Text += s.Text
			continue
		}
		out = append(out, s)
	}
	return out
}
