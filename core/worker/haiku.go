package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/infrafabric/ifpacket/core/swarm"
)

// Haiku is an auto-poller: it waits for queries in its inbox and for tasks in
// its queues, spawns a sub-worker for each, and answers queries to whoever
// asked:
//
//	{"type": "response", "query_id", "answer", "sources", "response_time_sec"}
//
// where answer and sources are those of the handler's result, or answer is the
// whole of it. A query becomes a task of a queue that is the worker's own, so
// that it survives the worker: one that is started again under the same id goes
// on with it. A query that cannot be answered is answered with "error".
type Haiku struct {
	swarm   *swarm.Coordinator
	handler Handler
	Options
}

// NewHaiku makes an auto-poller. Nothing happens before Run.
func NewHaiku(c *swarm.Coordinator, h Handler, o Options) *Haiku {
	return &Haiku{c, h, o.withDefaults()}
}

// queryType is the type of a task that is a query.
const queryType = "query"

// query is what a task of that type holds.
type query struct {
	ID      string          `json:"query_id"`
	From    string          `json:"from"`
	Asked   string          `json:"asked_at"` // RFC 3339
	Message json.RawMessage `json:"message"`  // the content, as it was sent
}

// ownQueue is the queue of a worker's queries.
func ownQueue(id string) string { return "queries." + id }

// Run works until ctx ends; see Worker.Run.
func (h *Haiku) Run(ctx context.Context) error {
	if h.Agent.ID == "" {
		id, err := h.swarm.Register(ctx, h.Agent)
		if err != nil {
			return err
		}
		h.Agent.ID = id
	}
	o := h.Options
	o.Queues = append([]string{ownQueue(h.Agent.ID)}, o.Queues...)
	sub := spawning{h.swarm, h.handler, h.Agent.Role + "_sub", o.Log}
	w := New(h.swarm, Func(func(ctx context.Context, j Job) (string, error) {
		if j.Type != queryType {
			return sub.Do(ctx, j)
		}
		return h.answer(ctx, sub, j)
	}), o)
	// Whoever is told to stop takes no more queries, and finishes what it has.
	var listening sync.WaitGroup
	listening.Go(func() { h.listen(ctx) })
	defer listening.Wait()
	return w.Run(ctx)
}

// listen makes tasks of the queries that come.
func (h *Haiku) listen(ctx context.Context) {
	waiter := h.swarm.InboxWaiter(h.Agent.ID)
	defer waiter.Close()
	for ctx.Err() == nil {
		m, err := h.swarm.Receive(ctx, h.Agent.ID)
		switch {
		case errors.Is(err, swarm.ErrNoMessage):
			_ = waiter.Wait(ctx)
		case err != nil && m.Content == "":
			if ctx.Err() == nil {
				h.Log("inbox: " + err.Error())
				rest(ctx, restAfter)
			}
		default:
			h.take(ctx, m)
		}
	}
}

// take makes a task of one message. It is out of the inbox by then, so that it
// is tried until it is a task.
func (h *Haiku) take(ctx context.Context, m swarm.Message) {
	var known struct {
		Type string `json:"type"`
		ID   string `json:"query_id"`
	}
	_ = json.Unmarshal([]byte(m.Content), &known)
	if known.Type == "response" { // an answer is no question
		h.Log("a response from " + m.From + " that nobody waits for: " + known.ID)
		return
	}
	q := query{ID: known.ID, From: m.From, Asked: time.Now().UTC().Format(time.RFC3339Nano), Message: json.RawMessage(m.Content)}
	if q.ID == "" {
		q.ID = m.ID
	}
	if !json.Valid(q.Message) {
		q.Message, _ = json.Marshal(m.Content)
	}
	data, err := json.Marshal(q)
	if err != nil {
		h.Log("a query that cannot be kept: " + err.Error())
		return
	}
	sum := sha256.Sum256([]byte(m.ID + m.From + m.Content))
	t := swarm.Task{ID: "task_" + hex.EncodeToString(sum[:6]), Queue: ownQueue(h.Agent.ID), Type: queryType, Data: string(data), PostedBy: m.From}
	for {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSteps)
		_, err := h.swarm.Post(last, t)
		cancel()
		switch {
		case err == nil, errors.Is(err, swarm.ErrTaskID):
			return
		case !passes(err) || !rest(ctx, restAfter):
			h.Log("query " + q.ID + " of " + m.From + " is lost: " + err.Error())
			return
		}
	}
}

// answer has a query answered and says so to whoever asked. It says so before
// the task is completed: one that is killed in between answers twice, and never
// not at all.
func (h *Haiku) answer(ctx context.Context, sub Handler, j Job) (string, error) {
	var q query
	if err := json.Unmarshal([]byte(j.Data), &q); err != nil {
		return "", err
	}
	me := j.Agent
	j.Data = string(q.Message)
	result, err := sub.Do(ctx, j)
	if err != nil && (ctx.Err() != nil || j.Attempt < h.Retry.Tries()) {
		return "", err
	}
	content := response(q.ID, result, err, since(q.Asked))
	if q.From != "" {
		if _, serr := h.swarm.Send(ctx, me, q.From, content); serr != nil {
			return "", serr
		}
	}
	return content, err
}

func since(asked string) time.Duration {
	at, err := time.Parse(time.RFC3339Nano, asked)
	if err != nil {
		return 0
	}
	return max(time.Since(at), 0)
}

// response is what is said to whoever asked.
func response(id, result string, failed error, took time.Duration) string {
	out := struct {
		Type    string          `json:"type"`
		ID      string          `json:"query_id"`
		Answer  json.RawMessage `json:"answer"`
		Sources json.RawMessage `json:"sources"`
		Seconds float64         `json:"response_time_sec"`
		Error   string          `json:"error,omitempty"`
	}{Type: "response", ID: id, Seconds: float64(took.Milliseconds()) / 1000}
	var told struct {
		Answer  json.RawMessage `json:"answer"`
		Sources json.RawMessage `json:"sources"`
	}
	if json.Unmarshal([]byte(result), &told) == nil && told.Answer != nil {
		out.Answer, out.Sources = told.Answer, told.Sources
	} else if json.Valid([]byte(result)) {
		out.Answer = json.RawMessage(result)
	}
	if out.Sources == nil {
		out.Sources = json.RawMessage("[]")
	}
	if out.Answer == nil {
		out.Answer = json.RawMessage("null")
	}
	if failed != nil {
		out.Error = failed.Error()
	}
	text, _ := json.Marshal(out) // what is in it was JSON
	return string(text)
}
