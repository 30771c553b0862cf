package cli_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/cli"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// written is a packet as another program writes it.
func written(n int, ttl int, age time.Duration) string {
	return fmt.Sprintf(`{"origin": "other", "contents": {"n": %d}, "schema_version": "1.0", "ttl_seconds": %d, "tracking_id": "%08x-0000-4000-8000-000000000000", "dispatched_at": "%s", "chain_of_custody": null}`,
		n, ttl, n, time.Now().UTC().Add(-age).Format("2006-01-02T15:04:05"))
}

// numbers are the n of the packets collected.
func (o outcome) numbers(t *testing.T) (list []int) {
	t.Helper()
	for _, p := range o.objects(t) {
		if inner, wrapped := p["packet"].(map[string]any); wrapped {
			p = inner
		}
		list = append(list, int(p["contents"].(map[string]any)["n"].(float64)))
	}
	return list
}

func TestCollectReadsAndTakesAsItIsAsked(t *testing.T) {
	s := start(t)
	ctx := context.Background()
	for i := range 6 {
		s.RPush(ctx, "queue:a", written(i, 60, 0))
		s.SAdd(ctx, "swarm:s", written(i, 60, 0))
		s.HSet(ctx, "agents:metadata", fmt.Sprint(i), written(i, 60, 0))
	}
	s.Set(ctx, "context:c", written(9, 60, 0), 0)
	for _, c := range []struct {
		args string
		want []int
	}{
		{"--key context:c --op get", []int{9}},
		{"--key queue:a --op lindex", []int{0}},
		{"--key queue:a --op lindex --index 2", []int{2}},
		{"--key queue:a --op lindex --index -1", []int{5}},
		{"--key queue:a --op lrange", []int{0, 1, 2, 3, 4, 5}},
		{"--key queue:a --op lrange --index 1 --stop 2", []int{1, 2}},
		{"--key agents:metadata --op hget --field 3", []int{3}},
		{"--key queue:a --op lpop", []int{0}},
		{"--key queue:a --op rpop --count 2", []int{5, 4}},
		{"--key queue:a --op lpop --count 99", []int{1, 2, 3}},
	} {
		got := s.collect(strings.Fields(c.args)...).ends(t, 0).says(t, 0).numbers(t)
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s gives %v, not %v", c.args, got, c.want)
		}
	}
	if got := s.collect("--key", "swarm:s", "--op", "smembers").ends(t, 0).numbers(t); len(got) != 6 {
		t.Errorf("smembers gives %v", got)
	}
	for _, o := range s.collect("--key", "agents:metadata", "--op", "hgetall").ends(t, 0).objects(t) {
		n := o["packet"].(map[string]any)["contents"].(map[string]any)["n"]
		if o["field"] != fmt.Sprint(n) {
			t.Errorf("hgetall gives %v", o)
		}
	}
	if o := s.collect("--key", "context:c", "--op", "get", "-o", "table").ends(t, 0); !strings.Contains(o.out, `other  {"n": 9}`) {
		t.Errorf("as a table: %s", o.out)
	}
}

func TestNothingThereEndsWith5(t *testing.T) {
	s := start(t)
	for _, args := range []string{"--op get", "--op lindex", "--op lrange", "--op hget --field f", "--op hgetall", "--op smembers", "--op lpop", "--op rpop --count 5"} {
		o := s.collect(append([]string{"--key", "queue:none"}, strings.Fields(args)...)...).ends(t, 5).says(t, 0)
		if o.out != "" {
			t.Errorf("%s prints %q", args, o.out)
		}
	}
}

func TestExpiredPacketsAreNotGivenAsIfFresh(t *testing.T) {
	s := start(t)
	ctx := context.Background()
	fill := func() {
		s.Del(ctx, "queue:a", "carcel:expired")
		s.RPush(ctx, "queue:a", written(1, 60, time.Hour), written(2, 3600, time.Minute), written(3, 60, time.Hour))
	}
	fill()
	o := s.collect("--key", "queue:a", "--op", "lrange").ends(t, 0).says(t, 1, "2 expired, skipped")
	if fmt.Sprint(o.numbers(t)) != "[2]" || s.length("queue:a") != 3 {
		t.Errorf("a look gives %s and leaves %d", o.out, s.length("queue:a"))
	}
	o = s.collect("--key", "queue:a", "--op", "lrange", "--include-expired").ends(t, 0).says(t, 0)
	if fmt.Sprint(o.numbers(t)) != "[1 2 3]" || strings.Count(o.out, `"expired":true`) != 2 {
		t.Errorf("with the expired: %s", o.out)
	}
	o = s.collect("--key", "queue:a", "--op", "lpop", "--count", "9").ends(t, 0).says(t, 1, "2 expired, moved to carcel:expired")
	if fmt.Sprint(o.numbers(t)) != "[2]" || s.length("queue:a") != 0 || s.length("carcel:expired") != 2 {
		t.Errorf("a take gives %s, leaves %d and moves %d", o.out, s.length("queue:a"), s.length("carcel:expired"))
	}
	s.RPush(ctx, "queue:late", written(4, 60, time.Hour))
	s.collect("--key", "queue:late", "--op", "lpop").ends(t, 5).says(t, 1, "1 expired")
	fill()
	if o := s.collect("--key", "queue:a", "--op", "lpop", "--count", "9", "--include-expired").ends(t, 0); fmt.Sprint(o.numbers(t)) != "[1 2 3]" {
		t.Errorf("a take with the expired gives %s", o.out)
	}
}

func TestWhatIsNoPacketIsHandedOverAsItWas(t *testing.T) {
	s := start(t)
	raw := []string{"\x00\xff\x1b[31m", "", "not json", `{"origin": "x"}`, "\u202e"}
	for _, r := range raw {
		s.RPush(context.Background(), "queue:a", r)
	}
	o := s.collect("--key", "queue:a", "--op", "lpop", "--count", "9").ends(t, 0)
	list := o.objects(t)
	if len(list) != len(raw) || strings.ContainsAny(o.out+o.err, "\x1b\x00") {
		t.Fatalf("collected %q, %q", o.out, o.err)
	}
	for i, l := range list {
		if text, is := l["raw_base64"].(string); is {
			back, err := base64.StdEncoding.DecodeString(text)
			if err != nil || string(back) != raw[i] || len(l["faults"].([]any)) == 0 {
				t.Errorf("%q comes as %v", raw[i], l)
			}
		} else if raw[i] != `{"origin": "x"}` {
			t.Errorf("%q comes as %v", raw[i], l)
		}
	}
}

func TestHostileTextIsHarmlessOnATerminal(t *testing.T) {
	s := start(t)
	evil := "\x1b]52;c;eA==\x07\u202e\u009b31m"
	s.dispatch("--key", "queue:a", "--origin", evil, "--contents", `{"primitive": "\u001b[2J", "b": "\u202e\u009b"}`).ends(t, 0)
	for _, format := range []string{"json", "table"} {
		for _, o := range []outcome{
			s.collect("--key", "queue:a", "--op", "lrange", "-o", format),
			run("status", "--redis", s.url, "-o", format),
		} {
			o.ends(t, 0)
			if strings.ContainsAny(o.out, "\x1b\x07\u202e\u009b") {
				t.Errorf("-o %s prints %q", format, o.out)
			}
		}
	}
}

func TestACollectThatCannotBeIsRefused(t *testing.T) {
	s := start(t)
	s.Set(context.Background(), "queue:text", "x", 0)
	for args, word := range map[string]string{
		"":                                        "--key and --op",
		"--key queue:a":                           "--op",
		"--op lpop":                               "--key",
		"--key queue:a --op pop":                  "known are get, lindex, lrange, hget, hgetall, smembers, lpop, rpop",
		"--key queue:a --op hget":                 "field",
		"--key queue:a --op lpop --count 0":       "--count 0",
		"--key queue:a --op lpop --count -3":      "--count -3",
		"--key queue:a --op lpop --count x":       "--count",
		"--key queue:a --op lrange --index 1.5":   "--index",
		"--key queue:a --op lrange -o prometheus": "-o prometheus",
	} {
		s.collect(strings.Fields(args)...).fails(t, 2, word)
	}
	s.collect("--key", "queue:text", "--op", "lpop").fails(t, 1, "queue:text", "expected list, found string")
	s.collect("--key", "queue:text", "--op", "hgetall").fails(t, 1, "expected hash, found string")
}

// full is a stdout that takes nothing, like a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestWhatCannotBePrintedIsNoSuccess(t *testing.T) {
	url := testredis.Start(t).URL()
	for _, args := range [][]string{
		{"dispatch", "--redis", url, "--key", "queue:full", "--contents", `{"n": 1}`},
		{"status", "--redis", url, "-o", "json"},
		{"doctor", "--redis", url, "-o", "json"},
		{"collect", "--redis", url, "--key", "queue:full", "--op", "lpop"},
	} {
		var said strings.Builder
		if code := cli.Main(args, strings.NewReader(""), full{}, &said); code != 1 || !strings.Contains(said.String(), "stdout") {
			t.Errorf("%s: exit %d, %q", args[0], code, said.String())
		}
		if args[0] == "collect" && !strings.Contains(said.String(), "1 values were taken from queue:full") {
			t.Errorf("it does not say what was taken: %q", said.String())
		}
	}
}
