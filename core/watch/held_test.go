package watch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func heldText(n int, decision string) string {
	return fmt.Sprintf(`{"tracking_id": "t%06d", "reason": "r", "decision": %q, "timestamp": "2025-12-02T14:35:18Z", "contents": {"primitive": "process.kill", "pad": %q}, "origin": "w"}`,
		n, decision, strings.Repeat("x", 300))
}

// shows reports whether the picture's carcel is what the list holds.
func shows(s *watch.Snapshot, c *redis.Client) bool {
	raws, entries := c.LRange(ctx, "carcel:dead_letters", 0, -1).Val(), s.Carcel.Entries()
	if len(raws) != len(entries) || s.Carcel.Length != int64(len(raws)) {
		return false
	}
	for i, raw := range raws {
		if entries[len(raws)-1-i].SHA != carcel.SHA(raw) {
			return false
		}
	}
	return true
}

func TestThePictureFollowsTheCarcelHoweverItChanges(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		c := testredis.Connect(t, url)
		for i := range 2000 {
			c.RPush(ctx, "carcel:dead_letters", heldText(i, "blocked"))
		}
		e := follow(t, url, quick)
		e.until("all of it is read", func(s *watch.Snapshot) bool { return s.Carcel.Table != nil && s.Carcel.Table.Whole && shows(s, c) })
		for what, do := range map[string]func(){
			"rpush": func() { c.RPush(ctx, "carcel:dead_letters", heldText(5000, "requires_human_review")) },
			"lpush": func() { c.LPush(ctx, "carcel:dead_letters", heldText(5001, "blocked")) },
			"lpop":  func() { c.LPop(ctx, "carcel:dead_letters") },
			"lset":  func() { c.LSet(ctx, "carcel:dead_letters", 777, heldText(5002, "blocked")) },
			"lrem":  func() { c.LRem(ctx, "carcel:dead_letters", 1, heldText(1000, "blocked")) },
			"ltrim": func() { c.LTrim(ctx, "carcel:dead_letters", 0, -2) },
		} {
			do()
			e.until(what+" is seen", func(s *watch.Snapshot) bool { return shows(s, c) })
		}
		c.Set(ctx, "carcel:dead_letters", "no list", 0)
		e.until("the wrong type is a fault and nothing is held", func(s *watch.Snapshot) bool {
			return fault(s, watch.TypeWrong, "carcel:dead_letters") && len(s.Carcel.Entries()) == 0 && s.Carcel.Length == 0
		})
		c.Del(ctx, "carcel:dead_letters")
		c.RPush(ctx, "carcel:dead_letters", heldText(1, "requires_co_signature"))
		e.until("it is a list again", func(s *watch.Snapshot) bool { n, _ := s.Carcel.Waiting(); return n == 1 && shows(s, c) })
	})
}

func TestALookCountsWhatWaitsBeyondWhatItReads(t *testing.T) {
	server := testredis.Start(t)
	e, c, _ := watching(t, quick)
	_ = server
	c.RPush(ctx, "carcel:dead_letters", heldText(1, "requires_human_review"), heldText(2, "blocked"))
	c.ZAdd(ctx, "carcel:pending", redis.Z{Score: 1, Member: "t000001"})
	s := e.until("it waits", func(s *watch.Snapshot) bool { n, _ := s.Carcel.Waiting(); return n == 1 })
	if _, since := s.Carcel.Waiting(); since.Year() != 2025 {
		t.Errorf("it waits since %v", since)
	}
	look, err := e.Look(ctx)
	if err != nil || !look.Carcel.Table.Whole {
		t.Fatalf("%v, %+v", err, look.Carcel)
	}
	if n, _ := look.Carcel.Waiting(); n != 1 {
		t.Errorf("%d wait", n)
	}
}
