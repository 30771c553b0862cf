package views

import (
	"context"
	"strconv"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Compose is the screen on which a packet is written: fields and contents at
// the left, and beside them, as one types, what would become of it.
type Compose struct {
	*Shared
	dir     string // where drafts are kept; "" keeps none
	unsaved bool   // the file with the drafts cannot be read, so that none are kept
	form    *widget.Form
	editor  *widget.Editor
	inText  bool // the editor has the focus, not the form
	away    bool // neither has: esc was pressed

	editorSize [2]int

	desk  desk
	dirty bool
	saved time.Time // when it was last tried
	kept  bool      // and that it went well

	saves  int        // how often it was tried
	saving sync.Mutex // held while the desk is written
	wrote  int        // the newest save that was written

	verdict       judged
	width, height int
}

// sentMsg is the outcome of a dispatch.
type sentMsg struct {
	receipt dispatch.Receipt
	draft   draft
	err     error
}

type savedMsg struct{ err error }

// NewCompose makes the screen; drafts are kept in dir.
func NewCompose(s *Shared, dir string) *Compose {
	c := &Compose{Shared: s, dir: dir}
	c.form = widget.NewForm(
		widget.Field{ID: "origin", Label: "origin"},
		widget.Field{ID: "key", Label: "destination"},
		widget.Field{ID: "operation", Label: "operation"},
		widget.Field{ID: "schema", Label: "schema"},
		widget.Field{ID: "ttl", Label: "ttl_seconds"},
		widget.Field{ID: "format", Label: "format"},
	)
	c.editor = widget.NewEditor("")
	d, err := loadDesk(dir)
	if err != nil {
		c.dir, c.unsaved = "", true // what cannot be read must not be written over
		s.Engine.Watcher().Note("drafts", dir, err.Error())
	}
	c.desk = d
	if d.Draft == (draft{}) {
		d.Draft = draft{Origin: engine.Actor(), Schema: packet.Schema11, TTL: strconv.Itoa(packet.DefaultTTL), Format: "json", Contents: templates[0].text}
	}
	c.fill(d.Draft)
	c.form.SetFocused(true)
	return c
}

// fill puts a draft into the fields.
func (c *Compose) fill(d draft) {
	for id, text := range map[string]string{
		"origin": d.Origin, "key": d.Key, "operation": d.Operation, "schema": d.Schema, "ttl": d.TTL, "format": d.Format,
	} {
		c.form.Field(id).Input.SetValue(text)
	}
	c.editor.SetValue(d.Contents)
	c.judge()
}

func (c *Compose) draft() draft {
	v := c.form.Value
	return draft{v("origin"), v("key"), v("operation"), v("schema"), v("ttl"), v("format"), c.editor.Value()}
}

// Select takes a key as the destination.
func (c *Compose) Select(key string) {
	if key == "" {
		return
	}
	c.form.Field("key").Input.SetValue(key)
	c.form.Field("operation").Input.SetValue("")
	c.edited()
}

// edited judges the packet anew and remembers that the draft is to be saved.
func (c *Compose) edited() {
	c.dirty = true
	c.judge()
}

// Refresh takes the newest picture and saves the draft when it has changed.
func (c *Compose) Refresh() tea.Cmd {
	c.annotate()
	if !c.dirty || c.Now.Sub(c.saved) < time.Second {
		return nil
	}
	return c.save()
}

func (c *Compose) save() tea.Cmd {
	c.dirty, c.saved = false, c.Now
	c.desk.Draft = c.draft()
	d := c.desk
	if c.dir == "" {
		return nil
	}
	c.saves++
	n := c.saves
	return func() tea.Msg { return savedMsg{c.write(d, n)} }
}

// write keeps a desk unless a newer one is kept already: commands may end in
// another order than they began.
func (c *Compose) write(d desk, n int) error {
	c.saving.Lock()
	defer c.saving.Unlock()
	if n < c.wrote {
		return nil
	}
	c.wrote = n
	return saveDesk(c.dir, d)
}

// retrySave is how long after a draft could not be saved it is tried again.
const retrySave = 30 * time.Second

// keptDraft takes the outcome of a save.
func (c *Compose) keptDraft(err error) tea.Cmd {
	c.kept = err == nil
	if err == nil {
		return nil
	}
	c.dirty, c.saved = true, c.Now.Add(retrySave)
	return send(Toast{themes.GlyphError, "the draft could not be saved: " + err.Error()})
}

// Close keeps what was typed last, when the console ends.
func (c *Compose) Close() error {
	if c.saved.IsZero() && !c.dirty {
		return nil
	}
	c.desk.Draft = c.draft()
	c.saves++
	return c.write(c.desk, c.saves)
}

// Do moves between the fields, sends, fills in templates and old packets.
func (c *Compose) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "compose.next":
		c.step(1)
	case "compose.previous":
		c.step(-1)
	case "compose.leave":
		if c.away {
			return nil, false
		}
		c.away = true
		c.form.SetFocused(false)
		c.editor.Blur()
		return c.save(), true
	case "compose.format":
		v, faults, err := packet.ParseValue([]byte(c.editor.Value()))
		switch {
		case err != nil:
			return send(Toast{themes.GlyphBlocked, "not indented: " + err.Error()}), true
		case len(faults) > 0:
			return send(Toast{themes.GlyphBlocked, "not indented: " + faults[0].String()}), true
		}
		c.editor.SetValue(string(packet.AppendIndentedJSON(nil, v, "  ")))
		c.edited()
	case "compose.template":
		return c.pickTemplate(), true
	case "compose.open":
		return c.pickHistory(), true
	case "compose.send":
		return c.ask(), true
	default:
		return nil, false
	}
	return nil, true
}

// step moves the focus through the fields and the editor.
func (c *Compose) step(n int) {
	switch {
	case c.away:
		c.away = false
		c.focus(c.inText)
	case c.inText:
		c.focus(false)
		c.form.Focus(map[int]int{1: 0, -1: c.form.Height() - 1}[n])
	case !c.form.Next(n):
		c.focus(true)
	}
}

func (c *Compose) focus(text bool) {
	c.inText = text
	c.form.SetFocused(!text)
	if text {
		c.editor.Focus()
	} else {
		c.editor.Blur()
	}
}

func (c *Compose) pickTemplate() tea.Cmd {
	choices := make([]widget.Choice, len(templates))
	for i, t := range templates {
		choices[i] = widget.Choice{Title: t.primitive}
	}
	return send(Pick{"Template", choices, func(i int) tea.Cmd {
		c.editor.SetValue(templates[i].text)
		c.edited()
		return nil
	}})
}

func (c *Compose) pickHistory() tea.Cmd {
	history := c.desk.History
	if len(history) == 0 {
		return send(Toast{themes.GlyphCalm, "nothing was sent from here yet"})
	}
	choices := make([]widget.Choice, len(history))
	for i, s := range history {
		choices[i] = widget.Choice{Title: primitiveOf(s.Draft.Contents) + "  " + s.Draft.Key, Detail: s.At.Local().Format("02 Jan 15:04") + "  " + s.Decision}
	}
	return send(Pick{"Sent before", choices, func(i int) tea.Cmd {
		c.fill(history[i].Draft)
		c.dirty = true
		return nil
	}})
}

func primitiveOf(contents string) string {
	v, _, _ := packet.ParseValue([]byte(contents))
	return known(member(v, "primitive"))
}

// ask opens the dialog before a packet is sent.
func (c *Compose) ask() tea.Cmd {
	c.judge()
	v := c.verdict
	if !v.ready() {
		return send(Toast{themes.GlyphBlocked, "not sent: " + c.whyNot()})
	}
	line := []widget.Span{widget.T(themes.Fg, known(member(v.packet.Contents, "primitive")))}
	switch to := v.preview.To; {
	case to.Key == "":
		line = append(line, widget.T(themes.Muted, " to nowhere: no key is named, and no route fits"))
	default:
		line = append(line, widget.T(themes.Muted, " to "), widget.T(themes.Fg, to.Key), widget.T(themes.Muted, " by "+string(to.Operation)))
	}
	body := [][]widget.Span{line}
	if v.preview.Verdict.Status != governance.Approved {
		l := statusLook(v.preview.Verdict.Status)
		body = append(body, append(widget.Badge(c.Theme, l.glyph, themes.Fg, "it will be held"), widget.T(themes.Muted, ": "+v.preview.Verdict.Reason)))
	}
	return send(Ask{Title: "Send a packet", Verb: "send", Body: body, Yes: c.dispatch(v)})
}

func (c *Compose) dispatch(v judged) tea.Cmd {
	e, d := c.Engine, c.draft()
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		receipt, err := e.Dispatch(ctx, v.packet, v.to)
		return sentMsg{receipt, d, err}
	}
}

// Update types into the field that has the focus, or takes the outcome of a
// dispatch.
func (c *Compose) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case sentMsg:
		return c.took(m)
	case savedMsg:
		return c.keptDraft(m.err)
	case tea.KeyPressMsg, tea.PasteMsg:
	default:
		return nil
	}
	var cmd tea.Cmd
	switch {
	case c.away:
		return nil
	case c.inText:
		cmd = c.editor.Update(msg)
	default:
		if key, ok := msg.(tea.KeyPressMsg); ok {
			switch key.String() {
			case "down", "enter":
				c.step(1)
				return nil
			case "up":
				c.step(-1)
				return nil
			}
		}
		cmd = c.form.Update(msg)
	}
	c.edited()
	return cmd
}

// took remembers a packet that was sent and says what became of it.
func (c *Compose) took(m sentMsg) tea.Cmd {
	if m.err != nil {
		return send(Toast{themes.GlyphError, m.err.Error()})
	}
	entry := sent{At: time.Now(), TrackingID: m.receipt.TrackingID, Decision: string(m.receipt.Decision), Draft: m.draft}
	c.desk.History = append([]sent{entry}, c.desk.History[:min(len(c.desk.History), maxHistory-1)]...)
	c.judge()
	toast := Toast{themes.GlyphOK, "dispatched to " + m.receipt.Key}
	if m.receipt.Status == dispatch.InCarcel {
		toast = Toast{statusLook(m.receipt.Decision).glyph, "held in the carcel: " + m.receipt.Reason}
	}
	return tea.Batch(c.save(), send(toast))
}

// Typing reports whether a field has the focus.
func (c *Compose) Typing() bool { return !c.away }

// Scopes are the composer's own.
func (c *Compose) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Compose} }

// State says that nothing can be sent while Redis is away or only read.
func (c *Compose) State(id string) keymap.State {
	switch {
	case id == "compose.leave" && c.away:
		return keymap.Off("no field has the focus")
	case id != "compose.send":
		return alone(id)
	case c.Away():
		return keymap.Off("acting is off while Redis is away")
	case c.Snap.Link.State == watch.Connecting:
		return keymap.Off("acting is off until Redis answers")
	case c.Engine.ReadOnly():
		return keymap.Off("read only")
	}
	return keymap.On
}
