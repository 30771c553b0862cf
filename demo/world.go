package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/demo/embedded"
)

// Options says which world to start. The zero value will do.
type Options struct {
	Seed uint64 // the same seed, the same play
	// Speed is how much faster than life the play runs, 1 when 0 or less.
	// Heartbeats and finished tasks live shorter to match; packets do not.
	Speed float64
}

// World is a running demo. Close it when done.
type World struct {
	server *embedded.Server
	engine *engine.Engine
	policy *governance.Policy
	keys   keyring.KeyStore // the visitor's
	meter  *meter.Meter     // of all who dispatch in this process
	speed  float64

	stop    context.CancelFunc
	closing sync.Once
	running sync.WaitGroup

	// What has come of the script so far; one goroutine's own.
	held   map[string][]swarm.Lease // agent → tasks it has claimed
	excess map[string]int           // queue → packets of others to take beside

	failed atomic.Int64          // steps that ended with an error
	last   atomic.Pointer[error] // the latest of these errors
}

const (
	// opening is how far the script is carried out before Start returns.
	opening = time.Millisecond
	// A play that is further behind than this, after a night's sleep say,
	// goes on from where it is instead of making up for it.
	maxLag = 2 * time.Second
)

// Start starts an embedded Redis and the swarm on it. When it returns, agents
// are registered, queues are filled and work is under way. The swarm stands
// still when ctx ends; only Close takes the world down.
func Start(ctx context.Context, o Options) (*World, error) {
	if !(o.Speed > 0) {
		o.Speed = 1
	}
	policy, err := governance.LoadPolicy(governance.DefaultPolicy)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	server, err := embedded.Start(embedded.Options{})
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	w := &World{server: server, policy: policy, keys: keyring.InMemory(), meter: meter.New(), speed: o.Speed, held: map[string][]swarm.Lease{}, excess: map[string]int{}}
	w.engine, err = engine.Open(engine.Config{URL: server.URL(), Council: w.Council(), Meter: w.meter})
	if err != nil {
		server.Close()
		return nil, fmt.Errorf("demo: %w", err)
	}
	ctx, w.stop = context.WithCancel(ctx)
	if err := w.swearIn(ctx); err != nil {
		w.Close()
		return nil, err
	}
	play := newScript(o.Seed)
	for play.actors[0].pending[0].at < opening {
		if err := play.next().deed.do(ctx, w); err != nil {
			w.Close()
			return nil, fmt.Errorf("demo: the opening: %w", err)
		}
	}
	w.crew(ctx, o.Seed)
	w.running.Go(func() { w.perform(ctx, play) })
	w.running.Go(func() { w.keepLedger(ctx) })
	w.running.Go(func() { w.second(ctx) })
	return w, nil
}

// URL is where the world's Redis listens, on the loopback: others may join.
func (w *World) URL() string { return w.server.URL() }

// Meter has the latencies of what the swarm dispatches. Whoever joins from
// this process should share it.
func (w *World) Meter() *meter.Meter { return w.meter }

// Council is the council that judges in this world, by the default policy.
// Whoever joins should ask it too.
func (w *World) Council() governance.Council { return governance.Fixed(w.policy) }

// Close ends the swarm and its Redis and waits until both are gone. Closing
// twice is fine.
func (w *World) Close() {
	w.closing.Do(func() {
		w.stop()
		w.running.Wait()
		_ = w.engine.Close() // its server goes next
		w.server.Close()
	})
}

// perform carries out the script, each step at its time. One goroutine does
// it all: so the acts come in the script's order, whatever Redis does.
func (w *World) perform(ctx context.Context, play *script) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	began := time.Now()
	for {
		one := play.next()
		wait := time.Until(began.Add(w.real(one.at)))
		if wait < -maxLag {
			began = began.Add(-wait)
		}
		if wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
		}
		err := one.deed.do(ctx, w)
		if ctx.Err() != nil {
			return
		}
		if err != nil { // a visitor may have broken something: the play goes on
			err = fmt.Errorf("%s: %w", one.who, err)
			w.last.Store(&err)
			w.failed.Add(1)
			w.calm(ctx, err)
		}
	}
}

// calm keeps a world whose Redis refuses everything from spinning.
func (w *World) calm(ctx context.Context, err error) {
	if !errors.Is(err, store.ErrUnreachable) {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}

// real is how long some time of the play takes here.
func (w *World) real(d time.Duration) time.Duration {
	return time.Duration(float64(d) / w.speed)
}
