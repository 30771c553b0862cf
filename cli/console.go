package cli

import (
	"context"
	"errors"
	"os"
	"sort"

	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/ui"
)

// console opens the console, and again elsewhere when the operator asks for
// the demo or for another profile.
func (a *app) console(ctx context.Context) error {
	if !isTerminal(a.in) || !a.out.terminal() {
		return usage("the console needs a terminal at both ends; in a script or a pipe use ifpacket status, watch, dispatch or collect")
	}
	a.owned = true
	for {
		next, err := a.consoleOnce(ctx)
		if err != nil || next == (ui.Switch{}) {
			return err
		}
		a.global.demo, a.global.redis, a.global.profile = next.Demo, "", next.Profile
	}
}

func (a *app) consoleOnce(ctx context.Context) (next ui.Switch, failed error) {
	config, err := loadConfig(a.global.config)
	if err != nil {
		return ui.Switch{}, err
	}
	theme := a.global.theme
	if theme == "" {
		theme = config.Theme
	}
	keys, err := keymap.New(config.Keys)
	if err != nil {
		return ui.Switch{}, usage("keys: %v", err)
	}
	place, err := a.open(ctx)
	if err != nil {
		return ui.Switch{}, err
	}
	defer place.Close()
	if place.engine.ReadOnly() {
		keys = keys.WithoutDangerous()
	}
	if a.global.demo {
		place.engine.Watcher().Note("demo", place.url, "a second terminal can join: ifpacket --redis "+place.url)
	}
	var others []string
	for name := range config.Profiles {
		if name != place.name {
			others = append(others, name)
		}
	}
	sort.Strings(others)
	defer tend(ctx, place)()
	var drawn *meter.Spread
	if a.global.stats != "" {
		drawn = newDrawn()
		stop, err := writeStats(a.global.stats, place.engine, drawn)
		if err != nil {
			return ui.Switch{}, err
		}
		defer func() { failed = errors.Join(failed, stop()) }()
	}
	return ui.Run(ctx, ui.Options{
		Engine: place.engine, Name: place.name, Theme: theme, Keys: keys, As: a.global.as, StateDir: stateHome(), Profiles: others,
		Input: a.in, Output: a.out.to, Environ: os.Environ(), Drawn: drawn,
	})
}

// tend does beside the console what some console has to do, until it is told
// to stop.
func tend(ctx context.Context, p *place) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.engine.Tend(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}
