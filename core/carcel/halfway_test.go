package carcel_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// picture is every key with its value.
func (h *house) picture() map[string]string {
	h.t.Helper()
	all := map[string]string{}
	for _, key := range h.raw.Keys(ctx, "*").Val() {
		all[key] = h.raw.Dump(ctx, key).Val()
	}
	return all
}

// changed are the keys in which two pictures differ.
func changed(a, b map[string]string) (keys []string) {
	for key := range b {
		if a[key] != b[key] {
			keys = append(keys, key)
		}
	}
	for key := range a {
		if _, there := b[key]; !there {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// deeds are all acts that change the carcel, each with what must be there first.
var deeds = map[string]struct {
	before func(h *house) string
	do     func(h *house, far *carcel.Carcel, id string) error
}{
	"approve": {func(h *house) string { return h.send("two", "worker_1") }, func(h *house, far *carcel.Carcel, id string) error {
		_, err := far.Approve(ctx, id, h.people["bob"], "")
		return err
	}},
	"approve last": {func(h *house) string { return h.send("one", "worker_1") }, func(h *house, far *carcel.Carcel, id string) error {
		_, err := far.Approve(ctx, id, h.people["bob"], "")
		return err
	}},
	"deny": {func(h *house) string { return h.send("one", "worker_1") }, func(h *house, far *carcel.Carcel, id string) error {
		_, err := far.Deny(ctx, id, h.people["bob"], "")
		return err
	}},
	"appeal": {func(h *house) string { return h.send("never", "worker_1") }, func(_ *house, far *carcel.Carcel, id string) error {
		_, err := far.Appeal(ctx, id, "cy", nil, "needed")
		return err
	}},
	"discard": {func(h *house) string { return h.send("one", "worker_1") }, func(_ *house, far *carcel.Carcel, id string) error {
		_, err := far.Discard(ctx, id, "cy", "")
		return err
	}},
	"restore": {func(h *house) string {
		id := h.send("one", "worker_1")
		if _, err := h.held.Discard(ctx, id, "cy", ""); err != nil {
			h.t.Fatal(err)
		}
		return id
	}, func(_ *house, far *carcel.Carcel, id string) error {
		_, err := far.Restore(ctx, id, "cy", "")
		return err
	}},
	"sweep": {func(h *house) string {
		id := h.send("brief", "worker_1")
		time.Sleep(time.Until(h.record(id).Deadline()) + 2*time.Millisecond)
		return id
	}, func(_ *house, far *carcel.Carcel, _ string) error {
		_, err := far.Sweep(ctx)
		return err
	}},
	"replay": {func(h *house) string {
		id := h.send("later", "worker_1")
		h.rules.lenient.Store(true)
		plan, err := h.held.Plan(ctx, carcel.Spec{Filter: carcel.Filter{IDs: []string{id}}})
		if err != nil {
			h.t.Fatal(err)
		}
		run, err := h.held.Begin(ctx, plan)
		if err != nil {
			h.t.Fatal(err)
		}
		return id + " " + run.ID
	}, func(h *house, far *carcel.Carcel, id string) error {
		run, err := far.Work(ctx, strings.Fields(id)[1], nil)
		h.rules.lenient.Store(false)
		if err == nil && run.Released != 1 {
			err = fmt.Errorf("the run ended as %+v", run)
		}
		return err
	}},
	"dispatch": {func(*house) string { return packet.NewTrackingID() }, func(h *house, _ *carcel.Carcel, _ string) error {
		h.send("one", "worker_1")
		return nil
	}},
}

func TestACountThatIsNoNumberStopsNoActHalfWay(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.raw.Set(ctx, keyspace.Main.Changes(), "many", 0)
		for _, name := range slices.Sorted(maps.Keys(deeds)) {
			deed := deeds[name]
			id := deed.before(h)
			h.raw.Set(ctx, keyspace.Main.Changes(), "many", 0)
			cell := time.Now().Unix() / 600
			for _, n := range []int64{cell, cell + 1} {
				for _, rule := range []string{"tester/one", "tester/two"} {
					h.raw.HSet(ctx, keyspace.Main.Fired(n), rule, "many")
				}
			}
			if f := strings.Fields(id); len(f) == 2 {
				h.raw.HSet(ctx, keyspace.Main.Run(f[1]), "released", "many")
			}
			if err := deed.do(h, h.held, id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			h.raw.Set(ctx, keyspace.Main.Changes(), "many", 0)
			if _, err := h.held.Compact(ctx); err != nil {
				t.Errorf("%s: compact: %v", name, err)
			}
			h.wipe()
		}
	})
}

func TestAnActThatTheServerRefusesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	h := open(t, server.URL())
	refuse := map[string]func(*house){}
	for _, c := range []string{"lset", "lrem", "zadd", "zrem", "set", "incr", "rpush", "expire", "xadd", "lindex", "hset", "sadd", "del", "evalsha"} {
		refuse["a user without "+c] = func(h *house) { h.raw.Do(ctx, "ACL", "SETUSER", "far", "-"+c) }
	}
	refuse["a full server"] = func(h *house) { h.raw.ConfigSet(ctx, "maxmemory", "1") }
	h.raw.Do(ctx, "ACL", "SETUSER", "far", "on", "nopass", "~*", "&*", "+@all")
	s, err := store.Open(strings.Replace(server.URL(), "redis://", "redis://far:x@", 1), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	far := carcel.New(s, h.rules, packet.DefaultRegistry(), h.ring)
	for what, harm := range refuse {
		for name, deed := range deeds {
			if name == "dispatch" {
				continue
			}
			id := deed.before(h)
			before := h.picture()
			harm(h)
			err := deed.do(h, far, id)
			h.raw.ConfigSet(ctx, "maxmemory", "0")
			h.raw.Do(ctx, "ACL", "SETUSER", "far", "+@all")
			touched := changed(before, h.picture())
			touched = slices.DeleteFunc(touched, func(key string) bool { return strings.HasPrefix(key, "carcel:run:") }) // why it paused
			if err != nil && len(touched) > 0 {
				t.Errorf("%s, %s: %v; half of it is written: %v", what, name, err, touched)
			}
			h.wipe()
		}
	}
}

func TestAKeyOfAnotherTypeStopsAnActBeforeItBegins(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	h := open(t, server.URL())
	space := keyspace.Main
	for name, deed := range deeds {
		if name == "dispatch" {
			continue
		}
		for _, key := range []string{
			space.DeadLetters(), space.Marks(), space.Pending(), space.Changes(), space.Decision("ID"), "queue:q", space.Bins(), space.Bin("SHA"),
			space.Run("RUN"), space.RunReleased("RUN"), space.RunPlan("RUN"),
		} {
			what := deed.before(h)
			names := append(strings.Fields(what), "none")
			key = strings.Replace(strings.Replace(key, "ID", names[0], 1), "RUN", names[1], 1)
			if held := h.inCarcel(); len(held) > 0 {
				key = strings.Replace(key, "SHA", held[0].SHA, 1)
			}
			h.raw.Del(ctx, key)
			if strings.HasSuffix(key, ":released") || key == space.Decision(names[0]) || key == space.Run(names[1]) {
				h.raw.RPush(ctx, key, "of another type")
			} else {
				h.raw.SAdd(ctx, key, "of another type")
			}
			before := h.picture()
			err := deed.do(h, h.held, what)
			touched := slices.DeleteFunc(changed(before, h.picture()), func(key string) bool { return strings.HasPrefix(key, "carcel:run:") })
			if err != nil && len(touched) > 0 {
				t.Errorf("%s with %s of another type: %v; half of it is written: %v", name, key, err, touched)
			}
			h.rules.lenient.Store(false)
			h.wipe()
		}
	}
}
