package views

import (
	"strings"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// SetSize gives the screen exactly width by height cells.
func (c *Compose) SetSize(width, height int) { c.width, c.height = width, height }

// View draws the packet at the left and what would become of it at the right;
// on a narrow screen the latter in a few lines below.
func (c *Compose) View(bool) string { return margin(c.draw()) }

func (c *Compose) draw() string {
	if c.width < WideFrom {
		w := c.width - 1
		lines := append(c.drawVerdict(w), c.drawFired(w)...)
		below := widget.Stack(append(lines, c.drawFaults(w, 2)...)...)
		used := strings.Count(below, "\n") + 1
		return widget.Stack(widget.Fit(c.drawPacket(w, c.height-used), w, c.height-used), below)
	}
	left, right := widget.Split(c.width, 2, 54)
	lineage := c.drawLineage(left)
	top := c.height - len(lineage) - 1
	leftView := widget.Stack(c.drawPacket(left, top), widget.Gap(left), widget.Stack(lineage...))
	return widget.Columns(2,
		widget.Block{View: widget.Fit(leftView, left, c.height), Width: left},
		widget.Block{View: widget.Fit(c.drawJudgement(right), right, c.height), Width: right})
}

// drawPacket is the form above the editor.
func (c *Compose) drawPacket(width, height int) string {
	rule := widget.Rule{Title: "Compose", Note: "a packet", Focused: !c.away}
	switch {
	case c.unsaved:
		rule.Badges = [][]widget.Span{widget.Badge(c.Theme, themes.GlyphLate, themes.Warn, "drafts are not saved: see Activity")}
	case c.kept && !c.dirty:
		rule.Badges = [][]widget.Span{{widget.T(themes.Faint, "draft saved")}}
	}
	c.form.SetWidth(width)
	head := widget.Spread(c.Theme, themes.Bg, width,
		[]widget.Span{widget.T(themes.Fg, widget.Gap(colLabel)), widget.T(themes.Faint, "contents")}, nil,
		[]widget.Span{widget.T(themes.Faint, c.editor.PositionText())})
	parts := []string{rule.View(c.Theme, width)}
	roomy := height >= 20
	if roomy {
		parts = append(parts, widget.Gap(width))
	}
	parts = append(parts, c.form.View(c.Theme))
	if roomy {
		parts = append(parts, widget.Gap(width))
	}
	parts = append(parts, head)
	used := strings.Count(widget.Stack(parts...), "\n") + 1
	// The editor wraps its whole text anew when it is sized.
	if size := [2]int{width, max(height-used, 3)}; size != c.editorSize {
		c.editorSize = size
		c.editor.SetSize(size[0], size[1])
	}
	return widget.Stack(append(parts, c.editor.View(c.Theme))...)
}

// drawJudgement is the right side: verdict, schema, council, size, history.
func (c *Compose) drawJudgement(width int) string {
	parts := c.drawVerdict(width)
	parts = append(parts, widget.Gap(width))
	parts = append(parts, c.drawSchema(width)...)
	parts = append(parts, widget.Gap(width))
	parts = append(parts, c.drawCouncil(width)...)
	parts = append(parts, widget.Gap(width))
	parts = append(parts, c.drawSize(width)...)
	if rest := c.height - len(parts) - 3; rest > 0 {
		parts = append(parts, widget.Gap(width))
		parts = append(parts, c.drawHistory(width, rest)...)
	}
	return widget.Stack(parts...)
}

// drawVerdict says in a line or two what would become of the packet.
func (c *Compose) drawVerdict(width int) []string {
	v := &c.verdict
	rule := widget.Rule{Title: "Verdict", Note: "as you type",
		Badges: [][]widget.Span{{widget.T(themes.Faint, widget.Latency(v.took))}}}
	l := statusLook(v.preview.Verdict.Status)
	role, first, second := themes.OK, "Can be sent", v.preview.Verdict.Reason
	glyph := l.glyph
	switch {
	case len(v.faults) > 0:
		role, glyph, first = themes.Bad, themes.GlyphBlocked, "Cannot be sent"
		second = "1 field is not valid: " + v.faults[0].Field
		if len(v.faults) > 1 {
			second = widget.Commas(len(v.faults)) + " fields are not valid"
		}
	case v.problem != "":
		role, glyph, first, second = themes.Bad, themes.GlyphBlocked, "Cannot be sent", v.problem
	case v.preview.Verdict.Status == governance.Blocked:
		role, first = themes.Bad, "Would be blocked"
	case v.preview.Verdict.Status != governance.Approved:
		role, first = l.word, "Would be held"
	}
	box := func(spans ...widget.Span) string {
		bar := []widget.Span{widget.T(role, c.Theme.Glyph(themes.GlyphBar)), widget.T(themes.Fg, " ")}
		return widget.Text(c.Theme, themes.Surface, width, append(bar, spans...)...)
	}
	out := []string{rule.View(c.Theme, width)}
	if c.width >= WideFrom {
		out = append(out, widget.Gap(width))
	}
	return append(out,
		box(widget.T(role, c.Theme.Glyph(glyph)+" "), widget.B(role, first)),
		box(widget.T(themes.Muted, second)))
}

// drawFaults lists what is wrong, on narrow screens.
func (c *Compose) drawFaults(width, most int) (out []string) {
	for i, f := range c.verdict.faults {
		if i == most {
			break
		}
		out = append(out, widget.Text(c.Theme, themes.Bg, width, widget.T(themes.Bad, "  "+c.Theme.Glyph(themes.GlyphBlocked)+" "), widget.T(themes.Fg, f.String())))
	}
	return out
}

// checked are the fields of a packet, in the order in which they are checked.
var checked = []string{"ttl_seconds", "tracking_id", "origin", "dispatched_at", "chain_of_custody", "contents", "schema_version"}

func (c *Compose) drawSchema(width int) []string {
	v := &c.verdict
	bad := map[string]packet.Fault{}
	var others []packet.Fault
	for _, f := range v.faults {
		field, _, _ := strings.Cut(f.Field, ".")
		field, _, _ = strings.Cut(field, "[")
		if _, taken := bad[field]; taken || !contains(checked, field) {
			others = append(others, f)
			continue
		}
		bad[field] = f
	}
	rule := widget.Rule{Title: "Schema", Note: v.packet.SchemaVersion}
	if n := len(v.faults); n > 0 {
		rule.Badges = append(rule.Badges, widget.Badge(c.Theme, themes.GlyphBlocked, themes.Bad, widget.Commas(n)+plural(n, " error", " errors")))
	}
	rule.Badges = append(rule.Badges, []widget.Span{widget.T(themes.Muted, widget.Commas(len(checked)-len(bad))+" valid")})
	out := []string{rule.View(c.Theme, width)}
	said := map[string]string{
		"tracking_id": "made when it is sent", "dispatched_at": "set when it is sent",
		"origin": v.packet.Origin, "schema_version": v.packet.SchemaVersion, "ttl_seconds": widget.Commas(int(v.packet.TTLSeconds)) + " s",
		"contents":         widget.Commas(v.packet.Contents.Len()) + plural(v.packet.Contents.Len(), " key", " keys"),
		"chain_of_custody": widget.Commas(len(v.preview.Lineage)) + " entries, linked",
	}
	switch {
	case v.packet.SchemaVersion == packet.Schema10:
		said["chain_of_custody"] = "none in schema 1.0"
	case len(v.preview.Lineage) == 0:
		said["chain_of_custody"] = "written when it is sent"
	}
	for _, field := range checked {
		f, wrong := bad[field]
		if wrong {
			out = append(out, c.check(width, themes.GlyphBlocked, field, themes.Bad, "expected "+f.Expected))
		} else {
			out = append(out, c.check(width, themes.GlyphOK, field, themes.Faint, said[field]))
		}
	}
	for _, f := range others {
		out = append(out, c.check(width, themes.GlyphBlocked, f.Field, themes.Bad, "expected "+f.Expected))
	}
	return out
}

// check is one line: glyph, name, what is to be said.
func (c *Compose) check(width int, g themes.Glyph, name string, role themes.Role, text string) string {
	var l widget.Line
	l.Space(widget.ColGlyph).Add(widget.State(c.Theme, g)).Space(1).Add(widget.T(themes.Fg, name)).To(23).Add(widget.T(role, text))
	return l.Render(c.Theme, themes.Bg, width)
}

func (c *Compose) drawSize(width int) []string {
	p := c.verdict.preview
	out := []string{widget.Rule{Title: "Size"}.View(c.Theme, width)}
	if p.JSON == 0 {
		return append(out, widget.Text(c.Theme, themes.Bg, width, widget.T(themes.Muted, "     known once the packet is valid")))
	}
	line := func(name string, size int) string {
		filled, track := widget.ProgressBar(c.Theme, float64(size)/float64(p.JSON), 24, themes.Graph)
		var l widget.Line
		l.Space(widget.ColText).Add(widget.T(themes.Faint, name)).To(14).Add(widget.T(themes.Fg, widget.PadLeft(widget.Size(int64(size)), widget.SizeWidth))).Space(2).Add(filled, track)
		if size < p.JSON {
			l.Space(2).Add(widget.T(themes.Muted, widget.Minus+widget.Commas(100-100*size/p.JSON)+" %"))
		}
		return l.Render(c.Theme, themes.Bg, width)
	}
	out = append(out, line("json", p.JSON))
	if p.Msgpack > 0 {
		out = append(out, line("msgpack", p.Msgpack))
	}
	return out
}

// drawLineage lists the entries that the packet will carry.
func (c *Compose) drawLineage(width int) []string {
	entries := c.verdict.preview.Lineage
	rule := widget.Rule{Title: "Lineage to be written", Note: "oldest first"}
	out := []string{rule.View(c.Theme, width)}
	if len(entries) == 0 {
		why := "known once the packet is valid"
		if c.verdict.ready() {
			why = "packets of schema 1.0 carry none"
		}
		return append(out, widget.Text(c.Theme, themes.Bg, width, widget.T(themes.Muted, "     "+why)))
	}
	for i, raw := range entries {
		e := custody.ParseEntry(raw)
		var l widget.Line
		l.Space(widget.ColGlyph).Add(widget.T(themes.Faint, widget.Commas(i+1))).To(6).Add(widget.T(themes.Muted, e.Kind)).To(14).Add(widget.T(themes.Fg, e.Name))
		if len(e.Link) >= 8 {
			l.To(40).Add(widget.T(themes.Faint, "h "+e.Link[:4]+" "+e.Link[4:8]))
		}
		out = append(out, l.Render(c.Theme, themes.Bg, width))
	}
	return out
}

func (c *Compose) drawHistory(width, rows int) []string {
	h := c.desk.History
	out := []string{widget.Rule{Title: "History", Note: widget.Commas(len(h))}.View(c.Theme, width)}
	if len(h) == 0 {
		return append(out, widget.Text(c.Theme, themes.Bg, width, widget.T(themes.Muted, "     what is sent from here stands here")))
	}
	for i, s := range h {
		if i == rows {
			break
		}
		lk := statusLook(governance.Status(s.Decision))
		var l widget.Line
		l.Space(widget.ColGlyph).Add(widget.State(c.Theme, lk.glyph)).Space(1).Add(widget.T(themes.Faint, widget.Clock(s.At.Local()))).
			To(15).Add(widget.T(themes.Fg, primitiveOf(s.Draft.Contents))).
			To(34).Add(widget.T(themes.Muted, s.Draft.Key))
		if width >= 64 {
			l.To(54).Add(widget.T(themes.Faint, governance.Status(s.Decision).Word()))
		}
		out = append(out, l.Render(c.Theme, themes.Bg, width))
	}
	return out
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
