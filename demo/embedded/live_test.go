package embedded_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/demo/embedded"
)

func TestSixteenConnectionsGiveTheSameEvents(t *testing.T) {
	const connections, rounds = 16, 40
	counts := func(url string) map[string]int {
		do(t, connect(t, url), "CONFIG SET notify-keyspace-events KEA")
		l := listen(t, url)
		var all sync.WaitGroup
		for n := range connections {
			client := connect(t, url)
			all.Go(func() {
				for i := range rounds {
					own := fmt.Sprintf("own:%d", n)
					for _, line := range []string{
						"RPUSH shared x", "RPUSH " + own + " a b", "LPOP " + own + " 2", "INCR counter",
						fmt.Sprintf("HSET hash f%d %d", n, i), fmt.Sprintf("SADD set %d:%d", n, i),
						fmt.Sprintf("EVAL {{redis.call('SET',KEYS[1],ARGV[1],'EX',100) redis.call('RPUSH','shared','y') return 1}} 1 s:%d %d", n, i),
						"MULTI", fmt.Sprintf("ZADD zset %d m%d", i+1, n), "LPUSH shared z", "EXEC",
					} {
						do(t, client, line)
					}
				}
			})
		}
		all.Wait()
		counts := map[string]int{}
		for _, e := range l.events() {
			counts[e]++
		}
		return counts
	}
	want, got := counts(startReal(t)), counts(start(t))
	if !maps.Equal(got, want) {
		for e := range want {
			if got[e] != want[e] {
				t.Errorf("%s: %d times, want %d", e, got[e], want[e])
			}
		}
		t.Errorf("%d kinds of event, want %d", len(got), len(want))
	}
}

func TestEachFlagLetsItsClassThrough(t *testing.T) {
	realURL, ourURL := startReal(t), start(t)
	lines := []string{
		"SET a 1", "SET a 2 PX 100000", "DEL a", "RPUSH l 1", "SADD s 1", "HSET h a 1", "ZADD z 1 a", "XADD x 1-0 a b",
		"GET none", "DEL l s h z x", "SET y 1 PX 1",
	}
	for _, flags := range strings.Split("K,E,KE,KEg,KE$,KEl,KEs,KEh,KEz,KEx,KEe,KEt,KEd,KEn,KEm,KEA,KA,EA,A,AKEnm,Kgx,Elg,", ",") {
		run := func(url string) ([]string, string) {
			client, l := connect(t, url), listen(t, url)
			say(t, client, "CONFIG", "SET", "notify-keyspace-events", flags)
			for _, line := range lines {
				do(t, client, line)
			}
			until(t, "y expires", func() bool { return do(t, client, "EXISTS y") == "0" })
			events := slices.DeleteFunc(l.events(), func(e string) bool {
				return strings.Contains(e, "keymiss") && strings.Contains(e, "y") // as often as we looked
			})
			return events, do(t, client, "CONFIG GET notify-keyspace-events")
		}
		wantEvents, wantFlags := run(realURL)
		gotEvents, gotFlags := run(ourURL)
		// When y goes is a matter of time; that it goes is not.
		slices.Sort(wantEvents)
		slices.Sort(gotEvents)
		if !slices.Equal(gotEvents, wantEvents) {
			t.Errorf("%q: %s\nwant %s", flags, short(gotEvents), short(wantEvents))
		}
		if gotFlags != wantFlags {
			t.Errorf("%q is shown as %s, want %s", flags, gotFlags, wantFlags)
		}
	}
}

func TestKeysExpireByThemselvesAndTellOfIt(t *testing.T) {
	url := start(t)
	client := connect(t, url)
	do(t, client, "CONFIG SET notify-keyspace-events Ex")
	l := listen(t, url)
	began := time.Now()
	for _, line := range []string{
		"SET third 1 PX 300", "SET never 1 PX 50", "SET second 1 PX 200", "PERSIST never",
		"SET moved 1 PX 100", "RENAME moved first", "SET rewritten 1 PX 50", "SET rewritten 2",
		"EVAL {{redis.call('RPUSH','fourth','x') return redis.call('PEXPIRE','fourth',400)}} 0",
		"SET kept 1 PX 500", "SET kept 2 KEEPTTL",
	} {
		do(t, client, line)
	}
	for i, key := range []string{"first", "second", "third", "fourth", "kept"} {
		if got, want := l.next(), "__keyevent@0__:expired "+key; got != want {
			t.Fatalf("event %q, want %q", got, want)
		}
		due := time.Duration(i+1) * 100 * time.Millisecond
		if late := time.Since(began) - due; late < 0 || late > 100*time.Millisecond {
			t.Errorf("%s expired %v after its time", key, late)
		}
	}
	if got := do(t, client, "EXISTS never rewritten first"); got != "2" {
		t.Errorf("%s keys are left, want never and rewritten", got)
	}
	if got := do(t, client, "TTL never"); got != "-1" {
		t.Errorf("TTL of a persisted key is %s", got)
	}
}

func TestAKeyIsNeverSeenPastItsTime(t *testing.T) {
	client := connect(t, start(t))
	for range 50 {
		do(t, client, "SET k 1 PX 2")
		until(t, "the key goes", func() bool {
			left, there := do(t, client, "PTTL k"), do(t, client, "EXISTS k")
			if left == "-1" || strings.HasPrefix(left, "-2") && there == "1" {
				t.Fatalf("PTTL %s while EXISTS %s", left, there)
			}
			return there == "0"
		})
	}
}

func TestAnEventComesAfterItsWriteCanBeSeen(t *testing.T) {
	url := start(t)
	writer, reader := connect(t, url), connect(t, url)
	do(t, writer, "CONFIG SET notify-keyspace-events El")
	l := listen(t, url)
	for i := range 500 {
		if err := writer.Do(context.Background(), "EVAL", "redis.call('RPUSH','l','a') return redis.call('RPUSH','l','b')", 0).Err(); err != nil {
			t.Fatal(err)
		}
		l.next()
		if got, want := do(t, reader, "LLEN l"), fmt.Sprint(2*(i+1)); got != want {
			t.Fatalf("at the event the list has %s elements, want %s: a script was seen half done", got, want)
		}
		l.next()
	}
}

func TestBlockedClientsAreServedInTheOrderTheyCame(t *testing.T) {
	url := start(t)
	writer := connect(t, url)
	do(t, writer, "CONFIG SET notify-keyspace-events El")
	l := listen(t, url)
	answers := make(chan string, 3)
	for i, line := range []string{"BLPOP q 0", "BRPOP other q 0", "BLMOVE q r LEFT RIGHT 0"} {
		client := connect(t, url)
		go func() { answers <- do(t, client, line) }()
		until(t, "the client waits", func() bool {
			return strings.Contains(do(t, writer, "INFO clients"), fmt.Sprintf("blocked_clients:%d", i+1))
		})
	}
	do(t, writer, "RPUSH q 1 2 3 4")
	got := []string{<-answers, <-answers, <-answers}
	slices.Sort(got)
	if want := []string{"2", "[q 1]", "[q 4]"}; !slices.Equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
	events := l.events()
	want := []string{"rpush q", "lpop q", "rpop q", "rpush r", "lpop q"}
	for i := range want {
		want[i] = "__keyevent@0__:" + want[i]
	}
	if !slices.Equal(events, want) {
		t.Errorf("events %v\nwant   %v", events, want)
	}
}

func TestAWaitEndsWithItsTimeOrItsClient(t *testing.T) {
	url := start(t)
	client, other := connect(t, url), connect(t, url)
	if got := do(t, client, "BLPOP q 0.02"); got != "nil" {
		t.Errorf("after its timeout BLPOP answers %s", got)
	}
	if got := do(t, client, "XREAD BLOCK 20 STREAMS s $"); got != "nil" {
		t.Errorf("after its timeout XREAD answers %s", got)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	impatient := redis.NewClient(&redis.Options{Addr: strings.TrimSuffix(strings.TrimPrefix(url, "redis://"), "/0"), ContextTimeoutEnabled: true, MaxRetries: -1})
	if err := impatient.Do(ctx, "BLPOP", "q", 0).Err(); err == nil {
		t.Error("BLPOP of nothing gave something")
	}
	impatient.Close()
	until(t, "nobody waits", func() bool { return strings.Contains(do(t, other, "INFO clients"), "blocked_clients:0") })
	do(t, other, "RPUSH q 1")
	if got := do(t, other, "LLEN q"); got != "1" {
		t.Errorf("the list has %s elements: one went to a client that was gone", got)
	}

	done := make(chan string)
	go func() { done <- do(t, client, "XREAD BLOCK 0 STREAMS s $") }()
	until(t, "the reader waits", func() bool { return strings.Contains(do(t, other, "INFO clients"), "blocked_clients:1") })
	do(t, other, "XADD s 5-0 a b")
	if got := <-done; got != "[[s [[5-0 [a b]]]]]" {
		t.Errorf("XREAD answers %s", got)
	}
}

func TestCloseEndsEveryKindOfConnection(t *testing.T) {
	s, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	listen(t, s.URL())
	waiting, client := connect(t, s.URL()), connect(t, s.URL())
	ended := make(chan error)
	go func() { ended <- waiting.Do(context.Background(), "BLPOP", "q", 0).Err() }()
	until(t, "the client waits", func() bool { return strings.Contains(do(t, client, "INFO clients"), "blocked_clients:1") })
	s.Close()
	if err := <-ended; err == nil {
		t.Error("a waiting client was answered by a closed server")
	}
	s.Close()
	if err := client.Ping(context.Background()).Err(); err == nil {
		t.Error("a closed server answers")
	}
}
