package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) {
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

func open(t testing.TB, url string) *store.Store { return openWith(t, url, store.Options{}) }

func openWith(t testing.TB, url string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestAURLNamesItsTarget(t *testing.T) {
	cases := []struct {
		url    string
		kind   string
		addrs  string
		master string
		db     int
		shown  string
	}{
		{"redis://", "single", "localhost:6379", "", 0, "localhost:6379"},
		{"redis://h", "single", "h:6379", "", 0, "h:6379"},
		{"REDIS://h:1", "single", "h:1", "", 0, "h:1"},
		{"redis://h:6380/3", "single", "h:6380", "", 3, "h:6380/3"},
		{"redis://h:6380/?db=3", "single", "h:6380", "", 3, "h:6380/3"},
		{"redis://user:pa%2Fss%23@h:6380/1", "single", "h:6380", "", 1, "h:6380/1"},
		{"redis://:secret@h", "single", "h:6379", "", 0, "h:6379"},
		{"redis://[::1]:6380", "single", "[::1]:6380", "", 0, "[::1]:6380"},
		{"rediss://h:6380", "single", "h:6380", "", 0, "h:6380"},
		{"rediss://h:6380?skip_verify=true", "single", "h:6380", "", 0, "h:6380"},
		{"unix:///run/redis.sock", "single", "/run/redis.sock", "", 0, "/run/redis.sock"},
		{"unix://user:pw@/run/redis.sock?db=2", "single", "/run/redis.sock", "", 2, "/run/redis.sock/2"},
		{"redis+sentinel://a:1,b:2/mymaster", "sentinel", "a:1,b:2", "mymaster", 0, "mymaster@a:1,b:2"},
		{"redis+sentinel://u:p%40w@a:1,b:2/my%2Fmaster/4?tls=true", "sentinel", "a:1,b:2", "my/master", 4, "my/master@a:1,b:2"},
		{"redis+cluster://a:1", "cluster", "a:1", "", 0, "a:1"},
		{"redis+cluster://u:p@a:1,b:2/0", "cluster", "a:1,b:2", "", 0, "a:1,b:2"},
		{"redis+cluster://a:1,b:2?tls=true", "cluster", "a:1,b:2", "", 0, "a:1,b:2"},
	}
	for _, c := range cases {
		target, err := store.Parse(c.url)
		if err != nil {
			t.Errorf("%s: %v", c.url, err)
			continue
		}
		if target.Kind != c.kind || strings.Join(target.Addrs, ",") != c.addrs || target.Master != c.master || target.DB != c.db || target.String() != c.shown {
			t.Errorf("%s: %+v, shown as %s", c.url, target, target)
		}
	}
}

func TestAWrongURLIsRefusedWithoutItsSecrets(t *testing.T) {
	const secret = "hunter2"
	for _, url := range []string{
		"", "h:6379", secret, "user:" + secret + "@h", "://h", "http://:" + secret + "@h", "redis:/h", "redis+x://h", "user:" + secret + "@h://x",
		"redis://u:" + secret + "/more@h:6379/0", "redis://:123/" + secret + "@h", "redis://:123?" + secret + "@h/0", "redis://:123#" + secret + "@h/0",
		"redis://u:" + secret, "redis://u:" + secret + "/0", "redis://u:%zz" + secret + "@h", "redis://u:" + secret + "%@h", "redis://u:a b" + secret + "@h:x",
		"redis://u:" + secret + "@h:0", "redis://u:" + secret + "@h:65536", "redis://u:" + secret + "@h:port", "redis://u:" + secret + "@h:-1",
		"redis://u:" + secret + "@h/x", "redis://u:" + secret + "@h/-1", "redis://u:" + secret + "@h/1/2", "redis://u:" + secret + "@h?db=x", "redis://u:" + secret + "@h?db=-1",
		"redis://u:" + secret + "@h?pool_size=5", "redis://u:" + secret + "@h?read_timeout=5s", "redis://h?password=" + secret, "redis://h?" + secret + "=1", "redis://h?db=" + secret,
		"rediss://u:" + secret + "@h?skip_verify=" + secret, "rediss://h?skip_verify=true&skip_verify=false", "redis://h?skip_verify=true",
		"redis://u:" + secret + "\n@h", "redis://u:" + secret + "@h\x00", "redis://[::1", "redis://u:" + secret + "@h%",
		"unix://", "unix://u:" + secret + "@", "unix:///s?db=" + secret, "unix:///s?x=" + secret, "unix:///s?db=-1",
		"redis+sentinel://", "redis+sentinel://a:1", "redis+sentinel://a:1/", "redis+sentinel://a/m", "redis+sentinel://a:1,b/m", "redis+sentinel://u:" + secret + "/x@a:1/m",
		"redis+sentinel://u:" + secret + "@a:1/m/x", "redis+sentinel://u:" + secret + "@a:1/m/-1", "redis+sentinel://u:%zz" + secret + "@a:1/m", "redis+sentinel://a:1/m?tls=" + secret,
		"redis+cluster://", "redis+cluster://" + secret, "redis+cluster://u:" + secret, "redis+cluster://a:1/3", "redis+cluster://a:1,", "redis+cluster://a:0", "redis+cluster://a:1?" + secret,
	} {
		_, err := store.Parse(url)
		if !errors.Is(err, store.ErrURL) {
			t.Errorf("%q: error = %v", url, err)
			continue
		}
		if text := err.Error(); strings.Contains(text, secret) || strings.ContainsAny(text, "\n\r\x00") || len(text) > 200 {
			t.Errorf("%q: %q", url, text)
		}
		if _, err := store.Open(url, store.Options{}); !errors.Is(err, store.ErrURL) {
			t.Errorf("%q was opened: %v", url, err)
		}
	}
}

var (
	write   = store.LoadScript("write")
	receive = store.LoadScript("receive")
	reader  = store.LoadReader("read")
)

// writeKeys and writeArgs are those of the write script for a value that goes
// to the end of a list.
func writeKeys(key, mark, ledger string) []string {
	return []string{ledger, "carcel", "pending", key, mark, "fired", "rate"}
}

func writeArgs(value string) []any {
	outcome := []any{"target", "rpush", value, "", 0, "record", 60, 0, "id", "dispatched", 0, "id", "key", "rpush", "digest", "decision", "actor", "policy"}
	return append([]any{5 + len(outcome), -1, 0, "", len(outcome)}, outcome...)
}

// push runs the write script on a list.
func push(s *store.Store, key, id string) error {
	_, rest, err := s.Run(ctx, write, writeKeys(key, "mark:"+id, "ledger"), writeArgs("value")...)
	if err != nil {
		return err
	}
	return s.Each("write", rest, 1)[0].Err
}

// wantError checks the kind of an error, that it is one line and tells no
// secret.
func wantError(t *testing.T, what string, err, kind error) *store.Error {
	t.Helper()
	var e *store.Error
	if !errors.Is(err, kind) || !errors.As(err, &e) {
		t.Errorf("%s: error = %v (%T), want %v", what, err, err, kind)
		return &store.Error{}
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\r") || strings.Contains(text, "sesame") || len(text) > 500 || text == "" {
		t.Errorf("%s: %q", what, text)
	}
	if e.Sentence() == "" || !strings.Contains(err.Error(), e.Sentence()) {
		t.Errorf("%s: sentence %q in %q", what, e.Sentence(), err)
	}
	return e
}

// everyWay tries a store in each way in which it talks to Redis.
func everyWay(s *store.Store, writes bool) map[string]error {
	ways := map[string]error{
		"ping": s.Ping(ctx),
		"read": s.Read(ctx, func(p redis.Pipeliner) { p.Get(ctx, "k"); p.Get(ctx, "l") }),
	}
	_, err := s.Subscribe(ctx, "pattern:*")
	ways["subscribe"] = err
	ways["publish"] = s.Publish(ctx, "channel", "message")
	_, _, ways["run a reader"] = s.Run(ctx, reader, []string{"k"}, "get")
	if writes {
		ways["run"] = push(s, "k", "1")
		_, ways["run many"] = s.RunMany(ctx, write, [][]string{writeKeys("k", "m", "l"), writeKeys("k", "n", "l")}, [][]any{
			writeArgs("v"), writeArgs("v")})
		ways["transaction"] = s.Transaction(ctx, "push", "k", func(p redis.Pipeliner) { p.RPush(ctx, "k", "v") })
	}
	return ways
}

func TestAWrongPasswordIsToldInEveryWay(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t, "--requirepass", "right")
	at := func(login string) string { return strings.Replace(server.URL(), "redis://", "redis://"+login, 1) }
	for _, login := range []string{"", ":sesame@", "nobody:sesame@", "default:sesame@"} {
		for way, err := range everyWay(open(t, at(login)), true) {
			wantError(t, fmt.Sprintf("%q, %s", login, way), err, store.ErrAuth)
		}
	}
	if err := open(t, at(":right@")).Ping(ctx); err != nil {
		t.Error(err)
	}
	if err := open(t, at("default:right@")).Ping(ctx); err != nil {
		t.Error(err)
	}
}

func TestAnACLSaysWhatMayBeDone(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	url := strings.Replace(server.URL(), "redis://", "redis://w:sesame@", 1)
	user := func(rules ...any) *store.Store {
		c.Do(ctx, "ACL", "DELUSER", "w")
		if err := c.Do(ctx, append([]any{"ACL", "SETUSER", "w", "on", ">sesame"}, rules...)...).Err(); err != nil {
			t.Fatal(err)
		}
		return open(t, url)
	}
	if err := push(user("~*", "+@all"), "queue:q", "1"); err != nil {
		t.Error(err)
	}
	before := c.DBSize(ctx).Val()
	for name, rules := range map[string][]any{
		"other keys":        {"~else:*", "+@all"},
		"no scripts":        {"~*", "+@all", "-evalsha", "-eval"},
		"nothing":           {"~*"},
		"no ledger":         {"~queue:*", "~mark:*", "+@all"},
		"no ledger command": {"~*", "+@all", "-xadd"},
		"no look at types":  {"~*", "+@all", "-type"},
	} {
		wantError(t, name, push(user(rules...), "queue:r", "2"), store.ErrAuth)
		if after := c.DBSize(ctx).Val(); after != before {
			t.Errorf("%s: something was written", name)
		}
	}
	err := user("~queue:*", "+@all").Transaction(ctx, "push", "queue:r", func(p redis.Pipeliner) {
		p.RPush(ctx, "queue:r", "v")
		write.Queue(ctx, p, []string{"queue:r", "mark", "ledger"})
	})
	wantError(t, "a transaction of which a part is forbidden", err, store.ErrAuth)
	if after := c.DBSize(ctx).Val(); after != before {
		t.Errorf("a part of a transaction was written")
	}
	_, err = user("~*", "resetchannels", "+@all").Subscribe(ctx, "a:*", "b:*")
	wantError(t, "channels", err, store.ErrAuth)
}

func TestAUnixSocketServesAsWell(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s := open(t, "unix://"+server.Socket()+"?db=3")
	if err := push(s, "queue:q", "1"); err != nil {
		t.Fatal(err)
	}
	sub, err := s.Subscribe(ctx, "x:*")
	if err != nil {
		t.Fatal(err)
	}
	_ = sub.Close()
	if n := server.Client().Do(ctx, "INFO", "keyspace").String(); !strings.Contains(n, "db3:keys=3") {
		t.Errorf("keyspace = %s", n)
	}
	err = open(t, "unix:///nowhere/at/all.sock").Ping(ctx)
	if e := wantError(t, "no socket", err, store.ErrUnreachable); e.Reason != "no such socket" || !strings.Contains(err.Error(), "/nowhere/at/all.sock") {
		t.Errorf("error = %v", err)
	}
}

func TestAServerThatIsAwayIsUnreachable(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Kill()
	for way, err := range everyWay(open(t, server.URL()), true) {
		if e := wantError(t, way, err, store.ErrUnreachable); e.Reason != "connection refused" || !strings.Contains(err.Error(), server.Addr()) {
			t.Errorf("%s: %v", way, err)
		}
	}
	err := open(t, "redis://no.such.host.invalid:6379").Ping(ctx)
	wantError(t, "no such host", err, store.ErrUnreachable)
	for _, url := range []string{"redis+sentinel://" + server.Addr() + "/m", "redis+cluster://" + server.Addr()} {
		wantError(t, url, open(t, url).Ping(ctx), store.ErrUnreachable)
	}
}

func TestAServerThatHangsIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s := open(t, server.URL())
	if err := s.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	server.Pause()
	defer server.Resume()
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if e := wantError(t, "ping", s.Ping(short), store.ErrUnreachable); e.Reason != "no answer in time" {
		t.Errorf("reason = %q", e.Reason)
	}
	off, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Ping(off); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

func TestWhatSpeaksNoRedisIsToldApart(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	err := open(t, strings.Replace(server.URL(), "redis://", "rediss://", 1)).Ping(ctx)
	wantError(t, "TLS to a plain server", err, store.ErrUnreachable)
}

func TestAReplicaIsReadOnly(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t, "--replicaof", "127.0.0.1", "1")
	s := open(t, server.URL())
	for way, err := range everyWay(s, true) {
		switch way {
		case "run", "transaction":
			wantError(t, way, err, store.ErrReadOnly)
		default:
			if err != nil {
				t.Errorf("%s: %v", way, err)
			}
		}
	}
	answers, err := s.RunMany(ctx, write, [][]string{writeKeys("k", "m", "l")}, [][]any{writeArgs("v")})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "run many", answers[0].Err, store.ErrReadOnly)
	deaf := testredis.Start(t, "--replicaof", "127.0.0.1", "1", "--replica-serve-stale-data", "no")
	wantError(t, "a replica without data", push(open(t, deaf.URL()), "k", "1"), store.ErrLoading)
}

func TestAMasterWithoutItsReplicasIsReadOnly(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t, "--min-replicas-to-write", "1")
	wantError(t, "run", push(open(t, server.URL()), "k", "1"), store.ErrReadOnly)
}

func TestAFullServerSaysSoAndHasNothingHalfWritten(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	s := open(t, server.URL())
	if err := push(s, "k", "0"); err != nil {
		t.Fatal(err)
	}
	c.ConfigSet(ctx, "maxmemory", "1")
	before := c.DBSize(ctx).Val()
	wantError(t, "run", push(s, "k", "1"), store.ErrOutOfMemory)
	err := s.Transaction(ctx, "push", "k", func(p redis.Pipeliner) { p.RPush(ctx, "k", "v") })
	wantError(t, "transaction", err, store.ErrOutOfMemory)
	if after := c.DBSize(ctx).Val(); after != before || c.LLen(ctx, "k").Val() != 1 || c.XLen(ctx, "ledger").Val() != 1 {
		t.Error("something was written")
	}
	if _, _, err := s.Run(ctx, reader, []string{"k"}, "lrange", 0, -1); err != nil {
		t.Errorf("reading: %v", err)
	}
}

func TestAServerThatIsLoadingSaysSo(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	pipe := c.Pipeline()
	for i := range 20_000 {
		pipe.Set(ctx, fmt.Sprint("key:", i), "value", 0)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Save(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.With("--key-load-delay", "500", "--loading-process-events-interval-bytes", "1024")
	server.Up()
	s := open(t, server.URL())
	for way, err := range everyWay(s, true) {
		if way != "publish" && way != "subscribe" && way != "run many" { // these may pass while it loads
			wantError(t, way, err, store.ErrLoading)
		}
	}
}

func TestAWrongTypeIsNamed(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	c.Set(ctx, "with space", "x", 0)
	s := open(t, server.URL())
	e := wantError(t, "run", push(s, "with space", "1"), store.ErrWrongType)
	if e.Key != "with space" || e.Expected != "list" || e.Found != "string" || e.Op != "write" || !strings.Contains(e.Error(), `"with space"`) {
		t.Errorf("error = %+v", e)
	}
	c.Set(ctx, "line\nbreak\x1b[31m", "x", 0)
	wantError(t, "a hostile key", push(s, "line\nbreak\x1b[31m", "1"), store.ErrWrongType)
	err := s.Explain("llen", "with space", c.LLen(ctx, "with space").Err())
	wantError(t, "a plain command", err, store.ErrWrongType)
	answers, err := s.RunMany(ctx, write, [][]string{writeKeys("with space", "a", "ledger"), writeKeys("good", "b", "ledger")}, [][]any{
		writeArgs("v"), writeArgs("v")})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "run many", s.Each("write", answers[0].Rest, 1)[0].Err, store.ErrWrongType)
	if a := s.Each("write", answers[1].Rest, 1)[0]; a.Err != nil || a.Status != "OK" || store.Number(a.Rest[0]) != 1 {
		t.Errorf("its neighbour: %+v", a)
	}
	both := s.Each("write", append(answers[0].Rest, answers[1].Rest...), 2)
	wantError(t, "one of two", both[0].Err, store.ErrWrongType)
	if both[1].Err != nil {
		t.Errorf("the other: %v", both[1].Err)
	}
	for _, a := range s.Each("write", answers[1].Rest, 3) {
		if a.Err == nil {
			t.Error("one answer is given to three")
		}
	}
}

func TestAScriptThatIsForgottenIsSentAgain(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	s := open(t, server.URL())
	many := func(n int) {
		var keys [][]string
		var args [][]any
		for i := range 10 {
			keys = append(keys, writeKeys("many", fmt.Sprint("m", n, "-", i), "ledger"))
			args = append(args, writeArgs("v"))
		}
		answers, err := s.RunMany(ctx, write, keys, args)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range answers {
			if a.Err != nil || a.Status != "OK" {
				t.Fatalf("%+v", a)
			}
		}
	}
	for n := range 3 {
		c.ScriptFlush(ctx)
		if err := push(s, "one", fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
		c.ScriptFlush(ctx)
		many(n)
		c.ScriptFlush(ctx)
		err := s.Transaction(ctx, "receive", "one", func(p redis.Pipeliner) {
			receive.Queue(ctx, p, []string{"one"})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if one, all := c.LLen(ctx, "one").Val(), c.LLen(ctx, "many").Val(); one != 0 || all != 30 {
		t.Errorf("%d and %d values", one, all)
	}
}

func TestARunOfManyThatBreaksOffIsNoHalfTruth(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Client().Set(ctx, "wrong", "x", 0)
	proxy := testredis.NewProxy(t, server.Addr())
	s := open(t, proxy.URL())
	if err := push(s, "k", "0"); err != nil {
		t.Fatal(err)
	}
	proxy.LoseReplies(1, "evalsha")
	_, err := s.RunMany(ctx, write, [][]string{writeKeys("wrong", "a", "ledger"), writeKeys("good", "b", "ledger")}, [][]any{
		writeArgs("v"), writeArgs("v")})
	wantError(t, "run many", err, store.ErrUnreachable)
}

func TestReadOnlyModeLetsNoScriptWrite(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	c.Set(ctx, "k", "v", 0)
	s := openWith(t, server.URL(), store.Options{ReadOnly: true})
	if !s.ReadOnly() {
		t.Error("it does not know its mode")
	}
	for _, name := range []string{"abandon", "batch", "bin", "broadcast", "claim", "compact", "complete", "context", "extend", "fail", "handback", "keyring", "keyring_request", "mend_task", "orphan", "pop", "post", "receive", "register", "requeue", "restore", "retire", "revive", "run", "send", "settle", "write"} {
		script := store.LoadScript(name)
		_, _, err := s.Run(ctx, script, []string{"k"})
		e := wantError(t, name, err, store.ErrReadOnly)
		if !strings.Contains(e.Error(), "--read-only") || script.Name() != name {
			t.Errorf("%s: %v", name, e)
		}
		_, err = s.RunMany(ctx, script, [][]string{{"k"}}, [][]any{{}})
		wantError(t, name, err, store.ErrReadOnly)
	}
	wantError(t, "transaction", s.Transaction(ctx, "push", "k", func(p redis.Pipeliner) { p.RPush(ctx, "l", "v") }), store.ErrReadOnly)
	status, rest, err := s.Run(ctx, reader, []string{"k"}, "get")
	if err != nil || status != "OK" || store.Text(rest[1]) != "v" {
		t.Errorf("a reader: %s %v %v", status, rest, err)
	}
	for way, err := range everyWay(s, false) {
		if err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
	if n := c.DBSize(ctx).Val(); n != 1 {
		t.Errorf("%d keys", n)
	}
}

func TestAScriptThatIsNotThereIsAFaultOfTheProgram(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was loaded")
		}
	}()
	store.LoadScript("nonsense")
}

func TestForeignErrorsBecomeOneLine(t *testing.T) {
	s := open(t, "redis://h")
	for _, text := range []string{"ERR two\nlines", "ERR \x1b[2J\u202e", "ERR " + strings.Repeat("é", 1000), "OOM command not allowed"} {
		err := s.Explain("op", "key\n", reply(text))
		var e *store.Error
		if !errors.As(err, &e) || strings.ContainsAny(err.Error(), "\n\r\x1b\u202e") || len(err.Error()) > 700 || !strings.HasPrefix(err.Error(), `op "key\n": `) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := s.Explain("op", "", nil); err != nil {
		t.Error(err)
	}
	if err := s.Explain("op", "", redis.Nil); !errors.Is(err, redis.Nil) {
		t.Error(err)
	}
	first := s.Explain("op", "k", errors.New("x"))
	if again := s.Explain("other", "l", fmt.Errorf("wrapped: %w", first)); !strings.Contains(again.Error(), "op k") {
		t.Errorf("explained twice: %v", again)
	}
}

// reply is an error as the server sends it.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}
