package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"

	"github.com/infrafabric/ifpacket/core/audit"
	"github.com/infrafabric/ifpacket/core/bridge"
	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
)

// DefaultURL is the Redis that is tried when none is named.
const DefaultURL = "redis://127.0.0.1:6379/0"

// Config says what to open.
type Config struct {
	URL      string             // DefaultURL when empty; see store.Parse for the forms
	ReadOnly bool               // nothing is ever written
	Council  governance.Council // one that sits by the default policy when nil
	Registry *packet.Registry   // the embedded schemas when nil
	Keys     keyring.KeyStore   // where this machine's keys are; in memory when nil
	// Unsealed leaves packets of schema 1.1 without seals, as those of 1.0 are;
	// then no key is ever made by dispatching.
	Unsealed bool
	// Name is that of a seal key that has to be made; Actor when empty.
	Name  string
	Tell  func(line string) // is told, for people, which keys were made
	Watch watch.Options
	// Exports is the folder for reports that a person saves; "" has none.
	Exports string
	// Reports is the folder where the figures of compliance reports are kept,
	// for the next to be compared with; "" has none.
	Reports string
	// Ephemeral says that the server is expected to lose its data: then its
	// ledger begins anew by itself, with the break recorded.
	Ephemeral bool
	// Unrecorded are globs of the keys whose consumers record nothing; see
	// lineage.Options.
	Unrecorded []string
	Feed       lineage.Pace // the usual one when zero
	// Meter takes the latencies of what this engine dispatches, beside those of
	// others that share it; one of its own when nil.
	Meter *meter.Meter
}

// Engine is IF.PACKET on one Redis.
type Engine struct {
	store      *store.Store
	dispatcher *dispatch.Dispatcher
	collector  *dispatch.Collector
	swarm      *swarm.Coordinator
	watcher    *watch.Watcher
	registry   *packet.Registry
	keyring    *keyring.Keyring
	carcel     *carcel.Carcel
	ledger     *ledger.Ledger
	name       string // of keys that have to be made
	exports    string
	reports    audit.Shelf
	tracer     *lineage.Tracer
	bridge     *bridge.Bridge
	feed       *lineage.Feed
	voices     voiced
	meter      *meter.Meter
}

// Open makes an engine. It does not connect: a Redis that is away shows at
// the first use. Errors match store.ErrURL.
func Open(c Config) (*Engine, error) {
	if c.URL == "" {
		c.URL = DefaultURL
	}
	if c.Council == nil {
		policy, err := governance.LoadPolicy(governance.DefaultPolicy)
		if err != nil {
			return nil, err
		}
		c.Council = governance.Fixed(policy)
	}
	if c.Registry == nil {
		c.Registry = packet.DefaultRegistry()
	}
	s, err := store.Open(c.URL, store.Options{ReadOnly: c.ReadOnly, Name: "ifpacket"})
	if err != nil {
		return nil, err
	}
	if c.Keys == nil {
		c.Keys = keyring.InMemory()
	}
	if c.Name == "" {
		c.Name = Actor()
	}
	if c.Meter == nil {
		c.Meter = meter.New()
	}
	identity := s.Target().String()
	keys := keyring.Open(s, c.Keys, identity)
	log := ledger.Open(s, keys, c.Keys, ledger.Options{Identity: identity, Ephemeral: c.Ephemeral, Actor: c.Name})
	var desk *seal.Desk
	if !c.Unsealed {
		desk = seal.NewDesk(keys, c.Name, c.Tell)
	}
	watcher, held := watch.New(s, c.Watch), carcel.New(s, c.Council, c.Registry, keys).SealWith(desk).GuardWith(log.Allow)
	held.Sees(func() *carcel.Table { return watcher.Snapshot().Carcel.Table })
	dispatcher := dispatch.New(s, c.Council, c.Registry).SealWith(desk).GuardWith(log.Allow).MeasureWith(c.Meter)
	e := &Engine{
		store:      s,
		keyring:    keys,
		carcel:     held,
		dispatcher: dispatcher,
		collector:  dispatch.NewCollector(s),
		swarm:      swarm.New(s).JudgeWith(dispatcher),
		watcher:    watcher,
		registry:   c.Registry,
		ledger:     log,
		name:       c.Name,
		bridge:     bridge.New(s, bridge.Limits{}),
		exports:    c.Exports,
		reports:    audit.NewShelf(c.Reports, identity),
		meter:      c.Meter,
	}
	sources := e.sources(c.Unrecorded)
	e.tracer, e.feed = lineage.NewTracer(sources), lineage.NewFeed(sources, watcher, c.Feed)
	return e, nil
}

// Close ends all connections.
func (e *Engine) Close() error { return e.store.Close() }

// Ping asks Redis for one round trip.
func (e *Engine) Ping(ctx context.Context) error { return e.store.Ping(ctx) }

// Address is the server's address without secrets.
func (e *Engine) Address() string { return e.store.Target().String() }

// ReadOnly reports whether nothing may be written.
func (e *Engine) ReadOnly() bool { return e.store.ReadOnly() }

// Council is the council that judges what is dispatched.
func (e *Engine) Council() governance.Council { return e.dispatcher.Council() }

// Policy names the policy in force: "name@digest", or "none".
func (e *Engine) Policy() string { return e.Council().InForce().Revision() }

// Dispatch sends one packet; see dispatch.Dispatcher.
func (e *Engine) Dispatch(ctx context.Context, p packet.Packet, to dispatch.Destination) (dispatch.Receipt, error) {
	return e.dispatcher.Dispatch(ctx, p, to)
}

// Queue gathers packets for a batch; see dispatch.Queue.
func (e *Engine) Queue() *dispatch.Queue { return e.dispatcher.Queue() }

// Preview tells what Dispatch would do with a packet, without Redis.
func (e *Engine) Preview(ctx context.Context, p packet.Packet, to dispatch.Destination) (dispatch.Preview, error) {
	return e.dispatcher.Preview(ctx, p, to)
}

// Collect reads or takes packets; see dispatch.Collector.
func (e *Engine) Collect(ctx context.Context, r dispatch.Request) (dispatch.Collected, error) {
	return e.collector.Collect(ctx, r)
}

// Logistics is the fluent form of Dispatch and Collect.
func (e *Engine) Logistics() dispatch.Logistics {
	return dispatch.Logistics{Dispatcher: e.dispatcher, Collector: e.collector}
}

// Carcel holds what was not approved; see carcel.Carcel.
func (e *Engine) Carcel() *carcel.Carcel { return e.carcel }

// Keyring tells whose key is whose; see keyring.Keyring.
func (e *Engine) Keyring() *keyring.Keyring { return e.keyring }

// Ledger is the log of every decision; see ledger.Ledger.
func (e *Engine) Ledger() *ledger.Ledger { return e.ledger }

// Swarm is the coordinator of agents, tasks and messages.
func (e *Engine) Swarm() *swarm.Coordinator { return e.swarm }

// Bridge keeps conversations of two parties; see bridge.Bridge.
func (e *Engine) Bridge() *bridge.Bridge { return e.bridge }

// Watcher follows the server; run it with Watcher().Run.
func (e *Engine) Watcher() *watch.Watcher { return e.watcher }

// Look reads one whole picture of the server, once.
func (e *Engine) Look(ctx context.Context) (*watch.Snapshot, error) { return e.watcher.Look(ctx) }

// Actor is who acts here when nobody says otherwise: user@host.
func Actor() string {
	name := os.Getenv("USER")
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	if name == "" {
		name = "unknown"
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return name + "@" + host
}

// Sentence is an error as one line for people, without what was tried where
// the error says more than why.
func Sentence(err error) string {
	var e *store.Error
	if errors.As(err, &e) {
		return e.Sentence()
	}
	return fmt.Sprint(err)
}
