package bench

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/meter"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// measures are the rows, in the order in which they are told.
func measures() []*measure {
	var list []*measure
	add := func(name string, do func(context.Context, *round) error) {
		list = append(list, &measure{name: name, do: do, calls: meter.NewSpread(100, int64(time.Minute), meter.LatencyScale)})
	}
	add(BareRPush, func(ctx context.Context, r *round) error {
		return r.again(1, 1, func(int) error { return r.raw.RPush(ctx, r.key, r.value).Err() })
	})
	add(RedisBenchmark, redisBenchmark)
	add(Paper, func(ctx context.Context, r *round) error {
		return r.again(1, 1, func(int) error {
			return errors.Join(r.raw.Type(ctx, r.key).Err(), r.raw.RPush(ctx, r.key, r.value).Err(), r.raw.Expire(ctx, r.key, time.Hour).Err())
		})
	})
	add("single", func(ctx context.Context, r *round) error { return r.singles(ctx, 1, packet.Schema10) })
	add("single-sealed", func(ctx context.Context, r *round) error { return r.singles(ctx, 1, packet.Schema11) })
	add("concurrent-64", func(ctx context.Context, r *round) error { return r.singles(ctx, 64, packet.Schema10) })
	add("batch", func(ctx context.Context, r *round) error { return r.batches(ctx, dispatch.MaxBatch, packet.Schema10) })
	add("batch-sealed", func(ctx context.Context, r *round) error { return r.batches(ctx, sealedBatch, packet.Schema11) })
	add("collect-batch", collectBatch)
	add("claim-batch", claimBatch)
	return list
}

const (
	sealedBatch  = 256 // as many packets share one signature
	writers      = 2   // goroutines that fill and send batches
	collectCount = 256
	claimCount   = 100
)

// again calls something over and over for a span, from so many goroutines, and
// counts so many packets a call.
func (r *round) again(callers, packets int, call func(caller int) error) error {
	if err := call(0); err != nil { // the first call connects, and tells the script
		return err
	}
	var calls atomic.Int64
	errs := make([]error, callers)
	var all sync.WaitGroup
	begin := time.Now()
	for n := range callers {
		all.Go(func() {
			for last := begin; last.Sub(begin) < r.span; {
				if errs[n] = call(n); errs[n] != nil {
					return
				}
				now := time.Now()
				r.measure.call(now.Sub(last))
				calls.Add(1)
				last = now
			}
		})
	}
	all.Wait()
	r.measure.count(int(calls.Load())*packets, time.Since(begin))
	r.empty()
	return errors.Join(errs...)
}

// singles dispatches one packet a call.
func (r *round) singles(ctx context.Context, callers int, schema string) error {
	e := r.plain
	if schema == packet.Schema11 {
		e = r.sealed
	}
	return r.again(callers, 1, func(int) error {
		receipt, err := e.Dispatch(ctx, r.packet(schema), dispatch.Destination{Key: r.key})
		if err == nil && receipt.Status != dispatch.Dispatched {
			err = fmt.Errorf("a packet was not approved: %s", receipt.Reason)
		}
		return err
	})
}

// batches fills and flushes queues of so many packets.
func (r *round) batches(ctx context.Context, size int, schema string) error {
	e := r.plain
	if schema == packet.Schema11 {
		e = r.sealed
	}
	queues := make([]*dispatch.Queue, writers)
	for i := range queues {
		queues[i] = e.Queue()
	}
	return r.again(writers, size, func(n int) error {
		for range size {
			if err := queues[n].Add(ctx, r.packet(schema), dispatch.Destination{Key: r.key, Operation: dispatch.RPush}); err != nil {
				return err
			}
		}
		outcomes, err := queues[n].Flush(ctx)
		for i := range outcomes {
			err = errors.Join(err, outcomes[i].Err)
		}
		return err
	})
}

// collectBatch takes packets that were dispatched before, the time for which is
// not counted.
func collectBatch(ctx context.Context, r *round) error {
	m := r.measure
	taken, took := 0, time.Duration(0)
	for took < r.span {
		if err := r.fill(ctx, 8*dispatch.MaxBatch); err != nil {
			return err
		}
		for range 8 * dispatch.MaxBatch / collectCount {
			begin := time.Now()
			found, err := r.plain.Collect(ctx, dispatch.Request{Key: r.key, Op: dispatch.LPop, Count: collectCount, Actor: "bench"})
			if err != nil {
				return err
			}
			m.call(time.Since(begin))
			took += time.Since(begin)
			taken += len(found.Items)
		}
	}
	m.count(taken, took)
	r.empty()
	return nil
}

// fill dispatches packets in batches.
func (r *round) fill(ctx context.Context, n int) error {
	q := r.plain.Queue()
	for range n {
		if err := q.Add(ctx, r.packet(packet.Schema10), dispatch.Destination{Key: r.key, Operation: dispatch.RPush}); err != nil {
			return err
		}
	}
	_, err := q.Flush(ctx)
	return err
}

// claimBatch claims tasks that were posted before, and completes them; only the
// claims are counted.
func claimBatch(ctx context.Context, r *round) error {
	m := r.measure
	taken, took := 0, time.Duration(0)
	for took < r.span {
		tasks := make([]swarm.Task, 20*claimCount)
		for i := range tasks {
			tasks[i] = swarm.Task{Queue: r.tasks, Type: "bench", Data: `{"pad": "` + strings.Repeat("x", 200) + `"}`, PostedBy: "bench"}
		}
		for from := 0; from < len(tasks); from += swarm.MaxPost {
			if _, err := r.plain.Swarm().PostMany(ctx, tasks[from:min(from+swarm.MaxPost, len(tasks))]); err != nil {
				return err
			}
		}
		for range len(tasks) / claimCount {
			begin := time.Now()
			leases, err := r.plain.Swarm().ClaimMany(ctx, r.tasks, "bench", claimCount, time.Minute)
			if err != nil {
				return err
			}
			m.call(time.Since(begin))
			took += time.Since(begin)
			taken += len(leases)
			if _, err := r.plain.Swarm().CompleteMany(ctx, "bench", leases, make([]string, len(leases)), time.Millisecond); err != nil {
				return err
			}
		}
	}
	m.count(taken, took)
	return nil
}

// redisBenchmark runs Redis' own benchmark with the same payload: four
// connections, 128 pushes in flight on each.
func redisBenchmark(ctx context.Context, r *round) error {
	if r.server == nil {
		return errors.New("it fills a key of its own, which is for a private server")
	}
	path, err := exec.LookPath("redis-benchmark")
	if err != nil {
		return errors.New("there is no redis-benchmark in the path")
	}
	n := int(max(r.span.Seconds(), 0.1) * 400_000) // about the span
	out, err := exec.CommandContext(ctx, path, "-h", "127.0.0.1", "-p", strconv.Itoa(r.server.Port()), "-t", "rpush", "-P", "128", "-c", "4",
		"-d", strconv.Itoa(r.payload), "-n", strconv.Itoa(n), "--csv").Output()
	if err != nil {
		return fmt.Errorf("redis-benchmark: %w", err)
	}
	defer r.raw.Unlink(ctx, "mylist")
	lines, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil || len(lines) < 2 || len(lines[1]) < 7 {
		return fmt.Errorf("redis-benchmark said something else than before: %.80q", out)
	}
	var rate, p50, p99 float64
	for place, into := range map[int]*float64{1: &rate, 4: &p50, 6: &p99} {
		if *into, err = strconv.ParseFloat(lines[1][place], 64); err != nil {
			return fmt.Errorf("redis-benchmark: %w", err)
		}
	}
	r.measure.rates = append(r.measure.rates, rate)
	r.measure.call(time.Duration(p50 * float64(time.Millisecond))) // of its own histogram only these are told
	r.measure.worst = max(r.measure.worst, p99*1e3)
	return nil
}
