package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// secret is what must be nowhere after an erasure.
const secret = "Grete Hermann"

func personal(primitive string) packet.Packet {
	return packet.New("tester", packet.MustValue(fmt.Sprintf(`{"primitive": %q, "source": %q, "destination": "b", "pid": 7}`, primitive, secret)))
}

// dumped is all that a Redis holds, as text.
func dumped(t *testing.T, c *redis.Client) string {
	t.Helper()
	ctx, all := context.Background(), ""
	for _, key := range c.Keys(ctx, "*").Val() {
		var v any
		switch c.Type(ctx, key).Val() {
		case "string":
			v = c.Get(ctx, key).Val()
		case "list":
			v = c.LRange(ctx, key, 0, -1).Val()
		case "hash":
			v = c.HGetAll(ctx, key).Val()
		case "set":
			v = c.SMembers(ctx, key).Val()
		case "stream":
			v = c.XRange(ctx, key, "-", "+").Val()
		}
		all += fmt.Sprintf("%s: %v\n", key, v)
	}
	return all
}

func opened(t *testing.T, url string) *engine.Engine {
	t.Helper()
	e, err := engine.Open(engine.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestErasingLeavesNoContentsAnywhereAndARecordOfEachPlace(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		ctx, e, c := context.Background(), opened(t, url), testredis.Connect(t, url)
		send := func(p packet.Packet, to dispatch.Destination) string {
			if _, err := e.Dispatch(ctx, p, to); err != nil {
				t.Fatal(err)
			}
			return p.TrackingID
		}
		bare := personal("matrix.route")
		bare.SchemaVersion = packet.Schema10
		held, binned := send(personal("process.kill"), dispatch.Destination{Key: "queue:a"}), send(personal("process.kill"), dispatch.Destination{Key: "queue:a"})
		if _, err := e.Carcel().Discard(ctx, binned, "ann", ""); err != nil {
			t.Fatal(err)
		}
		twice := send(personal("matrix.route"), dispatch.Destination{Key: "queue:b"})
		c.RPush(ctx, "queue:copies", c.LIndex(ctx, "queue:b", -1).Val(), "other")
		stale := personal("matrix.route")
		stale.DispatchedAt, stale.TTLSeconds, stale.SchemaVersion = packet.FormatTime(time.Now().Add(-time.Hour)), 5, packet.Schema10
		c.RPush(ctx, "carcel:expired", packet.AppendJSON(nil, stale))
		for name, x := range map[string]struct {
			id    string
			whats string
		}{
			"a queue":            {send(personal("matrix.route"), dispatch.Destination{Key: "queue:a"}), "list decision"},
			"MessagePack":        {send(bare, dispatch.Destination{Key: "queue:a", Format: packet.Msgpack}), "list decision"},
			"a context":          {send(personal("matrix.route"), dispatch.Destination{Key: "context:x"}), "string decision"},
			"a hash":             {send(personal("matrix.route"), dispatch.Destination{Key: "agents:metadata"}), "hash decision"},
			"a set":              {send(personal("matrix.route"), dispatch.Destination{Key: "swarm:x"}), "set decision"},
			"a key of any name":  {send(personal("matrix.route"), dispatch.Destination{Key: "their:list", Operation: dispatch.RPush}), "list decision"},
			"two queues":         {twice, "list list decision"},
			"the carcel":         {held, "carcel decision"},
			"the bin":            {binned, "bin decision"},
			"the expired":        {stale.TrackingID, "list"},
			"one taken long ago": {taken(t, e, send), "decision"},
		} {
			done, err := e.Erase(ctx, x.id, "asked to", "ann")
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var whats []string
			for _, r := range done.Removed {
				whats = append(whats, r.What)
			}
			if got := strings.Join(whats, " "); got != x.whats {
				t.Errorf("%s: removed from %s, not %s", name, got, x.whats)
			}
			r, err := e.Trace(ctx, x.id, 0)
			if err != nil || r.Fate != lineage.Erased || r.Found {
				t.Errorf("%s: %v, fate %s: %s", name, err, r.Fate, r.Why)
			}
			again, err := e.Erase(ctx, x.id, "once more", "ann")
			if err != nil || len(again.Removed) != 0 || len(again.Left) == 0 {
				t.Errorf("%s, once more: %v, %+v", name, err, again)
			}
		}
		if dump := dumped(t, c); strings.Contains(dump, secret) {
			at := strings.Index(dump, secret)
			t.Errorf("something is left: …%s…", dump[max(0, at-200):at+50])
		}
		if left := c.LRange(ctx, "queue:copies", 0, -1).Val(); len(left) != 1 || left[0] != "other" {
			t.Errorf("its neighbours are %v", left)
		}
		if _, _, err := e.Carcel().Show(ctx, held); err == nil {
			t.Error("the erased entry is still shown")
		}
		a, err := e.Ledger().Audit(ctx, nil)
		if err != nil || len(a.Findings) > 0 {
			t.Error(err, a)
		}
	})
}

// taken is a packet that was collected.
func taken(t *testing.T, e *engine.Engine, send func(packet.Packet, dispatch.Destination) string) string {
	t.Helper()
	id := send(personal("matrix.route"), dispatch.Destination{Key: "queue:taken"})
	if _, err := e.Collect(context.Background(), dispatch.Request{Key: "queue:taken", Op: dispatch.LPop, Actor: "taker"}); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestErasingInTheMiddleOfALongListMovesNobodyElse(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		ctx, e, c := context.Background(), opened(t, url), testredis.Connect(t, url)
		fill := func(from int) {
			var lot []any
			for n := range 6000 {
				lot = append(lot, fmt.Sprintf("filler %d", from+n))
			}
			c.RPush(ctx, "queue:long", lot...)
		}
		fill(0)
		p := personal("matrix.route")
		if _, err := e.Dispatch(ctx, p, dispatch.Destination{Key: "queue:long"}); err != nil {
			t.Fatal(err)
		}
		fill(6000)
		done, err := e.Erase(ctx, p.TrackingID, "asked to", "ann")
		if err != nil || len(done.Removed) != 2 || *done.Removed[0].Slot != 6000 {
			t.Fatalf("%v, %+v", err, done)
		}
		for n, text := range c.LRange(ctx, "queue:long", 0, -1).Val() {
			if text != fmt.Sprintf("filler %d", n) {
				t.Fatalf("slot %d holds %q", n, text)
			}
		}
	})
}

func TestErasingWhileOthersPopStillFindsThePacket(t *testing.T) {
	ctx, url := context.Background(), testredis.Start(t).URL()
	e, c := opened(t, url), testredis.Connect(t, url)
	var lot []any
	for n := range 30_000 {
		lot = append(lot, fmt.Sprintf("filler %d", n))
	}
	c.RPush(ctx, "queue:busy", lot...)
	p := personal("matrix.route")
	if _, err := e.Dispatch(ctx, p, dispatch.Destination{Key: "queue:busy"}); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				c.LPop(ctx, "queue:busy")
				c.RPush(ctx, "queue:busy", "filler")
			}
		}
	}()
	done, err := e.Erase(ctx, p.TrackingID, "asked to", "ann")
	close(stop)
	<-stopped
	if err != nil || len(done.Removed) != 2 || strings.Contains(dumped(t, c), secret) {
		t.Errorf("%v, %+v", err, done)
	}
}

func TestWhatErasingRefusesChangesNothing(t *testing.T) {
	server := testredis.Start(t)
	ctx, e, c := context.Background(), opened(t, server.URL()), server.Client()
	p := personal("matrix.route")
	if _, err := e.Dispatch(ctx, p, dispatch.Destination{Key: "queue:a"}); err != nil {
		t.Fatal(err)
	}
	before := dumped(t, c)
	reader, err := engine.Open(engine.Config{URL: server.URL(), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	c.Do(ctx, "ACL", "SETUSER", "clerk", "on", ">pw", "~*", "&*", "+@all", "-lrem")
	clerk := opened(t, strings.Replace(server.URL(), "redis://", "redis://clerk:pw@", 1))
	for name, x := range map[string]struct {
		by   *engine.Engine
		id   string
		why  string
		kind error
	}{
		"no reason":      {e, p.TrackingID, " ", engine.ErrNoWhy},
		"a long reason":  {e, p.TrackingID, strings.Repeat("x", 1001), carcel.ErrWhy},
		"no id":          {e, "queue:a", "asked to", engine.ErrNoTrackingID},
		"another packet": {e, packet.NewTrackingID(), "asked to", lineage.ErrNotFound},
		"read-only":      {reader, p.TrackingID, "asked to", store.ErrReadOnly},
		"without rights": {clerk, p.TrackingID, "asked to", store.ErrAuth},
	} {
		if _, err := x.by.Erase(ctx, x.id, x.why, "ann"); !errors.Is(err, x.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := dumped(t, c); len(after) != len(before) {
		t.Errorf("something was changed:\n%s\n%s", before, after)
	}
	c.Rename(ctx, "carcel:marks", "x")
	c.Set(ctx, "carcel:marks", "no set", 0)
	held := personal("process.kill")
	if _, err := e.Dispatch(ctx, held, dispatch.Destination{Key: "queue:a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Erase(ctx, held.TrackingID, "asked to", "ann"); !errors.Is(err, store.ErrWrongType) || c.LLen(ctx, "carcel:dead_letters").Val() != 1 {
		t.Errorf("a wrong type beside the carcel: %v", err)
	}
}

func TestAnErasedPacketsApprovalsCanStillBeChecked(t *testing.T) {
	ctx, url := context.Background(), testredis.Start(t).URL()
	e := opened(t, url)
	p := personal("matrix.route")
	if _, err := e.Dispatch(ctx, p, dispatch.Destination{Key: "queue:a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Erase(ctx, p.TrackingID, "asked to", "ann"); err != nil {
		t.Fatal(err)
	}
	r, err := e.Trace(ctx, p.TrackingID, 0)
	if err != nil || r.Decision == nil || !strings.Contains(r.Decision.Raw, `"payload_sha256"`) || strings.Contains(r.Decision.Raw, secret) {
		t.Fatal(err, r.Decision)
	}
	if _, there := r.Decision.Action(); there {
		t.Error("an erased record still gives an action, which whatif would judge")
	}
}

func TestErasingATaskTakesItOutOfItsQueue(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		ctx, e, c := context.Background(), opened(t, url), testredis.Connect(t, url)
		post := func(who string, priority int) (packet string) {
			posted, err := e.Swarm().Post(ctx, swarm.Task{Queue: "q", Type: "route", PostedBy: "tester", Priority: priority, Data: fmt.Sprintf(`{"primitive": "matrix.route", "source": %q, "destination": "b"}`, who)})
			if err != nil || posted.TrackingID == "" {
				t.Fatalf("%+v, %v", posted, err)
			}
			return posted.TrackingID
		}
		waits, claimed, other := post(secret, 1), post(secret, 9), post("somebody else", 1)
		lease, err := e.Swarm().Claim(ctx, "q", "worker", time.Minute)
		if err != nil || lease.ID != taskOf(t, c, claimed) {
			t.Fatalf("%+v, %v", lease, err)
		}
		for _, id := range []string{waits, claimed} {
			x, err := e.Erase(ctx, id, "asked to", "ann")
			if err != nil {
				t.Fatal(err)
			}
			if len(x.Removed) < 2 || x.Removed[0].What != "task" || x.Removed[1].What != "decision" || !strings.Contains(strings.Join(x.Unreached, "\n"), "it went as a task of tasks:queue:q:") {
				t.Errorf("%+v", x)
			}
			if again, err := e.Erase(ctx, id, "asked to", "ann"); err != nil || len(again.Removed) != 0 {
				t.Errorf("again: %+v, %v", again, err)
			}
		}
		if all := dumped(t, c); strings.Contains(all, secret) || !strings.Contains(all, "somebody else") {
			t.Errorf("Redis holds\n%s", all)
		}
		if left := c.ZRange(ctx, "tasks:queue:q", 0, -1).Val(); len(left) != 1 || left[0] != taskOf(t, c, other) {
			t.Errorf("in the queue are %v", left)
		}
		if err := e.Swarm().Complete(ctx, lease, `"done"`, 0); err != nil { // who held it had its data already
			t.Errorf("who held the task cannot complete it: %v", err)
		}
	})
}

// taskOf is the id of the task that was judged as a packet.
func taskOf(t *testing.T, c *redis.Client, trackingID string) string {
	t.Helper()
	for _, key := range c.Keys(context.Background(), "tasks:meta:*").Val() {
		if c.HGet(context.Background(), key, "tracking_id").Val() == trackingID {
			return strings.TrimPrefix(key, "tasks:meta:")
		}
	}
	t.Fatalf("there is no task of %s", trackingID)
	return ""
}
