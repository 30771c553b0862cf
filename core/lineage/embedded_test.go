package lineage_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestEveryKindOfRedisWillDo(t *testing.T) {
	testredis.Each(t, func(t *testing.T, at string) {
		h := openAt(t, at, engine.Config{Feed: often})
		stop := h.feeds()
		defer stop()
		here, held, gone := h.send("work", "queue:a"), h.send("one", "queue:a"), h.send("work", "queue:b")
		field, member := h.send("work", "agents:metadata"), h.send("work", "swarm:pool")
		h.until("the last one is in the feed", member, there)
		h.collect("queue:b", dispatch.LPop)
		stranger := h.pushed("queue:c")
		if r := h.until("the stranger is in the feed", stranger, there); r.Fate != lineage.Unlogged {
			t.Errorf("%+v", r)
		}
		h.seal()
		h.until("all is settled", member, func(r *lineage.Row) bool { return strings.HasPrefix(r.Verdict.Logged, "included") })
		h.fates(h.census(), map[lineage.Fate]int{lineage.Here: 3, lineage.Held: 1, lineage.Collected: 1, lineage.Unlogged: 1})
		for id, want := range map[string]lineage.Fate{
			here: lineage.Here, held: lineage.Held, gone: lineage.Collected, field: lineage.Here, member: lineage.Here, stranger: lineage.Unlogged,
		} {
			r := h.trace(id)
			if r.Fate != want || r.Found && id != stranger && r.Verdict.Overall != seal.Verified {
				t.Errorf("%s: %s, %+v", id, r.Fate, r.Verdict)
			}
		}
	})
}

func TestWhatAUserMayNotReadIsNotMissing(t *testing.T) {
	h := open(t)
	id := h.send("work", "queue:secret")
	h.raw.Do(ctx, "ACL", "SETUSER", "eve", "on", ">pw", "~ttt:*", "~carcel:*", "~guardian:*", "~queue:open", "&*", "+@all")
	u, _ := url.Parse(h.url)
	u.User = url.UserPassword("eve", "pw")
	e, err := engine.Open(engine.Config{URL: u.String(), Council: h.rules})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	c, err := e.Census(ctx)
	if err != nil || c.Fates[lineage.Unknown] != 1 || len(c.Suspects) > 0 {
		t.Errorf("%v %+v", err, c)
	}
	r, err := e.Trace(ctx, id, 0)
	if err != nil || r.Fate != lineage.Unknown || !strings.Contains(strings.Join(r.Lacks, "\n"), "queue:secret may not be read") {
		t.Errorf("%v %s, lacks %v", err, r.Fate, r.Lacks)
	}
}
