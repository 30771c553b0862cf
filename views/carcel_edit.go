package views

import (
	"context"
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// heldEdit is the editor for the contents of one entry, and beside it what
// differs and what the council would say, as one types.
type heldEdit struct {
	*Shared
	sha     string
	k       carcel.Case
	editor  *widget.Editor
	changes []carcel.Change
	verdict governance.Verdict
	problem string // why it cannot be replayed as it stands

	width, height int
}

// editMsg is the case that somebody wants to edit.
type editMsg struct{ heldCase }

// openEdit opens the editor on the selected entry, or comes back to what was
// left of it.
func (c *Carcel) openEdit() tea.Cmd {
	e := c.held.selected()
	if e == nil {
		return nil
	}
	sha := (*e).SHA
	if h := c.detail.cases.get(sha); h != nil && h.err == nil {
		return c.beginEdit(h)
	}
	engine, as := c.Engine, c.As
	return func() tea.Msg {
		read, _ := readCase(engine, as, sha).(caseMsg)
		return editMsg(read)
	}
}

func (c *Carcel) beginEdit(h *heldCase) tea.Cmd {
	if h.err != nil {
		return send(Toast{themes.GlyphError, engine.Sentence(h.err)})
	}
	if c.draft != nil && c.draft.sha == h.sha {
		c.edit = c.draft
	} else {
		text := "{}"
		if h.k.Held.Contents.Kind() == packet.Object {
			text = string(packet.AppendIndentedJSON(nil, h.k.Held.Contents, "  "))
		}
		c.edit = &heldEdit{Shared: c.Shared, sha: h.sha, k: h.k, editor: widget.NewEditor(text)}
	}
	c.edit.editor.Focus()
	c.edit.SetSize(c.width, c.height)
	c.edit.judge()
	return nil
}

// doEdit carries out the bindings of the editor.
func (c *Carcel) doEdit(id string) (tea.Cmd, bool) {
	switch id {
	case "edit.leave":
		c.draft, c.edit = c.edit, nil
		return c.split.Refresh(), true
	case "edit.format":
		v, faults, err := packet.ParseValue([]byte(c.edit.editor.Value()))
		if err != nil || len(faults) > 0 {
			return send(Toast{themes.GlyphBlocked, "not indented: it is no JSON yet"}), true
		}
		c.edit.editor.SetValue(string(packet.AppendIndentedJSON(nil, v, "  ")))
		c.edit.judge()
		return nil, true
	case "edit.replay":
		return c.plan(edited(c.edit.sha, c.who(), []byte(c.edit.editor.Value()))), true
	}
	return nil, false
}

func (c *Carcel) editState(id string) keymap.State {
	switch id {
	case "edit.replay":
		if s := c.writable(); !s.Enabled {
			return s
		}
		switch {
		case c.planning:
			return keymap.Off("a dry run is under way")
		case c.edit.problem != "":
			return keymap.Off(c.edit.problem)
		case len(c.edit.changes) == 0:
			return keymap.Off("nothing is changed yet: leave, and replay it as it is")
		}
	case "pane.next", "pane.previous", "pane.zoom":
		return keymap.Off("the editor has the whole screen")
	}
	return keymap.On
}

// SetSize gives the editor exactly width by height cells.
func (e *heldEdit) SetSize(width, height int) {
	e.width, e.height = width-1, height
	w, h := e.editorSize()
	e.editor.SetSize(w, h)
}

func (e *heldEdit) wide() bool { return e.width+1 >= WideFrom }

// editorSize is what title and the lines below leave.
func (e *heldEdit) editorSize() (w, h int) {
	if !e.wide() {
		return e.width, max(e.height-1-6, 3)
	}
	left, _ := widget.Split(e.width+1, 2, 54)
	return left, max(e.height-2, 3)
}

// Update edits.
func (e *heldEdit) Update(msg tea.Msg) tea.Cmd {
	if _, click := msg.(tea.MouseClickMsg); click {
		return nil
	}
	cmd := e.editor.Update(msg)
	e.judge()
	return cmd
}

// judge works out what differs, and what would become of it. It asks no
// server.
func (e *heldEdit) judge() {
	e.changes, e.problem, e.verdict = nil, "", governance.Verdict{}
	contents, faults, err := packet.ParseValue([]byte(e.editor.Value()))
	switch {
	case err != nil:
		e.problem = err.Error()
		return
	case len(faults) > 0:
		e.problem = faults[0].String()
		return
	case contents.Kind() != packet.Object:
		e.problem = "contents are a JSON object"
		return
	}
	from := e.k.Held.Contents
	if from.Kind() != packet.Object {
		from = packet.ObjectOf()
	}
	e.changes = carcel.Diff(from, contents)
	p := e.k.Held.Packet
	p.Contents, p.ChainOfCustody, p.TrackingID = contents, packet.NullValue, packet.NewTrackingID()
	p.DispatchedAt = packet.FormatTime(e.Now)
	to := dispatch.Destination{Key: e.k.To.Key, Operation: e.k.To.Operation}
	if e.k.ToErr != nil {
		to = dispatch.Destination{Key: "queue:any"} // it is asked for before it goes
	}
	preview, err := e.Engine.Preview(context.Background(), p, to)
	var invalid *packet.ValidationError
	switch {
	case errors.As(err, &invalid) && len(invalid.Faults) > 0:
		e.problem = invalid.Faults[0].String()
	case err != nil:
		e.problem = sentence(err)
	}
	e.verdict = preview.Verdict
}

// View draws the editor, and beside or below it verdict and differences.
func (e *heldEdit) View() string {
	rule := widget.Rule{Title: "Edit", Note: known(e.k.Held.Primitive) + "  " + e.k.Held.ID(), Focused: true,
		Badges: [][]widget.Span{{widget.T(themes.Faint, e.editor.PositionText())}}}
	if !e.wide() {
		left := widget.Stack(rule.View(e.Theme, e.width), e.editor.View(e.Theme))
		return widget.Fit(widget.Stack(left, widget.Stack(e.side(e.width, 6)...)), e.width, e.height)
	}
	left, right := widget.Split(e.width+1, 2, 54)
	view := widget.Stack(rule.View(e.Theme, left), widget.Gap(left), e.editor.View(e.Theme))
	return widget.Columns(2,
		widget.Block{View: widget.Fit(view, left, e.height), Width: left},
		widget.Block{View: widget.Fit(widget.Stack(e.side(right, e.height)...), right, e.height), Width: right})
}

// side is the verdict, and what differs.
func (e *heldEdit) side(width, height int) []string {
	l := statusLook(e.verdict.Status)
	role, g, words, why := themes.OK, themes.GlyphOK, "Would go to "+e.k.To.Key, e.verdict.Reason
	switch {
	case e.problem != "":
		role, g, words, why = themes.Bad, themes.GlyphBlocked, "Cannot be replayed", e.problem
	case e.verdict.Status != governance.Approved:
		role, g, words = l.word, l.glyph, "Would stay: "+e.verdict.Status.Title()
		if e.verdict.Status == governance.Blocked {
			role = themes.Bad
		}
	case e.k.ToErr != nil:
		words, why = "Would go", "where to is asked before it does"
	}
	box := func(spans ...widget.Span) string {
		return widget.Text(e.Theme, themes.Surface, width, append([]widget.Span{widget.T(role, e.Theme.Glyph(themes.GlyphBar)), widget.T(themes.Fg, " ")}, spans...)...)
	}
	out := []string{widget.Rule{Title: "Verdict", Note: "as you type, under " + governance.ShortRevision(e.Engine.Policy())}.View(e.Theme, width)}
	roomy := height > 8
	if roomy {
		out = append(out, widget.Gap(width))
	}
	out = append(out, box(widget.T(role, e.Theme.Glyph(g)+" "), widget.B(role, words)), box(widget.T(themes.Muted, why)))
	if roomy {
		out = append(out, widget.Gap(width), widget.Text(e.Theme, themes.Bg, width,
			widget.T(themes.Faint, "  It becomes a new packet, which names the old one as replay_of.")), widget.Gap(width))
	}
	out = append(out, widget.Rule{Title: "Changes", Note: widget.Commas(len(e.changes))}.View(e.Theme, width))
	for i, ch := range e.changes {
		if len(out) == height-1 && i < len(e.changes)-1 {
			out = append(out, widget.Text(e.Theme, themes.Bg, width, widget.T(themes.Faint, "  and "+widget.Commas(len(e.changes)-i)+" more")))
			break
		}
		out = append(out, e.change(ch, width))
	}
	if len(e.changes) == 0 && e.problem == "" {
		out = append(out, widget.Text(e.Theme, themes.Bg, width, widget.T(themes.Muted, "  nothing is changed yet")))
	}
	return out
}

// change is one difference: where, from what, to what.
func (e *heldEdit) change(ch carcel.Change, width int) string {
	arrow := widget.T(themes.Faint, "  "+e.Theme.Glyph(themes.GlyphArrow)+"  ")
	path := widget.CutMiddle(widget.Sanitize(ch.Path), max(width/3, 8))
	l := (&widget.Line{}).Space(widget.ColGlyph)
	sign, role := "~", themes.Info
	switch {
	case ch.From == "":
		sign, role = "+", themes.OK
	case ch.To == "":
		sign, role = widget.Minus, themes.Bad
	}
	l.Add(widget.T(role, sign)).Space(1).Add(widget.T(themes.Fg, path)).Space(2)
	if ch.From != "" {
		l.Add(widget.T(themes.Muted, widget.Cut(strings.TrimSpace(ch.From), max(width/4, 8))))
	}
	if ch.From != "" && ch.To != "" {
		l.Add(arrow)
	}
	if ch.To != "" {
		l.Add(widget.T(themes.Fg, ch.To))
	}
	return l.Render(e.Theme, themes.Bg, width)
}
