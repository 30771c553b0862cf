package views

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

const (
	// readFresh is how long a reading is believed while somebody looks.
	readFresh = 5 * time.Second
	// readTimeout bounds one: a packet may have to be looked for.
	readTimeout = 20 * time.Second
)

// Voices is the screen of the four readings of one subject: side by side where
// there is room, below each other where there is not, and below them what the
// selected finding rests on.
type Voices struct {
	*Shared
	on       voices.Subject
	readings [len(voices.Voices)]voices.Reading
	read     time.Time // when the readings were made; zero while there are none
	asked    time.Time // when they were asked for last
	number   int       // of the question, so that only the last is answered
	waiting  bool
	err      error

	voice  int                            // that has the focus
	chosen [len(voices.Voices)]string     // key of the selected finding of each voice
	at     [len(voices.Voices)]int        // and its place, for when it is gone
	top    [len(voices.Voices) + 1]int    // first line in sight of each voice, and of the stack
	lines  [len(voices.Voices)][]readLine // as they were drawn last, for the mouse
	stack  []readLine
	bodyH  int

	width, height int
}

// readingsMsg is the answer to a question.
type readingsMsg struct {
	number   int
	readings [len(voices.Voices)]voices.Reading
	err      error
}

// NewVoices makes the screen, which reads the swarm.
func NewVoices(s *Shared) *Voices { return &Voices{Shared: s, on: voices.Swarm} }

// SetSize gives the screen exactly width by height cells.
func (v *Voices) SetSize(width, height int) { v.width, v.height = width, height }

// Select has another subject read: as voices.Subject writes itself.
func (v *Voices) Select(text string) { v.turnTo(voices.ParseSubject(text)) }

func (v *Voices) turnTo(on voices.Subject) {
	if on == v.on {
		v.asked = time.Time{} // somebody asked again
		return
	}
	*v = Voices{Shared: v.Shared, on: on, number: v.number + 1, width: v.width, height: v.height}
}

// Refresh asks for the readings when they are old.
func (v *Voices) Refresh() tea.Cmd {
	if v.Away() || v.Snap.Link.State == watch.Connecting || v.waiting && v.Now.Sub(v.asked) < readTimeout || v.Now.Sub(v.asked) < readFresh {
		return nil
	}
	v.number++
	v.asked, v.waiting = v.Now, true
	n, on, reader := v.number, v.on, v.Voices
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		defer cancel()
		r, err := reader.Readings(ctx, on)
		return readingsMsg{n, r, err}
	}
}

// Update takes the readings, and clicks.
func (v *Voices) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case readingsMsg:
		if m.number != v.number {
			return nil
		}
		v.waiting, v.err = false, m.err
		if m.err == nil {
			v.readings, v.read = m.readings, v.Now
			v.settle()
		}
	case tea.MouseClickMsg:
		v.click(m.X, m.Y)
	}
	return nil
}

// settle keeps the bar on what it was on; where that is gone, on what took its
// place.
func (v *Voices) settle() {
	for i := range v.readings {
		found := v.readings[i].Findings
		at := slices.IndexFunc(found, func(f voices.Finding) bool { return f.Key() == v.chosen[i] })
		if at < 0 {
			at = min(v.at[i], len(found)-1)
		}
		v.put(i, at)
	}
}

// put puts the bar of a voice on one of its findings.
func (v *Voices) put(voice, at int) {
	found := v.readings[voice].Findings
	if len(found) == 0 {
		v.at[voice], v.chosen[voice] = 0, ""
		return
	}
	at = min(max(at, 0), len(found)-1)
	v.at[voice], v.chosen[voice] = at, found[at].Key()
}

// selected is the finding under the bar; nil where there is none.
func (v *Voices) selected() *voices.Finding {
	if found := v.readings[v.voice].Findings; v.at[v.voice] < len(found) {
		return &found[v.at[v.voice]]
	}
	return nil
}

// Subject is what the selected finding speaks of, so that one can read on.
func (v *Voices) Subject() voices.Subject {
	f := v.selected()
	if f == nil {
		return v.on
	}
	if a := f.Action(); a != nil && a.On.Kind != "" && a.On != v.on && a.On != voices.Swarm {
		return a.On
	}
	for _, r := range f.Evidence() {
		if _, on, ok := v.place(r); ok && on != voices.Swarm {
			return on
		}
	}
	return v.on
}

// move moves the bar; in the stack it goes on into the next voice.
func (v *Voices) move(n int) {
	at := v.at[v.voice] + n
	switch last := len(v.readings[v.voice].Findings) - 1; {
	case v.wide():
	case at < 0 && v.voice > 0:
		v.voice--
		at = len(v.readings[v.voice].Findings) - 1
	case at > last && v.voice < len(voices.Voices)-1:
		v.voice++
		at = 0
	}
	v.put(v.voice, at)
}

// Do moves between findings and voices, goes to evidence, and acts.
func (v *Voices) Do(id string) (tea.Cmd, bool) {
	const all = len(voices.Voices)
	switch id {
	case "list.up":
		v.move(-1)
	case "list.down":
		v.move(1)
	case "list.pageup":
		v.put(v.voice, v.at[v.voice]-5)
	case "list.pagedown":
		v.put(v.voice, v.at[v.voice]+5)
	case "list.home":
		v.put(v.voice, 0)
	case "list.end":
		v.put(v.voice, 1<<20)
	case "voices.next", "pane.next":
		v.voice = (v.voice + 1) % all
	case "voices.previous", "pane.previous":
		v.voice = (v.voice + all - 1) % all
	case "voices.swarm":
		v.turnTo(voices.Swarm)
		return v.Refresh(), true
	case "voices.again":
		v.asked, v.waiting = time.Time{}, false
		return v.Refresh(), true
	case "voices.act":
		if f := v.selected(); f != nil && f.Action() != nil {
			return v.begin(f.Action()), true
		}
	case "list.open":
		return v.open(), true
	case "list.copy":
		if f := v.selected(); f != nil {
			return send(Copy{"the finding and its evidence", findingText(f)}), true
		}
	case "list.back":
		if g, ok := v.goTo(v.on); ok {
			v.turnTo(voices.Swarm)
			return send(g), true
		}
		return nil, false
	default:
		return nil, false
	}
	return nil, true
}

// findingText is a finding as text, with what it rests on.
func findingText(f *voices.Finding) string {
	lines := []string{f.Severity().String() + ": " + f.Sentence()}
	for _, r := range f.Evidence() {
		lines = append(lines, "  "+r.String())
	}
	return strings.Join(lines, "\n")
}

// open goes to the evidence of the finding; where there is more than one piece
// to look at, one chooses.
func (v *Voices) open() tea.Cmd {
	f := v.selected()
	if f == nil {
		return nil
	}
	var places []Go
	var choices []widget.Choice
	for _, r := range f.Evidence() {
		if g, _, ok := v.place(r); ok {
			places, choices = append(places, g), append(choices, widget.Choice{Title: string(r.Kind) + " " + r.Name, Detail: r.Said})
		}
	}
	switch len(places) {
	case 0:
		return send(Toast{themes.GlyphCalm, "no screen shows " + f.Evidence()[0].String()})
	case 1:
		return send(places[0])
	}
	return send(Pick{Title: "Evidence", Choices: choices, Chosen: func(i int) tea.Cmd { return send(places[i]) }})
}

// State says whether a binding is possible now.
func (v *Voices) State(id string) keymap.State {
	f := v.selected()
	switch id {
	case "voices.ask":
		return keymap.Off("these are the voices")
	case "pane.zoom":
		return keymap.Off("the four stand together")
	case "list.filter":
		return keymap.Off("readings have no filter")
	case "list.open", "list.copy":
		if f == nil {
			return keymap.Off("no finding is selected")
		}
	case "voices.act":
		switch {
		case f == nil:
			return keymap.Off("no finding is selected")
		case f.Action() == nil:
			return keymap.Moot("this finding offers nothing to do")
		}
		return v.allows(f.Action())
	case "voices.again":
		if v.Away() || v.Snap.Link.State == watch.Connecting {
			return keymap.Off("nothing can be read until Redis answers")
		}
	case "voices.swarm":
		if v.on == voices.Swarm {
			return keymap.Moot("the swarm is what is read")
		}
	}
	return keymap.On
}

// Typing is never so.
func (v *Voices) Typing() bool { return false }

// Scopes are its own and that of lists.
func (v *Voices) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Voices, keymap.List} }

// trouble is why there are no readings, "" when there are or will be.
func (v *Voices) trouble() string {
	if v.err != nil {
		return "not read: " + engine.Sentence(v.err)
	}
	return ""
}
