package swarm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

var noop = swarm.Task{Queue: "q", Type: "noop", Data: `{"pad": "` + strings.Repeat("x", 588) + `"}`, PostedBy: "bench"}

func BenchmarkPost(b *testing.B) {
	s, _ := open(b, testredis.Start(b).URL())
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := s.Post(ctx, noop); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPostMany counts tasks, not calls.
func BenchmarkPostMany(b *testing.B) {
	s, _ := open(b, testredis.Start(b).URL())
	b.ReportAllocs()
	for left := b.N; left > 0; left -= 500 {
		list := make([]swarm.Task, min(left, 500))
		for i := range list {
			list[i] = noop
		}
		if _, err := s.PostMany(ctx, list); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProcess counts tasks: claimed 100 at once and completed so.
func BenchmarkProcess(b *testing.B) {
	s, _ := open(b, testredis.Start(b).URL())
	for left := b.N; left > 0; left -= 500 {
		list := make([]swarm.Task, min(left, 500))
		for i := range list {
			list[i] = noop
		}
		if _, err := s.PostMany(ctx, list); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for {
		leases, err := s.ClaimMany(ctx, "q", "a", 100, time.Minute)
		if errors.Is(err, swarm.ErrNoTask) {
			return
		}
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.CompleteMany(ctx, "a", leases, make([]string, len(leases)), 0); err != nil {
			b.Fatal(err)
		}
	}
}
