package watch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

const flagsName = "notify-keyspace-events"

func flags(c *redis.Client) string { return c.ConfigGet(ctx, flagsName).Val()[flagsName] }

func TestTheFlagsOfOthersStay(t *testing.T) {
	t.Parallel()
	for _, had := range []string{"", "Ex", "KEA", "Kn", "Et"} {
		server := testredis.Start(t, "--notify-keyspace-events", had)
		e := follow(t, server.URL(), quick)
		s := e.untilState(watch.Live)
		now := flags(server.Client())
		for _, flag := range had + "Kg$lshzxe" {
			if !strings.ContainsRune(now, flag) && (!strings.ContainsRune(now, 'A') || strings.ContainsRune("KEn", flag)) {
				t.Errorf("%q became %q: no %c", had, now, flag)
			}
		}
		if _, told := said(s, "notifications on"); told != (now != had) && had != "KEA" {
			t.Errorf("%q became %q; told: %v", had, now, told)
		}
	}
}

func TestFlagsThatSomebodyTakesAwayComeBack(t *testing.T) {
	t.Parallel()
	e, c, _ := watching(t, watch.Options{Flush: 5 * time.Millisecond, Resync: 100 * time.Millisecond})
	c.ConfigSet(ctx, flagsName, "")
	c.RPush(ctx, "queue:a", packed(1))
	testredis.Eventually(t, "the flags are back", func() bool { return strings.Contains(flags(c), "K") })
	e.until("what happened meanwhile is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 1 })
}

func TestWhereNotificationsCannotBeHadItPollsAndSaysWhy(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		args     []string
		user     []any // ACL SETUSER w …
		readOnly bool
		why      string
	}{
		{name: "CONFIG renamed away", args: []string{"--rename-command", "CONFIG", ""}, why: "hides CONFIG"},
		{name: "CONFIG forbidden", user: []any{"~*", "&*", "+@all", "-config"}, why: "hides CONFIG"},
		{name: "CONFIG SET forbidden", user: []any{"~*", "&*", "+@all", "-config|set"}, why: "forbids CONFIG SET"},
		{name: "channels forbidden", user: []any{"~*", "resetchannels", "+@all"}, why: "forbids this user to subscribe"},
		{name: "read-only mode", readOnly: true, why: "read-only"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := testredis.Start(t, c.args...)
			client := server.Client()
			furnish(client)
			url := server.URL()
			if c.user != nil {
				if err := client.Do(ctx, append([]any{"ACL", "SETUSER", "w", "on", ">pw"}, c.user...)...).Err(); err != nil {
					t.Fatal(err)
				}
				url = strings.Replace(url, "redis://", "redis://w:pw@", 1)
			}
			e := followAs(t, url, quick, store.Options{ReadOnly: c.readOnly})
			s := e.untilState(watch.Polling)
			if !strings.Contains(s.Link.Reason, c.why) || strings.Contains(s.Link.Reason, "\n") {
				t.Errorf("reason = %q", s.Link.Reason)
			}
			wantFurnished(t, s)
			client.RPush(ctx, "queue:a", packed(7))
			e.until("a change is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 3 })
			client.RPush(ctx, "queue:new", packed(7))
			e.until("a new key is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:new").Depth == 1 })
			client.Del(ctx, "queue:a")
			e.until("a deletion is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 0 })
			client.FlushAll(ctx)
			e.until("a flush is seen", func(s *watch.Snapshot) bool { return len(s.Agents) == 0 && s.Carcel.Length == 0 })
			if e.Snapshot().Link.State != watch.Polling {
				t.Errorf("link = %+v", e.Snapshot().Link)
			}
			if c.readOnly && flags(client) != "" {
				t.Errorf("read-only mode set the flags to %q", flags(client))
			}
		})
	}
}

func TestReadOnlyModeListensWhereNotificationsAreOn(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t, "--notify-keyspace-events", "KEA")
	e := followAs(t, server.URL(), quick, store.Options{ReadOnly: true})
	e.untilState(watch.Live)
	server.Client().RPush(ctx, "queue:a", packed(1))
	e.until("a push is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 1 })
}

func TestAUserSeesTheKeysThatTheACLShows(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	furnish(c)
	c.Do(ctx, "ACL", "SETUSER", "w", "on", ">pw", "~queue:*", "&*", "+@all")
	e := follow(t, strings.Replace(server.URL(), "redis://", "redis://w:pw@", 1), quick)
	s := e.untilState(watch.Live)
	if queue(s, "queue:a").Depth != 2 || len(s.Agents) != 0 || s.Carcel.Length != 0 {
		t.Errorf("queues %+v, agents %+v, carcel %+v", s.Queues, s.Agents, s.Carcel)
	}
	c.RPush(ctx, "queue:a", packed(1))
	c.RPush(ctx, "messages:a", packed(1))
	e.until("a push is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 3 })
}

func TestAWrongPasswordIsToldAsSuch(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t, "--requirepass", "right")
	e := follow(t, strings.Replace(server.URL(), "redis://", "redis://:wrong@", 1), quick)
	s := e.untilState(watch.Away)
	if s.Link.Err == nil || strings.Contains(s.Link.Err.Error(), "wrong@") || !strings.Contains(s.Link.Err.Error(), "not allowed") {
		t.Errorf("error = %v", s.Link.Err)
	}
}

func TestAServerThatIsKilledIsAwayUntilItIsBack(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	c := server.Client()
	e := follow(t, server.URL(), quick)
	e.untilState(watch.Live)
	c.RPush(ctx, "queue:a", packed(1))
	e.until("the queue is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:a").Depth == 1 })
	woken := make(chan struct{}, 1)
	e.OnChange(func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	server.Kill()
	s := e.until("the third try is told", func(s *watch.Snapshot) bool { return s.Link.State == watch.Away && s.Link.Attempt >= 3 })
	if s.Link.Reason != "connection refused" || s.Link.Err == nil || strings.Contains(s.Link.Err.Error(), "\n") || s.Link.Since.IsZero() {
		t.Errorf("link = %+v", s.Link)
	}
	if wait := time.Until(s.Link.NextTry); wait > 8*time.Second {
		t.Errorf("the next try is in %v", wait)
	}
	if queue(s, "queue:a").Depth != 1 {
		t.Error("the last picture is not kept")
	}
	<-woken
	server.Up() // empty now
	s = e.untilState(watch.Live)
	if q := queue(s, "queue:a"); q.Depth > 0 {
		t.Errorf("queue:a = %+v", q)
	}
	if _, told := said(s, "another server"); !told {
		t.Error("nobody told that it is another server")
	}
	server.Client().RPush(ctx, "queue:b", packed(1))
	e.until("a push is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:b").Depth == 1 })
	if marks := e.Snapshot().Throughput.Marks; len(marks) != 1 || marks[0].Kind != "away" {
		t.Errorf("marks = %+v", marks)
	}
}

func TestAServerThatIsAwayAtTheStartIsWaitedFor(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Kill()
	e := follow(t, server.URL(), watch.Options{})
	s := e.untilState(watch.Away)
	if s.Link.Attempt != 1 || s.Link.Reason != "connection refused" {
		t.Errorf("link = %+v", s.Link)
	}
	server.Up()
	e.Retry()
	e.untilState(watch.Live)
}

func TestASecondOfSilenceIsNoZero(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	e := follow(t, server.URL(), quick)
	e.untilState(watch.Live)
	known := len(e.until("a second is known", func(s *watch.Snapshot) bool { return len(s.Throughput.Dispatched) >= 1 }).Throughput.Dispatched)
	server.Kill()
	e.untilState(watch.Away)
	begin := time.Now()
	testredis.Eventually(t, "a whole second has passed", func() bool { return time.Now().Unix() > begin.Unix()+1 })
	server.Up()
	e.untilState(watch.Live)
	s := e.until("a second after it is known", func(s *watch.Snapshot) bool {
		v, sure := s.Throughput.Now()
		return len(s.Throughput.Dispatched) > known+2 && sure && v == 0
	})
	unknown := 0
	for _, v := range s.Throughput.Dispatched {
		if v != v {
			unknown++
		}
	}
	if unknown < 1 {
		t.Errorf("throughput = %v", s.Throughput.Dispatched)
	}
}

func TestAFlushIsNoticedThoughNothingTellsOfIt(t *testing.T) {
	t.Parallel()
	for _, keys := range []int{1, 1000} {
		t.Run(fmt.Sprint(keys, " keys"), func(t *testing.T) {
			e, c, _ := watching(t, watch.Options{})
			for i := range keys {
				c.RPush(ctx, fmt.Sprint("queue:", i), packed(i))
			}
			c.RPush(ctx, "carcel:dead_letters", "{}")
			e.until("all is seen", func(s *watch.Snapshot) bool { return len(s.Queues) == keys && s.Carcel.Length == 1 })
			c.FlushAll(ctx)
			begin := time.Now()
			s := e.until("all is gone", func(s *watch.Snapshot) bool {
				for _, q := range s.Queues {
					if q.Depth > 0 {
						return false
					}
				}
				return s.Carcel.Length == 0
			})
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("noticed after %v", took)
			}
			if ev, told := said(s, "keys vanished"); !told || ev.Kind != watch.Console || ev.Count != keys+1 {
				t.Errorf("activity = %+v", s.Activity)
			}
			c.RPush(ctx, "queue:after", packed(1))
			e.until("it goes on", func(s *watch.Snapshot) bool { return queue(s, "queue:after").Depth == 1 })
		})
	}
}

func TestAFlushFollowedByOtherKeysIsNoticed(t *testing.T) {
	t.Parallel()
	e, c, _ := watching(t, watch.Options{})
	for i := range 50 {
		c.RPush(ctx, fmt.Sprint("queue:", i), packed(i))
	}
	e.until("all is seen", func(s *watch.Snapshot) bool { return len(s.Queues) == 50 })
	pipe := c.TxPipeline()
	pipe.FlushAll(ctx)
	pipe.HSet(ctx, "queue:0", "another", "type")
	pipe.RPush(ctx, "queue:1", packed(1), packed(2))
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
	e.until("the picture is right", func(s *watch.Snapshot) bool {
		return queue(s, "queue:0").State == watch.WrongType && queue(s, "queue:1").Depth == 2 && queue(s, "queue:2").Depth == 0
	})
}

func TestKeysThatGoWithAWordAreNoFlush(t *testing.T) {
	t.Parallel()
	e, c, _ := watching(t, quick)
	for round := range 3 {
		for i := range 200 {
			c.RPush(ctx, fmt.Sprint("queue:", i), packed(i))
		}
		e.until("all is seen", func(s *watch.Snapshot) bool { return queue(s, "queue:199").Depth == 1 })
		for i := range 200 {
			c.Del(ctx, fmt.Sprint("queue:", i))
		}
		before := e.until("all is gone", func(s *watch.Snapshot) bool { return queue(s, "queue:199").Depth == 0 }).Version.Throughput
		e.until("some beats have passed", func(s *watch.Snapshot) bool { return s.Version.Throughput >= before+20 })
		if ev, told := said(e.Snapshot(), "keys vanished"); told {
			t.Fatalf("round %d: %+v", round, ev)
		}
	}
}

func TestALedgerThatVanishesOrShrinksIsTold(t *testing.T) {
	t.Parallel()
	e, c, _ := watching(t, quick)
	add := func(n int, event string) {
		c.XAdd(ctx, &redis.XAddArgs{Stream: "ttt:ledger:main", ID: fmt.Sprintf("%d-0", n), Values: []any{"event", event, "ts", time.Now().UnixMilli()}})
	}
	for n := 1; n <= 5; n++ {
		add(n, "dispatched")
	}
	e.until("the ledger is read", func(s *watch.Snapshot) bool { return s.Ledger == 5 })
	c.XDel(ctx, "ttt:ledger:main", "5-0")
	s := e.until("it shrank", func(s *watch.Snapshot) bool { _, told := said(s, "ledger lost"); return told && s.Ledger == 4 })
	n := 0
	for _, ev := range s.Activity {
		if ev.What == "dispatched" {
			n++
		}
	}
	if n != 5 {
		t.Errorf("%d of 5 dispatches are in the activity: none must be told twice", n)
	}
	c.Del(ctx, "ttt:ledger:main")
	e.until("it is gone", func(s *watch.Snapshot) bool { return s.Ledger == 0 })
	add(1, "blocked")
	e.until("a new one is read", func(s *watch.Snapshot) bool { _, there := said(s, "blocked"); return there && s.Ledger == 1 })
}

func TestALedgerThatRunsAwayIsCounted(t *testing.T) {
	t.Parallel()
	e, c, _ := watching(t, quick)
	const records = 20_000
	c.XAdd(ctx, &redis.XAddArgs{Stream: "ttt:ledger:main", ID: "1-0", Values: []any{"event", "dispatched", "ts", time.Now().UnixMilli()}})
	e.until("the first is read", func(s *watch.Snapshot) bool { return s.Ledger == 1 })
	pipe := c.Pipeline()
	for n := 2; n <= records; n++ {
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: "ttt:ledger:main", ID: fmt.Sprintf("%d-0", n), Values: []any{"event", "dispatched", "ts", time.Now().UnixMilli()}})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
	e.until("all are counted", func(s *watch.Snapshot) bool {
		sum := 0.0
		for _, v := range s.Throughput.Dispatched {
			if v == v {
				sum += v
			}
		}
		return s.Ledger == records && sum == records
	})
}

func TestASubscriptionThatIsCutIsMadeAgainAndAllIsRead(t *testing.T) {
	t.Parallel()
	e, c, _ := watching(t, watch.Options{Flush: 5 * time.Millisecond, Backoff: 50 * time.Millisecond})
	for round := range 5 {
		before := e.Snapshot().Link.Since
		c.Do(ctx, "CLIENT", "KILL", "TYPE", "pubsub")
		c.RPush(ctx, "queue:a", packed(round)) // nobody listens
		e.until("the gap is closed", func(s *watch.Snapshot) bool {
			return s.Link.State == watch.Live && s.Link.Since.After(before) && queue(s, "queue:a").Depth == int64(round+1)
		})
	}
}

func TestAConnectionThatIsHealthyButDeafIsMadeAgain(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	proxy := testredis.NewProxy(t, server.Addr())
	e := follow(t, proxy.URL(), watch.Options{Flush: 5 * time.Millisecond, Beat: 20 * time.Millisecond, Probe: 200 * time.Millisecond, Backoff: 50 * time.Millisecond})
	e.untilState(watch.Live)
	proxy.Deafen(true)
	server.Client().RPush(ctx, "queue:a", packed(1))
	s := e.untilState(watch.Away)
	if !strings.Contains(s.Link.Reason, "stopped arriving") {
		t.Errorf("reason = %q", s.Link.Reason)
	}
	proxy.Deafen(false)
	e.until("the push is seen", func(s *watch.Snapshot) bool { return s.Link.State == watch.Live && queue(s, "queue:a").Depth == 1 })
}

func TestAServerThatHangsIsAway(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for the reply timeout")
	}
	server := testredis.Start(t)
	e := follow(t, server.URL(), quick)
	e.untilState(watch.Live)
	server.Pause()
	s := e.untilState(watch.Away)
	if s.Link.Reason != "no answer in time" {
		t.Errorf("reason = %q", s.Link.Reason)
	}
	server.Resume()
	e.untilState(watch.Live)
}

func TestARunThatEndsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	for range 5 {
		t.Run("", func(t *testing.T) { // goleak looks at the end of all tests
			e := follow(t, server.URL(), quick)
			e.untilState(watch.Live)
		})
	}
	c := server.Client()
	testredis.Eventually(t, "the server has no other clients", func() bool {
		return strings.Count(c.ClientList(ctx).Val(), "\n") <= 1
	})
}
