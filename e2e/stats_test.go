package e2e_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/infrafabric/ifpacket/e2e/console"
)

func TestTheConsoleWritesWhatItCosts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "stats.jsonl")
	c := console.Start(t, "--demo", "--stats", path)
	c.See("live").Press("2").See("Queues").Press("1")
	type line struct {
		CPU        *float64 `json:"cpu_percent"`
		Resident   int64    `json:"rss_bytes"`
		Goroutines int
		Link       string
		Age        int64 `json:"picture_age_ms"`
		Pictures   uint64
		Keys       int64
		P99        float64 `json:"key_drawn_p99_ms"`
	}
	var last line
	c.Until("three lines are written", func() bool {
		file, err := os.Open(path)
		if err != nil {
			return false
		}
		defer func() { _ = file.Close() }()
		n, lines := 0, bufio.NewScanner(file)
		for lines.Scan() {
			if json.Unmarshal(lines.Bytes(), &last) == nil {
				n++
			}
		}
		return n >= 3
	})
	if last.CPU == nil || *last.CPU <= 0 || last.Resident < 10<<20 || last.Goroutines < 5 || last.Link != "live" || last.Age < 0 || last.Pictures == 0 || last.Keys < 2 || last.P99 <= 0 {
		t.Errorf("%+v", last)
	}
	c.Quit()
	c = console.Start(t, "--demo", "--stats", filepath.Join(path, "nowhere"))
	c.See("ifpacket: --stats").Ends(1)
}
