package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/bridge"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// Attend has what the partner of a conversation says done by sub-workers, one
// message after the other, until ctx ends or the conversation does (an error
// that matches bridge.ErrEnded). Each message becomes a job of the type "query"
// whose data is
//
//	{"conversation_id", "number", "action", "message", "files"}
//
// and is answered with a message of the action "response", whose text is what
// a Haiku answers to queries; the query's id is "<conversation>/<number>". A
// message is acknowledged when it has been answered, and an answer lands once,
// however often a worker is killed in between.
func Attend(ctx context.Context, c *swarm.Coordinator, p *bridge.Party, h Handler, o Options) error {
	o = o.withDefaults()
	id, err := c.Register(ctx, o.Agent)
	if err != nil {
		return err
	}
	o.Agent.ID = id
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSteps)
		defer cancel()
		_ = p.SetStatus(last, "done", "")
		_ = c.Retire(last, id, o.Agent.Parent)
	}()
	life, end := context.WithCancel(ctx)
	defer end()
	go beat(life, c, o)
	sub := spawning{c, h, o.Agent.Role + "_sub", o.Log}
	for after := int64(bridge.Unacknowledged); ; {
		if err := p.SetStatus(ctx, "waiting", ""); fatal(err) {
			return err
		}
		in, err := p.Wait(ctx, after)
		switch {
		case ctx.Err() != nil:
			return nil
		case fatal(err):
			return err
		case err != nil:
			o.Log("conversation: " + err.Error())
			rest(ctx, restAfter)
			continue
		}
		for _, m := range in.Messages {
			_ = p.SetStatus(ctx, "working", fmt.Sprintf("message %d", m.Number)) // the work is what counts
			if err := reply(ctx, p, sub, id, m, o); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return nil
			}
			after = m.Number
		}
	}
}

// beat keeps an agent alive that holds no leases.
func beat(ctx context.Context, c *swarm.Coordinator, o Options) {
	for rest(ctx, o.Agent.BeatTTL/3) {
		err := c.Heartbeat(ctx, o.Agent.ID, o.Agent.BeatTTL)
		if errors.Is(err, swarm.ErrNoAgent) {
			_, err = c.Register(ctx, o.Agent)
		}
		if err != nil && ctx.Err() == nil {
			o.Log("heartbeat: " + err.Error())
		}
	}
}

// fatal reports whether a conversation cannot be gone on with.
func fatal(err error) bool {
	return errors.Is(err, bridge.ErrEnded) || errors.Is(err, bridge.ErrDenied)
}

// reply answers one message. Responses are no questions.
func reply(ctx context.Context, p *bridge.Party, h Handler, agent string, m bridge.Received, o Options) error {
	if m.Action == "response" {
		return nil
	}
	name := fmt.Sprintf("%s/%d", p.ID(), m.Number)
	data, err := json.Marshal(struct {
		Conversation string   `json:"conversation_id"`
		Number       int64    `json:"number"`
		Action       string   `json:"action"`
		Message      string   `json:"message"`
		Files        []string `json:"files"`
	}{p.ID(), m.Number, m.Action, m.Text, m.Files})
	if err != nil {
		return err
	}
	begin := time.Now()
	result, failed := h.Do(ctx, Job{Task: swarm.Task{ID: strings.ReplaceAll(name, "/", "_"), Type: queryType, Data: string(data)}, Agent: agent, Attempt: 1})
	if ctx.Err() != nil {
		return nil // it will be asked again
	}
	if failed == nil && result != "" && !json.Valid([]byte(result)) {
		failed = fmt.Errorf("its result is not JSON: %.80q", result)
	}
	answer := bridge.Message{Action: "response", Text: response(name, result, failed, time.Since(begin))}
	for {
		_, err := p.Send(ctx, answer, "answer to "+name)
		limited := new(bridge.RateError)
		switch {
		case err == nil, errors.Is(err, bridge.ErrConflict), ctx.Err() != nil: // a conflict: an answer landed before
			return nil
		case errors.As(err, &limited):
			o.Log(err.Error())
			rest(ctx, max(limited.Retry, restAfter))
		case errors.Is(err, bridge.ErrInvalid): // too long to be said
			answer.Text = response(name, "", err, time.Since(begin))
		case fatal(err):
			return err
		default:
			o.Log("conversation: " + err.Error())
			rest(ctx, restAfter)
		}
	}
}
