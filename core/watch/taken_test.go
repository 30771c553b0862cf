package watch_test

import (
	"slices"
	"testing"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestAQueueFromWhichOthersPopIsKnown(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		e := follow(t, url, quick)
		e.until("the link is live", func(s *watch.Snapshot) bool { return s.Link.State == watch.Live })
		raw := testredis.Connect(t, url)
		for _, key := range []string{"queue:ours", "queue:theirs", "queue:moved", "queue:cut"} {
			raw.RPush(ctx, key, "1", "2", "3")
		}
		s, err := store.Open(url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		if _, err := dispatch.NewCollector(s).Collect(ctx, dispatch.Request{Key: "queue:ours", Op: dispatch.LPop}); err != nil {
			t.Fatal(err)
		}
		raw.LTrim(ctx, "queue:cut", 1, -1)
		raw.LPop(ctx, "queue:theirs")
		raw.LMove(ctx, "queue:moved", "queue:into", "right", "left")
		for _, key := range []string{"queue:theirs", "queue:moved"} {
			testredis.Eventually(t, key+" is known", func() bool { return e.TakenFrom(key) })
		}
		for _, key := range []string{"queue:ours", "queue:cut", "queue:into"} {
			if e.TakenFrom(key) {
				t.Errorf("%s: nobody popped from it unrecorded", key)
			}
		}
	})
}

func TestAQueueThatSomebodyEditsIsToldOnce(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		e := follow(t, url, quick)
		e.until("the link is live", func(s *watch.Snapshot) bool { return s.Link.State == watch.Live })
		raw := testredis.Connect(t, url)
		raw.RPush(ctx, "queue:a", "1", "2", "3")
		raw.RPush(ctx, "messages:a", "1")
		raw.LSet(ctx, "messages:a", 0, "2")
		raw.LSet(ctx, "queue:a", 1, "x")
		testredis.Eventually(t, "it is told", func() bool { return slices.Equal(e.Edited(), []string{"queue:a"}) })
		if again := e.Edited(); len(again) > 0 {
			t.Errorf("told again: %v", again)
		}
		raw.LInsertBefore(ctx, "queue:a", "x", "y")
		testredis.Eventually(t, "an insertion is told too", func() bool { return len(e.Edited()) == 1 })
	})
}
