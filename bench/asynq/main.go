// Command asynq measures the swarm's tasks beside asynq's, on one private
// redis-server in one run: no-op tasks of 600 bytes, posted and processed. It
// is a module of its own, so that ifpacket does not depend on asynq.
//
// Posting: "ours single" and "asynq" are one call a task from 16 goroutines;
// "ours batch" is PostMany with 500 tasks a call from 2. Processing: asynq's
// server with the concurrency that does best here; ours claims and completes
// one task a call with 16 workers, or 100 a call with 4. Each figure is the
// median of the rounds, whose order alternates.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"

	private "github.com/infrafabric/ifpacket/bench"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
)

var (
	tasks  = flag.Int("tasks", 20_000, "tasks a measurement")
	rounds = flag.Int("rounds", 3, "measurements of each kind")
	ctx    = context.Background()
	data   = `{"pad": "` + strings.Repeat("x", 588) + `"}`
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	server, err := private.StartServer()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	b, err := newBench(server.Address)
	if err != nil {
		log.Print(err)
		return
	}
	kinds := []struct {
		name, beside string
		measure      func() (time.Duration, error)
	}{
		{"post   asynq, 1 caller", "", func() (time.Duration, error) { return b.asynqPost(1) }},
		{"post   asynq, 16 callers", "", func() (time.Duration, error) { return b.asynqPost(16) }},
		{"post   ours single, 1 caller", "post   asynq, 1 caller", func() (time.Duration, error) { return b.oursPost(1, 1) }},
		{"post   ours single, 16 callers", "post   asynq, 16 callers", func() (time.Duration, error) { return b.oursPost(16, 1) }},
		{"post   ours batch of 500", "post   asynq, 16 callers", func() (time.Duration, error) { return b.oursPost(2, 500) }},
		{"process asynq, concurrency 10", "", func() (time.Duration, error) { return b.asynqProcess(10) }},
		{"process asynq, concurrency 64", "", func() (time.Duration, error) { return b.asynqProcess(64) }},
		{"process ours single, 16 workers", "process asynq", func() (time.Duration, error) { return b.oursProcess(16, 1) }},
		{"process ours batch of 100", "process asynq", func() (time.Duration, error) { return b.oursProcess(4, 100) }},
	}
	rates := map[string][]float64{}
	for round := range *rounds {
		for i := range kinds {
			k := kinds[i]
			if round%2 == 1 {
				k = kinds[len(kinds)-1-i]
			}
			took, err := k.measure()
			if err != nil {
				log.Printf("%s: %v", k.name, err)
				return
			}
			rates[k.name] = append(rates[k.name], float64(*tasks)/took.Seconds())
		}
	}
	for _, k := range kinds {
		ratio := ""
		if k.beside != "" {
			best := 0.0 // asynq at its best
			for name, r := range rates {
				if strings.HasPrefix(name, k.beside) {
					best = max(best, median(r))
				}
			}
			ratio = fmt.Sprintf("%6.2f x asynq", median(rates[k.name])/best)
		}
		fmt.Printf("%-34s %10.0f /s %s\n", k.name, median(rates[k.name]), ratio)
	}
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

type bench struct {
	addr  string
	store *store.Store
	swarm *swarm.Coordinator
	redis asynq.RedisClientOpt
}

func newBench(addr string) (*bench, error) {
	s, err := store.Open("redis://"+addr+"/0", store.Options{})
	if err != nil {
		return nil, err
	}
	return &bench{addr, s, swarm.New(s), asynq.RedisClientOpt{Addr: addr, PoolSize: 64}}, nil
}

func (b *bench) wipe() error { return b.store.Commands().FlushAll(ctx).Err() }

// spread runs work with a share of the tasks in each of n goroutines.
func spread(n int, work func(share int) error) (time.Duration, error) {
	var wg sync.WaitGroup
	errs := make([]error, n)
	began := time.Now()
	for i := range n {
		share := *tasks / n
		if i < *tasks%n {
			share++
		}
		wg.Go(func() { errs[i] = work(share) })
	}
	wg.Wait()
	return time.Since(began), errors.Join(errs...)
}

func (b *bench) asynqPost(callers int) (time.Duration, error) {
	if err := b.wipe(); err != nil {
		return 0, err
	}
	client := asynq.NewClient(b.redis)
	defer func() { _ = client.Close() }()
	return spread(callers, func(share int) error {
		for range share {
			if _, err := client.Enqueue(asynq.NewTask("noop", []byte(data))); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bench) oursPost(callers, lot int) (time.Duration, error) {
	if err := b.wipe(); err != nil {
		return 0, err
	}
	return spread(callers, func(share int) error {
		for ; share > 0; share -= lot {
			list := make([]swarm.Task, min(lot, share))
			for i := range list {
				list[i] = swarm.Task{Queue: "q", Type: "noop", Data: data, PostedBy: "bench"}
			}
			if _, err := b.swarm.PostMany(ctx, list); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bench) asynqProcess(concurrency int) (time.Duration, error) {
	if _, err := b.asynqPost(16); err != nil {
		return 0, err
	}
	done := make(chan struct{})
	var processed atomic.Int64
	srv := asynq.NewServer(b.redis, asynq.Config{Concurrency: concurrency, LogLevel: asynq.FatalLevel})
	began := time.Now()
	err := srv.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		if processed.Add(1) == int64(*tasks) {
			close(done)
		}
		return nil
	}))
	if err != nil {
		return 0, err
	}
	<-done
	took := time.Since(began)
	srv.Shutdown()
	return took, nil
}

func (b *bench) oursProcess(workers, lot int) (time.Duration, error) {
	if _, err := b.oursPost(2, 500); err != nil {
		return 0, err
	}
	var processed atomic.Int64
	took, err := spread(workers, func(int) error {
		for {
			leases, err := b.swarm.ClaimMany(ctx, "q", "bench", lot, time.Minute)
			if errors.Is(err, swarm.ErrNoTask) {
				return nil
			}
			if err != nil {
				return err
			}
			outcomes, err := b.swarm.CompleteMany(ctx, "bench", leases, make([]string, len(leases)), 0)
			if err = errors.Join(append(outcomes, err)...); err != nil {
				return err
			}
			processed.Add(int64(len(leases)))
		}
	})
	if n := processed.Load(); err == nil && n != int64(*tasks) {
		err = fmt.Errorf("%d of %d processed", n, *tasks)
	}
	return took, err
}
