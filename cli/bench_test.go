package cli_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type benched struct {
	Server string
	Rows   []struct {
		Name      string
		PerSecond float64 `json:"per_second"`
		P50       float64 `json:"p50_us"`
		P99       float64 `json:"p99_us"`
		Ratios    map[string]float64
	}
	Left []string `json:"left_out"`
}

func (o outcome) benched(t *testing.T) (b benched) {
	t.Helper()
	if err := json.Unmarshal([]byte(o.out), &b); err != nil || strings.Count(o.out, "\n") != 1 {
		t.Fatalf("%v: %s", err, o.out)
	}
	return b
}

func TestABenchMeasuresEveryRowOnServersOfItsOwn(t *testing.T) {
	folders := t.TempDir()
	t.Setenv("TMPDIR", folders)
	b := run("bench", "--rounds", "2", "--span", "10ms", "--json").ends(t, 0).benched(t)
	var names []string
	for _, r := range b.Rows {
		names = append(names, r.Name)
		if r.PerSecond <= 0 || r.P50 <= 0 || r.P99 < r.P50 {
			t.Errorf("%s: %+v", r.Name, r)
		}
		for _, base := range []string{"redis-benchmark", "bare-rpush", "paper-3-calls"} {
			if r.Name != base && r.Ratios[base] <= 0 {
				t.Errorf("%s is not set beside %s", r.Name, base)
			}
		}
	}
	if want := []string{"bare-rpush", "redis-benchmark", "paper-3-calls", "single", "single-sealed", "concurrent-64", "batch", "batch-sealed", "collect-batch", "claim-batch"}; !slices.Equal(names, want) {
		t.Errorf("the rows are %v, left out are %v", names, b.Left)
	}
	if left, _ := filepath.Glob(filepath.Join(folders, "*")); len(left) > 0 {
		t.Errorf("the servers' folders are still there: %v", left)
	}
}

func TestABenchOfAServerInUseLeavesItsQueuesAlone(t *testing.T) {
	s := start(t)
	s.RPush(t.Context(), "queue:theirs", "a")
	o := run("bench", "--here", "--redis", s.url, "--rounds", "1", "--span", "5ms", "-o", "json").ends(t, 0)
	b := o.benched(t)
	if len(b.Rows) != 9 || len(b.Left) != 1 || !strings.HasPrefix(b.Left[0], "redis-benchmark: ") || !strings.Contains(b.Server, "127.0.0.1") {
		t.Errorf("%+v", b)
	}
	if n := s.LLen(t.Context(), "queue:theirs").Val(); n != 1 {
		t.Error("a queue that is not the bench's was touched")
	}
	for _, key := range s.Keys(t.Context(), "*bench-*").Val() {
		t.Errorf("%s is left", key)
	}
	run("bench", "--here", "--redis", s.url, "--read-only").fails(t, 2, "--read-only")
	run("bench", "--rounds", "0").fails(t, 2, "--rounds")
	t.Setenv("PATH", "")
	run("bench").fails(t, 1, "no redis-server in the path")
}
