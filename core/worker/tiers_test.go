package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/bridge"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// runs has something run until the test ends, or stop is called.
func runs(t *testing.T, run func(ctx context.Context) error) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	var err error
	done := false
	stop = func() error {
		if !done {
			cancel()
			err, done = <-ended, true
		}
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// responseTo waits for the answer to a query in somebody's inbox.
func (y *yard) responseTo(agent, id string) (r struct {
	Type    string
	Answer  json.RawMessage
	Sources json.RawMessage
	Seconds float64 `json:"response_time_sec"`
	Error   string
}) {
	y.t.Helper()
	testredis.Eventually(y.t, "the answer to "+id+" is there", func() bool {
		m, err := y.Receive(ctx, agent)
		if err != nil {
			return false
		}
		if !strings.Contains(m.Content, `"query_id":"`+id+`"`) {
			y.t.Fatalf("another message: %s", m.Content)
		}
		return json.Unmarshal([]byte(m.Content), &r) == nil
	})
	return r
}

func TestAHaikuAnswersQueriesAndDoesTasksBySubWorkers(t *testing.T) {
	y := open(t, testredis.Start(t).URL())
	me := swarm.Agent{ID: "haiku_1", Role: "haiku"}
	h := NewHaiku(y.Coordinator, Func(func(_ context.Context, j Job) (string, error) {
		if !strings.HasPrefix(j.Agent, "haiku_sub_") || j.Parent != "haiku_1" {
			return "", fmt.Errorf("done by %s below %s", j.Agent, j.Parent)
		}
		switch {
		case strings.Contains(j.Data, "broken"):
			return "", errors.New("I do not know")
		case j.Type == queryType:
			return fmt.Sprintf(`{"answer": %q, "sources": ["notes"]}`, "by "+j.Context), nil
		}
		return `"done"`, nil
	}), Options{Agent: me, Queues: []string{"q"}, Parallel: 4, Retry: swarm.Retry{Attempts: 2, Base: time.Millisecond}})
	if _, err := y.Register(ctx, me); err != nil {
		t.Fatal(err)
	}
	if _, err := y.PutContext(ctx, "haiku_1", strings.NewReader("the parent's notes"), ""); err != nil {
		t.Fatal(err)
	}
	stop := runs(t, h.Run)
	begin := time.Now()
	if _, err := y.Send(ctx, "ann", "haiku_1", `{"type": "query", "query_id": "q1", "question": "how many?"}`); err != nil {
		t.Fatal(err)
	}
	if r := y.responseTo("ann", "q1"); string(r.Answer) != `"by the parent's notes"` || string(r.Sources) != `["notes"]` || r.Type != "response" {
		t.Errorf("%+v", r)
	}
	if took := time.Since(begin); took > 800*time.Millisecond {
		t.Errorf("the answer took %s: it polls", took)
	}
	if _, err := y.Send(ctx, "ann", "haiku_1", `{"type": "query", "query_id": "q2", "question": "broken"}`); err != nil {
		t.Fatal(err)
	}
	if r := y.responseTo("ann", "q2"); r.Error != "I do not know" || string(r.Answer) != "null" {
		t.Errorf("%+v", r)
	}
	ids := y.posts("q", 8)
	testredis.Eventually(t, "the tasks are done", func() bool { return y.doneAll(ids) })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := y.raw.SCard(ctx, keyspace.SwarmSessions).Val(); n != 0 {
		t.Errorf("%d agents are left", n)
	}
}

func TestAQueryOutlivesTheWorkerThatTookIt(t *testing.T) {
	y := open(t, testredis.Start(t).URL())
	me := swarm.Agent{ID: "haiku_1", Role: "haiku"}
	begun := make(chan struct{}, 1)
	stuck := NewHaiku(y.Coordinator, Func(func(ctx context.Context, _ Job) (string, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return "", ctx.Err()
	}), Options{Agent: me, Grace: time.Millisecond})
	stop := runs(t, stuck.Run)
	if _, err := y.Send(ctx, "ann", "haiku_1", `{"type": "query", "query_id": "q1"}`); err != nil {
		t.Fatal(err)
	}
	<-begun
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	runs(t, NewHaiku(y.Coordinator, Func(func(context.Context, Job) (string, error) { return `"here"`, nil }), Options{Agent: me}).Run)
	if r := y.responseTo("ann", "q1"); string(r.Answer) != `"here"` {
		t.Errorf("%+v", r)
	}
}

func TestAWorkerAttendsAConversation(t *testing.T) {
	url := testredis.Start(t).URL()
	y := open(t, url)
	s, err := store.Open(url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	b := bridge.New(s, bridge.Limits{})
	made, err := b.Create(ctx, "asker", "worker")
	if err != nil {
		t.Fatal(err)
	}
	asker := b.Party(made.ID, made.Token)
	attend := func() func() error {
		return runs(t, func(ctx context.Context) error {
			return Attend(ctx, y.Coordinator, b.Party(made.ID, made.PartnerToken), Func(func(_ context.Context, j Job) (string, error) {
				var q struct{ Message string }
				err := json.Unmarshal([]byte(j.Data), &q)
				return fmt.Sprintf(`{"answer": %q}`, "you said "+q.Message), err
			}), Options{Agent: swarm.Agent{Role: "haiku"}})
		})
	}
	stop := attend()
	seen := int64(bridge.Unacknowledged)
	ask := func(text string) {
		t.Helper()
		if _, err := asker.Send(ctx, bridge.Message{Action: "question", Text: text}, ""); err != nil {
			t.Fatal(err)
		}
		for {
			in, err := asker.Wait(ctx, seen)
			if err != nil {
				t.Fatal(err)
			}
			if len(in.Messages) == 0 {
				continue
			}
			seen = in.After
			if len(in.Messages) != 1 || in.Messages[0].Action != "response" || !strings.Contains(in.Messages[0].Text, `"answer":"you said `+text+`"`) {
				t.Fatalf("%+v", in.Messages)
			}
			return
		}
	}
	ask("one")
	ask("two")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	stop = attend() // what was answered is not answered again
	ask("three")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	err = Attend(ctx, y.Coordinator, b.Party(made.ID, "b_wrong"), Func(nil), Options{Agent: swarm.Agent{Role: "haiku"}})
	if !errors.Is(err, bridge.ErrDenied) {
		t.Error(err)
	}
}

func TestASonnetAppointsWorkersByDepthAndGathersResults(t *testing.T) {
	y := open(t, testredis.Start(t).URL())
	work := Func(func(ctx context.Context, j Job) (string, error) {
		if strings.Contains(j.Data, `"n":7`) {
			return "", errors.New("seven never works")
		}
		return j.Data, waitFor(ctx, 20*time.Millisecond)
	})
	tasks := make([]swarm.Task, 60)
	for i := range tasks {
		tasks[i] = swarm.Task{Queue: "q", Data: fmt.Sprintf(`{"n":%d,"x":0}`, i)}
	}
	tasks[7].Data = `{"n":7}`
	results, dead := map[string]string{}, 0
	s := NewSonnet(y.Coordinator, work, Options{
		Agent: swarm.Agent{Role: "sonnet_lead"}, Queues: []string{"q"}, Retry: swarm.Retry{Attempts: 2, Base: time.Millisecond},
	}, Bounds{Least: 1, Most: 3, Each: 5, Idle: 200 * time.Millisecond})
	err := s.Run(ctx, tasks, func(f Finished) {
		if f.Dead {
			dead++
		}
		results[f.ID] = string(f.Result)
	}, func(swarm.Posted) { t.Error("nothing is held") })
	if err != nil || len(results) != 60 || dead != 1 {
		t.Errorf("%v, %d results, %d dead", err, len(results), dead)
	}
	if n := y.raw.SCard(ctx, keyspace.SwarmSessions).Val(); n != 0 {
		t.Errorf("%d agents are left", n)
	}

	// Without tasks of its own it goes on, and shrinks when nothing waits.
	s = NewSonnet(y.Coordinator, work, Options{Agent: swarm.Agent{Role: "sonnet_lead"}, Queues: []string{"q"}}, Bounds{Least: 1, Most: 4, Each: 5, Idle: 200 * time.Millisecond})
	stop := runs(t, func(ctx context.Context) error { return s.Run(ctx, nil, func(Finished) {}, func(swarm.Posted) {}) })
	ids := y.posts("q", 100)
	most := int64(0)
	testredis.Eventually(t, "all are done", func() bool {
		most = max(most, y.raw.SCard(ctx, keyspace.SwarmSessions).Val())
		return y.doneAll(ids[8:])
	})
	if most < 4 {
		t.Errorf("%d agents were the most", most)
	}
	testredis.Eventually(t, "one worker is left", func() bool { return y.raw.SCard(ctx, keyspace.SwarmSessions).Val() == 2 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
