package cli

import (
	"context"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/demo"
)

// place is the Redis that a command works on.
type place struct {
	engine  *engine.Engine
	name    string // the profile's name, "demo", or ""
	url     string
	config  configuration
	close   func()
	unserve func() // ends --metrics

	chamber *governance.Chamber // the council by a policy file; nil when the demo brings its own
}

// open finds out which Redis is meant, starts the demo when that is asked
// for, and opens the engine on it.
func (a *app) open(ctx context.Context) (*place, error) {
	p := &place{close: func() {}, unserve: func() {}}
	var err error
	if p.config, err = loadConfig(a.global.config); err != nil {
		return nil, err
	}
	var council governance.Council
	var measure *meter.Meter
	reports := filepath.Join(stateHome(), "reports")
	policy, keys := a.global.policy, keyring.Files(dataHome())
	readOnly, mayLose, unrecorded := a.global.readOnly, false, []string(nil)
	switch {
	case a.global.demo:
		world, err := demo.Start(ctx, demo.Options{Seed: a.global.seed})
		if err != nil {
			return nil, err
		}
		p.name, p.url, p.close, council = "demo", world.URL(), world.Close, world.Council()
		keys, measure, reports = world.Keys(), world.Meter(), "" // it is gone when this ends
	case a.global.redis != "":
		p.url = a.global.redis
	case a.global.profile == "" && os.Getenv("IFPACKET_REDIS") != "":
		p.url = os.Getenv("IFPACKET_REDIS")
	default:
		chosen, err := p.config.choose(a.global.profile)
		if err != nil {
			return nil, err
		}
		p.name, p.url = chosen.name, chosen.Redis
		readOnly = readOnly || chosen.ReadOnly
		mayLose, unrecorded = chosen.Ledger == ephemeral, chosen.Unrecorded
		if policy == "" {
			policy = chosen.Policy
		}
		if a.global.as == "" {
			a.global.as = chosen.Operator
		}
	}
	if council == nil || policy != "" {
		chamber, err := governance.OpenChamber(policy)
		if err != nil {
			p.close()
			return nil, err
		}
		p.chamber, council = chamber, chamber
	}
	p.engine, err = engine.Open(engine.Config{
		URL: p.url, ReadOnly: readOnly, Council: council, Keys: keys, Tell: a.told,
		Ephemeral: mayLose, Unrecorded: unrecorded, Meter: measure,
		Exports: filepath.Join(dataHome(), "exports"), Reports: reports,
	})
	if err == nil && a.global.metrics != "" {
		if p.unserve, err = a.serveMetrics(a.global.metrics, p.engine); err != nil {
			_ = p.engine.Close()
		}
	}
	if err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

// with opens the Redis that a command works on and hands it over with the
// format in which to print, which is one of those known: preset where nothing
// is asked for. It closes what it opened.
func (a *app) with(ctx context.Context, preset string, known []string, do func(p *place, output string) error) error {
	output, err := a.format(preset, known...)
	if err != nil {
		return err
	}
	p, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	return do(p, output)
}

// tabled is with for what people get as a table and programs as JSON.
func (a *app) tabled(ctx context.Context, do func(p *place, output string) error) error {
	return a.with(ctx, a.tableOrJSON(), []string{"json", "table"}, do)
}

// Close ends the metrics and the engine, then the demo under it.
func (p *place) Close() {
	p.unserve()
	_ = p.engine.Close()
	p.end()
}

func (p *place) end() {
	if p.chamber != nil {
		p.chamber.Close()
	}
	p.close()
}

type namedProfile struct {
	profile
	name string
}

// choose finds the profile that is named, else the configuration's own choice,
// else none at all.
func (c configuration) choose(name string) (namedProfile, error) {
	if name == "" {
		name = c.Profile
	}
	if name == "" {
		return namedProfile{profile: profile{Redis: engine.DefaultURL}}, nil
	}
	found, there := c.Profiles[name]
	if !there {
		names := make([]string, 0, len(c.Profiles))
		for n := range c.Profiles {
			names = append(names, n)
		}
		sort.Strings(names)
		if len(names) == 0 {
			return namedProfile{}, usage("there is no profile %q: the configuration has none", name)
		}
		return namedProfile{}, usage("there is no profile %q; there are %s", name, strings.Join(names, ", "))
	}
	if found.Redis == "" {
		return namedProfile{}, usage("profile %q names no redis", name)
	}
	return namedProfile{found, name}, nil
}

// format checks -o against what the command can print; preset is taken when
// nothing is asked for.
func (a *app) format(preset string, known ...string) (string, error) {
	if a.global.output == "" {
		return preset, nil
	}
	for _, k := range known {
		if a.global.output == k {
			return k, nil
		}
	}
	return "", usage("-o %s is not possible here; possible are %s", a.global.output, strings.Join(known, ", "))
}
