package e2e_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

var metricsURL = regexp.MustCompile(`http://127\.0\.0\.1:\d+/metrics`)

// scraped is what Prometheus would read, "" while nobody answers.
func scraped(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get(url)
	if err != nil {
		return ""
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v: %s", url, r.Status, err, text)
	}
	return string(text)
}

func TestMetricsAreServedWhileACommandRuns(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := console.Start(t, "watch", "--redis", server.URL(), "--metrics", "0")
	c.See("metrics are at http://127.0.0.1:")
	url := metricsURL.FindString(c.Screen())
	// Two keys whose names differ by what a terminal would obey.
	server.Client().RPush(t.Context(), "queue:\x1b[2J", "a")
	server.Client().RPush(t.Context(), "queue:\x1b[3J", "a", "b")
	for _, args := range [][]string{{"dispatch", "--key", "queue:a", "--contents", `{"primitive": "matrix.route", "source": "a", "destination": "b"}`}, {"collect", "--key", "queue:a", "--op", "lpop"}} {
		if o := console.Run(t, append(args, "--redis", server.URL())...); o.Code != 0 {
			t.Fatalf("%+v", o)
		}
	}
	c.Until("all is told", func() bool {
		text := scraped(t, url)
		for _, want := range []string{
			"ifpacket_redis_up 1\n", `ifpacket_queue_depth{class="queue",queue="\"queue:\\x1b[3J\""} 2` + "\n", "ifpacket_queue_wait_seconds_count 1\n",
			"ifpacket_batch_packets_sum 1\n", `ifpacket_dispatch_duration_seconds_count{stage="redis"} 0` + "\n", "go_goroutines ", "process_resident_memory_bytes ",
		} {
			if !strings.Contains(text, want) {
				return false
			}
		}
		return !strings.Contains(text, "\x1b")
	})
	server.Kill()
	c.Until("the loss of Redis is told", func() bool {
		text := scraped(t, url)
		return strings.Contains(text, "ifpacket_redis_up 0\n") && !strings.Contains(text, "ifpacket_queue_depth")
	})
	c.Signal(syscall.SIGTERM).Ends(0)
	if text := scraped(t, url); text != "" {
		t.Errorf("it is served still:\n%s", text)
	}
}

func TestTheConsoleMeasuresWhatItsSwarmDispatches(t *testing.T) {
	t.Parallel()
	c := console.Start(t, "--demo", "--metrics", "127.0.0.1:0")
	c.See("live").Press("9").See("http://127.0.0.1:")
	url := metricsURL.FindString(c.Screen())
	counted := regexp.MustCompile(`(?m)^ifpacket_dispatch_duration_seconds_count\{stage="dispatch"\} [1-9]`)
	c.Until("dispatches are counted", func() bool { return counted.MatchString(scraped(t, url)) })
	c.Quit()
}

func TestAnAddressThatCannotBeServedIsNamed(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	port := strings.TrimSuffix(strings.TrimPrefix(server.URL(), "redis://127.0.0.1:"), "/0")
	for address, want := range map[string]struct {
		code int
		says string
	}{
		port:         {1, "address already in use"},
		"here":       {1, "here"},
		"a:b:c":      {2, "is no address"},
		"127.0.0.1:": {2, "is no address"},
	} {
		o := console.Run(t, "status", "--redis", server.URL(), "--metrics", address)
		if o.Code != want.code || !strings.Contains(o.Stderr, want.says) || strings.Count(o.Stderr, "\n") != 1 || o.Stdout != "" {
			t.Errorf("--metrics %s: %+v", address, o)
		}
	}
}
