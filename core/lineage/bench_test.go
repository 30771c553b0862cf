package lineage_test

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

const senderURL, senderRate = "IFPACKET_TEST_SENDER_URL", "IFPACKET_TEST_SENDER_RATE"

// TestSender is no test: it is the other process of BenchmarkFeed, which sends
// packets until it is killed.
func TestSender(t *testing.T) {
	url := os.Getenv(senderURL)
	if url == "" {
		t.Skip("it is the other process of BenchmarkFeed")
	}
	rate, _ := strconv.Atoi(os.Getenv(senderRate))
	e, err := engine.Open(engine.Config{URL: url, Council: &rules{}})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Engine: e, t: t}
	for tick := time.NewTicker(time.Second / time.Duration(rate)); ; <-tick.C {
		h.send("work", "queue:"+strconv.Itoa(int(time.Now().UnixMilli()%10)))
	}
}

// BenchmarkFeed tells what share of a core watcher, sealer and feed take,
// without and with the feed: at 400 packets a second from another process, and
// while nothing happens.
func BenchmarkFeed(b *testing.B) {
	for _, c := range []struct {
		name string
		rate int
		feed bool
	}{{"400-without", 400, false}, {"400-with", 400, true}, {"idle-without", 0, false}, {"idle-with", 0, true}} {
		b.Run(c.name, func(b *testing.B) {
			url := testredis.Start(b).URL()
			h := openAt(b, url, engine.Config{Watch: watch.Options{Flush: 50 * time.Millisecond}})
			h.sendBatch(2000, "queue:old")
			stop := h.watches()
			stopTending := h.runs(func(c context.Context) error { h.Tend(c); return c.Err() }, func() bool { return true })
			defer stopTending()
			if c.feed {
				stop = h.feedsOn(stop)
			}
			defer stop()
			if c.rate > 0 {
				sender := exec.Command(os.Args[0], "-test.run", "TestSender")
				sender.Env = append(os.Environ(), senderURL+"="+url, senderRate+"="+strconv.Itoa(c.rate))
				if err := sender.Start(); err != nil {
					b.Fatal(err)
				}
				defer func() { _ = sender.Process.Kill(); _ = sender.Wait() }()
			}
			time.Sleep(4 * time.Second) // until the beginning is over
			before, start, first := cpu(), time.Now(), h.Feed().Picture().Counts
			time.Sleep(20 * time.Second)
			counts := h.Feed().Picture().Counts
			used, span := (cpu() - before).Seconds(), time.Since(start).Seconds()
			for b.Loop() { // there is nothing to repeat
			}
			b.ReportMetric(100*used/span, "%core")
			b.ReportMetric(float64(looked(counts)-looked(first))/span, "looked-at/s")
			b.ReportMetric(float64(counts.Skipped-first.Skipped)/span, "skipped/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// feedsOn runs the feed beside what runs already.
func (h *house) feedsOn(stop func()) func() {
	stopFeed := h.runs(h.Feed().Run, func() bool { return true })
	return func() { stopFeed(); stop() }
}

func looked(c lineage.Counts) int {
	return c.Verified + c.Unauthenticated + c.Incomplete + c.Tampered
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkVerify is one packet of a queue of a thousand, with the ledger's
// word: the ledger is read once for all of them.
func BenchmarkVerify(b *testing.B) {
	h := open(b)
	for range 1000 {
		h.send("work", "queue:a")
	}
	h.seal()
	list := h.raw.LRange(ctx, "queue:a", 0, -1).Val()
	for b.Loop() {
		v, err := h.Verifier(ctx)
		if err != nil {
			b.Fatal(err)
		}
		for _, raw := range list {
			if verdict, err := v.VerifyRaw([]byte(raw), "queue:a"); err != nil || verdict.Fresh != "latest" {
				b.Fatal(err, verdict)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/packet")
}

// BenchmarkCensus is a census of 20,000 packets.
func BenchmarkCensus(b *testing.B) {
	h := open(b)
	for range 10 {
		h.sendBatch(2000, "queue:"+packet.NewTrackingID())
	}
	for b.Loop() {
		if c := h.census(); c.Fates[lineage.Here] != 20_000 {
			b.Fatalf("%+v", c)
		}
	}
}
