package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestInfoShowsWhatAConsoleAsksFor(t *testing.T) {
	u := start(t)
	client := connect(t, u)
	do(t, client, "SET a 1 EX 100")
	do(t, client, "SET b 1")
	do(t, client, "GET b")
	do(t, client, "GET none")
	parsed, _ := url.Parse(u)
	text := do(t, client, "INFO")
	for _, want := range []string{
		`redis_version:7\.0\.15`, `redis_mode:standalone`, `run_id:[0-9a-f]{40}`, `process_id:\d+`, `tcp_port:` + parsed.Port(),
		`uptime_in_seconds:\d+`, `connected_clients:1`, `used_memory:[1-9]\d+`, `role:master`, `keyspace_hits:1`, `keyspace_misses:1`,
		`db0:keys=2,expires=1,avg_ttl=(99\d\d\d|100000)`, `instantaneous_ops_per_sec:\d+`, `total_commands_processed:\d+`,
	} {
		if !regexp.MustCompile(`(?m)^` + want + `\r$`).MatchString(text) {
			t.Errorf("INFO has no line %s", want)
		}
	}
	if again := do(t, client, "INFO server"); strings.Contains(again, "role:") || !strings.Contains(again, "run_id:") {
		t.Errorf("INFO server gives %q", again)
	}
}

func TestOrdinaryClientsOfRESP3Work(t *testing.T) {
	opts, _ := redis.ParseURL(start(t))
	client := redis.NewClient(opts)
	defer client.Close()
	ctx := context.Background()
	sub := client.PSubscribe(ctx, "__keyspace@0__:*", "__key*__:*")
	defer sub.Close()
	for range 2 {
		if _, err := sub.Receive(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.ConfigSet(ctx, "notify-keyspace-events", "Kl").Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := client.RPush(ctx, "l", "a", "b").Result(); n != 2 || err != nil {
		t.Errorf("RPUSH gives %d, %v", n, err)
	}
	// Each pattern that fits gives a message, as in Redis.
	for _, pattern := range []string{"__keyspace@0__:*", "__key*__:*"} {
		m, err := sub.ReceiveMessage(ctx)
		if err != nil || m.Pattern != pattern || m.Channel != "__keyspace@0__:l" || m.Payload != "rpush" {
			t.Errorf("message %v, %v; want rpush by %s", m, err, pattern)
		}
	}
	client.HSet(ctx, "h", "a", "1", "b", "2")
	if h, err := client.HGetAll(ctx, "h").Result(); len(h) != 2 || err != nil {
		t.Errorf("HGETALL gives %v, %v", h, err)
	}
	client.ZAdd(ctx, "z", redis.Z{Score: 1.5, Member: "a"})
	if z, err := client.ZRangeWithScores(ctx, "z", 0, -1).Result(); len(z) != 1 || z[0].Score != 1.5 || err != nil {
		t.Errorf("ZRANGE gives %v, %v", z, err)
	}
	client.XAdd(ctx, &redis.XAddArgs{Stream: "s", ID: "3-0", Values: []string{"a", "b"}})
	if info, err := client.XInfoStream(ctx, "s").Result(); err != nil || info.LastGeneratedID != "3-0" || info.Length != 1 || info.FirstEntry.ID != "3-0" {
		t.Errorf("XINFO STREAM gives %+v, %v", info, err)
	}
	if got, err := redis.NewScript("return redis.call('GET', KEYS[1])").Run(ctx, client, []string{"none"}).Result(); err != redis.Nil {
		t.Errorf("a script gives %v, %v; want nil", got, err)
	}
	if cfg, err := client.ConfigGet(ctx, "notify*").Result(); cfg["notify-keyspace-events"] != "lK" || err != nil {
		t.Errorf("CONFIG GET gives %v, %v", cfg, err)
	}
	tx := client.Watch(ctx, func(tx *redis.Tx) error {
		client.Set(ctx, "watched", "other", 0)
		_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Set(ctx, "watched", "mine", 0).Err() })
		return err
	}, "watched")
	if tx != redis.TxFailedErr {
		t.Errorf("a transaction on a changed key gives %v", tx)
	}
	if list, err := client.ClientList(ctx).Result(); err != nil || !strings.Contains(list, "psub=2") {
		t.Errorf("CLIENT LIST gives %q, %v", list, err)
	}
}

func TestASlowSubscriberIsCutOffAndHoldsUpNobody(t *testing.T) {
	u := start(t)
	client := connect(t, u)
	do(t, client, "CONFIG SET client-output-buffer-limit {{pubsub 1mb 0 0}} notify-keyspace-events KEA")
	parsed, _ := url.Parse(u)
	slow, err := net.Dial("tcp", parsed.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	fmt.Fprint(slow, "PSUBSCRIBE *\r\n")
	bufio.NewReader(slow).ReadString('\n')
	payload := strings.Repeat("x", 64<<10)
	until(t, "the subscriber is cut off", func() bool {
		say(t, client, "PUBLISH", "c", payload)
		return do(t, client, "PUBSUB NUMPAT") == "0"
	})
	slow.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, slow); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Error("the connection is still open")
	}
}

func TestHostileInputEndsTheConnectionOnly(t *testing.T) {
	u := start(t)
	parsed, _ := url.Parse(u)
	for _, input := range []string{
		"*x\r\n", "*1\r\n+PING\r\n", "*1\r\n$-5\r\n", "*1\r\n$999999999999\r\n", "*99999999999\r\n", "*2\r\n$4\r\nPING\r\n",
		strings.Repeat("x", 100<<10), "*1\r\n$1\r\n", "\r\n\r\n*0\r\n*-1\r\nQUIT\r\n",
		"*4\r\n$4\r\nXADD\r\n$1\r\nk\r\n$6\r\nMAXLEN\r\n$1\r\n~\r\nQUIT\r\n",
	} {
		c, err := net.Dial("tcp", parsed.Host)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, input)
		c.(*net.TCPConn).CloseWrite()
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%.20q: the connection stays open", input)
		}
		c.Close()
	}
	client := connect(t, u)
	for _, line := range []string{
		"XADD k MAXLEN ~ 1", "XREAD STREAMS a", "XREADGROUP GROUP g c STREAMS a", "ZADD z", "LMPOP 99 a LEFT", "ZMPOP x", "EVAL x 1", "XREAD COUNT 1 STREAMX x",
		"GEORADIUS g 1 2 3 m STORE", "COPY a b DB", "MOVE a 99", "XADD k NOMKSTREAM NOMKSTREAM 1-0 a", "XAUTOCLAIM s g c 0 0", "XGROUP CREATE", "SET k v EX",
		"XREADGROUP a b c d e f", "BLPOP q x", "BLPOP q -1", "ZADD z 1", "OBJECT HELP", "MEMORY USAGE", "SORT x", "FUNCTION LIST", "SPOP s -1", "EVAL {{while}} 0",
	} {
		do(t, client, line)
	}
	if got := do(t, client, "PING"); got != "PONG" {
		t.Errorf("PING gives %s", got)
	}
}

func BenchmarkRPUSH(b *testing.B) {
	payload := strings.Repeat("x", 243)
	for _, flags := range []string{"", "Kl", "KEA"} {
		for _, batch := range []int{1, 100} {
			b.Run(fmt.Sprintf("events=%s/pipeline=%d", flags, batch), func(b *testing.B) {
				u := start(b)
				client := connect(b, u)
				say(b, client, "CONFIG", "SET", "notify-keyspace-events", flags)
				ctx := context.Background()
				sub := connect(b, u).PSubscribe(ctx, "__key*__:*")
				defer sub.Close()
				if _, err := sub.Receive(ctx); err != nil {
					b.Fatal(err)
				}
				go func() {
					for {
						if _, err := sub.Receive(ctx); err != nil {
							return
						}
					}
				}()
				for i := 0; i < b.N; i += batch {
					pipe := client.Pipeline()
					for j := range batch {
						pipe.RPush(ctx, fmt.Sprintf("q%d", (i+j)%100), payload)
					}
					if _, err := pipe.Exec(ctx); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			})
		}
	}
}
