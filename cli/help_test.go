package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/cli"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// TestMain gives the commands a home of their own, without anybody's settings.
func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "ifpacket-cli")
	if err != nil {
		panic(err)
	}
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": filepath.Join(home, "config"), "XDG_DATA_HOME": filepath.Join(home, "data"),
		"XDG_STATE_HOME": filepath.Join(home, "state"), "IFPACKET_REDIS": "",
	} {
		_ = os.Setenv(name, value)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(home)
		os.Exit(code)
	}))
}

// outcome is what a command left behind.
type outcome struct {
	out, err string
	made     string // the line that tells of the keys that were made
	code     int
}

// run runs a command line with nothing on stdin.
func run(args ...string) outcome { return feed("", args...) }

// feed runs a command line with a text on stdin.
func feed(stdin string, args ...string) outcome {
	var out, errOut bytes.Buffer
	code := cli.Main(args, strings.NewReader(stdin), &out, &errOut)
	o := outcome{out: out.String(), err: errOut.String(), code: code}
	// The first dispatch on a server makes its keys, and says so: that line is
	// kept apart from what a test is about.
	if line, rest, _ := strings.Cut(o.err, "\n"); strings.HasPrefix(line, "ifpacket: made root key ") && len(args) > 0 && args[0] != "keys" {
		o.made, o.err = line, rest
	}
	return o
}

// ends checks the exit code.
func (o outcome) ends(t *testing.T, code int) outcome {
	t.Helper()
	if o.code != code {
		t.Errorf("exit code %d, not %d\nstdout: %s\nstderr: %s", o.code, code, o.out, o.err)
	}
	return o
}

// fails checks the exit code, that stdout is empty, and that stderr is one line
// of printable text that holds the words.
func (o outcome) fails(t *testing.T, code int, words ...string) outcome {
	t.Helper()
	o.ends(t, code)
	if o.out != "" {
		t.Errorf("stdout holds %q", o.out)
	}
	o.says(t, 1, words...)
	return o
}

// says checks that stderr has so many lines of printable text, and the words.
func (o outcome) says(t *testing.T, lines int, words ...string) outcome {
	t.Helper()
	if n := strings.Count(o.err, "\n"); n != lines || lines > 0 && !strings.HasSuffix(o.err, "\n") {
		t.Errorf("stderr has %d lines, not %d: %q", n, lines, o.err)
	}
	for line := range strings.Lines(o.err) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "ifpacket: ") || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("stderr has the line %q", line)
		}
	}
	for _, word := range words {
		if !strings.Contains(o.err, word) {
			t.Errorf("stderr does not hold %q: %s", word, o.err)
		}
	}
	return o
}

// objects are the lines of stdout, each of which must be a JSON object.
func (o outcome) objects(t *testing.T) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(o.out) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil || !strings.HasSuffix(line, "\n") {
			t.Fatalf("stdout has the line %q: %v", line, err)
		}
		list = append(list, object)
	}
	return list
}

// object is the only line of stdout.
func (o outcome) object(t *testing.T) map[string]any {
	t.Helper()
	list := o.objects(t)
	if len(list) != 1 {
		t.Fatalf("stdout has %d lines, not 1: %q\nstderr: %s", len(list), o.out, o.err)
	}
	return list[0]
}

// server is a private redis-server, seen from outside and from the commands.
type server struct {
	*redis.Client
	url string
}

func start(t *testing.T, args ...string) server {
	t.Helper()
	s := testredis.Start(t, args...)
	return server{s.Client(), s.URL()}
}

// dispatch runs dispatch on the server.
func (s server) dispatch(args ...string) outcome {
	return run(append([]string{"dispatch", "--redis", s.url}, args...)...)
}

// collect runs collect on the server.
func (s server) collect(args ...string) outcome {
	return run(append([]string{"collect", "--redis", s.url}, args...)...)
}

func (s server) length(key string) int64 { return s.LLen(context.Background(), key).Val() }

// nobody is a URL where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "redis://" + l.Addr().String() + "/0"
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
