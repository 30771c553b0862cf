package views

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// Shared is what all panes see: one value, owned by the root model and
// changed only there.
type Shared struct {
	Engine *engine.Engine
	Theme  *themes.Theme // faint throughout while Redis is away
	Keys   *keymap.Map
	As     string // the operator whose key signs here; "" is the only one there is
	Snap   *watch.Snapshot
	Now    time.Time

	Lineage  *lineage.Picture // verdicts of what arrives; nil is none yet
	Ledger   *ledger.State    // how the ledger stood at the last look; nil is none yet
	Evidence Evidence
	Voices   Reader
	Measured func() engine.Performance // nil measures nothing
}

// Reader gives the four readings of a subject.
type Reader interface {
	Readings(ctx context.Context, on voices.Subject) ([len(voices.Voices)]voices.Reading, error)
}

// Evidence is what the Lineage screen asks of the engine.
type Evidence interface {
	Trace(ctx context.Context, asked string, reach int) (lineage.Report, error)
	SaveReport(r lineage.Report) (path string, err error)
	AcceptLedger(ctx context.Context, why string) (ledger.Accepted, error)
}

// Refused is why the ledger is refused, so that nothing is dispatched; nil
// when it is in order.
func (s *Shared) Refused() error {
	if s.Ledger == nil {
		return nil
	}
	return s.Ledger.Trouble
}

// Away reports whether Redis does not answer, so that the picture is old.
func (s *Shared) Away() bool { return s.Snap.Link.State == watch.Away }

// who is the name under which acts are recorded that need no signature.
func (s *Shared) who() string {
	if s.As != "" {
		return s.As
	}
	return engine.Actor()
}

// writable says whether anything can be done at all.
func (s *Shared) writable() keymap.State {
	switch {
	case s.Engine.ReadOnly():
		return keymap.Off("read only")
	case s.Away():
		return keymap.Off("acting is off while Redis is away")
	case s.Snap.Link.State == watch.Connecting:
		return keymap.Off("acting is off until Redis answers")
	}
	return keymap.On
}

// Pane is one screen or one part of a screen.
type Pane interface {
	// SetSize gives the pane exactly width by height cells.
	SetSize(width, height int)
	// Refresh takes the newest picture from Shared.
	Refresh() tea.Cmd
	// Do carries out a binding by its ID and reports whether it was one of
	// this pane's.
	Do(id string) (tea.Cmd, bool)
	// Update gets what is no binding: text for the field that has the focus,
	// pastes, answers of commands.
	Update(msg tea.Msg) tea.Cmd
	// View draws the pane, exactly as large as SetSize said.
	View(focused bool) string
	// Scopes are those whose bindings hold here, narrowest first, without
	// Global.
	Scopes() []keymap.Scope
	// Typing reports whether a text field has the focus.
	Typing() bool
	// State says whether a binding is possible now.
	State(id string) keymap.State
}

// Go asks the root to show a screen and to select something on it.
type Go struct {
	Screen string // the ID of the screen's binding, such as "screen.queues"
	Select string // identity of the row, "" for none
}

// GoAndDo asks the root to show a screen, to select something there, and to
// carry out a binding, as its key would; not where something else is selected.
type GoAndDo struct {
	Go
	Do string
}

// Toast asks the root to say a word at the foot of the screen.
type Toast struct {
	Glyph themes.Glyph
	Text  string
}

// Ask asks the root to open a dialog; Yes runs when it is confirmed.
type Ask struct {
	Title, Verb string // without a verb it is only to be read
	Body        [][]widget.Span
	Count       int // of what it acts on: above 20 it is typed; 0 counts as one
	Yes         tea.Cmd

	// Fields are to be filled in, if any. Check says what is wrong with them,
	// by ID. Filled, where it is set, makes the command that runs instead of
	// Yes.
	Fields []widget.Field
	Check  func(value func(id string) string) map[string]string
	Filled func(value func(id string) string) tea.Cmd
}

// Pick asks the root to open a list to choose from; Chosen gets the index.
type Pick struct {
	Title   string
	Choices []widget.Choice
	Chosen  func(i int) tea.Cmd
}

// Copy asks the root to put text on the clipboard.
type Copy struct{ What, Text string }

func send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// seen remembers what a pane was last worked out from. A Snapshot shares with
// the one before it whatever did not change, so that most wake-ups change
// nothing for most panes.
type seen[T any] struct {
	rows  []T
	theme *themes.Theme
}

// news reports whether rows or theme are others than last time.
func (s *seen[T]) news(rows []T, theme *themes.Theme) bool {
	same := s.theme == theme && len(s.rows) == len(rows) && (len(rows) == 0 || &s.rows[0] == &rows[0])
	s.rows, s.theme = rows, theme
	return !same
}

// margin adds the blank column at the right edge of a screen.
func margin(view string) string { return strings.ReplaceAll(view, "\n", " \n") + " " }

// possible is the State of panes whose bindings are always possible.
func possible(string) keymap.State { return keymap.On }

// alone is the State of screens that have a single pane.
func alone(id string) keymap.State {
	switch id {
	case "pane.next", "pane.previous", "pane.zoom":
		return keymap.Off("there is one pane here")
	}
	return keymap.On
}

// age is how long ago something was, as a table shows it; a blank where it is
// not known.
func age(now, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return widget.Age(max(now.Sub(at), 0))
}
