package views

import (
	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Carcel is the screen of what is held: the list with the replay under way
// below it, the selected entry at length beside it, and, while one edits, the
// editor in the place of both.
type Carcel struct {
	split
	held     *CarcelList
	detail   *heldDetail
	runs     *runPane
	edit     *heldEdit // nil unless contents are edited
	draft    *heldEdit // what was left, to come back to
	work     *workers
	bulk     *bulk // the act on several that is under way
	planning bool  // a dry run is
}

// NewCarcel makes the screen.
func NewCarcel(s *Shared) *Carcel {
	c := &Carcel{held: NewCarcelList(s), runs: &runPane{Shared: s}, work: newWorkers()}
	c.held.acts = true
	c.held.scopes = []keymap.Scope{keymap.Carcel, keymap.List}
	c.detail = newHeldDetail(s, c.held)
	c.split = split{Shared: s, list: &heldSide{CarcelList: c.held, runs: c.runs}, side: c.detail, share: 46}
	return c
}

// heldSide is the list with the replay below it.
type heldSide struct {
	*CarcelList
	runs          *runPane
	width, height int
}

// SetSize gives the list what the replay leaves.
func (h *heldSide) SetSize(width, height int) {
	h.width, h.height = width, height
	below := h.runs.lines(height)
	h.runs.width, h.runs.height = width, below
	h.CarcelList.SetSize(width, height-below)
}

// View draws the list and, where there is one, the replay.
func (h *heldSide) View(focused bool) string {
	return widget.Stack(h.CarcelList.View(focused), h.runs.View())
}

// Refresh takes the newest picture.
func (h *heldSide) Refresh() tea.Cmd {
	if h.height > 0 && h.runs.lines(h.height) != h.runs.height {
		h.SetSize(h.width, h.height)
	}
	return h.CarcelList.Refresh()
}

// Select puts the bar on an entry.
func (c *Carcel) Select(key string) { c.held.choose(key) }

// SetSize gives the screen exactly width by height cells.
func (c *Carcel) SetSize(width, height int) {
	c.split.SetSize(width, height)
	if c.edit != nil {
		c.edit.SetSize(width, height)
	}
}

// Refresh takes the newest picture, and asks how the replays stand when
// something moves.
func (c *Carcel) Refresh() tea.Cmd {
	cmds := []tea.Cmd{c.split.Refresh(), c.runs.poll()}
	if c.bulk != nil {
		c.held.rule.Badges = append([][]widget.Span{c.bulk.badge(c.Theme)}, c.held.rule.Badges...)
	}
	return tea.Batch(cmds...)
}

// Close ends the work of this console: what it replays is paused, so that
// another can carry on.
func (c *Carcel) Close() error {
	c.work.close()
	return nil
}

// Do carries out the acts of this screen, or hands on.
func (c *Carcel) Do(id string) (tea.Cmd, bool) {
	if c.edit != nil {
		return c.doEdit(id)
	}
	switch id {
	case "carcel.sign":
		return c.sign(), true
	case "carcel.deny":
		return c.deny(), true
	case "carcel.appeal":
		return c.appeal(), true
	case "carcel.discard":
		return c.discard(), true
	case "carcel.restore":
		return c.openBin(), true
	case "carcel.replay":
		return c.replay(), true
	case "carcel.edit":
		return c.openEdit(), true
	case "carcel.pause":
		return c.pauseOrResume(), true
	case "carcel.cancel":
		return c.cancelRun(), true
	}
	return c.split.Do(id)
}

// Update takes keys, and the outcome of what was asked or done.
func (c *Carcel) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case actedMsg:
		return c.acted(m)
	case signMsg:
		return c.askSign(&m.heldCase)
	case binMsg:
		return c.pickBinned(m)
	case planMsg:
		return c.planned(m)
	case editMsg:
		return c.beginEdit(&m.heldCase)
	case begunMsg:
		return c.begun(m)
	case workedMsg:
		return c.worked(m)
	case runsMsg:
		cmd := c.runs.took(m)
		c.split.list.Refresh()
		return cmd
	case tea.KeyPressMsg, tea.PasteMsg, tea.MouseClickMsg:
		if c.edit != nil {
			return c.edit.Update(msg)
		}
	}
	return c.split.Update(msg)
}

// Typing reports whether text is typed.
func (c *Carcel) Typing() bool { return c.edit != nil || c.split.Typing() }

// Scopes are those of what has the focus.
func (c *Carcel) Scopes() []keymap.Scope {
	if c.edit != nil {
		return []keymap.Scope{keymap.Edit}
	}
	return c.split.Scopes()
}

// View draws the screen, or the editor.
func (c *Carcel) View(focused bool) string {
	if c.edit != nil {
		return margin(c.edit.View())
	}
	return c.split.View(focused)
}

// State says whether an act is possible now.
func (c *Carcel) State(id string) keymap.State {
	if c.edit != nil {
		return c.editState(id)
	}
	switch id {
	case "carcel.sign", "carcel.deny", "carcel.appeal", "carcel.discard", "carcel.replay", "carcel.edit", "carcel.restore", "carcel.pause", "carcel.cancel":
		if s := c.writable(); !s.Enabled {
			return s
		}
	default:
		return c.split.State(id)
	}
	switch id {
	case "carcel.restore":
		return keymap.On
	case "carcel.pause", "carcel.cancel":
		if r := c.runs.shown(); r == nil || r.Over() {
			return keymap.Off("no replay is under way")
		}
		return keymap.On
	}
	e := c.held.selected()
	switch marked := c.marked(); {
	case e == nil && marked == 0:
		return keymap.Off("nothing is selected")
	case c.bulk != nil:
		return keymap.Off("an act on several is under way")
	case id == "carcel.replay" && c.planning:
		return keymap.Off("a dry run is under way")
	case id == "carcel.edit" && e == nil:
		return keymap.Off("nothing is selected")
	case marked > 0 && (id == "carcel.sign" || id == "carcel.deny") && !c.held.markedWait():
		return keymap.Off("nothing that is marked waits for a person")
	case marked > 0 && id != "carcel.edit":
		return keymap.On // the act says which of them it can do
	}
	return c.allows(id, *e)
}

// allows says whether an act on one entry is possible, as far as is known.
func (c *Carcel) allows(id string, e *carcel.Entry) keymap.State {
	read := c.detail.cases.get(e.SHA)
	switch id {
	case "carcel.sign", "carcel.deny":
		switch {
		case !e.Waits():
			return keymap.Off("it waits for nobody: it is " + known(e.Decision.Title()))
		case read == nil || read.err != nil:
		case read.you.name == "":
			return keymap.Off(read.you.why)
		case id == "carcel.sign" && !read.you.may:
			return keymap.Off("not yours to sign: " + read.you.why)
		}
	case "carcel.appeal":
		switch {
		case e.Waits():
			return keymap.Off("it waits for a person already")
		case e.TrackingID == "":
			return keymap.Off("it has no tracking id to keep a decision under")
		}
	}
	return keymap.On
}
