package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/infrafabric/ifpacket/core/meter"
)

// Options say how long is measured; zero values take the defaults.
type Options struct {
	Span   time.Duration // of one row in one round; a second
	Rounds int           // 5
	// Here is the URL of a server that is in use, where a queue of the bench's
	// own is filled and emptied; "" starts a server for each round.
	Here string
	// Tell is told, for people, what is being measured.
	Tell func(line string)
}

// Report is what was measured.
type Report struct {
	Server  string   `json:"server"` // "private" or its address
	Payload int      `json:"payload_bytes"`
	Rounds  int      `json:"rounds"`
	Rows    []Row    `json:"rows"`
	Left    []string `json:"left_out"` // what could not be measured, and why
}

// Row is one way of doing things. Its figures are of all rounds: the median of
// the rates, and the latencies of a call, which for batches is one of many
// packets.
type Row struct {
	Name      string  `json:"name"`
	PerSecond float64 `json:"per_second"` // packets
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	// Ratios are the medians over the rounds of this row's rate beside that of
	// a baseline in the same round.
	Ratios map[string]float64 `json:"ratios"`
}

// The baselines.
const (
	BareRPush      = "bare-rpush"
	RedisBenchmark = "redis-benchmark"
	Paper          = "paper-3-calls"
)

// Baselines are what the others are set beside.
var Baselines = []string{RedisBenchmark, BareRPush, Paper}

// measure is one row in the making.
type measure struct {
	name  string
	do    func(ctx context.Context, r *round) error
	rates []float64
	calls *meter.Spread
	worst float64 // the p99 in microseconds where another program tells it
	err   error
}

// Run measures all rows. Errors are those of a server that does not come up or
// does not answer; a row that alone cannot be measured is left out, with the
// reason.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Span == 0 {
		o.Span = time.Second
	}
	if o.Rounds == 0 {
		o.Rounds = 5
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	rows := measures()
	report := Report{Server: "private", Rounds: o.Rounds, Rows: []Row{}, Left: []string{}}
	for n := range o.Rounds {
		r, err := newRound(o)
		if err != nil {
			return Report{}, err
		}
		report.Server, report.Payload = r.name, r.payload
		order := slices.Clone(rows)
		if n%2 == 1 { // so that no row always comes first
			slices.Reverse(order)
		}
		for _, m := range order {
			if m.err != nil {
				continue
			}
			o.Tell(fmt.Sprintf("round %d of %d: %s", n+1, o.Rounds, m.name))
			r.measure = m
			m.err = m.do(ctx, r)
			if ctx.Err() != nil {
				r.close()
				return Report{}, ctx.Err()
			}
		}
		r.close()
	}
	for _, m := range rows {
		if m.err != nil {
			report.Left = append(report.Left, m.name+": "+m.err.Error())
			continue
		}
		report.Rows = append(report.Rows, m.row(rows))
	}
	return report, nil
}

// count notes one round: so many packets in a time.
func (m *measure) count(packets int, took time.Duration) {
	m.rates = append(m.rates, float64(packets)/took.Seconds())
}

// call notes one call.
func (m *measure) call(took time.Duration) { m.calls.Note(int64(took), 1) }

func (m *measure) row(all []*measure) Row {
	f := m.calls.Figures()
	row := Row{Name: m.name, PerSecond: median(m.rates), P50: float64(f.P50) / 1e3, P99: float64(f.P99) / 1e3, Ratios: map[string]float64{}}
	if m.worst > 0 {
		row.P99 = m.worst
	}
	for _, base := range all {
		if !slices.Contains(Baselines, base.name) || base.err != nil || base == m {
			continue
		}
		ratios := make([]float64, min(len(m.rates), len(base.rates)))
		for i := range ratios {
			ratios[i] = m.rates[i] / base.rates[i]
		}
		row.Ratios[base.name] = median(ratios)
	}
	return row
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}
