package carcel_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

const (
	list    = "carcel:dead_letters"
	changes = "carcel:changes"
	ledger  = "ttt:ledger:main"
)

var bg = context.Background()

func indexOn(t testing.TB, url string) (*carcel.Index, *redis.Client) {
	t.Helper()
	s, err := store.Open(url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return carcel.NewIndex(s), testredis.Connect(t, url)
}

// entryText is an entry of about 600 bytes.
func entryText(n int) string {
	status := []string{"blocked", "requires_human_review", "requires_co_signature", "error"}[n%4]
	return fmt.Sprintf(`{"tracking_id": "550e8400-e29b-41d4-a716-%012d", "reason": "entropy 0.%02d is over the bound of rule %d", "decision": "%s", `+
		`"timestamp": "2026-03-01T12:%02d:%02dZ", "contents": {"primitive": "process.kill", "vertical": "lab", "actor": "w%d", "pad": "%s"}, `+
		`"origin": "w%d", "guardian": "entropy", "rule": "r%d", "key": "queue:lab", "operation": "rpush", "schema_version": "1.1"}`,
		n, n%100, n%7, status, n/60%60, n%60, n%50, strings.Repeat("x", 180), n%50, n%7)
}

func fill(t testing.TB, c *redis.Client, from, n int) {
	t.Helper()
	for i := 0; i < n; i += 1000 {
		var lot []any
		for j := i; j < min(i+1000, n); j++ {
			lot = append(lot, entryText(from+j))
		}
		if err := c.RPush(bg, list, lot...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// refresh goes on until nothing remains.
func refresh(t interface {
	Helper()
	Fatal(...any)
}, x *carcel.Index) {
	t.Helper()
	for range 100_000 {
		more, err := x.Refresh(bg)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
		time.Sleep(x.Pause())
	}
	t.Fatal("there is no end of it")
}

// agrees tells how the table differs from the list.
func agrees(x *carcel.Index, c *redis.Client) error {
	raws := c.LRange(bg, list, 0, -1).Val()
	t := x.Table()
	if t.Length != int64(len(raws)) || !t.Whole && len(raws) > 0 || t.Read != t.Length {
		return fmt.Errorf("length %d of %d, read %d, whole %v", t.Length, len(raws), t.Read, t.Whole)
	}
	i := 0
	for at, raw := range slices.Backward(raws) {
		if carcel.Gone(raw) {
			continue
		}
		if i >= len(t.Entries) {
			return fmt.Errorf("%d entries, and the list has more", len(t.Entries))
		}
		want, got := carcel.Parse(raw).Entry, *t.Entries[i]
		if len(want.Faults) == 0 {
			want.Faults, got.Faults = nil, nil
		}
		if fmt.Sprint(want) != fmt.Sprint(got) {
			return fmt.Errorf("entry %d is\n%+v\nnot\n%+v", i, got, want)
		}
		if pos := t.Position(t.Entries[i]); pos != int64(at) {
			return fmt.Errorf("entry %d stands at %d, not %d", i, pos, at)
		}
		i++
	}
	if i != len(t.Entries) {
		return fmt.Errorf("%d entries, not %d", len(t.Entries), i)
	}
	return nil
}

func TestWhateverOthersWriteIsInTheTable(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		x, c := indexOn(t, url)
		twin := `{"tracking_id": "twin", "decision": "blocked", "contents": {}}`
		c.RPush(bg, list, "no JSON", twin, twin, `{"tracking_id": "twin", "reason": "another"}`, "", "{}", `{"gone": true, "tracking_id": "left"}`,
			`{"tracking_id": "large", "contents": {"pad": "`+strings.Repeat("y", 1<<20)+`"}}`, entryText(1))
		refresh(t, x)
		if err := agrees(x, c); err != nil {
			t.Fatal(err)
		}
		table := x.Table()
		if len(table.Entries) != 8 || table.Length != 9 {
			t.Fatalf("%d entries of %d slots", len(table.Entries), table.Length)
		}
		if e, at, ok := table.Find("large"); !ok || at != 7 || e.Size < 1<<20 {
			t.Errorf("found %v at %d", e, at)
		}
		if e, at, ok := table.Find("sha:" + carcel.SHA("no JSON")[:10]); !ok || at != 0 || len(e.Faults) == 0 {
			t.Errorf("found %v at %d", e, at)
		}
		if _, _, ok := table.Find("left"); ok {
			t.Error("what has left is found")
		}
		if n, since := table.Waiting(); n != 1 || since.Hour() != 12 {
			t.Errorf("%d wait since %v", n, since)
		}
		if more, err := x.Refresh(bg); more || err != nil || x.Table() != table {
			t.Errorf("a look at what did not change makes another table: %v %v", more, err)
		}
	})
}

func TestEachWayOfChangingTheListIsSeen(t *testing.T) {
	ways := []struct {
		name string
		do   func(c *redis.Client)
	}{
		{"rpush", func(c *redis.Client) { c.RPush(bg, list, entryText(9001), entryText(9002)) }},
		{"rpush of many", func(c *redis.Client) { fill(t, c, 9000, 3000) }},
		{"lpush", func(c *redis.Client) { c.LPush(bg, list, entryText(9001)) }},
		{"lpop", func(c *redis.Client) { c.LPop(bg, list) }},
		{"rpop", func(c *redis.Client) { c.RPop(bg, list) }},
		{"rpop and rpush", func(c *redis.Client) { c.RPop(bg, list); c.RPush(bg, list, entryText(9001)) }},
		{"lpop and rpush", func(c *redis.Client) { c.LPop(bg, list); c.RPush(bg, list, entryText(9001)) }},
		{"ltrim", func(c *redis.Client) { c.LTrim(bg, list, 300, 700) }},
		{"lrem", func(c *redis.Client) { c.LRem(bg, list, 1, entryText(512)) }},
		{"rotation", func(c *redis.Client) { c.LMove(bg, list, list, "RIGHT", "LEFT") }},
		{"lmove", func(c *redis.Client) { c.LMove(bg, list, list, "LEFT", "RIGHT") }},
		{"another list", func(c *redis.Client) { c.Del(bg, list); fill(t, c, 5000, 1200) }},
		{"a shorter list", func(c *redis.Client) { c.Del(bg, list); fill(t, c, 5000, 3) }},
		{"del", func(c *redis.Client) { c.Del(bg, list) }},
	}
	testredis.Each(t, func(t *testing.T, url string) {
		for _, way := range ways {
			x, c := indexOn(t, url)
			c.FlushAll(bg)
			fill(t, c, 0, 1200)
			refresh(t, x)
			way.do(c)
			refresh(t, x)
			if err := agrees(x, c); err != nil {
				t.Errorf("%s: %v", way.name, err)
			}
		}
	})
}

func TestWhatIsAlteredInPlaceIsSeenOnDoubt(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		x, c := indexOn(t, url)
		fill(t, c, 0, 1200)
		refresh(t, x)
		before := x.Table().Entries[100]
		c.LSet(bg, list, 601, entryText(8000))
		x.Altered(1)
		refresh(t, x)
		if err := agrees(x, c); err != nil {
			t.Error(err)
		}
		if x.Table().Entries[100] != before {
			t.Error("an entry that stands unchanged lost its identity")
		}
	})
}

// TestTheIndexFollowsAList changes a list in all ways, at random, while the
// index reads it.
func TestTheIndexFollowsAList(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		x, c := indexOn(t, url)
		next := 0
		rapid.Check(t, func(t *rapid.T) {
			text := func() string {
				if rapid.IntRange(0, 5).Draw(t, "twin") == 0 {
					return rapid.SampledFrom([]string{"twin", "", `{"tracking_id": "t"}`, `{"gone": true, "x": 1}`}).Draw(t, "text")
				}
				next++
				return entryText(next)
			}
			for range rapid.IntRange(1, 12).Draw(t, "steps") {
				n := int(c.LLen(bg, list).Val())
				at := rapid.IntRange(0, max(n-1, 0)).Draw(t, "at")
				switch rapid.IntRange(0, 11).Draw(t, "do") {
				case 0, 1, 2:
					for range rapid.IntRange(1, 60).Draw(t, "n") {
						c.RPush(bg, list, text())
					}
				case 3:
					c.LPush(bg, list, text())
				case 4:
					c.LPop(bg, list)
				case 5:
					c.RPop(bg, list)
				case 6:
					c.LTrim(bg, list, int64(at/4), int64(max(n-1-at/8, 0)))
				case 7:
					c.LRem(bg, list, 1, c.LIndex(bg, list, int64(at)).Val())
				case 8, 9:
					if n > 0 {
						c.LSet(bg, list, int64(at), text())
					}
				case 10:
					c.LMove(bg, list, list, "RIGHT", "LEFT")
				case 11:
					if at%5 == 0 {
						c.Del(bg, list)
					}
				}
				if rapid.Bool().Draw(t, "look") {
					if _, err := x.Refresh(bg); err != nil {
						t.Fatal(err)
					}
					distinct(t, x.Table())
				}
			}
			x.Doubt()
			refresh(t, x)
			if err := agrees(x, c); err != nil {
				t.Fatal(err)
			}
		})
	})
}

func distinct(t *rapid.T, table *carcel.Table) {
	seen := map[*carcel.Entry]bool{}
	for _, e := range table.Entries {
		if seen[e] {
			t.Fatal("an entry is shown twice")
		}
		seen[e] = true
	}
}

func TestAKeyThatIsNoListIsATypedError(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		x, c := indexOn(t, url)
		fill(t, c, 0, 10)
		refresh(t, x)
		c.Set(bg, list, "text", 0)
		if _, err := x.Refresh(bg); !errors.Is(err, store.ErrWrongType) {
			t.Errorf("the error is %v", err)
		}
		if err := x.ReadAll(bg); !errors.Is(err, store.ErrWrongType) || len(x.Table().Entries) != 0 {
			t.Errorf("the error is %v, %d entries", err, len(x.Table().Entries))
		}
		c.Del(bg, list)
		fill(t, c, 0, 3)
		refresh(t, x)
		if err := agrees(x, c); err != nil {
			t.Error(err)
		}
	})
}

// settle does to a slot what our scripts do.
func settle(c *redis.Client, slot int, event, after string) {
	raw := c.LIndex(bg, list, int64(slot)).Val()
	fields := []any{"event", event, "tracking_id", "t", "entry_sha256", carcel.SHA(raw), "ts", "1"}
	if after == "" {
		after = `{"gone": true, "tracking_id": "t", "entry_sha256": "` + carcel.SHA(raw) + `"}`
	} else {
		fields = append(fields, "entry_became", carcel.SHA(after))
	}
	id := fmt.Sprint(c.XLen(bg, ledger).Val()+1, "-0")
	pipe := c.TxPipeline()
	pipe.XAdd(bg, &redis.XAddArgs{Stream: ledger, ID: id, Values: fields})
	pipe.LSet(bg, list, int64(slot), after)
	pipe.Incr(bg, changes)
	_, _ = pipe.Exec(bg)
}

func TestWhatOurScriptsAlterIsReadBackFromTheLedger(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		x, c := indexOn(t, url)
		fill(t, c, 0, 1200)
		refresh(t, x)
		kept := x.Table().Entries[0]
		settle(c, 3, "released", "")
		settle(c, 700, "approved", strings.Replace(entryText(700), `"schema_version"`, `"approvals_given": 1, "schema_version"`, 1))
		settle(c, 1100, "denied", "")
		c.RPush(bg, list, entryText(5000))
		x.Altered(3)
		// One look is enough: nothing is left to be read again.
		if more, err := x.Refresh(bg); more || err != nil {
			t.Errorf("more %v, %v", more, err)
		}
		if err := agrees(x, c); err != nil {
			t.Fatal(err)
		}
		if e, _, ok := x.Table().Find(fmt.Sprintf("550e8400-e29b-41d4-a716-%012d", 700)); !ok || e.Given != 1 {
			t.Errorf("the approved entry is %+v", e)
		}
		if x.Table().Entries[1] != kept {
			t.Error("an entry that stands unchanged lost its identity")
		}
		if n, _ := x.Table().Waiting(); n != 600 || x.Table().Count(governance.Failed) != 299 || x.Table().Count(governance.Blocked) != 300 {
			t.Errorf("%d wait, %d failed, %d blocked", n, x.Table().Count(governance.Failed), x.Table().Count(governance.Blocked))
		}
		// Acts one by one, with appends between them.
		for i := range 40 {
			settle(c, 20*i+5, "released", "")
			if i%3 == 0 {
				c.RPush(bg, list, entryText(6000+i))
			}
			if more, err := x.Refresh(bg); more || err != nil {
				t.Errorf("act %d: more %v, %v", i, more, err)
			}
			if err := agrees(x, c); err != nil {
				t.Fatalf("act %d: %v", i, err)
			}
		}
		// Slots whose entries have left are taken out, as Compact does.
		for _, raw := range c.LRange(bg, list, 0, -1).Val() {
			if carcel.Gone(raw) {
				c.LRem(bg, list, 1, raw)
			}
		}
		c.Incr(bg, changes)
		if more, err := x.Refresh(bg); more || err != nil {
			t.Errorf("after compaction: more %v, %v", more, err)
		}
		if err := agrees(x, c); err != nil {
			t.Error(err)
		}
		// A change of the counter that the ledger does not explain.
		c.LRem(bg, list, 1, entryText(40))
		c.Incr(bg, changes)
		refresh(t, x)
		if err := agrees(x, c); err != nil {
			t.Error(err)
		}
	})
}

func TestNoReadHoldsUpTheServerAndAHundredThousandEntriesAreSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 entries")
	}
	server := testredis.Start(t)
	x, c := indexOn(t, server.URL())
	const n = 100_000
	fill(t, c, 0, n)
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	if err := x.ReadAll(bg); err != nil {
		t.Fatal(err)
	}
	used := heap() - before
	if table := x.Table(); len(table.Entries) != n || !table.Whole {
		t.Fatalf("%d entries", len(table.Entries))
	}
	t.Logf("%.1f MB for %d entries", float64(used)/(1<<20), n)
	if used > 44<<20 {
		t.Errorf("%d bytes an entry", used/n)
	}
	// The server's own figure counts what other programs of this machine take
	// from it: one reading in which nothing is slow is proof enough.
	c.ConfigSet(bg, "slowlog-log-slower-than", "5000")
	var slow []redis.SlowLog
	for range 5 {
		c.Do(bg, "SLOWLOG", "RESET")
		if err := x.ReadAll(bg); err != nil {
			t.Fatal(err)
		}
		if slow = c.SlowLogGet(bg, 10).Val(); len(slow) == 0 {
			break
		}
	}
	if len(slow) > 0 {
		t.Errorf("the server was held up for %v by %.80v", slow[0].Duration, slow[0].Args)
	}
	if n, _ := x.Table().Waiting(); n != 50_000 {
		t.Errorf("%d wait", n)
	}
	if got := x.Table().Count(governance.Failed); got != 25_000 {
		t.Errorf("%d failed", got)
	}
}
