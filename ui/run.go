package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
)

// Options say how the console is to be.
type Options struct {
	Engine   *engine.Engine
	Name     string // profile's name or "demo"; "" shows the address alone
	Theme    string // "" asks the terminal whether it is dark
	Keys     *keymap.Map
	As       string   // the operator whose key signs; "" is the only one there is
	StateDir string   // where drafts are kept; "" keeps none
	Profiles []string // others that one may switch to
	Input    io.Reader
	Output   io.Writer
	Environ  []string
	// Drawn takes how long each key took to be drawn, in nanoseconds, until the
	// frame that goes to the terminal next; nil measures nothing.
	Drawn *meter.Spread
}

// Switch is what the operator wants to see instead, when the console ends for
// that: the demo, or a profile.
type Switch struct {
	Demo    bool
	Profile string
}

// wake tells the program that a new Snapshot stands.
type wake struct{}

// Run shows the console until the operator leaves, and returns what to show
// instead, if anything.
func Run(ctx context.Context, o Options) (Switch, error) {
	m, err := newModel(o)
	if err != nil {
		return Switch{}, err
	}
	program := tea.NewProgram(m,
		tea.WithContext(ctx), tea.WithFPS(framesPerSecond), tea.WithInput(o.Input), tea.WithOutput(o.Output), tea.WithEnvironment(o.Environ))
	ctx, cancel := context.WithCancel(ctx)
	followed := make(chan struct{}, 2)
	pumped := make(chan struct{})

	// Watcher and feed must not wait for the program: they leave word, and a
	// goroutine of its own hands on at most one word at a time.
	word := make(chan struct{}, 1)
	watcher := o.Engine.Watcher()
	feed := o.Engine.Feed()
	change := func() {
		select {
		case word <- struct{}{}:
		default:
		}
	}
	watcher.OnChange(change)
	feed.OnChange(change)
	fell := make(chan error, 2) // panics beside the program, which would leave the terminal as it is
	follow := func(what string, run func(context.Context) error) {
		defer func() {
			if r := recover(); r != nil {
				fell <- fmt.Errorf("the %s fell over: %v\n%s", what, r, debug.Stack())
				program.Kill()
			}
			followed <- struct{}{}
		}()
		_ = run(ctx) // it ends with the context, and never before
	}
	go follow("watcher", watcher.Run)
	go follow("feed of verdicts", feed.Run)
	go func() {
		defer close(pumped)
		pump(ctx, word, program)
	}()
	_, err = program.Run()
	cancel()
	<-followed
	<-followed
	<-pumped
	select {
	case err := <-fell:
		return Switch{}, err
	default:
	}
	if errors.Is(err, tea.ErrInterrupted) || errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil && !errors.Is(err, tea.ErrProgramPanic) {
		err = nil
	}
	if err != nil {
		return Switch{}, fmt.Errorf("the console ended: %w", err)
	}
	return m.leaveFor, m.close()
}

// framesPerSecond is how often the terminal is written to at most: the eye
// sees no more, and each tick of an idle program costs. A wake-up comes no
// more often.
const (
	framesPerSecond = 30
	frame           = time.Second / framesPerSecond
)

func pump(ctx context.Context, word <-chan struct{}, program *tea.Program) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-word:
			program.Send(wake{})
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(frame):
		}
	}
}

// loadTheme finds the theme asked for: by name, none for NO_COLOR, else by
// the terminal's background once that is known.
func loadTheme(name string, environ []string, dark bool) (*themes.Theme, error) {
	if name == "" {
		name = themes.Default(dark)
		if noColor(environ) {
			name = "mono"
		}
	}
	return themes.Load(name)
}

// noColor follows no-color.org: set and not empty.
func noColor(environ []string) bool {
	for _, e := range environ {
		if len(e) > len("NO_COLOR=") && e[:len("NO_COLOR=")] == "NO_COLOR=" {
			return true
		}
	}
	return false
}
