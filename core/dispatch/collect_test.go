package dispatch_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

var needs = map[dispatch.Reading]string{
	dispatch.Get: "string", dispatch.LIndex: "list", dispatch.LRange: "list", dispatch.HGet: "hash",
	dispatch.HGetAll: "hash", dispatch.SMembers: "set", dispatch.LPop: "list", dispatch.RPop: "list",
}

func request(key string, op dispatch.Reading) dispatch.Request {
	return dispatch.Request{Key: key, Op: op, Field: "f", Stop: -1, Actor: "tester"}
}

func TestEveryReadingReadsItsTypeAndRefusesEveryOther(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, op := range dispatch.Readings {
			for _, kind := range types {
				t.Run(string(op)+" on "+kind, func(t *testing.T) {
					h.raw.FlushDB(ctx)
					h.make("k", kind)
					before := h.all("k")
					found, err := h.collector.Collect(ctx, request("k", op))
					if kind != needs[op] {
						wantWrongType(t, err, "k", needs[op], kind)
						if after := h.all("k"); after != before || len(h.keys()) != 1 {
							t.Errorf("the value was %s and is %s; keys %v", before, after, h.keys())
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					if len(found.Items) != 1 || string(found.Items[0].Raw) != "v" || found.Items[0].Invalid == nil {
						t.Errorf("found %+v", found)
					}
					if there := h.raw.Exists(ctx, "k").Val() == 1; there == op.Takes() {
						t.Errorf("afterwards the key is there: %v", there)
					}
				})
			}
		}
	})
}

func TestAKeyThatIsNotThereGivesNothingAndNoError(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, op := range dispatch.Readings {
			if found := h.collect(request("nothing", op)); len(found.Items) != 0 || found.Expired != 0 || found.Left != 0 {
				t.Errorf("%s: %+v", op, found)
			}
		}
		h.make("hash", "hash")
		h.make("list", "list")
		for _, r := range []dispatch.Request{
			{Key: "hash", Op: dispatch.HGet, Field: "g"},
			{Key: "list", Op: dispatch.LIndex, Index: 5},
			{Key: "list", Op: dispatch.LRange, Index: 5, Stop: 9},
		} {
			if found := h.collect(r); len(found.Items) != 0 {
				t.Errorf("%s: %+v", r.Op, found)
			}
		}
		if keys := h.keys(); len(keys) != 2 {
			t.Errorf("a look wrote: %v", keys)
		}
	})
}

func TestARequestThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t, "redis://127.0.0.1:1/0")
	for _, r := range []dispatch.Request{
		{Op: dispatch.Get}, {Key: "k"}, {Key: "k", Op: "x\ny"}, {Key: "k", Op: dispatch.HGet}, {Key: "k", Op: dispatch.LPop, Count: -1},
	} {
		_, err := h.collector.Collect(ctx, r)
		if !errors.Is(err, dispatch.ErrCollect) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: error = %v", r, err)
		}
	}
}

func TestWhatOthersWroteIsHandedOver(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		p := parcel(7)
		p.Contents = packet.MustValue(`{"big": 9007199254740993, "huge": 123456789012345678901234567890, "e": 1e2, "s": "\u00e9"}`)
		values := []struct {
			name, raw string
			invalid   bool
			faults    bool
			format    packet.Format
		}{
			{name: "our JSON", raw: encode(t, p, packet.JSON)},
			{name: "MessagePack", raw: encode(t, parcel(7), packet.Msgpack), format: packet.Msgpack},
			{name: "white space in front", raw: " \n" + encode(t, p, packet.JSON)},
			{name: "older names", raw: `{"payload_id": "` + p.TrackingID + `", "timestamp": "2999-12-02T14:35:18", "source_agent": "a", "content": {"x": 1}, "schema_version": "1.0", "ttt_headers": null}`, faults: true},
			{name: "no JSON", raw: "garbage", invalid: true},
			{name: "nothing", raw: "", invalid: true},
			{name: "bytes", raw: "\x00\xff\xfe\x80", invalid: true},
			{name: "escape sequences", raw: "\x1b[2J\x07", invalid: true},
			{name: "a JSON list", raw: "[1, 2]", invalid: true},
			{name: "another object", raw: `{"hello": "world"}`, invalid: true},
			{name: "half a packet", raw: encode(t, p, packet.JSON)[:40], invalid: true},
		}
		for _, v := range values {
			h.raw.RPush(ctx, "queue:q", v.raw)
		}
		for _, op := range []dispatch.Reading{dispatch.LRange, dispatch.LPop} {
			found := h.collect(dispatch.Request{Key: "queue:q", Op: op, Stop: -1, Count: 100})
			if len(found.Items) != len(values) {
				t.Fatalf("%s gave %d of %d values", op, len(found.Items), len(values))
			}
			for i, v := range values {
				item := found.Items[i]
				if string(item.Raw) != v.raw || (item.Invalid != nil) != v.invalid || (len(item.Faults) > 0) != v.faults || item.Format != v.format && !v.invalid {
					t.Errorf("%s, %s: %+v", op, v.name, item)
				}
			}
			if big, _ := found.Items[0].Packet.Contents.Get("big"); string(packet.AppendValueJSON(nil, found.Items[0].Packet.Contents)) != `{"big": 9007199254740993, "huge": 123456789012345678901234567890, "e": 1e2, "s": "\u00e9"}` {
				t.Errorf("numbers lost their value: %v", big)
			}
		}
		record := h.ledger()[0].Values
		if record["event"] != "collected" || record["count"] != fmt.Sprint(len(values)) {
			t.Errorf("ledger = %v", record)
		}
	})
}

func TestHashFieldsComeWithTheirPackets(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		want := map[string]int64{}
		for n := range 5 {
			p := parcel(n)
			h.dispatch(p, "agents:metadata", dispatch.HSet)
			want[p.TrackingID] = int64(n)
		}
		for _, item := range h.collect(dispatch.Request{Key: "agents:metadata", Op: dispatch.HGetAll}).Items {
			if n, there := want[item.Field]; !there || number(item.Packet) != n || item.Packet.TrackingID != item.Field {
				t.Errorf("field %s holds %d", item.Field, number(item.Packet))
			}
			one := h.collect(dispatch.Request{Key: "agents:metadata", Op: dispatch.HGet, Field: item.Field}).Items
			if len(one) != 1 || one[0].Field != item.Field || string(one[0].Raw) != string(item.Raw) {
				t.Errorf("hget %s: %+v", item.Field, one)
			}
			delete(want, item.Field)
		}
		if len(want) > 0 {
			t.Errorf("missing: %v", want)
		}
	})
}

// lifetimes are packets and whether they are past their own TTL now.
func lifetimes() []struct {
	name    string
	packet  string
	expired bool
} {
	now := time.Now().UTC()
	text := func(at time.Time, layout, ttl, chain string) string {
		id := packet.NewTrackingID()
		if ttl != "" {
			ttl = `"ttl_seconds": ` + ttl + `, `
		}
		return `{"origin": "a", "contents": {"n": 1}, "schema_version": "1.0", ` + ttl + `"tracking_id": "` + id +
			`", "dispatched_at": "` + at.Format(layout) + `", "chain_of_custody": ` + chain + `}`
	}
	const naive, zulu, offset = "2006-01-02T15:04:05.000000", "2006-01-02T15:04:05Z", "2006-01-02T15:04:05-07:00"
	east := time.FixedZone("east", 5*3600+1800)
	west := time.FixedZone("west", -8*3600)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	release := func(at ...time.Time) string {
		entries := []string{`"source:a|2001-01-01T00:00:00Z"`}
		for _, t := range at {
			entries = append(entries, `"action:release|`+t.Format(zulu)+`|run:1"`)
		}
		return `{"transparent_lineage": [` + strings.Join(entries, ", ") + `]}`
	}
	return []struct {
		name    string
		packet  string
		expired bool
	}{
		{"fresh, naive", text(ago(50*time.Second), naive, "100", "null"), false},
		{"old, naive", text(ago(150*time.Second), naive, "100", "null"), true},
		{"fresh, Z", text(ago(50*time.Second), zulu, "100", "null"), false},
		{"old, Z", text(ago(150*time.Second), zulu, "100", "null"), true},
		{"fresh, east", text(ago(50*time.Second).In(east), offset, "100", "null"), false},
		{"old, east", text(ago(150*time.Second).In(east), offset, "100", "null"), true},
		{"fresh, west", text(ago(50*time.Second).In(west), offset, "100", "null"), false},
		{"old, west", text(ago(150*time.Second).In(west), offset, "100", "null"), true},
		{"fresh, offset of hours", text(ago(50*time.Second).In(west), "2006-01-02T15:04:05-07", "100", "null"), false},
		{"old, offset of hours", text(ago(150*time.Second).In(west), "2006-01-02T15:04:05-07", "100", "null"), true},
		{"old, offset without colon", text(ago(150*time.Second).In(east), "2006-01-02T15:04:05-0700", "100", "null"), true},
		{"old, with a space", text(ago(150*time.Second), "2006-01-02 15:04:05", "100", "null"), true},
		{"old, of schema 1.0 without ttl", text(ago(2*time.Hour), naive, "", "null"), true},
		{"fresh, of schema 1.0 without ttl", text(ago(time.Hour/2), naive, "", "null"), false},
		{"from a leap year", text(time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC), zulu, "100", "null"), true},
		{"from long ago", text(time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), zulu, "86400", "null"), true},
		{"from the future", text(now.Add(time.Hour), zulu, "1", "null"), false},
		{"released since", text(ago(150*time.Second), zulu, "100", release(ago(50*time.Second))), false},
		{"released long ago", text(ago(500*time.Second), zulu, "100", release(ago(150*time.Second))), true},
		{"released twice, the later first", text(ago(500*time.Second), zulu, "100", release(ago(50*time.Second), ago(300*time.Second))), false},
		{"released before it was sent", text(ago(50*time.Second), zulu, "100", release(ago(500*time.Second))), false},
		{"released at no time", text(ago(150*time.Second), zulu, "100", `{"transparent_lineage": ["action:release|soon", 7, null]}`), true},
		{"no time at all", text(now, "yesterday", "1", "null"), false},
		{"a month 13", text(now, "2001-13-01T00:00:00Z", "1", "null"), false},
		{"words behind the time", text(now, "2001-01-01T00:00:00 or so", "1", "null"), false},
		{"a ttl of zero", text(ago(time.Hour), zulu, "0", "null"), false},
		{"a ttl below zero", text(ago(time.Hour), zulu, "-5", "null"), false},
		{"a ttl in words", text(ago(time.Hour), zulu, `"5"`, "null"), false},
		{"a ttl of null", text(ago(time.Hour), zulu, "null", "null"), false},
		{"white space in front", "\r\n " + text(ago(150*time.Second), zulu, "100", "null"), true},
		{"older names", `{"payload_id": "x", "content": {}, "timestamp": "` + ago(150*time.Second).Format(naive) + `", "ttl_seconds": 100}`, true},
		{"no packet", `{"ttl_seconds": 1}`, false},
	}
}

func TestALookSkipsWhatIsPastItsTTLAndCountsIt(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, c := range lifetimes() {
			h.raw.FlushDB(ctx)
			h.raw.RPush(ctx, "list", c.packet)
			h.raw.Set(ctx, "string", c.packet, 0)
			h.raw.HSet(ctx, "hash", "f", c.packet)
			h.raw.SAdd(ctx, "set", c.packet)
			for _, op := range dispatch.Readings {
				if op.Takes() {
					continue
				}
				r := request(needs[op], op)
				want, count := 1, 0
				if c.expired {
					want, count = 0, 1
				}
				if found := h.collect(r); len(found.Items) != want || found.Expired != count {
					t.Errorf("%s, %s: %d items, %d expired", c.name, op, len(found.Items), found.Expired)
				}
				r.IncludeExpired = true
				if found := h.collect(r); len(found.Items) != 1 || found.Items[0].Expired != c.expired {
					t.Errorf("%s, %s with the expired: %+v", c.name, op, found)
				}
			}
			if keys := h.keys(); len(keys) != 4 {
				t.Errorf("a look wrote: %v", keys)
			}
		}
	})
}

func TestATakeMovesWhatIsPastItsTTLAndRecordsIt(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, op := range []dispatch.Reading{dispatch.LPop, dispatch.RPop} {
			for _, include := range []bool{false, true} {
				h.raw.FlushDB(ctx)
				fresh, dead := 0, 0
				var deadIDs, all string
				for _, c := range lifetimes() {
					h.raw.RPush(ctx, "queue:q", c.packet)
					if c.expired && !include {
						dead++
						deadIDs += idOf(c.packet)
					} else {
						fresh++
						all += idOf(c.packet)
					}
				}
				r := request("queue:q", op)
				r.Count, r.IncludeExpired = 1000, include
				found := h.collect(r)
				if len(found.Items) != fresh || found.Expired != dead || found.Left != 0 {
					t.Errorf("%s: %d items of %d, %d expired of %d, %d left", op, len(found.Items), fresh, found.Expired, dead, found.Left)
				}
				for _, item := range found.Items {
					for _, c := range lifetimes() {
						if strings.HasSuffix(c.packet, string(item.Raw)) && item.Expired != c.expired {
							t.Errorf("%s: flagged expired: %v", c.name, item.Expired)
						}
					}
				}
				if n := h.raw.LLen(ctx, "carcel:expired").Val(); n != int64(dead) {
					t.Errorf("%d of %d are in the bin", n, dead)
				}
				if ttl := h.raw.TTL(ctx, "carcel:expired").Val(); dead > 0 && (ttl < 6*24*time.Hour || ttl > 7*24*time.Hour) {
					t.Errorf("the bin lives %v", ttl)
				}
				counted := map[string]int{}
				for _, r := range h.ledger() {
					event := r.Values["event"].(string)
					ids := r.Values["ids"].(string)
					var count, others int
					_, _ = fmt.Sscan(r.Values["count"].(string), &count)
					_, _ = fmt.Sscan(r.Values["others"].(string), &others)
					counted[event] += count
					if count != len(ids)/16+others || r.Values["key"] != "queue:q" || r.Values["operation"] != string(op) || r.Values["actor"] != "tester" || r.Values["ts"] == nil {
						t.Errorf("ledger: %v", r.Values)
					}
					wanted := all
					if event == "expired" {
						wanted = deadIDs
					}
					for i := 0; i < len(ids); i += 16 {
						if !strings.Contains(wanted, hex.EncodeToString([]byte(ids[i:i+16]))) {
							t.Errorf("%s names a stranger", event)
						}
					}
				}
				if counted["collected"] != fresh || counted["expired"] != dead {
					t.Errorf("the ledger counts %v", counted)
				}
			}
		}
	})
}

func idOf(raw string) string {
	reading, err := packet.Read([]byte(raw))
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(reading.Packet.TrackingID, "-", "")
}

func TestMsgpackPacketsExpireToo(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.raw.RPush(ctx, "queue:q", encode(t, aged(1, time.Hour, 10), packet.Msgpack), encode(t, aged(2, time.Hour, 7200), packet.Msgpack))
		if found := h.collect(dispatch.Request{Key: "queue:q", Op: dispatch.LRange, Stop: -1}); len(found.Items) != 1 || found.Expired != 1 {
			t.Errorf("a look found %+v", found)
		}
		found := h.collect(dispatch.Request{Key: "queue:q", Op: dispatch.LPop, Count: 5})
		if len(found.Items) != 1 || number(found.Items[0].Packet) != 2 || found.Expired != 1 {
			t.Errorf("a take found %+v", found)
		}
		if n := h.raw.LLen(ctx, "carcel:expired").Val(); n != 1 {
			t.Errorf("%d in the bin", n)
		}
		expired := 0
		for _, r := range h.ledger() {
			if r.Values["event"] == "expired" {
				expired++
			}
		}
		if expired != 1 {
			t.Errorf("%d records of it", expired)
		}
	})
}

func TestATakeTakesInOrderAndNoMoreThanAsked(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, op := range []dispatch.Reading{dispatch.LPop, dispatch.RPop} {
			h.raw.Del(ctx, "queue:q")
			q := h.sender.Queue()
			for n := range 1000 {
				h.add(q, parcel(n), "queue:q", dispatch.RPush)
			}
			flush(t, q, 1000)
			next := 0
			for _, count := range []int{0, 1, 15, 16, 17, 256, 300, 394, 5} {
				found := h.collect(dispatch.Request{Key: "queue:q", Op: op, Count: count})
				if want := min(max(count, 1), 1000-next); len(found.Items) != want {
					t.Fatalf("asked for %d, got %d", count, len(found.Items))
				}
				for _, item := range found.Items {
					want := int64(next)
					if op == dispatch.RPop {
						want = 999 - want
					}
					if number(item.Packet) != want {
						t.Fatalf("%s gave %d in place %d", op, number(item.Packet), next)
					}
					next++
				}
				if found.Left != int64(1000-next) {
					t.Errorf("%d left, told %d", 1000-next, found.Left)
				}
			}
			if h.raw.Exists(ctx, "queue:q").Val() != 0 {
				t.Error("an empty list is still there")
			}
		}
	})
}

func TestATakePassesManyExpiredPacketsToFindAFreshOne(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		pipe := h.raw.Pipeline()
		for n := range 1000 {
			pipe.RPush(ctx, "queue:q", encode(t, aged(n, time.Hour, 10), packet.JSON))
		}
		pipe.RPush(ctx, "queue:q", encode(t, parcel(1000), packet.JSON))
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
		found := h.collect(dispatch.Request{Key: "queue:q", Op: dispatch.LPop})
		if len(found.Items) != 1 || number(found.Items[0].Packet) != 1000 || found.Expired != 1000 {
			t.Errorf("%d items, %d expired", len(found.Items), found.Expired)
		}
		if n := h.raw.LLen(ctx, "carcel:expired").Val(); n != 1000 {
			t.Errorf("%d in the bin", n)
		}
	})
}

func TestABinOfAWrongTypeStopsATakeBeforeItTakes(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.dispatch(parcel(1), "queue:q", "")
		h.make("carcel:expired", "string")
		_, err := h.collector.Collect(ctx, dispatch.Request{Key: "queue:q", Op: dispatch.LPop})
		wantWrongType(t, err, "carcel:expired", "list", "string")
		if n := h.raw.LLen(ctx, "queue:q").Val(); n != 1 {
			t.Errorf("%d left", n)
		}
	})
}

func TestLargeValuesAreTakenInBoundedSteps(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	p := parcel(1)
	p.Contents = p.Contents.With("blob", packet.StringOf(strings.Repeat("x", 1<<20)))
	raw := encode(t, p, packet.JSON)
	for range 20 {
		h.raw.RPush(ctx, "queue:q", raw)
	}
	found := h.collect(dispatch.Request{Key: "queue:q", Op: dispatch.LPop, Count: 20})
	if len(found.Items) != 20 {
		t.Fatalf("%d of 20", len(found.Items))
	}
	if n := len(h.ledger()); n < 2 {
		t.Errorf("20 MB were taken in %d step", n)
	}
}

func TestATakeFromALongListHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	h := open(t, testredis.Start(t).URL())
	values := make([]any, 1000)
	for i := range values {
		values[i] = encode(t, parcel(i), packet.JSON)
	}
	for range 100 {
		h.raw.RPush(ctx, "queue:q", values...)
	}
	h.collect(dispatch.Request{Key: "queue:other", Op: dispatch.LPop}) // the script is known from now on
	h.raw.ConfigSet(ctx, "slowlog-log-slower-than", "0")
	h.raw.ConfigSet(ctx, "slowlog-max-len", "1000")
	// The server shares its core with others: of some tries the best tells.
	best := time.Hour
	for try := 0; try < 30 && best > 5*time.Millisecond; try++ {
		h.raw.Do(ctx, "SLOWLOG", "RESET")
		for _, op := range []dispatch.Reading{dispatch.LPop, dispatch.RPop} {
			if found := h.collect(dispatch.Request{Key: "queue:q", Op: op, Count: 1000}); len(found.Items) != 1000 {
				t.Fatalf("%d items", len(found.Items))
			}
		}
		log, err := h.raw.SlowLogGet(ctx, 1000).Result()
		if err != nil {
			t.Fatal(err)
		}
		scripts, slowest := 0, time.Duration(0)
		for _, entry := range log {
			if strings.HasPrefix(strings.ToLower(entry.Args[0]), "eval") {
				scripts++
				slowest = max(slowest, entry.Duration)
			}
		}
		if scripts == 0 {
			t.Fatal("no script is in the slow log")
		}
		best = min(best, slowest)
	}
	if best > 5*time.Millisecond {
		t.Errorf("the slowest script held the server up for %v", best)
	}
	t.Logf("the slowest script took %v", best)
}
