package swarm_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestAnIDThatWouldBreakKeysOrLinesIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := open(t, "redis://127.0.0.1:1")
	for _, id := range []string{"a:b", "a\nb", "a\x00", "a\x1b[2J", "\u0085", strings.Repeat("x", 129), "metadata", "none", "a\xff"} {
		_, registered := s.Register(ctx, swarm.Agent{ID: id, Role: "r"})
		_, parented := s.Register(ctx, swarm.Agent{ID: "a", Role: "r", Parent: id})
		_, claimed := s.Claim(ctx, "q", id, 0)
		_, sent := s.Send(ctx, "a", id, "{}")
		_, put := s.PutContext(ctx, id, strings.NewReader("x"), "")
		for what, err := range map[string]error{"register": registered, "parent": parented, "claim": claimed, "send": sent, "context": put} {
			if !errors.Is(err, swarm.ErrName) || strings.ContainsAny(err.Error(), "\n\x1b\x00") {
				t.Errorf("%s %q: %v", what, id, err)
			}
		}
	}
	_, role := s.Register(ctx, swarm.Agent{Role: "a:b"})
	_, queue := s.Post(ctx, swarm.Task{Queue: "q\n"})
	_, task := s.Post(ctx, swarm.Task{Queue: "q", ID: strings.Repeat("t", 300)})
	_, kind := s.Post(ctx, swarm.Task{Queue: "q", Type: "\xff"})
	_, channel := s.Broadcast(ctx, "c\r", "{}")
	for what, err := range map[string]error{"role": role, "queue": queue, "task": task, "type": kind, "channel": channel} {
		if !errors.Is(err, swarm.ErrName) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := swarm.CheckAgentID("haïku_worker.7-é"); err != nil {
		t.Errorf("a good one: %v", err)
	}
}

func TestNoAgentDescendsFromItself(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		register := func(id, parent string) error {
			_, err := s.Register(ctx, swarm.Agent{ID: id, Role: "r", Parent: parent})
			return err
		}
		for _, pair := range [][2]string{{"a", ""}, {"b", "a"}, {"c", "b"}, {"d", "gone"}} {
			if err := register(pair[0], pair[1]); err != nil {
				t.Fatal(err)
			}
		}
		for _, parent := range []string{"a", "b", "c"} {
			if err := register("a", parent); !errors.Is(err, swarm.ErrParentLoop) {
				t.Errorf("a below %s: %v", parent, err)
			}
		}
		if got := c.HGet(ctx, "agents:a", "parent_id").Val(); got != "none" || c.SIsMember(ctx, "swarm:subagents:c", "a").Val() {
			t.Errorf("a is below %s", got)
		}
		// Others may have made a loop: it ends, and does not hold anybody up.
		c.HSet(ctx, "agents:a", "parent_id", "c")
		if err := register("e", "c"); err != nil {
			t.Errorf("below a loop: %v", err)
		}
		c.HSet(ctx, "agents:a", "parent_id", "none")
		// Who moves leaves the old parent's list.
		if err := register("c", "a"); err != nil || c.SIsMember(ctx, "swarm:subagents:b", "c").Val() || !c.SIsMember(ctx, "swarm:subagents:a", "c").Val() {
			t.Errorf("c moved: %v", err)
		}
		if err := s.Retire(ctx, "c", ""); err != nil || c.SIsMember(ctx, "swarm:subagents:a", "c").Val() {
			t.Errorf("c left, and is still listed: %v", err)
		}
	})
}

func TestAgentsAreListedInWindows(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		for i := range 250 {
			if _, err := s.Register(ctx, swarm.Agent{ID: fmt.Sprint("a", i), Role: "worker", Parent: "boss", Capacity: i}); err != nil {
				t.Fatal(err)
			}
		}
		c.Del(ctx, "agents:a1:heartbeat", "agents:a2:heartbeat", "agents:a3")
		c.Set(ctx, "agents:a2:hb", "1700000000.5", time.Minute)
		if _, err := s.Send(ctx, "x", "a4", "{}"); err != nil {
			t.Fatal(err)
		}
		all, windows := map[string]swarm.AgentState{}, 0
		for cursor, more := uint64(0), true; more; more = cursor != 0 {
			page, next, err := s.Agents(ctx, cursor, 50)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page {
				all[a.ID] = a
			}
			cursor = next
			windows++
		}
		if len(all) != 250 {
			t.Errorf("%d agents in %d windows", len(all), windows)
		}
		if a := all["a7"]; a.Role != "worker" || a.Parent != "boss" || a.Capacity != 7 || !a.Alive || !a.Known || a.Left < 290*time.Second || time.Since(a.Beat) > time.Minute {
			t.Errorf("%+v", a)
		}
		if all["a1"].Alive || !all["a2"].Alive || all["a2"].Beat.Unix() != 1700000000 || all["a3"].Known || all["a4"].Messages != 1 {
			t.Errorf("%+v\n%+v\n%+v\n%+v", all["a1"], all["a2"], all["a3"], all["a4"])
		}
		if _, err := s.Agent(ctx, "a3"); !errors.Is(err, swarm.ErrNoAgent) {
			t.Errorf("one that is not registered: %v", err)
		}
	})
}

func TestMessagesAreTakenManyAtOnceAndLookedAtWithoutTaking(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		for n := range 7 {
			if n == 3 {
				c.RPush(ctx, "messages:b", "no JSON")
			}
			if _, err := s.Send(ctx, "a", "b", fmt.Sprint(n)); err != nil {
				t.Fatal(err)
			}
		}
		window, total, err := s.Peek(ctx, "b", 2, 3)
		if err != nil || total != 8 || len(window) != 3 || window[0].Content != "2" || window[1].Err == nil || window[1].Raw != "no JSON" || window[2].Content != "3" {
			t.Errorf("peeked %+v, %d, %v", window, total, err)
		}
		if none, total, err := s.Peek(ctx, "nobody", 0, 3); err != nil || total != 0 || len(none) != 0 {
			t.Errorf("peeked %+v, %v", none, err)
		}
		first, err := s.ReceiveMany(ctx, "b", 5)
		if err != nil || len(first) != 5 || first[4].Content != "3" || first[3].Err == nil {
			t.Errorf("received %+v, %v", first, err)
		}
		rest, err := s.ReceiveMany(ctx, "b", 5)
		if err != nil || len(rest) != 3 || rest[2].Content != "6" || c.Exists(ctx, "messages:b").Val() != 0 {
			t.Errorf("received %+v, %v", rest, err)
		}
		if _, err := s.ReceiveMany(ctx, "b", 5); !errors.Is(err, swarm.ErrNoMessage) {
			t.Errorf("an empty inbox: %v", err)
		}
		c.Set(ctx, "messages:b", "x", 0)
		if _, _, err := s.Peek(ctx, "b", 0, 1); !errors.Is(err, store.ErrWrongType) {
			t.Errorf("peek into a string: %v", err)
		}
	})
}

func TestWhoListensHearsWhatIsBroadcast(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		if n, err := s.Broadcast(ctx, "news", `{"n": 0}`); err != nil || n != 0 {
			t.Errorf("%d heard what nobody listens to: %v", n, err)
		}
		if _, err := s.Broadcast(ctx, "news", `{`); err == nil {
			t.Error("no JSON was broadcast")
		}
		listening, stop := cancelled()
		heard, err := s.Listen(listening, "news", "agent:*")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := s.Broadcast(ctx, "news", `{"n": 1}`); err != nil || n != 1 {
			t.Errorf("%d heard it: %v", n, err)
		}
		if _, err := s.Broadcast(ctx, "other", `{}`); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Send(ctx, "a", "b", "1"); err != nil {
			t.Fatal(err)
		}
		c.Publish(ctx, "channel:news", "plain text of somebody's")
		want := []string{`news {"n": 1}`, `agent:b `, "news plain text of somebody's"}
		for _, w := range want {
			select {
			case h := <-heard:
				if !strings.HasPrefix(h.Channel+" "+h.Payload, w) || h.Gap || time.Since(h.At) > time.Minute {
					t.Errorf("heard %+v, want %s", h, w)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("never heard %s", w)
			}
		}
		stop()
		for range heard { // it closes
		}
	})
}

func TestWhoListensLearnsThatSomethingMayHaveBeenMissed(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s, _ := open(t, server.URL())
	listening, stop := cancelled()
	defer stop()
	heard, err := s.Listen(listening)
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Up()
	select {
	case h := <-heard:
		if !h.Gap {
			t.Errorf("heard %+v", h)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing told of the gap")
	}
	if _, err := s.Broadcast(ctx, "news", "1"); err != nil {
		t.Fatal(err)
	}
	if h := <-heard; h.Channel != "news" || h.Payload != "1" {
		t.Errorf("heard %+v", h)
	}
	stop()
	for range heard {
	}
}

func TestNothingIsSaidInReadOnlyMode(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s, err := store.Open(server.URL(), store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := swarm.New(s).Broadcast(ctx, "news", "1"); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("broadcast: %v", err)
	}
	if _, err := swarm.New(s).PutContext(ctx, "a", strings.NewReader(strings.Repeat("x", 3<<20)), ""); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("context: %v", err)
	}
}
