package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/meter"
)

// consoleStats is a line of --stats: what the console itself costs.
type consoleStats struct {
	At         string  `json:"at"`               // RFC 3339
	CPU        float64 `json:"cpu_percent"`      // of one core, since the line before
	Resident   int64   `json:"rss_bytes"`        // 0 where the system does not tell
	Heap       uint64  `json:"heap_bytes"`       // in use
	Goroutines int     `json:"goroutines"`       //
	Link       string  `json:"link"`             // live, polling, away, connecting
	Events     float64 `json:"events_per_s"`     // keyspace notifications
	Age        int64   `json:"picture_age_ms"`   // −1 before the first picture
	Pictures   uint64  `json:"pictures"`         // made since the start
	Keys       int64   `json:"keys"`             // pressed in the last ten minutes
	KeyP50     float64 `json:"key_drawn_p50_ms"` // from a key to the frame that shows it
	KeyP99     float64 `json:"key_drawn_p99_ms"`
}

const statsEvery = time.Second

// newDrawn takes how long keys take to be drawn.
func newDrawn() *meter.Spread {
	return meter.NewSpread(int64(time.Microsecond), int64(time.Minute), meter.LatencyScale)
}

// writeStats adds a line a second to a file until it is told to stop. Stop tells whether all of it could be written.
func writeStats(path string, e *engine.Engine, drawn *meter.Spread) (stop func() error, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--stats: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		tick := time.NewTicker(statsEvery)
		defer tick.Stop()
		spent, last := cpuTime(), time.Now()
		encoder := json.NewEncoder(file)
		for {
			select {
			case <-ctx.Done():
				ended <- nil
				return
			case <-tick.C:
			}
			now, used := time.Now(), cpuTime()
			line := statsOf(e, drawn, now)
			line.CPU = 100 * (used - spent).Seconds() / now.Sub(last).Seconds()
			spent, last = used, now
			if err := encoder.Encode(line); err != nil {
				ended <- fmt.Errorf("--stats: %w", err)
				return
			}
		}
	}()
	return func() error {
		cancel()
		err := <-ended
		if cerr := file.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("--stats: %w", cerr)
		}
		return err
	}, nil
}

func statsOf(e *engine.Engine, drawn *meter.Spread, now time.Time) consoleStats {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	snap, keys := e.Watcher().Snapshot(), drawn.Figures()
	s := consoleStats{
		At: now.UTC().Format(time.RFC3339), Resident: resident(), Heap: memory.HeapInuse, Goroutines: runtime.NumGoroutine(),
		Link: snap.Link.State.String(), Events: snap.EventRate, Age: -1, Pictures: snap.Version.All,
		Keys: keys.Count, KeyP50: float64(keys.P50) / 1e6, KeyP99: float64(keys.P99) / 1e6,
	}
	if !snap.Taken.IsZero() {
		s.Age = now.Sub(snap.Taken).Milliseconds()
	}
	return s
}

// resident is the memory that the process holds, where Linux tells it.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int64
	if _, err := fmt.Fscan(strings.NewReader(string(text)), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
