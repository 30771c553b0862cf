package embedded_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// templates are commands in which K is a key, F a field or member, N a small
// number and X a stream id.
var templates = strings.Split(strings.TrimSpace(`
SET K F
SET K F EX 1000
SET K F NX
SET K F XX GET
SET K F KEEPTTL
SETEX K 1000 F
GETSET K F
GETDEL K
GETEX K EX 1000
GETEX K PERSIST
MSET K N K N
MSETNX K N K N
APPEND K F
INCR K
INCRBY K N
SETRANGE K N F
GET K
STRLEN K
DEL K K
UNLINK K
EXISTS K K
EXPIRE K 1000
EXPIRE K 2000 GT
EXPIRE K 500 LT
EXPIRE K 0
EXPIRE K 3000 NX
PERSIST K
RENAME K K
RENAMENX K K
COPY K K
COPY K K REPLACE
TYPE K
RPUSH K F F
LPUSH K F
LPUSHX K F
RPUSHX K F
LPOP K
RPOP K N
LPOP K 0
LLEN K
LRANGE K 0 -1
LREM K N F
LSET K N F
LINSERT K BEFORE F F
LTRIM K N N
LMOVE K K LEFT RIGHT
RPOPLPUSH K K
LMPOP 2 K K LEFT
BLPOP K K 0.001
HSET K F N
HSETNX K F N
HDEL K F F
HINCRBY K F N
HGET K F
HLEN K
SADD K F F
SREM K F F
SMOVE K K F
SCARD K
SINTERSTORE K K K
SUNIONSTORE K K K
SDIFFSTORE K K K
ZADD K N F
ZADD K N x N y
ZADD K XX GT N F
ZADD K INCR N F
ZINCRBY K N F
ZREM K F
ZPOPMIN K
ZREMRANGEBYRANK K 0 N
ZREMRANGEBYSCORE K 0 N
ZUNIONSTORE K 2 K K
ZINTERSTORE K 2 K K
ZRANGE K 0 -1 WITHSCORES
ZSCORE K F
XADD K X F N
XADD K MAXLEN N X F N
XADD K NOMKSTREAM X F N
XADD K MINID X X F N
XDEL K X
XTRIM K MAXLEN N
XTRIM K MINID X
XLEN K
XRANGE K X X
XREVRANGE K + - COUNT N
XINFO STREAM K
MULTI
EXEC
DISCARD
FLUSHDB
`), "\n")

// TestRandomCommandsGiveTheSameEventsAndAnswers plays random commands on few
// keys, so that types collide, plain, in MULTI and from scripts.
func TestRandomCommandsGiveTheSameEventsAndAnswers(t *testing.T) {
	realURL, ourURL := startReal(t), start(t)
	real, ours := connect(t, realURL), connect(t, ourURL)
	realEvents, ourEvents := listen(t, realURL), listen(t, ourURL)
	rapid.Check(t, func(t *rapid.T) {
		for _, c := range []string{"DISCARD", "CONFIG SET notify-keyspace-events ''", "FLUSHALL", "CONFIG SET notify-keyspace-events KEA"} {
			say(realEvents.t, real, words(c)...)
			say(realEvents.t, ours, words(c)...)
		}
		realEvents.events()
		ourEvents.events()
		var said []string
		for range rapid.IntRange(1, 60).Draw(t, "commands") {
			args := words(rapid.SampledFrom(templates).Draw(t, "command"))
			for i, arg := range args {
				switch arg {
				case "K":
					args[i] = rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "key")
				case "F":
					args[i] = rapid.SampledFrom([]string{"x", "y", "1"}).Draw(t, "field")
				case "N":
					args[i] = fmt.Sprint(rapid.IntRange(-1, 4).Draw(t, "number"))
				case "X":
					args[i] = fmt.Sprintf("%d-0", rapid.IntRange(1, 12).Draw(t, "id"))
				}
			}
			if rapid.IntRange(0, 4).Draw(t, "in a script") == 0 {
				args = append([]any{"EVAL", "return redis.call(unpack(ARGV))", 0}, args...)
			}
			said = append(said, strings.Trim(fmt.Sprint(args), "[]"))
			want, got := say(realEvents.t, real, args...), say(realEvents.t, ours, args...)
			if normal(got) != normal(want) {
				t.Fatalf("%s\n answers %s\n want    %s", strings.Join(said, "\n"), got, want)
			}
			wantEvents, gotEvents := realEvents.events(), ourEvents.events()
			if !slices.Equal(gotEvents, wantEvents) {
				t.Fatalf("%s\n gives %s\n want  %s", strings.Join(said, "\n"), short(gotEvents), short(wantEvents))
			}
		}
	})
	real.Do(context.Background(), "DISCARD")
}

// normal leaves out what may differ: the words of an error after its code, the
// inner structure of a stream.
func normal(answer string) string {
	if text, isError := strings.CutPrefix(answer, "error: "); isError {
		code, _, _ := strings.Cut(text, " ")
		return "error: " + code
	}
	if _, rest, found := strings.Cut(answer, "last-generated-id"); found {
		return rest
	}
	return strings.ReplaceAll(answer, "ERR index out of range", "ERR value is out of range, must be positive")
}
