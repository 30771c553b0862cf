package engine

import (
	"context"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/core/watch"
)

// scrapeTimeout bounds what one scrape waits for Redis.
const scrapeTimeout = 8 * time.Second

// ServerMetrics are what the panes show of the server, for Prometheus. A Redis
// that does not answer shows as ifpacket_redis_up 0, with no figure that would
// be old.
func (e *Engine) ServerMetrics(version string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(&collector{e: e, version: version})
	return r
}

// Metrics are ServerMetrics and what this process has measured since it began:
// its dispatches and, where a feed runs, the verdicts and the waits of all
// packets.
func (e *Engine) Metrics(version string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(&collector{e: e, version: version, whole: true})
	return r
}

// collector asks the engine at every scrape.
type collector struct {
	e       *Engine
	version string
	whole   bool // what this process has measured, too
}

// Describe tells nothing: what there is shows when it is asked for.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect gathers everything.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	m := metrics{out}
	m.gauge("build_info", "The program that tells.", 1, "version", c.version)
	status, err := c.e.Status(ctx)
	m.gauge("redis_up", "Whether Redis answered (1).", truth(err == nil))
	if err == nil {
		m.server(&status)
		m.work(&status)
	}
	if !c.whole {
		return
	}
	m.dispatched(c.e.meter)
	if c.e.feed.Began() {
		m.flow(c.e.feed.Flow())
		m.verdicts(c.e.feed.Picture())
	}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

type metrics struct{ out chan<- prometheus.Metric }

// desc names a metric; labels are names and values in turn.
func desc(name, help string, labels []string) (*prometheus.Desc, []string) {
	var names, values []string
	for i := 0; i < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, shown(labels[i+1]))
	}
	return prometheus.NewDesc("ifpacket_"+name, help, names, nil), values
}

// shown is a label's value, quoted where it has what a terminal would obey, so
// that no two values become one.
func shown(s string) string {
	for _, r := range s {
		if r == '\\' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return strconv.Quote(s)
		}
	}
	return s
}

func (m metrics) gauge(name, help string, value float64, labels ...string) {
	d, values := desc(name, help, labels)
	m.out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, values...)
}

func (m metrics) counter(name, help string, value float64, labels ...string) {
	d, values := desc(name, help, labels)
	m.out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, values...)
}

// spread is a histogram of what a meter has counted since the process began.
// Its values are divided by per, bounds are in units of the outcome.
func (m metrics) spread(name, help string, s *meter.Spread, bounds []float64, per float64, labels ...string) {
	scaled := make([]float64, len(bounds))
	for i := range bounds {
		scaled[i] = bounds[i] * per
	}
	all := s.Totals(scaled)
	buckets := make(map[float64]uint64, len(bounds))
	for i := range bounds {
		buckets[bounds[i]] = all.Up[i]
	}
	d, values := desc(name, help, labels)
	m.out <- prometheus.MustNewConstHistogram(d, all.Count, all.Sum/per, buckets, values...)
}

// Bounds in seconds, three a decade; of waits, up to a day; and of packets.
var (
	latencyBounds = []float64{1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	waitBounds    = []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 4 * 3600, 24 * 3600}
	batchBounds   = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048}
)

func (m metrics) dispatched(by *meter.Meter) {
	for s := range meter.Stages {
		m.spread("dispatch_duration_seconds", "What dispatching took in this process, by stage; the stage dispatch is all of them.", by.Of(s), latencyBounds, 1e9, "stage", s.String())
	}
}

func (m metrics) flow(f *lineage.Flow) {
	m.spread("packet_write_delay_seconds", "From a packet's dispatched_at until it was written, of packets that were looked at.", f.Written, waitBounds, 1e9)
	m.spread("queue_wait_seconds", "From being written until being collected, by the ledger's times.", f.Queued, waitBounds, 1e9)
	m.spread("carcel_stay_seconds", "From being held until release, denial or discard, by the ledger's times.", f.Held, waitBounds, 1e9)
	m.spread("batch_packets", "Packets in a record of dispatches.", f.Batches, batchBounds, 1)
}

func (m metrics) verdicts(p *lineage.Picture) {
	n := p.Counts
	for _, v := range []struct {
		verdict string
		n       int
	}{{"verified", n.Verified}, {"unauthenticated", n.Unauthenticated}, {"incomplete", n.Incomplete}, {"tampered", n.Tampered}, {"skipped", n.Skipped}} {
		m.counter("packets_verified_total", "Packets by the verdict on their evidence, since this process began to look.", float64(v.n), "verdict", v.verdict)
	}
}

func (m metrics) server(s *Status) {
	m.gauge("redis_used_memory_bytes", "Memory that Redis uses.", float64(s.Server.UsedMemory))
	m.gauge("redis_max_memory_bytes", "Memory that Redis may use, 0 for no limit.", float64(s.Server.MaxMemory))
	m.gauge("ledger_position", "Position of the ledger's last record.", float64(s.Ledger.Length))
	m.gauge("ledger_sealed_position", "Position up to which a checkpoint covers the ledger.", float64(s.Ledger.Sealed))
	m.gauge("ledger_refused", "Whether the ledger is refused (1), so that nothing is dispatched.", truth(s.Ledger.State == "refused"))
	m.gauge("carcel_length", "Packets held in the carcel.", float64(s.Carcel.Length))
	m.gauge("carcel_waiting", "Packets in the carcel that wait for a person.", float64(s.Carcel.Waiting))
	m.gauge("carcel_expired", "Packets found past their own TTL.", float64(s.Carcel.Expired))
	m.gauge("faults", "Faults found.", float64(len(s.Faults)))
}

func (m metrics) work(s *Status) {
	now := time.Now()
	for _, q := range s.Queues {
		m.gauge("queue_depth", "Values that wait in a queue.", float64(q.Depth), "queue", q.Key, "class", q.Class)
		if at, err := time.Parse(time.RFC3339, q.Oldest); err == nil && q.Depth > 0 {
			m.gauge("queue_oldest_seconds", "Age of the oldest value in a queue, where it is known.", max(now.Sub(at).Seconds(), 0), "queue", q.Key, "class", q.Class)
		}
	}
	states := map[string]int{}
	for _, a := range s.Agents {
		states[a.State]++
	}
	for _, state := range []watch.AgentState{watch.Silent, watch.NoProgress, watch.Late, watch.Alive} {
		m.gauge("agents", "Agents by state.", float64(states[state.String()]), "state", state.String())
	}
	m.gauge("tasks_waiting", "Tasks that wait in a queue.", float64(s.Tasks.Waiting))
	m.gauge("tasks_claimed", "Tasks that an agent works on.", float64(s.Tasks.Claimed))
	m.gauge("tasks_completed", "Tasks whose result is kept.", float64(s.Tasks.Completed))
	m.gauge("tasks_lost", "Tasks that are nowhere.", float64(s.Tasks.Lost))
}
