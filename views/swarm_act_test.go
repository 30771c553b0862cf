package views

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// plant is a real Redis with a worker that holds a task, and the picture of it.
func plant(t *testing.T) (*Shared, *engine.Engine, *testredis.Server) {
	t.Helper()
	server := testredis.Start(t)
	e, err := engine.Open(engine.Config{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	s := plainStage(t)
	s.Engine, s.Now = e, time.Now()
	c, ctx := e.Swarm(), context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"boss_1", "worker_1", "worker_2"} {
		_, err := c.Register(ctx, swarm.Agent{ID: id, Role: "haiku_worker", Metadata: map[string]any{"model": "haiku", "skills": []string{"triage"}}})
		must(err)
	}
	for i := range 3 {
		_, err := c.Post(ctx, swarm.Task{ID: fmt.Sprint("task_", i), Queue: "review", Type: "summary", Data: `{"subject":"valve"}`, PostedBy: "boss_1", Priority: 9 - i})
		must(err)
	}
	_, err = c.Claim(ctx, "review", "worker_1", time.Minute)
	must(err)
	_, err = c.Send(ctx, "boss_1", "worker_1", `{"text":"are you there?"}`)
	must(err)
	_, err = c.PutContext(ctx, "worker_1", strings.NewReader(strings.Repeat("notes of the night shift\n", 4000)), "")
	must(err)
	retake(t, s)
	return s, e, server
}

// retake takes a new picture.
func retake(t *testing.T, s *Shared) {
	t.Helper()
	snap, err := s.Engine.Look(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	next := *snap
	next.Link = watch.Link{State: watch.Live, Since: time.Now().Add(-time.Minute)}
	s.Snap, s.Now = &next, time.Now()
}

// settle runs commands and hands their answers to a screen until none is left.
// What is for the root it returns.
func settle(p Pane, cmd tea.Cmd) (forRoot []tea.Msg) {
	todo := []tea.Cmd{cmd}
	for ; len(todo) > 0; todo = todo[1:] {
		if todo[0] == nil {
			continue
		}
		switch msg := todo[0]().(type) {
		case nil:
		case tea.BatchMsg:
			todo = append(todo, msg...)
		case Toast, Ask, Go, Copy, Pick:
			forRoot = append(forRoot, msg)
		default:
			todo = append(todo, p.Update(msg))
		}
	}
	return forRoot
}

// asked is the dialog that a binding opens.
func asked(t *testing.T, p Pane, id string) Ask {
	t.Helper()
	cmd, done := p.Do(id)
	if !done || !p.State(id).Enabled {
		t.Fatalf("%s is not done: %+v", id, p.State(id))
	}
	for _, msg := range settle(p, cmd) {
		if a, ok := msg.(Ask); ok {
			return a
		}
	}
	t.Fatalf("%s asks nothing", id)
	return Ask{}
}

func toastOf(t *testing.T, all []tea.Msg) string {
	t.Helper()
	for _, msg := range all {
		if toast, ok := msg.(Toast); ok {
			return toast.Text
		}
	}
	t.Fatal("nothing is told")
	return ""
}

func sees(t *testing.T, p Pane, texts ...string) {
	t.Helper()
	view := plain(p.View(true))
	for _, text := range texts {
		if !strings.Contains(view, text) {
			t.Errorf("%q is not on the screen:\n%s", text, view)
		}
	}
}

func agentsOn(s *Shared, id string) *Agents {
	a := NewAgents(s)
	a.SetSize(160, 50)
	a.Refresh()
	a.Select(id)
	settle(a, a.Refresh())
	return a
}

func TestTheDetailReadsMessagesAndContextAndTakesNothing(t *testing.T) {
	s, _, server := plant(t)
	a := agentsOn(s, "worker_1")
	sees(t, a, "model haiku", `skills ["triage"]`, "holds 1", "task_0", "1 waits", "are you there?", "97.7 KB", "notes of the night shift", "c reads on")
	if n := server.Client().LLen(context.Background(), keyspace.Messages("worker_1")).Val(); n != 1 {
		t.Errorf("%d messages wait after looking", n)
	}
}

func TestAContextIsReadPartByPart(t *testing.T) {
	s, _, _ := plant(t)
	a := agentsOn(s, "worker_1")
	cmd, _ := a.Do("agents.context")
	settle(a, cmd)
	sees(t, a, "0–32.0 KB of 97.7 KB")
	seen := map[string]bool{}
	for range 20 {
		cmd, _ := a.Do("list.end")
		settle(a, cmd)
		a.View(true)
		seen[fmt.Sprint(a.detail.reader.from)] = true
	}
	sees(t, a, "96.0 KB–97.7 KB of 97.7 KB")
	if len(seen) != 4 {
		t.Errorf("the parts in sight were %v", seen)
	}
	cmd, _ = a.Do("list.home")
	settle(a, cmd)
	sees(t, a, "0–32.0 KB of 97.7 KB")
	do(t, a, "list.back")
	if a.detail.reader != nil || !a.inside {
		t.Error("esc closes more than the context")
	}
}

func TestAMissingChunkIsNamedAndNotPassedOver(t *testing.T) {
	s, e, server := plant(t)
	if _, err := e.Swarm().PutContext(context.Background(), "worker_1", strings.NewReader(strings.Repeat("x", 3<<20)), ""); err != nil {
		t.Fatal(err)
	}
	server.Client().Del(context.Background(), keyspace.ContextChunk("worker_1", 0), keyspace.ContextChunk("worker_1", 2))
	retake(t, s)
	a := agentsOn(s, "worker_1")
	sees(t, a, "chunks 0, 2 are missing, of 3")
	cmd, _ := a.Do("agents.context")
	settle(a, cmd)
	sees(t, a, "chunk 0 of 3 is")
}

func TestAMessageIsJSONOrWords(t *testing.T) {
	for typed, want := range map[string]string{
		`{"kind": "question"}`: `{"kind": "question"}`, `[1,2]`: `[1,2]`, "  come home ": `{"text":"come home"}`, `42`: `{"text":"42"}`, `say "yes"`: `{"text":"say \"yes\""}`,
	} {
		got, err := messageOf(typed)
		var a, b any
		if err != nil || json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%q becomes %q, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", "  ", `{"a":`, `[1,`} {
		if _, err := messageOf(typed); err == nil {
			t.Errorf("%q is sent", typed)
		}
	}
	s, e, _ := plant(t)
	s.As = "ops.lena"
	a := agentsOn(s, "worker_2")
	ask := asked(t, a, "agents.message")
	value := func(string) string { return "come home" }
	if ask.Check(value) != nil || ask.Check(func(string) string { return "{" }) == nil {
		t.Error("the field is not checked")
	}
	if said := toastOf(t, settle(a, ask.Filled(value))); !strings.Contains(said, "waits for worker_2") {
		t.Errorf("it says %q", said)
	}
	messages, _, err := e.Swarm().Peek(context.Background(), "worker_2", 0, 5)
	if err != nil || len(messages) != 1 || messages[0].From != "ops.lena" || !strings.Contains(messages[0].Content, "come home") {
		t.Errorf("there is %+v, %v", messages, err)
	}
}

func TestTheTasksOfAnAgentAreRequeued(t *testing.T) {
	s, e, _ := plant(t)
	a := agentsOn(s, "worker_1")
	ask := asked(t, a, "agents.requeue")
	if said := toastOf(t, settle(a, ask.Yes)); said != "task_0 waits in review again" {
		t.Errorf("it says %q", said)
	}
	l, err := e.Swarm().Claim(context.Background(), "review", "worker_2", time.Minute)
	if err != nil || l.ID != "task_0" {
		t.Fatalf("the next to claim is %v, %v", l.ID, err)
	}
	// Between question and answer somebody else has it: it stays there.
	if said := toastOf(t, settle(a, ask.Yes)); !strings.Contains(said, "left alone") {
		t.Errorf("it says %q", said)
	}
	if err := e.Swarm().Complete(context.Background(), l, "{}", 0); err != nil {
		t.Errorf("the new holder: %v", err)
	}
	retake(t, s)
	settle(a, a.Refresh())
	if state := a.State("agents.requeue"); state.Enabled {
		t.Error("an agent that holds nothing has its tasks requeued")
	}
}

func TestReapMendsWhatItSaid(t *testing.T) {
	s, e, server := plant(t)
	c := server.Client()
	c.Del(context.Background(), keyspace.Heartbeat("worker_2"))
	retake(t, s)
	a := agentsOn(s, "worker_2")
	ask := asked(t, a, "agents.reap")
	body := fmt.Sprint(ask.Body)
	if !strings.Contains(body, "agent silent") || !strings.Contains(body, "1 agent silent") {
		t.Errorf("it asks with %s", body)
	}
	if said := toastOf(t, settle(a, ask.Yes)); said != "mended 1 × agent silent" {
		t.Errorf("it says %q", said)
	}
	if _, err := e.Swarm().Agent(context.Background(), "worker_2"); err == nil {
		t.Error("the silent agent is still there")
	}
	if said := toastOf(t, settle(a, ask.Yes)); said != "nothing was to be mended" {
		t.Errorf("the second time it says %q", said)
	}
}

func tasksOn(s *Shared, t *testing.T) *Queues {
	t.Helper()
	q := NewQueues(s)
	q.SetSize(160, 50)
	settle(q, q.Refresh())
	q.Select(keyspace.TaskQueue("review"))
	settle(q, q.Refresh())
	do(t, q, "list.open")
	settle(q, q.Refresh())
	return q
}

func TestAQueueOfTasksShowsTheLifeOfEach(t *testing.T) {
	s, e, server := plant(t)
	c, ctx := e.Swarm(), context.Background()
	l, err := c.Claim(ctx, "review", "worker_2", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Complete(ctx, l, `{"ok":true}`, 0); err != nil {
		t.Fatal(err)
	}
	if l, err = c.Claim(ctx, "review", "worker_2", time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fail(ctx, l, "exit status 1", swarm.Retry{Base: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Post(ctx, swarm.Task{ID: "task_w", Queue: "review", Type: "triage", Priority: 4}); err != nil {
		t.Fatal(err)
	}
	server.Client().ZAdd(ctx, keyspace.TaskQueue("review"), redis.Z{Score: -9, Member: "task_0"})
	retake(t, s)
	q := tasksOn(s, t)
	sees(t, q, "task_0", "claimed", "worker_1", "task_1", "completed", "task_2", "delayed", "task_w", "waiting", "p4", "1 claimed", "1 delayed")
	for range len(q.tasks.rows.items) {
		if q.tasks.selected().id == "task_2" {
			break
		}
		cmd, _ := q.Do("list.down")
		settle(q, cmd)
	}
	settle(q, q.Refresh())
	sees(t, q, "it failed, and comes back: in", "exit status 1", `"subject": "valve"`)
	for _, only := range shelves[1:] {
		do(t, q, "queues.tasks")
		settle(q, q.Refresh())
		for _, r := range q.tasks.rows.items {
			if r.state != only {
				t.Errorf("only %s shows %s, which is %s", only, r.id, r.state)
			}
		}
		sees(t, q, "only "+only)
	}
}

func TestADelayedTaskIsRequeuedFromItsQueue(t *testing.T) {
	s, e, _ := plant(t)
	c, ctx := e.Swarm(), context.Background()
	l, err := c.Claim(ctx, "review", "worker_2", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fail(ctx, l, "no", swarm.Retry{Base: time.Hour}); err != nil {
		t.Fatal(err)
	}
	retake(t, s)
	q := tasksOn(s, t)
	for range len(q.tasks.rows.items) {
		if q.tasks.selected().id == l.ID {
			break
		}
		do(t, q, "list.down")
	}
	ask := asked(t, q, "queues.requeue")
	if said := toastOf(t, settle(q, ask.Yes)); said != l.ID+" waits again" {
		t.Errorf("it says %q", said)
	}
	if one, err := c.TaskByID(ctx, l.ID); err != nil || one.State != swarm.Waiting || one.Attempts != 0 {
		t.Errorf("it is %+v, %v", one, err)
	}
}

func TestALongQueueOfTasksIsReadInWindows(t *testing.T) {
	s, e, _ := plant(t)
	var tasks []swarm.Task
	for i := range 450 {
		tasks = append(tasks, swarm.Task{ID: fmt.Sprintf("long_%03d", i), Queue: "review", Type: "t", Priority: -1 - i})
	}
	if _, err := e.Swarm().PostMany(context.Background(), tasks); err != nil {
		t.Fatal(err)
	}
	retake(t, s)
	q := tasksOn(s, t)
	do(t, q, "queues.tasks")
	settle(q, q.Refresh())
	if n := len(q.tasks.rows.items); n != taskWindow {
		t.Fatalf("the window holds %d", n)
	}
	step := func(id, want string) {
		t.Helper()
		cmd, _ := q.Do(id)
		settle(q, cmd)
		if got := q.tasks.selected().id; got != want {
			t.Errorf("%s leads to %s, not to %s", id, got, want)
		}
	}
	do(t, q, "list.pagedown")
	for range 20 {
		do(t, q, "list.pagedown")
		if i, _, _ := q.tasks.table.Selected(); i == taskWindow-1 {
			break
		}
	}
	step("list.down", "long_198")
	sees(t, q, "of 452")
	step("list.up", "long_197")
	step("list.end", "long_449")
	step("list.home", "task_1")
}
