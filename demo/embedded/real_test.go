package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/demo/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts an embedded server for a test and gives its URL.
func start(t testing.TB) string {
	t.Helper()
	s, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.URL()
}

// startReal starts a private redis-server, the measure of the embedded one.
func startReal(t testing.TB) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("these tests hold the embedded Redis against a real one: install redis-server (Debian package redis-server)")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	cmd := exec.Command(binary, "--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	url := fmt.Sprintf("redis://127.0.0.1:%d/0", port)
	client := connect(t, url)
	until(t, "the real server answers", func() bool { return client.Ping(t.Context()).Err() == nil })
	return url
}

// connect gives a client with a single connection, so that MULTI and SELECT
// stay where they were said. RESP 2 makes answers comparable.
func connect(t testing.TB, url string) *redis.Client {
	t.Helper()
	opts, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	opts.PoolSize, opts.Protocol, opts.DisableIdentity, opts.MaxRetries = 1, 2, true, -1
	opts.ReadTimeout = time.Minute
	client := redis.NewClient(opts)
	t.Cleanup(func() { client.Close() })
	return client
}

func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// do says a command, words parted by blanks, and shows the answer.
func do(t testing.TB, client *redis.Client, line string) string {
	t.Helper()
	return say(t, client, words(line)...)
}

func say(t testing.TB, client *redis.Client, args ...any) string {
	t.Helper()
	answer, err := client.Do(context.Background(), args...).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return "nil"
	case err != nil:
		var refused redis.Error
		if !errors.As(err, &refused) {
			t.Fatalf("%v: %v", args, err)
		}
		return "error: " + err.Error()
	}
	return fmt.Sprintf("%v", answer)
}

// words splits a line at blanks; ” is an empty word, {…} one word, and \n in
// it a newline.
func words(line string) (args []any) {
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimSpace(rest) {
		var word string
		if strings.HasPrefix(rest, "{{") {
			word, rest, _ = strings.Cut(rest[2:], "}}")
			word = strings.ReplaceAll(word, `\n`, "\n")
		} else {
			word, rest, _ = strings.Cut(rest, " ")
		}
		if word == "''" {
			word = ""
		}
		args = append(args, word)
	}
	return args
}

// A listener hears all keyspace events of a server.
type listener struct {
	t   testing.TB
	sub *redis.PubSub
	end *redis.Client
}

func listen(t testing.TB, url string, patterns ...string) *listener {
	t.Helper()
	if len(patterns) == 0 {
		patterns = []string{"__keyspace@*__:*", "__keyevent@*__:*", "end"}
	}
	sub := connect(t, url).PSubscribe(context.Background(), patterns...)
	t.Cleanup(func() { sub.Close() })
	for range patterns {
		if _, err := sub.Receive(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return &listener{t, sub, connect(t, url)}
}

// events are those that have come until now: a message of our own closes them.
func (l *listener) events() (events []string) {
	l.t.Helper()
	if err := l.end.Publish(context.Background(), "end", "").Err(); err != nil {
		l.t.Fatal(err)
	}
	for {
		m, err := l.sub.ReceiveMessage(context.Background())
		if err != nil {
			l.t.Fatal(err)
		}
		if m.Channel == "end" {
			return events
		}
		events = append(events, m.Channel+" "+m.Payload)
	}
}

// next waits for one event.
func (l *listener) next() string {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	m, err := l.sub.ReceiveMessage(ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	return m.Channel + " " + m.Payload
}
