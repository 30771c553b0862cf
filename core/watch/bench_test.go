package watch_test

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// processor is the time that this process has spent on cores so far.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkWatch follows b.N changes of 100 queues, made by another process as
// fast as the server takes them, until the picture is right. Watch it with
// -benchtime 1000000x.
func BenchmarkWatch(b *testing.B) {
	if _, err := exec.LookPath("redis-benchmark"); err != nil {
		b.Skip("needs redis-benchmark, which comes with redis-server")
	}
	e, c, server := watching(b, watch.Options{})
	n := max(b.N, 1000) / 100 * 100
	_, port, _ := strings.Cut(server.Addr(), ":")
	b.ResetTimer()
	spent, begin := processor(), time.Now()
	cmd := exec.Command("redis-benchmark", "-p", port, "-n", fmt.Sprint(n), "-P", "50", "-c", "4", "-r", "100", "-q", "rpush", "queue:__rand_int__", "x")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	made := time.Since(begin)
	e.until("the picture is right", func(s *watch.Snapshot) bool {
		sum := int64(0)
		for _, q := range s.Queues {
			sum += q.Depth
		}
		return sum == int64(n)
	})
	right := time.Since(begin)
	spent = processor() - spent
	if c.DBSize(ctx).Val() > 100 || e.Snapshot().Link.State != watch.Live {
		b.Errorf("link %+v", e.Snapshot().Link)
	}
	if _, away := said(e.Snapshot(), "away"); away {
		b.Error("the link was lost on the way")
	}
	b.ReportMetric(float64(n)/made.Seconds(), "changes/s")
	b.ReportMetric(float64(spent.Microseconds())/float64(n), "cpu-us/change")
	b.ReportMetric(float64((right - made).Milliseconds()), "ms-behind")
	b.ReportMetric(100*spent.Seconds()/right.Seconds(), "%core")
}

// BenchmarkFullPicture reads a large swarm from nothing: 10,000 agents, 1,000
// queues, 100,000 entries in the carcel. It tells the longest time for which
// one command held up the server, too.
func BenchmarkFullPicture(b *testing.B) {
	server := testredis.Start(b)
	c := server.Client()
	pipe := c.Pipeline()
	for i := range 10_000 {
		id := fmt.Sprint("haiku_worker_", i)
		pipe.HSet(ctx, "agents:"+id, "agent_id", id, "role", "haiku_worker", "parent_id", "none", "registered_at", "2025-12-02T14:35:18", "context_capacity", "8000", "metadata", "{}")
		pipe.Set(ctx, "agents:"+id+":heartbeat", beat(time.Now()), 300*time.Second)
		pipe.SAdd(ctx, "swarm:sessions", id)
	}
	for i := range 1000 {
		pipe.RPush(ctx, fmt.Sprint("queue:", i), packed(i), packed(i+1))
	}
	entries := make([]any, 1000)
	for i := range entries {
		entries[i] = `{"tracking_id":"t","reason":"r","decision":"blocked","timestamp":"2025-12-02T14:35:18Z","contents":{"primitive":"process.kill"},"origin":"w"}`
	}
	for range 100 {
		pipe.RPush(ctx, "carcel:dead_letters", entries...)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(server.URL(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	c.ConfigSet(ctx, "slowlog-log-slower-than", "500")
	c.Do(ctx, "SLOWLOG", "RESET")
	b.ResetTimer()
	for range b.N {
		picture, err := watch.New(s, watch.Options{}).Look(ctx)
		if err != nil || len(picture.Agents) != 10_000 || len(picture.Queues) != 1000 || picture.Carcel.Length != 100_000 {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	slowest := time.Duration(0)
	for _, entry := range c.SlowLogGet(ctx, 128).Val() {
		slowest = max(slowest, entry.Duration)
	}
	b.ReportMetric(float64(slowest.Microseconds()), "us-slowest-command")
}
