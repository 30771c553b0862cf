package views

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// reapTimeout bounds one look through a whole swarm.
const reapTimeout = time.Minute

// agentActed is the outcome of an act on agents or their tasks.
type agentActed struct{ toast Toast }

// allows says whether an act on the selected agent is possible now.
func (a *Agents) allows(id string) keymap.State {
	if id != "agents.context" {
		if s := a.writable(); !s.Enabled {
			return s
		}
	} else if a.Away() {
		return keymap.Off("it cannot be read while Redis is away")
	}
	agent := a.detail.agent()
	switch {
	case id == "agents.reap":
	case agent == nil:
		return keymap.Off("no agent is selected")
	case id == "agents.requeue" && len(agent.Holds) == 0:
		return keymap.Moot("it holds no task")
	case id == "agents.context" && agent.Context == 0:
		return keymap.Moot("it shares no context")
	case id == "agents.message" && swarm.CheckAgentID(agent.ID) != nil:
		return keymap.Off("its id is not one that messages can be sent to")
	}
	return keymap.On
}

// message asks what is to be said.
func (a *Agents) message() tea.Cmd {
	agent, from, c := *a.detail.agent(), a.who(), a.Engine.Swarm()
	body := [][]widget.Span{
		{widget.T(themes.Faint, "to    "), widget.T(themes.Fg, agent.ID)},
		{widget.T(themes.Faint, "from  "), widget.T(themes.Fg, from)},
	}
	if agent.State == watch.Silent {
		body = append(body, nil, []widget.Span{widget.State(a.Theme, themes.GlyphSilent), widget.T(themes.Warn, " it gives no sign of life: the message waits until it is back")})
	}
	return send(Ask{Title: "Message", Verb: "send", Body: body,
		Fields: []widget.Field{{ID: "text", Label: "message"}},
		Check: func(value func(string) string) map[string]string {
			if _, err := messageOf(value("text")); err != nil {
				return map[string]string{"text": err.Error()}
			}
			return nil
		},
		Filled: func(value func(string) string) tea.Cmd {
			content, _ := messageOf(value("text"))
			return func() tea.Msg {
				ctx, cancel := context.WithTimeout(context.Background(), actTimeout)
				defer cancel()
				id, err := c.Send(ctx, from, agent.ID, content)
				if err != nil {
					return agentActed{Toast{themes.GlyphError, engine.Sentence(err)}}
				}
				return agentActed{Toast{themes.GlyphOK, id + " waits for " + agent.ID}}
			}
		},
	})
}

// messageOf makes a message of what was typed: an object or an array stays as
// it is, words become {"text": …}.
func messageOf(typed string) (content string, err error) {
	typed = strings.TrimSpace(typed)
	switch {
	case typed == "":
		return "", errors.New("say something")
	case typed[0] == '{' || typed[0] == '[':
		if !json.Valid([]byte(typed)) {
			return "", errors.New("no JSON yet")
		}
		return typed, nil
	}
	return string(packet.AppendValueJSON(nil, packet.ObjectOf(packet.Member{Key: "text", Value: packet.StringOf(typed)}))), nil
}

// requeue asks before it takes an agent's tasks from it.
func (a *Agents) requeue() tea.Cmd {
	agent := *a.detail.agent()
	title := "Requeue " + widget.Commas(len(agent.Holds)) + plural(len(agent.Holds), " task", " tasks")
	body := [][]widget.Span{{widget.T(themes.Faint, "held by  "), widget.State(a.Theme, agentLook(agent.State).glyph), widget.T(themes.Fg, " "+agent.ID), widget.T(themes.Muted, "  "+agent.State.String())}}
	for i := range agent.Holds {
		if i == mostNamed {
			body = append(body, []widget.Span{widget.T(themes.Faint, "         and "+widget.Commas(len(agent.Holds)-i)+" more")})
			break
		}
		c := &agent.Holds[i]
		body = append(body, []widget.Span{widget.T(themes.Fg, "         "+widget.PadRight(head(c.Task), 18)),
			widget.T(themes.Muted, widget.PadLeft(widget.AgeWhole(a.Now.Sub(c.Since)), widget.AgeWidth)+" held  "), widget.T(themes.Faint, head(c.Queue))})
	}
	body = append(body, nil)
	for _, line := range takenFrom(agent.Holds, agent.State != watch.Silent) {
		body = append(body, []widget.Span{widget.T(themes.Muted, line)})
	}
	return send(Ask{Title: title, Verb: "requeue", Count: len(agent.Holds), Body: body, Yes: requeueAll(a.Shared, agent.Holds, func(t Toast) tea.Msg { return agentActed{t} })})
}

// takenFrom says what becomes of work that somebody still does on tasks that
// are taken from them.
func takenFrom(claims []watch.Claim, alive bool) []string {
	out := []string{plural(len(claims), "It", "Each") + " can be claimed at once, by anybody; it counts as no failure."}
	free := slices.ContainsFunc(claims, func(c watch.Claim) bool { return c.Token == 0 })
	switch {
	case alive && free:
		out = append(out, "It may still be at work, and knows no tokens: then it is done twice.")
	case alive:
		out = append(out, "Should it still be at work, its result will be refused.")
	}
	return out
}

// requeueAll gives tasks back in the name of those who hold them.
func requeueAll(s *Shared, claims []watch.Claim, acted func(Toast) tea.Msg) tea.Cmd {
	c := s.Engine.Swarm()
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), actTimeout)
		defer cancel()
		done, failed := 0, error(nil)
		for _, claim := range claims {
			if err := handBack(ctx, c, claim); err == nil {
				done++
			} else if failed == nil {
				failed = err
			}
		}
		switch {
		case failed != nil && done == 0:
			return acted(Toast{themes.GlyphError, engine.Sentence(failed)})
		case failed != nil:
			return acted(Toast{themes.GlyphError, fmt.Sprintf("requeued %d of %d; the first that was not: %s", done, len(claims), engine.Sentence(failed))})
		case done == 1:
			return acted(Toast{themes.GlyphOK, claims[0].Task + " waits in " + first(claims[0].Queue, "its queue") + " again"})
		}
		return acted(Toast{themes.GlyphOK, widget.Commas(done) + " tasks wait in their queues again"})
	}
}

// handBack puts a task back that somebody holds, as the picture had it: when
// somebody else has it by now, it stays there.
func handBack(ctx context.Context, c *swarm.Coordinator, claim watch.Claim) error {
	t, err := c.TaskByID(ctx, claim.Task)
	if err != nil {
		return fmt.Errorf("%s: %w", claim.Task, err)
	}
	if t.State == swarm.Lost { // its lease ended meanwhile
		_, err = c.Requeue(ctx, claim.Task)
		return err
	}
	if t.State != swarm.Claimed || t.Agent != claim.Agent || t.Token != claim.Token {
		return fmt.Errorf("%s is %s by now, and was left alone", claim.Task, t.State)
	}
	return c.HandBack(ctx, swarm.Lease{Task: t.Task, Agent: t.Agent, Token: t.Token})
}

// mends are the faults that a reaper mends, with their words for many.
var mends = map[watch.FaultKind][2]string{
	watch.AgentSilent:   {"agent silent", "agents silent"},
	watch.AgentOrphaned: {"orphan", "orphans"},
	watch.TaskLost:      {"task lost", "tasks lost"},
	watch.ClaimInQueue:  {"claim left in a queue", "claims left in queues"},
	watch.NoSuchAgent:   {"inbox or context without an agent", "inboxes or contexts without an agent"},
}

// reap tells what is known to be wrong, for this agent and in the whole swarm,
// and asks.
func (a *Agents) reap() tea.Cmd {
	all := map[watch.FaultKind]int{}
	n := 0
	for _, f := range a.Snap.Faults {
		if _, mendable := mends[f.Kind]; mendable {
			all[f.Kind]++
			n++
		}
	}
	label := func(text string) widget.Span { return widget.T(themes.Faint, widget.PadRight(text, 12)) }
	var body [][]widget.Span
	if agent := a.detail.agent(); agent != nil {
		name := "this agent"
		for _, f := range aboutAgent(a.Snap, agent) {
			if _, mendable := mends[f.Kind]; mendable {
				body = append(body, []widget.Span{label(name), widget.State(a.Theme, themes.GlyphError), widget.T(themes.Fg, " "+string(f.Kind)), widget.T(themes.Muted, "  "+head(f.Detail))})
				name = ""
			}
		}
		if name != "" {
			body = append(body, []widget.Span{label(name), widget.T(themes.Muted, "nothing to mend")})
		}
	}
	name := "everywhere"
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		words := mends[kind]
		body = append(body, []widget.Span{label(name), widget.T(themes.Fg, widget.Commas(all[kind])+" "+plural(all[kind], words[0], words[1]))})
		name = ""
	}
	if n == 0 {
		body = append(body, []widget.Span{label(name), widget.T(themes.Muted, "nothing is known to be wrong")})
	}
	body = append(body, nil,
		[]widget.Span{widget.T(themes.Muted, "The whole swarm is looked through, and what is wrong is mended:")},
		[]widget.Span{widget.T(themes.Muted, "silent agents go, their workers stand alone, lost tasks go back.")})
	c := a.Engine.Swarm()
	return send(Ask{Title: "Reap", Verb: "reap", Count: max(n, 1), Body: body, Yes: func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), reapTimeout)
		defer cancel()
		out, err := c.Reap(ctx)
		return agentActed{reapedToast(out, err)}
	}})
}

// reapedToast says what was mended.
func reapedToast(out swarm.Reaped, err error) Toast {
	kinds := map[swarm.FaultKind]int{}
	for _, r := range out.Repairs {
		kinds[r.Kind]++
	}
	var said []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		said = append(said, widget.Commas(kinds[kind])+" × "+string(kind))
	}
	text := "mended " + strings.Join(said, ", ")
	if len(said) == 0 {
		text = "nothing was to be mended"
	}
	if err != nil {
		if len(said) == 0 {
			return Toast{themes.GlyphError, engine.Sentence(err)}
		}
		return Toast{themes.GlyphError, text + "; " + engine.Sentence(err)}
	}
	return Toast{themes.GlyphOK, text}
}
