package voices

import (
	"math/rand/v2"
	"testing"
	"time"
)

func memoryOf(n int, used func(second int) int64) (list []Memory) {
	for i := range n {
		list = append(list, Memory{noon.Add(time.Duration(i) * time.Second), used(i)})
	}
	return list
}

func TestAForecastFollowsTheLine(t *testing.T) {
	in, known := OutOfMemory(memoryOf(60, func(i int) int64 { return 1<<20 + int64(i)*1000 }), 1<<20+159_000)
	if !known || (in-100*time.Second).Abs() > time.Second {
		t.Errorf("%s, %t: it should be 1m 40", in, known)
	}
}

func TestAForecastStandsThroughNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	in, known := OutOfMemory(memoryOf(60, func(i int) int64 { return 1<<20 + int64(i)*10_000 + int64(random.IntN(40_000)) }), 1<<20+1_610_000)
	if !known || in < 90*time.Second || in > 110*time.Second {
		t.Errorf("%s, %t: it should be about 1m 40", in, known)
	}
}

func TestAForecastIsNotMadeOf(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for what, samples := range map[string][]Memory{
		"nothing":              nil,
		"too few samples":      memoryOf(5, func(i int) int64 { return int64(i) << 20 }),
		"memory that is still": memoryOf(60, func(int) int64 { return 1 << 20 }),
		"memory that shrinks":  memoryOf(60, func(i int) int64 { return 1<<30 - int64(i)*1000 }),
		"noise":                memoryOf(60, func(int) int64 { return 1<<20 + int64(random.IntN(1<<19)) }),
		"one moment":           {{noon, 1}, {noon, 2}, {noon, 3}, {noon, 4}, {noon, 5}, {noon, 6}},
	} {
		if in, known := OutOfMemory(samples, 1<<31); known {
			t.Errorf("%s: %s", what, in)
		}
	}
}

func TestWhatWasBeforeAFallSaysNothing(t *testing.T) {
	samples := memoryOf(90, func(i int) int64 {
		if i < 60 {
			return 50<<20 + int64(i)*100_000
		}
		return 10<<20 + int64(i-60)*1_000_000
	})
	in, known := OutOfMemory(samples, 10<<20+129_000_000)
	if !known || (in-100*time.Second).Abs() > 2*time.Second {
		t.Errorf("%s, %t: it should be 1m 40", in, known)
	}
}

func TestTheIntervalOfAShareHoldsAtTheEnds(t *testing.T) {
	for _, c := range []struct {
		hits, n   int
		low, high float64
	}{{0, 0, 0, 1}, {0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {50, 100, 0.4038, 0.5962}} {
		low, high := wilson(c.hits, c.n)
		if low < c.low-1e-4 || low > c.low+1e-4 || high < c.high-1e-4 || high > c.high+1e-4 {
			t.Errorf("%d of %d: %.4f to %.4f", c.hits, c.n, low, high)
		}
	}
}
