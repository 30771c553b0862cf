package watch_test

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/watch"
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
